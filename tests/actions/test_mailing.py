"""Does each mail leave once it is committed, worded from its facts, with a link that the database doesn't give away?"""

import re

import pytest

from commentsvc.actions import links, mailing
from commentsvc.enums import MailKind, MessageState, Purpose
from commentsvc.infra import jobs
from commentsvc.settings import Settings
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import OneTimeLink, OutgoingMail
from commentsvc.worker import jobs_outside, run_next
from tests.conftest import Cast
from tests.mailserver import serving

SECRET = "s" * 32
NOW = now_us()
FACTS = {"by": "Eve <b>\r\nBcc: x@evil.example", "role": "a manager"}


def settings_for(server: str) -> Settings:
    return Settings(secret_key=SECRET, base_url="https://c.example", mail_url=f"smtp://{server}")


def invite(db: Database, cast: Cast, *, to: str = "cam@demo.example") -> int:
    with db.writing() as session:
        life = 3600 * jobs.SECOND
        nonce = links.make(session, cast.cam, Purpose.SET_PASSWORD, secret=SECRET, now=NOW, life=life)
        outgoing = mailing.post(
            session, MailKind.INVITATION, to=to, facts=FACTS, now=NOW, person=cast.cam, site=cast.daily, link=nonce
        )
        return outgoing.id


def test_a_mail_is_sent_by_the_job_and_its_link_works_once(db: Database, cast: Cast) -> None:
    mail_id = invite(db, cast)

    with serving() as (server, keeper):
        assert run_next(db, None, worker="w", registry=jobs_outside(settings_for(server)))  # type: ignore[arg-type]

    ((to, message),) = keeper.mails
    assert to == ["cam@demo.example"]
    assert message["Subject"].strip().startswith("Eve <b> Bcc: x@evil.example invites you")
    assert message["Bcc"] is None
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "Eve &lt;b&gt;" in html
    assert "Eve <b>" not in html
    token = re.search(r"https://c\.example/auth/set-password/(\S+)", text)[1]  # type: ignore[index]
    assert f"https://c.example/auth/set-password/{token}" in html
    with db.writing() as session:
        outgoing = session.get_one(OutgoingMail, mail_id)
        assert (outgoing.state, outgoing.attempts) == (MessageState.SENT, 1)
        assert token not in str(vars(outgoing))
        assert links.use(session, token, purpose=Purpose.SET_PASSWORD, now=NOW) is not None
        assert links.use(session, token, purpose=Purpose.SET_PASSWORD, now=NOW) is None


def test_a_mail_whose_link_is_gone_is_given_up(db: Database, cast: Cast) -> None:
    mail_id = invite(db, cast)
    with db.writing() as session:
        session.query(OneTimeLink).delete()

    with serving() as (server, keeper):
        assert mailing.deliver(db, settings_for(server), mail_id, clock=lambda: NOW) is None

    assert keeper.mails == []
    with db.reading() as session:
        outgoing = session.get_one(OutgoingMail, mail_id)
        assert (outgoing.state, outgoing.error) == (
            MessageState.FAILED, "Its link was used, or expired, before it could be sent.",
        )  # fmt: skip


def test_a_server_that_is_away_is_tried_again_for_a_day(db: Database, cast: Cast) -> None:
    mail_id = invite(db, cast)
    away = settings_for("127.0.0.1:9")

    pauses = [mailing.deliver(db, away, mail_id, clock=lambda: NOW) for _ in range(3)]
    late = NOW + 25 * 3600 * jobs.SECOND

    assert pauses == [30 * jobs.SECOND, 60 * jobs.SECOND, 120 * jobs.SECOND]
    assert mailing.deliver(db, away, mail_id, clock=lambda: late) is None
    with db.reading() as session:
        assert session.get_one(OutgoingMail, mail_id).state == MessageState.FAILED


@pytest.mark.parametrize("kind", list(MailKind))
def test_each_mail_has_both_texts(kind: MailKind) -> None:
    from commentsvc.infra.paths import TEMPLATES

    subject = (TEMPLATES / "mail" / f"{kind}.txt").read_text().partition("\n\n")[0]
    assert 0 < len(subject) < 200
    assert (TEMPLATES / "mail" / f"{kind}.html").read_text().startswith('{% extends "mail/layout.html" %}')
