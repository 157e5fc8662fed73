"""What may readers' widgets ask: config, threads, counts, and as someone signed in to post, vote, report, appeal?"""

from collections.abc import Sequence
from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify, request

from commentsvc.actions import appeals, networks, posting, reporting, sanctions, voting
from commentsvc.actions.newsrooms import is_origin
from commentsvc.actions.posting import ArticleRef
from commentsvc.actions.rules import next_turn, rules_of
from commentsvc.enums import Role, Scope, Status
from commentsvc.errors import Forbidden, Invalid, NotFound, OriginRefused
from commentsvc.queries import notices, readers, sites, threads
from commentsvc.store.models import Article, Comment, Person, Site
from commentsvc.store.paging import decode_cursor, parse_id
from commentsvc.web import answers, context, errors, rights, shapes, shelf, times
from commentsvc.web.cache import encode, public
from commentsvc.web.idempotency import idempotent
from commentsvc.web.security import caller, client_network, signed_in

blueprint = APIBlueprint("widget_api", __name__, url_prefix="/api/v1", tag="Readers")

_MOST_COUNTS = 100
_KEPT_US = 30_000_000


@blueprint.get("/config")
@blueprint.input(shapes.SiteQuery, location="query")
@blueprint.output(answers.ConfigOut)
@blueprint.doc(summary="What the widget needs first", responses=[404, 422])
def config(query_data: shapes.SiteQuery) -> Response:
    """Return a site's name, guidelines, sorts and limits."""
    session = context.public_session()
    site = sites.get_site(session, query_data.site)
    _note_page(site)
    sign_in = f"{context.services().settings.base_url}/auth/authorize"
    shape = shapes.config_json(site, sites.guidelines_of(session, site), sites.limits_of(site), sign_in=sign_in)
    return public(encode(shape))


@blueprint.get("/comments")
@blueprint.input(shapes.ThreadQuery, location="query")
@blueprint.output(answers.ThreadOut)
@blueprint.doc(summary="A page of an article's thread", responses=[404, 422])
def thread(query_data: shapes.ThreadQuery) -> Response:
    """Return top-level comments, each with its first replies, and the cursor behind the last."""
    session, q, now = context.public_session(), query_data, context.now()
    watched = shelf.watch(session, threads.stamp, q.site, q.article)
    site = sites.get_site(session, q.site)
    article = sites.find_article(session, site, q.article)
    rules = rules_of(site, article, now=now)
    if article is None:
        decode_cursor(q.after, sort=q.sort)
        return public(encode(shapes.thread_json(q.article, None, rules, None)), until=_seconds_to(rules.changes_at))
    page = threads.page(session, article, sort=q.sort, limit=q.limit, cursor=q.after)
    # Names and badges belong to people, not to the thread: nothing is given again after half a minute.
    ends = [now + _KEPT_US, threads.version_holds_until(article, now=now)]
    if rules.changes_at is not None:
        # From a minute before on, the seconds that others may cache it go down with the clock.
        ends.append(rules.changes_at - 2 * _KEPT_US)
    shelf.offer(watched, until=min(ends))
    return public(encode(shapes.thread_json(q.article, article, rules, page)), until=_seconds_to(rules.changes_at))


@blueprint.get("/comments/<comment_id>/replies")
@blueprint.input(shapes.PageQuery, location="query")
@blueprint.output(answers.PageOut)
@blueprint.doc(summary="The replies to a comment, oldest first", responses=[404, 422])
def replies(comment_id: str, query_data: shapes.PageQuery) -> Response:
    """Return direct replies; from depth 6 on, all of the branch, flat."""
    session = context.public_session()
    comment = threads.get_public(session, parse_id(comment_id))
    page = threads.replies(session, comment, limit=query_data.limit, cursor=query_data.after)
    return public(encode(shapes.page_json(page)))


@blueprint.get("/comments/<comment_id>")
@blueprint.output(answers.PermalinkOut)
@blueprint.doc(summary="One comment with its ancestors", responses=[404])
def permalink(comment_id: str) -> Response:
    """Return a published comment and its nearest ten ancestors."""
    return public(encode(shapes.permalink_json(threads.permalink(context.public_session(), parse_id(comment_id)))))


@blueprint.get("/comments/new")
@blueprint.input(shapes.NewQuery, location="query")
@blueprint.output(answers.CountOut)
@blueprint.doc(summary="How many comments were published since", responses=[404, 422])
def new(query_data: shapes.NewQuery) -> Response:
    """Return a count, for a notice that there is more to read."""
    session = context.public_session()
    site = sites.get_site(session, query_data.site)
    article = sites.find_article(session, site, query_data.article)
    since = times.parse_time(query_data.since)
    return public(encode({"count": threads.count_new(session, article, since=since) if article else 0}))


@blueprint.get("/counts")
@blueprint.input(shapes.CountsQuery, location="query")
@blueprint.output(answers.CountsOut)
@blueprint.doc(
    summary="Comment counts of up to 100 articles",
    responses=[404, 422],
)
def counts(query_data: shapes.CountsQuery) -> Response:
    """Return {"counts": {article: published comments}}."""
    keys = request.args.getlist("article")
    if not 1 <= len(keys) <= _MOST_COUNTS:
        raise Invalid(f"Name 1 to {_MOST_COUNTS} articles.", field="article")
    session = context.public_session()
    watched = shelf.watch(session, threads.count_rows, query_data.site, keys)
    sites.get_site(session, query_data.site)
    shelf.offer(watched, until=context.now() + _KEPT_US)
    return public(encode({"counts": threads.counts(session, query_data.site, keys)}))


@blueprint.post("/comments")
@signed_in(Scope.READER)
@idempotent
@blueprint.input(shapes.PostIn)
@blueprint.output(answers.OwnCommentOut, status_code=201)
@blueprint.doc(summary="Post a comment", responses=[401, 403, 404, 409, 422, 429], security="bearer")
def post(json_data: shapes.PostIn) -> Response:
    """Judge a text, then store it; 201 says whether readers see it, 409 `nudge` that nothing was stored."""
    services, by, now = context.services(), caller().person, context.now()
    services.limiter.hit("post", by.id)
    with_gap = services.settings.rate_limits == "on"
    with services.db.reading() as reading:
        site = sites.get_site(reading, json_data.site)
        _only_here(site.id)
        _refuse_foreign_page(reading, site)
        prepared = posting.prepare(
            reading, site_key=site.key, article=ArticleRef(**json_data.article.model_dump()),
            parent_id=_parent_id(json_data.parent), parent_revision=json_data.parent_revision, body=json_data.body,
            by=by, with_gap=with_gap, now=now,
        )  # fmt: skip
    with context.out_of_turn():
        judgement = services.judge.judge(prepared.draft, prepared.policy)
    session = context.session()
    if json_data.nudge and (nudged := posting.nudge(session, prepared, judgement, by=by, now=now)):
        return errors.response(nudged)
    comment = posting.post(session, prepared, judgement, by=by, with_gap=with_gap, now=now)
    networks.record(session, comment, client_network(), secret=services.settings.secret_key, now=now)
    return _own_answer(comment, json_data.article.key, judgement.verdict.breaches, 201)


@blueprint.patch("/comments/<comment_id>")
@signed_in(Scope.READER)
@idempotent
@blueprint.input(shapes.EditIn)
@blueprint.output(answers.OwnCommentOut)
@blueprint.doc(summary="Edit one's own comment", responses=[403, 404, 409, 422], security="bearer")
def edit(comment_id: str, json_data: shapes.EditIn) -> Response:
    """Store a new revision, judged from scratch."""
    services, by, now = context.services(), caller().person, context.now()
    services.limiter.hit("post", by.id)
    with services.db.reading() as reading:
        prepared = posting.prepare_edit(
            reading, comment_id=_of_this_site(comment_id, reading), body=json_data.body, by=by, now=now
        )
    with context.out_of_turn():
        judgement = services.judge.judge(prepared.draft, prepared.policy)
    comment = posting.edit(context.session(), prepared, judgement, by=by, now=now)
    article = context.session().get_one(Article, comment.article_id)
    return _own_answer(comment, article.key, judgement.verdict.breaches, 200)


@blueprint.delete("/comments/<comment_id>")
@signed_in(Scope.READER)
@idempotent
@blueprint.doc(
    summary="Withdraw one's own comment",
    responses={204: "Withdrawn", 401: "", 403: "Not yours", 404: ""},
    security="bearer",
)
def withdraw(comment_id: str) -> Response:
    """Withdraw a comment; where something is below it, a tombstone stays."""
    posting.withdraw(context.session(), comment_id=_of_this_site(comment_id), by=caller().person, now=context.now())
    return Response(status=204)


@blueprint.put("/comments/<comment_id>/vote")
@signed_in(Scope.READER)
@idempotent
@blueprint.input(shapes.VoteIn)
@blueprint.output(answers.VoteOut)
@blueprint.doc(summary="Vote on a comment", responses=[403, 404, 409, 422], security="bearer")
def vote(comment_id: str, json_data: shapes.VoteIn) -> Response:
    """Set one's vote to 1, 0 or -1."""
    by = caller().person
    context.services().limiter.hit("vote", by.id)
    comment = voting.vote(
        context.session(), comment_id=_of_this_site(comment_id), value=json_data.value, by=by, now=context.now()
    )
    return jsonify({"value": json_data.value, "votes": {"up": comment.up, "down": comment.down}})


@blueprint.post("/comments/<comment_id>/reports")
@signed_in(Scope.READER)
@idempotent
@blueprint.input(shapes.ReportIn)
@blueprint.output(answers.ReportOut, status_code=201)
@blueprint.doc(summary="Report a comment", responses=[401, 403, 404, 409, 422, 429], security="bearer")
def report(comment_id: str, json_data: shapes.ReportIn) -> Response:
    """Tell the managers about one revision of a comment."""
    by = caller().person
    context.services().limiter.hit("report", by.id)
    made = reporting.report(
        context.session(), comment_id=_of_this_site(comment_id), revision=json_data.revision,
        reason=json_data.reason, detail=json_data.detail, by=by, now=context.now(),
    )  # fmt: skip
    return _created({"id": str(made.id), "reason": made.reason, "revision": made.revision})


@blueprint.post("/comments/<comment_id>/appeal")
@signed_in(Scope.READER)
@idempotent
@blueprint.input(shapes.AppealIn)
@blueprint.output(answers.AppealOut, status_code=201)
@blueprint.doc(summary="Appeal against a decision", responses=[401, 403, 404, 409, 422, 429], security="bearer")
def appeal(comment_id: str, json_data: shapes.AppealIn) -> Response:
    """Ask the managers to look again; once per decision."""
    by = caller().person
    context.services().limiter.hit("report", by.id)
    made = appeals.appeal(
        context.session(), comment_id=_of_this_site(comment_id), message=json_data.message, by=by, now=context.now()
    )
    return _created({"id": str(made.id), "decision": str(made.decision_id)})


@blueprint.get("/me")
@signed_in(Scope.READER)
@blueprint.input(shapes.MeQuery, location="query")
@blueprint.output(answers.MeOut)
@blueprint.doc(summary="What only I may see", responses=[401, 404, 422], security="bearer")
def me(query_data: shapes.MeQuery) -> Response:
    """Return who I am here, my votes, and my comments with what was decided about them."""
    session, person = context.session(), caller().person
    site = sites.get_site(session, query_data.site)
    _only_here(site.id)
    article = sites.find_article(session, site, query_data.article) if query_data.article else None
    if query_data.article and article is None:
        votes: dict[int, int] = {}
        own: list[readers.Own] = []
    else:
        votes = readers.votes_of(session, person.id, article) if article else {}
        own = list(readers.own_comments(session, person.id, site.id, article, now=context.now()))
    name, role = _face(person, site.id)
    mine = _own_shapes(own, name, role)
    shape = shapes.me_json(
        person, name=name, role=role, votes=votes, mine=mine, unread=notices.count_unread(session, person.id, site.id),
        sanctions=rights.sanctions_json(person.id, site.id),
        wait=_wait(site, article),
    )  # fmt: skip
    return jsonify(shape)


@blueprint.get("/me/comments")
@signed_in(Scope.READER)
@blueprint.input(shapes.OwnQuery, location="query")
@blueprint.output(answers.OwnPageOut)
@blueprint.doc(summary="Everything I wrote here", responses=[401, 403, 404, 422], security="bearer")
def my_comments(query_data: shapes.OwnQuery) -> Response:
    """Return my comments on a site whatever their status, newest first, with what was decided about them."""
    session, person = context.session(), caller().person
    site = sites.get_site(session, query_data.site)
    _only_here(site.id)
    own, following = readers.page_of_own(
        session, person.id, site.id, limit=query_data.limit, cursor=query_data.after, now=context.now()
    )
    return jsonify({"comments": _own_shapes(own, *_face(person, site.id)), "next": following})


@blueprint.post("/me/acknowledge")
@signed_in(Scope.READER)
@idempotent
@blueprint.input(shapes.AcknowledgeIn)
@blueprint.output(answers.SanctionsOut)
@blueprint.doc(summary="Confirm having read a warning", responses=[401, 403, 404, 422], security="bearer")
def acknowledge(json_data: shapes.AcknowledgeIn) -> Response:
    """Keep that the caller has read a warning, and return what is still in force."""
    session, person, now = context.session(), caller().person, context.now()
    site = sites.get_site(session, json_data.site)
    _only_here(site.id)
    sanctions.acknowledge(session, parse_id(json_data.sanction) or 0, by=person, site_id=site.id, now=now)
    return jsonify({"sanctions": rights.sanctions_json(person.id, site.id)})


def _wait(site: Site, article: Article | None) -> int:
    """Return for how many whole seconds slow mode asks me to wait."""
    if article is None or context.services().settings.rate_limits == "off":
        return 0
    turn = next_turn(context.session(), site, article, caller().person, now=context.now())
    return 0 if turn is None else -((context.now() - turn) // 1_000_000)


def _seconds_to(change: int | None) -> int | None:
    return None if change is None else (change - context.now()) // 1_000_000


def _own_answer(comment: Comment, article_key: str, breaches: Any, status: int) -> Response:
    who = caller()
    name, role = (who.membership.name, who.membership.role) if who.membership else _face(who.person, comment.site_id)
    shape = shapes.own_comment_json(comment, name=name, role=role, article_key=article_key)
    if comment.status != Status.PUBLISHED:
        shape["reasons"] = [{"guideline": breach.guideline, "message": breach.message} for breach in breaches]
    answer = jsonify(shape)
    answer.status_code = status
    return answer


def _face(person: Person, site_id: int) -> tuple[str, str]:
    membership = sites.find_membership(context.session(), person.id, site_id)
    return (membership.name, membership.role) if membership else (person.name, Role.READER)


def _own_shapes(own: Sequence[readers.Own], name: str, role: str) -> list[dict[str, Any]]:
    keys = threads.article_keys(context.session(), {one.comment.article_id for one in own})
    return [
        shapes.own_json(
            one, name=name, role=role, article_key=keys[one.comment.article_id], statement=rights.statement_of(one)
        )
        for one in own
    ]


def _created(shape: dict[str, Any]) -> Response:
    answer = jsonify(shape)
    answer.status_code = 201
    return answer


def _parent_id(text: str | None) -> int | None:
    # An id that we can't have given out is a parent that isn't there; 0 is nobody's id.
    return None if text is None else parse_id(text) or 0


def _only_here(site_id: int) -> None:
    if caller().site_id != site_id:
        raise Forbidden("This sign-in is for another site.", field="site")


def _of_this_site(text: str, reading: Any = None) -> int:
    """Return the id of a comment on the caller's own site, or raise NotFound: another site's is not there."""
    comment_id = parse_id(text)
    session = reading or context.session()
    comment = session.get(Comment, comment_id) if comment_id else None
    if comment is None or comment.site_id != caller().site_id:
        raise NotFound("There is no such comment.")
    return int(comment.id)


def _note_page(site: Site) -> None:
    """Note where the widget was loaded, so that an admin can see that the site's tags work."""
    origin = request.headers.get("Origin")
    if origin is None and request.headers.get("Sec-Fetch-Site") == "same-origin":
        # A page of our own origin, as in a demo: browsers send no Origin with it.
        origin = request.host_url.rstrip("/")
    if origin is not None and is_origin(origin):
        context.services().seen.widget(site.key, origin, now=context.now())


def _refuse_foreign_page(session: Any, site: Site) -> None:
    origin = request.headers.get("Origin")
    if origin is not None and not sites.is_registered(session, site, origin):
        raise OriginRefused("This page's origin isn't registered for the site.")
