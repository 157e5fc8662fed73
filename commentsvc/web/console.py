"""What do managers see and do in their browser: the queue, what was decided, the articles?

Every page works by links and forms alone; the script asks the same addresses for parts of the same pages.
"""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from commentsvc.actions import reviewing
from commentsvc.actions.decisions import Item, Result
from commentsvc.actions.drafts import policy_of
from commentsvc.actions.rules import rules_of
from commentsvc.enums import Action, ArticleSort, CaseSort, CaseState, Guideline
from commentsvc.errors import Conflict, Invalid, NotFound
from commentsvc.queries import articles, people, queue, rescoring
from commentsvc.store.models import Decision, Site
from commentsvc.store.paging import parse_id
from commentsvc.web import context, filters, lists, saved_views, scenes
from commentsvc.web.accounts import signed_in_person
from commentsvc.web.desk import desk, desk_blueprint, frame, is_script, managing, to_sign_in
from commentsvc.web.forms import DecisionForm
from commentsvc.web.scenes import Bar

blueprint = desk_blueprint("console", __name__)

_PAGE = 30
_LISTS = {"console.show_queue", "console.show_decided"}
_CARRIED = (*filters.SAVED, "view", "after")


@blueprint.get("")
def show_sites() -> ResponseReturnValue:
    """Go to the one site that the person manages, or let them choose."""
    person = signed_in_person()
    if person is None:
        return to_sign_in()
    session = context.session()
    managed = people.managed_sites(session, person.id)
    if len(managed) == 1:
        return redirect(url_for("console.show_queue", site_key=session.get_one(Site, managed[0].site_id).key), 303)
    listed = [(session.get_one(Site, one.site_id), queue.summary(session, one.site_id)) for one in managed]
    return render_template("console/sites.html", sites=listed, me=person.name, now=context.now(), **scenes.WORDS)


@blueprint.get("/<site_key>")
@managing
def show_queue() -> ResponseReturnValue:
    """Show the open cases and one of them in full."""
    return saved_views.opening() or _show(CaseState.OPEN)


@blueprint.get("/<site_key>/decided")
@managing
def show_decided() -> ResponseReturnValue:
    """Show the closed cases and one of them in full."""
    return _show(CaseState.CLOSED)


@blueprint.get("/<site_key>/articles")
@managing
def show_articles() -> ResponseReturnValue:
    """Show the site's articles with their counts."""
    sort = filters.one_of(ArticleSort, request.args.get("sort")) or ArticleSort.NEWEST
    q = request.args.get("q", "").strip()[:200]
    page = articles.page(
        context.session(), desk().site.id, q=q, sort=sort, cursor=request.args.get("after"), limit=_PAGE
    )
    site, now = desk().site, context.now()
    base = policy_of(site)
    rules = {article.id: rules_of(site, article, now=now, base=base) for article in page.articles}
    return render_template("console/articles.html", page=page, rules=rules, q=q, sort=sort, **frame())


@blueprint.post("/<site_key>/decisions")
@managing
def decide() -> ResponseReturnValue:
    """Decide about one comment, and say what came of it."""
    form = DecisionForm()
    if not form.validate():
        field, problems = next(iter(form.errors.items()))
        raise Invalid(str(problems[0]), field=field)
    session = context.session()
    guideline = Guideline(form.guideline.data) if form.guideline.data else None
    rejects = form.action.data == Action.REJECT
    (result,) = reviewing.review(
        session,
        [Item(form.comment.data, form.revision.data, form.seen.data)],
        action=Action(form.action.data),
        membership=desk().membership,
        guideline=guideline if rejects else None,
        note=form.note.data or "",
        message=scenes.message_to_author(session, desk().site, guideline, form.message.data or "") if rejects else "",
        now=context.now(),
    )
    if result.decision is None:
        return _refused(result)
    bar = scenes.done_bar(session, result.decision)
    if is_script():
        return _bar(bar)
    return redirect(_home(decided=result.decision.id, case=_next_case()), 303)


@blueprint.post("/<site_key>/decisions/<decision_id>/undo")
@managing
def undo(decision_id: str) -> ResponseReturnValue:
    """Take one decision back; its case is in the queue again."""
    session = context.session()
    wanted = parse_id(decision_id)
    if wanted is None:
        raise NotFound("There is no such decision on this site.")
    try:
        undone = reviewing.take_back(session, wanted, membership=desk().membership, now=context.now())
    except Conflict as problem:
        # Nothing was written: undo() checks everything first. So it may be answered instead of raised.
        bar = Bar("conflict", problem.message)
        return _bar(bar, 409) if is_script() else _page(CaseState.OPEN, bar=bar, status=409)
    case = queue.find_open_case_id(session, undone.comment_id)
    if is_script():
        return _bar(scenes.undone_bar(session, undone, case_id=case))
    return redirect(_home(undone=undone.id, case=case), 303)


def _show(state: CaseState) -> ResponseReturnValue:
    if request.headers.get("X-Part") == "card":
        return render_template("console/_card.html", **_scene(state))
    return _page(state, bar=_bar_of_address())


def _page(state: CaseState, *, bar: Bar | None, status: int = 200) -> ResponseReturnValue:
    return render_template("console/queue.html", bar=bar, **_scene(state)), status


def _scene(state: CaseState) -> dict[str, Any]:
    """Collect everything that the page of cases shows."""
    session, now = context.session(), context.now()
    site, me = desk().site, desk().membership.person_id
    wanted = filters.wanted(request.args, state, by=me)
    page = queue.page(session, site.id, wanted, cursor=request.args.get("after"), limit=_PAGE, now=now)
    card = scenes.first_of(page.cards, by=me)
    if "case" in request.args:
        chosen = parse_id(request.args["case"])
        card = queue.find_card(session, site.id, chosen, now=now) if chosen else None
        if card is None:
            raise NotFound("There is no such case on this site.")
    return {
        **frame(),
        **scenes.card_scene(session, site, card, now=now),
        # The script that asks for a card has the list already.
        **({} if is_script() else lists.head(session, site, desk().membership, request.args, now=now)),
        "me_id": me,
        "page": page,
        "state": state,
        "wanted": wanted,
        "filters": [name for name in filters.FILTERS if request.args.get(name)],
        "sort": wanted.sort or (CaseSort.PRIORITY if state == CaseState.OPEN else CaseSort.NEWEST),
        "sorts": scenes.SORTS[state],
        "after": request.args.get("after"),
        "is_later": bool(request.args.get("after")),
        "chosen": "case" in request.args,
        "next_case": scenes.following(page.cards, card, by=me),
        "carried": _carried(),
        "link": _link,
        "rescoring": rescoring.find_open(session, site.id),
        "is_classifier_out": context.services().judge.is_out,
    }


def _refused(result: Result) -> ResponseReturnValue:
    session = context.session()
    case = queue.find_latest_case_id(session, result.comment_id)
    bar = scenes.conflict_bar(session, result, case_id=case, now=context.now())
    return _bar(bar, 409) if is_script() else _page(CaseState.OPEN, bar=bar, status=409)


def _bar(bar: Bar, status: int = 200) -> ResponseReturnValue:
    page = render_template("console/_bar.html", bar=bar, site=desk().site, carried=_carried(), link=_link)
    return page, status


def _bar_of_address() -> Bar | None:
    """Say again, after a redirect, what the form before it did."""
    session = context.session()
    for name in ("decided", "undone"):
        wanted = parse_id(request.args.get(name, ""))
        decision = session.get(Decision, wanted) if wanted else None
        if decision is None or decision.site_id != desk().site.id:
            continue
        if name == "decided":
            return scenes.done_bar(session, decision)
        return scenes.undone_bar(session, decision, case_id=queue.find_open_case_id(session, decision.comment_id))
    return None


def _carried() -> dict[str, str]:
    """Return the part of the address that forms and links keep: where in which list the manager is."""
    return {name: request.args[name] for name in _CARRIED if request.args.get(name)}


def _link(**more: Any) -> str:
    """Address the list that is shown, with its filters, from its start unless `after` says otherwise."""
    endpoint = request.endpoint if request.endpoint in _LISTS else "console.show_queue"
    kept: dict[str, Any] = {name: value for name, value in _carried().items() if name != "after"}
    return url_for(endpoint or "", **{**kept, **more, "site_key": desk().site.key})


def _home(**more: Any) -> str:
    return url_for("console.show_queue", **{**_carried(), **more, "site_key": desk().site.key})


def _next_case() -> int | None:
    """Return the case to show after a decision, if it still waits."""
    wanted = parse_id(request.args.get("next", ""))
    return wanted if wanted and queue.is_open(context.session(), desk().site.id, wanted) else None
