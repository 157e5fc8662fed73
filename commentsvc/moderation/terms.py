"""Which words does judging use: the draft that goes in, the signals and the verdict that come out?"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from commentsvc.enums import BreakerAction, FailureRule, Guideline, Measure, Mode, Outcome, SignalState, Unscored, When

Span = tuple[int, int]
"""A half-open range of code points in the body as its author wrote it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a site knows of an author before it reads the text."""

    is_staff: bool = False
    premoderated: bool = False
    published: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """One text to judge, with everything around it that a check may look at.

    `recent` are the author's latest other bodies on the site, newest first; `wave` counts the *other* people
    who posted the same fingerprint on the site lately; `lot` in [0, 1) decides sampling, drawn by the caller;
    `asked` are the signals of slow checks that have answered already.
    """

    body: str
    article_title: str = ""
    article_text: str = ""
    parent: str | None = None
    thread: tuple[str, ...] = ()
    mode: Mode = Mode.PUBLISH
    standing: Standing = field(default_factory=Standing)
    recent: tuple[str, ...] = ()
    wave: int = 0
    lot: float = 1.0
    asked: tuple["Signal", ...] = ()


@dataclass(frozen=True, slots=True)
class Signal:
    """What one check observed about one revision.

    `score` is in [0, 1] when observed and None otherwise; `labels` (toxicity only) are per-label probabilities,
    None where the engine doesn't know a label; `closeness` (relevance only) holds its cosines with `article`,
    `parent` and `thread`, -1..1, None where there is nothing to compare with.
    """

    check: str
    guideline: Guideline | None
    state: SignalState = SignalState.OBSERVED
    score: float | None = None
    message: str = ""
    spans: tuple[Span, ...] = ()
    labels: Mapping[str, float | None] = field(default_factory=dict)
    closeness: Mapping[str, float | None] = field(default_factory=dict)
    engine: str = "rules"
    version: str = "1"


@dataclass(frozen=True, slots=True)
class Section:
    """What a site says of one section; None, or a label that isn't there, is as everywhere on the site.

    `slow_mode` is in seconds, 0 for none; `hours` are written as moderation.opening reads them.
    """

    mode: Mode | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    slow_mode: int | None = None
    hours: str | None = None


@dataclass(frozen=True, slots=True)
class Breaker:
    """When an article's discussion counts as out of hand, and what then happens; times in minutes.

    It trips when at least `minimum` comments came within `window` and `share` of them or more are trouble, as
    `measure` says; it lets go after `cool_down` at the earliest.
    """

    share: float = 0.4
    window: int = 60
    minimum: int = 10
    action: BreakerAction = BreakerAction.STRICTER
    cool_down: int = 60
    measure: tuple[Measure, ...] = tuple(Measure)


@dataclass(frozen=True, slots=True)
class Shadow:
    """Checks that are asked but don't act, and thresholds on trial beside those that act."""

    checks: tuple[str, ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """A site's thresholds and modes: how signals become a verdict.

    `thresholds` hold at or above the value, per toxicity label; `relevance` is the score below which a text
    counts as off topic; `off_topic` says what then happens (never a rejection). An empty `link_hosts` allows all.
    `slow_mode` and `hours` are those in force: `policy_for` takes them from a section.
    `audit_share` of what is published automatically is looked at by a person who isn't told so.
    `report_hold` is how much open reports must weigh together to hold a public comment; None: they never do.
    """

    mode: Mode = Mode.PUBLISH
    thresholds: Mapping[str, float] = field(default_factory=dict)
    unscored: Unscored = Unscored.SAMPLE
    sample_share: float = 0.1
    relevance: float | None = None
    off_topic: Unscored = Unscored.SAMPLE
    banned_words: tuple[str, ...] = ()
    suspect_words: tuple[str, ...] = ()
    max_links: int = 2
    link_hosts: tuple[str, ...] = ()
    hold_new_authors: bool = False
    new_author_below: int = 2
    max_rejection_rate: float = 0.5
    rejection_sample: int = 5
    wave_from: int = 3
    failure: Mapping[str, FailureRule] = field(default_factory=dict)
    external: When = When.OFF
    external_url: str = ""
    akismet: When = When.OFF
    sections: Mapping[str, Section] = field(default_factory=dict)
    breaker: Breaker | None = None
    slow_mode: int = 0
    hours: str | None = None
    shadow: Shadow = field(default_factory=Shadow)
    audit_share: float = 0.0
    report_hold: float | None = None


@dataclass(frozen=True, slots=True)
class Breach:
    """One cause of a hold or a rejection, in words for the author and ranges for the eye."""

    guideline: Guideline | None
    check: str
    message: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policy decided, and which breaches led to it.

    `reasons` are the bits of `Reason` with which a case opens (0: none); `failed` names the checks whose failure
    holds the text, which are to be asked again; `likelihood` in [0, 1] is how likely a guideline is broken; `blind`
    says that a person is to judge without seeing what the checks said.
    """

    outcome: Outcome
    breaches: tuple[Breach, ...] = ()
    reasons: int = 0
    failed: tuple[str, ...] = ()
    likelihood: float = 0.0
    blind: bool = False

    @property
    def guideline(self) -> Guideline | None:
        """The first guideline that a breach names."""
        return next((breach.guideline for breach in self.breaches if breach.guideline), None)


@dataclass(frozen=True, slots=True)
class Judgement:
    """All signals of one text and the verdict that the policy drew from them.

    `shadow` is the verdict of what is in shadow mode, where its outcome is another.
    """

    signals: tuple[Signal, ...]
    verdict: Verdict
    shadow: Verdict | None = None
