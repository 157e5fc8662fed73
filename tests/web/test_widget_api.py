"""The readers' API: answers hold their promises, public bytes are the same for all, repeats are one comment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from commentsvc.actions import decisions
from commentsvc.app import create_app
from commentsvc.enums import Action, Guideline, Status
from commentsvc.moderation.pipeline import Judge
from commentsvc.store.db import now_us
from commentsvc.store.models import Article, Comment, IdempotencyKey, RuleChange, SignalRow, Site
from commentsvc.web import answers, times
from tests import factories

CALM = "The new ferry timetable leaves out everyone who works the early shift."


@pytest.fixture
def tokens(db, cast) -> dict[str, dict[str, str]]:
    with db.writing() as session:
        return {
            "ada": factories.bearer(session, cast.ada, cast.daily),
            "bo": factories.bearer(session, cast.bo, cast.daily),
        }


def body_of(cast, body: str = CALM, **more: Any) -> dict[str, Any]:
    article = {"key": "story", "url": cast.story.url, "title": cast.story.title}
    return {"site": "daily", "article": article, "body": body, **more}


def post(client, cast, token, body: str = CALM, **more: Any):
    return client.post("/api/v1/comments", json=body_of(cast, body, **more), headers=token)


def thread(client, **query: Any) -> dict[str, Any]:
    return client.get("/api/v1/comments", query_string={"site": "daily", "article": "story", **query}).get_json()


def test_a_clean_comment_appears_at_once_for_everyone(client, cast, tokens) -> None:
    made = post(client, cast, tokens["ada"])

    answers.OwnCommentOut.model_validate(made.get_json())
    page = answers.ThreadOut.model_validate(thread(client))
    assert (made.status_code, made.get_json()["status"]) == (201, "published")
    assert [comment.body for comment in page.comments] == [CALM]
    assert page.comments[0].author is not None
    assert page.comments[0].author.name == "Ada Holm"
    assert page.article.comment_count == 1


def test_every_signal_is_stored_with_its_engine_and_version(client, db, cast, tokens) -> None:
    post(client, cast, tokens["ada"])

    with db.reading() as session:
        rows = session.scalars(select(SignalRow)).all()
    assert {row.check for row in rows} == set(Judge.check_names)
    assert all(row.engine and row.version for row in rows)


def test_a_rude_comment_is_held_and_only_its_author_hears_of_it(client, cast, tokens) -> None:
    made = post(client, cast, tokens["ada"], "You stupid fucking idiot, shut up.").get_json()

    me = client.get("/api/v1/me?site=daily&article=story", headers=tokens["ada"]).get_json()
    others = client.get("/api/v1/me?site=daily&article=story", headers=tokens["bo"]).get_json()
    answers.MeOut.model_validate(me)
    assert made["status"] == "held"
    assert made["reasons"][0]["guideline"] == "courtesy"
    assert [(own["id"], own["status"], own["guideline"]) for own in me["mine"]] == [(made["id"], "held", "courtesy")]
    assert others["mine"] == []
    assert thread(client)["comments"] == []
    assert thread(client)["article"]["comment_count"] == 0
    for path in (f"/api/v1/comments/{made['id']}", f"/api/v1/comments/{made['id']}/replies"):
        assert client.get(path).status_code == 404


def test_a_nudge_stores_nothing_and_names_guideline_and_words(client, db, cast, tokens) -> None:
    text = "You stupid fucking idiot, shut up."

    nudged = post(client, cast, tokens["ada"], text, nudge=True)

    error = nudged.get_json()["error"]
    assert (nudged.status_code, error["code"], error["details"]["guideline"]) == (409, "nudge", "courtesy")
    assert error["details"]["spans"]
    assert all(0 <= start < end <= len(text) for start, end in error["details"]["spans"])
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Comment)) == 0
    assert post(client, cast, tokens["ada"], text).get_json()["status"] == "held"


def test_the_author_is_told_of_a_rejection_and_its_reason_and_can_appeal_once(client, db, cast, tokens) -> None:
    made = post(client, cast, tokens["ada"]).get_json()
    with db.writing() as session:
        comment = session.get_one(Comment, int(made["id"]))
        decision = decisions.decide(
            session, comment, Status.REJECTED, action=Action.REJECT, by=cast.cam, revision=1,
            guideline=Guideline.COURTESY, message="Please argue without insults.", now=now_us(),
        )  # fmt: skip

    me = client.get("/api/v1/me?site=daily&article=story", headers=tokens["ada"]).get_json()
    appeal = f"/api/v1/comments/{made['id']}/appeal"
    first = client.post(appeal, json={"message": "I insulted nobody."}, headers=tokens["ada"])
    second = client.post(appeal, json={"message": "Really."}, headers=tokens["ada"])
    after = client.get("/api/v1/me?site=daily&article=story", headers=tokens["ada"]).get_json()

    (own,) = me["mine"]
    assert (own["status"], own["guideline"], own["message"], own["decision"], own["can_appeal"]) == (
        "rejected", "courtesy", "Please argue without insults.", str(decision.id), True,
    )  # fmt: skip
    assert me["notices"]["unread"] == 1
    assert (first.status_code, second.status_code) == (201, 409)
    assert after["mine"][0]["can_appeal"] is False


def test_edit_and_withdraw_by_the_author(client, cast, tokens) -> None:
    made = post(client, cast, tokens["ada"]).get_json()
    path = f"/api/v1/comments/{made['id']}"

    edited = client.patch(path, json={"body": "Better said: https://a.example"}, headers=tokens["ada"])
    gone = client.delete(path, headers=tokens["ada"])

    assert (edited.status_code, edited.get_json()["revision"], edited.get_json()["links"]) == (200, 2, [[13, 30]])
    assert (gone.status_code, gone.data) == (204, b"")
    assert client.get(path).status_code == 404


def test_tombstone_has_no_author_body_or_links(client, db, cast, tokens) -> None:
    made = post(client, cast, tokens["ada"], "Read https://a.example first, then complain about ferries.").get_json()
    post(client, cast, tokens["bo"], "I did, and I still do complain.", parent=made["id"])

    client.delete(f"/api/v1/comments/{made['id']}", headers=tokens["ada"])

    (tombstone,) = thread(client)["comments"]
    assert (tombstone["status"], tombstone["author"], tombstone["body"], tombstone["links"]) == (
        "withdrawn",
        None,
        None,
        [],
    )
    assert len(tombstone["replies"]["comments"]) == 1
    assert "Ada" not in str(tombstone)


def test_vote_counts_and_is_remembered(client, cast, tokens) -> None:
    made = post(client, cast, tokens["ada"]).get_json()
    path = f"/api/v1/comments/{made['id']}/vote"

    voted = client.put(path, json={"value": 1}, headers=tokens["bo"])
    own = client.put(path, json={"value": 1}, headers=tokens["ada"])

    answers.VoteOut.model_validate(voted.get_json())
    assert voted.get_json() == {"value": 1, "votes": {"up": 1, "down": 0}}
    assert own.status_code == 403
    me = client.get("/api/v1/me?site=daily&article=story", headers=tokens["bo"]).get_json()
    assert me["votes"] == {made["id"]: 1}


@pytest.mark.parametrize("value", [2, True, "1", None, 0.5])
def test_vote_takes_only_three_values(client, cast, tokens, value: object) -> None:
    made = post(client, cast, tokens["ada"]).get_json()

    answer = client.put(f"/api/v1/comments/{made['id']}/vote", json={"value": value}, headers=tokens["bo"])

    assert answer.status_code == 422


def test_report_is_stored_once_a_person_and_revision(client, cast, tokens) -> None:
    made = post(client, cast, tokens["ada"]).get_json()
    path = f"/api/v1/comments/{made['id']}/reports"

    statuses = [
        client.post(path, json={"revision": revision, "reason": "courtesy"}, headers=tokens["bo"]).status_code
        for revision in (1, 1, 2)
    ]

    assert statuses == [201, 409, 422]


def test_public_answers_are_the_same_bytes_for_all_with_and_without_token(client, cast, tokens) -> None:
    post(client, cast, tokens["ada"])
    for path in ("/api/v1/comments?site=daily&article=story", "/api/v1/config?site=daily", "/api/v1/comments/1"):
        anonymous, reader = client.get(path), client.get(path, headers={**tokens["ada"], "Cookie": "x=y"})

        assert anonymous.data == reader.data
        assert anonymous.headers["ETag"] == reader.headers["ETag"]
        assert anonymous.headers["Access-Control-Allow-Origin"] == "*"
        assert "ETag" in anonymous.headers["Access-Control-Expose-Headers"]
        assert "public" in anonymous.headers["Cache-Control"]
        assert "Set-Cookie" not in anonymous.headers
        again = client.get(path, headers={"If-None-Match": anonymous.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


def test_personal_answers_are_never_cached(client, cast, tokens) -> None:
    me = client.get("/api/v1/me?site=daily", headers=tokens["ada"])
    made = post(client, cast, tokens["ada"])

    assert me.headers["Cache-Control"] == made.headers["Cache-Control"] == "no-store"


def test_page_changes_in_the_moment_something_is_published_or_removed(client, db, cast, tokens) -> None:
    empty = thread(client)
    made = post(client, cast, tokens["ada"]).get_json()
    full = thread(client)
    client.delete(f"/api/v1/comments/{made['id']}", headers=tokens["ada"])

    assert [len(page["comments"]) for page in (empty, full, thread(client))] == [0, 1, 0]


def test_votes_reach_the_page_when_their_window_is_over(client, cast, tokens) -> None:
    with time_machine.travel("2026-11-23T10:00:01Z", tick=False) as clock:
        made = post(client, cast, tokens["ada"]).get_json()
        thread(client)
        client.put(f"/api/v1/comments/{made['id']}/vote", json={"value": 1}, headers=tokens["bo"])
        clock.shift(timedelta(seconds=5))

        (shown,) = thread(client)["comments"]

    assert shown["votes"] == {"up": 1, "down": 0}


def test_unknown_article_is_open_and_empty_and_unknown_site_404(client, cast) -> None:
    page = thread(client, article="nobody-wrote-here")

    answers.ThreadOut.model_validate(page)
    assert page == {
        "article": {
            "key": "nobody-wrote-here",
            "state": "open",
            "mode": "publish",
            "title": None,
            "comment_count": 0,
            "slow_mode": 0,
            "opens_at": None,
            "closes_at": None,
            "notice": None,
        },
        "comments": [],
        "next": None,
    }
    assert client.get("/api/v1/comments?site=nowhere&article=x").status_code == 404


def test_config_counts_and_new(client, cast, tokens) -> None:
    made = post(client, cast, tokens["ada"]).get_json()
    config = client.get("/api/v1/config?site=daily").get_json()
    counts = client.get("/api/v1/counts?site=daily&article=story&article=none").get_json()
    since = {"site": "daily", "article": "story", "since": "2020-01-01T00:00:00+01:00"}
    new = client.get("/api/v1/comments/new", query_string=since).get_json()
    none_new = client.get("/api/v1/comments/new", query_string={**since, "since": made["created_at"]}).get_json()

    answers.ConfigOut.model_validate(config)
    assert config["sorts"] == ["best", "newest", "oldest", "replies", "controversial"]
    assert counts == {"counts": {"story": 1, "none": 0}}
    assert (new, none_new) == ({"count": 1}, {"count": 0})
    many = [("site", "daily"), *(("article", str(n)) for n in range(101))]
    assert client.get("/api/v1/counts", query_string=many).status_code == 422


def test_permalink_and_deep_replies(client, db, cast) -> None:
    with db.writing() as session:
        chain = factories.chain(session, cast.story, cast.ada, 12)

    deep = client.get(f"/api/v1/comments/{chain[12].id}").get_json()
    branch = client.get(f"/api/v1/comments/{chain[6].id}/replies?limit=4").get_json()
    rest = client.get(f"/api/v1/comments/{chain[6].id}/replies", query_string={"after": branch["next"]}).get_json()

    answers.PermalinkOut.model_validate(deep)
    assert [a["id"] for a in deep["ancestors"]] == [str(c.id) for c in chain[2:12]]
    assert deep["ancestors_more"] is True
    assert [c["id"] for c in branch["comments"] + rest["comments"]] == [str(c.id) for c in chain[7:]]


def test_ten_thousand_deep_chain_is_served_flat(client, db, cast) -> None:
    with db.writing() as session:
        top = factories.comment(session, cast.story, cast.ada)
        columns = {c.key: getattr(top, c.key) for c in Comment.__table__.columns if c.key != "id"}
        rows = []
        for depth in range(1, 10_001):
            branch = None if depth <= 6 else top.id + 6
            rows.append({
                **columns, "id": top.id + depth, "parent_id": top.id + depth - 1, "depth": depth, "branch_id": branch,
                "top_of": None, "reply_of": top.id + depth - 1, "reply_count": int(depth < 10_000),
            })  # fmt: skip
        session.execute(Comment.__table__.insert(), rows)
        top.reply_count = 1

    page = thread(client)
    deepest = client.get(f"/api/v1/comments/{top.id + 10_000}").get_json()
    flat = client.get(f"/api/v1/comments/{top.id + 6}/replies?limit=100").get_json()

    assert len(page["comments"][0]["replies"]["comments"]) == 1
    assert len(deepest["ancestors"]) == 10
    assert len(flat["comments"]) == 100


def test_a_repeated_submission_is_one_comment(app, db, cast, tokens) -> None:
    headers = {**tokens["ada"], "Idempotency-Key": "draft-1"}

    def send(_n: int):
        client = app.test_client()
        while True:
            answer = client.post("/api/v1/comments", json=body_of(cast), headers=headers)
            if answer.status_code != 409:
                return answer.status_code, answer.get_json()["id"]
            assert answer.get_json()["error"]["code"] == "idempotency_key_in_flight"

    with ThreadPoolExecutor(16) as pool:
        seen = list(pool.map(send, range(16)))

    assert len(set(seen)) == 1
    assert seen[0][0] == 201
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Comment)) == 1


def test_a_repeat_gets_the_same_bytes_and_another_body_422(client, cast, tokens) -> None:
    headers = {**tokens["ada"], "Idempotency-Key": "k"}
    first = post(client, cast, headers)
    again = post(client, cast, headers)
    other = post(client, cast, headers, "Something else entirely, about ferries.")
    elsewhere = post(client, cast, {**tokens["bo"], "Idempotency-Key": "k"})

    assert (first.status_code, first.data) == (again.status_code, again.data)
    assert (other.status_code, other.get_json()["error"]["code"]) == (422, "idempotency_key_reused")
    assert elsewhere.get_json()["id"] != first.get_json()["id"]


def test_refusals_are_not_kept_under_their_key(client, db, cast, tokens) -> None:
    headers = {**tokens["ada"], "Idempotency-Key": "k"}

    refused = post(client, cast, headers, "")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(IdempotencyKey)) == 0

    assert refused.status_code == 422
    assert post(client, cast, headers).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_wrong_key_is_refused(client, cast, tokens, key: str) -> None:
    assert post(client, cast, {**tokens["ada"], "Idempotency-Key": key}).status_code == 422


@pytest.mark.parametrize(
    "origin", ["https://evil-daily.example", "https://daily.example.evil.example", "null", "http://daily.example"]
)
def test_a_foreign_page_cannot_post(client, cast, tokens, origin: str) -> None:
    refused = post(client, cast, {**tokens["ada"], "Origin": origin})
    taken = post(client, cast, {**tokens["ada"], "Origin": "https://daily.example"})

    assert (refused.status_code, refused.get_json()["error"]["code"]) == (403, "origin_refused")
    assert taken.status_code == 201


def test_preflight_names_what_scripts_may_send(client, cast) -> None:
    answer = client.options("/api/v1/comments", headers={"Origin": "https://daily.example"})

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()
    assert "idempotency-key" in answer.headers["Access-Control-Allow-Headers"].lower()
    assert {"PATCH", "PUT", "DELETE"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))


def test_publisher_repeats_a_description_and_gets_the_first_answer(client, db, cast) -> None:
    with db.writing() as session:
        token = factories.bearer(session, cast.cam, cast.daily, *factories.STAFF)
    headers = {**token, "Idempotency-Key": "describe-fresh"}
    body = {"site": "daily", "key": "fresh", "url": "https://daily.example/fresh", "title": "Fresh"}

    first = client.put("/api/v1/articles", json=body, headers=headers)
    again = client.put("/api/v1/articles", json=body, headers=headers)
    other = client.put("/api/v1/articles", json={**body, "title": "Other"}, headers=headers)

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.get_json() == first.get_json()


def test_publisher_describes_an_article_and_readers_see_its_state(client, db, cast, tokens) -> None:
    with db.writing() as session:
        token = factories.bearer(session, cast.cam, cast.daily, *factories.STAFF)
    body = {"site": "daily", "key": "fresh", "url": "https://daily.example/fresh", "title": "Fresh", "lead": "A lead."}

    made = client.put("/api/v1/articles", json=body, headers=token)
    moved = client.put(
        "/api/v1/articles", json={**body, "url": "https://daily.example/moved", "state": "closed"}, headers=token
    )
    read = client.get("/api/v1/articles?site=daily&key=fresh", headers=token).get_json()
    foreign = client.put("/api/v1/articles", json={**body, "url": "https://evil.example/"}, headers=token)
    late = client.post(
        "/api/v1/comments",
        json=body_of(cast, article={"key": "fresh", "url": read["url"], "title": "x"}),
        headers=tokens["ada"],
    )

    answers.ArticleOut.model_validate(read)
    assert (made.status_code, moved.status_code, foreign.status_code) == (201, 200, 403)
    assert (read["url"], read["lead"], read["state"]) == ("https://daily.example/moved", "A lead.", "closed")
    assert thread(client, article="fresh")["article"]["state"] == "closed"
    assert (late.status_code, late.get_json()["error"]["code"]) == (409, "article_closed")


# Rules by the clock, by the section and by the breaker

STORY = {"key": "story", "url": "https://daily.example/story", "title": "Story"}


def change_story(db, cast, **columns) -> None:
    with db.writing() as session:
        article = session.get_one(Article, cast.story.id)
        for name, value in columns.items():
            setattr(article, name, value)


def test_thread_says_when_the_clock_opens_it_and_no_cache_outlives_that(client, db, cast) -> None:
    soon = (now_us() // 1_000_000 + 3600) * 1_000_000
    change_story(db, cast, reopen_at=soon)
    far = client.get("/api/v1/comments?site=daily&article=story")
    change_story(db, cast, reopen_at=now_us() + 3_500_000)
    near = client.get("/api/v1/comments?site=daily&article=story")
    change_story(db, cast, reopen_at=now_us() - 1)
    after = client.get("/api/v1/comments?site=daily&article=story")

    answers.ThreadOut.model_validate(far.json)
    assert (far.json["article"]["state"], far.json["article"]["closes_at"]) == ("closed", None)
    assert far.json["article"]["opens_at"] == times.time_text(soon)
    assert far.headers["Cache-Control"] == "public, max-age=5, stale-while-revalidate=55"
    assert near.headers["Cache-Control"] in {f"public, max-age={s}, stale-while-revalidate=0" for s in (2, 3)}
    # The article's version never moved: the page is another one because the clock says so.
    assert (after.json["article"]["state"], after.json["article"]["opens_at"]) == ("open", None)


def test_thread_follows_its_section_at_once(client, db, cast) -> None:
    change_story(db, cast, section="Sport")
    before = client.get("/api/v1/comments?site=daily&article=story").json["article"]
    with db.writing() as session:
        session.get_one(Site, cast.daily.id).policy = {"sections": {"Sport": {"mode": "closed", "slow_mode": 30}}}
    after = client.get("/api/v1/comments?site=daily&article=story").json["article"]

    assert (before["mode"], before["slow_mode"]) == ("publish", 0)
    assert (after["mode"], after["slow_mode"]) == ("closed", 30)


def test_thread_tells_readers_of_a_tripped_breaker(client, db, cast) -> None:
    change_story(db, cast, tripped="premoderate")

    article = client.get("/api/v1/comments?site=daily&article=story").json["article"]

    assert (article["notice"], article["mode"]) == ("premoderate", "premoderate")


def test_slow_mode_answers_429_and_me_says_for_how_long(settings, shared_judge, db, cast) -> None:
    app = create_app(settings.model_copy(update={"rate_limits": "on"}), judge=shared_judge)
    client = app.test_client()
    change_story(db, cast, slow_mode=600)
    with db.writing() as session:
        session.get_one(Site, cast.daily.id).limits = {"gap": 0, "gap_new_author": 0}
        headers = factories.bearer(session, cast.ada, cast.daily)
    body = {"site": "daily", "article": STORY, "body": "A calm remark."}

    first = client.post("/api/v1/comments", json=body, headers=headers)
    second = client.post("/api/v1/comments", json={**body, "body": "Another one."}, headers=headers)
    me = client.get("/api/v1/me?site=daily&article=story", headers=headers).json
    elsewhere = client.get("/api/v1/me?site=daily", headers=headers).json
    app.extensions["commentsvc"].db.dispose()

    assert (first.status_code, second.status_code) == (201, 429)
    assert second.json["error"]["code"] == "too_many_requests"
    assert second.json["error"]["details"]["slow_mode"] == 600
    assert 590 <= int(second.headers["Retry-After"]) <= 600
    assert 590 <= me["wait"] <= 600
    assert elsewhere["wait"] == 0


def test_publisher_sets_slow_mode_hours_and_dates_and_takes_them_away(client, db, cast) -> None:
    with db.writing() as session:
        headers = factories.bearer(session, cast.cam, cast.daily, *factories.STAFF)
    told = {
        "slow_mode": 60, "hours": "07:00-22:00", "close_at": "2026-12-24T18:00:00.000000Z",
        "reopen_at": "2026-12-27T07:00:00.000000Z", "mode": "premoderate",
    }  # fmt: skip

    set_, left, gone, wrong = (
        client.put("/api/v1/articles", json={"site": "daily", **STORY, **more}, headers=headers)
        for more in (told, {}, dict.fromkeys(told), {"hours": "late"})
    )

    assert {name: set_.json[name] for name in told} == told
    assert left.json == set_.json
    assert {name: gone.json[name] for name in told} == dict.fromkeys(told)
    assert (wrong.status_code, wrong.json["error"]["field"]) == (422, "hours")
    with db.reading() as session:
        changes = session.scalars(select(RuleChange).order_by(RuleChange.id)).all()
        assert [(change.by_person_id, set(change.after)) for change in changes] == [(cast.cam.id, set(told))] * 2
