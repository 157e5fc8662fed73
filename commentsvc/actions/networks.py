"""From which network did a comment come? Kept as a keyed hash, for some days, and shown to nobody.

Each day has a random key. A hash can be compared with others of its site and day; when the day's key is deleted, nobody
can find out any more what was hashed, not even by trying all addresses with the installation's secret.
"""

import hashlib
import hmac
import ipaddress
import secrets

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from commentsvc.queries.callers import derived_key
from commentsvc.queries.retention import retention_of
from commentsvc.store.models import Comment, CommentNetwork, NetworkKey

_OWN = [
    ipaddress.ip_network(own)
    for own in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::/64", "fc00::/7", "fe80::/10")
]
DAY_US = 24 * 3600 * 1_000_000


def record(session: Session, comment: Comment, network: str, *, secret: str, now: int) -> None:
    """Keep the hash of the network that a comment came from, unless its site keeps none."""
    if not _is_somebodys(network) or retention_of(session, comment.site_id).network_days == 0:
        return
    key = derived_key(secret, "network") + bytes.fromhex(_key_of(session, now // DAY_US))
    what = f"{comment.site_id} {network}".encode()
    session.add(
        CommentNetwork(
            comment_id=comment.id,
            site_id=comment.site_id,
            network_hash=hmac.new(key, what, hashlib.sha256).hexdigest()[:32],
            created_at=now,
        )
    )


def _is_somebodys(network: str) -> bool:
    """Whether it is somebody's own: a private one is a proxy's that the settings don't know, and everybody's."""
    try:
        found = ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
    return not any(found.version == own.version and found.subnet_of(own) for own in _OWN)  # type: ignore[arg-type]


def _key_of(session: Session, day: int) -> str:
    wanted = select(NetworkKey.key).where(NetworkKey.day == day)
    found = session.scalar(wanted)
    if found is not None:
        return found
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(NetworkKey).values(day=day, key=secrets.token_hex(32)).on_conflict_do_nothing())
    return session.scalars(wanted).one()
