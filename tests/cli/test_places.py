"""Does the doctor see a full disk and an old backup?"""

import os
import shutil
from pathlib import Path

import pytest
from sqlalchemy import insert

from commentsvc.cli import places
from commentsvc.infra import archive, jobs
from commentsvc.queries import health
from commentsvc.settings import Settings
from commentsvc.store.db import Database
from commentsvc.store.models import Job, OutgoingMail

NOW = 1_800_000_000_000_000
HOUR = 3600 * 1_000_000


def look(settings: Settings) -> dict[str, health.Finding]:
    return {finding.name: finding for finding in places.examine(settings, now=NOW)}


def a_backup(folder: Path, hours: float) -> Path:
    (folder / "content").write_bytes(b"content")
    about = {"made_by": "1", "created_at": "", "engine": "sqlite", "server": "", "revision": "0001", "rows": {}}
    file = folder / "b.zip"
    archive.pack(file, about, {"database.sqlite": folder / "content"}, advance=lambda _: None)
    os.utime(file, (NOW / 1e6 - hours * 3600,) * 2)
    return file


def test_full_disk_is_not_well(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    full = shutil.disk_usage("/")._replace(total=10**12, used=10**12, free=10**8)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)

    found = look(settings)["disk"]

    assert not found.is_well
    assert "0.1 of 1000.0 GB" in found.message


def test_backups_are_asked_for_only_where_they_are_known_to_be(settings: Settings, tmp_path: Path) -> None:
    known = settings.model_copy(update={"backup_dir": tmp_path})

    assert set(look(settings)) == {"disk"}
    assert not look(known)["backups"].is_well
    file = a_backup(tmp_path, 3)
    assert look(known)["backups"].is_well
    assert "3.0 hours" in look(known)["backups"].message
    os.utime(file, (NOW / 1e6 - 30 * 3600,) * 2)
    assert not look(known)["backups"].is_well
    file.write_bytes(b"")
    assert not look(known)["backups"].is_well


def test_mail_that_does_not_leave_is_not_well(db: Database) -> None:
    row = {"kind": "invitation", "to_address": "a@b.example", "facts": {}, "attempts": 3, "error": ""}
    with db.writing() as session:
        assert health.outbox(session, now=NOW).is_well
        session.execute(insert(OutgoingMail).values(**row, state="waiting", created_at=NOW - HOUR // 2))
        session.execute(insert(OutgoingMail).values(**row, state="sent", created_at=NOW - 3 * HOUR))
        assert health.outbox(session, now=NOW).is_well
        late = {**row, "error": "no route to host\nmore"}
        session.execute(insert(OutgoingMail).values(**late, state="waiting", created_at=NOW - 2 * HOUR))
        found = health.outbox(session, now=NOW)
        counted = health.mails(session, now=NOW)
        ages = health.ages(session, now=NOW)

    assert (found.is_well, found.message) == (
        False,
        "0 given up in two days, 1 waiting for more than an hour: no route to host",
    )
    assert counted == {"waiting": 2, "sent": 1, "failed": 0}
    assert ages == {"case": 0.0, "job": 0.0, "mail": 7200.0}


def test_jobs_that_get_nowhere_are_named(db: Database) -> None:
    with db.writing() as session:
        jobs.enqueue(session, "young", {}, now=NOW)
        jobs.enqueue(session, "waits-for-its-hour", {}, now=NOW - 48 * HOUR, run_at=NOW + HOUR)
        assert health.stuck(session, now=NOW).is_well
        row = {"name": "old", "args": {}, "attempts": 200, "error": "no", "run_at": NOW}
        session.execute(insert(Job).values(**row, state="waiting", created_at=NOW - 30 * HOUR))
        session.execute(insert(Job).values(**{**row, "name": "gone"}, state="failed", created_at=NOW))
        found = health.stuck(session, now=NOW)

    assert (found.is_well, found.message) == (False, "1 of gone, 1 of old")
