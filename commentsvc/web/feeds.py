"""What was said lately on an article or a site, as an Atom feed (RFC 4287)?"""

import re
from collections.abc import Sequence
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

from flask import Blueprint, Response

from commentsvc.queries import sites, threads
from commentsvc.queries.threads import CommentRow
from commentsvc.store.models import Article, Site
from commentsvc.text import to_html
from commentsvc.web import context
from commentsvc.web.cache import public, tagged
from commentsvc.web.reading import address
from commentsvc.web.times import time_text

blueprint = Blueprint("feeds", __name__, url_prefix="/feeds")

ENTRIES = 50
_ATOM = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ElementTree.register_namespace("", _ATOM)


@blueprint.get("/<site_key>.atom")
def of_site(site_key: str) -> Response:
    """Return a site's newest comments."""
    session = context.public_session()
    site = sites.get_site(session, site_key)
    rows = threads.newest(session, site.id, None, limit=ENTRIES)
    return _answer(site, None, f"Comments at {site.name}", rows, path=f"/feeds/{site.key}.atom")


@blueprint.get("/<site_key>/<path:article_key>.atom")
def of_article(site_key: str, article_key: str) -> Response:
    """Return an article's newest comments; of one that nobody has commented on, a feed without entries."""
    session = context.public_session()
    site = sites.get_site(session, site_key)
    article = sites.find_article(session, site, article_key)
    rows = threads.newest(session, site.id, article, limit=ENTRIES) if article else []
    title = f"Comments on {article.title if article else article_key}"
    return _answer(site, article, title, rows, path=f"/feeds/{site.key}/{article_key}.atom")


def _answer(site: Site, article: Article | None, title: str, rows: Sequence[CommentRow], *, path: str) -> Response:
    base = context.services().settings.base_url
    feed = ElementTree.Element(f"{{{_ATOM}}}feed")
    _add(feed, "id", _id(base, site.created_at, path))
    _add(feed, "title", title)
    _add(feed, "updated", time_text(max((_changed(row) for row in rows), default=site.created_at)) or "")
    _add(feed, "link", rel="self", type="application/atom+xml", href=f"{base}{quote(path)}")
    if article is not None:
        _add(feed, "link", rel="alternate", type="text/html", href=article.url)
    for row in rows:
        _add_entry(feed, base, site, row)
    body = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return public(tagged(body), mimetype="application/atom+xml")


def _add_entry(feed: ElementTree.Element, base: str, site: Site, row: CommentRow) -> None:
    entry = _add(feed, "entry")
    _add(entry, "id", _id(base, site.created_at, f"/{site.key}/comments/{row.id}"))
    _add(entry, "title", f"{row.name} on {row.article_title}")
    _add(entry, "published", time_text(row.published_at) or "")
    _add(entry, "updated", time_text(_changed(row)) or "")
    _add(_add(entry, "author"), "name", row.name)
    link = base + address(site.key, row.article_key, comment=str(row.id))
    _add(entry, "link", rel="alternate", type="text/html", href=link)
    _add(entry, "content", to_html(row.body, row.links), type="html")


def _changed(row: CommentRow) -> int:
    return max(row.published_at or 0, row.edited_at or 0)


def _id(base: str, since: int, path: str) -> str:
    """Name something for ever (RFC 4151), by our host and the day that its site began."""
    return f"tag:{urlsplit(base).hostname},{(time_text(since) or '')[:10]}:{_clean(path)}"


def _add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    kept = {key: _clean(value) for key, value in attributes.items()}
    added = ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}", kept)
    added.text = _clean(text) or None
    return added


def _clean(text: str) -> str:
    """Leave out what XML can't say."""
    return _NOT_XML.sub("", text)
