"""Does what a site keeps no longer go in time, and nothing sooner?"""

import pytest
from sqlalchemy import func, select

from commentsvc.actions import mailing, purging, retaining
from commentsvc.enums import AccessKind, MailKind, MessageState
from commentsvc.errors import Forbidden, Invalid
from commentsvc.queries.retention import Kept, retention_of
from commentsvc.queries.sites import find_membership
from commentsvc.store.db import Database
from commentsvc.store.models import Access, Appeal, LegalNotice, OutgoingMail, PolicyChange, Site
from tests import factories
from tests.conftest import Cast

DAY = 24 * 3600 * 1_000_000
NOW = 20_000 * DAY
WANTED = {"network_days": 7, "mail_days": 10, "legal_days": 200, "access_days": 40}


def change(db: Database, cast: Cast, who: int | None = None, **wanted: int) -> Kept:
    with db.writing() as session:
        membership = find_membership(session, who or cast.eve.id, cast.daily.id)
        return retaining.change(session, {**WANTED, **wanted}, membership=membership, now=NOW)


def purge(db: Database, now: int) -> None:
    with db.writing() as session:
        purging.purge(session, now=now)


def count(db: Database, table: type) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_site_without_a_word_keeps_as_the_defaults_say(db: Database, cast: Cast) -> None:
    with db.reading() as session:
        assert retention_of(session, cast.daily.id) == Kept(30, 30, 365, 365)


def test_an_administrator_changes_it_and_the_change_is_logged_once(db: Database, cast: Cast) -> None:
    change(db, cast)
    change(db, cast)
    change(db, cast, mail_days=11)

    with db.reading() as session:
        log = session.scalars(select(PolicyChange).order_by(PolicyChange.id)).all()
        assert retention_of(session, cast.daily.id) == Kept(7, 11, 200, 40)
        assert retention_of(session, cast.other.id) == Kept()
    assert [(one.what, one.before, one.after, one.by_person_id) for one in log] == [
        ("retention", {"network_days": 30, "mail_days": 30, "legal_days": 365, "access_days": 365}, WANTED,
         cast.eve.id),
        ("retention", {"mail_days": 10}, {"mail_days": 11}, cast.eve.id),
    ]  # fmt: skip


@pytest.mark.parametrize(("member", "days"), [("network_days", 31), ("mail_days", 0), ("legal_days", 179)])
def test_bounds_are_kept(db: Database, cast: Cast, member: str, days: int) -> None:
    with pytest.raises(Invalid) as refused:
        change(db, cast, **{member: days})

    assert refused.value.field == member


def test_managers_and_strangers_change_nothing(db: Database, cast: Cast) -> None:
    for who in (cast.cam.id, cast.ada.id, cast.dee.id):
        with pytest.raises(Forbidden):
            change(db, cast, who)


def test_mails_go_when_their_site_says_and_the_last_one_at_once(db: Database, cast: Cast) -> None:
    change(db, cast)
    with db.writing() as session:
        for site in (cast.daily, cast.other, None):
            mailing.post(
                session, MailKind.EXPORT_READY, to="a@b.example", facts={}, now=NOW,
                site=session.get_one(Site, site.id) if site else None,
            )  # fmt: skip
        last = mailing.post(session, MailKind.DELETION_DONE, to="gone@b.example", facts={}, now=NOW + 9 * DAY)

    left = [count(db, OutgoingMail)]
    for late in (10 * DAY, 10 * DAY + 1, 30 * DAY + 1):
        purge(db, NOW + late)
        left.append(count(db, OutgoingMail))
    with db.writing() as session:
        session.get_one(OutgoingMail, last.id).state = MessageState.SENT
    purge(db, NOW + 30 * DAY + 2)

    assert left == [4, 4, 3, 1]
    assert count(db, OutgoingMail) == 0


def test_legal_cases_lose_their_words_when_they_were_closed_long_ago(db: Database, cast: Cast) -> None:
    change(db, cast)
    with db.writing() as session:
        closed, waiting = (factories.comment(session, cast.story, cast.ada, now=NOW) for _ in range(2))
        answered = factories.legal_notice(session, closed, email="x@y.example", now=NOW)
        factories.legal_notice(session, waiting, email="x@y.example", now=NOW)
        decision = factories.reject(session, closed, cast.cam, now=NOW + DAY)
        answered.decision_id, answered.outcome = decision.id, "upheld"
        session.add(
            Appeal(
                site_id=cast.daily.id,
                decision_id=decision.id,
                comment_id=closed.id,
                person_id=cast.ada.id,
                message="No!",
                state="decided",
                decided_at=NOW + DAY,
                created_at=NOW,
            )
        )

    seen = []
    for late in (201 * DAY, 201 * DAY + 1):
        purge(db, NOW + late)
        with db.reading() as session:
            notices = session.execute(select(LegalNotice.email, LegalNotice.explanation).order_by(LegalNotice.id)).all()
            seen.append([tuple(row) for row in notices])
            appeal = session.scalars(select(Appeal.message)).one()

    told = ("x@y.example", "It is a lie.")
    assert seen == [[told, told], [("", ""), told]]
    assert appeal == ""


def test_the_trail_goes_when_its_site_says(db: Database, cast: Cast) -> None:
    change(db, cast)
    with db.writing() as session:
        for site in (cast.daily, cast.other):
            session.add(Access(site_id=site.id, kind=AccessKind.PERSON, by_person_id=cast.cam.id, created_at=NOW))

    left = []
    for late in (40 * DAY, 40 * DAY + 1, 366 * DAY):
        purge(db, NOW + late)
        left.append(count(db, Access))

    assert left == [2, 1, 0]
