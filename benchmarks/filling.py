"""What do benchmarks read and write to? One thread of any size among twenty small ones, made in seconds."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from sqlalchemy import select

from commentsvc.actions import seeding
from commentsvc.store import migrate
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import PUBLISHED, Comment
from tests import factories

SITE = "bench"
BIG = "big"
SMALL = tuple(f"small-{number}" for number in range(20))
_EACH = 20
_MONTH_US = 30 * 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled: how many comments a second, the tokens of readers, and some published comments."""

    rate: float
    tokens: Sequence[str]
    published: Sequence[int]


def fill(url: str, size: int, *, readers: int = 64) -> Filled:
    """Fill an empty database: a thread of `size` comments (a quarter replies, to depth 6), 20 of 20; and 64 readers."""
    db, now = Database(url), now_us()
    migrate.upgrade(db)
    with db.writing() as session:
        site = factories.site(session, SITE)
        threads = [(factories.article(session, site, BIG).id, size)]
        threads += [(factories.article(session, site, key).id, _EACH) for key in SMALL]
        people = seeding.make_people(session, site, max(20, min(3_000, size // 50)), Random(1), now=now)
        writers = [factories.person(session, f"Reader {secrets.token_hex(4)}") for _ in range(readers)]
        tokens = [factories.bearer(session, one, site)["Authorization"] for one in writers]
        for one in writers:
            factories.member(session, one, site)
        session.flush()
        plan = seeding.plan_threads(session, site, threads, people=people, seed=1, since=now - _MONTH_US, now=now)
    began = time.perf_counter()
    made = sum(seeding.plant_all(db, plan))
    rate = made / (time.perf_counter() - began)
    db.settle()
    with db.reading() as session:
        some = select(Comment.id).where(Comment.status == PUBLISHED).order_by(Comment.id).limit(200)
        published = session.scalars(some).all()
    db.dispose()
    return Filled(rate, tokens, published)
