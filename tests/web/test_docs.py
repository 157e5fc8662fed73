"""The API's document is valid, and so is the page that people read."""

from openapi_spec_validator import validate


def test_openapi_document_validates_and_names_every_error_body(client) -> None:
    spec = client.get("/api/v1/openapi.json").get_json()

    validate(spec)
    assert spec["openapi"].startswith("3.1")
    assert {"/api/v1/comments", "/api/v1/token", "/api/v1/moderation/cases", "/api/v1/articles"} <= spec["paths"].keys()
    errors = [
        answer["content"]["application/json"]["schema"]
        for operations in spec["paths"].values()
        for operation in operations.values()
        if isinstance(operation, dict) and "responses" in operation
        for status, answer in operation["responses"].items()
        if status >= "400" and "content" in answer
    ]
    assert errors
    assert {schema["$ref"].rpartition("/")[2] for schema in errors} == {"HTTPError", "ValidationError"}
    assert set(spec["components"]["schemas"]["HTTPError"]["properties"]) == {"error"}


def test_openapi_document_says_how_bodies_are_refused(client) -> None:
    paths = client.get("/api/v1/openapi.json").get_json()["paths"]

    taking = [one for operations in paths.values() for one in operations.values() if "requestBody" in one]

    assert len(taking) > 5
    assert all({"400", "413", "415"} <= one["responses"].keys() for one in taking)
    assert "/" not in paths


def test_page_lists_every_operation_with_nothing_from_elsewhere(client) -> None:
    page = client.get("/api/docs")

    assert page.status_code == 200
    for needle in ("POST /api/v1/comments", "GET /api/v1/comments/{comment_id}/replies", "OwnCommentOut", "parent"):
        assert needle in page.text
    assert "https://" not in page.text
    assert "<script" not in page.text
