"""A call that may not hold up its caller: it runs on a daemon thread of its own, and is left there when its time is over.

Timeouts of sockets count from byte to byte, and looking up a name has none; only a thread that is left alone ends in time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
EVERY_SECONDS = 0.05


class Apart(Generic[T]):
    """A call on a thread of its own, begun at once.

    Args:
        call: What to do.
        name: The thread's name.
    """

    def __init__(self, call: Callable[[], T], name: str = "apart") -> None:
        self._call = call
        self._value: list[T] = []
        self._error: BaseException | None = None
        self._done = threading.Event()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        try:
            self._value.append(self._call())
        except BaseException as error:
            self._error = error
        finally:
            self._done.set()

    @property
    def is_done(self) -> bool:
        """Whether the call has ended, well or ill."""
        return self._done.is_set()

    def wait(self, sooner: threading.Event | None, seconds: float) -> None:
        """Wait until the call has ended, or this happens, or so many seconds are over."""
        until = time.monotonic() + seconds
        while not self._done.wait(EVERY_SECONDS) and time.monotonic() < until:
            if sooner is not None and sooner.is_set():
                return

    def result(self, seconds: float) -> T:
        """Return the call's value.

        Raises:
            TimeoutError: it has none after so many seconds; the thread is left to itself.
            BaseException: whatever the call raised.
        """
        if not self._done.wait(max(seconds, 0)):
            raise TimeoutError(f"{seconds:g} s")
        if self._error is not None:
            raise self._error
        return self._value[0]


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return the value of a call that may take so many seconds.

    Raises:
        TimeoutError: it took longer.
    """
    return Apart(call).result(seconds)
