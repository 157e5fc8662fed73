"""The queue: order, filters, cursors, what a card carries, in a fixed number of queries."""

import pytest
from sqlalchemy.orm import Session

from commentsvc.actions import reporting
from commentsvc.enums import (
    CaseSort,
    CaseState,
    Guideline,
    Reason,
    ReportReason,
    Role,
    SanctionKind,
    SignalState,
    Status,
)
from commentsvc.errors import Invalid
from commentsvc.moderation.terms import Signal
from commentsvc.queries import backlog, queue
from commentsvc.queries.queue import Wanted
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Case, SignalRow
from tests import factories
from tests.conftest import ENGINE, Cast
from tests.queries.test_threads import counted

HOUR = 3600 * 1_000_000


def case_ids(page: queue.Page) -> list[int]:
    return [card.case.id for card in page.cards]


def hold_many(session: Session, cast: Cast, count: int) -> list[int]:
    """Hold comments an hour apart, the oldest first, each a reply with a report; return their cases' ids."""
    now = now_us()
    made = []
    parent = factories.comment(session, cast.story, cast.bo, now=now - 100 * HOUR)
    for number in range(count):
        held = factories.comment(
            session, cast.story, cast.ada, f"Held {number} of them", status=Status.HELD, parent=parent,
            signals=[Signal("toxicity", Guideline.COURTESY, score=0.9)], now=now - (count - number) * HOUR,
        )  # fmt: skip
        made.append(queue.find_open_case_id(session, held.id))
    return [case_id for case_id in made if case_id]


def walk(session: Session, cast: Cast, wanted: Wanted, *, limit: int) -> list[int]:
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = queue.page(session, cast.daily.id, wanted, cursor=cursor, limit=limit, now=now_us())
        seen += case_ids(page)
        cursor = page.next
        if cursor is None:
            return seen


def test_page_puts_what_waits_longest_first_when_all_else_is_equal(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        expected = hold_many(session, cast, 5)

        page = queue.page(session, cast.daily.id, Wanted(), cursor=None, limit=10, now=now_us())

    assert case_ids(page) == expected
    assert page.next is None


def test_page_puts_the_likelier_before_the_older(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        old = factories.comment(session, cast.story, cast.ada, status=Status.HELD, now=now_us() - HOUR)
        new = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        case = factories.case(session, new, reasons=Reason.HELD)
        case.likelihood, case.rank = 1.0, case.rank + 1.0

        page = queue.page(session, cast.daily.id, Wanted(), cursor=None, limit=10, now=now_us())

    assert [card.comment.id for card in page.cards] == [new.id, old.id]


@pytest.mark.parametrize("sort", list(CaseSort))
def test_page_walks_each_sort_without_skipping_or_repeating(db: Database, cast: Cast, sort: CaseSort) -> None:
    with db.writing() as session:
        ids = hold_many(session, cast, 23)

        seen = walk(session, cast, Wanted(sort=sort), limit=5)

    assert seen == (ids[::-1] if sort == CaseSort.NEWEST else ids)


def test_page_of_closed_cases_goes_by_when_they_closed(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        first = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        second = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        waiting = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        factories.reject(session, second, cast.cam, now=now_us())
        factories.reject(session, first, cast.cam, now=now_us() + HOUR)

        page = queue.page(session, cast.daily.id, Wanted(state=CaseState.CLOSED), cursor=None, limit=10, now=now_us())

    assert [card.comment.id for card in page.cards] == [first.id, second.id]
    assert waiting.id not in [card.comment.id for card in page.cards]
    assert page.cards[0].latest_by is not None
    assert page.cards[0].latest_by.name == "Cam Reyes"


def test_page_of_closed_cases_has_no_priority(db: Database, cast: Cast) -> None:
    wanted = Wanted(state=CaseState.CLOSED, sort=CaseSort.PRIORITY)

    with db.reading() as session, pytest.raises(Invalid) as refused:
        queue.page(session, cast.daily.id, wanted, cursor=None, limit=10, now=now_us())

    assert refused.value.field == "sort"


def test_page_refuses_a_cursor_of_another_sort(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        hold_many(session, cast, 3)
        cursor = queue.page(session, cast.daily.id, Wanted(), cursor=None, limit=1, now=now_us()).next

        with pytest.raises(Invalid):
            queue.page(session, cast.daily.id, Wanted(sort=CaseSort.OLDEST), cursor=cursor, limit=1, now=now_us())

    assert cursor is not None


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(reason=Reason.HELD), ["spam"]),
        (Wanted(reason=Reason.REPORTED), ["reported"]),
        (Wanted(guideline=Guideline.SPAM), ["spam"]),
        (Wanted(guideline=Guideline.LEGAL), []),
        (Wanted(q="CHEAP pills"), ["spam"]),
        (Wanted(q="100 %"), ["reported"]),
        (Wanted(q="%"), []),
        (Wanted(q="_eap"), []),
        (Wanted(q="harbour"), ["reported", "spam"]),
    ],
)
def test_page_filters_by_reason_guideline_and_text(
    db: Database, cast: Cast, wanted: Wanted, expected: list[str]
) -> None:
    with db.writing() as session:
        story = factories.article(session, cast.daily, title="The Harbour opens")
        spam = factories.comment(
            session, story, cast.ada, "Cheap pills here", status=Status.HELD, guideline=Guideline.SPAM
        )
        reported = factories.comment(session, story, cast.bo, "I am 100 % sure of it")
        factories.case(session, reported)
        names = {spam.id: "spam", reported.id: "reported"}

        page = queue.page(session, cast.daily.id, wanted, cursor=None, limit=10, now=now_us())

    assert sorted(names[card.comment.id] for card in page.cards) == expected


def test_page_shows_nothing_of_another_site(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        hold_many(session, cast, 2)
        elsewhere = factories.article(session, cast.other)
        stranger = factories.person(session)
        factories.member(session, stranger, cast.other)
        theirs = factories.comment(session, elsewhere, stranger, status=Status.HELD)
        their_case = queue.find_open_case_id(session, theirs.id)
        assert their_case is not None

        page = queue.page(session, cast.daily.id, Wanted(), cursor=None, limit=10, now=now_us())
        card = queue.find_card(session, cast.daily.id, their_case, now=now_us())

    assert len(page.cards) == 2
    assert their_case not in case_ids(page)
    assert card is None


def test_card_carries_what_one_needs_to_decide(db: Database, cast: Cast) -> None:
    now = now_us()
    signals = [
        Signal("toxicity", Guideline.COURTESY, score=0.9, spans=((0, 4),), engine="embedded", version="7"),
        Signal("relevance", Guideline.ON_TOPIC, SignalState.ABSTAINED),
    ]
    with db.writing() as session:
        chain = factories.chain(session, cast.story, cast.bo, 4)
        about = factories.comment(session, cast.story, cast.ada, "Rude words", parent=chain[-1], signals=signals)
        reporting.report(
            session, comment_id=about.id, revision=1, reason=ReportReason.COURTESY, detail="Rude.", by=cast.bo, now=now
        )
        factories.sanction(session, cast.ada, cast.daily, SanctionKind.WARN)
        case = factories.case(session, about)
        case.lease_person_id, case.lease_until = cast.eve.id, now + HOUR
        session.flush()

        card = queue.find_card(session, cast.daily.id, case.id, now=now)

    assert card is not None
    assert [above.comment.id for above in card.ancestors] == [comment.id for comment in chain[-3:]]
    assert {above.author.name for above in card.ancestors} == {"Bo Lind"}
    assert [(row.check, row.score) for row in card.signals] == [("toxicity", 0.9), ("relevance", None)]
    assert [(c.report.reason, c.report.detail, c.by.name) for c in card.reports] == [("courtesy", "Rude.", "Bo Lind")]
    assert card.report_count == 1
    assert (card.author.face.name, card.author.face.role) == ("Ada Holm", Role.READER)
    assert (card.author.published, card.author.rejected, len(card.author.sanctions)) == (1, 0, 1)
    assert card.article.id == cast.story.id
    assert card.leased_to is not None
    assert card.leased_to.name == "Eve Okoro"


def test_card_shows_the_last_answer_of_a_check_that_was_asked_again(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        failed = Signal("toxicity", Guideline.COURTESY, SignalState.FAILED)
        about = factories.comment(session, cast.story, cast.ada, status=Status.HELD, signals=[failed])
        session.add(
            SignalRow(
                comment_id=about.id,
                revision=1,
                check="toxicity",
                guideline="courtesy",
                state="observed",
                score=0.2,
                evidence={},
                engine="embedded",
                version="2",
                created_at=now_us(),
            )
        )
        session.flush()

        page = queue.page(session, cast.daily.id, Wanted(), cursor=None, limit=1, now=now_us())

    assert [(row.state, row.score) for row in page.cards[0].signals] == [("observed", 0.2)]


def test_card_shows_twenty_reports_and_counts_all(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        about = factories.comment(session, cast.story, cast.ada)
        for _ in range(25):
            reader = factories.person(session)
            factories.member(session, reader, cast.daily)
            reporting.report(
                session, comment_id=about.id, revision=1, reason=ReportReason.SPAM, detail="", by=reader, now=now_us()
            )
        factories.case(session, about)

        page = queue.page(session, cast.daily.id, Wanted(), cursor=None, limit=1, now=now_us())

    assert len(page.cards[0].reports) == 20
    assert page.cards[0].report_count == 25


def test_page_costs_as_many_queries_for_thirty_cases_as_for_one(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        hold_many(session, cast, 30)

    costs = []
    for limit in (1, 30):
        with db.reading() as session, counted(db) as statements:
            page = queue.page(session, cast.daily.id, Wanted(), cursor=None, limit=limit, now=now_us())
            assert len(page.cards) == limit
        costs.append(len(statements))

    assert costs[0] == costs[1] <= 10


def test_backlog_is_counted_by_reason_and_guideline(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        ids = hold_many(session, cast, 3)
        both = session.get_one(Case, ids[0])
        both.reasons |= Reason.REPORTED
        factories.comment(session, cast.story, cast.ada, status=Status.HELD, guideline=Guideline.SPAM)
        session.flush()

        found = backlog.read(session, cast.daily.id)
        kinds = backlog.count_kinds(session, cast.daily.id)
        elsewhere = backlog.read(session, cast.other.id)

    assert found.count == 4
    assert found.oldest_at == both.opened_at
    assert kinds.by_reason == {Reason.HELD: 4, Reason.REPORTED: 1}
    assert kinds.by_guideline == {Guideline.COURTESY: 3, Guideline.SPAM: 1}
    assert elsewhere == backlog.Backlog()


@pytest.mark.skipif(ENGINE != "sqlite", reason="PostgreSQL scans such small tables whatever the index")
@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Wanted(), "ix_cases_open_rank"),
        (Wanted(sort=CaseSort.OLDEST), "ix_cases_open_time"),
        (Wanted(sort=CaseSort.NEWEST), "ix_cases_open_time"),
        (Wanted(guideline=Guideline.SPAM), "ix_cases_open_guideline"),
        (Wanted(state=CaseState.CLOSED), "ix_cases_closed_time"),
    ],
)
def test_page_walks_its_index_and_sorts_nothing(db: Database, cast: Cast, wanted: Wanted, index: str) -> None:
    with db.writing() as session:
        hold_many(session, cast, 3)
    with db.reading() as session, counted(db) as statements:
        queue.page(session, cast.daily.id, wanted, cursor=None, limit=2, now=now_us())
    listing = next(statement for statement in statements if "FROM cases" in statement)

    with db.reading() as session:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {listing}", _bound(listing)).all()

    steps = [row[3] for row in plan]
    assert any(index in step for step in steps), steps
    assert not any("TEMP B-TREE" in step for step in steps), steps


def _bound(statement: str) -> tuple[object, ...]:
    return tuple(["spam" if "guideline = ?" in statement and n == 1 else 1 for n in range(statement.count("?"))])
