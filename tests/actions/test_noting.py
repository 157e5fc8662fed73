"""Notes and keys: for managers of the site alone, and kept as they were cleaned."""

import pytest

from commentsvc.actions import noting, shortcuts
from commentsvc.enums import Role
from commentsvc.errors import Forbidden, Invalid, NotFound
from commentsvc.queries.shortcuts import DEFAULTS, keys_of
from commentsvc.queries.sites import find_membership
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Comment, Membership
from tests import factories
from tests.conftest import Cast


@pytest.fixture
def comment(db: Database, cast: Cast) -> Comment:
    with db.writing() as session:
        return factories.comment(session, cast.story, cast.ada)


def test_note_is_kept_as_cleaned_text(db: Database, cast: Cast, comment: Comment) -> None:
    with db.writing() as session:
        membership = find_membership(session, cast.cam.id, cast.daily.id)

        kept = noting.note(session, comment_id=comment.id, body="  An\r\nold friend. ", membership=membership, now=7)

    assert (kept.body, kept.by_person_id, kept.author_id, kept.site_id, kept.created_at) == (
        "An\nold friend.", cast.cam.id, cast.ada.id, cast.daily.id, 7,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("who", "site", "body", "error"),
    [
        ("ada", "daily", "x", Forbidden),
        ("nobody", "daily", "x", Forbidden),
        ("dee", "other", "x", NotFound),
        ("cam", "daily", " ", Invalid),
        ("cam", "daily", "x" * 2001, Invalid),
    ],
)
def test_note_is_refused(
    db: Database, cast: Cast, comment: Comment, who: str, site: str, body: str, error: type[Exception]
) -> None:
    with db.writing() as session:
        membership: Membership | None = None
        if who != "nobody":
            membership = find_membership(session, getattr(cast, who).id, getattr(cast, site).id)

        with pytest.raises(error):
            noting.note(session, comment_id=comment.id, body=body, membership=membership, now=now_us())


def test_remap_keeps_what_differs_and_leaves_others_alone(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        factories.member(session, cast.cam, cast.other, Role.MANAGER)

        shortcuts.remap(session, by=cast.cam, keys={**DEFAULTS, "approve": "f", "note": " "})
        shortcuts.remap(session, by=cast.cam, keys={**DEFAULTS, "approve": "F", "note": " "})

        assert keys_of(session, cast.cam.id) == {**DEFAULTS, "approve": "F", "note": ""}
        assert keys_of(session, cast.eve.id) == DEFAULTS


def test_default_keys_are_one_character_each_and_no_two_alike() -> None:
    assert all(len(key) == 1 for key in DEFAULTS.values())
    assert len(set(DEFAULTS.values())) == len(DEFAULTS)
