"""Can the right people be asked to run a site, and can nobody be left over or slip in?"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions import links, staff
from commentsvc.actions.purging import purge
from commentsvc.enums import MailKind, Role, SanctionKind
from commentsvc.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from commentsvc.queries.callers import find_caller
from commentsvc.queries.sites import find_desk, find_membership
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import ApiToken, Invitation, Membership, OutgoingMail, Person, Site, SiteChange
from tests import factories
from tests.conftest import Cast
from tests.factories import SECRET

NOW = now_us()


def act(db: Database, cast: Cast, verb: Any, *args: Any, by: Person | None = None, **more: Any) -> Any:
    """Do something about `daily` as eve, or as somebody else."""
    with db.writing() as session:
        site = session.get_one(Site, cast.daily.id)
        who = session.scalars(select(Membership).where(Membership.person_id == (by or cast.eve).id)).one()
        return verb(session, site, *args, by=who, now=NOW, **more)


def invite(db: Database, cast: Cast, email: str, role: Role = Role.MANAGER, **more: Any) -> str:
    """Invite somebody, and return what is behind the last slash of the link that they are mailed."""
    act(db, cast, staff.invite, email=email, role=role, secret=SECRET, **more)
    with db.reading() as session:
        nonce = session.scalars(select(OutgoingMail.link_nonce).order_by(OutgoingMail.id.desc())).first()
    assert nonce is not None
    return links.token(SECRET, nonce)


def accept(db: Database, token: str, person: Person, *, now: int = NOW) -> Membership:
    with db.writing() as session:
        return staff.accept(session, token, person=session.get_one(Person, person.id), now=now)


def role_of(db: Database, person: Person, site: Site) -> str | None:
    with db.reading() as session:
        membership = find_membership(session, person.id, site.id)
        return membership.role if membership else None


def test_invited_by_mail_somebody_accepts_once(db: Database, cast: Cast) -> None:
    token = invite(db, cast, "Bo@Daily.example")
    accept(db, token, cast.bo)

    with pytest.raises(NotFound):
        accept(db, token, cast.bo)
    with db.reading() as session:
        mail = session.scalars(select(OutgoingMail)).one()
        bo = session.get_one(Person, cast.bo.id)
        log = session.scalars(select(SiteChange.kind).order_by(SiteChange.id)).all()
    assert role_of(db, cast.bo, cast.daily) == "manager"
    assert (mail.kind, mail.to_address, mail.facts) == (
        MailKind.INVITATION, "bo@daily.example", {"by": "Eve Okoro", "role": "a manager"}
    )  # fmt: skip
    assert bo.email_verified_at == NOW
    assert log == ["invited", "joined"]


def test_the_database_does_not_give_an_invitation_away(db: Database, cast: Cast) -> None:
    token = invite(db, cast, "bo@daily.example")

    with db.reading() as session:
        kept = session.scalars(select(Invitation)).one()
        mail = session.scalars(select(OutgoingMail)).one()
        assert links.url(session, mail.link_nonce or "", base_url="https://c.example", secret=SECRET, now=NOW) == (
            f"https://c.example/auth/invitation/{token}"
        )
        for worthless in (kept.token_hash, mail.link_nonce or "", ""):
            assert links.url(session, worthless, base_url="", secret="x" * 32, now=NOW) is None
    for worthless in (kept.token_hash, mail.link_nonce or "", ""):
        with pytest.raises(NotFound):
            accept(db, worthless, cast.bo)


def test_a_link_that_was_passed_on_gives_nothing(db: Database, cast: Cast) -> None:
    token = invite(db, cast, "bo@daily.example", Role.ADMIN)

    with pytest.raises(Forbidden):
        accept(db, token, cast.ada)

    assert role_of(db, cast.ada, cast.daily) == "reader"
    assert accept(db, token, cast.bo).role == "admin"


def test_an_invitation_ends_with_time_replacement_and_taking_back(db: Database, cast: Cast) -> None:
    late = invite(db, cast, "bo@daily.example")
    with pytest.raises(NotFound):
        accept(db, late, cast.bo, now=NOW + staff.LIFE)
    second = invite(db, cast, "bo@daily.example")
    with pytest.raises(NotFound):
        accept(db, late, cast.bo)
    with db.reading() as session:
        (kept,) = session.scalars(select(Invitation.id)).all()
    with pytest.raises(Forbidden):
        act(db, cast, staff.take_back, kept, by=cast.dee)
    act(db, cast, staff.take_back, kept)
    with pytest.raises(NotFound):
        accept(db, second, cast.bo)

    assert role_of(db, cast.bo, cast.daily) == "reader"


def test_invitations_of_whoever_lost_the_role_are_worthless(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        fay = factories.person(session, "Fay Dunn", email="fay@daily.example")
        factories.member(session, fay, cast.daily, Role.ADMIN)
    token = invite(db, cast, "bo@daily.example", Role.ADMIN, by=fay)
    act(db, cast, staff.change_role, fay.id, Role.MANAGER)

    with pytest.raises(NotFound):
        accept(db, token, cast.bo)


def test_a_banned_person_cannot_come_in_by_an_invitation(db: Database, cast: Cast) -> None:
    token = invite(db, cast, "bo@daily.example")
    with db.writing() as session:
        factories.sanction(session, cast.bo, cast.daily, SanctionKind.BAN)

    with pytest.raises(Forbidden):
        accept(db, token, cast.bo, now=now_us())

    assert role_of(db, cast.bo, cast.daily) == "reader"


def test_an_administrator_who_accepts_less_keeps_what_they_are(db: Database, cast: Cast) -> None:
    token = invite(db, cast, "bo@daily.example", Role.MANAGER)
    with db.writing() as session:
        factories.member(session, cast.bo, cast.daily, Role.ADMIN)

    assert accept(db, token, cast.bo).role == "admin"


@pytest.mark.parametrize("wrong", ["cam@daily.example", "nobody", "a@b\r\nBcc: x@evil.example"])
def test_who_is_staff_already_or_has_no_address_is_not_invited(db: Database, cast: Cast, wrong: str) -> None:
    with pytest.raises(Invalid) as refused:
        act(db, cast, staff.invite, email=wrong, role=Role.MANAGER, secret=SECRET)

    assert refused.value.field == "email"


@pytest.mark.parametrize("who", ["ada", "cam", "dee"])
def test_only_the_sites_own_administrators_change_its_staff(db: Database, cast: Cast, who: str) -> None:
    by = getattr(cast, who)
    acts: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
        (staff.invite, (), {"email": "x@daily.example", "role": Role.ADMIN, "secret": SECRET}),
        (staff.change_role, (cast.cam.id, Role.ADMIN), {}),
        (staff.remove, (cast.eve.id,), {}),
    ]
    for verb, args, more in acts:
        with pytest.raises(Forbidden):
            act(db, cast, verb, *args, by=by, **more)

    assert (role_of(db, cast.cam, cast.daily), role_of(db, cast.eve, cast.daily)) == ("manager", "admin")


def test_a_reader_or_another_sites_manager_has_no_role_to_change(db: Database, cast: Cast) -> None:
    for who in (cast.ada, cast.dee):
        for verb, args in ((staff.change_role, (who.id, Role.ADMIN)), (staff.remove, (who.id,))):
            with pytest.raises(NotFound):
                act(db, cast, verb, *args)

    assert role_of(db, cast.dee, cast.other) == "manager"


def test_the_last_administrator_stays(db: Database, cast: Cast) -> None:
    with pytest.raises(Conflict):
        act(db, cast, staff.remove, cast.eve.id)
    with pytest.raises(Conflict):
        act(db, cast, staff.change_role, cast.eve.id, Role.MANAGER)
    act(db, cast, staff.change_role, cast.cam.id, Role.ADMIN)
    act(db, cast, staff.remove, cast.eve.id)

    assert (role_of(db, cast.eve, cast.daily), role_of(db, cast.cam, cast.daily)) == ("reader", "admin")


def test_an_administrator_who_is_banned_does_not_count(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        factories.sanction(session, cast.cam, cast.daily, SanctionKind.BAN)
        factories.member(session, cast.cam, cast.daily, Role.ADMIN)

    with pytest.raises(Conflict):
        act(db, cast, staff.remove, cast.eve.id)


def test_the_log_forgets_addresses_that_were_invited_after_a_while(db: Database, cast: Cast) -> None:
    invite(db, cast, "fay@daily.example")
    act(db, cast, staff.change_role, cast.cam.id, Role.ADMIN)
    with db.writing() as session:
        purge(session, now=NOW + 91 * 24 * 3600 * 1_000_000)

    with db.reading() as session:
        assert session.scalars(select(SiteChange.kind)).all() == ["role"]
        assert session.scalars(select(Invitation)).all() == []


def test_two_administrators_who_remove_each_other_at_once_leave_one(db: Database, cast: Cast) -> None:
    act(db, cast, staff.change_role, cast.cam.id, Role.ADMIN)
    pairs = [(cast.eve, cast.cam), (cast.cam, cast.eve)]

    def remove(pair: tuple[Person, Person]) -> str:
        try:
            act(db, cast, staff.remove, pair[1].id, by=pair[0])
        except DomainError as problem:
            return problem.code
        return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(remove, pairs))

    assert outcomes == ["done", "forbidden"]
    assert sorted([role_of(db, cast.eve, cast.daily) or "", role_of(db, cast.cam, cast.daily) or ""]) == [
        "admin", "reader",
    ]  # fmt: skip


def test_removed_staff_lose_desk_and_tokens_for_good(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        headers = factories.bearer(session, cast.cam, cast.daily, *factories.STAFF)
        reading = factories.bearer(session, cast.cam, cast.daily)
    act(db, cast, staff.remove, cast.cam.id)
    with db.writing() as session:
        factories.member(session, cast.cam, cast.daily, Role.MANAGER)

    with db.reading() as session:
        found = [
            find_caller(session, one["Authorization"].partition(" ")[2], secret=SECRET, now=NOW)
            for one in (headers, reading)
        ]
        revoked = session.scalars(select(ApiToken.revoked_at).order_by(ApiToken.id)).all()
    assert [caller is not None for caller in found] == [False, True]
    assert revoked == [NOW, None]


@pytest.mark.parametrize(("kind", "barred"), [(kind, kind in {"ban", "suspend"}) for kind in SanctionKind])
def test_a_ban_or_suspension_ends_the_desk_and_every_scope_beyond_reading(
    db: Database, cast: Cast, kind: SanctionKind, barred: bool
) -> None:
    with db.writing() as session:
        headers = factories.bearer(session, cast.cam, cast.daily, *factories.STAFF)
        until = NOW + 3600_000_000 if kind == SanctionKind.SUSPEND else None
        made = factories.sanction(session, cast.cam, cast.daily, kind, until=until)
        elsewhere = factories.member(session, cast.cam, cast.other, Role.MANAGER)
    later = now_us()

    with db.reading() as session:
        bearer = headers["Authorization"].partition(" ")[2]
        caller = find_caller(session, bearer, secret=SECRET, now=later)
        assert caller is not None
        assert (find_desk(session, "daily", cast.cam.id, now=later) is None) == barred
        assert (set(caller.scopes) == {"reader"}) == barred
        assert find_desk(session, "other", elsewhere.person_id, now=later) is not None
    with db.writing() as session:
        session.merge(made).lifted_at = later
    with db.reading() as session:
        assert find_desk(session, "daily", cast.cam.id, now=later) is not None
