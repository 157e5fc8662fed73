"""What do administrators see and set of their site: its name, where it is embedded, what was changed; another site?"""

from typing import Any
from urllib.parse import urlsplit

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from commentsvc.actions import changing, newsrooms
from commentsvc.enums import Role
from commentsvc.errors import Conflict, Forbidden, Invalid
from commentsvc.moderation.opening import local_time, zones
from commentsvc.queries import people, sightings, staff
from commentsvc.store.models import Person, Site
from commentsvc.web import context, rule_words, site_words
from commentsvc.web.accounts import signed_in_person
from commentsvc.web.confirming import confirmed
from commentsvc.web.desk import administering, desk, desk_blueprint, frame, to_sign_in
from commentsvc.web.forms import show
from commentsvc.web.site_forms import DetailsForm, OriginForm, SiteForm

blueprint = desk_blueprint("site_desk", __name__)

PARTS = (
    ("site_desk.show_settings", "Site"),
    ("site_desk.show_embed", "Embedding"),
    ("staff_desk.show_staff", "Staff"),
    ("token_desk.show_tokens", "API tokens"),
    ("accounts_desk.show", "Accounts"),
    ("signin_desk.show", "Sign-in"),
    ("law_desk.show", "Law"),
    ("privacy_desk.show", "Privacy"),
    ("alerts_desk.show_alerts", "Alerts"),
)
"""The pages of a site's settings: (endpoint, title)."""

_TAB = "site_desk.show_settings"
_DONE = {
    "saved": "Saved.",
    "same": "Nothing was changed.",
    "added": "The origin is registered. Its pages can embed the comments now.",
    "removed": "The origin is gone. From now on nobody can sign in or post on its pages.",
    "created": "The site is ready, and you administer it. Two tags bring it onto your pages.",
    "welcome": "Everything is set up, and you are signed in. Two tags bring the comments onto your pages.",
}


@blueprint.app_template_global("site_parts")
def site_parts() -> list[tuple[str, str]]:
    """List the pages of a site's settings that this installation has."""
    return [(endpoint, title) for endpoint, title in PARTS if endpoint in current_app.view_functions]


def settings_page(template: str, **scene: Any) -> str:
    """Render a page of a site's settings."""
    now = context.now()
    return render_template(
        template, current_tab=_TAB, moment=rule_words.moment, since=lambda then: site_words.since(then, now), **scene,
        **frame(),
    )  # fmt: skip


@blueprint.get("/<site_key>/settings")
@administering
def show_settings() -> ResponseReturnValue:
    """Show what the site is called, and what was changed about it."""
    site = desk().site
    form = DetailsForm(formdata=None, data={"name": site.name, "locale": site.locale, "time_zone": site.time_zone})
    return _settings(form)


@blueprint.post("/<site_key>/settings")
@administering
def save_settings() -> ResponseReturnValue:
    """Set what the site is called, its language and its time zone."""
    session, here, now, form = context.session(), desk(), context.now(), DetailsForm()
    if not form.validate():
        return _settings(form), 422
    try:
        with session.begin_nested():
            me = session.get_one(Person, here.membership.person_id)
            changed = newsrooms.change_details(
                session, here.site, name=form.name.data, locale=form.locale.data, by=here.membership, now=now
            )
            changed |= changing.change_time_zone(session, here.site, form.time_zone.data.strip(), by=me, now=now)
    except Invalid as problem:
        show(problem, form)
        return _settings(form), 422
    return _back("show_settings", "saved" if changed else "same")


@blueprint.get("/<site_key>/settings/embedding")
@administering
def show_embed() -> ResponseReturnValue:
    """Show the tags, the origins, and whether the tags work."""
    return _embed(OriginForm(formdata=None, data={"origin": request.args.get("origin", "")[:300]}))


@blueprint.post("/<site_key>/settings/origins")
@administering
@confirmed
def add_origin() -> ResponseReturnValue:
    """Register an origin."""
    form = OriginForm()
    if not form.validate():
        return _embed(form), 422
    try:
        with context.session().begin_nested():
            newsrooms.register_origin(
                context.session(), desk().site, form.origin.data, by=desk().membership, now=context.now()
            )
    except Invalid as problem:
        show(problem, form)
        return _embed(form), 422
    return _back("show_embed", "added")


@blueprint.post("/<site_key>/settings/origins/remove")
@administering
@confirmed
def remove_origin() -> ResponseReturnValue:
    """Take an origin away."""
    try:
        newsrooms.remove_origin(
            context.session(), desk().site, request.form.get("origin", ""), by=desk().membership, now=context.now()
        )
    except Conflict as problem:
        # Nothing was written: everything is checked first. So it may be answered instead of raised.
        return _embed(OriginForm(formdata=None), problem=problem.message), 409
    return _back("show_embed", "removed")


@blueprint.get("/sites/new")
def show_new_site() -> ResponseReturnValue:
    """Ask what another site is to be."""
    if signed_in_person() is None:
        return to_sign_in()
    return _asking_for_site()


@blueprint.post("/sites/new")
def add_site() -> ResponseReturnValue:
    """Create another site, and go to its tags."""
    if signed_in_person() is None:
        return to_sign_in()
    return _adding_site()


@confirmed
def _asking_for_site() -> ResponseReturnValue:
    _refuse_others()
    return _new_site(SiteForm(formdata=None))


@confirmed
def _adding_site() -> ResponseReturnValue:
    me, form = _refuse_others(), SiteForm()
    if not form.validate():
        return _new_site(form), 422
    try:
        with context.session().begin_nested():
            site = newsrooms.found(
                context.session(), form.key.data.strip(), name=form.name.data, origins=form.origins.data.split(),
                by=me, now=context.now(),
            )  # fmt: skip
    except (Invalid, Conflict) as problem:
        show(beside_origins(problem), form)
        return _new_site(form), 422
    return redirect(url_for("site_desk.show_embed", site_key=site.key, done="created"), 303)


def beside_origins(problem: Invalid | Conflict) -> Invalid:
    """Return what is wrong with one of several origins as the problem of their field."""
    field = "origins" if problem.field == "origin" else problem.field
    return Invalid(problem.message, field=field)


def tags_of(site: Site) -> dict[str, str]:
    """Write the tags that a publisher pastes."""
    base = context.services().settings.base_url
    return {
        "script": f'<script type="module" src="{base}/embed.js"></script>',
        "place": f'<article-comments site="{site.key}" article="STORY-ID"></article-comments>',
        "count": f'<span data-comment-count="STORY-ID" data-site="{site.key}"></span>',
    }


def _refuse_others() -> Person:
    person = signed_in_person()
    managed = people.managed_sites(context.session(), person.id, now=context.now()) if person else ()
    if person is None or not any(one.role == Role.ADMIN for one in managed):
        raise Forbidden("Only administrators of a site may add another one.")
    return person


def _new_site(form: SiteForm) -> str:
    person = signed_in_person()
    return render_template("console/settings/new_site.html", form=form, me=person.name if person else "")


def _settings(form: DetailsForm) -> str:
    session, site, now = context.session(), desk().site, context.now()
    return settings_page(
        "console/settings/settings.html", form=form, zones=zones(), clock=f"{local_time(now, site.time_zone):%H:%M}",
        changes=[(one, site_words.change_words(one)) for one in staff.list_changes(session, site.id)],
        done=_DONE.get(request.args.get("done", "")),
    )  # fmt: skip


def _embed(form: OriginForm, *, problem: str = "") -> str:
    session, site, now = context.session(), desk().site, context.now()
    base = urlsplit(context.services().settings.base_url)
    return settings_page(
        "console/settings/embed.html", form=form, tags=tags_of(site), problem=problem,
        check=sightings.check_tags(session, site.id, now=now), done=_DONE.get(request.args.get("done", "")),
        service=f"{base.scheme}://{base.netloc}", first=request.args.get("done") in {"welcome", "created"},
        needs_https=base.scheme == "http" and base.hostname not in site_words.LOCAL,
    )  # fmt: skip


def _back(view: str, done: str) -> ResponseReturnValue:
    return redirect(url_for(f"site_desk.{view}", site_key=desk().site.key, done=done), 303)
