"""How do people sign in by their site's OpenID provider: where are they sent, and what is done when they come back?"""

import json
import re
from dataclasses import dataclass
from typing import Any, cast

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from commentsvc.actions import identities, sign_ons
from commentsvc.actions.assertions import Problem, is_subject
from commentsvc.errors import Conflict, Forbidden, NotFound
from commentsvc.infra.oidc import Arrival, Client, Departure, Providers, SignOnFailed, refused
from commentsvc.permissions import may_moderate
from commentsvc.queries.sign_ons import find_identity, find_sign_on
from commentsvc.queries.sites import find_membership, find_site, get_site, list_sites
from commentsvc.store.models import Identity, Person, SignOn, Site
from commentsvc.web import accounts, context, reach
from commentsvc.web.security import client_network

blueprint = Blueprint("oidc", __name__, url_prefix="/auth/oidc")
blueprint.after_request(accounts.protect)

_UNDER_WAY = "oidc"
_MOST_UNDER_WAY = 3
_MOST_KEPT = 2500
"""Characters of all that is under way; a browser drops a cookie of more than 4 KiB without a word."""
_PATIENCE_US = 15 * 60 * 1_000_000
_CONSOLE = re.compile(r"/console/([^/?#]+)")
_NOT_OURS = "This sign-in didn’t begin in this browser, or took too long. Please begin again."


@dataclass(frozen=True, slots=True)
class Offer:
    """A button: by which site's provider one can sign in, and where that leads."""

    site_key: str
    label: str
    then: str


@blueprint.record_once
def _prepare(state: BlueprintSetupState) -> None:
    state.app.extensions["commentsvc.providers"] = Providers()


def providers() -> Providers:
    """Return what this process knows of providers."""
    return cast(Providers, current_app.extensions["commentsvc.providers"])


def callback_address(site_key: str) -> str:
    """Return where a site's provider sends people back to; one for each site, so that none is taken for another."""
    return f"{context.services().settings.base_url}{url_for('oidc.come_back', site_key=site_key)}"


def offers() -> list[Offer]:
    """List the providers that the page at hand can offer: of the site that it is about, or of the only one."""
    transaction = context.session()
    if request.endpoint == "accounts.authorize":
        site = find_site(transaction, request.args.get("site"))
        then = accounts.address("accounts.authorize", switch="", prompt="")
    else:
        then = request.args.get("next", "")
        wanted = _CONSOLE.match(then)
        site = find_site(transaction, wanted[1]) if wanted else _only_site()
    sign_on = find_sign_on(transaction, site.id) if site is not None else None
    if site is None or sign_on is None or not sign_on.provider_issuer:
        return []
    is_meant = sign_on.for_readers or (sign_on.for_staff and request.endpoint != "accounts.authorize")
    return [Offer(site.key, sign_on.label, then)] if is_meant else []


@blueprint.app_context_processor
def _in_templates() -> dict[str, object]:
    return {"sign_on_offers": offers}


@blueprint.post("/<site_key>/start")
def start(site_key: str) -> ResponseReturnValue:
    """Send a person to the provider."""
    then = accounts.own_path(request.form.get("next")) or ""
    # Who signs in anew, to confirm something, is to prove it, not to be waved through.
    again = accounts.signed_in_person() is not None and not then.startswith("/auth/authorize?")
    return send_away(site_key, then=then, again=again)


def send_away(site_key: str, *, then: str, again: bool, link_to: int | None = None) -> ResponseReturnValue:
    """Remember what must fit when the person comes back, and lead them to the provider.

    The page in between is for browsers that hold a form's redirects against `form-action 'self'`.
    """
    context.services().limiter.hit("sign_in", client_network())
    with context.services().db.reading() as reading:
        site = get_site(reading, site_key)
        sign_on = _open_sign_on(find_sign_on(reading, site.id))
    context.finish(commit=True)
    more = {"prompt": "login"} if again else {}
    try:
        departure = providers().depart(
            sign_on.provider_issuer or "", _client(site, sign_on),
            private_hosts=context.services().settings.private_host_names, **more,
        )  # fmt: skip
    except SignOnFailed as failure:
        return _failed(site.id, then, failure)
    _remember(departure, site_key=site.key, then=then, link_to=link_to)
    return render_template("sign_on/departing.html", address=departure.address, label=sign_on.label)


@blueprint.get("/<site_key>/callback")
def come_back(site_key: str) -> ResponseReturnValue:
    """Take up a person who comes back from the provider."""
    kept = _recall(request.args.get("state", ""), site_key)
    with context.services().db.reading() as reading:
        site = get_site(reading, site_key)
        sign_on = _open_sign_on(find_sign_on(reading, site.id))
    context.finish(commit=True)
    try:
        arrival = _arrival(site, sign_on, kept)
    except SignOnFailed as failure:
        return _failed(site.id, kept["then"], failure)
    transaction = context.begin_writing()
    site = transaction.get_one(Site, site.id)
    if kept["link_to"] is not None:
        return _link(site, arrival, kept["link_to"])
    identity = _come_in(site, sign_on, arrival)
    person = transaction.get_one(Person, identity.person_id)
    accounts.sign_in_here(person)
    reach.limit_to(identity)
    if person.password_hash is not None:
        session["confirmed_at"] = 0
    return _onwards(site, person, kept["then"])


def _arrival(site: Site, sign_on: SignOn, kept: dict[str, Any]) -> Arrival:
    asked = request.args
    issuer = sign_on.provider_issuer or ""
    if asked.get("iss", issuer) != issuer:
        raise refused("mix_up", "The answer names another issuer.")
    if "error" in asked or not asked.get("code"):
        raise refused(asked.get("error", "no_code"), asked.get("error_description"))
    arrival = providers().arrive(
        issuer, _client(site, sign_on), code=asked["code"], nonce=kept["nonce"], verifier=kept["verifier"],
        private_hosts=context.services().settings.private_host_names, now=context.now(),
    )  # fmt: skip
    if not is_subject(arrival.subject):
        raise refused("bad_subject", "The ID token’s sub isn’t 1 to 255 printable characters.")
    return arrival


def _come_in(site: Site, sign_on: SignOn, arrival: Arrival) -> Identity:
    """Let in readers where the provider is for them, and staff where it is for staff; nobody becomes staff by it."""
    transaction, now = context.session(), context.now()
    known = find_identity(transaction, site.id, arrival.issuer, arrival.subject)
    membership = find_membership(transaction, known.person_id, site.id) if known is not None else None
    if not sign_on.for_readers and not (sign_on.for_staff and may_moderate(membership)):
        raise Forbidden(
            f"Nobody on {site.name}’s team has linked this sign-in. Sign in with your password, and link it under "
            "“Your account”."
        )
    return identities.come_in(
        transaction, site, issuer=arrival.issuer, subject=arrival.subject, name=arrival.name, now=now
    )


def _link(site: Site, arrival: Arrival, person_id: int) -> ResponseReturnValue:
    person = accounts.signed_in_person()
    if person is None or person.id != person_id:
        raise Forbidden(_NOT_OURS)
    try:
        identities.link(
            context.session(), person, site, issuer=arrival.issuer, subject=arrival.subject, now=context.now()
        )  # fmt: skip
    except Conflict:
        return redirect(url_for("identities.show", done="taken"), 303)
    return redirect(url_for("identities.show", done="linked"), 303)


def _onwards(site: Site, person: Person, then: str) -> ResponseReturnValue:
    if then.startswith("/auth/authorize?"):
        session["arrived"] = then
        return redirect(then, 303)
    membership = find_membership(context.session(), person.id, site.id)
    if then:
        return redirect(then, 303)
    if may_moderate(membership):
        return redirect(url_for("console.show_queue", site_key=site.key), 303)
    if identities.is_only(context.session(), person, site):
        return redirect(url_for("accounts.account"), 303)
    return render_template("sign_on/arrived.html", site=site)


def _failed(site_id: int, then: str, failure: SignOnFailed) -> ResponseReturnValue:
    """Tell the person that it failed, and the publisher's engineer why; who turned back needs no entry."""
    transaction = context.begin_writing()
    site = transaction.get_one(Site, site_id)
    turned_back = failure.facts.get("error") == "access_denied"
    if not turned_back:
        sign_ons.note_refusal(transaction, site, Problem(failure.reason, failure.facts), now=context.now())
    back = then if then.startswith("/auth/") else url_for("accounts.sign_in", next=then or None)
    return render_template("sign_on/failed.html", site=site, back=back, turned_back=turned_back), 400


def _open_sign_on(sign_on: SignOn | None) -> SignOn:
    if sign_on is None or not sign_on.provider_issuer or not (sign_on.for_readers or sign_on.for_staff):
        raise NotFound("This site has no such way to sign in.")
    return sign_on


def _client(site: Site, sign_on: SignOn) -> Client:
    return Client(sign_on.client_id, sign_on.client_secret, callback_address(site.key))


def _remember(departure: Departure, *, site_key: str, then: str, link_to: int | None) -> None:
    kept = dict(list(session.get(_UNDER_WAY, {}).items())[1 - _MOST_UNDER_WAY :])
    kept[departure.state] = {
        "site": site_key, "nonce": departure.nonce, "verifier": departure.verifier, "then": then, "link_to": link_to,
        "at": context.now(),
    }  # fmt: skip
    while len(kept) > 1 and len(json.dumps(kept)) > _MOST_KEPT:
        kept.pop(next(iter(kept)))
    session[_UNDER_WAY] = kept


def _recall(state: str, site_key: str) -> dict[str, Any]:
    """Return, once, what was remembered under a state; in another browser there is nothing."""
    under_way = dict(session.get(_UNDER_WAY, {}))
    kept: dict[str, Any] | None = under_way.pop(state, None)
    session[_UNDER_WAY] = under_way
    if kept is None or kept["site"] != site_key or context.now() - kept["at"] > _PATIENCE_US:
        raise Forbidden(_NOT_OURS)
    return kept


def _only_site() -> Site | None:
    sites = list_sites(context.session(), limit=2)
    return sites[0] if len(sites) == 1 else None
