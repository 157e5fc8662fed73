"""Do the figures say what happened, day by day, in a fixed number of queries?"""

from typing import Any

from commentsvc.actions import reporting
from commentsvc.enums import Guideline, NudgeOutcome, Reason, ReportOutcome, ReportReason, Status
from commentsvc.queries import insights
from commentsvc.queries.insights import DAY, HOUR, SECOND, Backlog, Pace, Range, Work
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Nudge
from tests import factories
from tests.conftest import Cast
from tests.queries.test_ledger import approve

TODAY = now_us() // DAY * DAY
MONDAY = TODAY - 3 * DAY
"""Three days ago: the first of three days that are over."""
SPAN = Range(MONDAY, TODAY)


def hold(session: Any, cast: Cast, *, at: int) -> Any:
    return factories.comment(session, cast.story, cast.ada, status=Status.HELD, now=at)


def test_backlog_is_what_waited_at_the_end_of_each_day(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        first = hold(session, cast, at=MONDAY + 10 * HOUR)
        hold(session, cast, at=MONDAY + DAY)
        approve(session, first, cast.cam, now=MONDAY + DAY + HOUR)
        factories.case(session, factories.comment(session, cast.story, cast.ada, now=MONDAY), now=MONDAY + 2 * DAY)

    with db.reading() as session:
        found = insights.backlog(session, cast.daily.id, SPAN, now=TODAY)
        waiting = {one.reason: (one.count, one.oldest_at) for one in insights.waiting_now(session, cast.daily.id)}

    none = dict.fromkeys(Reason, 0)
    assert found == [
        Backlog(1, {**none, Reason.HELD: 1}, {Reason.HELD: 14 * HOUR}),
        Backlog(1, {**none, Reason.HELD: 1}, {Reason.HELD: DAY}),
        Backlog(2, {**none, Reason.HELD: 1, Reason.REPORTED: 1}, {Reason.HELD: 2 * DAY, Reason.REPORTED: DAY}),
    ]
    assert waiting[Reason.HELD] == (1, MONDAY + DAY)
    assert waiting[Reason.APPEAL] == (0, None)


def test_paces_measure_from_opening_to_a_persons_decision(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        for hours in (1, 2, 3):
            comment = hold(session, cast, at=MONDAY + HOUR)
            approve(session, comment, cast.cam, now=MONDAY + HOUR + hours * HOUR)
        hold(session, cast, at=MONDAY)

    with db.reading() as session:
        found = insights.paces(session, cast.daily.id, SPAN)

    assert found == [Pace(3, 2.0 * HOUR, 2.9 * HOUR), Pace(0), Pace(0)]


def test_work_counts_people_and_the_first_verdicts_of_rules(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        approve(session, hold(session, cast, at=MONDAY), cast.cam, now=MONDAY + DAY)
        factories.reject(
            session, factories.comment(session, cast.story, cast.ada, now=MONDAY), cast.cam, now=MONDAY + DAY
        )
        factories.comment(session, cast.story, cast.ada, status=Status.REJECTED, now=MONDAY + 2 * DAY)

    with db.reading() as session:
        found = insights.work(session, cast.daily.id, SPAN)

    assert found == [
        Work(published_by_rule=1, held_by_rule=1),
        Work(approved=1, rejected=1),
        Work(rejected_by_rule=1),
    ]
    assert [one.automatic for one in found] == [(1, 2), (0, 0), (1, 1)]


def test_reports_are_counted_by_what_came_of_them(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comments = [factories.comment(session, cast.story, cast.ada, now=MONDAY) for _ in range(3)]
        for comment in comments:
            reporting.report(
                session, comment_id=comment.id, revision=1, reason=ReportReason.SPAM, detail="", by=cast.bo, now=MONDAY
            )
        factories.reject(session, comments[0], cast.cam, now=MONDAY + 1)
        approve(session, comments[1], cast.cam, now=MONDAY + 1)

    with db.reading() as session:
        found = insights.reports(session, cast.daily.id, SPAN)
        elsewhere = insights.reports(session, cast.other.id, SPAN)

    assert found == [{ReportOutcome.UPHELD: 1, ReportOutcome.DISMISSED: 1, None: 1}, {}, {}]
    assert elsewhere == [{}, {}, {}]


def test_a_nudge_counts_as_abandoned_after_an_hour(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        for at, outcome in ((0, NudgeOutcome.EDITED), (0, None), (3 * DAY - 1, None)):
            session.add(
                Nudge(
                    site_id=cast.daily.id, person_id=cast.ada.id, guideline=Guideline.SPAM, fingerprint=1,
                    outcome=outcome, created_at=MONDAY + at,
                )
            )  # fmt: skip

    with db.reading() as session:
        found = insights.nudges(session, cast.daily.id, SPAN, now=TODAY)

    assert found == [{NudgeOutcome.EDITED: 1, None: 1}, {}, {}]


def test_articles_are_the_busiest_and_the_most_troubled(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        quiet, rough = (factories.article(session, cast.daily, key) for key in ("quiet", "rough"))
        for number in range(12):
            factories.comment(session, quiet, cast.ada, now=MONDAY)
            if number < 10:
                factories.comment(
                    session, rough, cast.ada, status=Status.HELD if number < 3 else Status.PUBLISHED, now=MONDAY
                )
        factories.comment(session, cast.story, cast.ada, status=Status.REJECTED, now=MONDAY)

    with db.reading() as session:
        busiest, troubled = insights.articles(session, cast.daily.id, SPAN, limit=5)

    assert [(one.article.key, one.comments) for one in busiest] == [("quiet", 12), ("rough", 10), ("story", 1)]
    assert [(one.article.key, one.held, one.trouble) for one in troubled] == [("rough", 3, 0.3)]


def test_own_pace_is_one_persons_and_leaves_breaks_out(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        for at in (0, 20, 60, 3600):
            approve(session, hold(session, cast, at=MONDAY), cast.cam, now=MONDAY + at * SECOND)
        approve(session, hold(session, cast, at=MONDAY), cast.eve, now=MONDAY + 30 * SECOND)

    with db.reading() as session:
        mine = insights.own_pace(session, cast.daily.id, cast.cam.id, SPAN)
        hers = insights.own_pace(session, cast.daily.id, cast.eve.id, SPAN)

    assert mine == [Pace(4, 30.0 * SECOND, 39.0 * SECOND), Pace(0), Pace(0)]
    assert hers == [Pace(1), Pace(0), Pace(0)]
