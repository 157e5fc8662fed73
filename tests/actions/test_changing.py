"""Changing rules: what is refused, what is kept of a change, and what it leaves alone."""

from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions import changing
from commentsvc.errors import Invalid
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Article, RuleChange, Site
from tests.conftest import Cast

NOW = now_us()


def test_a_change_is_kept_with_before_and_after_and_moves_the_thread(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        article = session.get_one(Article, cast.story.id)
        version = article.version

        changed = changing.change_article(
            session, article, {"mode": "premoderate", "slow_mode": 60, "state": "open"}, by=cast.cam, now=NOW
        )
        again = changing.change_article(session, article, {"slow_mode": 60}, by=cast.cam, now=NOW)

        kept = session.scalars(select(RuleChange)).one()
        assert (changed, again, article.version) == (True, False, version + 1)
        assert (kept.before, kept.after) == (
            {"mode": None, "slow_mode": None},
            {"mode": "premoderate", "slow_mode": 60},
        )
        assert (kept.site_id, kept.article_id, kept.by_person_id) == (cast.daily.id, article.id, cast.cam.id)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"slow_mode": -1}, "slow_mode"),
        ({"slow_mode": 90_000}, "slow_mode"),
        ({"hours": "9 to 5"}, "hours"),
        ({"close_at": NOW, "reopen_at": NOW}, "reopen_at"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(db: Database, cast: Cast, wanted: dict[str, Any], field: str) -> None:
    with db.writing() as session, pytest.raises(Invalid) as refusal:
        changing.change_article(session, session.get_one(Article, cast.story.id), wanted, by=cast.cam, now=NOW)

    assert refusal.value.field == field


def test_a_section_keeps_its_thresholds_and_what_is_empty_goes(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        site = session.get_one(Site, cast.daily.id)
        site.policy = {"max_links": 1, "sections": {"Sport": {"thresholds": {"insult": 0.9}}}}

        changing.change_section(session, site, "Sport", {"slow_mode": 30, "mode": None}, by=cast.cam, now=NOW)
        changing.change_section(session, site, "Debate", {"mode": "closed"}, by=cast.cam, now=NOW)
        with_both = site.policy
        changing.change_section(session, site, "Sport", {"slow_mode": None}, by=cast.cam, now=NOW)
        changing.change_section(session, site, "Debate", {"mode": None}, by=cast.cam, now=NOW)

        assert with_both == {
            "max_links": 1,
            "sections": {"Sport": {"thresholds": {"insult": 0.9}, "slow_mode": 30}, "Debate": {"mode": "closed"}},
        }
        assert site.policy == {"max_links": 1, "sections": {"Sport": {"thresholds": {"insult": 0.9}}}}
        assert [change.section for change in session.scalars(select(RuleChange))] == [
            "Sport", "Debate", "Sport", "Debate",
        ]  # fmt: skip


def test_a_breaker_that_cannot_be_is_refused_by_its_member(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        site = session.get_one(Site, cast.daily.id)

        with pytest.raises(Invalid) as refusal:
            changing.change_breaker(session, site, {"share": 3.0}, by=cast.cam, now=NOW)

        assert (refusal.value.field, site.policy) == ("share", {})


def test_a_time_zone_has_to_exist(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        site = session.get_one(Site, cast.daily.id)

        changing.change_time_zone(session, site, "Europe/Oslo", by=cast.cam, now=NOW)
        with pytest.raises(Invalid):
            changing.change_time_zone(session, site, "Europe/Nowhere", by=cast.cam, now=NOW)

        assert site.time_zone == "Europe/Oslo"
