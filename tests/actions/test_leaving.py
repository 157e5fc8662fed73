"""Can a deletion be taken back for a day and no longer, and can nobody leave a site alone without knowing it?"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions import erasing, leaving, links
from commentsvc.enums import Purpose, Role
from commentsvc.errors import Conflict, Invalid
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import AccountDeletion, Job, OutgoingMail, Person
from tests import factories
from tests.conftest import Cast

HOUR = 3600 * 1_000_000
SECRET = "s" * 32


def ask(db: Database, who: Person, *named: str, now: int) -> AccountDeletion:
    with db.writing() as session:
        return leaving.ask(session, session.get_one(Person, who.id), named=named, secret=SECRET, now=now)


def state(db: Database, deletion_id: int) -> str:
    with db.reading() as session:
        return session.get_one(AccountDeletion, deletion_id).state


def test_asking_tells_by_mail_and_does_nothing_for_a_day(db: Database, cast: Cast) -> None:
    begun = now_us()

    made = ask(db, cast.ada, now=begun)

    pause = erasing.advance(db, made.id, now=begun + 23 * HOUR)
    with db.reading() as session:
        (mail,) = session.scalars(select(OutgoingMail)).all()
        due = session.scalars(select(Job.run_at).where(Job.name == leaving.JOB)).all()
        ada = session.get_one(Person, cast.ada.id)
    assert (mail.kind, mail.to_address, mail.facts) == (
        "deletion_asked", "ada@daily.example", {"due": leaving.when(begun + 24 * HOUR)},
    )  # fmt: skip
    assert (pause, list(due)) == (HOUR, [begun + 24 * HOUR])
    assert (ada.email, ada.name, ada.epoch, state(db, made.id)) == ("ada@daily.example", "Ada Holm", 1, "asked")


def test_it_can_be_taken_back_until_the_last_microsecond(db: Database, cast: Cast) -> None:
    begun = now_us()
    made = ask(db, cast.ada, now=begun)

    with db.writing() as session:
        assert leaving.take_back(session, cast.bo.id, now=begun) is False
        assert leaving.take_back(session, cast.ada.id, now=begun + 24 * HOUR) is False
        assert leaving.take_back(session, cast.ada.id, now=begun + 24 * HOUR - 1) is True
        assert leaving.take_back(session, cast.ada.id, now=begun) is False

    assert erasing.advance(db, made.id, now=begun + 25 * HOUR) is None
    assert state(db, made.id) == "taken_back"
    with db.reading() as session:
        assert session.get_one(Person, cast.ada.id).name == "Ada Holm"
    assert ask(db, cast.ada, now=begun + 25 * HOUR).id != made.id


def test_a_link_takes_it_back_once_and_for_its_own_account(db: Database, cast: Cast) -> None:
    begun = now_us()
    made, other = ask(db, cast.ada, now=begun), ask(db, cast.bo, now=begun)
    with db.reading() as session:
        mail = session.scalars(select(OutgoingMail).where(OutgoingMail.person_id == cast.ada.id)).one()
    token = links.token(SECRET, mail.link_nonce or "")

    with db.writing() as session:
        assert links.find(session, token, purpose=Purpose.SET_PASSWORD, now=begun) is None
        assert leaving.take_back_by_link(session, token + "x", now=begun) is False
        assert leaving.take_back_by_link(session, token, now=begun + HOUR) is True
        assert leaving.take_back_by_link(session, token, now=begun + HOUR) is False

    assert (state(db, made.id), state(db, other.id)) == ("taken_back", "asked")


def test_asking_twice_is_refused(db: Database, cast: Cast) -> None:
    ask(db, cast.ada, now=now_us())

    with pytest.raises(Conflict):
        ask(db, cast.ada, now=now_us())


def test_the_last_administrator_names_the_site_first(db: Database, cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        ask(db, cast.eve, "other", now=now_us())

    made = ask(db, cast.eve, "daily", now=now_us())

    assert (refused.value.field, "The Daily" in refused.value.message) == ("site-daily", True)
    assert made.named == ["daily"]


def test_an_administrator_who_is_about_to_go_does_not_count(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        factories.member(session, cast.bo, cast.daily, Role.ADMIN)
    ask(db, cast.bo, now=now_us())

    with pytest.raises(Invalid):
        ask(db, cast.eve, now=now_us())


def test_two_requests_at_once_make_one_deletion(db: Database, cast: Cast) -> None:
    def one(_: int) -> Any:
        try:
            return ask(db, cast.ada, now=now_us()).state
        except Conflict:
            return "conflict"

    with ThreadPoolExecutor(4) as pool:
        states = sorted(pool.map(one, range(4)))

    assert states == ["asked", "conflict", "conflict", "conflict"]
