"""Is a site told once when a line is crossed and once when it is over, come what may on the way?"""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions import alerting, decisions, purging
from commentsvc.actions.alerting import Lines
from commentsvc.enums import Action, AlertEvent, AlertKind, MessageState, Status
from commentsvc.errors import Forbidden, Invalid
from commentsvc.infra import jobs
from commentsvc.settings import Settings
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Alert, AlertMessage, AlertSettings, Comment, Membership
from commentsvc.worker import jobs_outside, run_next
from tests import factories
from tests.conftest import Cast

MINUTE = 60 * 1_000_000
BASE = "https://comments.example"
NOW = now_us()


class Chat:
    """A chat tool's webhook: keeps what comes, and answers what it is told to."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[tuple[dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def chat() -> Iterator[Chat]:
    made = Chat()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def near(settings: Settings) -> Settings:
    """Settings of an installation whose own network has the chat."""
    return settings.model_copy(update={"private_hosts": "127.0.0.1", "base_url": BASE})


def admin(session: Any, cast: Cast) -> Membership:
    return session.get_one(Membership, (cast.eve.id, cast.daily.id))


def set_up(db: Database, cast: Cast, url: str = "", mail_to: tuple[str, ...] = (), **lines: int) -> None:
    with db.writing() as session:
        alerting.save_settings(
            session, membership=admin(session, cast), mail_to=mail_to, webhook_url=url, lines=Lines(**lines),
            new_secret=False, now=NOW,
        )  # fmt: skip


def hold(db: Database, cast: Cast, count: int, *, at: int = NOW) -> list[Comment]:
    with db.writing() as session:
        return [factories.comment(session, cast.story, cast.ada, status=Status.HELD, now=at + n) for n in range(count)]


def settle(db: Database, cast: Cast, comments: list[Comment]) -> None:
    with db.writing() as session:
        for comment in comments:
            decisions.decide(
                session, session.get_one(Comment, comment.id), Status.PUBLISHED, action=Action.APPROVE, by=cast.cam,
                revision=1, seen=1, now=NOW,
            )  # fmt: skip


def watch(db: Database, *, after: int = 0, out_since: int | None = None) -> int:
    return alerting.watch(db, base_url=BASE, out_since=out_since, now=NOW + after * MINUTE)


def messages(db: Database) -> list[AlertMessage]:
    with db.reading() as session:
        return list(session.scalars(select(AlertMessage).order_by(AlertMessage.id)))


def work(db: Database, settings: Settings) -> None:
    while run_next(db, None, worker="w", registry=jobs_outside(settings)):  # type: ignore[arg-type]
        pass


def texts(db: Database) -> list[str]:
    return [message.text.partition("\n")[0] for message in messages(db)]


# When


def test_depth_is_told_once_an_episode_and_ends_below_four_fifths(db: Database, cast: Cast) -> None:
    set_up(db, cast, "https://chat.example/hook", depth=5)
    comments = hold(db, cast, 5)

    assert [watch(db), watch(db, after=1)] == [1, 0]
    settle(db, cast, comments[:1])
    assert watch(db, after=2) == 0
    settle(db, cast, comments[1:2])
    assert [watch(db, after=65), watch(db, after=66)] == [1, 0]
    hold(db, cast, 2)
    assert watch(db, after=67) == 1

    assert texts(db) == [
        "The Daily: 5 cases wait in the queue (your line: 5).",
        "The Daily: resolved after 1 h 5 min. Now 3 cases wait in the queue.",
        "The Daily: 5 cases wait in the queue (your line: 5).",
    ]


def test_the_oldest_case_and_the_classifier_have_lines_of_their_own(db: Database, cast: Cast) -> None:
    set_up(db, cast, "https://chat.example/hook", oldest_minutes=120, out_minutes=10)
    waiting = hold(db, cast, 1)

    assert watch(db, after=119, out_since=NOW + 110 * MINUTE) == 0
    assert watch(db, after=120, out_since=NOW + 110 * MINUTE) == 2
    settle(db, cast, waiting)
    assert watch(db, after=121, out_since=NOW + 110 * MINUTE) == 1
    assert watch(db, after=125) == 1

    assert texts(db) == [
        "The Daily: the oldest case has waited for 2 h 0 min (your line: 2 h 0 min).",
        "The Daily: the classifier hasn’t answered for 10 min (your line: 10 min). New comments wait.",
        "The Daily: resolved after 1 min. No case waits.",
        "The Daily: resolved after 5 min. The classifier answers again.",
    ]


def test_an_article_is_told_by_name_and_its_title_calls_nobody(db: Database, cast: Cast) -> None:
    set_up(db, cast, "https://chat.example/hook", article_cases=2)
    with db.writing() as session:
        cast.story.title = "Ferry <!channel> @here & \n there"
        session.merge(cast.story)
    comments = hold(db, cast, 2)

    assert watch(db) == 1
    settle(db, cast, comments)
    assert watch(db, after=1) == 1

    raised, resolved = messages(db)
    assert raised.payload["text"] == (
        "The Daily: “Ferry &lt;!channel&gt; @\u200bhere &amp; there” has 2 open cases (your line: 2). "
        f"{BASE}/console/daily"
    )
    assert raised.payload["alert"]["article"]["key"] == "story"
    assert (raised.event, resolved.event) == (AlertEvent.RAISED, AlertEvent.RESOLVED)
    assert raised.payload["alert"]["id"] == resolved.payload["alert"]["id"]


def test_a_line_taken_away_ends_its_alert_without_a_word(db: Database, cast: Cast) -> None:
    set_up(db, cast, "https://chat.example/hook", depth=1)
    hold(db, cast, 1)
    watch(db)
    set_up(db, cast, "https://chat.example/hook")

    watch(db, after=1)

    with db.reading() as session:
        assert session.scalars(select(Alert.ended_at)).one() is not None
    assert len(messages(db)) == 1


def test_workers_that_watch_at_once_tell_once(db: Database, cast: Cast) -> None:
    set_up(db, cast, "https://chat.example/hook", depth=1)
    hold(db, cast, 1)
    ready = threading.Barrier(4)

    def look() -> None:
        ready.wait()
        watch(db)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(messages(db)) == 1


def test_other_sites_are_left_alone(db: Database, cast: Cast) -> None:
    set_up(db, cast, "https://chat.example/hook", depth=1)
    with db.writing() as session:
        elsewhere = factories.article(session, cast.other)
        factories.comment(session, elsewhere, cast.ada, status=Status.HELD)

    assert watch(db) == 0


# How


def test_a_webhook_is_signed_and_reads_as_chat_tools_want_it(
    db: Database, cast: Cast, chat: Chat, near: Settings
) -> None:
    set_up(db, cast, chat.url, depth=1)
    hold(db, cast, 1)
    watch(db)

    work(db, near)

    ((headers, body),) = chat.got
    with db.reading() as session:
        secret = session.scalars(select(AlertSettings.secret)).one()
    at, mac = (part.split("=")[1] for part in headers["x-comments-signature"].split(","))
    assert mac == hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert json.loads(body) == {
        "id": "1",
        "text": f"The Daily: 1 case waits in the queue (your line: 1). {BASE}/console/daily",
        "site": "daily",
        "event": "raised",
        "url": f"{BASE}/console/daily",
        "alert": {"id": "1", "kind": AlertKind.DEPTH, "value": 1.0, "limit": 1},
    }
    assert [(m.state, m.attempts, m.error) for m in messages(db)] == [(MessageState.SENT, 1, "")]


def test_a_webhook_in_the_own_network_is_refused_unless_listed(
    db: Database, cast: Cast, chat: Chat, settings: Settings
) -> None:
    set_up(db, cast, chat.url, depth=1)
    hold(db, cast, 1)
    watch(db)

    work(db, settings)

    assert chat.got == []
    ((state, error),) = [(m.state, m.error) for m in messages(db)]
    assert state == MessageState.WAITING
    assert "isn't on the public internet" in error


def test_a_refused_message_is_tried_again_later_each_time_and_given_up_after_a_day(
    db: Database, cast: Cast, chat: Chat, near: Settings
) -> None:
    set_up(db, cast, chat.url, depth=1)
    hold(db, cast, 1)
    watch(db)
    chat.status = 503
    clock = {"now": NOW}
    (message,) = messages(db)

    pauses = []
    for _ in range(8):
        pauses.append(alerting.deliver(db, near, message.id, clock=lambda: clock["now"]))
    clock["now"] += 25 * 60 * MINUTE
    last = alerting.deliver(db, near, message.id, clock=lambda: clock["now"])

    assert [pause // 1_000_000 for pause in pauses if pause] == [30, 60, 120, 240, 480, 960, 1800, 1800]
    assert last is None
    assert [(m.state, m.attempts, m.error) for m in messages(db)] == [(MessageState.FAILED, 9, "It answered 503.")]


def test_a_crash_between_alert_and_message_loses_nothing(db: Database, cast: Cast, chat: Chat, near: Settings) -> None:
    set_up(db, cast, chat.url, depth=1)
    hold(db, cast, 1)
    watch(db)
    with db.writing() as session:
        # Somebody took the job and died.
        assert jobs.claim(session, worker="dead", now=now_us(), lease=1, name=alerting.JOB) is not None

    work(db, near)
    work(db, near)

    assert len(chat.got) == 1
    assert [m.state for m in messages(db)] == [MessageState.SENT]


def test_mail_goes_to_each_address(db: Database, cast: Cast, near: Settings) -> None:
    set_up(db, cast, mail_to=("cam@daily.example", "eve@daily.example"), depth=1)
    hold(db, cast, 1)
    watch(db)

    work(db, near)

    assert [(m.channel, m.target, m.state) for m in messages(db)] == [
        ("mail", "cam@daily.example", "sent"),
        ("mail", "eve@daily.example", "sent"),
    ]
    assert messages(db)[0].text == (f"The Daily: 1 case waits in the queue (your line: 1).\n\n{BASE}/console/daily\n")


def test_a_test_is_sent_to_everyone_and_belongs_to_no_alert(
    db: Database, cast: Cast, chat: Chat, near: Settings
) -> None:
    set_up(db, cast, chat.url, mail_to=("cam@daily.example",))
    with db.writing() as session:
        count = alerting.send_test(session, membership=admin(session, cast), base_url=BASE, now=NOW)

    work(db, near)

    assert count == 2
    assert json.loads(chat.got[0][1])["event"] == "test"
    assert {(m.alert_id, m.event, m.state) for m in messages(db)} == {(None, "test", "sent")}


# Settings


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"mail_to": ["nobody"]}, "mail_to"),
        ({"mail_to": ["a@b.example\nBcc: c@d.example"]}, "mail_to"),
        ({"mail_to": [f"a{n}@b.example" for n in range(11)]}, "mail_to"),
        ({"webhook_url": "file:///etc/passwd"}, "webhook_url"),
        ({"webhook_url": "https://name:password@chat.example"}, "webhook_url"),
        ({"lines": Lines(depth=0)}, "depth"),
        ({"lines": Lines(out_minutes=10_000_000)}, "out_minutes"),
    ],
)
def test_settings_refuse_what_cannot_work_and_keep_what_was(
    db: Database, cast: Cast, more: dict[str, Any], field: str
) -> None:
    set_up(db, cast, "https://chat.example/hook", depth=7)
    given = {"mail_to": [], "webhook_url": "", "lines": Lines(), "new_secret": True, "now": NOW, **more}

    with pytest.raises(Invalid) as refused, db.writing() as session:
        alerting.save_settings(session, membership=admin(session, cast), **given)

    assert refused.value.field == field
    with db.reading() as session:
        assert session.scalars(select(AlertSettings.depth)).one() == 7


def test_only_administrators_set_alerts(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        manager = session.get_one(Membership, (cast.cam.id, cast.daily.id))
        for membership in (manager, None):
            with pytest.raises(Forbidden):
                alerting.save_settings(
                    session, membership=membership, mail_to=[], webhook_url="", lines=Lines(), new_secret=False, now=NOW
                )
            with pytest.raises(Forbidden):
                alerting.send_test(session, membership=membership, base_url=BASE, now=NOW)


def test_a_new_secret_is_made_when_asked_for_and_kept_otherwise(db: Database, cast: Cast) -> None:
    def save(*, fresh: bool) -> str:
        with db.writing() as session:
            kept = alerting.save_settings(
                session, membership=admin(session, cast), mail_to=[], webhook_url="", lines=Lines(), new_secret=fresh,
                now=NOW,
            )  # fmt: skip
            return kept.secret

    first, same, other = save(fresh=False), save(fresh=False), save(fresh=True)

    assert first == same != other
    assert len(other) >= 43


def test_messages_are_kept_for_90_days(db: Database, cast: Cast) -> None:
    set_up(db, cast, "https://chat.example/hook", depth=1)
    hold(db, cast, 1)
    watch(db)

    with db.writing() as session:
        purging.purge(session, now=NOW + 89 * 1440 * MINUTE)
    assert len(messages(db)) == 1
    with db.writing() as session:
        purging.purge(session, now=NOW + 91 * 1440 * MINUTE)
    assert messages(db) == []
