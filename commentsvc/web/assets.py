"""What do our own pages fetch: their styles and scripts?"""

import hashlib
from functools import lru_cache

from flask import Blueprint, Response, current_app, request, send_from_directory, url_for

from commentsvc.infra.paths import STATIC

blueprint = Blueprint("assets", __name__)

_YEAR = 365 * 24 * 3600


@blueprint.get(
    "/static/<any(shared, console, accounts, first_run, legal_notices, notices, privacy, reading):folder>/<name>"
)
def asset(folder: str, name: str) -> Response:
    """Send one file; under its current version it may be kept for ever."""
    response = send_from_directory(STATIC / folder, name)
    if request.args.get("v") == _version(f"{folder}/{name}"):
        response.cache_control.no_cache = None
        response.cache_control.public = True
        response.cache_control.immutable = True
        response.cache_control.max_age = _YEAR
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@blueprint.app_template_global("static")
def address(path: str) -> str:
    """Return the address of a file, as in `shared/tokens.css`, with the version of its bytes."""
    folder, name = path.split("/")
    return url_for("assets.asset", folder=folder, name=name, v=_version(path))


def _version(path: str) -> str:
    return _read.__wrapped__(path) if current_app.debug else _read(path)


@lru_cache(maxsize=100)  # of names that are files: asset() looks first
def _read(path: str) -> str:
    return hashlib.blake2b((STATIC / path).read_bytes(), digest_size=6).hexdigest()
