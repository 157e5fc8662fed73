"""Does a replay draw the verdicts that another policy would have drawn?"""

import pytest

from commentsvc.enums import Guideline, Mode, Outcome, SignalState, Unscored, When
from commentsvc.moderation.policy import policy_from_json
from commentsvc.moderation.replay import HELD_APPROVED, PUBLISHED_REJECTED, Past, Reached, Tally, reached, replay
from commentsvc.moderation.terms import Policy, Signal

TOXIC = Signal("toxicity", Guideline.COURTESY, score=0.55, labels={"toxicity": 0.55, "threat": None})
HELD, PASSED = Outcome.HOLD, Outcome.PUBLISH


def past(*signals: Signal, body: str = "A remark.", **more: object) -> Past:
    return Past(1, body, signals or (TOXIC,), **{"then": PASSED, **more})


@pytest.mark.parametrize(
    ("what", "policy", "outcome"),
    [
        (past(), {"thresholds": {"toxicity": 0.6}}, PASSED),
        (past(), {"thresholds": {"toxicity": 0.5}}, HELD),
        (past(), {"thresholds": {"toxicity": 0.6}, "sections": {"sport": {"thresholds": {"toxicity": 0.5}}}}, PASSED),
        (
            past(section="sport"),
            {"thresholds": {"toxicity": 0.6}, "sections": {"sport": {"thresholds": {"toxicity": 0.5}}}},
            HELD,
        ),
        (past(is_staff=True), {"thresholds": {"toxicity": 0.5}}, PASSED),
        (past(), {"mode": "premoderate"}, HELD),
        (past(mode=Mode.PREMODERATE), {}, HELD),
        (past(body="What a p.l.o.n.k.e.r"), {"banned_words": ["plonker"]}, Outcome.REJECT),
        (past(Signal("words", Guideline.COURTESY, score=1.0)), {}, PASSED),
        (past(body="See https://a.example"), {"max_links": 0}, HELD),
        (past(Signal("standing", None, score=1.0)), {}, HELD),
        (past(Signal("repeats", Guideline.SPAM, score=0.8)), {}, HELD),
        (past(Signal("external", None, score=0.9)), {}, PASSED),
        (past(Signal("external", None, score=0.9)), {"external": "after", "external_url": "https://j.example"}, HELD),
        (past(Signal("toxicity", Guideline.COURTESY, SignalState.FAILED)), {}, HELD),
        (past(Signal("toxicity", Guideline.COURTESY, SignalState.FAILED)), {"failure": {"toxicity": "ignore"}}, PASSED),
        (past(Signal("toxicity", Guideline.COURTESY, SignalState.ABSTAINED)), {"unscored": "hold"}, HELD),
    ],
)
def test_replay_draws_the_verdict_of_the_policy(what: Past, policy: dict[str, object], outcome: Outcome) -> None:
    assert replay(what, policy_from_json(policy)) is outcome


@pytest.mark.parametrize("score", [0.0, 0.29, 0.57, 0.58, 1.0])
def test_a_score_that_is_the_threshold_is_reached(score: float) -> None:
    tally = Tally()
    tally.add(past(Signal("toxicity", Guideline.COURTESY, score=score, labels={"toxicity": score})), Policy())

    assert reached(tally.curves["toxicity"], score).count == 1


def test_a_tally_counts_what_moves_and_what_a_person_decided_otherwise() -> None:
    policy = Policy(thresholds={"toxicity": 0.5}, unscored=Unscored.PUBLISH, external=When.OFF)
    tally = Tally()
    mild = Signal("toxicity", Guideline.COURTESY, score=0.2, labels={"toxicity": 0.2})

    tally.add(Past(1, "a", (TOXIC,), then=PASSED, person=Outcome.PUBLISH), policy)
    tally.add(Past(2, "b", (TOXIC,), then=PASSED, person=Outcome.REJECT), policy)
    tally.add(Past(3, "c", (mild,), then=HELD, person=Outcome.REJECT), policy)
    tally.add(Past(4, "d", (mild,), then=PASSED), policy)
    tally.add(Past(5, "e", ()), policy)

    assert (tally.judged, tally.unjudged) == (4, 1)
    assert tally.then == {"publish": 3, "hold": 1}
    assert tally.now == {"hold": 2, "publish": 2}
    assert tally.moved == {"publish>hold": 2, "hold>publish": 1}
    assert tally.otherwise == {HELD_APPROVED: 1, PUBLISHED_REJECTED: 1}
    assert tally.cases == {HELD_APPROVED: [1], PUBLISHED_REJECTED: [3]}
    assert reached(tally.curves["toxicity"], 0.5) == Reached(2, 0.5, 2, 0.5)
    assert reached(tally.curves["toxicity"], 0.9) == Reached(0, 0.0, 0, None)
    assert Tally(**tally.as_json()) == tally
