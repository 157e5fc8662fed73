"""Does everybody find all that they wrote, and nobody else's, with what became of it?"""

from flask import Flask

from commentsvc.enums import Status
from commentsvc.store.db import Database
from tests import factories
from tests.conftest import Cast
from tests.web.test_matrix import begin_session

HTTPS = "https://127.0.0.1:8000"


def test_all_of_mine_come_page_by_page_with_what_was_decided(app: Flask, db: Database, cast: Cast) -> None:
    with db.writing() as session:
        bodies = [f"Mine, number {number}." for number in range(5)]
        for body, status in zip(bodies, [*Status, Status.PUBLISHED], strict=False):
            factories.comment(session, cast.story, cast.ada, body, status=status)
        factories.comment(session, cast.story, cast.bo, "Somebody else's.")
        other = factories.site(session, "elsewhere")
        factories.comment(session, factories.article(session, other), cast.ada, "On another site.")
        token = factories.bearer(session, cast.ada, cast.daily)
    client, found, after = app.test_client(), [], None
    while True:
        query = {"site": "daily", "limit": "2", **({"after": after} if after else {})}
        answer = client.get("/api/v1/me/comments", query_string=query, headers=token).get_json()
        found += answer["comments"]
        after = answer["next"]
        if after is None:
            break

    assert [one["body"] for one in found] == bodies[::-1]
    assert {one["status"] for one in found} == set(Status)
    assert [one["guideline"] for one in found if one["status"] == Status.REJECTED] == ["courtesy"]
    for wrong in ({"limit": "0"}, {"after": "x"}, {"surprise": "1"}):
        refused = client.get("/api/v1/me/comments", query_string={"site": "daily", **wrong}, headers=token)
        assert refused.status_code == 422
    assert client.get("/api/v1/me/comments?site=other", headers=token).status_code == 403


def test_the_page_lists_them_on_every_site(app: Flask, db: Database, cast: Cast) -> None:
    client = app.test_client()
    begin_session(app, client, cast.ada)
    with db.writing() as session:
        public = factories.comment(session, cast.story, cast.ada, "A <b>bold</b> remark.").id
        factories.comment(session, cast.story, cast.ada, "Too rude.", status=Status.REJECTED)
        factories.comment(session, cast.story, cast.bo, "Somebody else's.")
        other = factories.site(session, "elsewhere", name="The Elsewhere")
        for number in range(20):
            factories.comment(session, factories.article(session, other), cast.ada, f"There, number {number}.")

    first = client.get("/auth/comments", base_url=HTTPS).get_data(as_text=True)
    older = client.get(
        "/auth/comments?after=" + first.partition("?after=")[2].partition('"')[0], base_url=HTTPS
    ).get_data(as_text=True)

    assert first.count("There, number") == 20
    assert "The Elsewhere" in first
    assert "A &lt;b&gt;bold&lt;/b&gt; remark." in older
    assert f"/articles/daily/story?comment={public}" in older
    assert "Not published" in older
    assert "/statement/" in older
    assert "Show older" not in older
    assert "Somebody else" not in first + older


def test_who_wrote_nothing_is_told_so(app: Flask, db: Database, cast: Cast) -> None:
    client = app.test_client()
    begin_session(app, client, cast.ada)

    assert "You haven’t written anything yet." in client.get("/auth/comments", base_url=HTTPS).get_data(as_text=True)
    assert client.get("/auth/comments?after=x", base_url=HTTPS).status_code == 422
