"""Are the demo's mails shown as they are sent, on this machine only, and can't what they say run?"""

from typing import Any

import pytest
from click.testing import CliRunner

from commentsvc.actions import digests
from commentsvc.actions.mailing import key_of
from commentsvc.app import create_app
from commentsvc.cli import main
from commentsvc.settings import Settings
from commentsvc.store.db import Database
from commentsvc.store.models import OutgoingMail
from tests.actions.test_digests import REPORT, gather, reply, verify
from tests.conftest import Cast

HERE = "http://127.0.0.1:8000"


def test_a_mail_is_shown_in_all_its_parts(settings: Settings, shared_judge: Any, db: Database, cast: Cast) -> None:
    verify(db, cast.ada)
    reply(db, cast, "<script>alert(1)</script>")
    (outgoing,) = gather(db)
    app = create_app(settings.model_copy(update={"demo": True}), judge=shared_judge)
    client = app.test_client()

    listed = client.get("/demo/mails", base_url=HERE)
    shown = client.get(f"/demo/mails/{outgoing.id}", base_url=HERE)
    html = client.get(f"/demo/mails/{outgoing.id}/html", base_url=HERE)
    missing = client.get("/demo/mails/0", base_url=HERE)
    app.extensions["commentsvc"].db.dispose()

    assert f'href="/demo/mails/{outgoing.id}"' in listed.text
    assert "Bo Lind replied to your comment – The Daily" in shown.text
    assert "List-Unsubscribe=One-Click" in shown.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html.text
    assert "<script>" not in html.text + shown.text
    assert "sandbox" in html.headers["Content-Security-Policy"]
    assert "frame-src 'self'" in shown.headers["Content-Security-Policy"]
    assert missing.status_code == 404


@pytest.mark.parametrize(
    "change", [{"demo": False}, {"demo": True, "base_url": "https://comments.news.example"}], ids=["no demo", "public"]
)
def test_nowhere_else_are_mails_shown(settings: Settings, shared_judge: Any, change: dict[str, Any]) -> None:
    app = create_app(settings.model_copy(update=change), judge=shared_judge)

    assert app.test_client().get("/demo/mails", base_url=HERE).status_code == 404
    app.extensions["commentsvc"].db.dispose()


def test_a_report_on_standard_input_marks_the_address(
    settings: Settings, db: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify(db, cast.ada)
    reply(db, cast)
    digests.advance(db, now=2**60)
    with db.reading() as session:
        outgoing = session.query(OutgoingMail).one()
    monkeypatch.setenv("COMMENTSVC_DATABASE_URL", db.url)
    monkeypatch.setenv("COMMENTSVC_SECRET_KEY", settings.secret_key)
    key = key_of(outgoing.id, settings.secret_key)
    report = REPORT.format(to=outgoing.to_address, action="failed", status="5.1.1", key=key)

    told = [CliRunner().invoke(main, ["bounce"], input=text) for text in (report, "nonsense")]

    assert [(one.exit_code, one.output) for one in told] == [
        (0, "Marked 1 address as gone.\n"), (0, "Marked 0 addresses as gone.\n"),
    ]  # fmt: skip
