"""What is somebody told whom a decision restricts: what, why, by what means, and what they can do about it?"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commentsvc.enums import Action, Guideline, Reason, SanctionKind, Status
from commentsvc.queries import appeals, readers
from commentsvc.queries.callers import derived_key, hash_token
from commentsvc.queries.sites import guideline_words
from commentsvc.store.models import (
    Appeal,
    Article,
    Case,
    Comment,
    Decision,
    Guidelines,
    LegalNotice,
    Report,
    Revision,
    Sanction,
    Site,
)
from commentsvc.store.paging import parse_id

PATH = "/statement/"
RECEIPT_PATH = "/report/receipt/"


class About(StrEnum):
    """What a statement of reasons is about; the first letter begins its token."""

    DECISION = "decision"
    SANCTION = "sanction"


@dataclass(frozen=True, slots=True)
class Clause:
    """What was broken: a guideline in the version that was in force, or the law."""

    guideline: Guideline
    version: int
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of reasons (DSA, article 17), and where the appeal against it stands."""

    about: About
    site: Site
    restriction: Literal["removed", "held", "warn", "premoderate", "suspend", "ban"]
    is_over: bool
    decided_at: int
    until: int | None
    excerpt: str
    article: Article | None
    comment: Comment | None
    reason: str
    clause: Clause | None
    version: int | None
    """Of the guidelines that were in force."""
    grounds: Sequence[str]
    """What notices of illegal content named as broken law, when the decision answered any."""
    detected_by: Sequence[Literal["automated", "reports", "notice", "manager"]]
    is_automated: bool
    can_appeal: bool
    appeal_until: int | None
    appeal: Appeal | None
    out_of_court: str
    decision: Decision | None = None
    sanction: Sanction | None = None


def token_of(about: About, id_: int, *, secret: str) -> str:
    """Return what nobody can guess of a statement's address: its subject, and a signature."""
    return f"{about[0]}{id_}-{_signature(f'{about}:{id_}', secret)}"


def url_of(about: About, id_: int, *, base_url: str, secret: str) -> str:
    """Return a statement's address."""
    return f"{base_url}{PATH}{token_of(about, id_, secret=secret)}"


def receipt_token(nonce: str, *, secret: str) -> str:
    """Derive the token of a notice's receipt: the database alone doesn't give the address away."""
    return _signature(f"receipt:{nonce}", secret)


def receipt_url(nonce: str, *, base_url: str, secret: str) -> str | None:
    """Return a receipt's address; None for one whose notice is older than such addresses."""
    return f"{base_url}{RECEIPT_PATH}{receipt_token(nonce, secret=secret)}" if nonce else None


def find(session: Session, token: str, *, secret: str, now: int) -> Statement | None:
    """Find the statement whose address has this token."""
    head, _, signature = token.partition("-")
    about = next((one for one in About if head[:1] == one[0]), None)
    id_ = parse_id(head[1:])
    if about is None or id_ is None:
        return None
    expected = _signature(f"{about}:{id_}", secret)
    if not hmac.compare_digest(hash_token(signature), hash_token(expected)):
        return None
    if about == About.DECISION:
        return _of_decision(session, id_, now=now)
    return _of_sanction(session, id_, now=now)


def _of_decision(session: Session, decision_id: int, *, now: int) -> Statement | None:
    decision = session.get(Decision, decision_id)
    if decision is None or decision.to_status not in {Status.HELD, Status.REJECTED}:
        return None
    comment = session.get_one(Comment, decision.comment_id)
    site = session.get_one(Site, decision.site_id)
    in_force = readers.find_in_force(session, comment)
    appeal = appeals.against(session, [decision.id]).get(decision.id)
    is_newest = in_force is not None and in_force.id == decision.id
    is_answer = appeal is not None and in_force is not None and in_force.id == appeal.answer_id
    until = appeals.deadline(decision.created_at) if readers.is_appealable(comment, decision) else None
    text = session.get(Revision, (comment.id, decision.revision))
    return Statement(
        about=About.DECISION,
        site=site,
        restriction="removed" if decision.to_status == Status.REJECTED else "held",
        is_over=comment.status not in {Status.HELD, Status.REJECTED} or not (is_newest or is_answer),
        decided_at=decision.created_at,
        until=None,
        excerpt="" if comment.status == Status.WITHDRAWN or text is None else text.body,
        article=session.get_one(Article, comment.article_id),
        comment=comment,
        reason=decision.message,
        clause=_clause(session, decision),
        version=decision.guidelines_version,
        grounds=_grounds(session, decision),
        detected_by=_detected_by(session, decision),
        is_automated=decision.by_person_id is None,
        can_appeal=is_newest and appeal is None and until is not None and now <= until,
        appeal_until=until,
        appeal=appeal,
        out_of_court=appeals.settings_of(session, site.id).out_of_court,
        decision=decision,
    )


def _of_sanction(session: Session, sanction_id: int, *, now: int) -> Statement | None:
    sanction = session.get(Sanction, sanction_id)
    if sanction is None:
        return None
    site = session.get_one(Site, sanction.site_id)
    appeal = appeals.against_sanctions(session, [sanction.id]).get(sanction.id)
    until = appeals.deadline(sanction.created_at)
    words: Mapping[SanctionKind, Literal["warn", "premoderate", "suspend", "ban"]] = {
        SanctionKind.WARN: "warn",
        SanctionKind.PREMODERATE: "premoderate",
        SanctionKind.SUSPEND: "suspend",
        SanctionKind.BAN: "ban",
    }
    is_ended = sanction.until is not None and sanction.until <= now
    return Statement(
        about=About.SANCTION,
        site=site,
        restriction=words[SanctionKind(sanction.kind)],
        is_over=sanction.lifted_at is not None or sanction.acknowledged_at is not None or is_ended,
        decided_at=sanction.created_at,
        until=sanction.until,
        excerpt="",
        article=None,
        comment=None,
        reason=sanction.reason,
        clause=None,
        version=_version_at(session, site.id, sanction.created_at),
        grounds=(),
        detected_by=("manager",),
        is_automated=False,
        can_appeal=sanction.lifted_at is None and appeal is None and now <= until,
        appeal_until=until,
        appeal=appeal,
        out_of_court=appeals.settings_of(session, site.id).out_of_court,
        sanction=sanction,
    )


def _clause(session: Session, decision: Decision) -> Clause | None:
    if decision.guideline is None:
        return None
    guideline = Guideline(decision.guideline)
    version = session.get(Guidelines, (decision.site_id, decision.guidelines_version))
    words = guideline_words(version).get(guideline, {}) if version else {}
    title = words.get("title") or guideline.replace("_", " ").capitalize()
    return Clause(guideline, decision.guidelines_version, title, words.get("text", ""))


def _version_at(session: Session, site_id: int, moment: int) -> int | None:
    query = select(func.max(Guidelines.version)).where(Guidelines.site_id == site_id, Guidelines.created_at <= moment)
    return session.scalar(query)


def _grounds(session: Session, decision: Decision) -> Sequence[str]:
    """What notices named: told only where the decision agreed that the law was broken."""
    if decision.guideline != Guideline.LEGAL:
        return ()
    query = select(LegalNotice.ground).where(LegalNotice.decision_id == decision.id).distinct()
    return sorted(session.scalars(query))


def _detected_by(
    session: Session, decision: Decision
) -> Sequence[Literal["automated", "reports", "notice", "manager"]]:
    found: list[Literal["automated", "reports", "notice", "manager"]] = []
    case = session.get(Case, decision.closed_case_id) if decision.closed_case_id else None
    machine = Reason.HELD | Reason.SAMPLE | Reason.RESCORED
    by_rule = decision.by_person_id is None and decision.rule != "reports"
    if by_rule or (case is not None and case.reasons & machine and _was_withheld(session, decision)):
        found.append("automated")
    if session.scalar(select(LegalNotice.id).where(LegalNotice.decision_id == decision.id).limit(1)) is not None:
        found.append("notice")
    reported = select(Report.id).where(Report.comment_id == decision.comment_id, Report.decision_id == decision.id)
    if decision.rule == "reports" or session.scalar(reported.limit(1)) is not None:
        found.append("reports")
    return found or ["manager"]


def _was_withheld(session: Session, decision: Decision) -> bool:
    """Whether a rule held or chose the comment before a person decided."""
    query = select(Decision.id).where(
        Decision.comment_id == decision.comment_id,
        Decision.id < decision.id,
        Decision.by_person_id.is_(None),
        Decision.action.in_((Action.WITHHOLD, Action.REJECT)),
    )
    return session.scalar(query.limit(1)) is not None


def _signature(text: str, secret: str) -> str:
    return hmac.digest(derived_key(secret, "statement"), text.encode(), "sha256")[:24].hex()
