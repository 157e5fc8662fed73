"""How does a large file come over an unreliable network, whole and only once?"""

import http.client
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from commentsvc.errors import Misconfigured

_CHUNK = 1 << 20
_TIMEOUT_S = 30
_MOST_FRUITLESS = 3
"""After so many attempts in a row that brought nothing, the network is taken to be gone."""


class Unreachable(Misconfigured):
    """A file could not be fetched; what came of it is kept, and the next attempt goes on from there."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How many bytes are here, of how many; `total` is 0 where the server doesn't say."""

    done: int
    total: int


def fetch(url: str, target: Path) -> Iterator[Progress]:
    """Fetch a file, saying after each piece how far it is; raise Unreachable when it can't be had.

    It grows beside the target as NAME.part, and is renamed when it is whole; a later call goes on where one was cut
    off. A connection that drops is made again, as long as every attempt brings something.
    """
    part = target.with_name(target.name + ".part")
    target.parent.mkdir(parents=True, exist_ok=True)
    fruitless, why = 0, ""
    while fruitless < _MOST_FRUITLESS:
        before, total = _size(part), 0
        try:
            for progress in _attempt(url, part):
                total = progress.total
                yield progress
            if _size(part) >= total:
                part.replace(target)
                return
            why = "the connection was cut off"
        except urllib.error.HTTPError as error:
            error.close()
            raise Unreachable(f"{url} can't be fetched: the server answers {error.code}.") from None
        except (OSError, http.client.HTTPException) as error:
            why = _reason(error)
        fruitless = 0 if _size(part) > before else fruitless + 1
    raise Unreachable(f"{url} can't be fetched: {why}.")


def _attempt(url: str, part: Path) -> Iterator[Progress]:
    before = _size(part)
    headers = {"User-Agent": "commentsvc", "Accept-Encoding": "identity"}
    request = urllib.request.Request(url, headers=headers | ({"Range": f"bytes={before}-"} if before else {}))  # noqa: S310
    try:
        answer = urllib.request.urlopen(request, timeout=_TIMEOUT_S)  # noqa: S310
    except urllib.error.HTTPError as error:
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE or not before:
            raise
        error.close()
        if error.headers.get("Content-Range") == f"bytes */{before}":
            yield Progress(before, before)
            return
        # The file is another one by now.
        part.unlink()
        yield from _attempt(url, part)
        return
    with answer:
        if answer.status != http.client.PARTIAL_CONTENT:
            before = 0
        size = answer.headers.get("Content-Length")
        total = before + int(size) if size else 0
        yield Progress(before, total)
        with part.open("ab" if before else "wb") as file:
            while piece := answer.read(_CHUNK):
                file.write(piece)
                file.flush()
                before += len(piece)
                yield Progress(before, total)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _reason(error: Exception) -> str:
    cause = getattr(error, "reason", error)
    if isinstance(cause, socket.gaierror):
        return "its host is not known here (no network?)"
    if isinstance(cause, TimeoutError):
        return "it doesn't answer"
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
