"""Is it still the person who signed in? Asked again before what could lock them out or hand the site to others."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from flask_wtf import FlaskForm
from wtforms import PasswordField
from wtforms.validators import InputRequired

from commentsvc.web import accounts, context

blueprint = Blueprint("confirming", __name__, url_prefix="/auth")
blueprint.after_request(accounts.protect)

FRESH_US = 15 * 60 * 1_000_000
"""How long a sign-in, or a confirmation, counts as fresh."""
_P = ParamSpec("_P")
_WRONG = "This isn’t your password."


class ConfirmForm(FlaskForm):  # type: ignore[misc]
    """The password, once more."""

    password = PasswordField("Password", [InputRequired("Please give your password.")])


def confirmed(view: Callable[_P, ResponseReturnValue]) -> Callable[_P, ResponseReturnValue]:
    """Let through who signed in, or confirmed it, within a quarter of an hour; ask the others first."""

    @wraps(view)
    def asking(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
        if is_fresh():
            return view(*args, **kwargs)
        return redirect(url_for("confirming.confirm", next=_back()), 303)

    return asking


def is_fresh() -> bool:
    """Say whether the person proved lately who they are."""
    proved_at: int = session.get("confirmed_at", 0)
    return accounts.signed_in_person() is not None and 0 <= context.now() - proved_at < FRESH_US


@blueprint.route("/confirm", methods=["GET", "POST"])
@login_required  # type: ignore[untyped-decorator]
def confirm() -> ResponseReturnValue:
    """Ask for the password once more, and go on to what was wanted."""
    person = accounts.signed_in_person()
    form = ConfirmForm()
    if person is not None and person.email and person.password_hash and form.validate_on_submit():
        proven: Any = accounts.prove(person.email, form.password.data)
        if proven is not None and proven.id == person.id:
            session["confirmed_at"] = context.now()
            return redirect(accounts.own_path(request.args.get("next")) or url_for("accounts.account"), 303)
        form.form_errors.append(_WRONG)
    page = render_template("accounts/confirm.html", form=form, person=person)
    return page, 422 if form.errors else 200


def _back() -> str:
    """Return the path to come back to: this page, or the one whose form was sent."""
    if request.method in {"GET", "HEAD"}:
        return request.full_path.rstrip("?")
    came_from = urlsplit(request.headers.get("Referer", ""))
    return came_from.path if came_from.netloc == request.host and came_from.path else url_for("accounts.account")
