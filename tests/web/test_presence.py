"""Who is at the desk and who has what, as two managers' pages ask and answer."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions import claiming
from commentsvc.queries import queue
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Case, Membership
from tests.conftest import Cast
from tests.queries.test_threads import counted
from tests.web.test_console import QUEUE, bar_of, hold, press, sign_in  # noqa: F401 - a fixture

MINUTE = 60_000_000


@pytest.fixture
def cam(cast: Cast, sign_in: Callable[[str], Any]) -> Any:  # noqa: F811
    return sign_in("cam@daily.example")


@pytest.fixture
def eve(cast: Cast, sign_in: Callable[[str], Any]) -> Any:  # noqa: F811
    return sign_in("eve@daily.example")


def hold_many(db: Database, cast: Cast, count: int) -> list[str]:
    """Hold comments, the most urgent first; return their cases' ids as the pages write them."""
    now = now_us()
    made = [hold(db, cast, f"Remark {n}", now=now - (count - n) * MINUTE) for n in range(count)]
    with db.reading() as session:
        return [str(queue.find_open_case_id(session, comment.id)) for comment in made]


def token_of(browser: Any) -> str:
    """Read the token that every page of the console has for its script."""
    return re.search(r'name="csrf-token" content="([^"]+)"', browser.get(f"{QUEUE}/articles").text)[1]


def send(browser: Any, address: str, **data: str) -> Any:
    """Send a form as the page's script does: with the token of a page."""
    return browser.post(address, data={**data, "csrf_token": token_of(browser)})


def live(browser: Any, case: str = "", *, active: bool = True) -> dict[str, Any]:
    answer = send(browser, f"{QUEUE}/live", case=case, active="1" if active else "0")
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def post(browser: Any, path: str, **data: str) -> Any:
    answer = send(browser, f"{QUEUE}/{path}", **data)
    assert answer.status_code in {204, 303}, answer.text
    return answer


def holders(db: Database) -> list[int | None]:
    with db.reading() as session:
        return list(session.scalars(select(Case.lease_person_id).order_by(Case.id)))


def test_live_says_who_is_here_who_has_what_and_how_much_waits(db: Database, cast: Cast, cam: Any, eve: Any) -> None:
    ids = hold_many(db, cast, 3)
    live(eve, ids[0])

    told = live(cam, ids[1])

    assert told.pop("oldest_at").endswith("Z")
    assert told == {
        "open": 3,
        "backlog": "3 open, the oldest for 3 min",
        "views": {},
        "here": [{"name": "Eve Okoro", "case": ids[0]}],
        "here_words": "Eve Okoro is here",
        "leases": {ids[0]: {"by": "Eve Okoro", "mine": False}, ids[1]: {"by": "Cam Reyes", "mine": True}},
    }


def test_live_bears_whatever_a_page_says_it_shows(db: Database, cast: Cast, cam: Any) -> None:
    for case in ("", "x", "-1", "999", str(2**64)):
        assert live(cam, case)["leases"] == {}


def test_live_costs_the_same_for_one_case_and_for_thirty(app: Any, db: Database, cast: Cast, cam: Any) -> None:
    costs = []
    for count in (1, 29):
        hold_many(db, cast, count)
        with db.writing() as session:
            eve = session.get_one(Membership, (cast.eve.id, cast.daily.id))
            claiming.claim_cases(session, count=min(count, 20), membership=eve, now=now_us())
        live(cam)
        token = token_of(cam)
        with counted(app.extensions["commentsvc"].db) as statements:
            cam.post(f"{QUEUE}/live", data={"active": "1", "csrf_token": token})
        costs.append(len(statements))

    assert costs[0] == costs[1] <= 16


def test_others_see_on_list_and_card_who_has_a_case(db: Database, cast: Cast, cam: Any, eve: Any) -> None:
    ids = hold_many(db, cast, 2)
    live(eve, ids[0])

    page = cam.get(QUEUE).text
    theirs = cam.get(f"{QUEUE}?case={ids[0]}", headers={"X-Part": "card"}).text
    own = eve.get(f"{QUEUE}?case={ids[0]}").text

    assert f'<li data-case="{ids[0]}" data-taken>' in page
    assert "Eve Okoro has this</span>" in page
    assert "Eve Okoro is here" in page
    # The page begins with the first case that no colleague has.
    assert f'<article class="card" data-case="{ids[1]}"' in page
    assert '<p class="lease-theirs" data-theirs>' in theirs
    assert "<strong data-holder>Eve Okoro</strong>" in theirs
    assert '<p class="lease-theirs" data-theirs hidden>' in own
    assert "You have this</span>" in own
    assert f'<li data-case="{ids[0]}">' in own


def test_taking_the_next_opens_the_first_of_them(db: Database, cast: Cast, cam: Any, eve: Any) -> None:
    ids = hold_many(db, cast, 4)
    live(eve, ids[0])

    answer = press(cam, cam.get(QUEUE).text, of=">Take</button>", n="2")

    assert answer.status_code == 303
    assert answer.location == f"{QUEUE}?holding=mine&case={ids[1]}"
    assert holders(db) == [cast.eve.id, cast.cam.id, cast.cam.id, None]
    page = cam.get(answer.location).text
    assert page.count("<li data-case=") == 2
    assert "You hold <strong data-held>2</strong>" in page


def test_taking_keeps_to_the_filter(db: Database, cast: Cast, cam: Any) -> None:
    hold_many(db, cast, 2)
    hold(db, cast, "Cheap pills")

    answer = press(cam, cam.get(f"{QUEUE}?q=pills").text, of=">Take</button>", n="5")

    assert answer.location.startswith(f"{QUEUE}?q=pills&holding=mine&case=")
    assert holders(db) == [None, None, cast.cam.id]


@pytest.mark.parametrize("count", ["0", "21"])
def test_taking_more_than_one_can_look_at_is_refused(db: Database, cast: Cast, cam: Any, count: str) -> None:
    assert send(cam, f"{QUEUE}/claim", n=count).status_code == 422


def test_letting_go_of_one_goes_on_and_of_all_ends(db: Database, cast: Cast, cam: Any) -> None:
    ids = hold_many(db, cast, 3)
    mine = post(cam, "claim", n="2").location

    one = press(cam, cam.get(mine).text, of=">Let go</button>")
    after_one = holders(db)
    all_ = press(cam, cam.get(mine).text, of=">Let go of all</button>")

    assert (one.location, after_one) == (f"{QUEUE}?holding=mine&case={ids[1]}", [None, cast.cam.id, None])
    assert (all_.location, holders(db)) == (QUEUE, [None, None, None])


def test_leaving_takes_one_off_the_desk(db: Database, cast: Cast, cam: Any, eve: Any) -> None:
    ids = hold_many(db, cast, 1)
    live(eve, ids[0])

    post(eve, "leave")

    told = live(cam, ids[0])
    assert (told["here"], told["leases"]) == ([], {ids[0]: {"by": "Cam Reyes", "mine": True}})


def test_cases_of_colleagues_can_be_hidden(db: Database, cast: Cast, cam: Any, eve: Any) -> None:
    ids = hold_many(db, cast, 2)
    live(eve, ids[0])

    page = cam.get(f"{QUEUE}?holding=free").text

    assert [case for case in ids if f'<li data-case="{case}"' in page] == [ids[1]]


def test_after_a_decision_comes_a_case_that_nobody_has(db: Database, cast: Cast, cam: Any, eve: Any) -> None:
    ids = hold_many(db, cast, 3)
    live(eve, ids[1])

    answer = press(cam, cam.get(QUEUE).text, of='class="approve" name="action"', action="approve")

    assert f"case={ids[2]}" in answer.location


def test_deciding_what_a_colleague_has_is_allowed_and_the_second_is_told(
    db: Database, cast: Cast, cam: Any, eve: Any
) -> None:
    ids = hold_many(db, cast, 1)
    live(eve, ids[0])
    eves = eve.get(f"{QUEUE}?case={ids[0]}").text

    first = press(cam, cam.get(f"{QUEUE}?case={ids[0]}").text, of='class="approve" name="action"', action="approve")
    second = press(eve, eves, of='class="approve" name="action"', action="approve")

    assert (first.status_code, second.status_code) == (303, 409)
    assert "Approved by Cam Reyes" in bar_of(second.text)


def test_backlog_and_age_are_on_every_page(db: Database, cast: Cast, cam: Any) -> None:
    hold(db, cast, now=now_us() - 2 * 60 * MINUTE - 1)

    for path in ("", "/decided", "/articles"):
        assert "1 open, the oldest for 2 h" in cam.get(f"{QUEUE}{path}").text


def test_leasing_changes_nothing_that_a_decision_must_have_seen(db: Database, cast: Cast, cam: Any) -> None:
    ids = hold_many(db, cast, 1)
    with db.reading() as session:
        before = session.get_one(Case, int(ids[0])).version

    live(cam, ids[0])

    with db.reading() as session:
        case = session.get_one(Case, int(ids[0]))
        assert (case.version, case.state, case.lease_person_id) == (before, "open", cast.cam.id)
