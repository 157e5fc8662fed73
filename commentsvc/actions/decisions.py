"""What changes when someone, or some rule, decides? The only place that writes Comment.status."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from commentsvc.actions import appeal_outcomes, breaker, cases, notices, report_outcomes, shelves, telling
from commentsvc.actions.ranking import rank
from commentsvc.enums import Action, CaseState, Guideline, NoticeKind, Reason, Status
from commentsvc.errors import Conflict, DomainError, Invalid, NotFound
from commentsvc.store.models import Article, Case, Comment, Decision, Membership, Person, Site

_SHOWING = {Action.PIN, Action.UNPIN, Action.FEATURE, Action.UNFEATURE}
_REVERSE = {
    Action.PIN: Action.UNPIN,
    Action.UNPIN: Action.PIN,
    Action.FEATURE: Action.UNFEATURE,
    Action.UNFEATURE: Action.FEATURE,
}
_COUNT = (
    update(Membership.__table__)  # type: ignore[arg-type]
    .where(Membership.person_id == bindparam("person"), Membership.site_id == bindparam("site"))
    .values(
        published_count=Membership.published_count + bindparam("published"),
        rejected_count=Membership.rejected_count + bindparam("rejected"),
    )
)


@dataclass(frozen=True, slots=True)
class Item:
    """One comment in a batch of decisions, as its manager saw it."""

    comment_id: int
    revision: int
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one item; after a conflict, what the comment is now."""

    comment_id: int
    result: Literal["done", "conflict"]
    comment: Comment | None
    decision: Decision | None
    version: int | None
    problem: DomainError | None = None


def decide(
    session: Session,
    comment: Comment,
    status: Status,
    *,
    action: Action,
    revision: int,
    now: int,
    by: Person | None = None,
    rule: str | None = None,
    seen: int | None = None,
    guideline: Guideline | None = None,
    note: str = "",
    message: str = "",
    batch: str | None = None,
    likelihood: float = 0.5,
    undoes: Decision | None = None,
    fresh: Article | None = None,
) -> Decision:
    """Move a comment to a status, and with it everything that follows from that: what readers see, counts, queue,
    the author's notice and the immutable record.

    `fresh` is the article of a comment that this very transaction made, locked already: of such a comment nobody can
    have decided anything.

    Raises Conflict, changing nothing, when `revision` isn't the newest or the case isn't the one that was `seen`.
    The article's row is locked first, by everyone, so decisions on one thread come one after the other.
    """
    article = fresh or lock_thread(session, comment)
    case = None if fresh else cases.find_open_case(session, comment.id)
    if not fresh:
        _refuse_stale(session, comment, case, revision=revision, seen=seen, action=action, by=by)
    appeal_outcomes.refuse_first(session, case, by=by, action=action, now=now)
    if case is not None and case.reasons & Reason.REPORTED:
        report_outcomes.lock_records(session, comment)
    before = None if fresh else _status_before(session, comment)
    site = session.get_one(Site, comment.site_id)
    _apply(session, comment, article, status, action=action, before=before, now=now)
    closed = _settle_case(
        session,
        comment,
        case,
        status,
        by=by,
        action=action,
        guideline=guideline,
        likelihood=likelihood,
        now=now,
    )
    decision = Decision(
        batch=batch or new_batch(), site_id=comment.site_id, comment_id=comment.id, revision=revision, action=action,
        from_status=before, to_status=status, by_person_id=by.id if by else None, rule=rule, guideline=guideline,
        guidelines_version=site.guidelines_version, note=note, message=message,
        closed_case_id=closed.id if closed else None, undoes_id=undoes.id if undoes else None, created_at=now,
    )  # fmt: skip
    session.add(decision)
    session.flush()
    if closed is not None and action in {Action.APPROVE, Action.REJECT}:
        report_outcomes.answer_reports(session, comment, decision, now=now)
    if closed is None or not appeal_outcomes.answer(session, closed, decision, now=now):
        _tell_author(session, comment, decision, now=now)
    if status == Status.PUBLISHED and (before != status or action == Action.PUBLISH):
        telling.enqueue(session, comment, is_new=before != status, now=now)
    breaker.watch(session, site, article.id, now=now)
    return decision


def decide_many(
    session: Session,
    items: Sequence[Item],
    *,
    action: Action,
    by: Person,
    site_id: int,
    now: int,
    guideline: Guideline | None = None,
    note: str = "",
    message: str = "",
    batch: str | None = None,
) -> list[Result]:
    """Decide several comments of one site at once; each is done or a conflict, none hinders another.

    Results come in the order of the items. Articles are locked in id order, so batches can't deadlock. Raises
    NotFound when a comment isn't the site's, before anything changes.
    """
    wanted = {item.comment_id for item in items}
    found = session.scalars(select(Comment).where(Comment.id.in_(wanted), Comment.site_id == site_id))
    comments = {comment.id: comment for comment in found}
    if missing := wanted - comments.keys():
        raise NotFound(
            "There is no such comment on this site.", details={"comments": [str(i) for i in sorted(missing)]}
        )
    batch = batch or new_batch()
    done: dict[int, Result] = {}
    order = sorted(range(len(items)), key=lambda i: (comments[items[i].comment_id].article_id, items[i].comment_id))
    for index in order:
        item, comment = items[index], comments[items[index].comment_id]
        done[index] = _decide_one(
            session, item, comment, action=action, by=by, guideline=guideline, note=note, message=message,
            batch=batch, now=now,
        )  # fmt: skip
    return [done[index] for index in range(len(items))]


def undo(session: Session, decision: Decision, *, by: Person, now: int, batch: str | None = None) -> Decision:
    """Take a decision back: the status before it returns, and the case that it closed opens again.

    Raises Conflict when something has happened to the comment since, or when it was undone already.
    """
    comment = session.get_one(Comment, decision.comment_id)
    lock_thread(session, comment)
    latest = session.scalar(
        select(Decision).where(Decision.comment_id == comment.id).order_by(Decision.id.desc()).limit(1)
    )
    if latest is None or latest.id != decision.id or comment.revision != decision.revision:
        raise _conflict(session, comment, "Something has happened to this comment since; look at its history.")
    if decision.action == Action.WITHDRAW:
        raise _conflict(session, comment, "The author has withdrawn this comment.")
    if decision.from_status is None or decision.by_person_id is None or decision.action == Action.UNDO:
        raise Conflict("Only a person's decision can be taken back.")
    if decision.action in _REVERSE:
        _show(comment, _REVERSE[Action(decision.action)])
        shelves.place(comment)
    report_outcomes.lock_records(session, comment)
    appealed = appeal_outcomes.take_up(session, decision, by=by, now=now)
    _open_again(session, decision)
    if decision.action == Action.ESCALATE:
        _calm(session, comment, now=now)
    # No likelihood of its own: the case comes back as urgent as it was.
    undone = decide(
        session, comment, Status(decision.from_status), action=Action.UNDO, revision=comment.revision, by=by,
        guideline=Guideline(decision.guideline) if decision.guideline else None, undoes=decision, likelihood=0.0,
        batch=batch, now=now,
    )  # fmt: skip
    appeal_outcomes.overturn(session, appealed, undone, now=now)
    return undone


def lock_thread(session: Session, comment: Comment) -> Article:
    """Lock a comment's article, then read the comment afresh: how every change to a thread begins.

    Because all begin alike, no two can wait for each other.
    """
    session.flush()
    article = session.get_one(Article, comment.article_id, with_for_update=True, populate_existing=True)
    session.refresh(comment)
    return article


def new_batch() -> str:
    """Name a set of decisions that were made together."""
    return secrets.token_hex(12)


def target_status(action: Action, current: Status) -> Status:
    """Return the status that a manager's action leads to."""
    if action in _SHOWING | {Action.ESCALATE}:
        return current
    targets = {
        Action.APPROVE: Status.PUBLISHED,
        Action.REJECT: Status.REJECTED,
        Action.WITHHOLD: Status.HELD,
    }
    if action not in targets:
        raise Invalid("A manager can't decide this.", field="action")
    return targets[action]


def _decide_one(
    session: Session,
    item: Item,
    comment: Comment,
    *,
    action: Action,
    by: Person,
    guideline: Guideline | None,
    note: str,
    message: str,
    batch: str,
    now: int,
) -> Result:
    try:
        decision = decide(
            session, comment, target_status(action, Status(comment.status)), action=action, by=by,
            revision=item.revision, seen=item.seen, guideline=guideline, note=note, message=message, batch=batch,
            now=now,
        )  # fmt: skip
    except Conflict as problem:
        return Result(item.comment_id, "conflict", comment, None, _version(session, comment), problem)
    return Result(item.comment_id, "done", comment, decision, _version(session, comment))


def _refuse_stale(
    session: Session,
    comment: Comment,
    case: Case | None,
    *,
    revision: int,
    seen: int | None,
    action: Action,
    by: Person | None,
) -> None:
    if revision != comment.revision:
        raise _conflict(session, comment, "The comment was edited since; look at its newest text.")
    if comment.status == Status.WITHDRAWN:
        raise _conflict(session, comment, "The author has withdrawn this comment.")
    if by is None or action in _SHOWING | {Action.UNDO, Action.WITHDRAW}:
        return
    latest = case or cases.find_latest_case(session, comment.id)
    if latest is None:
        if action != Action.ESCALATE and comment.status == target_status(action, Status(comment.status)):
            raise _conflict(session, comment, "This has been decided already.")
        return
    if seen is None and latest.state == CaseState.CLOSED:
        raise _conflict(session, comment, "This case has been decided already.")
    if seen is not None and seen != latest.version:
        raise _conflict(session, comment, "This case has changed since you saw it.")


def _conflict(session: Session, comment: Comment, message: str) -> Conflict:
    details = {"status": comment.status, "revision": comment.revision, "version": _version(session, comment)}
    return Conflict(message, details=details)


def _version(session: Session, comment: Comment) -> int | None:
    latest = cases.find_latest_case(session, comment.id)
    return latest.version if latest else None


def _status_before(session: Session, comment: Comment) -> Status | None:
    decided = session.scalar(select(Decision.id).where(Decision.comment_id == comment.id).limit(1))
    return None if decided is None else Status(comment.status)


def _apply(
    session: Session,
    comment: Comment,
    article: Article,
    status: Status,
    *,
    action: Action,
    before: Status | None,
    now: int,
) -> None:
    was_public, is_public = before == Status.PUBLISHED, status == Status.PUBLISHED
    comment.status = status
    if is_public and comment.published_at is None:
        comment.published_at = now
    if action in _SHOWING:
        _show(comment, action)
    shelves.relist(session, comment)
    article.comment_count += is_public - was_public
    article.version += 1
    _keep_record(session, comment, before, status)


def _show(comment: Comment, action: Action) -> None:
    if action in {Action.PIN, Action.UNPIN}:
        if comment.parent_id is not None:
            raise Invalid("Only a comment at the top of the thread can be pinned.", field="action")
        comment.pinned = action == Action.PIN
    else:
        comment.featured = action == Action.FEATURE
        rank(comment)


def _keep_record(session: Session, comment: Comment, before: Status | None, after: Status) -> None:
    published = (after == Status.PUBLISHED) - (before == Status.PUBLISHED)
    rejected = (after == Status.REJECTED) - (before == Status.REJECTED)
    if published or rejected:
        session.flush()
        who = {"person": comment.person_id, "site": comment.site_id, "published": published, "rejected": rejected}
        session.connection().execute(_COUNT, who)
        known = session.identity_map.get(identity_key(Membership, (comment.person_id, comment.site_id)))
        if known is not None:
            session.expire(known)


def _settle_case(
    session: Session,
    comment: Comment,
    case: Case | None,
    status: Status,
    *,
    by: Person | None,
    action: Action,
    guideline: Guideline | None,
    likelihood: float,
    now: int,
) -> Case | None:
    """Keep the promise that whatever is held is in the queue; return the case that this decision closed."""
    if action in _SHOWING:
        return None
    if action == Action.ESCALATE:
        # An open case stays as urgent as it is; one that opens for this alone is as likely as not.
        cases.open_case(
            session, comment, reasons=Reason.ESCALATED, guideline=guideline, likelihood=0.0 if case else 0.5, now=now
        )
        return None
    if status == Status.HELD:
        cases.open_case(session, comment, reasons=Reason.HELD, guideline=guideline, likelihood=likelihood, now=now)
        return None
    only_held = case is not None and is_only_held(case)
    by_person = by is not None and action != Action.UNDO
    if case is None or not (by_person or only_held or status == Status.WITHDRAWN):
        return None
    cases.close_case(session, case, now=now)
    return case


def is_only_held(case: Case) -> bool:
    """Whether a case is open for what a machine held alone, so that a machine may close it again."""
    return bool(case.reasons & Reason.HELD) and not case.reasons & ~(Reason.HELD | Reason.RESCORED)


def _open_again(session: Session, decision: Decision) -> None:
    report_outcomes.open_reports_again(session, decision)
    appeal_outcomes.open_again(session, decision)
    if decision.closed_case_id is not None:
        cases.reopen_case(session, session.get_one(Case, decision.closed_case_id))


def _calm(session: Session, comment: Comment, *, now: int) -> None:
    case = cases.find_open_case(session, comment.id)
    if case is not None:
        cases.drop_reason(session, case, Reason.ESCALATED, now=now)


def _tell_author(session: Session, comment: Comment, decision: Decision, *, now: int) -> None:
    if decision.by_person_id == comment.person_id or decision.action in _SHOWING | {Action.PUBLISH}:
        return
    if decision.from_status in {None, decision.to_status}:
        return
    notices.notify(
        session, NoticeKind.DECISION, person_id=comment.person_id, site_id=comment.site_id, comment_id=comment.id,
        decision_id=decision.id, now=now,
    )  # fmt: skip
