"""Is the service well? For load balancers, and for people who are woken up."""

from flask import Blueprint, Response, jsonify

blueprint = Blueprint("operations", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Say that the process answers."""
    return jsonify({"status": "ok"})
