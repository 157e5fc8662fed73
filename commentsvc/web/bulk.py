"""How does a manager decide about many comments at once: see what would happen, confirm it, watch it, take it back?"""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from commentsvc.actions import bulks
from commentsvc.enums import Action, BulkKind, BulkScope, BulkState, Guideline
from commentsvc.errors import Conflict, DomainError, Invalid, NotFound
from commentsvc.queries import bulks as queries
from commentsvc.queries import people
from commentsvc.store.models import Bulk, Comment
from commentsvc.store.paging import parse_id
from commentsvc.web import bulk_words, context, scenes
from commentsvc.web.bulk_asked import Asked, asked_of
from commentsvc.web.desk import desk, desk_blueprint, frame, is_script, managing

blueprint = desk_blueprint("bulk", __name__)

_RUNS = 20
_LEFT = 50


@blueprint.get("/<site_key>/bulk")
@managing
def show_bulk() -> ResponseReturnValue:
    """Show what was decided about many at once, and the form that begins with a score band."""
    return _page_of_runs()


@blueprint.route("/<site_key>/bulk/preview", methods=["GET", "POST"])
@managing
def preview() -> ResponseReturnValue:
    """Show the comments that were asked for (GET), or fix them and lead to what would happen (POST)."""
    session, here = context.session(), desk()
    try:
        asked = asked_of(session, here.site.id)
    except Invalid as problem:
        return _page_of_runs(problem=problem, status=422)
    if request.method == "GET":
        return _page_of_asked(asked)
    guideline = next((one for one in Guideline if one == request.form.get("guideline")), None)
    message = request.form.get("message", "")
    try:
        bulk = bulks.prepare(
            session, asked.kind, asked.selection, chosen=asked.chosen, membership=here.membership, now=context.now(),
            action=next((one for one in bulks.ACTIONS if one == request.form.get("action")), Action.UNDO),
            guideline=guideline, note=request.form.get("note", ""),
            message=scenes.message_to_author(session, here.site, guideline, message),
        )  # fmt: skip
    except Invalid as problem:
        # Nothing was written yet: prepare() checks everything first. So it may be answered instead of raised.
        return _page_of_asked(asked, problem=problem, status=422)
    return redirect(_address(bulk), 303)


@blueprint.get("/<site_key>/bulk/<bulk_id>")
@managing
def show(bulk_id: str) -> ResponseReturnValue:
    """Show one bulk decision: what it would do, how far it is, or what came of it."""
    bulk = _find(bulk_id)
    if is_script():
        return render_template("console/bulk/_progress.html", bulk=bulk, words=bulk_words)
    return _page_of(bulk)


@blueprint.post("/<site_key>/bulk/<bulk_id>/start")
@managing
def start(bulk_id: str) -> ResponseReturnValue:
    """Carry out what was shown."""
    bulk = bulks.start(context.session(), _id(bulk_id), membership=desk().membership, now=context.now())
    return redirect(_address(bulk), 303)


@blueprint.post("/<site_key>/bulk/<bulk_id>/undo")
@managing
def undo(bulk_id: str) -> ResponseReturnValue:
    """Take all of it back."""
    try:
        bulk = bulks.take_back(context.session(), _id(bulk_id), membership=desk().membership, now=context.now())
    except Conflict as problem:
        # Nothing was written: a prepared one has nothing to take back.
        return _page_of(_find(bulk_id), problem=problem, status=409)
    return redirect(_address(bulk), 303)


def _page_of_runs(*, problem: DomainError | None = None, status: int = 200) -> ResponseReturnValue:
    session, site = context.session(), desk().site
    runs = queries.recent(session, site.id, before=parse_id(request.args.get("after", "")), limit=_RUNS)
    shown, more = runs[:_RUNS], len(runs) > _RUNS
    faces = people.faces(session, site.id, {run.person_id for run in shown} | bulk_words.authors_of(shown))
    page = render_template(
        "console/bulk/runs.html", runs=shown, next=shown[-1].id if more else None, faces=faces, words=bulk_words,
        problem=problem, asked=request.args, is_later="after" in request.args, **frame(),
    )  # fmt: skip
    return page, status


def _page_of_asked(asked: Asked, *, problem: DomainError | None = None, status: int = 200) -> ResponseReturnValue:
    """Show which comments these are, and ask what to do with them."""
    session, site = context.session(), desk().site
    chosen = _ids(asked)
    page = render_template(
        "console/bulk/asked.html", asked=asked, words=bulk_words, problem=problem, typed=request.form,
        outlook=queries.outlook(session, site.id, chosen, score=asked.selection.get("score")),
        scopes=BulkScope, **_scene(),
    )  # fmt: skip
    return page, status


def _page_of(bulk: Bulk, *, problem: DomainError | None = None, status: int = 200) -> ResponseReturnValue:
    session, site = context.session(), desk().site
    outlook = None
    if bulk.state == BulkState.PREPARED:
        outlook = queries.outlook(session, site.id, queries.items_of(bulk.id), score=bulk.selection.get("score"))
    after = parse_id(request.args.get("after", "")) or 0
    left = queries.left(session, bulk, after=after, limit=_LEFT + 1)
    wanted = {bulk.person_id, bulk.undone_by_id or bulk.person_id} | bulk_words.authors_of([bulk])
    page = render_template(
        "console/bulk/show.html", bulk=bulk, outlook=outlook, words=bulk_words, problem=problem,
        left=[one for _, one in left[:_LEFT]], next=left[_LEFT - 1][0] if len(left) > _LEFT else None,
        faces=people.faces(session, site.id, wanted), is_mine=bulk.person_id == desk().membership.person_id,
        inline=bulks.INLINE, **_scene(),
    )  # fmt: skip
    return page, status


def _scene() -> dict[str, Any]:
    """Collect what the pages share, the site's guidelines in their own words among it."""
    return {**frame(), **scenes.card_scene(context.session(), desk().site, None, now=context.now())}


def _ids(asked: Asked) -> Any:
    site_id = desk().site.id
    if asked.kind == BulkKind.SELECTION:
        wanted = [item.comment_id for item in asked.chosen]
        return select(Comment.id).where(Comment.id.in_(wanted), Comment.site_id == site_id)
    return queries.matching(site_id, asked.kind, asked.selection)


def _find(text: str) -> Bulk:
    bulk = queries.find(context.session(), desk().site.id, _id(text))
    if bulk is None:
        raise NotFound("There is no such bulk decision on this site.")
    return bulk


def _id(text: str) -> int:
    found = parse_id(text)
    if found is None:
        raise NotFound("There is no such bulk decision on this site.")
    return found


def _address(bulk: Bulk) -> str:
    return url_for("bulk.show", site_key=desk().site.key, bulk_id=bulk.id)
