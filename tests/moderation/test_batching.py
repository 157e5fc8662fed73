"""Do texts of many callers share a model fairly, and does one's trouble stay one's own?"""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from commentsvc.enums import TOXICITY_LABELS
from commentsvc.errors import ClassifierUnavailable
from commentsvc.moderation.batching import Batcher, BatchingEngine, usable_cores
from commentsvc.moderation.terms import Span
from commentsvc.moderation.toxicity import Scores, Unavailable, load_engine

RUDE, KIND = "You are a stupid idiot.", "You are a kind friend."


class Gated:
    """Answers each text's length; waits at a gate, notes every batch, and breaks at the word `poison`."""

    name, version = "gated", "1"

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.entered = threading.Semaphore(0)
        self.batches: list[list[str]] = []

    def score(self, texts: Sequence[str]) -> list[Scores]:
        self.batches.append(list(texts))
        self.entered.release()
        self.gate.wait(20)
        if "away" in texts:
            raise ClassifierUnavailable("no model")
        if any("poison" in text for text in texts):
            raise RuntimeError("poisoned")
        return [dict.fromkeys(TOXICITY_LABELS, len(text) / 10_000) for text in texts]

    def evidence(self, text: str) -> tuple[Span, ...]:
        return ((0, len(text)),)


@pytest.fixture
def gated() -> Iterator[Gated]:
    engine = Gated()
    yield engine
    engine.gate.set()


@pytest.fixture
def batcher() -> Iterator[Batcher]:
    made = Batcher(threads=1, patience=10)
    yield made
    made.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(600) as executor:
        yield executor


def wait_until_waiting(batcher: Batcher, number: int) -> None:
    end = time.monotonic() + 10
    while batcher.waiting != number:
        assert time.monotonic() < end, batcher.waiting
        time.sleep(0.002)


def occupied(pool: ThreadPoolExecutor, batcher: Batcher, engine: Gated) -> Future[list[Scores]]:
    """Keep the only thread busy with one text."""
    first = pool.submit(batcher.run, engine.score, ["first"])
    assert engine.entered.acquire(timeout=10)
    return first


def lengths(scores: list[Scores]) -> list[float]:
    return [round((score["toxicity"] or 0) * 10_000) for score in scores]


def test_score_answers_as_the_engine_alone_does() -> None:
    engine = load_engine("embedded", None)
    batcher = Batcher()
    texts = [RUDE, "", "😀", KIND * 40, KIND, RUDE + " " * 70]

    together = BatchingEngine(engine, batcher).score(texts)

    alone = [engine.score([text])[0] for text in texts]
    batcher.close()
    for got, wanted in zip(together, alone, strict=True):
        assert got == {label: pytest.approx(score, abs=0.02) for label, score in wanted.items()}


def test_calls_that_wait_are_taken_together(gated: Gated, batcher: Batcher, pool: ThreadPoolExecutor) -> None:
    first = occupied(pool, batcher, gated)
    others = [pool.submit(batcher.run, gated.score, ["x" * size]) for size in (30, 10, 20)]
    wait_until_waiting(batcher, 3)

    gated.gate.set()

    assert [lengths(call.result()) for call in (first, *others)] == [[5], [30], [10], [20]]
    assert [len(batch) for batch in gated.batches] == [1, 3]


def test_a_batch_holds_texts_of_about_one_length(gated: Gated, batcher: Batcher, pool: ThreadPoolExecutor) -> None:
    first = occupied(pool, batcher, gated)
    mixed = pool.submit(batcher.run, gated.score, ["x" * 1500, "y", "z" * 1400, "w"])
    wait_until_waiting(batcher, 4)

    gated.gate.set()

    assert lengths(mixed.result()) == [1500, 1, 1400, 1]
    assert [sorted(map(len, batch)) for batch in gated.batches[1:]] == [[1, 1], [1400], [1500]]
    first.result()


def test_one_call_is_spread_over_the_threads(gated: Gated, pool: ThreadPoolExecutor) -> None:
    batcher = Batcher(threads=2, patience=10)
    call = pool.submit(batcher.run, gated.score, ["x" * 100] * 8)

    both = [gated.entered.acquire(timeout=10) for _ in range(2)]

    gated.gate.set()
    assert both == [True, True]
    assert lengths(call.result()) == [100] * 8
    assert [len(batch) for batch in gated.batches] == [4, 4]
    batcher.close()


def test_a_small_call_does_not_wait_for_a_huge_one(gated: Gated, batcher: Batcher, pool: ThreadPoolExecutor) -> None:
    huge = pool.submit(batcher.run, gated.score, ["x" * 500] * 1000)
    assert gated.entered.acquire(timeout=10)
    small = pool.submit(batcher.run, gated.score, ["one reader's comment"])
    wait_until_waiting(batcher, 997)

    gated.gate.set()

    small.result()
    huge.result()
    place = next(at for at, batch in enumerate(gated.batches) if "one reader's comment" in batch)
    assert place <= 3
    assert len(gated.batches) > 200


def test_a_text_that_breaks_the_engine_fails_its_own_caller(
    gated: Gated, batcher: Batcher, pool: ThreadPoolExecutor
) -> None:
    first = occupied(pool, batcher, gated)
    bad = pool.submit(batcher.run, gated.score, ["poison"])
    good = pool.submit(batcher.run, gated.score, ["harmless"])
    wait_until_waiting(batcher, 2)

    gated.gate.set()

    with pytest.raises(RuntimeError, match="poisoned"):
        bad.result()
    assert lengths(good.result()) == [8]
    assert lengths(first.result()) == [5]


def test_an_engine_that_is_away_is_not_asked_text_by_text(
    gated: Gated, batcher: Batcher, pool: ThreadPoolExecutor
) -> None:
    first = occupied(pool, batcher, gated)
    calls = [pool.submit(batcher.run, gated.score, [text]) for text in ("away", "other")]
    wait_until_waiting(batcher, 2)

    gated.gate.set()

    for call in calls:
        with pytest.raises(ClassifierUnavailable, match="no model"):
            call.result()
    assert len(gated.batches) == 2
    first.result()


def test_too_many_waiting_texts_are_refused_at_once(gated: Gated, batcher: Batcher, pool: ThreadPoolExecutor) -> None:
    first = occupied(pool, batcher, gated)
    calls = [pool.submit(batcher.run, gated.score, ["text"]) for _ in range(128)]
    wait_until_waiting(batcher, 128)
    begun = time.monotonic()

    with pytest.raises(ClassifierUnavailable, match="too many texts wait"):
        batcher.run(gated.score, ["one more"])

    assert time.monotonic() - begun < 1
    gated.gate.set()
    assert len([call.result() for call in (first, *calls)]) == 129


def test_what_nobody_waits_for_any_more_is_not_begun(gated: Gated, pool: ThreadPoolExecutor) -> None:
    batcher = Batcher(threads=1, patience=0.2)
    first = occupied(pool, batcher, gated)

    with pytest.raises(ClassifierUnavailable, match="too busy"):
        batcher.run(gated.score, ["given up"])
    with pytest.raises(ClassifierUnavailable, match="too busy"):
        first.result()
    assert batcher.is_stuck
    assert BatchingEngine(gated, batcher).why == "it does not answer"
    with pytest.raises(ClassifierUnavailable, match="does not answer"):
        batcher.run(gated.score, ["in vain"])

    gated.gate.set()
    end = time.monotonic() + 10
    while batcher.is_stuck and time.monotonic() < end:
        time.sleep(0.01)
    assert lengths(batcher.run(gated.score, ["again"])) == [5]
    assert gated.batches == [["first"], ["again"]]
    batcher.close()


def test_evidence_takes_its_turn_too(batcher: Batcher) -> None:
    engine = BatchingEngine(load_engine("embedded", None), batcher)

    spans = engine.evidence(RUDE)

    assert [RUDE[start:end] for start, end in spans] == ["stupid idiot"]


def test_an_unavailable_engine_says_why_through_the_batcher(batcher: Batcher) -> None:
    engine = BatchingEngine(Unavailable("detoxify", "there is no checkpoint"), batcher)

    with pytest.raises(ClassifierUnavailable, match="no checkpoint"):
        engine.score(["you fool"])
    assert (engine.name, engine.version, engine.why) == ("detoxify", "none", "there is no checkpoint")


def test_close_tells_those_who_wait(gated: Gated, batcher: Batcher, pool: ThreadPoolExecutor) -> None:
    first = occupied(pool, batcher, gated)
    waiting = pool.submit(batcher.run, gated.score, ["waiting"])
    wait_until_waiting(batcher, 1)

    batcher.close()

    with pytest.raises(ClassifierUnavailable, match="closed"):
        waiting.result()
    gated.gate.set()
    assert lengths(first.result()) == [5]
    with pytest.raises(ClassifierUnavailable, match="closed"):
        batcher.run(gated.score, ["late"])


def test_threads_are_as_many_as_usable_cores() -> None:
    assert Batcher().threads == usable_cores() >= 1
