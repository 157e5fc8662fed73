"""How far can the rules be trusted: the error ledger, the blind audit, and what shadow mode would have changed?"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commentsvc.enums import TOXICITY_LABELS, Outcome, SignalState, Status
from commentsvc.moderation.metrics import Estimate, share
from commentsvc.moderation.policy import label_named
from commentsvc.queries import ledger
from commentsvc.queries.ledger import Judged, Tried
from commentsvc.store.models import SignalRow
from commentsvc.web.cards import CHECKS
from commentsvc.web.insight_tables import Asked, Cell, Column, Table, interval

_NONE = "–"
_NO_CHECK = "No check"
_OUTCOMES = {Outcome.PUBLISH: "published", Outcome.HOLD: "held", Outcome.REJECT: "rejected"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger: errors of a check, label or section, and of how many decisions each."""

    name: str
    holds: int
    false_holds: int
    passes: int
    false_passes: int
    decided: int
    overturned: int


@dataclass(frozen=True, slots=True)
class Audit:
    """What the blind sample says: drawn and decided, and what follows for everything that rules published."""

    decided: int
    rejected: int
    waiting: int
    estimate: Estimate | None
    published: int
    held_decided: int
    held_approved: int
    hold_estimate: Estimate | None

    @property
    def extent(self) -> tuple[int, int] | None:
        """Between how many false passes there probably were among all that was published."""
        if self.estimate is None or self.estimate.low is None or self.estimate.high is None:
            return None
        return round(self.estimate.low * self.published), round(self.estimate.high * self.published)


def scene(asked: Asked) -> dict[str, Any]:
    """Collect what the page of trust shows."""
    tried = ledger.tried(asked.session, asked.site.id, asked.span)
    wrong = {
        "False holds": [one.comment_id for one in reversed(asked.judged) if one.is_false_hold],
        "False passes": [one.comment_id for one in reversed(asked.judged) if one.is_false_pass],
        "Overturned decisions": [one.comment_id for one in reversed(asked.judged) if one.is_overturned],
    }
    return {
        "audit": audit(asked),
        "audit_share": asked.site.policy.get("audit_share", 0),
        "shadow_policy": asked.site.policy.get("shadow", {}),
        "ledgers": [build(asked) for build in TABLES.values() if build is not shadow],
        "found_by": Counter(ledger.found_by(one) for one in asked.judged if one.is_false_pass).most_common(),
        "examples": {
            title: ledger.examples(asked.session, asked.site.id, ids) for title, ids in wrong.items() if ids
        },
        "shadow": shadow(asked),
        "shadow_examples": _shadow_examples(asked, tried),
        "outcomes": _OUTCOMES,
        "check_names": CHECKS,
    }  # fmt: skip


def audit(asked: Asked) -> Audit:
    """Estimate from the blind sample how often rules publish what a person would reject."""
    drawn = [one for one in asked.judged if one.is_audit]
    rejected = sum(one.action == "reject" for one in drawn)
    held = [one for one in asked.judged if one.is_blind and one.is_hold]
    approved = sum(one.is_false_hold for one in held)
    return Audit(
        decided=len(drawn), rejected=rejected, waiting=ledger.waiting_audit(asked.session, asked.site.id),
        estimate=share(rejected, len(drawn)), published=sum(step.published_by_rule for step in asked.work),
        held_decided=len(held), held_approved=approved, hold_estimate=share(approved, len(held)),
    )  # fmt: skip


def by_check(asked: Asked) -> Table:
    """Errors by the check that held, or that came nearest to holding."""
    missed = _missed(asked)
    return _table(
        asked, "by_check", "Errors by check",
        hold=lambda one: CHECKS.get(one.rule or "", _NO_CHECK),
        miss=lambda one: missed.get(one.comment_id, (_NO_CHECK, None))[0],
    )  # fmt: skip


def by_label(asked: Asked) -> Table:
    """Errors of the classifier by label."""
    missed = _missed(asked)

    def held(one: Judged) -> str | None:
        return label_named(one.rule_message) if one.rule == "toxicity" else None

    return _table(
        asked, "by_label", "Errors of the classifier by label", hold=held,
        miss=lambda one: missed.get(one.comment_id, (_NO_CHECK, None))[1],
    )  # fmt: skip


def by_section(asked: Asked) -> Table:
    """Errors by the section of the article."""
    public = ledger.published_by_section(asked.session, asked.site.id, asked.span)
    of = {section or _NONE: count for section, count in public.items()}
    return _table(
        asked, "by_section", "Errors by section", hold=lambda one: one.section or _NONE,
        miss=lambda one: one.section or _NONE, passes=of,
    )  # fmt: skip


def shadow(asked: Asked) -> Table:
    """What shadow mode would have changed, and what people thought of those comments."""
    tried = ledger.tried(asked.session, asked.site.id, asked.span)
    groups: dict[tuple[str, str, str], list[Tried]] = {}
    for one in tried:
        for check in one.checks or ("",):
            groups.setdefault((CHECKS.get(check, check or _NONE), one.acted, one.outcome), []).append(one)
    columns = (
        Column("Check"), Column("It was", is_text=True), Column("It would have been", is_text=True),
        Column("Comments"), Column("Rejected since"),
        Column("Approved since"), Column("Nobody looked"), Column("People agree with shadow mode"),
    )  # fmt: skip
    rows = [
        _shadow_row(check, acted, outcome, some)
        for (check, acted, outcome), some in sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    ]
    note = "By the day of the comment. A person’s later decision says who was right; most comments nobody looks at."
    return Table("shadow", "What shadow mode would have changed", note, columns, tuple(rows), is_chart=False)


TABLES: Mapping[str, Callable[[Asked], Table]] = {
    build.__name__: build for build in (by_check, by_label, by_section, shadow)
}
"""What the page of trust hands out as CSV."""


def _table(
    asked: Asked,
    name: str,
    title: str,
    *,
    hold: Callable[[Judged], str | None],
    miss: Callable[[Judged], str | None],
    passes: Mapping[str, int] | None = None,
) -> Table:
    lines = _lines(asked, hold, miss, passes)
    columns = (
        Column(title.rsplit(" ", 1)[-1].capitalize()), Column("Holds decided"), Column("False holds"),
        Column("False hold rate"), Column("False passes found"), Column("Found false pass rate"),
        Column("Decisions overturned"), Column("Overturn rate"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            line.name, line.holds, line.false_holds, interval(share(line.false_holds, line.holds)),
            line.false_passes, interval(share(line.false_passes, max(line.passes, line.false_passes))),
            line.overturned, interval(share(line.overturned, line.decided)),
        )
        for line in lines
    ]  # fmt: skip
    return Table(name, title, "", columns, tuple(rows), is_chart=False)


def _lines(
    asked: Asked,
    hold: Callable[[Judged], str | None],
    miss: Callable[[Judged], str | None],
    passes: Mapping[str, int] | None,
) -> Sequence[Line]:
    holds, false_holds, false_passes, decided, overturned = (Counter[str]() for _ in range(5))
    for one in asked.judged:
        if (missed := miss(one)) is not None and one.is_false_pass:
            false_passes[missed] += 1
        name = hold(one)
        if name is None:
            continue
        decided[name] += 1
        overturned[name] += one.is_overturned
        holds[name] += one.is_hold
        false_holds[name] += one.is_false_hold
    published = sum(step.published_by_rule for step in asked.work)
    names = {name for counts in (holds, false_passes, overturned) for name, count in counts.items() if count}
    order = sorted(names, key=lambda name: (-(false_holds[name] + false_passes[name]), -holds[name], name))
    return [
        Line(
            name, holds[name], false_holds[name],
            published if passes is None else passes.get(name, 0) + false_passes[name],
            false_passes[name], decided[name], overturned[name],
        )
        for name in order
    ]  # fmt: skip


def _missed(asked: Asked) -> dict[int, tuple[str, str | None]]:
    """Say of each false pass which check of the broken guideline came nearest to holding it, and which label."""
    passed = {one.comment_id: one for one in asked.judged if one.is_false_pass}
    signals = asked.passed_signals
    return {
        comment_id: _nearest([s for s in signals.get(comment_id, ()) if s.revision == one.revision], one.guideline)
        for comment_id, one in passed.items()
    }


def _nearest(signals: Iterable[SignalRow], guideline: str | None) -> tuple[str, str | None]:
    fitting = [
        signal
        for signal in signals
        if signal.score is not None and signal.state == SignalState.OBSERVED and signal.guideline == guideline
    ]
    if not fitting:
        return _NO_CHECK, None
    best = max(
        fitting, key=lambda signal: 1 - (signal.score or 0) if signal.check == "relevance" else signal.score or 0
    )
    labels = {label: score for label, score in (best.evidence.get("labels") or {}).items() if score is not None}
    known = [label for label in TOXICITY_LABELS if label in labels]
    return CHECKS.get(best.check, best.check), max(known, key=lambda label: labels[label]) if known else None


def _shadow_row(check: str, acted: str, outcome: str, some: Sequence[Tried]) -> tuple[Cell, ...]:
    rejected = sum(one.person_said == Status.REJECTED for one in some)
    approved = sum(one.person_said == Status.PUBLISHED for one in some)
    agrees = approved if outcome == Outcome.PUBLISH else rejected
    return (
        check, _OUTCOMES[Outcome(acted)], _OUTCOMES[Outcome(outcome)], len(some), rejected, approved,
        len(some) - rejected - approved, interval(share(agrees, rejected + approved)),
    )  # fmt: skip


def _shadow_examples(asked: Asked, tried: Sequence[Tried]) -> list[tuple[Tried, ledger.Example]]:
    by_id = {one.comment_id: one for one in tried}
    found = ledger.examples(asked.session, asked.site.id, by_id)
    return [(by_id[one.comment.id], one) for one in found]
