"""How long does a site keep what it need not keep?"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from commentsvc.store.models import Retention


@dataclass(frozen=True, slots=True)
class Kept:
    """Days for which a site keeps hashes of networks, mails, closed legal cases, and who looked at personal data."""

    network_days: int = 30
    mail_days: int = 30
    legal_days: int = 365
    access_days: int = 365


BOUNDS = {"network_days": (0, 30), "mail_days": (1, 90), "legal_days": (180, 3650), "access_days": (30, 3650)}
"""The least and the most days. A complaint may come for six months, so legal cases aren't emptied before."""


def retention_of(session: Session, site_id: int) -> Kept:
    """Return what a site has set, or the defaults."""
    row = session.get(Retention, site_id)
    if row is None:
        return Kept()
    return Kept(row.network_days, row.mail_days, row.legal_days, row.access_days)
