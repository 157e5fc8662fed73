"""What does a site ask of accounts: a second factor of its managers, a confirmed address of who posts?"""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from commentsvc.errors import Forbidden
from commentsvc.permissions import may_administer
from commentsvc.web import accounts
from commentsvc.web.confirming import confirmed
from commentsvc.web.desk import desk, desk_blueprint, frame, managing
from commentsvc.web.forms import SignInRulesForm

blueprint = desk_blueprint("accounts_desk", __name__)


@blueprint.get("/<site_key>/accounts")
@managing
def show() -> ResponseReturnValue:
    """Show what the site asks."""
    _refuse_managers()
    site = desk().site
    form = SignInRulesForm(
        formdata=None,
        data={"asks_second_factor": site.asks_second_factor, "asks_verified_email": site.asks_verified_email},
    )
    return render_template(
        "console/accounts.html", form=form, is_strong=accounts.is_strong(), done="done" in request.args, **frame()
    )


@blueprint.post("/<site_key>/accounts")
@managing
@confirmed
def save() -> ResponseReturnValue:
    """Keep what the site asks; it holds from everyone's next request on."""
    _refuse_managers()
    form, site = SignInRulesForm(), desk().site
    site.asks_second_factor = bool(form.asks_second_factor.data)
    site.asks_verified_email = bool(form.asks_verified_email.data)
    return redirect(url_for("accounts_desk.show", site_key=site.key, done="1"), 303)


def _refuse_managers() -> None:
    if not may_administer(desk().membership):
        raise Forbidden("Only administrators of the site may see and change this.")
