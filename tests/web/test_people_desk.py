"""What do managers see and do on the people's pages, and is it in force everywhere at once?"""

from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions import clearing, reporting, sanctions
from commentsvc.actions.tokens import access_token
from commentsvc.enums import Guideline, ReportReason, SanctionKind, Status
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Clearing, Comment, Job, Membership, Sanction
from commentsvc.worker import JOBS
from tests import factories
from tests.conftest import Cast
from tests.queries.test_threads import counted
from tests.web.test_accounts import submit
from tests.web.test_console import press

PEOPLE = "/console/daily/people"


@pytest.fixture
def cam(app: Any, cast: Cast) -> Any:
    browser = app.test_client()
    submit(browser, "/auth/sign-in", email="cam@daily.example", password=factories.PASSWORD)
    return browser


@pytest.fixture
def ada_page(cast: Cast) -> str:
    return f"{PEOPLE}/{cast.ada.id}"


def sanction(cam: Any, page: str, **typed: str) -> Any:
    given = {"kind": "ban", "reason": "Three insults in a day.", "lasts": "", **typed}
    return press(cam, cam.get(page).text, of="Sanction them", **given)


def latest(db: Database) -> Sanction:
    with db.reading() as session:
        return session.scalars(select(Sanction).order_by(Sanction.id.desc())).first()


def test_list_finds_people_by_name_sanction_and_role(db: Database, cast: Cast, cam: Any) -> None:
    with db.writing() as session:
        factories.sanction(session, cast.bo, cast.daily, SanctionKind.BAN)

    def names(query: str) -> set[str]:
        page = cam.get(f"{PEOPLE}?{query}").text.partition("<tbody>")[2]
        return {name for name in ("Ada Holm", "Bo Lind", "Cam Reyes", "Eve Okoro", "Dee Marsh") if name in page}

    assert names("") == {"Ada Holm", "Bo Lind", "Cam Reyes", "Eve Okoro"}
    assert names("q=hol") == {"Ada Holm"}
    assert names("show=sanctioned") == {"Bo Lind"}
    assert names("show=team") == {"Cam Reyes", "Eve Okoro"}
    assert names("sort=reports") == set()


def test_list_of_reporters_shows_who_is_often_wrong_first(db: Database, cast: Cast, cam: Any) -> None:
    with db.writing() as session:
        for who, upheld, dismissed in ((cast.ada, 4, 1), (cast.bo, 1, 9)):
            membership = session.get_one(Membership, (who.id, cast.daily.id))
            membership.reports_upheld, membership.reports_dismissed = upheld, dismissed

    page = cam.get(f"{PEOPLE}?sort=reports").text

    assert page.index("Bo Lind") < page.index("Ada Holm")
    assert "1 of 10 upheld" in page
    assert "4 of 5 upheld" in page
    assert page.count("Often wrong") == 1


def test_list_pages_and_costs_the_same_for_many(app: Any, db: Database, cast: Cast, cam: Any) -> None:
    costs = []
    for _ in range(2):
        with counted(app.extensions["commentsvc"].db) as statements:
            page = cam.get(f"{PEOPLE}?sort=rejected").text
        costs.append(len(statements))
        with db.writing() as session:
            for _ in range(40):
                factories.sanction(
                    session,
                    factories.comment(session, cast.story, factories.person(session)) and factories.person(session),
                    cast.daily,
                    SanctionKind.BAN,
                )

    assert costs[0] == costs[1]
    assert "More people" in cam.get(f"{PEOPLE}").text
    assert "Nobody’s name" in unescape(cam.get(f"{PEOPLE}?q=zzz").text)
    assert page


def test_person_page_shows_all_that_is_known(db: Database, cast: Cast, cam: Any, ada_page: str) -> None:
    with db.writing() as session:
        theirs = factories.comment(session, cast.story, cast.bo, "What bo wrote.")
        factories.comment(session, cast.story, cast.ada, "A remark that stands.")
        factories.comment(session, cast.story, cast.ada, "A remark that waits.", status=Status.HELD)
        reporting.report(
            session, comment_id=theirs.id, revision=1, reason=ReportReason.SPAM, detail="", by=cast.ada, now=now_us()
        )
        factories.reject(session, theirs, cast.cam)
        membership = session.get(Membership, (cast.cam.id, cast.daily.id))
        sanctions.add_note(session, cast.ada.id, body="Wrote to us in May.", membership=membership, now=now_us())

    page = unescape(cam.get(ada_page).text)

    assert "1 of 1 upheld, a report of theirs weighs 0.67" in page
    assert "about <bdi>Bo Lind</bdi>" in page
    for words in ("A remark that stands.", "A remark that waits.", "Wrote to us in May.", "Never sanctioned.", "New"):
        assert words in page
    assert "What bo wrote." in page
    waiting = unescape(cam.get(f"{ada_page}?status=held").text)
    assert "A remark that waits." in waiting
    assert "A remark that stands." not in waiting
    assert "A remark that stands." in cam.get(f"{ada_page}?q=stands").text
    assert "None of their comments fits." in cam.get(f"{ada_page}?guideline=legal").text


def test_stranger_to_the_site_has_no_page(db: Database, cast: Cast, cam: Any) -> None:
    answers = [cam.get(f"{PEOPLE}/{wanted}") for wanted in (cast.dee.id, 987654, "x")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert all("Dee" not in answer.text for answer in answers)


def test_ban_is_in_force_at_the_next_request_even_with_an_open_token(
    db: Database, cast: Cast, cam: Any, client: Any, settings: Any, ada_page: str
) -> None:
    with db.writing() as session:
        theirs = factories.comment(session, cast.story, cast.bo)
        mine = factories.comment(session, cast.story, cast.ada)
        token = access_token(cast.ada, cast.daily, secret=settings.secret_key, now=now_us())
    headers = {"Authorization": f"Bearer {token}"}
    article = {"key": "story", "url": "https://daily.example/story", "title": "Story"}
    wanted = [
        ("POST", "/api/v1/comments", {"site": "daily", "article": article, "body": "A calm remark."}),
        ("PUT", f"/api/v1/comments/{theirs.id}/vote", {"value": 1}),
        ("POST", f"/api/v1/comments/{theirs.id}/reports", {"revision": 1, "reason": "spam"}),
        ("PATCH", f"/api/v1/comments/{mine.id}", {"body": "Changed."}),
    ]

    assert sanction(cam, ada_page).status_code == 303

    for method, path, body in wanted:
        answer = client.open(path, method=method, json=body, headers=headers)
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "sanctioned"), path
        assert answer.json["error"]["details"]["reason"] == "Three insults in a day."
    me = client.get("/api/v1/me?site=daily", headers=headers).json
    (told,) = me["sanctions"]
    assert told.pop("statement").startswith(f"{settings.base_url}/statement/s{latest(db).id}-")
    assert told == {
        "id": str(latest(db).id), "kind": "ban", "reason": "Three insults in a day.", "until": None,
        "can_appeal": True, "appeal": None,
    }  # fmt: skip


def test_sanctions_of_other_sites_and_managers_names_are_not_told(
    db: Database, cast: Cast, client: Any, ada_page: str, cam: Any
) -> None:
    with db.writing() as session:
        factories.sanction(session, cast.ada, cast.other, SanctionKind.BAN)
        headers = factories.bearer(session, cast.ada, cast.daily)
    sanction(cam, ada_page, kind="premoderate")

    answer = client.get("/api/v1/me?site=daily", headers=headers)

    assert [one["kind"] for one in answer.json["sanctions"]] == ["premoderate"]
    assert "Cam" not in answer.text


def test_warned_reader_posts_again_after_confirming(
    db: Database, cast: Cast, cam: Any, client: Any, ada_page: str
) -> None:
    with db.writing() as session:
        headers = factories.bearer(session, cast.ada, cast.daily)
    sanction(cam, ada_page, kind="warn", lasts="7")
    article = {"key": "story", "url": "https://daily.example/story", "title": "Story"}
    post = {"site": "daily", "article": article, "body": "A calm remark."}
    refused = client.post("/api/v1/comments", json=post, headers=headers)

    confirmed = client.post(
        "/api/v1/me/acknowledge", json={"site": "daily", "sanction": str(latest(db).id)}, headers=headers
    )

    assert refused.json["error"]["details"]["kind"] == "warn"
    assert confirmed.json == {"sanctions": []}
    assert client.post("/api/v1/comments", json=post, headers=headers).status_code == 201
    assert "Read and confirmed" in cam.get(ada_page).text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"kind": "suspend", "lasts": ""}, "A suspension needs an end."),
        ({"lasts": "date", "until": "soon"}, "Please give a day"),
        ({"lasts": "date", "until": "2020-01-01"}, "The end must lie in the future."),
        ({"reason": ""}, "Say why; the person reads it."),
        ({"kind": "exile"}, "Please choose what to do."),
        ({"clear": "all"}, "Say which guideline what they posted breaks."),
    ],
)
def test_refused_sanction_says_why_beside_the_field_and_does_nothing(
    db: Database, cast: Cast, cam: Any, ada_page: str, typed: dict[str, str], words: str
) -> None:
    answer = sanction(cam, ada_page, **typed)

    assert answer.status_code == 422
    assert words in unescape(answer.text)
    assert latest(db) is None


def test_sanction_is_changed_and_lifted_with_its_history_kept(
    db: Database, cast: Cast, cam: Any, ada_page: str
) -> None:
    sanction(cam, ada_page, kind="suspend", lasts="3")

    press(cam, cam.get(ada_page).text, of="Change it", lasts="30", reason="It went on by mail.")
    press(cam, cam.get(ada_page).text, of="Lift it now", reason="They have apologised.")

    page = unescape(cam.get(ada_page).text)
    assert page.count("<strong>Suspended</strong> until") == 2
    for words in ("Three insults in a day.", "It went on by mail.", "changed terms", "They have apologised."):
        assert words in page
    assert "Lift it now" not in page


def test_a_managers_page_offers_a_manager_no_sanction(cast: Cast, cam: Any) -> None:
    page = cam.get(f"{PEOPLE}/{cast.eve.id}").text

    assert "Sanction them" not in page
    assert "Only an administrator can sanction a manager" in page


def test_rejecting_what_they_posted_is_a_job_with_progress_and_undo(
    app: Any, db: Database, cast: Cast, cam: Any, ada_page: str
) -> None:
    with db.writing() as session:
        old = factories.comment(session, cast.story, cast.ada, now=now_us() - 10 * 24 * 3600 * 1_000_000)
        recent = [factories.comment(session, cast.story, cast.ada) for _ in range(12)]

    sanction(cam, ada_page, clear="7", guideline="spam")

    with db.reading() as session:
        job = session.scalars(select(Job).where(Job.name == clearing.JOB)).one()
    assert "0 of 12" in cam.get(ada_page).text
    assert "<progress" in cam.get(ada_page, headers={"X-Part": "clearing"}).text
    work = JOBS[clearing.JOB]
    assert work(db, app.extensions["commentsvc"].judge, job.args) is None
    assert "12 comments rejected" in cam.get(ada_page).text
    assert status_of(db, recent[0]) == Status.REJECTED
    assert status_of(db, old) == Status.PUBLISHED

    press(cam, cam.get(ada_page).text, of="Undo all of it")
    work(db, app.extensions["commentsvc"].judge, job.args)

    assert "12 comments are as before" in cam.get(ada_page).text
    assert {status_of(db, one) for one in recent} == {Status.PUBLISHED}
    with db.reading() as session:
        assert session.scalars(select(Clearing)).one().guideline == Guideline.SPAM


def test_scripts_of_managers_see_and_restrict_people(db: Database, cast: Cast, client: Any) -> None:
    with db.writing() as session:
        headers = factories.bearer(session, cast.cam, cast.daily, *factories.STAFF)
    path = f"/api/v1/moderation/people/{cast.ada.id}"

    made = client.post(f"{path}/sanctions", json={"kind": "ban", "reason": "Enough."}, headers=headers)
    again = client.post(f"{path}/sanctions", json={"kind": "ban", "reason": "Enough."}, headers=headers)
    (one,) = made.json["sanctions"]
    lifted = client.post(f"{path}/sanctions/{one['id']}/lift", json={"reason": "A mix-up."}, headers=headers)
    nonsense = client.post(f"{path}/sanctions", json={"kind": "exile", "reason": "Enough."}, headers=headers)

    assert again.status_code == 409
    assert nonsense.json["error"]["field"] == "kind"
    assert (one["kind"], one["in_force"], one["by"]["name"]) == ("ban", True, "Cam Reyes")
    assert lifted.json["sanctions"][0]["in_force"] is False
    assert lifted.json["sanctions"][0]["lift_reason"] == "A mix-up."
    assert made.json["trust"] == "new"
    assert made.json["reports"] == {"upheld": 0, "dismissed": 0, "open": 0, "weight": 0.5}


def status_of(db: Database, comment: Comment) -> str:
    with db.reading() as session:
        return session.get_one(Comment, comment.id).status
