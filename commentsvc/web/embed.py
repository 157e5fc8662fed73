"""What does a publisher's page fetch from us: the loader, the widget's modules and the counts?"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import zopfli.gzip
from flask import Blueprint, Response, abort, request

from commentsvc.infra.paths import STATIC
from commentsvc.web.packing import COUNTS, FIRST, LOADER, pack

blueprint = Blueprint("embed", __name__)

_FOR_EVER = "public, max-age=31536000, immutable"
_BRIEFLY = "public, max-age=300, stale-while-revalidate=86400"


@dataclass(frozen=True, slots=True)
class Module:
    """One file as it is sent: plain, compressed, and the entity tag of its bytes."""

    plain: bytes
    zipped: bytes
    etag: str


@blueprint.get("/embed.js")
def loader() -> Response:
    """Send the loader, whose imports carry the version of all modules, so that those may be kept for ever."""
    return _send(_widget()[LOADER], _BRIEFLY)


@blueprint.get("/counts.js")
def counts() -> Response:
    """Send what fills the numbers of comments in lists of articles; such pages need nothing else."""
    return _send(_widget()[COUNTS], _BRIEFLY)


@blueprint.get("/static/widget/<version>/<name>")
def module(version: str, name: str) -> Response:
    """Send a module; one of another version than asked for (a deployment just happened) is not kept for long."""
    files = _widget()
    if name not in files:
        abort(404)
    is_current = f"/{version}/".encode() in files[LOADER].plain
    return _send(files[name], _FOR_EVER if is_current else _BRIEFLY)


def first_view(language: str = "en") -> dict[str, Module]:
    """Return the files that a page fetches before its reader has done anything; not all of them show a count."""
    files = _widget()
    words = "strings.js" if language == "en" else f"strings.{language}.js"
    return {name: files[name] for name in (LOADER, FIRST, COUNTS, words)}


def sizes() -> dict[str, tuple[int, int]]:
    """Return how large each file is that we may send, plain and with gzip."""
    return {name: (len(file.plain), len(file.zipped)) for name, file in _widget().items()}


def _widget() -> dict[str, Module]:
    # A developer's change shows at the next request; asking for the times of so few files costs microseconds.
    return _read(max(path.stat().st_mtime_ns for path in _sources()))


@lru_cache(maxsize=1)
def _read(_newest: int) -> dict[str, Module]:
    sources = {path.name: path.read_text("utf-8") for path in _sources()}
    version = hashlib.blake2b("".join(sources[name] for name in sorted(sources)).encode(), digest_size=6).hexdigest()
    # The modules import each other relatively, so that the loader alone has to name the version.
    return {name: _made(name, text) for name, text in pack(sources, f"static/widget/{version}").items()}


def _sources() -> list[Path]:
    return list((STATIC / "widget").glob("*.js"))


def _made(name: str, text: str) -> Module:
    plain = text.encode()
    # A tenth of a second, once, makes what every reader fetches a thirtieth smaller for good.
    zipped = zopfli.gzip.compress(plain) if name == FIRST else gzip.compress(plain, 9, mtime=0)
    return Module(plain, zipped, hashlib.blake2b(plain, digest_size=12).hexdigest())


def _send(file: Module, cache: str) -> Response:
    zipped = request.accept_encodings.quality("gzip") > 0
    response = Response(file.zipped if zipped else file.plain, mimetype="text/javascript")
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = cache
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.set_etag(file.etag, weak=True)
    response.make_conditional(request)
    return response
