"""What goes when an account is deleted? A job does it in small steps, as store.personal says for each table.

First the account is closed and loses its name, then its comments are withdrawn and emptied, some at a time, then
everything else goes table by table. Where it has come to is kept in the transaction of what it did, so it may be killed
at any point and goes on from there.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, select, tuple_, update
from sqlalchemy.orm import Session

from commentsvc.actions import accounts, decisions, exporting, leaving, mailing
from commentsvc.enums import Action, DeletionState, MailKind, Role, Status
from commentsvc.queries import exports
from commentsvc.store.db import Database
from commentsvc.store.models import (
    AccountDeletion,
    AlertSettings,
    Comment,
    DefaultView,
    Export,
    Membership,
    Person,
    SavedView,
    Table,
)
from commentsvc.store.personal import GONE_NAME, GONE_SKELETON, RULES, By, Fate, Rule

JOB = leaving.JOB
_COMMENTS_AT_ONCE = 10
"""How many comments one transaction empties: few enough that somebody who posts meanwhile hardly waits."""
_ROWS_AT_ONCE = 500
_COMMENTS, _END = "comments", "end"


def advance(db: Database, deletion_id: int, *, now: int) -> int | None:
    """Do the next step; None when the account is gone or stays, else in how many microseconds to go on."""
    with db.writing() as session:
        deletion = session.get(AccountDeletion, deletion_id, with_for_update=True)
        if deletion is None or deletion.state not in {DeletionState.ASKED, DeletionState.RUNNING}:
            return None
        if deletion.state == DeletionState.ASKED and now < deletion.due_at:
            return deletion.due_at - now
        person = session.get_one(Person, deletion.person_id)
        if deletion.state == DeletionState.ASKED:
            _close(session, deletion, person, now=now)
        elif deletion.step == _COMMENTS:
            _empty_comments(session, deletion, person, now=now)
        elif deletion.step != _END:
            _apply_next(session, deletion)
        else:
            _finish(session, deletion, now=now)
            return None
    return 0


def _close(session: Session, deletion: AccountDeletion, person: Person, *, now: int) -> None:
    """End all sessions and free address and name at once: nobody comes in any more while the rest goes."""
    deletion.state, deletion.step, deletion.reached = DeletionState.RUNNING, _COMMENTS, []
    deletion.address, deletion.is_verified = person.email, person.email_verified_at is not None
    accounts.end_sessions(session, person, now=now)
    person.email = person.email_verified_at = person.password_hash = None
    person.name, person.skeleton = GONE_NAME, _nobody(person.id)
    session.execute(
        update(Membership)
        .where(Membership.person_id == person.id)
        .values(name=GONE_NAME, skeleton=_nobody(person.id), role=Role.READER)
    )
    for rule in RULES:
        if rule.at_once:
            _apply(session, rule, rule.column == person.id)


def _nobody(person_id: int) -> str:
    return f"{GONE_SKELETON}{person_id}"


def _empty_comments(session: Session, deletion: AccountDeletion, person: Person, *, now: int) -> None:
    found = exports.comments_behind(session, person.id, deletion.reached, limit=_COMMENTS_AT_ONCE)
    if not found:
        deletion.step, deletion.reached = _following(None), []
        return
    ids = [comment_id for _, comment_id in found]
    # In the order of articles, as everyone locks them who changes several threads at once.
    comments = session.scalars(select(Comment).where(Comment.id.in_(ids)).order_by(Comment.article_id, Comment.id))
    for comment in comments.all():
        decisions.lock_thread(session, comment)
        if comment.status != Status.WITHDRAWN:
            decisions.decide(
                session, comment, Status.WITHDRAWN, action=Action.WITHDRAW, by=person, revision=comment.revision,
                now=now,
            )  # fmt: skip
        # Another fingerprint for each, or emptied comments would look like a wave of repeats.
        comment.body, comment.links, comment.fingerprint = "", [], -comment.id
    session.flush()
    for rule in RULES:
        if rule.by is By.COMMENT:
            _apply(session, rule, rule.column.in_(ids))
    deletion.reached, deletion.comments = list(found[-1]), deletion.comments + len(found)


def _apply_next(session: Session, deletion: AccountDeletion) -> None:
    """Apply the rule that it is the turn of to the next rows."""
    rule = next((one for one in _in_turn() if one.key == deletion.step), None)
    if rule is None:  # Another version of this service began it; what was done bears repeating.
        deletion.step, deletion.reached = _following(None), []
        return
    if rule.fate is Fate.APART:
        _apart(session, deletion, rule)
        deletion.step = _following(rule)
        return
    found = _whose(rule, deletion)
    order = exports.order_of(rule)
    rows: Sequence[Any] = ()
    if found is not None:
        query = exports.behind(select(*order).where(found), order, deletion.reached)
        rows = session.execute(query.limit(_ROWS_AT_ONCE)).all()
    if rows:
        _apply(session, rule, tuple_(*order).in_([tuple(row) for row in rows]))
        deletion.reached = list(rows[-1])
    if len(rows) < _ROWS_AT_ONCE:
        deletion.step, deletion.reached = _following(rule), []


def _apply(session: Session, rule: Rule, which: ColumnElement[bool]) -> None:
    if rule.fate is Fate.DELETE:
        session.execute(delete(rule.table).where(which).execution_options(synchronize_session=False))
    elif rule.fate is Fate.CLEAR:
        session.execute(
            update(rule.table).where(which).values(**rule.cleared).execution_options(synchronize_session=False)
        )


def _whose(rule: Rule, deletion: AccountDeletion) -> ColumnElement[bool] | None:
    if rule.by is By.PERSON:
        return rule.column == deletion.person_id
    # Who had not proved that an address is theirs takes nothing with them that was sent from it.
    return func.lower(rule.column) == deletion.address if deletion.address and deletion.is_verified else None


def _apart(session: Session, deletion: AccountDeletion, rule: Rule) -> None:
    if rule.table is Export:
        exporting.discard(
            session, session.scalars(select(Export.id).where(Export.person_id == deletion.person_id)).all()
        )
    elif rule.table is SavedView:
        private = select(SavedView.id).where(SavedView.person_id == deletion.person_id, SavedView.shared.is_(False))
        session.execute(delete(DefaultView).where(DefaultView.view_id.in_(private)))
        session.execute(
            delete(SavedView)
            .where(and_(SavedView.person_id == deletion.person_id, SavedView.shared.is_(False)))
            .execution_options(synchronize_session=False)
        )
    elif rule.table is AlertSettings and deletion.address and deletion.is_verified:
        for settings in session.scalars(select(AlertSettings)):
            settings.mail_to = [one for one in settings.mail_to if one.lower() != deletion.address]


def _finish(session: Session, deletion: AccountDeletion, *, now: int) -> None:
    if deletion.address:
        # To the address alone: there is no account any more. It is purged as soon as it has been sent.
        mailing.post(session, MailKind.DELETION_DONE, to=deletion.address, facts={}, now=now)
    deletion.state, deletion.address, deletion.is_verified = DeletionState.DONE, None, False
    deletion.finished_at = now


def _in_turn() -> list[Rule]:
    """Order the rules so that what points to other rows goes before them; comments are done by themselves."""
    tables = [table.name for table in reversed(Table.metadata.sorted_tables)]
    wanted = [rule for rule in RULES if rule.by is not By.COMMENT and rule.fate is not Fate.KEEP]
    return sorted(wanted, key=lambda rule: tables.index(str(rule.table.__tablename__)))


def _following(rule: Rule | None) -> str:
    keys = [one.key for one in _in_turn()]
    place = keys.index(rule.key) + 1 if rule else 0
    return keys[place] if place < len(keys) else _END
