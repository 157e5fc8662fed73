"""Which addresses take no mail? What a server refused at once, and what a report tells that comes later (RFC 3464)."""

import hmac
import re
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from commentsvc.store.models import Bounce, OutgoingMail
from commentsvc.store.paging import parse_id

MOST_BYTES = 1024 * 1024
"""Longer reports aren't read: one has a few kilobytes, and the mail that it is about."""
_MOST_PARTS = 50
_FOR_GOOD = re.compile(r"5\.(1\.[0-9]{1,3}|2\.1)")
"""There is no such address, or it is disabled; a full mailbox or a refused text isn't the address's end."""
_OURS = re.compile(rb"<(mail-([1-9][0-9]{0,18})\.[0-9a-f]{20})@[^\s<>@]{1,250}>")


def mark(session: Session, address: str, *, detail: str, now: int) -> None:
    """Keep that an address takes no mail; its person gets no notices by mail until it is verified again."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = insert(Bounce).values(address=address.lower()[:254], detail=detail[:1000].replace("\0", ""), created_at=now)
    session.execute(
        row.on_conflict_do_update(
            index_elements=["address"], set_={"detail": row.excluded.detail, "created_at": row.excluded.created_at}
        ).execution_options(synchronize_session=False)
    )


def read_report(session: Session, raw: bytes, *, key_of: Callable[[int], str], now: int) -> list[str]:
    """Mark the addresses that a delivery report says are gone, and return them.

    Anyone can send such a report. It counts only when it brings the Message-ID of a mail of ours, which nobody can
    guess, and only for the address that this mail went to.
    """
    if len(raw) > MOST_BYTES:
        return []
    told = {address.lower(): detail for address, detail in _failed(raw)}
    gone = {address: told[address] for address in _recipients(session, raw, key_of) if address in told}
    for address, detail in gone.items():
        mark(session, address, detail=detail, now=now)
    return sorted(gone)


def _recipients(session: Session, raw: bytes, key_of: Callable[[int], str]) -> Iterator[str]:
    for found in list(_OURS.finditer(raw))[:_MOST_PARTS]:
        mail_id = parse_id(found[2].decode())
        if mail_id is None or not hmac.compare_digest(key_of(mail_id), found[1].decode()):
            continue
        outgoing = session.get(OutgoingMail, mail_id)
        if outgoing is not None:
            yield outgoing.to_address.lower()


def _failed(raw: bytes) -> Iterator[tuple[str, str]]:
    """List the recipients that a report says are gone for good, and what the server said."""
    try:
        parts = list(message_from_bytes(raw).walk())[:_MOST_PARTS]
    except RecursionError:
        return
    for part in parts:
        blocks = part.get_payload()
        if part.get_content_type() != "message/delivery-status" or not isinstance(blocks, list):
            continue
        for block in blocks[:_MOST_PARTS]:
            if isinstance(block, Message) and _is_failure(block):
                said = " ".join(str(block.get("Diagnostic-Code", "")).split())
                for name in ("Final-Recipient", "Original-Recipient"):
                    yield parseaddr(str(block.get(name, "")).partition(";")[2].strip())[1], said


def _is_failure(block: Message) -> bool:
    status = str(block.get("Status", "")).strip().partition(" ")[0]
    return str(block.get("Action", "")).strip().lower() == "failed" and _FOR_GOOD.fullmatch(status) is not None
