"""How does a person see their account, change their name, address and password, and end sign-ins elsewhere?"""

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from commentsvc.actions import account_changes, browsers, passwords, second_factors
from commentsvc.errors import Invalid, NotFound
from commentsvc.queries.browsers import list_browsers, list_families
from commentsvc.queries.people import managed_sites
from commentsvc.store.models import Person
from commentsvc.web import accounts, context
from commentsvc.web.accounts import signed_in_browser, signed_in_person
from commentsvc.web.confirming import confirmed
from commentsvc.web.forms import AddressForm, PasswordForm, RenameForm, show
from commentsvc.web.security import client_network

blueprint = Blueprint("account_pages", __name__, url_prefix="/auth")
blueprint.after_request(accounts.protect)

SECTIONS = (
    ("own_comments.show", "Your comments"),
    ("notices.show", "Notices and mails"),
    ("identities.show", "Linked sign-ins"),
    ("api_tokens.show_tokens", "API tokens"),
    ("privacy.show", "Your data"),
)
"""Pages about the account that other parts of the service may have: (endpoint, title)."""
DONE = {
    "name": "Your name was changed.",
    "password": "Your password was changed. Every other session and every API token has ended.",
    "link": "A link is on its way. Your address changes when you follow it.",
    "verify": "A link is on its way to your address.",
    "verified": "Your address is confirmed.",
    "email": "Your address was changed.",
    "ended": "That sign-in has ended.",
    "second": "Two-step sign-in is switched off.",
}


@accounts.blueprint.get("/account")
@login_required  # type: ignore[untyped-decorator]
def account() -> ResponseReturnValue:
    """Show who one is signed in as, and lead to what can be changed."""
    person, reading = _me(), context.session()
    return render_template(
        "accounts/account.html",
        person=person,
        managed=bool(managed_sites(reading, person.id, now=context.now())),
        has_factor=second_factors.has_factor(reading, person.id),
        sections=[(url_for(name), title) for name, title in SECTIONS if name in current_app.view_functions],
        done=DONE.get(request.args.get("done", "")),
    )


@blueprint.get("/sessions")
@login_required  # type: ignore[untyped-decorator]
def show_sessions() -> ResponseReturnValue:
    """Show where one is signed in."""
    person, here = _me(), signed_in_browser()
    return render_template(
        "accounts/sessions.html",
        browsers=list_browsers(context.session(), person.id, now=context.now()),
        families=list_families(context.session(), person, now=context.now()),
        here=here.id if here else None,
        day=accounts.day_of,
        done=DONE.get(request.args.get("done", "")),
    )


@blueprint.post("/sessions/<int:browser_id>/end")
@login_required  # type: ignore[untyped-decorator]
def end_session(browser_id: int) -> ResponseReturnValue:
    """End one's session in another browser."""
    if browser_id >= 2**63 or not browsers.end_of(context.session(), _me().id, browser_id):
        raise NotFound("That sign-in has ended already.")
    return redirect(url_for(".show_sessions", done="ended"), 303)


@blueprint.post("/sessions/on-pages/<family>/end")
@login_required  # type: ignore[untyped-decorator]
def end_family(family: str) -> ResponseReturnValue:
    """End one's sign-in in a comment section."""
    if not browsers.end_family(context.session(), _me().id, family, now=context.now()):
        raise NotFound("That sign-in has ended already.")
    return redirect(url_for(".show_sessions", done="ended"), 303)


@blueprint.route("/name", methods=["GET", "POST"])
@login_required  # type: ignore[untyped-decorator]
def change_name() -> ResponseReturnValue:
    """Change one's name."""
    person, form = _me(), RenameForm()
    if form.validate_on_submit():
        context.services().limiter.hit("rename", person.id)
        try:
            account_changes.rename(context.session(), person, form.name.data, now=context.now())
            return _done("name")
        except Invalid as problem:
            # What of it was written was undone within: the name's savepoint comes first.
            show(problem, form)
    elif request.method == "GET":
        form.name.data = person.name
    return render_template("accounts/name.html", form=form), 422 if form.errors else 200


@blueprint.route("/email", methods=["GET", "POST"])
@login_required  # type: ignore[untyped-decorator]
@confirmed
def change_email() -> ResponseReturnValue:
    """Ask for a link to another address, which changes it when it is followed."""
    person, form = _me(), AddressForm()
    if form.validate_on_submit():
        _count_mail(person.id)
        secret = context.services().settings.secret_key
        try:
            account_changes.ask_to_change_email(
                context.session(), person, form.email.data, secret=secret, now=context.now()
            )
            return _done("link")
        except Invalid as problem:
            show(problem, form)
    return render_template("accounts/email.html", form=form, person=person), 422 if form.errors else 200


@blueprint.post("/verify-email")
@login_required  # type: ignore[untyped-decorator]
def ask_to_verify() -> ResponseReturnValue:
    """Have the link that confirms one's address mailed again."""
    person = _me()
    _count_mail(person.id)
    secret = context.services().settings.secret_key
    account_changes.ask_to_verify(context.session(), person, secret=secret, now=context.now())
    return _done("verify")


@blueprint.route("/password", methods=["GET", "POST"])
@login_required  # type: ignore[untyped-decorator]
@confirmed
def change_password() -> ResponseReturnValue:
    """Change one's password, which ends every session but this one, itself begun anew."""
    person, form, is_strong = _me(), PasswordForm(), accounts.is_strong()
    if form.validate_on_submit():
        try:
            passwords.check_new_password(form.password.data, email=person.email or "", name=person.name)
        except Invalid as problem:
            show(problem, form)
        else:
            kept = _hashed(form.password.data)
            person = context.session().get_one(Person, person.id)
            account_changes.replace_password(context.session(), person, kept, now=context.now())
            accounts.sign_in_here(person, is_strong=is_strong)
            return _done("password")
    return render_template("accounts/password.html", form=form, person=person), 422 if form.errors else 200


def _hashed(password: str) -> str:
    """Hash a password with no transaction open: the request's ends, and the next use opens another."""
    context.finish(commit=True)
    return passwords.hash_password(password)


def _count_mail(person_id: int) -> None:
    for whom in (client_network(), f"person {person_id}"):
        context.services().limiter.hit("account_mail", whom)


def _done(what: str) -> ResponseReturnValue:
    return redirect(url_for("accounts.account", done=what), 303)


def _me() -> Person:
    person = signed_in_person()
    if person is None:
        session.clear()
        raise NotFound("Nobody is signed in here.")
    return person
