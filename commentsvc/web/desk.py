"""Which site is a manager working on, and what does every page of the console share: who may see it, its frame?"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, cast

from flask import Blueprint, Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from commentsvc.errors import Forbidden, NotFound, NotSignedIn
from commentsvc.permissions import may_administer, may_moderate
from commentsvc.queries import backlog, breakers, people, shortcuts, sites
from commentsvc.store.models import Membership, Site
from commentsvc.web import context, scenes
from commentsvc.web.accounts import is_strong, signed_in_person

P = ParamSpec("P")

TABS = (
    ("console.show_queue", "Queue"),
    ("console.show_decided", "Decided"),
    ("bulk.show_bulk", "Bulk"),
    ("people_desk.show_people", "People"),
    ("console.show_articles", "Articles"),
    ("policy_desk.show_policy", "Policy"),
    ("insights.show_insights", "Insights"),
    ("law_desk.show", "Law"),
)
"""The pages that the console's head leads to: (endpoint, title)."""

ADMIN_TABS = (("site_desk.show_settings", "Settings"),)
"""Those that only administrators are led to."""

_GO = {"Policy": "o"}
"""Letters after the go key where a title's first one is taken."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Desk:
    """Which site a manager is working on, and what they are there."""

    site: Site
    membership: Membership


def desk_blueprint(name: str, import_name: str) -> Blueprint:
    """Make a blueprint of pages below /console, each answer protected as all of them are."""
    blueprint = Blueprint(name, import_name, url_prefix="/console")
    blueprint.after_request(_protect)
    return blueprint


def managing(view: Callable[P, ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Let a view run only for managers of the site in its address, as their role is at this request.

    Of a site that isn't theirs they learn nothing, not even that it exists.
    """

    @wraps(view)
    def checked(site_key: str, *args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        person = signed_in_person()
        if person is None:
            return to_sign_in()
        session = context.session()
        found = sites.find_desk(session, site_key, person.id, now=context.now())
        if found is None or not may_moderate(found[1]):
            raise NotFound("There is no such site among those that you manage.")
        if found[0].asks_second_factor and not is_strong():
            return _to_second_step()
        g.desk = Desk(*found)
        return view(*args, **kwargs)

    return checked


def administering(view: Callable[P, ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Let a view run only for administrators of the site in its address, as their role is at this request."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not may_administer(desk().membership):
            raise Forbidden("Only administrators of the site may see and change its settings.")
        return view(*args, **kwargs)

    return managing(checked)


def desk() -> Desk:
    """Return the desk that the request is about; inside a view that is `managing`."""
    return cast(Desk, g.desk)


def frame() -> dict[str, Any]:
    """Read what every page of the console shows around its own content."""
    session = context.session()
    here = desk()
    tabs = (*TABS, *(ADMIN_TABS if may_administer(here.membership) else ()))
    return {
        **scenes.WORDS,
        "tabs": tabs,
        "go": {title: _GO.get(title, title[0].lower()) for _, title in tabs},
        "keys": shortcuts.keys_of(session, here.membership.person_id),
        "site": here.site,
        "me": here.membership.name,
        "has_other_sites": len(people.managed_sites(session, here.membership.person_id, now=context.now())) > 1,
        "waiting": backlog.read(session, here.site.id),
        "tripped": breakers.list_open_trips(session, here.site.id),
        "now": context.now(),
    }


def is_script() -> bool:
    """Say whether the console's own script asks, for a part of a page."""
    return "X-Part" in request.headers


def to_sign_in() -> ResponseReturnValue:
    """Send somebody who isn't signed in to the page for that, and back afterwards."""
    if is_script():
        raise NotSignedIn("Your session has ended; sign in again.")
    back = request.full_path.rstrip("?") if request.method == "GET" else url_for("console.show_sites")
    return redirect(url_for("accounts.sign_in", next=back), 303)


def _to_second_step() -> ResponseReturnValue:
    if is_script():
        raise NotSignedIn("This site asks for a second factor; reload the page.")
    back = request.full_path.rstrip("?") if request.method == "GET" else url_for("console.show_sites")
    return redirect(url_for("second_step.strengthen", next=back), 303)


def _protect(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    response.vary.add("X-Part")
    return response
