"""Is nothing left of somebody who is gone, and everything of the others, with counters and tombstones right?"""

import json
from typing import Any

import pytest
from sqlalchemy import func, select, text

from commentsvc.actions import (
    accesses,
    accounts,
    erasing,
    exporting,
    leaving,
    mailing,
    names,
    networks,
    noting,
    reporting,
    sanctions,
    views,
    voting,
)
from commentsvc.enums import AccessKind, MailKind, PeopleSort, ReportReason, Role, SanctionKind, Status
from commentsvc.queries import health, roster
from commentsvc.queries.sites import find_membership
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import (
    AccountDeletion,
    AlertSettings,
    ApiToken,
    Article,
    Case,
    Comment,
    CommentNetwork,
    Decision,
    LegalNotice,
    Membership,
    OutgoingMail,
    Person,
    Report,
    Revision,
    Sanction,
    SavedView,
    Table,
    Vote,
)
from tests import factories
from tests.conftest import Cast

DAY = 24 * 3600 * 1_000_000
MARKS = ("quokka", "ada holm", "adaholm", "ada@daily.example")
"""What ada has written and what she is called: none of it may be anywhere afterwards."""


def leave(db: Database, who: Person, *named: str) -> int:
    """Ask for the deletion, as if it had been a day ago."""
    with db.writing() as session:
        person = session.get_one(Person, who.id)
        return leaving.ask(session, person, named=named, secret="s" * 32, now=now_us() - DAY).id


def finish(db: Database, deletion_id: int) -> int:
    steps = 1
    while erasing.advance(db, deletion_id, now=now_us()) is not None:
        steps += 1
    return steps


def everything(db: Database) -> str:
    """Write down the whole database."""
    with db.reading() as session:
        rows = [
            [table.name, *map(str, row)]
            for table in Table.metadata.sorted_tables
            for row in session.execute(select(table))
        ]
        rows += [["words", str(row)] for row in session.execute(text("SELECT * FROM case_words"))]
    return json.dumps(rows).lower()


def found_in(db: Database) -> list[str]:
    whole = everything(db)
    return [mark for mark in MARKS if mark in whole]


def wrong_counters(db: Database) -> list[str]:
    with db.reading() as session:
        return [finding.name for finding in health.counters(session) if not finding.is_well]


@pytest.fixture
def lived(db: Database, cast: Cast) -> dict[str, int]:
    """Ada has left traces everywhere: published with a reply, held, rejected, withdrawn; as reader and as manager."""
    now = now_us() - 2 * DAY
    with db.writing() as session:
        ada = session.get_one(Person, cast.ada.id)
        ada.email_verified_at = now
        accounts.set_role(session, ada, cast.daily, Role.MANAGER)
        mine = factories.comment(session, cast.story, ada, "A quokka with a reply.", now=now)
        reply = factories.comment(session, cast.story, cast.bo, "What bo says.", parent=mine, now=now)
        factories.comment(session, cast.story, ada, "A quokka below.", parent=reply, now=now)
        held = factories.comment(session, cast.story, ada, "Quokka, held.", status=Status.HELD, now=now)
        rejected = factories.comment(session, cast.story, ada, "Quokka, rejected.", now=now)
        factories.reject(session, rejected, cast.cam, message="No quokka talk, Ada Holm.", now=now)
        factories.comment(session, cast.story, ada, "Quokka, withdrawn.", status=Status.WITHDRAWN, now=now)
        factories.comment(session, factories.article(session, cast.other), ada, "Quokka elsewhere.", now=now)
        theirs = factories.comment(session, cast.story, cast.bo, "What bo wrote.", now=now)
        voting.vote(session, comment_id=theirs.id, value=1, by=ada, now=now)
        voting.vote(session, comment_id=mine.id, value=1, by=cast.bo, now=now)
        for about, by in ((theirs, ada), (mine, cast.bo)):
            reporting.report(
                session, comment_id=about.id, revision=1, reason=ReportReason.SPAM, detail="Quokka!", by=by, now=now
            )  # fmt: skip
        cam, herself = (find_membership(session, one.id, cast.daily.id) for one in (cast.cam, ada))
        assert cam
        assert herself
        sanctions.add_note(session, ada.id, body="Ada Holm likes the quokka.", membership=cam, now=now)
        noting.note(session, comment_id=held.id, body="Quokka again.", membership=cam, now=now)
        factories.sanction(session, ada, cast.daily, SanctionKind.WARN, now=now)
        factories.reject(session, theirs, ada, message="As a manager.", now=now)
        views.save_view(session, membership=herself, name="Quokkas", filters={"q": "quokka"}, shared=False, now=now)
        views.save_view(session, membership=herself, name="For all", filters={"q": "x"}, shared=True, now=now)
        factories.legal_notice(session, theirs, email="ada@daily.example", now=now)
        factories.bearer(session, ada, cast.daily)
        networks.record(session, mine, "192.0.2.7", secret="s" * 32, now=now)
        session.add(
            AlertSettings(
                site_id=cast.daily.id, mail_to=["ada@daily.example", "cam@daily.example"], secret="x", updated_at=now
            )
        )
        mailing.post(session, MailKind.EXPORT_READY, to=ada.email or "", person=ada, facts={"until": "x"}, now=now)
        export = exporting.ask(session, ada, now=now)
    exporting.advance(db, export.id, base_url="", now=now)
    accesses.note(db, AccessKind.PERSON, by_id=cast.cam.id, site_id=cast.daily.id, person_id=cast.ada.id, now=now)
    return {"mine": mine.id, "reply": reply.id, "theirs": theirs.id, "held": held.id}


def test_nothing_of_a_person_is_left_anywhere(db: Database, cast: Cast, lived: dict[str, int]) -> None:
    assert found_in(db) == list(MARKS)

    finish(db, leave(db, cast.ada))

    with db.writing() as session:
        last = session.scalars(select(OutgoingMail)).one()
        kind, to = last.kind, last.to_address
        session.delete(last)  # The last mail goes as soon as it was sent; see the test of purges.
    assert (kind, to) == ("deletion_done", "ada@daily.example")
    assert found_in(db) == []
    assert wrong_counters(db) == []


def test_tombstones_votes_and_history_stay(db: Database, cast: Cast, lived: dict[str, int]) -> None:
    finish(db, leave(db, cast.ada))

    with db.reading() as session:
        mine, reply, theirs = (session.get_one(Comment, lived[name]) for name in ("mine", "reply", "theirs"))
        bodies = set(session.scalars(select(Comment.body).where(Comment.person_id == cast.ada.id)))
        statuses = set(session.scalars(select(Comment.status).where(Comment.person_id == cast.ada.id)))
        revisions = set(session.scalars(select(Revision.body).join(Comment).where(Comment.person_id == cast.ada.id)))
        votes = session.scalar(select(func.count()).select_from(Vote))
        by_ada = session.scalars(
            select(Decision).where(Decision.by_person_id == cast.ada.id, Decision.action == "reject")
        )
        sanction = session.scalars(select(Sanction).where(Sanction.person_id == cast.ada.id)).one()
        views_left = session.scalars(select(SavedView.name)).all()
        mail_to = session.scalars(select(AlertSettings.mail_to)).one()
        reports = session.execute(select(Report.reason, Report.detail)).all()
        notice = session.scalars(select(LegalNotice)).one()
        opened = session.scalars(select(Case).where(Case.comment_id == lived["held"], Case.state == "open")).all()
        article = session.get_one(Article, cast.story.id)
        assert (mine.listed, mine.reply_count, reply.body, reply.status) == (True, 1, "What bo says.", "published")
        assert (bodies, revisions, statuses) == ({""}, {""}, {"withdrawn"})
        assert (votes, theirs.up, mine.up) == (2, 1, 1)
        assert [one.message for one in by_ada] == ["As a manager."]
        assert (sanction.kind, views_left, mail_to) == ("warn", ["For all"], ["cam@daily.example"])
        assert {tuple(row) for row in reports} == {("spam", "")}
        assert (notice.name, notice.email, notice.explanation) == ("", "", "It is a lie.")
        assert (opened, article.comment_count) == ([], 1)


def test_the_account_is_closed_and_its_name_and_address_are_free(
    db: Database, cast: Cast, lived: dict[str, int]
) -> None:
    deletion_id = leave(db, cast.ada)

    erasing.advance(db, deletion_id, now=now_us())

    with db.writing() as session:
        gone = session.get_one(Person, cast.ada.id)
        member = session.get_one(Membership, (cast.ada.id, cast.daily.id))
        assert (gone.email, gone.name, gone.password_hash, gone.epoch) == (None, "Deleted account", None, 2)
        assert (member.name, member.role) == ("Deleted account", "reader")
        assert session.scalars(select(ApiToken).where(ApiToken.person_id == gone.id)).all() == []
        listed = roster.page(
            session, cast.daily.id, q="", sort=PeopleSort.NEWEST, shown="everyone", cursor=None, limit=50, now=now_us()
        )
        assert "Deleted account" not in {line.face.name for line in listed.lines}
        anew = accounts.open_account(session, accounts.NewAccount("Ada Holm", "ada@daily.example", None), now=now_us())
        factories.member(session, anew, cast.daily)
        with pytest.raises(Exception, match="reserved"):
            names.check_name("Deleted account")
    finish(db, deletion_id)
    with db.reading() as session:
        done = session.get_one(AccountDeletion, deletion_id)
        assert (done.state, done.address, done.comments) == ("done", None, 6)
        assert session.get_one(Person, anew.id).email == "ada@daily.example"


def test_a_deletion_that_was_cut_off_anywhere_goes_on(
    db: Database, cast: Cast, lived: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "_COMMENTS_AT_ONCE", 1)
    monkeypatch.setattr(erasing, "_ROWS_AT_ONCE", 1)
    deletion_id = leave(db, cast.ada)
    died: set[Any] = set()
    real = Database.writing

    def dying(self: Database) -> Any:
        """Die once at each step, before its commit."""
        from contextlib import contextmanager

        @contextmanager
        def inner() -> Any:
            with real(self) as session:
                yield session
                deletion = session.get_one(AccountDeletion, deletion_id)
                at = (deletion.state, deletion.step, str(deletion.reached))
                if at not in died:
                    died.add(at)
                    raise RuntimeError("killed")

        return inner()

    monkeypatch.setattr(Database, "writing", dying)
    for _ in range(500):
        try:
            if erasing.advance(db, deletion_id, now=now_us()) is None:
                break
        except RuntimeError:
            continue
    monkeypatch.setattr(Database, "writing", real)

    with db.writing() as session:
        assert session.get_one(AccountDeletion, deletion_id).comments == 6
        session.delete(session.scalars(select(OutgoingMail)).one())
    assert len(died) > 30
    assert found_in(db) == []
    assert wrong_counters(db) == []


def test_who_had_not_proved_their_address_takes_nothing_that_was_sent_from_it(
    db: Database, cast: Cast, lived: dict[str, int]
) -> None:
    with db.writing() as session:
        session.get_one(Person, cast.ada.id).email_verified_at = None

    finish(db, leave(db, cast.ada))

    with db.reading() as session:
        assert session.scalars(select(LegalNotice.email)).one() == "ada@daily.example"


def test_readers_see_a_tombstone_without_name_or_text(db: Database, cast: Cast, lived: dict[str, int]) -> None:
    finish(db, leave(db, cast.ada))

    with db.reading() as session:
        shown = session.get_one(Comment, lived["mine"])
        assert (shown.listed, shown.status, shown.body) == (True, "withdrawn", "")
        networks_left = session.scalar(select(func.count()).select_from(CommentNetwork))
    assert networks_left == 0
