"""What does the console answer to a browser without scripts, and to its own script?"""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from sqlalchemy import func, select

from commentsvc.actions import accounts, appeals, posting, reporting
from commentsvc.enums import Guideline, Reason, ReportReason, Role, SanctionKind, SignalState, Status
from commentsvc.moderation.terms import Signal
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Case, Comment, Decision
from tests import factories
from tests.conftest import Cast
from tests.queries.test_threads import counted
from tests.web.test_accounts import submit

QUEUE = "/console/daily"
SCRIPT = {"X-Part": "card"}


@pytest.fixture
def sign_in(app: Any) -> Callable[[str], Any]:
    """Opens a browser for one of the cast, by e-mail address."""

    def open_browser(email: str) -> Any:
        browser = app.test_client()
        assert submit(browser, "/auth/sign-in", email=email, password=factories.PASSWORD).status_code in {302, 303}
        return browser

    return open_browser


@pytest.fixture
def cam(cast: Cast, sign_in: Callable[[str], Any]) -> Any:
    return sign_in("cam@daily.example")


def hold(db: Database, cast: Cast, body: str = "", **more: Any) -> Comment:
    with db.writing() as session:
        return factories.comment(session, cast.story, cast.ada, body, **{"status": Status.HELD, **more})


def fields(page: str, *, of: str) -> dict[str, str]:
    """Read the hidden members of the form that a button or class stands in."""
    form = next(form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if of in form)
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {"_to": unescape(re.search(r'action="([^"]*)"', form)[1]), **dict(found)}


def press(browser: Any, page: str, *, of: str, headers: dict[str, str] | None = None, **typed: str) -> Any:
    """Send a form of a page, as a browser does."""
    given = fields(page, of=of)
    return browser.post(given.pop("_to"), data={**given, **typed}, headers=headers)


def bar_of(page: str) -> str:
    found = re.search(r'<div class="bar bar-\w+">\s*<p>(.*?)</p>', page, re.DOTALL)
    return unescape(found[1]) if found else ""


def status_of(db: Database, comment: Comment) -> str:
    with db.reading() as session:
        return session.get_one(Comment, comment.id).status


# Who comes in


def test_console_asks_strangers_to_sign_in_and_come_back(client: Any, cast: Cast) -> None:
    answer = client.get(f"{QUEUE}?q=ferry&reason=held")

    assert answer.status_code == 303
    assert answer.location == "/auth/sign-in?next=/console/daily?q%3Dferry%26reason%3Dheld"


def test_console_goes_to_the_only_site_and_lets_one_choose_among_several(
    db: Database, cast: Cast, cam: Any, sign_in: Callable[[str], Any]
) -> None:
    with db.writing() as session:
        factories.member(session, cast.eve, cast.other, Role.MANAGER)

    straight = cam.get("/console")
    choice = sign_in("eve@daily.example").get("/console")

    assert straight.location == QUEUE
    assert "The Daily" in choice.text
    assert "The Other" in choice.text


def test_console_tells_readers_that_they_manage_nothing(cast: Cast, sign_in: Callable[[str], Any]) -> None:
    page = sign_in("ada@daily.example").get("/console")

    assert "You manage no site" in page.text
    assert "The Daily" not in page.text


@pytest.mark.parametrize("email", ["ada@daily.example", "dee@other.example"])
@pytest.mark.parametrize("path", ["", "/decided", "/articles", "?case={case}"])
def test_console_of_a_site_that_is_not_theirs_is_not_there(
    db: Database, cast: Cast, sign_in: Callable[[str], Any], email: str, path: str
) -> None:
    comment = hold(db, cast, "A secret remark")
    with db.reading() as session:
        case = session.scalar(select(Case.id).where(Case.comment_id == comment.id))

    answer = sign_in(email).get(QUEUE + path.format(case=case))

    assert answer.status_code == 404
    assert "secret" not in answer.text
    assert "Daily" not in answer.text


def test_console_shows_no_case_of_another_site_on_ones_own(
    db: Database, cast: Cast, sign_in: Callable[[str], Any]
) -> None:
    comment = hold(db, cast, "A secret remark")
    with db.reading() as session:
        case = session.scalar(select(Case.id).where(Case.comment_id == comment.id))

    answer = sign_in("dee@other.example").get(f"/console/other?case={case}")

    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_console_looks_at_the_role_at_each_request(db: Database, cast: Cast, cam: Any) -> None:
    before = cam.get(QUEUE)
    with db.writing() as session:
        accounts.set_role(session, cast.cam, cast.daily, Role.READER)

    after = cam.get(QUEUE)

    assert (before.status_code, after.status_code in {303, 404}) == (200, True)


def test_console_sends_no_page_without_its_walls(cast: Cast, cam: Any) -> None:
    answer = cam.get(QUEUE)

    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script(?![^>]*src=)|style=|\son\w+=", answer.text)


# What a page shows


def test_queue_says_that_all_is_clear(cast: Cast, cam: Any) -> None:
    page = cam.get(QUEUE).text

    assert "All clear." in page
    assert "No open cases" in page


def test_queue_says_how_many_wait_and_since_when(db: Database, cast: Cast, cam: Any) -> None:
    hold(db, cast, now=now_us() - 5 * 3600 * 1_000_000 - 1)
    hold(db, cast)

    page = cam.get(QUEUE).text

    assert "2 open, the oldest for 5 h" in page


def test_queue_filters_and_keeps_the_filter_in_every_form(db: Database, cast: Cast, cam: Any) -> None:
    hold(db, cast, "Cheap pills", guideline=Guideline.SPAM)
    hold(db, cast, "Rude words")

    page = cam.get(f"{QUEUE}?guideline=spam&q=pills").text
    nothing = cam.get(f"{QUEUE}?guideline=legal").text

    assert "Cheap pills" in page
    assert "Rude words" not in page
    assert "guideline=spam" in fields(page, of='class="approve" name="action"')["_to"]
    assert "Nothing matches." in nothing


def test_card_shows_why_what_who_and_what_the_checks_said(db: Database, cast: Cast, cam: Any) -> None:
    body = "You <b>fool</b>, see www.example.com now"
    signals = [
        Signal("toxicity", Guideline.COURTESY, score=0.91, spans=((7, 11),), labels={"insult": 0.88, "threat": None},
               engine="embedded", version="7"),
        Signal("relevance", Guideline.ON_TOPIC, SignalState.ABSTAINED),
        Signal("spam", Guideline.SPAM, SignalState.FAILED),
    ]  # fmt: skip
    with db.writing() as session:
        parent = factories.comment(session, cast.story, cast.bo, "What a fine ferry.")
        factories.comment(session, cast.story, cast.ada, body, status=Status.HELD, parent=parent, signals=signals)
        factories.sanction(session, cast.ada, cast.daily, SanctionKind.WARN)

    page = cam.get(QUEUE).text

    assert "Held: it may break the guideline “Courtesy”." in page
    assert "Toxicity: almost certain (0.91) “fool”" in unescape(page)
    assert 'You &lt;b&gt;<mark title="Toxicity">fool</mark>&lt;/b&gt;, see' in page
    assert "What a fine ferry." in page
    assert "<strong>www.example.com</strong>" in page
    assert "insult 0.88" in page
    assert "threat" not in page[page.index('<article class="card"') :]
    assert "can&#39;t tell (abstained)" in page
    assert "no answer (failed)" in page
    assert "embedded 7" in page
    assert "For the test." in page
    assert "a point a day" in page


def test_card_shows_reports_and_samples_in_words(db: Database, cast: Cast, cam: Any) -> None:
    with db.writing() as session:
        about = factories.comment(session, cast.story, cast.ada, "An address", reasons=Reason.SAMPLE)
        reporting.report(
            session, comment_id=about.id, revision=1, reason=ReportReason.PRIVACY, detail="That is a home.",
            by=cast.bo, now=now_us(),
        )  # fmt: skip

    page = cam.get(QUEUE).text

    assert "Reported by a reader: privacy." in page
    assert "Picked for a look" in page
    assert "That is a home." in page
    assert "Take down to wait" in page


def test_card_puts_up_with_an_article_whose_address_is_a_script(db: Database, cast: Cast, cam: Any) -> None:
    with db.writing() as session:
        story = factories.article(session, cast.daily, url="javascript:alert(1)", title="<i>Bold</i>")
        factories.comment(session, story, cast.ada, status=Status.HELD)

    pages = [cam.get(QUEUE).text, cam.get(f"{QUEUE}/articles").text]

    for page in pages:
        assert "javascript:" not in page
        assert "&lt;i&gt;Bold&lt;/i&gt;" in page


def test_card_part_is_the_card_alone(db: Database, cast: Cast, cam: Any) -> None:
    hold(db, cast, "Rude words")

    part = cam.get(QUEUE, headers=SCRIPT).text

    assert "Rude words" in part
    assert "<html" not in part
    assert 'id="entries"' not in part


def test_queue_costs_as_many_queries_for_thirty_cases_as_for_one(app: Any, db: Database, cast: Cast, cam: Any) -> None:
    hold(db, cast)
    costs = []
    for expected in (1, 30):
        if expected == 30:
            for _ in range(29):
                hold(db, cast)
        with counted(app.extensions["commentsvc"].db) as statements:
            page = cam.get(QUEUE).text
        assert page.count("<li data-case=") == expected
        costs.append(len(statements))

    assert costs[0] == costs[1] <= 39


def test_queue_goes_on_behind_thirty(db: Database, cast: Cast, cam: Any) -> None:
    for number in range(31):
        hold(db, cast, f"Remark {number}", now=now_us() - 60_000_000 + number)

    first = cam.get(QUEUE).text
    more = unescape(re.search(r'href="([^"]*after=[^"]*)">More cases', first)[1])
    second = cam.get(more).text

    assert "Remark 30" not in first
    assert "Remark 30" in second
    assert second.count("<li data-case=") == 1


# Deciding by plain forms


def test_approve_publishes_and_offers_undo(db: Database, cast: Cast, cam: Any) -> None:
    comment = hold(db, cast)

    answer = press(cam, cam.get(QUEUE).text, of='class="approve" name="action"', action="approve")

    page = cam.get(answer.location).text
    assert answer.status_code == 303
    assert status_of(db, comment) == Status.PUBLISHED
    assert bar_of(page) == "Approved: Ada Holm’s comment."
    undone = press(cam, page, of="on-bar")
    assert status_of(db, comment) == Status.HELD
    assert bar_of(cam.get(undone.location).text) == (
        "Taken back: Ada Holm’s comment is held, its case is in the queue again."
    )


def test_reject_names_the_guideline_and_tells_the_author(db: Database, cast: Cast, cam: Any) -> None:
    comment = hold(db, cast)

    answer = press(
        cam, cam.get(QUEUE).text, of="reject-title", action="reject", guideline="privacy", message="No addresses.",
        note="Third time",
    )  # fmt: skip

    page = cam.get(answer.location).text
    with db.reading() as session:
        decision = session.scalars(select(Decision).order_by(Decision.id.desc()).limit(1)).one()
    assert status_of(db, comment) == Status.REJECTED
    assert (decision.guideline, decision.message, decision.note) == ("privacy", "No addresses.", "Third time")
    assert bar_of(page) == "Rejected: Ada Holm’s comment (Privacy)."


@pytest.mark.parametrize(
    ("typed", "told"), [("Mind courtesy.", "Mind spam."), ("", ""), ("My own words.", "My own words.")]
)
def test_reject_tells_the_chosen_guidelines_text_unless_it_was_written_anew(
    db: Database, cast: Cast, cam: Any, typed: str, told: str
) -> None:
    hold(db, cast)
    page = cam.get(QUEUE).text
    assert ">Mind courtesy.</textarea>" in page

    press(cam, page, of="reject-title", action="reject", guideline="spam", message=typed)

    with db.reading() as session:
        decision = session.scalars(select(Decision).order_by(Decision.id.desc()).limit(1)).one()
    assert decision.message == told


def test_deciding_goes_on_with_the_next_case(db: Database, cast: Cast, cam: Any) -> None:
    for number in range(3):
        hold(db, cast, f"Remark {number}", now=now_us() - 60_000_000 + number)

    answer = press(cam, cam.get(QUEUE).text, of='class="approve" name="action"', action="approve")

    assert re.search(r'<div class="body" dir="auto">Remark 1</div>', cam.get(answer.location).text)


def test_reject_without_a_guideline_is_refused(db: Database, cast: Cast, cam: Any) -> None:
    comment = hold(db, cast)

    answer = press(cam, cam.get(QUEUE).text, of="reject-title", action="reject")

    assert answer.status_code == 422
    assert status_of(db, comment) == Status.HELD


@pytest.mark.parametrize(
    "change", [{"revision": "x"}, {"comment": str(2**70)}, {"action": "publish"}, {"guideline": "taste"}]
)
def test_decisions_that_no_card_sends_are_refused(db: Database, cast: Cast, cam: Any, change: dict[str, str]) -> None:
    comment = hold(db, cast)

    answer = press(cam, cam.get(QUEUE).text, of='class="approve" name="action"', **{"action": "approve", **change})

    assert answer.status_code == 422
    assert status_of(db, comment) == Status.HELD


def test_forms_without_their_token_are_refused(db: Database, cast: Cast, cam: Any) -> None:
    comment = hold(db, cast)

    answer = press(cam, cam.get(QUEUE).text, of='class="approve" name="action"', action="approve", csrf_token="x")

    assert answer.status_code == 403
    assert status_of(db, comment) == Status.HELD


def test_decisions_of_another_sites_manager_find_nothing(
    db: Database, cast: Cast, cam: Any, sign_in: Callable[[str], Any]
) -> None:
    comment = hold(db, cast)
    dee = sign_in("dee@other.example")
    own = dee.get("/console/other").text
    token = re.search(r'csrf-token" content="([^"]*)"', own)[1]
    sent = {"csrf_token": token, "comment": str(comment.id), "revision": "1", "seen": "1", "action": "approve"}

    answers = [dee.post(f"/console/{site}/decisions", data=sent) for site in ("daily", "other")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert status_of(db, comment) == Status.HELD


# Conflicts


@pytest.mark.parametrize("headers", [None, SCRIPT])
def test_a_case_that_somebody_decided_meanwhile_is_a_conflict_that_says_so(
    db: Database, cast: Cast, cam: Any, sign_in: Callable[[str], Any], headers: dict[str, str] | None
) -> None:
    comment = hold(db, cast)
    page = cam.get(QUEUE).text
    eve = sign_in("eve@daily.example")
    press(eve, eve.get(QUEUE).text, of="reject-title", action="reject", guideline="courtesy", message="")
    with db.reading() as session:
        before = session.scalar(select(func.count(Decision.id)))

    answer = press(cam, page, of='class="approve" name="action"', headers=headers, action="approve")

    assert answer.status_code == 409
    assert bar_of(answer.text) == (
        "Nothing changed. This case has changed since you saw it. Rejected by Eve Okoro (Courtesy), moments ago."
    )
    assert "Look at it now" in answer.text
    assert ("<html" in answer.text) == (headers is None)
    with db.reading() as session:
        assert session.scalar(select(func.count(Decision.id))) == before
    assert status_of(db, comment) == Status.REJECTED


def test_an_edit_meanwhile_is_a_conflict(db: Database, cast: Cast, cam: Any) -> None:
    comment = hold(db, cast)
    page = cam.get(QUEUE).text
    with db.writing() as session:
        session.get_one(Comment, comment.id).revision = 2

    answer = press(cam, page, of='class="approve" name="action"', action="approve")

    assert answer.status_code == 409
    assert "The comment was edited since" in bar_of(answer.text)


def test_nul_in_a_site_key_is_not_found_on_both_databases(cast: Cast, cam: Any) -> None:
    assert cam.get("/console/da%00ily").status_code == 404


def test_undo_after_something_else_happened_is_a_conflict(db: Database, cast: Cast, cam: Any) -> None:
    comment = hold(db, cast)
    answer = press(cam, cam.get(QUEUE).text, of='class="approve" name="action"', action="approve")
    page = cam.get(answer.location).text
    with db.writing() as session:
        posting.withdraw(session, comment_id=comment.id, by=cast.ada, now=now_us())

    undone = press(cam, page, of="on-bar")

    assert undone.status_code == 409
    assert "Something has happened to this comment since" in bar_of(undone.text)
    assert status_of(db, comment) == Status.WITHDRAWN


# The rest of the desk


def test_decided_shows_closed_cases_and_takes_one_back(db: Database, cast: Cast, cam: Any) -> None:
    comment = hold(db, cast, "Total rubbish")
    with db.writing() as session:
        factories.reject(session, session.get_one(Comment, comment.id), cast.eve, message="Be kind.")
    waiting = hold(db, cast, "Still waiting")

    page = cam.get(f"{QUEUE}/decided").text
    press(cam, page, of="Undo this")

    assert "Rejected by Eve Okoro (Courtesy), moments ago." in page
    assert "To the author: Be kind." in page
    assert "Still waiting" not in page
    assert (status_of(db, comment), status_of(db, waiting)) == (Status.HELD, Status.HELD)


def test_pin_and_feature_from_the_card(db: Database, cast: Cast, cam: Any) -> None:
    with db.writing() as session:
        about = factories.comment(session, cast.story, cast.ada, reasons=Reason.SAMPLE)

    press(cam, cam.get(QUEUE).text, of='value="pin"', action="pin")
    press(cam, cam.get(QUEUE).text, of='value="feature"', action="feature")

    with db.reading() as session:
        shown = session.get_one(Comment, about.id)
        assert (shown.pinned, shown.featured, shown.status) == (True, True, Status.PUBLISHED)
    assert "Unpin" in cam.get(QUEUE).text


def test_articles_show_state_counts_and_cases(db: Database, cast: Cast, cam: Any) -> None:
    hold(db, cast)

    page = cam.get(f"{QUEUE}/articles?q=story&sort=cases").text
    none = cam.get(f"{QUEUE}/articles?q=nothing").text

    assert "Story story" in page
    assert "No article’s title or key contains “nothing”." in none


def test_script_without_a_session_is_told_so(client: Any, cast: Cast) -> None:
    answer = client.get(QUEUE, headers=SCRIPT)

    assert answer.status_code == 401


def test_assets_are_kept_for_ever_under_their_version_alone(client: Any, cast: Cast, cam: Any) -> None:
    address = unescape(re.search(r'href="([^"]*console\.css[^"]*)"', cam.get(QUEUE).text)[1])

    versioned, plain = (client.get(url, buffered=True) for url in (address, address.partition("?")[0]))

    assert "immutable" in versioned.headers["Cache-Control"]
    assert "immutable" not in plain.headers["Cache-Control"]
    assert client.get("/static/shared/..%2f..%2fapp.py").status_code == 404


def test_card_shows_what_an_appealing_author_says(db: Database, cast: Cast, cam: Any) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, "A remark.")
        factories.reject(session, comment, cast.cam)
        appeals.appeal(session, comment_id=comment.id, message="It was <b>irony</b>.", by=cast.ada, now=now_us())

    page = cam.get(QUEUE).text

    assert "asks somebody else to look again" in page
    assert "It was &lt;b&gt;irony&lt;/b&gt;." in page


def test_kinds_of_many_cases_are_counted_once_in_some_seconds(
    db: Database, cast: Cast, cam: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counted_kinds() -> tuple[str, str]:
        page = cam.get(QUEUE).text
        (waiting,) = re.findall(r'id="open-count">(\d+)<', page)
        (held,) = re.findall(r"Held \((\d+)\)", page)
        return waiting, held

    hold(db, cast, "One")
    few = counted_kinds()
    monkeypatch.setattr("commentsvc.web.lists._MANY", 0)
    first = counted_kinds()
    hold(db, cast, "Two")
    kept = counted_kinds()
    monkeypatch.setattr("commentsvc.web.lists._MANY", 2_000)

    assert [few, first, kept, counted_kinds()] == [("1", "1"), ("1", "1"), ("2", "1"), ("2", "2")]
