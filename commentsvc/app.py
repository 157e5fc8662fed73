"""How are the rooms joined? Each request walks down through them in one transaction."""

import logging
import sys
from typing import Any

import structlog
from apiflask import APIFlask
from flask import g, redirect
from flask.typing import ResponseReturnValue
from werkzeug.middleware.proxy_fix import ProxyFix

from commentsvc import __version__
from commentsvc.infra import discretion, measures
from commentsvc.infra.limits import Limiter
from commentsvc.infra.paths import TEMPLATES
from commentsvc.infra.scoring import RemoteEngine
from commentsvc.moderation.batching import Batcher, BatchingEngine
from commentsvc.moderation.embedded import embed_texts
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.relevance import MeaningRelevance
from commentsvc.moderation.standby import stand_by, stand_by_relevance
from commentsvc.settings import Settings, load_settings
from commentsvc.store.db import Database
from commentsvc.web import (
    account_links,
    account_pages,
    accounts,
    accounts_desk,
    alerts_desk,
    answers,
    api_tokens,
    articles_desk,
    assets,
    bulk,
    confirming,
    console,
    context,
    docs,
    embed,
    errors,
    feeds,
    first_run,
    identities,
    insights,
    invitations,
    law_desk,
    legal_notices,
    mail_preview,
    managers_api,
    notices,
    notices_api,
    oidc,
    operations,
    own_comments,
    people_desk,
    perspective,
    policy_desk,
    presence,
    privacy,
    privacy_desk,
    publishers_api,
    reading,
    rights,
    saved_views,
    scoring,
    second_step,
    sections,
    security,
    shortcuts,
    signin_desk,
    site_desk,
    staff_desk,
    statements,
    token_desk,
    tracing,
    waves,
    widget_api,
)
from commentsvc.web import token as token_endpoint
from commentsvc.web.demo import mount_demo, newspaper_address
from commentsvc.web.seen import Seen

_AT_ONCE = 128
"""How many bare texts the scorer's judge takes at once; most of them wait for the batcher."""


class CommentsApp(APIFlask):
    """A Flask application in which a view's return commits the request's transaction, and a raise undoes it."""

    request_class = security.StrictRequest

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view; what it returned is committed before the answer leaves."""
        answer = super().dispatch_request()
        context.finish(commit=True)
        context.services().seen.write_if_late()
        return answer


def create_app(settings: Settings | None = None, *, judge: Judge | None = None) -> CommentsApp:
    """Build the application; a `judge` of one's own lets tests and benchmarks replace the engines."""
    settings = (settings or load_settings()).with_secret()
    configure_logs(settings.log_format)
    app = _bare_app(settings, judge or build_judge(settings), spec_path="/api/v1/openapi.json")
    app.security_schemes = {"bearer": {"type": "http", "scheme": "bearer"}}
    accounts.setup(app)
    apis = (widget_api, notices_api, publishers_api, managers_api, token_endpoint, perspective, rights)
    desks = (
        console, shortcuts, presence, saved_views, bulk, waves, people_desk, articles_desk, sections, policy_desk,
        insights, alerts_desk, signin_desk, site_desk, staff_desk, token_desk, privacy_desk, law_desk, accounts_desk,
    )  # fmt: skip
    pages = (
        accounts, account_pages, own_comments, account_links, second_step, oidc, identities, confirming, notices,
        privacy, api_tokens, invitations, first_run, legal_notices, statements, assets, docs, embed, feeds, reading,
        operations,
    )  # fmt: skip
    for module in (*apis, *desks, *pages):
        app.register_blueprint(module.blueprint)
    app.register_blueprint(statements.api)
    app.register_blueprint(law_desk.api)
    home = newspaper_address(settings) if settings.demo else "/console"
    app.add_url_rule("/", "home", app.doc(hide=True)(lambda: redirect(home)))
    app.spec_processor(docs.name_refused_bodies)
    if settings.demo:
        mail_preview.mount(app, settings)
        mount_demo(app)
    return app


def create_scorer(settings: Settings, *, judge: Judge | None = None) -> CommentsApp:
    """Build the application that only judges: for publishers as Perspective did, and for our own processes."""
    # A scorer holds the model itself; asking another would go in circles.
    settings = settings.with_secret().model_copy(update={"scorer_url": ""})
    configure_logs(settings.log_format)
    app = _bare_app(settings, judge or build_judge(settings, threads=_AT_ONCE), spec_path=None)
    app.request_class = scoring.RoomyRequest
    for module in (perspective, scoring, operations):
        app.register_blueprint(module.blueprint)
    return app


def _bare_app(settings: Settings, judge: Judge, *, spec_path: str | None) -> CommentsApp:
    app = CommentsApp(
        __name__, title="commentsvc", version=__version__, template_folder=str(TEMPLATES), static_folder=None,  # type: ignore[arg-type]
        json_errors=False, spec_path=spec_path, docs_path=None,
    )  # fmt: skip
    app.config.update(_config(settings))
    app.extensions["commentsvc"] = services_for(settings, judge)
    app.teardown_request(_undo_unfinished)
    tracing.setup(app)
    errors.setup(app)
    security.setup(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def services_for(settings: Settings, judge: Judge) -> context.Services:
    """Open what an application shares among its requests."""
    db = Database(settings.resolved_database_url)
    return context.Services(
        settings=settings,
        db=db,
        judge=judge,
        limiter=Limiter(redis_url=settings.redis_url, enabled=settings.rate_limits == "on"),
        seen=Seen(db),
        replica=Database(settings.database_replica_url) if settings.database_replica_url else None,
    )


def build_judge(settings: Settings, *, threads: int = 4) -> Judge:
    """Load the engines that the settings name, or wait for them, or reach for the scorer that has them.

    `threads` is how many texts toxicity may be asked for at once: the batcher takes together what comes together.
    """
    if settings.scorer_url:
        remote = RemoteEngine(settings.scorer_url, scoring.scorer_key(settings.with_secret().secret_key))
        return Judge(remote, MeaningRelevance(remote.embed), observe=measures.observe_engine)
    engine = BatchingEngine(stand_by(settings.classifier, settings.model_dir), Batcher(), embed=embed_texts)
    return Judge(engine, stand_by_relevance(engine.embed), threads=threads, observe=measures.observe_engine)


def configure_logs(log_format: str) -> None:
    """Log to standard error: for people, or as JSON lines."""
    renderer: Any = structlog.processors.JSONRenderer() if log_format == "json" else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            discretion.withhold,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )


def _config(settings: Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": settings.secret_key,
        "BASE_URL": settings.base_url,
        "SESSION_COOKIE_NAME": "__Host-session",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "WTF_CSRF_TIME_LIMIT": None,
        "OPENAPI_VERSION": "3.1.0",
        "HTTP_ERROR_SCHEMA": answers.ERROR_SCHEMA,
        "VALIDATION_ERROR_SCHEMA": answers.ERROR_SCHEMA,
        "VALIDATION_ERROR_STATUS_CODE": 422,
        "JSON_SORT_KEYS": False,
    }


def _undo_unfinished(_error: BaseException | None) -> None:
    if "session" in g:
        context.finish(commit=False)
