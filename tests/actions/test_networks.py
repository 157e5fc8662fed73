"""Do hashes of networks tell that two comments came from one place on one day, and nothing else, and not for long?"""

import pytest
from sqlalchemy import func, select

from commentsvc.actions import networks, purging, retaining
from commentsvc.queries.networks import shared_with
from commentsvc.queries.sites import find_membership
from commentsvc.store.db import Database
from commentsvc.store.models import Comment, CommentNetwork, NetworkKey, Person, Site
from tests import factories
from tests.conftest import Cast

DAY = 24 * 3600 * 1_000_000
NOW = 20_000 * DAY + 5
SECRET = "s" * 32


def post(db: Database, who: Person, on: Site, network: str = "192.0.2.7", *, now: int = NOW) -> str | None:
    with db.writing() as session:
        made = factories.comment(session, factories.article(session, on), who)
        networks.record(session, made, network, secret=SECRET, now=now)
    with db.reading() as session:
        return session.scalar(select(CommentNetwork.network_hash).where(CommentNetwork.comment_id == made.id))


def test_a_hash_is_equal_only_for_the_same_network_site_and_day(db: Database, cast: Cast) -> None:
    first = post(db, cast.ada, cast.daily)

    assert first is not None
    assert "192.0.2.7" not in first
    assert post(db, cast.bo, cast.daily, now=NOW + 3600) == first
    assert post(db, cast.bo, cast.daily, "192.0.2.8") != first
    assert post(db, cast.bo, cast.other) != first
    assert post(db, cast.bo, cast.daily, now=NOW + DAY) != first


def test_hashes_and_keys_go_after_thirty_days(db: Database, cast: Cast) -> None:
    post(db, cast.ada, cast.daily)

    left = []
    for late in (30 * DAY, 30 * DAY + 1, 31 * DAY):
        with db.writing() as session:
            purging.purge(session, now=NOW + late)
            left.append([session.scalar(select(func.count()).select_from(one)) for one in (CommentNetwork, NetworkKey)])

    assert left == [[1, 1], [0, 1], [0, 0]]


def test_a_site_that_keeps_none_has_none(db: Database, cast: Cast) -> None:
    wanted = {"network_days": 0, "mail_days": 30, "legal_days": 365, "access_days": 365}
    with db.writing() as session:
        retaining.change(session, wanted, membership=find_membership(session, cast.eve.id, cast.daily.id), now=NOW)

    assert post(db, cast.ada, cast.daily) is None
    assert post(db, cast.ada, cast.other) is not None


def test_managers_are_told_who_shares_a_network_and_nothing_of_which(db: Database, cast: Cast) -> None:
    one, another = "192.0.2.1", "192.0.2.2"
    scene = [(cast.ada, cast.daily, one), (cast.bo, cast.daily, one), (cast.cam, cast.daily, another),
             (cast.dee, cast.other, one)]  # fmt: skip
    for who, on, network in scene:
        post(db, who, on, network)
    post(db, cast.eve, cast.daily, "192.0.2.1", now=NOW + DAY)

    with db.reading() as session:
        assert [face.name for face in shared_with(session, cast.daily.id, cast.ada.id)] == ["Bo Lind"]
        assert shared_with(session, cast.other.id, cast.dee.id) == []
        assert session.scalar(select(func.count()).select_from(Comment)) == 5


@pytest.mark.parametrize("network", ["127.0.0.1", "10.1.2.3", "::1", "::/64", "fd00::/64", "unknown", ""])
def test_a_network_that_is_nobodys_own_is_not_kept(db: Database, cast: Cast, network: str) -> None:
    assert post(db, cast.ada, cast.daily, network) is None
    assert post(db, cast.ada, cast.daily, "2001:db8:0:1::/64") is not None
