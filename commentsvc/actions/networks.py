"""From which network did a comment come? Kept as a keyed hash, for some days, and shown to nobody.

Each day has a random key. A hash can be compared with others of its site and day; when the day's key is deleted, nobody
can find out any more what was hashed, not even by trying all addresses with the installation's secret.
"""

import hashlib
import hmac
import secrets

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from commentsvc.queries.callers import derived_key
from commentsvc.queries.retention import retention_of
from commentsvc.store.models import Comment, CommentNetwork, NetworkKey

DAY_US = 24 * 3600 * 1_000_000


def record(session: Session, comment: Comment, network: str, *, secret: str, now: int) -> None:
    """Keep the hash of the network that a comment came from, unless its site keeps none."""
    if not network or retention_of(session, comment.site_id).network_days == 0:
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


def _key_of(session: Session, day: int) -> str:
    wanted = select(NetworkKey.key).where(NetworkKey.day == day)
    found = session.scalar(wanted)
    if found is not None:
        return found
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(NetworkKey).values(day=day, key=secrets.token_hex(32)).on_conflict_do_nothing())
    return session.scalars(wanted).one()
