"""What is a text judged to be, and by which rules?"""

from enum import StrEnum


class Guideline(StrEnum):
    """What the community promised; every signal and rejection names one."""

    COURTESY = "courtesy"
    ON_TOPIC = "on_topic"
    SPAM = "spam"
    LEGAL = "legal"
    PRIVACY = "privacy"


class Outcome(StrEnum):
    """What the policy says should happen to a text."""

    PUBLISH = "publish"
    HOLD = "hold"
    REJECT = "reject"


class SignalState(StrEnum):
    """Whether a check answered: `failed` is not `abstained` (moderation.md)."""

    OBSERVED = "observed"
    ABSTAINED = "abstained"
    FAILED = "failed"


class Mode(StrEnum):
    """What happens to a clean comment."""

    PUBLISH = "publish"
    PREMODERATE = "premoderate"
    CLOSED = "closed"


class BreakerAction(StrEnum):
    """What a circuit breaker that has tripped does to its article."""

    STRICTER = "stricter"
    PREMODERATE = "premoderate"


class Measure(StrEnum):
    """What a circuit breaker counts as trouble."""

    REJECTED = "rejected"
    REPORTED = "reported"
    OFF_TOPIC = "off_topic"


class Unscored(StrEnum):
    """What a site does with a text that the engine abstained on."""

    PUBLISH = "publish"
    SAMPLE = "sample"
    HOLD = "hold"


class When(StrEnum):
    """Whether a slow check is asked, and whether readers see the comment before it has answered."""

    OFF = "off"
    BEFORE = "before"
    AFTER = "after"


class FailureRule(StrEnum):
    """What a site does when a check raised, was too slow or answered NaN."""

    HOLD = "hold"
    IGNORE = "ignore"


class NudgeOutcome(StrEnum):
    """What the author did after a nudge; none yet means abandoned."""

    EDITED = "edited"
    POSTED_ANYWAY = "posted_anyway"


TOXICITY_LABELS = (
    "toxicity",
    "severe_toxicity",
    "obscene",
    "threat",
    "insult",
    "identity_attack",
    "sexual_explicit",
)
"""Detoxify's names, in its order; engines answer null for those they can't judge."""
