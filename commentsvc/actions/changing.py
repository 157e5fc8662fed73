"""What changes when a person changes the rules of an article, of a section, or of a site's breakers and clocks?

Each change that changes something is kept with who made it, what was before and what is after.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from commentsvc import text
from commentsvc.actions import breaker
from commentsvc.enums import ArticleState, Mode
from commentsvc.errors import Invalid
from commentsvc.moderation.opening import MAX_SLOW_MODE, is_zone, read_hours
from commentsvc.moderation.policy import policy_from_json
from commentsvc.store.models import Article, Person, RuleChange, Site

ARTICLE_RULES = ("state", "mode", "slow_mode", "hours", "close_at", "reopen_at")
SECTION_RULES = ("mode", "slow_mode", "hours")


def change_article(session: Session, article: Article, wanted: Mapping[str, Any], *, by: Person, now: int) -> bool:
    """Set some of ARTICLE_RULES, None for as in the section or on the site; say whether that changed anything.

    Raises Invalid, naming the rule.
    """
    before = {name: getattr(article, name) for name in ARTICLE_RULES}
    after = {**before, **{name: _checked(name, value) for name, value in wanted.items()}}
    if after["close_at"] is not None and after["reopen_at"] is not None and after["reopen_at"] <= after["close_at"]:
        raise Invalid("It can open again only after it has closed.", field="reopen_at")
    for name, value in after.items():
        setattr(article, name, value)
    changed = _keep(session, article.site_id, before, after, by=by, article=article, now=now)
    article.version += changed
    return changed


def change_section(session: Session, site: Site, name: str, wanted: Mapping[str, Any], *, by: Person, now: int) -> bool:
    """Set some of SECTION_RULES for a section, None for as on the site; say whether that changed anything.

    What else the policy says of the section, its thresholds, stays. Raises Invalid, naming the rule.
    """
    name = text.clean(name, field="section", max_length=100)
    _lock(session, site)
    sections = site.policy.get("sections", {})
    before = {rule: sections.get(name, {}).get(rule) for rule in SECTION_RULES}
    after = {**before, **{rule: _checked(rule, value) for rule, value in wanted.items()}}
    told = {**sections.get(name, {}), **after}
    told = {rule: value for rule, value in told.items() if value not in (None, {})}
    _set_policy(site, "sections", {**{other: rules for other, rules in sections.items() if other != name},
                                   **({name: told} if told else {})})  # fmt: skip
    return _keep(session, site.id, before, after, by=by, section=name, now=now)


def change_breaker(session: Session, site: Site, wanted: Mapping[str, Any] | None, *, by: Person, now: int) -> bool:
    """Set when the breakers of a site's articles trip, or switch them off, which ends those that have tripped.

    Raises Invalid, naming the member.
    """
    _lock(session, site)
    before, after = site.policy.get("breaker"), dict(wanted) if wanted else None
    _set_policy(site, "breaker", after)
    if after is None:
        breaker.end_all(session, site, by=by, now=now)
    return _keep(session, site.id, {"breaker": before}, {"breaker": after}, by=by, now=now)


def change_time_zone(session: Session, site: Site, zone: str, *, by: Person, now: int) -> bool:
    """Set whose clocks a site's hours go by; raises Invalid for a zone that isn't one."""
    if not is_zone(zone):
        raise Invalid("There is no such time zone; one is named Europe/Berlin, say.", field="time_zone")
    before, site.time_zone = site.time_zone, zone
    return _keep(session, site.id, {"time_zone": before}, {"time_zone": zone}, by=by, now=now)


def _checked(rule: str, value: Any) -> Any:
    if rule == "state":
        return ArticleState(value).value
    if value is None:
        return None
    if rule == "mode":
        return Mode(value).value
    if rule == "slow_mode" and not 0 <= value <= MAX_SLOW_MODE:
        raise Invalid(f"Slow mode is 0 to {MAX_SLOW_MODE:,} seconds.", field=rule)
    if rule == "hours":
        try:
            read_hours(value)
        except ValueError as error:
            raise Invalid(str(error), field=rule) from None
    return value


def _set_policy(site: Site, member: str, value: Any) -> None:
    policy = {**site.policy, member: value}
    try:
        policy_from_json(policy)
    except ValueError as error:
        where, _, what = str(error).partition(": ")
        raise Invalid(f"{what}.", field=where.split(".")[-1]) from None
    site.policy = policy


def _lock(session: Session, site: Site) -> None:
    # The policy is one value: whoever changes a part of it must not undo what another has changed just now.
    session.flush()
    session.refresh(site, with_for_update=True)


def _keep(
    session: Session,
    site_id: int,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    by: Person,
    now: int,
    article: Article | None = None,
    section: str | None = None,
) -> bool:
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return False
    if article is not None:
        session.flush()
    session.add(
        RuleChange(
            site_id=site_id,
            article_id=article.id if article else None,
            section=section,
            by_person_id=by.id,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
            created_at=now,
        )
    )
    return True
