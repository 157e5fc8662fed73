"""Does a new site have what it needs, and refuse what it can't be?"""

import re

import pytest
from sqlalchemy import select

from commentsvc.actions import newsrooms
from commentsvc.enums import Guideline, Role
from commentsvc.errors import Conflict, Forbidden, Invalid, NotFound
from commentsvc.queries.sites import find_membership, get_site, guidelines_of, is_registered
from commentsvc.store.db import Database
from commentsvc.store.models import Origin, Site, SiteChange
from tests import factories
from tests.conftest import Cast

NO_ORIGINS = [
    *("daily.example", "https://daily.example/news", "ftp://daily.example", "https://user@daily.example", "*", ""),
    *("null", "https://*.daily.example", "https://daily.example:443", "https://Daily.example", "https://[x"),
    *("https://daily.example?x", "https://daily.example#x", "https://daily.example//", "https://daily.example\\@evil"),
    *("https://daily.example%2eevil.example", "https://daily example", "https://daily.example:99999"),
    *(
        "https://.daily.example",
        "javascript:alert(1)",
        "https://daily.example\u2024evil.example",
        "https://bücher.example",
    ),
    "https://" + "d" * 300,
]


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
    NO_ORIGINS,
)
def test_site_refuses_what_is_no_origin(db: Database, origin: str) -> None:
    with pytest.raises(Invalid) as refused:
        add(db, "daily", origin)

    assert refused.value.field == "origin"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("HTTPS://News.Example", "https://news.example"),
        ("https://news.example/2026/story?x#y", "https://news.example"),
        ("https://bücher.example:8443", "https://xn--bcher-kva.example:8443"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_what_is_almost_an_origin_is_refused_with_the_one_that_was_meant(typed: str, meant: str) -> None:
    with pytest.raises(Invalid, match=re.escape(f"as {meant} –")):
        newsrooms.exact_origin(typed)

    assert newsrooms.exact_origin(f" {meant}/ ") == meant


def test_origins_that_only_end_alike_are_others(db: Database, cast: Cast) -> None:
    with db.reading() as session:
        found = {
            origin: is_registered(session, cast.daily, origin)
            for origin in (
                "https://daily.example", "https://evil-daily.example", "https://daily.example.evil.example",
                "http://daily.example", "https://daily.example:8443", "https://DAILY.example", "https://daily.example/",
                "https://www.daily.example", "https://other.example",
            )
        }  # fmt: skip

    assert [origin for origin, is_known in found.items() if is_known] == ["https://daily.example"]


def test_an_origin_comes_and_goes_by_the_sites_admin_alone_and_one_stays(db: Database, cast: Cast) -> None:
    www = "https://www.daily.example"
    with db.writing() as session:
        site = session.get_one(Site, cast.daily.id)
        eve, cam = (find_membership(session, who.id, site.id) for who in (cast.eve, cast.cam))
        other = factories.member(session, cast.dee, cast.other, Role.ADMIN)
        assert eve is not None
        assert cam is not None
        for stranger in (cam, other):
            with pytest.raises(Forbidden):
                newsrooms.register_origin(session, site, www, by=stranger, now=1)
            with pytest.raises(Forbidden):
                newsrooms.remove_origin(session, site, "https://daily.example", by=stranger, now=1)
        with pytest.raises(Conflict):
            newsrooms.remove_origin(session, site, "https://daily.example", by=eve, now=1)
        with pytest.raises(NotFound):
            newsrooms.remove_origin(session, site, "https://other.example", by=eve, now=1)
        newsrooms.register_origin(session, site, www, by=eve, now=1)
        newsrooms.remove_origin(session, site, "https://daily.example", by=eve, now=2)

    with db.reading() as session:
        assert session.scalars(select(Origin.origin).where(Origin.site_id == cast.daily.id)).all() == [www]
        assert is_registered(session, cast.other, "https://other.example")
        log = session.execute(select(SiteChange.kind, SiteChange.by_person_id).order_by(SiteChange.id)).all()
    assert [tuple(row) for row in log] == [("origin_added", cast.eve.id), ("origin_removed", cast.eve.id)]


@pytest.mark.parametrize("key", ["", "Daily", "my daily", "-daily", "d" * 65, "daily/1"])
def test_site_refuses_a_key_that_is_none(db: Database, key: str) -> None:
    with pytest.raises(Invalid) as refused:
        add(db, key)

    assert refused.value.field == "key"


def test_second_site_of_the_same_key_is_a_conflict(db: Database) -> None:
    add(db)

    with pytest.raises(Conflict):
        add(db)
