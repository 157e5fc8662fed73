"""What may a manager fill in about the rules of an article, of a section, of a site's circuit breakers?"""

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    FloatField,
    IntegerField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from commentsvc.enums import ArticleState, BreakerAction, Measure, Mode
from commentsvc.moderation.opening import ALWAYS, local_time, read_hours, read_local
from commentsvc.moderation.terms import Breaker
from commentsvc.store.models import Article
from commentsvc.web import rule_words

_SAME, _DAILY = "", "daily"


def _choices(words: Mapping[Any, str]) -> list[SelectChoice]:
    return [SelectChoice(value.value, label) for value, label in words.items()]


class _MomentField(StringField):  # type: ignore[misc]
    """A date and time of the site's clocks, kept as microseconds since 1970 in `at`."""

    at: int | None = None

    def read(self, zone: str) -> None:
        """Read what was typed, or raise ValidationError."""
        try:
            self.at = read_local(self.data, zone) if self.data else None
        except (ValueError, OverflowError):
            raise ValidationError("This isn't a date and time.") from None


class RulesForm(FlaskForm):  # type: ignore[misc]
    """Mode, slow mode and hours: what articles and sections have in common."""

    mode = SelectField("New comments")
    slow_mode = SelectField("Slow mode")
    hours = SelectField("Hours")
    opens = TimeField("From", [Optional()])
    shuts = TimeField("To", [Optional()])

    def offer(self, *, mode: str, slow_mode: str, hours: str, own: int | None) -> None:
        """Name what is in force without a choice of one's own, and keep a slow mode that isn't among the usual."""
        self.mode.choices = [SelectChoice(_SAME, mode), *_choices(rule_words.MODES)]
        usual = sorted({*rule_words.SLOW_MODES, *([own] if own is not None else [])})
        slow = [SelectChoice(str(seconds), rule_words.slow_words(seconds).capitalize()) for seconds in usual]
        self.slow_mode.choices = [SelectChoice(_SAME, slow_mode), *slow]
        daily = [SelectChoice(ALWAYS, "Around the clock"), SelectChoice(_DAILY, "Daily, as below")]
        self.hours.choices = [SelectChoice(_SAME, hours), *daily]

    def show(self, mode: str | None, slow_mode: int | None, hours: str | None) -> None:
        """Fill in what is set."""
        self.mode.data = mode or _SAME
        self.slow_mode.data = _SAME if slow_mode is None else str(slow_mode)
        span = read_hours(hours)
        self.hours.data = _DAILY if span else hours or _SAME
        if span:
            self.opens.data, self.shuts.data = span

    def validate_hours(self, field: SelectField) -> None:
        """Ask for both ends of daily hours."""
        if field.data == _DAILY:
            if self.opens.data is None or self.shuts.data is None:
                raise ValidationError("Say from when to when, as in 07:00 to 22:00.")
            if self.opens.data == self.shuts.data:
                raise ValidationError("The end is another time than the beginning.")

    def rules(self) -> dict[str, Any]:
        """Return the rules as actions.changing takes them."""
        span = f"{self.opens.data:%H:%M}-{self.shuts.data:%H:%M}" if self.hours.data == _DAILY else self.hours.data
        return {
            "mode": Mode(self.mode.data) if self.mode.data else None,
            "slow_mode": int(self.slow_mode.data) if self.slow_mode.data else None,
            "hours": span or None,
        }


class ArticleForm(RulesForm):
    """Everything that a manager may set of an article."""

    state = SelectField("State", choices=_choices(rule_words.STATES))
    close_at = _MomentField("Closes")
    reopen_at = _MomentField("Opens again")
    zone = "UTC"

    def show_article(self, article: Article) -> None:
        """Fill in what is set."""
        self.show(article.mode, article.slow_mode, article.hours)
        self.state.data = article.state
        for field, at in ((self.close_at, article.close_at), (self.reopen_at, article.reopen_at)):
            field.data = "" if at is None else f"{local_time(at, self.zone):%Y-%m-%dT%H:%M}"

    def validate_close_at(self, field: _MomentField) -> None:
        """Read the time."""
        field.read(self.zone)

    def validate_reopen_at(self, field: _MomentField) -> None:
        """Read the time."""
        field.read(self.zone)

    def rules(self) -> dict[str, Any]:
        """Return the rules as actions.changing takes them."""
        return {
            **super().rules(),
            "state": ArticleState(self.state.data),
            "close_at": self.close_at.at,
            "reopen_at": self.reopen_at.at,
        }


class SectionForm(RulesForm):
    """The rules of a section that has a name."""

    section = StringField("Section", [InputRequired("Name the section."), Length(max=100)])


class BreakerForm(FlaskForm):  # type: ignore[misc]
    """When the breakers of a site's articles trip, and what then happens."""

    on = BooleanField("Articles have a circuit breaker")
    share = FloatField("Trips at (percent)", [InputRequired("Give a share."), NumberRange(1, 100, "1 to 100 percent.")])
    minimum = IntegerField(
        "Of at least (comments)", [InputRequired("Give a number."), NumberRange(2, 10_000, "2 to 10,000 comments.")]
    )
    window = IntegerField(
        "Within (minutes)", [InputRequired("Give minutes."), NumberRange(1, 10_080, "1 to 10,080 minutes.")]
    )
    action = SelectField("What it does", choices=_choices(rule_words.ACTIONS))
    cool_down = IntegerField(
        "Cool-down (minutes)", [InputRequired("Give minutes."), NumberRange(1, 10_080, "1 to 10,080 minutes.")]
    )
    measure = SelectMultipleField(
        "What counts as trouble", [InputRequired("Choose at least one.")],
        choices=_choices(rule_words.MEASURES),
    )  # fmt: skip

    def show(self, breaker: Breaker | None) -> None:
        """Fill in what is set, or what would be a good beginning."""
        shown = breaker or Breaker()
        self.on.data = breaker is not None
        percent = round(shown.share * 100, 1)
        self.share.data = int(percent) if percent == int(percent) else percent
        self.action.data = shown.action.value
        self.measure.data = [one.value for one in shown.measure]
        for name in ("minimum", "window", "cool_down"):
            self[name].data = getattr(shown, name)

    def breaker(self) -> Mapping[str, Any] | None:
        """Return the breaker as actions.changing takes it."""
        if not self.on.data:
            return None
        return {
            "share": self.share.data / 100,
            "window": self.window.data,
            "minimum": self.minimum.data,
            "action": BreakerAction(self.action.data).value,
            "cool_down": self.cool_down.data,
            "measure": [Measure(one).value for one in self.measure.data],
        }


class ZoneForm(FlaskForm):  # type: ignore[misc]
    """Whose clocks the hours go by."""

    time_zone = StringField("Time zone", [InputRequired("Name a time zone."), Length(max=60)])
