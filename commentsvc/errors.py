"""What can go wrong, in domain words? Only web/errors.py knows HTTP numbers.

Raising one means that nothing happened; what must be remembered of a refusal is returned instead.
"""

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal: a stable code, one sentence for people, and the field it is about."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, field: str | None = None, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.details = details


class Malformed(DomainError):
    """The request could not be understood at all."""

    code = "malformed"


class Invalid(DomainError):
    """A value was understood and is not acceptable."""

    code = "invalid"


class NotSignedIn(DomainError):
    """No valid sign-in came with the request."""

    code = "not_signed_in"


class Forbidden(DomainError):
    """The person may not do this to this thing."""

    code = "forbidden"


class OriginRefused(DomainError):
    """The page's origin is not registered for the site."""

    code = "origin_refused"


class Sanctioned(DomainError):
    """The person is suspended or banned on the site."""

    code = "sanctioned"


class NotFound(DomainError):
    """There is no such thing, or not for this person."""

    code = "not_found"


class Conflict(DomainError):
    """What was seen is no longer so."""

    code = "conflict"


class ParentNotPublic(DomainError):
    """A reply needs a parent that readers can see."""

    code = "parent_not_public"


class ParentChanged(DomainError):
    """What is answered was edited after its reader last saw it; nothing was stored."""

    code = "parent_changed"


class ArticleClosed(DomainError):
    """The article takes no comments."""

    code = "article_closed"


class EditWindowOver(DomainError):
    """The comment can no longer be edited."""

    code = "edit_window_over"


class Nudged(DomainError):
    """The text may break a guideline: edit it, or post it and have it reviewed."""

    code = "nudge"


class KeyReused(DomainError):
    """The idempotency key came with another body before."""

    code = "idempotency_key_reused"


class KeyInFlight(DomainError):
    """The same request is being answered right now."""

    code = "idempotency_key_in_flight"


class TooManyRequests(DomainError):
    """A limit was reached; `retry_after` says for how many whole seconds."""

    code = "too_many_requests"

    def __init__(self, message: str, *, retry_after: int, **details: int) -> None:
        super().__init__(message, details={"retry_after": retry_after, **details})
        self.retry_after = retry_after


class TokenRefused(DomainError):
    """A grant failed; `reason` is the error word of RFC 6749, section 5.2."""

    code = "invalid_grant"

    def __init__(self, message: str, *, reason: str = "invalid_grant", details: dict[str, Any] | None = None) -> None:
        super().__init__(message, details=details)
        self.reason = reason


class ClassifierUnavailable(DomainError):
    """The engine cannot answer; comments are held until it can."""

    code = "classifier_unavailable"


class Unanswered(DomainError):
    """Somebody else's server gave no answer that can be used."""

    code = "unanswered"


class Misconfigured(DomainError):
    """A setting or the installation is wrong; the message names it and says what to do."""

    code = "misconfigured"
