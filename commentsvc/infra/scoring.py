"""Which model does this process ask, when it holds none of its own? The scorer's, over HTTP."""

import json
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from commentsvc.errors import ClassifierUnavailable

ROOM = 1024 * 1024
"""Bytes that the scorer takes at once."""
_FULL = ROOM // 2
"""Bytes of texts sent at once: JSON may double them."""
_BUDGET_S = 2.5
"""For each text, a little more than the scorer lets texts wait, so that its own words arrive."""
_LOOK_S = 1.0
_LOOK_EVERY_S = 2.0

_UNKNOWN = {"name": "scorer", "version": "none", "why": "it has not answered yet", "languages": ["en"]}

_Spans = tuple[tuple[int, int], ...]


class RemoteEngine:
    """A toxicity engine, and the embedding of texts, in another process; safe to share between threads.

    Connections are kept for the next call. Nothing has to be done when the scorer goes and comes back: each call tries
    anew.
    `url` is http://HOST:PORT or unix:/PATH.
    """

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        self._lock = threading.Lock()
        self._idle: list[HTTPConnection] = []
        self._looking = threading.Lock()
        self._looked = -_LOOK_EVERY_S
        self._about: Mapping[str, Any] = _UNKNOWN

    @property
    def name(self) -> str:
        """The scorer's engine; `scorer` until it has answered once."""
        return str(self._about["name"])

    @property
    def version(self) -> str:
        """The version of the scorer's engine; `none` until it has answered once."""
        return str(self._about["version"])

    @property
    def languages(self) -> frozenset[str]:
        """The languages that the scorer's engine judges; English until it has answered once."""
        return frozenset(self._about["languages"])

    @property
    def why(self) -> str:
        """Why there is no answer, looked up anew every few seconds; empty when there should be one."""
        if self._looking.acquire(blocking=False):
            try:
                if time.monotonic() - self._looked > _LOOK_EVERY_S:
                    self._look()
            finally:
                self._looking.release()
        return str(self._about["why"])

    def score(self, texts: Sequence[str]) -> list[Mapping[str, float | None]]:
        """Score each text, in order, or raise ClassifierUnavailable."""
        scores: list[Mapping[str, float | None]] = []
        for part in _parts(texts):
            answer = self._json("score", {"texts": part}, len(part))
            self._know(answer["engine"])
            scores += [dict(zip(answer["labels"], row, strict=True)) for row in answer["scores"]]
        return scores

    def evidence(self, text: str) -> _Spans:
        """Return the ranges of the text that drove its score."""
        answer = self._json("evidence", {"texts": [text]}, 1)
        return tuple((int(start), int(end)) for start, end in answer["spans"])

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a vector of unit length for each text, or raise ClassifierUnavailable."""
        parts = [self._call("POST", "embed", {"texts": part}, len(part)) for part in _parts(texts)]
        values = np.frombuffer(b"".join(parts), dtype="<f4")
        return values.reshape(len(texts), -1).astype(np.float32) if texts else np.zeros((0, 0), dtype=np.float32)

    def close(self) -> None:
        """Close the connections that are idle; the next call opens its own."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _look(self) -> None:
        try:
            self._know(json.loads(self._call("GET", "engine", None, 1, timeout=_LOOK_S)))
        except (ClassifierUnavailable, ValueError) as error:
            self._miss(str(error))
        self._looked = time.monotonic()

    def _know(self, engine: Mapping[str, Any]) -> None:
        self._about = engine

    def _miss(self, why: str) -> None:
        self._about = {**self._about, "why": why}

    def _json(self, what: str, body: Mapping[str, Any], texts: int) -> Any:
        return json.loads(self._call("POST", what, body, texts))

    def _call(
        self, method: str, what: str, body: Mapping[str, Any] | None, texts: int, timeout: float | None = None
    ) -> bytes:
        content = None if body is None else json.dumps(body).encode()
        wait = timeout or _BUDGET_S * texts
        try:
            status, answer = self._send(method, f"/internal/{what}", content, wait)
        except (OSError, HTTPException) as error:
            reason = "it does not answer" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
            self._miss(f"the scorer at {self._url} is away: {reason}")
            raise ClassifierUnavailable(f"The scorer at {self._url} is away: {reason}") from None
        if status != HTTPStatus.OK:
            raise _refusal(status, answer)
        return answer

    def _send(self, method: str, path: str, content: bytes | None, wait: float) -> tuple[int, bytes]:
        kept = self._take()
        if kept is not None:
            try:
                return self._exchange(kept, method, path, content, wait)
            except TimeoutError:
                raise
            except (OSError, HTTPException):
                # The scorer closed what was idle, or was started anew: so are all. Scoring twice does no harm.
                self.close()
        return self._exchange(_Connection(self._url), method, path, content, wait)

    def _exchange(
        self, connection: HTTPConnection, method: str, path: str, content: bytes | None, wait: float
    ) -> tuple[int, bytes]:
        connection.timeout = wait
        if connection.sock is not None:
            connection.sock.settimeout(wait)
        headers = self._headers if content is None else {**self._headers, "Content-Type": "application/json"}
        try:
            connection.request(method, path, content, headers)
            with connection.getresponse() as response:
                answer = response.status, response.read()
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._idle.append(connection)
        return answer

    def _take(self) -> HTTPConnection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None


class _Connection(HTTPConnection):
    """To a host and port, or to a socket in the file system."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        super().__init__(parts.hostname or "localhost", parts.port or 80)
        self._path = parts.path if parts.scheme == "unix" else ""

    def connect(self) -> None:
        if not self._path:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _parts(texts: Sequence[str]) -> list[list[str]]:
    """Cut into what the scorer takes at once."""
    parts: list[list[str]] = []
    size = 0
    for text in texts:
        length = len(json.dumps(text)) + 2
        if length > _FULL:
            raise ClassifierUnavailable("A text is longer than the scorer takes.")
        if not parts or size + length > _FULL:
            parts.append([])
            size = 0
        parts[-1].append(text)
        size += length
    return parts


def _refusal(status: int, answer: bytes) -> Exception:
    """Return what a refusal means: away or too busy (503), not ours to ask (401), or broken by one of the texts."""
    try:
        message = str(json.loads(answer)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        message = f"it answered {status}"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return ClassifierUnavailable(message)
    if status == HTTPStatus.UNAUTHORIZED:
        return ClassifierUnavailable("The scorer has another COMMENTSVC_SECRET_KEY.")
    return RuntimeError(f"The scorer can't judge this: {message}")
