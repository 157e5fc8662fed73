"""Which comments does a manager ask for: some that they chose, an author's, a wave's, those in a score band?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.actions.decisions import Item
from commentsvc.enums import BulkKind, BulkScope
from commentsvc.errors import Invalid, NotFound
from commentsvc.queries import people
from commentsvc.queries.bulks import SCORES
from commentsvc.store.models import Comment
from commentsvc.store.paging import parse_id
from commentsvc.text import excerpt

_EXCERPT = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What a bulk decision is to be about, and what to call it."""

    kind: BulkKind
    selection: Mapping[str, Any]
    about: str
    """Goes on after "17 comments"."""
    quote: str = ""
    chosen: Sequence[Item] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    """What the next form sends again."""


def asked_of(session: Session, site_id: int) -> Asked:
    """Read it from what a link or a form sends; raises Invalid, or NotFound for what isn't the site's."""
    kind = next((one for one in BulkKind if one == request.values.get("kind")), BulkKind.SELECTION)
    if kind == BulkKind.AUTHOR:
        return _author(session, site_id)
    if kind == BulkKind.WAVE:
        return _wave(session, site_id)
    return _score() if kind == BulkKind.SCORE else _selection()


def _selection() -> Asked:
    chosen = [_item(text) for text in request.form.getlist("chosen")]
    if not chosen:
        raise Invalid("Choose comments in the queue first.", field="chosen")
    return Asked(BulkKind.SELECTION, {}, "chosen one by one", chosen=chosen)


def _item(text: str) -> Item:
    """Read COMMENT:REVISION:SEEN; what was not written by us names nothing that exists."""
    parts = [parse_id(part) for part in text.split(":")]
    if len(parts) == 2 or (len(parts) == 3 and text.endswith(":")):
        parts = [*parts[:2], None]
    if len(parts) != 3 or parts[0] is None or parts[1] is None or max(parts[1], parts[2] or 0) > 2**31:
        raise NotFound("There is no such comment on this site.")
    return Item(parts[0], parts[1], parts[2])


def _author(session: Session, site_id: int) -> Asked:
    person = parse_id(request.values.get("person", ""))
    wrote = select(Comment.id).where(Comment.person_id == person, Comment.site_id == site_id).limit(1)
    if person is None or session.scalar(wrote) is None:
        raise NotFound("There is nothing by such a person on this site.")
    name = people.faces(session, site_id, {person})[person].name
    scope = _scope(BulkScope.OPEN)
    return Asked(
        BulkKind.AUTHOR, {"person": person, "scope": scope}, f"by {name}",
        fields={"kind": BulkKind.AUTHOR, "person": str(person), "scope": scope},
    )  # fmt: skip


def _wave(session: Session, site_id: int) -> Asked:
    wanted = parse_id(request.values.get("comment", ""))
    comment = session.get(Comment, wanted) if wanted else None
    if comment is None or comment.site_id != site_id:
        raise NotFound("There is no such comment on this site.")
    scope = _scope(BulkScope.PUBLIC)
    return Asked(
        BulkKind.WAVE, {"comment": comment.id, "scope": scope}, "that say nearly the same",
        quote=excerpt(comment.body, _EXCERPT),
        fields={"kind": BulkKind.WAVE, "comment": str(comment.id), "scope": scope},
    )  # fmt: skip


def _score() -> Asked:
    score = request.values.get("score", "")
    if score not in SCORES:
        raise Invalid("Choose a score.", field="score")
    low, high = _share("low"), _share("high")
    if low > high:
        raise Invalid("The upper end is below the lower one.", field="high")
    fields = {"kind": BulkKind.SCORE, "score": score, "low": f"{low:g}", "high": f"{high:g}"}
    about = f"with {score.replace('_', ' ')} {low:g} to {high:g}"
    return Asked(BulkKind.SCORE, {"score": score, "low": low, "high": high}, about, fields=fields)


def _share(name: str) -> float:
    try:
        value = float(request.values.get(name, "").replace(",", "."))
    except ValueError:
        value = -1.0
    # Written so that NaN is refused too.
    if not 0.0 <= value <= 1.0:
        raise Invalid("Give a number from 0 to 1.", field=name)
    return value


def _scope(usual: BulkScope) -> BulkScope:
    return next((one for one in BulkScope if one == request.values.get("scope")), usual)
