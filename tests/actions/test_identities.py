"""Whose account is it when somebody comes in by a site's own accounts?"""

import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from commentsvc.actions import accounts, identities
from commentsvc.errors import Conflict, Forbidden, NotFound
from commentsvc.queries.sites import find_membership
from commentsvc.store.db import Database
from commentsvc.store.models import Identity, Membership, Person, Site
from tests.conftest import Cast

NOW = 1_800_000_000_000_000
ISSUER = "https://id.daily.example"


def come(db: Database, site: Any, subject: str = "17", name: str = "Nora Falk", issuer: str = ISSUER) -> Membership:
    with db.writing() as session:
        of = session.get_one(Site, site.id)
        identity = identities.come_in(session, of, issuer=issuer, subject=subject, name=name, now=NOW)
        found = find_membership(session, identity.person_id, of.id)
        assert found is not None
        return found


def test_who_comes_again_has_the_account_of_the_first_time(db: Database, cast: Cast):
    first, again = come(db, cast.daily), come(db, cast.daily)

    assert again.person_id == first.person_id
    assert (first.name, first.role, first.namesake) == ("Nora Falk", "reader", False)
    with db.reading() as session:
        person = session.get_one(Person, first.person_id)
        assert (person.email, person.password_hash, person.name) == (None, None, "Nora Falk")


def test_site_issuer_and_subject_each_make_another_identity(db: Database, cast: Cast):
    made = [come(db, cast.daily), come(db, cast.other), come(db, cast.daily, issuer="x"), come(db, cast.daily, "18")]

    assert len({one.person_id for one in made}) == 4


def test_two_of_a_name_keep_it_and_the_second_is_marked(db: Database, cast: Cast):
    first, second, third = come(db, cast.daily), come(db, cast.daily, "18"), come(db, cast.daily, "19", "ada  holm")

    assert [(one.name, one.namesake) for one in (first, second, third)] == [
        ("Nora Falk", False), ("Nora Falk", True), ("ada holm", True),
    ]  # fmt: skip


def test_a_name_of_the_sites_takes_none_away_elsewhere(db: Database, cast: Cast):
    come(db, cast.daily)

    with db.writing() as session:
        account = accounts.NewAccount("Nora Falk", "nora@falk.example", None)
        nora = accounts.open_account(session, account, now=NOW)
        there = accounts.join(session, nora, session.merge(cast.other), now=NOW)
        here = accounts.join(session, nora, session.merge(cast.daily), now=NOW)

    assert (there.name, here.name) == ("Nora Falk", "Nora Falk 2")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Al", "Al"),
        ("王伟", "王伟"),
        ("  Zoë\t Vance\n", "Zoë Vance"),
        ("N" * 500, "N" * 30),
        ("Moderator", None),
        ("The Daily", None),
        ("daily", None),
        ("Аdmin", None),
        ("<b>Nora</b>", None),
        ("a\0b", None),
        ("\ud800", None),
        ("\u202earoN", "aroN"),
        ("", None),
        ("...", None),
    ],
)
def test_a_given_name_is_shown_if_it_can_be(db: Database, cast: Cast, given: str, shown: str | None):
    name = come(db, cast.daily, name=given).name

    assert name == shown if shown else name.startswith("Reader ")


def test_a_new_name_is_taken_over_by_accounts_that_are_the_sites_alone(db: Database, cast: Cast):
    come(db, cast.daily)
    renamed, unnamed = come(db, cast.daily, name="Nora Berg"), come(db, cast.daily, name="")
    with db.writing() as session:
        identities.link(session, cast.ada, cast.daily, issuer=ISSUER, subject="ada", now=NOW)
    linked = come(db, cast.daily, "ada", "Adelheid")

    assert (renamed.name, unnamed.name) == ("Nora Berg", "Nora Berg")
    assert (linked.person_id, linked.name) == (cast.ada.id, "Ada Holm")


def test_two_first_requests_at_once_make_one_account(db: Database, cast: Cast):
    made: list[Membership] = []
    threads = [threading.Thread(target=lambda: made.append(come(db, cast.daily))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({one.person_id for one in made}) == 1
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Identity)) == 1
        assert session.scalar(select(func.count()).where(Person.name == "Nora Falk")) == 1


def test_linking_never_takes_an_identity_from_another_account(db: Database, cast: Cast):
    theirs = come(db, cast.daily)

    with db.writing() as session, pytest.raises(Conflict):
        identities.link(session, cast.ada, cast.daily, issuer=ISSUER, subject="17", now=NOW)
    with db.writing() as session:
        first = identities.link(session, cast.ada, cast.daily, issuer=ISSUER, subject="a", now=NOW)
        again = identities.link(session, cast.ada, cast.daily, issuer=ISSUER, subject="a", now=NOW)

    assert first.id == again.id
    assert come(db, cast.daily).person_id == theirs.person_id


def test_unlinking_ends_every_sign_in_and_never_shuts_the_only_door(db: Database, cast: Cast):
    alone = come(db, cast.daily)
    with db.writing() as session:
        theirs = session.scalars(select(Identity.id).where(Identity.person_id == alone.person_id)).one()
        mine = identities.link(session, cast.ada, cast.daily, issuer=ISSUER, subject="a", now=NOW).id
        epoch = session.get_one(Person, cast.ada.id).epoch
        ada, nora = session.get_one(Person, cast.ada.id), session.get_one(Person, alone.person_id)

        with pytest.raises(NotFound):
            identities.unlink(session, ada, theirs, now=NOW)
        with pytest.raises(Forbidden):
            identities.unlink(session, nora, theirs, now=NOW)
        identities.unlink(session, ada, mine, now=NOW)

        assert session.get(Identity, mine) is None
        assert session.get_one(Person, cast.ada.id).epoch == epoch + 1
    assert come(db, cast.daily, "a").person_id != cast.ada.id
