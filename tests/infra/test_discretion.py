"""Does a log line say who somebody is, where they are, or what they wrote?"""

import pytest

from commentsvc.infra.discretion import discreet, withhold


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ("no ada@daily.example here", "no [withheld] here"),
        ("<Ada.Holm+x@mail.daily.example>: full.", "<[withheld]>: full."),
        ("from 203.0.113.77:5012", "from [withheld]:5012"),
        ("from 2001:db8:1:2::/64", "from [withheld]/64"),
        ("from 2001:db8::7 and fe80::1%eth0", "from [withheld] and [withheld]%eth0"),
        ("listening on 127.0.0.1:8000", "listening on 127.0.0.1:8000"),
        (
            "version 2026.4.1, at 12:30:45, commentsvc.web.errors:98",
            "version 2026.4.1, at 12:30:45, commentsvc.web.errors:98",
        ),
        ("duplicate key\nDETAIL:  Key (email)=(ada) already exists.", "duplicate key\n[withheld]"),
        (
            "failed\n[SQL: INSERT INTO persons VALUES (?)]\n[parameters: ('Ada',)]\nend",
            "failed\n[SQL: INSERT INTO persons VALUES (?)]\n[withheld]\nend",
        ),
    ],
)
def test_addresses_and_rows_are_withheld(told: str, left: str) -> None:
    assert discreet(told) == left


def test_every_member_of_a_line_goes_through_it() -> None:
    line = {"event": "A job failed.", "error": "for ada@daily.example", "id": 7, "timestamp": "2026-01-01T12:30:45Z"}

    assert withhold(None, "error", dict(line)) == {**line, "error": "for [withheld]"}
