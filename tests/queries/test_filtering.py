"""Filters: each finds what it says, counts agree with lists, and trust means the same in Python and in SQL."""

import pytest
from sqlalchemy import select

from commentsvc.actions import claiming
from commentsvc.enums import Guideline, Holding, Reason, Status, Trust
from commentsvc.moderation.terms import Signal
from commentsvc.queries import backlog, queue
from commentsvc.queries.queue import Wanted
from commentsvc.queries.trust import has_trust, trust_of
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Membership
from tests import factories
from tests.conftest import Cast

HOUR = 3600 * 1_000_000


@pytest.mark.parametrize(
    ("published", "rejected", "trust"),
    [
        (0, 0, Trust.NEW), (1, 3, Trust.NEW), (1, 9, Trust.TROUBLED), (0, 5, Trust.TROUBLED), (2, 0, Trust.REGULAR),
        (2, 2, Trust.REGULAR), (3, 2, Trust.TROUBLED), (7, 3, Trust.REGULAR), (69, 31, Trust.TROUBLED),
        (19, 0, Trust.REGULAR), (20, 0, Trust.TRUSTED), (20, 1, Trust.TRUSTED), (19, 1, Trust.REGULAR),
        (95, 5, Trust.REGULAR),
    ],
)  # fmt: skip
def test_trust_follows_the_record(published: int, rejected: int, trust: Trust) -> None:
    assert trust_of(published, rejected) == trust


def test_trust_means_the_same_in_sql(db: Database, cast: Cast) -> None:
    records = [(published, rejected) for published in (0, 3, 9, 10, 50, 149) for rejected in (0, 1, 2, 3, 4, 50)]
    with db.writing() as session:
        for published, rejected in records:
            member = factories.member(session, factories.person(session), cast.other)
            member.published_count, member.rejected_count = published, rejected
        session.flush()

        for trust in Trust:
            rows = session.execute(
                select(Membership.published_count, Membership.rejected_count)
                .where(Membership.site_id == cast.other.id, Membership.person_id != cast.dee.id, has_trust(trust))
            )  # fmt: skip
            assert sorted(map(tuple, rows)) == sorted(one for one in records if trust_of(*one) == trust)


def test_each_filter_finds_what_it_says(db: Database, cast: Cast) -> None:
    now = now_us()
    toxic = Signal("toxicity", Guideline.COURTESY, score=0.9, labels={"toxicity": 0.8, "insult": 0.9, "threat": None})
    with db.writing() as session:
        harbour = factories.article(session, cast.daily, title="Harbour", section="Town")
        session.get_one(Membership, (cast.bo.id, cast.daily.id)).rejected_count = 5
        made = {
            "old": factories.comment(session, cast.story, cast.ada, status=Status.HELD, now=now - 30 * HOUR),
            "rude": factories.comment(session, cast.story, cast.bo, status=Status.HELD, signals=[toxic]),
            "town": factories.comment(session, harbour, cast.ada, status=Status.HELD, guideline=Guideline.SPAM),
        }
        names = {comment.id: name for name, comment in made.items()}
        eve = session.get_one(Membership, (cast.eve.id, cast.daily.id))
        claiming.claim_cases(session, count=1, membership=eve, now=now)
        filters = {
            Wanted(label="insult"): {"rude"},
            Wanted(label="threat"): set(),
            Wanted(article_id=harbour.id): {"town"},
            Wanted(section="Town"): {"town"},
            Wanted(trust=Trust.TROUBLED): {"rude"},
            Wanted(trust=Trust.NEW): {"old", "town"},
            Wanted(trust=Trust.TRUSTED): set(),
            Wanted(waiting=24): {"old"},
            Wanted(holding=Holding.MINE, by=cast.eve.id): {"old"},
            Wanted(holding=Holding.MINE, by=cast.cam.id): set(),
            Wanted(holding=Holding.FREE, by=cast.eve.id): {"old", "rude", "town"},
            Wanted(holding=Holding.FREE, by=cast.cam.id): {"rude", "town"},
            Wanted(reason=Reason.HELD, section="Town", guideline=Guideline.SPAM): {"town"},
        }

        found = {}
        for wanted in filters:
            page = queue.page(session, cast.daily.id, wanted, cursor=None, limit=9, now=now + 1)
            found[wanted] = {names[card.comment.id] for card in page.cards}
        asked = dict(enumerate(filters))
        counts = queue.count_each(session, cast.daily.id, asked, most=2, now=now + 1)

    assert found == filters
    assert counts == {key: min(2, len(filters[wanted])) for key, wanted in asked.items()}


def test_labels_are_counted(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        for labels in ({"insult": 0.9}, {"insult": 0.7, "toxicity": 0.65}, {"threat": 0.9}, {"threat": 0.01}, {}):
            signal = Signal("toxicity", Guideline.COURTESY, score=0.9, labels=labels)
            factories.comment(session, cast.story, cast.ada, status=Status.HELD, signals=[signal])

        kinds = backlog.count_kinds(session, cast.daily.id)

    assert (kinds.by_reason, kinds.by_label) == ({Reason.HELD: 5}, {"insult": 2, "threat": 1})
