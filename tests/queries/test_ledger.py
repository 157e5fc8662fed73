"""Are false holds, false passes, overturned decisions, the audit and shadow verdicts counted as people decided them?"""

from typing import Any

import pytest

from commentsvc.actions import cases, decisions, judging, posting, reporting
from commentsvc.actions.posting import ArticleRef, Prepared
from commentsvc.enums import Action, Guideline, Outcome, Reason, ReportReason, Role, Status
from commentsvc.moderation.terms import Breach, Draft, Judgement, Policy, Signal, Verdict
from commentsvc.queries import ledger
from commentsvc.queries.insights import DAY, Range
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Comment, Person
from commentsvc.web import trust
from commentsvc.web.insight_tables import Asked
from tests import factories
from tests.conftest import Cast
from tests.queries.test_blind import drawn

NOW = now_us()
SPAN = Range((NOW // DAY - 6) * DAY, (NOW // DAY + 1) * DAY)
INSULT = Signal("toxicity", Guideline.COURTESY, score=0.4, labels={"toxicity": 0.2, "insult": 0.4}, engine="embedded")


def approve(session: Any, comment: Comment, by: Person, *, now: int = NOW) -> Any:
    latest = cases.find_latest_case(session, comment.id)
    return decisions.decide(
        session, comment, Status.PUBLISHED, action=Action.APPROVE, by=by, revision=comment.revision,
        seen=latest.version if latest else None, now=now,
    )  # fmt: skip


def held(session: Any, cast: Cast, message: str = "This may read as an insult.") -> Comment:
    verdict = Verdict(Outcome.HOLD, (Breach(Guideline.COURTESY, "toxicity", message),), Reason.HELD, (), 0.6)
    prepared = Prepared(
        "daily", ArticleRef(cast.story.key, cast.story.url, cast.story.title), None, "Hm.", Draft("Hm."), Policy()
    )
    return posting.post(session, prepared, Judgement((INSULT,), verdict), by=cast.ada, with_gap=False, now=NOW)


@pytest.fixture
def week(db: Database, cast: Cast) -> Cast:
    """Three holds (one false, one right, one still open), two passes that were wrong, one decision taken back."""
    with db.writing() as session:
        cast.story.section = "Town"
        session.merge(cast.story)
        approve(session, held(session, cast), cast.cam)
        factories.reject(session, held(session, cast), cast.cam, now=NOW)
        held(session, cast)
        reported = factories.comment(session, cast.story, cast.ada, signals=[INSULT], now=NOW)
        reporting.report(
            session, comment_id=reported.id, revision=1, reason=ReportReason.COURTESY, detail="", by=cast.bo, now=NOW
        )
        factories.reject(session, reported, cast.cam, now=NOW)
        factories.reject(session, factories.comment(session, cast.story, cast.ada, now=NOW), cast.cam, now=NOW)
        slip = held(session, cast)
        factories.undo(session, factories.reject(session, slip, cast.cam, now=NOW), cast.cam, now=NOW + 1)
    return cast


def asked(session: Any, cast: Cast) -> Asked:
    return Asked(session, cast.daily, factories.accounts.join(session, cast.cam, cast.daily, now=NOW), SPAN, NOW)


def test_judged_knows_what_a_rule_had_decided_before(db: Database, week: Cast) -> None:
    with db.reading() as session:
        found = ledger.judged(session, week.daily.id, SPAN)

    assert [(one.is_false_hold, one.is_false_pass, one.is_overturned) for one in found] == [
        (True, False, False),
        (False, False, False),
        (False, True, False),
        (False, True, False),
        (False, False, True),
    ]
    assert [ledger.found_by(one) for one in found if one.is_false_pass] == ["reported", "by hand"]


def test_judged_leaves_out_other_days_and_sites(db: Database, week: Cast) -> None:
    earlier = Range(SPAN.since - 7 * DAY, SPAN.since)

    with db.reading() as session:
        assert ledger.judged(session, week.daily.id, earlier) == []
        assert ledger.judged(session, week.other.id, SPAN) == []


def test_a_decision_reversed_by_somebody_else_counts_as_overturned(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = held(session, cast)
        factories.reject(session, comment, cast.cam, now=NOW)
        factories.case(session, comment, reasons=Reason.APPEAL, now=NOW)
        approve(session, comment, cast.eve, now=NOW + 1)

    with db.reading() as session:
        found = ledger.judged(session, cast.daily.id, SPAN)
    assert [(one.action, one.is_overturned) for one in found] == [("reject", True), ("approve", False)]


def test_tables_of_errors_have_rates_with_intervals(db: Database, week: Cast) -> None:
    with db.writing() as session:
        about = asked(session, week)
        by_check, by_label = trust.by_check(about), trust.by_label(about)
        by_section = trust.by_section(about)

    head = ("Holds decided", "False holds", "False hold rate", "False passes found", "Found false pass rate")
    assert [column.title for column in by_check.columns][1:6] == list(head)
    assert by_check.rows == (
        (
            "Toxicity", 2, 1, "50.0 % (9.5 to 90.5)", 1, "50.0 % (9.5 to 90.5)", 1, "33.3 % (6.1 to 79.2)",
        ),
        ("No check", 0, 0, "–", 1, "50.0 % (9.5 to 90.5)", 0, "0.0 % (0.0 to 65.8)"),
    )  # fmt: skip
    assert [row[:5] for row in by_label.rows] == [("insult", 2, 1, "50.0 % (9.5 to 90.5)", 1)]
    assert [row[:5] for row in by_section.rows] == [("Town", 2, 1, "50.0 % (9.5 to 90.5)", 2)]


def test_audit_estimates_from_what_was_judged_blind(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        for number in range(4):
            comment = drawn(session, cast, Outcome.PUBLISH, f"Remark {number}.", now=NOW)
            if number == 0:
                factories.reject(session, comment, cast.cam, now=NOW)
            elif number < 3:
                approve(session, comment, cast.cam)
        approve(session, drawn(session, cast, Outcome.HOLD, "Another.", now=NOW), cast.cam)
        factories.comment(session, cast.story, cast.ada, now=NOW)

    with db.writing() as session:
        found = trust.audit(asked(session, cast))
    assert (found.decided, found.rejected, found.waiting, found.published) == (3, 1, 1, 5)
    assert found.estimate is not None
    assert round(found.estimate.value, 3) == 0.333
    assert found.extent == (0, 4)
    assert (found.held_decided, found.held_approved) == (1, 1)


def test_shadow_verdicts_are_kept_replaced_and_compared_with_people(db: Database, cast: Cast) -> None:
    would = Verdict(Outcome.HOLD, (Breach(Guideline.SPAM, "links", "Too many links."),))
    with db.writing() as session:
        comments = [factories.comment(session, cast.story, cast.ada, now=NOW) for _ in range(3)]
        judgement = Judgement((), Verdict(Outcome.PUBLISH), would)
        for comment in comments:
            judging.record_shadow(session, comment, judgement, now=NOW)
        judging.record_shadow(session, comments[0], judgement, now=NOW + 1)
        judging.record_shadow(session, comments[2], Judgement((), Verdict(Outcome.PUBLISH)), now=NOW)
        factories.reject(session, comments[1], cast.cam, now=NOW)

    with db.writing() as session:
        found = ledger.tried(session, cast.daily.id, SPAN)
        table = trust.shadow(asked(session, cast))
    assert [(one.comment_id, one.outcome, one.acted, one.checks, one.person_said) for one in found] == [
        (comments[0].id, "hold", "publish", ("links",), None),
        (comments[1].id, "hold", "publish", ("links",), Status.REJECTED),
    ]
    assert table.rows == (("Links", "published", "held", 2, 1, 0, 1, "100.0 % (20.7 to 100.0)"),)


def test_posting_keeps_the_shadow_verdict_of_each_revision(db: Database, cast: Cast) -> None:
    would = Verdict(Outcome.HOLD, (Breach(Guideline.SPAM, "links", "Too many links."),))
    ref = ArticleRef(cast.story.key, cast.story.url, cast.story.title)
    prepared = Prepared("daily", ref, None, "Hm.", Draft("Hm."), Policy())
    with db.writing() as session:
        factories.member(session, cast.ada, cast.daily, Role.READER)
        comment = posting.post(
            session, prepared, Judgement((), Verdict(Outcome.PUBLISH), would), by=cast.ada, with_gap=False, now=NOW
        )

    with db.reading() as session:
        found = ledger.tried(session, cast.daily.id, SPAN)
    assert (comment.status, [one.comment_id for one in found]) == ("published", [comment.id])
