"""What changes when somebody changes their name, address or password, or asks for a link to do so?

Every change that could lock the owner out is told to the address they had.
"""

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commentsvc.actions import links, mailing
from commentsvc.actions.accounts import check_email, end_sessions, refuse_taken_name
from commentsvc.actions.names import check_name, numbered, skeleton
from commentsvc.enums import MailKind, Purpose
from commentsvc.errors import Invalid
from commentsvc.infra import jobs
from commentsvc.store.models import Article, Comment, Membership, OneTimeLink, Person

RESET_JOB = "reset_password"
_HOUR = 3600 * 1_000_000
_RESET_LIFE, _ADDRESS_LIFE = 2 * _HOUR, 72 * _HOUR


def ask_to_verify(session: Session, person: Person, *, secret: str, now: int) -> None:
    """Mail a link by which the person shows that their address is theirs."""
    if person.email and person.email_verified_at is None:
        _mail_link(session, person, Purpose.VERIFY_EMAIL, MailKind.VERIFY_EMAIL, person.email, secret=secret, now=now)


def verify_email(session: Session, token: str, *, now: int) -> bool:
    """Note that an address is its owner's; False when the link is used up, or the address another by now."""
    link = links.use(session, token, purpose=Purpose.VERIFY_EMAIL, now=now)
    person = session.get(Person, link.person_id) if link else None
    if link is None or person is None or person.email != link.facts.get("email"):
        return False
    person.email_verified_at = now
    return True


def ask_for_reset(session: Session, email: str, *, now: int) -> None:
    """Have a link for a new password mailed, if somebody has this address.

    Whether anybody has is only looked up by the job: the request does the same for every address.
    """
    jobs.enqueue(session, RESET_JOB, {"email": check_email(email)}, now=now)


def mail_reset(session: Session, email: str, *, secret: str, now: int) -> None:
    """Mail the link; nothing happens for an address that nobody has."""
    person = session.scalar(select(Person).where(Person.email == email))
    if person is not None:
        _mail_link(
            session, person, Purpose.RESET_PASSWORD, MailKind.RESET_PASSWORD, email, secret=secret, now=now,
            life=_RESET_LIFE,
        )  # fmt: skip


def ask_to_change_email(session: Session, person: Person, email: str, *, secret: str, now: int) -> str:
    """Mail a link to the new address; only following it changes anything. The same whoever has that address."""
    address = check_email(email)
    if address == person.email:
        raise Invalid("This is your address already.", field="email")
    session.execute(
        delete(OneTimeLink).where(OneTimeLink.person_id == person.id, OneTimeLink.purpose == Purpose.CHANGE_EMAIL)
    )
    _mail_link(session, person, Purpose.CHANGE_EMAIL, MailKind.CHANGE_EMAIL, address, secret=secret, now=now)
    return address


def change_email(session: Session, token: str, *, now: int) -> Person | None:
    """Give the person the address that the link was mailed to; every session ends, and every other link.

    Raises Invalid when somebody else has it by now: only whoever reads its mail learns that.
    """
    link = links.use(session, token, purpose=Purpose.CHANGE_EMAIL, now=now)
    person = session.get(Person, link.person_id) if link else None
    if link is None or person is None:
        return None
    before = person.email
    try:
        with session.begin_nested():
            person.email, person.email_verified_at = link.facts["email"], now
    except IntegrityError:
        raise Invalid("Another account has this address.", field="email") from None
    session.execute(delete(OneTimeLink).where(OneTimeLink.person_id == person.id))
    end_sessions(session, person, now=now)
    _tell(session, person, before, "Your address was changed to another one.", now=now)
    return person


def replace_password(session: Session, person: Person, password_hash: str, *, now: int) -> None:
    """Keep another password's hash; every session ends, every link, and the owner is told."""
    person.password_hash = password_hash
    session.execute(delete(OneTimeLink).where(OneTimeLink.person_id == person.id))
    end_sessions(session, person, now=now)
    _tell(session, person, person.email, "Your password was changed.", now=now)


def reset_password(session: Session, token: str, password_hash: str, *, now: int) -> Person | None:
    """Keep a new password for whoever the link is for; who reads their mail has also shown the address to be theirs."""
    link = links.use(session, token, purpose=Purpose.RESET_PASSWORD, now=now)
    person = session.get(Person, link.person_id) if link else None
    if link is None or person is None or person.email != link.facts.get("email"):
        return None
    person.email_verified_at = person.email_verified_at or now
    replace_password(session, person, password_hash, now=now)
    return person


def tell_second_factor(session: Session, person: Person, *, is_on: bool, now: int) -> None:
    """Tell the owner that signing in takes another step, or one less."""
    what = "Signing in now needs a code of your authenticator app." if is_on else "Two-step sign-in was switched off."
    _tell(session, person, person.email, what, now=now)


def rename(session: Session, person: Person, name: str, *, now: int) -> None:
    """Give the person another name, also on the sites that show the old one."""
    name = check_name(name)
    if name == person.name:
        raise Invalid("This is your name already.", field="name")
    before, wanted = person.skeleton, skeleton(name)
    if wanted != before:
        refuse_taken_name(session, wanted)
    # Before the person's row is locked: who posts has the article first, too.
    _move_threads(session, person.id)
    try:
        with session.begin_nested():
            person.name, person.skeleton = name, wanted
    except IntegrityError:
        raise Invalid("Somebody has this name, or one that looks like it.", field="name") from None
    for membership in session.scalars(select(Membership).where(Membership.person_id == person.id)).all():
        _rename_member(session, membership, name)


def _rename_member(session: Session, membership: Membership, name: str) -> None:
    """Names on a site are unique too; one that is taken there gets a number."""
    others = (Membership.site_id == membership.site_id) & (Membership.person_id != membership.person_id)
    for number in range(1, 1000):
        shown = numbered(name, number)
        taken = select(Membership.person_id).where(others, Membership.skeleton == skeleton(shown))
        if session.scalar(taken) is None:
            membership.name, membership.skeleton = shown, skeleton(shown)
            session.flush()
            return


def _move_threads(session: Session, person_id: int) -> None:
    """Have the threads that show the name read anew; locked in one order, so that two renamings can't embrace."""
    theirs = select(Comment.article_id).where(Comment.person_id == person_id)
    locked = select(Article.id).where(Article.id.in_(theirs)).order_by(Article.id).with_for_update()
    ids = session.scalars(locked).all()
    for start in range(0, len(ids), 500):
        session.execute(
            update(Article).where(Article.id.in_(ids[start : start + 500])).values(version=Article.version + 1),
            execution_options={"synchronize_session": False},
        )


def _mail_link(
    session: Session, person: Person, purpose: Purpose, kind: MailKind, to: str, *, secret: str, now: int,
    life: int = _ADDRESS_LIFE,
) -> None:  # fmt: skip
    nonce = links.make(session, person, purpose, secret=secret, now=now, life=life, facts={"email": to})
    mailing.post(session, kind, to=to, facts={}, now=now, person=person, link=nonce)


def _tell(session: Session, person: Person, to: str | None, what: str, *, now: int) -> None:
    if to:
        mailing.post(session, MailKind.ACCOUNT_CHANGED, to=to, facts={"what": what}, now=now, person=person)
