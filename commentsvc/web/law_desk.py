"""What do managers see and do of what the law asks: appeals, notices, misuse, a year's figures, the site's duties?"""

import csv
import io
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from apiflask import APIBlueprint
from flask import Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from commentsvc.actions import appeals, duties
from commentsvc.enums import AppealOutcome, MeasureKind
from commentsvc.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from commentsvc.permissions import may_administer
from commentsvc.queries import appeals as appeal_queries
from commentsvc.queries import legal_notices, misuse, people, sites, transparency
from commentsvc.store.models import Site
from commentsvc.store.paging import parse_id
from commentsvc.web import context, errors, forms, law_answers, law_shapes, law_words, shelf
from commentsvc.web.cache import encode, public
from commentsvc.web.desk import Desk, desk, desk_blueprint, frame, managing
from commentsvc.web.forms import DutiesForm, MeasureForm, OutcomeForm

blueprint = desk_blueprint("law_desk", __name__)
api = APIBlueprint("transparency_api", __name__, url_prefix="/api/v1", tag="Transparency")

_PAGE = 25
_FRESH_US = 60_000_000
_FIRST_YEAR = 2020
_DONE = {
    "decided": "Decided. They are told.",
    "measure": "Done. They are told by mail.",
    "lifted": "Ended.",
    "saved": "Saved.",
}


@blueprint.get("/<site_key>/law")
@managing
def show() -> ResponseReturnValue:
    """List the appeals that wait, or all."""
    return _appeals_page(OutcomeForm(formdata=None))


@blueprint.post("/<site_key>/law/appeals/<appeal_id>")
@managing
def answer(appeal_id: str) -> ResponseReturnValue:
    """Answer an appeal against a sanction; those against decisions are answered in the queue."""
    form, id_ = OutcomeForm(), parse_id(appeal_id) or 0
    if not form.validate():
        return _appeals_page(form, about=id_), 422
    try:
        appeals.decide_about_sanction(
            context.session(), id_, outcome=AppealOutcome(form.outcome.data), answer=form.answer.data,
            membership=desk().membership, now=context.now(),
        )  # fmt: skip
    except (Invalid, Conflict, Forbidden) as problem:
        return _refused(problem, form, lambda: _appeals_page(form, about=id_))
    return _back("show", "decided")


@blueprint.get("/<site_key>/law/notices")
@managing
def show_notices() -> ResponseReturnValue:
    """List the notices of illegal content, a line for each comment."""
    session, is_open = context.session(), request.args.get("show") != "all"
    page = legal_notices.page(session, desk().site.id, is_open=is_open, cursor=request.args.get("after"), limit=_PAGE)
    found = law_shapes.case_ids(session, [item.comment.id for item in page.items])
    return _render("notices", page=page, is_open=is_open, cases=found, grounds=law_words.GROUNDS)


@blueprint.get("/<site_key>/law/misuse")
@managing
def show_misuse() -> ResponseReturnValue:
    """List who often posts what is illegal, and who often gives notices without ground."""
    return _misuse_page(MeasureForm(formdata=None))


@blueprint.post("/<site_key>/law/misuse")
@managing
def take_measure() -> ResponseReturnValue:
    """Warn a notifier, or suspend handling what they send."""
    form = MeasureForm()
    if not form.validate():
        return _misuse_page(form), 422
    try:
        duties.take_measure(
            context.session(), form.email.data, kind=MeasureKind(form.kind.data), reason=form.reason.data,
            days=form.days.data or 0, membership=desk().membership, now=context.now(),
        )  # fmt: skip
    except (Invalid, Conflict, NotFound) as problem:
        return _refused(problem, form, lambda: _misuse_page(form))
    return _back("show_misuse", "measure")


@blueprint.post("/<site_key>/law/misuse/<measure_id>/lift")
@managing
def lift_measure(measure_id: str) -> ResponseReturnValue:
    """End a warning or a suspension."""
    duties.lift_measure(context.session(), parse_id(measure_id) or 0, membership=desk().membership, now=context.now())
    return _back("show_misuse", "lifted")


@blueprint.get("/<site_key>/law/figures")
@managing
def show_figures() -> ResponseReturnValue:
    """Show a year's figures."""
    year, last = _year(request.args.get("year"), desk().site), _this_year(desk().site)
    tables = transparency.figures(context.session(), desk().site, year)
    first = datetime.fromtimestamp(desk().site.created_at // 1_000_000, UTC).year
    return _render("figures", year=year, years=range(last, min(first, last) - 1, -1)[:10], tables=tables)


@blueprint.get("/<site_key>/law/figures.csv")
@managing
def export() -> ResponseReturnValue:
    """Hand out a year's figures as CSV."""
    year = _year(request.args.get("year"), desk().site)
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow(("table", "row", "figure", "number"))
    for table in transparency.figures(context.session(), desk().site, year):
        for row in table.rows:
            pairs = zip(table.columns[1:], row[1:], strict=True)
            writer.writerows((table.name, row[0], name, number) for name, number in pairs)
    written = Response(made.getvalue(), mimetype="text/csv")
    written.headers["Content-Disposition"] = f'attachment; filename="{desk().site.key}-transparency-{year}.csv"'
    return written


@blueprint.get("/<site_key>/law/settings")
@managing
def show_settings() -> ResponseReturnValue:
    """Show which duties the site has taken on."""
    kept = appeal_queries.settings_of(context.session(), desk().site.id)
    names = ("complaints", "misuse", "transparency", "misuse_from", "out_of_court")
    return _settings_page(DutiesForm(formdata=None, data={name: getattr(kept, name) for name in names}))


@blueprint.post("/<site_key>/law/settings")
@managing
def save_settings() -> ResponseReturnValue:
    """Keep which duties the site has taken on."""
    form = DutiesForm()
    if not may_administer(desk().membership):
        raise Forbidden("Only administrators of the site may change its duties.")
    if not form.validate():
        return _settings_page(form), 422
    try:
        duties.save_settings(
            context.session(), membership=desk().membership, complaints=form.complaints.data,
            misuse=form.misuse.data, transparency=form.transparency.data, misuse_from=form.misuse_from.data,
            out_of_court=form.out_of_court.data or "", now=context.now(),
        )  # fmt: skip
    except Invalid as problem:
        return _refused(problem, form, lambda: _settings_page(form))
    return _back("show_settings", "saved")


@api.get("/transparency")
@api.input(law_shapes.YearQuery, location="query")
@api.output(law_answers.TransparencyOut)
@api.doc(summary="A year's transparency figures", responses=[404, 422])
def read_figures(query_data: law_shapes.YearQuery) -> Response:
    """Return what a site decided in a year, where the site lets everyone read it; at most a minute old."""
    session = context.session()
    site = sites.get_site(session, query_data.site)
    if not appeal_queries.settings_of(session, site.id).transparency:
        raise NotFound("This site publishes no figures.")
    year = _year(str(query_data.year), site)
    shelf.offer(None, until=context.now() + _FRESH_US)
    return public(encode(law_shapes.figures_json(site, year, transparency.figures(session, site, year))))


def _appeals_page(form: OutcomeForm, *, about: int | None = None) -> str:
    session, is_open, here = context.session(), request.args.get("show") != "all", desk()
    page = appeal_queries.page(session, here.site.id, is_open=is_open, cursor=request.args.get("after"), limit=_PAGE)
    lines = law_shapes.appeal_lines(session, page.appeals)
    ids = {line.person_id for line in lines if line.person_id} | {line.first_id for line in lines if line.first_id}
    return _render(
        "appeals", page=page, lines=lines, faces=people.faces(session, here.site.id, ids), is_open=is_open,
        form=form, about=about, me_id=here.membership.person_id,
    )  # fmt: skip


def _misuse_page(form: MeasureForm) -> str:
    session, site_id, now = context.session(), desk().site.id, context.now()
    kept = appeal_queries.settings_of(session, site_id)
    return _render(
        "misuse", kept=kept, form=form,
        posters=misuse.posters(session, site_id, least=kept.misuse_from, now=now) if kept.misuse else (),
        notifiers=misuse.notifiers(session, site_id, least=kept.misuse_from, now=now) if kept.misuse else (),
    )  # fmt: skip


def _settings_page(form: DutiesForm) -> str:
    return _render("settings", form=form)


def _render(part: str, **scene: Any) -> str:
    return render_template(
        f"console/law/{part}.html", part=part, current_tab="law_desk.show",
        done=_DONE.get(request.args.get("done", "")), is_admin=may_administer(desk().membership),
        **{**frame(), **scene},
    )  # fmt: skip


def _refused(problem: DomainError, form: Any, page: Any) -> ResponseReturnValue:
    """Say beside the form why nothing changed; what was begun is undone."""
    site_id, person_id = desk().site.id, desk().membership.person_id
    context.finish(commit=False)
    session = context.session()
    membership = sites.find_membership(session, person_id, site_id)
    if membership is None:
        raise Forbidden("Only managers of the site may do this.")
    g.desk = Desk(session.get_one(Site, site_id), membership)
    forms.show(problem, form)
    return page(), errors.STATUS[type(problem)]


def _back(endpoint: str, done: str) -> ResponseReturnValue:
    return redirect(url_for(f"law_desk.{endpoint}", site_key=desk().site.key, done=done), 303)


def _this_year(site: Site) -> int:
    return datetime.fromtimestamp(context.now() // 1_000_000, ZoneInfo(site.time_zone)).year


def _year(given: str | None, site: Site) -> int:
    last = _this_year(site)
    return int(given) if given and given.isdecimal() and len(given) == 4 and _FIRST_YEAR <= int(given) <= last else last
