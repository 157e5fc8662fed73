"""Where does a site's admin set its rules, and every manager read them?

One form holds the whole policy. It can be saved, tried on a text or replayed over the past; whatever was typed stays
typed until it is saved.
"""

from collections.abc import Mapping
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from commentsvc.actions import backtesting, policies
from commentsvc.enums import BacktestState, Guideline
from commentsvc.errors import Conflict, Invalid, NotFound
from commentsvc.moderation.policy import policy_from_json
from commentsvc.permissions import may_administer
from commentsvc.queries import backtests, sites
from commentsvc.queries import policies as log
from commentsvc.store.models import Backtest, Guidelines
from commentsvc.store.paging import parse_id
from commentsvc.web import cards, context, policy_charts, policy_form, policy_trial, policy_words
from commentsvc.web.desk import desk, desk_blueprint, frame, managing

blueprint = desk_blueprint("policy_desk", __name__)

_PAGE = 20
_SECRETS = ("external", "akismet")


@blueprint.get("/<site_key>/policy")
@managing
def show_policy() -> ResponseReturnValue:
    """Show the rules in force, and what they did lately where that is known."""
    return _page(desk().site.policy, said="The policy is saved." if "saved" in request.args else "")


@blueprint.post("/<site_key>/policy")
@managing
def set_policy() -> ResponseReturnValue:
    """Save what was typed, or try it on a text, or replay it over the past."""
    typed = policy_form.read(request.form, desk().site.policy)
    policy = policies.with_members(desk().site.policy, typed.members)
    wish = request.form.get("do", "")
    _need_secrets(typed, policy)
    if not typed.problems:
        try:
            if wish == "try":
                return _tried(policy)
            return _test(policy) if wish == "backtest" else _save(policy)
        except (Conflict, Invalid) as problem:
            # Both are raised before anything is written.
            if not isinstance(problem, Invalid):
                return _page(policy, problem=problem.message, status=409)
            typed.problems[problem.field or "policy"] = problem.message
    return _page(policy, problems=typed.problems, status=422)


@blueprint.get("/<site_key>/policy/changes")
@managing
def show_changes() -> ResponseReturnValue:
    """Show who changed what, with what was before and after."""
    before = parse_id(request.args.get("before", ""))
    changes, after = log.list_changes(context.session(), desk().site.id, before=before, limit=_PAGE)
    said = "What was before is in force again." if "restored" in request.args else ""
    return render_template("console/policy/changes.html", changes=changes, after=after, said=said, **_frame())


@blueprint.post("/<site_key>/policy/changes/<change_id>/restore")
@managing
def restore_policy(change_id: str) -> ResponseReturnValue:
    """Put back in force what held before a change."""
    seen = request.form.get("seen", "")
    policies.restore(
        context.session(), desk().site, parse_id(change_id) or 0, seen=seen, by=desk().membership, now=context.now()
    )
    return redirect(url_for("policy_desk.show_changes", site_key=desk().site.key, restored=1), 303)


@blueprint.get("/<site_key>/policy/guidelines")
@managing
def show_guidelines() -> ResponseReturnValue:
    """Show a version of the guidelines as readers see it; the one in force can be edited."""
    session, site = context.session(), desk().site
    wanted = request.args.get("version", type=int) or site.guidelines_version
    shown = session.get(Guidelines, (site.id, wanted)) if 0 < wanted < 2**31 else None
    if shown is None:
        raise NotFound("There is no such version of the guidelines.")
    items = {item["guideline"]: item for item in shown.items}
    said = "The new version is in force." if "saved" in request.args else ""
    return _guidelines(shown.text, [items.get(name, {}) for name in Guideline], preview=shown, said=said)


@blueprint.post("/<site_key>/policy/guidelines")
@managing
def set_guidelines() -> ResponseReturnValue:
    """Show what was typed as readers would see it, or put it in force as a new version."""
    text = request.form.get("text", "")
    items = [
        {
            "guideline": str(name),
            "title": request.form.get(f"title_{name}", ""),
            "text": request.form.get(f"text_{name}", ""),
        }
        for name in Guideline
    ]
    try:
        if request.form.get("do") == "preview":
            welcome, cleaned = policies.clean_guidelines(text, items)
            version = desk().site.guidelines_version + 1
            return _guidelines(text, items, preview=Guidelines(version=version, text=welcome, items=cleaned))
        policies.publish_guidelines(
            context.session(), desk().site, text, items, seen=request.form.get("seen", 0, type=int),
            by=desk().membership, now=context.now(),
        )  # fmt: skip
    except Invalid as problem:
        return _guidelines(text, items, problems={problem.field or "text": problem.message}), 422
    except Conflict as problem:
        return _guidelines(text, items, problems={"text": problem.message}), 409
    return redirect(url_for("policy_desk.show_guidelines", site_key=desk().site.key, saved=1), 303)


@blueprint.get("/<site_key>/policy/backtests/<backtest_id>")
@managing
def show_backtest(backtest_id: str) -> ResponseReturnValue:
    """Show how far a back-test has come, or what it found."""
    session, site = context.session(), desk().site
    backtest = backtests.find(session, site.id, parse_id(backtest_id))
    if backtest is None:
        raise NotFound("There is no such back-test on this site.")
    listed = {
        kind: backtests.listed(session, site.id, backtest.found.get("cases", {}).get(kind, []))
        for kind in policy_words.OTHERWISE
    }
    return render_template(
        "console/policy/backtest.html", backtest=backtest, listed=listed, moved=policy_words.moved(backtest.found),
        is_current=backtest.base == policies.version_of(site), is_open=backtest.state == BacktestState.OPEN,
        differences=_differences(backtest),
        thresholds=policy_from_json(backtest.policy).thresholds,
        **_frame(),
    )  # fmt: skip


@blueprint.get("/<site_key>/policy/backtests/<backtest_id>/<label>.svg")
@managing
def show_curve(backtest_id: str, label: str) -> ResponseReturnValue:
    """Draw precision and volume against one label's threshold."""
    backtest = backtests.find(context.session(), desk().site.id, parse_id(backtest_id))
    curve = backtest.found.get("curves", {}).get(label) if backtest else None
    theme, size = request.args.get("theme", "light"), request.args.get("size", "wide")
    if backtest is None or curve is None or theme not in policy_charts.THEMES or size not in policy_charts.SIZES:
        raise NotFound("There is no such chart.")
    old = policy_from_json(desk().site.policy).thresholds.get(label)
    new = policy_from_json(backtest.policy).thresholds.get(label)
    drawn = policy_charts.draw(curve, old=old, new=new, theme=theme, size=size)
    return Response(drawn, content_type="image/svg+xml; charset=utf-8")


@blueprint.post("/<site_key>/policy/backtests/<backtest_id>/switch-on")
@managing
def switch_on(backtest_id: str) -> ResponseReturnValue:
    """Put exactly the policy in force that was tested."""
    backtesting.switch_on(
        context.session(), desk().site, parse_id(backtest_id) or 0, by=desk().membership, now=context.now()
    )
    return redirect(url_for("policy_desk.show_policy", site_key=desk().site.key, saved=1), 303)


def _page(
    policy: Mapping[str, Any], *, problems: Mapping[str, str] | None = None, problem: str = "", said: str = "",
    trial: policy_trial.Trial | None = None, status: int = 200,
) -> ResponseReturnValue:  # fmt: skip
    session, site = context.session(), desk().site
    shown = {**policies.usual_policy(), **policy}
    latest = backtests.find_latest_done(session, site.id)
    is_typed = request.method == "POST"
    page = render_template(
        "console/policy/policy.html", policy=shown, typed=request.form if is_typed else None,
        problems=problems or {}, problem=problem, said=said, trial=trial, latest=latest,
        seen=request.form.get("seen", "") if is_typed else policies.version_of(site),
        sections=_sections(shown), known_sections=log.list_sections(session, site.id),
        secrets=log.secrets_set(session, site.id), tests=backtests.list_latest(session, site.id), days=backtesting.DAYS,
        failing=policy_form.FAILING, triable=policy_form.TRIABLE, **_frame(),
    )  # fmt: skip
    return page, status


def _differences(backtest: Backtest) -> list[policy_words.Line]:
    """Say what a back-test's policy changes, or what it did change when it was switched on."""
    applied = backtest.state == BacktestState.APPLIED
    change = log.find_change_of(context.session(), backtest.id) if applied else None
    if change is not None:
        return policy_words.lines(change)
    return policy_words.differences(desk().site.policy, backtest.policy)


def _frame() -> dict[str, Any]:
    return {
        **frame(),
        "words": policy_words,
        "may_change": may_administer(desk().membership),
        "version": policies.version_of(desk().site),
    }


def _sections(policy: Mapping[str, Any]) -> list[tuple[str, dict[str, float]]]:
    """List the sections that have thresholds of their own, and an empty row for one more."""
    rules = policy.get("sections") or {}
    own = [(name, rule.get("thresholds") or {}) for name, rule in sorted(rules.items())]
    return [*((name, limits) for name, limits in own if limits), ("", {})]


def _need_secrets(typed: policy_form.Typed, policy: Mapping[str, Any]) -> None:
    known = log.secrets_set(context.session(), desk().site.id)
    for name in _SECRETS:
        is_on = policy.get(name, "off") != "off"
        if is_on and name not in known and not request.form.get(f"{name}_secret", "").strip():
            typed.problems[f"{name}_secret"] = "It can't be asked without this."


def _save(policy: Mapping[str, Any]) -> ResponseReturnValue:
    session, here, now = context.session(), desk(), context.now()
    policies.set_policy(
        session, here.site, policy, seen=request.form.get("seen", ""), by=here.membership, now=now
    )  # fmt: skip
    for name in _SECRETS:
        value = request.form.get(f"{name}_secret", "")
        if value.strip() or f"{name}_forget" in request.form:
            policies.set_secret(session, here.site, name, value, by=here.membership, now=now)
    return redirect(url_for("policy_desk.show_policy", site_key=here.site.key, saved=1), 303)


def _test(policy: Mapping[str, Any]) -> ResponseReturnValue:
    days = request.form.get("days", 30, type=int)
    if days not in backtesting.DAYS:
        raise Invalid("Choose one of these.", field="days")
    begun = backtesting.begin(
        context.session(), desk().site, policy, days=days, by=desk().membership, now=context.now()
    )  # fmt: skip
    return redirect(url_for("policy_desk.show_backtest", site_key=desk().site.key, backtest_id=begun.id), 303)


def _tried(policy: Mapping[str, Any]) -> ResponseReturnValue:
    policies.check_policy(policy)
    trial = policy_trial.try_text(
        policy, request.form.get("sample", ""), section=request.form.get("sample_section", "").strip(),
        is_new="sample_new" in request.form, with_slow="sample_slow" in request.form,
    )  # fmt: skip
    return _page(policy, trial=trial)


def _guidelines(
    text: str, items: list[dict[str, str]], *, preview: Guidelines | None = None,
    problems: Mapping[str, str] | None = None, said: str = "",
) -> str:  # fmt: skip
    session, site = context.session(), desk().site
    return render_template(
        "console/policy/guidelines.html", text=text, items=dict(zip(Guideline, items, strict=True)), preview=preview,
        problems=problems or {}, said=said, versions=log.list_guidelines(session, site.id),
        names=cards.GUIDELINES, current=sites.guidelines_of(session, site), **_frame(),
    )  # fmt: skip
