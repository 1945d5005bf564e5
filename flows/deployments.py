"""The night as a scheduled deployment: served beside a Prefect server, or run by a worker of ``prefect.yaml``.

``serve`` uses the server that ``PREFECT_API_URL`` names, or starts one whose database lies in the data folder: a schedule
without a server never fires.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.schedules import Cron
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelled, Completed

from flows import nightly
from pipelines.run_guard import missed
from pipelines.settings import CityFolder
from pipelines.warehouse.lock import AlreadyRunning

START_SECONDS = 180
HOST = "127.0.0.1"


class ServerError(RuntimeError):
    """No Prefect server could be reached or started; the message says what to do."""


@flow(name="scheduled-night", persist_result=False)
def scheduled_night(city: str, data: str | None = None) -> State[None]:
    """Run the night of one city folder; a run that is under way already cancels this one.

    Args:
        city: The city folder.
        data: The data folder; ``None``: what city.toml says.
    """
    try:
        outcome = nightly.run(CityFolder(Path(city), Path(data) if data else None), lambda *_: None)
    except AlreadyRunning as running:
        return Cancelled(message=str(running))
    told = "nothing new" if outcome.nothing_new else f"published, {len(outcome.flags)} flags"
    return Completed(message=told)


def serve(city: CityFolder, port: int, say: Callable[[str, dict[str, object]], None]) -> None:
    """Serve the nightly schedule of city.toml until the process is stopped. A missed night is made up for at once.

    Args:
        city: The city folder.
        port: Where the own server listens, when PREFECT_API_URL names none.
        say: Called with (label, values) for what people should see.

    Raises:
        ServerError: no server can be reached or started.
    """
    schedule, zone = city.settings.schedule, city.settings.city.time_zone
    with _server(city.data, port) as address, temporary_settings({PREFECT_API_URL: address}):
        os.environ["PREFECT_API_URL"] = address  # the runs are processes of their own
        say("schedule_server", {"address": address.removesuffix("/api")})
        parameters = {"city": str(city.folder), "data": str(city.data)}
        if due := missed(city):
            say("schedule_missed", {"due": due})
            scheduled_night(**parameters)
        say("schedule_serving", {"cron": schedule.cron, "zone": zone})
        warnings.filterwarnings("ignore", message="coroutine 'Runner.astop'")  # Prefect's own, when it is told to end
        scheduled_night.serve(
            name=city.settings.city.name_en or city.settings.city.name,
            schedule=Cron(schedule.cron, timezone=zone),
            parameters=parameters,
            limit=1,
            pause_on_shutdown=False,
            print_starting_message=False,
        )


@contextmanager
def _server(data: Path, port: int) -> Iterator[str]:
    """Yield the API address of the server to use."""
    named = os.environ.get("PREFECT_API_URL")
    if named:
        if not _answers(named):
            raise ServerError(
                f"PREFECT_API_URL={named}: 応答がありません。Prefectサーバーを起動するか、この環境変数を消してください。"
                " / no answer: start the server, or unset the variable"
            )
        yield named
        return
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
