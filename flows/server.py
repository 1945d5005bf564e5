"""The Prefect server to report to: the one that ``PREFECT_API_URL`` names, or one whose database lies in the data folder."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from pipelines.errors import ActionableError

START_SECONDS = 180
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
        if not _answers(named):
            raise ServerError(
                f"PREFECT_API_URL={named}: 応答がありません。Prefectサーバーを起動するか、この環境変数を消してください。"
                " / no answer: start the server, or unset the variable"
            )
        yield named
        return
    port = port or _free_port()
    address = f"http://{HOST}:{port}/api"
    if _answers(address):
        raise ServerError(
            f"{address}: 別のPrefectサーバーが動いています。それを使うなら PREFECT_API_URL={address} を設定し、使わないなら --port で"
            " 別の番号を指定してください。 / another server listens here: set PREFECT_API_URL to use it, or choose another --port"
        )
    log = (data / "prefect" / "server.log").open("ab")
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)]
    process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)  # noqa: S603 - ours
    try:
        _wait_for(process, address, Path(log.name))
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def _wait_for(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while not _answers(address):
        if process.poll() is not None or time.monotonic() > until:
            raise ServerError(f"Prefectサーバーを起動できません。{log} を見てください。 / no server; look at the log")
        time.sleep(0.3)


def _answers(address: str) -> bool:
    if not address.startswith(("http://", "https://")):
        return False
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:  # noqa: S310 - http(s) only, checked above
            return bool(answer.status == 200)
    except (URLError, OSError, ValueError):
        return False


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])
