"""What changes when a site restricts a person?"""

from sqlalchemy.orm import Session

from commentsvc import text
from commentsvc.enums import SanctionKind
from commentsvc.errors import Invalid
from commentsvc.store.models import Person, Sanction, Site


def impose(
    session: Session,
    *,
    site: Site,
    person: Person,
    kind: SanctionKind,
    reason: str,
    by: Person | None,
    now: int,
    until: int | None = None,
) -> Sanction:
    """Restrict a person on one site, in force from the next request on; only a ban or premoderation may be endless."""
    if kind == SanctionKind.SUSPEND and (until is None or until <= now):
        raise Invalid("A suspension needs an end in the future.", field="until")
    sanction = Sanction(
        person_id=person.id,
        site_id=site.id,
        kind=kind,
        reason=text.clean(reason, field="reason", max_length=1000, multiline=True),
        by_person_id=by.id if by else None,
        created_at=now,
        until=until,
    )
    session.add(sanction)
    session.flush()
    return sanction


def lift(session: Session, sanction: Sanction, *, now: int) -> None:
    """End a sanction now."""
    sanction.lifted_at = now
    session.flush()
