"""Which key does what at the desk, for one manager?"""

from sqlalchemy.orm import Session

from commentsvc.store.models import Shortcuts

DEFAULTS = {
    "next": "j",
    "previous": "k",
    "approve": "a",
    "reject": "r",
    "escalate": "e",
    "note": "n",
    "answer": "w",
    "context": "c",
    "repeat": ".",
    "undo": "u",
    "select": "x",
    "select_next": "J",
    "select_previous": "K",
    "go": "g",
    "help": "?",
}
"""Every act that has a key, in the order in which they are listed."""


def keys_of(session: Session, person_id: int) -> dict[str, str]:
    """Return the key of every act, as this person wants it; empty where they want none."""
    kept = session.get(Shortcuts, person_id)
    own = kept.keys if kept else {}
    return {act: own.get(act, key) for act, key in DEFAULTS.items()}
