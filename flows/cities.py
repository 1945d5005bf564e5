"""The nights of several cities in one run: a task for each city, on the threads of this process or the workers of a cluster."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import nightly
from flows.runners import Held, Runner
from pipelines.cities.aggregate import Told, listed, write
from pipelines.journal import HistoryLostError
from pipelines.night import LostFilesError, Progress
from pipelines.registers import RegisterError
from pipelines.run_guard import RunFailedError
from pipelines.settings import CityFolder
from pipelines.warehouse.lock import AlreadyRunning
from pipelines.warehouse.publish import HeldBack
from pipelines.warehouse.time_limit import TimeLimitError

# What keeps one city from its night and must not keep the others from theirs.
OF_ONE_CITY = (RegisterError, AlreadyRunning, RunFailedError, TimeLimitError, LostFilesError, HistoryLostError)


@task(name="the night of one city", cache_policy=NO_CACHE, persist_result=False, log_prints=False)
def one_city(city: CityFolder) -> Told:
    """Run one city's night and tell what came of it; a city that fails keeps what it has published."""
    begun = time.perf_counter()
    outcome, problem = "published", ""
    try:
        if nightly.run(city, lambda *_: None).nothing_new:
            outcome = "nothing_new"
    except HeldBack as held:
        outcome, problem = "held_back", str(held)
    except OF_ONE_CITY as error:
        outcome, problem = "failed", str(error)
    seconds = round(time.perf_counter() - begun, 3)
    return Told(str(city.folder), str(city.data), city.settings.city.name, outcome, problem, seconds)


@flow(name="cities", persist_result=False, validate_parameters=False)
def cities(folders: list[CityFolder], progress: Held[Progress]) -> list[Told]:
    """Every city's night, in the order of the list."""
    running = [one_city.submit(city) for city in folders]
    told = []
    for city, future in zip(folders, running, strict=True):
        found: Any = future.result(raise_on_failure=False)
        if not isinstance(found, Told):
            found = Told(str(city.folder), str(city.data), city.settings.city.name, "failed", repr(found))
        told.append(found)
        progress.value("cities", len(told), len(folders))
    return told


def run(
    file: Path, target: Path, progress: Progress, runner: Runner, today: date | None = None
) -> tuple[list[Told], int]:
    """Run the nights of the cities that a file lists, then write the aggregates over all of them.

    Args:
        file: The list.
        target: Where the aggregates go; a Prefect server that is started for the run lies in ``.cities``.
        progress: Called with ("cities", done, of).
        runner: Where the nights run.
        today: The day to run for; ``None``: as each city says.

    Returns:
        What came of each city, and how many are in the aggregates.

    Raises:
        CityListError, SettingsError: the list or a city.toml is wrong.
        RunnerError, ServerError: the runner cannot be used.
    """
    folders = listed(file, today)
    with runner.tasks(file.parent / ".cities") as tasks:
        told = cities.with_options(task_runner=tasks)(folders, Held(progress))
    return told, write(target, told)
