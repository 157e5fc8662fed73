"""How is a second factor set up, asked for and switched off?"""

from typing import Any

import segno
from flask import Blueprint, Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from flask_wtf import FlaskForm

from commentsvc.actions import account_changes, browsers, second_factors
from commentsvc.errors import Invalid, NotFound
from commentsvc.store.models import Person
from commentsvc.web import accounts, context
from commentsvc.web.accounts import signed_in_person
from commentsvc.web.confirming import confirmed
from commentsvc.web.forms import CodeForm, show

blueprint = Blueprint("second_step", __name__, url_prefix="/auth")
blueprint.after_request(accounts.protect)

_HALF_LIFE_US = 10 * 60 * 1_000_000
"""How long who gave their password has to give a code."""
_WRONG = "This code isn’t right, or was used before."


@blueprint.route("/second-step", methods=["GET", "POST"])
def ask() -> ResponseReturnValue:
    """Ask who gave their password for a code, and only then begin a session."""
    half: dict[str, Any] = session.get("half") or {}
    person = _half_signed_in(half)
    if person is None:
        session.pop("half", None)
        return redirect(url_for("accounts.sign_in"), 303)
    form = CodeForm()
    if form.validate_on_submit() and _takes(person, form):
        accounts.sign_in_here(person, is_strong=True)
        return redirect(accounts.own_path(half["then"]) or url_for("accounts.account"), 303)
    return render_template("accounts/second_step.html", form=form), 422 if form.errors else 200


@blueprint.route("/second-step/again", methods=["GET", "POST"])
@login_required  # type: ignore[untyped-decorator]
def strengthen() -> ResponseReturnValue:
    """Ask somebody who is signed in without one for a second factor, because a site wants it of its managers."""
    person, form = _me(), CodeForm()
    if not second_factors.has_factor(context.session(), person.id):
        return redirect(url_for(".set_up", wanted="1"), 303)
    if form.validate_on_submit() and _takes(person, form):
        browsers.strengthen(context.session(), session.get("browser", ""))
        return redirect(accounts.own_path(request.args.get("next")) or url_for("accounts.account"), 303)
    return render_template("accounts/second_step.html", form=form), 422 if form.errors else 200


@blueprint.get("/two-step")
@login_required  # type: ignore[untyped-decorator]
def show_state() -> ResponseReturnValue:
    """Show whether signing in takes two steps."""
    return _page(_me(), CodeForm(formdata=None))


@blueprint.route("/two-step/set-up", methods=["GET", "POST"])
@login_required  # type: ignore[untyped-decorator]
@confirmed
def set_up() -> ResponseReturnValue:
    """Show a secret for an app, and keep it when a code shows that the app has it."""
    person, form = _me(), CodeForm()
    if second_factors.has_factor(context.session(), person.id):
        return redirect(url_for(".show_state"), 303)
    nonce = session.setdefault("authenticator", second_factors.new_nonce())
    if form.validate_on_submit():
        context.services().limiter.hit("second_factor", person.id)
        try:
            codes = second_factors.switch_on(
                context.session(), person, nonce=nonce, code=form.code.data, secret=_secret(), now=context.now()
            )
        except Invalid as problem:
            show(problem, form)
        else:
            session.pop("authenticator")
            browsers.strengthen(context.session(), session.get("browser", ""))
            account_changes.tell_second_factor(context.session(), person, is_on=True, now=context.now())
            return render_template("accounts/recovery_codes.html", codes=codes)
    made = _candidate(person, nonce)
    page = render_template("accounts/set_up_second.html", form=form, made=made, is_wanted="wanted" in request.args)
    return page, 422 if form.errors else 200


@blueprint.get("/two-step/qr.svg")
@login_required  # type: ignore[untyped-decorator]
@confirmed
def show_qr() -> ResponseReturnValue:
    """Draw the secret that is being set up, for the app's camera."""
    nonce, person = session.get("authenticator"), _me()
    if nonce is None or second_factors.has_factor(context.session(), person.id):
        raise NotFound("Nothing is being set up.")
    drawn = segno.make(_candidate(person, nonce).uri, error="m")
    svg = drawn.svg_inline(scale=5, border=4, dark="#000000", light="#ffffff")
    return Response(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1), mimetype="image/svg+xml")


@blueprint.post("/two-step/recovery-codes")
@login_required  # type: ignore[untyped-decorator]
@confirmed
def renew_codes() -> ResponseReturnValue:
    """Replace the recovery codes, for who has a code of the app."""
    person, form = _me(), CodeForm()
    if form.validate() and _takes(person, form):
        codes = second_factors.new_recovery_codes(context.session(), person.id, secret=_secret(), now=context.now())
        return render_template("accounts/recovery_codes.html", codes=codes)
    return _page(person, form)


@blueprint.post("/two-step/off")
@login_required  # type: ignore[untyped-decorator]
@confirmed
def switch_off() -> ResponseReturnValue:
    """Switch it off, for who has a code of the app or a recovery code."""
    person, form = _me(), CodeForm()
    if form.validate() and _takes(person, form):
        second_factors.switch_off(context.session(), person.id)
        account_changes.tell_second_factor(context.session(), person, is_on=False, now=context.now())
        return redirect(url_for("accounts.account", done="second"), 303)
    return _page(person, form)


def _page(person: Person, form: FlaskForm) -> ResponseReturnValue:
    reading = context.session()
    page = render_template(
        "accounts/two_step.html",
        form=form,
        has_factor=second_factors.has_factor(reading, person.id),
        codes_left=second_factors.codes_left(reading, person.id),
    )
    return page, 422 if form.errors else 200


def _takes(person: Person, form: FlaskForm) -> bool:
    context.services().limiter.hit("second_factor", person.id)
    if second_factors.accept(context.session(), person.id, form.code.data, secret=_secret(), now=context.now()):
        return True
    show(Invalid(_WRONG, field="code"), form)
    return False


def _half_signed_in(half: dict[str, Any]) -> Person | None:
    if not half or not 0 <= context.now() - half["at"] < _HALF_LIFE_US:
        return None
    person = context.session().get(Person, half["person"])
    return person if person is not None and person.epoch == half["epoch"] else None


def _candidate(person: Person, nonce: str) -> second_factors.Candidate:
    return second_factors.candidate(person, nonce, secret=_secret(), issuer="Comments")


def _secret() -> str:
    return context.services().settings.secret_key


def _me() -> Person:
    person = signed_in_person()
    if person is None:
        raise NotFound("Nobody is signed in here.")
    return person
