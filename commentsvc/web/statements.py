"""What does somebody see whom a decision restricts, at an address that only they know, and how do they appeal?"""

from typing import Any

from apiflask import APIBlueprint
from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from commentsvc.actions import appeals
from commentsvc.errors import Conflict, Invalid, NotFound
from commentsvc.queries import statements
from commentsvc.queries.statements import About, Statement
from commentsvc.store.models import Person
from commentsvc.text import excerpt
from commentsvc.web import context, law_answers
from commentsvc.web.forms import AppealForm, show
from commentsvc.web.law_words import GROUNDS, statement_json, words_of
from commentsvc.web.legal_notices import protect
from commentsvc.web.security import client_network
from commentsvc.web.times import time_text

blueprint = Blueprint("statements", __name__, url_prefix="/statement")
blueprint.after_request(protect)
api = APIBlueprint("statements_api", __name__, url_prefix="/api/v1", tag="Statements of reasons")


@blueprint.get("/<token>")
def show_statement(token: str) -> ResponseReturnValue:
    """Show why something was restricted, and what can be done about it."""
    return _page(_find(token), AppealForm(formdata=None))


@blueprint.post("/<token>")
def appeal(token: str) -> ResponseReturnValue:
    """Take an appeal by whoever has the address: it was given to the person concerned alone."""
    context.services().limiter.hit("appeal", client_network())
    statement, form = _find(token), AppealForm()
    if not form.validate():
        return _page(statement, form), 422
    try:
        _appeal(statement, form.message.data or "")
    except (Invalid, Conflict) as problem:
        # Everything is checked before anything is written, so that a refusal may be answered instead of raised.
        context.finish(commit=False)
        show(problem, form)
        return _page(_find(token), form), 422 if isinstance(problem, Invalid) else 409
    return redirect(url_for("statements.show_statement", token=token, done="appealed"), 303)


@api.get("/statements/<token>")
@api.output(law_answers.StatementOut)
@api.doc(summary="A statement of reasons", responses=[404])
def read_statement(token: str) -> Response:
    """Return the statement of reasons whose address, in `/me` and in mails, ends in this token."""
    return jsonify(statement_json(_find(token)))


def _find(token: str) -> Statement:
    secret = context.services().settings.secret_key
    found = statements.find(context.session(), token, secret=secret, now=context.now())
    if found is None:
        raise NotFound("There is no such statement. Please check that you have its whole address.")
    return found


def _appeal(statement: Statement, message: str) -> None:
    session, now = context.session(), context.now()
    if statement.about == About.SANCTION and statement.sanction is not None:
        sanction = statement.sanction
        appeals.appeal_sanction(
            session, sanction.id, message=message, by_id=sanction.person_id, site_id=sanction.site_id, now=now
        )
        return
    if statement.comment is None or not statement.can_appeal:
        raise Conflict("This decision can no longer be appealed against.")
    author = session.get_one(Person, statement.comment.person_id)
    appeals.appeal(session, comment_id=statement.comment.id, message=message, by=author, now=now)


def _page(statement: Statement, form: AppealForm) -> str:
    shown: dict[str, Any] = words_of(statement)
    return render_template(
        "statements/statement.html", statement=statement, form=form, grounds=GROUNDS, excerpt=excerpt,
        time_text=time_text, done=request.args.get("done") == "appealed", **shown,
    )  # fmt: skip
