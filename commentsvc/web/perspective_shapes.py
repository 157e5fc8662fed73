"""What do Perspective's clients send, and how do they expect to be refused? The names are Perspective's own."""

from typing import Any, Literal, TypeVar

from flask import Response, jsonify
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from commentsvc import errors
from commentsvc.errors import DomainError, Invalid, NotSignedIn
from commentsvc.web.security import parse_json

T = TypeVar("T", bound=BaseModel)

_ERROR_TYPE = "type.googleapis.com/google.commentanalyzer.v1alpha1.Error"
_ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
_STATUS: dict[type[DomainError], tuple[int, str, str]] = {
    errors.Malformed: (400, "INVALID_ARGUMENT", ""),
    errors.Invalid: (400, "INVALID_ARGUMENT", ""),
    errors.NotSignedIn: (403, "PERMISSION_DENIED", "CONSUMER_INVALID"),
    errors.Forbidden: (403, "PERMISSION_DENIED", "API_KEY_SERVICE_BLOCKED"),
    errors.NotFound: (404, "NOT_FOUND", ""),
    errors.TooManyRequests: (429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"),
    errors.ClassifierUnavailable: (503, "UNAVAILABLE", ""),
}


class _In(BaseModel):
    """Protobuf's JSON: members in camel or snake case, null for what is left out, nothing unknown."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", allow_inf_nan=False)


class TextEntry(_In):
    """A text."""

    text: str | None = None
    type: Literal["PLAIN_TEXT", "HTML", "TEXT_TYPE_UNSPECIFIED"] | None = None


class ArticleAndParentComment(_In):
    """What the comment is about and answers."""

    article: TextEntry | None = None
    parent_comment: TextEntry | None = None


class Context(_In):
    """What surrounds the comment; it is understood and not used, as it was at Perspective."""

    entries: list[TextEntry] | None = None
    article_and_parent_comment: ArticleAndParentComment | None = None


class AttributeParameters(_In):
    """How one attribute is wanted."""

    score_type: str | None = None
    score_threshold: float | None = None


class AnalyzeCommentRequest(_In):
    """Score a comment."""

    comment: TextEntry = Field(default_factory=TextEntry)
    context: Context | None = None
    requested_attributes: dict[str, AttributeParameters | None] | None = None
    languages: list[str] | None = None
    do_not_store: bool | None = None
    span_annotations: bool | None = None
    client_token: str | None = None
    session_id: str | None = None
    community_id: str | None = None


class Score(_In):
    """A score that somebody gives."""

    value: float | None = None
    type: str | None = None


class SpanScore(_In):
    """A score of a part."""

    begin: int | None = None
    end: int | None = None
    score: Score | None = None


class AttributeScores(_In):
    """What one attribute should have been."""

    summary_score: Score | None = None
    span_scores: list[SpanScore] | None = None


class SuggestCommentScoreRequest(_In):
    """Say what a score should have been."""

    comment: TextEntry = Field(default_factory=TextEntry)
    context: Context | None = None
    attribute_scores: dict[str, AttributeScores | None] | None = None
    languages: list[str] | None = None
    client_token: str | None = None
    session_id: str | None = None
    community_id: str | None = None


def read(kind: type[T], body: bytes) -> T:
    """Read a request, whatever its content type says, or raise Malformed or Invalid."""
    try:
        return kind.model_validate(parse_json(body))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
        path = ".".join(map(str, problem["loc"]))
        if problem["type"] == "extra_forbidden":
            raise invalid(f'Invalid JSON payload received. Unknown name "{path}": Cannot find field.') from None
        raise invalid(f'Invalid value at "{path}": {problem["msg"]}.') from None


def invalid(message: str, error_type: str = "INVALID_REQUEST", **more: Any) -> Invalid:
    """Make a refusal that carries one of Perspective's error types."""
    return Invalid(message, details={"@type": _ERROR_TYPE, "errorType": error_type, **more})


def bad_key() -> NotSignedIn:
    """Make the refusal of a key that isn't one of ours; Google answers it by 400."""
    return NotSignedIn("API key not valid. Please pass a valid API key.", details=_info("API_KEY_INVALID"))


def refusal(error: DomainError) -> Response:
    """Answer a domain error in Google's shape."""
    code, status, reason = _STATUS[type(error)]
    if isinstance(error, NotSignedIn) and error.details:
        code, status = 400, "INVALID_ARGUMENT"
    own = error.details if isinstance(error, NotSignedIn | Invalid) else None
    details = own or (_info(reason) if reason else None)
    answer = _answer(code, status, error.message, details)
    if isinstance(error, errors.TooManyRequests):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def too_large() -> Response:
    """Answer a body that is longer than any request of ours."""
    return _answer(413, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 65536 bytes.", None)


def _answer(code: int, status: str, message: str, details: dict[str, Any] | None) -> Response:
    error: dict[str, Any] = {"code": code, "message": message, "status": status}
    if details:
        error["details"] = [details]
    answer = jsonify({"error": error})
    answer.status_code = code
    return answer


def _info(reason: str) -> dict[str, str]:
    return {"@type": _ERROR_INFO, "reason": reason, "domain": "googleapis.com"}
