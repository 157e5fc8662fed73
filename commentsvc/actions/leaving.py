"""What changes when somebody asks for the deletion of their account, and when they think better of it?

For a day nothing happens but that they are told: on their pages, at each sign-in, and by a mail with a link that takes
it back. Then actions.erasing does it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Select, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commentsvc.actions import links, mailing
from commentsvc.enums import DeletionState, MailKind, Purpose, Role
from commentsvc.errors import Conflict, Invalid
from commentsvc.infra import jobs
from commentsvc.queries.deletions import find_open, sites_left_alone
from commentsvc.store.models import AccountDeletion, Membership, OneTimeLink, Person, Site

JOB = "erase_person"
GRACE_US = 24 * 3600 * jobs.SECOND
"""How long it can be taken back."""


def ask(session: Session, person: Person, *, named: Collection[str], secret: str, now: int) -> AccountDeletion:
    """Have an account deleted in a day; Conflict when that was asked for already.

    Raises Invalid when somebody is the last administrator of a site and hasn't `named` its key: then nobody may
    administer it any more, and they must know.
    """
    # Two administrators who leave at once: the second waits, and sees that the first one goes.
    session.execute(_administered(person.id).with_for_update())
    if find_open(session, person.id) is not None:
        raise Conflict("Your account is going to be deleted already.")
    _refuse_unnamed(sites_left_alone(session, person.id), named)
    made = AccountDeletion(
        person_id=person.id, state=DeletionState.ASKED, named=sorted(set(named)), is_verified=False, reached=[],
        asked_at=now, due_at=now + GRACE_US,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise Conflict("Your account is going to be deleted already.") from None
    jobs.enqueue(session, JOB, {"deletion": made.id}, key=f"{JOB}:{made.id}", run_at=made.due_at, now=now)
    if person.email:
        # A minute longer than there is time: what comes at the last moment is answered, not unknown.
        nonce = links.make(
            session, person, Purpose.KEEP_ACCOUNT, secret=secret, now=now, life=GRACE_US + 60 * jobs.SECOND,
            facts={"deletion": made.id},
        )  # fmt: skip
        mailing.post(
            session, MailKind.DELETION_ASKED, to=person.email, person=person, link=nonce, now=now,
            facts={"due": when(made.due_at)},
        )  # fmt: skip
    return made


def take_back(session: Session, person_id: int, *, now: int) -> bool:
    """Keep an account after all; False when nobody asked for its deletion, or when it is too late."""
    kept = session.scalar(
        update(AccountDeletion)
        .where(
            AccountDeletion.person_id == person_id,
            AccountDeletion.state == DeletionState.ASKED,
            AccountDeletion.due_at > now,
        )
        .values(state=DeletionState.TAKEN_BACK, finished_at=now)
        .returning(AccountDeletion.id)
        .execution_options(synchronize_session=False)
    )
    return kept is not None


def take_back_by_link(session: Session, token: str, *, now: int) -> bool:
    """Keep the account that a mailed link is for; it needs no sign-in, for whoever asked may have been a thief."""
    link = links.use(session, token, purpose=Purpose.KEEP_ACCOUNT, now=now)
    return link is not None and take_back(session, link.person_id, now=now)


def find_link(session: Session, token: str, *, now: int) -> OneTimeLink | None:
    """Find the link without using it up."""
    return links.find(session, token, purpose=Purpose.KEEP_ACCOUNT, now=now)


def when(time: int) -> str:
    """Write a time as mails and pages do."""
    return datetime.fromtimestamp(time / 1_000_000, UTC).strftime("%-d %B %Y, %H:%M UTC")


def _administered(person_id: int) -> Select[int]:
    mine = select(Membership.site_id).where(Membership.person_id == person_id, Membership.role == Role.ADMIN)
    return select(Site.id).where(Site.id.in_(mine)).order_by(Site.id)


def _refuse_unnamed(alone: Sequence[Site], named: Collection[str]) -> None:
    unnamed: Mapping[str, str] = {site.key: site.name for site in alone if site.key not in named}
    if unnamed:
        sites = ", ".join(unnamed.values())
        raise Invalid(
            f"You are the last administrator of {sites}. Give somebody else that role, or type the site’s key.",
            field=f"site-{next(iter(unnamed))}",
        )
