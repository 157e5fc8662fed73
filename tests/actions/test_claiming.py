"""Leases: who gets which case, for how long, and that eight at once decide each case once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import exists, func, select

from commentsvc.actions import claiming, reviewing, seeding
from commentsvc.actions.claiming import LEASE_US
from commentsvc.actions.decisions import Item
from commentsvc.enums import Action, Guideline, Role, Status
from commentsvc.errors import Forbidden, Invalid
from commentsvc.queries import presence, queue
from commentsvc.queries.queue import Wanted
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Case, Comment, Decision, Membership, Presence
from tests import factories
from tests.conftest import Cast

MINUTE = 60_000_000


def membership(session, who, of) -> Membership:
    return session.get_one(Membership, (who.id, of.id))


def hold(session, cast: Cast, count: int, **more) -> list[int]:
    """Hold comments, the most urgent first; return their cases' ids."""
    now = now_us()
    made = [
        factories.comment(
            session, cast.story, cast.ada, status=Status.HELD, now=now - (count - n) * MINUTE, **more
        )
        for n in range(count)
    ]  # fmt: skip
    return [queue.find_open_case_id(session, each.id) or 0 for each in made]


def holder(session, case_id: int) -> int | None:
    return session.scalar(select(Case.lease_person_id).where(Case.id == case_id))


def test_claim_leases_the_most_urgent_that_nobody_holds(db: Database, cast: Cast) -> None:
    now = now_us()
    with db.writing() as session:
        ids = hold(session, cast, 5)
        cam, eve = membership(session, cast.cam, cast.daily), membership(session, cast.eve, cast.daily)

        first = claiming.claim_cases(session, count=2, membership=cam, now=now)
        second = claiming.claim_cases(session, count=2, membership=eve, now=now)
        again = claiming.claim_cases(session, count=2, membership=cam, now=now)
        none = claiming.claim_cases(session, count=2, membership=eve, now=now)

    assert (first, second, again, none) == (ids[:2], ids[2:4], ids[4:], [])
    with db.reading() as session:
        held = {
            (lease.case_id, lease.holder.name, lease.until)
            for lease in presence.leases(session, cast.daily.id, now=now)
        }
    assert held == {
        *((each, "Cam Reyes", now + LEASE_US) for each in (ids[0], ids[1], ids[4])),
        *((each, "Eve Okoro", now + LEASE_US) for each in ids[2:4]),
    }


def test_a_lease_that_ran_out_is_anybodys(db: Database, cast: Cast) -> None:
    now = now_us()
    with db.writing() as session:
        ids = hold(session, cast, 1)
        cam, eve = membership(session, cast.cam, cast.daily), membership(session, cast.eve, cast.daily)
        claiming.claim_cases(session, count=1, membership=cam, now=now)

        too_early = claiming.claim_cases(session, count=1, membership=eve, now=now + LEASE_US - 1)
        in_time = claiming.claim_cases(session, count=1, membership=eve, now=now + LEASE_US)

    assert (too_early, in_time) == ([], ids)


def test_working_renews_what_one_holds(db: Database, cast: Cast) -> None:
    now = now_us()
    later = now + 3 * MINUTE
    with db.writing() as session:
        ids = hold(session, cast, 2)
        cam = membership(session, cast.cam, cast.daily)
        claiming.claim_cases(session, count=2, membership=cam, now=now)
        comment = session.get_one(Comment, session.get_one(Case, ids[0]).comment_id)

        reviewing.review(
            session, [Item(comment.id, 1, 1)], action=Action.APPROVE, membership=cam, now=later
        )  # fmt: skip

        assert holder(session, ids[0]) is None
        assert [(lease.case_id, lease.until) for lease in presence.leases(session, cast.daily.id, now=later)] == [
            (ids[1], later + LEASE_US)
        ]


def test_claim_takes_only_what_was_asked_for(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        hold(session, cast, 2)
        spam = hold(session, cast, 1, guideline=Guideline.SPAM)
        cam = membership(session, cast.cam, cast.daily)

        wanted = Wanted(guideline=Guideline.SPAM)
        claimed = claiming.claim_cases(session, count=5, membership=cam, now=now_us(), wanted=wanted)

    assert claimed == spam


@pytest.mark.parametrize("count", [0, 21])
def test_claim_is_for_one_to_twenty(db: Database, cast: Cast, count: int) -> None:
    with db.writing() as session, pytest.raises(Invalid) as refused:
        claiming.claim_cases(session, count=count, membership=membership(session, cast.cam, cast.daily), now=now_us())

    assert refused.value.field == "n"


def test_only_managers_claim(db: Database, cast: Cast) -> None:
    with db.writing() as session, pytest.raises(Forbidden):
        claiming.claim_cases(session, count=1, membership=membership(session, cast.ada, cast.daily), now=now_us())


def test_nobody_claims_cases_of_another_site(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        (theirs,) = hold(session, cast, 1)
        dee = membership(session, cast.dee, cast.other)

        claimed = claiming.claim_cases(session, count=5, membership=dee, now=now_us())
        claiming.look_at(session, theirs, membership=dee, active=True, now=now_us())

        assert (claimed, holder(session, theirs)) == ([], None)
        assert session.get_one(Presence, (cast.other.id, cast.dee.id)).case_id is None


def test_looking_leases_and_looking_elsewhere_lets_go(db: Database, cast: Cast) -> None:
    now = now_us()
    with db.writing() as session:
        ids = hold(session, cast, 3)
        cam = membership(session, cast.cam, cast.daily)
        claiming.claim_cases(session, count=1, membership=cam, now=now)

        held = []
        for step, case_id in enumerate((ids[1], ids[2], ids[0], ids[1])):
            claiming.look_at(session, case_id, membership=cam, active=True, now=now + step)
            session.expire_all()
            held.append([each for each in ids if holder(session, each) == cast.cam.id])

    # What was claimed stays; what was only looked at doesn't.
    assert held == [[ids[0], ids[1]], [ids[0], ids[2]], [ids[0]], [ids[0], ids[1]]]


def test_claiming_keeps_the_case_that_one_is_at(db: Database, cast: Cast) -> None:
    now = now_us()
    with db.writing() as session:
        ids = hold(session, cast, 3)
        cam = membership(session, cast.cam, cast.daily)
        claiming.look_at(session, ids[0], membership=cam, active=True, now=now)

        claiming.claim_cases(session, count=1, membership=cam, now=now)
        claiming.look_at(session, ids[1], membership=cam, active=True, now=now)
        claiming.look_at(session, ids[2], membership=cam, active=True, now=now)

        assert {lease.case_id for lease in presence.leases(session, cast.daily.id, now=now)} == set(ids)


def test_looking_at_what_a_colleague_holds_takes_nothing(db: Database, cast: Cast) -> None:
    now = now_us()
    with db.writing() as session:
        (case_id,) = hold(session, cast, 1)
        cam, eve = membership(session, cast.cam, cast.daily), membership(session, cast.eve, cast.daily)
        claiming.look_at(session, case_id, membership=cam, active=True, now=now)

        claiming.look_at(session, case_id, membership=eve, active=True, now=now)
        claiming.look_at(session, None, membership=eve, active=True, now=now)

        assert holder(session, case_id) == cast.cam.id
        assert [(who.face.name, who.case_id) for who in presence.at_desk(session, cast.daily.id, now=now)] == [
            ("Cam Reyes", case_id), ("Eve Okoro", None),
        ]  # fmt: skip


def test_an_idle_page_renews_nothing(db: Database, cast: Cast) -> None:
    now = now_us()
    with db.writing() as session:
        ids = hold(session, cast, 2)
        cam = membership(session, cast.cam, cast.daily)
        claiming.claim_cases(session, count=1, membership=cam, now=now)

        claiming.look_at(session, ids[1], membership=cam, active=False, now=now + MINUTE)

        left = [(lease.case_id, lease.until) for lease in presence.leases(session, cast.daily.id, now=now + MINUTE)]
    assert left == [(ids[0], now + LEASE_US)]


def test_letting_go_and_leaving(db: Database, cast: Cast) -> None:
    now = now_us()
    with db.writing() as session:
        ids = hold(session, cast, 3)
        cam, eve = membership(session, cast.cam, cast.daily), membership(session, cast.eve, cast.daily)
        claiming.claim_cases(session, count=2, membership=cam, now=now)
        claiming.claim_cases(session, count=1, membership=eve, now=now)
        claiming.look_at(session, ids[0], membership=cam, active=True, now=now)

        claiming.release_cases(session, [ids[0], ids[2]], membership=cam)
        after_one = [holder(session, each) for each in ids]
        claiming.leave(session, membership=cam, now=now)

        assert after_one == [None, cast.cam.id, cast.eve.id]
        assert [who.face.name for who in presence.at_desk(session, cast.daily.id, now=now)] == []
        soon = now + MINUTE // 2
        assert [lease.case_id for lease in presence.leases(session, cast.daily.id, now=soon)] == [ids[2]]


def test_a_colleagues_case_may_be_decided_all_the_same(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        (case_id,) = hold(session, cast, 1)
        cam, eve = membership(session, cast.cam, cast.daily), membership(session, cast.eve, cast.daily)
        claiming.claim_cases(session, count=1, membership=cam, now=now_us())
        comment_id = session.get_one(Case, case_id).comment_id

        (by_eve,) = reviewing.review(
            session, [Item(comment_id, 1, 1)], action=Action.APPROVE, membership=eve, now=now_us()
        )
        (by_cam,) = reviewing.review(
            session, [Item(comment_id, 1, 1)], action=Action.APPROVE, membership=cam, now=now_us()
        )

    assert (by_eve.result, by_cam.result) == ("done", "conflict")


@pytest.mark.slow
def test_eight_managers_drain_a_thousand_cases_and_decide_each_once(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        managers = [factories.person(session) for _ in range(8)]
        for who in managers:
            factories.member(session, who, cast.daily, Role.MANAGER)
        plan = seeding.plan(session, cast.daily, articles=6, comments=1_200, seed=3, now=now_us())
        for block in plan.blocks():
            seeding.plant(session, plan, block)
        missing = 1000 - len(session.scalars(select(Case.id).where(Case.state == "open")).all())
        quiet = select(Comment).where(
            Comment.status == Status.PUBLISHED, ~exists().where(Case.comment_id == Comment.id)
        )
        for comment in session.scalars(quiet.limit(missing)):
            factories.case(session, comment)
        seeded = session.scalar(select(func.max(Decision.id)))

    def work(who) -> int:
        done = 0
        while True:
            with db.writing() as session:
                mine = membership(session, who, cast.daily)
                claimed = claiming.claim_cases(session, count=7, membership=mine, now=now_us())
                cards = queue.list_cards(session, cast.daily.id, claimed, now=now_us())
                items = [Item(card.comment.id, card.comment.revision, card.case.version) for card in cards]
            if not items:
                return done
            for turn, item in enumerate(items):
                with db.writing() as session:
                    action = Action.REJECT if turn % 2 else Action.APPROVE
                    (result,) = reviewing.review(
                        session, [item], action=action, guideline=Guideline.COURTESY if turn % 2 else None,
                        membership=membership(session, who, cast.daily), now=now_us(),
                    )  # fmt: skip
                assert result.result == "done"
                done += 1

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(work, managers))

    with db.reading() as session:
        left = session.scalar(select(func.count()).select_from(Case).where(Case.state == "open"))
        ids = [who.id for who in managers]
        decided = select(Decision.comment_id).where(Decision.by_person_id.in_(ids), Decision.id > seeded)
        times = Counter(session.scalars(decided))
    assert (sum(done), left) == (1000, 0)
    assert len(times) == 1000
    assert set(times.values()) == {1}
    assert sum(each > 0 for each in done) > 1
