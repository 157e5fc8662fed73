"""How is it kept? The tables, each with the indexes that its reads walk.

Times are integer microseconds since 1970 (UTC), ids are 64-bit integers; both mean the same on SQLite and PostgreSQL.
"""

from commentsvc.store.models.administration import FirstRun, Invitation, Sighting, SiteChange
from commentsvc.store.models.bulk import Band, Bulk, BulkItem
from commentsvc.store.models.desk import (
    Case,
    CommentNote,
    Decision,
    DefaultView,
    LegalNotice,
    Notice,
    Presence,
    Report,
    SavedView,
    Shortcuts,
    SignalRow,
)
from commentsvc.store.models.insight import Alert, AlertMessage, AlertSettings, ShadowVerdict
from commentsvc.store.models.law import Appeal, LawSettings, NotifierMeasure
from commentsvc.store.models.mail import OutgoingMail
from commentsvc.store.models.notices import Bounce, Follow, NoticePreference
from commentsvc.store.models.people import Clearing, Membership, Person, PersonNote, Sanction
from commentsvc.store.models.policies import Backtest, PolicyChange, SiteSecret
from commentsvc.store.models.privacy import (
    Access,
    AccountDeletion,
    CommentNetwork,
    Export,
    ExportPart,
    NetworkKey,
    Retention,
)
from commentsvc.store.models.rules import BreakerTrip, RuleChange
from commentsvc.store.models.signin import (
    ApiToken,
    AuthorizationCode,
    BrowserSession,
    OneTimeLink,
    RecoveryCode,
    RefreshToken,
    SecondFactor,
    SignInFailure,
)
from commentsvc.store.models.single_signon import Identity, RefusedSignOn, SigningKey, SignOn, UsedAssertion
from commentsvc.store.models.sites import Article, Guidelines, Origin, Site
from commentsvc.store.models.table import CLOSED, OPEN, PUBLISHED, Table
from commentsvc.store.models.thread import Comment, Nudge, Revision, Vote
from commentsvc.store.models.upkeep import IdempotencyKey, Job, Rescoring

__all__ = [
    "CLOSED",
    "OPEN",
    "PUBLISHED",
    "Access",
    "AccountDeletion",
    "Alert",
    "AlertMessage",
    "AlertSettings",
    "ApiToken",
    "Appeal",
    "Article",
    "AuthorizationCode",
    "Backtest",
    "Band",
    "Bounce",
    "BreakerTrip",
    "BrowserSession",
    "Bulk",
    "BulkItem",
    "Case",
    "Clearing",
    "Comment",
    "CommentNetwork",
    "CommentNote",
    "Decision",
    "DefaultView",
    "Export",
    "ExportPart",
    "FirstRun",
    "Follow",
    "Guidelines",
    "IdempotencyKey",
    "Identity",
    "Invitation",
    "Job",
    "LawSettings",
    "LegalNotice",
    "Membership",
    "NetworkKey",
    "Notice",
    "NoticePreference",
    "NotifierMeasure",
    "Nudge",
    "OneTimeLink",
    "Origin",
    "OutgoingMail",
    "Person",
    "PersonNote",
    "PolicyChange",
    "Presence",
    "RecoveryCode",
    "RefreshToken",
    "RefusedSignOn",
    "Report",
    "Rescoring",
    "Retention",
    "Revision",
    "RuleChange",
    "Sanction",
    "SavedView",
    "SecondFactor",
    "ShadowVerdict",
    "Shortcuts",
    "Sighting",
    "SignInFailure",
    "SignOn",
    "SignalRow",
    "SigningKey",
    "Site",
    "SiteChange",
    "SiteSecret",
    "Table",
    "UsedAssertion",
    "Vote",
]
