"""How does the widget, or a script, turn a code, a refresh token or a password into an access token?

RFC 6749 and RFC 7636 in JSON. The only endpoint that honours a cookie, hence its own rules about origins.
"""

from collections.abc import Callable
from typing import Annotated

from apiflask import APIBlueprint
from flask import Response, jsonify, request
from pydantic import Field, StringConstraints
from sqlalchemy.orm import Session

from commentsvc.actions import assertions, identities, sign_ons, tokens
from commentsvc.actions.accounts import join
from commentsvc.actions.assertions import Problem
from commentsvc.actions.tokens import ACCESS_SECONDS, Grant
from commentsvc.enums import SanctionKind
from commentsvc.errors import OriginRefused, Sanctioned, TokenRefused
from commentsvc.queries.callers import hash_token, is_anyones_origin
from commentsvc.queries.sites import get_site, is_registered, list_sanctions
from commentsvc.store.models import Person, Site
from commentsvc.web import context, errors, shapes
from commentsvc.web.accounts import prove, register
from commentsvc.web.security import client_network

blueprint = APIBlueprint("token", __name__, url_prefix="/api/v1", tag="Sign-in")

_PROBE = "__Host-probe"
_PROBE_SECONDS = 600
Text = Annotated[str, StringConstraints(max_length=1000)]


class TokenIn(shapes.In):
    """A grant; which members it needs depends on its type."""

    grant_type: Text
    site: shapes.SiteKey
    code: Text | None = None
    code_verifier: Text | None = None
    refresh_token: Text | None = None
    assertion: str | None = None
    email: Text | None = None
    password: Text | None = None
    cookie: bool = Field(True, description="false: a refresh without a token found no cookie; see docs/security.md")


class RevokeIn(shapes.In):
    """Which sign-in is to end; without a token, the cookie's."""

    site: shapes.SiteKey
    refresh_token: Text | None = None


class AccountIn(shapes.In):
    """A new account."""

    name: Text
    email: Text
    password: str


@blueprint.post("/token")
@blueprint.input(TokenIn)
@blueprint.doc(summary="Exchange a grant for an access token", responses=[400, 403, 404, 415, 422, 429])
def token(json_data: TokenIn) -> Response:
    """Return an access token, and a refresh token by partitioned cookie, or in the body where cookies don't stick."""
    origin = _checked_origin(json_data.site)
    if json_data.grant_type not in _GRANTS:
        raise TokenRefused("This kind of grant isn't taken here.", reason="unsupported_grant_type")
    return _GRANTS[json_data.grant_type](json_data, origin)


@blueprint.post("/token/revoke")
@blueprint.input(RevokeIn)
@blueprint.doc(summary="End a sign-in", responses=[403, 404, 415, 422])
def revoke(json_data: RevokeIn) -> Response:
    """Revoke the refresh token's family; also when there is none, as RFC 7009 has it."""
    origin = _checked_origin(json_data.site)
    given = json_data.refresh_token or _cookie(json_data.site, origin)
    if given:
        tokens.revoke_family(context.session(), given, now=context.now())
    response = jsonify({})
    _keep(response, _cookie_name(json_data.site), "", seconds=0)
    return response


@blueprint.post("/accounts")
@blueprint.input(AccountIn)
@blueprint.doc(summary="Sign up", responses={201: "Created", 422: "Not acceptable", 429: "Too often"})
def create_account(json_data: AccountIn) -> Response:
    """Create an account, by the rules of the sign-up page."""
    person = register(json_data.name, json_data.email, json_data.password)
    response = jsonify({"person": {"id": str(person.id), "name": person.name}})
    response.status_code = 201
    return response


@blueprint.after_request
def _let_registered_pages_read(response: Response) -> Response:
    if not request.path.startswith("/api/v1/token"):
        return response
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin is None:
        return response
    with context.services().db.reading() as reading:
        if not is_anyones_origin(reading, origin):
            return response
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Allow-Credentials"] = "true"
    response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "POST"
        response.headers["Access-Control-Allow-Headers"] = "Content-Type"
        response.headers["Access-Control-Max-Age"] = "600"
    return response


def _by_code(asked: TokenIn, origin: str | None) -> Response:
    context.services().limiter.hit("token", client_network())
    if not asked.code or not asked.code_verifier or origin is None:
        raise TokenRefused("A code, its verifier and an Origin are needed.", reason="invalid_request")
    session, secret, now = context.session(), context.services().settings.secret_key, context.now()
    site = get_site(session, asked.site)
    grant = tokens.exchange_code(
        session, site, code=asked.code, verifier=asked.code_verifier, origin=origin, secret=secret, now=now
    )
    if isinstance(grant, TokenRefused):
        return errors.response(grant)
    return _granted(asked.site, grant, by_cookie=_has_cookies(asked))


def _by_refresh(asked: TokenIn, origin: str | None) -> Response:
    given = asked.refresh_token or _cookie(asked.site, origin)
    if not given:
        response = errors.response(TokenRefused("Nobody is signed in here."))
        _keep(response, _PROBE, "1", seconds=_PROBE_SECONDS)
        return response
    context.services().limiter.hit("token", client_network(), hash_token(given))
    session, secret, now = context.session(), context.services().settings.secret_key, context.now()
    grant = tokens.refresh(session, get_site(session, asked.site), token=given, secret=secret, now=now)
    if isinstance(grant, TokenRefused):
        return errors.response(grant)
    return _granted(asked.site, grant, by_cookie=asked.refresh_token is None)


def _by_password(asked: TokenIn, _origin: str | None) -> Response:
    if not asked.email or not asked.password:
        raise TokenRefused("An e-mail address and a password are needed.", reason="invalid_request")
    with context.services().db.reading() as reading:
        if not get_site(reading, asked.site).password_grant:
            raise TokenRefused("This site doesn't take passwords here.", reason="unauthorized_client")
    person = prove(asked.email, asked.password)
    if person is None:
        return errors.response(TokenRefused("This e-mail and password don't go together."))
    session, secret, now = context.session(), context.services().settings.secret_key, context.now()
    site = get_site(session, asked.site)
    _refuse_banned(session, person, site, now=now)
    join(session, person, site, now=now)
    return jsonify(_body(tokens.access_token(person, site, secret=secret, now=now)))


def _by_assertion(asked: TokenIn, origin: str | None) -> Response:
    context.services().limiter.hit("token", client_network())
    if not asked.assertion:
        raise TokenRefused("A signed token is needed.", reason="invalid_request")
    session, secret, now = context.session(), context.services().settings.secret_key, context.now()
    site = get_site(session, asked.site)
    found = assertions.accept(session, site, asked.assertion, secret=secret, now=now)
    if isinstance(found, Problem):
        sign_ons.note_refusal(session, site, found, now=now)
        # The reader can do nothing about it; the publisher's engineer finds the rest in the console.
        return errors.response(TokenRefused("This sign-in wasn't accepted.", details={"reason": found.reason}))
    identity = identities.come_in(session, site, issuer=found.issuer, subject=found.subject, name=found.name, now=now)
    person = session.get_one(Person, identity.person_id)
    _refuse_banned(session, person, site, now=now)
    if origin is None:
        return jsonify(_body(tokens.access_token(person, site, secret=secret, now=now)))
    grant = tokens.begin(session, person, site, secret=secret, now=now)
    return _granted(asked.site, grant, by_cookie=_has_cookies(asked))


def _refuse_banned(session: Session, person: Person, site: Site, *, now: int) -> None:
    if any(sanction.kind == SanctionKind.BAN for sanction in list_sanctions(session, person.id, site.id, now=now)):
        raise Sanctioned("This account can't comment here.")


def _has_cookies(asked: TokenIn) -> bool:
    """Say whether cookies stick; that they don't is believed only when neither the probe nor an older one came."""
    return asked.cookie or bool(request.cookies.get(_PROBE) or request.cookies.get(_cookie_name(asked.site)))


def _checked_origin(site_key: str) -> str | None:
    """Return the page's origin if it may ask for this site (None: not a page), before anything is written."""
    origin = request.headers.get("Origin")
    with context.services().db.reading() as reading:
        site = get_site(reading, site_key)
        if origin is not None and not is_registered(reading, site, origin):
            raise OriginRefused("This page's origin isn't registered for the site.")
    return origin


def _granted(site_key: str, grant: Grant, *, by_cookie: bool) -> Response:
    body = _body(grant.access_token)
    if not by_cookie:
        return jsonify({**body, "refresh_token": grant.refresh_token})
    response = jsonify(body)
    seconds = (grant.refresh_ends_at - context.now()) // 1_000_000
    _keep(response, _cookie_name(site_key), grant.refresh_token, seconds=seconds)
    return response


def _body(access_token: str) -> dict[str, str | int]:
    return {"access_token": access_token, "expires_in": ACCESS_SECONDS, "token_type": "Bearer"}


def _cookie(site_key: str, origin: str | None) -> str | None:
    # Browsers name the origin of every POST between origins: without one, nobody vouches for the cookie.
    return request.cookies.get(_cookie_name(site_key)) if origin is not None else None


def _cookie_name(site_key: str) -> str:
    return f"__Host-rt-{site_key}"


def _keep(response: Response, name: str, value: str, *, seconds: int) -> None:
    response.set_cookie(
        name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="None", partitioned=True
    )


_GRANTS: dict[str, Callable[[TokenIn, str | None], Response]] = {
    "authorization_code": _by_code,
    "refresh_token": _by_refresh,
    "password": _by_password,
    "urn:ietf:params:oauth:grant-type:jwt-bearer": _by_assertion,
}
