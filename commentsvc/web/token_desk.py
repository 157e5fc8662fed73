"""Which API tokens does the site have, and what do its administrators make and revoke?"""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from commentsvc.actions import newsrooms, tokens
from commentsvc.enums import Role, SiteChangeKind
from commentsvc.queries import api_tokens as listing
from commentsvc.store.models import ApiToken, Person
from commentsvc.web import api_tokens, context
from commentsvc.web.confirming import confirmed
from commentsvc.web.desk import administering, desk, desk_blueprint
from commentsvc.web.site_desk import settings_page
from commentsvc.web.site_forms import LASTS, SCOPE_WORDS, TokenForm

blueprint = desk_blueprint("token_desk", __name__)

_DONE = {"revoked": "The token is revoked, from its next use on."}


@blueprint.get("/<site_key>/settings/tokens")
@administering
@confirmed
def show_tokens() -> ResponseReturnValue:
    """Show every token of the site, and the new one, once."""
    return _page(api_tokens.empty_form(), new=api_tokens.shown_once(_me()))


@blueprint.post("/<site_key>/settings/tokens")
@administering
@confirmed
def create() -> ResponseReturnValue:
    """Make a token for the site, in one's own name."""
    form = TokenForm()
    made = api_tokens.make(_me(), desk().site, form) if form.validate() else None
    if made is None:
        return _page(form), 422
    _log(SiteChangeKind.TOKEN_CREATED, made)
    return redirect(url_for("token_desk.show_tokens", site_key=desk().site.key), 303)


@blueprint.post("/<site_key>/settings/tokens/<token_id>/revoke")
@administering
@confirmed
def revoke(token_id: str) -> ResponseReturnValue:
    """End a token of the site, whoever has it."""
    session, site = context.session(), desk().site
    ended = tokens.revoke_token(session, api_tokens.wanted(token_id), site_id=site.id, now=context.now())
    _log(SiteChangeKind.TOKEN_REVOKED, ended)
    return redirect(url_for("token_desk.show_tokens", site_key=site.key, done="revoked"), 303)


def _me() -> Person:
    return context.session().get_one(Person, desk().membership.person_id)


def _log(kind: SiteChangeKind, token: ApiToken) -> None:
    facts = {"name": token.name, "scopes": token.scopes}
    is_new = kind == SiteChangeKind.TOKEN_CREATED
    session, here = context.session(), desk()
    newsrooms.log(
        session, here.site, kind, before={} if is_new else facts, after=facts if is_new else {},
        about=session.get_one(Person, token.person_id), by=here.membership.person_id, now=context.now(),
    )  # fmt: skip


def _page(form: TokenForm, *, new: tuple[ApiToken, str] | None = None) -> str:
    session, site, now = context.session(), desk().site, context.now()
    return settings_page(
        "console/settings/tokens.html", form=form, new=new, listed=listing.of_site(session, site.id, now=now),
        scopes=api_tokens.scopes_of({Role(desk().membership.role)}), scope_words=SCOPE_WORDS, lasts=LASTS,
        done=_DONE.get(request.args.get("done", "")),
    )  # fmt: skip
