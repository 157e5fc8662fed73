"""How does a manager keep a view of the queue in their browser: save, rename, share, delete, open with it?"""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from commentsvc.actions import views
from commentsvc.errors import NotFound
from commentsvc.queries.views import find_default
from commentsvc.store.models import SavedView
from commentsvc.store.paging import parse_id
from commentsvc.web import context, filters, lists
from commentsvc.web.desk import desk, desk_blueprint, managing

blueprint = desk_blueprint("saved_views", __name__)


@blueprint.post("/<site_key>/views")
@managing
def save() -> ResponseReturnValue:
    """Keep the filters of the address under a name."""
    view = views.save_view(
        context.session(),
        membership=desk().membership,
        name=request.form.get("name", ""),
        filters=filters.kept(request.args),
        shared=bool(request.form.get("shared")),
        now=context.now(),
    )
    return _to(view)


@blueprint.post("/<site_key>/views/<view_id>")
@managing
def change(view_id: str) -> ResponseReturnValue:
    """Rename a view, share it or take it back."""
    view = views.change_view(
        context.session(),
        _id(view_id),
        membership=desk().membership,
        name=request.form.get("name", ""),
        shared=bool(request.form.get("shared")),
    )
    return _to(view)


@blueprint.post("/<site_key>/views/<view_id>/delete")
@managing
def delete(view_id: str) -> ResponseReturnValue:
    """Delete a view."""
    views.delete_view(context.session(), _id(view_id), membership=desk().membership)
    return redirect(url_for("console.show_queue", site_key=desk().site.key, view="all"), 303)


@blueprint.post("/<site_key>/views/<view_id>/default")
@managing
def choose(view_id: str) -> ResponseReturnValue:
    """Let the queue open with a view from now on, or with all cases again."""
    session, by = context.session(), desk().membership
    default = find_default(session, by)
    is_taken_back = default is not None and str(default.id) == view_id
    views.choose_default(session, None if is_taken_back else _id(view_id), membership=by)
    view = session.get_one(SavedView, _id(view_id))
    return _to(view)


def opening() -> Response | None:
    """Lead a manager who asks for the bare queue to the view that it opens with."""
    view = find_default(context.session(), desk().membership) if not request.args else None
    return _to(view) if view else None


def _to(view: SavedView) -> Response:
    return redirect(lists.address(desk().site, view), 303)


def _id(text: str) -> int:
    found = parse_id(text)
    if found is None:
        raise NotFound("There is no such view.")
    return found
