"""Do managers see what a bulk decision would do, run it, see what came of it, and take all of it back?"""

import re
from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions import bulks
from commentsvc.enums import Action, BulkState, Guideline, Scope, Status
from commentsvc.moderation.terms import Signal
from commentsvc.queries.sites import find_membership
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Bulk, Comment, Decision, Job
from commentsvc.web import case_answers
from tests import factories
from tests.conftest import Cast
from tests.queries.test_threads import counted
from tests.queries.test_waves import wave
from tests.web.test_matrix import begin_session

BASE = "https://127.0.0.1:8000"
HEADERS = {"Accept": "text/html", "Origin": BASE, "Sec-Fetch-Site": "same-origin"}


class Browser:
    """A signed-in manager without JavaScript."""

    def __init__(self, app: Any, who: Any) -> None:
        self.client = app.test_client()
        self.token = begin_session(app, self.client, who)

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(path, base_url=BASE, headers={**HEADERS, **more.pop("headers", {})}, **more)

    def post(self, path: str, data: Any = None) -> Any:
        data = {**(data or {}), "csrf_token": self.token}
        return self.client.post(path, base_url=BASE, headers=HEADERS, data=data)


@pytest.fixture
def cam(app: Any, cast: Cast) -> Browser:
    return Browser(app, cast.cam)


def held(db: Database, cast: Cast, count: int, **more: Any) -> list[Comment]:
    with db.writing() as session:
        return [factories.comment(session, cast.story, cast.ada, status=Status.HELD, **more) for _ in range(count)]


def statuses(db: Database, comments: list[Comment]) -> list[str]:
    with db.reading() as session:
        return [session.get_one(Comment, one.id).status for one in comments]


def text(answer: Any) -> str:
    """Return what a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text.split("<main", 1)[1]).split())


def test_a_selection_is_shown_confirmed_decided_and_taken_back(db: Database, cast: Cast, cam: Browser) -> None:
    comments = held(db, cast, 3)
    with db.writing() as session:
        public = factories.comment(session, cast.story, cast.bo)
    chosen = [f"{one.id}:1:1" for one in comments] + [f"{public.id}:1:"]

    sent = cam.post(
        "/console/daily/bulk/preview",
        {"chosen": chosen, "action": "reject", "guideline": "spam", "message": "No ads.", "note": "A campaign."},
    )
    shown = cam.get(sent.location)

    assert sent.status_code == 303
    assert "Reject 4 comments?" in text(shown)
    assert "3 Held stay out of sight for good" in text(shown)
    assert "1 Published disappear from their threads" in text(shown)
    assert "3 open cases close" in text(shown)
    assert "By 2 people, on 1 article" in text(shown)
    assert "Spam No ads." in text(shown)
    assert "For managers: A campaign." in text(shown)
    assert statuses(db, [*comments, public]) == ["held"] * 3 + ["published"]

    started = cam.post(f"{sent.location}/start")
    done = cam.get(started.location)

    assert (started.status_code, started.location) == (303, sent.location)
    assert "Done. 4 comments rejected." in text(done)
    assert "Undo all" in done.text
    assert statuses(db, [*comments, public]) == ["rejected"] * 4

    undone = cam.get(cam.post(f"{sent.location}/undo").location)

    assert "Taken back. 4 comments taken back." in text(undone)
    assert "Undo all" not in undone.text
    assert statuses(db, [*comments, public]) == ["held"] * 3 + ["published"]


def test_a_conflict_is_listed_with_the_way_to_it(db: Database, cast: Cast, cam: Browser) -> None:
    first, second = held(db, cast, 2)
    sent = cam.post(
        "/console/daily/bulk/preview", {"chosen": [f"{first.id}:1:1", f"{second.id}:1:1"], "action": "approve"}
    )
    with db.writing() as session:
        case = factories.case(session, session.get_one(Comment, second.id))

    done = cam.get(cam.post(f"{sent.location}/start").location)

    assert "1 comment approved; 1 comment left alone" in text(done)
    assert "Not decided: This case has changed since you saw it. Look at its case" in text(done)
    assert f"/console/daily?case={case.id}" in done.text
    assert statuses(db, [first, second]) == ["published", "held"]


def test_a_rejection_without_a_guideline_is_asked_again_and_keeps_what_was_typed(
    db: Database, cast: Cast, cam: Browser
) -> None:
    (comment,) = held(db, cast, 1)

    answer = cam.post(
        "/console/daily/bulk/preview", {"chosen": f"{comment.id}:1:1", "action": "reject", "note": "typed before"}
    )

    assert answer.status_code == 422
    assert "Say which guideline they break." in text(answer)
    assert 'value="typed before"' in answer.text
    assert f'name="chosen" value="{comment.id}:1:1"' in answer.text
    with db.reading() as session:
        assert session.scalars(select(Bulk)).all() == []


@pytest.mark.parametrize("chosen", ["x:1:1", "1:1", "5:1:1:1", "99999:1:1", f"1:{2**40}:1", "::"])
def test_comments_that_are_not_the_sites_are_not_found(db: Database, cast: Cast, cam: Browser, chosen: str) -> None:
    assert cam.post("/console/daily/bulk/preview", {"chosen": chosen, "action": "approve"}).status_code == 404
    with db.reading() as session:
        assert session.scalars(select(Bulk)).all() == []


def test_nothing_chosen_says_so(cam: Browser) -> None:
    answer = cam.post("/console/daily/bulk/preview", {"action": "approve"})

    assert answer.status_code == 422
    assert "Choose comments in the queue first." in text(answer)


def test_an_author_s_open_cases_or_all_that_is_public(db: Database, cast: Cast, cam: Browser) -> None:
    comments = held(db, cast, 2)
    with db.writing() as session:
        public = factories.comment(session, cast.story, cast.ada, "A calm remark that nobody minds.")
        factories.comment(session, cast.story, cast.bo, "Somebody else's remark.", status=Status.HELD)
    where = f"/console/daily/bulk/preview?kind=author&person={cast.ada.id}"

    opened, wide = cam.get(where), cam.get(f"{where}&scope=public")

    assert "2 comments by Ada Holm" in text(opened)
    assert "3 comments by Ada Holm" in text(wide)
    assert "Somebody else" not in opened.text + wide.text
    assert cam.get("/console/daily/bulk/preview?kind=author&person=99999").status_code == 404

    sent = cam.post(
        "/console/daily/bulk/preview",
        {"kind": "author", "person": cast.ada.id, "scope": "public", "action": "withhold"},
    )
    cam.post(f"{sent.location}/start")

    assert statuses(db, [*comments, public]) == ["held"] * 3
    assert "Take down 3 comments By Ada Holm, with what was public . Done. 3 comments taken down to wait." in text(
        cam.get("/console/daily/bulk")
    )


def test_a_score_band_is_shown_with_examples_and_their_scores(db: Database, cast: Cast, cam: Browser) -> None:
    for score in (0.2, 0.91, 0.97):
        held(db, cast, 1, signals=[Signal("toxicity", Guideline.COURTESY, score=score, labels={}, engine="e")])

    shown = cam.get("/console/daily/bulk/preview?kind=score&score=toxicity&low=0,9&high=1")

    assert "2 comments with toxicity 0.9 to 1" in text(shown)
    assert re.findall(r'class="score">([\d.]+)', shown.text) == ["0.97", "0.91"]


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("score=charm&low=0&high=1", "Choose a score."),
        ("score=insult&low=nan&high=1", "Give a number from 0 to 1."),
        ("score=insult&low=0&high=2", "Give a number from 0 to 1."),
        ("score=insult&low=0.9&high=0.1", "The upper end is below the lower one."),
    ],
)
def test_a_score_band_that_cannot_be_says_why(cam: Browser, query: str, problem: str) -> None:
    answer = cam.get(f"/console/daily/bulk/preview?kind=score&{query}")

    assert answer.status_code == 422
    assert problem in text(answer)


def test_waves_lead_to_a_decision_about_all_of_one(db: Database, cast: Cast, cam: Browser) -> None:
    with db.writing() as session:
        ids = wave(session, cast, 4)
        wave(session, cast, 5, site=cast.other)

    listed = cam.get("/console/daily/waves")
    (link,) = re.findall(r'href="([^"]*kind=wave[^"]*)"', listed.text)
    shown = cam.get(link.replace("&amp;", "&"))

    assert "4 comments from 4 people on 2 articles, first 4 h ago, last 1 h ago; 4 held, 0 public" in text(listed)
    assert "4 comments that say nearly the same Buy the best watches" in text(shown)

    sent = cam.post(
        "/console/daily/bulk/preview",
        {"kind": "wave", "comment": ids[0], "action": "reject", "guideline": "spam"},
    )
    cam.post(f"{sent.location}/start")

    with db.reading() as session:
        assert {session.get_one(Comment, one).status for one in ids} == {"rejected"}
        assert session.scalars(select(Comment.status).where(Comment.site_id == cast.other.id).distinct()).all() == [
            "held"
        ]


def test_empty_pages_say_so(cam: Browser) -> None:
    assert "No waves." in text(cam.get("/console/daily/waves"))
    assert "Nothing yet." in text(cam.get("/console/daily/bulk"))
    nothing = cam.get("/console/daily/bulk/preview?kind=score&score=threat&low=0&high=1")
    assert "Nothing here waits for a decision." in text(nothing)


def test_much_goes_on_by_itself_and_the_page_follows(db: Database, cast: Cast, cam: Browser) -> None:
    held(db, cast, 101)
    sent = cam.post("/console/daily/bulk/preview", {"kind": "author", "person": cast.ada.id, "action": "approve"})

    running = cam.get(cam.post(f"{sent.location}/start").location)

    assert '<meta http-equiv="refresh" content="2">' in running.text
    assert "Running. 0 of 101 comments so far." in text(running)
    assert "Stop and undo all" in running.text
    with db.reading() as session:
        assert [job.name for job in session.scalars(select(Job).where(Job.name == bulks.JOB))] == ["bulk"]
        bulk_id = session.scalars(select(Bulk.id)).one()

    while bulks.advance(db, bulk_id, now=now_us()) is not None:
        pass
    part = cam.get(sent.location, headers={"X-Part": "progress"})

    assert "<html" not in part.text
    assert 'data-moving="no"' in part.text
    assert "101 comments approved" in part.text


def test_only_who_prepared_it_is_offered_to_confirm(app: Any, db: Database, cast: Cast, cam: Browser) -> None:
    (comment,) = held(db, cast, 1)
    sent = cam.post("/console/daily/bulk/preview", {"chosen": f"{comment.id}:1:1", "action": "approve"})
    eve, dee = Browser(app, cast.eve), Browser(app, cast.dee)

    assert "Only Cam Reyes , who prepared this, can confirm it." in text(eve.get(sent.location))
    assert eve.post(f"{sent.location}/start").status_code == 404
    assert dee.get(sent.location).status_code == 404
    assert dee.get(sent.location.replace("daily", "other")).status_code == 404
    assert dee.post(f"{sent.location.replace('daily', 'other')}/start").status_code == 404
    assert dee.post(f"{sent.location.replace('daily', 'other')}/undo").status_code == 404
    assert eve.post(f"{sent.location}/undo").status_code == 409
    assert statuses(db, [comment]) == ["held"]


@pytest.mark.parametrize("path", ["/console/daily/bulk", "/console/daily/waves", "{bulk}", "{asked}"])
def test_pages_cost_the_same_at_2_and_20(app: Any, db: Database, cast: Cast, cam: Browser, path: str) -> None:
    costs = []
    for count in (2, 20):
        with db.writing() as session:
            wave(session, cast, 3 + count)
            for _ in range(count):
                who = factories.person(session)
                made = factories.comment(session, factories.article(session, cast.daily), who, status=Status.HELD)
                bulk = factories.bulk(session, cast.daily, cast.cam, [made])
                membership = find_membership(session, cast.cam.id, cast.daily.id)
                bulks.start(session, bulk.id, membership=membership, now=now_us())  # type: ignore[arg-type]
            waiting = [factories.comment(session, cast.story, cast.ada, status=Status.HELD) for _ in range(count)]
            prepared = factories.bulk(session, cast.daily, cast.cam, waiting)
        asked = f"/console/daily/bulk/preview?kind=author&person={cast.ada.id}"
        with counted(app.extensions["commentsvc"].db) as statements:
            answer = cam.get(path.format(bulk=f"/console/daily/bulk/{prepared.id}", asked=asked))
        assert answer.status_code == 200
        costs.append(len(statements))

    assert costs[0] == costs[1]
    assert costs[0] <= 20


def test_scripts_follow_and_take_back_batches(client: Any, db: Database, cast: Cast) -> None:
    comments = held(db, cast, 3)
    with db.writing() as session:
        token = factories.bearer(session, cast.cam, cast.daily, Scope.MODERATE)
        dee = factories.bearer(session, cast.dee, cast.other, Scope.MODERATE)
    made = client.post(
        "/api/v1/moderation/decisions",
        json={"comments": [{"id": str(one.id), "revision": 1, "seen": 1} for one in comments], "action": "approve"},
        headers=token,
    ).get_json()
    where = f"/api/v1/moderation/decisions/batches/{made['batch']}"
    with db.writing() as session:
        factories.reject(session, session.get_one(Comment, comments[1].id), cast.eve)

    before = client.get(where, headers=token)
    assert client.post(f"{where}/undo", headers=dee).status_code == 404
    assert client.get(where, headers=dee).status_code == 404
    undone = client.post(f"{where}/undo", headers=token)
    after = client.get(where, headers=token)

    assert before.get_json() == {
        "batch": made["batch"], "state": "done", "total": 3, "done": 3, "conflicts": 0, "undone": 0, "kept": 0,
    }  # fmt: skip
    case_answers.BatchOut.model_validate(before.get_json())
    case_answers.UndoneBatchOut.model_validate(undone.get_json())
    assert after.get_json() == {**before.get_json(), "state": "undone", "undone": 2, "kept": 1}
    results = undone.get_json().pop("results")
    assert [(one["id"], one["result"], one["status"]) for one in results] == [
        (str(comments[0].id), "done", "held"),
        (str(comments[1].id), "conflict", "rejected"),
        (str(comments[2].id), "done", "held"),
    ]
    assert results[0]["version"] == 4


def test_scripts_take_back_a_bulk_decision(client: Any, db: Database, cast: Cast) -> None:
    comments = held(db, cast, 101)
    with db.writing() as session:
        token = factories.bearer(session, cast.cam, cast.daily, Scope.MODERATE)
        bulk = factories.bulk(session, cast.daily, cast.cam, comments, action=Action.REJECT)
        membership = find_membership(session, cast.cam.id, cast.daily.id)
        bulks.start(session, bulk.id, membership=membership, now=now_us())  # type: ignore[arg-type]
    where = f"/api/v1/moderation/decisions/batches/{bulk.batch}"
    while bulks.advance(db, bulk.id, now=now_us()) is not None:
        pass

    undone = client.post(f"{where}/undo", headers=token).get_json()
    while bulks.advance(db, bulk.id, now=now_us()) is not None:
        pass

    assert (undone["state"], undone["done"], undone["undone"], undone["results"]) == (BulkState.UNDOING, 101, 0, [])
    assert client.get(where, headers=token).get_json() == {
        "batch": bulk.batch, "state": "undone", "total": 101, "done": 101, "conflicts": 0, "undone": 101, "kept": 0,
    }  # fmt: skip
    assert set(statuses(db, comments)) == {"held"}
    with db.reading() as session:
        assert len(session.scalars(select(Decision).where(Decision.batch == bulk.batch)).all()) == 101
