"""Builders: plain functions that make one thing each, through the real actions where there are any."""

import hashlib
import itertools
import secrets
from collections.abc import Sequence
from functools import cache

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from commentsvc.actions import accounts, bulks, cases, decisions, names, posting, sanctions, staff
from commentsvc.actions import clearing as clearings
from commentsvc.actions.decisions import Item
from commentsvc.actions.posting import ArticleRef, Prepared
from commentsvc.enums import (
    Action,
    BulkKind,
    Guideline,
    LegalGround,
    Outcome,
    Reason,
    Role,
    SanctionKind,
    Scope,
    Status,
)
from commentsvc.moderation.terms import Breach, Draft, Judgement, Policy, Signal, Verdict
from commentsvc.queries.callers import API_TOKEN_PREFIX
from commentsvc.queries.queue import find_version
from commentsvc.queries.sites import find_membership
from commentsvc.store.db import now_us
from commentsvc.store.models import (
    ApiToken,
    Article,
    Bulk,
    Case,
    Clearing,
    Comment,
    Decision,
    Guidelines,
    Invitation,
    LegalNotice,
    Membership,
    Origin,
    Person,
    Sanction,
    Site,
)

STAFF = (Scope.READER, Scope.MODERATE, Scope.ARTICLES, Scope.ANALYZE)
PASSWORD = "correct horse battery"
SECRET = "tests-only-" + "k" * 32
"""The secret key of the settings that tests have."""
_serial = itertools.count(1)
_OUTCOMES = {
    Status.PUBLISHED: Outcome.PUBLISH,
    Status.HELD: Outcome.HOLD,
    Status.REJECTED: Outcome.REJECT,
    Status.WITHDRAWN: Outcome.PUBLISH,
}


def site(session: Session, key: str = "", *, origin: str = "", now: int | None = None, **columns: object) -> Site:
    """Make a site with one origin and a short guideline of each kind."""
    now = now_us() if now is None else now
    key = key or f"site-{next(_serial)}"
    made = Site(**{"key": key, "name": f"The {key.title()}", "policy": {}, "limits": {}, "created_at": now, **columns})
    session.add(made)
    session.flush()
    items = [
        {"guideline": guideline, "title": guideline.replace("_", " ").capitalize(), "text": f"Mind {guideline}."}
        for guideline in Guideline
    ]
    session.add(Guidelines(site_id=made.id, version=1, text="Be kind.", items=items, created_at=now))
    session.add(Origin(site_id=made.id, origin=origin or f"https://{key}.example"))
    session.flush()
    return made


def person(session: Session, name: str = "", *, email: str = "", now: int | None = None) -> Person:
    """Make a person whose password is PASSWORD (hashed cheaply, so that tests stay fast)."""
    now = now_us() if now is None else now
    name = name or f"Reader {next(_serial)}"
    made = Person(
        email=email or f"{name.lower().replace(' ', '.')}@readers.example",
        name=name,
        skeleton=names.skeleton(name),
        password_hash=_hash(PASSWORD),
        created_at=now,
    )
    session.add(made)
    session.flush()
    return made


def member(session: Session, who: Person, of: Site, role: Role = Role.READER, *, now: int | None = None) -> Membership:
    """Make a person a member of a site, in a role."""
    membership = accounts.join(session, who, of, now=now_us() if now is None else now)
    membership.role = role
    session.flush()
    return membership


def invitation(session: Session, to: Site, by: Person, email: str = "", role: Role = Role.MANAGER) -> Invitation:
    """Invite somebody to a site's staff; the mail waits in the outbox."""
    membership = find_membership(session, by.id, to.id)
    assert membership is not None
    site = session.get_one(Site, to.id)
    email = email or f"colleague-{next(_serial)}@{to.key}.example"
    return staff.invite(session, site, email=email, role=role, by=membership, secret=SECRET, now=now_us())


def article(session: Session, of: Site, key: str = "", *, now: int | None = None, **columns: object) -> Article:
    """Make an article of a site."""
    key = key or f"story-{next(_serial)}"
    values = {
        "url": f"https://{of.key}.example/{key}",
        "title": f"Story {key}",
        "created_at": now_us() if now is None else now,
        **columns,
    }
    made = Article(site_id=of.id, key=key, **values)
    session.add(made)
    session.flush()
    return made


def comment(
    session: Session,
    on: Article,
    by: Person,
    body: str = "",
    *,
    status: Status = Status.PUBLISHED,
    parent: Comment | None = None,
    guideline: Guideline = Guideline.COURTESY,
    signals: Sequence[Signal] = (),
    reasons: int = 0,
    now: int | None = None,
) -> Comment:
    """Post a comment as if judging had decided this status; held ones get their case, as always."""
    now = now_us() if now is None else now
    body = body or f"Comment number {next(_serial)}."
    held = status in {Status.HELD, Status.REJECTED}
    breaches = (Breach(guideline, "words", "This uses words that the team looks at first."),) if held else ()
    verdict = Verdict(_OUTCOMES[status], breaches, reasons or (Reason.HELD if status == Status.HELD else 0), (), 0.5)
    prepared = Prepared(
        site_key=session.get_one(Site, on.site_id).key,
        article=ArticleRef(on.key, on.url, on.title),
        parent_id=parent.id if parent else None,
        body=body,
        draft=Draft(body),
        policy=Policy(),
    )
    made = posting.post(session, prepared, Judgement(tuple(signals), verdict), by=by, with_gap=False, now=now)
    if status == Status.WITHDRAWN:
        posting.withdraw(session, comment_id=made.id, by=by, now=now)
    session.flush()
    return made


def chain(session: Session, on: Article, by: Person, depth: int, *, now: int | None = None) -> list[Comment]:
    """Post a comment and replies below it, each to the one before, down to `depth`."""
    made: list[Comment] = []
    for _ in range(depth + 1):
        made.append(comment(session, on, by, parent=made[-1] if made else None, now=now))
    return made


def case(session: Session, about: Comment, *, reasons: int = Reason.REPORTED, now: int | None = None) -> Case:
    """Open a case about a comment, or add a reason to the open one."""
    return cases.open_case(
        session, about, reasons=reasons, guideline=Guideline.COURTESY, likelihood=0.5,
        now=now_us() if now is None else now,
    )  # fmt: skip


def sanction(
    session: Session, who: Person, on: Site, kind: SanctionKind, *, until: int | None = None, now: int | None = None
) -> Sanction:
    """Restrict a person on a site."""
    return sanctions.impose(
        session, site=on, person=who, kind=kind, reason="For the test.", by=None, until=until,
        now=now_us() if now is None else now,
    )  # fmt: skip


def clearing(session: Session, who: Person, on: Site, by: Person, *, now: int | None = None) -> Clearing:
    """Have everything rejected that a person has posted on a site."""
    return clearings.begin(
        session, who.id, guideline=Guideline.SPAM, message="All of it is spam.", since=0,
        membership=session.get_one(Membership, (by.id, on.id)), now=now_us() if now is None else now,
    )  # fmt: skip


def approve(session: Session, which: Comment, by: Person, *, now: int | None = None) -> Decision:
    """Approve a comment in the name of a manager who has seen all of it."""
    latest = cases.find_latest_case(session, which.id)
    return decisions.decide(
        session, which, Status.PUBLISHED, action=Action.APPROVE, by=by, revision=which.revision,
        seen=latest.version if latest else None, now=now_us() if now is None else now,
    )  # fmt: skip


def reject(session: Session, which: Comment, by: Person, *, message: str = "", now: int | None = None) -> Decision:
    """Reject a comment in the name of a manager who has seen all of it."""
    latest = cases.find_latest_case(session, which.id)
    return decisions.decide(
        session, which, Status.REJECTED, action=Action.REJECT, by=by, revision=which.revision,
        seen=latest.version if latest else None, guideline=Guideline.COURTESY, message=message,
        now=now_us() if now is None else now,
    )  # fmt: skip


def bulk(
    session: Session,
    of: Site,
    by: Person,
    about: Sequence[Comment],
    *,
    action: Action = Action.WITHHOLD,
    now: int | None = None,
) -> Bulk:
    """Prepare a bulk decision about comments as they are, in the name of a manager."""
    membership = find_membership(session, by.id, of.id)
    assert membership is not None
    chosen = [Item(one.id, one.revision, find_version(session, one.id)) for one in about]
    guideline = Guideline.SPAM if action == Action.REJECT else None
    return bulks.prepare(
        session, BulkKind.SELECTION, {}, chosen=chosen, action=action, guideline=guideline, membership=membership,
        now=now_us() if now is None else now,
    )  # fmt: skip


def undo(session: Session, decision: Decision, by: Person, *, now: int | None = None) -> Decision:
    """Take a decision back."""
    return decisions.undo(session, decision, by=by, now=now_us() if now is None else now)


def bearer(session: Session, who: Person, of: Site, *scopes: Scope, now: int | None = None) -> dict[str, str]:
    """Make a personal token and return the header that carries it."""
    token = API_TOKEN_PREFIX + secrets.token_urlsafe(24)
    session.add(
        ApiToken(
            token_hash=hashlib.sha256(token.encode()).hexdigest(),
            person_id=who.id,
            site_id=of.id,
            name="tests",
            scopes=list(scopes or [Scope.READER]),
            created_at=now_us() if now is None else now,
        )
    )
    session.flush()
    return {"Authorization": f"Bearer {token}"}


@cache
def _hash(password: str) -> str:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)


def legal_notice(session: Session, about: Comment, *, email: str = "", now: int | None = None) -> LegalNotice:
    """Give notice of illegal content."""
    made = LegalNotice(
        site_id=about.site_id, comment_id=about.id, revision=about.revision, receipt_hash=secrets.token_hex(32),
        ground=LegalGround.DEFAMATION, explanation="It is a lie.", name="Somebody", email=email,
        created_at=now_us() if now is None else now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made
