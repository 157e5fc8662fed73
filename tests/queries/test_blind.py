"""Is a case that was drawn for the audit told apart from a held one by nobody, until it is decided?"""

from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions import cases, judging, posting, reporting
from commentsvc.actions.posting import ArticleRef, Prepared
from commentsvc.enums import Guideline, Outcome, Reason, ReportReason, Status
from commentsvc.moderation.terms import Breach, Draft, Judgement, Policy, Signal, Verdict
from commentsvc.queries import backlog, history, queue
from commentsvc.queries.queue import Wanted
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Case, Comment
from tests import factories
from tests.conftest import Cast
from tests.web.test_accounts import submit

CLEAN = Signal("toxicity", Guideline.COURTESY, score=0.03, labels={"toxicity": 0.03}, engine="embedded")
TOXIC = Signal("toxicity", Guideline.COURTESY, score=0.97, labels={"toxicity": 0.97}, engine="embedded")


def drawn(session: Any, cast: Cast, outcome: Outcome, body: str, *, now: int) -> Comment:
    """Post a comment on which the lot falls."""
    is_held = outcome == Outcome.HOLD
    verdict = Verdict(
        outcome, (Breach(Guideline.COURTESY, "toxicity", "This may read as uncivil."),) if is_held else (),
        Reason.HELD if is_held else Reason.SAMPLE, (), 0.97 if is_held else 0.03, blind=True,
    )  # fmt: skip
    prepared = Prepared(
        "daily", ArticleRef(cast.story.key, cast.story.url, cast.story.title), None, body, Draft(body), Policy()
    )
    judgement = Judgement((TOXIC if is_held else CLEAN,), verdict)
    return posting.post(session, prepared, judgement, by=cast.ada, with_gap=False, now=now)


@pytest.fixture
def pair(db: Database, cast: Cast) -> tuple[Comment, Comment]:
    """One comment that rules published and one that they held, both drawn."""
    now = now_us()
    with db.writing() as session:
        published = drawn(session, cast, Outcome.PUBLISH, "What a fine bridge.", now=now)
        held = drawn(session, cast, Outcome.HOLD, "What a foul bridge.", now=now)
    return published, held


def strip(case: dict[str, Any]) -> dict[str, Any]:
    """Leave out what differs between any two comments."""
    names = ("id", "comment", "opened_at", "priority")
    comment = {name: value for name, value in case["comment"].items() if name not in {"id", "body", "created_at"}}
    return {**{name: value for name, value in case.items() if name not in names}, "comment": comment}


def test_api_shows_what_was_published_and_what_was_held_alike(
    db: Database, cast: Cast, client: Any, pair: tuple[Comment, Comment]
) -> None:
    with db.writing() as session:
        token = factories.bearer(session, cast.cam, cast.daily, *factories.STAFF)

    cases_ = client.get("/api/v1/moderation/cases", query_string={"site": "daily"}, headers=token).json["cases"]

    assert len(cases_) == 2
    assert strip(cases_[0]) == strip(cases_[1])
    assert abs(cases_[0]["priority"] - cases_[1]["priority"]) < 1
    for case in cases_:
        assert (case["reasons"], case["guideline"], case["signals"]) == (["held"], None, [])
        assert case["comment"]["status"] == "held"
    assert "blind" not in str(cases_)
    assert "sample" not in str(cases_)


def test_history_and_filters_tell_nothing_either(
    db: Database, cast: Cast, client: Any, pair: tuple[Comment, Comment]
) -> None:
    with db.writing() as session:
        token = factories.bearer(session, cast.cam, cast.daily, *factories.STAFF)

    told = [client.get(f"/api/v1/moderation/comments/{one.id}/history", headers=token).json for one in pair]
    with db.reading() as session:
        samples = queue.page(
            session, cast.daily.id, Wanted(reason=Reason.SAMPLE), cursor=None, limit=9, now=now_us()
        ).cards
        held = queue.page(session, cast.daily.id, Wanted(reason=Reason.HELD), cursor=None, limit=9, now=now_us()).cards
        kinds = backlog.count_kinds(session, cast.daily.id)
        waiting = backlog.read(session, cast.daily.id)

    assert [one["decisions"] for one in told] == [[], []]
    assert len(samples) == 0
    assert {card.comment.id for card in held} == {one.id for one in pair}
    assert (waiting.count, kinds.by_reason, kinds.by_guideline) == (2, {Reason.HELD: 2}, {})


def test_looking_changes_nothing_in_the_database(db: Database, cast: Cast, pair: tuple[Comment, Comment]) -> None:
    with db.writing() as session:
        queue.page(session, cast.daily.id, Wanted(), cursor=None, limit=9, now=now_us())
        session.flush()

    with db.reading() as session:
        assert [session.get_one(Comment, one.id).status for one in pair] == ["published", "held"]
        kept = session.scalars(select(Case).order_by(Case.id)).all()
        assert [(case.reasons, case.blind) for case in kept] == [(Reason.HELD | Reason.SAMPLE, True)] * 2


def test_after_the_decision_everything_is_shown(db: Database, cast: Cast, pair: tuple[Comment, Comment]) -> None:
    published, _ = pair
    with db.writing() as session:
        factories.reject(session, session.get_one(Comment, published.id), cast.cam)

    with db.reading() as session:
        case = session.scalars(select(Case).where(Case.comment_id == published.id)).one()
        card = queue.find_card(session, cast.daily.id, case.id, now=now_us())
        assert card is not None
        assert [signal.score for signal in card.signals] == [0.03]
        assert [e.decision.action for e in history.list_decisions(session, card.comment)] == ["reject", "publish"]
        assert card.comment.status == Status.REJECTED


def test_a_report_ends_the_blindness(db: Database, cast: Cast, pair: tuple[Comment, Comment]) -> None:
    published, _ = pair
    with db.writing() as session:
        reporting.report(
            session, comment_id=published.id, revision=1, reason=ReportReason.COURTESY, detail="", by=cast.bo,
            now=now_us(),
        )  # fmt: skip

    with db.reading() as session:
        case_id = queue.find_open_case_id(session, published.id)
        card = queue.find_card(session, cast.daily.id, case_id or 0, now=now_us())
    assert card is not None
    assert Reason.words(card.case.reasons) == ["reported", "sample"]
    assert (card.comment.status, len(card.signals), card.report_count) == ("published", 1, 1)


def test_a_newer_score_does_not_move_a_blind_case(db: Database, cast: Cast, pair: tuple[Comment, Comment]) -> None:
    with db.writing() as session:
        _, held = pair
        case = cases.find_open_case(session, held.id)
        assert case is not None
        before = case.rank

        cases.reweigh(session, case, session.get_one(Comment, held.id), likelihood=0.99)

        assert case.rank == before


def test_what_a_person_has_judged_is_not_made_blind(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada)
        factories.reject(session, comment, cast.cam)
        case = factories.case(session, comment, reasons=Reason.APPEAL)

        cases.make_blind(session, comment)

        assert case.blind is False


def test_a_comment_that_is_posted_and_drawn_is_public_and_looks_held_to_managers(
    db: Database, cast: Cast, client: Any
) -> None:
    with db.writing() as session:
        cast.daily.policy = {"audit_share": 1.0}
        session.merge(cast.daily)
        reader = factories.bearer(session, cast.ada, cast.daily)
        manager = factories.bearer(session, cast.cam, cast.daily, *factories.STAFF)
    article = {"key": "story", "url": cast.story.url, "title": cast.story.title}

    posted = client.post(
        "/api/v1/comments", json={"site": "daily", "article": article, "body": "The new bridge is open on Sundays."},
        headers=reader,
    ).json  # fmt: skip
    thread = client.get("/api/v1/comments", query_string={"site": "daily", "article": "story"}).json
    (case,) = client.get("/api/v1/moderation/cases", query_string={"site": "daily"}, headers=manager).json["cases"]

    assert posted["status"] == "published"
    assert [comment["id"] for comment in thread["comments"]] == [posted["id"]]
    assert (case["comment"]["id"], case["comment"]["status"]) == (posted["id"], "held")
    assert (case["reasons"], case["signals"]) == (["held"], [])


def test_the_card_shows_a_blind_case_as_one_to_read(
    db: Database, cast: Cast, pair: tuple[Comment, Comment], app: Any
) -> None:
    browser = app.test_client()
    submit(browser, "/auth/sign-in", email="cam@daily.example", password=factories.PASSWORD)
    with db.reading() as session:
        ids = [queue.find_open_case_id(session, comment.id) for comment in pair]

    pages = [
        " ".join(browser.get(f"/console/daily?case={one}", headers={"X-Part": "card"}).text.split()) for one in ids
    ]

    for page in pages:
        assert "Held: somebody has to look before readers see it." in page
        assert "You see this after you have decided: judge what is written." in page
        assert "Take down to wait" not in page
        assert "In the thread" not in page
        assert "Priority" not in page
        assert not any(word in page for word in ("0.03", "0.97", "clean", "tag-published", "Sample", "uncivil"))


def test_what_is_published_when_its_checks_answer_again_may_be_drawn_too(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, status=Status.HELD)

        judging.settle_held(session, comment, Verdict(Outcome.PUBLISH, (), Reason.SAMPLE, blind=True), now=now_us())

        case = cases.find_open_case(session, comment.id)
        assert (comment.status, case.blind if case else None) == (Status.PUBLISHED, True)


def test_an_edit_does_not_show_in_a_blind_case_but_for_its_version(
    db: Database, cast: Cast, pair: tuple[Comment, Comment]
) -> None:
    published, _ = pair
    now = now_us()
    with db.writing() as session:
        before = cases.find_open_case(session, published.id)
        assert before is not None
        was = (before.rank, before.guideline, before.version)
        prepared = posting.prepare_edit(session, comment_id=published.id, body="A foul bridge.", by=cast.ada, now=now)
        breach = Breach(Guideline.COURTESY, "toxicity", "This may read as uncivil.")
        worse = Judgement((TOXIC,), Verdict(Outcome.HOLD, (breach,), Reason.HELD, (), 0.97))

        comment = posting.edit(session, prepared, worse, by=cast.ada, now=now)

        after = cases.find_open_case(session, published.id)
        assert after is not None
        assert (comment.status, after.blind, after.rank, after.guideline) == ("held", True, was[0], was[1])
        assert after.version > was[2]
