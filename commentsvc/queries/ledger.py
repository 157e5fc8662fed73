"""Where were rules wrong, as people found, and where people, as other people found?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import String, and_, exists, func, literal_column, select
from sqlalchemy.orm import Session, aliased

from commentsvc.enums import Action, AppealOutcome, Reason, Status
from commentsvc.queries.insights import Range
from commentsvc.store.models import OPEN, Appeal, Article, Case, Comment, Decision, ShadowVerdict, SignalRow

_MOST_EXAMPLES = 10
_AT_ONCE = 500
_BY_AUTHOR = literal_column("'author'", String)
_DECIDING = (Action.APPROVE, Action.REJECT)


@dataclass(frozen=True, slots=True)
class Judged:
    """One person's decision, what a rule had decided before it, and whether it was overturned later."""

    comment_id: int
    revision: int
    created_at: int
    action: Action
    before: Status
    guideline: str | None
    rule: str | None
    rule_status: Status | None
    rule_message: str
    case_id: int | None
    reasons: int
    is_blind: bool
    section: str | None
    is_undone: bool
    is_reversed: bool
    is_appealed: bool
    """Whether that was on its author's appeal."""

    @property
    def is_hold(self) -> bool:
        """Whether it judged what a rule had held."""
        return not self.is_undone and self.before == Status.HELD and self.rule_status == Status.HELD

    @property
    def is_false_hold(self) -> bool:
        """Whether a rule held what a person approved."""
        return self.is_hold and self.action == Action.APPROVE

    @property
    def is_false_pass(self) -> bool:
        """Whether a rule published what a person rejected later."""
        return not self.is_undone and self.rule_status == Status.PUBLISHED and self.action == Action.REJECT

    @property
    def is_audit(self) -> bool:
        """Whether it judged, blind, what a rule had published."""
        return self.is_blind and not self.is_undone and self.before == Status.PUBLISHED

    @property
    def is_overturned(self) -> bool:
        """Whether it was taken back, or decided otherwise later."""
        return self.is_undone or self.is_reversed or self.is_appealed


@dataclass(frozen=True, slots=True)
class Tried:
    """What shadow mode would have made of a comment, and what a person has said of that comment since."""

    comment_id: int
    outcome: str
    acted: str
    checks: tuple[str, ...]
    created_at: int
    person_said: Status | None


@dataclass(frozen=True, slots=True)
class Example:
    """A comment to look at, and its latest case, if it ever had one."""

    comment: Comment
    article: Article
    case_id: int | None


def judged(session: Session, site_id: int, span: Range) -> list[Judged]:
    """List what people approved and rejected in the range, oldest first."""
    earlier, rule, undoing, later = aliased(Decision), aliased(Decision), aliased(Decision), aliased(Decision)
    latest_rule = (
        select(func.max(earlier.id))
        .where(earlier.comment_id == Decision.comment_id, earlier.id < Decision.id, earlier.by_person_id.is_(None))
        .scalar_subquery()
    )
    undone = exists().where(undoing.undoes_id == Decision.id, undoing.undoes_id.is_not(None))
    reversed_ = exists().where(
        later.comment_id == Decision.comment_id,
        later.id > Decision.id,
        later.by_person_id.is_not(None),
        later.action.in_(_DECIDING),
        later.to_status != Decision.to_status,
    )
    appealed = exists().where(
        Appeal.decision_id == Decision.id, Appeal.kind == _BY_AUTHOR, Appeal.outcome == AppealOutcome.OVERTURNED
    )
    rows = session.execute(
        select(
            Decision.comment_id, Decision.revision, Decision.created_at, Decision.action, Decision.from_status,
            Decision.guideline, rule.rule, rule.to_status, rule.message, Case.id, Case.reasons, Case.blind,
            Article.section, undone, reversed_, appealed,
        )
        .join(Comment, Comment.id == Decision.comment_id)
        .join(Article, Article.id == Comment.article_id)
        .outerjoin(rule, rule.id == latest_rule)
        .outerjoin(Case, Case.id == Decision.closed_case_id)
        .where(
            Decision.site_id == site_id, span.covers(Decision.created_at), Decision.by_person_id.is_not(None),
            Decision.action.in_(_DECIDING), Decision.from_status.is_not(None),
        )
        .order_by(Decision.created_at, Decision.id)
    )  # fmt: skip
    return [
        Judged(
            comment_id=row[0],
            revision=row[1],
            created_at=row[2],
            action=Action(row[3]),
            before=Status(row[4] or Status.HELD),
            guideline=row[5],
            rule=row[6],
            rule_status=Status(row[7]) if row[7] else None,
            rule_message=row[8] or "",
            case_id=row[9],
            reasons=row[10] or 0,
            is_blind=bool(row[11]),
            section=row[12],
            is_undone=bool(row[13]),
            is_reversed=bool(row[14]),
            is_appealed=bool(row[15]),
        )
        for row in rows
    ]


def published_by_section(session: Session, site_id: int, span: Range) -> dict[str | None, int]:
    """Count the comments written in the range that are public now, by their articles' section."""
    counted = (
        select(Comment.article_id, func.count().label("number"))
        .where(Comment.site_id == site_id, span.covers(Comment.created_at), Comment.status == Status.PUBLISHED)
        .group_by(Comment.article_id)
        .subquery()
    )
    rows = session.execute(
        select(Article.section, func.sum(counted.c.number))
        .join(counted, counted.c.article_id == Article.id)
        .group_by(Article.section)
    ).all()
    return {row[0]: int(row[1]) for row in rows}


def waiting_audit(session: Session, site_id: int) -> int:
    """Count what was drawn for the audit and isn't decided yet."""
    query = select(func.count()).where(Case.site_id == site_id, Case.state == OPEN, Case.blind.is_(True))
    return session.scalar(query) or 0


def signals_of(session: Session, ids: Sequence[int]) -> dict[int, list[SignalRow]]:
    """Read what checks observed of these comments."""
    found: dict[int, list[SignalRow]] = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        for row in session.scalars(select(SignalRow).where(SignalRow.comment_id.in_(some)).order_by(SignalRow.id)):
            found.setdefault(row.comment_id, []).append(row)
    return found


def tried(session: Session, site_id: int, span: Range) -> list[Tried]:
    """List what shadow mode would have decided otherwise in the range, newest first."""
    said, latest = aliased(Decision), aliased(Decision)
    newest = (
        select(func.max(latest.id))
        .where(
            latest.comment_id == ShadowVerdict.comment_id,
            latest.by_person_id.is_not(None),
            latest.action.in_(_DECIDING),
        )
        .scalar_subquery()
    )
    rows = session.execute(
        select(ShadowVerdict, said.to_status)
        .outerjoin(said, said.id == newest)
        .where(ShadowVerdict.site_id == site_id, span.covers(ShadowVerdict.created_at))
        .order_by(ShadowVerdict.created_at.desc(), ShadowVerdict.id.desc())
    )
    return [
        Tried(
            row.comment_id, row.outcome, row.acted, tuple(row.checks), row.created_at,
            Status(status) if status else None,
        )
        for row, status in rows
    ]  # fmt: skip


def examples(session: Session, site_id: int, ids: Iterable[int]) -> list[Example]:
    """Read the first few of these comments, in their order."""
    wanted = list(dict.fromkeys(ids))[:_MOST_EXAMPLES]
    newest = select(func.max(Case.id)).where(Case.comment_id == Comment.id).scalar_subquery()
    rows = session.execute(
        select(Comment, Article, newest)
        .join(Article, Article.id == Comment.article_id)
        .where(and_(Comment.id.in_(wanted), Comment.site_id == site_id))
    )
    found = {comment.id: Example(comment, article, case_id) for comment, article, case_id in rows}
    return [found[one] for one in wanted if one in found]


def found_by(one: Judged) -> str:
    """Say how a false pass came to light."""
    if one.is_blind:
        return "audit"
    named = (Reason.REPORTED, Reason.APPEAL, Reason.SAMPLE, Reason.RESCORED)
    return next((reason.word for reason in named if one.reasons & reason), "by hand")
