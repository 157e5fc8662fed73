"""All checks run, none hides another, and an engine's failure holds the comment."""

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from time import monotonic

import pytest
import structlog

from commentsvc.enums import Guideline, Outcome, SignalState, Unscored
from commentsvc.moderation import pipeline
from commentsvc.moderation.embedded import load_relevance
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.policy import DEFAULT_POLICY
from commentsvc.moderation.terms import Draft, Policy, Signal, Span
from commentsvc.moderation.toxicity import Scores, Unavailable, load_engine

DRAFT = Draft("A calm remark about the budget.")


class Scripted:
    """An engine that answers what it is told to; `evidence` fails when told so."""

    name = "scripted"
    version = "7"

    def __init__(self, answer: Callable[[], object], spans: Callable[[], tuple[Span, ...]] = lambda: ((0, 1),)) -> None:
        self._answer = answer
        self._spans = spans

    def score(self, texts: Sequence[str]) -> list[Scores]:
        return self._answer()  # type: ignore[return-value]

    def evidence(self, text: str) -> tuple[Span, ...]:
        return self._spans()


class ScriptedRelevance:
    name = "scripted"
    version = "7"

    def __init__(self, answer: Callable[[], object]) -> None:
        self._answer = answer

    def score(self, draft: Draft) -> float | None:
        return self._answer()  # type: ignore[return-value]


def fail() -> object:
    raise RuntimeError("the text was: secret words")


def toxicity(value: object) -> Callable[[], object]:
    return lambda: [{"toxicity": value}]


@pytest.fixture
def stuck() -> Iterator[threading.Event]:
    """Hold engines up until the test is over."""
    released = threading.Event()
    yield released
    released.set()


def states(judge: Judge, draft: Draft = DRAFT, policy: Policy = DEFAULT_POLICY) -> dict[str, SignalState]:
    return {signal.check: signal.state for signal in judge.judge(draft, policy).signals}


def test_judge_with_the_real_engines_runs_every_check() -> None:
    judge = Judge(load_engine("embedded", None), load_relevance())
    draft = Draft("YOU STUPID IDIOT, blockhead! https://a.example https://b.example https://c.example")

    judgement = judge.judge(draft, replace(DEFAULT_POLICY, banned_words=("blockhead",)))
    judge.close()

    assert tuple(signal.check for signal in judgement.signals) == judge.check_names
    by_check = {signal.check: signal for signal in judgement.signals}
    assert by_check["words"].score == 1.0
    assert by_check["links"].score == 0.6
    assert (by_check["toxicity"].score or 0) > 0.9
    assert by_check["toxicity"].engine == "embedded"
    assert [draft.body[a:b] for a, b in by_check["toxicity"].spans] == ["STUPID IDIOT"]
    assert by_check["relevance"].state is SignalState.ABSTAINED
    assert judgement.verdict.outcome is Outcome.REJECT


def test_judge_publishes_what_is_clean_without_asking_for_evidence() -> None:
    judge = Judge(Scripted(toxicity(0.1), spans=lambda: pytest.fail("asked")), ScriptedRelevance(lambda: 0.9))

    judgement = judge.judge(DRAFT, DEFAULT_POLICY)

    assert judgement.verdict.outcome is Outcome.PUBLISH
    toxic = judgement.signals[judge.check_names.index("toxicity")]
    assert (toxic.state, toxic.score, toxic.labels["toxicity"]) == (SignalState.OBSERVED, 0.1, 0.1)
    assert toxic.labels["threat"] is None
    assert (toxic.engine, toxic.version) == ("scripted", "7")


@pytest.mark.parametrize(
    "answer",
    [
        fail,
        toxicity(math.nan),
        toxicity(math.inf),
        toxicity(1.01),
        toxicity(-0.01),
        toxicity("0.5"),
        lambda: [],
        lambda: [{}, {}],
        lambda: None,
        lambda: [None],
    ],
)
def test_judge_holds_when_toxicity_raises_or_answers_nonsense(answer: Callable[[], object]) -> None:
    judge = Judge(Scripted(answer), ScriptedRelevance(lambda: 0.9))

    judgement = judge.judge(DRAFT, DEFAULT_POLICY)

    assert [signal.check for signal in judgement.signals if signal.state is SignalState.FAILED] == ["toxicity"]
    assert (judgement.verdict.outcome, judgement.verdict.failed) == (Outcome.HOLD, ("toxicity",))


@pytest.mark.parametrize("answer", [lambda: [{}], toxicity(None)])
def test_judge_takes_all_unknown_for_abstention(answer: Callable[[], object]) -> None:
    judge = Judge(Scripted(answer), ScriptedRelevance(lambda: None))

    found = states(judge)

    assert found["toxicity"] is found["relevance"] is SignalState.ABSTAINED
    assert judge.judge(DRAFT, DEFAULT_POLICY).verdict.outcome is Outcome.PUBLISH


@pytest.mark.parametrize("answer", [fail, lambda: math.nan, lambda: 2, lambda: "near"])
def test_judge_lets_relevance_fail_alone(answer: Callable[[], object]) -> None:
    judge = Judge(Scripted(toxicity(0.1)), ScriptedRelevance(answer))

    sampling = judge.judge(DRAFT, DEFAULT_POLICY)
    holding = judge.judge(DRAFT, replace(DEFAULT_POLICY, off_topic=Unscored.HOLD))

    assert [signal.check for signal in sampling.signals if signal.state is SignalState.FAILED] == ["relevance"]
    assert sampling.verdict.outcome is Outcome.PUBLISH
    assert (holding.verdict.outcome, holding.verdict.failed) == (Outcome.HOLD, ("relevance",))


@pytest.mark.parametrize("name", ["words", "links", "repeats", "spam"])
@pytest.mark.parametrize("score", [None, math.nan])
def test_judge_holds_when_a_rule_raises_or_answers_nan(
    monkeypatch: pytest.MonkeyPatch, name: str, score: float | None
) -> None:
    def broken(draft: Draft, policy: Policy) -> Signal:
        if score is None:
            raise RuntimeError(draft.body)
        return Signal(name, Guideline.SPAM, score=score)

    rules = tuple((n, g, broken if n == name else check) for n, g, check in pipeline._RULES)
    monkeypatch.setattr(pipeline, "_RULES", rules)
    judge = Judge(Scripted(toxicity(0.1)), ScriptedRelevance(lambda: 0.9))

    judgement = judge.judge(DRAFT, DEFAULT_POLICY)

    assert (judgement.verdict.outcome, judgement.verdict.failed) == (Outcome.HOLD, (name,))
    assert len(judgement.signals) == len(judge.check_names)


def test_judge_holds_when_an_engine_hangs_and_waits_no_longer_than_its_budget(stuck: threading.Event) -> None:
    judge = Judge(Scripted(stuck.wait), ScriptedRelevance(stuck.wait), budget=0.2)
    began = monotonic()

    judgement = judge.judge(DRAFT, DEFAULT_POLICY)

    assert monotonic() - began < 1.5
    found = {signal.check for signal in judgement.signals if signal.state is SignalState.FAILED}
    assert found == {"toxicity", "relevance"}
    assert judgement.verdict.failed == ("toxicity",)


def test_judge_answers_at_once_when_all_threads_hang_and_recovers(stuck: threading.Event) -> None:
    judge = Judge(Scripted(lambda: stuck.wait() and [{"toxicity": 0.1}]), ScriptedRelevance(lambda: 0.9), budget=0.1)
    for _ in range(pipeline._THREADS):
        judge.judge(DRAFT, DEFAULT_POLICY)
    assert judge.describe()["state"] == "stuck"

    judge._toxicity_box.budget = 30.0
    began = monotonic()
    hanging = judge.judge(DRAFT, DEFAULT_POLICY)
    waited = monotonic() - began
    stuck.set()
    while judge.describe()["state"] != "ok":
        assert monotonic() - began < 20

    assert waited < 5
    assert hanging.verdict.failed == ("toxicity",)
    assert states(judge)["toxicity"] is SignalState.OBSERVED


def test_judge_keeps_a_hanging_engine_from_blocking_the_others(stuck: threading.Event) -> None:
    first = threading.Event()

    def hang_once() -> object:
        if not first.is_set():
            first.set()
            stuck.wait()
        return [{"toxicity": 0.1}]

    judge = Judge(Scripted(hang_once), ScriptedRelevance(lambda: 0.9), budget=0.3)
    judge.judge(DRAFT, DEFAULT_POLICY)

    assert states(judge)["toxicity"] is SignalState.OBSERVED
    assert judge.describe()["state"] == "ok"


def test_judge_keeps_the_score_when_evidence_fails() -> None:
    judge = Judge(Scripted(toxicity(0.9), spans=fail), ScriptedRelevance(lambda: 0.9))  # type: ignore[arg-type]

    judgement = judge.judge(DRAFT, DEFAULT_POLICY)

    toxic = judgement.signals[judge.check_names.index("toxicity")]
    assert (toxic.state, toxic.score, toxic.spans) == (SignalState.OBSERVED, 0.9, ())
    assert judgement.verdict.outcome is Outcome.HOLD


def test_failures_are_logged_once_without_the_text_until_the_check_answers_again() -> None:
    answers = iter([fail, fail, toxicity(0.1), fail])
    judge = Judge(Scripted(lambda: (answer := next(answers)) and answer()), ScriptedRelevance(lambda: 0.9))

    with structlog.testing.capture_logs() as logs:
        for _ in range(4):
            judge.judge(DRAFT, DEFAULT_POLICY)

    assert [(entry["log_level"], entry["check"]) for entry in logs] == [
        ("warning", "toxicity"),
        ("info", "toxicity"),
        ("warning", "toxicity"),
    ]
    assert logs[0]["error"] == "RuntimeError"
    assert logs[0]["at"].startswith("test_pipeline.py:")
    assert "secret" not in str(logs)
    assert DRAFT.body not in str(logs)


@pytest.mark.parametrize(
    ("engine", "described"),
    [
        (Scripted(toxicity(0.1)), {"engine": "scripted", "version": "7", "state": "ok", "why": ""}),
        (
            Unavailable("detoxify", "no checkpoint"),
            {"engine": "detoxify", "version": "none", "state": "unavailable", "why": "no checkpoint"},
        ),
    ],
)
def test_describe_says_which_engine_and_why_not(engine: Scripted | Unavailable, described: dict[str, str]) -> None:
    judge = Judge(engine, ScriptedRelevance(lambda: 0.9))

    relevance = {"engine": "scripted", "version": "7", "state": "ok", "why": "", "files": ""}
    assert judge.describe() == {**described, "files": "", "relevance": relevance}


def test_an_unavailable_engine_holds_every_comment() -> None:
    judge = Judge(Unavailable("detoxify", "no checkpoint"), ScriptedRelevance(lambda: 0.9))

    assert judge.judge(DRAFT, DEFAULT_POLICY).verdict.failed == ("toxicity",)


def test_judge_serves_many_threads_at_once() -> None:
    judge = Judge(Scripted(toxicity(0.1)), ScriptedRelevance(lambda: 0.9))
    outcomes: list[Outcome] = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(judge.judge(DRAFT, DEFAULT_POLICY).verdict.outcome))
        for _ in range(16)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes == [Outcome.PUBLISH] * 16


def test_judge_keeps_the_cosines_that_relevance_rests_on() -> None:
    judge = Judge(Scripted(toxicity(0.1)), load_relevance())
    body = "The ferry should run every ten minutes in summer, because the queue at the harbour is far too long by noon."
    draft = Draft(body, article_title="Ferry to run more often in summer", parent="The queue was long at noon.")

    signal = next(signal for signal in judge.judge(draft, DEFAULT_POLICY).signals if signal.check == "relevance")

    assert set(signal.closeness) == {"article", "parent", "thread"}
    assert signal.closeness["thread"] is None
    assert (signal.closeness["article"] or 0) > 0.3
    assert signal.score is not None
