"""A site's articles: each order, search, cursors, and nothing of another site."""

import pytest
from sqlalchemy.orm import Session

from commentsvc.enums import ArticleSort
from commentsvc.queries import articles
from commentsvc.store.db import Database
from commentsvc.store.models import Article
from tests import factories
from tests.conftest import Cast


def several(session: Session, cast: Cast) -> list[Article]:
    """Make articles whose counts, cases and ages each say another order."""
    figures = [(5, 0, 30), (9, 2, 10), (1, 7, 20), (5, 2, 40)]
    return [
        factories.article(
            session,
            cast.daily,
            f"a{number}",
            title=f"Title {number}",
            comment_count=comments,
            open_cases=open_cases,
            now=created,
        )
        for number, (comments, open_cases, created) in enumerate(figures)
    ]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (ArticleSort.COMMENTS, ["a1", "a3", "a0", "a2", "story"]),
        (ArticleSort.CASES, ["a2", "a3", "a1", "a0", "story"]),
        (ArticleSort.NEWEST, ["story", "a3", "a0", "a2", "a1"]),
    ],
)
def test_page_walks_each_sort(db: Database, cast: Cast, sort: ArticleSort, expected: list[str]) -> None:
    seen: list[str] = []
    cursor: str | None = None
    with db.writing() as session:
        several(session, cast)

        while not seen or cursor:
            page = articles.page(session, cast.daily.id, q="", sort=sort, cursor=cursor, limit=2)
            seen += [article.key for article in page.articles]
            cursor = page.next

    assert [key for key in seen if key.startswith("a")] == [key for key in expected if key.startswith("a")]
    assert sorted(seen) == sorted(expected)


def test_page_searches_titles_and_keys_of_its_own_site(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        several(session, cast)
        factories.article(session, cast.other, "theirs", title="Title 2 elsewhere")

        by_title = articles.page(session, cast.daily.id, q="title 2", sort=ArticleSort.NEWEST, cursor=None, limit=9)
        by_key = articles.page(session, cast.daily.id, q="A3", sort=ArticleSort.NEWEST, cursor=None, limit=9)
        theirs = articles.page(session, cast.other.id, q="title", sort=ArticleSort.NEWEST, cursor=None, limit=9)

    assert [article.key for article in by_title.articles] == ["a2"]
    assert [article.key for article in by_key.articles] == ["a3"]
    assert [article.key for article in theirs.articles] == ["theirs"]
