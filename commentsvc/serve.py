"""How does HTTP reach the application? Bodies are read before a thread is taken; slow clients hold nobody up."""

import asyncio
import gc
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server as EmbeddedServer
from granian.server.mp import MPServer

from commentsvc.app import create_app, create_scorer
from commentsvc.errors import Misconfigured
from commentsvc.infra.scoring import ROOM
from commentsvc.moderation.language import load_languages
from commentsvc.moderation.pipeline import Judge
from commentsvc.settings import Settings
from commentsvc.web.context import READS, TURN
from commentsvc.web.security import MAX_BODY, most_of
from commentsvc.web.shelf import Shelf, invite, key_of
from commentsvc.worker import run_worker

BODY_DEADLINE_S = 10.0
_READ_ON = 4 * 1024 * 1024
"""So much of a body that is too long is read and thrown away, so that its sender sees the answer, not a reset."""
_THREADS = 4
_BACKPRESSURE = 512
_HTTP1 = HTTP1Settings(max_buffer_size=32768, header_read_timeout=10_000)
_LOOK_FOR_PARENT_S = 0.5
_COMMENTS = "/api/v1/comments"
_READERS = (_COMMENTS, "/api/v1/config", "/api/v1/counts", "/api/v1/me")
"""What readers' widgets ask: short reads, none of which waits for anything but the database."""
_BODILESS = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}

Answer = tuple[int, list[tuple[str, str]], bytes]


class Front:
    """An RSGI application before a WSGI one.

    The event loop reads each body under a limit and a deadline; only then does one of a few threads answer. Under
    plain WSGI a thread would wait for the body, and as many slow clients as there are threads would stop the service.
    """

    def __init__(
        self, app: Any, *, threads: int = _THREADS, deadline: float = BODY_DEADLINE_S, most: int = MAX_BODY,
        shelf: Shelf | None = None, is_embedded: bool = False,
    ) -> None:  # fmt: skip
        self._app = app
        self._shelf = shelf
        # Python hands its lock over at every call of SQLite: two threads that read get half as much done as one.
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="read") if is_embedded else None
        self._turn = threading.Lock() if is_embedded else None
        self._most = most
        self._deadline = deadline
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="answer")

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        if scope.proto != "http":
            return
        shelf = self._shelf if scope.method == "GET" else None
        kept = shelf.find(key_of(scope), scope.headers) if shelf else None
        if kept is not None:
            _send(protocol, *kept)
            return
        try:
            body = await asyncio.wait_for(_read(scope, protocol, max(self._most, most_of(scope.path))), self._deadline)
        except TimeoutError:
            status, headers, content = _too_slow()
        else:
            environ = _environ(scope, body)
            offers = invite(environ) if shelf else []
            status, headers, content = await self._run(scope, environ)
            if shelf and offers:
                shelf.keep(key_of(scope), offers[0], (status, headers, content))
        _send(protocol, status, headers, b"" if scope.method == "HEAD" else content)

    def _run(self, scope: Any, environ: dict[str, Any]) -> "asyncio.Future[Answer]":
        """Have a thread answer: readers' pages and comments each in turn where that is faster, else any."""
        loop = asyncio.get_running_loop()
        if self._reader and scope.method in READS and scope.path.startswith(_READERS):
            return loop.run_in_executor(self._reader, self._answer, environ)
        if self._turn and scope.path.startswith(_COMMENTS):
            return loop.run_in_executor(self._pool, self._answer_in_turn, environ, self._turn)
        return loop.run_in_executor(self._pool, self._answer, environ)

    def _answer_in_turn(self, environ: dict[str, Any], turn: threading.Lock) -> Answer:
        environ[TURN] = turn
        with turn:
            return self._answer(environ)

    def _answer(self, environ: dict[str, Any]) -> Answer:
        begun: list[Any] = []
        parts: Iterable[bytes] = self._app(environ, lambda status, headers, _exc=None: begun.extend((status, headers)))
        try:
            content = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        return int(begun[0][:3]), [(name.lower(), value) for name, value in begun[1]], content


def _send(protocol: Any, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
    if content and status not in _BODILESS:
        protocol.response_bytes(status, headers, content)
    else:
        protocol.response_empty(status, headers)


def serve(
    settings: Settings, *, host: str, port: int, workers: int, load: Callable[[Settings], Front] | None = None
) -> None:
    """Serve until a signal ends it; `load` builds the application in each worker, `load_front` when it isn't said."""
    server = _Server(
        "commentsvc.serve:load_front",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        workers=workers,
        http=HTTPModes.http1,
        websockets=False,
        backpressure=_BACKPRESSURE,
        http1_settings=_HTTP1,
        workers_kill_timeout=4,
        respawn_failed_workers=True,
        respawn_interval=1,
        log_level=LogLevels.warning,
    )
    loader: Any = partial(load or load_front, settings)
    # What no worker changes is loaded before they are forked: they share its memory, and the collector leaves it alone.
    load_languages()
    gc.collect()
    gc.freeze()
    server.serve(target_loader=loader, wrap_loader=False)


def serve_scorer(settings: Settings, *, host: str, port: int, path: Path | None, parent: int | None) -> None:
    """Serve the scorer, at a socket in the file system when `path` is given, until a signal ends it.

    One process holds the model, in this one's own event loop. With `parent` it also ends when that process is gone.
    """
    asyncio.run(_serve_scorer(settings, host, port, path, parent))


def load_front(settings: Settings, judge: Judge | None = None) -> Front:
    """Build the application inside a server process; with the embedded database a thread there does its jobs."""
    app = create_app(settings, judge=judge)
    services = app.extensions["commentsvc"]
    services.seen.start()
    if settings.is_embedded:
        # A daemon, never waited for: what it was doing when the server ends comes back when its lease is over.
        threading.Thread(
            target=run_worker, args=(services.db, services.judge), daemon=True, name="worker",
            kwargs={"stop": threading.Event(), "settings": settings},
        ).start()  # fmt: skip
    shelf = Shelf(services.db, settings) if settings.page_cache_mb else None
    return Front(app, shelf=shelf, is_embedded=settings.is_embedded)


def free_address(host: str, port: int) -> str:
    """Return the host's address. The server itself would share a taken port silently, and wants numbers for names."""
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as free:
            address: str = free.getsockname()[0]
            return address
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise Misconfigured(f"Can't listen on {host}:{port}: {reason}.") from None


async def _serve_scorer(settings: Settings, host: str, port: int, path: Path | None, parent: int | None) -> None:
    # Its threads only wait for the batcher, which says when too many do.
    app = create_scorer(settings)
    front = Front(app, threads=_BACKPRESSURE, most=ROOM)
    server = EmbeddedServer(
        front,
        address=host,
        port=port,
        uds=path,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        backpressure=_BACKPRESSURE,
        http1_settings=_HTTP1,
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    end: Callable[[], None] = server.stop
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    if parent is not None:
        watching = loop.create_task(_end_without(parent, end))
    await server.serve()
    if parent is not None:
        watching.cancel()
    app.extensions["commentsvc"].judge.close()


async def _end_without(parent: int, end: Callable[[], None]) -> None:
    while os.getppid() == parent:
        await asyncio.sleep(_LOOK_FOR_PARENT_S)
    end()


class _Server(MPServer):
    """Granian, which takes a second worker that dies within 5.5 s for a crash loop and gives up; we go on."""

    def _respawn_workers(self, workers: Any, spawn_target: Any, target_loader: Any, delay: float = 0) -> None:
        super()._respawn_workers(workers, spawn_target, target_loader, delay=delay)
        self.respawned_wrks.clear()
        time.sleep(1)  # What dies at once must not take the machine with it.


async def _read(scope: Any, protocol: Any, most: int) -> bytes:
    """Read a body; of one that is too long, as much as shows that it is."""
    headers = scope.headers
    if headers.get("content-length") is None and headers.get("transfer-encoding") is None:
        return b""
    kept, seen = bytearray(), 0
    async for chunk in protocol:
        seen += len(chunk)
        if len(kept) <= most:
            kept += chunk
        if seen > _READ_ON:
            break
    return bytes(kept[: most + 1])


def _environ(scope: Any, body: bytes) -> dict[str, Any]:
    server, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        # The server has decoded the path; WSGI wants its bytes, each as a character.
        "PATH_INFO": scope.path.encode("utf-8", "replace").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": server,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        key = f"HTTP_{name.upper().replace('-', '_')}"
        environ[key] = f"{environ[key]}{';' if name == 'cookie' else ','}{value}" if key in environ else value
    # The whole body is here: its length is known, however it came.
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_CONTENT_LENGTH", None)
    return environ


def _too_slow() -> Answer:
    message = f"The request's body took more than {BODY_DEADLINE_S:.0f} s to arrive."
    content = json.dumps({"error": {"code": "too_slow", "message": message}}).encode()
    return HTTPStatus.REQUEST_TIMEOUT, [("content-type", "application/json"), ("connection", "close")], content
