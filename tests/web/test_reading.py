"""Can a thread be read without the widget, page by page, with nothing on it that isn't public?"""

import re
from html import unescape
from typing import Any

import pytest

from commentsvc.actions import decisions
from commentsvc.enums import Action, Guideline, Status
from commentsvc.store.db import Database, now_us
from tests import factories
from tests.conftest import Cast

STORY = "/articles/daily/story"


def ids(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'id="comment-(\d+)"', page)]


def test_a_thread_is_read_to_its_end_by_its_links_alone(client: Any, cast: Cast, db: Database) -> None:
    with db.writing() as session:
        made = [factories.comment(session, cast.story, cast.ada, body=f"Remark number {n}.").id for n in range(45)]

    seen: list[int] = []
    address: str | None = f"{STORY}?sort=oldest"
    while address:
        page = client.get(address).text
        seen += ids(page)
        more = re.search(r'rel="next" href="([^"]+)"', page)
        address = unescape(more[1]) if more else None

    assert seen == made


def test_a_page_shows_names_texts_replies_and_where_to_take_part(client: Any, cast: Cast, db: Database) -> None:
    with db.writing() as session:
        top = factories.comment(session, cast.story, cast.ada, body="Look: https://ferry.example/a\n\n<b>Bold</b>")
        reply = factories.comment(session, cast.story, cast.cam, parent=top, body="We shall ask.")

    answer = client.get(STORY)

    assert answer.status_code == 200
    assert ids(answer.text) == [top.id, reply.id]
    assert "<p>&lt;b&gt;Bold&lt;/b&gt;</p>" in answer.text
    assert '<a href="https://ferry.example/a" rel="nofollow ugc noopener">https://ferry.example/a</a>' in answer.text
    assert "Community manager" in answer.text
    assert f'<link rel="canonical" href="{cast.story.url}">' in answer.text
    assert "script" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "public, max-age=5, stale-while-revalidate=55"
    assert client.get(STORY, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_what_is_not_public_is_on_no_page(client: Any, cast: Cast, db: Database) -> None:
    with db.writing() as session:
        for status in (Status.HELD, Status.REJECTED, Status.WITHDRAWN):
            factories.comment(session, cast.story, cast.bo, status=status, body=f"Secret {status}.")
        gone = factories.comment(session, cast.story, cast.bo, status=Status.PUBLISHED, body="Secret parent.")
        reply = factories.comment(session, cast.story, cast.ada, parent=gone, body="An answer.")
        decisions.decide(
            session, gone, Status.REJECTED, action=Action.REJECT, by=cast.cam, revision=1,
            guideline=Guideline.COURTESY, now=now_us(),
        )  # fmt: skip

    thread, feed = client.get(STORY).text, client.get("/feeds/daily/story.atom").text

    assert ids(thread) == [gone.id, reply.id]
    assert "This comment was removed." in thread
    assert "An answer." in thread
    assert "An answer." in feed
    for page in (thread, feed, client.get("/feeds/daily.atom").text, client.get(f"{STORY}?comment={reply.id}").text):
        assert "Secret" not in page
        assert "Bo Lind" not in page
    assert client.get(f"{STORY}?comment={gone.id}").status_code == 404


def test_one_comment_stands_below_what_it_answers(client: Any, cast: Cast, db: Database) -> None:
    with db.writing() as session:
        top = factories.comment(session, cast.story, cast.ada)
        middle = factories.comment(session, cast.story, cast.bo, parent=top)
        low = factories.comment(session, cast.story, cast.ada, parent=middle)
        elsewhere = factories.article(session, session.merge(cast.daily), "elsewhere").key

    assert ids(client.get(f"{STORY}?comment={middle.id}").text) == [top.id, middle.id, low.id]
    assert client.get(f"/articles/daily/{elsewhere}?comment={middle.id}").status_code == 404


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/articles/daily/nowhere", 404),
        ("/articles/nowhere/story", 404),
        (f"{STORY}?sort=angry", 422),
        (f"{STORY}?after=x", 422),
        (f"{STORY}?comment=x", 404),
        (f"{STORY}?comment={2**70}", 404),
        ("/feeds/nowhere.atom", 404),
    ],
)
def test_addresses_that_lead_nowhere_say_so(client: Any, cast: Cast, address: str, status: int) -> None:
    assert client.get(address, headers={"Accept": "text/html"}).status_code == status


def test_an_article_without_comments_invites_the_first(client: Any, cast: Cast) -> None:
    assert "Nobody has commented yet." in client.get(STORY).text
