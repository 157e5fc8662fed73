"""What changes when somebody, with an account or without one, gives notice of illegal content (DSA, article 16)?"""

import secrets
from dataclasses import dataclass

from sqlalchemy.orm import Session

from commentsvc import text
from commentsvc.actions import cases
from commentsvc.actions.accounts import check_email
from commentsvc.actions.decisions import lock_thread
from commentsvc.actions.reporting import likelihood_of
from commentsvc.enums import Guideline, LegalGround, Reason, Status
from commentsvc.errors import Invalid, NotFound
from commentsvc.queries.callers import hash_token
from commentsvc.store.models import Comment, LegalNotice

MAX_EXPLANATION = 5000
MIN_EXPLANATION = 20
MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Given:
    """A notice as it was filled in; who it is from may stay open where the law says so."""

    ground: LegalGround
    explanation: str
    name: str = ""
    email: str = ""
    in_good_faith: bool = False


def give_notice(session: Session, comment_id: int | None, given: Given, *, now: int) -> str:
    """Keep a notice of a public comment, put the comment into the queue, and return the token of its receipt.

    Raises NotFound when the comment isn't public, Invalid when the notice lacks what it needs to be acted upon. It
    holds nothing by itself: anyone can give notice of anything.
    """
    comment = session.get(Comment, comment_id) if comment_id else None
    if comment is None:
        raise NotFound("There is no such comment.")
    given = _checked(given)
    lock_thread(session, comment)
    if comment.status != Status.PUBLISHED:
        raise NotFound("There is no such comment.")
    token = secrets.token_urlsafe(32)
    session.add(
        LegalNotice(
            site_id=comment.site_id,
            comment_id=comment.id,
            revision=comment.revision,
            receipt_hash=hash_token(token),
            ground=given.ground,
            explanation=given.explanation,
            name=given.name,
            email=given.email,
            created_at=now,
        )
    )
    session.flush()
    case = cases.open_case(
        session, comment, reasons=Reason.REPORTED, guideline=Guideline.LEGAL,
        likelihood=likelihood_of(session, comment), now=now,
    )  # fmt: skip
    # Whatever else it was open for: who looks for what may be illegal must find it.
    case.guideline = Guideline.LEGAL
    session.flush()
    return token


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
