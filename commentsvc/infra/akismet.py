"""Does Akismet take a comment for spam?"""

from collections.abc import Mapping
from urllib.parse import urlencode

from commentsvc.errors import Unanswered
from commentsvc.infra import http

TIMEOUT_S = 5.0
SPAM, BLATANT = 0.9, 0.99
"""The scores of its two kinds of yes: spam, and what it would throw away unseen."""


def ask(url: str, comment: Mapping[str, str], *, key: str, allow_private: bool = False) -> float:
    """Return 0 for a comment that is none, else SPAM or BLATANT; raise Unanswered when it doesn't say."""
    body = urlencode({"api_key": key, **comment}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = http.send(url, body=body, headers=headers, timeout=TIMEOUT_S, allow_private=allow_private)
    said = answer.body.strip()
    if answer.is_success and said == b"false":
        return 0.0
    if answer.is_success and said == b"true":
        return BLATANT if answer.headers.get("x-akismet-pro-tip", "").strip() == "discard" else SPAM
    if said == b"invalid":
        raise Unanswered("Akismet says that the key or the request is invalid.")
    raise Unanswered(f"Akismet answered with status {answer.status} and neither yes nor no.")
