"""Which cases does an address of the queue ask for? What can't be a filter is as if it weren't there."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from commentsvc.enums import TOXICITY_LABELS, CaseSort, CaseState, Guideline, Holding, Reason, Trust
from commentsvc.queries.queue import Wanted
from commentsvc.store.paging import parse_id
from commentsvc.web import scenes

Word = TypeVar("Word", bound=StrEnum)

FILTERS = ("reason", "guideline", "label", "article", "section", "trust", "waiting", "holding", "q")
SAVED = (*FILTERS, "sort")
"""What a saved view is made of."""
WAITING = {1: "an hour", 6: "6 hours", 24: "a day", 72: "3 days", 168: "a week"}
TRUSTS = {
    Trust.NEW: "New",
    Trust.REGULAR: "Regular",
    Trust.TRUSTED: "Trusted",
    Trust.TROUBLED: "Often rejected",
}
HOLDINGS = {Holding.FREE: "Hide them", Holding.MINE: "Only what I hold"}
LABELS = {label: label.replace("_", " ").capitalize() for label in TOXICITY_LABELS}
_MOST = 200


def wanted(given: Mapping[str, str], state: CaseState, *, by: int) -> Wanted:
    """Read the filters of an address, or of a saved view, as the person `by` sees the queue."""
    sort = one_of(CaseSort, given.get("sort"))
    label = given.get("label")
    waiting = given.get("waiting", "")
    return Wanted(
        state=state,
        reason=next((reason for reason in Reason if reason.word == given.get("reason")), None),
        guideline=one_of(Guideline, given.get("guideline")),
        q=_text(given.get("q")),
        sort=sort if sort in scenes.SORTS[state] else None,
        label=label if label in TOXICITY_LABELS else None,
        article_id=parse_id(given.get("article", "")),
        section=_text(given.get("section")) or None,
        trust=one_of(Trust, given.get("trust")),
        waiting=int(waiting) if waiting in {str(hours) for hours in WAITING} else None,
        holding=one_of(Holding, given.get("holding")) if state == CaseState.OPEN else None,
        by=by,
    )


def kept(given: Mapping[str, str]) -> dict[str, str]:
    """Return what a saved view keeps of an address."""
    return {name: text for name in SAVED if (text := _text(given.get(name)))}


def one_of(words: type[Word], given: str | None) -> Word | None:
    """Return the word that was given, if it is one of them."""
    return next((word for word in words if word.value == given), None)


def _text(given: str | None) -> str:
    return (given or "").replace("\x00", "").strip()[:_MOST]
