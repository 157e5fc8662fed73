"""How is a fresh installation set up in the browser, by whoever can read its log?

While there is no site, every page leads to this one. It asks for nothing but the code until that is right.
"""

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from commentsvc.actions import accounts, first_run, newsrooms, policies
from commentsvc.actions.accounts import NewAccount
from commentsvc.actions.first_run import Wanted
from commentsvc.enums import Guideline
from commentsvc.errors import Invalid
from commentsvc.queries import first_run as waiting
from commentsvc.queries.callers import hash_token
from commentsvc.store.models import Person
from commentsvc.web import cards, context
from commentsvc.web.accounts import protect, sign_in_here
from commentsvc.web.forms import show
from commentsvc.web.security import client_network
from commentsvc.web.site_desk import beside_origins
from commentsvc.web.site_forms import CodeForm, FirstRunForm
from commentsvc.web.site_words import LOCAL

blueprint = Blueprint("first_run", __name__)
blueprint.after_request(protect)

_MARK = "first_run"
_PAGES = ("/console", "/auth/")
_WRONG = "This isn’t the code. It is in the log of the server that runs now, after the words “There is no site yet”."


@blueprint.before_app_request
def lead_here() -> ResponseReturnValue | None:
    """Lead every page that there could be to the set-up while there is no site."""
    services = context.services()
    if services.has_site.is_set() or services.settings.demo:
        return None
    if request.path != "/" and not request.path.startswith(_PAGES):
        return None
    # Whoever is signed in has an account, and so there is a site: nothing is asked of the database for them.
    if "_user_id" in session or not _is_waiting():
        return None
    return redirect(url_for("first_run.show_setup"), 303)


@blueprint.get("/setup")
def show_setup() -> ResponseReturnValue:
    """Ask for the code, or, once it was given, for the site."""
    if not _is_waiting():
        return redirect(url_for("console.show_sites"), 303)
    if _proved_nonce() is None:
        return _ask_code(CodeForm(formdata=None))
    form = FirstRunForm(formdata=None, data={"text": newsrooms.WELCOME})
    return _ask_site(form, newsrooms.usual_items())


@blueprint.post("/setup")
def prove_code() -> ResponseReturnValue:
    """Take the code, and show the rest of the page to whoever has it."""
    if not _is_waiting():
        return redirect(url_for("console.show_sites"), 303)
    services, form, nonce = context.services(), CodeForm(), _nonce()
    services.limiter.hit("set_up", client_network())
    if not form.validate():
        return _ask_code(form), 422
    if nonce is None or not waiting.is_code(form.code.data, secret=services.settings.secret_key, nonce=nonce):
        form.code.errors = [_WRONG]
        return _ask_code(form), 422
    session[_MARK] = hash_token(nonce)
    return redirect(url_for(".show_setup"), 303)


@blueprint.post("/setup/site")
def set_up() -> ResponseReturnValue:
    """Make the site and its administrator, sign them in, and go on to the tags."""
    nonce = _proved_nonce()
    if nonce is None:
        return redirect(url_for(".show_setup"), 303)
    form, items = FirstRunForm(), _items()
    if form.validate() and (made := _make(nonce, form, items)):
        key, person = made
        sign_in_here(person)
        context.services().has_site.set()
        return redirect(url_for("site_desk.show_embed", site_key=key, done="welcome"), 303)
    return _ask_site(form, items), 422


def _make(nonce: str, form: FirstRunForm, items: list[dict[str, str]]) -> tuple[str, Person] | None:
    """Set everything up, or put beside the fields what is wrong."""
    try:
        welcome, cleaned = policies.clean_guidelines(form.text.data, items)
        wanted = Wanted(form.key.data.strip(), form.name.data, form.origins.data.split(), welcome, cleaned)
        account = _account(form)
        with context.session().begin_nested():
            site, person = first_run.set_up(context.session(), nonce, wanted, account, now=context.now())
    except Invalid as problem:
        show(beside_origins(problem), form)
        return None
    return site.key, person


def _account(form: FirstRunForm) -> NewAccount:
    try:
        return accounts.new_account(name=form.person.data, email=form.email.data, password=form.password.data)
    except Invalid as problem:
        raise Invalid(problem.message, field="person" if problem.field == "name" else problem.field) from None


def _items() -> list[dict[str, str]]:
    typed = request.form
    return [
        {"guideline": str(one), "title": typed.get(f"title_{one}", ""), "text": typed.get(f"text_{one}", "")}
        for one in Guideline
    ]


def _is_waiting() -> bool:
    services = context.services()
    if services.has_site.is_set():
        return False
    with services.db.reading() as reading:
        if waiting.has_site(reading):
            services.has_site.set()
            return False
    return True


def _nonce() -> str | None:
    with context.services().db.reading() as reading:
        return waiting.find_nonce(reading)


def _proved_nonce() -> str | None:
    """Return what the code is made from, if this browser has given that very code and the set-up still waits."""
    nonce = _nonce() if _is_waiting() else None
    return nonce if nonce is not None and session.get(_MARK) == hash_token(nonce) else None


def _ask_code(form: CodeForm) -> str:
    # Browsers keep our session's cookie only over https, or on the machine itself.
    cookies_work = request.is_secure or request.host.rpartition(":")[0].strip("[]") in LOCAL or request.host in LOCAL
    return render_template("first_run/code.html", form=form, cookies_work=cookies_work, has_code=_nonce() is not None)


def _ask_site(form: FirstRunForm, items: list[dict[str, str]]) -> str:
    return render_template("first_run/site.html", form=form, items=items, names=cards.GUIDELINES)
