"""Who is at the desk, who has which case, and how many wait: what the console's pages ask every few seconds?"""

from typing import Any

from flask import jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from commentsvc.actions import claiming
from commentsvc.enums import CaseState
from commentsvc.queries import backlog, presence, queue, views
from commentsvc.store.paging import parse_id
from commentsvc.web import cards, context, filters, lists
from commentsvc.web.desk import desk, desk_blueprint, managing
from commentsvc.web.times import time_text

blueprint = desk_blueprint("presence", __name__)

_CLAIM = 5


@blueprint.post("/<site_key>/live")
@managing
def report() -> ResponseReturnValue:
    """Note where a manager is, renew what they hold if they are active, and answer with what has changed."""
    claiming.look_at(
        context.session(),
        parse_id(request.form.get("case", "")),
        membership=desk().membership,
        active=request.form.get("active") == "1",
        now=context.now(),
    )
    return jsonify(_live())


@blueprint.post("/<site_key>/leave")
@managing
def leave() -> ResponseReturnValue:
    """Note that a manager's page was closed or hidden: what they hold is soon free."""
    claiming.leave(context.session(), membership=desk().membership, now=context.now())
    return "", 204


@blueprint.post("/<site_key>/claim")
@managing
def claim() -> ResponseReturnValue:
    """Lease the next cases of the list that is shown, and open the first of them."""
    count = request.form.get("n", "")
    wanted = filters.wanted(request.args, CaseState.OPEN, by=desk().membership.person_id)
    claimed = claiming.claim_cases(
        context.session(),
        count=int(count) if count.isascii() and count.isdigit() and len(count) < 4 else _CLAIM,
        membership=desk().membership,
        now=context.now(),
        wanted=wanted,
    )
    mine = {**_carried(), "holding": "mine"}
    return redirect(
        url_for("console.show_queue", site_key=desk().site.key, **mine, case=next(iter(claimed), None)), 303
    )


@blueprint.post("/<site_key>/release")
@managing
def release() -> ResponseReturnValue:
    """Let go of one case, or of all, and go on with the next."""
    case = parse_id(request.form.get("case", ""))
    claiming.release_cases(context.session(), [case] if case else None, membership=desk().membership)
    following = parse_id(request.args.get("next", ""))
    kept = _carried()
    if case is None and kept.get("holding") == "mine":
        del kept["holding"]
    if following is None or not queue.is_open(context.session(), desk().site.id, following):
        following = None
    return redirect(url_for("console.show_queue", site_key=desk().site.key, **kept, case=following), 303)


def _live() -> dict[str, Any]:
    session, now, by = context.session(), context.now(), desk().membership
    waiting = backlog.read(session, by.site_id)
    listed, _ = views.list_views(session, by)
    counts = lists.counts_of(session, by, listed, now=now)
    here = [who for who in presence.at_desk(session, by.site_id, now=now) if who.face.person_id != by.person_id]
    held = presence.leases(session, by.site_id, now=now)
    return {
        "open": waiting.count,
        "oldest_at": time_text(waiting.oldest_at),
        "backlog": cards.backlog(waiting, now),
        "views": {str(view): lists.count_words(count) for view, count in counts.items()},
        "here": [{"name": who.face.name, "case": str(who.case_id) if who.case_id else None} for who in here],
        "here_words": lists.here_words(here),
        "leases": {
            str(lease.case_id): {"by": lease.holder.name, "mine": lease.holder.person_id == by.person_id}
            for lease in held
        },
    }


def _carried() -> dict[str, Any]:
    return {**filters.kept(request.args), **({"view": request.args["view"]} if request.args.get("view") else {})}
