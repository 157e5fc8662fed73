"""What changes when somebody signs up, signs in, joins a site or sets a password?"""

import math
from dataclasses import dataclass
from itertools import count

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commentsvc.actions import links
from commentsvc.actions.names import check_name, numbered
from commentsvc.actions.names import skeleton as skeleton  # noqa: PLC0414 (a name is part of an account)
from commentsvc.actions.passwords import check_new_password, hash_password
from commentsvc.enums import Purpose, Role
from commentsvc.errors import Invalid, NotFound, TooManyRequests
from commentsvc.queries.callers import hash_token
from commentsvc.queries.sites import find_membership
from commentsvc.store.models import ApiToken, BrowserSession, Membership, OneTimeLink, Person, SignInFailure, Site

_SECOND = 1_000_000
LINK_LIFE = 72 * 3600 * _SECOND
"""How long a link for setting a first password works, in microseconds."""
_FAILURES_COUNT_FOR = 3600 * _SECOND
_FREE_FAILURES = 5
_FREE_FAILURES_OF_CLIENT = 30
_FIRST_WAIT = 5
_LONGEST_WAIT = 900


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What somebody wants to sign up with: acceptable in itself, the password hashed."""

    name: str
    email: str
    password_hash: str | None


def new_account(*, name: str, email: str, password: str) -> NewAccount:
    """Check what can be checked without the database, and hash the password: the slow half of signing up."""
    name, email = check_name(name), check_email(email)
    check_new_password(password, email=email, name=name)
    return NewAccount(name, email, hash_password(password))


def open_account(session: Session, account: NewAccount, *, now: int) -> Person:
    """Create an account whose name and address are still free, or raise Invalid: the quick half of signing up."""
    wanted = skeleton(account.name)
    refuse_taken_name(session, wanted)
    person = Person(
        email=account.email,
        name=account.name,
        skeleton=wanted,
        password_hash=account.password_hash,
        epoch=1,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError:
        if session.scalar(select(Person.id).where(Person.skeleton == wanted)) is not None:
            raise _name_taken() from None
        raise Invalid(
            "We couldn't make an account with this address. If you have one already, sign in instead.", field="email"
        ) from None
    return person


def refuse_taken_name(session: Session, wanted: str) -> None:
    """Raise Invalid when a name with this skeleton is a site's, or somebody's."""
    sites = session.execute(select(Site.key, Site.name)).all()
    if any(wanted in {skeleton(site.key), skeleton(site.name)} for site in sites):
        raise Invalid("This name is reserved for the newsroom.", field="name")
    if session.scalar(select(Person.id).where(Person.skeleton == wanted)) is not None:
        raise _name_taken()


def check_email(email: str) -> str:
    """Return an address as it is kept, lower-cased, or raise Invalid; nothing is looked up."""
    try:
        address = validate_email(email.strip(), check_deliverability=False).normalized.lower()
    except (EmailNotValidError, UnicodeError):
        raise Invalid("This doesn't look like an e-mail address.", field="email") from None
    if len(address) > 254:
        raise Invalid("This e-mail address is too long.", field="email")
    return address


def stored_hash(session: Session, email: str) -> str | None:
    """Find the password's hash of the account with this address."""
    return session.scalar(select(Person.password_hash).where(Person.email == _key(email)))


def settle_sign_in(session: Session, *, email: str, proven: str | None, client: str | None, now: int) -> Person | None:
    """Sign in whoever proved the password of this hash, if it is still theirs; count a failure otherwise.

    Raises TooManyRequests, because other attempts may have come between.
    """
    refuse_guessing(session, email=email, client=client, now=now)
    person = None
    if proven is not None:
        person = session.scalar(select(Person).where(Person.email == _key(email), Person.password_hash == proven))
    if client is None:
        return person
    pair = _pair(email, client)
    if person is not None:
        session.execute(delete(SignInFailure).where(SignInFailure.subject == pair))
    else:
        session.add_all(SignInFailure(subject=subject, created_at=now) for subject in (pair, client))
    return person


def refuse_guessing(session: Session, *, email: str, client: str | None, now: int) -> None:
    """Raise TooManyRequests when this client must wait before it tries this account, or any, again.

    Failures count per account *and* client: who guesses at an account slows down themselves, never its owner
    elsewhere. `client` stands for a network (None: nobody counts) and is expected to be a keyed hash.
    """
    if client is None:
        return
    wait = max(
        _wait(session, _pair(email, client), free=_FREE_FAILURES, now=now),
        _wait(session, client, free=_FREE_FAILURES_OF_CLIENT, now=now),
    )
    if wait:
        raise TooManyRequests(f"Too many failed sign-ins; try again in {wait} s.", retry_after=wait)


def join(session: Session, person: Person, site: Site, *, now: int) -> Membership:
    """Make a person a reader of a site, once; a name that is taken there gets a number."""
    for number in count(1):
        membership = find_membership(session, person.id, site.id)
        if membership is not None:
            return membership
        name = numbered(person.name, number)
        taken = select(Membership.person_id).where(Membership.site_id == site.id, Membership.skeleton == skeleton(name))
        if session.scalar(taken) is not None:
            continue
        membership = Membership(
            person_id=person.id, site_id=site.id, name=name, skeleton=skeleton(name), created_at=now
        )
        try:
            with session.begin_nested():
                session.add(membership)
        except IntegrityError:
            continue
        return membership
    raise AssertionError("unreachable")


def set_role(session: Session, person: Person, site: Site, role: Role) -> Membership:
    """Give a member another role; tokens lose at once what the role no longer allows."""
    membership = find_membership(session, person.id, site.id)
    if membership is None:
        raise NotFound("This person isn't a member of the site.")
    membership.role = role
    return membership


def set_password(session: Session, person: Person, password: str, *, now: int) -> None:
    """Set a password, ending every session and token if there was another before, and every open link."""
    check_new_password(password, email=person.email or "", name=person.name)
    if person.password_hash is not None:
        end_sessions(session, person, now=now)
    person.password_hash = hash_password(password)
    session.execute(delete(OneTimeLink).where(OneTimeLink.person_id == person.id))


def end_sessions(session: Session, person: Person, *, now: int) -> None:
    """End every session and token of a person, at their next request."""
    person.epoch += 1
    session.execute(delete(BrowserSession).where(BrowserSession.person_id == person.id))
    session.execute(
        update(ApiToken).where(ApiToken.person_id == person.id, ApiToken.revoked_at.is_(None)).values(revoked_at=now)
    )


def one_time_link(session: Session, person: Person, *, base_url: str, secret: str, now: int) -> str:
    """Make a link by which the person sets a password, once, within 72 hours."""
    nonce = links.make(session, person, Purpose.SET_PASSWORD, secret=secret, now=now, life=LINK_LIFE)
    return f"{base_url}{links.PATHS[Purpose.SET_PASSWORD]}{links.token(secret, nonce)}"


def use_link(session: Session, token: str, *, password: str, now: int) -> Person | None:
    """Set the password of whoever the link is for, and use the link up; a password that is refused leaves it open."""
    link = links.find(session, token, purpose=Purpose.SET_PASSWORD, now=now)
    if link is None:
        return None
    person = session.get_one(Person, link.person_id)
    check_new_password(password, email=person.email or "", name=person.name)
    if links.use(session, token, purpose=Purpose.SET_PASSWORD, now=now) is None:
        return None
    set_password(session, person, password, now=now)
    return person


def _wait(session: Session, subject: str, *, free: int, now: int) -> int:
    since = now - _FAILURES_COUNT_FOR
    failures, last = session.execute(
        select(func.count(), func.max(SignInFailure.created_at)).where(
            SignInFailure.subject == subject, SignInFailure.created_at > since
        )
    ).one()
    if failures < free:
        return 0
    pause = min(_LONGEST_WAIT, _FIRST_WAIT << min(failures - free, 10))
    return max(0, math.ceil((last + pause * _SECOND - now) / _SECOND))


def _pair(email: str, client: str) -> str:
    return hash_token(f"{_key(email)} {client}")


def _key(email: str) -> str:
    try:
        return check_email(email)
    except Invalid:
        return ""


def _name_taken() -> Invalid:
    return Invalid("Somebody has this name, or one that looks like it.", field="name")
