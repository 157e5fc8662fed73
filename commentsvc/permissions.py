"""May this person do this to this thing? Pure predicates on what was read just now."""

from commentsvc.enums import Role
from commentsvc.store.models import Membership, SavedView

_MANAGING = {Role.MANAGER, Role.ADMIN}


def may_moderate(membership: Membership | None) -> bool:
    """Whether they may see the queue of the membership's site and decide its cases."""
    return membership is not None and membership.role in _MANAGING


def may_change_view(membership: Membership, view: SavedView) -> bool:
    """Whether they may rename, share or delete a saved view: who saved it, and administrators what is shared."""
    if not may_moderate(membership) or membership.site_id != view.site_id:
        return False
    return view.person_id == membership.person_id or (view.shared and membership.role == Role.ADMIN)
