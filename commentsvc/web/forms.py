"""What may a person fill in on our own pages?"""

from collections.abc import Callable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, Field, IntegerField, PasswordField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional, ValidationError

from commentsvc.actions.accounts import check_email
from commentsvc.actions.legal_notices import MAX_EXPLANATION, MAX_NAME
from commentsvc.actions.names import check_name
from commentsvc.actions.passwords import MAX_LENGTH, check_new_password
from commentsvc.actions.reviewing import ACTIONS, MAX_TEXT
from commentsvc.actions.sanctions import MAX_NOTE, MAX_REASON
from commentsvc.enums import Guideline, LegalGround, SanctionKind
from commentsvc.errors import Invalid


class SignInForm(FlaskForm):  # type: ignore[misc]
    """An account's address and password."""

    email = EmailField("E-mail", [InputRequired("Please give your e-mail address."), Length(max=320)])
    password = PasswordField("Password", [InputRequired("Please give your password.")])


class SignUpForm(FlaskForm):  # type: ignore[misc]
    """A new account."""

    name = StringField("Name", [InputRequired("Please choose a name.")])
    email = EmailField("E-mail", [InputRequired("Please give your e-mail address."), Length(max=320)])
    password = PasswordField("Password", [InputRequired("Please choose a password."), Length(max=MAX_LENGTH)])

    def validate_name(self, field: Field) -> None:
        """Hold the name against the rules that need no database."""
        asks(check_name, field.data)

    def validate_email(self, field: Field) -> None:
        """Look at the address's form."""
        asks(check_email, field.data)

    def validate_password(self, field: Field) -> None:
        """Refuse what anyone would try first."""
        asks(check_new_password, field.data, email=self.email.data.strip().lower(), name=self.name.data)


class PasswordForm(FlaskForm):  # type: ignore[misc]
    """A new password for the account that a link belongs to."""

    password = PasswordField("New password", [InputRequired("Please choose a password."), Length(max=MAX_LENGTH)])


class DecisionForm(FlaskForm):  # type: ignore[misc]
    """A manager's decision about one comment, as the card showed it."""

    comment = IntegerField("Comment", [InputRequired(), NumberRange(1, 2**63 - 1)])
    revision = IntegerField("Version", [InputRequired(), NumberRange(1, 2**31)])
    seen = IntegerField("Case", [Optional(), NumberRange(1, 2**31)])
    action = StringField("Decision", [AnyOf([*ACTIONS], "There is no such decision.")])
    guideline = StringField("Guideline", [Optional(), AnyOf([*Guideline], "There is no such guideline.")])
    message = TextAreaField("Message to the author", [Length(max=MAX_TEXT)])
    note = StringField("Note for managers", [Length(max=MAX_TEXT)])


class AlertsForm(FlaskForm):  # type: ignore[misc]
    """When and how a site's people are told of a backlog; an empty line is never crossed."""

    mail_to = TextAreaField("Mail to", [Length(max=4000)])
    webhook_url = StringField("Webhook", [Length(max=2000)])
    new_secret = BooleanField("Make a new secret")
    oldest_minutes = IntegerField("The oldest case has waited for (minutes)", [Optional()])
    depth = IntegerField("Cases waiting", [Optional()])
    article_cases = IntegerField("Open cases of one article", [Optional()])
    out_minutes = IntegerField("The classifier hasn’t answered for (minutes)", [Optional()])


class LegalNoticeForm(FlaskForm):  # type: ignore[misc]
    """A notice of illegal content."""

    ground = StringField("Why is it illegal?", [AnyOf([*LegalGround], "Please choose a ground.")])
    explanation = TextAreaField(
        "What makes it illegal?", [InputRequired("Please explain it."), Length(max=MAX_EXPLANATION)]
    )
    name = StringField("Your name", [Length(max=MAX_NAME)])
    email = StringField("Your e-mail", [Length(max=320)])
    good_faith = BooleanField("Good faith")


class SanctionForm(FlaskForm):  # type: ignore[misc]
    """A restriction, and whether what the person posted goes with it."""

    kind = StringField("What", [AnyOf([*SanctionKind], "Please choose what to do.")])
    reason = TextAreaField("Reason", [InputRequired("Say why; the person reads it."), Length(max=MAX_REASON)])
    lasts = StringField("For how long")
    until = StringField("Until")
    clear = StringField("Reject what they posted")
    guideline = StringField("Guideline", [Optional(), AnyOf([*Guideline], "There is no such guideline.")])


class TermsForm(FlaskForm):  # type: ignore[misc]
    """Another end and reason for a sanction."""

    reason = TextAreaField("Reason", [InputRequired("Say why; the person reads it."), Length(max=MAX_REASON)])
    lasts = StringField("For how long")
    until = StringField("Until")


class LiftForm(FlaskForm):  # type: ignore[misc]
    """Why a sanction ends."""

    reason = StringField("Reason", [InputRequired("Say why it ends."), Length(max=MAX_REASON)])


class PersonNoteForm(FlaskForm):  # type: ignore[misc]
    """A note about a person, for managers."""

    note = TextAreaField("Note", [InputRequired("Write something first."), Length(max=MAX_NOTE)])


class NoteForm(FlaskForm):  # type: ignore[misc]
    """What a manager leaves beside a comment for colleagues."""

    comment = IntegerField("Comment", [InputRequired(), NumberRange(1, 2**63 - 1)])
    note = TextAreaField("Note", [InputRequired("Please write something here."), Length(max=MAX_TEXT)])


class AnswerForm(FlaskForm):  # type: ignore[misc]
    """A manager's answer to a comment, as the card showed it."""

    comment = IntegerField("Comment", [InputRequired(), NumberRange(1, 2**63 - 1)])
    revision = IntegerField("Version", [InputRequired(), NumberRange(1, 2**31)])
    seen = IntegerField("Case", [Optional(), NumberRange(1, 2**31)])
    body = TextAreaField("Answer", [InputRequired("Please write something here.")])
    approve = BooleanField("Approve it first")


def show(error: Invalid, form: FlaskForm) -> None:
    """Put a refusal beside the field it is about."""
    field = form[error.field] if error.field and error.field in form else None
    if field is None:
        form.form_errors.append(error.message)
    else:
        field.errors = [*field.errors, error.message]


def asks(rule: Callable[..., Any], *args: Any, **more: Any) -> None:
    """Hold a field against a rule of the domain: what it raises is said beside the field."""
    try:
        rule(*args, **more)
    except Invalid as error:
        raise ValidationError(error.message) from None
