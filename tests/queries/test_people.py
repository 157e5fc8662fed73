"""What does a record say of its author?"""

import pytest

from commentsvc.enums import Role
from commentsvc.queries.people import Face


@pytest.mark.parametrize(("upheld", "dismissed", "misused"), [(0, 4, False), (0, 5, True), (2, 6, False), (1, 4, True)])
def test_misuse_of_reports_shows_from_five_decided_on(upheld: int, dismissed: int, misused: bool) -> None:
    assert Face(1, "Bo", Role.READER, reports_upheld=upheld, reports_dismissed=dismissed).misuses_reports == misused
