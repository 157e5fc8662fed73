"""How does an installation without a site get its first one, from whoever can read the server's log?

The code in the log is derived from the installation's secret and a nonce in the database: every worker knows it, every
restart prints the same, and it is gone with the nonce once the site is there.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commentsvc.actions.accounts import NewAccount, join, open_account
from commentsvc.actions.newsrooms import add_site, log
from commentsvc.enums import Role, SiteChangeKind
from commentsvc.errors import Conflict, Invalid
from commentsvc.queries import first_run
from commentsvc.store.models import FirstRun, Person, Site


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the set-up page asks for: the site, its guidelines; the account is made ready before."""

    key: str
    name: str
    origins: Sequence[str]
    welcome: str
    items: Sequence[Mapping[str, str]]


def begin(session: Session, *, secret: str, now: int) -> str | None:
    """Return the code by which the installation is set up, or None when it has a site already."""
    if first_run.has_site(session):
        return None
    waiting = session.get(FirstRun, first_run.THE_ONE)
    if waiting is None:
        waiting = FirstRun(id=first_run.THE_ONE, nonce=secrets.token_urlsafe(32), created_at=now)
        try:
            with session.begin_nested():
                session.add(waiting)
        except IntegrityError:
            # Another server of this installation was a moment earlier.
            waiting = session.get_one(FirstRun, first_run.THE_ONE)
    return first_run.code_of(secret, waiting.nonce)


def set_up(session: Session, nonce: str, wanted: Wanted, account: NewAccount, *, now: int) -> tuple[Site, Person]:
    """Make the first site and its administrator, once, however many try at the same time.

    Raises Invalid (what is wrong with the account's name names the field `person`), and Conflict when somebody else
    was a moment earlier.
    """
    mine = delete(FirstRun).where(FirstRun.id == first_run.THE_ONE, FirstRun.nonce == nonce).returning(FirstRun.id)
    if session.scalar(mine) is None or first_run.has_site(session):
        raise Conflict("This installation has been set up meanwhile.")
    site = add_site(
        session, wanted.key, name=wanted.name, origins=wanted.origins, welcome=wanted.welcome, items=wanted.items,
        now=now,
    )  # fmt: skip
    try:
        person = open_account(session, account, now=now)
    except Invalid as problem:
        raise Invalid(problem.message, field="person" if problem.field == "name" else problem.field) from None
    join(session, person, site, now=now).role = Role.ADMIN
    log(session, site, SiteChangeKind.CREATED, about=person, by=person.id, now=now)
    return site, person
