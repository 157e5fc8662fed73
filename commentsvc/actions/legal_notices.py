"""What changes when somebody, with an account or without one, gives notice of illegal content (DSA, article 16)?"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc import text
from commentsvc.actions import cases, notifiers
from commentsvc.actions.accounts import check_email
from commentsvc.actions.decisions import lock_thread
from commentsvc.actions.reporting import likelihood_of
from commentsvc.enums import Guideline, LegalGround, Reason, ReportOutcome, Status
from commentsvc.errors import Invalid, NotFound
from commentsvc.queries import appeals, misuse
from commentsvc.queries.callers import hash_token
from commentsvc.queries.statements import receipt_token
from commentsvc.store.models import Comment, LegalNotice
from commentsvc.store.paging import parse_id

MAX_EXPLANATION = 5000
MIN_EXPLANATION = 20
MAX_NAME = 200
MAX_COMMENTS = 20
MAX_ADDRESSES = 20_000
_ADDRESS = re.compile(r"(?:^|/report/|/comments/|[#?&/]comment[-=/])(\d{1,19})(?=$|[/?#&])")
_ALWAYS = {LegalGround.CHILD_ABUSE, LegalGround.TERRORISM, LegalGround.THREAT}


@dataclass(frozen=True, slots=True)
class Given:
    """A notice as it was filled in; who it is from may stay open where the law says so."""

    ground: LegalGround
    explanation: str
    name: str = ""
    email: str = ""
    in_good_faith: bool = False


def give_notice(session: Session, comment_ids: Sequence[int | None], given: Given, *, secret: str, now: int) -> str:
    """Keep a notice of public comments of one site, put them into the queue, and return its receipt's token.

    Raises NotFound when the first isn't public, Invalid when another isn't or the notice lacks what it needs to be
    acted upon. It holds nothing by itself: anyone can give notice of anything.
    """
    comments = _public(session, list(dict.fromkeys(comment_ids)))
    given = _checked(given)
    is_handled = not _is_suspended(session, comments[0].site_id, given, now=now)
    nonce = secrets.token_hex(16)
    token = receipt_token(nonce, secret=secret)
    made = [
        LegalNotice(
            site_id=comment.site_id,
            comment_id=comment.id,
            revision=comment.revision,
            nonce=nonce,
            receipt_hash=hash_token(token),
            ground=given.ground,
            explanation=given.explanation,
            name=given.name,
            email=given.email,
            outcome=None if is_handled else ReportOutcome.UNHANDLED,
            created_at=now,
        )
        for comment in comments
    ]
    session.add_all(made)
    session.flush()
    for comment in comments if is_handled else ():
        _queue(session, comment, now=now)
    notifiers.tell_received(session, made[0], count=len(made), now=now)
    return token


def comments_named(addresses: str) -> list[int]:
    """Read comments' numbers from lines of addresses, or raise Invalid naming the line that has none."""
    found = []
    for line in addresses.split():
        match = _ADDRESS.search(line)
        id_ = parse_id(match[1]) if match else None
        if id_ is None:
            raise Invalid(f"“{line[:80]}” isn't the address or number of a comment.", field="more")
        found.append(id_)
    return found


def _public(session: Session, ids: list[int | None]) -> list[Comment]:
    """Lock and return public comments, the first of which must be there."""
    if len(ids) > MAX_COMMENTS:
        raise Invalid(f"One notice can name {MAX_COMMENTS} comments.", field="more")
    rows = session.scalars(select(Comment).where(Comment.id.in_([id_ for id_ in ids if id_])))
    found = {comment.id: comment for comment in rows}
    # In the order that everyone locks threads in.
    for comment in sorted(found.values(), key=lambda one: (one.article_id, one.id)):
        lock_thread(session, comment)
    first = found.get(ids[0]) if ids and ids[0] else None
    if first is None or first.status != Status.PUBLISHED:
        raise NotFound("There is no such comment.")
    for id_ in ids[1:]:
        other = found.get(id_ or 0)
        if other is None or other.site_id != first.site_id or other.status != Status.PUBLISHED:
            raise Invalid(f"Comment {id_} isn't public on this site, so nothing was sent yet.", field="more")
    return [found[id_] for id_ in ids if id_]


def _queue(session: Session, comment: Comment, *, now: int) -> None:
    case = cases.open_case(
        session, comment, reasons=Reason.REPORTED, guideline=Guideline.LEGAL,
        likelihood=likelihood_of(session, comment), now=now,
    )  # fmt: skip
    # Whatever else it was open for: who looks for what may be illegal must find it.
    case.guideline = Guideline.LEGAL
    session.flush()


def _is_suspended(session: Session, site_id: int, given: Given, *, now: int) -> bool:
    """Whether notices from this address aren't handled for now; where somebody may be in danger they always are."""
    return (
        given.ground not in _ALWAYS
        and bool(given.email)
        and appeals.settings_of(session, site_id).misuse
        and misuse.find_suspension(session, site_id, given.email, now=now) is not None
    )


def may_be_anonymous(ground: LegalGround) -> bool:
    """Whether the law lets a notice on this ground go without a name: where a child is abused (article 16 (2) c)."""
    return ground == LegalGround.CHILD_ABUSE


def _checked(given: Given) -> Given:
    explanation = text.clean(
        given.explanation, field="explanation", max_length=MAX_EXPLANATION, min_length=MIN_EXPLANATION, multiline=True
    )
    if not may_be_anonymous(given.ground):
        if not given.name.strip():
            raise Invalid("Please give your name.", field="name")
        if not given.email.strip():
            raise Invalid("Please give your e-mail address.", field="email")
    name = text.clean(given.name, field="name", max_length=MAX_NAME, min_length=0)
    email = check_email(given.email) if given.email.strip() else ""
    if not given.in_good_faith:
        raise Invalid("Please confirm this: a notice can't be taken without it.", field="good_faith")
    return Given(given.ground, explanation, name, email, in_good_faith=True)
