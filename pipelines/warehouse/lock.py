"""One run at a time per data folder: a lock of the operating system, so a dead process never holds it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path


class AlreadyRunning(RuntimeError):  # noqa: N818 - a state, not an accident
    """Another run holds the lock; the message says which process and since when."""


@contextmanager
def run_lock(data: Path, since: datetime) -> Iterator[None]:
    """Hold the data folder's lock while a run works.

    Raises:
        AlreadyRunning: at once, when another process holds it.
    """
    data.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(data / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _take(descriptor):
            holder = os.read(descriptor, 500).decode(errors="replace") or "?"
            raise AlreadyRunning(f"別の実行が進行中です / another run is under way: {holder}")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "since": str(since)}).encode(), 0)
        yield
    finally:
        os.close(descriptor)


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
