"""What does the head of the queue show besides the cases: filters to choose from, views, who is here?"""

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import current_app, url_for
from sqlalchemy.orm import Session

from commentsvc.enums import CaseState
from commentsvc.queries import articles, backlog, presence, queue, views
from commentsvc.queries.backlog import Kinds
from commentsvc.queries.presence import Colleague
from commentsvc.store.models import Membership, SavedView, Site
from commentsvc.web import filters

COUNTED = 12
"""So many views are counted; counts cost a query each time that a page asks, which is every ten seconds."""
MOST = 1000
"""Counting ends here: more than that is more than anybody looks at."""
_SLOW_S = 0.05
_REST = 20
_MANY = 2_000
"""With fewer open cases they are counted by kind for each page; with more than that, one page in some seconds."""
_KINDS_S = 5.0

Counts = TypeVar("Counts")


@dataclass(frozen=True, slots=True)
class View:
    """A saved view as a link, and how many cases it finds."""

    saved: SavedView
    href: str
    count: int | None
    is_current: bool
    is_mine: bool
    is_default: bool

    @property
    def count_words(self) -> str:
        """The count as it is shown."""
        return "" if self.count is None else count_words(self.count)


def head(
    session: Session, site: Site, by: Membership, given: Mapping[str, str], *, waiting: int, now: int
) -> dict[str, Any]:
    """Read what the head of the queue, in which so many cases wait, offers to this manager."""
    chosen = given.get("view")
    listed, default = views.list_views(session, by)
    counts = counts_of(session, by, listed, now=now)
    shown = [
        View(
            saved=view,
            href=address(site, view),
            count=counts.get(view.id),
            is_current=str(view.id) == chosen,
            is_mine=view.person_id == by.person_id,
            is_default=view.id == default,
        )
        for view in listed
    ]
    return {
        "views": shown,
        "view": next((view for view in shown if view.is_current), None),
        "all_link": url_for("console.show_queue", site_key=site.key, view="all" if default else None),
        "can_change": lambda view: view.is_mine or (view.saved.shared and by.role == "admin"),
        "here": here_words([who for who in presence.at_desk(session, site.id, now=now) if not _is(who, by)]),
        "kinds": _kinds(session, site, waiting),
        "held_by_me": presence.count_held(session, site.id, by=by.person_id, now=now),
        "label_words": filters.LABELS,
        "trust_words": filters.TRUSTS,
        "waiting_words": filters.WAITING,
        "holding_words": filters.HOLDINGS,
        "sections": articles.sections_with_cases(session, site.id),
        "articles": articles.with_most_cases(session, site.id, article_id=given.get("article", "")),
    }


def counts_of(session: Session, by: Membership, listed: Sequence[SavedView], *, now: int) -> dict[int, int]:
    """Count what the first views find."""
    wanted = {view.id: filters.wanted(view.filters, CaseState.OPEN, by=by.person_id) for view in listed[:COUNTED]}
    personal = any(each.holding for each in wanted.values())
    key = (by.site_id, by.person_id if personal else None, str({view.id: view.filters for view in listed[:COUNTED]}))
    return _kept(key, lambda: queue.count_each(session, by.site_id, wanted, most=MOST, now=now))


def _kinds(session: Session, site: Site, waiting: int) -> Kinds:
    if waiting < _MANY:
        return backlog.count_kinds(session, site.id)
    return _kept(("kinds", site.id), lambda: backlog.count_kinds(session, site.id), for_s=_KINDS_S)


def _kept(key: Hashable, count: Callable[[], Counts], *, for_s: float | None = None) -> Counts:
    """Count, and keep it so long; without that, what takes long is kept for a while. All managers ask for it."""
    kept: dict[Hashable, tuple[float, Any]] = current_app.extensions.setdefault("commentsvc_counts", {})
    known = kept.get(key)
    started = time.monotonic()
    if known is not None and known[0] > started:
        found: Counts = known[1]
        return found
    counts = count()
    took = time.monotonic() - started
    kept.pop(key, None)
    if for_s is None and took > _SLOW_S:
        for_s = took * _REST
    if for_s is not None:
        if len(kept) > MOST:
            kept.clear()
        kept[key] = (started + for_s, counts)
    return counts


def address(site: Site, view: SavedView) -> str:
    """Return a view's address: its filters spelled out, so that what is seen is what the address says."""
    query: dict[str, Any] = {**filters.kept(view.filters), "view": view.id, "site_key": site.key}
    return url_for("console.show_queue", **query)


def count_words(count: int) -> str:
    """Write a count that ends at MOST."""
    return f"{MOST - 1}+" if count >= MOST else str(count)


def here_words(here: Sequence[Colleague]) -> str:
    """Say who else is at the desk."""
    names = [who.face.name for who in here]
    if not names:
        return ""
    if len(names) > 4:
        names = [*names[:3], f"{len(names) - 3} more"]
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"{listed} {'is' if len(here) == 1 else 'are'} here"


def _is(who: Colleague, by: Membership) -> bool:
    return who.face.person_id == by.person_id
