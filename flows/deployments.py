"""The night as a scheduled deployment: served beside a Prefect server, or run by a worker of ``prefect.yaml``.

``serve`` uses the server that ``PREFECT_API_URL`` names, or starts one whose database lies in the data folder: a schedule
without a server never fires.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.schedules import Cron
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelled, Completed

from flows import nightly
from flows.server import server
from flows.steps import run_name
from pipelines.errors import ActionableError
from pipelines.run.guard import missed
from pipelines.run.lock import AlreadyRunning
from pipelines.settings.city import CityFolder


def _name() -> str:
    """The name of a run: its city and date; the folder's where its settings cannot be read."""
    given = flow_run.parameters
    try:
        return run_name(CityFolder(Path(given["city"]), Path(given["data"]) if given.get("data") else None))
    except (ActionableError, OSError, ValueError):
        return Path(given["city"]).name


@flow(name="scheduled-night", persist_result=False, flow_run_name=_name)
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
    with server(city.data, port) as address, temporary_settings({PREFECT_API_URL: address}):
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
