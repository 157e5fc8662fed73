"""One error body everywhere, over every error class."""

import inspect

import pytest

from commentsvc import errors
from commentsvc.app import create_app
from commentsvc.errors import DomainError
from commentsvc.web.errors import STATUS

CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, DomainError) and kind is not DomainError
]


@pytest.fixture
def own_app(settings, shared_judge):
    """An application that no other test shares: routes are added to it."""
    made = create_app(settings, judge=shared_judge)
    yield made
    made.extensions["commentsvc"].db.dispose()


@pytest.mark.parametrize("kind", CLASSES)
def test_every_domain_error_has_a_status_and_the_one_body(own_app, kind: type[DomainError]) -> None:
    error = (
        kind("Why not.", retry_after=3)
        if kind is errors.TooManyRequests
        else kind("Why not.", field="body")
        if kind is not errors.TokenRefused
        else kind("Why not.")
    )

    @own_app.get(f"/api/v1/test-{kind.__name__}")
    def fail() -> None:
        raise error

    answer = own_app.test_client().get(f"/api/v1/test-{kind.__name__}")

    body = {"code": kind.code, "message": "Why not."}
    if error.field:
        body["field"] = error.field
    if error.details:
        body["details"] = error.details
    assert answer.status_code == STATUS[kind]
    assert answer.get_json() == {"error": body}


def test_codes_are_unique() -> None:
    assert len({kind.code for kind in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/api/v1/nowhere", 404, "not_found"),
        ("put", "/api/v1/config", 405, "method_not_allowed"),
        ("get", "/api/v1/comments?site=daily", 422, "invalid"),
    ],
)
def test_flasks_own_errors_have_the_one_body(client, cast, method: str, path: str, status: int, code: str) -> None:
    answer = getattr(client, method)(path)

    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert error["message"]


def test_a_crash_is_recorded_and_says_nothing_of_itself(own_app) -> None:
    @own_app.get("/api/v1/crash")
    def crash() -> None:
        raise RuntimeError("the secret detail")

    answer = own_app.test_client().get("/api/v1/crash")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.get_json()["error"]["code"] == "internal"


def test_a_person_gets_a_page_instead(client) -> None:
    answer = client.get("/nowhere", headers={"Accept": "text/html"})

    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
