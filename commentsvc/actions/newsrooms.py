"""What changes when a publication gets comments? A site, its origins, its first guidelines."""

import re
from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from commentsvc.actions.articles import origin_of
from commentsvc.enums import Guideline
from commentsvc.errors import Conflict, Invalid
from commentsvc.queries.sites import find_site
from commentsvc.store.models import Guidelines, Origin, Site
from commentsvc.text import clean

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

WELCOME = "Welcome to the comments. Keep conversations courteous and on topic."
ITEMS: Mapping[Guideline, tuple[str, str]] = {
    Guideline.COURTESY: ("Be courteous", "Argue with what people say, not with who they are. No insults, no threats."),
    Guideline.ON_TOPIC: ("Stay on topic", "Write about the article, or about what somebody said of it."),
    Guideline.SPAM: ("No advertising", "Don't advertise, and don't post the same thing again and again."),
    Guideline.LEGAL: ("Keep within the law", "Don't accuse anyone of a crime without anything to show for it."),
    Guideline.PRIVACY: ("Respect privacy", "Don't publish addresses, phone numbers or the lives of private people."),
}


def add_site(session: Session, key: str, *, name: str, origins: Sequence[str], now: int) -> Site:
    """Create a site with its origins and the usual guidelines, or raise Invalid or Conflict."""
    if not _KEY.fullmatch(key):
        raise Invalid("A site's key is made of a-z, 0-9, - and _, at most 64 characters.", field="key")
    if find_site(session, key) is not None:
        raise Conflict(f"There is a site {key} already.")
    site = Site(
        key=key, name=clean(name, field="name", max_length=200), policy={}, limits={}, guidelines_version=1,
        created_at=now,
    )  # fmt: skip
    session.add(site)
    session.flush()
    for origin in dict.fromkeys(origins):
        add_origin(session, site, origin)
    items = [{"guideline": guideline, "title": title, "text": text} for guideline, (title, text) in ITEMS.items()]
    session.add(Guidelines(site_id=site.id, version=1, text=WELCOME, items=items, created_at=now))
    session.flush()
    return site


def add_origin(session: Session, site: Site, origin: str) -> None:
    """Let pages of exactly this origin embed the site, or raise Invalid; a second time changes nothing."""
    origin = origin.rstrip("/")
    try:
        exact = origin_of(origin)
    except Invalid:
        exact = None
    if exact != origin:
        raise Invalid(f"{origin} isn't an origin such as https://news.example.", field="origin")
    if session.get(Origin, (site.id, origin)) is None:
        session.add(Origin(site_id=site.id, origin=origin))
        session.flush()
