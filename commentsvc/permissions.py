"""May this person do this to this thing? Pure predicates on what was read just now."""

from commentsvc.enums import Role
from commentsvc.store.models import Membership, SavedView

_MANAGING = {Role.MANAGER, Role.ADMIN}


def may_moderate(membership: Membership | None) -> bool:
    """Whether they may see the queue of the membership's site and decide its cases."""
    return membership is not None and membership.role in _MANAGING


def may_administer(membership: Membership | None) -> bool:
    """Whether they may change how the membership's site works and whom it tells."""
    return membership is not None and membership.role == Role.ADMIN


def may_sanction(by: Membership | None, whom: Membership | None) -> bool:
    """Whether they may restrict this member of their site: managers readers, administrators managers too.

    Nobody restricts themselves, and no administrator another: that begins with taking the role away.
    """
    if by is None or whom is None or not may_moderate(by):
        return False
    if by.site_id != whom.site_id or by.person_id == whom.person_id:
        return False
    return whom.role == Role.READER or (by.role == Role.ADMIN and whom.role == Role.MANAGER)


def may_change_view(membership: Membership, view: SavedView) -> bool:
    """Whether they may rename, share or delete a saved view: who saved it, and administrators what is shared."""
    if not may_moderate(membership) or membership.site_id != view.site_id:
        return False
    return view.person_id == membership.person_id or (view.shared and membership.role == Role.ADMIN)
