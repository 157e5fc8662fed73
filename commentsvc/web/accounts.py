"""How do people sign up and in on our own pages, and how does the widget's pop-up hand the sign-in over?"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Flask, Response, g, redirect, render_template, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user, logout_user
from flask_wtf import CSRFProtect, FlaskForm
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response as AnyResponse

from commentsvc.actions import account_changes, accounts, browsers, passwords, second_factors
from commentsvc.actions.tokens import issue_code
from commentsvc.enums import Purpose, SanctionKind
from commentsvc.errors import Forbidden, Invalid, NotFound, OriginRefused
from commentsvc.queries.browsers import find_browser
from commentsvc.queries.callers import derived_key, find_linked
from commentsvc.queries.deletions import find_open as find_leaving
from commentsvc.queries.people import managed_sites
from commentsvc.queries.sites import get_site, is_registered, list_sanctions
from commentsvc.store.models import BrowserSession, Person
from commentsvc.web import context, errors, reach
from commentsvc.web.forms import PasswordForm, SignInForm, SignUpForm, show
from commentsvc.web.security import client_network

blueprint = Blueprint("accounts", __name__, url_prefix="/auth")
csrf = CSRFProtect()

_WRONG = "This e-mail and password don't go together."
_OWN_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
_NO_FORMS = ("/api/", "/v1alpha1/", "/unsubscribe/")
"""Where no session counts: another proof comes with each request."""
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_STATE = re.compile(r"[\x21-\x7e]{8,200}")
_PLAIN = re.compile(r"[^\\\x00-\x20\x7f]{1,2000}")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_SAFE = {"GET", "HEAD", "OPTIONS"}
_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a publisher's page asks the pop-up for."""

    site: str
    name: str
    origin: str
    state: str
    challenge: str
    return_to: str | None


class SignedIn(UserMixin):  # type: ignore[misc]
    """A person as Flask-Login sees them."""

    def __init__(self, person: Person, browser: BrowserSession | None = None) -> None:
        self.person, self.browser = person, browser

    def get_id(self) -> str:
        """Return what the session cookie carries; the next epoch makes it worthless."""
        return f"{self.person.id}.{self.person.epoch}"


class _Logins(LoginManager):  # type: ignore[misc]
    def _update_remember_cookie(self, response: Response) -> Response:
        # We set no such cookie. Looking into the session for it would make public answers vary by cookie.
        return response


def setup(app: Flask) -> None:
    """Prepare sessions and forms: who is signed in, and that forms come from our own pages."""
    app.config.update(
        # Our own Origin check stands in for flask-wtf's, which refuses browsers that send no Referer.
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_SSL_STRICT=False,
        WTF_CSRF_TIME_LIMIT=None,
        PERMANENT_SESSION_LIFETIME=30 * _DAY,
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    logins = _Logins(app)
    logins.session_protection = "basic"
    logins.login_view, logins.login_message = "accounts.sign_in", None
    logins.user_loader(_load)
    csrf.init_app(app)
    app.before_request(_refuse_foreign_forms)
    app.after_request(_touch)
    app.register_error_handler(CSRFError, _expired)


def signed_in_person() -> Person | None:
    """Return whoever is signed in on our own pages."""
    return current_user.person if current_user.is_authenticated else None


def signed_in_browser() -> BrowserSession | None:
    """Return this browser's session, when somebody is signed in in it since before this request."""
    return current_user.browser if current_user.is_authenticated else None


def is_strong() -> bool:
    """Say whether the second factor was shown in this browser's session."""
    browser = signed_in_browser()
    return browser is not None and browser.is_strong


def sign_in_here(person: Person, *, is_strong: bool = False) -> None:
    """Begin a browser session for a person, with nothing left of the one before."""
    browser = (person.id, request.headers.get("User-Agent", ""))
    with context.writing() as transaction:
        if "browser" in session:
            browsers.end(transaction, session["browser"])
        token = browsers.begin(transaction, browser[0], agent=browser[1], is_strong=is_strong, now=context.now())
    session.clear()
    session.permanent = True
    session["browser"], session["confirmed_at"] = token, context.now()
    login_user(SignedIn(person))


def sign_in_or_ask(person: Person, then: str) -> AnyResponse:
    """Begin a session for who gave their password, or first ask for their second factor; then lead on."""
    if not second_factors.has_factor(context.session(), person.id):
        sign_in_here(person)
        return redirect(then)
    token = session.get("browser")
    if token:
        browsers.end(context.session(), token)
    logout_user()
    session.clear()
    session["half"] = {"person": person.id, "epoch": person.epoch, "at": context.now(), "then": then}
    return redirect(url_for("second_step.ask"), 303)


def own_path(wanted: str | None) -> str | None:
    """Return a path of ours that somebody wants to be led to; None for any other address."""
    return wanted if wanted and _OWN_PATH.fullmatch(wanted) else None


def address(endpoint: str, **changes: str) -> str:
    """Return an address of ours with this page's query, changed. Not by url_for: a query could set its options."""
    query = {name: value for name, value in {**request.args.to_dict(), **changes}.items() if value}
    return f"{url_for(endpoint)}?{urlencode(query)}" if query else url_for(endpoint)


def prove(email: str, password: str) -> Person | None:
    """Find who has this address and password; a failure is counted, so commit. Raises TooManyRequests.

    argon2 works between two transactions: nobody's write waits for it.
    """
    services, now, client = context.services(), context.now(), _client()
    services.limiter.hit("sign_in", client_network())
    with services.db.reading() as reading:
        accounts.refuse_guessing(reading, email=email, client=client, now=now)
        kept = accounts.stored_hash(reading, email)
    proven = kept if passwords.fits(kept, password) else None
    return accounts.settle_sign_in(context.session(), email=email, proven=proven, client=client, now=now)


def register(name: str, email: str, password: str) -> Person:
    """Create an account, or raise Invalid or TooManyRequests; the password is hashed before a transaction opens."""
    context.services().limiter.hit("sign_up", client_network())
    account = accounts.new_account(name=name, email=email, password=password)
    person = accounts.open_account(context.session(), account, now=context.now())
    secret = context.services().settings.secret_key
    account_changes.ask_to_verify(context.session(), person, secret=secret, now=context.now())
    return person


def person_from(form: FlaskForm) -> Person | None:
    """Return who a sign-in or sign-up form stands for; otherwise the form says what is wrong."""
    try:
        if not form.validate():
            return None
        if isinstance(form, SignUpForm):
            return register(form.name.data, form.email.data, form.password.data)
        person = prove(form.email.data, form.password.data)
    except Invalid as error:
        show(error, form)
        return None
    if person is None:
        form.form_errors.append(_WRONG)
    return person


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> AnyResponse | tuple[str, int]:
    """Sign in, and go on to where one wanted to go."""
    return _page("accounts/sign_in.html", SignInForm())


@blueprint.route("/sign-up", methods=["GET", "POST"])
def sign_up() -> AnyResponse | tuple[str, int]:
    """Make an account, and go on to where one wanted to go."""
    return _page("accounts/sign_up.html", SignUpForm())


@blueprint.post("/sign-out")
@login_required  # type: ignore[untyped-decorator]
def sign_out() -> AnyResponse:
    """End this browser's session, or, when asked, every session and token of the person."""
    person = signed_in_person()
    if person is not None and "everywhere" in request.form:
        accounts.end_sessions(context.session(), person, now=context.now())
    browsers.end(context.session(), session.get("browser", ""))
    logout_user()
    session.clear()
    return redirect(url_for(".sign_in"))


@blueprint.route("/set-password/<token>", methods=["GET", "POST"])
def set_password(token: str) -> AnyResponse | tuple[str, int]:
    """Set a password by a one-time link; opening the page doesn't use the link up, mail scanners open links too."""
    with context.services().db.reading() as reading:
        person = find_linked(reading, token, purpose=Purpose.SET_PASSWORD, now=context.now())
    if person is None:
        raise NotFound("This link was used before or has expired. Ask for a new one.")
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            person = accounts.use_link(context.session(), token, password=form.password.data, now=context.now())
        except Invalid as error:
            show(error, form)
        else:
            if person is None:
                raise NotFound("This link was used before or has expired. Ask for a new one.")
            return sign_in_or_ask(person, next_of(person))
    page = render_template("accounts/set_password.html", form=form, person=person)
    return page, 422 if form.errors else 200


@blueprint.route("/authorize", methods=["GET", "POST"])
def authorize() -> AnyResponse | str | tuple[str, int]:
    """Let a reader sign in for a publisher's page, and hand the page a code for it."""
    asked = _asked()
    form = SignUpForm() if request.args.get("prompt") == "create" else SignInForm()
    known = None
    if request.method == "POST" and "continue" in request.form:
        known = signed_in_person()
        if known is not None:
            return _hand_over(asked, known)
    elif request.method == "POST":
        person = person_from(form)
        if person is not None:
            if second_factors.has_factor(context.session(), person.id):
                return sign_in_or_ask(person, address(".authorize", switch="", prompt=""))
            sign_in_here(person)
            if find_leaving(context.session(), person.id) is None:
                return _hand_over(asked, person)
            # They are told first that their account is going to be deleted.
            return redirect(address(".authorize", switch="", prompt=""), 303)
    elif "switch" not in request.args:
        known = signed_in_person()
    leaves = find_leaving(context.session(), known.id) if known else None
    if known is not None and leaves is None and session.pop("arrived", None) == _here():
        # They have just signed in by the site's provider, from this very page.
        context.begin_writing()
        return _hand_over(asked, known)
    page = render_template("accounts/authorize.html", asked=asked, form=form, known=known, leaving=leaves)
    return page, 422 if form.errors else 200


@blueprint.context_processor
def _in_templates() -> dict[str, object]:
    return {"address": address}


@blueprint.after_request
def protect(response: Response) -> Response:
    """Keep a page of a person's own to them: no foreign frame, script or cache."""
    # No Cross-Origin-Opener-Policy here: it would cut the pop-up from the page that waits for it.
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


def _here() -> str:
    """Return this page's path and query, letter for letter."""
    return f"{request.path}?{request.query_string.decode('ascii', 'replace')}"


def _page(template: str, form: FlaskForm) -> AnyResponse | tuple[str, int]:
    if request.method == "POST":
        person = person_from(form)
        if person is not None:
            return sign_in_or_ask(person, next_of(person))
    return render_template(template, form=form), 422 if form.errors else 200


def next_of(person: Person) -> str:
    """Say where to go after signing in: a path of ours that was asked for, never another site."""
    wanted = own_path(request.args.get("next"))
    if find_leaving(context.session(), person.id) is not None:
        return url_for("privacy.show", next=wanted)
    if wanted:
        return wanted
    return "/console" if _managed(person) else url_for("accounts.account")


def _managed(person: Person) -> bool:
    return bool(managed_sites(context.session(), person.id, now=context.now()))


def _asked() -> _Asked:
    """Read what the publisher's page asks for, or raise before anything is shown to sign in with."""
    asked = request.args
    with context.services().db.reading() as reading:
        site = get_site(reading, asked.get("site"))
        origin = asked.get("origin", "")
        if not is_registered(reading, site, origin):
            raise OriginRefused(f"The page that opened this window isn't registered for {site.name}.")
    if asked.get("code_challenge_method", "S256") != "S256" or not _CHALLENGE.fullmatch(
        asked.get("code_challenge", "")
    ):
        raise Invalid("A code challenge (S256) is needed here.", field="code_challenge")
    if not _STATE.fullmatch(asked.get("state", "")):
        raise Invalid("A state of 8 to 200 printable characters is needed here.", field="state")
    return_to = None
    if asked.get("mode") == "redirect":
        return_to = asked.get("return_to", "").partition("#")[0]
        if _origin_of(return_to) != origin:
            raise OriginRefused("The address to go back to isn't on the page's own origin.")
    return _Asked(site.key, site.name, origin, asked["state"], asked["code_challenge"], return_to)


def _hand_over(asked: _Asked, person: Person) -> str | tuple[str, int]:
    transaction, now = context.session(), context.now()
    site = get_site(transaction, asked.site)
    bans = [s for s in list_sanctions(transaction, person.id, site.id, now=now) if s.kind == SanctionKind.BAN]
    if bans:
        return render_template("accounts/banned.html", asked=asked, ban=bans[0], until=day_of(bans[0].until)), 403
    code = issue_code(transaction, person, site, origin=asked.origin, challenge=asked.challenge, now=now)
    return render_template("accounts/handed_over.html", asked=asked, code=code)


def _origin_of(url: str) -> str | None:
    """Return a web address's origin as browsers write it, or None for what two readers could read differently."""
    if not _PLAIN.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.netloc or "@" in parts.netloc:
        return None
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(_DEFAULT_PORTS[parts.scheme])}"


def day_of(time: int | None) -> str | None:
    """Write a time's day, UTC."""
    return datetime.fromtimestamp(time / 1_000_000, UTC).strftime("%-d %B %Y") if time else None


def _load(session_id: str) -> SignedIn | None:
    found = find_browser(context.session(), session.get("browser", ""), now=context.now())
    if found is None or session_id != SignedIn(found[0]).get_id() or not reach.reaches(found[0]):
        return None
    if context.now() - found[1].seen_at >= browsers.SEEN_EVERY_US:
        g.seen_browser = found[1].id
    return SignedIn(*found)


def _touch(response: Response) -> Response:
    """Note that the browser was seen, now that the request's own transaction is over."""
    seen = g.pop("seen_browser", None)
    if seen is not None and "session" not in g:
        with context.services().db.writing() as transaction:
            browsers.touch(transaction, seen, now=context.now())
    return response


def _refuse_foreign_forms() -> None:
    if request.method in _SAFE or request.endpoint is None or request.path.startswith(_NO_FORMS):
        return
    sent_from, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    foreign = (
        sent_from not in {"same-origin", "none"} if sent_from else origin and urlsplit(origin).netloc != request.host
    )
    if foreign:
        raise Forbidden("This form was sent from another site's page.")
    csrf.protect()


def _expired(_error: CSRFError) -> Response:
    return errors.response(Forbidden("This form has expired. Go back, reload the page and try again."))


def _client() -> str | None:
    settings = context.services().settings
    if settings.rate_limits == "off":
        return None
    return hmac.new(derived_key(settings.secret_key, "client"), client_network().encode(), hashlib.sha256).hexdigest()
