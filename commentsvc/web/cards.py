"""How is a case put into words, so that a stranger sees in ten seconds why it is in the queue?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from commentsvc.actions.cases import DAY_US, priority_of
from commentsvc.enums import Action, AppealKind, Guideline, Reason, SignalState, Status
from commentsvc.queries.backlog import Backlog
from commentsvc.queries.queue import Card
from commentsvc.store.models import Case, Comment, Decision, SignalRow
from commentsvc.text import link_host

GUIDELINES = {
    Guideline.COURTESY: "Courtesy",
    Guideline.ON_TOPIC: "On topic",
    Guideline.SPAM: "Spam",
    Guideline.LEGAL: "Legal",
    Guideline.PRIVACY: "Privacy",
}
REASONS = {
    Reason.HELD: "Held",
    Reason.REPORTED: "Reported",
    Reason.APPEAL: "Appeal",
    Reason.SAMPLE: "Sample",
    Reason.RESCORED: "Rescored",
    Reason.ESCALATED: "Escalated",
}
CHECKS = {
    "akismet": "Akismet",
    "article": "Article's mode",
    "external": "The site's own judge",
    "links": "Links",
    "relevance": "Relevance",
    "repeats": "Repeats",
    "spam": "Spam shape",
    "standing": "Author's standing",
    "toxicity": "Toxicity",
    "words": "Word list",
}
ACTIONS = {
    Action.PUBLISH: "Published",
    Action.APPROVE: "Approved",
    Action.REJECT: "Rejected",
    Action.WITHHOLD: "Taken down to wait",
    Action.WITHDRAW: "Withdrawn by its author",
    Action.PIN: "Pinned",
    Action.UNPIN: "Unpinned",
    Action.FEATURE: "Featured",
    Action.UNFEATURE: "No longer featured",
    Action.ESCALATE: "Escalated",
    Action.UNDO: "Decision taken back",
}
STATUSES = {
    Status.PUBLISHED: "Published",
    Status.HELD: "Held",
    Status.REJECTED: "Rejected",
    Status.WITHDRAWN: "Withdrawn",
}
_LIKELY = ((0.9, "almost certain"), (0.7, "very likely"), (0.5, "likely"), (0.25, "possible"), (0.0, "unlikely"))
_NEAR = ((0.5, "close to article or thread"), (0.25, "loosely related"), (0.0, "far from article and thread"))
_UNRELATED = 0.5
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))
_SECOND = 1_000_000
_LEADING = 2
_EXCERPT = 90
_MOST_SPANS = 200


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why a case is open, as a sentence, and what it rests on."""

    reason: Reason
    text: str
    details: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Priority:
    """The figures that order the queue."""

    likely: float
    reach: float
    waited: float
    total: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a comment, and which checks point at it."""

    text: str
    checks: Sequence[str] = ()


def causes(card: Card) -> Sequence[Cause]:
    """Say why a case is open, one sentence a reason."""
    say = {
        Reason.HELD: _held,
        Reason.REPORTED: _reported,
        Reason.APPEAL: _appealed,
        Reason.SAMPLE: _sampled,
        Reason.RESCORED: _rescored,
        Reason.ESCALATED: _escalated,
    }
    return [say[reason](card) for reason in Reason if card.case.reasons & reason]


def _appealed(card: Card) -> Cause:
    who = "Who gave notice" if card.appeal and card.appeal.kind == AppealKind.NOTIFIER else "The author"
    return Cause(Reason.APPEAL, f"{who} asks somebody else to look again.")


def priority(case: Case, *, now: int) -> Priority:
    """Return the parts of a case's priority: a point means twice as urgent, and each day of waiting adds one."""
    total = priority_of(case.rank, now)
    waited = max(0.0, (now - case.opened_at) / DAY_US)
    return Priority(likely=case.likelihood, reach=case.reach, waited=waited, total=total)


def pieces(body: str, signals: Sequence[SignalRow]) -> Sequence[Piece]:
    """Cut a comment where evidence begins or ends; spans that overlap or lie outside are put up with."""
    spans = [
        (max(0, start), min(len(body), end), CHECKS.get(signal.check, signal.check))
        for signal in signals
        for start, end in signal.evidence.get("spans", ())
    ][:_MOST_SPANS]
    cuts = sorted({0, len(body), *(at for start, end, _ in spans if start < end for at in (start, end))})
    return [
        Piece(body[start:end], sorted({check for s, e, check in spans if s <= start and end <= e}))
        for start, end in pairwise(cuts)
    ]


def links(comment: Comment) -> Sequence[tuple[str, str]]:
    """List a comment's links as (text, host)."""
    raw = [comment.body[start:end] for start, end in comment.links]
    return [(text, link_host(text)) for text in raw]


def score_words(signal: SignalRow) -> str:
    """Say what a check answered; for relevance a low score is the bad one."""
    if signal.state == SignalState.FAILED:
        return "no answer (failed)"
    if signal.state == SignalState.ABSTAINED or signal.score is None:
        return "can't tell (abstained)"
    if signal.score == 0.0 and signal.check != "relevance":
        return "nothing found"
    scale = _NEAR if signal.check == "relevance" else _LIKELY
    return next(words for floor, words in scale if signal.score >= floor)


def ranked(signals: Sequence[SignalRow]) -> Sequence[SignalRow]:
    """Sort signals for reading: what worries first, then what failed, then what is fine or can't tell."""
    return sorted(signals, key=lambda signal: (-worry(signal), signal.state != SignalState.FAILED, signal.check))


def worry(signal: SignalRow) -> float:
    """Return how much a signal speaks against its comment, 0..1; comments on topic seldom share many words."""
    if signal.score is None:
        return 0.0
    return max(0.0, 1.0 - signal.score / _UNRELATED) if signal.check == "relevance" else signal.score


def verdict(decision: Decision, name: str, *, titles: Mapping[Guideline, str] = GUIDELINES) -> str:
    """Say in one line what a decision did to whose comment."""
    why = f" ({titles[Guideline(decision.guideline)]})" if decision.guideline else ""
    return f"{action_words(decision)}: {name}’s comment{why}."


def action_words(decision: Decision) -> str:
    """Name what a decision did; what rules hold was never up."""
    by_rule = decision.by_person_id is None
    return "Held" if by_rule and decision.action == Action.WITHHOLD else ACTIONS[Action(decision.action)]


def ago(then: int, now: int) -> str:
    """Say how long something has lasted: 3 d, 12 h, 5 min, or moments."""
    seconds = max(0, now - then) // _SECOND
    return next((f"{seconds // size} {unit}" for size, unit in _UNITS if seconds >= size), "moments")


def backlog(waiting: Backlog, now: int) -> str:
    """Say how much waits, and since when."""
    if not waiting.count or waiting.oldest_at is None:
        return "No open cases"
    return f"{waiting.count:,} open, the oldest for {ago(waiting.oldest_at, now)}"


def compact(number: float) -> str:
    """Write a figure with the digits that matter."""
    if number >= 10:
        return f"{number:,.0f}"
    return f"{number:.1f}".removesuffix(".0") if number >= 1 else f"{number:.2f}"


def _held(card: Card) -> Cause:
    failed = [CHECKS.get(s.check, s.check) for s in card.signals if s.state == SignalState.FAILED]
    leading = _leading(card)
    if card.case.guideline:
        text = f"Held: it may break the guideline “{GUIDELINES[Guideline(card.case.guideline)]}”."
    elif failed:
        text = "Held: it could not be checked in full."
    else:
        text = "Held: somebody has to look before readers see it."
    found = [_finding(signal, card.comment) for signal in leading] or _said_by_rule(card)
    return Cause(Reason.HELD, text, [*found, *(f"{name} gave no answer" for name in failed)])


def _reported(card: Card) -> Cause:
    who = "a reader" if card.report_count == 1 else f"{card.report_count} readers"
    counts = Counter(complaint.report.reason for complaint in card.reports)
    named = ", ".join(
        reason.replace("_", " ") + (f" ({count})" if count > 1 else "") for reason, count in counts.most_common()
    )
    number = len(card.notices)
    notices = "Notice of illegal content was given" + (f" {number} times." if number > 1 else ".") if number else ""
    if not card.report_count:
        return Cause(Reason.REPORTED, notices or "Reported.")
    reports = f"Reported by {who}: {named}."
    return Cause(Reason.REPORTED, notices, [reports]) if notices else Cause(Reason.REPORTED, reports)


def _sampled(card: Card) -> Cause:
    unsure = [s for s in card.signals if s.state == SignalState.ABSTAINED and s.check == "toxicity"]
    if unsure:
        return Cause(Reason.SAMPLE, "Picked for a look: its toxicity could not be scored.")
    text = "Picked for a look: the checks were not sure."
    return Cause(Reason.SAMPLE, text, [_finding(signal, card.comment) for signal in _leading(card)])


def _rescored(card: Card) -> Cause:
    text = "Scored again, and the answer changed."
    return Cause(Reason.RESCORED, text, [_finding(signal, card.comment) for signal in _leading(card)])


def _escalated(card: Card) -> Cause:
    text = "Escalated: an administrator is asked to decide."
    latest = card.latest
    if latest is None or latest.action != Action.ESCALATE or card.latest_by is None:
        return Cause(Reason.ESCALATED, text)
    return Cause(
        Reason.ESCALATED,
        text,
        [f"{card.latest_by.name}: {latest.note}" if latest.note else f"by {card.latest_by.name}"],
    )


def _leading(card: Card) -> Sequence[SignalRow]:
    """Return the signals that speak most against the comment under the case's guideline."""
    chosen = [s for s in card.signals if s.score is not None and worry(s) >= 0.25]
    if card.case.guideline:
        chosen = [s for s in chosen if s.guideline == card.case.guideline]
    return ranked(chosen)[:_LEADING]


def _said_by_rule(card: Card) -> Sequence[str]:
    by_rule = card.latest is not None and card.latest.by_person_id is None
    return [card.latest.message] if card.latest and by_rule and card.latest.message else []


def _finding(signal: SignalRow, comment: Comment) -> str:
    words = [comment.body[start:end] for start, end in signal.evidence.get("spans", ())][:3]
    quoted = ", ".join(f"“{' '.join(word.split())[:_EXCERPT]}”" for word in words)
    said = signal.evidence.get("message") or f"{score_words(signal)} ({signal.score:.2f})"
    label = CHECKS.get(signal.check, signal.check)
    return f"{label}: {said} {quoted}".strip()
