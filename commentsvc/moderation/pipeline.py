"""What do all checks say about one draft?"""

import math
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol, TypeVar, runtime_checkable

import structlog

from commentsvc.enums import TOXICITY_LABELS, Guideline, SignalState
from commentsvc.errors import ClassifierUnavailable
from commentsvc.moderation import checks
from commentsvc.moderation.policy import decide, held_until_asked, shadow_of
from commentsvc.moderation.relevance import Closeness, probability
from commentsvc.moderation.terms import Draft, Judgement, Policy, Signal, Span
from commentsvc.moderation.timebox import Pending, Timebox
from commentsvc.moderation.toxicity import Scores, ToxicityEngine

_RULES: tuple[tuple[str, Guideline | None, checks.Check], ...] = (
    ("article", None, checks.article),
    ("standing", None, checks.standing),
    ("words", Guideline.COURTESY, checks.words),
    ("links", Guideline.SPAM, checks.links),
    ("repeats", Guideline.SPAM, checks.repeats),
    ("spam", Guideline.SPAM, checks.spam),
)
_THREADS = 4
_TEXTS_A_BUDGET = 4
"""A batch may take as long as so many texts would one after the other, each at its budget's end."""
_PROBE = "The library opens at nine."

T = TypeVar("T")
_Answer = Callable[[], list[Scores]]
"""Waits for the scores of one text, or raises what the engine raised."""

Observe = Callable[[str, float], None]

log = structlog.get_logger(__name__)


class Relevance(Protocol):
    """One judge of whether a draft is about its article."""

    name: str
    version: str

    def score(self, draft: Draft) -> float | None:
        """Return 0 (elsewhere) to 1 (on topic), or None when it can't tell."""
        ...


@runtime_checkable
class Comparing(Relevance, Protocol):
    """A judge of relevance that says with what a draft was compared, and how near it came."""

    def closeness(self, draft: Draft) -> Closeness | None:
        """Return cosines, each apart, or None when it can't tell."""
        ...


@runtime_checkable
class Closing(Protocol):
    """An engine that holds something to be let go."""

    def close(self) -> None:
        """Let it go."""
        ...


def _overlook(_engine: str, _seconds: float) -> None:
    pass


class Judge:
    """Asks every check and lets the policy decide; safe to share between threads.

    `budget` is how many seconds each engine may take, `threads` how many texts toxicity is asked for at once. A check
    that raises, takes longer or answers nonsense becomes a failed signal; it never hides another one. `observe` is told
    which engine took how many seconds.
    """

    check_names = (*(name for name, _, _ in _RULES), "toxicity", "relevance")

    def __init__(
        self,
        toxicity: ToxicityEngine,
        relevance: Relevance,
        *,
        budget: float = 2.0,
        threads: int = _THREADS,
        observe: Observe = _overlook,
    ) -> None:
        self.toxicity = toxicity
        self.relevance = relevance
        self._toxicity_box = Timebox(threads=threads, budget=budget)
        self._relevance_box = Timebox(threads=_THREADS, budget=budget)
        self._observe = observe
        self._failing: set[str] = set()
        self._lock = threading.Lock()

    def judge(self, draft: Draft, policy: Policy) -> Judgement:
        """Collect all signals, in the order of `check_names`, and draw the verdict on a text that is new.

        What the site wants a slow check to answer first is held until then.
        """
        judgement = self._judge(draft, policy, self._ask_toxicity(draft.body))
        return replace(judgement, verdict=held_until_asked(judgement.verdict, policy, draft))

    def judge_many(self, drafts: Sequence[tuple[Draft, Policy]]) -> list[Judgement]:
        """Judge texts that are there already, toxicity asked for all at once: for work that nobody waits for.

        Each text adds to the budget. When the engine can't do the batch, each text is asked for alone.
        """
        answers = self._ask_for_many([draft.body for draft, _ in drafts])
        return [self._judge(draft, policy, scores) for (draft, policy), scores in zip(drafts, answers, strict=True)]

    def _judge(self, draft: Draft, policy: Policy, scores: "_Answer") -> Judgement:
        relevance = self._relevance_box.start(self._timed("relevance", lambda: self._relate(draft)))
        signals = [self._by_rule(name, guideline, check, draft, policy) for name, guideline, check in _RULES]
        signals.append(self._toxicity_signal(scores, draft, policy))
        signals.append(self._relevance_signal(relevance))
        seen = [*signals, *draft.asked]
        return Judgement(tuple(signals), decide(seen, policy, draft), shadow_of(seen, policy, draft))

    @property
    def languages(self) -> frozenset[str]:
        """The languages that the toxicity engine judges, by ISO 639-1; an engine that names none judges English."""
        return frozenset(getattr(self.toxicity, "languages", {"en"}))

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Score bare texts within the budget, in order; raise ClassifierUnavailable when that can't be done."""
        pending = self._toxicity_box.start(self._timed("toxicity", lambda: self.toxicity.score(texts)))
        answers = self._ask("toxicity", lambda: _checked_all(pending.result(), len(texts)))
        if answers is None:
            raise ClassifierUnavailable("The classifier can't answer now.")
        return answers

    def describe(self) -> dict[str, Any]:
        """Say which engines judge, whether toxicity's can answer (`state`), and if not, why.

        `state` is ok, loading, unavailable or stuck; `files` says what has become of a loaded engine's files.
        """
        return {**self._about(self.toxicity, self._toxicity_box), "relevance": self._about_relevance()}

    @property
    def is_out(self) -> bool:
        """Whether asking for toxicity is known to be vain."""
        return self._toxicity_box.is_stuck or bool(getattr(self.toxicity, "why", ""))

    def can_score(self) -> bool:
        """Ask the engine for one harmless sentence, and say whether it answered."""
        return self._ask("toxicity", lambda: _checked_labels(self._ask_toxicity(_PROBE)())) is not None

    def close(self) -> None:
        """Let the engines' threads end."""
        self._toxicity_box.close()
        self._relevance_box.close()
        for engine in (self.toxicity, self.relevance):
            if isinstance(engine, Closing):
                engine.close()

    def _about_relevance(self) -> dict[str, Any]:
        return self._about(self.relevance, self._relevance_box)

    def _about(self, engine: "ToxicityEngine | Relevance", box: Timebox) -> dict[str, Any]:
        why = getattr(engine, "why", "")
        state = getattr(engine, "state", "unavailable" if why else "ok")
        if not why and box.is_stuck:
            state, why = "stuck", "it does not answer"
        files = getattr(engine, "files", "")
        return {"engine": engine.name, "version": engine.version, "state": state, "why": why, "files": files}

    def _timed(self, name: str, call: Callable[[], T]) -> Callable[[], T]:
        def timed() -> T:
            began = perf_counter()
            try:
                return call()
            finally:
                self._observe(name, perf_counter() - began)

        return timed

    def _ask_toxicity(self, text: str) -> "_Answer":
        return self._toxicity_box.start(self._timed("toxicity", lambda: self.toxicity.score([text]))).result

    def _ask_alone(self, text: str) -> list[Scores]:
        return self._ask_toxicity(text)()

    def _ask_for_many(self, texts: Sequence[str]) -> "list[_Answer]":
        budget = self._toxicity_box.budget * max(1.0, len(texts) / _TEXTS_A_BUDGET)
        try:
            score = self._timed("toxicity", lambda: self.toxicity.score(texts))
            scores = self._toxicity_box.start(score, budget=budget).result()
            answers = [[one] for one in scores]
        except (ClassifierUnavailable, TimeoutError) as error:
            return [partial(_raise, error)] * len(texts)
        except Exception:
            answers = []
        if len(answers) != len(texts):
            return [partial(self._ask_alone, text) for text in texts]
        return [partial(_same, answer) for answer in answers]

    def _by_rule(
        self, name: str, guideline: Guideline | None, check: checks.Check, draft: Draft, policy: Policy
    ) -> Signal:
        answer = self._ask(name, lambda: check(draft, policy))
        if answer is None or not _is_score(answer.score):
            return Signal(name, guideline, SignalState.FAILED)
        return answer

    def _toxicity_signal(self, answer: "_Answer", draft: Draft, policy: Policy) -> Signal:
        labels = self._ask("toxicity", lambda: _checked_labels(answer()))
        # Named after it has answered: one that has just come back has a version only then.
        engine, version = self.toxicity.name, self.toxicity.version
        if labels is None:
            return Signal("toxicity", Guideline.COURTESY, SignalState.FAILED, engine=engine, version=version)
        known = [score for score in labels.values() if score is not None]
        if not known:
            state = SignalState.ABSTAINED
            return Signal("toxicity", Guideline.COURTESY, state, labels=labels, engine=engine, version=version)
        flagged = any((labels[label] or 0.0) >= limit for label, limit in policy.thresholds.items() if label in labels)
        spans = self._evidence(draft.body) if flagged else ()
        return Signal(
            "toxicity",
            Guideline.COURTESY,
            score=max(known),
            spans=spans,
            labels=labels,
            engine=engine,
            version=version,
        )

    def _evidence(self, body: str) -> tuple[Span, ...]:
        # A score without its words is still a score: evidence that fails costs the highlighting, nothing else.
        return self._ask("evidence", self._toxicity_box.start(lambda: self.toxicity.evidence(body)).result) or ()

    def _relate(self, draft: Draft) -> tuple[float | None, Closeness | None]:
        if not isinstance(self.relevance, Comparing):
            return self.relevance.score(draft), None
        near = self.relevance.closeness(draft)
        return (None if near is None else probability(near)), near

    def _relevance_signal(self, pending: "Pending[tuple[float | None, Closeness | None]]") -> Signal:
        engine, version = self.relevance.name, self.relevance.version
        answer = self._ask("relevance", lambda: _checked_relation(*pending.result()))
        if answer is None:
            return Signal("relevance", Guideline.ON_TOPIC, SignalState.FAILED, engine=engine, version=version)
        score, near = answer
        return Signal(
            "relevance",
            Guideline.ON_TOPIC,
            SignalState.ABSTAINED if score is None else SignalState.OBSERVED,
            score,
            closeness=asdict(near) if near else {},
            engine=engine,
            version=version,
        )

    def _ask(self, name: str, call: Callable[[], T]) -> T | None:
        """Return the answer, or None when there is none; say so in the log once, until it answers again.

        The log names the error's class and place, never its message: that may quote the text.
        """
        try:
            answer = call()
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            if self._changes(name, failing=True):
                where = f"{Path(place.filename).name}:{place.lineno}"
                log.warning("check failed", check=name, error=type(error).__name__, at=where)
            return None
        if self._changes(name, failing=False):
            log.info("check answers again", check=name)
        return answer

    def _changes(self, name: str, *, failing: bool) -> bool:
        with self._lock:
            if (name in self._failing) == failing:
                return False
            (self._failing.add if failing else self._failing.discard)(name)
            return True


def _same(answer: list[Scores]) -> list[Scores]:
    return answer


def _raise(error: Exception) -> list[Scores]:
    raise error


def _is_score(value: object) -> bool:
    return isinstance(value, float | int) and math.isfinite(value) and 0 <= value <= 1


def _checked_score(value: float | None) -> float | None:
    if value is not None and not _is_score(value):
        raise ClassifierUnavailable("The engine answered something that is no score.")
    return None if value is None else float(value)


def _checked_relation(score: float | None, near: Closeness | None) -> tuple[float | None, Closeness | None]:
    return _checked_score(score), near


def _checked_labels(answers: list[Scores]) -> Scores:
    """Return every label of the only answer, None where it is missing, or raise when one is no probability."""
    (scores,) = _checked_all(answers, 1)
    return scores


def _checked_all(answers: list[Scores], count: int) -> list[Scores]:
    if len(answers) != count:
        raise ClassifierUnavailable("The engine answered for more or fewer texts than it was asked about.")
    return [{label: _checked_score(scores.get(label)) for label in TOXICITY_LABELS} for scores in answers]
