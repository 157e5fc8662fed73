"""Is somebody's account going to be deleted, and whom does that leave alone?"""

from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from commentsvc.enums import DeletionState, Role
from commentsvc.store.models import AccountDeletion, Membership, Site

_GOING = (DeletionState.ASKED, DeletionState.RUNNING)


def find_open(session: Session, person_id: int) -> AccountDeletion | None:
    """Find the deletion of an account that was asked for and isn't over."""
    return session.scalar(
        select(AccountDeletion).where(AccountDeletion.person_id == person_id, AccountDeletion.state.in_(_GOING))
    )


def sites_left_alone(session: Session, person_id: int) -> Sequence[Site]:
    """List the sites that nobody administers once a person is gone; who is about to go as well doesn't count."""
    mine, other = aliased(Membership), aliased(Membership)
    going = exists().where(AccountDeletion.person_id == other.person_id, AccountDeletion.state.in_(_GOING))
    stays = exists().where(other.site_id == Site.id, other.role == Role.ADMIN, other.person_id != person_id, ~going)
    query = select(Site).join(mine, mine.site_id == Site.id).where(mine.person_id == person_id, mine.role == Role.ADMIN)
    return session.scalars(query.where(~stays).order_by(Site.name)).all()
