"""How does anyone give notice of illegal content, without account or JavaScript, and see what came of it?"""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from commentsvc.actions import appeals
from commentsvc.actions.legal_notices import Given, comments_named, give_notice
from commentsvc.enums import Guideline, LegalGround, Status
from commentsvc.errors import Conflict, Invalid, NotFound
from commentsvc.queries import appeals as law_queries
from commentsvc.queries import legal_notices, sites
from commentsvc.queries.callers import hash_token
from commentsvc.queries.legal_notices import Item, Receipt, Subject
from commentsvc.store.paging import parse_id
from commentsvc.text import excerpt
from commentsvc.web import context
from commentsvc.web.cards import GUIDELINES
from commentsvc.web.forms import AppealForm, LegalNoticeForm, show
from commentsvc.web.law_words import GROUNDS
from commentsvc.web.security import client_network
from commentsvc.web.times import time_text

blueprint = Blueprint("legal_notices", __name__, url_prefix="/report")


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
    if form.email.data:
        # Receipts are mailed there: nobody may fill a stranger's letter box.
        context.services().limiter.hit("notice_address", hash_token(form.email.data.strip().lower()))
    given = Given(
        ground=LegalGround(form.ground.data),
        explanation=form.explanation.data or "",
        name=form.name.data or "",
        email=form.email.data or "",
        in_good_faith=form.good_faith.data,
    )
    try:
        ids = [parse_id(comment_id), *comments_named(form.more.data or "")]
        secret = context.services().settings.secret_key
        token = give_notice(context.session(), ids, given, secret=secret, now=context.now())
    except Invalid as error:
        show(error, form)
        return _form(form, _subject(comment_id)), 422
    return redirect(url_for("legal_notices.show_receipt", token=token), 303)


@blueprint.get("/receipt/<token>")
def show_receipt(token: str) -> ResponseReturnValue:
    """Show what has become of a notice to whoever has its address."""
    return _receipt(_find(token), AppealForm(formdata=None))


@blueprint.post("/receipt/<token>")
def complain(token: str) -> ResponseReturnValue:
    """Take a notifier's complaint that a comment was left public."""
    context.services().limiter.hit("appeal", client_network())
    receipt, form = _find(token), AppealForm()
    wanted = parse_id(request.form.get("notice", ""))
    item = next((one for one in receipt.items if one.notice.id == wanted), None)
    if item is None:
        raise NotFound("There is no such notice at this address.")
    if not form.validate():
        return _receipt(receipt, form, about=item.notice.id), 422
    try:
        appeals.complain(context.session(), item.notice, message=form.message.data or "", now=context.now())
    except (Invalid, Conflict) as problem:
        context.finish(commit=False)
        show(problem, form)
        return _receipt(_find(token), form, about=wanted), 422 if isinstance(problem, Invalid) else 409
    return redirect(url_for("legal_notices.show_receipt", token=token, done="complained"), 303)


@blueprint.after_request
def protect(response: Response) -> Response:
    """Keep pages whose address is their key out of caches, and their addresses from going anywhere else."""
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    response.headers["Referrer-Policy"] = "no-referrer" if response.status_code == 200 else "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


def _find(token: str) -> Receipt:
    receipt = legal_notices.find_receipt(context.session(), token)
    if receipt is None:
        raise NotFound("There is no such receipt. Please check that you have its whole address.")
    return receipt


def _receipt(receipt: Receipt, form: AppealForm, *, about: int | None = None) -> str:
    session, now = context.session(), context.now()
    settings = law_queries.settings_of(session, receipt.site.id)
    clauses = sites.guideline_words(sites.guidelines_of(session, receipt.site))

    def clause(item: Item) -> str:
        broken = Guideline(item.decision.guideline) if item.decision and item.decision.guideline else None
        return (clauses.get(broken, {}).get("title") or GUIDELINES[broken]) if broken else ""

    def can_complain(item: Item) -> bool:
        is_open = settings.complaints and item.state == "kept" and item.complaint is None
        decided = item.decision.created_at if item.decision else 0
        return is_open and item.comment.status == Status.PUBLISHED and now <= law_queries.deadline(decided)

    return render_template(
        "legal_notices/receipt.html", receipt=receipt, form=form, about=about, clause=clause,
        can_complain=can_complain, deadline=law_queries.deadline, out_of_court=settings.out_of_court,
        ground=GROUNDS[LegalGround(receipt.notice.ground)], time_text=time_text,
        done=request.args.get("done") == "complained",
    )  # fmt: skip


def _subject(comment_id: str) -> Subject:
    subject = legal_notices.find_subject(context.session(), parse_id(comment_id))
    if subject is None:
        raise NotFound("This comment isn't public (any more), so there is nothing to report.")
    return subject


def _form(form: LegalNoticeForm, subject: Subject) -> str:
    return render_template(
        "legal_notices/form.html", form=form, subject=subject, grounds=GROUNDS, excerpt=excerpt, time_text=time_text
    )
