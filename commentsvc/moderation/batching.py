"""In what order do texts go through a model, how many at once, and how many may wait?"""

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from commentsvc.errors import ClassifierUnavailable
from commentsvc.moderation.terms import Span
from commentsvc.moderation.toxicity import Scores, ToxicityEngine

T = TypeVar("T")
Floats = NDArray[np.float32]
Ask = Callable[[Sequence[str]], Sequence[T]]
"""What a model is asked: one answer a text, in order."""

_BATCH = 2000
"""Characters of a batch, padding counted: about 500 tokens. Larger ones leave the core's cache and run slower."""
_LEAST, _MOST = 60, 4000
"""What a text counts at least, and at most: of a longer one engines read parts."""
_TURN = 8
"""Texts of one call that are taken before it is another's turn."""
_MOST_AHEAD = 128
"""Texts a thread that may be ahead of a new call; a call counts no more than its turn."""
_PATIENCE_S = 2.0
"""For each text: the slowest engine takes more than a second for a long one."""


def usable_cores() -> int:
    """Return how many cores this process may use, which may be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Batcher:
    """Puts what several callers ask of models into batches, and runs these in a few threads of its own.

    A call that finds a thread idle is begun at once; what comes while all are busy is taken together, by turns of a
    few texts a call, so that one text never waits for another's thousand. Texts of a batch are about equally long.
    Safe to share between threads; its own are daemons, started on first use, so that a server may fork before.
    """

    def __init__(self, *, threads: int | None = None, patience: float = _PATIENCE_S) -> None:
        self.threads = threads or usable_cores()
        self.patience = patience
        self._waiting: deque[_Call] = deque()
        self._ready: deque[list[_Piece]] = deque()
        self._running: dict[int, list[_Piece]] = {}
        self._changed = threading.Condition()
        self._started = 0
        self._closed = False

    @property
    def is_stuck(self) -> bool:
        """Whether every thread is busy with texts that nobody waits for any more."""
        with self._changed:
            return self._is_stuck()

    @property
    def waiting(self) -> int:
        """How many texts have not been begun."""
        with self._changed:
            ready = sum(len(batch) for batch in self._ready)
            return ready + sum(len(call.todo) for call in self._waiting)

    def run(self, ask: "Ask[T]", texts: Sequence[str]) -> list[T]:
        """Return the answer to each text, in order, or raise what the model raised for one of them.

        Raise ClassifierUnavailable at once when too many texts wait or the threads are stuck, and later when
        `patience` (for each text) is spent; what has not been begun by then is dropped.
        """
        if not texts:
            return []
        call = _Call(ask, texts)
        self._enter(call)
        if not call.done.wait(self.patience * len(texts)):
            self._settle(call, ClassifierUnavailable("The classifier is too busy: no answer in time."))
        if call.error is not None:
            raise call.error
        return call.answers

    def close(self) -> None:
        """Let the threads end; calls that wait are told."""
        with self._changed:
            self._closed = True
            calls = {*self._waiting, *(call for batch in self._ready for call, _ in batch)}
            self._changed.notify_all()
        for call in calls:
            self._settle(call, ClassifierUnavailable("The classifier was closed."))

    def _enter(self, call: "_Call") -> None:
        with self._changed:
            ahead = sum(len(batch) for batch in self._ready)
            ahead += sum(min(_TURN, len(other.todo)) for other in self._waiting)
            if self._closed:
                raise ClassifierUnavailable("The classifier was closed.")
            if self._is_stuck():
                raise ClassifierUnavailable("The classifier does not answer.")
            if ahead >= _MOST_AHEAD * self.threads:
                raise ClassifierUnavailable(f"The classifier is too busy: too many texts wait ({ahead}).")
            self._waiting.append(call)
            self._start_threads()
            self._changed.notify()

    def _is_stuck(self) -> bool:
        return len(self._running) == self.threads and all(
            call.is_over for batch in self._running.values() for call, _ in batch
        )

    def _start_threads(self) -> None:
        while self._started < self.threads:
            self._started += 1
            threading.Thread(target=self._serve, name="batcher", daemon=True).start()

    def _serve(self) -> None:
        me = threading.get_ident()
        while batch := self._next(me):
            answers = _answered(batch)
            with self._changed:
                del self._running[me]
                for (call, at), answer in zip(batch, answers, strict=True):
                    call.take(at, answer)

    def _next(self, me: int) -> "list[_Piece]":
        """Return the next batch, begun; nothing when the batcher is closed."""
        with self._changed:
            while not self._closed:
                if not self._ready:
                    self._ready.extend(_cut(self._gather(), self.threads))
                    self._changed.notify(max(0, len(self._ready) - 1))
                if not self._ready:
                    self._changed.wait()
                elif batch := [piece for piece in self._ready.popleft() if not piece[0].is_over]:
                    self._running[me] = batch
                    return batch
        return []

    def _gather(self) -> "list[_Piece]":
        """Take about a batch a thread from the waiting calls, turn by turn."""
        taken: list[_Piece] = []
        room = _BATCH * self.threads
        while self._waiting and room > 0:
            call = self._waiting.popleft()
            for _ in range(min(_TURN, len(call.todo))):
                if room > 0:
                    at = call.todo.pop()
                    room -= _cost(call.texts[at])
                    taken.append((call, at))
            if call.todo:
                self._waiting.append(call)
        return taken

    def _settle(self, call: "_Call", error: BaseException) -> None:
        with self._changed:
            if not call.is_over:
                call.fail(error)
                if call in self._waiting:
                    self._waiting.remove(call)


class BatchingEngine:
    """An engine whose every text goes through a batcher; what it says of itself is what the engine says.

    `embed`, where there is one, shares the batcher's threads: texts in, one vector of unit length each.
    """

    def __init__(
        self, engine: ToxicityEngine, batcher: Batcher, *, embed: "Callable[[Sequence[str]], Floats] | None" = None
    ) -> None:
        self._engine = engine
        self._batcher = batcher
        self._embed = embed

    @property
    def name(self) -> str:
        """The engine's name."""
        return self._engine.name

    @property
    def version(self) -> str:
        """The engine's version."""
        return self._engine.version

    def __getattr__(self, name: str) -> Any:
        """Whatever else the engine says of itself, such as its languages."""
        return getattr(self._engine, name)

    @property
    def why(self) -> str:
        """Why there is no answer; empty when there should be one."""
        own = "it does not answer" if self._batcher.is_stuck else ""
        return getattr(self._engine, "why", "") or own

    @property
    def state(self) -> str:
        """The engine's own state, unless the threads are stuck."""
        return (
            "stuck"
            if self._batcher.is_stuck
            else getattr(self._engine, "state", "ok" if not self.why else "unavailable")
        )

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Score each text, in order, or raise ClassifierUnavailable, also when too many texts wait."""
        return self._batcher.run(self._engine.score, texts)

    def evidence(self, text: str) -> tuple[Span, ...]:
        """Return what the engine returns."""
        return self._batcher.run(self._evidences, [text])[0]

    def embed(self, texts: Sequence[str]) -> Floats:
        """Return a vector of unit length for each text, or raise ClassifierUnavailable."""
        if self._embed is None:
            raise ClassifierUnavailable("There is no embedding here.")
        rows = self._batcher.run(self._vectors, texts)
        return np.stack(rows) if rows else np.zeros((0, 0), dtype=np.float32)

    def close(self) -> None:
        """Let the batcher's threads end, and the engine's own."""
        self._batcher.close()
        if hasattr(self._engine, "close"):
            self._engine.close()

    def _vectors(self, texts: Sequence[str]) -> list[Floats]:
        return list(self._embed(texts)) if self._embed else []

    def _evidences(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        return [self._engine.evidence(text) for text in texts]


class _Call:
    """What one caller asks; `todo` holds the places of texts not yet begun, the longest first."""

    def __init__(self, ask: "Ask[Any]", texts: Sequence[str]) -> None:
        self.ask = ask
        self.texts = texts
        self.todo = sorted(range(len(texts)), key=lambda at: len(texts[at]), reverse=True)
        self.answers: list[Any] = [None] * len(texts)
        self.error: BaseException | None = None
        self.done = threading.Event()
        self._left = len(texts)

    @property
    def is_over(self) -> bool:
        return self.done.is_set()

    def take(self, at: int, answer: "BaseException | tuple[Any]") -> None:
        if self.is_over:
            return
        if isinstance(answer, BaseException):
            self.fail(answer)
            return
        (self.answers[at],) = answer
        self._left -= 1
        if not self._left:
            self.done.set()

    def fail(self, error: BaseException) -> None:
        self.error = error
        self.todo.clear()
        self.done.set()


_Piece = tuple[_Call, int]


def _cost(text: str) -> int:
    return max(_LEAST, min(_MOST, len(text)))


def _cut(pieces: "list[_Piece]", threads: int) -> "list[list[_Piece]]":
    """Cut into batches of one question and about equal lengths, at least one a thread where there are enough texts."""
    costs = {piece: _cost(piece[0].texts[piece[1]]) for piece in pieces}
    room = min(_BATCH, -(-sum(costs.values()) // threads))
    batches: list[list[_Piece]] = []
    for ask in dict.fromkeys(call.ask for call, _ in pieces):
        batch: list[_Piece] = []
        for piece in sorted((piece for piece in pieces if piece[0].ask == ask), key=costs.__getitem__):
            if batch and (len(batch) + 1) * costs[piece] > room:
                batches.append(batch)
                batch = []
            batch.append(piece)
        batches.append(batch)
    return batches


def _answered(batch: "list[_Piece]") -> "list[BaseException | tuple[Any]]":
    """Ask for a batch; when it breaks, for each text apart, so that the one that breaks it fails nobody else's."""
    ask, texts = batch[0][0].ask, [call.texts[at] for call, at in batch]
    try:
        answers = list(ask(texts))
        if len(answers) != len(texts):
            raise ValueError(f"{len(texts)} texts got {len(answers)} answers")
        return [(answer,) for answer in answers]
    except BaseException as error:
        # Rust's panics are no Exception. An engine that is away is so for every text.
        if len(batch) == 1 or isinstance(error, ClassifierUnavailable):
            return [error] * len(batch)
    return [_answered([piece])[0] for piece in batch]
