"""Who may do what: the whole table of roles."""

import pytest

from commentsvc.enums import Role
from commentsvc.permissions import may_moderate
from commentsvc.store.models import Membership


@pytest.mark.parametrize(
    ("role", "moderates"), [(None, False), (Role.READER, False), (Role.MANAGER, True), (Role.ADMIN, True)]
)
def test_role_says_what_a_member_may_do(role: Role | None, moderates: bool) -> None:
    membership = Membership(role=role) if role else None

    assert may_moderate(membership) == moderates
