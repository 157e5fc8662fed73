"""What is kept of a text so that others nearly like it are found?"""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from commentsvc.moderation.waves import bands
from commentsvc.store.models import Band, Comment

KEEP_US = 7 * 24 * 3600 * 1_000_000
"""A wave is over after a week; older bands are purged."""
_INSERT = Band.__table__.insert()  # type: ignore[attr-defined]


def record(session: Session, comment: Comment, *, now: int) -> None:
    """Keep the bands of a comment's newest text, in place of those of the one before."""
    if comment.revision > 1:
        gone = delete(Band).where(Band.comment_id == comment.id)
        session.execute(gone.execution_options(synchronize_session=False))
    rows = [
        {"comment_id": comment.id, "band": band, "site_id": comment.site_id, "value": value, "created_at": now}
        for band, value in enumerate(bands(comment.body))
    ]
    if rows:
        session.connection().execute(_INSERT, rows)
