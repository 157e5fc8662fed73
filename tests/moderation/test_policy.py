"""The whole table from signals, mode and standing to a verdict; and what no combination may ever do."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commentsvc.enums import FailureRule, Guideline, Mode, Outcome, Reason, SignalState, Unscored
from commentsvc.moderation.policy import DEFAULT_POLICY, decide, policy_from_json
from commentsvc.moderation.terms import Draft, Policy, Signal, Standing, Verdict

GUIDELINES = {
    "words": Guideline.COURTESY,
    "links": Guideline.SPAM,
    "repeats": Guideline.SPAM,
    "spam": Guideline.SPAM,
    "toxicity": Guideline.COURTESY,
    "relevance": Guideline.ON_TOPIC,
}
POLICY = Policy(thresholds={"toxicity": 0.6, "threat": 0.3}, relevance=0.2)

STANDINGS = {
    "known": Standing(published=9),
    "new": Standing(),
    "premoderated": Standing(premoderated=True, published=9),
    "often rejected": Standing(published=2, rejected=8),
    "staff": Standing(is_staff=True),
    "premoderated staff": Standing(is_staff=True, premoderated=True),
}


def clean_signals() -> dict[str, Signal]:
    signals = {check: Signal(check, guideline, score=0.0) for check, guideline in GUIDELINES.items()}
    signals["toxicity"] = toxic(0.1)
    signals["relevance"] = replace(signals["relevance"], score=0.9)
    return signals


def toxic(score: float | None, *, label: str = "toxicity", spans: tuple[tuple[int, int], ...] = ()) -> Signal:
    state = SignalState.ABSTAINED if score is None else SignalState.OBSERVED
    return Signal("toxicity", Guideline.COURTESY, state, score, spans=spans, labels={label: score})


def failed(check: str) -> Signal:
    return Signal(check, GUIDELINES[check], SignalState.FAILED)


STATES: dict[str, list[Signal]] = {
    "clean": [],
    "banned word": [Signal("words", Guideline.COURTESY, score=1.0, message="banned", spans=((0, 2),))],
    "suspect word": [Signal("words", Guideline.COURTESY, score=0.5, message="suspect")],
    "many links": [Signal("links", Guideline.SPAM, score=0.6, message="links")],
    "repeated": [Signal("repeats", Guideline.SPAM, score=0.95, message="again")],
    "spam": [Signal("spam", Guideline.SPAM, score=0.9, message="advert")],
    "little spam": [Signal("spam", Guideline.SPAM, score=0.3)],
    "toxic": [toxic(0.6)],
    "threat": [toxic(0.31, label="threat")],
    "nearly toxic": [toxic(0.59)],
    "unscored": [toxic(None)],
    "off topic": [Signal("relevance", Guideline.ON_TOPIC, score=0.1)],
    "relevance abstained": [Signal("relevance", Guideline.ON_TOPIC, SignalState.ABSTAINED)],
    **{f"{check} failed": [failed(check)] for check in GUIDELINES},
}
HELD_STATES = {"suspect word", "many links", "repeated", "spam", "toxic", "threat"} | {
    f"{check} failed" for check in GUIDELINES if check != "relevance"
}


def judge(state: str, policy: Policy = POLICY, **draft: Any) -> Verdict:
    signals = clean_signals() | {signal.check: signal for signal in STATES[state]}
    return decide(list(signals.values()), policy, Draft("some words", **{"standing": STANDINGS["known"], **draft}))


@pytest.mark.parametrize(("mode", "who", "state"), list(product(Mode, STANDINGS, STATES)))
def test_decide_answers_the_whole_table(mode: Mode, who: str, state: str) -> None:
    verdict = judge(state, mode=mode, standing=STANDINGS[who])

    if "staff" in who:
        expected = Outcome.PUBLISH
    elif state == "banned word":
        expected = Outcome.REJECT
    elif mode is not Mode.PUBLISH or who in {"premoderated", "often rejected"} or state in HELD_STATES:
        expected = Outcome.HOLD
    else:
        expected = Outcome.PUBLISH
    assert verdict.outcome is expected
    if expected is Outcome.HOLD:
        assert verdict.reasons == Reason.HELD
        assert verdict.breaches
        assert all(breach.message for breach in verdict.breaches)
    assert (verdict.failed != ()) == (expected is Outcome.HOLD and state in HELD_STATES and state.endswith("failed"))


@pytest.mark.parametrize("site_mode", Mode)
def test_decide_lets_either_site_or_article_premoderate(site_mode: Mode) -> None:
    verdict = judge("clean", replace(POLICY, mode=site_mode))

    assert verdict.outcome is (Outcome.PUBLISH if site_mode is Mode.PUBLISH else Outcome.HOLD)


def test_decide_needs_no_signal_to_honour_mode_and_standing() -> None:
    by_mode = decide([], POLICY, Draft("x", mode=Mode.PREMODERATE))
    by_standing = decide([], POLICY, Draft("x", standing=STANDINGS["premoderated"]))
    lying = decide([Signal("standing", None, score=0.0)], POLICY, Draft("x", standing=STANDINGS["premoderated"]))

    assert [verdict.outcome for verdict in (by_mode, by_standing, lying)] == [Outcome.HOLD] * 3


def test_decide_holds_new_authors_when_the_site_says_so() -> None:
    policy = replace(POLICY, hold_new_authors=True)

    new = judge("clean", policy, standing=Standing(published=1))
    known = judge("clean", policy, standing=Standing(published=2))

    assert (new.outcome, known.outcome) == (Outcome.HOLD, Outcome.PUBLISH)


def test_decide_names_breach_guideline_message_and_spans() -> None:
    signals = [
        toxic(0.9, spans=((2, 6),)),
        Signal("links", Guideline.SPAM, score=0.6, message="links", spans=((8, 9),)),
    ]

    verdict = decide(signals, POLICY, Draft("x"))

    assert [(b.guideline, b.check, b.message, b.spans) for b in verdict.breaches] == [
        (Guideline.COURTESY, "toxicity", "This may read as uncivil.", ((2, 6),)),
        (Guideline.SPAM, "links", "links", ((8, 9),)),
    ]
    assert verdict.guideline is Guideline.COURTESY


def test_decide_names_the_label_furthest_beyond_its_threshold() -> None:
    signal = replace(toxic(0.61), labels={"toxicity": 0.61, "threat": 0.8, "insult": 0.99})

    verdict = decide([signal], POLICY, Draft("x"))

    assert [breach.message for breach in verdict.breaches] == ["This may read as a threat."]


def test_decide_says_that_a_failed_check_is_under_way() -> None:
    verdict = judge("toxicity failed")

    assert [breach.message for breach in verdict.breaches] == ["This comment is being checked."]
    assert verdict.failed == ("toxicity",)
    assert verdict.likelihood == 0.5


@pytest.mark.parametrize("check", GUIDELINES)
def test_decide_ignores_a_failure_when_the_site_says_so(check: str) -> None:
    verdict = judge(f"{check} failed", replace(POLICY, failure={check: FailureRule.IGNORE}))

    assert verdict == replace(judge("clean"), likelihood=0.5)


@pytest.mark.parametrize(
    ("off_topic", "failure", "outcome"),
    [
        (Unscored.HOLD, {}, Outcome.HOLD),
        (Unscored.SAMPLE, {}, Outcome.PUBLISH),
        (Unscored.PUBLISH, {}, Outcome.PUBLISH),
        (Unscored.PUBLISH, {"relevance": FailureRule.HOLD}, Outcome.HOLD),
        (Unscored.HOLD, {"relevance": FailureRule.IGNORE}, Outcome.PUBLISH),
    ],
)
def test_decide_wants_relevance_only_where_it_would_hold(
    off_topic: Unscored, failure: dict[str, FailureRule], outcome: Outcome
) -> None:
    verdict = judge("relevance failed", replace(POLICY, off_topic=off_topic, failure=failure))

    assert verdict.outcome is outcome


@pytest.mark.parametrize(
    ("rule", "lot", "outcome", "reasons"),
    [
        (Unscored.PUBLISH, 0.0, Outcome.PUBLISH, 0),
        (Unscored.SAMPLE, 0.05, Outcome.PUBLISH, Reason.SAMPLE),
        (Unscored.SAMPLE, 0.1, Outcome.PUBLISH, 0),
        (Unscored.HOLD, 0.9, Outcome.HOLD, Reason.HELD),
    ],
)
def test_decide_follows_the_rule_for_what_the_engine_abstained_on(
    rule: Unscored, lot: float, outcome: Outcome, reasons: int
) -> None:
    verdict = judge("unscored", replace(POLICY, unscored=rule), lot=lot)

    assert (verdict.outcome, verdict.reasons, verdict.failed) == (outcome, reasons, ())


@pytest.mark.parametrize(
    ("rule", "outcome", "reasons"),
    [
        (Unscored.PUBLISH, Outcome.PUBLISH, 0),
        (Unscored.SAMPLE, Outcome.PUBLISH, Reason.SAMPLE),
        (Unscored.HOLD, Outcome.HOLD, Reason.HELD),
    ],
)
def test_decide_follows_the_rule_for_off_topic(rule: Unscored, outcome: Outcome, reasons: int) -> None:
    verdict = judge("off topic", replace(POLICY, off_topic=rule))

    assert (verdict.outcome, verdict.reasons) == (outcome, reasons)
    assert bool(verdict.breaches) == (rule is Unscored.HOLD)


@pytest.mark.parametrize(
    ("score", "threshold", "likelihood"),
    [(0.6, 0.6, 0.5), (0.3, 0.6, 0.25), (0.8, 0.6, 0.75), (1.0, 0.6, 1.0), (1.0, 1.0, 1.0), (0.0, 0.0, 0.5)],
)
def test_likelihood_is_one_half_at_the_threshold(score: float, threshold: float, likelihood: float) -> None:
    verdict = decide([toxic(score)], replace(POLICY, thresholds={"toxicity": threshold}), Draft("x"))

    assert verdict.likelihood == pytest.approx(likelihood)


def test_likelihood_knows_nothing_of_mode_and_standing() -> None:
    verdict = judge("nearly toxic", mode=Mode.PREMODERATE, standing=STANDINGS["premoderated"])

    assert verdict.outcome is Outcome.HOLD
    assert verdict.likelihood == pytest.approx(0.5 * 0.59 / 0.6)


SCORES = st.none() | st.floats(0, 1)


@st.composite
def any_signals(draw: st.DrawFn) -> list[Signal]:
    signals = []
    for check, guideline in GUIDELINES.items():
        state = draw(st.sampled_from(SignalState))
        score = draw(st.floats(0, 1)) if state is SignalState.OBSERVED else None
        labels = {"toxicity": score, "threat": draw(SCORES)} if check == "toxicity" and score is not None else {}
        signals.append(Signal(check, guideline, state, score, "why", labels=labels))
    return signals


POLICIES = st.builds(
    Policy,
    mode=st.sampled_from(Mode),
    thresholds=st.dictionaries(st.sampled_from(["toxicity", "threat", "insult"]), st.floats(0, 1)),
    unscored=st.sampled_from(Unscored),
    relevance=SCORES,
    off_topic=st.sampled_from(Unscored),
    hold_new_authors=st.booleans(),
    failure=st.dictionaries(st.sampled_from(list(GUIDELINES)), st.sampled_from(FailureRule)),
)
STANDING = st.builds(
    Standing,
    is_staff=st.booleans(),
    premoderated=st.booleans(),
    published=st.integers(0, 9),
    rejected=st.integers(0, 9),
)
DRAFTS = st.builds(Draft, st.just("body"), mode=st.sampled_from(Mode), standing=STANDING, lot=st.floats(0, 0.99))


@given(signals=any_signals(), policy=POLICIES, draft=DRAFTS)
def test_decide_never_publishes_a_reader_when_a_wanted_check_failed(
    signals: list[Signal], policy: Policy, draft: Draft
) -> None:
    verdict = decide(signals, policy, draft)

    wanted = {check for check in GUIDELINES if check != "relevance" or policy.off_topic is Unscored.HOLD}
    wanted -= {check for check, rule in policy.failure.items() if rule is FailureRule.IGNORE}
    wanted |= {check for check, rule in policy.failure.items() if rule is FailureRule.HOLD}
    missing = {signal.check for signal in signals if signal.state is SignalState.FAILED} & wanted
    if missing and not draft.standing.is_staff:
        assert verdict.outcome is not Outcome.PUBLISH
        assert verdict.outcome is Outcome.REJECT or set(verdict.failed) == missing
    if draft.standing.is_staff:
        assert (verdict.outcome, verdict.breaches, verdict.reasons) == (Outcome.PUBLISH, (), 0)
    if not draft.standing.is_staff and Mode.PREMODERATE in {draft.mode, policy.mode}:
        assert verdict.outcome is not Outcome.PUBLISH


@given(signals=any_signals(), policy=POLICIES, draft=DRAFTS)
def test_decide_rejects_for_a_banned_word_alone(signals: list[Signal], policy: Policy, draft: Draft) -> None:
    verdict = decide(signals, policy, draft)

    banned = any(signal.check == "words" and signal.score == 1.0 for signal in signals)
    assert (verdict.outcome is Outcome.REJECT) == (banned and not draft.standing.is_staff)
    assert 0 <= verdict.likelihood <= 1
    assert (verdict.outcome is Outcome.HOLD) == (verdict.reasons == Reason.HELD)


def test_policy_from_json_fills_in_the_defaults() -> None:
    policy = policy_from_json({"mode": "premoderate", "banned_words": ["blockhead"]})

    assert policy == replace(DEFAULT_POLICY, mode=Mode.PREMODERATE, banned_words=("blockhead",))
    assert policy_from_json({}) == DEFAULT_POLICY


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"treshold": 1}, "treshold"),
        ({"thresholds": {"toxicity": 1.01}}, "thresholds.toxicity"),
        ({"thresholds": {"toxicity": float("nan")}}, "thresholds.toxicity"),
        ({"thresholds": {"rudeness": 0.5}}, "thresholds.rudeness"),
        ({"thresholds": [0.5]}, "thresholds"),
        ({"relevance": -0.1}, "relevance"),
        ({"sample_share": 2}, "sample_share"),
        ({"mode": "open"}, "mode"),
        ({"unscored": "reject"}, "unscored"),
        ({"max_links": "2"}, "max_links"),
        ({"max_links": True}, "max_links"),
        ({"max_links": -1}, "max_links"),
        ({"banned_words": "word"}, "banned_words"),
        ({"banned_words": [""]}, "banned_words"),
        ({"failure": {"toxicity": "publish"}}, "failure.toxicity"),
        ({"failure": {"karma": "hold"}}, "failure.karma"),
    ],
)
def test_policy_from_json_names_the_field_that_is_wrong(data: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}"):
        policy_from_json(data)
