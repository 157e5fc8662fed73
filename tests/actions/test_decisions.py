"""decide(): the one door for status, and everything that moves with it."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import commentsvc
from commentsvc.actions import cases, decisions, posting, reporting
from commentsvc.actions.decisions import Item
from commentsvc.enums import Action, CaseState, Guideline, Reason, ReportReason, Status
from commentsvc.errors import Conflict, Invalid, NotFound
from commentsvc.queries import history, readers
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Article, Case, Comment, Decision, Membership, Notice, Report
from tests import factories
from tests.conftest import Cast


def decide(session: Session, comment: Comment, status: Status, action: Action, cast: Cast, **more: object) -> Decision:
    values = {"revision": comment.revision, "by": cast.cam, "now": now_us(), **more}
    return decisions.decide(session, comment, status, action=action, **values)


def latest_version(session: Session, comment: Comment) -> int:
    case = cases.find_latest_case(session, comment.id)
    assert case is not None
    return case.version


def facts(session: Session, comment: Comment) -> tuple[object, ...]:
    """What must not change when a decision is refused."""
    article = session.get_one(Article, comment.article_id, populate_existing=True)
    session.refresh(comment)
    return (
        comment.status, comment.listed, comment.reply_count, article.comment_count, article.version,
        article.open_cases, session.scalar(select(func.count(Decision.id))),
    )  # fmt: skip


def test_only_decisions_writes_status() -> None:
    rooms = Path(commentsvc.__file__).parent
    writers = {
        path.relative_to(rooms).as_posix()
        for path in rooms.rglob("*.py")
        if re.search(r"\.status\s*=[^=]|Comment\)\.values\([^)]*status|values\(status=", path.read_text())
        and "comment" in path.read_text().lower()
    }

    assert {path for path in writers if not path.startswith("web/")} == {"actions/decisions.py"}


def test_approve_publishes_counts_and_closes_the_case(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        held = factories.comment(session, cast.story, cast.ada, status=Status.HELD)

        decision = decide(session, held, Status.PUBLISHED, Action.APPROVE, cast, seen=latest_version(session, held))

    with db.reading() as session:
        comment = session.get_one(Comment, held.id)
        article = session.get_one(Article, cast.story.id)
        case = session.scalars(select(Case)).one()
        record = session.get_one(Membership, (cast.ada.id, cast.daily.id))
        assert (comment.status, comment.listed, comment.top_of) == ("published", True, article.id)
        assert (article.comment_count, article.open_cases) == (1, 0)
        assert (case.state, decision.closed_case_id) == (CaseState.CLOSED, case.id)
        assert (record.published_count, record.rejected_count) == (1, 0)
        assert (decision.from_status, decision.to_status, decision.revision) == ("held", "published", 1)


def test_reject_tells_the_author_and_upholds_reports(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada)
        reporting.report(
            session,
            comment_id=comment.id,
            revision=1,
            reason=ReportReason.COURTESY,
            detail="",
            by=cast.bo,
            now=now_us(),
        )

        decide(
            session, comment, Status.REJECTED, Action.REJECT, cast, seen=latest_version(session, comment),
            guideline=Guideline.COURTESY, message="Please argue without insults.",
        )  # fmt: skip

    with db.reading() as session:
        assert session.scalars(select(Report)).one().outcome == "upheld"
        assert session.scalars(select(Notice)).one().person_id == cast.ada.id
        assert session.get_one(Article, cast.story.id).comment_count == 0


def test_decide_on_an_old_revision_is_a_conflict_and_changes_nothing(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        held = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        before = facts(session, held)

        with pytest.raises(Conflict) as refused:
            decide(session, held, Status.PUBLISHED, Action.APPROVE, cast, revision=2)

        assert refused.value.details == {"status": "held", "revision": 1, "version": 1}
        assert facts(session, held) == before


def test_decide_on_a_changed_case_is_a_conflict_and_changes_nothing(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        held = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        seen = latest_version(session, held)
        factories.case(session, held)
        before = facts(session, held)

        with pytest.raises(Conflict, match="changed since"):
            decide(session, held, Status.PUBLISHED, Action.APPROVE, cast, seen=seen)

        assert facts(session, held) == before


def test_decide_on_a_closed_case_without_seen_is_a_conflict(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        held = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        decide(session, held, Status.PUBLISHED, Action.APPROVE, cast)

        with pytest.raises(Conflict, match="decided already"):
            decide(session, held, Status.REJECTED, Action.REJECT, cast)

        decide(session, held, Status.REJECTED, Action.REJECT, cast, seen=latest_version(session, held))
        assert held.status == Status.REJECTED


def test_withheld_comment_is_always_in_the_queue(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada)

        decide(session, comment, Status.HELD, Action.WITHHOLD, cast)

        case = cases.find_open_case(session, comment.id)
        assert case is not None
        assert case.reasons == Reason.HELD


def test_tombstones_follow_what_is_visible_below(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        top, middle, leaf = factories.chain(session, cast.story, cast.ada, 2)
        decide(session, top, Status.REJECTED, Action.REJECT, cast)
        decide(session, middle, Status.REJECTED, Action.REJECT, cast)
        assert (top.listed, middle.listed, top.reply_count, middle.reply_count) == (True, True, 1, 1)

        decision = decide(session, leaf, Status.REJECTED, Action.REJECT, cast)
        assert (top.listed, middle.listed, top.reply_count, middle.reply_count) == (False, False, 0, 0)

        decisions.undo(session, decision, by=cast.cam, now=now_us())
        assert (top.listed, middle.listed, top.reply_count, middle.reply_count) == (True, True, 1, 1)
        assert (top.top_of, middle.reply_of, leaf.reply_of) == (cast.story.id, top.id, middle.id)


def test_a_chain_of_thousands_of_tombstones_is_put_away_without_recursion(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        chain = factories.chain(session, cast.story, cast.ada, 30)
        for comment in chain[:-1]:
            decide(session, comment, Status.REJECTED, Action.REJECT, cast)

        decide(session, chain[-1], Status.REJECTED, Action.REJECT, cast)

        assert [comment for comment in chain if comment.listed] == []


@pytest.mark.parametrize(
    ("start", "action", "target"),
    [
        (Status.HELD, Action.APPROVE, Status.PUBLISHED),
        (Status.HELD, Action.REJECT, Status.REJECTED),
        (Status.PUBLISHED, Action.REJECT, Status.REJECTED),
        (Status.PUBLISHED, Action.WITHHOLD, Status.HELD),
    ],
)
def test_undo_brings_back_status_case_and_reports(
    db: Database, cast: Cast, start: Status, action: Action, target: Status
) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, status=start)
        if start == Status.PUBLISHED and action == Action.REJECT:
            reporting.report(
                session,
                comment_id=comment.id,
                revision=1,
                reason=ReportReason.SPAM,
                detail="",
                by=cast.bo,
                now=now_us(),
            )
        had_case = cases.find_open_case(session, comment.id)
        reasons = (had_case.reasons, had_case.rank) if had_case else None
        decision = decide(
            session, comment, target, action, cast, seen=latest_version(session, comment) if had_case else None
        )

        undone = decisions.undo(session, decision, by=cast.cam, now=now_us())

        case = cases.find_open_case(session, comment.id)
        assert comment.status == start
        assert ((case.reasons, case.rank) if case else None) == reasons
        assert undone.undoes_id == decision.id
        assert session.scalar(select(func.count()).where(Report.outcome.is_not(None))) == 0
        assert session.get_one(Article, cast.story.id, populate_existing=True).open_cases == (1 if case else 0)


def test_undo_twice_or_after_something_else_is_a_conflict(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        held = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        first = decide(session, held, Status.PUBLISHED, Action.APPROVE, cast)
        decisions.undo(session, first, by=cast.cam, now=now_us())

        with pytest.raises(Conflict):
            decisions.undo(session, first, by=cast.eve, now=now_us())


def test_undo_does_not_bring_back_what_its_author_withdrew(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada)
        posting.withdraw(session, comment_id=comment.id, by=cast.ada, now=now_us())
        (withdrawal, _) = history.list_decisions(session, comment)

        with pytest.raises(Conflict, match="withdrawn"):
            decisions.undo(session, withdrawal.decision, by=cast.cam, now=now_us())

        assert not withdrawal.can_undo
        assert (comment.status, comment.listed) == (Status.WITHDRAWN, False)


def test_pin_moves_to_the_top_shelf_and_undo_brings_it_back(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada)

        pinned = decide(session, comment, Status.PUBLISHED, Action.PIN, cast)
        assert (comment.top_of, comment.pinned_on) == (None, cast.story.id)

        decisions.undo(session, pinned, by=cast.cam, now=now_us())
        assert (comment.top_of, comment.pinned_on) == (cast.story.id, None)


def test_pin_of_a_reply_is_refused(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        _, reply = factories.chain(session, cast.story, cast.ada, 1)

        with pytest.raises(Invalid):
            decide(session, reply, Status.PUBLISHED, Action.PIN, cast)


def test_withdrawn_comment_cannot_be_decided(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        posting.withdraw(session, comment_id=comment.id, by=cast.ada, now=now_us())

        with pytest.raises(Conflict, match="withdrawn"):
            decide(session, comment, Status.PUBLISHED, Action.APPROVE, cast)

        assert cases.find_open_case(session, comment.id) is None


def test_decide_many_does_what_it_can_in_the_order_asked(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        first, second, third = (factories.comment(session, cast.story, cast.ada, status=Status.HELD) for _ in range(3))
        items = [Item(third.id, 1), Item(first.id, 9), Item(second.id, 1, latest_version(session, second))]

        results = decisions.decide_many(
            session, items, action=Action.APPROVE, by=cast.cam, site_id=cast.daily.id, now=now_us()
        )

        assert [(r.comment_id, r.result) for r in results] == [
            (third.id, "done"), (first.id, "conflict"), (second.id, "done"),
        ]  # fmt: skip
        assert len({r.decision.batch for r in results if r.decision}) == 1


def test_decide_many_refuses_another_sites_comment_before_anything_changes(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        mine = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        foreign = factories.comment(session, factories.article(session, cast.other), cast.bo, status=Status.HELD)

        with pytest.raises(NotFound):
            decisions.decide_many(
                session, [Item(mine.id, 1), Item(foreign.id, 1)], action=Action.APPROVE, by=cast.cam,
                site_id=cast.daily.id, now=now_us(),
            )  # fmt: skip

        assert mine.status == Status.HELD


def test_eight_managers_on_one_case_leave_one_decision(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        held = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        seen = latest_version(session, held)

    def one(number: int) -> str:
        action = Action.APPROVE if number % 2 else Action.REJECT
        with db.writing() as session:
            results = decisions.decide_many(
                session, [Item(held.id, 1, seen)], action=action, by=cast.cam, site_id=cast.daily.id, now=now_us(),
                guideline=Guideline.COURTESY,
            )  # fmt: skip
            return results[0].result

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(one, range(8)))

    assert outcomes == ["conflict"] * 7 + ["done"]
    with db.reading() as session:
        by_people = session.scalars(select(Decision).where(Decision.by_person_id.is_not(None))).all()
        assert len(by_people) == 1
        assert session.get_one(Comment, held.id).status == by_people[0].to_status


def test_case_versions_go_on_across_a_comments_cases(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        held = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        decide(session, held, Status.PUBLISHED, Action.APPROVE, cast)
        closed = latest_version(session, held)

        again = factories.case(session, held)

        assert again.version > closed


def test_a_second_identical_decision_is_a_conflict_even_without_a_case(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada)
        decide(session, comment, Status.REJECTED, Action.REJECT, cast, message="The first manager's words.")

        with pytest.raises(Conflict, match="decided already"):
            decide(session, comment, Status.REJECTED, Action.REJECT, cast, by=cast.eve)

        assert session.scalar(select(func.count()).where(Decision.by_person_id.is_not(None))) == 1


def test_escalate_keeps_status_and_case_and_undo_takes_it_back(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        held = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        rank = cases.find_open_case(session, held.id).rank  # type: ignore[union-attr]

        decision = decide(
            session, held, Status.HELD, Action.ESCALATE, cast, seen=latest_version(session, held), note="A lawsuit?"
        )
        case = cases.find_open_case(session, held.id)
        escalated = (case.reasons, case.rank, case.version) if case else None
        told = session.scalar(select(func.count(Notice.id)))
        decisions.undo(session, decision, by=cast.cam, now=now_us())
        after = cases.find_open_case(session, held.id)

    assert escalated == (Reason.HELD | Reason.ESCALATED, rank, 2)
    assert (held.status, decision.note, told) == (Status.HELD, "A lawsuit?", 0)
    assert after is not None
    assert after.reasons == Reason.HELD


def test_escalate_opens_a_case_where_there_is_none_and_undo_closes_it(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        public = factories.comment(session, cast.story, cast.ada)

        decision = decide(session, public, Status.PUBLISHED, Action.ESCALATE, cast)
        opened = cases.find_open_case(session, public.id)
        reasons = opened.reasons if opened else 0
        decisions.undo(session, decision, by=cast.cam, now=now_us())

        assert reasons == Reason.ESCALATED
        assert cases.find_open_case(session, public.id) is None
        assert session.get_one(Article, cast.story.id, populate_existing=True).open_cases == 0
        assert public.status == Status.PUBLISHED


def test_escalate_of_a_changed_case_is_a_conflict(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        held = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        seen = latest_version(session, held)
        factories.case(session, held, reasons=Reason.REPORTED)
        before = facts(session, held)

        with pytest.raises(Conflict):
            decide(session, held, Status.HELD, Action.ESCALATE, cast, seen=seen)

        assert facts(session, held) == before


def test_escalate_is_not_what_its_author_hears_of_or_appeals_against(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        held = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        escalated = decide(
            session, held, Status.HELD, Action.ESCALATE, cast, seen=latest_version(session, held), note="Secret."
        )
        during = readers.find_appealable(session, held)
        decisions.undo(session, escalated, by=cast.cam, now=now_us())

        assert during is None
        assert readers.find_appealable(session, held) is None
