"""Many people on one thread at once: nobody waits for ever, nothing is counted twice."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from commentsvc.actions import decisions, posting, reporting, voting
from commentsvc.actions.decisions import Item
from commentsvc.actions.posting import ArticleRef
from commentsvc.enums import Action, Guideline, Outcome, ReportReason, Status
from commentsvc.errors import NotFound
from commentsvc.moderation.terms import Judgement, Verdict
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Article, Case, Comment, Vote
from tests import factories
from tests.conftest import Cast


def test_first_comments_at_once_make_one_article(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        people = [factories.person(session) for _ in range(8)]
    ref = ArticleRef("fresh", "https://daily.example/fresh", "Fresh")
    with db.reading() as session:
        prepared = [
            posting.prepare(
                session, site_key="daily", article=ref, parent_id=None, body=f"First, says {who.name}.", by=who,
                with_gap=False, now=now_us(),
            )
            for who in people
        ]  # fmt: skip

    def post(index: int) -> None:
        judged = Judgement((), Verdict(Outcome.PUBLISH))
        with db.writing() as session:
            posting.post(session, prepared[index], judged, by=people[index], with_gap=False, now=now_us())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(post, range(8)))

    with db.reading() as session:
        assert session.scalars(select(Article.comment_count).where(Article.key == "fresh")).all() == [8]


def test_votes_reports_and_decisions_at_once_never_deadlock(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        people = [factories.person(session) for _ in range(8)]
        comments = [factories.comment(session, cast.story, cast.ada).id for _ in range(4)]

    def act(turn: int) -> None:
        who, comment_id, now = people[turn % 8], comments[turn % 4], now_us()
        with db.writing() as session:
            if turn % 3 == 0:
                voting.vote(session, comment_id=comment_id, value=1, by=who, now=now)
            elif turn % 3 == 1:
                reporting.report(
                    session,
                    comment_id=comment_id,
                    revision=1,
                    reason=ReportReason.SPAM,
                    detail="",
                    by=who,
                    now=now,
                )
            else:
                action = Action.REJECT if turn % 2 else Action.APPROVE
                decisions.decide_many(
                    session, [Item(each, 1) for each in reversed(comments)], action=action, by=cast.cam,
                    site_id=cast.daily.id, guideline=Guideline.SPAM, now=now,
                )  # fmt: skip

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(act, turn) for turn in range(24)]

    # What was taken down meanwhile can't be voted on; nothing else may go wrong.
    assert {type(future.exception()) for future in done} <= {type(None), NotFound}
    with db.reading() as session:
        article = session.get_one(Article, cast.story.id)
        published = session.scalar(select(func.count()).where(Comment.status == Status.PUBLISHED))
        open_cases = session.scalar(select(func.count()).select_from(Case).where(Case.state == "open"))
        assert (article.comment_count, article.open_cases) == (published, open_cases)
        assert session.scalar(select(func.sum(Comment.up))) == session.scalar(select(func.count()).select_from(Vote))
