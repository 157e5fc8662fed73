"""Who hears of a comment, and who must not?"""

import pytest

from commentsvc.actions import decisions, mentions, notices, posting, telling
from commentsvc.actions.posting import PreparedEdit
from commentsvc.enums import Action, Following, MailPace, NoticeKind, Outcome, Status
from commentsvc.infra import jobs
from commentsvc.moderation.terms import Draft, Judgement, Policy, Verdict
from commentsvc.queries.notices import USUAL, Preference, count_unread, page
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Comment, Job, Notice
from commentsvc.worker import JOBS, run_next
from tests import factories
from tests.conftest import Cast

CLEAN = Judgement((), Verdict(Outcome.PUBLISH, (), 0, (), 0.0))


def do_jobs(db: Database, *names: str) -> None:
    for name in names or (telling.JOB, telling.FOLLOWERS_JOB):
        while run_next(db, None, worker="w", registry=JOBS, name=name):  # type: ignore[arg-type]
            pass


def told(db: Database) -> list[tuple[int, str, int | None]]:
    with db.reading() as session:
        return [(n.person_id, n.kind, n.comment_id) for n in session.query(Notice).order_by(Notice.id)]


def test_a_reply_tells_the_author_above_and_nobody_else(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        top = factories.comment(session, cast.story, cast.ada)
        reply = factories.comment(session, cast.story, cast.bo, parent=top)
        own = factories.comment(session, cast.story, cast.ada, parent=top)
        below = factories.comment(session, cast.story, cast.cam, parent=reply)

    do_jobs(db)

    assert told(db) == [(cast.ada.id, "reply", reply.id), (cast.bo.id, "reply", below.id)]
    assert own.id not in {comment_id for _, _, comment_id in told(db)}


def test_a_held_reply_tells_nobody_until_it_is_public_and_then_once(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        top = factories.comment(session, cast.story, cast.ada)
        reply = factories.comment(session, cast.story, cast.bo, "@Ada Holm, no.", parent=top, status=Status.HELD)
    do_jobs(db)
    before = told(db)

    for status, action in ((Status.PUBLISHED, Action.APPROVE), (Status.REJECTED, Action.REJECT)) * 2:
        with db.writing() as session:
            comment = session.get_one(Comment, reply.id)
            decisions.decide(session, comment, status, action=action, revision=1, now=now_us(), rule="test")
        do_jobs(db)

    of_ada = [row for row in told(db) if row[0] == cast.ada.id]
    assert before == []
    assert of_ada == [(cast.ada.id, "reply", reply.id)]


def test_what_was_removed_before_the_job_ran_is_not_told(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        top = factories.comment(session, cast.story, cast.ada)
        reply = factories.comment(session, cast.story, cast.bo, parent=top)
    with db.writing() as session:
        posting.withdraw(session, comment_id=reply.id, by=cast.bo, now=now_us())

    do_jobs(db)

    assert told(db) == []


def test_what_is_removed_later_is_neither_listed_nor_counted(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        top = factories.comment(session, cast.story, cast.ada)
        gone, stays = (factories.comment(session, cast.story, cast.bo, parent=top) for _ in range(2))
    do_jobs(db)
    with db.writing() as session:
        factories.reject(session, session.get_one(Comment, gone.id), cast.cam)

    with db.reading() as session:
        shown = page(session, cast.ada.id, cast.daily.id, limit=20, cursor=None)
        unread = count_unread(session, cast.ada.id, cast.daily.id)

    assert [one.notice.comment_id for one in shown.notices] == [stays.id]
    assert unread == 1


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("Hello @Ada Holm, look.", ["ada"]),
        ("@adaholm @ADA_HOLM @ada.holm's", ["ada"]),
        ("(@Bo Lind) and @ Ada Holm", ["bo"]),
        ("mail bo@Ada Holm.example or @Ada", []),
        ("@Ada Holmes", []),
        ("@Аda Hоlm", ["ada"]),
        ("@Dee Marsh", []),
        ("@", []),
        ("@" * 5000, []),
        ("@Bo Lind\n@Cam Reyes @Bo Lind", ["bo", "cam"]),
    ],
)
def test_mentions_are_found_by_the_sites_own_names(db: Database, cast: Cast, body: str, found: list[str]) -> None:
    with db.reading() as session:
        people = mentions.find(session, body, site_id=cast.daily.id)

    assert people == [getattr(cast, name).id for name in found]


def test_an_edit_tells_only_whom_it_names_anew(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.bo, "@Ada Holm, see.")
    do_jobs(db)

    with db.writing() as session:
        edited = PreparedEdit(comment.id, 1, "@Ada Holm and @Cam Reyes, see.", Draft(""), Policy())
        posting.edit(session, edited, CLEAN, by=cast.bo, now=now_us())
    do_jobs(db)

    assert told(db) == [(cast.ada.id, "mention", comment.id), (cast.cam.id, "mention", comment.id)]


def test_followers_hear_of_a_thread_and_what_is_nearest_counts(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        top = factories.comment(session, cast.story, cast.bo)
        other = factories.comment(session, cast.story, cast.bo)
    with db.writing() as session:
        for who, about, how in (
            (cast.ada, None, Following.FOLLOW), (cast.ada, top.id, Following.MUTE),
            (cast.eve, None, Following.MUTE), (cast.eve, top.id, Following.FOLLOW),
            (cast.cam, top.id, Following.FOLLOW),
        ):  # fmt: skip
            notices.follow(session, cast.story, about, how, by=who, now=now_us())
    with db.writing() as session:
        nia = factories.person(session, "Nia Vale")
        below = factories.comment(session, cast.story, nia, "@Ada Holm!", parent=top)
        beside = factories.comment(session, cast.story, nia, "@Eve Okoro!", parent=other)

    do_jobs(db)

    assert sorted(told(db)) == sorted(
        [
            (cast.bo.id, "reply", below.id), (cast.bo.id, "reply", beside.id),
            (cast.cam.id, "followed", below.id), (cast.eve.id, "followed", below.id),
            (cast.ada.id, "followed", beside.id),
        ]
    )  # fmt: skip


def test_many_followers_are_told_in_steps_and_each_once(
    db: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "_CHUNK", 3)
    with db.writing() as session:
        fans = [factories.person(session) for _ in range(7)]
        for fan in fans:
            notices.follow(session, cast.story, None, Following.FOLLOW, by=fan, now=now_us())
        comment = factories.comment(session, cast.story, cast.bo)
        # As after a death in the midst of it: the same step comes twice.
        jobs.enqueue(session, telling.FOLLOWERS_JOB, {"comment": comment.id, "after": 0}, now=now_us())

    do_jobs(db)

    assert told(db) == [(fan.id, "followed", comment.id) for fan in fans]


def test_a_comment_that_nobody_can_hear_of_asks_for_no_job(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        factories.comment(session, cast.story, cast.bo)

    with db.reading() as session:
        assert session.query(Job).filter(Job.name == telling.JOB).count() == 0


def test_who_wants_neither_page_nor_mail_is_not_told(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        top = factories.comment(session, cast.story, cast.ada)
        silent = {NoticeKind.REPLY: Preference(False, MailPace.NEVER)}
        notices.prefer(session, cast.ada.id, cast.daily.id, silent)
        notices.prefer(session, cast.ada.id, cast.daily.id, silent)
        factories.comment(session, cast.story, cast.bo, parent=top)

    do_jobs(db)

    assert told(db) == []


def test_every_kind_has_a_usual_way() -> None:
    assert set(USUAL) == set(NoticeKind)


def test_what_lies_below_a_long_chain_is_found(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        top = factories.comment(session, cast.story, cast.ada)
        notices.follow(session, cast.story, top.id, Following.FOLLOW, by=cast.eve, now=now_us())
        node = top
        for _ in range(12):
            node = factories.comment(session, cast.story, cast.bo, parent=node)
    do_jobs(db)

    assert len([row for row in told(db) if row[0] == cast.eve.id]) == 12
