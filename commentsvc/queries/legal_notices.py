"""What has become of a notice of illegal content?"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.enums import AppealOutcome, ReportOutcome, Status
from commentsvc.queries.callers import hash_token
from commentsvc.store.models import Appeal, Article, Comment, Decision, LegalNotice, Site
from commentsvc.store.paging import Cursor, after, cut, decode_cursor

_SORT = "notices"


@dataclass(frozen=True, slots=True)
class Item:
    """One comment of a notice, the decision that answered it, and the notifier's complaint about that."""

    notice: LegalNotice
    comment: Comment
    article: Article
    decision: Decision | None
    complaint: Appeal | None

    @property
    def state(self) -> str:
        """What the receipt tells: received, removed, kept, withdrawn or unhandled."""
        if self.notice.outcome == ReportOutcome.UNHANDLED:
            return "unhandled"
        if self.complaint is not None and self.complaint.outcome == AppealOutcome.OVERTURNED:
            return "removed"
        if self.decision is not None:
            return "removed" if self.decision.to_status == Status.REJECTED else "kept"
        return "withdrawn" if self.comment.status == Status.WITHDRAWN else "received"

    @property
    def answer(self) -> str:
        """The reason that was given, on a complaint before all."""
        if self.complaint is not None and self.complaint.answer:
            return self.complaint.answer
        return self.decision.message if self.decision is not None else ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A notice with the comments that it is about."""

    notice: LegalNotice
    site: Site
    items: Sequence[Item]

    @property
    def state(self) -> str:
        """What all its comments have in common, or how far it is."""
        states = {item.state for item in self.items}
        if len(states) == 1:
            return states.pop()
        return "partly" if "received" in states else "decided"


@dataclass(frozen=True, slots=True)
class Page:
    """Some comments that notices name, and where the next ones begin."""

    items: Sequence[Item]
    next: str | None


@dataclass(frozen=True, slots=True)
class Subject:
    """The public comment that somebody is about to give notice of, and where it stands."""

    comment: Comment
    article: Article
    site: Site


def find_receipt(session: Session, token: str) -> Receipt | None:
    """Find the notice whose receipt's address has this token."""
    rows = session.execute(
        select(LegalNotice, Comment, Article, Decision, Appeal)
        .join(Comment, Comment.id == LegalNotice.comment_id)
        .join(Article, Article.id == Comment.article_id)
        .outerjoin(Decision, Decision.id == LegalNotice.decision_id)
        .outerjoin(Appeal, Appeal.legal_notice_id == LegalNotice.id)
        .where(LegalNotice.receipt_hash == hash_token(token))
        .order_by(LegalNotice.id)
    ).all()
    if not rows:
        return None
    notice = rows[0][0]
    return Receipt(notice, session.get_one(Site, notice.site_id), [Item(*row) for row in rows])


def page(session: Session, site_id: int, *, is_open: bool, cursor: str | None, limit: int) -> Page:
    """Read a site's notices, a line for each comment that one names, newest first."""
    query = (
        select(LegalNotice, Comment, Article, Decision, Appeal)
        .join(Comment, Comment.id == LegalNotice.comment_id)
        .join(Article, Article.id == Comment.article_id)
        .outerjoin(Decision, Decision.id == LegalNotice.decision_id)
        .outerjoin(Appeal, Appeal.legal_notice_id == LegalNotice.id)
        .where(LegalNotice.site_id == site_id)
    )
    if is_open:
        query = query.where(LegalNotice.outcome.is_(None), Comment.status != Status.WITHDRAWN)
    query = after(query, decode_cursor(cursor, sort=_SORT), LegalNotice.id, LegalNotice.id, descending=True)
    rows, more = cut(session.execute(query.limit(limit + 1)).all(), limit)
    items = [Item(*row) for row in rows]
    end = items[-1].notice.id if more else 0
    return Page(items, Cursor(_SORT, end, end).encode() if more else None)


def find_subject(session: Session, comment_id: int | None) -> Subject | None:
    """Find a public comment with its article and site."""
    if comment_id is None:
        return None
    row = session.execute(
        select(Comment, Article, Site)
        .join(Article, Article.id == Comment.article_id)
        .join(Site, Site.id == Comment.site_id)
        .where(Comment.id == comment_id, Comment.status == Status.PUBLISHED)
    ).one_or_none()
    return Subject(*row) if row else None


def by_comment(session: Session, comment_ids: Collection[int]) -> Mapping[int, Sequence[LegalNotice]]:
    """List the notices about comments, newest first, in one query."""
    notices: dict[int, list[LegalNotice]] = defaultdict(list)
    found = select(LegalNotice).where(LegalNotice.comment_id.in_(comment_ids)).order_by(LegalNotice.id.desc())
    for notice in session.scalars(found):
        notices[notice.comment_id].append(notice)
    return notices
