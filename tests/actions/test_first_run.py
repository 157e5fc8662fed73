"""Is an installation set up by whoever reads its log, once?"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from commentsvc.actions import first_run
from commentsvc.actions.accounts import NewAccount
from commentsvc.actions.first_run import Wanted
from commentsvc.errors import Conflict, Invalid
from commentsvc.queries import first_run as waiting
from commentsvc.store.db import Database
from commentsvc.store.models import FirstRun, Membership, Person, Site
from tests import factories
from tests.factories import SECRET

EVE = NewAccount("Eve Okoro", "eve@daily.example", None)
DAILY = Wanted("daily", "The Daily", ("https://daily.example",), "Welcome.", ())


def begin(db: Database, secret: str = SECRET) -> str | None:
    with db.writing() as session:
        return first_run.begin(session, secret=secret, now=1)


def nonce(db: Database) -> str:
    with db.reading() as session:
        return waiting.find_nonce(session) or ""


def set_up(db: Database, with_nonce: str, wanted: Wanted = DAILY, account: NewAccount = EVE) -> str:
    with db.writing() as session:
        return first_run.set_up(session, with_nonce, wanted, account, now=2)[0].key


def test_the_code_is_the_same_at_every_start_and_gone_once_it_was_used(db: Database) -> None:
    code = begin(db)
    again = begin(db)
    kept = nonce(db)
    set_up(db, kept)

    assert code == again is not None
    assert begin(db) is None
    with pytest.raises(Conflict):
        set_up(db, kept)
    with db.reading() as session:
        assert session.scalars(select(Membership.role)).all() == ["admin"]
        assert waiting.find_nonce(session) is None


def test_neither_the_database_nor_another_secret_gives_the_code(db: Database) -> None:
    code = begin(db) or ""

    assert begin(db, "another-secret-" + "k" * 32) != code
    assert not waiting.is_code(nonce(db), secret=SECRET, nonce=nonce(db))
    for typed in (code, code.lower(), code.replace("-", ""), f"  {code.replace('-', ' ')} "):
        assert waiting.is_code(typed, secret=SECRET, nonce=nonce(db))
    for typed in ("", "-", code[:-1], code + "A", "２" * 12):
        assert not waiting.is_code(typed, secret=SECRET, nonce=nonce(db))


def test_a_fresh_database_has_another_code(db: Database) -> None:
    code = begin(db)
    with db.writing() as session:
        session.delete(session.scalars(select(FirstRun)).one())

    assert begin(db) != code


def test_two_who_set_up_at_once_make_one_site(db: Database) -> None:
    begin(db)
    kept = nonce(db)
    wanted = [
        (
            Wanted(key, key.title(), (f"https://{key}.example",), "Welcome.", ()),
            NewAccount(f"{name} Okoro", f"{name.lower()}@x.example", None),
        )
        for key, name in (("daily", "Eve"), ("weekly", "Ida"))
    ]

    def attempt(one: tuple[Wanted, NewAccount]) -> str:
        try:
            return set_up(db, kept, *one)
        except Conflict as problem:
            return problem.code

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(attempt, wanted))

    assert outcomes.count("conflict") == 1
    with db.reading() as session:
        assert [*session.scalars(select(Site.key))] == [key for key in outcomes if key != "conflict"]
        assert len(session.scalars(select(Person)).all()) == 1


def test_a_site_from_the_command_line_ends_the_waiting_too(db: Database) -> None:
    begin(db)
    kept = nonce(db)
    with db.writing() as session:
        factories.site(session, "cli")

    assert begin(db) is None
    with pytest.raises(Conflict):
        set_up(db, kept)


def test_what_is_refused_leaves_the_code_good(db: Database) -> None:
    begin(db)
    kept = nonce(db)
    with pytest.raises(Invalid) as of_origin:
        set_up(db, kept, Wanted("daily", "The Daily", ("https://*.daily.example",), "Welcome.", ()))
    with pytest.raises(Invalid) as of_name:
        set_up(db, kept, account=NewAccount("The Daily", "eve@daily.example", None))

    assert (of_origin.value.field, of_name.value.field) == ("origin", "person")
    assert set_up(db, kept) == "daily"
