"""Slow, endless and chunked bodies against the real server: each gets an answer, and nobody else waits for it."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import requests

from commentsvc.web.security import MAX_BODY
from tests.server import Server

JSON = {"Content-Type": "application/json"}
REFUSED = {"too_large": 413, "malformed": 400}


def pieces(size: int) -> Iterator[bytes]:
    """Send so many bytes in chunks, so that no Content-Length announces them."""
    for start in range(0, size, 1000):
        yield b"x" * min(1000, size - start)


def half_sent(server: Server) -> socket.socket:
    """Announce a body and send one byte of it."""
    connection = socket.create_connection(("127.0.0.1", server.port))
    head = (
        "POST /api/v1/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n"
    )
    connection.sendall(head.encode() + b"\r\n{")
    return connection


@pytest.mark.parametrize(
    ("size", "code"), [(MAX_BODY, "malformed"), (MAX_BODY + 1, "too_large"), (3 * 1024 * 1024, "too_large")]
)
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_are_counted_however_they_come(live_server: Server, size: int, code: str, chunked: bool) -> None:
    body = pieces(size) if chunked else b"x" * size

    answer = requests.post(f"{live_server.api}/api/v1/token", data=body, headers=JSON, timeout=20)

    assert (answer.status_code, answer.json()["error"]["code"]) == (REFUSED[code], code)


@pytest.mark.slow
def test_forty_slow_bodies_hold_nobody_up_and_are_told(live_server: Server) -> None:
    with ExitStack() as open_connections:
        slow_head = open_connections.enter_context(socket.create_connection(("127.0.0.1", live_server.port)))
        slow_head.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        slow = [open_connections.enter_context(half_sent(live_server)) for _ in range(40)]

        answer = requests.get(f"{live_server.api}/api/v1/config?site=demo", timeout=5)

        slow[0].settimeout(20)
        told = slow[0].recv(4096)
        slow_head.settimeout(10)
        told_head = slow_head.recv(4096)
    assert answer.status_code == 200
    assert told.startswith(b"HTTP/1.1 408")
    assert b'"too_slow"' in told
    # Whoever never ends their headers is shown out, with or without a word.
    assert not told_head or told_head.startswith(b"HTTP/1.1 408")


def test_answers_without_bodies_stay_so(live_server: Server) -> None:
    address = f"{live_server.api}/api/v1/config?site=demo"

    full = requests.get(address, timeout=5)
    head = requests.head(address, timeout=5)
    unchanged = requests.get(address, headers={"If-None-Match": full.headers["ETag"]}, timeout=5)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == full.headers["ETag"]
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_addresses_reach_the_application_decoded_once(live_server: Server) -> None:
    query = {"site": "demo", "article": "déjà vu/%25"}

    answer = requests.get(f"{live_server.api}/api/v1/comments", params=query, timeout=5)
    twice = requests.get(f"{live_server.api}/api/v1/comments/%2531", timeout=5)

    assert answer.json()["article"]["key"] == "déjà vu/%25"
    assert twice.status_code == 404
