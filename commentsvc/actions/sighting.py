"""What of what requests showed is kept: where a site's widget was loaded, when an API token was used?

Both to the minute, and for many requests at once: whoever reads waits for no write.
"""

from collections.abc import Mapping

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commentsvc.store.models import ApiToken, Origin, Sighting, Site

MINUTE = 60 * 1_000_000
_MOST_UNREGISTERED = 5
"""Anyone can write any origin into a request's head: of those that aren't registered so many are kept a site."""


def keep_widgets(session: Session, seen: Mapping[tuple[str, str], int]) -> None:
    """Keep when the widget of a site (its key) was loaded from an origin."""
    keys = {key for key, _ in seen}
    sites = {site.key: site.id for site in session.execute(select(Site.key, Site.id).where(Site.key.in_(keys)))}
    registered = {
        (row.site_id, row.origin)
        for row in session.execute(select(Origin.site_id, Origin.origin).where(Origin.site_id.in_(sites.values())))
    }
    strangers: dict[int, int] = {}
    for (key, origin), at in sorted(seen.items(), key=lambda item: -item[1]):
        site_id = sites.get(key)
        if site_id is None:
            continue
        if (site_id, origin) not in registered:
            strangers[site_id] = strangers.get(site_id, 0) + 1
            if strangers[site_id] > _MOST_UNREGISTERED:
                continue
        _keep(session, site_id, origin, at)
    for site_id in strangers:
        _forget_oldest(session, site_id)


def keep_tokens(session: Session, used: Mapping[int, int]) -> None:
    """Keep when API tokens were last used."""
    for token_id, at in sorted(used.items()):
        session.execute(
            update(ApiToken)
            .where(ApiToken.id == token_id, ApiToken.last_used_at.is_(None) | (ApiToken.last_used_at < at))
            .values(last_used_at=at)
            .execution_options(synchronize_session=False)
        )


def _keep(session: Session, site_id: int, origin: str, at: int) -> None:
    known = session.get(Sighting, (site_id, origin))
    if known is None:
        try:
            with session.begin_nested():
                session.add(Sighting(site_id=site_id, origin=origin, seen_at=at))
            return
        except IntegrityError:  # Another process saw it too.
            known = session.get_one(Sighting, (site_id, origin))
    known.seen_at = max(known.seen_at, at)


def _forget_oldest(session: Session, site_id: int) -> None:
    session.flush()
    is_registered = select(Origin.origin).where(Origin.site_id == site_id, Origin.origin == Sighting.origin).exists()
    extra = session.scalars(
        select(Sighting.origin)
        .where(Sighting.site_id == site_id, ~is_registered)
        .order_by(Sighting.seen_at.desc(), Sighting.origin)
        .offset(_MOST_UNREGISTERED)
    ).all()
    if extra:
        session.execute(delete(Sighting).where(Sighting.site_id == site_id, Sighting.origin.in_(extra)))
