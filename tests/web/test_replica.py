"""Is what everyone sees read from the replica, what is one's own from the database, and is a dead replica no matter?"""

from collections.abc import Callable

import pytest
from flask import Flask

from commentsvc.app import create_app
from commentsvc.settings import Settings
from commentsvc.store import migrate
from commentsvc.store.db import Database
from commentsvc.store.models import Article, Comment
from tests import factories
from tests.conftest import Cast

THREAD = "/api/v1/comments?site=daily&article=story"
PUBLIC = (THREAD, "/api/v1/counts?site=daily&article=story", "/feeds/daily.atom", "/articles/daily/story")


@pytest.fixture
def replica_url(new_postgres_database: Callable[[], str]) -> str:
    """A database that has the same story, and another comment: so that one sees which was asked."""
    url = new_postgres_database()
    db = Database(url)
    migrate.upgrade(db)
    with db.writing() as session:
        site = factories.site(session, "daily")
        who = factories.person(session, "Rita of the replica")
        factories.comment(session, factories.article(session, site, "story"), who, "Read from the replica.")
        factories.comment(session, session.get_one(Article, 1), who, "And that.")
    db.dispose()
    return url


def test_public_pages_come_from_the_replica_and_ones_own_from_the_database(
    db: Database, cast: Cast, settings: Settings, replica_url: str
) -> None:
    app = create_app(settings.model_copy(update={"database_replica_url": replica_url}))
    client = app.test_client()
    with db.writing() as session:
        factories.comment(session, cast.story, cast.ada, "Read from the database.")
        token = factories.bearer(session, cast.ada, cast.daily)

    answers = [client.get(path).get_data(as_text=True) for path in PUBLIC]
    me = client.get("/api/v1/me?site=daily&article=story", headers=token).get_json()
    where = {"key": "story", "url": cast.story.url, "title": "Story"}
    posted = client.post(
        "/api/v1/comments", headers=token, json={"site": "daily", "article": where, "body": "Another thought."}
    )
    close(app)

    assert ["Read from the replica." in answer for answer in answers] == [True, False, True, True]
    assert answers[1] == '{"counts":{"story":2}}'
    assert [own["body"] for own in me["mine"]] == ["Read from the database."]
    assert posted.status_code == 201
    with db.reading() as session:
        assert session.query(Comment).filter_by(body="Another thought.").count() == 1


def test_without_the_replica_the_database_answers(db: Database, cast: Cast, settings: Settings) -> None:
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:9/nothing"
    app = create_app(settings.model_copy(update={"database_replica_url": nowhere}))
    client = app.test_client()
    with db.writing() as session:
        factories.comment(session, cast.story, cast.ada, "Read from the database.")

    answers = [client.get(path) for path in PUBLIC]
    close(app)

    assert [answer.status_code for answer in answers] == [200] * len(PUBLIC)
    assert "Read from the database." in answers[0].get_data(as_text=True)


def close(app: Flask) -> None:
    services = app.extensions["commentsvc"]
    services.db.dispose()
    services.replica.dispose()
