"""What does each page of the console show, beyond the cases themselves?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from commentsvc.actions.decisions import Result
from commentsvc.enums import CaseSort, CaseState, Guideline, Reason, Status
from commentsvc.moderation.likeness import nearest
from commentsvc.queries import card as around
from commentsvc.queries import history, people, sites
from commentsvc.queries.history import Entry
from commentsvc.queries.queue import Card
from commentsvc.store.models import Comment, Decision, SignalRow, Site
from commentsvc.text import excerpt
from commentsvc.web import cards
from commentsvc.web.edits import changes
from commentsvc.web.times import time_text

SORTS = {
    CaseState.OPEN: {
        CaseSort.PRIORITY: "Priority",
        CaseSort.OLDEST: "Oldest first",
        CaseSort.NEWEST: "Newest first",
    },
    CaseState.CLOSED: {
        CaseSort.NEWEST: "Latest decided first",
        CaseSort.OLDEST: "First decided first",
    },
}


@dataclass(frozen=True, slots=True)
class Bar:
    """What the line above the card says after a decision: done, undone or conflict; with what to do about it."""

    kind: str
    text: str
    undo: int | None = None
    case: int | None = None


def card_scene(session: Session, site: Site, card: Card | None, *, now: int) -> dict[str, Any]:
    """Read what a card shows besides its case: all around it, the guidelines in force, the history, a message."""
    items = _guidelines(session, site)
    titles = {item["guideline"]: item["title"] for item in items}
    proposed = card.case.guideline if card and card.case.guideline else items[0]["guideline"]
    entries = history.list_decisions(session, card.comment) if card else ()
    return {
        "card": card,
        "around": around.surroundings(session, card, nearest=nearest) if card else None,
        "history": entries,
        "guidelines": items,
        "proposed": proposed,
        "proposed_text": next((item["text"] for item in items if item["guideline"] == proposed), ""),
        "title_of": lambda guideline: titles.get(guideline, "To read"),
        "closing": lambda shown: _closing(shown, entries, now),
    }


def message_to_author(session: Session, site: Site, guideline: Guideline | None, typed: str) -> str:
    """Return what the author is told; another guideline's proposed text gives way to the chosen one's.

    Without a script the proposal can't follow the choice: it is the text of the guideline chosen at first.
    """
    texts = {item["guideline"]: _plain(item["text"]) for item in _guidelines(session, site)}
    if guideline is not None and _plain(typed) in texts.values():
        return texts.get(guideline, "")
    return typed


def done_bar(session: Session, decision: Decision) -> Bar:
    """Say what was just decided, and offer to take it back."""
    comment = session.get_one(Comment, decision.comment_id)
    text = cards.verdict(decision, _author(session, comment))
    return Bar("done", text, undo=decision.id if history.can_undo(decision, comment) else None)


def noted_bar() -> Bar:
    """Say that a note was kept."""
    return Bar("done", "Your note is kept for colleagues.")


def answered_bar(session: Session, reply: Comment, approval: Decision | None) -> Bar:
    """Say that a manager's answer is there, and offer to take back the approval that came with it."""
    parent = session.get_one(Comment, reply.parent_id)
    where = "is published" if reply.status == Status.PUBLISHED else f"is {cards.STATUSES[Status(reply.status)].lower()}"
    first = f"{cards.verdict(approval, _author(session, parent))} " if approval else ""
    text = f"{first}Your answer to {_author(session, parent)} {where}."
    return Bar("done", text, undo=approval.id if approval and history.can_undo(approval, parent) else None)


def undone_bar(session: Session, decision: Decision, *, case_id: int | None) -> Bar:
    """Say that a decision was taken back, and where the comment is now."""
    comment = session.get_one(Comment, decision.comment_id)
    now = cards.STATUSES[Status(decision.to_status)].lower()
    where = "its case is in the queue again" if case_id else "no case is open about it"
    return Bar("undone", f"Taken back: {_author(session, comment)}’s comment is {now}, {where}.", case=case_id)


def conflict_bar(session: Session, result: Result, *, case_id: int | None, now: int) -> Bar:
    """Say why nothing happened, and what had happened before."""
    why = result.problem.message if result.problem else "Something has happened to this comment since."
    latest = history.list_decisions(session, result.comment)[:1] if result.comment else ()
    happened = "".join(f" {_told(entry, now)}" for entry in latest)
    return Bar("conflict", f"Nothing changed. {why}{happened}", case=case_id)


def following(shown: Sequence[Card], card: Card | None, *, by: int) -> int | None:
    """Return the case that comes after one in a list, or the one before the last; what colleagues have is left out."""
    here = card.case.id if card else None
    ids = [each.case.id for each in shown if each.case.id == here or not is_taken(each, by=by)]
    if here not in ids:
        return ids[0] if ids else None
    at = ids.index(here)
    rest = ids[at + 1 :] or ids[:at][-1:]
    return rest[0] if rest else None


def first_of(shown: Sequence[Card], *, by: int) -> Card | None:
    """Return the case to begin with: the first that no colleague has, or else the first."""
    return next((card for card in shown if not is_taken(card, by=by)), shown[0] if shown else None)


def is_taken(card: Card, *, by: int) -> bool:
    """Say whether a colleague has a case."""
    return card.leased_to is not None and card.leased_to.person_id != by


def _guidelines(session: Session, site: Site) -> list[dict[str, str]]:
    """List the site's guidelines in the order of the keys 1 to 5."""
    words = sites.guideline_words(sites.guidelines_of(session, site))
    return [
        {"guideline": guideline, "title": cards.GUIDELINES[guideline], "text": "", **words.get(guideline, {})}
        for guideline in Guideline
    ]


def _closing(card: Card, entries: Sequence[Entry], now: int) -> str:
    closed = next((entry for entry in entries if entry.decision.closed_case_id == card.case.id), None)
    return _told(closed, now) if closed else "This case is closed."


def _told(entry: Entry, now: int) -> str:
    by = entry.by.name if entry.by else "a rule"
    why = f" ({cards.GUIDELINES[Guideline(entry.decision.guideline)]})" if entry.decision.guideline else ""
    return f"{cards.action_words(entry.decision)} by {by}{why}, {cards.ago(entry.decision.created_at, now)} ago."


def _author(session: Session, comment: Comment) -> str:
    return people.faces(session, comment.site_id, {comment.person_id})[comment.person_id].name


def _plain(text: str) -> str:
    return " ".join(text.split())


def _closeness(signal: SignalRow) -> list[tuple[str, float | None]]:
    """Return what relevance compared the comment with, and how near each is."""
    near: dict[str, float | None] = signal.evidence.get("closeness") or {}
    return [(name, near.get(name)) for name in ("article", "parent", "thread")] if near else []


def _known_labels(signal: SignalRow) -> list[tuple[str, float]]:
    labels: dict[str, float | None] = signal.evidence.get("labels") or {}
    known = [(label, score) for label, score in labels.items() if score is not None]
    # The one label "toxicity" alone would only repeat the score.
    return [] if [label for label, _ in known] == ["toxicity"] else sorted(known, key=lambda pair: -pair[1])


def _seen_by(card: Card) -> str:
    count = card.article.comment_count
    thread = f"{count:,} {'comment' if count == 1 else 'comments'} in the thread"
    return f"{thread}, public now" if card.comment.status == Status.PUBLISHED else thread


def _is_web(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


WORDS: dict[str, Any] = {
    "action_words": cards.action_words,
    "ago": cards.ago,
    "backlog": cards.backlog,
    "causes": cards.causes,
    "checks": cards.CHECKS,
    "edits": changes,
    "closeness": _closeness,
    "compact": cards.compact,
    "excerpt": excerpt,
    "is_web": _is_web,
    "known_labels": _known_labels,
    "links": cards.links,
    "pieces": cards.pieces,
    "priority": cards.priority,
    "ranked": cards.ranked,
    "reason_words": lambda bits: " · ".join(cards.REASONS[reason] for reason in Reason if bits & reason),
    "reasons": cards.REASONS,
    "score_words": cards.score_words,
    "seen_by": _seen_by,
    "statuses": cards.STATUSES,
    "time_text": time_text,
    "worry": cards.worry,
}
"""What every template of the console may call."""
