"""What do the answers to managers' scripts promise? The models behind their part of the OpenAPI document."""

from typing import Annotated, Literal

from pydantic import Field

from commentsvc.enums import (
    Action,
    ArticleState,
    BulkState,
    CaseState,
    Guideline,
    LegalGround,
    Mode,
    ReportOutcome,
    ReportReason,
    SanctionKind,
    SignalState,
    Status,
)
from commentsvc.web.answers import AuthorOut, Out, OwnCommentOut
from commentsvc.web.case_shapes import ReasonWord


class SanctionOut(Out):
    """A restriction in force."""

    kind: SanctionKind
    reason: str
    until: str | None


class RecordOut(AuthorOut):
    """What managers know of an author."""

    created_at: str
    published: int
    rejected: int
    sanctions: list[SanctionOut]


class SignalOut(Out):
    """What one check observed; `spans` are code-point ranges of the body, `closeness` relevance's cosines, -1..1."""

    check: str
    guideline: Guideline | None
    state: SignalState
    score: float | None
    message: str
    spans: list[tuple[int, int]]
    labels: dict[str, float | None]
    closeness: dict[Literal["article", "parent", "thread"], float | None]
    engine: str
    version: str


class CaseReportOut(Out):
    """One reader's report."""

    reason: ReportReason
    detail: str
    revision: int
    by: AuthorOut
    weight: float
    outcome: ReportOutcome | None
    created_at: str


class LegalNoticeOut(Out):
    """A notice of illegal content; name and e-mail may be empty."""

    id: str
    ground: LegalGround
    explanation: str
    name: str
    email: str
    revision: int
    outcome: ReportOutcome | None
    created_at: str


class CaseArticleOut(Out):
    """An article with its counts."""

    key: str
    title: str
    url: str
    state: ArticleState
    mode: Mode | None
    comment_count: int
    open_cases: int


class CardArticleOut(CaseArticleOut):
    """The article that a case's comment was written under."""

    lead: str


class LeaseOut(Out):
    """Which manager is looking at a case, and until when."""

    by: AuthorOut
    until: str


class CaseOut(Out):
    """One case with everything around it; a decision sends `version` back as `seen`."""

    id: str
    version: int
    state: CaseState
    reasons: list[ReasonWord]
    guideline: Guideline | None
    label: str | None
    priority: float
    opened_at: str
    closed_at: str | None
    lease: LeaseOut | None
    comment: OwnCommentOut
    article: CardArticleOut
    parent: OwnCommentOut | None
    author: RecordOut
    signals: list[SignalOut]
    reports: list[CaseReportOut]
    report_count: int
    notices: list[LegalNoticeOut]


class CasesOut(Out):
    """Some cases, and the cursor behind the last one."""

    cases: list[CaseOut]
    next: str | None


class ClaimedOut(Out):
    """The cases that are the caller's now, the most urgent first."""

    cases: list[CaseOut]


class ResultOut(Out):
    """What became of one comment; after a conflict, what it is now and why nothing was done."""

    id: str
    result: Literal["done", "conflict"]
    decision: str | None = None
    message: str | None = None
    status: Status
    revision: int
    version: int | None


class DecisionsOut(Out):
    """What became of each comment, in the order of the request."""

    batch: str
    results: list[ResultOut]


class BatchOut(Out):
    """How far decisions that were made together are; `kept` stayed as they are when the rest was taken back."""

    batch: str
    state: BulkState
    total: int
    done: int
    conflicts: int
    undone: int
    kept: int


class UndoneBatchOut(BatchOut):
    """How far taking a batch back is; for one that a script made, with what became of each comment."""

    results: list[ResultOut]


class EntryOut(Out):
    """One decision of a comment's history; `rule` names the automatic one."""

    id: str
    batch: str
    revision: int
    action: Action
    from_: Annotated[Status | None, Field(alias="from")]
    to: Status
    by: AuthorOut | None
    rule: str | None
    guideline: Guideline | None
    guidelines_version: int
    note: str
    message: str
    undoes: str | None
    created_at: str
    can_undo: bool


class HistoryOut(Out):
    """The latest hundred decisions about a comment, newest first."""

    comment: str
    decisions: list[EntryOut]


class ArticlesOut(Out):
    """Some articles, and the cursor behind the last one."""

    articles: list[CaseArticleOut]
    next: str | None
