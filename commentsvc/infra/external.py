"""What does a publisher's own judge say about a comment? A signed call; its answer is checked like any stranger's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from commentsvc.enums import Guideline
from commentsvc.errors import Unanswered
from commentsvc.infra import http

TIMEOUT_S = 5.0
_MAX_MESSAGE = 300
_MAX_SPANS = 100


@dataclass(frozen=True, slots=True)
class Opinion:
    """What somebody else's judge thinks of a text: 0 (fine) to 1, from .5 on it should wait."""

    score: float
    guideline: Guideline | None = None
    message: str = ""
    spans: tuple[tuple[int, int], ...] = ()


def ask(
    url: str, question: Mapping[str, Any], *, secret: str, at: int, length: int, allow_private: bool = False
) -> Opinion:
    """Ask the judge at an address, or raise Unanswered; `at` is in seconds, `length` the text's in code points."""
    body = json.dumps(question, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "X-Comments-Signature": http.signature(body, secret=secret, at=at),
    }
    answer = http.send(url, body=body, headers=headers, timeout=TIMEOUT_S, allow_private=allow_private)
    if not answer.is_success:
        raise Unanswered(f"The judge answered with status {answer.status}.")
    try:
        read = _Answer.model_validate_json(answer.body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        raise Unanswered(f"The judge answered something else than was agreed: {field}: {first['msg']}.") from None
    if not all(0 <= start < end <= length for start, end in read.spans):
        raise Unanswered("The judge answered something else than was agreed: spans: outside of the text.")
    message = "".join(char if char.isprintable() else " " for char in read.message)
    return Opinion(read.score, read.guideline, message.strip(), tuple(read.spans))


class _Answer(BaseModel):
    """What the judge may answer."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    score: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)]
    guideline: Guideline | None = None
    message: Annotated[str, Field(max_length=_MAX_MESSAGE, strict=True)] = ""
    spans: Annotated[list[tuple[int, int]], Field(max_length=_MAX_SPANS)] = []
