"""Does a back-test count each comment once, whatever happens to its worker, and switch on what it tested?"""

import pytest
from sqlalchemy import event, select

from commentsvc import worker
from commentsvc.actions import backtesting, policies
from commentsvc.enums import Guideline, Role, Status
from commentsvc.errors import Conflict, Forbidden, Invalid, NotFound
from commentsvc.moderation.terms import Signal
from commentsvc.queries import backtests
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Backtest, Comment, Membership, PolicyChange, Site
from tests import factories
from tests.conftest import Cast

DAY = 24 * 3600 * 1_000_000


def toxic(score: float) -> list[Signal]:
    return [Signal("toxicity", Guideline.COURTESY, score=score, labels={"toxicity": score}, engine="embedded")]


def fill(db: Database, cast: Cast) -> dict[str, Comment]:
    now = now_us()
    with db.writing() as session:

        def make(score: float, **more: object) -> Comment:
            return factories.comment(session, cast.story, cast.ada, signals=toxic(score), **{"now": now, **more})

        made = {
            "clean": make(0.1),
            "over": make(0.5),
            "held": make(0.7, status=Status.HELD),
            "rejected": make(0.62, status=Status.HELD),
            "undone": make(0.9, status=Status.HELD),
            "old": make(0.9, now=now - 40 * DAY),
            "bare": factories.comment(session, cast.story, cast.bo, now=now),
        }
        factories.reject(session, made["rejected"], cast.cam)
        factories.undo(session, factories.reject(session, made["undone"], cast.cam), cast.cam)
        other = factories.article(session, cast.other)
        factories.comment(session, other, cast.dee, signals=toxic(0.99), now=now)
    return made


def admin(db: Database, cast: Cast) -> Membership:
    with db.reading() as session:
        return session.get_one(Membership, (cast.eve.id, cast.daily.id))


def begin(db: Database, cast: Cast, policy: dict[str, object], days: int = 30) -> int:
    with db.writing() as session:
        site = session.get_one(Site, cast.daily.id)
        return backtesting.begin(session, site, policy, days=days, by=admin(db, cast), now=now_us()).id


def run(db: Database, backtest_id: int) -> Backtest:
    while backtesting.advance(db, backtest_id, now=now_us()):
        pass
    with db.reading() as session:
        return session.get_one(Backtest, backtest_id)


def test_a_back_test_compares_then_and_now(db: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    made = fill(db, cast)
    monkeypatch.setattr(backtesting, "_CHUNK", 2)

    done = run(db, begin(db, cast, {"thresholds": {"toxicity": 0.65}}))

    assert (done.state, done.total, done.done) == ("done", 6, 6)
    found = done.found
    assert (found["judged"], found["unjudged"]) == (5, 1)
    assert found["then"] == {"publish": 2, "hold": 3}
    assert found["now"] == {"publish": 3, "hold": 2}
    assert found["moved"] == {"hold>publish": 1}
    assert found["otherwise"] == {"published_rejected": 1}
    assert found["cases"] == {"published_rejected": [made["rejected"].id]}
    assert sum(found["curves"]["toxicity"]["all"]) == 5
    assert sum(found["curves"]["toxicity"]["rejected"]) == 1
    with db.reading() as session:
        (listed,) = backtests.listed(session, cast.daily.id, found["cases"]["published_rejected"])
        assert (listed.comment.id, listed.is_open, listed.case_id is not None) == (made["rejected"].id, False, True)


def test_what_has_nothing_to_replay_costs_next_to_nothing(db: Database, cast: Cast) -> None:
    made = fill(db, cast)
    wanted = begin(db, cast, {})
    with db.writing() as session:
        for number in range(20):
            factories.reject(session, factories.comment(session, cast.story, cast.bo, f"Bare {number}"), cast.cam)
        backtest = session.get_one(Backtest, wanted)
        backtest.created_at = now_us()
    loaded: list[str] = []

    with db.reading() as session:
        backtest = session.get_one(Backtest, wanted)
        event.listen(session, "loaded_as_persistent", lambda _, one: loaded.append(type(one).__name__))
        rows = backtests.next_chunk(session, backtest, limit=500)

    assert len(rows) == 26
    assert loaded == ["SignalRow"] * 5
    assert {row.comment_id for row in rows if row.then or row.person} == {
        made[name].id for name in ("clean", "over", "held", "rejected", "undone")
    }


def test_two_workers_count_nothing_twice(db: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(db, cast)
    monkeypatch.setattr(backtesting, "_CHUNK", 2)
    wanted = begin(db, cast, {})
    real = backtests.next_chunk
    raced: list[bool] = []

    def overtaken(session: object, backtest: Backtest, *, limit: int) -> object:
        rows = real(session, backtest, limit=limit)  # type: ignore[arg-type]
        if not raced:
            raced.append(True)
            backtesting.advance(db, wanted, now=now_us())
        return rows

    monkeypatch.setattr(backtests, "next_chunk", overtaken)
    done = run(db, wanted)

    assert (done.state, done.done, done.found["judged"] + done.found["unjudged"]) == ("done", 6, 6)


def test_the_worker_runs_it(db: Database, cast: Cast) -> None:
    fill(db, cast)
    wanted = begin(db, cast, {})

    assert worker.run_next(db, None, worker="w", name="backtest")  # type: ignore[arg-type]

    with db.reading() as session:
        assert session.get_one(Backtest, wanted).state == "done"


def test_switching_on_applies_exactly_what_was_tested(db: Database, cast: Cast) -> None:
    policy = {"thresholds": {"toxicity": 0.65}, "banned_words": ["plonker"]}
    done = run(db, begin(db, cast, policy))

    with db.writing() as session:
        site = session.get_one(Site, cast.daily.id)
        backtesting.switch_on(session, site, done.id, by=admin(db, cast), now=now_us())
    with db.writing() as session, pytest.raises(Conflict, match="already"):
        backtesting.switch_on(session, session.get_one(Site, cast.daily.id), done.id, by=admin(db, cast), now=now_us())

    with db.reading() as session:
        assert session.get_one(Site, cast.daily.id).policy == policy
        change = session.scalars(select(PolicyChange)).one()
        assert (change.before, change.after, change.backtest_id) == ({}, policy, done.id)


def test_a_policy_that_changed_meanwhile_is_not_overwritten(db: Database, cast: Cast) -> None:
    done = run(db, begin(db, cast, {"max_links": 1}))
    with db.writing() as session:
        session.get_one(Site, cast.daily.id).policy = {"max_links": 7}

    with db.writing() as session, pytest.raises(Conflict, match="elsewhere"):
        backtesting.switch_on(session, session.get_one(Site, cast.daily.id), done.id, by=admin(db, cast), now=now_us())

    with db.reading() as session:
        assert session.get_one(Site, cast.daily.id).policy == {"max_links": 7}
        assert session.get_one(Backtest, done.id).state == "done"


def test_what_may_not_be_begun_or_switched_on(db: Database, cast: Cast) -> None:
    wanted = begin(db, cast, {"max_links": 1})
    with db.writing() as session:
        site, other = session.get_one(Site, cast.daily.id), session.get_one(Site, cast.other.id)
        cam = session.get_one(Membership, (cast.cam.id, cast.daily.id))
        dee = session.get_one(Membership, (cast.dee.id, cast.other.id))
        dee.role = Role.ADMIN
        eve = admin(db, cast)
        with pytest.raises(Conflict, match="isn't finished"):
            backtesting.switch_on(session, site, wanted, by=eve, now=1)
        with pytest.raises(NotFound):
            backtesting.switch_on(session, other, wanted, by=dee, now=1)
        with pytest.raises(Forbidden):
            backtesting.begin(session, site, {}, days=7, by=cam, now=1)
        with pytest.raises(Invalid) as refused:
            backtesting.begin(session, site, {"max_links": -1}, days=7, by=eve, now=1)
        assert refused.value.field == "max_links"
        assert policies.version_of(site) != policies.version_of(other) or site.policy == other.policy
