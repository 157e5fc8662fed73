"""What changes about an article: the publisher describes it, or a first comment makes it known?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commentsvc import text
from commentsvc.actions.changing import change_article
from commentsvc.errors import Invalid, OriginRefused
from commentsvc.queries.sites import find_article, is_registered
from commentsvc.store.models import Article, Person, Site

_MAX_URL = 2000
_MAX_TEXT = 60_000


@dataclass(frozen=True, slots=True)
class Description:
    """What a publisher says of an article; None leaves a member as it is."""

    url: str
    title: str
    lead: str | None = None
    body: str | None = None
    section: str | None = None
    author: str | None = None
    published_at: int | None = None
    rules: Mapping[str, Any] = field(default_factory=dict)
    """What `changing.change_article` takes; members that aren't there stay as they are."""


def put(
    session: Session, site: Site, key: str, description: Description, *, by: Person, now: int
) -> tuple[Article, bool]:
    """Create or update an article by its publisher's key; say whether it is new. A changed URL never forks a thread."""
    article = find_article(session, site, key)
    is_new = article is None
    if article is None:
        article = _create(session, site, key, description.url, description.title, now=now)
    else:
        article.url, article.title = check_ref(session, site, key, description.url, description.title)[1:]
    for name in ("lead", "body", "section", "author"):
        given = getattr(description, name)
        if given is not None:
            setattr(article, name, text.clean(given, field=name, max_length=_MAX_TEXT if name == "body" else 2000,
                                              min_length=0, multiline=name in {"lead", "body"}))  # fmt: skip
    if description.published_at is not None:
        article.published_at = description.published_at
    article.version += 1
    change_article(session, article, description.rules, by=by, now=now)
    session.flush()
    return article, is_new


def ensure(session: Session, site: Site, key: str, url: str, title: str, *, now: int) -> Article:
    """Return the article, created on first sight; a reader never renames one."""
    return find_article(session, site, key) or _create(session, site, key, url, title, now=now)


def check_ref(session: Session, site: Site, key: str, url: str, title: str) -> tuple[str, str, str]:
    """Return key, cleaned url and title, or raise Invalid, or OriginRefused for a page of someone else's."""
    if text.clean(key, field="article.key", max_length=300) != key:
        # Articles are looked up by the key as it was sent: a mended one would never be found again.
        raise Invalid("An article's key is NFC text on one line, without space around it.", field="article.key")
    title = text.clean(title, field="article.title", max_length=500)
    url = text.clean(url, field="article.url", max_length=_MAX_URL)
    if not is_registered(session, site, origin_of(url)):
        raise OriginRefused("This page's origin isn't registered for the site.", field="article.url")
    return key, url, title


def origin_of(url: str) -> str:
    """Return scheme://host[:port] of an absolute http(s) address exactly as browsers write it, or raise Invalid."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Invalid("This isn't a web address.", field="article.url") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or "\\" in url:
        raise Invalid("This isn't a web address.", field="article.url")
    standard = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if port in {None, standard} else f":{port}")


def _create(session: Session, site: Site, key: str, url: str, title: str, *, now: int) -> Article:
    key, url, title = check_ref(session, site, key, url, title)
    article = Article(site_id=site.id, key=key, url=url, title=title, created_at=now)
    try:
        with session.begin_nested():
            session.add(article)
    except IntegrityError:
        # Somebody else's first comment was a moment earlier.
        return session.scalars(select(Article).where(Article.site_id == site.id, Article.key == key)).one()
    return article
