"""What changes when someone votes?"""

from sqlalchemy.orm import Session

from commentsvc.actions.decisions import lock_thread
from commentsvc.actions.ranking import rank
from commentsvc.actions.sanctions import refuse_sanctioned
from commentsvc.enums import ArticleState, Status
from commentsvc.errors import ArticleClosed, Forbidden, NotFound
from commentsvc.queries.threads import vote_window
from commentsvc.store.models import Comment, Person, Vote


def vote(session: Session, *, comment_id: int | None, value: int, by: Person, now: int) -> Comment:
    """Set a person's vote on a published comment to 1, 0 or -1; however often it is sent, it counts once."""
    comment = session.get(Comment, comment_id) if comment_id else None
    if comment is None:
        raise NotFound("There is no such comment.")
    article = lock_thread(session, comment)
    if comment.status != Status.PUBLISHED:
        raise NotFound("There is no such comment.")
    if comment.person_id == by.id:
        raise Forbidden("You can't vote on your own comment.")
    refuse_sanctioned(session, by.id, comment.site_id, now=now)
    if article.state == ArticleState.ARCHIVED:
        raise ArticleClosed("This article is archived.")
    before = _keep(session, comment, value, by=by, now=now)
    if before == value:
        return comment
    comment.up += (value == 1) - (before == 1)
    comment.down += (value == -1) - (before == -1)
    rank(comment)
    window = vote_window(now)
    if article.voted_at != window:
        article.voted_before, article.voted_at = article.voted_at, window
    return comment


def _keep(session: Session, comment: Comment, value: int, *, by: Person, now: int) -> int:
    kept = session.get(Vote, (comment.id, by.id))
    before = kept.value if kept else 0
    if value == 0:
        if kept:
            session.delete(kept)
    elif kept:
        kept.value = value
    else:
        session.add(Vote(comment_id=comment.id, person_id=by.id, value=value, created_at=now))
    session.flush()
    return before
