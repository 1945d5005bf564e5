"""What Prefect needs to know before it is imported: a home inside the data folder, no telemetry, time to start.

Called by the command before a flow module is loaded. Values that the operator set stay as they are.
"""

from __future__ import annotations

import atexit
import os
import sys
from pathlib import Path


def prepare(data: Path) -> None:
    """Set Prefect's environment for a data folder and keep third-party libraries quiet on the terminal."""
    hush_interpreter_exit()
    (data / "prefect").mkdir(parents=True, exist_ok=True)
    os.environ["PREFECT_HOME"] = os.environ.get("PREFECT_HOME") or str(data / "prefect")
    defaults = {
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_LEVEL": "CRITICAL",  # the command prints its own summary and errors
        "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_CLI_WRAP_LINES": "false",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def hush_interpreter_exit() -> None:
    """Keep DuckDB's binding from printing a page about its own reference counts when Python ends."""

    def hush() -> None:
        sys.stderr.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)

    atexit.register(hush)
