"""By which sites' accounts can I sign in, and how do I link one or unlink it?"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from commentsvc.actions import identities
from commentsvc.errors import NotFound, NotSignedIn
from commentsvc.permissions import may_moderate
from commentsvc.queries.sign_ons import list_identities, list_linkable
from commentsvc.store.models import Person
from commentsvc.store.paging import parse_id
from commentsvc.web import accounts, context
from commentsvc.web.confirming import confirmed
from commentsvc.web.oidc import send_away

blueprint = Blueprint("identities", __name__, url_prefix="/auth/sign-ins")
blueprint.after_request(accounts.protect)

_DONE = {
    "linked": "Linked. You can sign in by it from now on.",
    "unlinked": "Unlinked. Every other sign-in has ended, too.",
}
_TAKEN = (
    "This sign-in belongs to another account here already: somebody came by it before it was linked. "
    "Accounts can’t be merged."
)


@blueprint.get("")
@login_required  # type: ignore[untyped-decorator]
def show() -> ResponseReturnValue:
    """Show what is linked and what could be."""
    person, done = _me(), request.args.get("done", "")
    mine = list_identities(context.session(), person.id)
    linked = {(identity.site_id, identity.issuer) for identity, _ in mine}
    open_to_me = [
        (site, sign_on)
        for site, sign_on, membership in list_linkable(context.session(), person.id)
        if (sign_on.for_readers or may_moderate(membership)) and (site.id, sign_on.provider_issuer) not in linked
    ]
    return render_template(
        "sign_on/identities.html", person=person, mine=mine, linkable=open_to_me, done=_DONE.get(done),
        problem=_TAKEN if done == "taken" else None, is_only_way=person.password_hash is None and len(mine) == 1,
    )  # fmt: skip


@blueprint.post("/link/<site_key>")
@login_required  # type: ignore[untyped-decorator]
@confirmed
def link(site_key: str) -> ResponseReturnValue:
    """Go to a site's provider to link what it knows one by."""
    person = _me()
    linkable = list_linkable(context.session(), person.id)
    allowed = {site.key for site, sign_on, member in linkable if sign_on.for_readers or may_moderate(member)}
    if site_key not in allowed:
        raise NotFound("This site has no sign-in that you could link.")
    return send_away(site_key, then=url_for(".show"), again=True, link_to=person.id)


@blueprint.post("/<identity_id>/unlink")
@login_required  # type: ignore[untyped-decorator]
@confirmed
def unlink(identity_id: str) -> ResponseReturnValue:
    """Take a way in off one's account; this browser goes on, all others have to sign in again."""
    person = _me()
    identities.unlink(context.session(), person, parse_id(identity_id) or 0, now=context.now())
    accounts.sign_in_here(person)
    return redirect(url_for(".show", done="unlinked"), 303)


def _me() -> Person:
    person = accounts.signed_in_person()
    if person is None:
        raise NotSignedIn("Sign in first.")
    return person
