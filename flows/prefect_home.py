"""What Prefect needs to know before it is imported: a home inside the data folder, no telemetry, no server of its own.

Called by the command before a flow module is loaded. Values that the operator set stay as they are.
"""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from pipelines.process import ending
from pipelines.process.deadline import within
from pipelines.texts import both

HOME_SECONDS = 3
_found = {"problem": ""}


def prepare(data: Path) -> None:
    """Set Prefect's environment for a data folder and keep third-party libraries quiet on the terminal."""
    hush_interpreter_exit()
    home = Path(os.environ.get("PREFECT_HOME") or data / "prefect")
    _found["problem"] = _problem(home)
    if not _is_address(os.environ.get("PREFECT_API_URL", "")):  # with it Prefect cannot even be imported
        _found["problem"] = both("not_an_address", at="PREFECT_API_URL")
        del os.environ["PREFECT_API_URL"]
    if _found["problem"]:
        home = Path(tempfile.mkdtemp(prefix="facility-emissions-prefect-"))
        ending.at_last(lambda: shutil.rmtree(home, ignore_errors=True))
    os.environ["PREFECT_HOME"] = str(home)
    # a server that Prefect starts by itself would outlive a run that is killed: ours does not (flows/server.py)
    os.environ["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] = "false"
    defaults = {
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_LEVEL": "CRITICAL",  # the command prints its own summary and errors
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
        "PREFECT_LOGGING_LOGGERS_PREFECT_TASK_RUNS_LEVEL": "INFO",  # one line a task goes to the server, and nowhere else
        "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
        "PREFECT_CLI_WRAP_LINES": "false",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    logging.raiseExceptions = False  # a line that the server does not take is no matter of the terminal


def home_problem() -> str:
    """Return why Prefect's home or address cannot be used; empty: they can. Another home then stands in for this process."""
    return _found["problem"]


def _is_address(text: str) -> bool:
    try:
        urlsplit(text)
    except ValueError:
        return False
    return True


def _problem(home: Path) -> str:
    """Say what is wrong with a home, if anything; one that hangs is given up after a few seconds."""
    try:
        within(HOME_SECONDS, lambda: _try(home))
    except OSError as error:
        return f"PREFECT_HOME={home}: {error.strerror or 'no answer'}"
    return ""


def _try(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    probe = home / f".probe-{os.getpid()}"
    probe.write_bytes(b"x")
    probe.unlink()


def hush_interpreter_exit() -> None:
    """Keep DuckDB's binding from printing a page about its own reference counts when Python ends."""

    def hush() -> None:
        sys.stderr.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)

    atexit.register(hush)
