"""A limit on how long a run may take, which really stops DuckDB: its statements are interrupted, not waited for."""

from __future__ import annotations

import threading
import weakref
from contextlib import suppress
from types import TracebackType

import duckdb

from pipelines.errors import ActionableError

EVERY_SECONDS = 0.2
_open: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()


class TimeLimitError(ActionableError, RuntimeError):
    """The run took longer than city.toml allows and was stopped; nothing was published."""


def watch(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a limit in force reach this connection."""
    _open.add(connection)


class TimeLimit:
    """Within this block, once the time is over, every statement on a watched connection is interrupted."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.is_over = False
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._guard, name="time limit", daemon=True)

    def __enter__(self) -> TimeLimit:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
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
        """End the limit: what follows must not be cut in half.

        Raises:
            TimeLimitError: the time is over already.
        """
        self._done.set()
        self.check()

    @property
    def error(self) -> TimeLimitError:
        """What to tell."""
        minutes = f"{self.seconds / 60:g}"
        return TimeLimitError(
            f"{minutes} 分を超えたので処理を止めました。前回の公表ファイルはそのままです。city.toml の schedule.longest_minutes を"
            f"見直すか、もう一度実行してください。 / stopped after {minutes} minutes; the file published before stays."
            " Look at schedule.longest_minutes in city.toml, or run again."
        )

    def _guard(self) -> None:
        if self._done.wait(self.seconds):
            return
        self.is_over = True
        while not self._done.wait(EVERY_SECONDS):
            for connection in list(_open):
                with suppress(duckdb.Error):  # one that is closed but still held by somebody
                    connection.interrupt()
