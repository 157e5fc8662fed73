"""What may publishers' servers say of their articles?"""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify

from commentsvc.actions import articles
from commentsvc.actions.articles import Description
from commentsvc.actions.changing import ARTICLE_RULES
from commentsvc.enums import Scope
from commentsvc.errors import Forbidden, NotFound
from commentsvc.queries import sites
from commentsvc.store.models import Site
from commentsvc.web import answers, context, shapes, times
from commentsvc.web.idempotency import idempotent
from commentsvc.web.security import caller, signed_in

blueprint = APIBlueprint("publishers_api", __name__, url_prefix="/api/v1", tag="Publishers")


class ArticleKeyQuery(shapes.SiteQuery):
    """Which article."""

    key: shapes.Key


@blueprint.put("/articles")
@signed_in(Scope.ARTICLES)
@idempotent
@blueprint.input(shapes.ArticleIn)
@blueprint.output(answers.ArticleOut)
@blueprint.doc(summary="Create or update an article", responses=[201, 401, 403, 404, 409, 422], security="bearer")
def put_article(json_data: shapes.ArticleIn) -> Response:
    """Describe an article by its key; members that are left out stay as they are."""
    session = context.session()
    site = _own_site(json_data.site)
    article, is_new = articles.put(
        session,
        site,
        json_data.key,
        Description(
            url=json_data.url,
            title=json_data.title,
            lead=json_data.lead,
            body=json_data.body,
            section=json_data.section,
            author=json_data.author,
            published_at=times.parse_time(json_data.published_at) if json_data.published_at else None,
            rules=_rules(json_data),
        ),
        by=caller().person,
        now=context.now(),
    )
    answer = jsonify(shapes.article_json(article))
    answer.status_code = 201 if is_new else 200
    return answer


@blueprint.get("/articles")
@signed_in(Scope.ARTICLES)
@blueprint.input(ArticleKeyQuery, location="query")
@blueprint.output(answers.ArticleOut)
@blueprint.doc(summary="Read an article", responses=[401, 403, 404, 422], security="bearer")
def get_article(query_data: ArticleKeyQuery) -> Response:
    """Return an article as it is known."""
    session = context.session()
    article = sites.find_article(session, _own_site(query_data.site), query_data.key)
    if article is None:
        raise NotFound("There is no such article.", field="key")
    return jsonify(shapes.article_json(article))


def _rules(given: shapes.ArticleIn) -> dict[str, Any]:
    """Return the rules that came along; `state` null is as left out, the others' null takes them away."""
    rules = {name: getattr(given, name) for name in ARTICLE_RULES if name in given.model_fields_set}
    if rules.get("state", "") is None:
        del rules["state"]
    for name in {"close_at", "reopen_at"} & rules.keys():
        rules[name] = times.parse_time(rules[name]) if rules[name] else None
    return rules


def _own_site(key: str) -> Site:
    site = sites.get_site(context.session(), key)
    if caller().site_id != site.id:
        raise Forbidden("This token is for another site.", field="site")
    return site
