"""The circuit breaker at work: what counts, what a trip changes, how it ends by itself and by hand."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.actions import breaker, cases, changing, decisions, drafts, reporting
from commentsvc.enums import Action, Guideline, ReportReason, SignalState, Status
from commentsvc.errors import Conflict
from commentsvc.moderation.breaker import MINUTE_US
from commentsvc.moderation.terms import Signal
from commentsvc.queries import breakers
from commentsvc.queries.people import face_of
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Article, BreakerTrip, Comment, Job, Membership, Person, RuleChange, Site
from tests import factories
from tests.conftest import Cast

NOW = now_us()
LINE = {"share": 0.5, "window": 60, "minimum": 4, "action": "premoderate", "cool_down": 30}


@pytest.fixture
def watched(db: Database, cast: Cast) -> Cast:
    with db.writing() as session:
        session.get_one(Site, cast.daily.id).policy = {"breaker": LINE}
    return cast


def fill(session: Session, cast: Cast, *statuses: Status, now: int = NOW, **more: Any) -> list[Comment]:
    return [factories.comment(session, cast.story, cast.ada, status=status, now=now, **more) for status in statuses]


def article_of(db: Database, cast: Cast) -> Article:
    with db.reading() as session:
        return session.get_one(Article, cast.story.id)


def trips_of(db: Database, cast: Cast) -> list[BreakerTrip]:
    with db.reading() as session:
        return list(breakers.list_trips(session, cast.story.id))


def jobs_of(session: Session, name: str) -> list[Job]:
    return list(session.scalars(select(Job).where(Job.name == name)))


def test_many_comments_ask_for_one_job(db: Database, watched: Cast) -> None:
    with db.writing() as session:
        shown = fill(session, watched, Status.PUBLISHED, Status.HELD, Status.REJECTED)[0]
        reporting.report(
            session, comment_id=shown.id, revision=1, reason=ReportReason.SPAM, detail="", by=watched.bo, now=NOW
        )  # fmt: skip

        assert [job.args for job in jobs_of(session, breaker.JOB)] == [{"article": watched.story.id}]


def test_without_a_breaker_nothing_is_asked_for_and_nothing_trips(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        fill(session, cast, *[Status.REJECTED] * 9)
        assert jobs_of(session, breaker.JOB) == []

    breaker.evaluate(db, cast.story.id, now=NOW)

    assert trips_of(db, cast) == []


def test_it_trips_at_the_line_and_tells_everyone(db: Database, watched: Cast) -> None:
    with db.writing() as session:
        fill(session, watched, Status.PUBLISHED, Status.PUBLISHED, Status.REJECTED, Status.REJECTED)
    version = article_of(db, watched).version

    breaker.evaluate(db, watched.story.id, now=NOW)
    breaker.evaluate(db, watched.story.id, now=NOW + 1)

    article, (trip,) = article_of(db, watched), trips_of(db, watched)
    assert (article.tripped, article.version) == ("premoderate", version + 1)
    assert (trip.action, trip.line, trip.counted, trip.troubled) == ("premoderate", 0.5, 4, 2)
    assert (trip.started_at, trip.until, trip.ended_at) == (NOW, NOW + 30 * MINUTE_US, None)
    with db.reading() as session:
        assert [job.run_at for job in jobs_of(session, breaker.RETURN_JOB)] == [trip.until]
        assert [one.article.id for one in breakers.list_open_trips(session, watched.daily.id)] == [watched.story.id]
        assert breakers.list_open_trips(session, watched.other.id) == []


@pytest.mark.parametrize(
    "statuses",
    [
        [Status.REJECTED] * 3,  # too few to judge by
        [Status.REJECTED, *[Status.PUBLISHED] * 2, Status.HELD],  # held alone is no trouble
        [Status.WITHDRAWN] * 9,
    ],
)
def test_it_stays_below_the_line(db: Database, watched: Cast, statuses: list[Status]) -> None:
    with db.writing() as session:
        fill(session, watched, *statuses)

    breaker.evaluate(db, watched.story.id, now=NOW)

    assert trips_of(db, watched) == []


def test_old_comments_and_the_teams_own_are_not_counted(db: Database, watched: Cast) -> None:
    with db.writing() as session:
        fill(session, watched, *[Status.REJECTED] * 4, now=NOW - 61 * MINUTE_US)
        for _ in range(4):
            factories.comment(session, watched.story, watched.cam, status=Status.REJECTED, now=NOW)

        assert count(session, watched) == (0, 0)


def count(session: Session, cast: Cast) -> tuple[int, int]:
    article = session.get_one(Article, cast.story.id)
    policy = drafts.policy_of(session.get_one(Site, cast.daily.id), article)
    assert policy.breaker is not None
    found = breaker.tally_of(session, article, policy, policy.breaker, now=NOW)
    return found.counted, found.troubled


def test_reports_and_what_is_off_topic_are_trouble_until_a_manager_says_otherwise(db: Database, watched: Cast) -> None:
    off = Signal("relevance", Guideline.ON_TOPIC, score=0.05)
    on = Signal("relevance", Guideline.ON_TOPIC, score=0.6)
    unsure = Signal("relevance", Guideline.ON_TOPIC, SignalState.ABSTAINED)
    with db.writing() as session:
        (reported,) = fill(session, watched, Status.PUBLISHED, signals=[on])
        (held,) = fill(session, watched, Status.HELD, signals=[off])
        fill(session, watched, Status.PUBLISHED, signals=[unsure])
        reporting.report(
            session, comment_id=reported.id, revision=1, reason=ReportReason.SPAM, detail="", by=watched.bo, now=NOW
        )  # fmt: skip
        before = count(session, watched)
        approve(session, watched, reported)
        approve(session, watched, held)
        after = count(session, watched)

    assert (before, after) == ((3, 2), (3, 0))


@pytest.mark.parametrize(
    ("upheld", "dismissed", "troubled"), [(0, 4, 1), (0, 5, 0), (1, 3, 1), (1, 4, 0), (2, 6, 1), (2, 7, 0), (9, 1, 1)]
)
def test_reports_by_people_who_misuse_them_are_no_trouble(
    db: Database, watched: Cast, upheld: int, dismissed: int, troubled: int
) -> None:
    with db.writing() as session:
        for member in session.scalars(select(Membership).where(Membership.person_id == watched.bo.id)):
            is_here = member.site_id == watched.daily.id
            member.reports_upheld, member.reports_dismissed = (upheld, dismissed) if is_here else (0, 99)
            if is_here:
                assert face_of(member).misuses_reports is not bool(troubled)
        (reported,) = fill(session, watched, Status.PUBLISHED)
        complain(session, reported, watched.bo)

        assert count(session, watched) == (1, troubled)


def test_one_honest_report_among_misuse_is_trouble(db: Database, watched: Cast) -> None:
    with db.writing() as session:
        session.get_one(Membership, (watched.bo.id, watched.daily.id)).reports_dismissed = 9
        (reported,) = fill(session, watched, Status.PUBLISHED)
        complain(session, reported, watched.bo)
        before = count(session, watched)
        complain(session, reported, watched.cam)

        assert (before, count(session, watched)) == ((1, 0), (1, 1))


def complain(session: Session, comment: Comment, by: Person) -> None:
    reporting.report(
        session, comment_id=comment.id, revision=1, reason=ReportReason.SPAM, detail="", by=by, now=NOW
    )  # fmt: skip


def approve(session: Session, cast: Cast, comment: Comment) -> None:
    latest = cases.find_latest_case(session, comment.id)
    decisions.decide(
        session, comment, Status.PUBLISHED, action=Action.APPROVE, by=cast.cam, revision=1,
        seen=latest.version if latest else None, now=NOW,
    )  # fmt: skip


def trip(db: Database, cast: Cast) -> BreakerTrip:
    with db.writing() as session:
        fill(session, cast, *[Status.REJECTED] * 4)
    breaker.evaluate(db, cast.story.id, now=NOW)
    return trips_of(db, cast)[0]


def test_it_returns_by_itself_when_it_is_calm_again(db: Database, watched: Cast) -> None:
    made = trip(db, watched)

    early = breaker.come_back(db, made.id, now=NOW + 10 * MINUTE_US)
    # The cool-down is over, but within the window all that came is trouble.
    troubled = breaker.come_back(db, made.id, now=made.until)
    still = article_of(db, watched).tripped
    calm = breaker.come_back(db, made.id, now=NOW + 61 * MINUTE_US)

    assert (early, troubled, still, calm) == (20 * MINUTE_US, MINUTE_US, "premoderate", None)
    (ended,) = trips_of(db, watched)
    assert (ended.ended_at, ended.ended_by_id) == (NOW + 61 * MINUTE_US, None)
    assert article_of(db, watched).tripped is None
    assert breaker.come_back(db, made.id, now=NOW + 62 * MINUTE_US) is None


def test_a_manager_ends_it_and_the_same_comments_never_trip_it_again(db: Database, watched: Cast) -> None:
    trip(db, watched)
    later = NOW + MINUTE_US
    with db.writing() as session:
        breaker.end(session, session.get_one(Article, watched.story.id), by=watched.cam, now=later)

    breaker.evaluate(db, watched.story.id, now=later)

    (ended,) = trips_of(db, watched)
    assert (ended.ended_at, ended.ended_by_id) == (later, watched.cam.id)
    assert article_of(db, watched).tripped is None
    with db.writing() as session, pytest.raises(Conflict):
        breaker.end(session, session.get_one(Article, watched.story.id), by=watched.cam, now=later)


def test_a_manager_extends_it(db: Database, watched: Cast) -> None:
    made = trip(db, watched)
    with db.writing() as session:
        breaker.extend(session, session.get_one(Article, watched.story.id), by=watched.cam, now=NOW)

    (extended,) = trips_of(db, watched)
    assert (extended.until, extended.extended_by_id) == (made.until + 30 * MINUTE_US, watched.cam.id)
    assert breaker.come_back(db, made.id, now=made.until) == 30 * MINUTE_US


def test_switching_breakers_off_ends_those_that_have_tripped(db: Database, watched: Cast) -> None:
    made = trip(db, watched)
    with db.writing() as session:
        site = session.get_one(Site, watched.daily.id)
        changing.change_breaker(session, site, None, by=watched.cam, now=NOW)

        assert site.policy == {"breaker": None}
        assert session.scalars(select(RuleChange)).one().before == {"breaker": LINE}

    assert article_of(db, watched).tripped is None
    assert breaker.come_back(db, made.id, now=NOW + 1) is None
