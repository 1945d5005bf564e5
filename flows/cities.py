"""The nights of several cities in one run: a task for each city, on the threads of this process or the workers of a cluster."""

from __future__ import annotations

import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.settings import PREFECT_API_URL

from flows import nightly, reporting
from flows.reporting import ended_in_order
from flows.runners import Held, Runner
from flows.steps import is_reported, step
from pipelines.cities.aggregate import Told, listed, write
from pipelines.errors import ActionableError
from pipelines.findings import rules
from pipelines.run.night import Progress
from pipelines.settings.city import CityFolder
from pipelines.warehouse.publish import HeldBack

# What a city's night raises that is no error of it: the one who runs the command wants it to end.
OF_THE_RUN = (KeyboardInterrupt, SystemExit, GeneratorExit)
Beside = reporting.Beside[list[Told]]


@step("the night of one city")
def one_city(city: CityFolder) -> Told:
    """Run one city's night and tell what came of it; a city that fails keeps what it has published."""
    begun = time.perf_counter()
    outcome, problem = "published", ""
    try:
        if nightly.run(city, lambda *_: None).nothing_new:
            outcome = "nothing_new"
    except HeldBack as held:
        outcome, problem = "held_back", str(held)
    except OF_THE_RUN:
        raise
    except ActionableError as error:
        outcome, problem = "failed", str(error)
    except BaseException as error:  # also the panic of a library: whatever it is, the other cities have their night
        outcome, problem = "failed", f"{type(error).__name__}: {error}"
    seconds = round(time.perf_counter() - begun, 3)
    return Told(str(city.folder), str(city.data), city.settings.city.name, outcome, problem, seconds)


def story(folders: list[CityFolder | Told], progress: Progress) -> list[Told]:
    """Every city's night, in the order of the list; one whose folder or settings are wrong is told as it is."""
    cities = [each for each in folders if isinstance(each, CityFolder)]
    running = [one_city.task.submit(city) for city in cities] if is_reported() else []
    nights = {id(city): future for city, future in zip(cities, running, strict=False)}
    told = []
    for each in folders:
        told.append(each if isinstance(each, Told) else _night(each, nights.get(id(each))))
        progress("cities", len(told), len(folders))
    return told


def _night(city: CityFolder, running: Any) -> Told:  # noqa: ANN401 - a future of Prefect
    """What came of a city's night: of its task, or run here."""
    if running is None:
        return one_city.work(city)
    found = running.result(raise_on_failure=False)
    if isinstance(found, Told):
        return found
    return Told(str(city.folder), str(city.data), city.settings.city.name, "failed", repr(found))


@flow(name="cities", persist_result=False, validate_parameters=False)
def cities(beside: Held[Beside]) -> list[Told]:
    """The cities as Prefect sees them: the run works beside it, within its context."""
    return beside.value.follow()


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
        CityListError: the list is wrong; a city.toml that is wrong is told with its city.
        RunnerError: the runner cannot be used.
    """
    folders = listed(file, today)
    runner.check(PREFECT_API_URL.value())

    def told(beside: Beside) -> None:
        cities.with_options(task_runner=runner.tasks())(Held(beside))

    with ended_in_order(), reporting.to(file.parent / ".cities", _away) as report:
        found = report.around(lambda: story(folders, progress), told)
    return found, write(target, found)


def _away(reason: str) -> None:
    """Say that Prefect is left out, and why."""
    sys.stderr.write(f"{rules()['prefect_away'].both({'problem': reason})}\n")
