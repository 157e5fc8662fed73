"""What should happen to a text, given everything that was observed?"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from commentsvc.enums import (
    TOXICITY_LABELS,
    BreakerAction,
    FailureRule,
    Guideline,
    Measure,
    Mode,
    Outcome,
    Reason,
    SignalState,
    Unscored,
    When,
)
from commentsvc.moderation import checks
from commentsvc.moderation.opening import MAX_SLOW_MODE, read_hours
from commentsvc.moderation.terms import Breach, Breaker, Draft, Policy, Section, Shadow, Signal, Verdict

DEFAULT_POLICY = Policy(
    thresholds={"toxicity": 0.6, "obscene": 0.4, "threat": 0.35, "insult": 0.65, "identity_attack": 0.5},
    relevance=0.2,
)
"""What a new site starts with; thresholds and relevance fit the embedded engines (docs/model-card.md)."""

STRICTER = 0.6
"""What a circuit breaker that has tripped multiplies every threshold by."""

SLOW = ("external", "akismet")
"""The checks that ask somebody else's server, so that a worker asks them."""

_READS_AS = {
    "toxicity": "This may read as uncivil.",
    "severe_toxicity": "This may read as very uncivil.",
    "obscene": "This may read as obscene.",
    "threat": "This may read as a threat.",
    "insult": "This may read as an insult.",
    "identity_attack": "This may read as an attack on who people are.",
    "sexual_explicit": "This may read as sexually explicit.",
}
_BEING_CHECKED = "This comment is being checked."
_OFF_TOPIC = "This may be about something other than the article."
_UNSCORED = "This could not be judged automatically, so the team reads it first."


def decide(signals: Sequence[Signal], policy: Policy, draft: Draft) -> Verdict:
    """Draw the verdict: a banned word rejects, any other breach holds, and staff are always published.

    Mode and standing are taken from the draft itself, so that no missing signal lets a text slip past them. What is
    in shadow mode has no part in it.
    """
    signals = [signal for signal in signals if signal.check not in policy.shadow.checks]
    seen = [checks.article(draft, policy), checks.standing(draft, policy)]
    others = {"article", "standing", *(set(SLOW) - slow_checks(policy).keys())}
    seen += [signal for signal in signals if signal.check not in others]
    likelihood = max((_likelihood(signal, policy) for signal in seen), default=0.0)
    if draft.standing.is_staff:
        return Verdict(Outcome.PUBLISH, likelihood=likelihood)
    banned = tuple(_breach(signal) for signal in seen if _is_banned(signal))
    if banned:
        return Verdict(Outcome.REJECT, banned, likelihood=likelihood)
    failed = tuple(signal.check for signal in seen if _failure_holds(signal, policy))
    breaches = tuple(breach for signal in seen for breach in _breaches(signal, policy, draft))
    blind = not failed and _is_audited(policy, draft)
    if breaches:
        return Verdict(Outcome.HOLD, breaches, Reason.HELD.value, failed, likelihood, blind)
    sampled = blind or any(_is_sample(signal, policy, draft) for signal in seen)
    return Verdict(Outcome.PUBLISH, reasons=Reason.SAMPLE.value if sampled else 0, likelihood=likelihood, blind=blind)


def shadow_of(signals: Sequence[Signal], policy: Policy, draft: Draft) -> Verdict | None:
    """Draw the verdict as if what is in shadow mode acted; None where it would have changed nothing.

    A check in shadow mode that failed has no opinion, whatever the policy does about failures.
    """
    shadow = policy.shadow
    if not shadow.checks and not shadow.thresholds:
        return None
    answered = [s for s in signals if s.state is not SignalState.FAILED or s.check not in shadow.checks]
    tried = replace(policy, shadow=Shadow(), thresholds={**policy.thresholds, **shadow.thresholds})
    verdict = decide(answered, tried, draft)
    return None if verdict.outcome is decide(signals, policy, draft).outcome else verdict


def slow_checks(policy: Policy) -> dict[str, When]:
    """Return the checks that a worker asks, and whether a comment waits for their answer."""
    asked = {"external": policy.external if policy.external_url else When.OFF, "akismet": policy.akismet}
    return {name: when for name, when in asked.items() if when is not When.OFF}


def held_until_asked(verdict: Verdict, policy: Policy, draft: Draft) -> Verdict:
    """Hold what would be published as long as a slow check that is to answer before has not."""
    answered = {signal.check for signal in draft.asked}
    settled = {*answered, *policy.shadow.checks}
    missing = [name for name, when in slow_checks(policy).items() if when is When.BEFORE and name not in settled]
    if verdict.outcome is not Outcome.PUBLISH or draft.standing.is_staff or not missing:
        return verdict
    waiting = tuple(Breach(None, name, _BEING_CHECKED) for name in missing)
    # Not blind yet: a drawn one would wait for a person. It is drawn when its judges have answered.
    reasons = verdict.reasons | Reason.HELD
    return replace(verdict, outcome=Outcome.HOLD, breaches=waiting, reasons=reasons, blind=False)


def policy_from_json(data: Mapping[str, Any]) -> Policy:
    """Read a site's policy; what is absent is as in DEFAULT_POLICY. Raises ValueError naming the field."""
    return _parsed(json.dumps(dict(data)))


@lru_cache(maxsize=32)
def _parsed(data: str) -> Policy:
    try:
        shape = _Shape.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "policy"
        raise ValueError(f"{field}: {first['msg']}") from None
    given = {name: getattr(shape, name) for name in shape.model_fields_set}
    given["sections"] = {name: Section(**_set(rules)) for name, rules in shape.sections.items()}
    given["breaker"] = Breaker(**_set(shape.breaker)) if shape.breaker else None
    if "shadow" in given:
        given["shadow"] = Shadow(shape.shadow.checks, shape.shadow.thresholds)
    return Policy(**{**_members(DEFAULT_POLICY), **given})


def policy_for(
    policy: Policy, section: str | None, tripped: BreakerAction | None = None, *, mode: Mode | None = None
) -> Policy:
    """Return the policy in force on an article: the site's, with its section's overrides and its own mode above
    them, made stricter when its circuit breaker has tripped. Nothing that is closed opens by that.
    """
    rules = policy.sections.get(section or "", Section())
    found = replace(
        policy,
        mode=mode or rules.mode or policy.mode,
        thresholds={**policy.thresholds, **rules.thresholds},
        slow_mode=policy.slow_mode if rules.slow_mode is None else rules.slow_mode,
        hours=rules.hours or policy.hours,
    )
    if tripped is BreakerAction.PREMODERATE and found.mode is not Mode.CLOSED:
        return replace(found, mode=Mode.PREMODERATE)
    return _stricter(found) if tripped is BreakerAction.STRICTER else found


def _stricter(policy: Policy) -> Policy:
    return replace(
        policy,
        thresholds={label: limit * STRICTER for label, limit in policy.thresholds.items()},
        off_topic=policy.off_topic if policy.relevance is None else Unscored.HOLD,
        hold_new_authors=True,
    )


def label_named(message: str) -> str | None:
    """Return the toxicity label that a breach's message names, if it is one of ours."""
    return next((label for label, words in _READS_AS.items() if words == message), None)


_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=0, le=1_000_000)]
_Weight = Annotated[float, Field(gt=0, le=1_000, allow_inf_nan=False)]
_Label = Annotated[str, Field(pattern=f"^({'|'.join(TOXICITY_LABELS)})$")]
_CheckName = Annotated[str, Field(pattern="^(words|links|repeats|spam|toxicity|relevance|external|akismet)$")]
_Entry = Annotated[str, Field(min_length=1, max_length=253)]
_Entries = Annotated[tuple[_Entry, ...], Field(max_length=20_000)]


_Minutes = Annotated[int, Field(ge=1, le=7 * 24 * 60)]
_SectionName = Annotated[str, Field(min_length=1, max_length=100)]
_STRICT = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class _SectionShape(BaseModel):
    """What a policy says of one section."""

    model_config = _STRICT

    mode: Mode | None = None
    thresholds: dict[_Label, _Share] = {}
    slow_mode: Annotated[int, Field(ge=0, le=MAX_SLOW_MODE)] | None = None
    hours: str | None = None

    @field_validator("hours")
    @classmethod
    def _hours(cls, value: str | None) -> str | None:
        if value is not None:
            read_hours(value)
        return value


class _BreakerShape(BaseModel):
    """When an article's circuit breaker trips."""

    model_config = _STRICT

    share: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 0.4
    window: _Minutes = 60
    minimum: Annotated[int, Field(ge=2, le=10_000)] = 10
    action: BreakerAction = BreakerAction.STRICTER
    cool_down: _Minutes = 60
    measure: Annotated[tuple[Measure, ...], Field(min_length=1)] = tuple(Measure)


class _ShadowShape(BaseModel):
    """What is tried without acting."""

    model_config = _STRICT

    checks: Annotated[tuple[_CheckName, ...], Field(max_length=20)] = ()
    thresholds: dict[_Label, _Share] = {}


class _Shape(BaseModel):
    """What policy_from_json takes: the members of Policy with the values they may have."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    mode: Mode = Mode.PUBLISH
    thresholds: dict[_Label, _Share] = {}
    unscored: Unscored = Unscored.SAMPLE
    sample_share: _Share = 0
    relevance: _Share | None = None
    off_topic: Unscored = Unscored.SAMPLE
    banned_words: _Entries = ()
    suspect_words: _Entries = ()
    max_links: _Count = 0
    link_hosts: _Entries = ()
    hold_new_authors: bool = False
    new_author_below: _Count = 0
    max_rejection_rate: _Share = 0
    rejection_sample: _Count = 0
    wave_from: _Count = 0
    failure: dict[_CheckName, FailureRule] = {}
    external: When = When.OFF
    external_url: Annotated[str, Field(pattern=r"^(https?://[^\s]{1,1000})?$")] = ""
    akismet: When = When.OFF
    sections: Annotated[dict[_SectionName, _SectionShape], Field(max_length=500)] = {}
    breaker: _BreakerShape | None = None
    shadow: _ShadowShape = _ShadowShape()
    audit_share: _Share = 0
    report_hold: _Weight | None = None


def _members(policy: Policy) -> dict[str, Any]:
    return {name: getattr(policy, name) for name in _Shape.model_fields}


def _set(shape: BaseModel) -> dict[str, Any]:
    return {name: getattr(shape, name) for name in type(shape).model_fields}


def _is_banned(signal: Signal) -> bool:
    return signal.check == "words" and signal.score is not None and signal.score >= checks.BANNED


def _breach(signal: Signal, message: str = "") -> Breach:
    return Breach(signal.guideline, signal.check, message or signal.message, signal.spans)


def _breaches(signal: Signal, policy: Policy, draft: Draft) -> Iterator[Breach]:
    """Yield what makes the text wait because of one signal."""
    if signal.state is SignalState.FAILED:
        if _failure_holds(signal, policy):
            yield Breach(signal.guideline, signal.check, _BEING_CHECKED)
    elif signal.check == "toxicity":
        yield from _toxicity_breaches(signal, policy)
    elif signal.check == "relevance":
        if policy.off_topic is Unscored.HOLD and _is_off_topic(signal, policy):
            yield _breach(signal, _OFF_TOPIC)
    elif signal.score is not None and signal.score >= checks.BREACH:
        yield _breach(signal)


def _toxicity_breaches(signal: Signal, policy: Policy) -> Iterator[Breach]:
    if signal.state is SignalState.ABSTAINED and policy.unscored is Unscored.HOLD:
        yield Breach(Guideline.COURTESY, signal.check, _UNSCORED)
    over = [
        label for label in TOXICITY_LABELS if _excess(signal.labels.get(label), policy.thresholds.get(label)) >= 0.5
    ]
    if over:
        # The label named is the one furthest beyond its own threshold: a general "uncivil" says least.
        worst = max(over, key=lambda label: _excess(signal.labels.get(label), policy.thresholds.get(label)))
        yield _breach(signal, _READS_AS[worst])


def _is_sample(signal: Signal, policy: Policy, draft: Draft) -> bool:
    if signal.check == "relevance":
        return policy.off_topic is Unscored.SAMPLE and _is_off_topic(signal, policy)
    abstained = signal.check == "toxicity" and signal.state is SignalState.ABSTAINED
    return abstained and policy.unscored is Unscored.SAMPLE and draft.lot < policy.sample_share


def _is_audited(policy: Policy, draft: Draft) -> bool:
    """Say whether the lot falls on this text, whatever it says: an equal share of what is held is judged blind too.

    Otherwise a card without scores would mean that the comment had been found clean. The sample above takes the lowest
    lots and this the highest, so neither hinders the other; a lot of 1 is never drawn.
    """
    return 1 - policy.audit_share <= draft.lot < 1


def _is_off_topic(signal: Signal, policy: Policy) -> bool:
    return signal.score is not None and policy.relevance is not None and signal.score < policy.relevance


def _failure_holds(signal: Signal, policy: Policy) -> bool:
    """Hold by default where the policy wants the check's answer: relevance only when it would hold by it."""
    if signal.state is not SignalState.FAILED:
        return False
    ignored = signal.check == "relevance" and policy.off_topic is not Unscored.HOLD
    ignored |= signal.check in SLOW and slow_checks(policy).get(signal.check) is not When.BEFORE
    rule = policy.failure.get(signal.check, FailureRule.IGNORE if ignored else FailureRule.HOLD)
    return rule is FailureRule.HOLD


def _likelihood(signal: Signal, policy: Policy) -> float:
    """How likely this signal says that a guideline is broken, 0..1: one half is exactly a check's own threshold.

    So a label at .45 with threshold .3 counts for more than one at .6 with threshold .7. A failed check counts
    one half (nobody knows), off topic never more than that, and mode and standing, which name no guideline, nothing.
    """
    if signal.guideline is None:
        return 0.0
    if signal.state is SignalState.FAILED:
        return 0.5
    if signal.check == "toxicity":
        pairs = ((signal.labels.get(label), limit) for label, limit in policy.thresholds.items())
        return max((_excess(score, limit) for score, limit in pairs), default=0.0)
    if signal.check == "relevance":
        off = _is_off_topic(signal, policy)
        return 0.5 * (1 - (signal.score or 0.0) / (policy.relevance or 1.0)) if off else 0.0
    return signal.score or 0.0


def _excess(score: float | None, threshold: float | None) -> float:
    """Rescale a score so that its threshold becomes one half; 0 when either is unknown."""
    if score is None or threshold is None:
        return 0.0
    if score < threshold:
        return 0.5 * score / threshold
    return 0.5 + (0.5 * (score - threshold) / (1 - threshold) if threshold < 1 else 0.5)
