"""What do answers about the reader's rights promise? The models behind the OpenAPI document."""

from typing import Any, Literal

from commentsvc.enums import Guideline, LegalGround
from commentsvc.web.answers import AppealStandingOut, Out


class ClauseOut(Out):
    """A guideline as it stood when the decision was made."""

    guideline: Guideline
    version: int
    title: str
    text: str


class RedressOut(Out):
    """What can be done about a decision."""

    can_appeal: bool
    appeal_until: str | None
    out_of_court: str


class StatementOut(Out):
    """A statement of reasons (DSA, article 17)."""

    about: Literal["decision", "sanction"]
    comment: str | None
    restriction: Literal["removed", "held", "warn", "premoderate", "suspend", "ban"]
    scope: Literal["everywhere"]
    in_force: bool
    decided_at: str
    until: str | None
    facts: str
    guideline: ClauseOut | None
    guidelines_version: int | None
    legal_grounds: list[LegalGround]
    detected_by: list[Literal["automated", "reports", "notice", "manager"]]
    automated: bool
    redress: RedressOut
    appeal: AppealStandingOut | None


class TransparencyOut(Out):
    """A year's figures (DSA, articles 15 and 24), as its page and its table show them."""

    site: str
    year: int
    tables: list[dict[str, Any]]
