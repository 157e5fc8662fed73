"""How may a site's own accounts be used, and what is kept of a sign-on that failed?"""

import re
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from commentsvc.actions.assertions import Problem
from commentsvc.errors import Invalid
from commentsvc.queries.sign_ons import find_sign_on
from commentsvc.store.models import RefusedSignOn, SignOn, Site
from commentsvc.text import clean

MAX_ISSUER = 300
MAX_LABEL = 40

_KEPT_OF_A_KIND = 5
_ISSUER = re.compile(r"[\x21-\x7e]{1,300}")


def set_token_issuer(session: Session, site: Site, issuer: str, *, now: int) -> SignOn:
    """Say who signs the site's tokens: their `iss`. Identities that another issuer vouched for stay what they were."""
    issuer = issuer.strip()
    if not _ISSUER.fullmatch(issuer):
        raise Invalid("An issuer is an address or a name without spaces, at most 300 characters.", field="token_issuer")
    sign_on = _sign_on(session, site, now=now)
    sign_on.token_issuer, sign_on.updated_at = issuer, now
    return sign_on


def check_provider_issuer(issuer: str, *, is_private: bool) -> str:
    """Return an OpenID provider's issuer, or raise Invalid: https, unless the operator lists its host."""
    issuer = issuer.strip()
    try:
        parts = urlsplit(issuer)
    except ValueError:
        parts = urlsplit("")
    schemes = {"https", "http"} if is_private else {"https"}
    if not _ISSUER.fullmatch(issuer) or parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc:
        raise Invalid("An issuer is an https:// address, just as the provider writes it.", field="issuer")
    if parts.query or parts.fragment:
        raise Invalid("An issuer has no question mark and no # in it.", field="issuer")
    return issuer


def set_provider(
    session: Session, site: Site, *, issuer: str, client_id: str, client_secret: str | None, label: str,
    for_readers: bool, for_staff: bool, now: int,
) -> SignOn:  # fmt: skip
    """Let people sign in by an OpenID provider whose issuer was checked; `client_secret` None keeps the one there is.

    The secret is kept as it is, because it must be used; with it alone nobody can sign in.
    """
    client_id = clean(client_id, field="client_id", max_length=300)
    label = clean(label, field="label", max_length=MAX_LABEL)
    sign_on = _sign_on(session, site, now=now)
    if client_secret is None and sign_on.provider_issuer not in (None, issuer):
        # What was a secret between two others isn't this provider's to see.
        raise Invalid(
            "Another provider needs its own secret; leave it empty only if it gave none.", field="client_secret"
        )
    sign_on.provider_issuer, sign_on.client_id, sign_on.label = issuer, client_id, label
    sign_on.for_readers, sign_on.for_staff, sign_on.updated_at = for_readers, for_staff, now
    if client_secret is not None:
        sign_on.client_secret = client_secret.strip()
    return sign_on


def remove_provider(session: Session, site: Site, *, now: int) -> None:
    """Stop signing people in by the provider; who came by it keeps the account, and comes in again if it returns."""
    sign_on = _sign_on(session, site, now=now)
    sign_on.provider_issuer, sign_on.client_id, sign_on.client_secret, sign_on.label = None, "", "", ""
    sign_on.for_readers = sign_on.for_staff = False
    sign_on.updated_at = now


def note_refusal(session: Session, site: Site, problem: Problem, *, now: int) -> None:
    """Keep why a sign-on failed: the latest few of each kind, so that nobody can flood the others away."""
    row = RefusedSignOn(site_id=site.id, reason=problem.reason, facts=dict(problem.facts), created_at=now)
    session.add(row)
    session.flush()
    same = (RefusedSignOn.site_id == site.id) & (RefusedSignOn.reason == problem.reason)
    # What another request is deleting right now is left to it, so that the two can't wait for each other.
    older = select(RefusedSignOn.id).where(same).order_by(RefusedSignOn.id.desc()).offset(_KEPT_OF_A_KIND)
    gone = session.scalars(older.with_for_update(skip_locked=True)).all()
    session.execute(
        delete(RefusedSignOn).where(RefusedSignOn.id.in_(gone)), execution_options={"synchronize_session": False}
    )


def _sign_on(session: Session, site: Site, *, now: int) -> SignOn:
    # Two administrators at once come one after the other.
    session.execute(select(Site.id).where(Site.id == site.id).with_for_update())
    sign_on = find_sign_on(session, site.id)
    if sign_on is None:
        sign_on = SignOn(site_id=site.id, updated_at=now)
        session.add(sign_on)
        session.flush()
    return sign_on
