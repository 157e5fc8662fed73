"""What is a person told of?"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from commentsvc.enums import NoticeKind
from commentsvc.store.models import Notice


def notify(
    session: Session,
    kind: NoticeKind,
    *,
    person_id: int,
    site_id: int,
    now: int,
    comment_id: int | None = None,
    decision_id: int | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Notice:
    """Tell a person of something on one site."""
    notice = Notice(
        kind=kind,
        person_id=person_id,
        site_id=site_id,
        comment_id=comment_id,
        decision_id=decision_id,
        facts=dict(facts or {}),
        created_at=now,
    )
    session.add(notice)
    return notice
