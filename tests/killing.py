"""What the tests of crashes run in processes of their own, so that these can be killed at any moment."""

from __future__ import annotations

import multiprocessing
from datetime import datetime
from pathlib import Path

from pipelines.cli import main
from pipelines.review.store import Decision, Store
from pipelines.run.building import build
from pipelines.run.guard import guarded
from pipelines.run.night import Night
from pipelines.settings.city import CityFolder

# Forked from a process that has imported everything: a kill hits the night, not the imports.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.killing"])


def night(folder: str, data: str | None = None) -> None:
    """A whole night without Prefect and gate."""
    run = Night(CityFolder(Path(folder), Path(data) if data else None))
    with guarded(run):
        arrived = run.receive()
        run.read_files(arrived)
        gathered = run.load_registers(arrived)
        if gathered.is_new:
            build(run, gathered).publish()


def rebuild_of(folder: str) -> None:
    """The same from what is kept."""
    run = Night(CityFolder(Path(folder)))
    with guarded(run):
        build(run, run.load_registers(run.remember())).publish()


def command(folder: str, *words: str) -> None:
    """A command of the command line, as a person gives it."""
    main.app(["--city", folder, *words])


def decide(url: str, number: int) -> None:
    """Write two decisions that belong together, again and again."""
    store = Store(url)
    for step in range(1000):
        pair = [
            Decision(
                decision_id=f"{number}-{step}-{half}", flag_id="f", facility_id="F1", fiscal_year=2024, rule_id="over_path",
                subject=None, step="answer", person_id="P1", post="x", decided_at=datetime(2026, 6, 1), comment="理由",
            )
            for half in ("a", "b")
        ]  # fmt: skip
        store.append(pair)
