"""Which rules hold on an article at this moment, what are readers told of them, and whom do they refuse?"""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commentsvc.actions.drafts import policy_of
from commentsvc.enums import ArticleState, BreakerAction, Mode, Role
from commentsvc.errors import ArticleClosed, TooManyRequests
from commentsvc.moderation.opening import opening
from commentsvc.moderation.terms import Policy
from commentsvc.queries.sites import find_membership
from commentsvc.store.models import Article, Comment, Person, Site

_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds now: `state` by hand or by the clock, and when the clock changes it; `notice` while the circuit
    breaker has tripped. Times in microseconds, `slow_mode` in seconds."""

    policy: Policy
    state: ArticleState
    opens_at: int | None = None
    closes_at: int | None = None
    notice: BreakerAction | None = None

    @property
    def mode(self) -> Mode:
        """What happens to a clean comment."""
        return self.policy.mode

    @property
    def slow_mode(self) -> int:
        """How many seconds lie between two comments of one person; 0 for none."""
        return self.policy.slow_mode

    @property
    def is_open(self) -> bool:
        """Whether readers may write."""
        return self.state == ArticleState.OPEN and self.mode != Mode.CLOSED

    @property
    def changes_at(self) -> int | None:
        """When the clock changes what readers see of this."""
        return self.opens_at or self.closes_at


def rules_of(site: Site, article: Article | None, *, now: int, base: Policy | None = None) -> Rules:
    """Return the rules in force; an article that nobody has seen yet has its site's. `base`: see `policy_of`."""
    policy = policy_of(site, article, base=base)
    by_hand = ArticleState(article.state) if article else ArticleState.OPEN
    notice = BreakerAction(article.tripped) if article and article.tripped else None
    if by_hand != ArticleState.OPEN or policy.mode == Mode.CLOSED:
        return Rules(policy, by_hand)
    found = opening(
        now, zone=site.time_zone, hours=policy.hours,
        close_at=article.close_at if article else None, reopen_at=article.reopen_at if article else None,
    )  # fmt: skip
    if found.is_open:
        return Rules(policy, ArticleState.OPEN, closes_at=found.changes_at, notice=notice)
    return Rules(policy, ArticleState.CLOSED, opens_at=found.changes_at)


def refuse_closed(rules: Rules) -> None:
    """Raise ArticleClosed when readers may not write."""
    if rules.is_open:
        return
    details = {"opens_at_us": rules.opens_at} if rules.opens_at else None
    raise ArticleClosed(
        "This article takes no comments now." if details else "Comments are closed here.", details=details
    )


def refuse_hasty(session: Session, site: Site, article: Article, by: Person, *, now: int) -> None:
    """Raise TooManyRequests when the article is in slow mode and this person has commented just now."""
    slow_mode = policy_of(site, article).slow_mode
    turn = _turn(session, site, article, by.id, slow_mode, now=now)
    if turn is not None:
        wait = -(-(turn - now) // _SECOND)
        raise TooManyRequests(
            f"This conversation is in slow mode, one comment every {slow_mode} s; please wait {wait} s.",
            retry_after=wait,
            slow_mode=slow_mode,
        )


def next_turn(session: Session, site: Site, article: Article, by: Person, *, now: int) -> int | None:
    """Return when slow mode lets this person comment again, None for now."""
    return _turn(session, site, article, by.id, policy_of(site, article).slow_mode, now=now)


def _turn(session: Session, site: Site, article: Article, person_id: int, slow_mode: int, *, now: int) -> int | None:
    if not slow_mode:
        return None
    # Withdrawn ones count too, or withdrawing would be a way around it.
    latest = session.scalar(
        select(func.max(Comment.created_at)).where(
            Comment.article_id == article.id,
            Comment.created_at > now - slow_mode * _SECOND,
            Comment.person_id == person_id,
        )
    )
    if latest is None:
        return None
    membership = find_membership(session, person_id, site.id)
    is_staff = membership is not None and membership.role != Role.READER
    return None if is_staff else latest + slow_mode * _SECOND
