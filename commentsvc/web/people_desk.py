"""What do managers see and do about people: the list, one person's page, sanctions, notes, clearings?"""

from enum import StrEnum
from typing import Any, TypeVar

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from commentsvc.actions import clearing, sanctions
from commentsvc.enums import AccessKind, Guideline, PeopleSort, SanctionKind, Status
from commentsvc.errors import Conflict, Invalid, NotFound
from commentsvc.permissions import may_administer, may_sanction
from commentsvc.queries import dossier, networks, roster, sites
from commentsvc.store.paging import parse_id
from commentsvc.web import cards, context, looking
from commentsvc.web.desk import desk, desk_blueprint, frame, is_script, managing
from commentsvc.web.forms import LiftForm, PersonNoteForm, SanctionForm, TermsForm, show
from commentsvc.web.terms import LASTS, end_of

Word = TypeVar("Word", bound=StrEnum)

blueprint = desk_blueprint("people_desk", __name__)

_PAGE = 30
_DAY_US = 24 * 3600 * 1_000_000
_KINDS = {
    SanctionKind.WARN: ("Warn", "They must confirm that they have read it before they can post again."),
    SanctionKind.PREMODERATE: ("Premoderate", "Each of their comments waits for a manager."),
    SanctionKind.SUSPEND: ("Suspend", "They can read, but not post, vote or report until the end."),
    SanctionKind.BAN: ("Ban", "They can read, but no longer take part."),
}
_STATES = {
    SanctionKind.WARN: "Warned",
    SanctionKind.PREMODERATE: "Premoderated",
    SanctionKind.SUSPEND: "Suspended",
    SanctionKind.BAN: "Banned",
}
_CLEAR = {"1": "the last day", "7": "the last week", "all": "everything"}
_SORTS = {
    PeopleSort.NEWEST: "Newest first",
    PeopleSort.REJECTED: "Most rejected",
    PeopleSort.REPORTS: "Most reports dismissed",
}


@blueprint.get("/<site_key>/people")
@managing
def show_people() -> ResponseReturnValue:
    """List the site's people."""
    q = request.args.get("q", "").strip()[:60]
    if q:
        looking.saw(desk().membership, AccessKind.SEARCH)
    sort = _one_of(PeopleSort, "sort") or PeopleSort.NEWEST
    shown = request.args.get("show", "")
    shown = shown if shown in roster.SHOWN else "everyone"
    page = roster.page(
        context.session(), desk().site.id, q=q, sort=sort, shown=shown, cursor=request.args.get("after"), limit=_PAGE,
        now=context.now(),
    )  # fmt: skip
    return render_template(
        "console/people/list.html",
        page=page,
        q=q,
        sort=sort,
        sorts=_SORTS,
        shown=shown,
        states=_STATES,
        is_admin=may_administer(desk().membership),
        **frame(),
    )


@blueprint.get("/<site_key>/people/<person_id>")
@managing
def show_person(person_id: str) -> ResponseReturnValue:
    """Show one person in full; for the page's script only how far their clearing is."""
    if is_script():
        found = dossier.find_clearing(context.session(), desk().site.id, _person(person_id))
        return render_template("console/people/_clearing.html", clearing=found, person_id=person_id, **frame())
    return _page(person_id)


@blueprint.post("/<site_key>/people/<person_id>/sanctions")
@managing
def sanction(person_id: str) -> ResponseReturnValue:
    """Restrict a person, and have what they posted rejected if that was asked for."""
    form, session, now, who = SanctionForm(), context.session(), context.now(), _person(person_id)
    if not form.validate():
        return _page(person_id, sanction_form=form), 422
    try:
        with context.session().begin_nested():
            guideline = _clearing_asked(form)
            kind = SanctionKind(form.kind.data)
            warns = kind == SanctionKind.WARN
            made = sanctions.sanction(
                session, who, kind=kind, reason=form.reason.data, membership=desk().membership, now=now,
                until=None if warns else _end(form, now=now),
            )  # fmt: skip
            if guideline is not None:
                days = form.clear.data
                clearing.begin(
                    session, who, guideline=guideline, message=form.reason.data, sanction=made, now=now,
                    since=0 if days == "all" else now - int(days) * _DAY_US, membership=desk().membership,
                )  # fmt: skip
    except (Invalid, Conflict) as problem:
        return _refused(person_id, problem, form, "sanction_form")
    return _back(person_id, done="sanction")


@blueprint.post("/<site_key>/people/<person_id>/sanctions/<sanction_id>/change")
@managing
def change(person_id: str, sanction_id: str) -> ResponseReturnValue:
    """Give a sanction another end and reason."""
    form, now = TermsForm(), context.now()
    if not form.validate():
        return _page(person_id, terms_form=form, changing=sanction_id), 422
    try:
        with context.session().begin_nested():
            sanctions.change(
                context.session(), _sanction(sanction_id), person_id=_person(person_id), reason=form.reason.data,
                until=_end(form, now=now), membership=desk().membership, now=now,
            )  # fmt: skip
    except (Invalid, Conflict) as problem:
        return _refused(person_id, problem, form, "terms_form", changing=sanction_id)
    return _back(person_id, done="change")


@blueprint.post("/<site_key>/people/<person_id>/sanctions/<sanction_id>/lift")
@managing
def lift(person_id: str, sanction_id: str) -> ResponseReturnValue:
    """End a sanction now."""
    form = LiftForm()
    if not form.validate():
        return _page(person_id, lift_form=form, changing=sanction_id), 422
    try:
        with context.session().begin_nested():
            sanctions.lift(
                context.session(), _sanction(sanction_id), person_id=_person(person_id), reason=form.reason.data,
                membership=desk().membership, now=context.now(),
            )  # fmt: skip
    except (Invalid, Conflict) as problem:
        return _refused(person_id, problem, form, "lift_form", changing=sanction_id)
    return _back(person_id, done="lift")


@blueprint.post("/<site_key>/people/<person_id>/notes")
@managing
def add_note(person_id: str) -> ResponseReturnValue:
    """Keep a note for the site's managers."""
    form = PersonNoteForm()
    if not form.validate():
        return _page(person_id, note_form=form), 422
    try:
        with context.session().begin_nested():
            sanctions.add_note(
                context.session(),
                _person(person_id),
                body=form.note.data,
                membership=desk().membership,
                now=context.now(),
            )
    except Invalid as problem:
        return _refused(person_id, problem, form, "note_form")
    return _back(person_id, done="note")


@blueprint.post("/<site_key>/people/<person_id>/clearings/<clearing_id>/undo")
@managing
def undo_clearing(person_id: str, clearing_id: str) -> ResponseReturnValue:
    """Take the rejection of all that a person posted back."""
    wanted = parse_id(clearing_id)
    if wanted is None:
        raise NotFound("There is no such clearing on this site.")
    clearing.undo(
        context.session(), wanted, person_id=_person(person_id), membership=desk().membership, now=context.now()
    )
    return _back(person_id, done="undo")


def _page(person_id: str, **forms: Any) -> str:
    """Render a person's page, with whichever form was refused."""
    session, here, now = context.session(), desk(), context.now()
    found = dossier.get_dossier(session, here.site.id, parse_id(person_id), now=now)
    wanted = dossier.Wanted(
        status=_one_of(Status, "status"),
        guideline=_one_of(Guideline, "guideline"),
        q=request.args.get("q", "").strip()[:200],
    )
    looking.saw(here.membership, AccessKind.PERSON, found.membership.person_id)
    page = dossier.page(
        session, here.site.id, found.membership.person_id, wanted, cursor=request.args.get("after"), limit=_PAGE
    )
    return render_template(
        "console/people/person.html",
        **{
            **frame(), "dossier": found, "page": page, "wanted": wanted, "person_id": person_id, "kinds": _KINDS,
            "shared_with": networks.shared_with(session, here.site.id, found.membership.person_id),
            "states": _STATES, "lasts": LASTS, "clears": _CLEAR, "guideline_titles": _titles(),
            "clearing": found.clearing, "done": request.args.get("done"),
            "may_sanction": may_sanction(here.membership, found.membership), **forms,
        },
    )  # fmt: skip


def _refused(
    person_id: str, problem: Invalid | Conflict, form: FlaskForm, name: str, **more: Any
) -> ResponseReturnValue:
    """Show the page again, with what was wrong beside its field; the savepoint has undone what was begun."""
    show(Invalid(problem.message, field=problem.field), form)
    return _page(person_id, **{name: form}, **more), 409 if isinstance(problem, Conflict) else 422


def _clearing_asked(form: SanctionForm) -> Guideline | None:
    """Return the guideline under which to reject what the person posted, or None when nobody asks for that."""
    if not form.clear.data:
        return None
    if form.clear.data not in _CLEAR:
        raise Invalid("There is no such choice.", field="clear")
    if not form.guideline.data:
        raise Invalid("Say which guideline what they posted breaks.", field="guideline")
    return Guideline(form.guideline.data)


def _end(form: SanctionForm | TermsForm, *, now: int) -> int | None:
    return end_of(form.lasts.data or "", form.until.data or "", now=now)


def _titles() -> dict[Guideline, str]:
    words = sites.guideline_words(sites.guidelines_of(context.session(), desk().site))
    return {one: words.get(one, {}).get("title", cards.GUIDELINES[one]) for one in Guideline}


def _person(person_id: str) -> int:
    found = parse_id(person_id)
    if found is None or sites.find_membership(context.session(), found, desk().site.id) is None:
        raise NotFound("There is no such person on this site.")
    return found


def _sanction(sanction_id: str) -> int:
    found = parse_id(sanction_id)
    if found is None:
        raise NotFound("There is no such sanction on this site.")
    return found


def _back(person_id: str, *, done: str) -> ResponseReturnValue:
    return redirect(url_for("people_desk.show_person", site_key=desk().site.key, person_id=person_id, done=done), 303)


def _one_of(words: type[Word], name: str) -> Word | None:
    return next((word for word in words if word.value == request.args.get(name)), None)
