"""The command line's side of a flow: find it, show progress, print the summary, give the exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.status import Status

from pipelines.periods import fiscal_year
from pipelines.registers import checks, read
from pipelines.reports.terminal import show_night
from pipelines.reports.terminal.look import Terminal
from pipelines.run.guard import guarded
from pipelines.run.night import Night
from pipelines.settings.city import CityFolder
from pipelines.texts import word
from pipelines.warehouse.publish import HeldBack

GROUP = "facility_emissions.flows"
PUBLISHED, FAILED, HELD_BACK = 0, 1, 3


def run_flow(
    name: str, city: CityFolder, out: Terminal, options: str, where: Mapping[str, Any] | None = None, *, as_json: bool
) -> int:
    """Run a flow by its entry point and tell what came of it.

    Args:
        name: ``nightly`` or ``rebuild``.
        city: The city folder.
        out: Where to print, in which language.
        options: The global options as given, for the command that the summary proposes next.
        where: The runner of the tasks: its kind, scheduler and workers; ``None``: this process.
        as_json: Print the outcome for machines instead of the summary.

    Returns:
        The exit code: 0 published (or nothing new), 3 held back.
    """
    _check_registers(city)
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    console = Console(stderr=True, quiet=as_json or not sys.stderr.isatty())
    with console.status(out.say("step_start")) as status:
        found["prepare"].load()(city.data)
        run = found[name].load()
        runner = {"runner": found["runner"].load()(**where)} if where else {}
        try:
            outcome = run(city, _progress(status, out), **runner)
        except HeldBack as held:
            if as_json:
                sys.stdout.write(json.dumps({"published": False, "broken": held.broken}) + "\n")
            else:
                show_night.held_back(out, held.broken)
            return HELD_BACK
    told: dict[str, Any] = asdict(outcome) | {"year": fiscal_year(city.today) - 1}
    if as_json:
        sys.stdout.write(json.dumps(told, ensure_ascii=False, default=str, indent=1) + "\n")
    else:
        page = str(city.pages / "index.html")
        show_night.night(out, told, city.settings.city.name, str(city.published), page, options)
    return PUBLISHED


def _check_registers(city: CityFolder) -> None:
    """Tell what is wrong with the registers at once, before Prefect is even imported; it is on record like any run that failed.

    Raises:
        RegisterError: they do not hold together.
        AlreadyRunning: they do not, and a run is going on.
    """
    try:
        read.read(city.registers, checks.of_city(city.settings))
    except read.RegisterError:
        with guarded(Night(city)):
            raise


def run_cities(file: Path, today: date | None, out: Terminal, where: Mapping[str, Any], *, as_json: bool) -> int:
    """Run the nights of the cities that a file lists and tell what came of each.

    Returns:
        The exit code: 0 all published (or nothing new), 3 some held back, 1 some failed.
    """
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    console = Console(stderr=True, quiet=as_json or not sys.stderr.isatty())
    target = file.with_suffix(".duckdb")
    with console.status(out.say("step_start")) as status:
        found["prepare"].load()(file.parent / ".cities")
        runner = found["runner"].load()(**where)
        told, counted = found["cities"].load()(file, target, _progress(status, out), runner, today)
    if as_json:
        sys.stdout.write(json.dumps([asdict(each) for each in told], ensure_ascii=False, indent=1) + "\n")
    else:
        for each in told:
            line = f"{each.city}  {word(f'outcome_{each.outcome}', out.language)}  {each.seconds:.1f} s  {each.problem}"
            out.line(line.rstrip(), "red" if each.problem else "")
        out.line(out.say("cities_written", path=target, cities=counted))
    outcomes = {each.outcome for each in told}
    return FAILED if "failed" in outcomes else HELD_BACK if "held_back" in outcomes else PUBLISHED


def _progress(status: Status, out: Terminal) -> Any:  # noqa: ANN401 - a Progress
    def show(step: str, done: int, of: int) -> None:
        count = f" {done:,}/{of:,}" if of else f" {done:,}" if done else ""
        status.update(out.say(f"step_{step}") + count)

    return show
