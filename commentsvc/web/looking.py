"""Does a page show a manager somebody's personal data? Then the site's trail says so."""

from collections.abc import Iterable

from flask import request

from commentsvc.actions import accesses
from commentsvc.enums import AccessKind
from commentsvc.queries.queue import Card
from commentsvc.store.models import Membership
from commentsvc.web import context


def saw(by: Membership, kind: AccessKind, person_id: int | None = None) -> None:
    """Keep that a manager looked at a person's data on their site, or, without one, at some people's."""
    db = context.services().db
    # A request that writes has a transaction; a second one beside it would wait for the first for ever.
    session = None if request.method in context.READS else context.session()
    accesses.note(
        db, kind, by_id=by.person_id, site_id=by.site_id, person_id=person_id, session=session, now=context.now()
    )


def saw_cards(by: Membership | None, cards: Iterable[Card | None]) -> None:
    """Keep that a manager was shown addresses of people who gave notice of illegal content, if there are any."""
    if by is not None and any(notice.email for card in cards if card for notice in card.notices):
        saw(by, AccessKind.EMAIL)
