"""What holds a restricted person back, who may restrict whom, and what stays of it?"""

from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions import sanctions
from commentsvc.enums import SanctionKind
from commentsvc.errors import Conflict, Forbidden, Invalid, NotFound, Sanctioned
from commentsvc.queries.sites import list_sanctions
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Membership, Sanction
from tests import factories
from tests.conftest import Cast

DAY = 24 * 3600 * 1_000_000


def restrict(
    session: Any, cast: Cast, whom: str, by: str, kind: SanctionKind = SanctionKind.BAN, **more: Any
) -> Sanction:
    site = cast.other if by == "dee" else cast.daily
    return sanctions.sanction(
        session, getattr(cast, whom).id, kind=kind, reason="Three insults in a day.", now=now_us(),
        membership=session.get(Membership, (getattr(cast, by).id, site.id)), **more,
    )  # fmt: skip


def in_force(session: Any, cast: Cast) -> list[Sanction]:
    return list_sanctions(session, cast.ada.id, cast.daily.id, now=now_us())


@pytest.mark.parametrize(("by", "whom"), [("cam", "ada"), ("eve", "ada"), ("eve", "cam")])
def test_managers_restrict_readers_and_administrators_managers_too(
    db: Database, cast: Cast, by: str, whom: str
) -> None:
    with db.writing() as session:
        made = restrict(session, cast, whom, by)

        assert (made.person_id, made.by_person_id) == (getattr(cast, whom).id, getattr(cast, by).id)


@pytest.mark.parametrize(
    ("by", "whom"), [("cam", "cam"), ("cam", "eve"), ("eve", "eve"), ("bo", "ada"), ("ada", "ada")]
)
def test_nobody_restricts_themselves_or_those_above_them(db: Database, cast: Cast, by: str, whom: str) -> None:
    with pytest.raises(Forbidden), db.writing() as session:
        restrict(session, cast, whom, by)

    with db.reading() as session:
        assert session.scalars(select(Sanction)).all() == []


def test_managers_do_not_restrict_each_other(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        factories.member(session, cast.bo, cast.daily, "manager")

    with pytest.raises(Forbidden), db.writing() as session:
        restrict(session, cast, "bo", "cam")


def test_people_of_another_site_are_not_there(db: Database, cast: Cast) -> None:
    with pytest.raises(NotFound), db.writing() as session:
        restrict(session, cast, "ada", "dee")


def test_suspension_needs_an_end_in_the_future(db: Database, cast: Cast) -> None:
    for until in (None, now_us() - 1):
        with pytest.raises(Invalid) as refused, db.writing() as session:
            restrict(session, cast, "ada", "cam", SanctionKind.SUSPEND, until=until)
        assert refused.value.field == "until"


def test_what_is_in_force_is_changed_and_not_doubled(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        first = restrict(session, cast, "ada", "cam", SanctionKind.SUSPEND, until=now_us() + DAY)
        membership = session.get(Membership, (cast.eve.id, cast.daily.id))
        with pytest.raises(Conflict):
            restrict(session, cast, "ada", "eve", SanctionKind.SUSPEND, until=now_us() + DAY)

        second = sanctions.change(
            session, first.id, person_id=cast.ada.id, reason="It went on.", until=now_us() + 9 * DAY,
            membership=membership, now=now_us(),
        )  # fmt: skip

        assert [one.id for one in in_force(session, cast)] == [second.id]
        assert (second.kind, second.replaces_id, second.reason) == ("suspend", first.id, "It went on.")
        assert (first.lifted_by_person_id, first.reason) == (cast.eve.id, "Three insults in a day.")


def test_lifting_says_who_and_why_and_deletes_nothing(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        made = restrict(session, cast, "ada", "cam")
        eve = {"membership": session.get(Membership, (cast.eve.id, cast.daily.id)), "now": now_us()}

        sanctions.lift(session, made.id, person_id=cast.ada.id, reason="A mix-up.", **eve)

        assert in_force(session, cast) == []
        assert (made.lifted_by_person_id, made.lift_reason) == (cast.eve.id, "A mix-up.")
        with pytest.raises(Conflict):
            sanctions.lift(session, made.id, person_id=cast.ada.id, reason="Twice.", **eve)
        with pytest.raises(NotFound):
            sanctions.lift(session, made.id, person_id=cast.bo.id, reason="Not his.", **eve)


@pytest.mark.parametrize(
    ("kind", "writes", "votes"),
    [
        (SanctionKind.WARN, False, True),
        (SanctionKind.PREMODERATE, True, True),
        (SanctionKind.SUSPEND, False, False),
        (SanctionKind.BAN, False, False),
    ],
)
def test_each_kind_holds_back_what_it_should(
    db: Database, cast: Cast, kind: SanctionKind, writes: bool, votes: bool
) -> None:
    with db.writing() as session:
        until = now_us() + DAY if kind == SanctionKind.SUSPEND else None
        made = restrict(session, cast, "ada", "cam", kind, until=until)

    for writing, allowed in ((True, writes), (False, votes)):
        with db.reading() as session:
            if allowed:
                sanctions.refuse_sanctioned(session, cast.ada.id, cast.daily.id, writing=writing, now=now_us())
                continue
            with pytest.raises(Sanctioned) as refused:
                sanctions.refuse_sanctioned(session, cast.ada.id, cast.daily.id, writing=writing, now=now_us())
            assert refused.value.details == {
                "kind": kind, "sanction": str(made.id), "reason": "Three insults in a day.", "until_us": until,
            }  # fmt: skip


def test_warning_ends_when_its_own_reader_confirms_it(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        made = restrict(session, cast, "ada", "cam", SanctionKind.WARN)
        with pytest.raises(NotFound):
            sanctions.acknowledge(session, made.id, by=cast.bo, site_id=cast.daily.id, now=now_us())

        confirmed = sanctions.acknowledge(session, made.id, by=cast.ada, site_id=cast.daily.id, now=now_us())

        first = confirmed.acknowledged_at
        assert sanctions.acknowledge(session, made.id, by=cast.ada, site_id=cast.daily.id, now=now_us()) is confirmed
        assert confirmed.acknowledged_at == first
        sanctions.refuse_sanctioned(session, cast.ada.id, cast.daily.id, writing=True, now=now_us())


def test_ban_can_not_be_acknowledged_away(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        made = restrict(session, cast, "ada", "cam")

        with pytest.raises(NotFound):
            sanctions.acknowledge(session, made.id, by=cast.ada, site_id=cast.daily.id, now=now_us())
