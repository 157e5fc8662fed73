"""What changes when a manager leaves a note beside a comment, for colleagues alone?"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.actions.reviewing import MAX_TEXT
from commentsvc.errors import Forbidden, NotFound
from commentsvc.permissions import may_moderate
from commentsvc.store.models import Comment, CommentNote, Membership
from commentsvc.text import clean


def note(session: Session, *, comment_id: int, body: str, membership: Membership | None, now: int) -> CommentNote:
    """Keep a note beside a comment of the manager's site; raises Forbidden, NotFound or Invalid."""
    if membership is None or not may_moderate(membership):
        raise Forbidden("Only managers of the site may write notes.")
    comment = session.scalar(select(Comment).where(Comment.id == comment_id, Comment.site_id == membership.site_id))
    if comment is None:
        raise NotFound("There is no such comment on this site.")
    made = CommentNote(
        site_id=comment.site_id,
        comment_id=comment.id,
        author_id=comment.person_id,
        by_person_id=membership.person_id,
        body=clean(body, field="note", max_length=MAX_TEXT, multiline=True),
        created_at=now,
    )
    session.add(made)
    session.flush()
    return made
