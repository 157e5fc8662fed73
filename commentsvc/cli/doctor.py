"""What does `commentsvc doctor` look at?"""

from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from commentsvc.app import build_judge
from commentsvc.cli import places
from commentsvc.cli.opening import open_database
from commentsvc.errors import Unanswered
from commentsvc.infra import mail
from commentsvc.moderation import model_files
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.terms import Draft
from commentsvc.queries import health, rescoring
from commentsvc.queries.health import Finding
from commentsvc.settings import Settings, load_settings
from commentsvc.store import migrate
from commentsvc.store.db import Database, now_us

_KIND = "Thank you for this careful article about the harbour."
_RUDE = "You are a stupid, disgusting idiot."
_APART = 0.3
_STORY = (
    "The council wants to close the ferry line across the harbour. Ferry tickets no longer pay for fuel and crew, "
    "the harbour office says, and passengers on the island would have to take the bus over the bridge instead. A "
    "petition for the ferry has been signed by two thousand islanders."
)
_ON_TOPIC = (
    "Without the ferry my passengers from the island lose an hour each way, and the bridge is no help in winter."
)
_OFF_TOPIC = (
    "My grandmother always bakes this chocolate cake with hazelnuts and cream, and everyone asks for her recipe."
)
_INSTALL_AGAIN = "Install commentsvc again; a running server notices the files by itself."
_KEPT = "Mails are kept for a day and tried again."
_HELD = "Comments are held until it answers, and judged then. The service goes on trying; see docs/operations.md."


def examine() -> Iterator[Finding]:
    """Look at configuration, mail server, database, queue, counters and classifier, one finding after the other."""
    settings = load_settings()
    url = make_url(settings.resolved_database_url).render_as_string(hide_password=True)
    yield Finding("configuration", True, f"database {url}, address {settings.base_url}")
    yield from places.examine(settings, now=now_us())
    yield _mail(settings)
    with closing(build_judge(settings)) as judge:
        with open_database(settings) as db:
            yield from _database(db, judge)
        yield from _classifier(settings, judge)


def _mail(settings: Settings) -> Finding:
    """Sign in at the mail server; where readers come from outside there must be one."""
    if settings.mail_url == "console:":
        said = "written into the log, links included, and sent to nobody"
        return Finding("mail server", settings.is_local, said, "Set COMMENTSVC_MAIL_URL; see docs/settings.md.")
    host = urlsplit(settings.mail_url).hostname or ""
    try:
        mail.knock(settings.mail_url)
    except Unanswered as why:
        return Finding("mail server", False, why.message, f"Check COMMENTSVC_MAIL_URL. {_KEPT}")
    return Finding("mail server", True, f"{host} lets us in")


def _database(db: Database, judge: Judge) -> Iterator[Finding]:
    try:
        revision = migrate.current(db)
    except OperationalError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        yield Finding("database", False, reason, "Check COMMENTSVC_DATABASE_URL and that it runs.")
        return
    newest = migrate.newest()
    yield Finding(
        "database", revision == newest, f"at revision {revision}, this version wants {newest}",
        "Run `commentsvc upgrade`.",
    )  # fmt: skip
    if revision == newest:
        with db.reading() as session:
            yield from health.indexes(session)
            yield from health.jobs(session, now=now_us())
            yield health.stuck(session, now=now_us())
            yield health.outbox(session, now=now_us())
            yield _scores(session, judge)
            yield from health.counters(session)


def _scores(session: Session, judge: Judge) -> Finding:
    """Say whether scores are the loaded engine's own. One that is out is another finding's business."""
    found = rescoring.upkeep(session)
    held = f"; {found.unscored:,} held comments wait to be judged again" if found.unscored else ""
    if found.sites:
        return Finding("scores", True, f"being brought up to date, {found.done:,} of {found.total:,}{held}")
    engine, version = judge.toxicity.name, judge.toxicity.version
    latest = rescoring.list_latest(session)
    others = sorted({f"{one.engine} {one.version}" for one in latest if (one.engine, one.version) != (engine, version)})
    if others and not judge.is_out:
        what = f"made by {', '.join(others)}; {engine} {version} is installed{held}"
        return Finding("scores", False, what, "Restart `commentsvc run` (or `worker`), or run `classifier rescore`.")
    return Finding("scores", True, f"as {engine} {version} makes them{held}" if not judge.is_out else f"as made{held}")


def _classifier(settings: Settings, judge: Judge) -> Iterator[Finding]:
    about = judge.describe()
    why = f": {about['why']}" if about["why"] else ""
    yield Finding("classifier", about["state"] == "ok", f"{about['engine']} {about['version']}{why}", _advice(about))
    wrong = model_files.problems(model_files.FOLDER)
    yield Finding("model files", not wrong, "; ".join(wrong) or "as they were shipped", _INSTALL_AGAIN)
    if not judge.is_out:
        yield _self_test(judge)
    yield _relevance(judge)


def _advice(about: dict[str, str]) -> str:
    if about["engine"] == "embedded":
        return f"{_INSTALL_AGAIN} {_HELD}"
    return f"See that MODEL_DIR holds the whole checkpoint (docs/settings.md). {_HELD}"


def _self_test(judge: Judge) -> Finding:
    """Score a kind and a rude sentence, which any engine must tell apart."""
    advice = "The model isn't what it should be; report this with its version."
    try:
        kind, rude = (scores["toxicity"] for scores in judge.toxicity.score([_KIND, _RUDE]))
    except Exception as error:
        return Finding("self-test", False, f"scoring two sentences raised {type(error).__name__}", advice)
    said = ", ".join(f"a {what} sentence {'null' if score is None else f'{score:.2f}'}" for what, score in
                     (("kind", kind), ("rude", rude)))  # fmt: skip
    well = kind is not None and rude is not None and rude - kind >= _APART
    return Finding("self-test", well, f"toxicity of {said}", advice)


def _relevance(judge: Judge) -> Finding:
    """Compare a comment about an article and one about something else."""
    about = judge.describe()["relevance"]
    named = f"{about['engine']} {about['version']}"
    if about["why"]:
        return Finding("relevance", False, f"{named}: {about['why']}", _INSTALL_AGAIN)
    try:
        near, far = (
            judge.relevance.score(Draft(body, article_title="The ferry may stop", article_text=_STORY))
            for body in (_ON_TOPIC, _OFF_TOPIC)
        )
    except Exception as error:
        return Finding("relevance", False, f"{named} raised {type(error).__name__}", _INSTALL_AGAIN)
    well = near is not None and far is not None and near > far
    return Finding("relevance", well, f"{named}: on topic {near}, off topic {far}" if not well else named)
