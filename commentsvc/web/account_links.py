"""What does following a mailed link do: a new password, a confirmed address, another address?

Opening a page uses nothing up, mail scanners open links too; its form does.
"""

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from commentsvc.actions import account_changes, passwords
from commentsvc.enums import Purpose
from commentsvc.errors import Invalid, NotFound
from commentsvc.queries.callers import find_linked, hash_token
from commentsvc.store.models import Person
from commentsvc.web import accounts, context
from commentsvc.web.forms import AddressForm, PasswordForm, show
from commentsvc.web.security import client_network

blueprint = Blueprint("account_links", __name__, url_prefix="/auth")
blueprint.after_request(accounts.protect)

_GONE = "This link was used before or has expired. Ask for a new one."


@blueprint.route("/reset-password", methods=["GET", "POST"])
def ask_for_reset() -> ResponseReturnValue:
    """Ask for a link to set a new password; whether anybody has the address isn't told, nor looked up here."""
    form = AddressForm()
    if form.validate_on_submit():
        limiter = context.services().limiter
        limiter.hit("account_mail", client_network())
        limiter.hit("account_mail", "address", hash_token(form.email.data.strip().lower()))
        account_changes.ask_for_reset(context.session(), form.email.data, now=context.now())
        return redirect(url_for(".ask_for_reset", sent="1"), 303)
    page = render_template("accounts/ask_for_reset.html", form=form, is_sent="sent" in request.args)
    return page, 422 if form.errors else 200


@blueprint.route("/reset-password/<token>", methods=["GET", "POST"])
def reset_password(token: str) -> ResponseReturnValue:
    """Set a new password by a mailed link, and sign in; who has a second factor is asked for it first."""
    person, form = _linked(token, Purpose.RESET_PASSWORD), PasswordForm()
    if form.validate_on_submit():
        try:
            passwords.check_new_password(form.password.data, email=person.email or "", name=person.name)
        except Invalid as problem:
            show(problem, form)
        else:
            kept = passwords.hash_password(form.password.data)
            owner = account_changes.reset_password(context.session(), token, kept, now=context.now())
            if owner is None:
                raise NotFound(_GONE)
            return accounts.sign_in_or_ask(owner, accounts.next_of(owner))
    return render_template("accounts/set_password.html", form=form, person=person), 422 if form.errors else 200


@blueprint.route("/verify-email/<token>", methods=["GET", "POST"])
def verify_email(token: str) -> ResponseReturnValue:
    """Confirm that an address is one's own."""
    person = _linked(token, Purpose.VERIFY_EMAIL)
    if request.method == "GET":
        return render_template("accounts/verify_email.html", person=person)
    if not account_changes.verify_email(context.session(), token, now=context.now()):
        raise NotFound(_GONE)
    return _to_account("verified")


@blueprint.route("/change-email/<token>", methods=["GET", "POST"])
def change_email(token: str) -> ResponseReturnValue:
    """Move the account to the address that the link was mailed to."""
    person = _linked(token, Purpose.CHANGE_EMAIL)
    if request.method == "GET":
        return render_template("accounts/change_email.html", person=person)
    is_theirs, is_strong = accounts.signed_in_person(), accounts.is_strong()
    owner = account_changes.change_email(context.session(), token, now=context.now())
    if owner is None:
        raise NotFound(_GONE)
    if is_theirs is not None and is_theirs.id == owner.id:
        # Every session has ended, this one too: it begins anew. A link alone signs nobody in.
        proved_at = session.get("confirmed_at", 0)
        accounts.sign_in_here(owner, is_strong=is_strong)
        session["confirmed_at"] = proved_at
    return _to_account("email")


def _linked(token: str, purpose: Purpose) -> Person:
    with context.services().db.reading() as reading:
        person = find_linked(reading, token, purpose=purpose, now=context.now())
    if person is None:
        raise NotFound(_GONE)
    return person


def _to_account(done: str) -> ResponseReturnValue:
    if accounts.signed_in_person() is None:
        return render_template("accounts/followed.html", done=done)
    return redirect(url_for("accounts.account", done=done), 303)
