"""Is a feed well-formed Atom, whatever people write, newest first and the same bytes for everyone?"""

from typing import Any
from xml.etree import ElementTree

from commentsvc.store.db import Database
from tests import factories
from tests.conftest import Cast

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def read(answer: Any) -> ElementTree.Element:
    assert answer.status_code == 200
    assert answer.mimetype == "application/atom+xml"
    return ElementTree.fromstring(answer.data)


def texts(feed: ElementTree.Element, path: str) -> list[str | None]:
    return [found.text for found in feed.findall(path, ATOM)]


def test_an_articles_feed_has_its_newest_comments(client: Any, cast: Cast, db: Database) -> None:
    with db.writing() as session:
        first = factories.comment(session, cast.story, cast.ada, body="One & <two>\uffff ]]>")
        second = factories.comment(session, cast.story, cast.bo, parent=first, body="An answer.")
        factories.comment(session, factories.article(session, session.merge(cast.daily), "a/b c"), cast.bo)

    answer = client.get("/feeds/daily/story.atom")
    feed = read(answer)

    assert texts(feed, "a:entry/a:author/a:name") == ["Bo Lind", "Ada Holm"]
    assert texts(feed, "a:entry/a:content") == ["<p>An answer.</p>", "<p>One &amp; &lt;two&gt; ]]&gt;</p>"]
    links = [link.get("href") for link in feed.findall("a:entry/a:link", ATOM)]
    assert links == [f"http://127.0.0.1:8000/articles/daily/story?comment={one.id}" for one in (second, first)]
    assert all(client.get(str(link).removeprefix("http://127.0.0.1:8000")).status_code == 200 for link in links)
    assert len(set(texts(feed, "a:entry/a:id"))) == 2
    assert answer.headers["Cache-Control"] == "public, max-age=5, stale-while-revalidate=55"
    assert client.get("/feeds/daily/story.atom", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_a_sites_feed_has_all_its_articles_and_no_others(client: Any, cast: Cast, db: Database) -> None:
    with db.writing() as session:
        factories.comment(session, factories.article(session, session.merge(cast.daily), "a/b c"), cast.bo)
        theirs = factories.article(session, session.merge(cast.other), "theirs")
        factories.comment(session, theirs, cast.dee)

    feed = read(client.get("/feeds/daily.atom"))

    (link,) = feed.findall("a:entry/a:link", ATOM)
    assert client.get(str(link.get("href")).removeprefix("http://127.0.0.1:8000")).status_code == 200
    assert texts(feed, "a:title") == ["Comments at The Daily"]


def test_an_article_nobody_commented_on_has_an_empty_feed(client: Any, cast: Cast) -> None:
    feed = read(client.get("/feeds/daily/never-seen.atom"))

    assert feed.findall("a:entry", ATOM) == []
    assert texts(feed, "a:title") == ["Comments on never-seen"]


def test_a_feed_ends_at_fifty(client: Any, cast: Cast, db: Database) -> None:
    with db.writing() as session:
        for _ in range(52):
            factories.comment(session, cast.story, cast.ada)

    assert len(read(client.get("/feeds/daily.atom")).findall("a:entry", ATOM)) == 50
