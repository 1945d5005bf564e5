"""How the process ends: at once where something that was left alone could hold it up.

A library that waits at the interpreter's end for a server that hangs would hold a run that is long over.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from contextlib import suppress

_state = {"hurried": False}
_last: list[Callable[[], None]] = []


def hurry() -> None:
    """Let nothing hold this process at its end."""
    _state["hurried"] = True


def at_last(call: Callable[[], None]) -> None:
    """Do this at the end, whichever way it comes."""
    _last.append(call)
    atexit.register(call)


def leave(code: object) -> None:
    """End the process with an exit code, where ``hurry`` was asked for; else return."""
    if not _state["hurried"]:
        return
    for call in _last:
        with suppress(Exception):
            call()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)
