"""Who else wrote from the same network lately?"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from commentsvc.queries import people
from commentsvc.queries.people import Face
from commentsvc.store.models import Comment, CommentNetwork

_MOST = 5


def shared_with(session: Session, site_id: int, person_id: int) -> Sequence[Face]:
    """List up to five people who wrote on a site from a network from which this person wrote on the same day."""
    theirs, other = aliased(CommentNetwork), aliased(CommentNetwork)
    mine, written = aliased(Comment), aliased(Comment)
    found = session.scalars(
        select(written.person_id)
        .distinct()
        .select_from(mine)
        .join(theirs, theirs.comment_id == mine.id)
        .join(other, (other.site_id == site_id) & (other.network_hash == theirs.network_hash))
        .join(written, written.id == other.comment_id)
        .where(mine.person_id == person_id, mine.site_id == site_id, written.person_id != person_id)
        .order_by(written.person_id)
        .limit(_MOST)
    ).all()
    faces = people.faces(session, site_id, found) if found else {}
    return [faces[one] for one in found]
