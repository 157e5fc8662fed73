"""Does a Detoxify checkpoint come to judge here: over a bad network, by hand, killed midway, and never a wrong one?"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from commentsvc.cli import main
from commentsvc.moderation.toxicity import load_engine
from tests.checkpoints import pin, write_checkpoint
from tests.fileserver import FileServer, serving
from tests.postgres import free_port

pytest.importorskip("detoxify")

NAME = "toxic_original-c1212f89.ckpt"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what is published for `original`, but small."""
    folder = tmp_path_factory.mktemp("published")
    write_checkpoint(folder).rename(folder / NAME)
    return folder


@pytest.fixture(scope="module")
def digest(published: Path) -> str:
    return pin(published / NAME)


@pytest.fixture
def mirror(published: Path) -> Iterator[FileServer]:
    with serving(published) as running:
        yield running


@pytest.fixture(autouse=True)
def models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("COMMENTSVC_DATA_DIR", str(tmp_path))
    return tmp_path / "models"


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["classifier", *args])


def install(*args: str) -> Result:
    return run("install", "detoxify", "--model", "original", *args)


def info() -> dict[str, Any]:
    result = run("info", "--json")
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_install_makes_detoxify_judge_over_a_network_that_drops(mirror: FileServer, digest: str, models: Path) -> None:
    mirror.drops = 2

    result = install("--from", mirror.url, "--sha256", digest)

    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"detoxify-onnx original-{digest[:8]}-int8.1 is active: at most ")
    assert "Fetching toxic_original-c1212f89.ckpt" in result.stderr or "Exporting and checking" in result.stderr
    assert [wanted for name, wanted in mirror.asked if name == NAME][1:3] == ["bytes=10000-", "bytes=20000-"]
    engine = load_engine("auto", models)
    assert (engine.name, engine.version) == ("detoxify-onnx", f"original-{digest[:8]}-int8.1")
    assert sorted(path.name for path in models.glob("*onnx*")) == ["detoxify-onnx", f"detoxify-onnx-{engine.version}"]


def test_install_again_does_nothing(mirror: FileServer, digest: str) -> None:
    install("--from", mirror.url, "--sha256", digest)
    asked = len(mirror.asked)

    result = install("--from", mirror.url, "--sha256", digest)

    assert (result.exit_code, len(mirror.asked)) == (0, asked)
    assert "is active already" in result.stdout


def test_install_refuses_what_was_not_published_and_keeps_none_of_it(mirror: FileServer, models: Path) -> None:
    result = install("--from", mirror.url)

    assert result.exit_code == 1
    assert "is not Detoxify's original, whose sha256 begins c1212f89" in result.stderr
    assert not (models / "fetched" / "original" / NAME).exists()
    assert load_engine("auto", models).name == "embedded"


def test_install_offline_says_what_to_fetch_by_hand(models: Path) -> None:
    result = install("--from", f"http://127.0.0.1:{free_port()}")

    assert result.exit_code == 1
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error")]
    assert "Connection refused" in line
    assert f"https://github.com/unitaryai/detoxify/releases/download/v0.1-alpha/{NAME}" in line
    assert "config.json, tokenizer_config.json, tokenizer.json, vocab.txt" in line
    assert f"`commentsvc classifier install detoxify --model original --checkpoint {NAME} --config DIR`" in line


def test_install_takes_files_by_hand(published: Path, digest: str, models: Path) -> None:
    by_hand = ("--checkpoint", str(published / NAME), "--config", str(published / "config"))

    unpinned = install(*by_hand)
    pinned = install(*by_hand, "--sha256", digest)

    assert unpinned.exit_code == 1
    assert "For a checkpoint of your own give --sha256" in unpinned.stderr
    assert pinned.exit_code == 0, pinned.output
    assert load_engine("auto", models).name == "detoxify-onnx"


def test_install_of_another_keeps_the_earlier_until_it_is_finished(
    published: Path, digest: str, models: Path, tmp_path: Path
) -> None:
    config = ("--config", str(published / "config"))
    install("--checkpoint", str(published / NAME), *config, "--sha256", digest)
    before = load_engine("auto", models).version
    broken = tmp_path / "broken.ckpt"
    broken.write_bytes(b"no checkpoint")
    other = write_checkpoint(tmp_path / "other", extra="a second one")

    failed = install("--checkpoint", str(broken), *config, "--sha256", pin(broken))
    between = load_engine("auto", models).version
    done = install("--checkpoint", str(other), *config, "--sha256", pin(other))

    assert (failed.exit_code, between) == (1, before)
    assert "broken.ckpt is no checkpoint" in failed.stderr
    assert done.exit_code == 0, done.output
    assert load_engine("auto", models).version == f"original-{pin(other)[:8]}-int8.1" != before
    assert len(list(models.glob("detoxify-onnx-*"))) == 1


def test_install_killed_leaves_nothing_half_done_and_goes_on(published: Path, digest: str, models: Path) -> None:
    with serving(published) as mirror:
        command = [sys.executable, "-m", "commentsvc", "classifier", "install", "detoxify", "--model", "original"]
        command += ["--from", mirror.url, "--sha256", digest]
        process = subprocess.Popen(command, env=dict(os.environ), stderr=subprocess.DEVNULL)
        while not list(models.glob(".exporting-*")):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        after_kill = load_engine("auto", models).name
        asked = len(mirror.asked)

        result = install("--from", mirror.url, "--sha256", digest)

        assert after_kill == "embedded"
        assert result.exit_code == 0, result.output
        assert len(mirror.asked) == asked, "what was fetched before is not fetched again"
    assert load_engine("auto", models).name == "detoxify-onnx"
    assert list(models.glob(".exporting-*")) == []


def test_install_repairs_an_export_that_was_spoiled(published: Path, digest: str, models: Path) -> None:
    by_hand = ("--checkpoint", str(published / NAME), "--config", str(published / "config"), "--sha256", digest)
    install(*by_hand)
    (models / "detoxify-onnx" / "model.onnx").write_bytes(b"spoiled")

    result = install(*by_hand)

    assert (result.exit_code, "already" in result.stdout) == (0, False)
    assert load_engine("auto", models).score(["you fool"])[0]["toxicity"] is not None


class Code:
    """What a pickle may bring: a call."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.mark}",)


def test_export_runs_no_code_of_a_checkpoint_pinned_by_its_name_alone(tmp_path: Path) -> None:
    from commentsvc.errors import Misconfigured
    from commentsvc.moderation.detoxify import exporting

    path = write_checkpoint(tmp_path / "evil", extra=Code(tmp_path / "ran"))
    (tmp_path / "out").mkdir()
    source = exporting.Checkpoint(path, path.parent / "config", "evil", "0" * 64, trusted=False)

    with pytest.raises(Misconfigured, match="brings code besides its weights"):
        exporting.export(source, tmp_path / "out", int8=True, done=lambda: None)

    assert not (tmp_path / "ran").exists()


def test_export_asks_for_the_sum_of_an_unknown_checkpoint_and_writes_a_folder(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path / "own", "albert")
    out = str(tmp_path / "out")

    asked = run("export", str(path), "--out", out)
    done = run("export", str(path), "--out", out, "--sha256", pin(path), "--fp32")
    again = run("export", str(path), "--out", out, "--sha256", pin(path))

    assert (asked.exit_code, done.exit_code, again.exit_code) == (1, 0, 1), done.output
    assert f"--sha256 {pin(path)}" in asked.stderr
    assert f"tiny-{pin(path)[:8]}-fp32.1" in done.stdout
    assert "exists already" in again.stderr
    assert sorted(file.name for file in Path(out).iterdir()) == ["about.json", "model.onnx", "tokenizer.json"]


def test_export_names_files_that_dont_belong_together(tmp_path: Path) -> None:
    path, other = write_checkpoint(tmp_path / "own"), write_checkpoint(tmp_path / "other", "albert")
    config = str(other.parent / "config")

    result = run("export", str(path), "--out", str(tmp_path / "out"), "--config", config, "--sha256", pin(path))

    assert result.exit_code == 1
    assert "Error: Detoxify can't be built from tiny.ckpt and" in result.stderr
    assert not (tmp_path / "out").exists()
    assert list(tmp_path.glob(".exporting-*")) == []


@pytest.mark.parametrize("value", ["abc", "g" * 64])
def test_a_sum_that_is_none_is_a_usage_error(value: str) -> None:
    assert install("--sha256", value).exit_code == 2


def test_info_of_a_bare_machine() -> None:
    answer = info()
    text = run("info").stdout

    assert (answer["engine"], answer["setting"], answer["languages"]) == ("embedded", "auto", ["en"])
    assert set(answer["unknown"]) == {"severe_toxicity", "sexual_explicit"}
    assert answer["bytes"] > 10_000_000
    assert [one["engine"] for one in answer["engines"] if one["present"]] == ["embedded"]
    assert "the best that is present (auto)" in text
    assert "detoxify-onnx: absent: no checkpoint was exported" in text


def test_info_of_an_exported_checkpoint(published: Path, digest: str, models: Path) -> None:
    install("--checkpoint", str(published / NAME), "--config", str(published / "config"), "--sha256", digest)

    answer = info()
    text = run("info").stdout

    assert (answer["engine"], answer["state"], answer["unknown"]) == ("detoxify-onnx", "ok", ["sexual_explicit"])
    assert answer["exported"]["checkpoint"] == digest
    assert 0 < answer["exported"]["parity"] <= 1e-5 < answer["exported"]["drift"]
    assert answer["bytes"] == sum(file.stat().st_size for file in (models / "detoxify-onnx").iterdir())
    assert f"int8, from checkpoint {digest}" in text


def test_info_of_a_broken_export_says_so(published: Path, digest: str, models: Path) -> None:
    install("--checkpoint", str(published / NAME), "--config", str(published / "config"), "--sha256", digest)
    shutil.rmtree((models / "detoxify-onnx").resolve())

    answer = info()

    assert (answer["engine"], answer["state"], answer["labels"]) == ("detoxify-onnx", "unavailable", [])
    assert "about.json is missing" in answer["why"]


def test_info_with_a_scorer_that_does_not_answer_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMENTSVC_SCORER_URL", "http://127.0.0.1:9")

    result = run("info")

    assert result.exit_code == 0
    assert "does not answer: The scorer at http://127.0.0.1:9 is away" in result.stdout
