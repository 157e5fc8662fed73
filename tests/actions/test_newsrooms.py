"""Does a new site have what it needs, and refuse what it can't be?"""

import pytest

from commentsvc.actions import newsrooms
from commentsvc.enums import Guideline
from commentsvc.errors import Conflict, Invalid
from commentsvc.queries.sites import get_site, guidelines_of, is_registered
from commentsvc.store.db import Database


def add(db: Database, key: str = "daily", *origins: str) -> None:
    with db.writing() as session:
        newsrooms.add_site(session, key, name="The Daily", origins=origins or ("https://daily.example",), now=1)


def test_new_site_has_its_origins_and_every_guideline(db: Database) -> None:
    add(db, "daily", "https://daily.example", "https://www.daily.example:8443", "https://daily.example/")

    with db.reading() as session:
        site = get_site(session, "daily")
        items = guidelines_of(session, site).items
        assert is_registered(session, site, "https://daily.example")
        assert is_registered(session, site, "https://www.daily.example:8443")
        assert not is_registered(session, site, "https://evil-daily.example")
    assert [item["guideline"] for item in items] == list(Guideline)
    assert not site.password_grant


@pytest.mark.parametrize(
    "origin",
    ["daily.example", "https://daily.example/news", "ftp://daily.example", "https://user@daily.example", "*", ""],
)
def test_site_refuses_what_is_no_origin(db: Database, origin: str) -> None:
    with pytest.raises(Invalid) as refused:
        add(db, "daily", origin)

    assert refused.value.field == "origin"


@pytest.mark.parametrize("key", ["", "Daily", "my daily", "-daily", "d" * 65, "daily/1"])
def test_site_refuses_a_key_that_is_none(db: Database, key: str) -> None:
    with pytest.raises(Invalid) as refused:
        add(db, key)

    assert refused.value.field == "key"


def test_second_site_of_the_same_key_is_a_conflict(db: Database) -> None:
    add(db)

    with pytest.raises(Conflict):
        add(db)
