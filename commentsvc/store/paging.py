"""How does "show more" find its place again: keyset cursors."""

import base64
import binascii
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, TypeVarTuple

from sqlalchemy import Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute

from commentsvc.errors import Invalid

Row = TypeVar("Row")
Columns = TypeVarTuple("Columns")

_MAX_ID = 2**63 - 1
_MAX_CURSOR = 200


@dataclass(frozen=True, slots=True)
class Cursor:
    """The key of the last row that was shown: a sort's name, its value and the row's id."""

    sort: str
    value: int | float
    id: int

    def encode(self) -> str:
        """Write it as the opaque string that goes out."""
        raw = json.dumps([self.sort, self.value, self.id], separators=(",", ":"))
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def decode_cursor(text: str | None, *, sort: str) -> Cursor | None:
    """Read a cursor that we gave out for this sort, or raise Invalid; an absent one is None."""
    if not text:
        return None
    try:
        raw = base64.b64decode(text[:_MAX_CURSOR] + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        of, value, row = json.loads(raw)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise _bad_cursor() from None
    if of != sort or not _is_number(value) or not _is_id(row):
        raise _bad_cursor()
    return Cursor(of, value, row)


def after(
    query: Select[*Columns],
    cursor: Cursor | None,
    value: InstrumentedAttribute[Any],
    row_id: Any,
    *,
    descending: bool,
) -> Select[*Columns]:
    """Order a query by (value, id) and start it behind the cursor."""
    if cursor is not None:
        beyond = value < cursor.value if descending else value > cursor.value
        further = row_id < cursor.id if descending else row_id > cursor.id
        bound = value <= cursor.value if descending else value >= cursor.value
        # The plain bound is what lets both databases seek in the index instead of scanning it.
        query = query.where(bound, or_(beyond, and_(value == cursor.value, further)))
    return query.order_by(value.desc(), row_id.desc()) if descending else query.order_by(value, row_id)


def cut(rows: Sequence[Row], limit: int) -> tuple[Sequence[Row], bool]:
    """Split limit + 1 rows into a page and whether there is more."""
    return rows[:limit], len(rows) > limit


def parse_id(text: str) -> int | None:
    """Read an opaque id; anything that we can't have given out is None, never an overflow."""
    if not text.isascii() or not text.isdigit() or len(text) > 19 or (len(text) > 1 and text[0] == "0"):
        return None
    return int(text) if 0 < int(text) <= _MAX_ID else None


def _is_number(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return (isinstance(value, int) and abs(value) <= _MAX_ID) or (isinstance(value, float) and math.isfinite(value))


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MAX_ID


def _bad_cursor() -> Invalid:
    return Invalid("This cursor isn't one of ours for this sort; start again without it.", field="after")
