"""What changes when somebody wants a copy of everything about them? A job collects it and writes one file.

It goes through the sections some rows at a time. Each step's rows are kept in one transaction with where it has come
to, so it may be killed at any point and goes on from there. The file lies in the database: whichever machine is asked
for it has it.
"""

import gzip
import json
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import IO, Any

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commentsvc.actions import mailing
from commentsvc.enums import ExportState, MailKind
from commentsvc.infra import archive, jobs
from commentsvc.queries import exports
from commentsvc.queries.exports import Chunk
from commentsvc.store.db import Database
from commentsvc.store.models import Export, ExportPart, Person
from commentsvc.store.personal import Rule, sections

JOB = "export_person"
LIFE_US = 7 * 24 * 3600 * jobs.SECOND
"""How long a finished export can be downloaded."""
_END = "end"
_ROWS = 500
_PIECE = 512 * 1024


def ask(session: Session, person: Person, *, now: int) -> Export:
    """Have everything about a person collected; while that goes on, asking again changes nothing."""
    waiting = _find_waiting(session, person.id)
    if waiting is not None:
        return waiting
    made = Export(person_id=person.id, state=ExportState.WAITING, reached=[], created_at=now, expires_at=now + LIFE_US)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:  # Two asked at once.
        waiting = _find_waiting(session, person.id)
        assert waiting is not None
        return waiting
    jobs.enqueue(session, JOB, {"export": made.id}, key=f"{JOB}:{made.id}", now=now)
    return made


def advance(db: Database, export_id: int, *, base_url: str, now: int) -> int | None:
    """Collect the next rows, or write the file when there are none left; None when it is done, else 0 to go on."""
    with db.reading() as session:
        export = session.get(Export, export_id)
        if export is None or export.state != ExportState.WAITING:
            return None
        seen = (export.section, list(export.reached))
        person = session.get_one(Person, export.person_id)
        rule = _rule(export.section)
        is_lost = rule is None and export.section != _END
        chunk = exports.read(session, rule, person, reached=export.reached, limit=_ROWS) if rule else None
    if is_lost:
        with db.writing() as session:
            _begin_again(session, export_id)
        return 0
    if rule is not None and chunk is not None:
        with db.writing() as session:
            _keep(session, export_id, rule, chunk, seen=seen)
        return 0
    with tempfile.TemporaryFile() as file:
        _write(db, export_id, person, file, base_url=base_url, now=now)
        with db.writing() as session:
            _publish(session, export_id, file, now=now)
    return None


def discard(session: Session, export_ids: Sequence[int]) -> int:
    """Delete exports with their pieces; return how many."""
    for column in (ExportPart.export_id, Export.id):
        session.execute(
            delete(column.class_).where(column.in_(export_ids)).execution_options(synchronize_session=False)
        )
    return len(export_ids)


def _find_waiting(session: Session, person_id: int) -> Export | None:
    return session.scalar(select(Export).where(Export.person_id == person_id, Export.state == ExportState.WAITING))


def _rule(key: str) -> Rule | None:
    """Return the section that the job is at; None at the end."""
    wanted = sections()
    if key == "":
        return wanted[0]
    return next((rule for rule in wanted if rule.key == key), None)


def _begin_again(session: Session, export_id: int) -> None:
    """Another version of this service goes on, which knows no such section."""
    export = session.get_one(Export, export_id, with_for_update=True)
    session.execute(delete(ExportPart).where(ExportPart.export_id == export_id))
    export.section, export.reached, export.parts = "", [], 0


def _after(rule: Rule) -> str:
    keys = [one.key for one in sections()]
    place = keys.index(rule.key) + 1
    return keys[place] if place < len(keys) else _END


def _keep(session: Session, export_id: int, rule: Rule, chunk: Chunk, *, seen: tuple[str, list[Any]]) -> None:
    export = session.get(Export, export_id, with_for_update=True)
    if export is None or (export.section, export.reached) != seen:
        return  # Another worker was quicker.
    if chunk.rows:
        content = gzip.compress(json.dumps(chunk.rows, ensure_ascii=False).encode(), compresslevel=5)
        session.add(ExportPart(export_id=export_id, number=export.parts, section=rule.key, content=content))
        export.parts += 1
    export.section = rule.key if chunk.reached is not None else _after(rule)
    export.reached = chunk.reached or []


def _write(db: Database, export_id: int, person: Person, file: IO[bytes], *, base_url: str, now: int) -> None:
    made_at = datetime.fromtimestamp(now / 1_000_000, UTC).strftime("%-d %B %Y, %H:%M UTC")
    wanted = [
        archive.Section(rule.key.replace(".", "-"), rule.title, partial(_chunks, db, export_id, rule.key))
        for rule in sections()
    ]
    archive.write(file, wanted, {"name": person.name, "made_at": made_at, "service": base_url})


def _chunks(db: Database, export_id: int, section: str) -> Iterator[list[dict[str, Any]]]:
    last = -1
    while True:
        # A transaction a piece: none stays open while the file is written.
        with db.reading() as session:
            row = session.execute(
                select(ExportPart.number, ExportPart.content)
                .where(ExportPart.export_id == export_id, ExportPart.section == section, ExportPart.number > last)
                .order_by(ExportPart.number)
                .limit(1)
            ).one_or_none()
        if row is None:
            return
        last = row.number
        yield json.loads(gzip.decompress(row.content))


def _publish(session: Session, export_id: int, file: IO[bytes], *, now: int) -> None:
    export = session.get(Export, export_id, with_for_update=True)
    if export is None or export.state != ExportState.WAITING:
        return
    session.execute(delete(ExportPart).where(ExportPart.export_id == export_id))
    export.size = file.seek(0, 2)
    file.seek(0)
    number = 0
    while piece := file.read(_PIECE):
        # Not by the session, which would keep all pieces until the end.
        session.execute(insert(ExportPart).values(export_id=export_id, number=number, section="", content=piece))
        number += 1
    export.parts, export.state, export.reached = number, ExportState.READY, []
    export.ready_at, export.expires_at = now, now + LIFE_US
    person = session.get_one(Person, export.person_id)
    if person.email:
        facts = {"until": datetime.fromtimestamp(export.expires_at / 1_000_000, UTC).strftime("%-d %B %Y")}
        mailing.post(session, MailKind.EXPORT_READY, to=person.email, person=person, facts=facts, now=now)
