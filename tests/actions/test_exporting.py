"""Is everything about a person in their export, nothing of anybody else's, and does it survive being killed?"""

import io
import json
import zipfile
from typing import Any

import pytest
from sqlalchemy import func, select

from commentsvc.actions import accesses, accounts, exporting, purging, reporting, sanctions, voting
from commentsvc.enums import AccessKind, ReportReason, Role, SanctionKind, Status
from commentsvc.queries import exports
from commentsvc.queries.sites import find_membership
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Comment, Export, ExportPart, OutgoingMail, Person
from tests import factories
from tests.conftest import Cast

DAY = 24 * 3600 * 1_000_000
URL = "https://comments.example"


def ask(db: Database, who: Person, *, now: int | None = None) -> int:
    with db.writing() as session:
        return exporting.ask(session, session.get_one(Person, who.id), now=now or now_us()).id


def finish(db: Database, export_id: int, *, now: int | None = None) -> int:
    steps = 1
    while exporting.advance(db, export_id, base_url=URL, now=now or now_us()) is not None:
        steps += 1
    return steps


def unpack(db: Database, export_id: int) -> tuple[dict[str, Any], dict[str, str]]:
    with db.reading() as session:
        pieces = [exports.find_piece(session, export_id, n) for n in exports.piece_numbers(session, export_id)]
    packed = zipfile.ZipFile(io.BytesIO(b"".join(piece or b"" for piece in pieces)))
    assert packed.testzip() is None
    files = {name: packed.read(name).decode() for name in packed.namelist()}
    return json.loads(files.pop("data.json")), files


@pytest.fixture
def lived(db: Database, cast: Cast) -> Comment:
    """Ada has written, voted, reported, and been dealt with; bo has something that must not show."""
    with db.writing() as session:
        mine = factories.comment(session, cast.story, cast.ada, "My <b>own</b> words.")
        factories.comment(session, cast.story, cast.ada, "Too hot to print.", status=Status.HELD)
        factories.reject(session, mine, cast.cam, message="Mind the tone.")
        theirs = factories.comment(session, cast.story, cast.bo, "What bo wrote.")
        voting.vote(session, comment_id=theirs.id, value=1, by=cast.ada, now=now_us())
        reporting.report(
            session, comment_id=theirs.id, revision=1, reason=ReportReason.SPAM, detail="It sells things.",
            by=cast.ada, now=now_us(),
        )  # fmt: skip
        membership = find_membership(session, cast.cam.id, cast.daily.id)
        sanctions.add_note(session, cast.ada.id, body="A secret note.", membership=membership, now=now_us())
        factories.sanction(session, cast.ada, cast.daily, SanctionKind.WARN)
        factories.bearer(session, cast.ada, cast.daily)
    accesses.note(db, AccessKind.PERSON, by_id=cast.cam.id, site_id=cast.daily.id, person_id=cast.ada.id, now=now_us())
    return mine


def test_an_export_says_all_about_one_person_and_nothing_of_others(db: Database, cast: Cast, lived: Comment) -> None:
    export_id = ask(db, cast.ada)

    finish(db, export_id)

    data, pages = unpack(db, export_id)
    sections = {name: section["rows"] for name, section in data["sections"].items() if section["rows"]}
    assert sections.keys() >= {
        "persons-id", "memberships-person_id", "comments-person_id", "revisions-comment_id", "votes-person_id",
        "reports-person_id", "decisions-comment_id", "cases-comment_id", "sanctions-person_id",
        "person_notes-person_id", "accesses-person_id", "notices-person_id", "api_tokens-person_id",
        "exports-person_id",
    }  # fmt: skip
    assert sections["persons-id"] == [
        {
            "id": str(cast.ada.id), "name": "Ada Holm", "email": "ada@daily.example", "email_verified_at": None,
            "created_at": sections["persons-id"][0]["created_at"],
        }
    ]  # fmt: skip
    assert {row["body"] for row in sections["comments-person_id"]} == {"My <b>own</b> words.", "Too hot to print."}
    assert sections["comments-person_id"][0]["article"] == "Story story"
    assert sections["reports-person_id"][0]["detail"] == "It sells things."
    assert [row["kind"] for row in sections["accesses-person_id"]] == ["person"]
    assert set(sections["person_notes-person_id"][0]) == {"site", "created_at"}
    told = json.dumps(data) + "".join(pages.values())
    for absent in ("What bo wrote", "A secret note", "Bo Lind", "Cam Reyes", "daily@", "argon2", "bo@daily.example"):
        assert absent not in told
    assert "My &lt;b&gt;own&lt;/b&gt; words." in pages["pages/comments-person_id-1.html"]
    assert 'href="pages/comments-person_id-1.html"' in pages["index.html"]


def test_an_export_that_was_cut_off_goes_on_and_takes_no_row_twice(
    db: Database, cast: Cast, lived: Comment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "_ROWS", 1)
    monkeypatch.setattr(exports, "_COMMENTS_AT_ONCE", 1)
    export_id = ask(db, cast.ada)
    for _ in range(4):
        exporting.advance(db, export_id, base_url=URL, now=now_us())
    kept, died = exporting._keep, []

    def die_once(*args: Any, **kwargs: Any) -> None:
        kept(*args, **kwargs)
        if not died:
            died.append(1)
            raise RuntimeError("killed before the commit")

    monkeypatch.setattr(exporting, "_keep", die_once)
    with pytest.raises(RuntimeError):
        exporting.advance(db, export_id, base_url=URL, now=now_us())

    finish(db, export_id)

    data, pages = unpack(db, export_id)
    bodies = [row["body"] for row in data["sections"]["comments-person_id"]["rows"]]
    assert bodies == ["My <b>own</b> words.", "Too hot to print."]
    assert {"pages/comments-person_id-1.html", "pages/comments-person_id-2.html"} <= pages.keys()
    assert len(data["sections"]["revisions-comment_id"]["rows"]) == 2


def test_asking_twice_is_one_export_and_one_mail(db: Database, cast: Cast) -> None:
    first, second = ask(db, cast.ada), ask(db, cast.ada)
    finish(db, first)
    finish(db, first)

    with db.reading() as session:
        (mail,) = session.scalars(select(OutgoingMail)).all()
    assert first == second
    assert (mail.kind, mail.to_address, mail.link_nonce) == ("export_ready", "ada@daily.example", None)
    assert ask(db, cast.ada) != first


def test_an_export_can_be_fetched_for_seven_days_and_is_gone_then(db: Database, cast: Cast) -> None:
    begun = now_us()
    export_id = ask(db, cast.ada, now=begun)
    finish(db, export_id, now=begun)

    with db.reading() as session:
        last = exports.find_ready(session, cast.ada.id, export_id, now=begun + 7 * DAY - 1)
        late = exports.find_ready(session, cast.ada.id, export_id, now=begun + 7 * DAY)
        others = exports.find_ready(session, cast.bo.id, export_id, now=begun)
    with db.writing() as session:
        purging.purge(session, now=begun + 7 * DAY + 1)
    with db.reading() as session:
        left = [session.scalar(select(func.count()).select_from(table)) for table in (Export, ExportPart)]
    assert last is not None
    assert (late, others, left) == (None, None, [0, 0])


def test_notices_by_address_are_only_theirs_who_proved_the_address(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        about = factories.comment(session, cast.story, cast.bo)
        factories.legal_notice(session, about, email="Ada@daily.example")
    without = ask(db, cast.ada)
    finish(db, without)
    with db.writing() as session:
        session.get_one(Person, cast.ada.id).email_verified_at = now_us()
    proved = ask(db, cast.ada)
    finish(db, proved)

    found = [unpack(db, one)[0]["sections"]["legal_notices-email"]["rows"] for one in (without, proved)]

    assert [len(rows) for rows in found] == [0, 1]
    assert found[1][0]["explanation"] == "It is a lie."


def test_staff_see_their_own_work_without_the_people_it_was_about(db: Database, cast: Cast, lived: Comment) -> None:
    with db.writing() as session:
        accounts.set_role(session, session.get_one(Person, cast.cam.id), cast.daily, Role.ADMIN)
    export_id = ask(db, cast.cam)

    finish(db, export_id)

    data, _ = unpack(db, export_id)
    rows = data["sections"]["decisions-by_person_id"]["rows"]
    assert [(row["action"], row["message"]) for row in rows] == [("reject", "Mind the tone.")]
    assert len(data["sections"]["accesses-by_person_id"]["rows"]) == 1
    assert "Ada" not in json.dumps(data)
