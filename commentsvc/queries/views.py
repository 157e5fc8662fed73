"""Which views of the queue does a manager have: their own, and those shared with the desk?"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from commentsvc.store.models import DefaultView, Membership, SavedView

MOST = 40
"""So many are listed; a desk that shares more has lost sight of them."""


def list_views(session: Session, by: Membership) -> tuple[Sequence[SavedView], int | None]:
    """List the views that a manager can see, their own first, and say which one their queue opens with."""
    mine = SavedView.person_id == by.person_id
    rows = session.execute(
        select(SavedView, DefaultView.view_id)
        .outerjoin(DefaultView, (DefaultView.view_id == SavedView.id) & (DefaultView.person_id == by.person_id))
        .where(*_visible(by))
        .order_by(mine.desc(), SavedView.id)
        .limit(MOST)
    ).all()
    return [row.SavedView for row in rows], next((row.view_id for row in rows if row.view_id), None)


def find_view(session: Session, by: Membership, view_id: int) -> SavedView | None:
    """Find a view that a manager can see."""
    return session.scalar(select(SavedView).where(SavedView.id == view_id, *_visible(by)))


def find_default(session: Session, by: Membership) -> SavedView | None:
    """Find the view with which a manager's queue opens, if it is still there for them."""
    chosen = select(DefaultView.view_id).where(DefaultView.site_id == by.site_id, DefaultView.person_id == by.person_id)
    return session.scalar(select(SavedView).where(SavedView.id.in_(chosen), *_visible(by)))


def _visible(by: Membership) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return SavedView.site_id == by.site_id, or_(SavedView.person_id == by.person_id, SavedView.shared)
