"""How does a mail leave the house? By the operator's SMTP server, or into the log where there is none."""

import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import unquote, urlsplit

import structlog

from commentsvc.errors import Unanswered

_TIMEOUT_S = 15.0
_POLICY = SMTP.clone(max_line_length=900)
"""Python folds at 78, and would break a longer address in List-Unsubscribe into encoded words. RFC 5322 allows 998."""
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_NO_SUCH_ADDRESS = re.compile(rb"5\.1\.[0-9]+|5\.2\.1")
_log = structlog.get_logger(__name__)


class AddressRefused(Unanswered):
    """The server says that there is no such address, so that trying again is of no use."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one address; `key` is the same each time the same mail is tried, so that it can be told."""

    to: str
    subject: str
    text: str
    key: str
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers, such as List-Unsubscribe; none that comes from outside."""


def send(url: str, mail: Mail, *, sender: str, trust: ssl.SSLContext | None = None) -> None:
    """Hand a mail to the server that `url` names, or raise Unanswered saying in a sentence why it was not taken.

    `console:` writes it into the log. A password is only sent over TLS, or to this machine. `trust` replaces the
    system's certificates.
    """
    message = _message(mail, sender)
    if url == "console:":
        _log.info("mail", to=mail.to, subject=message["Subject"], text=mail.text)
        return
    with _signed_in(url, trust) as (server, host):
        try:
            server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            kind = AddressRefused if any(_is_for_good(*why) for why in error.recipients.values()) else Unanswered
            raise kind(f"The mail server {host} refused the address {mail.to}.") from None


def knock(url: str, *, trust: ssl.SSLContext | None = None) -> None:
    """Sign in at the server that `url` names without sending anything, or raise Unanswered as `send` would."""
    if url != "console:":
        with _signed_in(url, trust):
            pass


@contextmanager
def _signed_in(url: str, trust: ssl.SSLContext | None) -> Iterator[tuple[smtplib.SMTP, str]]:
    """Give the server and its name; what goes wrong until it is left is told in a sentence."""
    where = urlsplit(url)
    host = where.hostname or ""
    try:
        with _connected(where.scheme, host, where.port, is_named=bool(where.username), trust=trust) as server:
            if where.username:
                server.login(unquote(where.username), unquote(where.password or ""))
            yield server, host
    except smtplib.SMTPAuthenticationError:
        raise Unanswered(f"The mail server {host} refused the user name or password.") from None
    except smtplib.SMTPException as error:
        raise Unanswered(f"The mail server {host} refused the mail: {type(error).__name__}.") from None
    except (OSError, ValueError) as error:
        raise Unanswered(f"The mail server {host} couldn't be reached: {type(error).__name__}.") from None


def _is_for_good(code: int, said: bytes) -> bool:
    """Say whether a refusal is about the address itself: a full mailbox or a grey list says 5xx too."""
    if re.match(rb"\d\.\d+\.\d+\b", said):
        return _NO_SUCH_ADDRESS.match(said) is not None
    return code in {550, 551, 553}


def _connected(
    scheme: str, host: str, port: int | None, *, is_named: bool, trust: ssl.SSLContext | None
) -> smtplib.SMTP:
    context = trust or ssl.create_default_context()
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=_TIMEOUT_S, context=context)
    server = smtplib.SMTP(host, port or (587 if is_named else 25), timeout=_TIMEOUT_S)
    try:
        server.ehlo_or_helo_if_needed()
        if server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        elif is_named and host not in _LOOPBACK:
            raise Unanswered(f"The mail server {host} offers no TLS, so the password was not sent.")
    except BaseException:
        server.close()
        raise
    return server


def _message(mail: Mail, sender: str) -> EmailMessage:
    """Write the mail; whatever a subject holds stays one line, and an address is one address."""
    message = EmailMessage(policy=_POLICY)
    try:
        message["From"] = Address(addr_spec=sender)
        message["To"] = Address(addr_spec=mail.to)
    except (ValueError, IndexError, AttributeError) as error:
        raise Unanswered(f"This is no address that mail can be sent from or to: {type(error).__name__}.") from None
    message["Subject"] = re.sub(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+", " ", mail.subject).strip()[:200]
    message["Message-ID"] = f"<{mail.key}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    for name, value in mail.headers.items():
        message[name] = value
    message.set_content(mail.text)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    return message
