"""What changes when a manager keeps a view of the queue: saved, renamed, shared, deleted, opened first?"""

from collections.abc import Mapping

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from commentsvc.errors import Conflict, Forbidden, Invalid, NotFound
from commentsvc.permissions import may_change_view, may_moderate
from commentsvc.queries.views import find_view
from commentsvc.store.models import DefaultView, Membership, SavedView
from commentsvc.text import clean

MAX_NAME = 40
MAX_VIEWS = 30


def save_view(
    session: Session, *, membership: Membership, name: str, filters: Mapping[str, str], shared: bool, now: int
) -> SavedView:
    """Keep filters and order under a name; raises Invalid for a name or filters that say nothing."""
    by = _manager(membership)
    if not filters:
        raise Invalid("Choose a filter or another order first; all cases need no view.", field="name")
    own = select(func.count()).where(SavedView.site_id == by.site_id, SavedView.person_id == by.person_id)
    if (session.scalar(own) or 0) >= MAX_VIEWS:
        raise Conflict(f"You keep {MAX_VIEWS} views already; delete one first.")
    made = SavedView(
        site_id=by.site_id, person_id=by.person_id, name=_name(name), filters=dict(filters), shared=shared,
        created_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def change_view(session: Session, view_id: int, *, membership: Membership, name: str, shared: bool) -> SavedView:
    """Rename a view, share it or take it back; its owner may, and an administrator."""
    view = _changeable(session, view_id, membership)
    view.name, view.shared = _name(name), shared
    session.flush()
    return view


def delete_view(session: Session, view_id: int, *, membership: Membership) -> None:
    """Delete a view; whose queue opened with it sees all cases again."""
    view = _changeable(session, view_id, membership)
    session.execute(delete(DefaultView).where(DefaultView.view_id == view.id))
    session.delete(view)
    session.flush()


def choose_default(session: Session, view_id: int | None, *, membership: Membership) -> None:
    """Let a manager's queue open with a view that they can see, or with all cases."""
    by = _manager(membership)
    if view_id is not None and find_view(session, by, view_id) is None:
        raise NotFound("There is no such view.")
    session.execute(delete(DefaultView).where(DefaultView.site_id == by.site_id, DefaultView.person_id == by.person_id))
    if view_id is not None:
        session.add(DefaultView(site_id=by.site_id, person_id=by.person_id, view_id=view_id))
    session.flush()


def _changeable(session: Session, view_id: int, membership: Membership) -> SavedView:
    view = find_view(session, _manager(membership), view_id)
    if view is None:
        raise NotFound("There is no such view.")
    if not may_change_view(membership, view):
        raise Forbidden("Only who saved a view, or an administrator, may change it.")
    return view


def _manager(membership: Membership) -> Membership:
    if not may_moderate(membership):
        raise Forbidden("Only managers of the site keep views of its queue.")
    return membership


def _name(name: str) -> str:
    return clean(name, field="name", max_length=MAX_NAME)
