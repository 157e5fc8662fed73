"""How does a site's desk do over a range of days: what waits, what is decided, how soon, and how well?

Everything is counted from the records themselves, most of it from indexes alone; days are UTC's.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from commentsvc.enums import Action, NudgeOutcome, Reason, ReportOutcome, Status
from commentsvc.store.models import CLOSED, OPEN, Article, Case, Comment, Decision, Nudge, Report

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
_BREAK = 10 * 60 * SECOND
"""Two decisions further apart than this had a break between them."""
_FEWEST = 10
"""An article with fewer comments in the range isn't called troubled: one of two would be half."""


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch of time, cut into steps of whole days; `until` is where the last one ends."""

    since: int
    until: int
    step: int = DAY

    @property
    def starts(self) -> list[int]:
        """When each step begins."""
        return list(range(self.since, self.until, self.step))

    def covers(self, column: InstrumentedAttribute[int]) -> ColumnElement[bool]:
        """Build the condition that a time lies within."""
        return and_(column >= self.since, column < self.until)

    def place(self, column: InstrumentedAttribute[int]) -> ColumnElement[int]:
        """Build the number of the step that a time lies in."""
        return (column - self.since) // self.step


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many open cases have a reason, and since when the oldest waits."""

    reason: Reason
    count: int
    oldest_at: int | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waited at the end of a step: cases in all and by reason, and how long the oldest of each had waited."""

    count: int
    by_reason: dict[Reason, int]
    oldest: dict[Reason, int]


@dataclass(frozen=True, slots=True)
class Pace:
    """How many cases were decided in a step, and after how long: half of them within p50."""

    count: int
    p50: float | None = None
    p95: float | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What was decided in a step, by people and by rules; the first verdict on each comment counts for rules."""

    approved: int = 0
    rejected: int = 0
    withheld: int = 0
    published_by_rule: int = 0
    held_by_rule: int = 0
    rejected_by_rule: int = 0

    @property
    def automatic(self) -> tuple[int, int]:
        """How many first verdicts needed nobody, of how many."""
        alone = self.published_by_rule + self.rejected_by_rule
        return alone, alone + self.held_by_rule


@dataclass(frozen=True, slots=True)
class Busy:
    """What happened under one article in the range."""

    article: Article
    comments: int
    held: int
    rejected: int
    reported: int

    @property
    def trouble(self) -> float:
        """The share of comments that wait, were rejected or reported; a comment may be more than one of these."""
        return min(1.0, (self.held + self.rejected + self.reported) / self.comments) if self.comments else 0.0


def waiting_now(session: Session, site_id: int) -> list[Waiting]:
    """Count what waits by reason; what is judged blind counts as held, like any other."""
    rows = session.execute(
        select(Case.reasons, Case.blind, func.count(), func.min(Case.opened_at))
        .where(Case.site_id == site_id, Case.state == OPEN)
        .group_by(Case.reasons, Case.blind)
    ).all()
    found = []
    for reason in Reason:
        some = [row for row in rows if _reasons(row[0], row[1]) & reason]
        found.append(Waiting(reason, sum(row[2] for row in some), min((row[3] for row in some), default=None)))
    return found


def backlog(session: Session, site_id: int, span: Range, *, now: int) -> list[Backlog]:
    """Say what waited at the end of each step, as far as closed cases still tell.

    A case that was taken back into the queue counts as if it had never been closed.
    """
    columns = (Case.opened_at, Case.closed_at, Case.reasons, Case.blind)
    still = select(*columns).where(Case.site_id == site_id, Case.state == OPEN, Case.opened_at < span.until)
    gone = select(*columns).where(
        Case.site_id == site_id, Case.state == CLOSED, Case.closed_at >= span.since, Case.opened_at < span.until
    )
    rows = [*session.execute(still).all(), *session.execute(gone).all()]
    opened = np.array([row[0] for row in rows], dtype=np.int64)
    closed = np.array([row[1] or 2**62 for row in rows], dtype=np.int64)
    reasons = np.array([_reasons(row[2], row[3]) for row in rows], dtype=np.int64)
    made = []
    for start in span.starts:
        end = min(start + span.step, now)
        there = (opened < end) & (closed >= end)
        of = {reason: opened[there & (reasons & reason != 0)] for reason in Reason}
        counts = {reason: len(some) for reason, some in of.items()}
        oldest = {reason: int(end - some.min()) for reason, some in of.items() if len(some)}
        made.append(Backlog(int(there.sum()), counts, oldest))
    return made


def paces(session: Session, site_id: int, span: Range) -> list[Pace]:
    """Measure how long the cases waited that people decided in each step."""
    rows = session.execute(
        select(span.place(Decision.created_at), Decision.created_at - Case.opened_at)
        .join(Case, Case.id == Decision.closed_case_id)
        .where(*_by_people(site_id, span))
    ).all()
    taken: list[list[int]] = [[] for _ in span.starts]
    for place, waited in rows:
        taken[place].append(max(0, waited))
    return [Pace(len(some), *map(float, np.percentile(some, [50, 95]))) if some else Pace(0) for some in taken]


def work(session: Session, site_id: int, span: Range) -> list[Work]:
    """Count what people and rules decided in each step, in one query that reads an index alone."""
    is_rule = Decision.by_person_id.is_(None)
    is_first = Decision.from_status.is_(None)
    place = span.place(Decision.created_at).label("place")
    rows = session.execute(
        select(place, is_rule, is_first, Decision.action, Decision.to_status, func.count())
        .where(Decision.site_id == site_id, span.covers(Decision.created_at))
        .group_by("place", is_rule, is_first, Decision.action, Decision.to_status)
    ).all()
    people: Counter[tuple[int, str]] = Counter()
    rules: Counter[tuple[int, str]] = Counter()
    for step, by_rule, first, action, status, count in rows:
        if not by_rule:
            people[step, action] += count
        elif first:
            rules[step, status] += count
    return [
        Work(
            approved=people[step, Action.APPROVE], rejected=people[step, Action.REJECT],
            withheld=people[step, Action.WITHHOLD], published_by_rule=rules[step, Status.PUBLISHED],
            held_by_rule=rules[step, Status.HELD], rejected_by_rule=rules[step, Status.REJECTED],
        )
        for step in range(len(span.starts))
    ]  # fmt: skip


def reports(session: Session, site_id: int, span: Range) -> list[dict[ReportOutcome | None, int]]:
    """Count the reports made in each step by what came of them; None for those that nobody has answered."""
    place = span.place(Report.created_at).label("place")
    rows = session.execute(
        select(place, Report.outcome, func.count())
        .join(Comment, Comment.id == Report.comment_id)
        .where(Comment.site_id == site_id, span.covers(Report.created_at))
        .group_by("place", Report.outcome)
    ).all()
    made: list[dict[ReportOutcome | None, int]] = [{} for _ in span.starts]
    for step, outcome, count in rows:
        made[step][ReportOutcome(outcome) if outcome else None] = count
    return made


def nudges(session: Session, site_id: int, span: Range, *, now: int) -> list[dict[NudgeOutcome | None, int]]:
    """Count the nudges given in each step by what came of them; None: abandoned, as after an hour without an answer."""
    place = span.place(Nudge.created_at).label("place")
    rows = session.execute(
        select(place, Nudge.outcome, func.count())
        .where(Nudge.site_id == site_id, span.covers(Nudge.created_at))
        .where(Nudge.outcome.is_not(None) | (Nudge.created_at < now - HOUR))
        .group_by("place", Nudge.outcome)
    ).all()
    made: list[dict[NudgeOutcome | None, int]] = [{} for _ in span.starts]
    for step, outcome, count in rows:
        made[step][NudgeOutcome(outcome) if outcome else None] = count
    return made


def articles(session: Session, site_id: int, span: Range, *, limit: int) -> tuple[Sequence[Busy], Sequence[Busy]]:
    """List the articles with most comments in the range, and those with most trouble among them."""
    counts: dict[int, Counter[str]] = {}
    for article_id, status, count in session.execute(
        select(Comment.article_id, Comment.status, func.count())
        .where(Comment.site_id == site_id, span.covers(Comment.created_at))
        .group_by(Comment.article_id, Comment.status)
    ):
        counts.setdefault(article_id, Counter())[status] += count
    reported = _reported(session, site_id, span)

    def trouble(article_id: int) -> float:
        some = counts[article_id]
        bad = some[Status.HELD] + some[Status.REJECTED] + reported.get(article_id, 0)
        return bad / some.total() if bad and some.total() >= _FEWEST else 0.0

    busiest = sorted(counts, key=lambda one: (-counts[one].total(), one))[:limit]
    troubled = sorted((one for one in counts if trouble(one)), key=lambda one: (-trouble(one), one))[:limit]
    wanted = {*busiest, *troubled}
    rows = {one.id: one for one in session.scalars(select(Article).where(Article.id.in_(wanted)))}
    found = {
        one: Busy(
            rows[one], counts[one].total(), counts[one][Status.HELD], counts[one][Status.REJECTED],
            reported.get(one, 0),
        )
        for one in wanted
    }  # fmt: skip
    return [found[one] for one in busiest], [found[one] for one in troubled]


def own_pace(session: Session, site_id: int, person_id: int, span: Range) -> list[Pace]:
    """Say how many decisions somebody made in each step, and how far apart they were; for that person's eyes only.

    What is decided together counts once; a longer pause than ten minutes is a break and doesn't count.
    """
    rows = session.execute(
        select(func.min(Decision.created_at))
        .where(*_by_people(site_id, span), Decision.by_person_id == person_id)
        .group_by(Decision.batch)
        .order_by(func.min(Decision.created_at))
    ).all()
    times = [row[0] for row in rows]
    counts = Counter((at - span.since) // span.step for at in times)
    gaps: list[list[int]] = [[] for _ in span.starts]
    for before, after in pairwise(times):
        if after - before <= _BREAK:
            gaps[(after - span.since) // span.step].append(after - before)
    return [
        Pace(counts[step], *map(float, np.percentile(some, [50, 95]))) if some else Pace(counts[step])
        for step, some in enumerate(gaps)
    ]


def _by_people(site_id: int, span: Range) -> tuple[ColumnElement[bool], ...]:
    return (
        Decision.site_id == site_id,
        span.covers(Decision.created_at),
        Decision.by_person_id.is_not(None),
        Decision.action.in_((Action.APPROVE, Action.REJECT)),
    )


def _reported(session: Session, site_id: int, span: Range) -> dict[int, int]:
    rows = session.execute(
        select(Comment.article_id, func.count(Comment.id.distinct()))
        .join(Report, Report.comment_id == Comment.id)
        .where(Comment.site_id == site_id, span.covers(Comment.created_at))
        .group_by(Comment.article_id)
    ).all()
    return {row[0]: row[1] for row in rows}


def _reasons(bits: int, is_blind: bool) -> int:
    return bits & ~Reason.SAMPLE if is_blind else bits
