"""Which API tokens does a person have, and how is a new one shown, once?

A new token is derived from a nonce that waits in the browser's session until the page after the form has shown it: the
session's cookie is signed but not secret, and the nonce alone is worth nothing.
"""

import secrets

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from commentsvc.actions import tokens
from commentsvc.enums import Role, Scope
from commentsvc.errors import Forbidden, Invalid, NotFound
from commentsvc.queries import api_tokens
from commentsvc.queries.callers import SCOPES
from commentsvc.store.models import ApiToken, Person, Site
from commentsvc.store.paging import parse_id
from commentsvc.web import accounts, context, site_words
from commentsvc.web.confirming import confirmed
from commentsvc.web.forms import show
from commentsvc.web.site_forms import LASTS, SCOPE_WORDS, TokenForm
from commentsvc.web.times import time_text

blueprint = Blueprint("api_tokens", __name__, url_prefix="/auth")
blueprint.after_request(accounts.protect)

_DAY_US = 24 * 3600 * 1_000_000
_SHOWN_FOR_US = 10 * 60 * 1_000_000
_NEW = "new_token"
_DONE = {"revoked": "The token is revoked, from its next use on."}


@blueprint.get("/tokens")
@login_required  # type: ignore[untyped-decorator]
@confirmed
def show_tokens() -> ResponseReturnValue:
    """Show one's own tokens, and the new one, once."""
    return _page(empty_form(), new=shown_once(_me()))


@blueprint.post("/tokens")
@login_required  # type: ignore[untyped-decorator]
@confirmed
def create() -> ResponseReturnValue:
    """Make a token for one of the sites that one takes part in."""
    form = TokenForm()
    mine = {site.key: site for site, _ in api_tokens.memberships(context.session(), _me().id, now=context.now())}
    if form.validate() and form.site.data not in mine:
        form.site.errors = ["Please choose a site."]
    if form.errors or not make(_me(), mine[form.site.data], form):
        return _page(form), 422
    return redirect(url_for(".show_tokens"), 303)


@blueprint.post("/tokens/<token_id>/revoke")
@login_required  # type: ignore[untyped-decorator]
@confirmed
def revoke(token_id: str) -> ResponseReturnValue:
    """End one of one's own tokens."""
    tokens.revoke_token(context.session(), wanted(token_id), person_id=_me().id, now=context.now())
    return redirect(url_for(".show_tokens", done="revoked"), 303)


def empty_form() -> TokenForm:
    """Return the form for a new token as it is first shown."""
    return TokenForm(formdata=None, data={"lasts": "90"})


def make(person: Person, site: Site, form: TokenForm) -> ApiToken | None:
    """Make a token, and have the next page show it; None when the form says what is wrong."""
    nonce, now = secrets.token_urlsafe(32), context.now()
    value = tokens.new_token(context.services().settings.secret_key, nonce)
    lasts = form.lasts.data
    try:
        with context.session().begin_nested():
            tokens.issue_token(
                context.session(), person, site, name=form.name.data, scopes=[Scope(word) for word in form.scopes.data],
                expires_at=None if lasts == "never" else now + int(lasts) * _DAY_US, token=value, now=now,
            )  # fmt: skip
    except Invalid as problem:
        show(problem, form)
        return None
    except Forbidden:
        form.scopes.errors = ["Your role on this site doesn’t allow all of these."]
        return None
    session[_NEW] = nonce
    return api_tokens.find_token_by_value(context.session(), value)


def shown_once(person: Person) -> tuple[ApiToken, str] | None:
    """Return the token that was just made, with its value; never a second time."""
    nonce = session.pop(_NEW, None)
    if nonce is None:
        return None
    value = tokens.new_token(context.services().settings.secret_key, nonce)
    made = api_tokens.find_token_by_value(context.session(), value)
    is_fresh = made and made.person_id == person.id and context.now() - made.created_at < _SHOWN_FOR_US
    return (made, value) if made and is_fresh else None


def wanted(token_id: str) -> int:
    """Return the id in an address."""
    found = parse_id(token_id)
    if found is None:
        raise NotFound("There is no such token.")
    return found


def scopes_of(roles: set[Role]) -> list[Scope]:
    """List what tokens of these roles may be allowed."""
    return [scope for scope in Scope if any(scope in SCOPES[role] for role in roles)]


def _me() -> Person:
    person = accounts.signed_in_person()
    assert person is not None
    return person


def _page(form: TokenForm, *, new: tuple[ApiToken, str] | None = None) -> str:
    database, now = context.session(), context.now()
    sites = api_tokens.memberships(database, _me().id, now=now)
    return render_template(
        "accounts/tokens.html", form=form, new=new, listed=api_tokens.of_person(database, _me().id, now=now),
        sites=[site for site, _ in sites], scopes=scopes_of({role for _, role in sites}), scope_words=SCOPE_WORDS,
        lasts=LASTS, done=_DONE.get(request.args.get("done", "")),
        since=lambda then: site_words.since(then, now), time_text=time_text,
    )  # fmt: skip
