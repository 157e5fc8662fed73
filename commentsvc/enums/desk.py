"""What waits at the desk, and what is decided there?"""

from enum import IntEnum, StrEnum


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


class CaseSort(StrEnum):
    """The order of the queue; closed cases go by when they closed."""

    PRIORITY = "priority"
    OLDEST = "oldest"
    NEWEST = "newest"


class Trust(StrEnum):
    """What an author's record on a site amounts to; see queries.trust."""

    NEW = "new"
    REGULAR = "regular"
    TRUSTED = "trusted"
    TROUBLED = "troubled"


class Holding(StrEnum):
    """Whose cases somebody asks for: all but those that colleagues have, or their own."""

    FREE = "free"
    MINE = "mine"


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
    UNHANDLED = "unhandled"
    """A legal notice of somebody whose notices aren't handled for now."""


class AppealKind(StrEnum):
    """Who appeals, and against what: an author, who was restricted, or who gave notice."""

    AUTHOR = "author"
    SANCTION = "sanction"
    NOTIFIER = "notifier"


class AppealState(StrEnum):
    """Where an appeal is; `dropped` when its author withdrew the comment."""

    OPEN = "open"
    DECIDED = "decided"
    DROPPED = "dropped"


class AppealOutcome(StrEnum):
    """Whether the appeal was right: the decision overturned, or confirmed."""

    OVERTURNED = "overturned"
    CONFIRMED = "confirmed"


class MeasureKind(StrEnum):
    """What a site does about somebody who often gives unfounded notices: first one, then the other."""

    WARN = "warn"
    SUSPEND = "suspend"


class SanctionKind(StrEnum):
    """What a site imposes on a person."""

    WARN = "warn"
    PREMODERATE = "premoderate"
    SUSPEND = "suspend"
    BAN = "ban"


class ClearingState(StrEnum):
    """Whether a clearing goes on."""

    OPEN = "open"
    DONE = "done"
    UNDONE = "undone"


class LegalGround(StrEnum):
    """Why somebody holds a comment to be illegal."""

    HATE = "hate"
    THREAT = "threat"
    DEFAMATION = "defamation"
    CHILD_ABUSE = "child_abuse"
    TERRORISM = "terrorism"
    PRIVACY = "privacy"
    COPYRIGHT = "copyright"
    FRAUD = "fraud"
    OTHER = "other"


class PeopleSort(StrEnum):
    """The order of a site's people; `reports` lists those who report, the most often wrong first."""

    NEWEST = "newest"
    REJECTED = "rejected"
    REPORTS = "reports"


class BulkKind(StrEnum):
    """By what the comments of a bulk decision were chosen."""

    SELECTION = "selection"
    AUTHOR = "author"
    WAVE = "wave"
    SCORE = "score"


class BulkScope(StrEnum):
    """Which of the comments that were asked for: those with an open case, or also what is public."""

    OPEN = "open"
    PUBLIC = "public"


class BulkState(StrEnum):
    """Where a bulk decision is in its life; `stopped` when its manager may no longer decide."""

    PREPARED = "prepared"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    UNDOING = "undoing"
    UNDONE = "undone"


class Phase(StrEnum):
    """Which comments a rescoring is at."""

    CASES = "cases"
    PUBLISHED = "published"
