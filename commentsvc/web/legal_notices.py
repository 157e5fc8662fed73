"""How does anyone give notice of illegal content, without account or JavaScript, and see what came of it?"""

from typing import Any

from flask import Blueprint, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from commentsvc.actions.legal_notices import Given, give_notice
from commentsvc.enums import Guideline, LegalGround, Status
from commentsvc.errors import Invalid, NotFound
from commentsvc.queries import legal_notices, sites
from commentsvc.queries.legal_notices import Receipt, Subject
from commentsvc.store.paging import parse_id
from commentsvc.text import excerpt
from commentsvc.web import context
from commentsvc.web.cards import GUIDELINES
from commentsvc.web.forms import LegalNoticeForm, show
from commentsvc.web.security import client_network
from commentsvc.web.shapes import time_text

blueprint = Blueprint("legal_notices", __name__, url_prefix="/report")

GROUNDS = {
    LegalGround.HATE: "Incitement to hatred or violence against a group",
    LegalGround.THREAT: "A threat",
    LegalGround.DEFAMATION: "Insult, defamation or false accusation",
    LegalGround.CHILD_ABUSE: "Sexual abuse of children",
    LegalGround.TERRORISM: "Terrorist content",
    LegalGround.PRIVACY: "Private data or images without consent",
    LegalGround.COPYRIGHT: "Copyright, trade mark or other right",
    LegalGround.FRAUD: "Fraud or an illegal offer",
    LegalGround.OTHER: "Something else that the law forbids",
}


@blueprint.get("/<comment_id>")
def show_form(comment_id: str) -> ResponseReturnValue:
    """Show the form about one public comment."""
    return _form(LegalNoticeForm(), _subject(comment_id))


@blueprint.post("/<comment_id>")
def give(comment_id: str) -> ResponseReturnValue:
    """Keep a notice, and lead to its receipt."""
    form = LegalNoticeForm()
    if not form.validate():
        return _form(form, _subject(comment_id)), 422
    context.services().limiter.hit("legal_notice", client_network())
    given = Given(
        ground=LegalGround(form.ground.data),
        explanation=form.explanation.data or "",
        name=form.name.data or "",
        email=form.email.data or "",
        in_good_faith=form.good_faith.data,
    )
    try:
        token = give_notice(context.session(), parse_id(comment_id), given, now=context.now())
    except Invalid as error:
        show(error, form)
        return _form(form, _subject(comment_id)), 422
    return redirect(url_for("legal_notices.show_receipt", token=token), 303)


@blueprint.get("/receipt/<token>")
def show_receipt(token: str) -> ResponseReturnValue:
    """Show what has become of a notice to whoever has its address."""
    receipt = legal_notices.find_receipt(context.session(), token)
    if receipt is None:
        raise NotFound("There is no such receipt. Please check that you have its whole address.")
    return render_template("legal_notices/receipt.html", receipt=receipt, state=_state(receipt), **_words(receipt))


@blueprint.after_request
def _headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    # The receipt's address is its key: it goes nowhere else, and no cache keeps what it shows.
    response.headers["Referrer-Policy"] = "no-referrer" if response.status_code == 200 else "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


def _subject(comment_id: str) -> Subject:
    subject = legal_notices.find_subject(context.session(), parse_id(comment_id))
    if subject is None:
        raise NotFound("This comment isn't public (any more), so there is nothing to report.")
    return subject


def _form(form: LegalNoticeForm, subject: Subject) -> str:
    return render_template(
        "legal_notices/form.html", form=form, subject=subject, grounds=GROUNDS, excerpt=excerpt, time_text=time_text
    )


def _state(receipt: Receipt) -> str:
    """Name what the receipt tells: received, removed, kept or withdrawn."""
    if receipt.decision is not None:
        return "removed" if receipt.decision.to_status == Status.REJECTED else "kept"
    return "withdrawn" if receipt.comment.status == Status.WITHDRAWN else "received"


def _words(receipt: Receipt) -> dict[str, Any]:
    session, decision = context.session(), receipt.decision
    clauses = sites.guideline_words(sites.guidelines_of(session, receipt.site))
    broken = Guideline(decision.guideline) if decision and decision.guideline else None
    clause = clauses.get(broken, {}) if broken else {}
    return {
        "ground": GROUNDS[LegalGround(receipt.notice.ground)],
        "clause": clause.get("title") or (GUIDELINES[broken] if broken else ""),
        "time_text": time_text,
        "by_person": decision is not None and decision.by_person_id is not None,
    }
