"""What is there around a text that judging may look at?"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import bindparam, distinct, func, select
from sqlalchemy.orm import Session

from commentsvc.enums import BreakerAction, Mode, Role, SanctionKind
from commentsvc.moderation.normalise import fingerprint
from commentsvc.moderation.policy import policy_for, policy_from_json
from commentsvc.moderation.terms import Draft, Policy, Standing
from commentsvc.queries.sites import find_membership, list_sanctions
from commentsvc.store.models import PUBLISHED, Article, Comment, Sanction, Site

_RECENT = 10
_THREAD = 20
_WAVE_US = 24 * 3600 * 1_000_000

# Built once, for every comment asks them, past the session: it has no part in them.
_RECENT_BODIES = (
    select(Comment.id, Comment.body)
    .where(Comment.person_id == bindparam("person"), Comment.site_id == bindparam("site"))
    .order_by(Comment.id.desc())
    .limit(_RECENT + 1)
)
_SAME_BY_OTHERS = select(func.count(distinct(Comment.person_id))).where(
    Comment.site_id == bindparam("site"),
    Comment.fingerprint == bindparam("print"),
    Comment.created_at > bindparam("since"),
    Comment.person_id != bindparam("person"),
)
_THREAD_BODIES = (
    select(Comment.body)
    .where(Comment.article_id == bindparam("article"), Comment.status == PUBLISHED)
    .order_by(Comment.published_at.desc())
    .limit(_THREAD)
)


def draft_of(
    session: Session,
    site: Site,
    article: Article | None,
    *,
    title: str,
    parent: Comment | None,
    person_id: int,
    body: str,
    except_id: int | None,
    lot: float,
    now: int,
    sanctions: Sequence[Sanction] | None = None,
) -> Draft:
    """Collect what the checks may look at; `except_id` is the comment itself when it is judged again.

    `sanctions` are the author's in force, for whoever has read them already.
    """
    return Draft(
        body=body,
        article_title=article.title if article else title,
        article_text="\n\n".join(part for part in (article.lead, article.body) if part) if article else "",
        parent=parent.body if parent else None,
        thread=_thread(session, article),
        mode=policy_of(site, article).mode,
        standing=standing_of(session, person_id, site.id, now=now, sanctions=sanctions),
        recent=_recent(session, person_id, site.id, except_id),
        wave=_wave(session, person_id, site.id, body, now=now),
        lot=lot,
    )


def policy_of(site: Site, article: Article | None = None, *, base: Policy | None = None) -> Policy:
    """Return the policy in force: the site's, and on an article that of its section, its mode and its breaker.

    `base` is the site's policy, for whoever has read it already.
    """
    policy = base or policy_from_json(site.policy)
    if article is None:
        return policy
    mode = Mode(article.mode) if article.mode else None
    found = policy_for(policy, article.section, BreakerAction(article.tripped) if article.tripped else None, mode=mode)
    return replace(
        found,
        slow_mode=found.slow_mode if article.slow_mode is None else article.slow_mode,
        hours=article.hours or found.hours,
    )


def standing_of(
    session: Session, person_id: int, site_id: int, *, now: int, sanctions: Sequence[Sanction] | None = None
) -> Standing:
    """Return what the site knows of an author; `sanctions` as in `draft_of`."""
    membership = find_membership(session, person_id, site_id)
    if sanctions is None:
        sanctions = list_sanctions(session, person_id, site_id, now=now)
    return Standing(
        is_staff=membership is not None and membership.role != Role.READER,
        premoderated=any(sanction.kind == SanctionKind.PREMODERATE for sanction in sanctions),
        published=membership.published_count if membership else 0,
        rejected=membership.rejected_count if membership else 0,
    )


def _recent(session: Session, person_id: int, site_id: int, except_id: int | None) -> tuple[str, ...]:
    found = session.connection().execute(_RECENT_BODIES, {"person": person_id, "site": site_id})
    return tuple(row.body for row in found if row.id != except_id)[:_RECENT]


def _wave(session: Session, person_id: int, site_id: int, body: str, *, now: int) -> int:
    about = {"site": site_id, "print": fingerprint(body), "since": now - _WAVE_US, "person": person_id}
    return session.connection().scalar(_SAME_BY_OTHERS, about) or 0


def _thread(session: Session, article: Article | None) -> tuple[str, ...]:
    if article is None:
        return ()
    return tuple(session.connection().scalars(_THREAD_BODIES, {"article": article.id}))
