"""How far does a browser session reach that a site's own provider vouched for?

A provider speaks for its site and for no other: whoever runs it could otherwise act as anybody who linked an account
to it, on every site that they read or manage.
"""

from flask import request, session

from commentsvc.actions import identities
from commentsvc.queries.people import managed_sites
from commentsvc.queries.sign_ons import find_sign_on
from commentsvc.store.models import Identity, Person, SignOn, Site
from commentsvc.web import context

_KEY = "identity"


def limit_to(identity: Identity) -> None:
    """Let the session that has just begun reach only what the identity's provider may vouch for."""
    session[_KEY] = identity.id


def reaches(person: Person) -> bool:
    """Whether this request is one that the session is good for; a session by password always is.

    Asked at each request, so that unlinking, another provider, or a switch that is turned off end it at once.
    """
    if _KEY not in session:
        return True
    transaction = context.session()
    identity = transaction.get(Identity, session[_KEY])
    sign_on = find_sign_on(transaction, identity.site_id) if identity is not None else None
    if identity is None or identity.person_id != person.id or sign_on is None:
        return False
    if sign_on.provider_issuer != identity.issuer or not (sign_on.for_readers or sign_on.for_staff):
        return False
    return _is_within(person, transaction.get_one(Site, identity.site_id), sign_on)


def _is_within(person: Person, site: Site, sign_on: SignOn) -> bool:
    if request.endpoint == "accounts.sign_out":
        return True
    if request.endpoint == "accounts.authorize":
        return request.args.get("site") == site.key
    if request.endpoint == "console.show_sites":
        managed = managed_sites(context.session(), person.id, now=context.now())
        return sign_on.for_staff and all(membership.site_id == site.id for membership in managed)
    if request.blueprint and request.path.startswith("/console/"):
        return sign_on.for_staff and (request.view_args or {}).get("site_key") == site.key
    # Everything else is about the whole account.
    return identities.is_only(context.session(), person, site)
