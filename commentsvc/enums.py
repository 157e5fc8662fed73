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


class SiteChangeKind(StrEnum):
    """What was changed about a site."""

    CREATED = "created"
    DETAILS = "details"
    ORIGIN_ADDED = "origin_added"
    ORIGIN_REMOVED = "origin_removed"
    INVITED = "invited"
    UNINVITED = "uninvited"
    JOINED = "joined"
    ROLE = "role"
    REMOVED = "removed"
    TOKEN_CREATED = "token_created"  # noqa: S105 (a word for what was done)
    TOKEN_REVOKED = "token_revoked"  # noqa: S105


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


class NudgeOutcome(StrEnum):
    """What the author did after a nudge; none yet means abandoned."""

    EDITED = "edited"
    POSTED_ANYWAY = "posted_anyway"


class AlertKind(StrEnum):
    """What an alert is about."""

    OLDEST = "oldest"
    DEPTH = "depth"
    ARTICLE = "article"
    CLASSIFIER = "classifier"


class AlertEvent(StrEnum):
    """What a message about an alert says."""

    RAISED = "raised"
    RESOLVED = "resolved"
    TEST = "test"


class Channel(StrEnum):
    """How a message goes out."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class MessageState(StrEnum):
    """Where a message is; `failed` after a day of trying."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class MailKind(StrEnum):
    """What a mail says; each has its texts in templates/mail."""

    INVITATION = "invitation"
    NOTICES = "notices"
    EXPORT_READY = "export_ready"
    DELETION_ASKED = "deletion_asked"
    DELETION_DONE = "deletion_done"
    NOTICE_RECEIPT = "notice_receipt"
    NOTICE_DECIDED = "notice_decided"
    COMPLAINT_DECIDED = "complaint_decided"
    NOTIFIER_MEASURE = "notifier_measure"
    VERIFY_EMAIL = "verify_email"
    CHANGE_EMAIL = "change_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 (a kind of mail, not a password)
    ACCOUNT_CHANGED = "account_changed"


class NoticeKind(StrEnum):
    """What a person is told of."""

    DECISION = "decision"
    REPLY = "reply"
    MENTION = "mention"
    FOLLOWED = "followed"
    APPEAL = "appeal"
    SANCTION = "sanction"
    REPORT = "report"


class MailPace(StrEnum):
    """When a person is told by mail: at once, gathered by hour or by day, or never."""

    AT_ONCE = "at_once"
    HOURLY = "hourly"
    DAILY = "daily"
    NEVER = "never"


class Following(StrEnum):
    """Whether a person wants to hear of a thread: of all that is new, of nothing, or as is usual."""

    FOLLOW = "follow"
    MUTE = "mute"
    USUAL = "usual"


class Purpose(StrEnum):
    """What a one-time link is good for, and for nothing else."""

    SET_PASSWORD = "set_password"  # noqa: S105 (a purpose, not a password)
    INVITATION = "invitation"
    KEEP_ACCOUNT = "keep_account"
    RESET_PASSWORD = "reset_password"  # noqa: S105 (a purpose, not a password)
    VERIFY_EMAIL = "verify_email"
    CHANGE_EMAIL = "change_email"


class ExportState(StrEnum):
    """Whether a person's copy of their data can be downloaded."""

    WAITING = "waiting"
    READY = "ready"


class DeletionState(StrEnum):
    """Where the deletion of an account is; `asked` is the day in which it can be taken back."""

    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    TAKEN_BACK = "taken_back"


class AccessKind(StrEnum):
    """How staff came to see personal data."""

    PERSON = "person"
    SEARCH = "search"
    EMAIL = "email"


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


class BacktestState(StrEnum):
    """Whether a back-test goes on; `applied` once its policy was switched on."""

    OPEN = "open"
    DONE = "done"
    APPLIED = "applied"


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


class SignOnProblem(StrEnum):
    """Why a sign-on by a site's own accounts failed: first what a signed token can lack, then what a provider can."""

    NO_KEYS = "no_keys"
    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    UNSIGNED = "unsigned"
    NO_KID = "no_kid"
    UNKNOWN_KID = "unknown_kid"
    RETIRED_KEY = "retired_key"
    WRONG_ALGORITHM = "wrong_algorithm"
    BAD_SIGNATURE = "bad_signature"
    MISSING_CLAIM = "missing_claim"
    BAD_CLAIM = "bad_claim"
    WRONG_ISSUER = "wrong_issuer"
    WRONG_AUDIENCE = "wrong_audience"
    EXPIRED = "expired"
    TOO_LONG_LIVED = "too_long_lived"
    NOT_YET_VALID = "not_yet_valid"
    REPLAYED = "replayed"
    PROVIDER_SILENT = "provider_silent"
    PROVIDER_REFUSED = "provider_refused"
    PROVIDER_WRONG = "provider_wrong"


class SigningAlgorithm(StrEnum):
    """How a publisher's server may sign; each key is pinned to one."""

    HS256 = "HS256"
    RS256 = "RS256"
    ES256 = "ES256"
    EDDSA = "EdDSA"
