"""Managers' scripts: the queue, decisions, undo, history and articles, with a personal token."""

import json
from typing import Any

import pytest

from commentsvc.actions import accounts, reporting
from commentsvc.enums import Guideline, ReportReason, Role, Scope, Status
from commentsvc.moderation.terms import Signal
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Comment
from commentsvc.web import case_answers
from tests import factories
from tests.conftest import Cast
from tests.queries.test_threads import counted

MODERATION = "/api/v1/moderation"


@pytest.fixture
def cam(db: Database, cast: Cast) -> dict[str, str]:
    """The header that carries cam's token."""
    with db.writing() as session:
        return factories.bearer(session, cast.cam, cast.daily, Scope.READER, Scope.MODERATE)


def held(db: Database, cast: Cast, *, count: int = 1, **more: Any) -> list[str]:
    """Hold comments and return their ids."""
    with db.writing() as session:
        made = [
            factories.comment(session, cast.story, cast.ada, status=Status.HELD, now=now_us() - 60_000_000 + n, **more)
            for n in range(count)
        ]
        return [str(comment.id) for comment in made]


def cases(client: Any, cam: dict[str, str], **query: object) -> list[dict[str, Any]]:
    answer = client.get(f"{MODERATION}/cases", query_string={"site": "daily", **query}, headers=cam)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()["cases"]


def test_answers_keep_what_the_document_promises(client, db: Database, cast: Cast, cam: dict[str, str]) -> None:
    with db.writing() as session:
        parent = factories.comment(session, cast.story, cast.bo)
        about = factories.comment(
            session, cast.story, cast.ada, parent=parent, signals=[Signal("words", Guideline.COURTESY, score=0.5)]
        )
        reporting.report(
            session, comment_id=about.id, revision=1, reason=ReportReason.LEGAL, detail="", by=cast.bo, now=now_us()
        )
    get = {"query_string": {"site": "daily"}, "headers": cam}

    listed = client.get(f"{MODERATION}/cases", **get)
    seen = {"id": str(about.id), "revision": 1, "seen": listed.get_json()["cases"][0]["version"]}
    done = decide(client, cam, seen, action="reject", guideline="legal")
    late = decide(client, cam, seen, action="approve")
    history = client.get(f"{MODERATION}/comments/{about.id}/history", headers=cam)
    articles = client.get(f"{MODERATION}/articles", **get)

    for answer, promise in [
        (listed, case_answers.CasesOut),
        (done, case_answers.DecisionsOut),
        (late, case_answers.DecisionsOut),
        (history, case_answers.HistoryOut),
        (articles, case_answers.ArticlesOut),
    ]:
        assert answer.status_code == 200
        promise.model_validate(answer.get_json())


def decide(client: Any, cam: dict[str, str], *comments: dict[str, Any], **body: object) -> Any:
    return client.post(f"{MODERATION}/decisions", json={"comments": list(comments), **body}, headers=cam)


def test_cases_carry_what_a_script_needs(client, db: Database, cast: Cast, cam: dict[str, str]) -> None:
    signal = Signal(
        "toxicity", Guideline.COURTESY, score=0.9, spans=((0, 4),), labels={"insult": 0.9, "threat": None},
        engine="embedded", version="7",
    )  # fmt: skip
    with db.writing() as session:
        parent = factories.comment(session, cast.story, cast.bo, "What a ferry.")
        about = factories.comment(
            session, cast.story, cast.ada, "Rude reply", status=Status.HELD, parent=parent, signals=[signal]
        )

    (case,) = cases(client, cam)

    assert case["state"] == "open"
    assert case["reasons"] == ["held"]
    assert case["guideline"] == "courtesy"
    assert case["lease"] is None
    assert 0 < case["priority"] < 100
    assert case["comment"]["id"] == str(about.id)
    assert (case["comment"]["body"], case["comment"]["revision"]) == ("Rude reply", 1)
    assert case["comment"]["status"] == "held"
    assert case["parent"]["body"] == "What a ferry."
    assert case["article"] == {
        "key": "story", "title": "Story story", "url": "https://daily.example/story", "lead": "", "state": "open",
        "mode": None, "comment_count": 1, "open_cases": 1,
    }  # fmt: skip
    assert case["author"] == {
        "id": str(cast.ada.id), "name": "Ada Holm", "badge": None, "created_at": case["author"]["created_at"],
        "published": 0, "rejected": 0, "sanctions": [],
    }  # fmt: skip
    assert case["signals"] == [
        {
            "check": "toxicity", "guideline": "courtesy", "state": "observed", "score": 0.9, "message": "",
            "spans": [[0, 4]], "labels": {"insult": 0.9, "threat": None}, "closeness": {}, "engine": "embedded",
                "version": "7",
        }
    ]  # fmt: skip
    assert (case["reports"], case["report_count"]) == ([], 0)


def test_cases_show_reports_with_who_made_them(client, db: Database, cast: Cast, cam: dict[str, str]) -> None:
    with db.writing() as session:
        about = factories.comment(session, cast.story, cast.ada)
        reporting.report(
            session, comment_id=about.id, revision=1, reason=ReportReason.LEGAL, detail="Libel.", by=cast.bo,
            now=now_us(),
        )  # fmt: skip

    (case,) = cases(client, cam)

    (report,) = case["reports"]
    assert (report["reason"], report["detail"], report["by"]["name"]) == ("legal", "Libel.", "Bo Lind")
    assert case["comment"]["status"] == "published"


def test_cases_walk_by_cursor_and_filter(client, db: Database, cast: Cast, cam: dict[str, str]) -> None:
    ids = held(db, cast, count=7)
    held(db, cast, guideline=Guideline.SPAM, body="Cheap pills")
    seen: list[str] = []
    after: str | None = None

    while not seen or after:
        query = {"site": "daily", "guideline": "courtesy", "sort": "oldest", "limit": 3, "after": after or ""}
        page = client.get(f"{MODERATION}/cases", query_string=query, headers=cam).get_json()
        seen += [case["comment"]["id"] for case in page["cases"]]
        after = page["next"]

    assert seen == ids
    assert [case["comment"]["body"] for case in cases(client, cam, q="PILLS")] == ["Cheap pills"]
    assert cases(client, cam, reason="reported") == []
    assert cases(client, cam, state="closed") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"state": "done"}, "state"),
        ({"reason": "3"}, "reason"),
        ({"guideline": "taste"}, "guideline"),
        ({"sort": "best"}, "sort"),
        ({"limit": "101"}, "limit"),
        ({"after": "x"}, "after"),
        ({"state": "closed", "sort": "priority"}, "sort"),
        ({"page": "2"}, "page"),
    ],
)
def test_cases_refuse_what_they_do_not_know(client, cam: dict[str, str], query: dict[str, str], field: str) -> None:
    answer = client.get(f"{MODERATION}/cases", query_string={"site": "daily", **query}, headers=cam)

    assert answer.status_code == 422
    assert answer.get_json()["error"]["field"] == field


def test_decisions_publish_reject_and_say_so(client, db: Database, cast: Cast, cam: dict[str, str]) -> None:
    held(db, cast, count=2)
    first, second = (
        {"id": case["comment"]["id"], "revision": 1, "seen": case["version"]} for case in cases(client, cam)
    )

    approved = decide(client, cam, first, action="approve").get_json()
    rejected = decide(
        client, cam, second, action="reject", guideline="courtesy", message="Be kind.", note="Again."
    ).get_json()

    assert approved["results"] == [
        {
            "id": first["id"], "result": "done", "decision": approved["results"][0]["decision"],
            "status": "published", "revision": 1, "version": first["seen"] + 1,
        }
    ]  # fmt: skip
    assert rejected["results"][0]["status"] == "rejected"
    assert approved["batch"] != rejected["batch"]
    assert cases(client, cam) == []
    assert len(cases(client, cam, state="closed")) == 2


def test_decisions_that_come_too_late_are_conflicts_and_change_nothing(
    client, db: Database, cast: Cast, cam: dict[str, str]
) -> None:
    (stale,) = held(db, cast)
    (case,) = cases(client, cam)
    seen = {"id": stale, "revision": 1, "seen": case["version"]}
    decide(client, cam, seen, action="approve")

    late = decide(client, cam, seen, action="reject", guideline="spam")
    unseen = decide(client, cam, {"id": stale, "revision": 1}, action="reject", guideline="spam")
    older = decide(client, cam, {**seen, "revision": 9, "seen": case["version"] + 1}, action="withhold")

    for answer in (late, unseen, older):
        (result,) = answer.get_json()["results"]
        assert answer.status_code == 200
        assert (result["result"], result["status"], result["version"]) == ("conflict", "published", case["version"] + 1)
        assert "decision" not in result
    with db.reading() as session:
        assert session.get_one(Comment, int(stale)).status == Status.PUBLISHED
    history = client.get(f"{MODERATION}/comments/{stale}/history", headers=cam).get_json()["decisions"]
    assert [entry["action"] for entry in history] == ["approve", "withhold"]


@pytest.mark.parametrize(
    "body",
    [
        {"action": "approve"},
        {"comments": [], "action": "approve"},
        {"comments": [{"id": "1", "revision": 1}] * 101, "action": "approve"},
        {"comments": [{"id": "1", "revision": 1}], "action": "publish"},
        {"comments": [{"id": "1", "revision": 0}], "action": "approve"},
        {"comments": [{"id": "1", "revision": True}], "action": "approve"},
        {"comments": [{"id": 1, "revision": 1}], "action": "approve"},
        {"comments": [{"id": "1", "revision": 1}], "action": "reject"},
        {"comments": [{"id": "1", "revision": 1}], "action": "reject", "guideline": "taste"},
        {"comments": [{"id": "1", "revision": 1}], "action": "approve", "status": "published"},
    ],
)
def test_decisions_refuse_malformed_ones(client, cam: dict[str, str], body: dict[str, Any]) -> None:
    answer = client.post(f"{MODERATION}/decisions", json=body, headers=cam)

    assert answer.status_code == 422


@pytest.mark.parametrize("comment_id", ["9999", "0", "-1", "x", str(2**70), "１"])
def test_decisions_about_no_comment_are_404(client, cam: dict[str, str], comment_id: str) -> None:
    answer = decide(client, cam, {"id": comment_id, "revision": 1}, action="approve")

    assert answer.status_code == 404


def test_decisions_with_a_key_are_made_once(client, db: Database, cast: Cast, cam: dict[str, str]) -> None:
    (held_id,) = held(db, cast)
    (case,) = cases(client, cam)
    body = {"comments": [{"id": held_id, "revision": 1, "seen": case["version"]}], "action": "approve"}
    headers = {**cam, "Idempotency-Key": "one"}

    first, again = (client.post(f"{MODERATION}/decisions", json=body, headers=headers) for _ in range(2))

    assert first.get_json() == again.get_json()
    assert first.get_json()["results"][0]["result"] == "done"


def test_undo_takes_a_decision_back_once(client, db: Database, cast: Cast, cam: dict[str, str]) -> None:
    (held_id,) = held(db, cast)
    (case,) = cases(client, cam)
    seen = {"id": held_id, "revision": 1, "seen": case["version"]}
    decision = decide(client, cam, seen, action="approve").get_json()["results"][0]["decision"]

    undone = client.post(f"{MODERATION}/decisions/{decision}/undo", headers=cam)
    again = client.post(f"{MODERATION}/decisions/{decision}/undo", headers=cam)

    (result,) = undone.get_json()["results"]
    (open_again,) = cases(client, cam)
    assert (undone.status_code, result["result"], result["status"]) == (200, "done", "held")
    assert result["version"] == open_again["version"]
    assert open_again["id"] == case["id"]
    assert again.status_code == 409
    assert again.get_json()["error"]["code"] == "conflict"


def test_history_names_every_decision_with_its_reason(client, db: Database, cast: Cast, cam: dict[str, str]) -> None:
    with db.writing() as session:
        about = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        factories.reject(session, about, cast.eve, message="Be kind.")

    answer = client.get(f"{MODERATION}/comments/{about.id}/history", headers=cam).get_json()

    by_eve, by_rule = answer["decisions"]
    assert answer["comment"] == str(about.id)
    assert (by_eve["action"], by_eve["from"], by_eve["to"]) == ("reject", "held", "rejected")
    assert by_eve["by"] == {"id": str(cast.eve.id), "name": "Eve Okoro", "badge": "admin"}
    assert (by_eve["guideline"], by_eve["message"], by_eve["can_undo"]) == ("courtesy", "Be kind.", True)
    assert (by_rule["by"], by_rule["rule"], by_rule["from"], by_rule["can_undo"]) == (None, "words", None, False)


def test_articles_are_listed_with_their_counts(client, db: Database, cast: Cast, cam: dict[str, str]) -> None:
    held(db, cast)
    with db.writing() as session:
        factories.article(session, cast.other, "theirs")

    answer = client.get(f"{MODERATION}/articles?site=daily&sort=cases", headers=cam).get_json()

    assert answer == {
        "articles": [
            {
                "key": "story", "title": "Story story", "url": "https://daily.example/story", "state": "open",
                "mode": None, "comment_count": 0, "open_cases": 1,
            }
        ],
        "next": None,
    }  # fmt: skip


def test_cases_cost_as_many_queries_for_thirty_as_for_one(
    app, client, db: Database, cast: Cast, cam: dict[str, str]
) -> None:
    held(db, cast, count=30, signals=[Signal("toxicity", Guideline.COURTESY, score=0.9)])

    costs = []
    for limit in (1, 30):
        with counted(app.extensions["commentsvc"].db) as statements:
            assert len(cases(client, cam, limit=limit)) == limit
        costs.append(len(statements))

    assert costs[0] == costs[1] <= 16


CALLS = [
    ("GET", "cases?site=daily", None),
    ("POST", "decisions", {"comments": [{"id": "{comment}", "revision": 1}], "action": "approve"}),
    ("POST", "decisions/{decision}/undo", None),
    ("GET", "comments/{comment}/history", None),
    ("GET", "articles?site=daily", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
@pytest.mark.parametrize(
    ("who", "expected"), [(None, 401), ("ada", 403), ("cam", 200), ("eve", 200), ("dee", 404), ("gone", 403)]
)
def test_calls_are_for_the_sites_own_managers(
    client, db: Database, cast: Cast, who: str | None, expected: int, method: str, path: str, body: Any
) -> None:
    with db.writing() as session:
        about = factories.comment(session, cast.story, cast.bo, status=Status.HELD)
        decision = factories.reject(session, factories.comment(session, cast.story, cast.bo), cast.cam)
        headers: dict[str, str] = {}
        if who is not None:
            person = cast.cam if who == "gone" else getattr(cast, who)
            home = cast.other if who == "dee" else cast.daily
            scopes = [Scope.READER] if who == "ada" else [Scope.READER, Scope.MODERATE]
            headers = factories.bearer(session, person, home, *scopes)
        if who == "gone":
            accounts.set_role(session, person, home, Role.READER)
    names = {"comment": str(about.id), "decision": str(decision.id)}
    url = f"{MODERATION}/{path.format(**names)}"
    sent = json.loads(json.dumps(body).replace("{comment}", names["comment"])) if body else None

    answer = client.open(url, method=method, json=sent, headers=headers)

    assert answer.status_code == expected, answer.get_json()
    if expected == 404:
        assert "daily" not in answer.get_data(as_text=True)
    with db.reading() as session:
        changed = expected == 200 and method == "POST" and path == "decisions"
        status = session.get_one(Comment, about.id).status
    assert status == (Status.PUBLISHED if changed else Status.HELD)


def test_claim_hands_out_the_most_urgent_and_says_who_has_them(
    client, db: Database, cast: Cast, cam: dict[str, str]
) -> None:
    ids = held(db, cast, count=3)

    answer = client.post(f"{MODERATION}/cases/claim", json={"site": "daily", "n": 2}, headers=cam)
    again = client.post(f"{MODERATION}/cases/claim", json={"site": "daily", "n": 20}, headers=cam)

    case_answers.ClaimedOut.model_validate(answer.get_json())
    claimed = answer.get_json()["cases"]
    assert [case["comment"]["id"] for case in claimed] == ids[:2]
    assert [case["comment"]["id"] for case in again.get_json()["cases"]] == ids[2:]
    assert {case["lease"]["by"]["name"] for case in claimed} == {"Cam Reyes"}
    assert [case["lease"]["by"]["name"] for case in cases(client, cam)] == ["Cam Reyes"] * 3


@pytest.mark.parametrize("body", [{"n": 0}, {"n": 21}, {"n": "2"}, {"n": 1.5}, {"n": True}, {}, {"n": 1, "q": "x"}])
def test_claim_refuses_what_it_does_not_know(client, cam: dict[str, str], body: dict[str, Any]) -> None:
    answer = client.post(f"{MODERATION}/cases/claim", json={"site": "daily", **body}, headers=cam)

    assert answer.status_code == 422


def test_a_claim_repeated_with_its_key_is_answered_the_same(
    client, db: Database, cast: Cast, cam: dict[str, str]
) -> None:
    held(db, cast, count=3)
    headers = {**cam, "Idempotency-Key": "once"}

    first, second = (
        client.post(f"{MODERATION}/cases/claim", json={"site": "daily", "n": 1}, headers=headers) for _ in range(2)
    )

    assert first.get_json() == second.get_json()
    assert [case["lease"] is None for case in cases(client, cam)] == [False, True, True]


def test_cases_filter_by_label_section_trust_and_waiting(client, db: Database, cast: Cast, cam: dict[str, str]) -> None:
    toxic = Signal("toxicity", Guideline.COURTESY, score=0.9, labels={"insult": 0.9})
    held(db, cast, body="Rude", signals=[toxic])
    held(db, cast, body="Calm")

    bodies = [
        [case["comment"]["body"] for case in cases(client, cam, **query)]
        for query in (
            {"label": "insult"}, {"label": "threat"}, {"section": "Sport"}, {"trust": "new"}, {"trust": "trusted"},
            {"waiting": 24}, {"q": "ca"},
        )
    ]  # fmt: skip

    assert bodies == [["Rude"], [], [], ["Rude", "Calm"], [], [], ["Calm"]]
