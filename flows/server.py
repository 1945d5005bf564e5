"""The Prefect server to report to: the one that ``PREFECT_API_URL`` names, or one whose database lies in the data folder."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit, urlunsplit

from pipelines.errors import ActionableError
from pipelines.process.deadline import within
from pipelines.settings.secret import hidden
from pipelines.texts import both

START_SECONDS = 120
ANSWER_SECONDS = 3
STOP_SECONDS = 10
HOST = "127.0.0.1"


class ServerError(ActionableError, RuntimeError):
    """No Prefect server could be reached or started; the message says what to do."""


@contextmanager
def server(data: Path, port: int = 0) -> Iterator[str]:
    """Yield the API address of the server to use.

    Args:
        data: The data folder.
        port: Where an own server listens; 0: any that is free.

    Raises:
        ServerError: it does not answer, or cannot be started.
    """
    named = os.environ.get("PREFECT_API_URL")
    if named:
        if not answers(named):
            raise ServerError(both("prefect_no_answer", at=f"PREFECT_API_URL={hidden(named, ())}"))
        yield named
        return
    if not _can_call_itself():
        raise ServerError(both("no_connection_to_itself", at=HOST))
    port = port or _free_port()
    address = f"http://{HOST}:{port}/api"
    if answers(address):
        raise ServerError(both("another_prefect_server", at=address, address=address))
    (data / "prefect").mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "flows.own_server", "--host", HOST, "--port", str(port)]
    with (data / "prefect" / "server.log").open("ab") as log:
        # the pipe is what ends it when this process is killed
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.PIPE)  # noqa: S603 - ours
        try:
            _wait_for(process, address, Path(log.name))
            yield address
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _wait_for(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while not answers(address):
        if process.poll() is not None or time.monotonic() > until:
            raise ServerError(both("prefect_not_started", log=log))
        time.sleep(0.3)


def answers(address: str) -> bool:
    """Tell whether a Prefect server answers within a few seconds, whatever the one at the address does."""
    if not address.startswith(("http://", "https://")):
        return False
    try:
        return within(ANSWER_SECONDS, lambda: _is_well(address))
    except (HTTPException, OSError, ValueError):
        return False


def _is_well(address: str) -> bool:
    parts = urlsplit(f"{address}/health")
    login, _, host = parts.netloc.rpartition("@")
    request = urllib.request.Request(urlunsplit(parts._replace(netloc=host)))  # noqa: S310 - http(s) only, checked above
    if login:
        request.add_header("Authorization", f"Basic {base64.b64encode(unquote(login).encode()).decode()}")
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - the same
            return bool(answer.status == 200)
    except HTTPError as error:
        return error.code < 500  # a server all the same: whether it takes the run, the run's begin shows


def _can_call_itself() -> bool:
    """Tell whether the loopback address is up: in a namespace without any interface, nothing could answer."""
    with socket.socket() as listening:
        try:
            listening.bind((HOST, 0))
            listening.listen()
            socket.create_connection(listening.getsockname(), timeout=1).close()
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])
