"""Which words does everyone share?"""

from enum import IntEnum, StrEnum


class Status(StrEnum):
    """What readers see of a comment; only `published` is public."""

    PUBLISHED = "published"
    HELD = "held"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


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


class Reason(IntEnum):
    """Why a case is open; values are bits, so that one column holds several."""

    HELD = 1
    REPORTED = 2
    APPEAL = 4
    SAMPLE = 8
    RESCORED = 16
    ESCALATED = 32

    @property
    def word(self) -> str:
        """The reason as the API and the console write it."""
        return self.name.lower()

    @classmethod
    def words(cls, bits: int) -> list[str]:
        """Spell out a bit set, in declaration order."""
        return [reason.word for reason in cls if bits & reason]


class CaseState(StrEnum):
    """Whether a case still needs a manager."""

    OPEN = "open"
    CLOSED = "closed"


class Action(StrEnum):
    """What a decision does; `undo` takes an earlier one back."""

    PUBLISH = "publish"
    APPROVE = "approve"
    REJECT = "reject"
    WITHHOLD = "withhold"
    WITHDRAW = "withdraw"
    PIN = "pin"
    UNPIN = "unpin"
    FEATURE = "feature"
    UNFEATURE = "unfeature"
    ESCALATE = "escalate"
    UNDO = "undo"


class Role(StrEnum):
    """What a person is on one site."""

    READER = "reader"
    MANAGER = "manager"
    ADMIN = "admin"


class Scope(StrEnum):
    """What a token may do."""

    READER = "reader"
    MODERATE = "moderate"
    ARTICLES = "articles"
    ANALYZE = "analyze"


class Sort(StrEnum):
    """The order of top-level comments."""

    BEST = "best"
    NEWEST = "newest"
    OLDEST = "oldest"
    REPLIES = "replies"
    CONTROVERSIAL = "controversial"


class CaseSort(StrEnum):
    """The order of the queue; closed cases go by when they closed."""

    PRIORITY = "priority"
    OLDEST = "oldest"
    NEWEST = "newest"


class ArticleSort(StrEnum):
    """The order of a site's articles."""

    COMMENTS = "comments"
    NEWEST = "newest"
    CASES = "cases"


class ArticleState(StrEnum):
    """Whether an article takes comments; an archived one takes nothing at all."""

    OPEN = "open"
    CLOSED = "closed"
    ARCHIVED = "archived"


class Mode(StrEnum):
    """What happens to a clean comment."""

    PUBLISH = "publish"
    PREMODERATE = "premoderate"
    CLOSED = "closed"


class Unscored(StrEnum):
    """What a site does with a text that the engine abstained on."""

    PUBLISH = "publish"
    SAMPLE = "sample"
    HOLD = "hold"


class FailureRule(StrEnum):
    """What a site does when a check raised, was too slow or answered NaN."""

    HOLD = "hold"
    IGNORE = "ignore"


class ReportReason(StrEnum):
    """Why a reader reports a comment."""

    COURTESY = "courtesy"
    ON_TOPIC = "on_topic"
    SPAM = "spam"
    LEGAL = "legal"
    PRIVACY = "privacy"
    OTHER = "other"


class ReportOutcome(StrEnum):
    """Whether the manager agreed with a report."""

    UPHELD = "upheld"
    DISMISSED = "dismissed"


class SanctionKind(StrEnum):
    """What a site imposes on a person."""

    WARN = "warn"
    PREMODERATE = "premoderate"
    SUSPEND = "suspend"
    BAN = "ban"


class NudgeOutcome(StrEnum):
    """What the author did after a nudge; none yet means abandoned."""

    EDITED = "edited"
    POSTED_ANYWAY = "posted_anyway"


class JobState(StrEnum):
    """Where a job is in its life."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class RescoringState(StrEnum):
    """Whether a rescoring goes on; `replaced` by one for another engine or version."""

    OPEN = "open"
    DONE = "done"
    REPLACED = "replaced"


class Phase(StrEnum):
    """Which comments a rescoring is at."""

    CASES = "cases"
    PUBLISHED = "published"


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
