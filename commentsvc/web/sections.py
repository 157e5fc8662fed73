"""What do managers set for whole sections, for the circuit breakers of all articles, and for the site's clocks?"""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from commentsvc.actions import changing
from commentsvc.actions.drafts import policy_of
from commentsvc.errors import Invalid
from commentsvc.moderation.opening import local_time, zones
from commentsvc.moderation.terms import Section
from commentsvc.queries import articles
from commentsvc.store.models import Person
from commentsvc.web import context, rule_words
from commentsvc.web.desk import desk, desk_blueprint, frame, managing
from commentsvc.web.forms import show
from commentsvc.web.rule_forms import BreakerForm, SectionForm, ZoneForm

blueprint = desk_blueprint("sections", __name__)


@blueprint.get("/<site_key>/sections")
@managing
def show_sections() -> ResponseReturnValue:
    """Show every section with its rules; the one in the address with its form."""
    return _page()


@blueprint.post("/<site_key>/sections")
@managing
def save_section() -> ResponseReturnValue:
    """Set a section's rules."""
    form = _section_form()
    if not form.validate():
        return _page(section_form=form), 422
    try:
        changing.change_section(
            context.session(), desk().site, form.section.data, form.rules(), by=_me(), now=context.now()
        )
    except Invalid as error:
        show(error, form)
        return _page(section_form=form), 422
    return _back()


@blueprint.post("/<site_key>/sections/breaker")
@managing
def save_breaker() -> ResponseReturnValue:
    """Set when circuit breakers trip, or switch them off."""
    form = BreakerForm()
    # What is switched off needs no sense in its figures.
    if form.on.data and not form.validate():
        return _page(breaker_form=form), 422
    changing.change_breaker(context.session(), desk().site, form.breaker(), by=_me(), now=context.now())
    return _back()


@blueprint.post("/<site_key>/sections/time-zone")
@managing
def save_time_zone() -> ResponseReturnValue:
    """Set whose clocks hours go by."""
    form = ZoneForm()
    try:
        if form.validate():
            changing.change_time_zone(
                context.session(), desk().site, form.time_zone.data.strip(), by=_me(), now=context.now()
            )
            return _back()
    except Invalid as error:
        show(error, form)
    return _page(zone_form=form), 422


def _me() -> Person:
    return context.session().get_one(Person, desk().membership.person_id)


def _section_form() -> SectionForm:
    form = SectionForm()
    policy = policy_of(desk().site)
    name = form.section.data or request.args.get("section", "")[:100]
    own = policy.sections.get(name, Section())
    form.offer(
        mode=f"As the site says: {rule_words.MODES[policy.mode].partition(':')[0].lower()}",
        slow_mode="As the site says: off",
        hours="As the site says: around the clock",
        own=own.slow_mode,
    )
    if request.method == "GET":
        form.section.data = name
        form.show(own.mode, own.slow_mode, own.hours)
    return form


def _page(
    *,
    section_form: SectionForm | None = None,
    breaker_form: BreakerForm | None = None,
    zone_form: ZoneForm | None = None,
) -> str:
    session, site = context.session(), desk().site
    policy = policy_of(site)
    if section_form is None and request.method == "GET" and "section" in request.args:
        section_form = _section_form()
    if breaker_form is None:
        breaker_form = BreakerForm(formdata=None)
        breaker_form.show(policy.breaker)
    if zone_form is None:
        zone_form = ZoneForm(formdata=None)
        zone_form.time_zone.data = site.time_zone
    return render_template(
        "console/articles/sections.html", policy=policy, rows=_rows(policy.sections), section_form=section_form,
        breaker_form=breaker_form, zone_form=zone_form, zones=zones(), words=rule_words,
        clock=f"{local_time(context.now(), site.time_zone):%H:%M}",
        changes=articles.list_changes(session, site.id), said=request.args.get("done") == "saved", **frame(),
    )  # fmt: skip


def _rows(told: Any) -> list[tuple[str, int, Section]]:
    """List the sections that articles name and those that the policy speaks of."""
    counts = articles.count_by_section(context.session(), desk().site.id)
    return [(name, counts.get(name, 0), told.get(name, Section())) for name in sorted({*counts, *told})]


def _back() -> ResponseReturnValue:
    return redirect(url_for("sections.show_sections", site_key=desk().site.key, done="saved"), 303)
