"""What does a record say of its author?"""

import pytest

from commentsvc.enums import Role, Trust
from commentsvc.queries.people import Face, trust_of


@pytest.mark.parametrize(
    ("published", "rejected", "trust"),
    [
        (0, 0, Trust.NEW),
        (1, 9, Trust.NEW),
        (2, 0, Trust.REGULAR),
        (2, 2, Trust.REGULAR),
        (3, 2, Trust.TROUBLED),
        (7, 3, Trust.REGULAR),
        (69, 31, Trust.TROUBLED),
        (19, 0, Trust.REGULAR),
        (20, 0, Trust.TRUSTED),
        (20, 1, Trust.TRUSTED),
        (19, 1, Trust.REGULAR),
        (95, 5, Trust.REGULAR),
    ],
)
def test_trust_follows_the_record(published: int, rejected: int, trust: Trust) -> None:
    assert trust_of(published, rejected) == trust


@pytest.mark.parametrize(("upheld", "dismissed", "misused"), [(0, 4, False), (0, 5, True), (2, 6, False), (1, 4, True)])
def test_misuse_of_reports_shows_from_five_decided_on(upheld: int, dismissed: int, misused: bool) -> None:
    assert Face(1, "Bo", Role.READER, upheld, dismissed).misuses_reports == misused
