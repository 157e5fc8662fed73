"""Does a file arrive whole over a network that drops connections, and is what came kept?"""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from commentsvc.infra.fetching import Progress, Unreachable, fetch
from tests.fileserver import FileServer, serving
from tests.postgres import free_port

CONTENT = random.Random(1).randbytes(45_000)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FileServer]:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_bytes(CONTENT)
    with serving(tmp_path / "there") as running:
        yield running


def test_fetch_goes_on_where_the_connection_was_dropped(server: FileServer, tmp_path: Path) -> None:
    server.drops = 3

    steps = list(fetch(f"{server.url}/file", tmp_path / "file"))

    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [wanted for _, wanted in server.asked] == [None, "bytes=10000-", "bytes=20000-", "bytes=30000-"]
    assert steps[-1] == Progress(45_000, 45_000)
    assert not (tmp_path / "file.part").exists()


def test_fetch_begins_again_where_the_server_knows_no_ranges(server: FileServer, tmp_path: Path) -> None:
    server.knows_ranges = False
    (tmp_path / "file.part").write_bytes(b"of an earlier run")

    list(fetch(f"{server.url}/file", tmp_path / "file"))

    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("left", [CONTENT, CONTENT + b"of a longer one"])
def test_fetch_ends_well_with_a_part_that_is_whole_or_too_long(server: FileServer, tmp_path: Path, left: bytes) -> None:
    (tmp_path / "file.part").write_bytes(left)

    list(fetch(f"{server.url}/file", tmp_path / "file"))

    assert (tmp_path / "file").read_bytes() == CONTENT


def test_fetch_says_what_the_server_answers(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="the server answers 404"):
        list(fetch(f"{server.url}/gone", tmp_path / "gone"))

    assert list(tmp_path.glob("gone*")) == []


def test_fetch_gives_up_without_a_network_and_keeps_what_came(tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"half")

    with pytest.raises(Unreachable, match="Connection refused"):
        list(fetch(f"http://127.0.0.1:{free_port()}/file", tmp_path / "file"))

    assert (tmp_path / "file.part").read_bytes() == b"half"
