"""Can people take all of their data with them, and leave, and can nobody else do either for them?"""

import io
import re
import zipfile
from typing import Any

import pytest
from sqlalchemy import func, select

from commentsvc.actions import exporting, links
from commentsvc.app import create_app
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import AccountDeletion, Comment, CommentNetwork, Export, OutgoingMail, Person
from commentsvc.web.confirming import FRESH_US
from tests import factories
from tests.conftest import Cast
from tests.web.test_accounts import ADA, data, popup, submit, whose

PAGE = "/auth/privacy"
EVE = {"email": "eve@daily.example", "password": factories.PASSWORD}
DAY = 24 * 3600 * 1_000_000


@pytest.fixture
def ada(client: Any, cast: Cast) -> Any:
    submit(client, "/auth/sign-in", **ADA)
    return client


def token_of(page: str) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


def press(client: Any, path: str, **fields: str) -> Any:
    """Send a form with the token of this session."""
    return client.post(path, data={"csrf_token": token_of(client.get("/auth/account").text), **fields})


def finish_export(db: Database) -> int:
    with db.reading() as session:
        export_id = session.scalars(select(Export.id).order_by(Export.id.desc())).first()
    while exporting.advance(db, export_id, base_url="", now=now_us()) is not None:
        pass
    return export_id


def grow_old(client: Any) -> None:
    with client.session_transaction() as session:
        session["confirmed_at"] -= FRESH_US


def deletion(db: Database) -> AccountDeletion:
    with db.reading() as session:
        return session.scalars(select(AccountDeletion).order_by(AccountDeletion.id.desc())).first()


def test_a_copy_is_asked_for_collected_and_downloaded(db: Database, cast: Cast, ada: Any) -> None:
    with db.writing() as session:
        factories.comment(session, cast.story, cast.ada, "Mine alone.")

    assert f'href="{PAGE}"' in ada.get("/auth/account").text
    asked = press(ada, f"{PAGE}/exports")
    waiting = ada.get(asked.location).text
    export_id = finish_export(db)
    ready = ada.get(PAGE).text
    answer = ada.get(f"{PAGE}/exports/{export_id}")

    assert (asked.status_code, "We are collecting your data" in waiting, "Being collected" in waiting) == (
        303,
        True,
        True,
    )
    assert f'href="{PAGE}/exports/{export_id}"' in ready
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert answer.headers["Cache-Control"] == "no-store"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert "Mine alone." in zipfile.ZipFile(io.BytesIO(answer.data)).read("data.json").decode()


def test_a_copy_needs_a_recent_confirmation_and_its_own_person(db: Database, cast: Cast, ada: Any, app: Any) -> None:
    press(ada, f"{PAGE}/exports")
    path = f"{PAGE}/exports/{finish_export(db)}"
    eve = app.test_client()
    submit(eve, "/auth/sign-in", **EVE)

    grow_old(ada)
    asked_again = ada.get(path)

    assert (asked_again.status_code, asked_again.location) == (303, f"/auth/confirm?next={path}")
    assert eve.get(path).status_code == 404
    assert app.test_client().get(path).status_code == 302
    assert press(ada, f"{PAGE}/exports").location.startswith("/auth/confirm")
    submit(ada, asked_again.location, password=factories.PASSWORD)
    assert ada.get(path).status_code == 200


def test_a_copy_that_is_a_week_old_is_gone(db: Database, cast: Cast, ada: Any) -> None:
    press(ada, f"{PAGE}/exports")
    export_id = finish_export(db)
    with db.writing() as session:
        session.get_one(Export, export_id).expires_at = now_us() - 1

    assert ada.get(f"{PAGE}/exports/{export_id}").status_code == 404
    assert "Download" not in ada.get(PAGE).text


def test_copies_are_limited(settings: Any, shared_judge: Any, cast: Cast, db: Database) -> None:
    app = create_app(settings.model_copy(update={"rate_limits": "on"}), judge=shared_judge)
    client = app.test_client()
    submit(client, "/auth/sign-in", **ADA)

    statuses = [press(client, f"{PAGE}/exports").status_code for _ in range(6)]

    app.extensions["commentsvc"].db.dispose()
    assert statuses == [303] * 5 + [429]


def test_deleting_needs_the_box_and_says_when(db: Database, cast: Cast, ada: Any) -> None:
    unticked = submit(ada, f"{PAGE}/delete")
    ticked = submit(ada, f"{PAGE}/delete", sure="y")
    page = ada.get(ticked.location).text

    assert (unticked.status_code, "Please tick this box." in unticked.text) == (422, True)
    assert (ticked.status_code, ticked.location) == (303, PAGE)
    assert "Your account is going to be deleted" in page
    assert "Keep my account" in page
    assert deletion(db).due_at - deletion(db).asked_at == DAY
    assert whose(ada) == "Ada Holm"


def test_deleting_needs_a_recent_confirmation(db: Database, cast: Cast, ada: Any) -> None:
    grow_old(ada)

    assert ada.get(f"{PAGE}/delete").location == f"/auth/confirm?next={PAGE}/delete"
    assert press(ada, f"{PAGE}/delete", sure="y").status_code == 303
    assert deletion(db) is None


def test_signing_in_shows_it_and_leads_on(db: Database, cast: Cast, ada: Any, app: Any) -> None:
    submit(ada, f"{PAGE}/delete", sure="y")
    later = app.test_client()

    signed_in = submit(later, "/auth/sign-in?next=/auth/account", **ADA)
    page = later.get(signed_in.location).text
    kept = later.post(f"{PAGE}/keep", data={"csrf_token": token_of(page), "next": "/auth/account"})

    assert signed_in.location == f"{PAGE}?next=/auth/account"
    assert 'name="next" value="/auth/account"' in page
    assert (kept.status_code, kept.location) == (303, "/auth/account")
    assert deletion(db).state == "taken_back"
    assert submit(app.test_client(), "/auth/sign-in?next=/console", **ADA).location == "/console"


def test_the_pop_up_shows_it_too(db: Database, cast: Cast, ada: Any, app: Any) -> None:
    submit(ada, f"{PAGE}/delete", sure="y")

    page = ada.get(popup()).text

    other = app.test_client()
    signed_in = submit(other, popup(switch="1"), **ADA)
    shown = other.get(signed_in.location).text
    went_on = ada.post(popup(), data={"csrf_token": token_of(page), "continue": "1"}).text

    for told in (page, shown):
        assert "is going to be deleted" in told
        assert "Continue as" in told
        assert "code" not in data(told)
    assert "code" in data(went_on)
    assert (signed_in.status_code, "switch" in signed_in.location) == (303, False)


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_keeping_leads_to_our_own_paths_only(db: Database, cast: Cast, ada: Any, wanted: str) -> None:
    submit(ada, f"{PAGE}/delete", sure="y")

    kept = press(ada, f"{PAGE}/keep", next=wanted)

    assert kept.location == f"{PAGE}?done=kept"
    assert wanted not in ada.get(PAGE, query_string={"next": wanted}).text


def test_the_mailed_link_keeps_the_account_without_a_sign_in(db: Database, cast: Cast, ada: Any, app: Any) -> None:
    submit(ada, f"{PAGE}/delete", sure="y")
    with db.reading() as session:
        mail = session.scalars(select(OutgoingMail)).one()
    path = f"/auth/keep-account/{links.token(app.config['SECRET_KEY'], mail.link_nonce)}"
    stranger = app.test_client()

    looked = stranger.get(path)
    unchanged = deletion(db).state
    forged = stranger.post(path)
    kept = submit(stranger, path)
    again = stranger.get(path)

    assert (looked.status_code, unchanged, forged.status_code) == (200, "asked", 403)
    assert (kept.status_code, "Your account stays" in kept.text) == (200, True)
    assert again.status_code == 404
    assert deletion(db).state == "taken_back"
    assert whose(stranger) is None


def test_the_last_administrator_types_the_sites_key(db: Database, cast: Cast, client: Any) -> None:
    submit(client, "/auth/sign-in", **EVE)

    page = client.get(f"{PAGE}/delete").text
    refused = submit(client, f"{PAGE}/delete", sure="y", **{"site-daily": "Daily"})
    named = submit(client, f"{PAGE}/delete", sure="y", **{"site-daily": "daily"})

    assert "You are the last administrator of The Daily" in page
    assert (refused.status_code, 'id="site-daily-error"' in refused.text) == (422, True)
    assert (named.status_code, deletion(db).named) == (303, ["daily"])


def test_pages_are_protected(cast: Cast, ada: Any) -> None:
    for path in (PAGE, f"{PAGE}/delete"):
        answer = ada.get(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "<script" not in answer.text
        assert " style=" not in answer.text


def test_posting_keeps_the_network_as_a_hash_alone(db: Database, cast: Cast, client: Any) -> None:
    with db.writing() as session:
        bearer = factories.bearer(session, cast.ada, cast.daily)
    body = {"site": "daily", "article": {"key": "story", "url": "https://daily.example/story", "title": "Story"}}

    answer = client.post(
        "/api/v1/comments", json={**body, "body": "A calm remark."}, headers=bearer,
        environ_base={"REMOTE_ADDR": "203.0.113.77"},
    )  # fmt: skip

    with db.reading() as session:
        (kept,) = session.scalars(select(CommentNetwork)).all()
        comments = session.scalar(select(func.count()).select_from(Comment))
        assert session.get_one(Person, cast.ada.id)
    assert (answer.status_code, comments) == (201, 1)
    assert re.fullmatch(r"[0-9a-f]{32}", kept.network_hash)
    assert kept.network_hash not in answer.text
