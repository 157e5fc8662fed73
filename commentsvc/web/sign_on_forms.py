"""What may an administrator fill in about sign-on?"""

from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length

from commentsvc.actions.sign_ons import MAX_ISSUER, MAX_LABEL
from commentsvc.actions.signing_keys import MAX_PASTED


class IssuerForm(FlaskForm):  # type: ignore[misc]
    """Who signs the site's tokens."""

    token_issuer = StringField("Issuer", [InputRequired("Say what your tokens’ iss is."), Length(max=MAX_ISSUER)])


class KeyForm(FlaskForm):  # type: ignore[misc]
    """A new key: made here, or the public half of one of the publisher's."""

    do = StringField("", [AnyOf(["shared", "public"])])
    key = TextAreaField("Public key", [Length(max=MAX_PASTED)])
    kid = StringField("Name (kid)", [Length(max=100)])


class RetireForm(FlaskForm):  # type: ignore[misc]
    """Whether the sign-ins that began with tokens end, too."""

    sign_out = BooleanField("Also sign out everyone who came in by a token")


class CheckForm(FlaskForm):  # type: ignore[misc]
    """A token to look at."""

    token = TextAreaField("Token", [InputRequired("Paste a token first.")])


class ProviderForm(FlaskForm):  # type: ignore[misc]
    """An OpenID provider."""

    issuer = StringField("Issuer", [InputRequired("Give the provider’s issuer."), Length(max=MAX_ISSUER)])
    client_id = StringField("Client ID", [InputRequired("Give the client ID that the provider made."), Length(max=300)])
    client_secret = PasswordField("Client secret", [Length(max=1000)])
    no_secret = BooleanField("The provider gave none")
    label = StringField("Name on the button", [InputRequired("Say what it is called."), Length(max=MAX_LABEL)])
    for_readers = BooleanField("Readers may sign in by it")
    for_staff = BooleanField("Managers and administrators may sign in by it")
