"""How is a bulk decision put into words: what it is about, what it would do, what came of it?"""

from collections.abc import Mapping, Sequence
from typing import Any

from commentsvc.enums import Action, BulkKind, BulkScope, BulkState, Status
from commentsvc.queries.bulks import SCORES, Outlook
from commentsvc.queries.people import Face
from commentsvc.store.models import Bulk

VERBS = {Action.APPROVE: "Approve", Action.REJECT: "Reject", Action.WITHHOLD: "Take down to wait"}
STATES = {
    BulkState.PREPARED: "Not confirmed yet",
    BulkState.RUNNING: "Running",
    BulkState.DONE: "Done",
    BulkState.STOPPED: "Stopped",
    BulkState.UNDOING: "Being taken back",
    BulkState.UNDONE: "Taken back",
}
SCOPES = {
    BulkScope.OPEN: "Open cases",
    BulkScope.PUBLIC: "Open cases and everything public",
}
LABELS = {name: name.replace("_", " ").capitalize() for name in SCORES}
_WHAT = {
    (Action.APPROVE, Status.PUBLISHED): "stay public; their cases close and open reports are dismissed",
    (Action.APPROVE, Status.HELD): "become public",
    (Action.APPROVE, Status.REJECTED): "become public",
    (Action.REJECT, Status.PUBLISHED): "disappear from their threads",
    (Action.REJECT, Status.HELD): "stay out of sight for good",
    (Action.REJECT, Status.REJECTED): "stay rejected; their cases close",
    (Action.WITHHOLD, Status.PUBLISHED): "disappear until somebody decides",
    (Action.WITHHOLD, Status.HELD): "go on waiting",
    (Action.WITHHOLD, Status.REJECTED): "wait for a decision again",
}
_TOLD = {
    Action.APPROVE: "Authors whose comments become public by this are told so.",
    Action.REJECT: "Authors whose comments are rejected are told the guideline, your message and how to appeal.",
    Action.WITHHOLD: "Authors whose comments are taken down by this are told that they wait for the team.",
}


def what_happens(action: str, outlook: Outlook) -> Sequence[tuple[int, Status, str]]:
    """Say what would become of the comments, status by status: how many, which, what."""
    return [
        (count, status, _WHAT.get((Action(action), status), "stay as they are: their authors have withdrawn them"))
        for status, count in sorted(outlook.by_status.items(), key=lambda pair: -pair[1])
    ]


def told(action: str) -> str:
    """Say what the authors hear of it."""
    return _TOLD[Action(action)]


def number(count: int, one: str = "comment", many: str = "comments") -> str:
    """Write how many there are of something."""
    return f"{count:,} {one if count == 1 else many}"


def about(bulk: Bulk, faces: Mapping[int, Face]) -> str:
    """Say by what the comments of a bulk decision were chosen."""
    chosen: dict[str, Any] = bulk.selection
    wide = ", with what was public" if chosen.get("scope") == BulkScope.PUBLIC else ""
    if bulk.kind == BulkKind.AUTHOR:
        face = faces.get(chosen["person"])
        return f"By {face.name if face else 'one author'}{wide}"
    if bulk.kind == BulkKind.WAVE:
        return f"A wave of near-duplicates{wide}"
    if bulk.kind == BulkKind.SCORE:
        return f"{LABELS[chosen['score']]} {chosen['low']:g} to {chosen['high']:g}"
    return "Chosen one by one"


def result(bulk: Bulk) -> str:
    """Say in one line how far a bulk decision is, or what came of it."""
    if bulk.state == BulkState.RUNNING:
        return f"{bulk.done + bulk.conflicts:,} of {number(bulk.total)} so far"
    if bulk.state == BulkState.UNDOING:
        return f"{bulk.undone + bulk.kept:,} of {number(bulk.done)} taken back so far"
    if bulk.state == BulkState.UNDONE:
        stays = f"; {bulk.kept:,} {'stays as it is' if bulk.kept == 1 else 'stay as they are'}" if bulk.kept else ""
        return f"{number(bulk.undone)} taken back{stays}"
    left = f"; {number(bulk.conflicts)} left alone" if bulk.conflicts else ""
    verb = {Action.APPROVE: "approved", Action.REJECT: "rejected"}.get(Action(bulk.action), "taken down to wait")
    return f"{number(bulk.done)} {verb}{left}"


def state(bulk: Bulk) -> str:
    """Name where a bulk decision is in its life."""
    return STATES[BulkState(bulk.state)]


def title(bulk: Bulk) -> str:
    """Say in an imperative what a bulk decision does."""
    begin = {Action.APPROVE: "Approve", Action.REJECT: "Reject"}.get(Action(bulk.action), "Take down")
    return f"{begin} {number(bulk.total)}"


def verb(action: str) -> str:
    """Name what a bulk decision does."""
    return VERBS[Action(action)]


def is_moving(bulk: Bulk) -> bool:
    """Say whether work is going on, so that the page should look again."""
    return bulk.state in {BulkState.RUNNING, BulkState.UNDOING}


def can_undo(bulk: Bulk) -> bool:
    """Say whether there is something that could be taken back."""
    return bulk.state == BulkState.RUNNING or (bulk.state in {BulkState.DONE, BulkState.STOPPED} and bulk.done > 0)


def progress(bulk: Bulk) -> tuple[int, int]:
    """Return how far it is, and of how many."""
    if bulk.state == BulkState.UNDOING:
        return bulk.undone + bulk.kept, max(bulk.done, 1)
    return bulk.done + bulk.conflicts, max(bulk.total, 1)


def authors_of(runs: Sequence[Bulk]) -> set[int]:
    """Return the authors that bulk decisions are about."""
    return {run.selection["person"] for run in runs if run.kind == BulkKind.AUTHOR}
