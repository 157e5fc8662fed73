"""What does a card carry, at what cost, and what can be written on it?"""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions import decisions, reporting
from commentsvc.enums import Action, Guideline, Reason, ReportReason, Status
from commentsvc.moderation.terms import Signal
from commentsvc.queries import queue
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Article, Case, Comment, CommentNote, Decision, Membership, Revision, Shortcuts
from tests import factories
from tests.conftest import Cast
from tests.queries.test_threads import counted
from tests.web.test_console import QUEUE, SCRIPT, bar_of, cam, hold, press, sign_in, status_of

__all__ = ["cam", "sign_in"]

SECOND = 1_000_000


def words(page: str) -> str:
    """Strip a page of its tags and spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def card_of(db: Database, browser: Any, comment: Comment, *, part: bool = True) -> Any:
    with db.reading() as session:
        case = queue.find_latest_case_id(session, comment.id)
    return browser.get(f"{QUEUE}?case={case}", headers=SCRIPT if part else None)


# What it carries


def test_card_shows_the_whole_chain_and_what_stands_beside_it(db: Database, cast: Cast, cam: Any) -> None:
    now = now_us() - 100 * SECOND
    with db.writing() as session:
        chain = factories.chain(session, cast.story, cast.bo, 5, now=now)
        for number in range(6):
            factories.comment(
                session, cast.story, cast.bo, f"Neighbour {number}", parent=chain[-1], now=now + number * SECOND
            )
        held = factories.comment(
            session, cast.story, cast.ada, "The one", status=Status.HELD, parent=chain[-1], now=now + 3 * SECOND
        )

    page = words(card_of(db, cam, held).text)

    assert "3 further up, 4 beside it" in page
    assert [chain[at].body in page for at in range(6)] == [True] * 6
    assert [f"Neighbour {number}" in page for number in range(6)] == [False, False, True, True, True, True]


def test_card_says_how_reliable_reporters_are(db: Database, cast: Cast, cam: Any) -> None:
    with db.writing() as session:
        for number in range(4):
            past = factories.comment(session, cast.story, cast.ada, f"Past {number}")
            reporting.report(
                session, comment_id=past.id, revision=1, reason=ReportReason.SPAM, detail="", by=cast.bo, now=now_us()
            )
            case = queue.find_open_case_id(session, past.id)
            decisions.decide(
                session, past, Status.REJECTED if number else Status.PUBLISHED,
                action=Action.REJECT if number else Action.APPROVE, revision=1, by=cast.cam,
                seen=session.get_one(Case, case).version, guideline=Guideline.SPAM, now=now_us(),
            )  # fmt: skip
        about = factories.comment(session, cast.story, cast.ada, "About")
        for who in (cast.bo, cast.eve):
            reporting.report(
                session, comment_id=about.id, revision=1, reason=ReportReason.LEGAL, detail="", by=who, now=now_us()
            )

    page = words(card_of(db, cam, about).text)

    assert "by Bo Lind (3 of 4 upheld)" in page
    assert "by Eve Okoro (none decided yet)" in page


def test_card_shows_relevances_three_cosines_apart(db: Database, cast: Cast, cam: Any) -> None:
    near = {"article": 0.312, "parent": -0.05, "thread": None}
    comment = hold(db, cast, signals=[Signal("relevance", Guideline.ON_TOPIC, score=0.7, closeness=near)])

    page = words(card_of(db, cam, comment).text)

    assert "article 0.31 · parent -0.05 · thread none" in page


def test_card_shows_how_people_decided_about_the_same_words(db: Database, cast: Cast, cam: Any) -> None:
    with db.writing() as session:
        past = factories.comment(session, cast.story, cast.bo, "Buy cheap pills at my shop today", status=Status.HELD)
        factories.reject(session, past, cast.eve)
        other = factories.comment(session, cast.story, cast.bo, "The ferry was late again", status=Status.HELD)
        factories.reject(session, other, cast.eve)
        elsewhere = factories.article(session, cast.other)
        theirs = factories.comment(session, elsewhere, cast.dee, "Buy cheap pills at my shop, Dee", status=Status.HELD)
        factories.reject(session, theirs, cast.dee)
    comment = hold(db, cast, "Buy cheap pills at my shop now")

    page = words(card_of(db, cam, comment).text)

    assert "Rejected Courtesy by Eve Okoro , moments ago" in page
    assert "Buy cheap pills at my shop today" in page
    assert "ferry" not in page
    assert "Dee" not in page


def test_card_shows_what_was_edited_since_the_report(db: Database, cast: Cast, cam: Any) -> None:
    with db.writing() as session:
        about = factories.comment(session, cast.story, cast.ada, "You are a <fool>, sir")
        reporting.report(
            session, comment_id=about.id, revision=1, reason=ReportReason.COURTESY, detail="", by=cast.bo, now=now_us()
        )
        about.revision, about.body = 2, "You are kind, sir"
        session.add(Revision(comment_id=about.id, number=2, body=about.body, created_at=now_us()))

    page = card_of(db, cam, about).text

    assert "Edited: from version 1 to 2, since it was reported" in words(page)
    assert "You are<del> a &lt;fool&gt;,</del><ins> kind,</ins> sir" in page


def test_card_alone_costs_the_same_whatever_the_list_and_the_thread(
    app: Any, db: Database, cast: Cast, cam: Any
) -> None:
    comment = hold(db, cast, "Rude words")
    costs = []
    for count in (1, 30):
        with db.writing() as session:
            for number in range(count):
                factories.comment(session, cast.story, cast.bo, now=now_us() - number)
                rude = factories.comment(session, cast.story, cast.bo, "Rude words", status=Status.HELD)
                factories.reject(session, rude, cast.cam)
                factories.comment(session, cast.story, cast.bo, status=Status.HELD)
        with counted(app.extensions["commentsvc"].db) as statements:
            answer = card_of(db, cam, comment)
        assert answer.status_code == 200
        costs.append(len(statements))

    assert costs[0] == costs[1] <= 28
    # Neither the list nor the counts above it.
    assert not [text for text in statements if "GROUP BY cases" in text or "ORDER BY cases.rank" in text]


# What is written on it


@pytest.mark.parametrize("headers", [None, SCRIPT])
def test_note_is_kept_for_colleagues_and_counted(
    db: Database, cast: Cast, cam: Any, headers: dict[str, str] | None
) -> None:
    comment = hold(db, cast)

    answer = press(cam, cam.get(QUEUE).text, of="note-title", headers=headers, note="An <old> friend.")

    page = cam.get(answer.location).text if headers is None else answer.text
    assert bar_of(page) == "Your note is kept for colleagues."
    card = card_of(db, cam, comment).text
    assert "An &lt;old&gt; friend." in card
    assert "Notes on their comments 1" in words(card)
    with db.reading() as session:
        note = session.scalars(select(CommentNote)).one()
    assert (note.by_person_id, note.author_id, note.site_id) == (cast.cam.id, cast.ada.id, cast.daily.id)


@pytest.mark.parametrize(("typed", "why"), [("  ", "Please write something here."), ("x" * 2001, "2000 characters")])
def test_note_that_can_not_be_is_refused_in_the_bar(db: Database, cast: Cast, cam: Any, typed: str, why: str) -> None:
    hold(db, cast)

    answer = press(cam, cam.get(QUEUE).text, of="note-title", note=typed)

    assert answer.status_code == 422
    assert why in bar_of(answer.text)


def test_answer_to_a_public_comment_is_published_with_the_badge(db: Database, cast: Cast, cam: Any) -> None:
    with db.writing() as session:
        about = factories.comment(session, cast.story, cast.ada, "Where is the map?", reasons=Reason.SAMPLE)

    answer = press(cam, cam.get(QUEUE).text, of="answer-title", body="It is below the text now, you idiot.")

    page = cam.get(answer.location).text
    with db.reading() as session:
        reply = session.scalars(select(Comment).where(Comment.parent_id == about.id)).one()
        open_case = queue.find_open_case_id(session, about.id)
    assert bar_of(page) == "Your answer to Ada Holm is published."
    assert (reply.status, reply.person_id) == (Status.PUBLISHED, cast.cam.id)
    assert open_case is not None
    assert "Answered by the newsroom Cam Reyes manager It is below the text now, you idiot." in words(page)


def test_answer_to_a_held_comment_approves_it_first(db: Database, cast: Cast, cam: Any) -> None:
    comment = hold(db, cast)

    answer = press(cam, cam.get(QUEUE).text, of="answer-title", headers=SCRIPT, body="Fair enough.", approve="1")

    with db.reading() as session:
        reply = session.scalars(select(Comment).where(Comment.parent_id == comment.id)).one()
    assert bar_of(answer.text) == "Approved: Ada Holm’s comment. Your answer to Ada Holm is published."
    assert "Undo" in answer.text
    assert (status_of(db, comment), reply.status) == (Status.PUBLISHED, Status.PUBLISHED)


def test_answer_to_a_held_comment_without_approving_it_says_so(db: Database, cast: Cast, cam: Any) -> None:
    comment = hold(db, cast)

    answer = press(cam, cam.get(QUEUE).text, of="answer-title", body="Fair <enough>.")

    assert answer.status_code == 409
    assert "Readers don't see this comment" in bar_of(answer.text)
    assert ">Fair &lt;enough&gt;.</textarea>" in answer.text
    assert status_of(db, comment) == Status.HELD


@pytest.mark.parametrize("change", ["decided", "closed", "edited"])
def test_answer_that_comes_too_late_changes_nothing(db: Database, cast: Cast, cam: Any, change: str) -> None:
    comment = hold(db, cast)
    page = cam.get(QUEUE).text
    with db.writing() as session:
        if change == "decided":
            factories.reject(session, session.get_one(Comment, comment.id), cast.eve)
        elif change == "closed":
            session.get_one(Article, cast.story.id).state = "closed"
        else:
            session.get_one(Comment, comment.id).revision = 2
    before = status_of(db, comment)

    answer = press(cam, page, of="answer-title", headers=SCRIPT, body="Fair enough.", approve="1")

    assert answer.status_code == 409
    assert bar_of(answer.text).startswith("Nothing changed.")
    assert status_of(db, comment) == before
    with db.reading() as session:
        assert session.scalar(select(Comment.id).where(Comment.parent_id == comment.id)) is None


def test_answer_takes_the_role_as_it_is_when_the_model_has_thought(
    app: Any, db: Database, cast: Cast, cam: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment = hold(db, cast)
    judge = app.extensions["commentsvc"].judge
    think = judge.judge

    def dismiss(*args: Any) -> Any:
        with db.writing() as session:
            session.get_one(Membership, (cast.cam.id, cast.daily.id)).role = "reader"
        return think(*args)

    monkeypatch.setattr(judge, "judge", dismiss)
    answer = press(cam, cam.get(QUEUE).text, of="answer-title", body="Fair enough.", approve="1")

    assert answer.status_code == 403
    assert status_of(db, comment) == Status.HELD


def test_escalated_case_stays_open_and_has_a_filter_of_its_own(db: Database, cast: Cast, cam: Any) -> None:
    comment = hold(db, cast, "Rude words")
    page = cam.get(QUEUE).text
    hold(db, cast, "Other words")

    answer = press(cam, page, of="escalate-title", action="escalate", note="Ask the lawyers.")

    assert bar_of(cam.get(answer.location).text) == "Escalated: Ada Holm’s comment."
    found = cam.get(f"{QUEUE}?reason=escalated").text
    assert "Rude words" in found
    assert "Other words" not in found
    assert "Escalated: an administrator is asked to decide. Cam Reyes: Ask the lawyers." in words(found)
    assert "Escalated (1)" in found
    with db.reading() as session:
        case = session.get_one(Case, queue.find_open_case_id(session, comment.id))
    assert case.reasons == Reason.HELD | Reason.ESCALATED


def test_notes_and_answers_of_another_sites_manager_find_nothing(
    db: Database, cast: Cast, sign_in: Callable[[str], Any]
) -> None:
    comment = hold(db, cast)
    dee = sign_in("dee@other.example")
    token = re.search(r'csrf-token" content="([^"]*)"', dee.get("/console/other").text)[1]
    sent = {"csrf_token": token, "comment": str(comment.id), "revision": "1", "seen": "1", "note": "x", "body": "Hello",
            "approve": "1"}  # fmt: skip

    answers = [
        dee.post(f"/console/{site}/{what}", data=sent) for site in ("daily", "other") for what in ("notes", "answers")
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    with db.reading() as session:
        assert session.scalar(select(CommentNote.id)) is None
        assert session.scalar(select(Decision.id).where(Decision.by_person_id == cast.dee.id)) is None


# Keys


def test_keys_are_kept_for_the_person_and_shown_on_every_button(db: Database, cast: Cast, cam: Any) -> None:
    hold(db, cast)

    answer = press(cam, cam.get(f"{QUEUE}/keys").text, of="Keep these keys", approve="y", note="")

    assert "Your keys are kept." in cam.get(answer.location).text
    page = cam.get(QUEUE).text
    assert "Approve <kbd>y</kbd>" in page
    assert "Note…</summary>" in page
    with db.reading() as session:
        assert session.get_one(Shortcuts, cast.cam.id).keys == {"approve": "y", "note": ""}
    press(cam, cam.get(f"{QUEUE}/keys").text, of="Keep these keys", reset="1")
    assert "Approve <kbd>a</kbd>" in cam.get(QUEUE).text


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"approve": "j"}, "“j” is taken already."),
        ({"approve": "7"}, "The digits choose a guideline."),
        ({"approve": "ab"}, "Give one character, or none."),
        ({"approve": "\x07"}, "Give one character, or none."),
    ],
)
def test_keys_that_can_not_be_are_refused_beside_the_field(
    db: Database, cast: Cast, cam: Any, typed: dict[str, str], why: str
) -> None:
    answer = press(cam, cam.get(f"{QUEUE}/keys").text, of="Keep these keys", **typed)

    assert answer.status_code == 422
    assert f'<span class="wrong" id="wrong">{why}</span>' in answer.text
    with db.reading() as session:
        assert session.get(Shortcuts, cast.cam.id) is None
