"""Posting: who may, where, what a verdict does, and what an edit does to an older judgement."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.actions import articles, cases, decisions, posting
from commentsvc.actions.posting import ArticleRef
from commentsvc.enums import Action, ArticleState, Guideline, Mode, Outcome, Reason, SanctionKind, SignalState, Status
from commentsvc.errors import (
    ArticleClosed,
    Conflict,
    EditWindowOver,
    Forbidden,
    Invalid,
    NotFound,
    OriginRefused,
    ParentChanged,
    ParentNotPublic,
    Sanctioned,
    TooManyRequests,
)
from commentsvc.moderation.terms import Breach, Judgement, Signal, Verdict
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Article, Comment, Job, Membership, Nudge, Person, Revision, SignalRow
from tests import factories
from tests.conftest import Cast

SECOND = 1_000_000
CLEAN = Judgement((), Verdict(Outcome.PUBLISH))
RUDE = Judgement(
    (Signal("toxicity", Guideline.COURTESY, score=0.9, spans=((0, 3),), labels={"insult": 0.9, "threat": None}),),
    Verdict(
        Outcome.HOLD, (Breach(Guideline.COURTESY, "toxicity", "This may be rude.", ((0, 3),)),), Reason.HELD, (), 0.9
    ),
)
BANNED = Judgement((), Verdict(Outcome.REJECT, (Breach(Guideline.COURTESY, "words", "This word is not used here."),)))
FAILED = Judgement(
    (Signal("toxicity", Guideline.COURTESY, SignalState.FAILED),),
    Verdict(Outcome.HOLD, (Breach(None, "toxicity", "This is being checked."),), Reason.HELD, ("toxicity",)),
)
SAMPLED = Judgement((), Verdict(Outcome.PUBLISH, (), Reason.SAMPLE))


def prepare(session: Session, cast: Cast, by: Person, **more: Any) -> posting.Prepared:
    article = more.pop("article", cast.story)
    values: dict[str, Any] = {
        "site_key": "daily", "article": ArticleRef(article.key, article.url, article.title), "parent_id": None,
        "body": "A calm remark.", "with_gap": False, "now": now_us(),
    }  # fmt: skip
    return posting.prepare(session, by=by, **{**values, **more})


def post(session: Session, cast: Cast, by: Person, judgement: Judgement = CLEAN, **more: Any) -> Comment:
    prepared = prepare(session, cast, by, **more)
    return posting.post(session, prepared, judgement, by=by, with_gap=False, now=now_us())


def edit(session: Session, comment: Comment, by: Person, judgement: Judgement = CLEAN, body: str = "New.") -> Comment:
    now = now_us()
    prepared = posting.prepare_edit(session, comment_id=comment.id, body=body, by=by, now=now)
    return posting.edit(session, prepared, judgement, by=by, now=now)


@pytest.mark.parametrize(
    ("judgement", "status", "reasons"),
    [
        (CLEAN, Status.PUBLISHED, None),
        (RUDE, Status.HELD, Reason.HELD),
        (BANNED, Status.REJECTED, None),
        (FAILED, Status.HELD, Reason.HELD),
        (SAMPLED, Status.PUBLISHED, Reason.SAMPLE),
    ],
)
def test_post_lets_the_verdict_take_effect(
    db: Database, cast: Cast, judgement: Judgement, status: Status, reasons: int | None
) -> None:
    with db.writing() as session:
        comment = post(session, cast, cast.ada, judgement)

        case = cases.find_open_case(session, comment.id)
        assert comment.status == status
        assert (case.reasons if case else None) == reasons
        assert len(session.scalars(select(SignalRow)).all()) == len(judgement.signals)
        assert session.scalars(select(Revision.number)).all() == [1]
        assert len(session.scalars(select(Job).where(Job.name == "rescore")).all()) == (judgement is FAILED)


def test_post_keeps_signals_with_evidence_and_version(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        post(session, cast, cast.ada, RUDE)

        row = session.scalars(select(SignalRow)).one()
        assert (row.check, row.guideline, row.score, row.version) == ("toxicity", "courtesy", 0.9, "1")
        assert row.evidence == {"message": "", "spans": [[0, 3]], "labels": {"insult": 0.9, "threat": None}}


def test_first_comment_makes_the_article_and_the_membership(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        newcomer = factories.person(session, "Nia Vale")
        ref = ArticleRef("fresh", "https://daily.example/fresh", "Fresh")

        comment = posting.post(
            session,
            posting.prepare(
                session, site_key="daily", article=ref, parent_id=None, body="First!", by=newcomer, with_gap=False,
                now=now_us(),
            ),
            CLEAN, by=newcomer, with_gap=False, now=now_us(),
        )  # fmt: skip

        article = session.get_one(Article, comment.article_id)
        assert (article.key, article.title, article.comment_count) == ("fresh", "Fresh", 1)
        assert session.get_one(Membership, (newcomer.id, cast.daily.id)).name == "Nia Vale"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil-daily.example/x",
        "https://daily.example.evil.example/x",
        "http://daily.example/x",
        "https://daily.example:8443/x",
    ],
)
def test_an_article_is_never_made_from_an_unregistered_origin(db: Database, cast: Cast, url: str) -> None:
    with db.writing() as session, pytest.raises(OriginRefused):
        prepare(session, cast, cast.ada, article=Article(key="new", url=url, title="New"))


@pytest.mark.parametrize(
    "url",
    [
        "daily.example/x",
        "javascript:alert(1)",
        "https://",
        "https://a@daily.example/",
        "https://[",
        "https:\\\\daily.example",
    ],
)
def test_an_article_is_never_made_from_what_is_no_address(db: Database, cast: Cast, url: str) -> None:
    with db.writing() as session, pytest.raises(Invalid):
        prepare(session, cast, cast.ada, article=Article(key="new", url=url, title="New"))


def test_a_reader_never_renames_an_article(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        post(session, cast, cast.ada, article=Article(key="story", url="https://evil.example/", title="Renamed"))

        article = session.get_one(Article, cast.story.id)
        assert (article.title, article.url) == (cast.story.title, cast.story.url)


@pytest.mark.parametrize("status", [Status.HELD, Status.REJECTED, Status.WITHDRAWN])
def test_reply_to_what_is_not_public_is_refused(db: Database, cast: Cast, status: Status) -> None:
    with db.writing() as session:
        parent = factories.comment(session, cast.story, cast.bo, status=status)

        with pytest.raises(ParentNotPublic):
            prepare(session, cast, cast.ada, parent_id=parent.id)


def test_a_reply_to_words_that_its_author_has_not_seen_is_refused(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        parent = factories.comment(session, cast.story, cast.bo)
        prepared = prepare(session, cast, cast.ada, parent_id=parent.id, parent_revision=1)
        parent.revision, parent.body = 2, "Something else."

        with pytest.raises(ParentChanged) as refused:
            prepare(session, cast, cast.ada, parent_id=parent.id, parent_revision=1)
        with pytest.raises(ParentChanged):
            posting.post(session, prepared, CLEAN, by=cast.ada, with_gap=False, now=now_us())
        for seen in (2, None):
            prepare(session, cast, cast.ada, parent_id=parent.id, parent_revision=seen)

    assert refused.value.details == {"revision": 2, "body": "Something else.", "links": []}


def test_reply_across_articles_or_sites_is_refused(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        elsewhere = factories.comment(session, factories.article(session, cast.daily), cast.bo)
        foreign = factories.comment(session, factories.article(session, cast.other), cast.bo)

        for parent in (elsewhere.id, foreign.id, 10**9, 0):
            with pytest.raises(ParentNotPublic):
                prepare(session, cast, cast.ada, parent_id=parent)


def test_post_checks_again_what_changed_while_judging(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        parent = factories.comment(session, cast.story, cast.bo)
        prepared = prepare(session, cast, cast.ada, parent_id=parent.id)
        factories.reject(session, parent, cast.cam)

        with pytest.raises(ParentNotPublic):
            posting.post(session, prepared, CLEAN, by=cast.ada, with_gap=False, now=now_us())

    with db.writing() as session:
        prepared = prepare(session, cast, cast.ada)
        factories.sanction(session, cast.ada, cast.daily, SanctionKind.BAN)

        with pytest.raises(Sanctioned):
            posting.post(session, prepared, CLEAN, by=cast.ada, with_gap=False, now=now_us())


@pytest.mark.parametrize(
    ("state", "mode"), [(ArticleState.CLOSED, None), (ArticleState.ARCHIVED, None), (ArticleState.OPEN, Mode.CLOSED)]
)
def test_closed_articles_take_nothing(db: Database, cast: Cast, state: ArticleState, mode: Mode | None) -> None:
    with db.writing() as session:
        article = session.get_one(Article, cast.story.id)
        article.state, article.mode = state, mode

        with pytest.raises(ArticleClosed):
            prepare(session, cast, cast.ada)


def test_sanctions_end(db: Database, cast: Cast) -> None:
    now = now_us()
    with db.writing() as session:
        factories.sanction(session, cast.ada, cast.daily, SanctionKind.SUSPEND, until=now + SECOND, now=now - SECOND)

        with pytest.raises(Sanctioned):
            prepare(session, cast, cast.ada, now=now)
        assert prepare(session, cast, cast.ada, now=now + SECOND).body == "A calm remark."


def test_gap_between_comments_is_longer_for_new_authors(db: Database, cast: Cast) -> None:
    now = now_us()
    with db.writing() as session:
        factories.comment(session, cast.story, cast.ada, now=now)
        with pytest.raises(TooManyRequests) as new_author:
            prepare(session, cast, cast.ada, with_gap=True, now=now + 6 * SECOND)
        factories.comment(session, cast.story, cast.ada, now=now)
        with pytest.raises(TooManyRequests) as known:
            prepare(session, cast, cast.ada, with_gap=True, now=now + SECOND)
        prepare(session, cast, cast.ada, with_gap=True, now=now + 6 * SECOND)

    assert (new_author.value.retry_after, known.value.retry_after) == (24, 4)


def test_edit_makes_a_revision_and_is_judged_from_scratch(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = post(session, cast, cast.ada)

        edit(session, comment, cast.ada, RUDE, "You fools, see http://a.example")
        held = (comment.status, comment.revision, comment.listed, comment.links)
        edit(session, comment, cast.ada, CLEAN, "Sorry.")

        assert held == (Status.HELD, 2, False, [[15, 31]])
        assert (comment.status, comment.revision, comment.body) == (Status.PUBLISHED, 3, "Sorry.")
        assert cases.find_open_case(session, comment.id) is None
        assert session.scalars(select(Revision.number).order_by(Revision.number)).all() == [1, 2, 3]


def test_edit_does_not_undo_what_a_person_decided(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = post(session, cast, cast.ada)
        decisions.decide(session, comment, Status.HELD, action=Action.WITHHOLD, by=cast.cam, revision=1, now=now_us())

        edit(session, comment, cast.ada)

        case = cases.find_open_case(session, comment.id)
        assert comment.status == Status.HELD
        assert case is not None


def test_edit_of_a_reported_comment_changes_the_case_that_managers_saw(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = post(session, cast, cast.ada)
        seen = factories.case(session, comment, reasons=Reason.REPORTED).version

        edit(session, comment, cast.ada)

        case = cases.find_open_case(session, comment.id)
        assert comment.status == Status.PUBLISHED
        assert case is not None
        assert case.version > seen


def test_edit_is_refused_too_late_for_others_and_after_rejection(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = post(session, cast, cast.ada)
        held = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        rejected = factories.comment(session, cast.story, cast.ada, status=Status.REJECTED)

        with pytest.raises(EditWindowOver):
            posting.prepare_edit(session, comment_id=comment.id, body="x", by=cast.ada, now=now_us() + 301 * SECOND)
        with pytest.raises(Forbidden):
            edit(session, comment, cast.bo)
        with pytest.raises(NotFound):
            edit(session, held, cast.bo)
        with pytest.raises(Conflict):
            edit(session, rejected, cast.ada)


def test_edit_is_refused_where_comments_are_closed(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = post(session, cast, cast.ada)
        session.get_one(Article, cast.story.id).mode = Mode.CLOSED

        with pytest.raises(ArticleClosed):
            edit(session, comment, cast.ada)


def test_edit_made_elsewhere_meanwhile_is_a_conflict(db: Database, cast: Cast) -> None:
    now = now_us()
    with db.writing() as session:
        comment = post(session, cast, cast.ada)
        prepared = posting.prepare_edit(session, comment_id=comment.id, body="Mine.", by=cast.ada, now=now)
        edit(session, comment, cast.ada, body="Other tab.")

        with pytest.raises(Conflict):
            posting.edit(session, prepared, CLEAN, by=cast.ada, now=now)

        assert comment.body == "Other tab."


def test_withdraw_leaves_a_tombstone_only_above_something_visible(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        alone, parent = post(session, cast, cast.ada), post(session, cast, cast.ada)
        factories.comment(session, cast.story, cast.bo, parent=parent)

        for comment in (alone, parent, parent):
            posting.withdraw(session, comment_id=comment.id, by=cast.ada, now=now_us())

        assert (alone.listed, parent.listed) == (False, True)
        assert session.get_one(Article, cast.story.id, populate_existing=True).comment_count == 1
        with pytest.raises(Forbidden):
            posting.withdraw(session, comment_id=parent.id, by=cast.bo, now=now_us())


def test_nudge_says_what_is_wrong_and_is_counted(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        prepared = prepare(session, cast, cast.ada, body="You fool.")

        nudged = posting.nudge(session, prepared, RUDE, by=cast.ada, now=now_us())
        assert nudged is not None
        assert nudged.details == {"guideline": "courtesy", "spans": [[0, 3]]}
        assert session.scalars(select(Comment)).all() == []

        posting.post(session, prepared, RUDE, by=cast.ada, with_gap=False, now=now_us())
        assert session.scalars(select(Nudge)).one().outcome == "posted_anyway"


@pytest.mark.parametrize("judgement", [CLEAN, FAILED, SAMPLED])
def test_nudge_is_silent_where_the_author_can_change_nothing(db: Database, cast: Cast, judgement: Judgement) -> None:
    with db.writing() as session:
        prepared = prepare(session, cast, cast.ada)

        assert posting.nudge(session, prepared, judgement, by=cast.ada, now=now_us()) is None


def test_origin_of_writes_origins_as_browsers_do() -> None:
    assert articles.origin_of("https://Daily.Example:443/a?b#c") == "https://daily.example"
    assert articles.origin_of("http://localhost:8000/") == "http://localhost:8000"
