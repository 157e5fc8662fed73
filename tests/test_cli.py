"""Does the command do what it says, and end with 0, 1 or 2?"""

import json
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from sqlalchemy import select

from commentsvc import __version__
from commentsvc.cli import main
from commentsvc.settings import Settings
from commentsvc.store import migrate
from commentsvc.store.models import OutgoingMail, Person, SecondFactor
from tests.postgres import free_port
from tests.server import Server, running_server


@pytest.fixture(autouse=True)
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMMENTSVC_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("COMMENTSVC_SECRET_KEY", settings.secret_key)
    monkeypatch.setenv("COMMENTSVC_DATA_DIR", str(tmp_path / "data"))


def run(*args: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, list(args), input=stdin)


def add_site(key: str = "daily") -> None:
    assert run("site", "add", key, "--origin", f"https://{key}.example").exit_code == 0


def test_version() -> None:
    assert run("--version").output == f"commentsvc, version {__version__}\n"


def test_unknown_option_is_a_usage_error() -> None:
    assert run("seed", "--articles", "0", "--comments", "1").exit_code == 2
    assert run("seed").exit_code == 2
    assert run("dance").exit_code == 2


def test_wrong_setting_stops_with_one_line_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMENTSVC_TRUSTED_PROXIES", "many")

    result = run("upgrade")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: COMMENTSVC_TRUSTED_PROXIES: ")
    assert result.stderr.count("\n") == 1


def test_upgrade_says_where_the_database_is() -> None:
    result = run("upgrade")

    assert (result.exit_code, result.stdout) == (0, f"The database is at revision {migrate.newest()} already.\n")


@pytest.mark.parametrize(
    ("name", "value"),
    [("SECRET_KEY", "short"), ("SECRET_KEY", ""), ("BASE_URL", "comments.example"), ("PAGE_CACHE_MB", "-1")],
)
def test_each_wrong_setting_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMENTSVC_DATABASE_URL", "postgresql://nobody@127.0.0.1/nothing")
    monkeypatch.setenv(f"COMMENTSVC_{name}", value)

    result = run("upgrade")

    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: COMMENTSVC_{name}: ")
    assert result.stderr.count("\n") == 1


def test_data_folder_that_cannot_be_made_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("COMMENTSVC_DATABASE_URL", "")
    monkeypatch.setenv("COMMENTSVC_DATA_DIR", str(tmp_path / "file" / "data"))

    result = run("upgrade")

    assert (result.exit_code, result.stderr) == (1, f"Error: {tmp_path}/file/data: Not a directory.\n")


@pytest.mark.parametrize("command", ["run", "demo"])
def test_taken_port_is_one_line(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMENTSVC_DATABASE_URL", "")
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        port = taken.getsockname()[1]

        result = run(command, "--port", str(port))

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: Can't listen on 127.0.0.1:{port}: Address already in use.\n"


def test_manager_add_makes_an_administrator() -> None:
    add_site()

    made = run("manager", "add", "eve@daily.example", "--site", "daily", "--role", "admin")

    assert made.exit_code == 0, made.stderr
    assert run("manager", "add", "eve@daily.example", "--site", "daily", "--role", "king").exit_code == 2


def test_database_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing?connect_timeout=2"
    monkeypatch.setenv("COMMENTSVC_DATABASE_URL", url)

    results = [run("upgrade"), run("token", "a@b.example", "--site", "x"), run("doctor")]

    assert [result.exit_code for result in results] == [1, 1, 1]
    assert results[0].stderr.startswith("Error: The database refused: ")
    assert results[0].stderr.count("\n") == 1


def test_site_manager_and_token_make_a_newsroom() -> None:
    add_site()

    link = run("manager", "add", "cam@daily.example", "--site", "daily")
    token = run("token", "cam@daily.example", "--site", "daily")

    assert link.stdout.startswith("http://127.0.0.1:8000/auth/set-password/")
    assert token.exit_code == 0
    assert token.stdout == token.stdout.strip() + "\n"
    assert len(token.stdout) > 30
    assert token.stderr == ""


def test_a_lost_second_factor_is_switched_off_and_told(db: Any, settings: Settings) -> None:
    add_site()
    run("manager", "add", "cam@daily.example", "--site", "daily")
    with db.writing() as session:
        cam = session.scalar(select(Person))
        session.add(SecondFactor(person_id=cam.id, nonce="n", last_step=0, created_at=1))

    assert run("manager", "second-step-off", "nobody@daily.example").exit_code == 1
    assert run("manager", "second-step-off", "cam@daily.example").exit_code == 0

    with db.reading() as session:
        assert session.scalar(select(SecondFactor)) is None
        assert session.scalars(select(OutgoingMail.to_address)).all() == ["cam@daily.example"]


def test_manager_token_carries_their_scopes(client: Any) -> None:
    add_site()
    run("manager", "add", "cam@daily.example", "--site", "daily")
    token = run("token", "cam@daily.example", "--site", "daily").stdout.strip()

    answer = client.get("/api/v1/moderation/cases?site=daily", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json["cases"]) == (200, [])


def test_token_with_a_scope_has_no_other(client: Any) -> None:
    add_site()
    run("manager", "add", "cam@daily.example", "--site", "daily")
    token = run("token", "cam@daily.example", "--site", "daily", "--scope", "analyze").stdout.strip()
    body = {"comment": {"text": "A calm remark."}, "requestedAttributes": {"TOXICITY": {}}}

    scored = client.post(f"/v1alpha1/comments:analyze?key={token}", json=body)
    cases = client.get("/api/v1/moderation/cases?site=daily", headers={"Authorization": f"Bearer {token}"})

    assert (scored.status_code, cases.status_code) == (200, 403)
    assert run("token", "cam@daily.example", "--site", "daily", "--scope", "everything").exit_code == 2


@pytest.mark.parametrize(
    "args",
    [
        ("token", "nobody@daily.example", "--site", "daily"),
        ("token", "cam@daily.example", "--site", "nowhere"),
        ("manager", "add", "not an address", "--site", "daily"),
        ("manager", "add", "cam@daily.example", "--site", "nowhere"),
        ("site", "add", "daily", "--origin", "https://daily.example"),
        ("site", "add", "news", "--origin", "daily.example/news"),
        ("seed", "--site", "nowhere", "--articles", "1", "--comments", "1"),
        ("classify", "-", "--article", "/nowhere/at/all.txt"),
    ],
)
def test_refusal_is_one_line_on_standard_error(args: tuple[str, ...]) -> None:
    add_site()
    run("manager", "add", "cam@daily.example", "--site", "daily")

    result = run(*args)

    assert result.exit_code in {1, 2}
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert "Error: " in result.stderr


def test_seed_says_how_fast_it_was_and_doctor_finds_nothing() -> None:
    add_site()

    seeded = run("seed", "--site", "daily", "--articles", "3", "--comments", "900")
    doctor = run("doctor")

    assert seeded.stdout.startswith("900 comments over 3 articles in ")
    assert "Seeding: 900 of 900" in seeded.stderr
    assert doctor.exit_code == 0, doctor.output
    assert "BAD" not in doctor.output
    for name in ("configuration", "mail server", "database", "indexes", "worker", "articles' comments", "classifier"):
        assert f"ok   {name}:" in doctor.output


def test_doctor_names_what_is_wrong_and_what_to_do(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMENTSVC_CLASSIFIER", "detoxify")
    monkeypatch.setenv("COMMENTSVC_BASE_URL", "https://comments.example")

    doctor = run("doctor")

    assert doctor.exit_code == 1
    assert "BAD  mail server: written into the log, links included, and sent to nobody" in doctor.stdout
    assert "BAD  classifier: detoxify" in doctor.stdout
    assert "→" in doctor.stdout
    assert doctor.stderr.endswith("not well: mail server, classifier.\n")


def test_classify_answers_one_object_and_never_the_text() -> None:
    result = run("classify", "You are a stupid idiot, and so is your café ☕")

    answer = json.loads(result.stdout)
    assert result.exit_code == 0
    assert result.stdout.isascii()
    assert set(answer) == {"scores", "relevance", "engine", "version"}
    assert len(answer["scores"]) == 7
    assert answer["scores"]["toxicity"] > 0.5
    assert answer["relevance"] is None
    assert "idiot" not in result.stdout


def test_classify_answers_lines_in_order() -> None:
    texts = ["You stupid idiot!" if number % 3 == 0 else "A lovely morning at the quay." for number in range(150)]

    result = run("classify", "-", stdin="".join(json.dumps({"text": text}) + "\n" for text in texts))

    scores = [json.loads(line)["scores"]["toxicity"] for line in result.stdout.splitlines()]
    assert len(scores) == 150
    assert [score > 0.5 for score in scores] == [number % 3 == 0 for number in range(150)]


def test_classify_compares_with_an_article(tmp_path: Path) -> None:
    story = tmp_path / "story.txt"
    quay = "The ferry terminal on the quay becomes a market hall with forty stalls. " * 5
    story.write_text(f"Market hall for the ferry terminal\n\n{quay}")
    near = "I have waited years for a market hall in the old ferry terminal, the stalls will do the quay good."
    far = "My grandmother bakes an apple cake on Sundays that nobody in the family has ever managed to copy so far."

    result = run("classify", "-", "--article", str(story), stdin=f'{{"text": "{near}"}}\n{{"text": "{far}"}}\n')

    relevance = [json.loads(line)["relevance"] for line in result.stdout.splitlines()]
    assert relevance[0] > relevance[1]


def test_classify_says_when_the_article_is_not_text(tmp_path: Path) -> None:
    story = tmp_path / "story.txt"
    story.write_bytes(b"\xff\xfe")

    result = run("classify", "hello", "--article", str(story))

    assert (result.exit_code, result.stderr) == (1, f"Error: {story} isn't UTF-8 text.\n")


@pytest.mark.parametrize("line", ["[]", "{}", '{"text": 5}', "text", '{"text": "a"', "[" * 100_000])
def test_classify_names_the_line_that_it_cannot_read(line: str) -> None:
    result = run("classify", "-", stdin=f'{{"text": "fine"}}\n{line}\n')

    assert result.exit_code == 1
    assert "Line 2 " in result.stderr


@pytest.fixture
def server(settings: Settings, tmp_path: Path) -> Iterator[Server]:
    with running_server(settings.database_url, tmp_path) as server:
        yield server


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_ends_in_good_order_after_what_is_under_way(server: Server, number: signal.Signals) -> None:
    assert requests.get(f"{server.api}/readyz", timeout=5).json()["database"] == "ok"
    with socket.create_connection(("127.0.0.1", server.port)) as under_way:
        head = "POST /api/v1/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
        under_way.sendall(head.encode() + b"{")
        assert requests.get(f"{server.api}/healthz", timeout=5).status_code == 200

        began = time.monotonic()
        server.processes[0].send_signal(number)
        under_way.sendall(b"}")
        under_way.settimeout(8)
        answer = under_way.recv(4096)
    server.processes[0].wait(8)

    assert answer.startswith(b"HTTP/1.1 422")
    assert time.monotonic() - began < 8
    assert server.processes[0].returncode == 0
    assert not server.is_up()


def test_worker_process_that_is_killed_is_replaced(server: Server) -> None:
    for _ in range(2):
        os.kill(_child(server.processes[0].pid), signal.SIGKILL)
        time.sleep(1.2)
        _wait_until_up(server)

    assert requests.get(f"{server.api}/healthz", timeout=5).status_code == 200


def test_demo_serves_and_a_second_start_is_quick_and_keeps_the_data(tmp_path: Path) -> None:
    port = free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith("COMMENTSVC_")}
    env["COMMENTSVC_DATA_DIR"] = str(tmp_path / "demo")
    costs = []
    for _ in range(2):
        began = _cpu_of_children()
        process = subprocess.Popen(
            [sys.executable, "-m", "commentsvc", "demo", "--port", str(port)],
            env=env,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            _wait_until_up(Server(port, env, tmp_path / "log"))
            with urllib.request.urlopen(f"http://localhost:{port}/", timeout=5) as page:
                assert b"night buses" in page.read().lower()
        finally:
            process.terminate()
            output = process.communicate(timeout=20)[0]
        costs.append(_cpu_of_children() - began)
        assert "cam@demo.example" in output
        assert f"http://localhost:{port}/" in output
    assert costs[1] < 5
    with sqlite3.connect(tmp_path / "demo" / "commentsvc.db") as connection:
        assert connection.execute("SELECT count(*) FROM sites").fetchone() == (2,)
    connection.close()


def _cpu_of_children() -> float:
    """Return CPU seconds, which a busy machine doesn't stretch as it does the clock's."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _child(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0])


def _wait_until_up(server: Server) -> None:
    end = time.monotonic() + 60
    while not server.is_up():
        assert time.monotonic() < end
        time.sleep(0.05)
