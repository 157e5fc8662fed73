"""What stands around a case: in the right order, of its own site alone, in a fixed number of queries."""

from commentsvc.actions import noting
from commentsvc.enums import Role, Status
from commentsvc.moderation.likeness import nearest
from commentsvc.queries import card, queue
from commentsvc.queries.card import Surroundings
from commentsvc.queries.sites import find_membership
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Comment
from tests import factories
from tests.conftest import Cast
from tests.queries.test_threads import counted

SECOND = 1_000_000


def around(session, cast: Cast, comment: Comment) -> Surroundings:
    case_id = queue.find_latest_case_id(session, comment.id)
    assert case_id is not None
    found = queue.find_card(session, cast.daily.id, case_id, now=now_us())
    assert found is not None
    return card.surroundings(session, found, nearest=nearest)


def test_surroundings_of_a_deep_reply_are_its_nearest_25_ancestors(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        chain = factories.chain(session, cast.story, cast.bo, 29)
        held = factories.comment(session, cast.story, cast.ada, status=Status.HELD, parent=chain[-1])

        found = around(session, cast, held)

    assert [above.comment.id for above in found.chain] == [comment.id for comment in chain[5:]]


def test_surroundings_at_the_top_are_the_thread_s_nearest_comments(db: Database, cast: Cast) -> None:
    now = now_us() - 100 * SECOND
    with db.writing() as session:
        made = [factories.comment(session, cast.story, cast.bo, now=now + at * SECOND) for at in range(8)]
        factories.comment(session, factories.article(session, cast.daily), cast.bo, now=now + 4 * SECOND)
        factories.comment(session, cast.story, cast.bo, status=Status.REJECTED, now=now + 4 * SECOND)
        held = factories.comment(session, cast.story, cast.ada, status=Status.HELD, now=now + 4 * SECOND)

        found = around(session, cast, held)

    assert [other.comment.id for other in found.before] == [made[3].id, made[4].id]
    assert [other.comment.id for other in found.after] == [made[5].id, made[6].id]


def test_surroundings_keep_to_the_team_s_answers_and_to_the_site_s_notes(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        about = factories.comment(session, cast.story, cast.ada)
        factories.case(session, about)
        factories.comment(session, cast.story, cast.bo, parent=about)
        answer = factories.comment(session, cast.story, cast.cam, parent=about)
        factories.member(session, cast.ada, cast.other)
        elsewhere = factories.comment(session, factories.article(session, cast.other), cast.ada)
        for who, site, comment in ((cast.cam, cast.daily, about), (cast.dee, cast.other, elsewhere)):
            membership = find_membership(session, who.id, site.id)
            noting.note(session, comment_id=comment.id, body=f"By {who.name}", membership=membership, now=now_us())

        found = around(session, cast, about)

    assert [reply.comment.id for reply in found.answers] == [answer.id]
    assert [(kept.note.body, kept.by.name) for kept in found.notes] == [("By Cam Reyes", "Cam Reyes")]
    assert found.notes_on_author == 1


def test_surroundings_cost_the_same_for_one_and_for_thirty(db: Database, cast: Cast) -> None:
    costs = []
    with db.writing() as session:
        chain = factories.chain(session, cast.story, cast.bo, 1)
        factories.member(session, cast.eve, cast.daily, Role.ADMIN)
    for count in (1, 30):
        with db.writing() as session:
            parent = session.get_one(Comment, chain[-1].id)
            for _ in range(count):
                factories.comment(session, cast.story, factories.person(session), parent=parent)
                past = factories.comment(session, cast.story, cast.bo, "You fool, go home", status=Status.HELD)
                factories.reject(session, past, cast.eve)
            held = factories.comment(
                session, cast.story, cast.ada, "You fool, go home now", status=Status.HELD, parent=parent
            )
        with counted(db) as statements, db.reading() as session:
            around(session, cast, held)
        costs.append(len(statements))

    assert costs[0] == costs[1]
