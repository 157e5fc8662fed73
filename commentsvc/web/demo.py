"""What does a publisher's site look like that embeds us? The demo's, on another origin than the service."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, render_template, request

from commentsvc.enums import ArticleSort
from commentsvc.infra.paths import STATIC, TEMPLATES
from commentsvc.queries import articles, sites
from commentsvc.settings import Settings
from commentsvc.store import models
from commentsvc.web.times import time_text

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SITE = "demo"
_HOST = "localhost"
_FRONT = 30

Article = dict[str, Any]
"""key, title, lead, body (paragraphs split by blank lines), section, published_at, url, author."""


def create_pages(
    settings: Settings, list_articles: Callable[[], list[Article]], find_article: Callable[[str], Article | None]
) -> Flask:
    """Build the newspaper's own small application; it knows nothing of ours but its address."""
    pages = Flask(
        "commentsvc.demo", template_folder=str(TEMPLATES), static_folder=str(STATIC / "demo"), static_url_path="/static"
    )
    service = settings.base_url
    pages.context_processor(lambda: {"service": service})
    pages.add_template_filter(_day, "day")

    @pages.get("/")
    def front() -> str:
        return render_template("demo/index.html", articles=list_articles())

    @pages.get("/articles/<key>")
    def article(key: str) -> str:
        found = find_article(key)
        if found is None:
            abort(404)
        return render_template("demo/article.html", article=found)

    @pages.get("/try")
    def try_tags() -> str:
        return render_template("demo/try.html", articles=list_articles())

    @pages.get("/theme")
    def try_looks() -> str:
        return render_template("demo/theme.html", articles=list_articles())

    @pages.after_request
    def forbid(response: Response) -> Response:
        own = " 'self'" if request.endpoint in {"try_tags", "try_looks"} else ""
        response.headers["Content-Security-Policy"] = _policy(service, own)
        return response

    return pages


def newspaper_address(settings: Settings) -> str:
    """Return where the newspaper is: the service's own address by another name, so that the two are cross-site."""
    port = urlsplit(settings.base_url).port
    return f"http://{_HOST}:{port}/" if port else f"http://{_HOST}/"


def mount_demo(app: Flask) -> None:
    """Answer Host `localhost` with the newspaper's pages and any other host with the service."""
    services = app.extensions["commentsvc"]

    def list_articles() -> list[Article]:
        with services.db.reading() as session:
            site = sites.get_site(session, SITE)
            found = articles.page(session, site.id, q="", sort=ArticleSort.NEWEST, cursor=None, limit=_FRONT)
            return [_article_json(article) for article in found.articles]

    def find_article(key: str) -> Article | None:
        with services.db.reading() as session:
            found = sites.find_article(session, sites.get_site(session, SITE), key)
            return _article_json(found) if found else None

    pages, service = create_pages(services.settings, list_articles, find_article).wsgi_app, app.wsgi_app

    def by_host(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        is_newspaper = environ.get("HTTP_HOST", "").partition(":")[0] == _HOST
        return (pages if is_newspaper else service)(environ, start_response)

    app.wsgi_app = by_host  # type: ignore[method-assign]


def _article_json(article: models.Article) -> Article:
    names = ("key", "title", "lead", "body", "section", "url", "author")
    shape: Article = {name: getattr(article, name) for name in names}
    return {**shape, "published_at": time_text(article.published_at)}


def _day(moment: str) -> str:
    """Write a time as a newspaper does: 3 November 2026."""
    return f"{datetime.fromisoformat(moment):%-d %B %Y}"


def _policy(service: str, own: str) -> str:
    """Write the strictest policy a page can have that embeds us: no inline script or style, no HTML from strings."""
    parts = urlsplit(service)
    origin = f"{parts.scheme}://{parts.netloc}"
    rules: Iterable[str] = (
        "default-src 'none'",
        f"script-src {origin}{own}",
        f"connect-src {origin}",
        "style-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
    return "; ".join(rules)
