"""How do a site's administrators let their own accounts sign in: keys, provider, what was refused and why?"""

from contextlib import suppress
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from commentsvc.actions import assertions, sign_ons, signing_keys
from commentsvc.actions.assertions import Problem
from commentsvc.actions.signing_keys import LIVE_KEYS
from commentsvc.errors import Conflict, Forbidden, Invalid, NotFound, Unanswered
from commentsvc.infra.http import is_private_host
from commentsvc.infra.oidc import Provider
from commentsvc.permissions import may_administer
from commentsvc.queries.sign_ons import find_sign_on, get_key, list_keys, list_refusals, shared_secret
from commentsvc.store.paging import parse_id
from commentsvc.web import context, forms, sign_on_words
from commentsvc.web.confirming import confirmed
from commentsvc.web.desk import desk, desk_blueprint, frame, managing
from commentsvc.web.oidc import callback_address, providers
from commentsvc.web.sign_on_forms import CheckForm, IssuerForm, KeyForm, ProviderForm, RetireForm

blueprint = desk_blueprint("signin_desk", __name__)

_DONE = {
    "issuer": "The issuer is saved.",
    "key": "The key is in use.",
    "retired": "The key is retired: its tokens are refused from now on.",
    "provider": "The provider answered, and is saved.",
    "removed": "Nobody is signed in by the provider any more.",
}


@blueprint.get("/<site_key>/sign-in")
@managing
@confirmed
def show() -> ResponseReturnValue:
    """Show keys, provider, and what was refused lately."""
    _refuse_managers()
    return _page()


@blueprint.post("/<site_key>/sign-in/issuer")
@managing
@confirmed
def set_issuer() -> ResponseReturnValue:
    """Say what the tokens' `iss` is."""
    _refuse_managers()
    form = IssuerForm()
    if form.validate():
        try:
            sign_ons.set_token_issuer(context.session(), desk().site, form.token_issuer.data, now=context.now())
            return _back("issuer")
        except Invalid as problem:
            forms.show(problem, form)
    return _page(issuer=form), 422


@blueprint.post("/<site_key>/sign-in/keys")
@managing
@confirmed
def add_key() -> ResponseReturnValue:
    """Make a shared key, or take a public one."""
    _refuse_managers()
    session, form, now = context.session(), KeyForm(), context.now()
    if form.validate():
        try:
            if form.do.data == "shared":
                made = signing_keys.make_shared_key(session, desk().membership, now=now)
            else:
                made = signing_keys.add_public_key(
                    session, desk().membership, form.key.data or "", kid=form.kid.data or "", now=now
                )
            return redirect(url_for(".show_key", site_key=desk().site.key, key_id=made.id, done="key"), 303)
        except Invalid as problem:
            forms.show(problem, form)
    return _page(key=form), 422


@blueprint.get("/<site_key>/sign-in/keys/<key_id>")
@managing
@confirmed
def show_key(key_id: str) -> ResponseReturnValue:
    """Show a key: the secret of a shared one, and how to sign with it."""
    _refuse_managers()
    session = context.session()
    key = get_key(session, desk().site.id, _id(key_id))
    secret = None
    if key.jwk is None and key.retired_at is None:
        secret = shared_secret(key, secret=context.services().settings.secret_key)
    sign_on = find_sign_on(session, desk().site.id)
    return render_template(
        "console/sign_in/key.html", key=key, secret=secret, issuer=sign_on.token_issuer if sign_on else None,
        done=_DONE.get(request.args.get("done", "")), current_tab="site_desk.show_settings", **frame(),
    )  # fmt: skip


@blueprint.post("/<site_key>/sign-in/keys/<key_id>/retire")
@managing
@confirmed
def retire_key(key_id: str) -> ResponseReturnValue:
    """Stop taking what a key signs."""
    _refuse_managers()
    sign_out = bool(RetireForm().sign_out.data)
    # A second press of the button wants what the first one did.
    with suppress(Conflict):
        signing_keys.retire(context.session(), desk().membership, _id(key_id), sign_out=sign_out, now=context.now())
    return _back("retired")


@blueprint.post("/<site_key>/sign-in/check")
@managing
def check_token() -> ResponseReturnValue:
    """Say what would become of a token, without using it up."""
    _refuse_managers()
    form = CheckForm()
    if not form.validate():
        return _page(check=form), 422
    found = assertions.examine(
        context.session(), desk().site, (form.token.data or "").strip(), now=context.now(),
        secret=context.services().settings.secret_key,
    )  # fmt: skip
    return _page(check=form, verdict=found)


@blueprint.post("/<site_key>/sign-in/provider")
@managing
@confirmed
def set_provider() -> ResponseReturnValue:
    """Keep an OpenID provider, after asking it whether it is one."""
    _refuse_managers()
    session, site, form, now = context.session(), desk().site, ProviderForm(), context.now()
    if request.form.get("do") == "remove":
        sign_ons.remove_provider(session, site, now=now)
        return _back("removed")
    if form.validate():
        try:
            _keep_provider(form)
            return _back("provider")
        except Invalid as problem:
            forms.show(problem, form)
        except Unanswered as problem:
            form.issuer.errors = [*form.issuer.errors, problem.message]
    return _page(provider=form), 422


def _keep_provider(form: ProviderForm) -> None:
    hosts = context.services().settings.private_host_names
    issuer = sign_ons.check_provider_issuer(form.issuer.data, is_private=_is_listed(form.issuer.data, hosts))
    # The provider is asked with no transaction open, and before anything is written.
    here = desk()
    context.finish(commit=True)
    found: Provider = providers().discover(issuer, private_hosts=hosts, afresh=True)
    secret: str | None = (form.client_secret.data or "").strip() or None
    sign_ons.set_provider(
        context.session(), context.session().merge(here.site), issuer=found.issuer, client_id=form.client_id.data,
        client_secret="" if form.no_secret.data else secret, label=form.label.data,
        for_readers=form.for_readers.data, for_staff=form.for_staff.data, now=context.now(),
    )  # fmt: skip


def _is_listed(issuer: str, hosts: frozenset[str]) -> bool:
    try:
        return is_private_host(issuer.strip(), hosts)
    except ValueError:
        return False


def _page(**given: Any) -> str:
    session, site = context.session(), desk().site
    sign_on, keys = find_sign_on(session, site.id), list_keys(session, site.id)
    typed: dict[str, Any] = {}
    if sign_on is not None:
        typed = {
            "token_issuer": sign_on.token_issuer, "issuer": sign_on.provider_issuer, "client_id": sign_on.client_id,
            "label": sign_on.label, "for_readers": sign_on.for_readers, "for_staff": sign_on.for_staff,
        }  # fmt: skip
    empty: dict[str, FlaskForm] = {
        "issuer": IssuerForm(formdata=None, data=typed), "key": KeyForm(formdata=None),
        "check": CheckForm(formdata=None), "provider": ProviderForm(formdata=None, data=typed),
    }  # fmt: skip
    verdict = given.pop("verdict", None)
    return render_template(
        "console/sign_in/show.html", forms={**empty, **given}, sign_on=sign_on, all_keys=keys,
        live=sum(key.retired_at is None for key in keys), most=LIVE_KEYS, verdict=verdict,
        refused=isinstance(verdict, Problem), refusals=list_refusals(session, site.id),
        problem_title=sign_on_words.title, problem_sentence=sign_on_words.sentence,
        callback=callback_address(site.key), done=_DONE.get(request.args.get("done", "")),
        current_tab="site_desk.show_settings", **frame(),
    )  # fmt: skip


def _back(done: str) -> ResponseReturnValue:
    return redirect(url_for(".show", site_key=desk().site.key, done=done), 303)


def _id(text: str) -> int:
    found = parse_id(text)
    if found is None:
        raise NotFound("There is no such key on this site.")
    return found


def _refuse_managers() -> None:
    if not may_administer(desk().membership):
        raise Forbidden("Only administrators of the site may see and change how people sign in.")
