"""How does somebody who was invited to a site's staff accept, with an account or without one?"""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from commentsvc.actions import accounts, staff
from commentsvc.actions.passwords import MAX_LENGTH
from commentsvc.errors import Invalid, NotFound
from commentsvc.queries.staff import find_invitation, has_account
from commentsvc.store.models import Invitation, Person, Site
from commentsvc.web import context
from commentsvc.web.accounts import protect, sign_in_here, signed_in_person
from commentsvc.web.forms import show
from commentsvc.web.security import client_network
from commentsvc.web.site_words import role_word

blueprint = Blueprint("invitations", __name__, url_prefix="/auth")
blueprint.after_request(protect)


class NewStaffForm(FlaskForm):  # type: ignore[misc]
    """An account for the address that the invitation went to."""

    name = StringField("Name", [InputRequired("Please choose a name.")])
    password = PasswordField("Password", [InputRequired("Please choose a password."), Length(max=MAX_LENGTH)])


@blueprint.get("/invitation/<token>")
def show_invitation(token: str) -> ResponseReturnValue:
    """Show what one is invited to; opening the page uses nothing up, for mail scanners open links too."""
    return _page(token, _invitation(token), NewStaffForm(formdata=None))


@blueprint.post("/invitation/<token>")
def accept(token: str) -> ResponseReturnValue:
    """Accept an invitation: with the account that one is signed in to, or with one that is made now."""
    person = signed_in_person()
    if person is not None:
        membership = staff.accept(context.session(), token, person=person, now=context.now())
        return redirect(_desk(membership.site_id), 303)
    form = NewStaffForm()
    # Read, and let go of again: the password is hashed before a transaction opens.
    context.finish(commit=False)
    with context.services().db.reading() as reading:
        invitation = _invitation(token, reading)
        known = has_account(reading, invitation.email)
    if known:
        return redirect(url_for("accounts.sign_in", next=url_for(".show_invitation", token=token)), 303)
    if form.validate():
        try:
            person = _open_account(token, invitation.email, form)
        except Invalid as problem:
            show(problem, form)
        else:
            sign_in_here(person)
            return redirect(_desk(invitation.site_id), 303)
    return _page(token, invitation, form), 422


def _open_account(token: str, email: str, form: NewStaffForm) -> Person:
    context.services().limiter.hit("sign_up", client_network())
    account = accounts.new_account(name=form.name.data, email=email, password=form.password.data)
    session, now = context.session(), context.now()
    with session.begin_nested():
        person = accounts.open_account(session, account, now=now)
        staff.accept(session, token, person=person, now=now)
    return person


def _invitation(token: str, session: Session | None = None) -> Invitation:
    found = find_invitation(session or context.session(), token, now=context.now())
    if found is None:
        raise NotFound("This invitation was used, taken back or has expired. Ask for a new one.")
    return found


def _desk(site_id: int) -> str:
    return url_for("console.show_queue", site_key=context.session().get_one(Site, site_id).key)


def _page(token: str, invitation: Invitation, form: NewStaffForm) -> str:
    session, me = context.session(), signed_in_person()
    return render_template(
        "accounts/invitation.html", invitation=invitation, site=session.get_one(Site, invitation.site_id), form=form,
        by=session.get_one(Person, invitation.by_person_id).name, role=role_word(invitation.role), me=me,
        fits=me is not None and me.email == invitation.email, known=has_account(session, invitation.email),
        here=url_for(".show_invitation", token=token),
    )  # fmt: skip
