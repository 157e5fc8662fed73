"""Which keys does a manager want at the desk? A page of their own, the same on every site and in every browser."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from commentsvc.actions import shortcuts
from commentsvc.errors import Invalid
from commentsvc.queries.shortcuts import DEFAULTS, keys_of
from commentsvc.store.models import Person
from commentsvc.web import context
from commentsvc.web.desk import desk, desk_blueprint, frame, managing

blueprint = desk_blueprint("shortcuts", __name__)

ACTS = {
    "next": "Next case",
    "previous": "Previous case",
    "approve": "Approve",
    "reject": "Reject: then 1 to 9 for the guideline, Enter to send",
    "escalate": "Escalate to an administrator",
    "note": "Note for colleagues",
    "answer": "Answer as the newsroom",
    "context": "Show more of what is around the comment",
    "repeat": "Do to this case what was done last",
    "undo": "Undo the last decision",
    "select": "Select this case, or not",
    "select_next": "Select this case and the next",
    "select_previous": "Select this case and the one before",
    "go": "Go to a page: then the first letter of its name",
    "help": "List of keys",
}
"""What each key does, in words."""


@blueprint.get("/<site_key>/keys")
@managing
def show_keys() -> ResponseReturnValue:
    """Show every key, in fields that can be changed."""
    return _page(keys_of(context.session(), desk().membership.person_id), is_kept="kept" in request.args)


@blueprint.post("/<site_key>/keys")
@managing
def keep_keys() -> ResponseReturnValue:
    """Keep the keys that were typed, or go back to those that everyone has."""
    session = context.session()
    typed = {act: request.form.get(act, key) for act, key in DEFAULTS.items()}
    try:
        person = session.get_one(Person, desk().membership.person_id)
        shortcuts.remap(session, by=person, keys=DEFAULTS if "reset" in request.form else typed)
    except Invalid as problem:
        return _page(typed, problem=problem), 422
    return redirect(url_for(".show_keys", site_key=desk().site.key, kept=1), 303)


def _page(values: dict[str, str], *, problem: Invalid | None = None, is_kept: bool = False) -> str:
    return render_template(
        "console/keys.html", acts=ACTS, values=values, defaults=DEFAULTS, problem=problem, is_kept=is_kept, **frame()
    )
