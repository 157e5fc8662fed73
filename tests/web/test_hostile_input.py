"""What plain Flask gets wrong: each fault answers 4xx and changes nothing."""

import json

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from commentsvc.store.models import Comment
from tests import factories

DEEP = b"[" * 100_000
NESTED = b'{"a":' * 40 + b"1" + b"}" * 40


def post_json(body: bytes, **headers: str) -> dict[str, object]:
    return {"data": body, "headers": {"Content-Type": "application/json", **headers}}


@pytest.fixture
def ada(db, cast):
    with db.writing() as session:
        return factories.bearer(session, cast.ada, cast.daily)


@pytest.fixture
def comment_count(db):
    def count() -> int:
        with db.reading() as session:
            return session.scalar(select(func.count()).select_from(Comment)) or 0

    return count


def good(cast, body: str = "Fine.") -> dict[str, object]:
    return {
        "site": "daily",
        "article": {"key": "story", "url": cast.story.url, "title": cast.story.title},
        "body": body,
    }


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (DEEP[:60_000], 400),
        (NESTED, 400),
        (b"", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'"x"', 400),
        (b'{"body": NaN}', 400),
        (b'{"body": Infinity}', 400),
        (b'{"site": "daily", "site": "other"}', 400),
        ('{"site": "daily"}'.encode("utf-16"), 400),
        (b'{"site": "\xff"}', 400),
        (b'{"site": "\\ud800"}', 400),
        (b'{"site": "da\\u0000ily"}', 400),
        (b"1" * 5000, 400),
        (DEEP, 413),
        (b" " * 65_537, 413),
        (b"{}", 422),
        (b'{"site": 1}', 422),
    ],
)
def test_a_hostile_body_is_refused(client, cast, ada, comment_count, body: bytes, status: int) -> None:
    answer = client.post("/api/v1/comments", **post_json(body, **ada))

    assert answer.status_code == status
    assert set(answer.get_json()) == {"error"}
    assert comment_count() == 0


@pytest.mark.parametrize(
    "change",
    [
        {"body": "a\u0007b"}, {"body": " "}, {"body": "x" * 5001}, {"body": 7}, {"body": None}, {"surprise": 1},
        {"article": "story"}, {"article": {"key": "story"}}, {"nudge": "yes"}, {"nudge": 1}, {"parent": 5},
        {"site": ""}, {"site": ["daily"]},
    ],
)  # fmt: skip
def test_a_wrong_member_is_refused_by_name(client, cast, ada, comment_count, change) -> None:
    answer = client.post("/api/v1/comments", json={**good(cast), **change}, headers=ada)

    assert answer.status_code == 422
    assert answer.get_json()["error"]["field"].startswith(next(iter(change)))
    assert comment_count() == 0


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_another_content_type_is_415(client, cast, ada, media: str) -> None:
    body = json.dumps(good(cast)).encode()

    answer = client.post("/api/v1/comments", data=body, headers={**ada, "Content-Type": media})

    assert answer.status_code == 415


@pytest.mark.parametrize("number", [str(2**70), str(2**63), "-1", "0", "01", "1e3", "١", "x", "%00", "1%00", "9" * 400])
@pytest.mark.parametrize("path", ["/api/v1/comments/{}", "/api/v1/comments/{}/replies"])
def test_an_id_that_we_never_gave_is_not_found(client, cast, number: str, path: str) -> None:
    answer = client.get(path.format(number))

    assert answer.status_code == 404


@pytest.mark.parametrize("parent", [str(2**70), "x", "0", ""])
def test_a_parent_that_is_nobody_is_not_public(client, cast, ada, parent: str) -> None:
    answer = client.post("/api/v1/comments", json={**good(cast), "parent": parent}, headers=ada)

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "parent_not_public")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=101", "limit=x", "limit=-1", "limit=1e9", "sort=hot", "sort=", "after=zzz", "after=%ff",
        "surprise=1",
    ],
)  # fmt: skip
def test_a_wrong_query_is_422(client, cast, query: str) -> None:
    answer = client.get(f"/api/v1/comments?site=daily&article=story&{query}")

    assert answer.status_code == 422


@pytest.mark.parametrize("query", ["site=da%00ily&article=story", "site=daily&article=%00"])
def test_nul_in_an_address_is_refused_on_both_databases(client, cast, query: str) -> None:
    assert client.get(f"/api/v1/comments?{query}").status_code == 422


@pytest.mark.parametrize("since", ["", "yesterday", "2026-11-23", "2026-11-23T10:00:00", "9999-99-99T00:00:00Z"])
def test_a_wrong_time_is_422(client, cast, since: str) -> None:
    answer = client.get("/api/v1/comments/new", query_string={"site": "daily", "article": "story", "since": since})

    assert answer.status_code == 422


@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00+14:00", "0999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z"]
)
def test_a_time_is_one_that_we_can_write_or_422(client, db, cast, time: str) -> None:
    with db.writing() as session:
        cam = factories.bearer(session, cast.cam, cast.daily, *factories.STAFF)
    body = {"site": "daily", "key": "fresh", "url": "https://daily.example/fresh", "title": "Fresh"}

    answer = client.put("/api/v1/articles", json={**body, "published_at": time}, headers=cam)

    if time == "9999-12-31T23:59:59Z":
        assert (answer.status_code, answer.get_json()["published_at"]) == (201, "9999-12-31T23:59:59.000000Z")
    else:
        assert (answer.status_code, answer.get_json()["error"]["field"]) == (422, "published_at")


@pytest.mark.parametrize("key", [" story", "story ", "story\n", "cafe\u0301", "a\u202eb"])
def test_a_key_that_would_not_be_found_again_is_422(client, cast, ada, comment_count, key: str) -> None:
    article = {"key": key, "url": cast.story.url, "title": cast.story.title}
    before = comment_count()

    for _ in range(2):
        answer = client.post("/api/v1/comments", json={**good(cast), "article": article}, headers=ada)
        assert (answer.status_code, answer.get_json()["error"]["field"]) == (422, "article.key")

    assert comment_count() == before


@given(body=st.text(max_size=200))
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_round_trips_or_is_refused(client, cast, ada, body: str) -> None:
    answer = client.post("/api/v1/comments", json=good(cast, body), headers=ada)

    assert answer.status_code in {201, 400, 422}
    if answer.status_code == 201:
        made = answer.get_json()
        again = client.post("/api/v1/comments", json=good(cast, made["body"]), headers=ada).get_json()
        assert again["body"] == made["body"]
        if made["status"] == "published":
            assert client.get(f"/api/v1/comments/{made['id']}").get_json()["body"] == made["body"]


PATHS = [
    "/api/v1/config", "/api/v1/comments", "/api/v1/comments/1", "/api/v1/comments/1/vote", "/api/v1/comments/1/reports",
    "/api/v1/comments/1/appeal", "/api/v1/me", "/api/v1/counts", "/api/v1/articles", "/api/v1/token",
    "/api/v1/accounts", "/api/v1/moderation/cases", "/api/v1/moderation/decisions", "/auth/authorize", "/auth/sign-in",
    "/console",
]  # fmt: skip
QUERIES = st.dictionaries(
    st.sampled_from(["site", "article", "limit", "sort", "after", "key", "since", "q", "state"]), st.text(max_size=20)
)
LEAVES = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@given(
    method=st.sampled_from(["get", "post", "put", "patch", "delete"]),
    path=st.sampled_from(PATHS),
    query=QUERIES,
    body=st.binary(max_size=60) | DOCUMENTS.map(lambda document: json.dumps(document).encode()),
)
@hypothesis_settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_that_a_client_sends_is_a_5xx(client, cast, ada, method: str, path: str, query, body: bytes) -> None:
    answer = getattr(client, method)(path, query_string=query, **post_json(body, **ada))

    assert answer.status_code < 500
