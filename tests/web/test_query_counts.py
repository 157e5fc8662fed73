"""Every list costs the same number of statements for one item as for thirty."""

import pytest

from commentsvc.actions import browsers, notices, sanctions
from commentsvc.enums import Following, NoticeKind, SanctionKind, Status
from commentsvc.store.db import now_us
from tests import factories
from tests.queries.test_threads import counted
from tests.web.test_matrix import begin_session

LISTS = {
    "thread": ("/api/v1/comments", {"site": "daily", "article": "{article}", "limit": "30"}),
    "replies": ("/api/v1/comments/{top}/replies", {"limit": "30"}),
    "one comment": ("/api/v1/comments/{top}", {}),
    "me": ("/api/v1/me", {"site": "daily", "article": "{article}"}),
    "mine on the site": ("/api/v1/me", {"site": "{site}"}),
    "all of mine": ("/api/v1/me/comments", {"site": "daily", "limit": "30"}),
    "cases": ("/api/v1/moderation/cases", {"site": "daily", "limit": "30"}),
    "history": ("/api/v1/moderation/comments/{top}/history", {}),
    "person": ("/api/v1/moderation/people/{who}", {}),
    "articles": ("/api/v1/moderation/articles", {"site": "daily", "limit": "30"}),
}


def fill(db, cast, count: int) -> tuple[dict[str, str], dict[str, str]]:
    with db.writing() as session:
        who = factories.person(session)
        membership = factories.member(session, who, cast.daily, "manager")
        article = factories.article(session, cast.daily)
        top = factories.comment(session, article, who)
        for _ in range(count):
            reply = factories.comment(session, article, cast.bo, parent=top)
            factories.comment(session, article, who, status=Status.HELD)
            factories.comment(session, article, cast.ada, parent=reply)
            factories.comment(session, factories.article(session, cast.daily), who)
        for _ in range(min(count, 10)):
            decision = factories.reject(session, top, cast.cam)
            factories.undo(session, decision, cast.cam)
        for _ in range(count):
            factories.sanction(session, who, cast.daily, SanctionKind.WARN)
            sanctions.add_note(session, who.id, body="Seen.", membership=membership, now=now_us())
        token = factories.bearer(session, who, cast.daily, *factories.STAFF)
    return {"article": article.key, "top": str(top.id), "site": "daily", "who": str(who.id)}, token


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_at_1_and_30(app, db, cast, name: str) -> None:
    path, query = LISTS[name]
    costs = []
    for count in (1, 30):
        ids, token = fill(db, cast, count)
        client = app.test_client()
        wanted = {key: value.format(**ids) for key, value in query.items()}
        with counted(app.extensions["commentsvc"].db) as statements:
            answer = client.get(path.format(**ids), query_string=wanted, headers=token)
        assert answer.status_code == 200
        costs.append(len(statements))

    assert costs[0] == costs[1]
    assert costs[0] <= 16


def test_claiming_costs_the_same_for_1_and_20(app, db, cast) -> None:
    costs = []
    for count in (1, 20):
        _, token = fill(db, cast, count)
        client = app.test_client()
        with counted(app.extensions["commentsvc"].db) as statements:
            answer = client.post("/api/v1/moderation/cases/claim", json={"site": "daily", "n": count}, headers=token)
        assert len(answer.get_json()["cases"]) == count
        costs.append(len(statements))

    assert costs[0] == costs[1]


def test_the_list_of_sessions_costs_the_same_for_1_and_20(app, db, cast) -> None:
    client, costs = app.test_client(), []
    begin_session(app, client, cast.ada)
    for count in (0, 20):
        with db.writing() as session:
            for _ in range(count):
                browsers.begin(session, cast.ada.id, agent="Firefox Linux", is_strong=False, now=now_us())
        with counted(app.extensions["commentsvc"].db) as statements:
            answer = client.get("/auth/sessions", base_url="https://127.0.0.1:8000")
        assert answer.text.count("Firefox on Linux</strong>") == count
        costs.append(len(statements))

    assert costs[0] == costs[1]


@pytest.mark.parametrize("path", ["/api/v1/notices?site=daily&limit=30", "/api/v1/follows?site=daily&article=story"])
def test_what_one_is_told_costs_the_same_at_1_and_30(app, db, cast, path: str) -> None:
    costs = []
    with db.writing() as session:
        token = factories.bearer(session, cast.ada, cast.daily)
    for count in (1, 29):
        with db.writing() as session:
            for _ in range(count):
                comment = factories.comment(session, cast.story, cast.bo)
                notices.tell_of(session, NoticeKind.MENTION, comment, [cast.ada.id], site=cast.daily, now=now_us())
                notices.follow(session, cast.story, comment.id, Following.FOLLOW, by=cast.ada, now=now_us())
        with counted(app.extensions["commentsvc"].db) as statements:
            answer = app.test_client().get(path, headers=token)
        assert len(answer.get_json().get("notices") or answer.get_json()["comments"]) in {count, 30}
        costs.append(len(statements))

    assert costs[0] == costs[1] <= 8
