"""What holds on an article now: by hand, by the clock, by its section; and whom slow mode sends away."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from commentsvc.actions import posting
from commentsvc.actions.posting import ArticleRef
from commentsvc.actions.rules import next_turn, rules_of
from commentsvc.enums import ArticleState, BreakerAction, Mode, Outcome, Status
from commentsvc.errors import ArticleClosed, TooManyRequests
from commentsvc.moderation.terms import Judgement, Verdict
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Comment, Person
from tests import factories
from tests.conftest import Cast

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
NOON = 20_000 * DAY + 12 * HOUR
CLEAN = Judgement((), Verdict(Outcome.PUBLISH))


def post(session: Session, cast: Cast, by: Person, *, now: int, with_gap: bool = True) -> Comment:
    ref = ArticleRef(cast.story.key, cast.story.url, cast.story.title)
    prepared = posting.prepare(
        session, site_key="daily", article=ref, parent_id=None, body=f"A remark at {now}.", by=by, with_gap=with_gap,
        now=now,
    )  # fmt: skip
    return posting.post(session, prepared, CLEAN, by=by, with_gap=with_gap, now=now)


def set_rules(session: Session, cast: Cast, **columns: Any) -> Any:
    article = session.merge(cast.story)
    for name, value in columns.items():
        setattr(article, name, value)
    session.flush()
    return article


@pytest.mark.parametrize(
    ("columns", "state", "mode", "opens", "closes"),
    [
        ({}, "open", "publish", None, None),
        ({"state": "closed"}, "closed", "publish", None, None),
        ({"state": "archived", "hours": "07:00-22:00"}, "archived", "publish", None, None),
        ({"mode": "closed", "hours": "13:00-14:00"}, "open", "closed", None, None),
        ({"hours": "07:00-22:00"}, "open", "publish", None, NOON + 10 * HOUR),
        ({"hours": "13:00-22:00"}, "closed", "publish", NOON + HOUR, None),
        ({"close_at": NOON}, "closed", "publish", None, None),
        ({"close_at": NOON + 1}, "open", "publish", None, NOON + 1),
        ({"reopen_at": NOON + DAY}, "closed", "publish", NOON + DAY, None),
    ],
)
def test_rules_say_what_holds_and_when_the_clock_changes_it(
    db: Database, cast: Cast, columns: dict[str, Any], state: str, mode: str, opens: int | None, closes: int | None
) -> None:
    with db.writing() as session:
        article = set_rules(session, cast, **columns)

        rules = rules_of(cast.daily, article, now=NOON)

    assert (rules.state, rules.mode, rules.opens_at, rules.closes_at) == (state, mode, opens, closes)
    assert rules.is_open == (state == "open" and mode != "closed")


def test_rules_come_from_the_section_and_the_articles_own_are_above(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        site = session.merge(cast.daily)
        site.policy = {"sections": {"Sport": {"mode": "premoderate", "slow_mode": 30, "hours": "07:00-11:00"}}}
        article = set_rules(session, cast, section="Sport")
        of_section = rules_of(site, article, now=NOON)
        set_rules(session, cast, mode="publish", slow_mode=0, hours="always")
        own = rules_of(site, article, now=NOON)

    assert (of_section.mode, of_section.slow_mode, of_section.is_open) == (Mode.PREMODERATE, 30, False)
    assert (own.mode, own.slow_mode, own.is_open) == (Mode.PUBLISH, 0, True)


def test_hours_go_by_the_sites_time_zone(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        site = session.merge(cast.daily)
        site.time_zone = "America/New_York"

        assert not rules_of(site, set_rules(session, cast, hours="09:00-17:00"), now=NOON).is_open


def test_a_tripped_breaker_shows_and_premoderates(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        stricter = rules_of(cast.daily, set_rules(session, cast, tripped="stricter"), now=NOON)
        premoderated = rules_of(cast.daily, set_rules(session, cast, tripped="premoderate"), now=NOON)

    assert (stricter.notice, stricter.mode) == (BreakerAction.STRICTER, Mode.PUBLISH)
    assert (premoderated.notice, premoderated.mode) == (BreakerAction.PREMODERATE, Mode.PREMODERATE)


def test_who_comes_outside_the_hours_is_told_when_it_opens(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        set_rules(session, cast, hours="13:00-22:00")

        with pytest.raises(ArticleClosed) as refusal:
            post(session, cast, cast.ada, now=NOON)

        assert refusal.value.details == {"opens_at_us": NOON + HOUR}
        assert post(session, cast, cast.ada, now=NOON + HOUR).status == Status.PUBLISHED


def test_a_comment_that_was_judged_while_it_closed_is_not_posted(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        set_rules(session, cast, close_at=NOON)
        ref = ArticleRef(cast.story.key, cast.story.url, cast.story.title)
        prepared = posting.prepare(
            session, site_key="daily", article=ref, parent_id=None, body="Late.", by=cast.ada, with_gap=False,
            now=NOON - 1,
        )  # fmt: skip

        with pytest.raises(ArticleClosed):
            posting.post(session, prepared, CLEAN, by=cast.ada, with_gap=False, now=NOON)


def test_slow_mode_keeps_seconds_between_one_persons_comments(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        set_rules(session, cast, slow_mode=120)
        post(session, cast, cast.ada, now=NOON)

        with pytest.raises(TooManyRequests) as refusal:
            post(session, cast, cast.ada, now=NOON + 40 * SECOND)

        assert refusal.value.details == {"retry_after": 80, "slow_mode": 120}
        assert "slow mode" in refusal.value.message
        assert post(session, cast, cast.bo, now=NOON + 41 * SECOND).id
        assert post(session, cast, cast.ada, now=NOON + 120 * SECOND).id


def test_slow_mode_is_of_one_article_spares_the_team_and_obeys_the_switch(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        article = set_rules(session, cast, slow_mode=3600)
        other = factories.article(session, cast.daily)
        for person in (cast.ada, cast.cam):
            post(session, cast, person, now=NOON)

        assert next_turn(session, cast.daily, article, cast.ada, now=NOON + SECOND) == NOON + HOUR
        assert next_turn(session, cast.daily, article, cast.cam, now=NOON + SECOND) is None
        assert next_turn(session, cast.daily, other, cast.ada, now=NOON + SECOND) is None
        assert post(session, cast, cast.cam, now=NOON + 60 * SECOND).id
        assert post(session, cast, cast.ada, now=NOON + 60 * SECOND, with_gap=False).id


def test_withdrawing_is_no_way_around_slow_mode(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        set_rules(session, cast, slow_mode=3600)
        comment = post(session, cast, cast.ada, now=NOON)
        posting.withdraw(session, comment_id=comment.id, by=cast.ada, now=NOON + 1)

        with pytest.raises(TooManyRequests):
            post(session, cast, cast.ada, now=NOON + 60 * SECOND)


def test_what_is_closed_can_no_longer_be_edited(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = post(session, cast, cast.ada, now=NOON)
        set_rules(session, cast, state=ArticleState.CLOSED)

        with pytest.raises(ArticleClosed):
            posting.prepare_edit(session, comment_id=comment.id, body="New.", by=cast.ada, now=NOON + 1)


def test_judging_sees_the_policy_of_the_section_and_of_the_breaker(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        site = session.merge(cast.daily)
        site.policy = {"thresholds": {"insult": 0.5}, "sections": {"Sport": {"thresholds": {"insult": 0.9}}}}
        set_rules(session, cast, section="Sport", tripped="stricter")
        ref = ArticleRef(cast.story.key, cast.story.url, cast.story.title)

        prepared = posting.prepare(
            session, site_key="daily", article=ref, parent_id=None, body="A remark.", by=cast.ada, with_gap=False,
            now=now_us(),
        )  # fmt: skip

    assert prepared.policy.thresholds == pytest.approx({"insult": 0.54})
