"""What did a site decide in a year, on whose word, by what means, and how was it appealed against (DSA, 15 and 24)?"""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commentsvc.enums import Action, MeasureKind, ReportOutcome, SanctionKind, Status
from commentsvc.store.models import Appeal, Decision, LegalNotice, NotifierMeasure, Sanction, Site

HOUR_US = 3_600_000_000
_NAMELESS = "none"


@dataclass(frozen=True, slots=True)
class Table:
    """One table of figures: a first column of names, and numbers."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | float | None]]


@dataclass(frozen=True, slots=True)
class _Decided:
    by_person: bool
    action: str
    before: str | None
    after: str
    guideline: str
    count: int


def span(site: Site, year: int) -> tuple[int, int]:
    """Return when a year begins and ends by the site's clocks."""
    zone = ZoneInfo(site.time_zone)
    begin, end = (datetime(one, 1, 1, tzinfo=zone).astimezone(UTC) for one in (year, year + 1))
    return int(begin.timestamp()) * 1_000_000, int(end.timestamp()) * 1_000_000


def figures(session: Session, site: Site, year: int) -> list[Table]:
    """Count a year, in a handful of queries each of which an index narrows to that year of the site."""
    since, until = span(site, year)
    decided = _decided(session, site.id, since, until)
    return [
        _notices(session, site.id, since, until),
        _restrictions(decided),
        _sanctions(session, site.id, since, until),
        _complaints(session, site.id, since, until),
        _automation(decided),
        _misuse(session, site.id, since, until),
    ]


def _decided(session: Session, site_id: int, since: int, until: int) -> list[_Decided]:
    # Everything that is grouped by stands in ix_decisions_time: the table itself isn't read.
    by_person = Decision.by_person_id.is_not(None)
    rows = session.execute(
        select(by_person, Decision.action, Decision.from_status, Decision.to_status, Decision.guideline, func.count())
        .where(Decision.site_id == site_id, Decision.created_at >= since, Decision.created_at < until)
        .group_by(by_person, Decision.action, Decision.from_status, Decision.to_status, Decision.guideline)
    )
    return [
        _Decided(bool(person), action, before, after, guideline or _NAMELESS, count)
        for person, action, before, after, guideline, count in rows
    ]


def _notices(session: Session, site_id: int, since: int, until: int) -> Table:
    rows = session.execute(
        select(LegalNotice.ground, LegalNotice.outcome, LegalNotice.created_at, Decision.created_at)
        .outerjoin(Decision, Decision.id == LegalNotice.decision_id)
        .where(LegalNotice.site_id == site_id, LegalNotice.created_at >= since, LegalNotice.created_at < until)
    ).all()
    made: dict[str, list[tuple[str | None, int | None]]] = {}
    for ground, outcome, given, decided in rows:
        made.setdefault(ground, []).append((outcome, decided - given if decided else None))
    return Table(
        "notices",
        ("ground", "received", "removed", "kept", "open", "unhandled", "median_hours"),
        [
            (
                ground, len(some), *(sum(outcome == wanted for outcome, _ in some) for wanted in _OUTCOMES),
                _hours(took for _, took in some),
            )
            for ground, some in sorted(made.items())
        ],
    )  # fmt: skip


_OUTCOMES = (ReportOutcome.UPHELD, ReportOutcome.DISMISSED, None, ReportOutcome.UNHANDLED)


def _restrictions(decided: Sequence[_Decided]) -> Table:
    found: dict[str, list[int]] = {}
    for one in decided:
        if one.after not in {Status.REJECTED, Status.HELD} or one.before == one.after or one.action == Action.UNDO:
            continue
        row = found.setdefault(one.guideline, [0, 0, 0, 0])
        row[(one.after == Status.HELD) * 2 + (not one.by_person)] += one.count
    columns = ("guideline", "removed_by_people", "removed_by_rules", "held_by_people", "held_by_rules")
    return Table("restrictions", columns, [(name, *row) for name, row in sorted(found.items())])


def _sanctions(session: Session, site_id: int, since: int, until: int) -> Table:
    rows = session.execute(
        select(Sanction.kind, func.count())
        .where(Sanction.site_id == site_id, Sanction.created_at >= since, Sanction.created_at < until)
        .group_by(Sanction.kind)
    ).all()
    counts: Mapping[str, int] = {row[0]: row[1] for row in rows}
    return Table("sanctions", ("kind", "imposed"), [(kind.value, counts.get(kind, 0)) for kind in SanctionKind])


def _complaints(session: Session, site_id: int, since: int, until: int) -> Table:
    rows = session.execute(
        select(Appeal.kind, Appeal.state, Appeal.outcome, Appeal.created_at, Appeal.decided_at).where(
            Appeal.site_id == site_id, Appeal.created_at >= since, Appeal.created_at < until
        )
    ).all()
    made: dict[str, list[tuple[str, int | None]]] = {}
    for kind, state, outcome, given, decided in rows:
        took = decided - given if decided and outcome else None
        made.setdefault(kind, []).append((outcome or state, took))
    wanted = ("overturned", "confirmed", "dropped", "open")
    return Table(
        "complaints",
        ("kind", "received", *wanted, "median_hours"),
        [
            (
                kind, len(some), *(sum(what == word for what, _ in some) for word in wanted),
                _hours(took for _, took in some),
            )
            for kind, some in sorted(made.items())
        ],
    )  # fmt: skip


def _automation(decided: Sequence[_Decided]) -> Table:
    by_rules = sum(one.count for one in decided if not one.by_person and one.before is None)
    held = sum(one.count for one in decided if not one.by_person and one.after == Status.HELD)
    rejected = sum(one.count for one in decided if not one.by_person and one.after == Status.REJECTED)
    after_hold = [one for one in decided if one.by_person and one.before == Status.HELD]
    approved = sum(one.count for one in after_hold if one.action == Action.APPROVE)
    agreed = sum(one.count for one in after_hold if one.action == Action.REJECT)
    return Table(
        "automation",
        ("what", "number"),
        [
            ("first_decisions_by_rules", by_rules),
            ("held_by_rules", held),
            ("rejected_by_rules", rejected),
            ("held_then_approved_by_people", approved),
            ("held_then_rejected_by_people", agreed),
            ("error_rate_of_holds", round(approved / (approved + agreed), 4) if approved + agreed else None),
        ],
    )


def _misuse(session: Session, site_id: int, since: int, until: int) -> Table:
    rows = session.execute(
        select(NotifierMeasure.kind, func.count())
        .where(
            NotifierMeasure.site_id == site_id,
            NotifierMeasure.created_at >= since,
            NotifierMeasure.created_at < until,
        )
        .group_by(NotifierMeasure.kind)
    ).all()
    counts: Mapping[str, int] = {row[0]: row[1] for row in rows}
    return Table("misuse", ("measure", "number"), [(kind.value, counts.get(kind, 0)) for kind in MeasureKind])


def _hours(times: Iterable[int | None]) -> float | None:
    known = [one for one in times if one is not None]
    return round(statistics.median(known) / HOUR_US, 1) if known else None
