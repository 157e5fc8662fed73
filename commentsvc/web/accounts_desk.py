"""What does a site ask of accounts: a second factor of its managers, a confirmed address of who posts?"""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from commentsvc.actions import newsrooms
from commentsvc.web import accounts, context
from commentsvc.web.confirming import confirmed
from commentsvc.web.desk import administering, desk, desk_blueprint
from commentsvc.web.forms import SignInRulesForm
from commentsvc.web.site_desk import settings_page

blueprint = desk_blueprint("accounts_desk", __name__)


@blueprint.get("/<site_key>/accounts")
@administering
def show() -> ResponseReturnValue:
    """Show what the site asks."""
    site = desk().site
    asked = {"asks_second_factor": site.asks_second_factor, "asks_verified_email": site.asks_verified_email}
    return settings_page(
        "console/settings/accounts.html", form=SignInRulesForm(formdata=None, data=asked),
        is_strong=accounts.is_strong(), done="done" in request.args,
    )  # fmt: skip


@blueprint.post("/<site_key>/accounts")
@administering
@confirmed
def save() -> ResponseReturnValue:
    """Keep what the site asks."""
    form, here = SignInRulesForm(), desk()
    newsrooms.change_account_rules(
        context.session(), here.site, second_factor=bool(form.asks_second_factor.data),
        verified_email=bool(form.asks_verified_email.data), by=here.membership, now=context.now(),
    )  # fmt: skip
    return redirect(url_for("accounts_desk.show", site_key=here.site.key, done="1"), 303)
