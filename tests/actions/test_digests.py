"""Is each notice in exactly one mail, at the time its person chose, and never one about what is gone?"""

import re
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from commentsvc.actions import bounces, digests, mailing, notices
from commentsvc.enums import MailPace, MessageState, NoticeKind
from commentsvc.infra import jobs
from commentsvc.queries.notices import Preference, preferences_of
from commentsvc.settings import Settings
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Bounce, Comment, Job, Notice, OutgoingMail, Person
from tests import factories
from tests.actions.test_telling import do_jobs
from tests.conftest import Cast
from tests.mailserver import serving

SECRET = "s" * 32
HOUR = 3600 * jobs.SECOND
LATER = now_us() + 48 * HOUR


def settings_for(server: str) -> Settings:
    return Settings(secret_key=SECRET, base_url="https://comments.news.example", mail_url=f"smtp://{server}")


def verify(db: Database, *people: Person) -> None:
    with db.writing() as session:
        for person in people:
            session.get_one(Person, person.id).email_verified_at = 1


def reply(db: Database, cast: Cast, body: str = "", *, count: int = 1) -> list[Comment]:
    with db.writing() as session:
        top = factories.comment(session, cast.story, cast.ada)
        made = [factories.comment(session, cast.story, cast.bo, body, parent=top) for _ in range(count)]
    do_jobs(db)
    return made


def gather(db: Database, now: int = LATER) -> list[OutgoingMail]:
    while digests.advance(db, now=now) is not None:
        pass
    with db.reading() as session:
        return session.query(OutgoingMail).order_by(OutgoingMail.id).all()


def send(db: Database, mails: list[OutgoingMail]) -> list[Any]:
    with serving() as (server, keeper):
        for one in mails:
            assert mailing.deliver(db, settings_for(server), one.id, clock=now_us) is None
    return keeper.mails


def parts(message: EmailMessage) -> tuple[str, str]:
    text, html = (message.get_body((kind,)).get_content().replace("\r\n", "\n") for kind in ("plain", "html"))  # type: ignore[union-attr]
    return text, html


@pytest.mark.parametrize(
    ("pace", "zone", "due"),
    [
        (MailPace.AT_ONCE, "UTC", "2026-03-28 07:31:00"),
        (MailPace.HOURLY, "UTC", "2026-03-28 08:00:00"),
        (MailPace.DAILY, "UTC", "2026-03-28 08:00:00"),
        (MailPace.DAILY, "Europe/Berlin", "2026-03-29 06:00:00"),
        (MailPace.DAILY, "America/New_York", "2026-03-28 12:00:00"),
    ],
)
def test_mails_are_due_by_the_clock_of_the_site(pace: MailPace, zone: str, due: str) -> None:
    now = int(datetime(2026, 3, 28, 7, 30, 15, tzinfo=UTC).timestamp()) * jobs.SECOND

    at = notices.mail_time(pace, zone=zone, now=now)

    assert at is not None
    assert str(datetime.fromtimestamp(at / jobs.SECOND, UTC))[:19] == due
    assert notices.mail_time(MailPace.NEVER, zone=zone, now=now) is None


def test_a_digest_holds_each_notice_once_however_often_it_runs(db: Database, cast: Cast) -> None:
    verify(db, cast.ada)
    made = reply(db, cast, count=3)

    early = gather(db, now_us())
    first = gather(db)
    again = gather(db)

    assert early == []
    assert [(one.to_address, one.kind) for one in first] == [("ada@daily.example", "notices")]
    assert len(again) == 1
    with db.reading() as session:
        mine = session.query(Notice).filter(Notice.comment_id.in_([one.id for one in made])).order_by(Notice.id)
        assert first[0].facts == {"notices": [one.id for one in mine]}
        assert [one.mail_at for one in mine] == [None] * 3


def test_a_job_that_dies_midway_loses_and_doubles_nothing(
    db: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify(db, cast.ada)
    reply(db, cast)

    def die(*_args: Any, **_more: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(digests.mailing, "post", die)
        with pytest.raises(MemoryError):
            digests.advance(db, now=LATER)

    assert len(gather(db)) == 1


def test_the_job_waits_until_the_mail_is_due(db: Database, cast: Cast) -> None:
    reply(db, cast, count=2)

    with db.reading() as session:
        due = session.query(Notice.mail_at).filter(Notice.kind == "reply").distinct().all()
        waiting = session.query(Job).filter(Job.name == notices.MAIL_JOB).all()

    assert [job.run_at for job in waiting] == [due[0].mail_at]


def test_a_mail_says_what_and_why_and_how_to_stop(db: Database, cast: Cast) -> None:
    verify(db, cast.ada)
    (made,) = reply(db, cast, '<script>alert(1)</script> & "so"\r\nBcc: all@x.example')

    ((to, message),) = send(db, gather(db))

    text, html = parts(message)
    assert to == ["ada@daily.example"]
    assert message["Subject"] == "Bo Lind replied to your comment – The Daily"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(
        r"<https://comments\.news\.example/unsubscribe/\d+\.\d+\.[\w-]{24}>", str(message["List-Unsubscribe"])
    )
    assert message["Bcc"] is None
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert '“<script>alert(1)</script> & "so" Bcc: all@x.example”' in text
    for part in (text, html):
        assert f"https://comments.news.example/articles/daily/story?comment={made.id}" in part
        assert str(message["List-Unsubscribe"])[1:-1] in part


def test_a_name_or_title_cannot_write_headers(db: Database, cast: Cast) -> None:
    verify(db, cast.ada)
    with db.writing() as session:
        bad = "Bo\r\nBcc: all@x.example\r\n\r\n<b>"
        session.get_one(type(cast.daily), cast.daily.id).name = bad
    reply(db, cast)

    ((to, message),) = send(db, gather(db))

    assert to == ["ada@daily.example"]
    assert message["Bcc"] is None
    assert message["Subject"] == "Bo Lind replied to your comment – Bo Bcc: all@x.example <b>"
    assert "<b>" not in parts(message)[1]


def test_what_was_removed_between_digest_and_sending_is_left_out(db: Database, cast: Cast) -> None:
    verify(db, cast.ada)
    with db.writing() as session:
        top = factories.comment(session, cast.story, cast.ada)
        gone = factories.comment(session, cast.story, cast.bo, "Words that go.", parent=top)
        factories.comment(session, cast.story, cast.bo, "Words that stay.", parent=top)
    do_jobs(db)
    mails = gather(db)
    with db.writing() as session:
        factories.reject(session, session.get_one(Comment, gone.id), cast.cam)

    ((_, message),) = send(db, mails)

    text, html = parts(message)
    assert "Words that stay." in text
    assert "Words that go." not in text + html + str(message["Subject"])


def test_a_mail_about_nothing_that_is_left_is_not_sent(db: Database, cast: Cast) -> None:
    verify(db, cast.ada)
    (made,) = reply(db, cast)
    mails = gather(db)
    with db.writing() as session:
        factories.reject(session, session.get_one(Comment, made.id), cast.cam)

    assert send(db, mails) == []
    with db.reading() as session:
        assert session.get_one(OutgoingMail, mails[0].id).state == MessageState.FAILED


def test_what_was_removed_before_the_digest_makes_no_mail(db: Database, cast: Cast) -> None:
    verify(db, cast.ada)
    (made,) = reply(db, cast)
    with db.writing() as session:
        factories.reject(session, session.get_one(Comment, made.id), cast.cam)

    assert [one for one in gather(db) if one.to_address == "ada@daily.example"] == []


def test_a_decision_is_mailed_with_its_reasons(db: Database, cast: Cast) -> None:
    verify(db, cast.ada)
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada, "My own words.")
        factories.reject(session, comment, cast.cam, message="Please mind the tone.")

    ((_, message),) = send(db, gather(db, now_us() + 60 * jobs.SECOND))

    text, _ = parts(message)
    assert message["Subject"] == "Your comment was removed – The Daily"
    for words in (
        "“My own words.”", "The guideline: Courtesy", "From the community managers: Please mind the tone.",
        "Decided by a community manager.", "second look",
    ):  # fmt: skip
        assert words in text
    assert "Cam Reyes" not in text


def test_what_was_read_on_the_page_is_not_mailed_again(db: Database, cast: Cast) -> None:
    verify(db, cast.ada)
    reply(db, cast)
    with db.writing() as session:
        notices.mark_read(session, cast.ada.id, cast.daily.id, up_to=2**62, now=now_us())

    assert gather(db) == []


def test_unproven_addresses_get_no_notices(db: Database, cast: Cast) -> None:
    reply(db, cast)

    assert gather(db) == []


def test_stopping_stops_what_waits_too(db: Database, cast: Cast) -> None:
    verify(db, cast.ada)
    reply(db, cast)
    posted = gather(db)
    reply(db, cast)
    with db.writing() as session:
        notices.stop_mails(session, cast.ada.id, cast.daily.id)

    assert len(gather(db)) == len(posted) == 1
    assert send(db, posted) == []
    with db.reading() as session:
        chosen = preferences_of(session, cast.ada.id, cast.daily.id)
    assert set(chosen.values()) == {Preference(True, MailPace.NEVER)}
    assert set(chosen) == set(NoticeKind)


def test_an_address_that_is_refused_for_good_gets_nothing_until_verified_again(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        session.get_one(Person, cast.ada.id).email = "nobody@news.example"
    verify(db, cast.ada)
    reply(db, cast)
    mails = gather(db)

    arrived = send(db, mails)

    with db.reading() as session:
        outgoing = session.get_one(OutgoingMail, mails[0].id)
        (bounce,) = session.query(Bounce).all()
    assert arrived == []
    assert (outgoing.state, outgoing.attempts) == (MessageState.FAILED, 1)
    assert bounce.address == "nobody@news.example"
    reply(db, cast)
    assert len(gather(db)) == 1
    with db.writing() as session:
        session.get_one(Person, cast.ada.id).email_verified_at = now_us()
    reply(db, cast)
    assert len(gather(db)) == 2


REPORT = """From: MAILER-DAEMON@mx.example
To: comments@news.example
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 unknown user

--b
Content-Type: text/rfc822-headers

Message-ID: <{key}@news.example>
--b--
"""


@pytest.mark.parametrize(
    ("change", "marked"),
    [
        ({}, ["ada@daily.example"]),
        ({"to": "ADA@Daily.example"}, ["ada@daily.example"]),
        ({"to": "bo@daily.example"}, []),
        ({"action": "delayed"}, []),
        ({"status": "4.2.2"}, []),
        ({"status": "5.2.2"}, []),
        ({"key": "mail-1.00000000000000000000"}, []),
        ({"key": "mail-99999999999999999999.00000000000000000000"}, []),
        ({"key": "no"}, []),
    ],
)
def test_a_report_counts_only_for_the_mail_it_is_about(
    db: Database, cast: Cast, change: dict[str, str], marked: list[str]
) -> None:
    verify(db, cast.ada)
    reply(db, cast)
    (outgoing,) = gather(db)
    facts = {"to": "ada@daily.example", "action": "failed", "status": "5.1.1"}
    facts |= {"key": mailing.key_of(outgoing.id, SECRET), **change}

    with db.writing() as session:
        raw = REPORT.format(**facts).encode()
        gone = bounces.read_report(session, raw, key_of=lambda mail_id: mailing.key_of(mail_id, SECRET), now=now_us())

    assert gone == marked
    with db.reading() as session:
        assert [row.address for row in session.query(Bounce)] == marked


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\xff\x00", b"x" * (bounces.MOST_BYTES + 1),
        b'Content-Type: multipart/mixed; boundary="a"\n\n--a\n' * 3000,
        b"Content-Type: message/delivery-status\n\n\n\n" + b"Action: failed\n\n" * 5000,
    ],
)  # fmt: skip
def test_hostile_reports_mark_nothing(db: Database, raw: bytes) -> None:
    with db.writing() as session:
        assert bounces.read_report(session, raw, key_of=str, now=1) == []
