"""Prefect beside a run: it is told what happens, and never harms it.

The run works on the thread that called it; Prefect's engine follows on a thread of its own and lends its context, so
that the steps are its tasks. A server that is dead, hangs or dies, and a home that cannot be written, cost a few
seconds and a sentence: the steps are then called as the plain functions they are. Reporting is not the product.
"""

from __future__ import annotations

import contextvars
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Generic, TypeVar

from prefect.context import FlowRunContext
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import (
    PREFECT_API_REQUEST_TIMEOUT,
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    temporary_settings,
)

from flows import prefect_home
from flows.server import ServerError, answers, server
from pipelines.process import ending
from pipelines.process.deadline import Apart
from pipelines.reports.plain_text import one_line
from pipelines.settings.secret import hidden, secrets
from pipelines.texts import both

T = TypeVar("T")
Say = Callable[[str], None]

# What Prefect may cost a run: looking whether a named server answers (flows/server.py), then one of these two.
BEGIN_SECONDS = 5.0
END_SECONDS = 6.0
# A server of ours answers, and is slow only where the machine is.
OWN_BEGIN_SECONDS = 60.0
STOPPED = 128 + signal.SIGTERM

_away: set[str] = set()  # servers that this process has given up


class LeftError(RuntimeError):
    """The run has gone on without Prefect."""


class Beside(Generic[T]):
    """Where the run's thread and Prefect's meet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = False
        self._over = threading.Event()
        self.begun = threading.Event()
        self.context = contextvars.copy_context()
        self.error: BaseException | None = None
        self.value: T

    def follow(self) -> T:
        """Lend the context of this flow to the run and wait for its end; called by the flow, on Prefect's thread.

        Raises:
            LeftError: too late.
            Exception: whatever ended the run.
        """
        with self._lock:
            if self._left:
                raise LeftError
            self.context = contextvars.copy_context()
            self.begun.set()
        self._over.wait()
        if self.error is not None:
            raise self.error if isinstance(self.error, Exception) else RuntimeError(repr(self.error))
        return self.value

    def has_begun(self, prefect: Apart[Any], seconds: float) -> bool:
        """Wait until Prefect's engine has begun the flow; no longer than so many seconds, and not once it has failed."""
        prefect.wait(self.begun, seconds)
        with self._lock:
            self._left = not self.begun.is_set()
            return not self._left

    def run(self, story: Callable[[], T]) -> T:
        """Do the work within Prefect's context; whatever comes of it, Prefect is told."""
        try:
            self.value = self.context.run(story)
        except BaseException as error:
            self.error = error
            raise
        finally:
            self._over.set()
        return self.value


@dataclass(frozen=True, slots=True)
class Report:
    """Whom to tell.

    Args:
        address: The server's API; ``None``: nobody.
        is_own: The server is ours.
        say: Called with the reason why Prefect is left out.
    """

    address: str | None
    is_own: bool
    say: Say

    def around(self, story: Callable[[], T], told: Callable[[Beside[T]], Any]) -> T:
        """Do the work, as a flow of Prefect where it can be told.

        Args:
            story: The work.
            told: Calls the flow, which calls ``Beside.follow``; on Prefect's thread.
        """
        if self.address is None:
            return story()
        is_within = FlowRunContext.get() is not None  # of another flow, which drains and gives the settings
        with temporary_settings(_settings(self.address)):
            beside: Beside[T] = Beside()
            context = contextvars.copy_context()
            prefect = Apart(lambda: context.run(_told, told, beside, drains=not is_within), "prefect")
        if not beside.has_begun(prefect, OWN_BEGIN_SECONDS if self.is_own else BEGIN_SECONDS):
            self._leave(prefect)
            return story()
        try:
            return beside.run(story)
        finally:
            prefect.wait(None, END_SECONDS)
            if not prefect.is_done or beside.error is None:
                self._leave(prefect)

    def _leave(self, prefect: Apart[Any]) -> None:
        """Go on without Prefect, where it failed or did not answer; its threads must not hold the process at its end."""
        reason: str = both("no_answer")
        if prefect.is_done:
            try:
                prefect.result(0)
            except Exception as error:
                reason = f"{type(error).__name__}: {error}"
            else:
                return
        ending.hurry()
        _away.add(str(self.address))
        self.say(told_reason(f"{'' if self.is_own else self.address} {reason}"))


@contextmanager
def to(data: Path, say: Say) -> Iterator[Report]:
    """Give whom a run reports to: the server that is named, the flow it runs in, or a server of ours for its length.

    Args:
        data: Where an own server keeps its log.
        say: Called with a reason where nobody can be told.
    """
    named = PREFECT_API_URL.value()
    problem = prefect_home.home_problem()
    if problem:
        say(told_reason(problem))
    if FlowRunContext.get() is not None:
        yield Report(named if named and named not in _away else None, False, say)
    elif named:
        if named not in _away and not answers(named):
            _away.add(named)
            say(told_reason(f"{named} {both('no_answer')}"))
        yield Report(None if named in _away else named, False, say)
    elif problem:
        yield Report(None, True, say)
    else:
        with ExitStack() as to_the_end:
            address = None
            try:
                address = to_the_end.enter_context(server(data))
            except (ServerError, OSError) as error:
                say(told_reason(str(error)))
            yield Report(address, True, say)


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let a request to end (SIGTERM) end the run as Ctrl+C does: on record, announced, with its lock free."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def told_reason(text: str) -> str:
    """Return a reason as one line without secrets."""
    return hidden(one_line(text), secrets())


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(STOPPED)


def _told(told: Callable[[Beside[T]], Any], beside: Beside[T], *, drains: bool) -> None:
    """Call the flow; what it left to be sent goes out before the server may be stopped."""
    try:
        told(beside)
    finally:
        if drains:
            for worker in (EventsWorker, APILogWorker):
                worker.drain_all()


def _settings(address: str) -> dict[Any, Any]:
    """Heartbeats cost a second at every end of a flow; nobody waits a minute for an answer, six times over."""
    patience = {PREFECT_API_REQUEST_TIMEOUT: BEGIN_SECONDS, PREFECT_CLIENT_MAX_RETRIES: 1}
    os.environ.setdefault("PREFECT_CLIENT_MAX_RETRIES", "1")  # the workers of a cluster are processes of their own
    return {PREFECT_API_URL: address, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None, **patience}
