"""What does a person's export hold, section by section, and which exports do they have?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from commentsvc.enums import ExportState, Reason
from commentsvc.store.models import Article, Comment, Export, ExportPart, Person, Site
from commentsvc.store.personal import By, Rule

_TIMES = ("_at", "until")
_COMMENTS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a section as the export writes them, and behind which key the next ones are; None at its end."""

    rows: Sequence[dict[str, Any]]
    reached: list[Any] | None


def read(session: Session, rule: Rule, person: Person, *, reached: Sequence[Any], limit: int) -> Chunk:
    """Read the next rows of a section; those about somebody's comments come some comments at a time."""
    if rule.by is By.COMMENT:
        return _of_comments(session, rule, person, reached)
    if rule.by is By.ADDRESS and not (person.email and person.email_verified_at):
        return Chunk((), None)  # Who hasn't proved that an address is theirs isn't told what was sent from it.
    found = func.lower(rule.column) == person.email if rule.by is By.ADDRESS else rule.column == person.id
    order = order_of(rule)
    query = behind(_shown(rule).add_columns(*order).where(found), order, reached).limit(limit)
    rows = session.execute(query).all()
    taken = [row[: len(rule.shown.split())] for row in rows]
    end = list(rows[-1][-len(order) :]) if len(rows) == limit else None
    return Chunk(_written(session, rule, taken), end)


def order_of(rule: Rule) -> list[InstrumentedAttribute[Any]]:
    """Return the columns by which a section's rows are walked: the primary key, or what an index begins with."""
    if rule.table is Comment:
        return [Comment.site_id, Comment.id]
    mapper = rule.table.__mapper__
    return [getattr(rule.table, mapper.get_property_by_column(column).key) for column in mapper.primary_key]


def behind(query: Select[Any], order: Sequence[InstrumentedAttribute[Any]], reached: Sequence[Any]) -> Select[Any]:
    """Order a query and have it begin behind a key."""
    if reached:
        query = query.where(tuple_(*order) > tuple_(*reached))
    return query.order_by(*order)


def comments_behind(session: Session, person_id: int, reached: Sequence[Any], *, limit: int) -> list[tuple[int, int]]:
    """List the next of a person's comments as (site, comment)."""
    order: list[InstrumentedAttribute[Any]] = [Comment.site_id, Comment.id]
    query: Select[Any] = select(*order).where(Comment.person_id == person_id)
    rows: Sequence[Any] = session.execute(behind(query, order, reached).limit(limit)).all()
    return [(row[0], row[1]) for row in rows]


def list_exports(session: Session, person_id: int, *, now: int) -> Sequence[Export]:
    """List a person's exports that aren't over, newest first."""
    query = select(Export).where(Export.person_id == person_id, Export.expires_at > now)
    return session.scalars(query.order_by(Export.id.desc()).limit(5)).all()


def find_ready(session: Session, person_id: int, export_id: int | None, *, now: int) -> Export | None:
    """Find an export of a person's own that can be downloaded."""
    if export_id is None:
        return None
    return session.scalar(
        select(Export).where(
            Export.id == export_id,
            Export.person_id == person_id,
            Export.state == ExportState.READY,
            Export.expires_at > now,
        )
    )


def find_piece(session: Session, export_id: int, number: int) -> bytes | None:
    """Read one piece of a finished export's file."""
    return session.scalar(
        select(ExportPart.content).where(
            ExportPart.export_id == export_id, ExportPart.number == number, ExportPart.section == ""
        )
    )


def piece_numbers(session: Session, export_id: int) -> Sequence[int]:
    """List the pieces of a finished export's file, in order."""
    numbers = select(ExportPart.number).where(ExportPart.export_id == export_id, ExportPart.section == "")
    return session.scalars(numbers.order_by(ExportPart.number)).all()


def _of_comments(session: Session, rule: Rule, person: Person, reached: Sequence[Any]) -> Chunk:
    found = comments_behind(session, person.id, reached, limit=_COMMENTS_AT_ONCE)
    ids = [comment_id for _, comment_id in found]
    rows = session.execute(_shown(rule).where(rule.column.in_(ids)).order_by(rule.column, *order_of(rule))).all()
    return Chunk(_written(session, rule, rows), list(found[-1]) if len(found) == _COMMENTS_AT_ONCE else None)


def _shown(rule: Rule) -> Select[Any]:
    return select(*[getattr(rule.table, name) for name in rule.shown.split()])


def _written(session: Session, rule: Rule, rows: Sequence[Any]) -> list[dict[str, Any]]:
    names = rule.shown.split()
    made = [dict(zip(names, row, strict=True)) for row in rows]
    sites = _named(session, Site, (Site.id, Site.name), {row.get("site_id") for row in made})
    articles = _named(
        session, Article, (Article.id, Article.title, Article.url), {row.get("article_id") for row in made}
    )
    return [_row(row, sites, articles) for row in made]


def _named(session: Session, table: Any, columns: tuple[Any, ...], ids: set[Any]) -> dict[int, tuple[Any, ...]]:
    wanted = ids - {None}
    if not wanted:
        return {}
    return {row[0]: tuple(row[1:]) for row in session.execute(select(*columns).where(table.id.in_(wanted)))}


def _row(row: dict[str, Any], sites: dict[int, Any], articles: dict[int, Any]) -> dict[str, Any]:
    written: dict[str, Any] = {}
    for name, value in row.items():
        if name == "site_id":
            written["site"] = sites[value][0] if value in sites else None
        elif name == "article_id":
            written["article"], written["address"] = articles.get(value, (None, None))
        elif name == "reasons":
            written[name] = Reason.words(value)
        elif name == "id" or name.endswith("_id"):
            written[name.removesuffix("_id")] = None if value is None else str(value)
        elif name.endswith(_TIMES) and value is not None:
            written[name] = datetime.fromtimestamp(value / 1_000_000, UTC).isoformat(timespec="seconds")
        else:
            written[name] = value
    return written
