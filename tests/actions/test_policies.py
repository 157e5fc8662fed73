"""Is every change of a site's rules allowed, logged, and never one admin's over another's?"""

import pytest
from sqlalchemy import select

from commentsvc.actions import policies
from commentsvc.errors import Conflict, Forbidden, Invalid, NotFound
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Guidelines, Membership, PolicyChange, Site, SiteSecret
from tests.conftest import Cast


def set_policy(db: Database, cast: Cast, policy: dict[str, object], *, seen: str = "", by: str = "eve") -> None:
    with db.writing() as session:
        site = session.get_one(Site, cast.daily.id)
        membership = session.get_one(Membership, (getattr(cast, by).id, cast.daily.id))
        seen = seen or policies.version_of(site)
        policies.set_policy(session, site, policy, seen=seen, by=membership, now=now_us())


def logged(db: Database) -> list[tuple[str, dict[str, object], dict[str, object]]]:
    with db.reading() as session:
        return [(c.what, c.before, c.after) for c in session.scalars(select(PolicyChange).order_by(PolicyChange.id))]


def test_a_change_is_logged_member_by_member(db: Database, cast: Cast) -> None:
    set_policy(db, cast, {"max_links": 3, "mode": "premoderate"})
    set_policy(db, cast, {"max_links": 4, "banned_words": ["plonker"]})
    set_policy(db, cast, {"max_links": 4, "banned_words": ["plonker"]})

    assert logged(db) == [
        ("policy", {}, {"max_links": 3, "mode": "premoderate"}),
        ("policy", {"max_links": 3, "mode": "premoderate"}, {"max_links": 4, "banned_words": ["plonker"]}),
    ]


def test_the_second_of_two_admins_overwrites_nothing(db: Database, cast: Cast) -> None:
    with db.reading() as session:
        seen = policies.version_of(session.get_one(Site, cast.daily.id))
    set_policy(db, cast, {"max_links": 3}, seen=seen)

    with pytest.raises(Conflict):
        set_policy(db, cast, {"max_links": 9}, seen=seen)

    with db.reading() as session:
        assert session.get_one(Site, cast.daily.id).policy == {"max_links": 3}


@pytest.mark.parametrize("by", ["cam", "ada"])
def test_only_admins_change_anything(db: Database, cast: Cast, by: str) -> None:
    with db.writing() as session:
        site = session.get_one(Site, cast.daily.id)
        who = session.get_one(Membership, (getattr(cast, by).id, cast.daily.id))
        with pytest.raises(Forbidden):
            policies.set_policy(session, site, {}, seen=policies.version_of(site), by=who, now=1)
        with pytest.raises(Forbidden):
            policies.set_secret(session, site, "external", "a long secret", by=who, now=1)
        with pytest.raises(Forbidden):
            policies.publish_guidelines(session, site, "x", [], seen=1, by=who, now=1)
        with pytest.raises(Forbidden):
            policies.restore(session, site, 1, seen="", by=who, now=1)


def test_what_was_before_a_change_can_be_restored(db: Database, cast: Cast) -> None:
    for policy in ({"max_links": 1}, {"max_links": 2, "mode": "premoderate"}, {"max_links": 3}):
        set_policy(db, cast, policy)
    with db.writing() as session:
        site = session.get_one(Site, cast.daily.id)
        eve = session.get_one(Membership, (cast.eve.id, cast.daily.id))
        second = session.scalars(select(PolicyChange).order_by(PolicyChange.id)).all()[1]
        policies.restore(session, site, second.id, seen=policies.version_of(site), by=eve, now=now_us())

    with db.reading() as session:
        assert session.get_one(Site, cast.daily.id).policy == {"max_links": 1}
    assert logged(db)[-1] == ("policy", {"max_links": 3}, {"max_links": 1})


def test_another_sites_change_cannot_be_restored(db: Database, cast: Cast) -> None:
    set_policy(db, cast, {"max_links": 1})
    with db.writing() as session:
        site = session.get_one(Site, cast.other.id)
        dee = session.get_one(Membership, (cast.dee.id, cast.other.id))
        dee.role = "admin"
        change = session.scalars(select(PolicyChange)).one()
        with pytest.raises(NotFound):
            policies.restore(session, site, change.id, seen=policies.version_of(site), by=dee, now=1)


@pytest.mark.parametrize(
    ("policy", "field"),
    [({"max_links": -1}, "max_links"), ({"thresholds": {"insult": 2}}, "thresholds.insult"),
     ({"nonsense": 1}, "nonsense"), ({"external_url": "ftp://x"}, "external_url")],
)  # fmt: skip
def test_a_policy_that_cannot_be_read_is_refused(
    db: Database, cast: Cast, policy: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        set_policy(db, cast, policy)

    assert (refused.value.field, logged(db)) == (field, [])


def test_a_secret_is_kept_and_never_logged(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        site = session.get_one(Site, cast.daily.id)
        eve = session.get_one(Membership, (cast.eve.id, cast.daily.id))
        policies.set_secret(session, site, "external", " hush-hush-hush ", by=eve, now=1)
        policies.set_secret(session, site, "external", "another-secret", by=eve, now=2)
        policies.set_secret(session, site, "akismet", "", by=eve, now=3)
        with pytest.raises(Invalid):
            policies.set_secret(session, site, "akismet", "short", by=eve, now=3)

    with db.reading() as session:
        assert session.scalars(select(SiteSecret.value)).all() == ["another-secret"]
    assert logged(db) == [
        ("secret", {}, {"external": "set"}),
        ("secret", {"external": "set"}, {"external": "set"}),
        ("secret", {}, {}),
    ]


def test_guidelines_get_a_new_version_and_the_old_one_stays(db: Database, cast: Cast) -> None:
    items = [
        {"guideline": "courtesy", "title": "Be kind", "text": "To all."},
        {"guideline": "spam", "title": " ", "text": ""},
    ]
    with db.writing() as session:
        site = session.get_one(Site, cast.daily.id)
        eve = session.get_one(Membership, (cast.eve.id, cast.daily.id))
        policies.publish_guidelines(session, site, "Welcome.", items, seen=1, by=eve, now=now_us())
        with pytest.raises(Conflict):
            policies.publish_guidelines(session, site, "Again.", items, seen=1, by=eve, now=now_us())
        with pytest.raises(Invalid):
            policies.publish_guidelines(session, site, "Again.", [], seen=2, by=eve, now=now_us())

    with db.reading() as session:
        assert session.get_one(Site, cast.daily.id).guidelines_version == 2
        new = session.get_one(Guidelines, (cast.daily.id, 2))
        assert (new.text, new.items) == ("Welcome.", [items[0]])
        assert session.get_one(Guidelines, (cast.daily.id, 1)).text == "Be kind."
    assert logged(db) == [("guidelines", {"version": 1}, {"version": 2})]


def test_members_as_usual_are_left_out() -> None:
    usual = policies.usual_policy()

    assert policies.with_members({"max_links": 9}, {**usual, "wave_from": 5}) == {"wave_from": 5}
    assert policies.with_members({"sections": {"sport": {}}}, {"max_links": 3}) == {
        "sections": {"sport": {}},
        "max_links": 3,
    }
