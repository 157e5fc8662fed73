"""When and how does a site hear of a backlog, and what was sent? For its administrators."""

import re

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from commentsvc.actions import alerting
from commentsvc.actions.alerting import Lines
from commentsvc.enums import AlertEvent, AlertKind, Channel, MessageState
from commentsvc.errors import Forbidden, Invalid
from commentsvc.permissions import may_administer
from commentsvc.queries import alerts
from commentsvc.store.models import AlertSettings
from commentsvc.web import context, forms
from commentsvc.web.desk import desk, desk_blueprint, frame, managing
from commentsvc.web.forms import AlertsForm

blueprint = desk_blueprint("alerts_desk", __name__)

_LINES = ("oldest_minutes", "depth", "article_cases", "out_minutes")
_WORDS = {
    "kinds": {
        AlertKind.OLDEST: "Oldest case", AlertKind.DEPTH: "Queue depth", AlertKind.ARTICLE: "One article",
        AlertKind.CLASSIFIER: "Classifier",
    },
    "events": {AlertEvent.RAISED: "Raised", AlertEvent.RESOLVED: "Resolved", AlertEvent.TEST: "Test"},
    "channels": {Channel.MAIL: "Mail", Channel.WEBHOOK: "Webhook"},
    "states": {MessageState.WAITING: "Waiting", MessageState.SENT: "Sent", MessageState.FAILED: "Given up"},
}  # fmt: skip
_DONE = {"saved": "Saved.", "sent": "A test is on its way; reload to see whether it arrived."}


@blueprint.get("/<site_key>/insights/alerts")
@managing
def show_alerts() -> ResponseReturnValue:
    """Show when the site is told, and what was sent."""
    _refuse_managers()
    kept = alerts.find_settings(context.session(), desk().site.id)
    form = AlertsForm(formdata=None, data=_typed(kept))
    return _page(form, kept)


@blueprint.post("/<site_key>/insights/alerts")
@managing
def save_alerts() -> ResponseReturnValue:
    """Keep when the site is told."""
    _refuse_managers()
    session, form = context.session(), AlertsForm()
    if form.validate():
        try:
            alerting.save_settings(
                session, membership=desk().membership, mail_to=re.split(r"[\s,;]+", form.mail_to.data or "")
                if (form.mail_to.data or "").strip() else [],
                webhook_url=(form.webhook_url.data or "").strip(), new_secret=form.new_secret.data,
                lines=Lines(**{name: form[name].data for name in _LINES}), now=context.now(),
            )  # fmt: skip
            return redirect(url_for("alerts_desk.show_alerts", site_key=desk().site.key, done="saved"), 303)
        except Invalid as problem:
            # Nothing was written: everything is checked first. So it may be answered instead of raised.
            forms.show(problem, form)
    return _page(form, alerts.find_settings(session, desk().site.id)), 422


@blueprint.post("/<site_key>/insights/alerts/test")
@managing
def send_test() -> ResponseReturnValue:
    """Send a test to everyone who would be told."""
    _refuse_managers()
    session = context.session()
    base_url = context.services().settings.base_url
    try:
        alerting.send_test(session, membership=desk().membership, base_url=base_url, now=context.now())
    except Invalid as problem:
        kept = alerts.find_settings(session, desk().site.id)
        form = AlertsForm(formdata=None, data=_typed(kept))
        form.process(formdata=None, data=_typed(kept))
        forms.show(problem, form)
        return _page(form, kept), 422
    return redirect(url_for("alerts_desk.show_alerts", site_key=desk().site.key, done="sent"), 303)


def _refuse_managers() -> None:
    if not may_administer(desk().membership):
        raise Forbidden("Only administrators of the site may see and change its alerts.")


def _typed(kept: AlertSettings | None) -> dict[str, object]:
    if kept is None:
        return {}
    lines = {name: getattr(kept, name) for name in _LINES}
    return {"mail_to": "\n".join(kept.mail_to), "webhook_url": kept.webhook_url, **lines}


def _page(form: AlertsForm, kept: AlertSettings | None) -> str:
    session, site_id = context.session(), desk().site.id
    return render_template(
        "console/insights/alerts.html", form=form, kept=kept, done=_DONE.get(request.args.get("done", "")),
        messages=alerts.list_messages(session, site_id), open_alerts=alerts.list_open(session, site_id),
        current_tab="insights.show_insights", days=None, is_admin=True, **_WORDS, **frame(),
    )  # fmt: skip
