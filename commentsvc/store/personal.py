"""What is kept of a person, column by column: what does their export show of it, and what does a deletion leave?

One rule for each column that names a person, one of their comments, or their e-mail address. A test walks all tables
and fails on a column without a rule; a new table gets its lines below.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from sqlalchemy.orm import InstrumentedAttribute

from commentsvc.store import models as m
from commentsvc.store.models import Table


class Fate(StrEnum):
    """What a deletion does with the rows in which a column names somebody."""

    DELETE = "delete"
    CLEAR = "clear"
    """Some columns are emptied; the row stays."""
    KEEP = "keep"
    """The row stays as it is, and names an account of which nothing is left."""
    APART = "apart"
    """actions.erasing has code of its own for it."""


class By(StrEnum):
    """What a column holds that leads to a person."""

    PERSON = "person"
    COMMENT = "comment"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with the rows in which one column leads to a person."""

    column: InstrumentedAttribute[Any]
    fate: Fate
    why: str
    """For whoever reads docs and code: why this fate, or why the export doesn't show it."""
    title: str = ""
    """How the export heads these rows; empty when it doesn't have them."""
    shown: str = ""
    """The columns that the export shows, with spaces between."""
    cleared: Mapping[str, Any] = field(default_factory=dict)
    at_once: bool = False
    """Whether its rows go when the account is closed, before anything else: by them somebody could come in again."""

    @property
    def table(self) -> type[Table]:
        """The table's class."""
        return cast(type[Table], self.column.class_)

    @property
    def key(self) -> str:
        """The column's name in full, by which a job remembers where it is."""
        return f"{self.table.__tablename__}.{self.column.key}"

    @property
    def by(self) -> By:
        """How the rows are found."""
        targets = {foreign.column.table.name for foreign in self.column.property.columns[0].foreign_keys}
        if "comments" in targets or self.key == "comments.id":
            return By.COMMENT
        return By.PERSON if "persons" in targets or self.key == "persons.id" else By.ADDRESS


GONE_NAME = "Deleted account"
"""By what name an account goes of which nothing is left; names like it are reserved."""
GONE_SKELETON = "gone:"
"""How the skeletons of such accounts begin; no name's does."""
_HISTORY = "What was decided stays known; whoever did it is a deleted account."
_ACCESS = "It lets somebody in, or did."
_WORK = "Managers' work, in which the person is only a number."

RULES: tuple[Rule, ...] = (
    # The account and its memberships.
    Rule(
        m.Person.id, Fate.APART, "Emptied: no address, name, password or proof is left.", "Your account",
        "id name email email_verified_at created_at",
    ),
    Rule(
        m.Membership.person_id, Fate.APART, "Without name and role; the counters belong to the history.",
        "Sites that you take part in",
        "site_id name role published_count rejected_count reports_upheld reports_dismissed created_at",
    ),
    # What they wrote.
    Rule(
        m.Comment.person_id, Fate.APART, "Withdrawn, so that replies keep their place below a tombstone; emptied.",
        "Comments that you wrote",
        "id site_id article_id parent_id status body revision created_at published_at edited_at up down reply_count",
    ),
    Rule(
        m.Revision.comment_id, Fate.CLEAR, "The texts go.", "All versions of your comments",
        "comment_id number body created_at", {"body": ""},
    ),
    Rule(m.Comment.parent_id, Fate.KEEP, "Others' replies are theirs."),
    Rule(
        m.Vote.person_id, Fate.KEEP, "A vote is part of somebody else's standing and says nothing of who is gone.",
        "Votes that you gave", "comment_id value created_at",
    ),
    Rule(m.Vote.comment_id, Fate.KEEP, "Others' votes are theirs; the comment shows how many."),
    Rule(
        m.Nudge.person_id, Fate.CLEAR, "Counted in figures; what stood for the text goes.",
        "Feedback that you were given before posting", "site_id guideline outcome created_at", {"fingerprint": 0},
    ),
    Rule(m.Nudge.comment_id, Fate.KEEP, "Its author's nudges are found by person."),
    Rule(
        m.Report.person_id, Fate.CLEAR, "That it was made, and what came of it, belongs to the comment; its words go.",
        "Reports that you made", "comment_id revision reason detail outcome created_at", {"detail": ""},
    ),
    Rule(
        m.Report.comment_id, Fate.CLEAR, "Its words may speak of the author.", "Reports of your comments",
        "comment_id revision reason outcome created_at", {"detail": ""},
    ),
    Rule(
        m.Appeal.person_id, Fate.CLEAR, "That it was made belongs to the decision; its words go.",
        "Appeals that you made", "comment_id decision_id message created_at", {"message": ""},
    ),
    Rule(m.Appeal.comment_id, Fate.KEEP, "The same appeals; they are found by person."),
    Rule(
        m.LegalNotice.email, Fate.CLEAR, "The notice stays until its site's retention ends; its sender goes.",
        "Notices of illegal content that you sent",
        "comment_id ground explanation name email outcome created_at", {"name": "", "email": ""},
    ),
    Rule(
        m.LegalNotice.comment_id, Fate.KEEP, "Somebody else's legal case; it ends with its site's retention.",
        "Notices of illegal content about your comments", "comment_id ground outcome created_at",
    ),
    # What was made of it.
    Rule(
        m.SignalRow.comment_id, Fate.CLEAR, "Scores stay for figures; spans and words of the text go.",
        "What automatic checks made of your comments",
        "comment_id revision check guideline state score engine version created_at", {"evidence": {}},
    ),
    Rule(
        m.Decision.comment_id, Fate.CLEAR, "Who decided what and when stays; free text may speak of the author.",
        "Decisions about your comments",
        "comment_id revision action from_status to_status rule guideline message created_at",
        {"note": "", "message": ""},
    ),
    Rule(
        m.Case.comment_id, Fate.KEEP, "That a case was open and closed is counted.",
        "When your comments waited for a manager", "comment_id reasons opened_at closed_at",
    ),
    Rule(m.ShadowVerdict.comment_id, Fate.KEEP, "What other thresholds would have done; a count, and no text."),
    Rule(m.Band.comment_id, Fate.DELETE, "It stands for the text; the export has the text."),
    Rule(m.BulkItem.comment_id, Fate.KEEP, _WORK),
    Rule(
        m.CommentNetwork.comment_id, Fate.DELETE, "It is only good for comparing.",
        "Comments whose network is still known, as a hash", "comment_id created_at",
    ),
    # What managers know and do of them.
    Rule(
        m.Sanction.person_id, Fate.KEEP, _HISTORY, "Sanctions against you",
        "site_id kind reason created_at until lifted_at lift_reason acknowledged_at",
    ),
    Rule(
        m.PersonNote.person_id, Fate.DELETE,
        "The export says that there are notes; their words also speak of who wrote them: ask the site for them.",
        "Managers’ notes about you", "site_id created_at",
    ),
    Rule(
        m.CommentNote.author_id, Fate.DELETE, "As notes about a person.", "Managers’ notes beside your comments",
        "site_id comment_id created_at",
    ),
    Rule(m.CommentNote.comment_id, Fate.DELETE, "The same notes."),
    Rule(
        m.Clearing.person_id, Fate.KEEP, _HISTORY, "When all that you posted was rejected",
        "site_id guideline message created_at finished_at",
    ),
    Rule(
        m.Access.person_id, Fate.KEEP, "It ends with its site's retention.",
        "When staff looked at your personal data", "site_id kind created_at",
    ),
    # What they are told.
    Rule(
        m.Notice.person_id, Fate.DELETE, "Nobody is there to read it.", "What you were told",
        "site_id kind comment_id facts created_at read_at",
    ),
    Rule(m.Notice.comment_id, Fate.DELETE, "It may quote who is gone."),
    Rule(
        m.Follow.person_id, Fate.DELETE, "Nobody is there to be told.", "Threads you follow or have muted",
        "site_id article_id comment_id muted created_at",
    ),
    Rule(m.Follow.comment_id, Fate.DELETE, "Nothing more is written below what is gone."),
    Rule(
        m.NoticePreference.person_id, Fate.DELETE, "Nobody is there to be told.", "How you want to be told",
        "site_id kind in_page mail",
    ),
    Rule(m.Bounce.address, Fate.DELETE, "Whoever has the address next may be sent mail."),
    Rule(
        m.OutgoingMail.person_id, Fate.DELETE, "Nobody is there to read it.", "Mails to you",
        "kind to_address site_id facts created_at sent_at",
    ),
    Rule(m.OutgoingMail.to_address, Fate.DELETE, "The same, and those that were sent without an account."),
    Rule(m.AlertSettings.mail_to, Fate.APART, "Their address is taken off the site's list."),
    Rule(m.AlertMessage.target, Fate.DELETE, "It went to their address."),
    # How they come in.
    Rule(m.AuthorizationCode.person_id, Fate.DELETE, _ACCESS, at_once=True),
    Rule(
        m.RefreshToken.person_id, Fate.DELETE, _ACCESS, "Pages on which you are signed in", "site_id expires_at",
        at_once=True,
    ),
    Rule(
        m.ApiToken.person_id, Fate.DELETE, _ACCESS, "Your API tokens",
        "site_id name scopes created_at last_used_at revoked_at", at_once=True,
    ),
    Rule(
        m.BrowserSession.person_id, Fate.DELETE, _ACCESS, "Browsers in which you are signed in",
        "agent created_at seen_at expires_at", at_once=True,
    ),
    Rule(m.SecondFactor.person_id, Fate.DELETE, _ACCESS, "Your two-step sign-in", "created_at", at_once=True),
    Rule(m.RecoveryCode.person_id, Fate.DELETE, _ACCESS, at_once=True),
    Rule(
        m.Identity.person_id, Fate.DELETE, _ACCESS, "Accounts elsewhere by which you sign in",
        "site_id issuer subject created_at last_used_at", at_once=True,
    ),
    Rule(
        m.OneTimeLink.person_id, Fate.DELETE, _ACCESS, "Links that were sent to you", "purpose expires_at",
        at_once=True,
    ),
    Rule(m.IdempotencyKey.person_id, Fate.DELETE, "Answers, kept a day for whoever asks again."),
    Rule(m.Export.person_id, Fate.APART, "Deleted with its pieces.", "Your exports", "state size created_at ready_at"),
    Rule(m.AccountDeletion.person_id, Fate.KEEP, "The proof that it was done.", "Deletions that you asked for",
         "state asked_at due_at"),
    Rule(m.AccountDeletion.address, Fate.APART, "Emptied when the job ends."),
    # What they did as staff.
    Rule(m.Shortcuts.person_id, Fate.DELETE, "Their own.", "Your keys at the desk", "keys"),
    Rule(
        m.DefaultView.person_id, Fate.DELETE, "Their own.", "Views that your queue opens with", "site_id view_id",
    ),
    Rule(
        m.SavedView.person_id, Fate.APART, "Shared views belong to the desk; private ones go.",
        "Views that you saved", "site_id name filters shared created_at",
    ),
    Rule(m.Presence.person_id, Fate.DELETE, "Over.", "When you were last at a desk", "site_id seen_at"),
    Rule(m.Case.lease_person_id, Fate.CLEAR, "A case that nobody has any more.",
         cleared={"lease_person_id": None, "lease_until": None}),
    Rule(
        m.Decision.by_person_id, Fate.KEEP, _HISTORY, "Decisions that you made",
        "site_id comment_id action to_status guideline note message created_at",
    ),
    Rule(m.Sanction.by_person_id, Fate.KEEP, _HISTORY, "Sanctions that you imposed", "site_id kind created_at"),
    Rule(m.Sanction.lifted_by_person_id, Fate.KEEP, _HISTORY, "Sanctions that you lifted", "site_id kind lifted_at"),
    Rule(m.PersonNote.by_person_id, Fate.KEEP, _HISTORY, "Notes about people that you wrote", "site_id created_at"),
    Rule(
        m.CommentNote.by_person_id, Fate.KEEP, _HISTORY, "Notes beside comments that you wrote",
        "site_id comment_id created_at",
    ),
    Rule(m.Clearing.by_person_id, Fate.KEEP, _HISTORY, "Clearings that you began", "site_id guideline created_at"),
    Rule(m.Clearing.undone_by_person_id, Fate.KEEP, _HISTORY),
    Rule(m.Bulk.person_id, Fate.KEEP, _HISTORY, "Bulk decisions that you made",
         "site_id kind action guideline note message total created_at"),
    Rule(m.Bulk.undone_by_id, Fate.KEEP, _HISTORY),
    Rule(m.PolicyChange.by_person_id, Fate.KEEP, _HISTORY, "Changes of policy that you made",
         "site_id what created_at"),
    Rule(m.Backtest.by_person_id, Fate.KEEP, _HISTORY, "Back-tests that you began", "site_id days created_at"),
    Rule(m.RuleChange.by_person_id, Fate.KEEP, _HISTORY, "Changes of rules that you made",
         "site_id section created_at"),
    Rule(m.BreakerTrip.extended_by_id, Fate.KEEP, _HISTORY),
    Rule(m.BreakerTrip.ended_by_id, Fate.KEEP, _HISTORY),
    Rule(m.Retention.updated_by_id, Fate.KEEP, _HISTORY),
    Rule(m.SigningKey.created_by_person_id, Fate.KEEP, _HISTORY, "Signing keys that you made",
         "site_id kid algorithm created_at"),
    Rule(m.Invitation.email, Fate.DELETE, "Nobody is there to accept it.", "Invitations to you",
         "site_id role created_at expires_at"),
    Rule(m.Invitation.by_person_id, Fate.KEEP, _HISTORY, "Invitations that you sent", "site_id role created_at"),
    Rule(
        m.SiteChange.person_id, Fate.CLEAR, "That a role changed stays known; the address in it goes.",
        "Changes of your part in a site", "site_id kind created_at", {"before": {}, "after": {}},
    ),
    Rule(m.SiteChange.by_person_id, Fate.KEEP, _HISTORY, "Changes of sites that you made", "site_id kind created_at"),
    Rule(m.Appeal.decided_by_person_id, Fate.KEEP, _HISTORY, "Appeals that you decided",
         "comment_id outcome created_at"),
    Rule(m.LawSettings.changed_by_person_id, Fate.KEEP, _HISTORY),
    Rule(
        m.NotifierMeasure.email, Fate.DELETE, "It was about notices from their address.",
        "Measures against notices from your address", "site_id kind reason created_at until lifted_at",
    ),
    Rule(m.NotifierMeasure.by_person_id, Fate.KEEP, _HISTORY, "Measures against notifiers that you took",
         "site_id kind created_at"),
    Rule(m.NotifierMeasure.lifted_by_person_id, Fate.KEEP, _HISTORY),
    Rule(m.Access.by_person_id, Fate.KEEP, "The trail must not lose who looked; it ends with the site's retention.",
         "When you looked at personal data as staff", "site_id kind created_at"),
)  # fmt: skip

PERSON_COLUMNS: Mapping[str, str] = {
    "id": "stays, since history names it",
    "email": "emptied",
    "name": "replaced",
    "skeleton": "freed",
    "password_hash": "emptied",
    "epoch": "raised, which ends every session",
    "email_verified_at": "emptied",
    "created_at": "stays: the account's age counts in figures",
}
"""What becomes of each column of `persons`; whoever adds one says so here, and empties it in actions.erasing."""


def sections() -> list[Rule]:
    """List the rules whose rows an export shows, in its order."""
    return [rule for rule in RULES if rule.title]
