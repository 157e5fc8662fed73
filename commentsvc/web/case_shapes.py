"""What do cases, decisions and managers' lists look like in JSON?"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from commentsvc.actions.cases import priority_of
from commentsvc.actions.claiming import MAX_CLAIM
from commentsvc.actions.decisions import Result
from commentsvc.actions.reviewing import MAX_ITEMS
from commentsvc.enums import TOXICITY_LABELS, ArticleSort, CaseSort, CaseState, Guideline, Reason, Trust
from commentsvc.queries.bulks import BatchProgress
from commentsvc.queries.history import Entry
from commentsvc.queries.people import Face, Record
from commentsvc.queries.queue import Card, Complaint, Wanted
from commentsvc.store.models import Article, Decision, LegalNotice, SignalRow
from commentsvc.web.shapes import In, PageQuery, Revision, SiteKey, badge_of, own_comment_json
from commentsvc.web.times import time_text

Search = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Label = Annotated[str, StringConstraints(pattern=f"^({'|'.join(TOXICITY_LABELS)})$")]
ReasonWord = Literal["held", "reported", "appeal", "sample", "rescored", "escalated"]


class CasesQuery(PageQuery):
    """Which cases, in which order."""

    site: SiteKey
    state: CaseState = CaseState.OPEN
    reason: ReasonWord | None = None
    guideline: Guideline | None = None
    label: Label | None = None
    section: Search = ""
    trust: Trust | None = None
    waiting: Annotated[int, Field(ge=1, le=24 * 366)] | None = None
    q: Search = ""
    sort: CaseSort | None = None

    def wanted(self) -> Wanted:
        """Return it in the queue's own words."""
        reason = Reason[self.reason.upper()] if self.reason else None
        return Wanted(
            state=self.state, reason=reason, guideline=self.guideline, q=self.q, sort=self.sort, label=self.label,
            section=self.section or None, trust=self.trust, waiting=self.waiting,
        )  # fmt: skip


class ArticlesQuery(PageQuery):
    """Which articles, in which order."""

    site: SiteKey
    q: Search = ""
    sort: ArticleSort = ArticleSort.NEWEST


class ClaimIn(In):
    """How many of a site's cases to lease."""

    site: SiteKey
    n: Annotated[int, Field(ge=1, le=MAX_CLAIM, strict=True)]


class ItemIn(In):
    """A comment as the manager saw it; `seen` is its case's version."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    revision: Revision
    seen: Revision | None = None


class DecisionsIn(In):
    """One decision about one or many comments."""

    comments: Annotated[list[ItemIn], Field(min_length=1, max_length=MAX_ITEMS)]
    action: Literal["approve", "reject", "withhold", "pin", "unpin", "feature", "unfeature", "escalate"]
    guideline: Literal["courtesy", "on_topic", "spam", "legal", "privacy"] | None = None
    note: str = ""
    message: str = ""


def case_json(card: Card, *, now: int) -> dict[str, Any]:
    """Write one case with everything around it."""
    case, article = card.case, card.article
    parent = card.ancestors[-1] if card.ancestors else None
    leased = card.leased_to if case.lease_until and case.lease_until > now else None
    return {
        "id": str(case.id),
        "version": case.version,
        "state": case.state,
        "reasons": Reason.words(case.reasons),
        "guideline": case.guideline,
        "label": case.label,
        "priority": priority_of(case.rank, now),
        "opened_at": time_text(case.opened_at),
        "closed_at": time_text(case.closed_at),
        "lease": {"by": face_json(leased), "until": time_text(case.lease_until)} if leased else None,
        "comment": own_comment_json(
            card.comment, name=card.author.face.name, role=card.author.face.role, article_key=article.key
        ),
        "article": {**article_json(article), "lead": article.lead},
        "parent": own_comment_json(
            parent.comment, name=parent.author.name, role=parent.author.role, article_key=article.key
        )
        if parent
        else None,
        "author": record_json(card.author),
        "signals": [signal_json(signal) for signal in card.signals],
        "reports": [report_json(complaint) for complaint in card.reports],
        "report_count": card.report_count,
        "notices": [notice_json(notice) for notice in card.notices],
    }


def results_json(batch: str, results: Sequence[Result]) -> dict[str, Any]:
    """Write what became of each comment of a batch."""
    return {"batch": batch, "results": [_result_json(result) for result in results]}


def batch_json(progress: BatchProgress) -> dict[str, Any]:
    """Write how far the decisions made together are."""
    return {
        "batch": progress.batch,
        "state": progress.state,
        "total": progress.total,
        "done": progress.done,
        "conflicts": progress.conflicts,
        "undone": progress.undone,
        "kept": progress.kept,
    }


def entry_json(entry: Entry) -> dict[str, Any]:
    """Write one decision of a comment's history."""
    decision = entry.decision
    return {
        "id": str(decision.id),
        "batch": decision.batch,
        "revision": decision.revision,
        "action": decision.action,
        "from": decision.from_status,
        "to": decision.to_status,
        "by": face_json(entry.by) if entry.by else None,
        "rule": decision.rule,
        "guideline": decision.guideline,
        "guidelines_version": decision.guidelines_version,
        "note": decision.note,
        "message": decision.message,
        "undoes": str(decision.undoes_id) if decision.undoes_id else None,
        "created_at": time_text(decision.created_at),
        "can_undo": entry.can_undo,
    }


def undone_json(decision: Decision, *, version: int | None) -> dict[str, Any]:
    """Write what an undo led to, in the shape of any decision."""
    result = {
        "id": str(decision.comment_id),
        "result": "done",
        "decision": str(decision.id),
        "status": decision.to_status,
        "revision": decision.revision,
        "version": version,
    }
    return {"batch": decision.batch, "results": [result]}


def article_json(article: Article) -> dict[str, Any]:
    """Write an article as the managers' list shows it."""
    return {
        "key": article.key,
        "title": article.title,
        "url": article.url,
        "state": article.state,
        "mode": article.mode,
        "comment_count": article.comment_count,
        "open_cases": article.open_cases,
    }


def signal_json(signal: SignalRow) -> dict[str, Any]:
    """Write what one check observed."""
    return {
        "check": signal.check,
        "guideline": signal.guideline,
        "state": signal.state,
        "score": signal.score,
        "message": signal.evidence.get("message", ""),
        "spans": signal.evidence.get("spans", []),
        "labels": signal.evidence.get("labels", {}),
        "closeness": signal.evidence.get("closeness", {}),
        "engine": signal.engine,
        "version": signal.version,
    }


def report_json(complaint: Complaint) -> dict[str, Any]:
    """Write one report."""
    report = complaint.report
    return {
        "reason": report.reason,
        "detail": report.detail,
        "revision": report.revision,
        "by": face_json(complaint.by),
        "weight": complaint.by.report_weight,
        "outcome": report.outcome,
        "created_at": time_text(report.created_at),
    }


def notice_json(notice: LegalNotice) -> dict[str, Any]:
    """Write one notice of illegal content."""
    return {
        "id": str(notice.id),
        "ground": notice.ground,
        "explanation": notice.explanation,
        "name": notice.name,
        "email": notice.email,
        "revision": notice.revision,
        "outcome": notice.outcome,
        "created_at": time_text(notice.created_at),
    }


def record_json(record: Record) -> dict[str, Any]:
    """Write what managers know of an author."""
    return {
        **face_json(record.face),
        "created_at": time_text(record.created_at),
        "published": record.published,
        "rejected": record.rejected,
        "sanctions": [
            {"kind": sanction.kind, "reason": sanction.reason, "until": time_text(sanction.until)}
            for sanction in record.sanctions
        ],
    }


def face_json(face: Face) -> dict[str, Any]:
    """Write who somebody is on the site."""
    return {"id": str(face.person_id), "name": face.name, "badge": badge_of(face.role, namesake=face.namesake)}


def _result_json(result: Result) -> dict[str, Any]:
    shape: dict[str, Any] = {"id": str(result.comment_id), "result": result.result}
    if result.decision is not None:
        shape["decision"] = str(result.decision.id)
    if result.problem is not None:
        shape["message"] = result.problem.message
    comment = result.comment
    return {
        **shape,
        "status": comment.status if comment else None,
        "revision": comment.revision if comment else None,
        "version": result.version,
    }
