"""What does a mail of notices say? Its words are found when it is sent, from what is public then."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from sqlalchemy.orm import Session

from commentsvc.actions.notices import unsubscribe_token
from commentsvc.enums import Guideline, MailPace, NoticeKind, Status
from commentsvc.queries import sites
from commentsvc.queries.notices import Told, list_for_mail, may_be_mailed, preferences_of
from commentsvc.settings import Settings
from commentsvc.store.models import OutgoingMail, Person, Site
from commentsvc.text import excerpt

SHOWN = 30
"""How many notices one mail spells out; of more it only tells the number."""
_EXCERPT = 400


def write(
    session: Session, outgoing: OutgoingMail, *, person: Person | None, site: Site | None, settings: Settings
) -> tuple[Mapping[str, Any], Mapping[str, str]] | None:
    """Return what a mail's templates need and its headers; None when there is nothing left that may be told."""
    if person is None or site is None or person.email != outgoing.to_address or not may_be_mailed(session, person):
        return None
    wanted = preferences_of(session, person.id, site.id)
    told = [
        one
        for one in list_for_mail(session, person.id, site.id, outgoing.facts["notices"])
        if wanted[NoticeKind(one.notice.kind)].mail != MailPace.NEVER
    ]
    if not told:
        return None
    clauses = sites.guideline_words(sites.guidelines_of(session, site))
    stop = f"{settings.base_url}/unsubscribe/{unsubscribe_token(settings.secret_key, person.id, site.id)}"
    items = [_item(one, site, settings.base_url, clauses) for one in told[:SHOWN]]
    facts = {
        "items": items,
        "more": max(0, len(told) - SHOWN),
        "subject": items[0]["title"] if len(told) == 1 else f"{len(told)} notices",
        "stop_url": stop,
        "choose_url": f"{settings.base_url}/auth/notices?{urlencode({'site': site.key})}",
    }
    return facts, {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def title_of(told: Told) -> str:
    """Say in one line what a notice is about."""
    who, status = told.author or "Somebody", told.comment.status if told.comment else None
    kind = NoticeKind(told.notice.kind)
    if kind == NoticeKind.DECISION:
        after = told.decision.to_status if told.decision else status
        was_public = told.decision is not None and told.decision.from_status == Status.PUBLISHED
        return {
            Status.PUBLISHED.value: "Your comment is public",
            Status.HELD.value: "Your comment is being reviewed",
            Status.REJECTED.value: "Your comment was removed" if was_public else "Your comment was not published",
        }.get(after or "", "A decision about your comment")
    return {
        NoticeKind.REPLY: f"{who} replied to your comment",
        NoticeKind.MENTION: f"{who} mentioned you",
        NoticeKind.FOLLOWED: f"{who} wrote in a thread that you follow",
        NoticeKind.APPEAL: "Your appeal was decided",
        NoticeKind.SANCTION: "A message from the community managers",
        NoticeKind.REPORT: "Your report was answered",
    }[kind]


def _item(told: Told, site: Site, base_url: str, clauses: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    comment, article, decision = told.comment, told.article, told.decision
    broken = Guideline(decision.guideline) if decision is not None and decision.guideline else None
    is_restricted = decision is not None and decision.to_status in {Status.HELD, Status.REJECTED}
    url = article.url if article else ""
    if comment is not None and article is not None and comment.status == Status.PUBLISHED:
        query = urlencode({"comment": comment.id})
        url = f"{base_url}/articles/{quote(site.key, safe='')}/{quote(article.key)}?{query}"
    return {
        "title": title_of(told),
        "article": article.title if article else "",
        "excerpt": excerpt(comment.body, _EXCERPT) if comment else "",
        "clause": clauses.get(broken, {}).get("title", "") if broken and is_restricted else "",
        "message": (decision.message if decision else "") or str(told.notice.facts.get("message") or ""),
        "by_manager": decision is not None and decision.by_person_id is not None,
        "is_decision": decision is not None,
        "can_appeal": is_restricted and told.notice.kind == NoticeKind.DECISION,
        "url": url,
    }
