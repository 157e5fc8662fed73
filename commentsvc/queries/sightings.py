"""Do a site's tags work: from which origins was its widget loaded, and when last?"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.store.models import Origin, Sighting

LATELY_US = 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """An origin, and when one of its pages last loaded the widget; None for never, as far as is kept."""

    origin: str
    seen_at: int | None


@dataclass(frozen=True, slots=True)
class Check:
    """What the check of the tags found."""

    registered: Sequence[Seen]
    strangers: Sequence[Seen]
    """Origins that aren't registered, from which the widget was loaded lately: readers there can't take part."""
    now: int

    @property
    def works(self) -> bool:
        """Say whether the widget was loaded lately from an origin that is registered."""
        return any(seen.seen_at and self.now - seen.seen_at < LATELY_US for seen in self.registered)


def check_tags(session: Session, site_id: int, *, now: int) -> Check:
    """Read where a site's widget was seen."""
    origins = session.scalars(select(Origin.origin).where(Origin.site_id == site_id).order_by(Origin.origin)).all()
    seen = {
        row.origin: row.seen_at
        for row in session.execute(select(Sighting.origin, Sighting.seen_at).where(Sighting.site_id == site_id))
    }
    strangers = [
        Seen(origin, at)
        for origin, at in sorted(seen.items(), key=lambda item: -item[1])
        if origin not in origins and now - at < LATELY_US
    ]
    return Check([Seen(origin, seen.get(origin)) for origin in origins], strangers, now)
