"""What changes when a discussion gets out of hand, and when it has calmed down?

Posting, deciding and reporting only ask for a job; a few seconds later it looks at the article once for all of them.
"""

from sqlalchemy.orm import Session

from commentsvc.actions.drafts import policy_of
from commentsvc.errors import Conflict
from commentsvc.infra import jobs
from commentsvc.moderation import breaker as lines
from commentsvc.moderation.breaker import MINUTE_US, Tally
from commentsvc.moderation.terms import Breaker, Policy
from commentsvc.queries import breakers
from commentsvc.store.db import Database
from commentsvc.store.models import Article, BreakerTrip, Person, Site

JOB = "breaker"
RETURN_JOB = "breaker_return"
_SETTLE_US = 2 * jobs.SECOND
_LOOK_AGAIN_US = MINUTE_US
"""How often a tripped breaker whose cool-down is over looks whether the share has fallen."""


def watch(session: Session, site: Site, article_id: int, *, now: int) -> None:
    """Have the article looked at soon, in this transaction's own commit; one waiting job is enough for many."""
    if site.policy.get("breaker"):
        key = f"{JOB}:{article_id}"
        jobs.enqueue(session, JOB, {"article": article_id}, key=key, run_at=now + _SETTLE_US, now=now)


def evaluate(db: Database, article_id: int, *, now: int) -> None:
    """Trip the article's breaker when its line is reached."""
    with db.reading() as session:
        article = session.get(Article, article_id)
        if article is None or article.tripped or _reached(session, article, now=now) is None:
            return
    with db.writing() as session:
        article = _locked(session, article_id)
        found = None if article.tripped else _reached(session, article, now=now)
        if found is not None:
            _trip(session, article, *found, now=now)


def come_back(db: Database, trip_id: int, *, now: int) -> int | None:
    """Let a tripped breaker go when it may; None when it has ended, else in how many microseconds to look again."""
    with db.reading() as session:
        pause = _pause(session, session.get_one(BreakerTrip, trip_id), now=now)
    if pause is not None:
        return pause or None
    with db.writing() as session:
        trip = session.get_one(BreakerTrip, trip_id)
        article = _locked(session, trip.article_id)
        session.refresh(trip)
        pause = _pause(session, trip, now=now)
        if pause is None:
            _end(article, trip, by=None, now=now)
        return pause or None


def end(session: Session, article: Article, *, by: Person, now: int) -> BreakerTrip:
    """End a trip by hand; what came until now counts no more. Raises Conflict when there is none."""
    article = _locked(session, article.id)
    trip = _open_trip(session, article)
    _end(article, trip, by=by, now=now)
    return trip


def extend(session: Session, article: Article, *, by: Person, now: int) -> BreakerTrip:
    """Begin a trip's cool-down anew by hand. Raises Conflict when there is none."""
    article = _locked(session, article.id)
    trip = _open_trip(session, article)
    breaker = policy_of(session.get_one(Site, article.site_id), article).breaker or Breaker()
    trip.until = max(trip.until, now) + breaker.cool_down * MINUTE_US
    trip.extended_by_id = by.id
    return trip


def end_all(session: Session, site: Site, *, by: Person, now: int) -> None:
    """End every trip of a site, when somebody switches its breakers off."""
    for tripped in breakers.list_open_trips(session, site.id):
        _end(_locked(session, tripped.article.id), tripped.trip, by=by, now=now)


def tally_of(session: Session, article: Article, policy: Policy, breaker: Breaker, *, now: int) -> Tally:
    """Count what came within the breaker's window, and how much of it is trouble."""
    ended = breakers.find_last_end(session, article.id)
    since = lines.window_start(breaker, last_ended=ended, now=now)
    found = breakers.count(
        session, article.id, since=since, measures=breaker.measure, relevance=policy.relevance
    )  # fmt: skip
    return Tally(*found)


def _reached(session: Session, article: Article, *, now: int) -> tuple[Breaker, Tally] | None:
    policy = policy_of(session.get_one(Site, article.site_id), article)
    if policy.breaker is None:
        return None
    found = tally_of(session, article, policy, policy.breaker, now=now)
    return (policy.breaker, found) if lines.trips(policy.breaker, found) else None


def _trip(session: Session, article: Article, breaker: Breaker, found: Tally, *, now: int) -> None:
    trip = BreakerTrip(
        site_id=article.site_id, article_id=article.id, action=breaker.action, line=breaker.share,
        counted=found.counted, troubled=found.troubled, started_at=now, until=now + breaker.cool_down * MINUTE_US,
    )  # fmt: skip
    session.add(trip)
    article.tripped = breaker.action
    article.version += 1
    session.flush()
    jobs.enqueue(
        session, RETURN_JOB, {"trip": trip.id}, key=f"{RETURN_JOB}:{trip.id}", run_at=trip.until, now=now
    )  # fmt: skip


def _pause(session: Session, trip: BreakerTrip, *, now: int) -> int | None:
    """Return how long to leave a trip as it is; 0 when it has ended, None when it is to end now."""
    if trip.ended_at is not None:
        return 0
    article = session.get_one(Article, trip.article_id)
    policy = policy_of(session.get_one(Site, article.site_id), article)
    if policy.breaker is None:
        return None
    if now < trip.until:
        return trip.until - now
    found = tally_of(session, article, policy, policy.breaker, now=now)
    return None if lines.lets_go(policy.breaker, found, until=trip.until, now=now) else _LOOK_AGAIN_US


def _end(article: Article, trip: BreakerTrip, *, by: Person | None, now: int) -> None:
    trip.ended_at = now
    trip.ended_by_id = by.id if by else None
    article.tripped = None
    article.version += 1


def _open_trip(session: Session, article: Article) -> BreakerTrip:
    trip = breakers.find_open_trip(session, article.id)
    if trip is None:
        raise Conflict("The circuit breaker of this article has let go already.")
    return trip


def _locked(session: Session, article_id: int) -> Article:
    # As everyone does who changes a thread: its article first.
    return session.get_one(Article, article_id, with_for_update=True, populate_existing=True)
