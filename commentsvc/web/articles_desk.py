"""What do managers see and set of one article: its rules, its circuit breaker, what is pinned and featured?"""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from commentsvc.actions import breaker, changing, reviewing
from commentsvc.actions.decisions import Item
from commentsvc.actions.drafts import policy_of
from commentsvc.actions.rules import rules_of
from commentsvc.enums import Action
from commentsvc.errors import Conflict, DomainError, Invalid
from commentsvc.moderation.policy import policy_for
from commentsvc.queries import articles, breakers, people
from commentsvc.store.models import Article, Comment, Person
from commentsvc.store.paging import parse_id
from commentsvc.web import context, rule_words
from commentsvc.web.desk import desk, desk_blueprint, frame, managing
from commentsvc.web.forms import show
from commentsvc.web.rule_forms import ArticleForm

blueprint = desk_blueprint("articles_desk", __name__)

_DONE = {
    "saved": "Saved. Readers see it within a minute.",
    "same": "Nothing was changed.",
    "ended": "The circuit breaker has let go. What came until now counts no more.",
    "extended": "The circuit breaker stays tripped for longer.",
    "taken": "Taken back.",
}
"""What the page says after a form of it."""


@blueprint.get("/<site_key>/articles/<article_id>")
@managing
def show_article(article_id: str) -> ResponseReturnValue:
    """Show an article's rules and what has happened to them."""
    article = _article(article_id)
    form = _form(article)
    form.show_article(article)
    return _page(article, form)


@blueprint.post("/<site_key>/articles/<article_id>")
@managing
def save(article_id: str) -> ResponseReturnValue:
    """Set an article's rules, or say beside a field what is wrong with it."""
    article = _article(article_id)
    form = _form(article)
    if not form.validate():
        return _page(article, form), 422
    try:
        changed = changing.change_article(context.session(), article, form.rules(), by=_me(), now=context.now())
    except Invalid as error:
        # Nothing was written: everything is checked first. So it may be answered instead of raised.
        show(error, form)
        return _page(article, form), 422
    return _back(article, "saved" if changed else "same")


@blueprint.post("/<site_key>/articles/<article_id>/breaker")
@managing
def handle_breaker(article_id: str) -> ResponseReturnValue:
    """End a trip of the article's circuit breaker, or extend it."""
    article = _article(article_id)
    acts = {"end": (breaker.end, "ended"), "extend": (breaker.extend, "extended")}
    act, done = acts.get(request.form.get("do", ""), (None, ""))
    if act is None:
        raise Invalid("End it or extend it.", field="do")
    try:
        act(context.session(), article, by=_me(), now=context.now())
    except Conflict as problem:
        return _said(article, problem)
    return _back(article, done)


@blueprint.post("/<site_key>/articles/<article_id>/shown")
@managing
def take_back(article_id: str) -> ResponseReturnValue:
    """Unpin a comment of the article, or no longer feature it."""
    article = _article(article_id)
    session, wanted = context.session(), parse_id(request.form.get("comment", ""))
    action = next((one for one in (Action.UNPIN, Action.UNFEATURE) if one == request.form.get("action")), None)
    comment = session.get(Comment, wanted) if wanted else None
    if action is None or comment is None or comment.article_id != article.id:
        raise Invalid("There is no such comment under this article.", field="comment")
    membership = desk().membership
    (result,) = reviewing.review(
        session, [Item(comment.id, comment.revision)], action=action, membership=membership, now=context.now()
    )
    if result.problem is not None:
        return _said(article, result.problem)
    return _back(article, "taken")


def _article(article_id: str) -> Article:
    return articles.get_article(context.session(), desk().site.id, parse_id(article_id))


def _me() -> Person:
    return context.session().get_one(Person, desk().membership.person_id)


def _form(article: Article) -> ArticleForm:
    form = ArticleForm()
    _offer(form, article)
    return form


def _offer(form: ArticleForm, article: Article) -> None:
    """Name what the section or the site would say."""
    site = desk().site
    form.zone = site.time_zone
    elsewhere = policy_for(policy_of(site), article.section)
    whose = "section" if article.section in policy_of(site).sections else "site"
    form.offer(
        mode=f"As the {whose} says: {rule_words.MODES[elsewhere.mode].partition(':')[0].lower()}",
        slow_mode=f"As the {whose} says: {rule_words.slow_words(elsewhere.slow_mode)}",
        hours=f"As the {whose} says: {rule_words.hours_words(elsewhere.hours)}",
        own=article.slow_mode,
    )


def _said(article: Article, problem: DomainError) -> ResponseReturnValue:
    """Show the page as it is now, with why nothing was changed."""
    form = ArticleForm(formdata=None)
    _offer(form, article)
    form.show_article(article)
    return _page(article, form, said=problem.message), 409


def _page(article: Article, form: ArticleForm, *, said: str = "") -> str:
    return render_template(
        "console/articles/show.html", article=article, form=form, words=rule_words,
        said=said or _DONE.get(request.args.get("done", ""), ""), is_problem=bool(said), **_scene(article), **frame(),
    )  # fmt: skip


def _scene(article: Article) -> dict[str, Any]:
    session, site, now = context.session(), desk().site, context.now()
    rules = rules_of(site, article, now=now)
    line = rules.policy.breaker
    trips = breakers.list_trips(session, article.id)
    hands = {hand for trip in trips for hand in (trip.ended_by_id, trip.extended_by_id) if hand is not None}
    return {
        "rules": rules,
        "line": line,
        "tally": breaker.tally_of(session, article, rules.policy, line, now=now) if line else None,
        "trip": breakers.find_open_trip(session, article.id),
        "trips": trips,
        "hands": people.faces(session, site.id, hands),
        "shown": articles.list_shown(session, article),
        "changes": articles.list_changes(session, site.id, article_id=article.id),
    }


def _back(article: Article, done: str) -> ResponseReturnValue:
    where = url_for("articles_desk.show_article", site_key=desk().site.key, article_id=article.id, done=done)
    return redirect(where, 303)
