"""One run at a time per data folder: a lock of the operating system, so a dead process never holds it.

The file says who holds it. A run that ends empties the file; what is left in it was written by a run that died. Runs take it, and
what must not happen beside one (freezing an edition, tidying, backup and restore, taking in a list of factors), which waits a while.
What people decide never waits for a run: each record has a short lock of its own.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from pipelines.errors import ActionableError
from pipelines.texts import both

LOCK_FILE = ".lock"
# how long a command of a person waits for a run to end
PATIENCE = 60.0
EVERY_SECONDS = 0.2


class AlreadyRunning(ActionableError, RuntimeError):  # noqa: N818 - a state, not an accident
    """Another run holds the lock; the message says which process and since when."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock, or held it when it died."""

    pid: int
    since: str
    run_id: str = ""
    command: str = ""
    host: str = ""


@contextmanager
def run_lock(
    data: Path, since: datetime, run_id: str = "", file: str = LOCK_FILE, wait: float = 0
) -> Iterator[Holder | None]:
    """Hold the lock of a folder, usually the data folder's, while a run works.

    Args:
        data: The folder.
        since: When the run began.
        run_id: The run.
        file: Name of the lock.
        wait: Seconds to wait for whoever holds it, who is named on standard error.

    Yields:
        The holder before, when it died holding the lock.

    Raises:
        AlreadyRunning: another process holds it, and still does after the wait.
    """
    data.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(data / file, os.O_RDWR | os.O_CREAT, 0o644)
    taken = False
    try:
        if not _take_within(descriptor, wait):
            raise AlreadyRunning(_told(_holder(descriptor)))
        died = _holder(descriptor)
        taken = True
        command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:300]
        _write(descriptor, json.dumps(asdict(Holder(os.getpid(), str(since), run_id, command, socket.gethostname()))))
        yield died
    finally:
        if taken:
            _write(descriptor, "")
        os.close(descriptor)


def running(data: Path) -> Holder | None:
    """Return who holds the lock at this moment."""
    try:
        descriptor = os.open(data / LOCK_FILE, os.O_RDWR)
    except OSError:
        return None
    try:
        return None if _take(descriptor) else _holder(descriptor)
    finally:
        os.close(descriptor)


def _told(holder: Holder | None) -> str:
    if holder is None:
        return both("another_run")
    return both("another_run_by", since=holder.since, pid=holder.pid, host=holder.host, command=holder.command)


def _holder(descriptor: int) -> Holder | None:
    text = os.pread(descriptor, 4_000, 0).decode(errors="replace")
    try:
        return Holder(**json.loads(text))
    except (ValueError, TypeError):
        return None


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)
    os.fsync(descriptor)


def _take_within(descriptor: int, seconds: float) -> bool:
    deadline, is_told = time.monotonic() + seconds, False
    while not _take(descriptor):
        if time.monotonic() >= deadline:
            return False
        if not is_told:
            sys.stderr.write(f"{_told(_holder(descriptor))}（{both('waiting_up_to', seconds=seconds)}）\n")
            is_told = True
        time.sleep(EVERY_SECONDS)
    return True


def _take(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined] # Windows only
        except OSError:
            return False
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
