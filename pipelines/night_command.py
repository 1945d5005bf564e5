"""The command line's side of a flow: find it, show progress, print the summary, give the exit code."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from importlib.metadata import entry_points
from typing import Any

from rich.console import Console
from rich.status import Status

from pipelines.periods import fiscal_year
from pipelines.reports.terminal import Terminal
from pipelines.settings import CityFolder
from pipelines.warehouse.publish import HeldBack

GROUP = "facility_emissions.flows"
PUBLISHED, HELD_BACK = 0, 3


def run_flow(name: str, city: CityFolder, out: Terminal, options: str, *, as_json: bool) -> int:
    """Run a flow by its entry point and tell what came of it.

    Args:
        name: ``nightly`` or ``rebuild``.
        city: The city folder.
        out: Where to print, in which language.
        options: The global options as given, for the command that the summary proposes next.
        as_json: Print the outcome for machines instead of the summary.

    Returns:
        The exit code: 0 published (or nothing new), 3 held back.
    """
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    console = Console(stderr=True, quiet=as_json or not sys.stderr.isatty())
    with console.status(out.say("step_start")) as status:
        found["prepare"].load()(city.data)
        run = found[name].load()
        try:
            outcome = run(city, _progress(status, out))
        except HeldBack as held:
            if as_json:
                sys.stdout.write(json.dumps({"published": False, "broken": held.broken}) + "\n")
            else:
                out.held_back(held.broken)
            return HELD_BACK
    told: dict[str, Any] = asdict(outcome) | {"year": fiscal_year(city.today) - 1}
    if as_json:
        sys.stdout.write(json.dumps(told, ensure_ascii=False, default=str, indent=1) + "\n")
    else:
        page = str(city.pages / "validation.html")
        out.night(told, city.settings.city.name, str(city.published), page, options)
    return PUBLISHED


def _progress(status: Status, out: Terminal) -> Any:  # noqa: ANN401 - a Progress
    def show(step: str, done: int, of: int) -> None:
        count = f" {done:,}/{of:,}" if of else f" {done:,}" if done else ""
        status.update(out.say(f"step_{step}") + count)

    return show
