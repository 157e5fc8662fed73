"""Does mail arrive at a real SMTP server as one mail to one address, whatever it says, and is a refusal told?"""

from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from aiosmtpd.smtp import AuthResult

from commentsvc.errors import Unanswered
from commentsvc.infra import mail
from commentsvc.infra.mail import Mail
from tests.mailserver import Keeper, free_port, serving

SENDER = "desk@news.example"
NOTE = Mail("cam@news.example", "12 cases wait", "The Daily: 12 cases wait – look.\n", "alert-message-7")


def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"desk", b"p@ss:word"), handled=False)


@pytest.fixture
def server() -> Iterator[tuple[str, Keeper]]:
    with serving(authenticator=authenticate, auth_require_tls=False) as served:
        yield served


def test_a_mail_arrives_as_it_was_written(server: tuple[str, Keeper]) -> None:
    address, keeper = server

    mail.send(f"smtp://{address}", NOTE, sender=SENDER)

    (to, message), *more = keeper.mails
    assert more == []
    assert to == ["cam@news.example"]
    assert {name: message[name] for name in ("From", "To", "Subject", "Message-ID", "Auto-Submitted")} == {
        "From": SENDER,
        "To": "cam@news.example",
        "Subject": "12 cases wait",
        "Message-ID": "<alert-message-7@news.example>",
        "Auto-Submitted": "auto-generated",
    }
    assert message.get_content().replace("\r\n", "\n") == NOTE.text


def test_a_name_and_password_from_the_address_are_used(server: tuple[str, Keeper]) -> None:
    address, keeper = server

    mail.send(f"smtp://desk:p%40ss%3Aword@{address}", NOTE, sender=SENDER)

    assert len(keeper.mails) == 1
    with pytest.raises(Unanswered, match="refused the user name or password"):
        mail.send(f"smtp://desk:wrong@{address}", NOTE, sender=SENDER)


@pytest.mark.parametrize("gap", ["\r\n", "\n", "\r", "\u2028", "\x00", "\x85"])
def test_a_subject_cannot_add_a_header(server: tuple[str, Keeper], gap: str) -> None:
    address, keeper = server
    subject = f"Story{gap}Bcc: all@news.example{gap}{gap}A body"

    mail.send(f"smtp://{address}", Mail(NOTE.to, subject, "Hm.", "k"), sender=SENDER)

    ((to, message),) = keeper.mails
    assert to == [NOTE.to]
    assert message["Bcc"] is None
    assert message["Subject"] == "Story Bcc: all@news.example A body"
    assert message.get_content().strip() == "Hm."


@pytest.mark.parametrize("to", ["a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example", "", "nobody"])
def test_an_address_is_one_address(server: tuple[str, Keeper], to: str) -> None:
    address, keeper = server

    with pytest.raises(Unanswered):
        mail.send(f"smtp://{address}", Mail(to, "Hm.", "Hm.", "k"), sender=SENDER)

    assert keeper.mails == []


def test_a_refusal_and_a_silence_are_told(server: tuple[str, Keeper]) -> None:
    address, _ = server

    with pytest.raises(Unanswered, match=r"refused the address nobody@news\.example"):
        mail.send(f"smtp://{address}", Mail("nobody@news.example", "Hm.", "Hm.", "k"), sender=SENDER)
    with pytest.raises(Unanswered, match=r"127\.0\.0\.1 couldn't be reached: ConnectionRefusedError"):
        mail.send(f"smtp://127.0.0.1:{free_port()}", NOTE, sender=SENDER)


def test_knocking_signs_in_and_sends_nothing(server: tuple[str, Keeper]) -> None:
    address, keeper = server

    mail.knock(f"smtp://desk:p%40ss%3Aword@{address}")
    mail.knock("console:")
    with pytest.raises(Unanswered, match="refused the user name or password"):
        mail.knock(f"smtp://desk:wrong@{address}")
    with pytest.raises(Unanswered, match="couldn't be reached: ConnectionRefusedError"):
        mail.knock(f"smtp://127.0.0.1:{free_port()}")

    assert keeper.mails == []


def test_a_server_that_speaks_no_tls_gets_nothing(server: tuple[str, Keeper]) -> None:
    address, keeper = server

    with pytest.raises(Unanswered, match="couldn't be reached: SSLError"):
        mail.send(f"smtps://{address}", NOTE, sender=SENDER)

    assert keeper.mails == []


def test_console_writes_it_into_the_log() -> None:
    with structlog.testing.capture_logs() as logged:
        mail.send("console:", NOTE, sender=SENDER)

    assert [(entry["event"], entry["to"], entry["subject"], entry["text"]) for entry in logged] == [
        ("mail", NOTE.to, NOTE.subject, NOTE.text)
    ]
