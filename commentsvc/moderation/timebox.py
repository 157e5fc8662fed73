"""How long may an engine think, and what happens to the others when one never stops?"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from queue import SimpleQueue
from time import monotonic
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Timebox:
    """A few daemon threads that answer calls within a budget.

    Unlike an executor's, its threads can't keep the process from ending, and once all of them hang, further
    calls fail at once instead of each waiting for its own time-out. Safe to share between threads.
    """

    def __init__(self, *, threads: int, budget: float) -> None:
        self.budget = budget
        self._threads = threads
        self._work: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._started = 0
        self._overdue = 0

    @property
    def is_stuck(self) -> bool:
        """Whether every thread is still busy with a call that nobody waits for any more."""
        return self._overdue >= self._threads

    def start(self, call: Callable[[], T], *, budget: float | None = None) -> "Pending[T]":
        """Begin a call; its budget (the box's own unless given) runs from now, time spent queueing included."""
        future: Future[T] = Future()
        if self.is_stuck:
            future.set_exception(TookTooLong())
        else:
            self._start_thread()
            self._work.put((future, call))
        return Pending(future, monotonic() + (budget or self.budget), self._give_up)

    def close(self) -> None:
        """Let idle threads end; calls that are running end by themselves or with the process."""
        for _ in range(self._started):
            self._work.put(None)

    def _start_thread(self) -> None:
        # On first use rather than in __init__, so that a server may fork after it has made its judge.
        with self._lock:
            if self._started < self._threads:
                self._started += 1
                threading.Thread(target=self._serve, name="timebox", daemon=True).start()

    def _serve(self) -> None:
        while (item := self._work.get()) is not None:
            future, call = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:
                future.set_exception(error)

    def _give_up(self, future: Future[Any]) -> None:
        if future.cancel():
            return
        with self._lock:
            self._overdue += 1
        future.add_done_callback(self._came_back)

    def _came_back(self, future: Future[Any]) -> None:
        with self._lock:
            self._overdue -= 1


class Pending(Generic[T]):
    """A call under way."""

    def __init__(self, future: "Future[T]", deadline: float, give_up: Callable[["Future[T]"], None]) -> None:
        self._future = future
        self._deadline = deadline
        self._give_up = give_up

    def result(self) -> T:
        """Wait until the budget is spent; raise what the call raised, or TimeoutError."""
        try:
            return self._future.result(timeout=max(0.0, self._deadline - monotonic()))
        except TookTooLong:
            if not self._future.done():
                self._give_up(self._future)
            raise
