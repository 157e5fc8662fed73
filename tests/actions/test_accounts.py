"""What do signing up, signing in, joining and setting passwords change?"""

import threading

import pytest
from sqlalchemy import func, select

from commentsvc.actions import accounts, passwords, tokens
from commentsvc.enums import Role, Scope
from commentsvc.errors import Invalid, NotFound, TooManyRequests
from commentsvc.queries.callers import find_caller
from commentsvc.store.db import Database
from commentsvc.store.models import Membership, OneTimeLink, Person, SignInFailure
from tests import factories
from tests.conftest import Cast

NOW = 1_800_000_000_000_000
SECOND = 1_000_000
SECRET = "s" * 32
NEW = {"name": "Zoë Vance", "email": " Zoe@News.example ", "password": "vier wörter im regen"}


def test_sign_up_makes_an_account_that_signs_in(db: Database):
    with db.writing() as session:
        sign_up(session, **NEW, now=NOW)
    with db.writing() as session:
        found = attempt(session, "ZOE@news.example", NEW["password"], "home", NOW)

    assert found is not None
    assert (found.name, found.email, found.epoch, found.created_at) == ("Zoë Vance", "zoe@news.example", 1, NOW)
    assert NEW["password"] not in found.password_hash


@pytest.mark.parametrize(
    ("change", "field", "because"),
    [
        ({"name": "zoe.vance"}, "name", "has this name"),
        ({"name": "The Daily"}, "name", "reserved"),
        ({"name": "daily"}, "name", "reserved"),
        ({"name": "Someone Else"}, "email", "couldn't make"),
        ({"name": "Someone Else", "email": "nonsense"}, "email", "doesn't look like"),
        ({"name": "Someone Else", "email": "a@localhost"}, "email", "doesn't look like"),
        ({"name": "Someone Else", "email": "\ud800@x.example"}, "email", "doesn't look like"),
        ({"name": "Someone Else", "email": "b@news.example", "password": "password1"}, "password", "first"),
    ],
)
def test_sign_up_refuses_and_leaves_nothing(db: Database, change: dict[str, str], field: str, because: str):
    with db.writing() as session:
        factories.site(session, "daily")
        sign_up(session, **NEW, now=NOW)

    with pytest.raises(Invalid, match=because) as refusal, db.writing() as session:
        sign_up(session, **{**NEW, **change}, now=NOW)

    assert refusal.value.field == field
    with db.reading() as session:
        assert session.scalars(select(Person.name)).all() == ["Zoë Vance"]


def test_sign_up_from_eight_at_once_makes_one_account(db: Database):
    prepared = accounts.new_account(**NEW)
    made, refused = in_threads(8, lambda: in_writing(db, lambda s: accounts.open_account(s, prepared, now=NOW)))

    assert (len(made), [type(error) for error in refused]) == (1, [Invalid] * 7)


@pytest.mark.parametrize("email", ["ada@daily.example", "nobody@daily.example", "nonsense", "\ud800"])
def test_wrong_password_and_unknown_address_are_alike(db: Database, cast: Cast, email: str):
    with db.writing() as session:
        answer = attempt(session, email, "wrong", "home", NOW)

    assert answer is None
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(SignInFailure)) == 2


def test_guessing_slows_down_and_the_owner_elsewhere_does_not_notice(db: Database, cast: Cast):
    with db.writing() as session:
        waits = [wait_of(session, "ada@daily.example", "thief", NOW + n * SECOND) for n in range(5)]
        after_five = wait_of(session, "ada@daily.example", "thief", NOW + 4 * SECOND)
        still = wait_of(session, "ada@daily.example", "thief", NOW + 8 * SECOND)
        sixth = wait_of(session, "ada@daily.example", "thief", NOW + 9 * SECOND)
        after_six = wait_of(session, "ada@daily.example", "thief", NOW + 9 * SECOND)
        even_when_right = attempt(session, "ada@daily.example", factories.PASSWORD, "thief", NOW + 10 * SECOND)
        owner = attempt(session, "ada@daily.example", factories.PASSWORD, "home", NOW + 10 * SECOND)
        other_account = wait_of(session, "bo@daily.example", "thief", NOW + 10 * SECOND)

    assert (waits, after_five, still, sixth, after_six) == ([0] * 5, 5, 1, 0, 10)
    assert even_when_right == 9
    assert isinstance(owner, Person)
    assert other_account == 0


def test_guessing_at_many_accounts_slows_down_too(db: Database):
    with db.writing() as session:
        waits = [wait_of(session, f"reader{n}@daily.example", "thief", NOW) for n in range(31)]

    assert waits == [0] * 30 + [5]


def test_guessing_is_never_held_up_longer_than_a_quarter_of_an_hour(db: Database):
    waits, now = [], NOW
    with db.writing() as session:
        for _ in range(40):
            waits.append(wait_of(session, "ada@daily.example", "thief", now))
            now += waits[-1] * SECOND
        day_after = wait_of(session, "ada@daily.example", "thief", now + 24 * 3600 * SECOND)

    assert max(waits) == 900
    assert day_after == 0


def test_success_forgets_the_failures_of_this_account_and_client_only(db: Database, cast: Cast):
    with db.writing() as session:
        for _ in range(4):
            wait_of(session, "ada@daily.example", "home", NOW)
        attempt(session, "ada@daily.example", factories.PASSWORD, "home", NOW)
        left = session.scalars(select(SignInFailure.subject)).all()

    assert left == ["home"] * 4


def test_sign_in_that_was_proven_with_an_older_password_fails(db: Database, cast: Cast):
    with db.reading() as session:
        proven = accounts.stored_hash(session, "ada@daily.example")
    with db.writing() as session:
        accounts.set_password(session, session.get_one(Person, cast.ada.id), "vier wörter im regen", now=NOW)

    with db.writing() as session:
        found = accounts.settle_sign_in(session, email="ada@daily.example", proven=proven, client="home", now=NOW)

    assert found is None


def test_join_makes_one_membership_however_often(db: Database, cast: Cast):
    def join() -> int:
        return in_writing(db, lambda s: accounts.join(s, s.merge(cast.dee), s.merge(cast.daily), now=NOW).person_id)

    joined, errors = in_threads(8, join)

    assert (joined, errors) == ([cast.dee.id] * 8, [])
    with db.reading() as session:
        kept = session.get_one(Membership, (cast.dee.id, cast.daily.id))
        assert (kept.name, kept.role, kept.created_at) == ("Dee Marsh", "reader", NOW)


def test_join_numbers_a_name_that_is_taken_on_the_site(db: Database, cast: Cast):
    with db.writing() as session:
        namesake = factories.person(session, "Somebody Else")
        accounts.join(session, namesake, cast.other, now=NOW)
        session.get_one(Membership, (namesake.id, cast.other.id)).skeleton = accounts.skeleton("ada-holm")
        session.flush()
        membership = accounts.join(session, cast.ada, cast.other, now=NOW)

        assert (membership.name, membership.skeleton) == ("Ada Holm 2", "adaholm2")


def test_set_role_needs_a_member(db: Database, cast: Cast):
    with db.writing() as session:
        assert accounts.set_role(session, cast.ada, cast.daily, Role.MANAGER).role == "manager"
        with pytest.raises(NotFound):
            accounts.set_role(session, cast.ada, cast.other, Role.MANAGER)


def test_set_password_ends_sessions_and_tokens(db: Database, cast: Cast, settings):
    with db.writing() as session:
        cam = session.get_one(Person, cast.cam.id)
        bearers = [
            tokens.access_token(cam, cast.daily, secret=settings.secret_key, now=NOW),
            tokens.issue_token(session, cam, cast.daily, name="script", now=NOW),
        ]
        assert all(find_caller(session, bearer, secret=settings.secret_key, now=NOW) for bearer in bearers)

        accounts.set_password(session, cam, "vier wörter im regen", now=NOW)

        assert not any(find_caller(session, bearer, secret=settings.secret_key, now=NOW) for bearer in bearers)
        assert cam.epoch == 2


def test_first_password_keeps_the_tokens_that_came_before_it(db: Database, cast: Cast, settings):
    with db.writing() as session:
        cam = session.get_one(Person, cast.cam.id)
        cam.password_hash = None
        token = tokens.issue_token(session, cam, cast.daily, name="script", now=NOW)

        accounts.set_password(session, cam, "vier wörter im regen", now=NOW)

        caller = find_caller(session, token, secret=settings.secret_key, now=NOW)
        assert caller is not None
        assert caller.scopes == set(Scope)


def test_one_time_link_sets_a_password_once(db: Database, cast: Cast):
    with db.writing() as session:
        link = accounts.one_time_link(session, cast.cam, base_url="https://c.example", secret=SECRET, now=NOW)
    token = link.removeprefix("https://c.example/auth/set-password/")

    used, errors = in_threads(
        8, lambda: in_writing(db, lambda s: accounts.use_link(s, token, password="vier wörter im regen", now=NOW))
    )

    assert errors == []
    assert [person.id for person in used if person] == [cast.cam.id]
    with db.writing() as session:
        assert session.scalar(select(func.count()).select_from(OneTimeLink)) == 0
        assert attempt(session, "cam@daily.example", "vier wörter im regen", "home", NOW) is not None


def test_one_time_link_survives_a_password_that_is_refused_and_expires(db: Database, cast: Cast):
    with db.writing() as session:
        token = accounts.one_time_link(session, cast.cam, base_url="", secret=SECRET, now=NOW).rpartition("/")[2]
    with db.writing() as session, pytest.raises(Invalid):
        accounts.use_link(session, token, password="password", now=NOW)

    with db.writing() as session:
        late = accounts.use_link(session, token, password="vier wörter im regen", now=NOW + 72 * 3600 * SECOND)
        foreign = accounts.use_link(session, "\ud800", password="vier wörter im regen", now=NOW)
        used = accounts.use_link(session, token, password="vier wörter im regen", now=NOW + 71 * 3600 * SECOND)

    assert (late, foreign) == (None, None)
    assert used.id == cast.cam.id


def sign_up(session, *, name: str, email: str, password: str, now: int) -> Person:
    return accounts.open_account(session, accounts.new_account(name=name, email=email, password=password), now=now)


def attempt(session, email: str, password: str, client: str, now: int):
    """Sign in as the pages do; return the person, None, or the seconds to wait."""
    try:
        accounts.refuse_guessing(session, email=email, client=client, now=now)
        kept = accounts.stored_hash(session, email)
        proven = kept if passwords.fits(kept, password) else None
        return accounts.settle_sign_in(session, email=email, proven=proven, client=client, now=now)
    except TooManyRequests as refusal:
        return refusal.retry_after


def wait_of(session, email: str, client: str, now: int) -> int:
    """Fail once, with argon2 left out; return the seconds to wait instead when the client must."""
    try:
        accounts.settle_sign_in(session, email=email, proven=None, client=client, now=now)
    except TooManyRequests as refusal:
        return refusal.retry_after
    return 0


def in_writing(db: Database, change):
    with db.writing() as session:
        return change(session)


def in_threads(count: int, work):
    """Run the same work in threads that start together; return what came back and what was raised."""
    results, errors, start = [], [], threading.Barrier(count)

    def run() -> None:
        start.wait()
        try:
            results.append(work())
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results, errors
