"""What does an article's page show and set, and what does it say when something can't be?"""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions import breaker, decisions
from commentsvc.enums import Action, Status
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Article, Comment, RuleChange, Site
from tests import factories
from tests.conftest import Cast
from tests.queries.test_threads import counted
from tests.web.test_console import cam, press, sign_in

__all__ = ["cam", "sign_in"]

LINE = {"share": 0.5, "window": 60, "minimum": 4, "action": "premoderate", "cool_down": 30}
RULES = 'class="rules"'
EMPTY = {"state": "open", "mode": "", "slow_mode": "", "hours": ""}


@pytest.fixture
def page_of(cast: Cast) -> str:
    return f"/console/daily/articles/{cast.story.id}"


def article_of(db: Database, cast: Cast) -> Article:
    with db.reading() as session:
        return session.get_one(Article, cast.story.id)


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def trip(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        session.get_one(Site, cast.daily.id).policy = {"breaker": LINE}
        for _ in range(4):
            factories.comment(session, cast.story, cast.ada, status=Status.REJECTED)
    breaker.evaluate(db, cast.story.id, now=now_us())


def test_page_shows_what_holds_and_where_it_comes_from(db: Database, cast: Cast, cam: Any, page_of: str) -> None:
    with db.writing() as session:
        article = session.get_one(Article, cast.story.id)
        article.section, article.title = "Sport", "<i>Cup</i> final"
        sections = {"Sport": {"slow_mode": 60, "hours": "07:00-22:00"}}
        session.get_one(Site, cast.daily.id).policy = {"sections": sections}

    page = cam.get(page_of).text

    assert "<h1>&lt;i&gt;Cup&lt;/i&gt; final</h1>" in page
    assert "As the section says: one comment every 1 minute" in page
    assert "As the section says: 07:00 to 22:00" in page
    assert "As the section says: publish at once" in page
    assert "Slow mode One comment every 1 minute" in text_of(page)
    assert "Nothing was changed yet." in page
    assert "Nothing is pinned or featured." in page


def test_saving_sets_the_rules_and_keeps_who_changed_what(db: Database, cast: Cast, cam: Any, page_of: str) -> None:
    with db.writing() as session:
        session.get_one(Site, cast.daily.id).time_zone = "Europe/Berlin"
    form = {
        "state": "open", "mode": "premoderate", "slow_mode": "120", "hours": "daily", "opens": "07:00",
        "shuts": "22:00", "close_at": "2026-12-24T18:00", "reopen_at": "2026-12-27T08:00",
    }  # fmt: skip

    answer = press(cam, cam.get(page_of).text, of=RULES, **form)
    page = cam.get(answer.headers["Location"]).text

    assert answer.status_code == 303
    article = article_of(db, cast)
    assert (article.mode, article.slow_mode, article.hours) == ("premoderate", 120, "07:00-22:00")
    assert article.close_at == 1_798_131_600_000_000  # 17:00 UTC
    assert "Saved." in page
    assert "Cam" in page
    assert "Slow mode: as elsewhere → one comment every 2 minutes" in text_of(page)
    assert "Closes: never → 24 Dec 2026, 18:00" in text_of(page)
    assert 'value="2026-12-24T18:00"' in page
    again = press(cam, page, of=RULES, **form)
    assert again.headers["Location"].endswith("done=same")


@pytest.mark.parametrize(
    ("wrong", "error_id", "words"),
    [
        ({"hours": "daily"}, "hours", "Say from when to when"),
        ({"hours": "daily", "opens": "07:00", "shuts": "07:00"}, "hours", "The end is another time"),
        ({"close_at": "soon"}, "close_at", "date and time"),
        ({"close_at": "2026-12-24T18:00", "reopen_at": "2026-12-24T17:00"}, "reopen_at", "only after it has closed"),
        ({"mode": "loud"}, "mode", "Not a valid choice"),
        ({"slow_mode": "7x"}, "slow_mode", "Not a valid choice"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_changes_nothing(
    db: Database, cast: Cast, cam: Any, page_of: str, wrong: dict[str, str], error_id: str, words: str
) -> None:
    answer = press(cam, cam.get(page_of).text, of=RULES, **{**EMPTY, "state": "closed", **wrong})

    assert answer.status_code == 422
    error = re.search(rf'<p class="error" id="{error_id}-error">([^<]*)', answer.text)
    assert error is not None
    assert words in unescape(error[1])
    assert article_of(db, cast).state == "open"
    with db.reading() as session:
        assert session.scalars(select(RuleChange)).all() == []


def test_list_says_what_holds_now(db: Database, cast: Cast, cam: Any) -> None:
    with db.writing() as session:
        session.get_one(Site, cast.daily.id).policy = {"sections": {"Sport": {"mode": "premoderate", "slow_mode": 30}}}
        session.get_one(Article, cast.story.id).section = "Sport"
        factories.article(session, cast.daily, reopen_at=now_us() + 3_600_000_000)

    page = text_of(cam.get("/console/daily/articles").text)

    assert "open, premoderated, slow 0 0" in page
    assert "closed by the clock 0 0" in page


def test_another_sites_article_is_not_there(db: Database, cast: Cast, cam: Any) -> None:
    with db.writing() as session:
        theirs = factories.article(session, cast.other, title="Their secret")

    answers = [cam.get(f"/console/daily/articles/{wanted}") for wanted in (theirs.id, "0", "x", "999999")]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert all("secret" not in answer.text for answer in answers)


def test_pinned_and_featured_are_listed_and_taken_back(db: Database, cast: Cast, cam: Any, page_of: str) -> None:
    with db.writing() as session:
        best = factories.comment(session, cast.story, cast.ada, "The very best.")
        factories.comment(session, cast.story, cast.bo, "An ordinary one.")
        for action in (Action.PIN, Action.FEATURE):
            decisions.decide(
                session, best, Status.PUBLISHED, action=action, by=cast.cam, revision=1, now=now_us()
            )  # fmt: skip

    page = cam.get(page_of).text
    answer = press(cam, page, of='value="unpin"', action="unpin")
    after = cam.get(answer.headers["Location"]).text
    press(cam, after, of='value="unfeature"', action="unfeature")

    assert "The very best." in page
    assert "An ordinary one." not in page
    assert "Taken back." in after
    assert 'value="unpin"' not in after
    with db.reading() as session:
        comment = session.get_one(Comment, best.id)
        assert (comment.pinned, comment.featured, comment.top_of) == (False, False, cast.story.id)


def test_a_comment_of_another_article_is_not_taken_back_here(db: Database, cast: Cast, cam: Any, page_of: str) -> None:
    with db.writing() as session:
        other = factories.comment(session, factories.article(session, cast.daily), cast.ada, "Elsewhere.")
        factories.comment(session, cast.story, cast.ada)
        here = factories.comment(session, cast.story, cast.ada, "Here.")
        for comment in (other, here):
            decisions.decide(
                session, comment, Status.PUBLISHED, action=Action.PIN, by=cast.cam, revision=1, now=now_us()
            )  # fmt: skip

    answer = press(cam, cam.get(page_of).text, of='value="unpin"', action="unpin", comment=str(other.id))

    assert answer.status_code == 422
    with db.reading() as session:
        assert session.get_one(Comment, other.id).pinned


def test_a_tripped_breaker_is_told_at_the_desk_and_ended_there(
    db: Database, cast: Cast, cam: Any, page_of: str
) -> None:
    trip(db, cast)

    queue, listed, page = (cam.get(path).text for path in ("/console/daily", "/console/daily/articles", page_of))
    answer = press(cam, page, of='value="extend"', do="extend")
    extended = cam.get(answer.headers["Location"]).text
    press(cam, extended, of='value="end"', do="end")
    ended = cam.get(page_of).text
    late = cam.post(
        f"{page_of}/breaker", data={"do": "end", "csrf_token": re.search(r'csrf-token" content="([^"]+)', ended)[1]}
    )

    for shown in (queue, listed):
        assert f'Circuit breaker:</strong> <a href="{page_of}">' in shown
        assert "is premoderated" in shown
    assert "4 of 4 comments were trouble (100%, the line is 50%)" in text_of(page)
    assert "stays tripped for longer" in extended
    assert "The circuit breaker has tripped" not in ended
    assert "ended by Cam" in text_of(ended)
    assert article_of(db, cast).tripped is None
    assert late.status_code == 409
    assert "has let go already" in late.text


def test_a_page_costs_the_same_for_one_and_for_thirty(
    app: Any, db: Database, cast: Cast, cam: Any, page_of: str
) -> None:
    costs = []
    for count in (1, 29):
        with db.writing() as session:
            for _ in range(count):
                shown = factories.comment(session, cast.story, factories.person(session))
                decisions.decide(
                    session, shown, Status.PUBLISHED, action=Action.PIN, by=cast.cam, revision=1, now=now_us()
                )  # fmt: skip
                factories.article(session, cast.daily, section=f"Section {shown.id}")
        with counted(app.extensions["commentsvc"].db) as statements:
            page = cam.get(page_of).text
            sections = cam.get("/console/daily/sections").text
        costs.append(len(statements))
        assert page.count('value="unpin"') == sections.count('scope="row"') == (1 if count == 1 else 30)

    assert costs[0] == costs[1]


# Sections, breaker, time zone

SECTIONS = "/console/daily/sections"


def policy_of(db: Database, cast: Cast) -> dict[str, Any]:
    with db.reading() as session:
        return session.get_one(Site, cast.daily.id).policy


def test_a_section_is_set_and_told(db: Database, cast: Cast, cam: Any) -> None:
    with db.writing() as session:
        session.get_one(Article, cast.story.id).section = "Sport & more"

    form = cam.get(f"{SECTIONS}?section=Sport+%26+more").text
    answer = press(
        cam, form, of='id="edit"', section="Sport & more", mode="premoderate", slow_mode="30", hours="daily",
        opens="07:00", shuts="23:30",
    )  # fmt: skip
    page = cam.get(answer.headers["Location"]).text

    assert policy_of(db, cast)["sections"] == {
        "Sport & more": {"mode": "premoderate", "slow_mode": 30, "hours": "07:00-23:30"}
    }
    assert "Premoderate One comment every 30 seconds 07:00 to 23:30 1" in text_of(page)
    assert "Cam Reyes in Sport & more" in text_of(page)


def test_a_section_form_says_what_is_wrong(db: Database, cast: Cast, cam: Any) -> None:
    form = cam.get(f"{SECTIONS}?section=Sport").text

    answer = press(cam, form, of='id="edit"', **{**EMPTY, "hours": "daily"})

    assert answer.status_code == 422
    assert 'id="hours-error"' in answer.text
    assert policy_of(db, cast) == {}


def test_the_breaker_is_switched_on_and_off(db: Database, cast: Cast, cam: Any) -> None:
    page = cam.get(SECTIONS).text
    values: dict[str, Any] = {
        "on": "y", "share": "33.5", "minimum": "12", "window": "45", "action": "premoderate", "cool_down": "20",
        "measure": ["rejected", "reported"],
    }  # fmt: skip
    press(cam, page, of="sections/breaker", **values)
    on = policy_of(db, cast)["breaker"]
    wrong = press(cam, page, of="sections/breaker", **{**values, "share": "120", "measure": []})
    press(cam, page, of="sections/breaker", share="")

    assert on == {
        "share": 0.335, "minimum": 12, "window": 45, "action": "premoderate", "cool_down": 20,
        "measure": ["rejected", "reported"],
    }  # fmt: skip
    assert wrong.status_code == 422
    assert 'id="share-error">1 to 100 percent.' in wrong.text
    assert 'id="measure-error">Choose at least one.' in wrong.text
    assert policy_of(db, cast)["breaker"] is None
    assert "Circuit breaker: off → 34% of 12 or more in 45 min" in text_of(cam.get(SECTIONS).text)


def test_a_time_zone_has_to_be_one(db: Database, cast: Cast, cam: Any) -> None:
    page = cam.get(SECTIONS).text

    wrong = press(cam, page, of="time-zone", time_zone="Middle/Earth")
    press(cam, page, of="time-zone", time_zone="Asia/Tokyo")

    assert wrong.status_code == 422
    assert 'id="time_zone-error">There is no such time zone' in wrong.text
    assert 'value="Asia/Tokyo"' in cam.get(SECTIONS).text


def test_sections_without_any_say_so(cast: Cast, cam: Any, sign_in: Callable[[str], Any]) -> None:
    assert "No article names a section yet." in cam.get(SECTIONS).text
