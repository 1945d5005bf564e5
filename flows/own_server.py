"""The Prefect server of a run: it ends when the process that started it ends, also when that one is killed.

Whoever starts it keeps the other end of its standard input open and never writes: the operating system closes that end
with its process, however it dies. ``python -m flows.own_server --host 127.0.0.1 --port 4200``
"""

from __future__ import annotations

import os
import runpy
import sys
import threading


def end_with_parent() -> None:
    """Wait for the end of the standard input, then leave at once: nothing here is worth a last word."""
    while sys.stdin.buffer.read(1):
        pass
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, name="end with parent", daemon=True).start()
    sys.argv = ["prefect", "server", "start", *sys.argv[1:]]
    runpy.run_module("prefect", run_name="__main__")
