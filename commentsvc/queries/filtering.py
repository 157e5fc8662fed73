"""Which cases does somebody ask for, and how is that said in SQL?"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, not_, or_, select
from sqlalchemy.orm import Session

from commentsvc.enums import CaseSort, CaseState, Guideline, Holding, Reason, Trust
from commentsvc.queries import blind
from commentsvc.queries.search import is_about
from commentsvc.queries.trust import has_trust
from commentsvc.store.models import CLOSED, OPEN, Article, Case, Comment, Membership

HOUR_US = 3600 * 1_000_000
_STATES = {CaseState.OPEN: OPEN, CaseState.CLOSED: CLOSED}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases someone asks for, and in which order; no sort means priority, or the latest closed first.

    `waiting` is for how many hours at least; `holding` is as `by`, a person's id, sees the leases.
    """

    state: CaseState = CaseState.OPEN
    reason: Reason | None = None
    guideline: Guideline | None = None
    q: str = ""
    sort: CaseSort | None = None
    label: str | None = None
    article_id: int | None = None
    section: str | None = None
    trust: Trust | None = None
    waiting: int | None = None
    holding: Holding | None = None
    by: int | None = None


def conditions(session: Session, site_id: int, wanted: Wanted, *, now: int) -> Iterator[ColumnElement[bool]]:
    """Yield what a case of a site has to fulfil; each condition stands on the cases' own columns or in a subquery."""
    yield Case.site_id == site_id
    yield Case.state == _STATES[wanted.state]
    if wanted.reason is not None:
        yield Case.reasons.bitwise_and(int(wanted.reason)) != 0
        if wanted.reason == Reason.SAMPLE:
            yield not_(blind.hidden())
    if wanted.guideline is not None:
        yield Case.guideline == wanted.guideline
    if wanted.label is not None:
        yield Case.label == wanted.label
    if wanted.article_id is not None:
        yield Case.article_id == wanted.article_id
    if wanted.section is not None:
        yield Case.article_id.in_(
            select(Article.id).where(Article.site_id == site_id, Article.section == wanted.section)
        )
    if wanted.trust is not None:
        yield _by_author(wanted.trust, site_id)
    if wanted.waiting is not None:
        yield Case.opened_at <= now - wanted.waiting * HOUR_US
    if wanted.holding is not None:
        yield is_free(now, by=wanted.by) if wanted.holding is Holding.FREE else is_held(now, by=wanted.by)
    if wanted.q:
        yield is_about(session, wanted.q)


def is_free(now: int, *, by: int | None = None) -> ColumnElement[bool]:
    """Build the condition that nobody else holds a case; without `by`, that nobody does."""
    nobody = or_(Case.lease_until.is_(None), Case.lease_until <= now)
    return nobody if by is None else or_(nobody, Case.lease_person_id == by)


def is_held(now: int, *, by: int | None) -> ColumnElement[bool]:
    """Build the condition that somebody holds a case; word for word what the index of leases has."""
    return and_(Case.lease_until.is_not(None), Case.lease_until > now, Case.lease_person_id == by)


def _by_author(trust: Trust, site_id: int) -> ColumnElement[bool]:
    """Start with the few authors who are new or troubled; of the many others, the next case's is likely one."""
    authors = select(Membership.person_id).where(Membership.site_id == site_id, has_trust(trust))
    if trust in {Trust.NEW, Trust.TROUBLED}:
        theirs = select(Comment.id).where(Comment.site_id == site_id, Comment.person_id.in_(authors))
        return Case.comment_id.in_(theirs)
    mine = select(Comment.id).where(Comment.id == Case.comment_id, Comment.person_id.in_(authors))
    return mine.correlate(Case).exists()
