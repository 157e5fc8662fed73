"""What may an admin fill in about a site, its staff and its tokens, and the first admin of an installation?"""

from flask_wtf import FlaskForm
from wtforms import EmailField, Field, PasswordField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, InputRequired, Length

from commentsvc.actions.accounts import check_email
from commentsvc.actions.names import check_name
from commentsvc.actions.newsrooms import MAX_NAME, check_key, exact_origin
from commentsvc.actions.passwords import MAX_LENGTH, check_new_password
from commentsvc.actions.tokens import MAX_TOKEN_NAME
from commentsvc.enums import Role, Scope
from commentsvc.queries.staff import ROLES
from commentsvc.web.forms import asks

ROLE_WORDS = {
    Role.MANAGER: ("Manager", "decides about comments and people"),
    Role.ADMIN: ("Administrator", "also changes the policy, the settings and the staff"),
}
SCOPE_WORDS = {
    Scope.READER: ("Take part", "read, post and vote as you"),
    Scope.MODERATE: ("Moderate", "see the queue and decide"),
    Scope.ARTICLES: ("Articles", "tell us of articles, for your publishing system"),
    Scope.ANALYZE: ("Analyze", "score texts, for other software"),
}
LASTS = {"30": "30 days", "90": "90 days", "365": "one year", "never": "until it is revoked"}


class DetailsForm(FlaskForm):  # type: ignore[misc]
    """What a site is called, and where it is at home."""

    name = StringField("Name", [InputRequired("Please give the site’s name."), Length(max=MAX_NAME)])
    locale = StringField("Language", [InputRequired("Please give a language."), Length(max=20)])
    time_zone = StringField("Time zone", [InputRequired("Please give a time zone."), Length(max=60)])


class OriginForm(FlaskForm):  # type: ignore[misc]
    """One more origin."""

    origin = StringField("Origin", [InputRequired("Please give an origin."), Length(max=2000)])


class InviteForm(FlaskForm):  # type: ignore[misc]
    """Somebody to join the staff."""

    email = EmailField("E-mail", [InputRequired("Please give an e-mail address."), Length(max=320)])
    role = StringField("Role", [AnyOf([*ROLES], "Please choose a role.")])


class TokenForm(FlaskForm):  # type: ignore[misc]
    """A new API token."""

    site = StringField("Site")
    name = StringField("What for", [InputRequired("Say what it is for."), Length(max=MAX_TOKEN_NAME)])
    scopes = SelectMultipleField(
        "It may",
        [InputRequired("Choose what it may do.")],
        choices=[SelectChoice(one.value, one.value) for one in Scope],
    )
    lasts = StringField("It works for", [AnyOf([*LASTS], "Please choose one of these.")])


class SiteForm(FlaskForm):  # type: ignore[misc]
    """A new site."""

    name = StringField("Name", [InputRequired("Please give the site’s name."), Length(max=MAX_NAME)])
    key = StringField("Key", [InputRequired("Please give a key."), Length(max=100)])
    origins = TextAreaField("Origins", [InputRequired("Please give one origin at least."), Length(max=4000)])

    def validate_key(self, field: Field) -> None:
        """Hold the key against its form."""
        asks(check_key, field.data.strip())

    def validate_origins(self, field: Field) -> None:
        """Take one a line, or with spaces between."""
        for origin in field.data.split():
            asks(exact_origin, origin)


class FirstRunForm(SiteForm):
    """The first site and its administrator."""

    text = TextAreaField("Welcome", [InputRequired("Please welcome your readers."), Length(max=2000)])
    person = StringField("Your name", [InputRequired("Please give your name.")])
    email = EmailField("Your e-mail", [InputRequired("Please give your e-mail address."), Length(max=320)])
    password = PasswordField("Password", [InputRequired("Please choose a password."), Length(max=MAX_LENGTH)])

    def validate_person(self, field: Field) -> None:
        """Hold the name against the rules that need no database."""
        asks(check_name, field.data)

    def validate_email(self, field: Field) -> None:
        """Look at the address's form."""
        asks(check_email, field.data)

    def validate_password(self, field: Field) -> None:
        """Refuse what anyone would try first."""
        email, name = (self.email.data or "").strip().lower(), self.person.data or ""
        asks(check_new_password, field.data, email=email, name=name)


class CodeForm(FlaskForm):  # type: ignore[misc]
    """The code that the log shows."""

    code = StringField("Code", [InputRequired("Please give the code."), Length(max=100)])
