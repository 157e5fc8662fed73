"""What do managers see and do in their browser: the queue, what was decided, the articles?

Every page works by links and forms alone; the script asks the same addresses for parts of the same pages.
"""

from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from commentsvc.actions import answering, noting, reviewing
from commentsvc.actions.decisions import Item, Result
from commentsvc.actions.drafts import policy_of
from commentsvc.actions.rules import rules_of
from commentsvc.enums import Action, ArticleSort, CaseSort, CaseState, Guideline, Role
from commentsvc.errors import (
    ArticleClosed,
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    ParentNotPublic,
    Sanctioned,
    TooManyRequests,
)
from commentsvc.queries import articles, backlog, people, queue, rescoring, shortcuts, sites
from commentsvc.store.models import Comment, CommentNote, Decision, Membership, Site
from commentsvc.store.paging import parse_id
from commentsvc.web import context, errors, filters, lists, looking, saved_views, scenes
from commentsvc.web.accounts import signed_in_person
from commentsvc.web.desk import Desk, desk, desk_blueprint, frame, is_script, managing, to_sign_in
from commentsvc.web.forms import AnswerForm, DecisionForm, NoteForm
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
    managed = people.managed_sites(session, person.id, now=context.now())
    if len(managed) == 1:
        return redirect(url_for("console.show_queue", site_key=session.get_one(Site, managed[0].site_id).key), 303)
    listed = [(session.get_one(Site, one.site_id), backlog.read(session, one.site_id)) for one in managed]
    may_add = any(one.role == Role.ADMIN for one in managed)
    return render_template(
        "console/sites.html", sites=listed, me=person.name, may_add=may_add, now=context.now(), **scenes.WORDS
    )


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
    _check(form)
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


@blueprint.post("/<site_key>/notes")
@managing
def add_note() -> ResponseReturnValue:
    """Keep a note beside a comment."""
    form = NoteForm()
    session = context.session()
    try:
        _check(form)
        kept = noting.note(
            session, comment_id=form.comment.data, body=form.note.data, membership=desk().membership, now=context.now()
        )
    except Invalid as problem:
        return _sorry(problem)
    if is_script():
        return _bar(scenes.noted_bar())
    return redirect(_home(noted=kept.id, case=queue.find_latest_case_id(session, kept.comment_id)), 303)


@blueprint.post("/<site_key>/answers")
@managing
def answer() -> ResponseReturnValue:
    """Publish a manager's answer below a comment; the model thinks between two transactions."""
    services, membership, now = context.services(), desk().membership, context.now()
    form = AnswerForm()
    try:
        _check(form)
        services.limiter.hit("post", membership.person_id)
        item = Item(form.comment.data, form.revision.data, form.seen.data)
        prepared = answering.prepare(
            context.session(), item=item, body=form.body.data, approve=form.approve.data, membership=membership, now=now
        )
        # The lock of this request's first transaction is let go while the model thinks.
        context.finish(commit=True)
        judgement = services.judge.judge(prepared.draft, prepared.policy)
        session = context.session()
        done = answering.answer(
            session, prepared, judgement, item=item, approve=form.approve.data,
            membership=_membership_now(membership.person_id, membership.site_id), now=now,
        )  # fmt: skip
    except (Conflict, Invalid, ParentNotPublic, ArticleClosed, Sanctioned, TooManyRequests) as problem:
        return _sorry(problem)
    if done.reply is None:
        return _refused(done.approval) if done.approval else _sorry(Conflict("Nothing changed."))
    approved = done.approval.decision if done.approval else None
    if is_script():
        return _bar(scenes.answered_bar(session, done.reply, approved))
    case = _next_case() if approved else queue.find_latest_case_id(session, item.comment_id)
    return redirect(_home(answered=done.reply.id, approved=approved.id if approved else None, case=case), 303)


def _show(state: CaseState) -> ResponseReturnValue:
    if request.headers.get("X-Part") == "card":
        scene = _card_alone(state) if "case" in request.args else _scene(state)
        return render_template("console/_card.html", **scene)
    return _page(state, bar=_bar_of_address())


def _page(state: CaseState, *, bar: Bar | None, status: int = 200, case: int | None = None) -> ResponseReturnValue:
    return render_template("console/queue.html", bar=bar, **_scene(state, case=case)), status


def _card_alone(state: CaseState) -> dict[str, Any]:
    """Collect what one card shows, and nothing of the list that it stands in."""
    session, now, here = context.session(), context.now(), desk()
    chosen = parse_id(request.args["case"])
    card = queue.find_card(session, here.site.id, chosen, now=now) if chosen else None
    if card is None:
        raise NotFound("There is no such case on this site.")
    return {
        **scenes.WORDS,
        **scenes.card_scene(session, here.site, card, now=now),
        "site": here.site,
        "me_id": here.membership.person_id,
        "now": now,
        "state": state,
        "keys": shortcuts.keys_of(session, here.membership.person_id),
        "after": request.args.get("after"),
        "next_case": None,
        "carried": _carried(),
        "link": _link,
    }


def _scene(state: CaseState, *, case: int | None = None) -> dict[str, Any]:
    """Collect everything that the page of cases shows; without a `case` in the address, that one or the first."""
    session, now = context.session(), context.now()
    site, me = desk().site, desk().membership.person_id
    wanted = filters.wanted(request.args, state, by=me)
    page = queue.page(session, site.id, wanted, cursor=request.args.get("after"), limit=_PAGE, now=now)
    card = scenes.first_of(page.cards, by=me)
    if case or "case" in request.args:
        chosen = case or parse_id(request.args["case"])
        card = queue.find_card(session, site.id, chosen, now=now) if chosen else None
        if card is None:
            raise NotFound("There is no such case on this site.")
    looking.saw_cards(desk().membership, [card])
    around = frame()
    waiting = around["waiting"].count
    return {
        **around,
        **scenes.card_scene(session, site, card, now=now),
        # The script that asks for a card has the list already.
        **({} if is_script() else lists.head(session, site, desk().membership, request.args, waiting=waiting, now=now)),
        "me_id": me,
        "page": page,
        "state": state,
        "wanted": wanted,
        "filters": [name for name in filters.FILTERS if request.args.get(name)],
        "sort": wanted.sort or (CaseSort.PRIORITY if state == CaseState.OPEN else CaseSort.NEWEST),
        "sorts": scenes.SORTS[state],
        "after": request.args.get("after"),
        "is_later": bool(request.args.get("after")),
        "chosen": case is not None or "case" in request.args,
        "next_case": scenes.following(page.cards, card, by=me),
        "typed": request.form.get("body", ""),
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


def _sorry(problem: DomainError) -> ResponseReturnValue:
    """Say in the bar why nothing was written, with what was typed still there where no script has kept it."""
    site_id, person_id = desk().site.id, desk().membership.person_id
    # What a refused write had done is undone here: the answer is returned, and would be committed.
    context.finish(commit=False)
    session = context.session()
    g.desk = Desk(session.get_one(Site, site_id), _membership_now(person_id, site_id))
    bar, status = Bar("conflict", f"Nothing changed. {problem.message}"), errors.STATUS[type(problem)]
    if is_script():
        return _bar(bar, status)
    about = parse_id(request.form.get("comment", ""))
    case = queue.find_latest_case_id(session, about) if about else None
    return _page(CaseState.OPEN, bar=bar, status=status, case=case)


def _membership_now(person_id: int, site_id: int) -> Membership:
    """Read a manager's role again: it may have ended while the model thought."""
    found = sites.find_membership(context.session(), person_id, site_id)
    if found is None:
        raise Forbidden("Only managers of the site may do this.")
    return found


def _check(form: Any) -> None:
    if not form.validate():
        field, problems = next(iter(form.errors.items()))
        raise Invalid(str(problems[0]), field=field)


def _bar(bar: Bar, status: int = 200) -> ResponseReturnValue:
    keys = shortcuts.keys_of(context.session(), desk().membership.person_id)
    page = render_template("console/_bar.html", bar=bar, site=desk().site, carried=_carried(), link=_link, keys=keys)
    return page, status


def _bar_of_address() -> Bar | None:
    """Say again, after a redirect, what the form before it did."""
    session = context.session()
    site_id = desk().site.id
    note = session.get(CommentNote, parse_id(request.args.get("noted", "")) or 0)
    if note is not None and note.site_id == site_id:
        return scenes.noted_bar()
    reply = session.get(Comment, parse_id(request.args.get("answered", "")) or 0)
    if reply is not None and reply.site_id == site_id and reply.parent_id:
        approval = session.get(Decision, parse_id(request.args.get("approved", "")) or 0)
        return scenes.answered_bar(session, reply, approval if approval and approval.site_id == site_id else None)
    for name in ("decided", "undone"):
        wanted = parse_id(request.args.get(name, ""))
        decision = session.get(Decision, wanted) if wanted else None
        if decision is None or decision.site_id != site_id:
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
