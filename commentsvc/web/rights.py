"""What is a signed-in reader told of their rights: statements of reasons, appeals against what restricts them?"""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify

from commentsvc.actions import appeals
from commentsvc.enums import Scope, Status
from commentsvc.errors import Forbidden
from commentsvc.queries import appeals as appeal_queries
from commentsvc.queries import sites, statements
from commentsvc.queries.readers import Own
from commentsvc.queries.statements import About
from commentsvc.store.paging import parse_id
from commentsvc.web import answers, context, shapes
from commentsvc.web.idempotency import idempotent
from commentsvc.web.security import caller, signed_in

blueprint = APIBlueprint("rights", __name__, url_prefix="/api/v1", tag="Rights")


@blueprint.post("/me/sanctions/<sanction_id>/appeal")
@signed_in(Scope.READER)
@idempotent
@blueprint.input(shapes.SanctionAppealIn)
@blueprint.output(answers.SanctionAppealOut, status_code=201)
@blueprint.doc(summary="Appeal against a sanction", responses=[401, 403, 404, 409, 422, 429], security="bearer")
def appeal_sanction(sanction_id: str, json_data: shapes.SanctionAppealIn) -> Response:
    """Ask the managers to look again at what restricts me; once per sanction."""
    session, by = context.session(), caller().person
    site = sites.get_site(session, json_data.site)
    if caller().site_id != site.id:
        raise Forbidden("This sign-in is for another site.", field="site")
    context.services().limiter.hit("appeal", by.id)
    id_ = parse_id(sanction_id) or 0
    made = appeals.appeal_sanction(
        session, id_, message=json_data.message, by_id=by.id, site_id=site.id, now=context.now()
    )
    answer = jsonify({"id": str(made.id), "sanction": str(made.sanction_id)})
    answer.status_code = 201
    return answer


def statement_of(own: Own) -> str | None:
    """Return the address of the statement of reasons for a comment that readers don't see."""
    if own.decision is None or own.comment.status not in {Status.HELD, Status.REJECTED}:
        return None
    return _url(About.DECISION, own.decision.id)


def sanctions_json(person_id: int, site_id: int) -> list[dict[str, Any]]:
    """Write the sanctions in force on somebody, each with its statement and the appeal against it."""
    session, now = context.session(), context.now()
    in_force = sites.list_sanctions(session, person_id, site_id, now=now)
    appealed = appeal_queries.against_sanctions(session, [one.id for one in in_force])
    return [
        shapes.sanction_json(
            one, statement=_url(About.SANCTION, one.id), appeal=appealed.get(one.id),
            can_appeal=one.id not in appealed and now <= appeal_queries.deadline(one.created_at),
        )
        for one in in_force
    ]  # fmt: skip


def _url(about: About, id_: int) -> str:
    settings = context.services().settings
    return statements.url_of(about, id_, base_url=settings.base_url, secret=settings.secret_key)
