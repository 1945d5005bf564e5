"""A limit on how long a run may take, which ends it whatever it is doing.

Once the time is over, DuckDB's statements are interrupted and the process that reads files is stopped. A run that has not ended a
little later is in a loop or waits for somebody: an error is raised in its thread, and in those that work for it. One that not even
this ends (a call that never returns) is put on record and the whole process ends, which gives the lock free; where not even
another thread of Python comes to run, the process ends without a word, and the next run tells of it.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Any

import duckdb

from pipelines.errors import ActionableError
from pipelines.process import child as child_process
from pipelines.texts import both

EVERY_SECONDS = 0.2
# Which signal wakes a waiting main thread; Windows has none that does.
WAKING = getattr(signal, "SIGUSR1", None)
FAILED = 1  # exit code of a process that ends by the last means
_open: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()
_at_work: set[int] = set()
_lock = threading.Lock()


class TimeLimitError(ActionableError, RuntimeError):
    """The run took longer than city.toml allows and was stopped; nothing was published."""

    def __init__(self, message: str = "stopped: schedule.longest_minutes") -> None:
        super().__init__(message)


def watch(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a limit in force reach this connection."""
    _open.add(connection)


@contextmanager
def at_work() -> Iterator[None]:
    """Let a limit in force reach this thread, which works for the run."""
    mine = threading.get_ident()
    with _lock:
        is_first = mine not in _at_work
        _at_work.add(mine)
    try:
        yield
    finally:
        with _lock:
            if is_first:
                _at_work.discard(mine)
                _raise_in(mine, None)


class TimeLimit:
    """Within this block, once the time is over, whatever the run does is ended.

    Args:
        seconds: The limit.
        patience: Seconds after it until the run's threads are ended by an error, and again each time as many have passed.
        last: Seconds after it until the process is ended.
        finishing: Seconds after :meth:`finish` that what follows may take before the same happens, whatever the limit.
    """

    def __init__(self, seconds: float, patience: float = 10, last: float = 60, finishing: float = 600) -> None:
        self.seconds = seconds
        self.patience, self.last, self.finishing = patience, last, finishing
        self.is_over = False
        self.at_worst: Callable[[], None] = lambda: None
        self._begun = 0.0
        self._finished: float | None = None
        self._done = threading.Event()
        self._runs_in = 0
        self._before: Any = None
        self._by_signal = False
        self._thread = threading.Thread(target=self._guard, name="time limit", daemon=True)

    def __enter__(self) -> TimeLimit:
        self._begun = time.monotonic()
        self._runs_in = threading.get_ident()
        until = self.seconds + 3 * self.last + self.finishing
        faulthandler.dump_traceback_later(until, exit=True, file=_nowhere())
        self._by_signal = WAKING is not None and threading.current_thread() is threading.main_thread()
        if self._by_signal:
            self._before = signal.signal(WAKING, self._woken)  # type: ignore[arg-type] # a signal, as was asked above
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        self._thread.join()
        faulthandler.cancel_dump_traceback_later()
        if self._by_signal:
            signal.signal(WAKING, self._before)  # type: ignore[arg-type] # the same
        if self.is_over and isinstance(error, Exception):
            raise self.error from error

    def check(self) -> None:
        """Stop between two steps when the time is over.

        Raises:
            TimeLimitError: it is.
        """
        if self.is_over:
            raise self.error

    def finish(self) -> None:
        """End the limit: what follows must not be cut in half, unless it never comes to an end.

        Raises:
            TimeLimitError: the time is over already.
        """
        with _lock:
            self._finished = time.monotonic()
            _raise_in(self._runs_in, None)
        self.check()

    @property
    def error(self) -> TimeLimitError:
        """What to tell."""
        minutes = f"{self.seconds / 60:g}"
        return TimeLimitError(both("run_took_too_long", minutes=minutes))

    def _end(self) -> None:
        with _lock:
            self._done.set()
            _raise_in(self._runs_in, None)

    def _guard(self) -> None:
        if self._done.wait(self.seconds):
            return
        next_error = self.seconds + self.patience
        while not self._done.wait(EVERY_SECONDS):
            passed = time.monotonic() - self._begun
            if self._finished is None:
                self.is_over = True
                self._interrupt()
                if passed >= next_error:
                    next_error = passed + self.patience
                    self._raise()
            until = self.seconds + self.last
            if self._finished is not None:
                until = max(until, self._finished - self._begun + self.finishing)
            if passed >= until:
                self._end_process()

    def _interrupt(self) -> None:
        for connection in list(_open):
            with suppress(duckdb.Error):  # one that is closed but still held by somebody
                connection.interrupt()
        child_process.stop()

    def _raise(self) -> None:
        """Raise the error where the run is, and in every thread that works for it."""
        with _lock:
            if self._done.is_set() or self._finished is not None:
                return
            for thread in {*_at_work, self._runs_in}:
                if thread == self._runs_in and self._by_signal:
                    signal.pthread_kill(thread, WAKING)  # type: ignore[arg-type] # as was asked at the beginning
                else:
                    _raise_in(thread, TimeLimitError)

    def _woken(self, _number: int, _frame: FrameType | None) -> None:
        if self._finished is None and not self._done.is_set():
            raise self.error

    def _end_process(self) -> None:
        """Tell it, for as long as that may take, and end this process and all that it started."""
        telling = threading.Thread(target=self.at_worst, name="last words", daemon=True)
        telling.start()
        telling.join(self.last)
        _end_children()
        os._exit(FAILED)


@cache
def _nowhere() -> IO[str]:
    """Where faulthandler writes, which has nothing to tell here; open for as long as the process lives."""
    return Path(os.devnull).open("w", encoding="utf-8")


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Have a thread raise an error at its next step, or forget the one it was to raise."""
    told = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), told)


def _end_children() -> None:
    """Kill what this process started and would leave behind, where psutil (which Prefect brings) can tell it."""
    with contextlib.suppress(ImportError):
        import psutil

        with contextlib.suppress(psutil.Error):
            for child in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    child.kill()
