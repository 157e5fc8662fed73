"""May this person do this to this thing? Pure predicates on what was read just now."""

from commentsvc.enums import Role
from commentsvc.store.models import Membership

_MANAGING = {Role.MANAGER, Role.ADMIN}


def may_moderate(membership: Membership | None) -> bool:
    """Whether they may see the queue of the membership's site and decide its cases."""
    return membership is not None and membership.role in _MANAGING


def may_set_policy(membership: Membership | None) -> bool:
    """Whether they may change the rules of the membership's site; managers read them."""
    return membership is not None and membership.role == Role.ADMIN
