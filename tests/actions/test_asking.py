"""What becomes of a comment when a slow check answers, over real HTTP?"""

import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from sqlalchemy import select

from commentsvc import worker
from commentsvc.actions import asking, decisions, judging, posting
from commentsvc.actions.asking import GIVE_UP_US, PATIENCE_US, Servers, Wanted
from commentsvc.actions.posting import ArticleRef
from commentsvc.enums import Action, Status
from commentsvc.moderation.pipeline import Judge
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Article, Case, Comment, Decision, Job, SignalRow, Site, SiteSecret
from tests.answering import Answering, answering
from tests.conftest import Cast

SECRET = "the site's own"


class Calm:
    name, version = "calm", "1"

    def score(self, texts: Any) -> Any:
        return [{"toxicity": 0.01}] * len(texts) if isinstance(texts, list) else 0.9

    def evidence(self, text: str) -> tuple[()]:
        return ()


@pytest.fixture
def judge() -> Iterator[Judge]:
    made = Judge(Calm(), Calm())
    yield made
    made.close()


@pytest.fixture
def server() -> Iterator[Answering]:
    with answering() as made:
        yield made


@pytest.fixture
def servers(server: Answering) -> Servers:
    return Servers(server.url + "/1.1/comment-check", {"127.0.0.1"})


def set_policy(db: Database, cast: Cast, **members: Any) -> None:
    with db.writing() as session:
        session.get_one(Site, cast.daily.id).policy = members
        for name in ("external", "akismet"):
            session.merge(SiteSecret(site_id=cast.daily.id, name=name, value=SECRET, set_at=1))


def post(db: Database, cast: Cast, judge: Judge, body: str = "A calm remark, said at length.") -> Comment:
    with db.reading() as session:
        prepared = posting.prepare(
            session, site_key="daily", article=ArticleRef("story", "https://daily.example/story", "Story"),
            parent_id=None, body=body, by=cast.ada, with_gap=False, now=now_us(),
        )  # fmt: skip
    judgement = judge.judge(prepared.draft, prepared.policy)
    with db.writing() as session:
        return posting.post(session, prepared, judgement, by=cast.ada, with_gap=False, now=now_us())


def ask(db: Database, comment: Comment, servers: Servers, *, check: str = "external", age: int = 0) -> bool:
    now = now_us()
    (done,) = asking.ask_many(db, [Wanted(comment.id, 1, check, now - age)], servers=servers, now=now)
    return done


def seen(db: Database, comment: Comment) -> tuple[str, str | None, list[str]]:
    """Read status, the last decision's rule and the states of slow checks' signals."""
    with db.reading() as session:
        status = session.get_one(Comment, comment.id).status
        rule = session.scalar(
            select(Decision.rule).where(Decision.comment_id == comment.id).order_by(Decision.id.desc()).limit(1)
        )
        states = session.scalars(
            select(SignalRow.state)
            .where(SignalRow.comment_id == comment.id, SignalRow.check.in_(["external", "akismet"]))
            .order_by(SignalRow.id)
        )
        return status, rule, list(states)


def says(server: Answering, **members: Any) -> None:
    server.answer = lambda _: (200, {}, json.dumps(members).encode())


def test_external_judge_is_asked_with_a_signature_and_a_pseudonym(
    db: Database, cast: Cast, judge: Judge, server: Answering, servers: Servers
) -> None:
    set_policy(db, cast, external="after", external_url=server.url + "/judge")
    comment = post(db, cast, judge, "Grüße an alle, die hier lesen.")
    says(server, score=0.1)

    assert ask(db, comment, servers)

    (asked,) = server.asked
    stamp, mac = asked.headers["x-comments-signature"].split(",")
    assert mac == "v1=" + hmac.new(SECRET.encode(), stamp[2:].encode() + b"." + asked.body, "sha256").hexdigest()
    assert json.loads(asked.body) == {
        "site": "daily",
        "comment": {"id": str(comment.id), "revision": 1, "text": "Grüße an alle, die hier lesen."},
        "article": {"key": "story", "url": "https://daily.example/story", "title": "Story story", "section": None},
        "parent": None,
        "author": asking.pseudonym(cast.ada.id, SECRET),
    }
    assert b"Ada" not in asked.body
    assert seen(db, comment) == ("published", "clean", ["observed"])


def test_what_is_asked_after_publishing_may_be_held_by_the_answer(
    db: Database, cast: Cast, judge: Judge, server: Answering, servers: Servers
) -> None:
    set_policy(db, cast, external="after", external_url=server.url)
    comment = post(db, cast, judge)
    before = seen(db, comment)
    says(server, score=0.8, guideline="privacy", message="This names a private person.", spans=[[2, 6]])

    ask(db, comment, servers)

    assert before == ("published", "clean", [])
    assert seen(db, comment) == ("held", "external", ["observed"])
    with db.reading() as session:
        case = session.scalars(select(Case).where(Case.comment_id == comment.id)).one()
        signal = session.scalars(select(SignalRow).where(SignalRow.check == "external")).one()
        assert (case.state, case.guideline) == ("open", "privacy")
        assert (signal.evidence["message"], signal.evidence["spans"]) == ("This names a private person.", [[2, 6]])
        assert session.get_one(Article, comment.article_id).comment_count == 0


@pytest.mark.parametrize(("score", "status", "rule"), [(0.2, "published", "rescored"), (0.7, "held", "external")])
def test_what_waits_for_the_answer_is_published_or_stays_held(
    db: Database, cast: Cast, judge: Judge, server: Answering, servers: Servers, score: float, status: str, rule: str
) -> None:
    set_policy(db, cast, external="before", external_url=server.url)
    comment = post(db, cast, judge)
    before = seen(db, comment)
    says(server, score=score, guideline="courtesy")

    ask(db, comment, servers)

    assert before == ("held", "external", [])
    assert seen(db, comment) == (status, rule, ["observed"])
    with db.reading() as session:
        case = session.scalars(select(Case).where(Case.comment_id == comment.id)).one()
        assert (case.state, case.guideline) == (("closed", None) if status == "published" else ("open", "courtesy"))


def test_what_waits_for_two_checks_waits_for_both(
    db: Database, cast: Cast, judge: Judge, server: Answering, servers: Servers
) -> None:
    set_policy(db, cast, external="before", external_url=server.url, akismet="before")
    comment = post(db, cast, judge)
    says(server, score=0.0)
    ask(db, comment, servers)
    between = seen(db, comment)
    server.answer = lambda _: (200, {}, b"false")

    ask(db, comment, servers, check="akismet")

    assert between == ("held", "external", ["observed"])
    assert seen(db, comment) == ("published", "rescored", ["observed", "observed"])


def test_a_new_score_of_the_engine_does_not_publish_what_is_being_asked(
    db: Database, cast: Cast, judge: Judge, server: Answering
) -> None:
    set_policy(db, cast, external="before", external_url=server.url)
    comment = post(db, cast, judge)

    with db.writing() as session:
        held = session.get_one(Comment, comment.id)
        draft, policy = judging.draft_again(session, held, now=now_us())
        (judgement,) = judge.judge_many([(draft, policy)])
        judging.settle_held(session, held, judgement.verdict, now=now_us())

    assert judgement.verdict.outcome == "publish"
    assert seen(db, comment)[0] == "held"


@pytest.mark.parametrize(
    ("rule", "when", "status", "done"),
    [("hold", "before", "held", False), ("ignore", "before", "published", False),
     ("ignore", "after", "published", False), (None, "before", "held", False),
     (None, "after", "published", False), ("hold", "after", "held", False)],
)  # fmt: skip
def test_a_judge_that_stays_silent_counts_as_failed_and_the_rule_says_what_then(
    db: Database, cast: Cast, judge: Judge, server: Answering, servers: Servers, rule: str, when: str, status: str,
    done: bool,
) -> None:  # fmt: skip
    failure = {"failure": {"external": rule}} if rule else {}
    set_policy(db, cast, external=when, external_url=server.url, **failure)
    comment = post(db, cast, judge)
    server.answer = lambda _: (500, {}, b"")

    first = ask(db, comment, servers), seen(db, comment)[2]
    again = ask(db, comment, servers, age=PATIENCE_US), ask(db, comment, servers, age=PATIENCE_US)

    assert first == (False, [])
    assert again == (done, done)
    assert (seen(db, comment)[0], seen(db, comment)[2]) == (status, ["failed"])
    assert ask(db, comment, servers, age=GIVE_UP_US)


def test_a_judge_that_comes_back_frees_what_its_failure_held(
    db: Database, cast: Cast, judge: Judge, server: Answering, servers: Servers
) -> None:
    set_policy(db, cast, external="before", external_url=server.url)
    comment = post(db, cast, judge)
    server.answer = lambda _: (500, {}, b"")
    ask(db, comment, servers, age=PATIENCE_US)
    says(server, score=0.0)

    assert ask(db, comment, servers, age=PATIENCE_US)

    assert seen(db, comment) == ("published", "rescored", ["failed", "observed"])


@pytest.mark.parametrize(
    "said", [b"", b"[]", b"{}", b'{"score": 2}', b'{"score": NaN}', b'{"score": "0.9"}', b'{"score": true}',
             b'{"score": 0.9, "guideline": "taste"}', b'{"score": 0.9, "spans": [[0, 999999]]}',
             b'{"score": 0.9, "spans": [[-1, 2]]}', b'{"score": 0.9, "message": 7}'],
)  # fmt: skip
def test_nonsense_is_no_answer(
    db: Database, cast: Cast, judge: Judge, server: Answering, servers: Servers, said: bytes
) -> None:
    set_policy(db, cast, external="after", external_url=server.url)
    comment = post(db, cast, judge)
    server.answer = lambda _: (200, {}, said)

    assert not ask(db, comment, servers)
    assert seen(db, comment) == ("published", "clean", [])


def test_a_private_address_is_not_asked_unless_the_operator_allows_it(
    db: Database, cast: Cast, judge: Judge, server: Answering, servers: Servers
) -> None:
    set_policy(db, cast, external="after", external_url=server.url)
    comment = post(db, cast, judge)

    assert not ask(db, comment, replace(servers, private_hosts=()))
    assert server.asked == []


def test_what_a_person_decided_stays(
    db: Database, cast: Cast, judge: Judge, server: Answering, servers: Servers
) -> None:
    set_policy(db, cast, external="before", external_url=server.url)
    comment = post(db, cast, judge)
    with db.writing() as session:
        decisions.decide(
            session, session.get_one(Comment, comment.id), Status.PUBLISHED, action=Action.APPROVE, by=cast.cam,
            revision=1, now=now_us(),
        )  # fmt: skip
    says(server, score=1.0)

    ask(db, comment, servers)

    assert seen(db, comment) == ("published", None, ["observed"])


def test_akismet_is_asked_as_it_wants_to_be(
    db: Database, cast: Cast, judge: Judge, server: Answering, servers: Servers
) -> None:
    set_policy(db, cast, akismet="after")
    comment = post(db, cast, judge, "Lovely weather & more.")
    server.answer = lambda _: (200, {}, b"false")

    ask(db, comment, servers, check="akismet")

    (asked,) = server.asked
    assert asked.path == "/1.1/comment-check"
    assert parse_qs(asked.body.decode()) == {
        "api_key": [SECRET], "blog": ["https://daily.example"], "user_ip": ["127.0.0.1"], "comment_type": ["comment"],
        "permalink": ["https://daily.example/story"], "comment_author": ["Ada Holm"],
        "comment_content": ["Lovely weather & more."], "blog_lang": ["en"], "blog_charset": ["UTF-8"],
    }  # fmt: skip
    assert seen(db, comment) == ("published", "clean", ["observed"])


@pytest.mark.parametrize(
    ("headers", "said", "score", "status"),
    [({}, b"true", 0.9, "held"), ({"X-akismet-pro-tip": "discard"}, b"true", 0.99, "held"),
     ({}, b"false", 0.0, "published"), ({"X-akismet-debug-help": "Empty key"}, b"invalid", None, "published")],
)  # fmt: skip
def test_akismets_answers(
    db: Database, cast: Cast, judge: Judge, server: Answering, servers: Servers, headers: dict[str, str], said: bytes,
    score: float | None, status: str,
) -> None:  # fmt: skip
    set_policy(db, cast, akismet="after")
    comment = post(db, cast, judge)
    server.answer = lambda _: (200, headers, said)

    done = ask(db, comment, servers, check="akismet")

    with db.reading() as session:
        assert session.scalar(select(SignalRow.score).where(SignalRow.check == "akismet")) == score
    assert (done, seen(db, comment)[0]) == (score is not None, status)


def test_a_silent_server_is_asked_once_in_a_batch(
    db: Database, cast: Cast, judge: Judge, server: Answering, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_policy(db, cast, external="after", external_url=server.url)
    comments = [post(db, cast, judge, f"Remark number {number}, unlike others {'x' * number}.") for number in range(6)]
    server.answer = lambda _: (503, {}, b"")
    monkeypatch.setattr(asking, "_AT_ONCE", 1)

    now = now_us()
    done = asking.ask_many(db, [Wanted(c.id, 1, "external", now) for c in comments], servers=servers, now=now)

    assert (done, len(server.asked)) == ([False] * 6, 1)


def test_the_worker_asks(
    db: Database, cast: Cast, judge: Judge, server: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMENTSVC_PRIVATE_HOSTS", "127.0.0.1")
    set_policy(db, cast, external="before", external_url=server.url)
    comment = post(db, cast, judge)
    says(server, score=0.0)

    assert worker.run_next(db, judge, worker="w")

    assert seen(db, comment)[0] == "published"
    with db.reading() as session:
        assert session.scalars(select(Job.state).where(Job.name == "ask")).all() == ["done"]


def test_an_edit_is_asked_about_anew(
    db: Database, cast: Cast, judge: Judge, server: Answering, servers: Servers
) -> None:
    set_policy(db, cast, external="before", external_url=server.url)
    comment = post(db, cast, judge)
    says(server, score=0.0)
    ask(db, comment, servers)
    with db.reading() as session:
        prepared = posting.prepare_edit(
            session, comment_id=comment.id, body="Another remark, at length.", by=cast.ada, now=now_us()
        )
    judgement = judge.judge(prepared.draft, prepared.policy)
    with db.writing() as session:
        posting.edit(session, prepared, judgement, by=cast.ada, now=now_us())

    assert seen(db, comment)[0] == "held"
    assert asking.ask_many(db, [Wanted(comment.id, 1, "external", 0)], servers=servers, now=now_us()) == [True]
    assert len(server.asked) == 1
    asking.ask_many(db, [Wanted(comment.id, 2, "external", now_us())], servers=servers, now=now_us())
    assert seen(db, comment)[0] == "published"


def test_without_its_secret_a_check_fails_and_nothing_is_sent(
    db: Database, cast: Cast, judge: Judge, server: Answering, servers: Servers
) -> None:
    with db.writing() as session:
        session.get_one(Site, cast.daily.id).policy = {"external": "before", "external_url": server.url}
    comment = post(db, cast, judge)

    assert not ask(db, comment, servers)
    assert (server.asked, seen(db, comment)[0]) == ([], "held")


def test_what_is_off_has_no_part_in_the_verdict(
    db: Database, cast: Cast, judge: Judge, server: Answering, servers: Servers
) -> None:
    set_policy(db, cast, external="before", external_url=server.url)
    comment = post(db, cast, judge)
    says(server, score=1.0)
    ask(db, comment, servers)
    set_policy(db, cast)

    with db.reading() as session:
        (judgement,) = judge.judge_many(
            [judging.draft_again(session, session.get_one(Comment, comment.id), now=now_us())]
        )

    assert judgement.verdict.outcome == "publish"
