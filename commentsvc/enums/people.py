"""Who may do what, how do they come in, what are they told, what becomes of their data?"""

from enum import StrEnum


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
