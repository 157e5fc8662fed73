"""What was observed about a comment's newest revision?"""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.store.models import Comment, SignalRow


def latest(session: Session, comment_ids: Collection[int]) -> dict[int, list[SignalRow]]:
    """Return each comment's latest signal of each check, of its newest revision."""
    query = (
        select(SignalRow)
        .join(Comment, (Comment.id == SignalRow.comment_id) & (Comment.revision == SignalRow.revision))
        .where(SignalRow.comment_id.in_(comment_ids))
        .order_by(SignalRow.id)
    )
    found: dict[int, dict[str, SignalRow]] = {}
    for row in session.scalars(query):
        found.setdefault(row.comment_id, {})[row.check] = row
    return {comment_id: list(by_check.values()) for comment_id, by_check in found.items()}


def latest_of(session: Session, comment: Comment) -> Sequence[SignalRow]:
    """Return one comment's latest signal of each check, of its newest revision."""
    return latest(session, [comment.id]).get(comment.id, [])
