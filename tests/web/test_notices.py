"""May people see, mark and choose their notices, and nobody else's; does one click stop the mails?"""

from typing import Any

import pytest
from flask import session as cookie
from flask_wtf.csrf import generate_csrf

from commentsvc.actions import notices
from commentsvc.actions.telling import tell
from commentsvc.enums import Following, MailPace, NoticeKind, Status
from commentsvc.queries.notices import Preference, preferences_of
from commentsvc.store.db import now_us
from commentsvc.store.models import Comment, Follow, Notice, NoticePreference
from commentsvc.web.accounts import sign_in_here
from tests import factories

SECRET = "tests-only-" + "k" * 32
BASE = "https://127.0.0.1:8000"


@pytest.fixture
def scene(db, cast):
    """Ada was answered by Bo, and a comment of hers rejected by Cam with a reason."""
    with db.writing() as session:
        top = factories.comment(session, cast.story, cast.ada, "Mine.")
        reply = factories.comment(session, cast.story, cast.bo, "Yours?", parent=top)
        tell(session, reply.id, is_new=True, now=now_us())
        bad = factories.comment(session, cast.story, cast.ada, "Bad words.")
        decision = factories.reject(session, bad, cast.cam, message="Mind the tone.")
        tokens = {who: factories.bearer(session, getattr(cast, who), cast.daily) for who in ("ada", "bo")}
    return {"top": top, "reply": reply, "bad": bad, "decision": decision, "tokens": tokens}


def fetch(client: Any, token: Any, **query: str) -> Any:
    return client.get("/api/v1/notices", query_string={"site": "daily", **query}, headers=token)


def sign_in(app: Any, client: Any, who: Any) -> str:
    with app.test_request_context(base_url=BASE):
        sign_in_here(who)
        token: str = generate_csrf()
        kept = dict(cookie)
    with client.session_transaction(base_url=BASE) as browser:
        browser.update(kept)
    return token


def send_form(client: Any, path: str, data: dict[str, str], **headers: str) -> Any:
    own = {"Accept": "text/html", "Origin": BASE, "Sec-Fetch-Site": "same-origin", **headers}
    return client.post(path, data=data, headers=own, base_url=BASE)


def test_the_list_tells_what_was_written_and_decided(client, cast, scene) -> None:
    answer = fetch(client, scene["tokens"]["ada"]).get_json()

    decided, replied = answer.pop("notices")
    assert answer == {"unread": 2, "next": None}
    article = {"key": "story", "url": "https://daily.example/story", "title": "Story story"}
    assert {**replied, "id": "", "created_at": ""} == {
        "id": "", "kind": "reply", "title": "Bo Lind replied to your comment", "created_at": "", "read": False,
        "comment": {
            "id": str(scene["reply"].id), "parent": str(scene["top"].id), "author": "Bo Lind", "excerpt": "Yours?",
            "status": "published",
        },
        "article": article, "decision": None, "message": "",
    }  # fmt: skip
    assert {**decided, "id": "", "created_at": ""} == {
        "id": "", "kind": "decision", "title": "Your comment was removed", "created_at": "",
        "read": False,
        "comment": {
            "id": str(scene["bad"].id), "parent": None, "author": "Ada Holm", "excerpt": "Bad words.",
            "status": "rejected",
        },
        "article": article,
        "decision": {
            "id": str(scene["decision"].id), "status": "rejected", "was_public": True, "guideline": "courtesy",
            "message": "Mind the tone.", "decided_by": "manager",
        },
        "message": "",
    }  # fmt: skip


def test_nobody_reads_anothers_notices(client, scene) -> None:
    answer = fetch(client, scene["tokens"]["bo"])

    assert answer.get_json() == {"notices": [], "unread": 0, "next": None}
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_reply_that_is_removed_vanishes_from_the_list(client, db, cast, scene) -> None:
    with db.writing() as session:
        factories.reject(session, session.get_one(Comment, scene["reply"].id), cast.cam)

    answer = fetch(client, scene["tokens"]["ada"])

    assert [one["kind"] for one in answer.get_json()["notices"]] == ["decision"]
    assert answer.get_json()["unread"] == 1
    assert b"Yours?" not in answer.data


def test_a_report_s_outcome_names_no_comment_that_is_gone(client, db, cast, scene) -> None:
    with db.writing() as session:
        notices.notify(
            session, NoticeKind.REPORT, person_id=cast.bo.id, site_id=cast.daily.id, comment_id=scene["bad"].id,
            now=now_us(),
        )  # fmt: skip

    answer = fetch(client, scene["tokens"]["bo"])

    (one,) = answer.get_json()["notices"]
    assert (one["kind"], one["comment"]) == ("report", None)
    assert b"Bad words" not in answer.data


def test_pages_follow_each_other(client, scene) -> None:
    first = fetch(client, scene["tokens"]["ada"], limit="1").get_json()
    second = fetch(client, scene["tokens"]["ada"], limit="1", after=first["next"]).get_json()

    assert [one["kind"] for page in (first, second) for one in page["notices"]] == ["decision", "reply"]
    assert second["next"] is None


def test_reading_marks_what_was_shown_and_only_ones_own(client, db, scene) -> None:
    shown = fetch(client, scene["tokens"]["ada"]).get_json()["notices"]
    older = {"site": "daily", "up_to": shown[1]["id"]}
    path = "/api/v1/notices/read"

    by_bo = client.put(path, json={**older, "up_to": "9" * 18}, headers=scene["tokens"]["bo"])
    by_ada = client.put(path, json=older, headers=scene["tokens"]["ada"])

    assert by_bo.get_json() == {"unread": 0}
    assert by_ada.get_json() == {"unread": 1}
    assert client.get("/api/v1/me?site=daily", headers=scene["tokens"]["ada"]).get_json()["notices"] == {"unread": 1}
    assert client.put(path, json={**older, "up_to": "x"}, headers=scene["tokens"]["ada"]).status_code == 422


def test_a_thread_is_followed_muted_and_let_go(client, db, cast, scene) -> None:
    path, token, about = "/api/v1/follows", scene["tokens"]["ada"], {"site": "daily", "article": "story"}
    reply = str(scene["reply"].id)

    client.put(path, json={**about, "following": "follow"}, headers=token)
    client.put(path, json={**about, "following": "follow"}, headers=token)
    both = client.put(path, json={**about, "comment": reply, "following": "mute"}, headers=token)
    let_go = client.put(path, json={**about, "following": "usual"}, headers=token)

    assert both.get_json() == {"article": "follow", "comments": {reply: "mute"}}
    assert let_go.get_json() == {"article": "usual", "comments": {reply: "mute"}}
    assert client.get(path, query_string=about, headers=token).get_json() == let_go.get_json()
    assert client.get(path, query_string={**about, "article": "new"}, headers=token).get_json() == {
        "article": "usual", "comments": {},
    }  # fmt: skip


def test_only_a_public_comment_of_the_article_can_be_followed(client, db, cast, scene) -> None:
    with db.writing() as session:
        foreign = factories.comment(session, factories.article(session, cast.other), cast.dee)
        held = factories.comment(session, cast.story, cast.bo, status=Status.HELD)

    for comment in (str(foreign.id), str(held.id), "0", "no", str(2**70)):
        body = {"site": "daily", "article": "story", "comment": comment, "following": "follow"}
        assert client.put("/api/v1/follows", json=body, headers=scene["tokens"]["ada"]).status_code == 404

    with db.reading() as session:
        assert session.query(Follow).count() == 0


def test_what_one_is_told_of_is_chosen_on_a_page(app, client, db, cast) -> None:
    csrf = sign_in(app, client, cast.ada)
    choice = {f"mail_{kind}": "never" for kind in NoticeKind} | {"mail_reply": "hourly", "page_mention": "y"}

    page = client.get("/auth/notices?site=daily", base_url=BASE)
    saved = send_form(client, "/auth/notices", {**choice, "site": "daily", "csrf_token": csrf})
    after = client.get(saved.headers["Location"], base_url=BASE)

    assert "How the comments of The Daily keep you informed" in page.text
    assert "Your e-mail address isn’t confirmed yet" in page.text
    assert saved.status_code == 303
    assert "Saved." in after.text
    with db.reading() as session:
        chosen = preferences_of(session, cast.ada.id, cast.daily.id)
        others = session.query(NoticePreference).filter(NoticePreference.person_id != cast.ada.id).count()
    assert chosen == {kind: Preference(False, MailPace.NEVER) for kind in NoticeKind} | {
        NoticeKind.REPLY: Preference(False, MailPace.HOURLY), NoticeKind.MENTION: Preference(True, MailPace.NEVER),
    }  # fmt: skip
    assert others == 0


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"site": "other"}, 404), ({"site": "nowhere"}, 404), ({"mail_reply": "daily' OR 1"}, 422),
        ({"csrf_token": "forged"}, 403),
    ],
)  # fmt: skip
def test_a_choice_that_isn_t_theirs_to_make_is_refused(app, client, db, cast, change, status) -> None:
    csrf = sign_in(app, client, cast.ada)
    choice = {f"mail_{kind}": "never" for kind in NoticeKind} | {"site": "daily", "csrf_token": csrf, **change}

    assert send_form(client, "/auth/notices", choice).status_code == status
    with db.reading() as session:
        assert session.query(NoticePreference).count() == 0


def test_one_lets_go_of_ones_own_threads_only(app, client, db, cast, scene) -> None:
    with db.writing() as session:
        for who in (cast.ada, cast.bo):
            notices.follow(session, cast.story, None, Following.FOLLOW, by=who, now=now_us())
        mine, theirs = (
            session.query(Follow).filter(Follow.person_id == who.id).one().id for who in (cast.ada, cast.bo)
        )
    csrf = sign_in(app, client, cast.ada)

    assert "Story story" in client.get("/auth/notices", base_url=BASE).text
    for follow_id in (theirs, mine):
        data = {"site": "daily", "follow": str(follow_id), "csrf_token": csrf}
        assert send_form(client, "/auth/notices/follows", data).status_code == 303

    with db.reading() as session:
        assert [row.person_id for row in session.query(Follow)] == [cast.bo.id]


def test_one_click_stops_the_mails_without_session_or_form_token(client, db, cast, scene) -> None:
    address = f"/unsubscribe/{notices.unsubscribe_token(SECRET, cast.ada.id, cast.daily.id)}"

    page = client.get(address)
    with db.reading() as session:
        before = preferences_of(session, cast.ada.id, cast.daily.id)[NoticeKind.REPLY].mail
    clicked = client.post(address, data={"List-Unsubscribe": "One-Click"}, headers={"Origin": "https://mail.example"})

    assert "Stop all mails" in page.text
    assert before == MailPace.DAILY
    assert clicked.status_code == 200
    assert "The mails have stopped" in clicked.text
    assert "Set-Cookie" not in clicked.headers
    assert "ada" not in (page.text + clicked.text).lower()
    with db.reading() as session:
        assert {how.mail for how in preferences_of(session, cast.ada.id, cast.daily.id).values()} == {MailPace.NEVER}
        assert preferences_of(session, cast.bo.id, cast.daily.id)[NoticeKind.REPLY].mail == MailPace.DAILY
        assert session.query(Notice).filter(Notice.mail_at.is_not(None), Notice.person_id == cast.ada.id).count() == 0


def test_a_token_is_good_for_its_person_and_site_only(client, db, cast) -> None:
    person, site, seal = notices.unsubscribe_token(SECRET, cast.ada.id, cast.daily.id).split(".")
    forged = [
        f"{cast.bo.id}.{site}.{seal}", f"{person}.{cast.other.id}.{seal}", f"{person}.{site}.{seal[:-1]}A",
        f"{person}.{site}.", f"0{person}.{site}.{seal}", "..", "é.1.a", f"{2**70}.1.{seal}", "x",
        notices.unsubscribe_token("another secret" * 3, cast.ada.id, cast.daily.id),
    ]  # fmt: skip

    for token in forged:
        assert client.get(f"/unsubscribe/{token}").status_code == 404
        assert client.post(f"/unsubscribe/{token}").status_code == 404
    with db.reading() as session:
        assert session.query(NoticePreference).count() == 0
