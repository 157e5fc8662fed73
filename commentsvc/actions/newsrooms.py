"""What changes when a publication gets comments? A site, its origins, its first guidelines, what it is called."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import idna
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commentsvc.actions.accounts import join
from commentsvc.actions.articles import origin_of
from commentsvc.enums import Guideline, Role, SiteChangeKind
from commentsvc.errors import Conflict, Forbidden, Invalid, NotFound
from commentsvc.permissions import may_administer
from commentsvc.queries.people import managed_sites
from commentsvc.queries.sites import find_site
from commentsvc.store.models import Guidelines, Membership, Origin, Person, Site, SiteChange
from commentsvc.text import clean

MAX_NAME = 200
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*|\[[0-9a-f:.]+\]")
_PARTS = re.compile(r"(https?://)(\[[^\]]*\]|[^:]*)((?::\d+)?)")
_MAX_ORIGIN = 300
_MAX_ORIGINS = 50

WELCOME = "Welcome to the comments. Keep conversations courteous and on topic."
ITEMS: Mapping[Guideline, tuple[str, str]] = {
    Guideline.COURTESY: ("Be courteous", "Argue with what people say, not with who they are. No insults, no threats."),
    Guideline.ON_TOPIC: ("Stay on topic", "Write about the article, or about what somebody said of it."),
    Guideline.SPAM: ("No advertising", "Don't advertise, and don't post the same thing again and again."),
    Guideline.LEGAL: ("Keep within the law", "Don't accuse anyone of a crime without anything to show for it."),
    Guideline.PRIVACY: ("Respect privacy", "Don't publish addresses, phone numbers or the lives of private people."),
}


def add_site(
    session: Session, key: str, *, name: str, origins: Sequence[str], now: int, welcome: str = WELCOME,
    items: Sequence[Mapping[str, str]] = (),
) -> Site:  # fmt: skip
    """Create a site with its origins and guidelines (the usual ones without `items`), or raise Invalid or Conflict."""
    check_key(key)
    if find_site(session, key) is not None:
        raise Conflict(f"There is a site {key} already.", field="key")
    site = Site(
        key=key, name=clean(name, field="name", max_length=MAX_NAME), policy={}, limits={}, guidelines_version=1,
        created_at=now,
    )  # fmt: skip
    session.add(site)
    session.flush()
    for origin in dict.fromkeys(origins):
        add_origin(session, site, origin)
    session.add(
        Guidelines(site_id=site.id, version=1, text=welcome, items=list(items) or usual_items(), created_at=now)
    )
    session.flush()
    return site


def check_key(key: str) -> None:
    """Raise Invalid for what can't be a site's key."""
    if not _KEY.fullmatch(key):
        raise Invalid("A site's key is made of a-z, 0-9, - and _, at most 64 characters.", field="key")


def usual_items() -> list[dict[str, str]]:
    """Return the guidelines that a site begins with."""
    return [{"guideline": str(name), "title": title, "text": text} for name, (title, text) in ITEMS.items()]


def add_origin(session: Session, site: Site, origin: str) -> None:
    """Let pages of exactly this origin embed the site, or raise Invalid; a second time changes nothing."""
    exact = exact_origin(origin)
    if session.get(Origin, (site.id, exact)) is not None:
        return
    count = session.scalar(select(func.count()).select_from(Origin).where(Origin.site_id == site.id)) or 0
    if count >= _MAX_ORIGINS:
        raise Invalid(f"A site has at most {_MAX_ORIGINS} origins.", field="origin")
    session.add(Origin(site_id=site.id, origin=exact))
    session.flush()


def exact_origin(typed: str) -> str:
    """Return an origin that is written as browsers write it, but for a slash at its end; otherwise raise Invalid.

    What is almost one is refused with the one that was probably meant: nobody registers by accident what they
    didn't read. Wildcards and parts of host names are no origins at all.
    """
    origin = typed.strip().removesuffix("/")
    likely = _likely_origin(origin)
    if likely is None or len(likely) > _MAX_ORIGIN:
        raise Invalid(f"{origin[:100]} isn't an origin such as https://news.example.", field="origin")
    if likely != origin:
        raise Invalid(f"Browsers write this origin as {likely} – register that, if you mean it.", field="origin")
    return origin


def is_origin(text: str) -> bool:
    """Say whether a text is an origin as browsers write it."""
    return len(text) <= _MAX_ORIGIN and _likely_origin(text) == text


def register_origin(session: Session, site: Site, origin: str, *, by: Membership, now: int) -> None:
    """Let pages of an origin embed the site, as an admin decided. Raises Forbidden and Invalid."""
    refuse_others(site, by)
    exact = exact_origin(origin)
    if session.get(Origin, (site.id, exact)) is not None:
        raise Invalid("This origin is registered already.", field="origin")
    add_origin(session, site, exact)
    log(session, site, SiteChangeKind.ORIGIN_ADDED, after={"origin": exact}, by=by.person_id, now=now)


def remove_origin(session: Session, site: Site, origin: str, *, by: Membership, now: int) -> None:
    """Take an origin away: its pages can still read, but nobody signs in or posts there from the next request on.

    Raises Forbidden, NotFound, and Conflict for the last one.
    """
    refuse_others(site, by)
    session.refresh(site, with_for_update=True)
    kept = session.get(Origin, (site.id, origin))
    if kept is None:
        raise NotFound("This origin isn't registered for the site.")
    if session.scalar(select(func.count()).select_from(Origin).where(Origin.site_id == site.id)) == 1:
        raise Conflict("A site has one origin at least. Register the other one first.")
    session.delete(kept)
    log(session, site, SiteChangeKind.ORIGIN_REMOVED, before={"origin": origin}, by=by.person_id, now=now)


def change_details(session: Session, site: Site, *, name: str, locale: str, by: Membership, now: int) -> bool:
    """Set what a site is called and in which language it speaks; say whether that changed anything.

    Raises Forbidden and Invalid.
    """
    refuse_others(site, by)
    after = {"name": clean(name, field="name", max_length=MAX_NAME), "locale": locale.strip()}
    if not _LOCALE.fullmatch(after["locale"]):
        raise Invalid("Write a language as en, de or pt-BR.", field="locale")
    before = {"name": site.name, "locale": site.locale}
    changed = {member for member in after if before[member] != after[member]}
    if not changed:
        return False
    site.name, site.locale = after["name"], after["locale"]
    log(
        session, site, SiteChangeKind.DETAILS, before={member: before[member] for member in changed},
        after={member: after[member] for member in changed}, by=by.person_id, now=now,
    )  # fmt: skip
    return True


def change_account_rules(
    session: Session, site: Site, *, second_factor: bool, verified_email: bool, by: Membership, now: int
) -> bool:
    """Set what a site asks of accounts, from everyone's next request on; say whether that changed anything."""
    refuse_others(site, by)
    before = {"second_factor": site.asks_second_factor, "verified_email": site.asks_verified_email}
    after = {"second_factor": second_factor, "verified_email": verified_email}
    changed = {member for member in after if before[member] != after[member]}
    if not changed:
        return False
    site.asks_second_factor, site.asks_verified_email = second_factor, verified_email
    log(
        session, site, SiteChangeKind.DETAILS, before={member: before[member] for member in changed},
        after={member: after[member] for member in changed}, by=by.person_id, now=now,
    )  # fmt: skip
    return True


def refuse_others(site: Site, by: Membership) -> None:
    """Raise Forbidden for whoever isn't an admin of this very site."""
    if by.site_id != site.id or not may_administer(by):
        raise Forbidden("Only administrators of the site may change this.")


def found(session: Session, key: str, *, name: str, origins: Sequence[str], by: Person, now: int) -> Site:
    """Create another site, of which whoever asks becomes an administrator.

    Raises Forbidden for whoever administers none, Invalid and Conflict.
    """
    if not any(one.role == Role.ADMIN for one in managed_sites(session, by.id, now=now)):
        raise Forbidden("Only administrators of a site may add another one.")
    site = add_site(session, key, name=name, origins=origins, now=now)
    join(session, by, site, now=now).role = Role.ADMIN
    log(session, site, SiteChangeKind.CREATED, about=by, by=by.id, now=now)
    return site


def log(
    session: Session, site: Site, kind: SiteChangeKind, *, by: int | None, now: int,
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None, about: Person | None = None,
) -> None:  # fmt: skip
    """Keep who changed what about a site, for its admins."""
    session.add(
        SiteChange(
            site_id=site.id, kind=kind, before=dict(before or {}), after=dict(after or {}),
            person_id=about.id if about else None, by_person_id=by, created_at=now,
        )
    )  # fmt: skip
    session.flush()


def _likely_origin(typed: str) -> str | None:
    """Return the origin of whatever looks like a web address, as browsers would send it."""
    try:
        origin = origin_of(typed)
    except Invalid:
        return None
    parts = _PARTS.fullmatch(origin)
    if parts is None:
        return None
    scheme, host, port = parts.groups()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError:
            return None
    return f"{scheme}{host}{port}" if _HOST.fullmatch(host) else None
