"""How far does an author's record on a site speak for them? The one place that says so, in Python and in SQL."""

from sqlalchemy import ColumnElement, and_, not_, or_

from commentsvc.enums import Trust
from commentsvc.store.models import Membership

NEW_BELOW = 5
"""So many comments of whatever fate make a record."""
TROUBLED_FROM = 3
TROUBLED_SHARE = 4
"""At least so many rejections, and at least one comment in so many."""
TRUSTED_FROM = 50
TRUSTED_SHARE = 50
"""At least so many published comments, and at most one rejection in so many."""


def trust_of(published: int, rejected: int) -> Trust:
    """Say what a record amounts to; three early rejections are trouble however short the record is."""
    total = published + rejected
    if rejected >= TROUBLED_FROM and rejected * TROUBLED_SHARE >= total:
        return Trust.TROUBLED
    if total < NEW_BELOW:
        return Trust.NEW
    if published >= TRUSTED_FROM and rejected * TRUSTED_SHARE <= total:
        return Trust.TRUSTED
    return Trust.REGULAR


def has_trust(trust: Trust) -> ColumnElement[bool]:
    """Build the same condition on a membership."""
    published, rejected = Membership.published_count, Membership.rejected_count
    total = published + rejected
    troubled = and_(rejected >= TROUBLED_FROM, rejected * TROUBLED_SHARE >= total)
    new = and_(not_(troubled), total < NEW_BELOW)
    trusted = and_(published >= TRUSTED_FROM, rejected * TRUSTED_SHARE <= total)
    conditions = {
        Trust.TROUBLED: troubled,
        Trust.NEW: new,
        Trust.TRUSTED: trusted,
        Trust.REGULAR: not_(or_(troubled, total < NEW_BELOW, trusted)),
    }
    return conditions[trust]
