"""Does the demo show what there is to show, and keep it?"""

from functools import partial

import pytest
from sqlalchemy import func, select

from commentsvc.actions import accounts, demonstrating, passwords
from commentsvc.app import build_judge
from commentsvc.enums import Role, Status
from commentsvc.errors import Conflict
from commentsvc.queries import health
from commentsvc.queries.sites import get_site, is_registered
from commentsvc.settings import Settings
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Article, Case, Comment, Membership, Person, Report
from tests import factories

PAGES, API = "http://localhost:8000", "http://127.0.0.1:8000"


def prepare(db: Database, *, pages: str = PAGES) -> None:
    demonstrating.prepare(db, partial(build_judge, Settings()), pages=pages, api=API, now=now_us())


def test_demo_has_its_cast_its_threads_and_its_queue(db: Database) -> None:
    prepare(db)

    with db.reading() as session:
        site = get_site(session, "demo")
        roles = {
            who: session.scalar(
                select(Membership.role)
                .join(Person)
                .where(Person.email == f"{who}@demo.example", Membership.site_id == site.id)
            )
            for who in ("ada", "bo", "cam", "eve", "dee")
        }
        sizes = session.scalars(select(Article.comment_count).where(Article.site_id == site.id)).all()
        statuses = set(session.scalars(select(Comment.status).where(Comment.site_id == site.id).distinct()))
        guidelines = set(session.scalars(select(Case.guideline).where(Case.site_id == site.id, Case.state == "open")))
        deepest = session.scalar(select(func.max(Comment.depth)))
    assert roles == {"ada": Role.READER, "bo": Role.READER, "cam": Role.MANAGER, "eve": Role.ADMIN, "dee": None}
    assert len(sizes) == 6
    assert max(sizes) > 500
    assert statuses == set(Status)
    assert {"courtesy", "on_topic", "spam", "legal"} <= guidelines
    assert deepest is not None
    assert deepest >= 7
    assert site.password_grant


def test_demo_counts_can_be_proved(db: Database) -> None:
    prepare(db)

    with db.reading() as session:
        assert [finding for finding in health.counters(session) if not finding.is_well] == []
        reports = session.scalar(select(func.count()).select_from(Report))
    assert reports


def test_demo_password_opens_the_accounts(db: Database) -> None:
    prepare(db)

    with db.reading() as session:
        stored = accounts.stored_hash(session, "ada@demo.example")
    assert passwords.fits(stored, "commentsvc-demo")
    assert not passwords.fits(stored, "commentsvc-demo!")


def test_second_start_keeps_the_data_and_learns_a_new_port(db: Database) -> None:
    prepare(db)
    with db.writing() as session:
        article = session.scalars(select(Article).where(Article.key == "night-bus")).one()
        factories.comment(session, article, factories.person(session))
        before = session.scalar(select(func.count()).select_from(Comment))

    prepare(db, pages="http://localhost:9000")

    with db.reading() as session:
        site = get_site(session, "demo")
        article = session.scalars(select(Article).where(Article.key == "night-bus")).one()
        assert session.scalar(select(func.count()).select_from(Comment)) == before
        assert article.url == "http://localhost:9000/articles/night-bus"
        assert is_registered(session, site, "http://localhost:9000")
        assert is_registered(session, site, API)


def test_demo_refuses_a_database_that_serves_somebody_else(db: Database) -> None:
    with db.writing() as session:
        factories.site(session, "daily")

    with pytest.raises(Conflict):
        prepare(db)
