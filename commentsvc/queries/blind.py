"""What is nobody to see of a case that is judged blind, so that they judge the text and not its scores?

The audit draws the same share of what rules published and of what they held. Until somebody has decided, both look like
one that was held without a finding: to the console and to scripts alike, because they are given these copies.
"""

from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, inspect, select
from sqlalchemy.orm import Session

from commentsvc.enums import CaseState, Reason, Status
from commentsvc.store.models import OPEN, Case, Comment, Table

_ASKED_FOR = Reason.REPORTED | Reason.APPEAL
"""Who reports or appeals must be heard, and only what was published or rejected can be: that ends the blindness."""
_AS_HELD = {
    "status": Status.HELD, "published_at": None, "up": 0, "down": 0, "reply_count": 0, "pinned": False,
    "featured": False,
}  # fmt: skip

Row = TypeVar("Row", bound=Table)


def is_hidden(case: Case) -> bool:
    """Whether what the checks said of the case's comment is hidden now."""
    return case.blind and case.state == CaseState.OPEN and not case.reasons & _ASKED_FOR


def hidden() -> ColumnElement[bool]:
    """Build the condition of an open case that `is_hidden`."""
    return and_(Case.blind.is_(True), Case.state == OPEN, Case.reasons.bitwise_and(int(_ASKED_FOR)) == 0)


def shown(case: Case, comment: Comment) -> tuple[Case, Comment]:
    """Return a case and its comment as managers may see them; copies that no session knows, where that differs."""
    if is_hidden(case):
        return _copy(case, reasons=int(Reason.HELD), guideline=None, label=None), _copy(comment, **_AS_HELD)
    if case.blind and case.state == CaseState.OPEN and comment.status == Status.PUBLISHED:
        return _copy(case, reasons=case.reasons & ~Reason.HELD), comment
    return case, comment


def has_hidden_case(session: Session, comment_id: int) -> bool:
    """Say whether a comment waits to be judged blind."""
    return session.scalar(select(Case.id).where(Case.comment_id == comment_id, hidden())) is not None


def _copy(row: Row, **changes: Any) -> Row:
    columns = {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}
    return type(row)(**{**columns, **changes})
