"""What changes when someone posts, edits or withdraws a comment?

Judge before you write: `prepare` reads, the caller judges with no transaction open, `post` writes and checks again
whatever may have changed meanwhile. SQLite's one write lock is never held while a model thinks.
"""

import random
from dataclasses import dataclass

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from commentsvc import text
from commentsvc.actions import accounts, articles, asking, cases, decisions, waves
from commentsvc.actions.drafts import draft_of, policy_of
from commentsvc.actions.judging import count, enqueue_rescore, record_shadow, record_signals
from commentsvc.actions.rules import refuse_closed, refuse_hasty, rules_of
from commentsvc.actions.sanctions import refuse_sanctioned
from commentsvc.enums import Action, NudgeOutcome, Outcome, Reason, Status
from commentsvc.errors import (
    Conflict,
    EditWindowOver,
    Forbidden,
    NotFound,
    Nudged,
    ParentChanged,
    ParentNotPublic,
    TooManyRequests,
)
from commentsvc.moderation.normalise import fingerprint
from commentsvc.moderation.terms import Draft, Judgement, Policy
from commentsvc.queries.history import has_decision_by_person
from commentsvc.queries.sites import Limits, find_article, find_membership, get_site, limits_of
from commentsvc.queries.threads import FLAT_FROM
from commentsvc.store.models import Article, Case, Comment, Nudge, Person, Revision, Sanction, Site

_SECOND = 1_000_000
_STATUS_OF = {
    Outcome.PUBLISH: (Status.PUBLISHED, Action.PUBLISH),
    Outcome.HOLD: (Status.HELD, Action.WITHHOLD),
    Outcome.REJECT: (Status.REJECTED, Action.REJECT),
}
# Built once, for every comment needs them.
_INSERT_REVISION = Revision.__table__.insert()  # type: ignore[attr-defined]
_OPEN_NUDGE = (
    select(Nudge)
    .where(Nudge.person_id == bindparam("person"), Nudge.site_id == bindparam("site"), Nudge.outcome.is_(None))
    .order_by(Nudge.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class ArticleRef:
    """The article as the widget knows it; only used to create a row that isn't there yet."""

    key: str
    url: str
    title: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text that may be posted, ready to be judged."""

    site_key: str
    article: ArticleRef
    parent_id: int | None
    body: str
    draft: Draft
    policy: Policy
    parent_revision: int | None = None


@dataclass(frozen=True, slots=True)
class PreparedEdit:
    """A new text for a comment, ready to be judged."""

    comment_id: int
    revision: int
    body: str
    draft: Draft
    policy: Policy


def prepare(
    session: Session,
    *,
    site_key: str,
    article: ArticleRef,
    parent_id: int | None,
    body: str,
    by: Person,
    with_gap: bool,
    now: int,
    parent_revision: int | None = None,
) -> Prepared:
    """Check that this person may post this here, and collect what judging needs.

    `parent_revision` is what the author has seen of the parent, if they care. Raises Invalid, NotFound, Sanctioned,
    ArticleClosed, ParentNotPublic, ParentChanged, OriginRefused or TooManyRequests.
    """
    site = get_site(session, site_key)
    body = text.clean(body, field="body", max_length=limits_of(site).max_length, multiline=True)
    sanctions = _refuse_person(session, site, by, now=now)
    found = find_article(session, site, article.key)
    parent = _admit(session, site, found, article, parent_id, by=by, with_gap=with_gap, now=now)
    _refuse_changed(parent, parent_revision)
    draft = draft_of(
        session, site, found, title=article.title, parent=parent, person_id=by.id, body=body, except_id=None,
        lot=random.random(), now=now, sanctions=sanctions,  # noqa: S311 - drawn for sampling, not for secrets
    )  # fmt: skip
    return Prepared(site_key, article, parent_id, body, draft, policy_of(site, found), parent_revision)


def nudge(session: Session, prepared: Prepared, judgement: Judgement, *, by: Person, now: int) -> Nudged | None:
    """Answer a breach before anything is posted, or return None when there is nothing to say.

    The refusal is returned, not raised: that it was given is counted.
    """
    verdict = judgement.verdict
    breach = next((breach for breach in verdict.breaches if breach.guideline), None)
    if verdict.outcome == Outcome.PUBLISH or breach is None:
        return None
    site = get_site(session, prepared.site_key)
    article = find_article(session, site, prepared.article.key)
    session.add(
        Nudge(
            site_id=site.id,
            article_id=article.id if article else None,
            person_id=by.id,
            guideline=breach.guideline,
            fingerprint=fingerprint(prepared.body),
            created_at=now,
        )
    )
    return Nudged(
        breach.message,
        field="body",
        details={"guideline": breach.guideline, "spans": [list(span) for span in breach.spans]},
    )


def post(
    session: Session, prepared: Prepared, judgement: Judgement, *, by: Person, with_gap: bool, now: int
) -> Comment:
    """Store a judged comment and let its verdict take effect; raises what `prepare` raises."""
    site = get_site(session, prepared.site_key)
    ref = prepared.article
    _refuse_person(session, site, by, now=now)
    # Everyone who changes a thread locks its article first; only then is the parent's state certain.
    article = find_article(session, site, ref.key, lock=True)
    parent = _admit(session, site, article, ref, prepared.parent_id, by=by, with_gap=with_gap, now=now)
    _refuse_changed(parent, prepared.parent_revision)
    accounts.join(session, by, site, now=now)
    if article is None:
        article = articles.ensure(session, site, ref.key, ref.url, ref.title, now=now)
        session.refresh(article, with_for_update=True)
    comment = Comment(
        site_id=site.id,
        article_id=article.id,
        parent_id=parent.id if parent else None,
        branch_id=_branch(parent),
        depth=parent.depth + 1 if parent else 0,
        person_id=by.id,
        body=prepared.body,
        links=[list(span) for span in text.find_links(prepared.body)],
        fingerprint=fingerprint(prepared.body),
        created_at=now,
    )
    session.add(comment)
    session.flush()
    session.connection().execute(
        _INSERT_REVISION, {"comment_id": comment.id, "number": 1, "body": prepared.body, "created_at": now}
    )
    waves.record(session, comment, now=now)
    _take_effect(session, comment, judgement, fresh=article, now=now)
    asking.enqueue(session, comment, now=now)
    _answer_nudge(session, comment, now=now)
    return comment


def prepare_edit(session: Session, *, comment_id: int | None, body: str, by: Person, now: int) -> PreparedEdit:
    """Check that this person may still edit this comment, and collect what judging needs."""
    comment = _own(session, comment_id, by)
    site = session.get_one(Site, comment.site_id)
    body = text.clean(body, field="body", max_length=limits_of(site).max_length, multiline=True)
    _may_edit(session, comment, limits_of(site), now=now)
    article = session.get_one(Article, comment.article_id)
    parent = session.get(Comment, comment.parent_id) if comment.parent_id else None
    draft = draft_of(
        session, site, article, title=article.title, parent=parent, person_id=by.id, body=body, except_id=comment.id,
        lot=random.random(), now=now,  # noqa: S311 - drawn for sampling, not for secrets
    )  # fmt: skip
    return PreparedEdit(comment.id, comment.revision, body, draft, policy_of(site, article))


def edit(session: Session, prepared: PreparedEdit, judgement: Judgement, *, by: Person, now: int) -> Comment:
    """Store a new revision, judged from scratch; what a person holds or has in review stays so.

    Raises Conflict when the comment was edited elsewhere meanwhile.
    """
    comment = _own(session, prepared.comment_id, by)
    decisions.lock_thread(session, comment)
    if comment.revision != prepared.revision:
        raise Conflict("This comment was edited elsewhere meanwhile; reload it.")
    _may_edit(session, comment, limits_of(session.get_one(Site, comment.site_id)), now=now)
    comment.revision += 1
    comment.body = prepared.body
    comment.links = [list(span) for span in text.find_links(prepared.body)]
    comment.fingerprint = fingerprint(prepared.body)
    comment.edited_at = now
    session.add(Revision(comment_id=comment.id, number=comment.revision, body=prepared.body, created_at=now))
    waves.record(session, comment, now=now)
    _take_effect(session, comment, judgement, now=now)
    asking.enqueue(session, comment, now=now)
    return comment


def withdraw(session: Session, *, comment_id: int | None, by: Person, now: int) -> None:
    """Withdraw one's own comment; a second time changes nothing."""
    comment = _own(session, comment_id, by)
    if comment.status == Status.WITHDRAWN:
        return
    decisions.decide(
        session, comment, Status.WITHDRAWN, action=Action.WITHDRAW, by=by, revision=comment.revision, now=now
    )


def _refuse_person(session: Session, site: Site, by: Person, *, now: int) -> list[Sanction]:
    sanctions = refuse_sanctioned(session, by.id, site.id, writing=True, now=now)
    if site.asks_verified_email and by.email and by.email_verified_at is None:
        raise Forbidden("Please confirm your e-mail address first: follow the link that we mailed you.")
    return sanctions


def _admit(
    session: Session,
    site: Site,
    found: Article | None,
    article: ArticleRef,
    parent_id: int | None,
    *,
    by: Person,
    with_gap: bool,
    now: int,
) -> Comment | None:
    if found is None:
        articles.check_ref(session, site, article.key, article.url, article.title)
        if parent_id is not None:
            raise ParentNotPublic("The comment you reply to is no longer there.", field="parent")
    refuse_closed(rules_of(site, found, now=now))
    parent = _public_parent(session, found, parent_id) if found else None
    if with_gap:
        _keep_gap(session, site, by, now=now)
        if found is not None:
            refuse_hasty(session, site, found, by, now=now)
    return parent


def _public_parent(session: Session, article: Article, parent_id: int | None) -> Comment | None:
    if parent_id is None:
        return None
    parent = session.get(Comment, parent_id, populate_existing=True)
    if parent is None or parent.article_id != article.id or parent.status != Status.PUBLISHED:
        raise ParentNotPublic("The comment you reply to is no longer there.", field="parent")
    return parent


def _refuse_changed(parent: Comment | None, seen: int | None) -> None:
    """Let nobody answer to words that they haven't read."""
    if parent is not None and seen is not None and parent.revision != seen:
        raise ParentChanged(
            "The comment you reply to was edited in the meantime.", field="parent_revision",
            details={"revision": parent.revision, "body": parent.body, "links": parent.links},
        )  # fmt: skip


def _keep_gap(session: Session, site: Site, by: Person, *, now: int) -> None:
    limits = limits_of(site)
    membership = find_membership(session, by.id, site.id)
    is_new = membership is None or membership.published_count < limits.new_author_below
    latest = session.scalar(
        select(Comment.created_at)
        .where(Comment.person_id == by.id, Comment.site_id == site.id)
        .order_by(Comment.id.desc())
        .limit(1)
    )
    wait = (latest or 0) + (limits.gap_new_author if is_new else limits.gap) * _SECOND - now
    if latest is not None and wait > 0:
        seconds = -(-wait // _SECOND)
        raise TooManyRequests(f"Please wait {seconds} s before your next comment.", retry_after=seconds)


def _branch(parent: Comment | None) -> int | None:
    if parent is None or parent.depth < FLAT_FROM:
        return None
    return parent.id if parent.depth == FLAT_FROM else parent.branch_id


def _hold_stays(session: Session, comment: Comment, case: Case | None) -> bool:
    """Say whether a person's judgement stands above what a machine makes of a held comment's new text."""
    if comment.status != Status.HELD:
        return False
    return has_decision_by_person(session, comment.id) or (case is not None and case.reasons != Reason.HELD)


def _take_effect(
    session: Session, comment: Comment, judgement: Judgement, *, now: int, fresh: Article | None = None
) -> None:
    """Let a verdict take effect; `fresh` as in `decisions.decide`."""
    verdict = judgement.verdict
    case = None if fresh else cases.find_open_case(session, comment.id)
    count(judgement)
    record_signals(session, comment, judgement.signals, now=now)
    if judgement.shadow or not fresh:
        record_shadow(session, comment, judgement, now=now)
    status, action = _STATUS_OF[verdict.outcome]
    if status == Status.PUBLISHED and not fresh and _hold_stays(session, comment, case):
        status, action = Status.HELD, Action.WITHHOLD
    decisions.decide(
        session, comment, status, action=action, rule=verdict.breaches[0].check if verdict.breaches else "clean",
        revision=comment.revision, guideline=verdict.guideline, likelihood=verdict.likelihood,
        message=verdict.breaches[0].message if verdict.breaches else "", now=now, fresh=fresh,
    )  # fmt: skip
    _keep_in_queue(session, comment, judgement, case, now=now)
    if verdict.failed and status == Status.HELD:
        enqueue_rescore(session, comment.id, comment.revision, now=now)


def _keep_in_queue(session: Session, comment: Comment, judgement: Judgement, before: Case | None, *, now: int) -> None:
    """Open a case for a sample; a case that was open already has changed, because the text has. Blind those drawn."""
    verdict = judgement.verdict
    still_open = before is not None and cases.find_open_case(session, comment.id) is not None
    if comment.status == Status.PUBLISHED and (verdict.reasons & Reason.SAMPLE or still_open):
        cases.open_case(
            session, comment, reasons=verdict.reasons, guideline=verdict.guideline, likelihood=verdict.likelihood,
            now=now,
        )  # fmt: skip
    if verdict.blind and not has_decision_by_person(session, comment.id):
        cases.make_blind(session, comment)


def _answer_nudge(session: Session, comment: Comment, *, now: int) -> None:
    given = session.scalar(_OPEN_NUDGE, {"person": comment.person_id, "site": comment.site_id})
    if given is None or given.created_at < now - 3600 * _SECOND:
        return
    same = given.fingerprint == comment.fingerprint
    outcome = NudgeOutcome.POSTED_ANYWAY if same else NudgeOutcome.EDITED
    session.execute(update(Nudge).where(Nudge.id == given.id).values(outcome=outcome, comment_id=comment.id))


def _own(session: Session, comment_id: int | None, by: Person) -> Comment:
    comment = session.get(Comment, comment_id) if comment_id else None
    if comment is None or (comment.person_id != by.id and not comment.listed):
        raise NotFound("There is no such comment.")
    if comment.person_id != by.id:
        raise Forbidden("Only its author can change a comment.")
    return comment


def _may_edit(session: Session, comment: Comment, limits: Limits, *, now: int) -> None:
    refuse_sanctioned(session, comment.person_id, comment.site_id, writing=True, now=now)
    if comment.status == Status.WITHDRAWN:
        raise Conflict("You have withdrawn this comment.")
    if comment.status == Status.REJECTED:
        raise Conflict("This comment was rejected; you can appeal, but not edit it.")
    site, article = session.get_one(Site, comment.site_id), session.get_one(Article, comment.article_id)
    refuse_closed(rules_of(site, article, now=now))
    if now > comment.created_at + limits.edit_window * _SECOND:
        raise EditWindowOver(f"A comment can be edited for {limits.edit_window // 60} minutes.")
