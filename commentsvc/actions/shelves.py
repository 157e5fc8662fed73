"""On which shelves that readers walk does a comment stand?"""

from sqlalchemy.orm import Session

from commentsvc.enums import Status
from commentsvc.store.models import Comment


def relist(session: Session, comment: Comment) -> None:
    """Put a comment on the shelves that readers walk, or off them, and its tombstone ancestors with it.

    A loop and no recursion: a chain of tombstones may be thousands deep.
    """
    node: Comment | None = comment
    while node is not None:
        listed = node.status == Status.PUBLISHED or node.reply_count > 0
        changed = listed != node.listed
        node.listed = listed
        place(node)
        if not changed or node.parent_id is None:
            return
        parent = session.get_one(Comment, node.parent_id)
        parent.reply_count += 1 if listed else -1
        node = parent


def place(comment: Comment) -> None:
    """Put one comment where its status, its parent and its pin want it."""
    top = comment.listed and comment.parent_id is None
    comment.top_of = comment.article_id if top and not comment.pinned else None
    comment.pinned_on = comment.article_id if top and comment.pinned else None
    comment.reply_of = comment.parent_id if comment.listed else None
