"""Managers' decisions: each action, batches, who may, and what is refused without a trace."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commentsvc.actions import cases, posting, reviewing
from commentsvc.actions.decisions import Item, Result
from commentsvc.enums import Action, Guideline, Role, Status
from commentsvc.errors import Conflict, Forbidden, Invalid, NotFound
from commentsvc.queries.queue import find_version
from commentsvc.queries.sites import find_membership
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Case, Comment, Decision, Membership
from tests import factories
from tests.conftest import Cast


def seen(session: Session, comment: Comment) -> Item:
    return Item(comment.id, comment.revision, find_version(session, comment.id))


def as_cam(session: Session, cast: Cast) -> Membership:
    membership = find_membership(session, cast.cam.id, cast.daily.id)
    assert membership is not None
    return membership


def review(session: Session, cast: Cast, *items: Item, action: Action, **more: object) -> list[Result]:
    values = {"membership": as_cam(session, cast), "now": now_us(), **more}
    return reviewing.review(session, items, action=action, **values)


def count_decisions(session: Session) -> int:
    return session.scalar(select(func.count(Decision.id))) or 0


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        (Action.APPROVE, Status.HELD, Status.PUBLISHED),
        (Action.REJECT, Status.HELD, Status.REJECTED),
        (Action.REJECT, Status.PUBLISHED, Status.REJECTED),
        (Action.WITHHOLD, Status.PUBLISHED, Status.HELD),
        (Action.PIN, Status.PUBLISHED, Status.PUBLISHED),
        (Action.FEATURE, Status.PUBLISHED, Status.PUBLISHED),
    ],
)
def test_review_moves_the_comment(db: Database, cast: Cast, action: Action, before: Status, after: Status) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, status=before)

        (result,) = review(session, cast, seen(session, comment), action=action, guideline=Guideline.SPAM)

    assert result.result == "done"
    assert comment.status == after
    assert (comment.pinned, comment.featured) == (action == Action.PIN, action == Action.FEATURE)
    assert result.decision is not None
    assert (result.decision.by_person_id, result.decision.action) == (cast.cam.id, action)


def test_review_keeps_note_and_message_as_cleaned_text(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, status=Status.HELD)

        (result,) = review(
            session, cast, seen(session, comment), action=Action.REJECT, guideline=Guideline.PRIVACY,
            note=" second time\r\nthis week ", message="No addresses\u202e, please.",
        )  # fmt: skip

    assert result.decision is not None
    assert result.decision.note == "second time\nthis week"
    assert result.decision.message == "No addresses, please."
    assert result.decision.guideline == Guideline.PRIVACY


def test_review_decides_a_batch_in_its_order_and_conflicts_hinder_nobody(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comments = [factories.comment(session, cast.story, cast.ada, status=Status.HELD) for _ in range(3)]
        items = [seen(session, comment) for comment in comments][::-1]
        stale = Item(items[1].comment_id, items[1].revision, (items[1].seen or 0) + 7)

        results = review(session, cast, items[0], stale, items[2], action=Action.APPROVE)

    assert [result.comment_id for result in results] == [comments[2].id, comments[1].id, comments[0].id]
    assert [result.result for result in results] == ["done", "conflict", "done"]
    assert [comment.status for comment in comments] == [Status.PUBLISHED, Status.HELD, Status.PUBLISHED]
    done = [result.decision for result in results if result.decision]
    assert len({decision.batch for decision in done}) == 1


def test_review_of_an_older_text_changes_nothing(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        item = seen(session, comment)
        comment.revision += 1
        before = count_decisions(session)

        (result,) = review(session, cast, item, action=Action.APPROVE)

    assert result.result == "conflict"
    assert (comment.status, count_decisions(session)) == (Status.HELD, before)


def test_review_of_a_closed_case_without_having_seen_it_changes_nothing(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        factories.reject(session, comment, cast.eve)
        before = count_decisions(session)

        (result,) = review(session, cast, Item(comment.id, 1), action=Action.APPROVE)

    assert result.result == "conflict"
    assert (comment.status, count_decisions(session)) == (Status.REJECTED, before)


def test_review_of_a_withdrawn_comment_changes_nothing(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        item = seen(session, comment)
        posting.withdraw(session, comment_id=comment.id, by=cast.ada, now=now_us())

        (result,) = review(session, cast, item, action=Action.APPROVE)

    assert result.result == "conflict"
    assert comment.status == Status.WITHDRAWN


def test_review_twice_in_one_batch_counts_once(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        item = seen(session, comment)

        results = review(session, cast, item, item, action=Action.APPROVE)

    assert [result.result for result in results] == ["done", "conflict"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"action": Action.REJECT}, "guideline"),
        ({"action": Action.UNDO}, "action"),
        ({"action": Action.PUBLISH}, "action"),
        ({"action": Action.WITHDRAW}, "action"),
        ({"action": Action.APPROVE, "note": "n" * 2001}, "note"),
        ({"action": Action.APPROVE, "message": "\0"}, "message"),
    ],
)
def test_review_refuses_what_is_not_a_managers_decision(
    db: Database, cast: Cast, more: dict[str, object], field: str
) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, status=Status.HELD)

        with pytest.raises(Invalid) as refused:
            review(session, cast, seen(session, comment), **more)

    assert refused.value.field == field
    assert comment.status == Status.HELD


@pytest.mark.parametrize("count", [0, 101])
def test_review_takes_one_to_a_hundred_comments(db: Database, cast: Cast, count: int) -> None:
    with db.writing() as session, pytest.raises(Invalid) as refused:
        review(session, cast, *[Item(1, 1)] * count, action=Action.APPROVE)

    assert refused.value.field == "comments"


@pytest.mark.parametrize("role", [None, Role.READER])
def test_review_and_undo_are_for_managers(db: Database, cast: Cast, role: Role | None) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        rejected = factories.reject(session, comment, cast.cam)
        membership = find_membership(session, cast.bo.id, cast.daily.id) if role else None
        before = count_decisions(session)

        with pytest.raises(Forbidden):
            review(session, cast, seen(session, comment), action=Action.APPROVE, membership=membership)
        with pytest.raises(Forbidden):
            reviewing.take_back(session, rejected.id, membership=membership, now=now_us())

        assert count_decisions(session) == before


def test_review_and_undo_know_nothing_of_another_site(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        ours = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        rejected = factories.reject(session, factories.comment(session, cast.story, cast.ada), cast.cam)
        as_dee = find_membership(session, cast.dee.id, cast.other.id)
        before = count_decisions(session)

        with pytest.raises(NotFound):
            review(session, cast, seen(session, ours), action=Action.APPROVE, membership=as_dee)
        with pytest.raises(NotFound):
            reviewing.take_back(session, rejected.id, membership=as_dee, now=now_us())

        assert count_decisions(session) == before
    assert ours.status == Status.HELD


def test_take_back_returns_the_comment_and_its_case_to_where_they_were(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        (result,) = review(session, cast, seen(session, comment), action=Action.APPROVE)
        assert result.decision is not None

        undone = reviewing.take_back(session, result.decision.id, membership=as_cam(session, cast), now=now_us())

        case = cases.find_open_case(session, comment.id)
    assert comment.status == Status.HELD
    assert undone.undoes_id == result.decision.id
    assert case is not None


def test_take_back_works_once(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        rejected = factories.reject(session, comment, cast.cam)
        reviewing.take_back(session, rejected.id, membership=as_cam(session, cast), now=now_us())
        before = count_decisions(session)

        with pytest.raises(Conflict):
            reviewing.take_back(session, rejected.id, membership=as_cam(session, cast), now=now_us())

        assert count_decisions(session) == before


def test_eight_managers_on_one_case_leave_one_decision_and_one_state(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        item = seen(session, comment)
        managers = [factories.person(session) for _ in range(8)]
        for manager in managers:
            factories.member(session, manager, cast.daily, Role.MANAGER)

    def decide(number: int) -> str:
        action = Action.APPROVE if number % 2 else Action.REJECT
        with db.writing() as session:
            membership = find_membership(session, managers[number].id, cast.daily.id)
            (result,) = reviewing.review(
                session, [item], action=action, guideline=Guideline.COURTESY, membership=membership, now=now_us()
            )
        return result.result

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(decide, range(8)))

    assert sorted(results) == ["conflict"] * 7 + ["done"]
    winner = results.index("done")
    with db.reading() as session:
        by_people = session.scalars(select(Decision).where(Decision.by_person_id.is_not(None))).all()
        status = session.get_one(Comment, item.comment_id).status
        (case,) = session.scalars(select(Case)).all()
    assert [decision.by_person_id for decision in by_people] == [managers[winner].id]
    assert status == by_people[0].to_status == (Status.PUBLISHED if winner % 2 else Status.REJECTED)
    assert (case.state, case.closed_at) == ("closed", by_people[0].created_at)
