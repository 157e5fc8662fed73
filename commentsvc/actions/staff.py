"""Who is asked to help run a site, who says yes, and who stops?

Everything here reads the role of whoever acts under the lock of the site's row: two admins who remove each other at
once don't leave a site without one.
"""

import secrets

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from commentsvc.actions import links, mailing
from commentsvc.actions.accounts import check_email, join
from commentsvc.actions.newsrooms import log, refuse_others
from commentsvc.enums import MailKind, Role, Scope, SiteChangeKind
from commentsvc.errors import Conflict, Forbidden, Invalid, NotFound
from commentsvc.queries.callers import hash_token
from commentsvc.queries.sites import barring, find_membership, is_barred
from commentsvc.queries.staff import ROLES, find_invitation
from commentsvc.store.models import ApiToken, Invitation, Membership, Person, Site

LIFE = 7 * 24 * 3600 * 1_000_000
"""How long an invitation can be accepted, in microseconds."""
_MOST_OPEN = 100


def invite(
    session: Session, site: Site, *, email: str, role: Role, by: Membership, secret: str, now: int
) -> Invitation:
    """Mail somebody a link by which they join the site's staff, once; an earlier one to them stops working.

    Whether the address has an account isn't told. Raises Forbidden and Invalid.
    """
    _lock(session, site, by)
    address = check_email(email)
    if role not in ROLES:
        raise Invalid("Choose a role.", field="role")
    _refuse_staff(session, site, address)
    session.execute(delete(Invitation).where(Invitation.site_id == site.id, Invitation.email == address))
    others = select(func.count()).select_from(Invitation).where(Invitation.site_id == site.id)
    if (session.scalar(others) or 0) >= _MOST_OPEN:
        raise Invalid("Too many invitations are open; take some back first.", field="email")
    nonce = secrets.token_urlsafe(32)
    made = Invitation(
        site_id=site.id, email=address, role=role, token_hash=hash_token(links.token(secret, nonce)),
        by_person_id=by.person_id, created_at=now, expires_at=now + LIFE,
    )  # fmt: skip
    session.add(made)
    facts = {"by": by.name, "role": "an administrator" if role == Role.ADMIN else "a manager"}
    mailing.post(session, MailKind.INVITATION, to=address, facts=facts, site=site, link=nonce, now=now)
    log(session, site, SiteChangeKind.INVITED, after={"email": address, "role": role}, by=by.person_id, now=now)
    return made


def take_back(session: Session, site: Site, invitation_id: int, *, by: Membership, now: int) -> None:
    """Make an invitation worthless. Raises Forbidden and NotFound."""
    _lock(session, site, by)
    kept = session.get(Invitation, invitation_id)
    if kept is None or kept.site_id != site.id:
        raise NotFound("There is no such invitation; it may have been accepted meanwhile.")
    session.delete(kept)
    log(session, site, SiteChangeKind.UNINVITED, before={"email": kept.email}, by=by.person_id, now=now)


def accept(session: Session, token: str, *, person: Person, now: int) -> Membership:
    """Give a person the role that they were invited to, and use the invitation up; however many ask, one gets it.

    Only the account with the address that the mail went to can accept: a link that was passed on gives nothing.
    Raises NotFound and Forbidden.
    """
    invitation = find_invitation(session, token, now=now)
    if invitation is None:
        raise NotFound("This invitation was used, taken back or has expired. Ask for a new one.")
    if person.email != invitation.email:
        raise Forbidden("This invitation is for another address than your account's.")
    site = session.get_one(Site, invitation.site_id)
    _wait_for(session, site)
    used = delete(Invitation).where(Invitation.id == invitation.id).returning(Invitation.id)
    session.expunge(invitation)
    if session.scalar(used) is None:
        raise NotFound("This invitation was used or taken back meanwhile. Ask for a new one.")
    if is_barred(session, person.id, site.id, now=now):
        raise Forbidden("This account is suspended or banned on the site.")
    membership = join(session, person, site, now=now)
    if membership.role != Role.ADMIN:
        membership.role = invitation.role
    # The link was in their mail: the address is theirs.
    person.email_verified_at = person.email_verified_at or now
    log(
        session, site, SiteChangeKind.JOINED, after={"role": membership.role}, about=person,
        by=invitation.by_person_id, now=now,
    )  # fmt: skip
    return membership


def change_role(session: Session, site: Site, person_id: int, role: Role, *, by: Membership, now: int) -> Membership:
    """Make a manager an administrator, or the other way round.

    Raises Forbidden, Invalid, NotFound, and Conflict when nobody else administers the site.
    """
    _lock(session, site, by)
    whom = _staff(session, site, person_id)
    if role not in ROLES:
        raise Invalid("Choose a role.", field="role")
    if whom.role == role:
        return whom
    _keep_one_admin(session, whom, now=now)
    before, whom.role = whom.role, role
    if before == Role.ADMIN:
        _forget_invitations(session, whom)
    _log_of(session, site, SiteChangeKind.ROLE, whom, before=before, by=by, now=now)
    return whom


def remove(session: Session, site: Site, person_id: int, *, by: Membership, now: int) -> Membership:
    """Make somebody a reader again, at once: their tokens for more than reading end, and so do their invitations.

    Raises Forbidden, NotFound, and Conflict when nobody else administers the site.
    """
    _lock(session, site, by)
    whom = _staff(session, site, person_id)
    _keep_one_admin(session, whom, now=now)
    before, whom.role = whom.role, Role.READER
    _forget_invitations(session, whom)
    for token in session.scalars(
        select(ApiToken).where(
            ApiToken.person_id == whom.person_id, ApiToken.site_id == site.id, ApiToken.revoked_at.is_(None)
        )
    ):
        # They would do nothing now; but a role that is given back must not wake them up.
        if set(token.scopes) - {Scope.READER}:
            token.revoked_at = now
    _log_of(session, site, SiteChangeKind.REMOVED, whom, before=before, by=by, now=now)
    return whom


def _wait_for(session: Session, site: Site) -> None:
    session.flush()
    session.refresh(site, with_for_update=True)


def _lock(session: Session, site: Site, by: Membership) -> None:
    _wait_for(session, site)
    session.refresh(by)
    refuse_others(site, by)


def _staff(session: Session, site: Site, person_id: int) -> Membership:
    membership = find_membership(session, person_id, site.id)
    if membership is None or membership.role not in ROLES:
        raise NotFound("This person isn't on the site's staff.")
    session.refresh(membership)
    return membership


def _refuse_staff(session: Session, site: Site, address: str) -> None:
    role = session.scalar(
        select(Membership.role)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.site_id == site.id, Person.email == address)
    )
    if role in ROLES:
        raise Invalid("This person is on the staff already; change their role in the list.", field="email")


def _keep_one_admin(session: Session, whom: Membership, *, now: int) -> None:
    others = select(Membership.person_id).where(
        Membership.site_id == whom.site_id,
        Membership.role == Role.ADMIN,
        Membership.person_id != whom.person_id,
        # Whoever is suspended or banned can't get in: a site with none but them would have nobody.
        ~barring(Membership.person_id, Membership.site_id, now=now),
    )
    if whom.role == Role.ADMIN and session.scalar(others.limit(1)) is None:
        raise Conflict("A site has one administrator at least. Make somebody else one first.")


def _forget_invitations(session: Session, whom: Membership) -> None:
    session.execute(
        delete(Invitation).where(Invitation.site_id == whom.site_id, Invitation.by_person_id == whom.person_id)
    )


def _log_of(
    session: Session, site: Site, kind: SiteChangeKind, whom: Membership, *, before: str, by: Membership, now: int
) -> None:
    about = session.get_one(Person, whom.person_id)
    log(
        session, site, kind, before={"role": before}, after={"role": whom.role}, about=about, by=by.person_id, now=now
    )  # fmt: skip
