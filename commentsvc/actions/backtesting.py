"""What changes when a policy is tried on the past before it is switched on?

A back-test replays a site's comments of the last days, newest first, in chunks by a job. Where it has come to is kept
with what it found, in one transaction: it may be killed at any point, and counts nothing twice.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from commentsvc.actions import policies
from commentsvc.actions.judging import signal_of
from commentsvc.enums import BacktestState, Mode, Outcome, Status
from commentsvc.errors import Conflict, Forbidden, NotFound
from commentsvc.infra import jobs
from commentsvc.moderation.policy import policy_from_json
from commentsvc.moderation.replay import Past, Tally
from commentsvc.permissions import may_administer
from commentsvc.queries import backtests
from commentsvc.queries.backtests import Row
from commentsvc.store.db import Database
from commentsvc.store.models import Backtest, Membership, PolicyChange, Site

JOB = "backtest"
DAYS = (7, 30, 90, 365)
"""How far back one may look."""
_CHUNK = 500
_DAY_US = 24 * 3600 * jobs.SECOND
_OUTCOMES = {
    Status.PUBLISHED: Outcome.PUBLISH,
    Status.HELD: Outcome.HOLD,
    Status.REJECTED: Outcome.REJECT,
}


def begin(
    session: Session, site: Site, policy: Mapping[str, Any], *, days: int, by: Membership, now: int
) -> Backtest:  # fmt: skip
    """Have a policy replayed over the last days; raises Forbidden and Invalid."""
    if not may_administer(by):
        raise Forbidden("Only the site's admins try its rules on the past.")
    policies.check_policy(policy)
    made = Backtest(
        site_id=site.id, by_person_id=by.person_id, policy=dict(policy), base=policies.version_of(site), days=days,
        since=now - days * _DAY_US, found=Tally().as_json(), created_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    jobs.enqueue(session, JOB, {"backtest": made.id}, key=f"{JOB}:{made.id}", now=now)
    return made


def advance(db: Database, backtest_id: int, *, now: int) -> bool:
    """Replay the next few hundred comments; False when there are none left, or nothing to do."""
    with db.reading() as session:
        backtest = session.get(Backtest, backtest_id)
        if backtest is None or backtest.state != BacktestState.OPEN:
            return False
        total = backtests.count(session, backtest) if backtest.total is None else backtest.total
        rows = backtests.next_chunk(session, backtest, limit=_CHUNK)
        reached, policy = (backtest.reached, backtest.reached_id), policy_from_json(backtest.policy)
        tally = Tally(**backtest.found)
    for row in rows:
        tally.add(_past(row), policy)
    values: dict[str, Any] = {"total": total}
    if rows:
        values |= {
            "reached": rows[-1].created_at, "reached_id": rows[-1].comment_id, "done": Backtest.done + len(rows),
            "found": tally.as_json(),
        }  # fmt: skip
    else:
        values |= {"state": BacktestState.DONE, "finished_at": now}
    with db.writing() as session:
        # Only if nobody else has come further meanwhile: a job may run twice.
        session.execute(
            update(Backtest)
            .where(Backtest.id == backtest_id, Backtest.state == BacktestState.OPEN)
            .where(Backtest.reached_id.is_not_distinct_from(reached[1]))
            .values(**values)
            .execution_options(synchronize_session=False)
        )
    return bool(rows)


def switch_on(session: Session, site: Site, backtest_id: int, *, by: Membership, now: int) -> PolicyChange:
    """Put exactly the policy in force that was tested.

    Raises NotFound, Forbidden, and Conflict when it isn't finished, was switched on already, changes nothing, or the
    policy in force is no longer the one that it was compared with.
    """
    backtest = session.get(Backtest, backtest_id, with_for_update=True)
    if backtest is None or backtest.site_id != site.id:
        raise NotFound("There is no such back-test on this site.")
    if backtest.state != BacktestState.DONE:
        raise Conflict("This back-test isn't finished." if backtest.state == "open" else "It is switched on already.")
    made = policies.set_policy(session, site, backtest.policy, seen=backtest.base, by=by, now=now, backtest=backtest)
    if made is None:
        raise Conflict("This is the policy in force.")
    backtest.state = BacktestState.APPLIED
    return made


def _past(row: Row) -> Past:
    return Past(
        row.comment_id,
        row.body,
        tuple(signal_of(signal) for signal in row.signals),
        mode=Mode(row.mode) if row.mode else None,
        section=row.section,
        is_staff=row.is_staff,
        then=_OUTCOMES.get(Status(row.then)) if row.then else None,
        person={"approve": Outcome.PUBLISH, "reject": Outcome.REJECT}.get(row.person or ""),
    )
