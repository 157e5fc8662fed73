"""What may people do about their own data? Take a copy of all of it, and have their account deleted."""

from collections.abc import Iterator
from typing import cast

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from flask_wtf import FlaskForm
from wtforms import BooleanField
from wtforms.validators import InputRequired

from commentsvc.actions import exporting, leaving
from commentsvc.errors import Conflict, Invalid, NotFound
from commentsvc.queries import deletions, exports
from commentsvc.store.models import Person
from commentsvc.store.paging import parse_id
from commentsvc.web import accounts, context
from commentsvc.web.confirming import confirmed

blueprint = Blueprint("privacy", __name__, url_prefix="/auth")
blueprint.after_request(accounts.protect)

_DONE = {
    "export": "We are collecting your data. It may take some minutes; a mail tells you when it is ready.",
    "kept": "Your account stays.",
    "late": "It is too late: the deletion has begun.",
}


class DeletionForm(FlaskForm):  # type: ignore[misc]
    """That somebody knows what goes."""

    sure = BooleanField("I know that nobody can bring this back.", [InputRequired("Please tick this box.")])


class PressForm(FlaskForm):  # type: ignore[misc]
    """A button, and the token that every form carries."""


@blueprint.get("/privacy")
@login_required  # type: ignore[untyped-decorator]
def show() -> str:
    """Show one's exports, and whether the account is going to be deleted."""
    person, session, now = _person(), context.session(), context.now()
    leaves = deletions.find_open(session, person.id)
    return render_template(
        "privacy/privacy.html",
        person=person,
        exports=exports.list_exports(session, person.id, now=now),
        leaving=leaves,
        due=leaving.when(leaves.due_at) if leaves else None,
        onward=accounts.own_path(request.args.get("next")),
        done=_DONE.get(request.args.get("done", "")),
        day=leaving.when,
    )


@blueprint.post("/privacy/exports")
@login_required  # type: ignore[untyped-decorator]
@confirmed
def export() -> ResponseReturnValue:
    """Have a copy of everything collected."""
    context.services().limiter.hit("export", _person().id)
    exporting.ask(context.session(), _person(), now=context.now())
    return redirect(url_for(".show", done="export"), 303)


@blueprint.get("/privacy/exports/<export_id>")
@login_required  # type: ignore[untyped-decorator]
@confirmed
def download(export_id: str) -> ResponseReturnValue:
    """Send a finished copy, to whom it is about and nobody else."""
    session = context.session()
    found = exports.find_ready(session, _person().id, parse_id(export_id), now=context.now())
    if found is None:
        raise NotFound("There is no such export any more. You can ask for a new one.")
    numbers, number = exports.piece_numbers(session, found.id), found.id
    db = context.services().db

    def pieces() -> Iterator[bytes]:
        for one in numbers:
            with db.reading() as reading:
                # The piece is gone when the account is, or the week: then the file ends here, and is no zip.
                yield exports.find_piece(reading, number, one) or b""

    headers = {
        "Content-Disposition": 'attachment; filename="my-comments.zip"',
        "Content-Length": str(found.size),
        "X-Robots-Tag": "noindex",
    }
    return Response(pieces(), mimetype="application/zip", headers=headers)


@blueprint.route("/privacy/delete", methods=["GET", "POST"])
@login_required  # type: ignore[untyped-decorator]
@confirmed
def delete() -> ResponseReturnValue:
    """Say what goes, and have it deleted in a day."""
    person, form = _person(), DeletionForm()
    alone = deletions.sites_left_alone(context.session(), person.id)
    problems: dict[str, str] = {}
    if form.validate_on_submit():
        named = {site.key for site in alone if request.form.get(f"site-{site.key}", "").strip() == site.key}
        try:
            _ask(person, named)
        except Invalid as problem:
            problems = {problem.field or "": problem.message}
        except Conflict:
            return redirect(url_for(".show"), 303)
        else:
            return redirect(url_for(".show"), 303)
    typed = {site.key: request.form.get(f"site-{site.key}", "")[:64] for site in alone}
    page = render_template(
        "privacy/delete.html", form=form, alone=alone, problems=problems, typed=typed, has_mail=person.email
    )
    return page, 422 if form.errors or problems else 200


@blueprint.post("/privacy/keep")
@login_required  # type: ignore[untyped-decorator]
def keep() -> ResponseReturnValue:
    """Take the deletion back."""
    kept = leaving.take_back(context.session(), _person().id, now=context.now())
    onward = accounts.own_path(request.form.get("next"))
    if kept and onward:
        return redirect(onward, 303)
    return redirect(url_for(".show", done="kept" if kept else "late"), 303)


@blueprint.route("/keep-account/<token>", methods=["GET", "POST"])
def keep_by_link(token: str) -> ResponseReturnValue:
    """Take the deletion back by the mailed link; opening the page doesn't, for mail scanners open links too."""
    gone = NotFound("This link was used before, or the account is deleted.")
    form = PressForm()
    if form.validate_on_submit():
        if not leaving.take_back_by_link(context.session(), token, now=context.now()):
            raise gone
        return render_template("privacy/kept.html")
    if leaving.find_link(context.session(), token, now=context.now()) is None:
        raise gone
    return render_template("privacy/keep.html", form=form)


def _ask(person: Person, named: set[str]) -> None:
    services = context.services()
    services.limiter.hit("delete_account", person.id)
    with context.session().begin_nested():
        leaving.ask(context.session(), person, named=named, secret=services.settings.secret_key, now=context.now())


def _person() -> Person:
    return cast(Person, accounts.signed_in_person())
