"""What changes when a manager wants other keys at the desk?"""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from commentsvc.errors import Invalid
from commentsvc.queries.shortcuts import DEFAULTS
from commentsvc.store.models import Person, Shortcuts

_TAKEN = "123456789"


def remap(session: Session, *, by: Person, keys: Mapping[str, str]) -> None:
    """Keep which key does what for one manager; an empty one switches an act's key off. Raises Invalid naming the act.

    Only what differs from the defaults is kept, so that a default that changes later reaches everybody.
    """
    wanted = {act: keys.get(act, default).strip() for act, default in DEFAULTS.items()}
    owners: dict[str, str] = {}
    for act, key in wanted.items():
        if not key:
            continue
        if len(key) != 1 or not key.isprintable():
            raise Invalid("Give one character, or none.", field=act)
        if key in _TAKEN:
            raise Invalid("The digits choose a guideline.", field=act)
        if key in owners:
            raise Invalid(f"“{key}” is taken already.", field=act)
        owners[key] = act
    changed = {act: key for act, key in wanted.items() if key != DEFAULTS[act]}
    kept = session.get(Shortcuts, by.id)
    if kept is None:
        session.add(Shortcuts(person_id=by.id, keys=changed))
    else:
        kept.keys = changed
    session.flush()
