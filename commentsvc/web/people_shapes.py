"""What do people, their sanctions and the notes about them look like in managers' JSON, in and out?"""

from typing import Annotated, Any

from pydantic import StringConstraints, field_validator

from commentsvc.actions.sanctions import MAX_REASON
from commentsvc.enums import Guideline, SanctionKind, Trust
from commentsvc.queries.dossier import Dossier, Imposed, Note
from commentsvc.store.models import Sanction
from commentsvc.web.answers import AuthorOut, Out
from commentsvc.web.case_shapes import face_json, record_json
from commentsvc.web.shapes import In
from commentsvc.web.times import parse_time, time_text

Reason = Annotated[str, StringConstraints(min_length=1, max_length=MAX_REASON)]


class ClearIn(In):
    """What to reject of a person's comments: everything since a time, under a guideline."""

    guideline: str
    since: str | None = None

    @field_validator("guideline")
    @classmethod
    def _known(cls, value: str) -> str:
        return Guideline(value).value

    @field_validator("since")
    @classmethod
    def _time(cls, value: str | None) -> str | None:
        if value is not None:
            parse_time(value)
        return value


class SanctionIn(In):
    """A restriction, and what is to be rejected with it."""

    kind: str
    reason: Reason
    until: str | None = None
    clear: ClearIn | None = None

    @field_validator("kind")
    @classmethod
    def _known(cls, value: str) -> str:
        return SanctionKind(value).value

    @field_validator("until")
    @classmethod
    def _time(cls, value: str | None) -> str | None:
        if value is not None:
            parse_time(value)
        return value


class LiftIn(In):
    """Why a sanction ends."""

    reason: Reason


class ImposedOut(Out):
    """A sanction with its history."""

    id: str
    kind: SanctionKind
    reason: str
    until: str | None
    in_force: bool
    by: AuthorOut | None
    created_at: str
    replaces: str | None
    acknowledged_at: str | None
    lifted_at: str | None
    lifted_by: AuthorOut | None
    lift_reason: str | None


class NoteOut(Out):
    """What a manager wrote about a person."""

    body: str
    by: AuthorOut
    created_at: str


class ReporterOut(Out):
    """What became of the reports that a person made, and how much the next one weighs."""

    upheld: int
    dismissed: int
    open: int
    weight: float


class PersonRecordOut(AuthorOut):
    """A person's record, sanctions with their history, and notes."""

    created_at: str
    joined_at: str
    published: int
    rejected: int
    trust: Trust
    reports: ReporterOut
    sanctions: list[ImposedOut]
    notes: list[NoteOut]


def person_json(dossier: Dossier) -> dict[str, Any]:
    """Write what a site's managers know of a person."""
    face = dossier.record.face
    return {
        **record_json(dossier.record),
        "joined_at": time_text(dossier.membership.created_at),
        "trust": dossier.record.trust,
        "reports": {
            "upheld": face.reports_upheld,
            "dismissed": face.reports_dismissed,
            "open": dossier.reports_open,
            "weight": face.report_weight,
        },
        "sanctions": [_imposed_json(one) for one in dossier.sanctions],
        "notes": [_note_json(one) for one in dossier.notes],
    }


def _imposed_json(one: Imposed) -> dict[str, Any]:
    sanction: Sanction = one.sanction
    return {
        "id": str(sanction.id),
        "kind": sanction.kind,
        "reason": sanction.reason,
        "until": time_text(sanction.until),
        "in_force": one.in_force,
        "by": face_json(one.by) if one.by else None,
        "created_at": time_text(sanction.created_at),
        "replaces": str(sanction.replaces_id) if sanction.replaces_id else None,
        "acknowledged_at": time_text(sanction.acknowledged_at),
        "lifted_at": time_text(sanction.lifted_at),
        "lifted_by": face_json(one.lifted_by) if one.lifted_by else None,
        "lift_reason": sanction.lift_reason,
    }


def _note_json(one: Note) -> dict[str, Any]:
    return {"body": one.note.body, "by": face_json(one.by), "created_at": time_text(one.note.created_at)}
