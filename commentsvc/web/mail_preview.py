"""What do the mails look like that leave the demo? Its outbox as pages; only on the operator's own machine."""

from flask import Blueprint, Flask, Response, render_template
from sqlalchemy import select

from commentsvc.actions import mailing
from commentsvc.errors import NotFound
from commentsvc.infra.mail import Mail
from commentsvc.settings import Settings
from commentsvc.store.models import OutgoingMail
from commentsvc.store.paging import parse_id
from commentsvc.web import accounts, context
from commentsvc.web.times import time_text

blueprint = Blueprint("mail_preview", __name__, url_prefix="/demo/mails")

_LATEST = 50
_HTML_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox allow-popups"


def mount(app: Flask, settings: Settings) -> None:
    """Show the outbox, unless others could see it too: a mail may hold the link that opens an account."""
    if settings.is_local:
        app.register_blueprint(blueprint)


@blueprint.get("")
def show_all() -> str:
    """List the latest mails, the newest first."""
    session = context.session()
    rows = session.scalars(select(OutgoingMail).order_by(OutgoingMail.id.desc()).limit(_LATEST)).all()
    return render_template("demo/mails.html", mails=rows, time_text=time_text)


@blueprint.get("/<mail_id>")
def show(mail_id: str) -> str:
    """Show one mail: its headers, its text, and beside it how its HTML looks."""
    outgoing, written = _written(mail_id)
    return render_template("demo/mail.html", outgoing=outgoing, mail=written, time_text=time_text)


@blueprint.get("/<mail_id>/html")
def show_html(mail_id: str) -> Response:
    """Send a mail's HTML part alone, for the frame in its page; it runs nothing and loads nothing."""
    _, written = _written(mail_id)
    answer = Response((written and written.html) or "", mimetype="text/html")
    answer.headers["Content-Security-Policy"] = _HTML_POLICY
    return answer


@blueprint.after_request
def _protect(answer: Response) -> Response:
    own = answer.headers.get("Content-Security-Policy")
    answer = accounts.protect(answer)
    policy = answer.headers["Content-Security-Policy"].replace(
        "default-src 'none'", "default-src 'none'; frame-src 'self'"
    )
    answer.headers["Content-Security-Policy"] = own or policy
    if own:
        answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


def _written(mail_id: str) -> tuple[OutgoingMail, Mail | None]:
    session = context.session()
    outgoing = session.get(OutgoingMail, parse_id(mail_id) or 0)
    if outgoing is None:
        raise NotFound("There is no such mail.")
    return outgoing, mailing.render(session, outgoing, context.services().settings, now=context.now())
