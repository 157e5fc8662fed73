"""Which tokens are given out, for what, and how often?"""

import base64
import hashlib

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import func, select

from commentsvc.actions import accounts, tokens
from commentsvc.actions.tokens import Grant
from commentsvc.enums import Role, Scope
from commentsvc.errors import Forbidden, TokenRefused
from commentsvc.queries.callers import access_key, find_caller
from commentsvc.store.db import Database
from commentsvc.store.models import ApiToken, AuthorizationCode, Membership, Person, RefreshToken
from tests.actions.test_accounts import in_threads, in_writing
from tests.conftest import Cast

NOW = 1_800_000_000_000_000
SECOND = 1_000_000
DAY = 24 * 3600 * SECOND
SECRET = "s" * 40
ORIGIN = "https://daily.example"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def code(db: Database, cast: Cast) -> str:
    with db.writing() as session:
        return tokens.issue_code(session, cast.ada, cast.daily, origin=ORIGIN, challenge=CHALLENGE, now=NOW)


def exchange(db: Database, cast: Cast, code: str, **change):
    how = {"code": code, "verifier": VERIFIER, "origin": ORIGIN, "secret": SECRET, "now": NOW, **change}
    site = how.pop("site", cast.daily)
    return in_writing(db, lambda session: tokens.exchange_code(session, site, **how))


def refresh(db: Database, cast: Cast, token: str, *, now: int = NOW, site=None):
    return in_writing(
        db, lambda session: tokens.refresh(session, site or cast.daily, token=token, secret=SECRET, now=now)
    )


def test_code_from_eight_at_once_gives_one_grant(db: Database, cast: Cast, code: str):
    answers, errors = in_threads(8, lambda: exchange(db, cast, code))

    assert errors == []
    assert sorted(type(answer).__name__ for answer in answers) == ["Grant", *["TokenRefused"] * 7]
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(RefreshToken)) == 1


def test_access_token_says_who_where_and_for_how_long(db: Database, cast: Cast, code: str):
    grant = exchange(db, cast, code)

    decoded = jwt.decode(grant.access_token, access_key(SECRET), algorithms=["HS256"])
    assert decoded.header == {"alg": "HS256", "typ": "JWT"}
    assert decoded.claims == {
        "sub": str(cast.ada.id),
        "aud": "daily",
        "scope": "reader",
        "epoch": 1,
        "iat": NOW // SECOND,
        "exp": NOW // SECOND + 900,
    }
    assert grant.refresh_ends_at == NOW + 30 * DAY


@pytest.mark.parametrize(
    "change",
    [
        {"verifier": "w" * 43},
        {"verifier": CHALLENGE},
        {"verifier": ""},
        {"verifier": "é" * 43},
        {"verifier": "\ud800" * 43},
        {"origin": "https://daily.example.evil.example"},
        {"origin": "https://evil-daily.example"},
        {"site": "other"},
        {"now": NOW + 60 * SECOND},
    ],
)
def test_code_that_is_used_wrongly_is_burnt(db: Database, cast: Cast, code: str, change: dict):
    if "site" in change:
        change = {"site": cast.other}

    wrong = exchange(db, cast, code, **change)
    right = exchange(db, cast, code)

    assert isinstance(wrong, TokenRefused)
    assert isinstance(right, TokenRefused)
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuthorizationCode)) == 0
        assert session.scalar(select(func.count()).select_from(RefreshToken)) == 0


def test_code_is_worthless_after_the_epoch_changed(db: Database, cast: Cast, code: str):
    end_sessions(db, cast.ada)

    assert isinstance(exchange(db, cast, code), TokenRefused)


def test_code_joins_the_person_to_the_site(db: Database, cast: Cast):
    with db.writing() as session:
        tokens.issue_code(session, cast.dee, cast.daily, origin=ORIGIN, challenge=CHALLENGE, now=NOW)

    with db.reading() as session:
        assert session.get_one(Membership, (cast.dee.id, cast.daily.id)).role == "reader"


def test_refresh_token_is_rotated(db: Database, cast: Cast, code: str):
    first = exchange(db, cast, code)

    second = refresh(db, cast, first.refresh_token, now=NOW + DAY)
    third = refresh(db, cast, second.refresh_token, now=NOW + 2 * DAY)

    assert len({grant.refresh_token for grant in (first, second, third)}) == 3
    assert third.refresh_ends_at == first.refresh_ends_at
    caller = in_writing(db, lambda s: find_caller(s, third.access_token, secret=SECRET, now=NOW + 2 * DAY))
    assert (caller.person.id, caller.site_id, caller.scopes) == (cast.ada.id, cast.daily.id, {Scope.READER})


def test_refresh_from_eight_tabs_at_once_gives_the_same_successor(db: Database, cast: Cast, code: str):
    first = exchange(db, cast, code)

    answers, errors = in_threads(8, lambda: refresh(db, cast, first.refresh_token))

    assert errors == []
    assert len({answer.refresh_token for answer in answers}) == 1
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(RefreshToken)) == 2


def test_refresh_in_a_late_tab_gives_the_newest_successor(db: Database, cast: Cast, code: str):
    first = exchange(db, cast, code)
    second = refresh(db, cast, first.refresh_token, now=NOW)
    third = refresh(db, cast, second.refresh_token, now=NOW + 5 * SECOND)

    late = refresh(db, cast, first.refresh_token, now=NOW + 20 * SECOND)

    assert late.refresh_token == third.refresh_token


def test_reused_refresh_token_ends_the_family_and_no_other(db: Database, cast: Cast, code: str):
    first = exchange(db, cast, code)
    with db.writing() as session:
        code = tokens.issue_code(session, cast.ada, cast.daily, origin=ORIGIN, challenge=CHALLENGE, now=NOW)
    other_device = exchange(db, cast, code)
    second = refresh(db, cast, first.refresh_token, now=NOW)

    thief = refresh(db, cast, first.refresh_token, now=NOW + 20 * SECOND + 1)
    owner = refresh(db, cast, second.refresh_token, now=NOW + 21 * SECOND)

    assert isinstance(thief, TokenRefused)
    assert isinstance(owner, TokenRefused)
    assert isinstance(refresh(db, cast, other_device.refresh_token, now=NOW + 21 * SECOND), Grant)


def test_refresh_token_ends_after_thirty_days_however_often_it_was_used(db: Database, cast: Cast, code: str):
    token = exchange(db, cast, code).refresh_token
    for day in range(1, 30):
        token = refresh(db, cast, token, now=NOW + day * DAY).refresh_token

    assert isinstance(refresh(db, cast, token, now=NOW + 30 * DAY), TokenRefused)


@pytest.mark.parametrize("token", ["", "nonsense", "\ud800"])
def test_refresh_token_that_is_not_ours_is_refused(db: Database, cast: Cast, token: str):
    assert isinstance(refresh(db, cast, token), TokenRefused)


def test_refresh_token_is_for_one_site_and_one_epoch(db: Database, cast: Cast, code: str):
    token = exchange(db, cast, code).refresh_token

    assert isinstance(refresh(db, cast, token, site=cast.other), TokenRefused)
    end_sessions(db, cast.ada)
    assert isinstance(refresh(db, cast, token), TokenRefused)


def test_revoked_family_gives_nothing_more(db: Database, cast: Cast, code: str):
    first = exchange(db, cast, code)
    second = refresh(db, cast, first.refresh_token)
    in_writing(db, lambda session: tokens.revoke_family(session, second.refresh_token, now=NOW))

    assert isinstance(refresh(db, cast, first.refresh_token), TokenRefused)
    assert isinstance(refresh(db, cast, second.refresh_token), TokenRefused)


def test_tokens_are_kept_as_hashes_only(db: Database, cast: Cast, code: str):
    first = exchange(db, cast, code)
    second = refresh(db, cast, first.refresh_token)
    with db.writing() as session:
        api_token = tokens.issue_token(session, cast.cam, cast.daily, name="script", now=NOW)
        kept = [*session.scalars(select(RefreshToken.token_hash)), *session.scalars(select(ApiToken.token_hash))]

    assert len(kept) == 3
    assert not {first.refresh_token, second.refresh_token, api_token} & set(kept)
    assert all(len(value) == 64 for value in kept)


@pytest.mark.parametrize(
    ("who", "scopes"),
    [("ada", {Scope.READER}), ("cam", set(Scope)), ("eve", set(Scope)), ("dee", {Scope.READER})],
)
def test_api_token_has_the_scopes_of_the_role_on_its_site(db: Database, cast: Cast, who: str, scopes: set[Scope]):
    with db.writing() as session:
        token = tokens.issue_token(session, getattr(cast, who), cast.daily, name="script", now=NOW)
        caller = find_caller(session, token, secret=SECRET, now=NOW)

    assert token.startswith("cst_")
    assert (caller.person.id, caller.site_id, caller.scopes) == (getattr(cast, who).id, cast.daily.id, scopes)


def test_api_token_may_have_fewer_scopes_but_never_more_than_the_role(db: Database, cast: Cast):
    with db.writing() as session:
        token = tokens.issue_token(session, cast.cam, cast.daily, name="coral", now=NOW, scopes=[Scope.ANALYZE])
        caller = find_caller(session, token, secret=SECRET, now=NOW)

    with pytest.raises(Forbidden, match="reader of daily can't have a token with the scope analyze"), db.writing() as s:
        tokens.issue_token(s, cast.ada, cast.daily, name="coral", now=NOW, scopes=[Scope.READER, Scope.ANALYZE])

    assert caller.scopes == {Scope.ANALYZE}


def test_api_token_loses_at_once_what_the_role_lost(db: Database, cast: Cast):
    with db.writing() as session:
        token = tokens.issue_token(session, cast.cam, cast.daily, name="script", now=NOW)
        accounts.set_role(session, cast.cam, cast.daily, Role.READER)
        caller = find_caller(session, token, secret=SECRET, now=NOW)

    assert (caller.scopes, caller.membership.role) == ({Scope.READER}, "reader")


def test_managers_access_token_is_a_readers(db: Database, cast: Cast):
    with db.reading() as session:
        token = tokens.access_token(cast.eve, cast.daily, secret=SECRET, now=NOW)
        caller = find_caller(session, token, secret=SECRET, now=NOW)

    assert (caller.scopes, caller.membership.role) == ({Scope.READER}, "admin")


@pytest.mark.parametrize(
    "change",
    [{"exp": NOW // SECOND - 1}, {"exp": None}, {"epoch": 2}, {"aud": "nowhere"}, {"aud": ["daily"]}, {"sub": "0"},
     {"sub": "999"}, {"sub": 2**70}],
)  # fmt: skip
def test_access_token_with_a_wrong_claim_is_nobodys(db: Database, cast: Cast, change: dict):
    claims = {"sub": str(cast.ada.id), "aud": "daily", "epoch": 1, "exp": NOW // SECOND + 900, **change}
    claims = {name: value for name, value in claims.items() if value is not None}
    token = jwt.encode({"alg": "HS256"}, claims, access_key(SECRET))

    with db.reading() as session:
        assert find_caller(session, token, secret=SECRET, now=NOW) is None


def test_access_token_with_another_signature_is_nobodys(db: Database, cast: Cast):
    claims = {"sub": str(cast.ada.id), "aud": "daily", "epoch": 1, "exp": NOW // SECOND + 900}
    unsigned = ".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (b'{"alg":"none"}', b'{"sub":"1"}', b"")
    )
    deep = base64.urlsafe_b64encode(b"[" * 700).decode()
    forged = [
        jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET)),
        jwt.encode({"alg": "HS512"}, claims, access_key(SECRET), algorithms=["HS512"]),
        unsigned,
        f"{deep}.e30.x",
        "é.é.é",
        "cst_nonsense",
        "x" * 70_000,
        "",
    ]

    with db.reading() as session:
        assert [find_caller(session, token, secret=SECRET, now=NOW) for token in forged] == [None] * len(forged)


def end_sessions(db: Database, person: Person) -> None:
    in_writing(db, lambda session: accounts.end_sessions(session, session.get_one(Person, person.id), now=NOW))
