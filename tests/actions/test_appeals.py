"""Does an appeal go to somebody else, once, in time, and is its outcome told?"""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions import appeals, cases, decisions, posting
from commentsvc.enums import Action, AppealOutcome, AppealState, Guideline, NoticeKind, SanctionKind, Status
from commentsvc.errors import Conflict
from commentsvc.queries import ledger, readers
from commentsvc.queries.appeals import deadline
from commentsvc.queries.insights import Range
from commentsvc.store.db import now_us
from commentsvc.store.models import Appeal, Case, Comment, Decision, Membership, Notice, Person
from tests import factories

DAY = 86_400_000_000


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def rejected(session: Any, cast: Any, *, by: Person | None = None, now: int | None = None) -> Comment:
    comment = factories.comment(session, cast.story, cast.ada, "You are a fool.", now=now)
    factories.reject(session, comment, by or cast.cam, message="No insults.", now=now)
    return comment


def appealed(session: Any, cast: Any, comment: Comment, *, now: int | None = None) -> Appeal:
    return appeals.appeal(
        session, comment_id=comment.id, message="It was a quotation.", by=cast.ada, now=now or now_us()
    )


def decide(session: Any, comment: Comment, by: Person, action: Action, message: str = "") -> Decision:
    latest = cases.find_latest_case(session, comment.id)
    assert latest is not None
    status = decisions.target_status(action, Status(comment.status))
    return decisions.decide(
        session, comment, status, action=action, by=by, revision=comment.revision, seen=latest.version,
        guideline=Guideline.COURTESY if action == Action.REJECT else None, message=message, now=now_us(),
    )  # fmt: skip


def told(db: Any, person: Person) -> list[tuple[str, str | None]]:
    with db.reading() as session:
        rows = session.scalars(select(Notice).where(Notice.person_id == person.id).order_by(Notice.id))
        return [(row.kind, row.facts.get("outcome")) for row in rows]


@pytest.mark.parametrize(
    ("decided", "last"),
    [
        ("2026-01-15T09:30:00", "2026-07-15T09:30:00"),
        ("2026-08-31T23:59:59", "2027-02-28T23:59:59"),
        ("2027-08-31T00:00:00", "2028-02-29T00:00:00"),
        ("2026-12-31T12:00:00", "2027-06-30T12:00:00"),
    ],
)
def test_deadline_is_six_months_later_by_the_calendar(decided: str, last: str) -> None:
    assert deadline(us(decided)) == us(last)


def test_an_appeal_is_taken_up_to_its_last_moment_and_not_after(db: Any, cast: Any) -> None:
    then = us("2026-03-31T10:00:00")
    with db.writing() as session:
        comment, late = rejected(session, cast, now=then), rejected(session, cast, now=then)
        with pytest.raises(Conflict, match="Six months"):
            appealed(session, cast, late, now=us("2026-09-30T10:00:00") + 1)
        own = readers.own_comments(session, cast.ada.id, cast.daily.id, None, now=us("2026-09-30T10:00:00"))
        over = readers.own_comments(session, cast.ada.id, cast.daily.id, None, now=us("2026-09-30T10:00:01"))
        made = appealed(session, cast, comment, now=us("2026-09-30T10:00:00"))

    assert [one.can_appeal for one in own] == [True, True]
    assert [one.can_appeal for one in over] == [False, False]
    assert {one.appeal_until for one in own} == {us("2026-09-30T10:00:00")}
    assert (made.state, made.outcome) == (AppealState.OPEN, None)


@pytest.mark.parametrize("action", [Action.APPROVE, Action.REJECT, Action.WITHHOLD])
def test_who_decided_first_cannot_answer_while_another_manager_can(db: Any, cast: Any, action: Action) -> None:
    with db.writing() as session:
        comment = rejected(session, cast)
        made = appealed(session, cast, comment)
        with pytest.raises(Conflict, match="another manager"):
            decide(session, comment, cast.cam, action)
        assert (comment.status, made.state) == (Status.REJECTED, AppealState.OPEN)
        decide(session, comment, cast.eve, Action.APPROVE, "A quotation indeed.")

        span = Range(now_us() - DAY, now_us() + DAY)
        (first, last) = ledger.judged(session, cast.daily.id, span)

    assert (made.state, made.outcome, made.decided_by_person_id) == ("decided", "overturned", cast.eve.id)
    assert [(one.is_overturned, one.is_appealed) for one in (first, last)] == [(True, True), (False, False)]
    assert made.answer == "A quotation indeed."


def test_who_decided_first_cannot_take_back_either(db: Any, cast: Any) -> None:
    with db.writing() as session:
        comment = rejected(session, cast)
        made = appealed(session, cast, comment)
        first = session.get_one(Decision, made.decision_id)
        with pytest.raises(Conflict, match="another manager"):
            decisions.undo(session, first, by=cast.cam, now=now_us())
        decisions.undo(session, first, by=cast.eve, now=now_us())
        open_cases = session.scalars(select(Case).where(Case.comment_id == comment.id, Case.state == "open")).all()

    assert (comment.status, made.outcome) == (Status.PUBLISHED, AppealOutcome.OVERTURNED)
    assert open_cases == []


def test_the_only_manager_may_answer_and_the_outcome_says_so(db: Any, cast: Any) -> None:
    with db.writing() as session:
        factories.sanction(session, cast.eve, cast.daily, SanctionKind.BAN)
        comment = rejected(session, cast)
        made = appealed(session, cast, comment)
        decide(session, comment, cast.cam, Action.REJECT, "Still an insult.")
        notice = session.scalars(select(Notice).where(Notice.kind == NoticeKind.APPEAL)).one()

    assert made.outcome == AppealOutcome.CONFIRMED
    assert notice.facts == {
        "appeal": str(made.id), "outcome": "confirmed", "answer": "Still an insult.", "sanction": None,
        "same_person": True,
    }  # fmt: skip


def test_a_manager_does_not_answer_their_own_appeal(db: Any, cast: Any) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.eve)
        factories.reject(session, comment, cast.cam)
        appeals.appeal(session, comment_id=comment.id, message="Why?", by=cast.eve, now=now_us())
        with pytest.raises(Conflict, match="your own appeal"):
            decide(session, comment, cast.eve, Action.APPROVE)
        decide(session, comment, cast.cam, Action.APPROVE)

    assert comment.status == Status.PUBLISHED


def test_outcome_is_told_once_and_there_is_no_second_appeal(db: Any, cast: Any) -> None:
    with db.writing() as session:
        comment = rejected(session, cast)
        appealed(session, cast, comment)
        with pytest.raises(Conflict, match="already"):
            appealed(session, cast, comment)
        decide(session, comment, cast.eve, Action.REJECT)
        with pytest.raises(Conflict, match="no second one"):
            appealed(session, cast, comment)
        (own,) = readers.own_comments(session, cast.ada.id, cast.daily.id, None, now=now_us())

    assert told(db, cast.ada) == [("decision", None), ("appeal", "confirmed")]
    assert own.can_appeal is False
    assert own.appeal is not None
    assert own.appeal.outcome == AppealOutcome.CONFIRMED


def test_taking_the_answer_back_lets_the_appeal_wait_again(db: Any, cast: Any) -> None:
    with db.writing() as session:
        comment = rejected(session, cast)
        made = appealed(session, cast, comment)
        answer = decide(session, comment, cast.eve, Action.APPROVE, "Yes.")
        decisions.undo(session, answer, by=cast.eve, now=now_us())
        session.refresh(made)
        case = cases.find_open_case(session, comment.id)

    assert (made.state, made.outcome, made.answer, made.answer_id) == (AppealState.OPEN, None, "", None)
    assert case is not None
    assert case.reasons & 4
    assert comment.status == Status.REJECTED


def test_withdrawing_drops_the_appeal_and_no_rule_answers_it(db: Any, cast: Any) -> None:
    with db.writing() as session:
        comment = rejected(session, cast)
        made = appealed(session, cast, comment)
        decisions.decide(
            session, comment, Status.PUBLISHED, action=Action.PUBLISH, rule="clean", revision=1, now=now_us()
        )
        assert made.state == AppealState.OPEN
        posting.withdraw(session, comment_id=comment.id, by=cast.ada, now=now_us())

    assert (made.state, made.outcome) == (AppealState.DROPPED, None)
    assert ("appeal", None) not in told(db, cast.ada)


def test_a_sanction_is_appealed_against_once_and_lifted_by_somebody_else(db: Any, cast: Any) -> None:
    with db.writing() as session:
        cam, eve = (session.get_one(Membership, (who.id, cast.daily.id)) for who in (cast.cam, cast.eve))
        ban = appeals.sanctions.sanction(
            session, cast.ada.id, kind=SanctionKind.BAN, reason="Spam.", membership=cam, now=now_us()
        )
        made = appeals.appeal_sanction(
            session, ban.id, message="It wasn't me.", by_id=cast.ada.id, site_id=cast.daily.id, now=now_us()
        )
        with pytest.raises(Conflict, match="already"):
            appeals.appeal_sanction(
                session, ban.id, message="Again.", by_id=cast.ada.id, site_id=cast.daily.id, now=now_us()
            )
        with pytest.raises(Conflict, match="another manager"):
            appeals.decide_about_sanction(
                session, made.id, outcome=AppealOutcome.OVERTURNED, answer="Fine.", membership=cam, now=now_us()
            )
        appeals.decide_about_sanction(
            session, made.id, outcome=AppealOutcome.OVERTURNED, answer="A mistake.", membership=eve, now=now_us()
        )
        session.refresh(ban)

    assert ban.lifted_at is not None
    assert told(db, cast.ada)[-1] == ("appeal", "overturned")


def test_a_sanction_can_be_appealed_against_for_six_months(db: Any, cast: Any) -> None:
    then = us("2026-01-31T00:00:00")
    with db.writing() as session:
        ban = factories.sanction(session, cast.ada, cast.daily, SanctionKind.BAN, now=then)
        with pytest.raises(Conflict, match="Six months"):
            appeals.appeal_sanction(
                session,
                ban.id,
                message="Why?",
                by_id=cast.ada.id,
                site_id=cast.daily.id,
                now=us("2026-07-31T00:00:00") + 1,
            )
        made = appeals.appeal_sanction(
            session, ban.id, message="Why?", by_id=cast.ada.id, site_id=cast.daily.id, now=us("2026-07-31T00:00:00")
        )

    assert made.sanction_id == ban.id
