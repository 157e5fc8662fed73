"""How is it kept? The tables, each with the indexes that its reads walk.

Times are integer microseconds since 1970 (UTC), ids are 64-bit integers; both mean the same on SQLite and PostgreSQL.
"""

from commentsvc.store.models.desk import Appeal, Case, CommentNote, Decision, Notice, Report, Shortcuts, SignalRow
from commentsvc.store.models.people import Membership, Person, Sanction
from commentsvc.store.models.signin import ApiToken, AuthorizationCode, OneTimeLink, RefreshToken, SignInFailure
from commentsvc.store.models.sites import Article, Guidelines, Origin, Site
from commentsvc.store.models.table import CLOSED, OPEN, PUBLISHED, Table
from commentsvc.store.models.thread import Comment, Nudge, Revision, Vote
from commentsvc.store.models.upkeep import IdempotencyKey, Job, Rescoring

__all__ = [
    "CLOSED",
    "OPEN",
    "PUBLISHED",
    "ApiToken",
    "Appeal",
    "Article",
    "AuthorizationCode",
    "Case",
    "Comment",
    "CommentNote",
    "Decision",
    "Guidelines",
    "IdempotencyKey",
    "Job",
    "Membership",
    "Notice",
    "Nudge",
    "OneTimeLink",
    "Origin",
    "Person",
    "RefreshToken",
    "Report",
    "Rescoring",
    "Revision",
    "Sanction",
    "Shortcuts",
    "SignInFailure",
    "SignalRow",
    "Site",
    "Table",
    "Vote",
]
