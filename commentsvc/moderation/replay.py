"""What would another policy have made of comments that were judged before, by what was observed then?

The rules for words and links are asked again, since they need nothing but the text; all else is as it was stored.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from commentsvc.enums import TOXICITY_LABELS, Mode, Outcome
from commentsvc.moderation import checks
from commentsvc.moderation.policy import decide, policy_for
from commentsvc.moderation.terms import Draft, Policy, Signal, Standing

STEPS = 100
"""How finely a label's scores are counted."""
MOST_CASES = 300
"""How many comments of each kind that was decided otherwise are listed; all are counted."""
HELD_APPROVED = "held_approved"
PUBLISHED_REJECTED = "published_rejected"
_AGAIN = {"words": checks.words, "links": checks.links}


@dataclass(frozen=True, slots=True)
class Past:
    """One comment as it was judged: what was observed, what a rule did with it, and what a person said of it, if any.

    `mode` is its article's own, `person` is PUBLISH for approved and REJECT for rejected.
    """

    comment_id: int
    body: str
    signals: tuple[Signal, ...]
    mode: Mode | None = None
    section: str | None = None
    is_staff: bool = False
    then: Outcome | None = None
    person: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Reached:
    """What lies at or above a threshold: how much of everything, and how much of that a person rejected."""

    count: int
    share: float
    decided: int
    precision: float | None


@dataclass
class Tally:
    """What a replay has found so far; `curves` count scores in steps, by label, of all and of those decided."""

    judged: int = 0
    unjudged: int = 0
    standing: int = 0
    then: dict[str, int] = field(default_factory=dict)
    now: dict[str, int] = field(default_factory=dict)
    moved: dict[str, int] = field(default_factory=dict)
    otherwise: dict[str, int] = field(default_factory=dict)
    cases: dict[str, list[int]] = field(default_factory=dict)
    curves: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Write it as the database keeps it."""
        return dict(vars(self))

    def add(self, past: Past, policy: Policy) -> None:
        """Replay one comment and count what comes of it; one without stored signals is only counted as such."""
        if not past.signals or past.then is None:
            self.unjudged += 1
            return
        self.judged += 1
        self.standing += _held_for_standing(past)
        outcome = replay(past, policy)
        _count(self.then, past.then)
        _count(self.now, outcome)
        if outcome is not past.then:
            _count(self.moved, f"{past.then}>{outcome}")
        for kind in _otherwise(past, outcome):
            _count(self.otherwise, kind)
            listed = self.cases.setdefault(kind, [])
            if len(listed) < MOST_CASES:
                listed.append(past.comment_id)
        for label, score in _scores(past):
            self._count_score(label, score, past.person)

    def _count_score(self, label: str, score: float, person: Outcome | None) -> None:
        kinds = ("all", "approved", "rejected")
        curve = self.curves.setdefault(label, {kind: [0] * (STEPS + 1) for kind in kinds})
        # A score of .29 belongs to the threshold .29, though .29 * 100 is less than 29 in binary.
        step = int(score * STEPS + 1e-9)
        curve["all"][step] += 1
        if person is not None:
            curve["rejected" if person is Outcome.REJECT else "approved"][step] += 1


def replay(past: Past, policy: Policy) -> Outcome:
    """Draw the verdict of a policy over what was observed about one comment.

    Who was held for their standing then is held for it now: what it was then isn't stored.
    """
    in_force = policy_for(policy, past.section, mode=past.mode)
    standing = Standing(is_staff=past.is_staff, premoderated=_held_for_standing(past))
    draft = Draft(past.body, mode=in_force.mode, standing=standing)
    signals = [signal for signal in past.signals if signal.check not in _AGAIN]
    signals += [check(draft, in_force) for check in _AGAIN.values()]
    return decide(signals, in_force, draft).outcome


def reached(curve: Mapping[str, list[int]], threshold: float) -> Reached:
    """Count what a label's threshold would hold, and how often a person rejected that."""
    step = min(STEPS, round(threshold * STEPS))
    count, total = sum(curve["all"][step:]), sum(curve["all"])
    rejected, approved = sum(curve["rejected"][step:]), sum(curve["approved"][step:])
    decided = rejected + approved
    return Reached(count, count / total if total else 0.0, decided, rejected / decided if decided else None)


def _held_for_standing(past: Past) -> bool:
    return any(signal.check == "standing" and (signal.score or 0) >= checks.BREACH for signal in past.signals)


def _otherwise(past: Past, outcome: Outcome) -> Iterator[str]:
    """Say against which decision of a person's the new outcome goes."""
    if past.person is Outcome.PUBLISH and outcome is not Outcome.PUBLISH:
        yield HELD_APPROVED
    if past.person is Outcome.REJECT and outcome is Outcome.PUBLISH:
        yield PUBLISHED_REJECTED


def _scores(past: Past) -> Iterator[tuple[str, float]]:
    for signal in past.signals:
        if signal.check == "toxicity":
            known = ((label, signal.labels.get(label)) for label in TOXICITY_LABELS)
            yield from ((label, score) for label, score in known if score is not None)


def _count(counts: dict[str, int], name: str) -> None:
    counts[str(name)] = counts.get(str(name), 0) + 1
