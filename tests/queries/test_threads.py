"""Threads: each sort, "show more" to the end, replies, deep branches, permalinks; in a fixed number of queries."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from commentsvc.actions import decisions, voting
from commentsvc.enums import Action, Sort, Status
from commentsvc.errors import Invalid, NotFound
from commentsvc.queries import threads
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Article, Comment
from tests import factories
from tests.conftest import Cast


@contextmanager
def counted(db: Database) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_c: Any, _cur: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    event.remove(db.engine, "before_cursor_execute", note)


def walk(session: Session, article: Article, sort: Sort, limit: int = 7) -> list[int]:
    """Press "show more" until there is no more."""
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = threads.page(session, article, sort=sort, limit=limit, cursor=cursor)
        seen += [row.id for row in page.comments]
        cursor = page.next
        if cursor is None:
            return seen


def rows(session: Session, ids: list[int]) -> list[Comment]:
    return [session.get_one(Comment, comment_id, populate_existing=True) for comment_id in ids]


@pytest.fixture
def busy(db: Database, cast: Cast) -> Article:
    """Thirty top-level comments: many share a time, votes and replies differ."""
    with db.writing() as session:
        voters = [factories.person(session) for _ in range(4)]
        start = now_us()
        for number in range(30):
            comment = factories.comment(session, cast.story, cast.ada, now=start + number // 4)
            for voter in voters[: number % 5]:
                value = -1 if (number + voter.id) % 3 == 0 else 1
                voting.vote(session, comment_id=comment.id, value=value, by=voter, now=start)
            for _ in range(number % 3):
                factories.comment(session, cast.story, cast.bo, parent=comment, now=start + 100 + number)
    return cast.story


@pytest.mark.parametrize("sort", list(Sort))
def test_page_walks_each_sort_in_order_without_skipping_or_repeating(db: Database, busy: Article, sort: Sort) -> None:
    with db.reading() as session:
        seen = walk(session, busy, sort)

        found = rows(session, seen)
    keys = {
        Sort.BEST: lambda c: (-c.best, -c.id),
        Sort.NEWEST: lambda c: (-c.published_at, -c.id),
        Sort.OLDEST: lambda c: (c.published_at, c.id),
        Sort.REPLIES: lambda c: (-c.reply_count, -c.id),
        Sort.CONTROVERSIAL: lambda c: (-c.controversial, -c.id),
    }
    assert len(seen) == len(set(seen)) == 30
    assert seen == [c.id for c in sorted(found, key=keys[sort])]


def test_page_shows_each_once_while_new_ones_arrive(db: Database, cast: Cast, busy: Article) -> None:
    with db.reading() as session:
        before = {row.id for row in threads.page(session, busy, sort=Sort.NEWEST, limit=100, cursor=None).comments}
    seen: list[int] = []
    cursor: str | None = None
    while True:
        with db.reading() as session:
            page = threads.page(session, busy, sort=Sort.NEWEST, limit=4, cursor=cursor)
        seen += [row.id for row in page.comments]
        cursor = page.next
        with db.writing() as session:
            factories.comment(session, busy, cast.bo)
        if cursor is None:
            break

    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def test_page_brings_the_first_replies_oldest_first(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        top = factories.comment(session, cast.story, cast.ada)
        replies = [factories.comment(session, cast.story, cast.bo, parent=top) for _ in range(5)]

    with db.reading() as session:
        page = threads.page(session, cast.story, sort=Sort.BEST, limit=20, cursor=None)
        first = page.replies[top.id]
        rest = threads.replies(session, page.comments[0], limit=20, cursor=first.next)

    assert [row.id for row in first.comments] == [reply.id for reply in replies[:3]]
    assert [row.id for row in rest.comments] == [reply.id for reply in replies[3:]]
    assert rest.next is None


def test_pinned_comes_once_before_the_first_page(db: Database, cast: Cast, busy: Article) -> None:
    with db.writing() as session:
        pinned = session.get_one(Comment, 1)
        decisions.decide(session, pinned, Status.PUBLISHED, action=Action.PIN, by=cast.cam, revision=1, now=now_us())

    with db.reading() as session:
        seen = walk(session, busy, Sort.NEWEST)

    assert seen[0] == pinned.id
    assert seen.count(pinned.id) == 1
    assert len(seen) == 30


def test_held_and_rejected_comments_are_nowhere(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        visible = factories.comment(session, cast.story, cast.ada)
        hidden = [
            factories.comment(session, cast.story, cast.ada, status=status, parent=parent)
            for status in (Status.HELD, Status.REJECTED, Status.WITHDRAWN)
            for parent in (None, visible)
        ]

    with db.reading() as session:
        page = threads.page(session, cast.story, sort=Sort.NEWEST, limit=20, cursor=None)
        assert [row.id for row in page.comments] == [visible.id]
        assert page.comments[0].reply_count == 0
        assert page.replies == {}
        assert threads.replies(session, page.comments[0], limit=20, cursor=None).comments == []
        assert threads.counts(session, cast.daily.key, ["story"]) == {"story": 1}
        assert threads.count_new(session, cast.story, since=0) == 1
        for comment in hidden:
            with pytest.raises(NotFound):
                threads.permalink(session, comment.id)
            with pytest.raises(NotFound):
                threads.get_public(session, comment.id)


def test_deep_branch_reads_flat(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        chain = factories.chain(session, cast.story, cast.ada, 12)
        aside = factories.comment(session, cast.story, cast.bo, parent=chain[8])

    with db.reading() as session:
        at_five = threads.replies(session, threads.get_public(session, chain[5].id), limit=50, cursor=None)
        at_six = threads.replies(session, threads.get_public(session, chain[6].id), limit=50, cursor=None)
        at_ten = threads.replies(session, threads.get_public(session, chain[10].id), limit=50, cursor=None)

    assert [row.id for row in at_five.comments] == [chain[6].id]
    assert [row.id for row in at_six.comments] == [*(c.id for c in chain[7:]), aside.id]
    assert [row.id for row in at_ten.comments] == [chain[11].id, chain[12].id, aside.id]


def test_permalink_has_the_nearest_ten_ancestors(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        chain = factories.chain(session, cast.story, cast.ada, 15)

    with db.reading() as session:
        deep = threads.permalink(session, chain[15].id)
        exact = threads.permalink(session, chain[10].id)
        top = threads.permalink(session, chain[0].id)

    assert [row.id for row in deep.ancestors] == [c.id for c in chain[5:15]]
    assert (deep.ancestors_more, exact.ancestors_more, top.ancestors_more) == (True, False, False)
    assert [row.id for row in exact.ancestors] == [c.id for c in chain[:10]]
    assert top.ancestors == []


@pytest.mark.parametrize(
    "cursor", ["x", "W10", "WyJiZXN0IiwxLDFd", "WyJuZXdlc3QiLDEsMF0", "WyJuZXdlc3QiLHRydWUsMV0", "é", "A" * 5000]
)
def test_page_refuses_a_cursor_that_is_not_ours(db: Database, cast: Cast, cursor: str) -> None:
    with db.reading() as session, pytest.raises(Invalid):
        threads.page(session, cast.story, sort=Sort.NEWEST, limit=20, cursor=cursor)


def test_reads_cost_the_same_number_of_queries_at_1_and_30(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        quiet = factories.article(session, cast.daily)
        top = factories.comment(session, quiet, cast.ada)
        factories.comment(session, quiet, cast.bo, parent=top)
        many = factories.article(session, cast.daily)
        for _ in range(30):
            parent = factories.comment(session, many, cast.ada)
            factories.comment(session, many, cast.bo, parent=parent)

    sizes = []
    for article in (quiet, many):
        with db.reading() as session, counted(db) as statements:
            page = threads.page(session, article, sort=Sort.BEST, limit=30, cursor=None)
            threads.replies(session, page.comments[0], limit=30, cursor=None)
        sizes.append((len(page.comments), len(statements)))

    assert sizes == [(1, 5), (30, 5)]


def test_thread_version_moves_when_a_window_of_votes_is_over(db: Database, cast: Cast) -> None:
    second = 1_000_000
    start = 1_800_000_000 * second
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, now=start)
        article = session.get_one(Article, cast.story.id)
        quiet = threads.thread_version(article, now=start)

        voting.vote(session, comment_id=comment.id, value=1, by=cast.bo, now=start + second)
        during = threads.thread_version(article, now=start + 4 * second)
        after = threads.thread_version(article, now=start + 5 * second)
        voting.vote(session, comment_id=comment.id, value=-1, by=cast.bo, now=start + 6 * second)
        during_next = threads.thread_version(article, now=start + 7 * second)

    assert during == quiet
    assert after != quiet
    assert during_next == after


def test_every_sort_and_reply_read_walks_an_index(db: Database, cast: Cast) -> None:
    if not db.is_sqlite:
        pytest.skip("PostgreSQL's planner chooses by statistics; the benchmarks show it")
    with db.writing() as session:
        for _ in range(3):
            factories.comment(session, cast.story, cast.ada)
    with db.reading() as session, counted(db) as statements:
        for sort in Sort:
            first = threads.page(session, cast.story, sort=sort, limit=1, cursor=None)
            threads.page(session, cast.story, sort=sort, limit=1, cursor=first.next)
    walks = [statement for statement in statements if "top_of" in statement]

    with db.engine.connect() as connection:
        for statement in walks:
            binds = tuple([1] * statement.count("?"))
            plan = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, binds)
            steps = " | ".join(row[3] for row in plan)
            is_first = "UNION" not in statement
            assert steps.count("ix_comments_top_") == (1 if is_first else 2)
            # The rows of the two halves are sorted once more when they have been cut: 42 of them at most.
            assert ("TEMP B-TREE" in steps) == (not is_first)
            assert is_first or re.search(r"=\? AND (id|rowid)[<>]\?", steps)
            assert "SCAN comments" not in steps
    assert len(walks) == 2 * len(Sort)
