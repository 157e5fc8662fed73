"""Who runs the site: whom do administrators invite, in which roles, and whom do they let go?"""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from commentsvc.actions import staff
from commentsvc.enums import Role
from commentsvc.errors import Conflict, Invalid, NotFound
from commentsvc.queries import staff as team
from commentsvc.store.paging import parse_id
from commentsvc.web import context
from commentsvc.web.confirming import confirmed
from commentsvc.web.desk import administering, desk, desk_blueprint
from commentsvc.web.forms import show
from commentsvc.web.site_desk import settings_page
from commentsvc.web.site_forms import ROLE_WORDS, InviteForm

blueprint = desk_blueprint("staff_desk", __name__)

_DONE = {
    "invited": "The invitation is on its way. Its link works once, within seven days.",
    "back": "The invitation is taken back; its link no longer works.",
    "role": "The role is changed, from their next click on.",
    "removed": "They are a reader again, from their next click on. Their tokens for the desk are revoked.",
}


@blueprint.get("/<site_key>/settings/staff")
@administering
@confirmed
def show_staff() -> ResponseReturnValue:
    """Show the site's staff and who is invited."""
    return _page(InviteForm(formdata=None, data={"role": Role.MANAGER.value}))


@blueprint.post("/<site_key>/settings/staff")
@administering
@confirmed
def invite() -> ResponseReturnValue:
    """Mail somebody an invitation."""
    services, here, form = context.services(), desk(), InviteForm()
    if not form.validate():
        return _page(form), 422
    services.limiter.hit("invite", here.site.id, here.membership.person_id)
    try:
        with context.session().begin_nested():
            staff.invite(
                context.session(), here.site, email=form.email.data, role=Role(form.role.data), by=here.membership,
                secret=services.settings.secret_key, now=context.now(),
            )  # fmt: skip
    except Invalid as problem:
        show(problem, form)
        return _page(form), 422
    return _back("invited")


@blueprint.post("/<site_key>/settings/invitations/<invitation_id>/take-back")
@administering
@confirmed
def take_back(invitation_id: str) -> ResponseReturnValue:
    """Make an invitation worthless."""
    wanted = parse_id(invitation_id)
    if wanted is None:
        raise NotFound("There is no such invitation.")
    staff.take_back(context.session(), desk().site, wanted, by=desk().membership, now=context.now())
    return _back("back")


@blueprint.post("/<site_key>/settings/staff/<person_id>/role")
@administering
@confirmed
def change_role(person_id: str) -> ResponseReturnValue:
    """Give somebody of the staff another role."""
    role = next((one for one in team.ROLES if one == request.form.get("role")), None)
    if role is None:
        raise Invalid("Choose a role.", field="role")
    here, wanted = desk(), _person(person_id)
    try:
        staff.change_role(context.session(), here.site, wanted, role, by=here.membership, now=context.now())
    except Conflict as problem:
        return _refused(problem)
    return _left() if role != Role.ADMIN and wanted == here.membership.person_id else _back("role")


@blueprint.post("/<site_key>/settings/staff/<person_id>/remove")
@administering
@confirmed
def remove(person_id: str) -> ResponseReturnValue:
    """Make somebody of the staff a reader again."""
    here, wanted = desk(), _person(person_id)
    try:
        staff.remove(context.session(), here.site, wanted, by=here.membership, now=context.now())
    except Conflict as problem:
        return _refused(problem)
    return _left() if wanted == here.membership.person_id else _back("removed")


def _person(person_id: str) -> int:
    found = parse_id(person_id)
    if found is None:
        raise NotFound("This person isn't on the site's staff.")
    return found


def _refused(problem: Conflict) -> ResponseReturnValue:
    # Nothing was written: everything is checked first. So it may be answered instead of raised.
    return _page(InviteForm(formdata=None, data={"role": Role.MANAGER.value}), problem=problem.message), 409


def _left() -> ResponseReturnValue:
    """Go where whoever is no longer an administrator may still be."""
    return redirect(url_for("console.show_sites"), 303)


def _page(form: InviteForm, *, problem: str = "") -> str:
    session, here, now = context.session(), desk(), context.now()
    colleagues = team.list_staff(session, here.site.id, now=now)
    return settings_page(
        "console/settings/staff.html", form=form, colleagues=colleagues, roles=ROLE_WORDS, problem=problem,
        invitations=team.list_invitations(session, here.site.id, now=now), me_id=here.membership.person_id,
        only_admin=sum(one.membership.role == Role.ADMIN for one in colleagues) == 1,
        done=_DONE.get(request.args.get("done", "")),
    )  # fmt: skip


def _back(done: str) -> ResponseReturnValue:
    return redirect(url_for("staff_desk.show_staff", site_key=desk().site.key, done=done), 303)
