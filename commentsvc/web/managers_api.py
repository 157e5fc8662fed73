"""What may a manager's script read and decide, with a personal token?"""

from apiflask import APIBlueprint
from flask import Response, jsonify

from commentsvc.actions import bulks, claiming, clearing, reviewing, sanctions
from commentsvc.actions.decisions import Item, new_batch
from commentsvc.enums import AccessKind, Action, Guideline, SanctionKind, Scope
from commentsvc.errors import Forbidden, NotFound
from commentsvc.permissions import may_moderate
from commentsvc.queries import articles, dossier, history, queue
from commentsvc.queries import bulks as bulk_queries
from commentsvc.queries.bulks import BatchProgress
from commentsvc.queries.sites import find_membership, get_site
from commentsvc.store.models import Comment, Membership
from commentsvc.store.paging import parse_id
from commentsvc.web import case_answers, context, looking, people_shapes
from commentsvc.web.case_shapes import (
    ArticlesQuery,
    CasesQuery,
    ClaimIn,
    DecisionsIn,
    article_json,
    batch_json,
    case_json,
    entry_json,
    results_json,
    undone_json,
)
from commentsvc.web.idempotency import idempotent
from commentsvc.web.security import caller, signed_in
from commentsvc.web.times import parse_time

blueprint = APIBlueprint("managers_api", __name__, url_prefix="/api/v1/moderation", tag="Managers")


@blueprint.get("/cases")
@signed_in(Scope.MODERATE)
@blueprint.input(CasesQuery, location="query")
@blueprint.output(case_answers.CasesOut)
@blueprint.doc(summary="A page of cases", responses=[401, 403, 404, 422], security="bearer")
def list_cases(query_data: CasesQuery) -> Response:
    """List open or closed cases."""
    site_id = _site_of(query_data.site)
    page = queue.page(
        context.session(),
        site_id,
        query_data.wanted(),
        cursor=query_data.after,
        limit=query_data.limit,
        now=context.now(),
    )
    looking.saw_cards(caller().membership, page.cards)
    return jsonify({"cases": [case_json(card, now=context.now()) for card in page.cards], "next": page.next})


@blueprint.post("/cases/claim")
@signed_in(Scope.MODERATE)
@idempotent
@blueprint.input(ClaimIn)
@blueprint.output(case_answers.ClaimedOut)
@blueprint.doc(summary="Claim the most urgent cases", responses=[401, 403, 404, 409, 422], security="bearer")
def claim(json_data: ClaimIn) -> Response:
    """Lease the most urgent cases that nobody holds."""
    session, now = context.session(), context.now()
    site_id = _site_of(json_data.site)
    claimed = claiming.claim_cases(session, count=json_data.n, membership=_membership(), now=now)
    cards = queue.list_cards(session, site_id, claimed, now=now)
    looking.saw_cards(caller().membership, cards)
    return jsonify({"cases": [case_json(card, now=now) for card in cards]})


@blueprint.post("/decisions")
@signed_in(Scope.MODERATE)
@idempotent
@blueprint.input(DecisionsIn)
@blueprint.output(case_answers.DecisionsOut)
@blueprint.doc(summary="Decide about comments", responses=[401, 403, 404, 409, 422], security="bearer")
def decide(json_data: DecisionsIn) -> Response:
    """Decide about comments; each is done, or a conflict that changed nothing."""
    batch = new_batch()
    results = reviewing.review(
        context.session(),
        [Item(_id(item.id, "comment"), item.revision, item.seen) for item in json_data.comments],
        action=Action(json_data.action),
        membership=_membership(),
        guideline=Guideline(json_data.guideline) if json_data.guideline else None,
        note=json_data.note,
        message=json_data.message,
        batch=batch,
        now=context.now(),
    )
    return jsonify(results_json(batch, results))


@blueprint.post("/decisions/<decision_id>/undo")
@signed_in(Scope.MODERATE)
@idempotent
@blueprint.output(case_answers.DecisionsOut)
@blueprint.doc(summary="Take a decision back", responses=[401, 403, 404, 409, 422], security="bearer")
def undo(decision_id: str) -> Response:
    """Take one decision back."""
    session = context.session()
    decision = reviewing.take_back(session, _id(decision_id, "decision"), membership=_membership(), now=context.now())
    return jsonify(undone_json(decision, version=queue.find_version(session, decision.comment_id)))


@blueprint.get("/decisions/batches/<batch>")
@signed_in(Scope.MODERATE)
@blueprint.output(case_answers.BatchOut)
@blueprint.doc(summary="How far a batch of decisions is", responses=[401, 403, 404], security="bearer")
def show_batch(batch: str) -> Response:
    """Say how many of the decisions made together are made, and how many are taken back."""
    return jsonify(batch_json(_progress(batch)))


@blueprint.post("/decisions/batches/<batch>/undo")
@signed_in(Scope.MODERATE)
@idempotent
@blueprint.output(case_answers.UndoneBatchOut)
@blueprint.doc(summary="Take a batch of decisions back", responses=[401, 403, 404, 409, 422], security="bearer")
def undo_batch(batch: str) -> Response:
    """Take back all decisions made together, each unless something has happened to its comment since.

    A large batch is taken back by a job: `state` is `undoing` until it ends, and the results come with none of it.
    """
    session, membership = context.session(), _membership()
    bulk = bulk_queries.find_by_batch(session, membership.site_id, batch)
    if bulk is not None:
        bulks.take_back(session, bulk.id, membership=membership, now=context.now())
        return jsonify({**batch_json(_progress(batch)), "results": []})
    _, results = reviewing.take_back_batch(session, batch, membership=membership, now=context.now())
    return jsonify({**batch_json(_progress(batch)), "results": results_json(batch, results)["results"]})


@blueprint.get("/comments/<comment_id>/history")
@signed_in(Scope.MODERATE)
@blueprint.output(case_answers.HistoryOut)
@blueprint.doc(summary="Every decision about a comment", responses=[401, 403, 404], security="bearer")
def show_history(comment_id: str) -> Response:
    """List the decisions about a comment, newest first."""
    session = context.session()
    membership = _membership()
    comment = session.get(Comment, _id(comment_id, "comment"))
    if comment is None or comment.site_id != membership.site_id:
        raise NotFound("There is no such comment on this site.")
    entries = history.list_decisions(session, comment)
    return jsonify({"comment": str(comment.id), "decisions": [entry_json(entry) for entry in entries]})


@blueprint.get("/articles")
@signed_in(Scope.MODERATE)
@blueprint.input(ArticlesQuery, location="query")
@blueprint.output(case_answers.ArticlesOut)
@blueprint.doc(summary="A page of articles with their counts", responses=[401, 403, 404, 422], security="bearer")
def list_articles(query_data: ArticlesQuery) -> Response:
    """List articles with their counts."""
    site_id = _site_of(query_data.site)
    page = articles.page(
        context.session(),
        site_id,
        q=query_data.q,
        sort=query_data.sort,
        cursor=query_data.after,
        limit=query_data.limit,
    )
    return jsonify({"articles": [article_json(article) for article in page.articles], "next": page.next})


@blueprint.get("/people/<person_id>")
@signed_in(Scope.MODERATE)
@blueprint.output(people_shapes.PersonRecordOut)
@blueprint.doc(summary="A person's record, sanctions and notes", responses=[401, 403, 404], security="bearer")
def show_person(person_id: str) -> Response:
    """Return what the site knows of a person."""
    return _person_answer(_membership(), _id(person_id, "person"))


@blueprint.post("/people/<person_id>/sanctions")
@signed_in(Scope.MODERATE)
@idempotent
@blueprint.input(people_shapes.SanctionIn)
@blueprint.output(people_shapes.PersonRecordOut)
@blueprint.doc(summary="Restrict a person", responses=[401, 403, 404, 409, 422], security="bearer")
def sanction(person_id: str, json_data: people_shapes.SanctionIn) -> Response:
    """Warn, premoderate, suspend or ban a person, and have what they posted rejected if `clear` says so."""
    session, membership, now = context.session(), _membership(), context.now()
    who = _id(person_id, "person")
    made = sanctions.sanction(
        session, who, kind=SanctionKind(json_data.kind), reason=json_data.reason, membership=membership, now=now,
        until=parse_time(json_data.until) if json_data.until else None,
    )  # fmt: skip
    if json_data.clear is not None:
        clearing.begin(
            session, who, guideline=Guideline(json_data.clear.guideline), message=json_data.reason, sanction=made,
            since=parse_time(json_data.clear.since) if json_data.clear.since else 0, membership=membership, now=now,
        )  # fmt: skip
    return _person_answer(membership, who)


@blueprint.post("/people/<person_id>/sanctions/<sanction_id>/lift")
@signed_in(Scope.MODERATE)
@idempotent
@blueprint.input(people_shapes.LiftIn)
@blueprint.output(people_shapes.PersonRecordOut)
@blueprint.doc(summary="Lift a sanction", responses=[401, 403, 404, 409, 422], security="bearer")
def lift_sanction(person_id: str, sanction_id: str, json_data: people_shapes.LiftIn) -> Response:
    """End a sanction now; it stays in the history."""
    membership, who = _membership(), _id(person_id, "person")
    sanctions.lift(
        context.session(), _id(sanction_id, "sanction"), person_id=who, reason=json_data.reason,
        membership=membership, now=context.now(),
    )  # fmt: skip
    return _person_answer(membership, who)


def _person_answer(membership: Membership, person_id: int) -> Response:
    found = dossier.get_dossier(context.session(), membership.site_id, person_id, now=context.now())
    looking.saw(membership, AccessKind.PERSON, person_id)
    return jsonify(people_shapes.person_json(found))


def _progress(batch: str) -> BatchProgress:
    found = bulk_queries.find_progress(context.session(), _membership().site_id, batch)
    if found is None:
        raise NotFound("There is no such batch on this site.")
    return found


def _site_of(key: str) -> int:
    """Return the named site's id; any site but the token's own doesn't exist."""
    site = get_site(context.session(), key)
    if site.id != _membership().site_id:
        raise NotFound("There is no such site.", field="site")
    return site.id


def _membership() -> Membership:
    """Read the caller's role again in the request's own transaction: it may have ended meanwhile."""
    who = caller()
    membership = find_membership(context.session(), who.person.id, who.site_id)
    if membership is None or not may_moderate(membership):
        raise Forbidden("Only managers of the site may do this.")
    return membership


def _id(text: str, thing: str) -> int:
    found = parse_id(text)
    if found is None:
        raise NotFound(f"There is no such {thing} on this site.")
    return found
