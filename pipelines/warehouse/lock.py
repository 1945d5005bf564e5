"""One run at a time per data folder: a lock of the operating system, so a dead process never holds it.

The file says who holds it. A run that ends empties the file; what is left in it was written by a run that died.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from pipelines.errors import ActionableError

LOCK_FILE = ".lock"


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
def run_lock(data: Path, since: datetime, run_id: str = "", file: str = LOCK_FILE) -> Iterator[Holder | None]:
    """Hold the lock of a folder, usually the data folder's, while a run works.

    Yields:
        The holder before, when it died holding the lock.

    Raises:
        AlreadyRunning: at once, when another process holds it.
    """
    data.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(data / file, os.O_RDWR | os.O_CREAT, 0o644)
    taken = False
    try:
        if not _take(descriptor):
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
        return "別の実行が進行中です。終わるのを待って、もう一度実行してください。 / another run is under way; try again later"
    return (
        f"別の実行が進行中です: {holder.since} から、プロセス {holder.pid}（{holder.host}、{holder.command}）。"
        f"終わるのを待って、もう一度実行してください。 / another run is under way: since {holder.since}, process {holder.pid}"
        f" on {holder.host}; wait for its end and try again"
    )


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
