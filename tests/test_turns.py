"""Do comments that are posted at once take turns at the database, and none while it waits for the model?"""

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder

from commentsvc.app import create_app
from commentsvc.enums import TOXICITY_LABELS, Status
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.terms import Draft, Span
from commentsvc.moderation.toxicity import Scores
from commentsvc.serve import Front
from commentsvc.settings import Settings
from commentsvc.store.db import Database
from tests import factories
from tests.conftest import Cast

AT_ONCE = 4


class Together:
    """Answers when as many texts are asked about as are posted at once, and not before."""

    name = "together"
    version = "1"

    def __init__(self) -> None:
        self._all = threading.Barrier(AT_ONCE, timeout=10)

    def score(self, texts: Sequence[str]) -> list[Scores]:
        self._all.wait()
        return [dict.fromkeys(TOXICITY_LABELS, 0.0) for _ in texts]

    def evidence(self, text: str) -> tuple[Span, ...]:
        return ()


class Abstaining:
    name = "abstaining"
    version = "1"

    def score(self, draft: Draft) -> float | None:
        return None


def test_who_waits_for_the_model_holds_nobody_up(db: Database, cast: Cast, settings: Settings) -> None:
    judge = Judge(Together(), Abstaining(), budget=10, threads=AT_ONCE)
    app = create_app(settings, judge=judge)
    front = Front(app, is_embedded=True)
    turn = threading.Lock()
    with db.writing() as session:
        tokens = [factories.bearer(session, factories.person(session), cast.daily) for _ in range(AT_ONCE)]

    def post(number: int) -> dict[str, Any]:
        body = {"site": "daily", "article": {"key": "story", "url": cast.story.url, "title": "Story"},
                "body": f"Remark {number}: the ferry timetable needs another look."}  # fmt: skip
        built = EnvironBuilder(
            "/api/v1/comments", method="POST", data=json.dumps(body), content_type="application/json",
            headers=tokens[number],
        )  # fmt: skip
        status, _, content = front._answer_in_turn(built.get_environ(), turn)
        assert status == 201
        found: dict[str, Any] = json.loads(content)
        return found

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(post, range(AT_ONCE)))
    judge.close()
    app.extensions["commentsvc"].db.dispose()

    assert [answer["status"] for answer in answers] == [Status.PUBLISHED] * AT_ONCE
    assert not turn.locked()


def test_a_request_that_fails_gives_its_turn_back(cast: Cast, app: Flask) -> None:
    front, turn = Front(app, is_embedded=True), threading.Lock()

    answers = [
        front._answer_in_turn(EnvironBuilder(path, method="POST", data="{").get_environ(), turn)[0]
        for path in ("/api/v1/comments", "/api/v1/comments/x/vote", "/api/v1/comments/1/nowhere")
    ]

    assert answers == [401, 405, 404]
    assert not turn.locked()
