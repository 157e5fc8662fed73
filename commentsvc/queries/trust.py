"""How far does an author's record on a site speak for them? The one place that says so, in Python and in SQL."""

from sqlalchemy import ColumnElement, and_, not_, or_

from commentsvc.enums import Trust
from commentsvc.store.models import Membership

TROUBLED_FROM = 5
TROUBLED_SHARE = 0.3
"""Of at least so many decided comments more than this share was rejected."""
KNOWN_FROM = 2
"""Everyone else is new until so many were published."""
TRUSTED_FROM = 20
TRUSTED_SHARE = 0.05
"""At least so many published, and less than this share of all rejected."""


def trust_of(published: int, rejected: int) -> Trust:
    """Say what a record amounts to; five rejections are trouble, even of somebody who never published anything."""
    decided = published + rejected
    if decided >= TROUBLED_FROM and rejected > TROUBLED_SHARE * decided:
        return Trust.TROUBLED
    if published < KNOWN_FROM:
        return Trust.NEW
    if published >= TRUSTED_FROM and rejected < TRUSTED_SHARE * decided:
        return Trust.TRUSTED
    return Trust.REGULAR


def has_trust(trust: Trust) -> ColumnElement[bool]:
    """Build the same condition on a membership."""
    published, rejected = Membership.published_count, Membership.rejected_count
    decided = published + rejected
    troubled = and_(decided >= TROUBLED_FROM, rejected > TROUBLED_SHARE * decided)
    new = and_(not_(troubled), published < KNOWN_FROM)
    trusted = and_(not_(troubled), published >= TRUSTED_FROM, rejected < TRUSTED_SHARE * decided)
    conditions = {
        Trust.TROUBLED: troubled,
        Trust.NEW: new,
        Trust.TRUSTED: trusted,
        Trust.REGULAR: not_(or_(troubled, new, trusted)),
    }
    return conditions[trust]
