"""Votes: one a person, however often it is sent, and scores by their published formulas."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from commentsvc.actions import decisions, ranking, voting
from commentsvc.enums import Action, ArticleState, SanctionKind, Sort, Status
from commentsvc.errors import ArticleClosed, Forbidden, NotFound, Sanctioned
from commentsvc.queries import threads
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Article, Comment, Vote
from tests import factories
from tests.conftest import Cast

COUNTS = st.integers(0, 10_000)


def test_sixty_four_voters_who_send_three_times_count_sixty_four(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada)
        voters = [factories.person(session) for _ in range(64)]

    def send(index: int) -> None:
        with db.writing() as session:
            value = 1 if index % 4 else -1
            voting.vote(session, comment_id=comment.id, value=value, by=voters[index % 64], now=now_us())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(192)))

    with db.reading() as session:
        voted = session.get_one(Comment, comment.id)
        assert (voted.up, voted.down) == (48, 16)
        assert session.scalar(select(func.count()).select_from(Vote)) == 64
        assert voted.best == ranking.wilson(48, 16)


def test_featured_comments_come_first_by_best_however_others_are_liked(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        featured, liked = (factories.comment(session, cast.story, cast.ada) for _ in range(2))
        for _ in range(9):
            voter = factories.person(session)
            voting.vote(session, comment_id=liked.id, value=1, by=voter, now=now_us())
        places = []
        for action in (None, Action.FEATURE, Action.UNFEATURE):
            if action:
                decisions.decide(
                    session, featured, Status.PUBLISHED, action=action, by=cast.cam, revision=1, now=now_us()
                )
            voting.vote(session, comment_id=featured.id, value=-1, by=cast.bo, now=now_us())
            voting.vote(session, comment_id=featured.id, value=0, by=cast.bo, now=now_us())
            session.flush()
            page = threads.page(session, cast.story, sort=Sort.BEST, limit=1, cursor=None)
            rest = threads.page(session, cast.story, sort=Sort.BEST, limit=1, cursor=page.next)
            places.append([row.id for row in (*page.comments, *rest.comments)])

    assert places == [[liked.id, featured.id], [featured.id, liked.id], [liked.id, featured.id]]


def test_vote_changes_and_goes_away(db: Database, cast: Cast) -> None:
    seen = []
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada)
        for value in (1, 1, -1, 0, 0):
            voting.vote(session, comment_id=comment.id, value=value, by=cast.bo, now=now_us())
            seen.append((comment.up, comment.down))

    assert seen == [(1, 0), (1, 0), (0, 1), (0, 0), (0, 0)]


def test_vote_is_refused_where_it_makes_no_sense(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        own = factories.comment(session, cast.story, cast.ada)
        held = factories.comment(session, cast.story, cast.bo, status=Status.HELD)
        theirs = factories.comment(session, cast.story, cast.bo)

        with pytest.raises(Forbidden):
            voting.vote(session, comment_id=own.id, value=1, by=cast.ada, now=now_us())
        for missing in (held.id, 10**9, None):
            with pytest.raises(NotFound):
                voting.vote(session, comment_id=missing, value=1, by=cast.ada, now=now_us())
        factories.sanction(session, cast.ada, cast.daily, SanctionKind.BAN)
        with pytest.raises(Sanctioned):
            voting.vote(session, comment_id=theirs.id, value=1, by=cast.ada, now=now_us())
        session.get_one(Article, cast.story.id).state = ArticleState.ARCHIVED
        with pytest.raises(ArticleClosed):
            voting.vote(session, comment_id=theirs.id, value=1, by=cast.eve, now=now_us())


def test_wilson_prefers_many_votes_to_few_perfect_ones() -> None:
    assert ranking.wilson(40, 2) > ranking.wilson(5, 0) > ranking.wilson(1, 0) > ranking.wilson(0, 0)
    assert round(ranking.wilson(40, 2), 4) == 0.8421


@given(COUNTS, COUNTS)
def test_scores_stay_in_range_and_grow_with_agreement(up: int, down: int) -> None:
    assert 0 <= ranking.wilson(up, down) <= 1
    assert ranking.wilson(up + 1, down) >= ranking.wilson(up, down)
    assert 0 <= ranking.controversy(up, down) <= up + down
    assert ranking.controversy(up, down) == ranking.controversy(down, up)
