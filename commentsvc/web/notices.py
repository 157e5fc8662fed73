"""How do people choose what they are told of, and stop the mails with one click?"""

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from sqlalchemy.orm import Session

from commentsvc.actions import notices as acts
from commentsvc.enums import MailPace, NoticeKind
from commentsvc.errors import Invalid, NotFound
from commentsvc.queries import notices, sites
from commentsvc.queries.notices import Preference
from commentsvc.queries.people import joined_sites
from commentsvc.store.models import Person, Site
from commentsvc.store.paging import parse_id
from commentsvc.text import excerpt
from commentsvc.web import accounts, context

blueprint = Blueprint("notices", __name__)
blueprint.after_request(accounts.protect)

_MOST_FOLLOWS = 200
KINDS: Mapping[NoticeKind, tuple[str, str]] = {
    NoticeKind.REPLY: ("Replies", "Somebody answers a comment of yours."),
    NoticeKind.MENTION: ("Mentions", "Somebody writes @ and your name."),
    NoticeKind.FOLLOWED: ("Threads you follow", "Somebody comments where you follow."),
    NoticeKind.DECISION: ("Decisions", "A comment of yours is held, removed or shown again, and why."),
    NoticeKind.APPEAL: ("Appeals", "What became of your appeal."),
    NoticeKind.SANCTION: ("Messages", "The community managers warn or restrict you."),
    NoticeKind.REPORT: ("Reports", "What became of a comment that you reported."),
}
PACES: Mapping[MailPace, str] = {
    MailPace.AT_ONCE: "At once",
    MailPace.HOURLY: "Every hour",
    MailPace.DAILY: "Once a day",
    MailPace.NEVER: "Never",
}


@blueprint.get("/auth/notices")
@login_required  # type: ignore[untyped-decorator]
def show() -> ResponseReturnValue:
    """Show how one is told of what, site by site, and what one follows."""
    person: Person = current_user.person
    session = context.session()
    own = joined_sites(session, person.id)
    site = _chosen(own, request.args.get("site"))
    return render_template(
        "notices/preferences.html",
        person=person,
        sites=own,
        site=site,
        chosen=notices.preferences_of(session, person.id, site.id) if site else {},
        follows=notices.list_follows(session, person.id, site.id, limit=_MOST_FOLLOWS) if site else [],
        has_mail=notices.may_be_mailed(session, person),
        is_verified=person.email_verified_at is not None,
        verify_url=url_for("accounts.account"),
        is_saved=request.args.get("done"),
        kinds=KINDS,
        paces=PACES,
        excerpt=excerpt,
    )


@blueprint.post("/auth/notices")
@login_required  # type: ignore[untyped-decorator]
def save() -> ResponseReturnValue:
    """Keep how one wants to be told."""
    session, site = context.session(), _asked_site()
    wanted = {kind: _preference(kind) for kind in KINDS}
    acts.prefer(session, current_user.person.id, site.id, wanted)
    return redirect(url_for(".show", site=site.key, done="saved"), 303)


@blueprint.post("/auth/notices/follows")
@login_required  # type: ignore[untyped-decorator]
def let_go() -> ResponseReturnValue:
    """Follow, or mute, something no longer."""
    site = _asked_site()
    acts.unfollow(context.session(), parse_id(request.form.get("follow", "")), by=current_user.person)
    return redirect(url_for(".show", site=site.key, done="follows"), 303)


@blueprint.get("/unsubscribe/<token>")
def ask_to_stop(token: str) -> ResponseReturnValue:
    """Ask whether the mails of a site are to stop; opening the page changes nothing, mail scanners open links too."""
    person_id, site = _of_token(context.session(), token)
    return _stop_page(site, is_stopped=_is_stopped(person_id, site))


@blueprint.post("/unsubscribe/<token>")
def stop(token: str) -> ResponseReturnValue:
    """Stop the mails of a site (RFC 8058): a mail program sends this, without session, cookie or form token."""
    person_id, site = _of_token(context.session(), token)
    acts.stop_mails(context.session(), person_id, site.id)
    return _stop_page(site, is_stopped=True)


def _stop_page(site: Site, *, is_stopped: bool) -> str:
    return render_template("notices/unsubscribe.html", site=site, is_stopped=is_stopped)


def _of_token(session: Session, token: str) -> tuple[int, Site]:
    about = acts.read_unsubscribe_token(context.services().settings.secret_key, token)
    person, site = (session.get(Person, about[0]), session.get(Site, about[1])) if about else (None, None)
    if person is None or site is None:
        raise NotFound("This address isn’t whole. Please open it from the mail again.")
    return person.id, site


def _is_stopped(person_id: int, site: Site) -> bool:
    chosen = notices.preferences_of(context.session(), person_id, site.id).values()
    return all(how.mail == MailPace.NEVER for how in chosen)


def _asked_site() -> Site:
    """Return the site that a form is about, if the person takes part in it."""
    session = context.session()
    site = sites.get_site(session, request.form.get("site"))
    if sites.find_membership(session, current_user.person.id, site.id) is None:
        raise NotFound("There is no such site.", field="site")
    return site


def _chosen(own: list[Site], key: str | None) -> Site | None:
    return next((site for site in own if site.key == key), own[0] if own else None)


def _preference(kind: NoticeKind) -> Preference:
    try:
        pace = MailPace(request.form.get(f"mail_{kind}", ""))
    except ValueError:
        raise Invalid("Please choose one of the offered times.", field=f"mail_{kind}") from None
    return Preference(f"page_{kind}" in request.form, pace)
