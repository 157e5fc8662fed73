"""Who answers for an engine that can't be loaded, and how does it come back without a restart?"""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Generic, Literal, Protocol, TypeVar

import structlog

from commentsvc.moderation.embedded import load_model, load_relevance
from commentsvc.moderation.encoder import load_encoder
from commentsvc.moderation.model_files import FOLDER, Stamp, problems, stamp
from commentsvc.moderation.pipeline import Comparing
from commentsvc.moderation.relevance import Closeness, Embed, UnavailableRelevance
from commentsvc.moderation.terms import Draft, Span
from commentsvc.moderation.toxicity import Scores, ToxicityEngine, load_engine

_LOOK_EVERY_S = 2.0
_FIRST_PAUSE_S = 10.0
_LONGEST_PAUSE_S = 300.0

State = Literal["ok", "unavailable", "loading"]
E = TypeVar("E", bound="_Named")

log = structlog.get_logger(__name__)


class _Named(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...


class _Standby(Generic[E]):
    """Keeps an engine's place: the engine, or one with a `why` until a thread of its own could load it.

    It is loaded again when its files have changed and then rest, and otherwise ever more rarely: what was missing may
    have been memory or a package. A loaded engine stays for good; only a restart takes other files.
    """

    def __init__(
        self, current: E, load: Callable[[], E], folder: Path | None, *, look_every: float = _LOOK_EVERY_S
    ) -> None:
        self.name, self.version = current.name, current.version
        self.current = current
        self._load = load
        self._folder = folder
        self._look_every = look_every
        self._closed = threading.Event()
        self._starting = threading.Lock()
        self._watcher: threading.Thread | None = None
        self._is_loading = False
        self._loaded = self._stamp()
        self._watch()

    @property
    def why(self) -> str:
        """Why there is no answer; empty when there is one."""
        self._watch()
        return _why(self.current)

    @property
    def state(self) -> State:
        """Whether it answers, or is being loaded now."""
        if not self.why:
            return "ok"
        return "loading" if self._is_loading else "unavailable"

    @property
    def files(self) -> str:
        """What has become of the loaded engine's files on disk: empty while they are as they were."""
        now = {} if self.why else self._stamp()
        gone = sorted(self._loaded.keys() - now.keys())
        if self.why or now == self._loaded:
            return ""
        return f"{gone[0]} has vanished since it was loaded" if gone else "they have changed since they were loaded"

    def close(self) -> None:
        """Stop looking."""
        self._closed.set()

    def _watch(self) -> None:
        # Asked at every look from outside too: after a fork, the parent's thread isn't there.
        if self._closed.is_set() or not _why(self.current):
            return
        with self._starting:
            if self._watcher is None or not self._watcher.is_alive():
                self._watcher = threading.Thread(target=self._wait_for_it, name=f"standby-{self.name}", daemon=True)
                self._watcher.start()

    def _wait_for_it(self) -> None:
        tried = before = self._loaded
        waited, pause = 0.0, _FIRST_PAUSE_S
        while not self._closed.wait(self._look_every):
            now, waited = self._stamp(), waited + self._look_every
            rests, before = now == before, now
            if not rests or (now == tried and waited < pause):
                continue
            if now == tried:
                pause = min(2 * pause, _LONGEST_PAUSE_S)
            tried, waited = now, 0.0
            if self._try(now):
                return

    def _try(self, now: Stamp) -> bool:
        self._is_loading = True
        try:
            found = self._load()
        finally:
            self._is_loading = False
        known, why = _why(self.current), _why(found)
        # The name first: whoever has an answer of the new engine must find its version.
        self.name, self.version = found.name, found.version
        self._loaded, self.current = now, found
        if not why:
            log.info("engine loaded", engine=found.name, version=found.version)
        elif why != known:
            log.warning("engine still unavailable", engine=found.name, why=why)
        return not why

    def _stamp(self) -> Stamp:
        return stamp(self._folder) if self._folder else {}


class StandbyEngine(_Standby[ToxicityEngine]):
    """A toxicity engine that may come back; a batch too large for the memory is scored in halves."""

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Score each text, in order, or raise what the engine raises."""
        try:
            return self.current.score(texts)
        except Exception as error:
            if len(texts) < 2 or not _lacks_memory(error):
                raise
        middle = len(texts) // 2
        return [*self.score(texts[:middle]), *self.score(texts[middle:])]

    def evidence(self, text: str) -> tuple[Span, ...]:
        """Return what the engine returns."""
        return self.current.evidence(text)


class StandbyRelevance(_Standby[Comparing]):
    """A judge of relevance that may come back."""

    def score(self, draft: Draft) -> float | None:
        """Return what the judge returns, or raise what it raises."""
        return self.current.score(draft)

    def closeness(self, draft: Draft) -> Closeness | None:
        """Return what the judge returns, or raise what it raises."""
        return self.current.closeness(draft)


def stand_by(name: str, model_dir: Path | None) -> StandbyEngine:
    """Load the named engine, or wait for it: once `auto` has chosen, for that one and no other."""
    first = load_engine(name, model_dir)
    folder = FOLDER if first.name == "embedded" else model_dir
    return StandbyEngine(first, partial(_load_afresh, first.name, model_dir), folder)


def stand_by_relevance(embed: Embed) -> StandbyRelevance:
    """Load the judge of relevance, which compares what `embed` answers, or wait for it."""
    load = partial(_load_relevance, embed)
    return StandbyRelevance(load(), load, FOLDER)


def _load_afresh(name: str, model_dir: Path | None) -> ToxicityEngine:
    # What was read before one file was found missing may not belong to the files that are there now.
    load_model.cache_clear()
    load_encoder.cache_clear()
    return load_engine(name, model_dir)


def _load_relevance(embed: Embed) -> Comparing:
    wrong = problems(FOLDER)
    return UnavailableRelevance(wrong[0]) if wrong else load_relevance(embed)


def _why(engine: object) -> str:
    why: str = getattr(engine, "why", "")
    return why


def _lacks_memory(error: Exception) -> bool:
    # onnxruntime and torch say it in classes of their own: "Failed to allocate memory", "bad allocation".
    return isinstance(error, MemoryError) or "alloc" in str(error)
