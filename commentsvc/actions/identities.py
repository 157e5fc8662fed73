"""Whose account is it when a site's own accounts vouch for somebody?

An identity is (site, issuer, subject). It is never joined to an account by an e-mail address that somebody states.
"""

import secrets

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commentsvc.actions import accounts, names
from commentsvc.errors import Conflict, Forbidden, NotFound
from commentsvc.queries.sign_ons import find_identity
from commentsvc.queries.sites import find_membership
from commentsvc.store.models import Identity, Membership, Person, Site


def come_in(session: Session, site: Site, *, issuer: str, subject: str, name: str, now: int) -> Identity:
    """Return the identity of somebody who was vouched for, with an account of its own the first time they come.

    An account that is the site's alone takes the name that its issuer gives; one that was linked keeps its own.
    """
    identity = find_identity(session, site.id, issuer, subject)
    if identity is None:
        identity = _newcomer(session, site, issuer=issuer, subject=subject, name=name, now=now)
    person = session.get_one(Person, identity.person_id)
    if find_membership(session, person.id, site.id) is None:
        accounts.join(session, person, site, now=now)
    if name and is_only(session, person, site):
        rename(session, person, site, name)
    identity.last_used_at = now
    return identity


def link(session: Session, person: Person, site: Site, *, issuer: str, subject: str, now: int) -> Identity:
    """Let a person's account be signed in to by an identity from now on; Conflict when it is somebody else's."""
    identity = find_identity(session, site.id, issuer, subject)
    if identity is not None and identity.person_id != person.id:
        raise Conflict("This sign-in belongs to another account here already. Accounts can't be merged.")
    if identity is not None:
        return identity
    return _add(session, person, site, issuer=issuer, subject=subject, now=now)


def unlink(session: Session, person: Person, identity_id: int, *, now: int) -> None:
    """Take an identity away and end every sign-in, those that it began included; never the only way in."""
    session.execute(select(Person.id).where(Person.id == person.id).with_for_update())
    identity = session.scalar(select(Identity).where(Identity.id == identity_id, Identity.person_id == person.id))
    if identity is None:
        raise NotFound("There is no such sign-in on your account.")
    others = select(func.count()).where(Identity.person_id == person.id, Identity.id != identity.id)
    if person.password_hash is None and not session.scalar(others):
        raise Forbidden("This is the only way into your account. Set a password first, or delete the account.")
    session.delete(identity)
    accounts.end_sessions(session, person, now=now)


def is_only(session: Session, person: Person, site: Site) -> bool:
    """Whether an account is a site's alone: no address, no password, no identity elsewhere."""
    if person.email is not None or person.password_hash is not None:
        return False
    elsewhere = select(Identity.id).where(Identity.person_id == person.id, Identity.site_id != site.id).limit(1)
    return session.scalar(elsewhere) is None


def rename(session: Session, person: Person, site: Site, name: str) -> None:
    """Give an account that is the site's alone the name that the site has for it.

    A name that somebody has here may come twice, for it isn't ours to refuse: then it is marked.
    """
    membership = find_membership(session, person.id, site.id)
    wanted = names.check_given_name(name, reserved=(site.key, site.name))
    if wanted is None or membership is None or membership.name == wanted:
        return
    person.name = wanted
    _take_name(session, membership, wanted)


def _take_name(session: Session, membership: Membership, name: str) -> None:
    skeleton = names.skeleton(name)
    theirs = (Membership.site_id == membership.site_id) & (Membership.person_id != membership.person_id)
    taken = session.scalar(select(Membership.person_id).where(theirs, Membership.skeleton == skeleton))
    if taken is None:
        try:
            with session.begin_nested():
                membership.name, membership.skeleton, membership.namesake = name, skeleton, False
                session.flush()
        except IntegrityError:
            session.refresh(membership)
        else:
            return
    membership.name, membership.skeleton, membership.namesake = name, _unlike(skeleton, membership.person_id), True
    session.flush()


def _newcomer(session: Session, site: Site, *, issuer: str, subject: str, name: str, now: int) -> Identity:
    wanted = (
        names.check_given_name(name, reserved=(site.key, site.name)) or f"Reader {secrets.randbelow(900_000) + 100_000}"
    )
    # Their name is one of the site's: it takes no name away from accounts that are good everywhere.
    person = Person(
        name=wanted, skeleton=_unlike(names.skeleton(wanted), secrets.token_hex(8)), email=None, password_hash=None,
        created_at=now,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(person)
            session.flush()
            identity = _add(session, person, site, issuer=issuer, subject=subject, now=now)
    except IntegrityError:
        # Two first requests of one reader at once: the other has made the account.
        found = find_identity(session, site.id, issuer, subject)
        if found is None:
            raise
        return found
    membership = Membership(
        person_id=person.id, site_id=site.id, name=wanted, skeleton=_unlike("", person.id), created_at=now,
    )  # fmt: skip
    session.add(membership)
    session.flush()
    _take_name(session, membership, wanted)
    return identity


def _add(session: Session, person: Person, site: Site, *, issuer: str, subject: str, now: int) -> Identity:
    identity = Identity(
        person_id=person.id, site_id=site.id, issuer=issuer, subject=subject, created_at=now, last_used_at=now
    )
    session.add(identity)
    session.flush()
    return identity


def _unlike(skeleton: str, mark: object) -> str:
    """Return a skeleton that no name has: names have no equals sign."""
    return f"{skeleton[:150]}={mark}"
