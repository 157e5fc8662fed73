"""What do our own processes ask of the scorer? Scores, evidence and embeddings, by a key that only they know."""

import hmac
from typing import Any

import numpy as np
from flask import Blueprint, Response, jsonify, request

from commentsvc.enums import TOXICITY_LABELS
from commentsvc.errors import ClassifierUnavailable, Invalid, NotSignedIn
from commentsvc.infra.scoring import ROOM
from commentsvc.moderation.batching import BatchingEngine
from commentsvc.queries.callers import derived_key
from commentsvc.web import context
from commentsvc.web.security import StrictRequest, parse_json

PREFIX = "/internal"

blueprint = Blueprint("scoring", __name__, url_prefix=PREFIX)


class RoomyRequest(StrictRequest):
    """A request that may be longer where our own processes send many texts."""

    def __init__(self, environ: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(environ, *args, **kwargs)
        if self.path.startswith(f"{PREFIX}/"):
            self.max_content_length = ROOM


def scorer_key(secret: str) -> str:
    """Return the key by which one installation's processes know each other."""
    return derived_key(secret, "scorer").hex()


@blueprint.before_request
def check_key() -> None:
    """Let only those in who share this installation's secret."""
    wanted = f"Bearer {scorer_key(context.services().settings.secret_key)}"
    if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), wanted.encode()):
        raise NotSignedIn("This is for the installation's own processes.")


@blueprint.get("/engine")
def engine() -> Response:
    """Say which engine answers here, and if it doesn't, why."""
    return jsonify(_about())


@blueprint.post("/score")
def score() -> Response:
    """Score texts: a row a text, a column a label."""
    scores = context.services().judge.toxicity.score(_texts())
    rows = [[row.get(label) for label in TOXICITY_LABELS] for row in scores]
    return jsonify({"engine": _about(), "labels": TOXICITY_LABELS, "scores": rows})


@blueprint.post("/evidence")
def evidence() -> Response:
    """Return the ranges of one text that drove its score."""
    (text,) = _texts()
    return jsonify({"spans": context.services().judge.toxicity.evidence(text)})


@blueprint.post("/embed")
def embed() -> Response:
    """Return the vectors of texts one after the other, as little-endian float32."""
    engine = context.services().judge.toxicity
    if not isinstance(engine, BatchingEngine):
        raise ClassifierUnavailable("This scorer has no embedding.")
    vectors = engine.embed(_texts())
    return Response(np.ascontiguousarray(vectors, dtype="<f4").tobytes(), mimetype="application/octet-stream")


def _about() -> dict[str, Any]:
    judge = context.services().judge
    about = judge.describe()
    known = {"name": about["engine"], "version": about["version"], "why": about["why"]}
    return {**known, "languages": sorted(judge.languages)}


def _texts() -> list[str]:
    texts = parse_json(request.get_data(cache=False)).get("texts")
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise Invalid("This takes a list of texts.", field="texts")
    return texts
