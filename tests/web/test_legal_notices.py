"""Can anyone give notice of illegal content, and see what came of it?"""

import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions import cases, decisions
from commentsvc.app import create_app
from commentsvc.enums import Action, Guideline, Reason, ReportOutcome, Status
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Case, Comment, Decision, LegalNotice
from tests import factories
from tests.conftest import Cast
from tests.web.test_accounts import submit

GIVEN = {
    "ground": "threat",
    "explanation": "It threatens the mayor with violence, § 241 StGB.",
    "name": "Nia Vale",
    "email": "nia@readers.example",
    "good_faith": "y",
}


@pytest.fixture
def comment(db: Database, cast: Cast) -> Comment:
    with db.writing() as session:
        return factories.comment(session, cast.story, cast.ada, "I will hurt the mayor.")


def give(client: Any, comment: Comment, **changed: str) -> Any:
    return submit(client, f"/report/{comment.id}", **{**GIVEN, **changed})


def kept(db: Database) -> list[LegalNotice]:
    with db.reading() as session:
        return list(session.scalars(select(LegalNotice)))


def test_form_says_what_it_is_about_and_needs_no_account(client: Any, cast: Cast, comment: Comment) -> None:
    answer = client.get(f"/report/{comment.id}")
    page = unescape(answer.text)

    assert answer.status_code == 200
    assert "I will hurt the mayor." in page
    assert "Story story" in page
    assert "Ada" not in page
    assert "script-src" not in answer.headers["Content-Security-Policy"]


def test_notice_makes_a_case_and_a_receipt(client: Any, db: Database, comment: Comment) -> None:
    answer = give(client, comment)

    assert answer.status_code == 303
    (notice,) = kept(db)
    with db.reading() as session:
        case = session.scalars(select(Case)).one()
    assert (notice.ground, notice.name, notice.email) == ("threat", "Nia Vale", "nia@readers.example")
    assert (case.reasons, case.guideline) == (Reason.REPORTED, Guideline.LEGAL)
    token = answer.location.rpartition("/")[2]
    assert len(token) >= 43
    assert notice.receipt_hash not in answer.location
    receipt = client.get(answer.location)
    assert "We have received your notice" in receipt.text
    assert "241 StGB" in receipt.text
    assert "Nia" not in receipt.text
    assert "nia@" not in receipt.text
    assert receipt.headers["Cache-Control"] == "no-store"
    assert receipt.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"ground": ""}, "Please choose a ground."),
        ({"explanation": "Bad."}, "At least 20"),
        ({"name": ""}, "Please give your name."),
        ({"email": ""}, "Please give your e-mail address."),
        ({"email": "nobody"}, "doesn't look like an e-mail address"),
        ({"good_faith": ""}, "Please confirm this"),
    ],
)
def test_notice_that_lacks_something_is_refused_beside_the_field(
    client: Any, db: Database, comment: Comment, changed: dict[str, str], words: str
) -> None:
    answer = give(client, comment, **changed)

    errors = " ".join(re.findall(r'<p class="error"[^>]*>(.*?)</p>', unescape(answer.text)))
    assert answer.status_code == 422
    assert words in errors
    assert kept(db) == []


def test_abuse_of_children_may_be_reported_without_a_name(client: Any, db: Database, comment: Comment) -> None:
    answer = give(client, comment, ground="child_abuse", name="", email="")

    assert answer.status_code == 303
    assert [(notice.name, notice.email) for notice in kept(db)] == [("", "")]


def test_receipt_tells_the_decision_and_follows_an_undo(
    client: Any, db: Database, cast: Cast, comment: Comment
) -> None:
    receipt = give(client, comment).location
    with db.writing() as session:
        case = cases.find_open_case(session, comment.id)
        decision = decisions.decide(
            session, session.get_one(Comment, comment.id), Status.REJECTED, action=Action.REJECT, by=cast.cam,
            revision=1, seen=case.version, guideline=Guideline.LEGAL, message="A threat.", note="Tell the police?",
            now=now_us(),
        )  # fmt: skip

    page = unescape(client.get(receipt).text)

    assert "The comment was removed" in page
    assert "the comment broke the guideline “Legal”" in page
    assert "A threat." in page
    for secret in ("Cam", "police", "hurt the mayor"):
        assert secret not in page
    assert kept(db)[0].outcome == ReportOutcome.UPHELD
    with db.writing() as session:
        decisions.undo(session, session.get_one(Decision, decision.id), by=cast.cam, now=now_us())
    assert "We have received your notice" in client.get(receipt).text


def test_receipt_tells_that_a_comment_stays(client: Any, db: Database, cast: Cast, comment: Comment) -> None:
    receipt = give(client, comment).location
    with db.writing() as session:
        case = cases.find_open_case(session, comment.id)
        decisions.decide(
            session, session.get_one(Comment, comment.id), Status.PUBLISHED, action=Action.APPROVE, by=cast.cam,
            revision=1, seen=case.version, now=now_us(),
        )  # fmt: skip

    assert "The comment stays" in client.get(receipt).text


def test_notices_are_limited(settings: Any, shared_judge: Any, comment: Comment) -> None:
    app = create_app(settings.model_copy(update={"rate_limits": "on"}), judge=shared_judge)
    browser = app.test_client()

    statuses = [give(browser, comment).status_code for _ in range(11)]

    app.extensions["commentsvc"].db.dispose()
    assert statuses == [303] * 10 + [429]


def test_a_notice_makes_a_reported_case_legal(client: Any, db: Database, cast: Cast, comment: Comment) -> None:
    with db.writing() as session:
        factories.case(session, session.get_one(Comment, comment.id))

    give(client, comment)

    with db.reading() as session:
        assert session.scalars(select(Case.guideline)).one() == Guideline.LEGAL


def test_only_what_is_public_can_be_given_notice_of(client: Any, db: Database, cast: Cast) -> None:
    with db.writing() as session:
        hidden = factories.comment(session, cast.story, cast.ada, "Not for everyone.", status=Status.HELD)

    answers = [client.get(f"/report/{wanted}") for wanted in (hidden.id, 999, "x")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert "Not for everyone" not in answers[0].text
    assert client.get("/report/receipt/guess").status_code == 404


def test_who_gave_notice_never_reaches_readers(client: Any, comment: Comment) -> None:
    give(client, comment)

    for path in (
        f"/api/v1/comments/{comment.id}",
        "/api/v1/comments?site=daily&article=story",
        f"/report/{comment.id}",
    ):
        answer = client.get(path, headers={"Accept": "text/html"})
        assert "hurt the mayor" in answer.text
        assert "Nia" not in answer.text
        assert "241" not in answer.text


def test_card_shows_the_notice_to_managers(client: Any, cast: Cast, comment: Comment) -> None:
    give(client, comment)
    submit(client, "/auth/sign-in", email="cam@daily.example", password=factories.PASSWORD)

    page = unescape(client.get("/console/daily").text)

    assert "Notice of illegal content was given." in page
    assert "Nia Vale" in page
    assert "241 StGB" in page
