"""Does what is in shadow mode change nothing, and say what it would have changed? On whom does the audit's lot fall?"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commentsvc.enums import Guideline, Mode, Outcome, Reason, SignalState, Unscored, When
from commentsvc.moderation.policy import (
    DEFAULT_POLICY,
    decide,
    held_until_asked,
    label_named,
    policy_from_json,
    shadow_of,
)
from commentsvc.moderation.terms import Draft, Policy, Shadow, Signal, Standing

DRAFT = Draft("A remark.", standing=Standing(published=9))
LINKS = Signal("links", Guideline.SPAM, score=0.6, message="Too many links.")
BANNED = Signal("words", Guideline.COURTESY, score=1.0, message="banned")


def toxic(score: float) -> Signal:
    return Signal("toxicity", Guideline.COURTESY, score=score, labels={"toxicity": score})


def policy(**shadow: object) -> Policy:
    return Policy(thresholds={"toxicity": 0.6}, shadow=Shadow(**shadow))  # type: ignore[arg-type]


def test_a_check_in_shadow_mode_holds_nothing_and_says_that_it_would() -> None:
    tried = policy(checks=("links",))

    acted, would = decide([LINKS], tried, DRAFT), shadow_of([LINKS], tried, DRAFT)

    assert (acted.outcome, acted.breaches, acted.likelihood) == (Outcome.PUBLISH, (), 0.0)
    assert would is not None
    assert (would.outcome, [breach.check for breach in would.breaches]) == (Outcome.HOLD, ["links"])


def test_a_banned_word_in_shadow_mode_would_have_rejected() -> None:
    tried = policy(checks=("words",))

    would = shadow_of([BANNED, toxic(0.9)], tried, DRAFT)

    assert decide([BANNED, toxic(0.9)], tried, DRAFT).outcome == Outcome.HOLD
    assert would is not None
    assert would.outcome == Outcome.REJECT


@pytest.mark.parametrize(
    ("threshold", "score", "acted", "would"),
    [
        (0.4, 0.5, Outcome.PUBLISH, Outcome.HOLD),
        (0.4, 0.7, Outcome.HOLD, None),
        (0.4, 0.3, Outcome.PUBLISH, None),
        (0.8, 0.7, Outcome.HOLD, Outcome.PUBLISH),
    ],
)
def test_a_threshold_on_trial_stands_beside_the_one_that_acts(
    threshold: float, score: float, acted: Outcome, would: Outcome | None
) -> None:
    tried = policy(thresholds={"toxicity": threshold})

    verdict = shadow_of([toxic(score)], tried, DRAFT)

    assert decide([toxic(score)], tried, DRAFT).outcome == acted
    assert (verdict.outcome if verdict else None) == would


def test_a_check_in_shadow_mode_that_fails_has_no_opinion() -> None:
    tried = policy(checks=("links",))
    failed = Signal("links", Guideline.SPAM, SignalState.FAILED)

    assert decide([failed], tried, DRAFT).outcome == Outcome.PUBLISH
    assert shadow_of([failed], tried, DRAFT) is None


def test_without_anything_on_trial_there_is_no_shadow() -> None:
    assert shadow_of([LINKS], policy(), DRAFT) is None


def test_mode_and_staff_stay_above_shadow_mode() -> None:
    tried = policy(checks=("links",))
    waits = Draft("A remark.", mode=Mode.PREMODERATE, standing=Standing(published=9))
    staff = Draft("A remark.", standing=Standing(is_staff=True))

    assert decide([LINKS], tried, waits).outcome == Outcome.HOLD
    assert shadow_of([LINKS], tried, waits) is None
    assert shadow_of([LINKS], tried, staff) is None


def test_policy_is_read_with_shadow_and_audit() -> None:
    read = policy_from_json({"shadow": {"checks": ["links"], "thresholds": {"insult": 0.4}}, "audit_share": 0.02})

    assert (read.shadow, read.audit_share) == (Shadow(("links",), {"insult": 0.4}), 0.02)
    assert (policy_from_json({}).shadow, policy_from_json({}).audit_share) == (Shadow(), 0.0)
    assert policy_from_json({}) == DEFAULT_POLICY


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"shadow": {"checks": ["mode"]}}, "shadow.checks.0"),
        ({"shadow": {"thresholds": {"insult": 2}}}, "shadow.thresholds.insult"),
        ({"shadow": {"sections": []}}, "shadow.sections"),
        ({"audit_share": -0.1}, "audit_share"),
    ],
)
def test_policy_refuses_what_cannot_be_tried(data: dict[str, object], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        policy_from_json(data)


@given(lot=st.floats(0, 1), share=st.floats(0, 1), score=st.floats(0, 1))
def test_the_lot_alone_decides_who_is_judged_blind(lot: float, share: float, score: float) -> None:
    draft = Draft("A remark.", standing=Standing(published=9), lot=lot)

    verdict = decide([toxic(score)], Policy(thresholds={"toxicity": 0.6}, audit_share=share), draft)

    assert verdict.blind == (1 - share <= lot < 1)
    assert verdict.outcome == (Outcome.HOLD if score >= 0.6 else Outcome.PUBLISH)
    if verdict.outcome == Outcome.PUBLISH:
        assert verdict.reasons == (Reason.SAMPLE if verdict.blind else 0)


def test_the_audit_takes_other_lots_than_the_sample_of_what_could_not_be_scored() -> None:
    unscored = Signal("toxicity", Guideline.COURTESY, SignalState.ABSTAINED)
    both = Policy(unscored=Unscored.SAMPLE, sample_share=0.1, audit_share=0.1)

    low = decide([unscored], both, Draft("?", lot=0.05))
    high = decide([unscored], both, Draft("?", lot=0.95))

    assert (low.reasons, low.blind) == (Reason.SAMPLE, False)
    assert (high.reasons, high.blind) == (Reason.SAMPLE, True)


def test_staff_and_what_could_not_be_checked_are_not_drawn() -> None:
    every = Policy(audit_share=1.0)
    failed = Signal("links", Guideline.SPAM, SignalState.FAILED)

    assert decide([], every, Draft("A remark.", standing=Standing(is_staff=True), lot=0.5)).blind is False
    assert decide([failed], every, Draft("A remark.", lot=0.5)).blind is False


def test_label_named_reads_what_breaches_say() -> None:
    breach = decide([toxic(0.9)], policy(), DRAFT).breaches[0]

    assert label_named(breach.message) == "toxicity"
    assert label_named("Something else.") is None


def test_nothing_waits_for_a_judge_elsewhere_that_is_on_trial() -> None:
    asked = Policy(external=When.BEFORE, external_url="https://judge.example/")
    on_trial = replace(asked, shadow=Shadow(checks=("external",)))
    clean = decide([], asked, DRAFT)

    assert held_until_asked(clean, asked, DRAFT).outcome == Outcome.HOLD
    assert held_until_asked(clean, on_trial, DRAFT) == clean


def test_what_waits_for_its_judges_is_not_blind_yet() -> None:
    asked = Policy(external=When.BEFORE, external_url="https://judge.example/", audit_share=1.0)
    draft = replace(DRAFT, lot=0.9)
    drawn = decide([], asked, draft)

    held = held_until_asked(drawn, asked, draft)

    assert (drawn.blind, held.blind, held.outcome) == (True, False, Outcome.HOLD)
