"""What has become of a notice of illegal content?"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.enums import Status
from commentsvc.queries.callers import hash_token
from commentsvc.store.models import Article, Comment, Decision, LegalNotice, Site


@dataclass(frozen=True, slots=True)
class Receipt:
    """A notice with what it is about, and the decision that answered it."""

    notice: LegalNotice
    comment: Comment
    article: Article
    site: Site
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class Subject:
    """The public comment that somebody is about to give notice of, and where it stands."""

    comment: Comment
    article: Article
    site: Site


def find_receipt(session: Session, token: str) -> Receipt | None:
    """Find the notice whose receipt's address has this token."""
    row = session.execute(
        select(LegalNotice, Comment, Article, Site)
        .join(Comment, Comment.id == LegalNotice.comment_id)
        .join(Article, Article.id == Comment.article_id)
        .join(Site, Site.id == LegalNotice.site_id)
        .where(LegalNotice.receipt_hash == hash_token(token))
    ).one_or_none()
    if row is None:
        return None
    notice, comment, article, site = row
    decision = session.get(Decision, notice.decision_id) if notice.decision_id else None
    return Receipt(notice, comment, article, site, decision)


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
