"""How long does a site keep things, and who on its staff looked at personal data? For its administrators."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import IntegerField
from wtforms.validators import InputRequired

from commentsvc.actions import retaining
from commentsvc.enums import AccessKind
from commentsvc.errors import Forbidden, Invalid
from commentsvc.permissions import may_administer
from commentsvc.queries import accesses
from commentsvc.queries.retention import BOUNDS, retention_of
from commentsvc.store.paging import parse_id
from commentsvc.web import context, forms
from commentsvc.web.desk import desk, desk_blueprint, frame, managing

blueprint = desk_blueprint("privacy_desk", __name__)

_PAGE = 50
_WHOLE = "A whole number of days, please."
_KINDS = {
    AccessKind.PERSON: "opened the page of",
    AccessKind.SEARCH: "searched people by name",
    AccessKind.EMAIL: "was shown the e-mail address of",
}


class RetentionForm(FlaskForm):  # type: ignore[misc]
    """For how many days a site keeps what it need not keep."""

    network_days = IntegerField("Networks of comments, as hashes", [InputRequired(_WHOLE)])
    mail_days = IntegerField("Mails that were sent", [InputRequired(_WHOLE)])
    legal_days = IntegerField("Words and senders of closed legal cases", [InputRequired(_WHOLE)])
    access_days = IntegerField("Who looked at personal data", [InputRequired(_WHOLE)])


@blueprint.get("/<site_key>/privacy")
@managing
def show() -> ResponseReturnValue:
    """Show what is kept for how long, and who looked."""
    _refuse_managers()
    kept = retention_of(context.session(), desk().site.id)
    return _page(RetentionForm(formdata=None, data={name: getattr(kept, name) for name in BOUNDS}))


@blueprint.post("/<site_key>/privacy")
@managing
def save() -> ResponseReturnValue:
    """Set how long things are kept."""
    _refuse_managers()
    form = RetentionForm()
    if form.validate():
        try:
            wanted = {name: form[name].data for name in BOUNDS}
            retaining.change(context.session(), wanted, membership=desk().membership, now=context.now())
        except Invalid as problem:
            # Nothing was written: everything is checked first. So it may be answered instead of raised.
            forms.show(problem, form)
        else:
            return redirect(url_for(".show", site_key=desk().site.key, done="saved"), 303)
    return _page(form), 422


def _refuse_managers() -> None:
    if not may_administer(desk().membership):
        raise Forbidden("Only administrators of the site may see who looked at personal data.")


def _page(form: RetentionForm) -> str:
    before = parse_id(request.args.get("before", ""))
    looks, after = accesses.page(context.session(), desk().site.id, before=before, limit=_PAGE)
    return render_template(
        "console/privacy.html", form=form, bounds=BOUNDS, looks=looks, after=after, is_later=before is not None,
        kinds=_KINDS, done=request.args.get("done") == "saved", current_tab="site_desk.show_settings",
        **frame(),
    )  # fmt: skip
