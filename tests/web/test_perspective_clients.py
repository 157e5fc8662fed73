"""Perspective's client libraries as they are published, with their host changed, against a served application."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from googleapiclient import discovery
from googleapiclient.errors import HttpError

from tests.server import Server

ROOT = Path(__file__).resolve().parent.parent.parent
FRENCH = "Je ne sais pas pourquoi cette ville est la plus belle du monde"
RUDE = "What kind of idiot name is foo? Sorry, I like your name."


@pytest.fixture(scope="module")
def key(live_server: Server) -> str:
    """A key as an administrator makes one for another system's settings."""
    made = subprocess.run(
        [sys.executable, "-m", "commentsvc", "token", "cam@demo.example", "--site", "demo", "--scope", "analyze"],
        env=live_server.env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return made.stdout.strip()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


def google_client(server: Server, key: str) -> Any:
    return discovery.build(
        "commentanalyzer",
        "v1alpha1",
        developerKey=key,
        discoveryServiceUrl=f"{server.api}/$discovery/rest?version=v1alpha1",
        static_discovery=False,
        cache_discovery=False,
    )


def test_googles_python_client_scores_a_comment(live_server: Server, key: str) -> None:
    body = {"comment": {"text": RUDE}, "requestedAttributes": {"TOXICITY": {}}, "spanAnnotations": True}

    with google_client(live_server, key) as client:
        answer = client.comments().analyze(body=body).execute()

    scores = answer["attributeScores"]["TOXICITY"]
    assert scores["summaryScore"]["value"] > 0.5
    assert [(span["begin"], span["end"]) for span in scores["spanScores"]] == [(0, 31), (32, 56)]


def test_googles_python_client_sends_feedback(live_server: Server, key: str) -> None:
    scores = {"TOXICITY": {"summaryScore": {"value": 0}}}
    body = {"comment": {"text": RUDE}, "attributeScores": scores, "clientToken": "t"}

    with google_client(live_server, key) as client:
        assert client.comments().suggestscore(body=body).execute() == {"clientToken": "t"}


@pytest.mark.parametrize(
    ("given", "text", "status", "reason"),
    [
        ("", "", 400, "COMMENT_EMPTY"),
        ("", FRENCH, 400, "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE"),
        ("wrong", RUDE, 400, "API_KEY_INVALID"),
    ],
)
def test_googles_python_client_understands_refusals(
    live_server: Server, key: str, given: str, text: str, status: int, reason: str
) -> None:
    body = {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}}

    with google_client(live_server, given or key) as client, pytest.raises(HttpError) as caught:
        client.comments().analyze(body=body).execute()

    assert caught.value.status_code == status
    assert caught.value.reason
    assert reason in str(caught.value.error_details)


def npm_client(server: Server, key: str, text: str) -> Any:
    node = shutil.which("node")
    assert node, "node is missing: .ci/system installs it"
    assert (ROOT / "node_modules/perspective-api-client").is_dir(), "run `make node_modules/.package-lock.json` first"
    ran = subprocess.run(
        [node, "tests/web/perspective_client.cjs", server.api, key, text],
        cwd=ROOT, env={**os.environ, "NO_PROXY": "*"}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    return json.loads(ran.stdout)


def test_npms_client_scores_a_comment(live_server: Server, key: str) -> None:
    answer = npm_client(live_server, key, RUDE)

    scores = answer["attributeScores"]
    assert set(scores) == {"TOXICITY", "INSULT"}  # The embedded engine knows no SEVERE_TOXICITY and invents none.
    assert scores["TOXICITY"]["summaryScore"]["value"] > 0.5
    assert scores["TOXICITY"]["spanScores"][0]["end"] == 56


def test_npms_client_understands_a_refusal(live_server: Server, key: str) -> None:
    answer = npm_client(live_server, "wrong", RUDE)

    assert answer == {"name": "ResponseError", "message": "API key not valid. Please pass a valid API key."}


def test_corals_call_gets_the_one_number_that_it_reads(live_server: Server, key: str) -> None:
    """Endpoint and operation joined as a path, the key as a parameter, one model, one language."""
    body = {
        "comment": {"text": RUDE},
        "doNotStore": True,
        "requestedAttributes": {"TOXICITY": {}},
        "languages": ["en"],
    }

    answer = requests.post(f"{live_server.api}/v1alpha1/comments:analyze", params={"key": key}, json=body, timeout=10)

    assert answer.json()["attributeScores"]["TOXICITY"]["summaryScore"]["value"] > 0.5


def test_keys_in_addresses_reach_no_log(live_server: Server, key: str) -> None:
    body = {"comment": {"text": RUDE}, "requestedAttributes": {"TOXICITY": {}}}
    address = f"{live_server.api}/v1alpha1/comments:analyze?key="

    taken = requests.post(address + key, json=body, timeout=10)
    refused = requests.post(f"{address}secret-but-wrong", json=body, timeout=10)

    log = live_server.log.read_text()
    assert (taken.status_code, refused.status_code) == (200, 400)
    assert "Serving at" in log
    assert key not in log
    assert "secret-but-wrong" not in log
