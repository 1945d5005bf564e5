"""The tables as they were known on a past moment, to the last digit, with today's method.

Only what was known then goes in: files and receipts, registers, reference, editions and decisions as a run had seen them by
then. The moment of a publication gives what that publication said. By receipt, files count that had been received by then,
whether or not anybody had seen them. Made beside the published file, under ``known/`` in the data folder, and kept while
the inputs stay the same.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from pipelines import durable
from pipelines.history import moments
from pipelines.history.snapshots import Snapshots
from pipelines.run import inputs as run_inputs
from pipelines.run.building import build
from pipelines.run.night import Arrived, Night, Progress
from pipelines.settings.city import CityFolder
from pipelines.warehouse import invariants, publish

MOST_KEPT = 5


def file(
    city: CityFolder,
    moment: datetime,
    today: date | None = None,
    progress: Progress = lambda *_: None,
    *,
    by_receipt: bool = False,
) -> Path:
    """Return the DuckDB file with the tables as known on a moment, built now unless it is there.

    Args:
        city: The city folder.
        moment: Local time; what was known up to and including it.
        today: The day it is for; ``None``: that of the last publication by then, else the moment's.
        progress: Called with (step, done, of).
        by_receipt: Files count that had been received by then, not those that had been seen.

    Raises:
        Unknown: there had been no run by then.
        HeldBack: an invariant of ours does not hold.
    """
    then = moments.of(city.history, moment, by_receipt=by_receipt)
    city = city.on(today or then.today or moment.date())
    night = Night(city, progress)
    gathered = night.gather(run_inputs.at(city, then), Arrived([], [], city.published, [], is_all_anew=True))
    how = "-by-receipt" if by_receipt else ""
    made = city.data / "known" / f"{moment:%Y%m%dT%H%M%S}-{gathered.inputs_hash[:16]}{how}.duckdb"
    if made.is_file():
        return made
    building = made.parent / "next" / f"emissions-{night.outcome.run_id}.duckdb"
    try:
        connection = build(night, gathered, building).connection
        if broken := invariants.holding(connection):
            raise publish.HeldBack(broken)
        publish.describe(connection)
        night.close()
        durable.put(building, made)
    finally:
        night.close()
        building.unlink(missing_ok=True)
    _forget_oldest(made.parent)
    return made


def first_seen(city: CityFolder) -> datetime | None:
    """Return when registers and reference were first seen; before that, those of that time stand in."""
    states = Snapshots(city.history).all()
    return states[0].seen_at if states else None


def _forget_oldest(folder: Path) -> None:
    """Keep the newest few: each can be built again."""
    found = sorted(folder.glob("*.duckdb"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in found[MOST_KEPT:]:
        old.unlink(missing_ok=True)
