"""Search by words: the databases' own indexes, kept by triggers, and safe whatever somebody types."""

import pytest
from sqlalchemy.orm import Session

from commentsvc.actions import posting
from commentsvc.enums import CaseState, Outcome, Reason, Status
from commentsvc.moderation.terms import Judgement, Verdict
from commentsvc.queries import queue
from commentsvc.queries.queue import Wanted
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Article, Comment
from tests import factories
from tests.conftest import Cast


def found(session: Session, cast: Cast, q: str, **more) -> list[str]:
    page = queue.page(session, cast.daily.id, Wanted(q=q, **more), cursor=None, limit=50, now=now_us())
    return sorted(card.comment.body for card in page.cards)


@pytest.fixture
def shelf(db: Database, cast: Cast) -> Database:
    with db.writing() as session:
        story = factories.article(session, cast.daily, title="Ferry tales of the Harbour")
        for body in ("The pier's planks rot", "See www.cheap-pills.example/now", "AND OR NOT near the NEAR bridge"):
            factories.comment(session, story, cast.ada, body, status=Status.HELD)
        factories.comment(session, cast.story, cast.ada, "Ünlü sözler, planksheer", status=Status.HELD)
        factories.comment(session, cast.story, cast.bo, "Planks without a case")
    return db


@pytest.mark.parametrize(
    ("q", "count"),
    [
        ("planks", 2),  # the last word may go on
        ("planks rot", 1),
        ("rot planks", 2 - 1),
        ("pla rot", 0),  # only the last may
        ("PIER", 1),
        ("pier's", 1),
        ("pills", 1),
        ("cheap-pills.example", 1),
        ("www.cheap-pills.example/now", 1),
        ("ünlü", 1),
        ("harbour", 3),
        ("ferry har", 3),
        ("and", 1),
        ("AND OR NOT NEAR", 1),
    ],
)
def test_words_find_what_has_them_all(shelf: Database, cast: Cast, q: str, count: int) -> None:
    with shelf.reading() as session:
        assert len(found(session, cast, q)) == count


@pytest.mark.parametrize(
    "q",
    [
        '"', "'", '""', "'; DROP TABLE cases; --", '" OR "1"="1', "*", "**", "a*", "^pier", "body:pier", "{body}:x",
        "NEAR(a b, 2)", "(", ")", "-", "+", "\\", "\\'", "&", "|", "!", "<->", ":*", "a:*", "a & !b", "%", "_", "\x00",
        "🙂", "…", "a" * 200, " ".join("ab" * 1 for _ in range(60)), "\u0301", "ǅ", "İ", "ﬀ", "①", "²", "١٢٣", "𝒜",
    ],
)  # fmt: skip
def test_nothing_that_somebody_types_is_a_query(shelf: Database, cast: Cast, q: str) -> None:
    with shelf.reading() as session:
        assert isinstance(found(session, cast, q), list)


def test_what_has_no_word_finds_nothing(shelf: Database, cast: Cast) -> None:
    with shelf.reading() as session:
        assert [found(session, cast, q) for q in ('"', "%", "_", "🙂", "...")] == [[], [], [], [], []]


def test_the_index_follows_edits_titles_and_decisions(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        held = factories.comment(session, cast.story, cast.ada, "First words", status=Status.HELD)
    with db.reading() as session:
        assert found(session, cast, "first") == ["First words"]

    with db.writing() as session:
        prepared = posting.prepare_edit(session, comment_id=held.id, body="Second thoughts", by=cast.ada, now=now_us())
        judged = Judgement((), Verdict(Outcome.HOLD, reasons=Reason.HELD))
        posting.edit(session, prepared, judged, by=cast.ada, now=now_us())
        session.get_one(Article, cast.story.id).title = "A new headline"
    with db.writing() as session:
        assert found(session, cast, "first") == []
        assert found(session, cast, "second") == ["Second thoughts"]
        assert found(session, cast, "story") == []
        assert found(session, cast, "headline") == ["Second thoughts"]
        factories.reject(session, session.get_one(Comment, held.id), cast.cam)

    with db.reading() as session:
        assert found(session, cast, "second") == []
        assert found(session, cast, "second", state=CaseState.CLOSED) == ["Second thoughts"]


def test_search_stays_on_its_site(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        theirs = factories.article(session, cast.other, title="Harbour")
        factories.comment(session, theirs, cast.dee, "Planks elsewhere", status=Status.HELD)
        factories.comment(session, cast.story, cast.ada, "Planks here", status=Status.HELD)

    with db.reading() as session:
        assert found(session, cast, "planks") == ["Planks here"]
        assert found(session, cast, "harbour") == []
