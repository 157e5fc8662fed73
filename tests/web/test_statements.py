"""Is whoever a decision restricts told why, and can they appeal where they were told?"""

import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions import cases, decisions, duties, sanctions
from commentsvc.enums import Action, Guideline, SanctionKind, Status
from commentsvc.queries.statements import About, token_of
from commentsvc.store.db import now_us
from commentsvc.store.models import Appeal, Comment, Guidelines, Membership, Site
from tests import factories
from tests.actions.test_appeals import us
from tests.web.test_accounts import submit

HOME = "http://127.0.0.1:8000"


def me(client: Any, token: dict[str, str]) -> Any:
    return client.get("/api/v1/me", query_string={"site": "daily"}, headers=token).get_json()


@pytest.fixture
def rejection(db: Any, cast: Any) -> Any:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, "You <b>fool</b>!")
        decision = factories.reject(session, comment, cast.cam, message="No insults, please.")
        # What is promised today is not what was promised when it was decided.
        site = session.get_one(Site, cast.daily.id)
        items = [{"guideline": "courtesy", "title": "Another title", "text": "Other words."}]
        session.add(Guidelines(site_id=site.id, version=2, text="New.", items=items, created_at=now_us()))
        site.guidelines_version = 2
        token = factories.bearer(session, cast.ada, cast.daily)
    return decision, token


def test_author_is_told_what_why_by_whom_and_what_to_do(client: Any, rejection: Any) -> None:
    _, token = rejection
    (mine,) = me(client, token)["mine"]

    answer = client.get(mine["statement"].removeprefix(HOME))
    page = re.sub(r"\s+", " ", unescape(answer.text))

    assert answer.status_code == 200
    for words in (
        "Your comment was removed", "You &lt;b&gt;fool", "No insults, please.",
        "“Courtesy” (guidelines of The Daily, version 1): Mind courtesy.",
        "A person on the team decided", "The team noticed it by itself", "article 21",
    ):  # fmt: skip
        assert words.replace("&lt;", "<").replace("&gt;", ">") in page
    assert "<b>fool" not in answer.text
    for secret in ("Cam", "Another title"):
        assert secret not in page
    assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_api_tells_the_same(client: Any, rejection: Any) -> None:
    decision, token = rejection
    (mine,) = me(client, token)["mine"]

    found = client.get(f"/api/v1/statements/{mine['statement'].rpartition('/')[2]}").get_json()

    decided, until = found.pop("decided_at"), found["redress"].pop("appeal_until")
    assert decided < until == mine["appeal_until"]
    assert found == {
        "about": "decision", "comment": str(decision.comment_id), "restriction": "removed", "scope": "everywhere",
        "in_force": True, "until": None, "facts": "No insults, please.",
        "guideline": {"guideline": "courtesy", "version": 1, "title": "Courtesy", "text": "Mind courtesy."},
        "guidelines_version": 1, "legal_grounds": [], "detected_by": ["manager"], "automated": False,
        "redress": {"can_appeal": True, "out_of_court": ""}, "appeal": None,
    }  # fmt: skip


def test_a_held_comment_is_explained_as_automatic(client: Any, db: Any, cast: Any) -> None:
    with db.writing() as session:
        factories.comment(session, cast.story, cast.ada, "Hm.", status=Status.HELD)
        token = factories.bearer(session, cast.ada, cast.daily)
    (mine,) = me(client, token)["mine"]

    found = client.get(f"/api/v1/statements/{mine['statement'].rpartition('/')[2]}").get_json()

    assert (found["restriction"], found["automated"], found["detected_by"]) == ("held", True, ["automated"])
    assert found["redress"]["can_appeal"] is False
    assert "community manager decides about it" in client.get(mine["statement"].removeprefix(HOME)).text


def test_nobody_can_guess_or_change_an_address(client: Any, rejection: Any) -> None:
    decision, token = rejection
    address = me(client, token)["mine"][0]["statement"].removeprefix(HOME)
    head, _, signature = address.partition("-")

    changed = "0" if signature[-1] != "0" else "1"
    for wrong in (
        f"{head}-{signature[:-1]}{changed}", f"{head}-", head, f"/statement/d{decision.id + 1}-{signature}",
        f"/statement/s{decision.id}-{signature}", f"/statement/d{2**70}-{signature}", f"{address}0",
        "/statement/d1-é", f"/statement/d0{decision.id}-{signature}x",
    ):  # fmt: skip
        assert client.get(wrong).status_code == 404, wrong
    assert token_of(About.DECISION, decision.id, secret="another") != address.rpartition("/")[2]


def test_who_has_the_address_can_appeal_once_without_script(client: Any, db: Any, cast: Any, rejection: Any) -> None:
    decision, token = rejection
    address = me(client, token)["mine"][0]["statement"].removeprefix(HOME)

    empty = submit(client, address, message="")
    assert (empty.status_code, "Please say why." in empty.text) == (422, True)
    assert client.post(address, data={"message": "No token."}).status_code == 403
    field = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)
    assert field
    sent, again = (
        client.post(address, data={"csrf_token": field[1], "message": text})
        for text in ("It was a quotation.", "Again.")
    )

    assert (sent.status_code, again.status_code) == (303, 409)
    with db.reading() as session:
        (made,) = session.scalars(select(Appeal)).all()
    assert (made.decision_id, made.person_id, made.message) == (decision.id, cast.ada.id, "It was a quotation.")
    page = unescape(client.get(sent.location).text)
    assert "We have your appeal" in page
    assert "waits for a community manager" in page
    (mine,) = me(client, token)["mine"]
    assert (mine["can_appeal"], mine["appeal"]["state"], mine["appeal"]["outcome"]) == (False, "open", None)


def test_time_runs_out_at_the_same_moment_on_the_page(client: Any, db: Any, cast: Any) -> None:
    then = us("2026-01-15T00:00:00")
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, now=then)
        decision = factories.reject(session, comment, cast.cam, now=then)
        secret = client.application.extensions["commentsvc"].settings.secret_key
        address = f"/statement/{token_of(About.DECISION, decision.id, secret=secret)}"

    page = client.get(address).text

    assert "<textarea" not in page
    assert "The time for an appeal" in page


def test_outcome_stands_on_the_page(client: Any, db: Any, cast: Any, rejection: Any) -> None:
    decision, token = rejection
    address = me(client, token)["mine"][0]["statement"].removeprefix(HOME)
    submit(client, address, message="It was a quotation.")
    with db.writing() as session:
        about = session.get_one(Comment, decision.comment_id)
        latest = cases.find_latest_case(session, about.id)
        decisions.decide(
            session, about, Status.REJECTED, action=Action.REJECT, by=cast.eve, revision=1, seen=latest.version,
            guideline=Guideline.COURTESY, message="A quotation doesn't excuse it.", now=now_us(),
        )  # fmt: skip

    page = unescape(client.get(address).text)

    assert "the decision stands" in page
    assert "A quotation doesn't excuse it." in page
    assert "This no longer holds" not in page


def test_a_banned_reader_reads_why_and_appeals(client: Any, db: Any, cast: Any) -> None:
    with db.writing() as session:
        cam, eve = (session.get_one(Membership, (who.id, cast.daily.id)) for who in (cast.cam, cast.eve))
        sanctions.sanction(
            session, cast.ada.id, kind=SanctionKind.BAN, reason="Spam on 40 articles.", membership=cam, now=now_us()
        )
        duties.save_settings(
            session, membership=eve, complaints=True, misuse=False, transparency=False, misuse_from=3,
            out_of_court="The Press Council, council.example", now=now_us(),
        )  # fmt: skip
        token, other = factories.bearer(session, cast.ada, cast.daily), factories.bearer(session, cast.bo, cast.daily)
    (told,) = me(client, token)["sanctions"]
    page = unescape(client.get(told["statement"].removeprefix(HOME)).text)
    assert "You are banned" in page
    assert "Spam on 40 articles." in page
    assert "The guidelines of The Daily, version 1" in page
    assert "The Press Council, council.example" in page

    path, body = f"/api/v1/me/sanctions/{told['id']}/appeal", {"site": "daily", "message": "It wasn't me."}
    assert client.post(path, json=body, headers=other).status_code == 404
    made = client.post(path, json=body, headers=token)
    again = client.post(path, json=body, headers=token)

    assert (made.status_code, again.status_code) == (201, 409)
    assert made.get_json()["sanction"] == told["id"]
    (told,) = me(client, token)["sanctions"]
    assert (told["can_appeal"], told["appeal"]["state"]) == (False, "open")
