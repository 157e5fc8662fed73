"""What stands in a line of the law's pages, and in the JSON of a year's figures?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commentsvc.queries.transparency import Table
from commentsvc.store.models import Appeal, Case, Decision, LegalNotice, Sanction, Site
from commentsvc.web.shapes import SiteQuery


class YearQuery(SiteQuery):
    """Which site, and which year."""

    year: int = Field(ge=2020, le=9000)


@dataclass(frozen=True, slots=True)
class AppealLine:
    """An appeal with what it is against, who decided that, and the case in which it is answered."""

    appeal: Appeal
    decision: Decision | None
    sanction: Sanction | None
    notice: LegalNotice | None
    case_id: int | None

    @property
    def person_id(self) -> int | None:
        """Who appeals."""
        return self.appeal.person_id

    @property
    def first_id(self) -> int | None:
        """Who decided first; None for a rule."""
        against = self.decision or self.sanction
        return against.by_person_id if against is not None else None


def appeal_lines(session: Session, appeals: Sequence[Appeal]) -> list[AppealLine]:
    """Read what appeals are against, in as many queries for one as for a page."""
    decisions = _by_id(session, Decision, [one.decision_id for one in appeals])
    sanctions = _by_id(session, Sanction, [one.sanction_id for one in appeals])
    notices = _by_id(session, LegalNotice, [one.legal_notice_id for one in appeals])
    cases = case_ids(session, [one.comment_id for one in appeals if one.comment_id])
    return [
        AppealLine(
            one, decisions.get(one.decision_id), sanctions.get(one.sanction_id), notices.get(one.legal_notice_id),
            cases.get(one.comment_id),
        )
        for one in appeals
    ]  # fmt: skip


def case_ids(session: Session, comment_ids: Sequence[int]) -> dict[int | None, int]:
    """Find the newest case about each comment."""
    query = select(Case.comment_id, func.max(Case.id)).where(Case.comment_id.in_(comment_ids)).group_by(Case.comment_id)
    return {row[0]: row[1] for row in session.execute(query)}


def figures_json(site: Site, year: int, tables: Sequence[Table]) -> dict[str, Any]:
    """Write a year's figures."""
    return {
        "site": site.key,
        "year": year,
        "tables": [
            {"table": table.name, "rows": [dict(zip(table.columns, row, strict=True)) for row in table.rows]}
            for table in tables
        ],
    }


def _by_id(session: Session, kind: Any, ids: Sequence[int | None]) -> dict[int | None, Any]:
    return {row.id: row for row in session.scalars(select(kind).where(kind.id.in_([id_ for id_ in ids if id_])))}
