"""``make bench``: what a night costs, as ratios to floors measured in the same run. Prints a table and writes JSON.

``python -m tests.benchmarks [--share 0.125] [--growth 0.03125,0.0625] [--pairs 3] [--json FILE]``. A share of 1 is the whole: 1,000
facilities, 2,200 meters, 52 million half hours. Nothing is asserted here; limits are what we aim at.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb

from tests.benchmarks import city as cities
from tests.benchmarks import measure
from tests.benchmarks.measure import Cost


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: what was measured, against what, and the most we aim at."""

    name: str
    value: float
    floor: float
    ratio: float
    unit: str
    aim: str


class Bench:
    """The measurements, one after the other, in a folder of their own."""

    def __init__(self, folder: Path, share: float, pairs: int) -> None:
        self.folder, self.share, self.pairs = folder, share, pairs
        self.figures: list[Figure] = []

    def note(self, name: str, value: float, floor: float, aim: str, unit: str = "s") -> None:
        """Keep a figure and its ratio to its floor, and show it."""
        self.figures.append(Figure(name, value, floor, value / floor if floor else 0.0, unit, aim))
        self._show(self.figures[-1])

    def full_build(self) -> None:
        """From raw files to the published file, against DuckDB's own reading of the same bytes."""
        home = self.folder / "city"
        cities.make(home, self.share)
        floor = _middle(lambda: measure.csv_floor(home, self.folder / "floor.duckdb"), self.pairs)
        cost = measure.nightly(home, cities.TODAY)
        seconds = cost.stages
        everything = sum(seconds[s] for s in measure.BEFORE_GATE)
        self.note(
            "full build: readings and days", sum(seconds[s] for s in measure.READINGS_AND_DAYS), floor.wall, "3.5 x"
        )
        self.note("full build: everything but the gate", everything, floor.wall, "4.5 x")
        self.note("full build: with the gate", everything + seconds["check"], floor.wall, "5.5 x")
        self._gate("full build", cost)
        self.note("full build: the command", cost.wall, floor.wall, "")
        self.note("full build: peak memory", cost.peak_mb, 4_000, "4,000 MB", "MB")
        self.note(
            "readings table",
            measure.bytes_per_reading(home / ".data" / "emissions.duckdb"),
            10,
            "10 bytes a reading",
            "B",
        )
        for stage, took in sorted(seconds.items(), key=lambda item: -item[1]):
            self.note(f"  of the full build: {stage}", took, floor.wall, "")

    def nights(self) -> None:
        """A usual night and one with nothing new, over an empty flow that imports Great Expectations."""
        home = self.folder / "city"
        floors, usual, nothing = [], [], []
        for number in range(1, self.pairs + 1):
            floors.append(_empty_flow(home))
            today = cities.add_night(home, self.share, number)
            usual.append(measure.nightly(home, today))
            nothing.append(measure.nightly(home, today))
        floor, cost = _median(floors), _median(usual)
        self.note("usual night over the floor", cost.wall - floor.wall, floor.wall, "5 s")
        self._gate("usual night", usual[-1])
        self.note("usual night: seconds of all cores", cost.cpu, floor.cpu, "")
        self.note("usual night: peak memory", cost.peak_mb, 1_500, "1,500 MB", "MB")
        self.note("nothing new over the floor", _median(nothing).wall - floor.wall, floor.wall, "1.5 s")

    def _gate(self, what: str, cost: measure.Cost) -> None:
        """What checking costs: our invariants (within raise_flags), and the suites, of the whole command."""
        self.note(f"{what}: our invariants, of the command", cost.stages["invariants"], cost.wall, "0.15 x")
        self.note(f"{what}: the suites, of the command", cost.stages["check"], cost.wall, "0.15 x")

    def small_files(self) -> None:
        """The same bytes in 12 files, one a month, and in one for each meter and month; and in files of a meter and day."""
        many = round(12_000 * self.share)
        took = {
            (files, days): self._intake(files, meters=many // 12, days=days)
            for files, days in ((12, 360), (many, 360), (12, 12), (many, 12))
        }
        for days, what in ((360, "of a meter's month"), (12, "of a meter's day")):
            name = f"intake of {many} small files, each {what}"
            self.note(name, took[many, days], took[12, days], "2.5 x the time of 12 files")

    def _intake(self, files: int, meters: int, days: int) -> float:
        home = self.folder / "files"
        cities.make(home, 0.01)
        shutil.rmtree(home / "inbox")
        _write_files(home / "inbox" / "slots", files, meters, days)
        seconds = measure.intake(home, cities.TODAY)
        shutil.rmtree(home)
        return seconds

    def growth(self, shares: list[float]) -> None:
        """How the full build and the usual night grow from the smallest to the largest part."""
        found = []
        for share in shares:
            home = self.folder / "growing"
            cities.make(home, share)
            full = measure.nightly(home, cities.TODAY).wall
            floor = _empty_flow(home).wall
            night = measure.nightly(home, cities.add_night(home, share)).wall - floor
            found.append((share, full - floor, night))
            self.note(f"growth, {share:g} of the whole: full build over the floor", full - floor, found[0][1], "linear")
            self.note(f"growth, {share:g} of the whole: usual night over the floor", night, found[0][2], "1.5 x")

    def plain_way(self) -> None:
        """Against pandas, pint and groupby without lineage or revisions, on at most a tenth of the whole."""
        home, share = self.folder / "tenth", min(self.share * 0.8, 0.1)
        cities.make(home, share)
        ours = measure.nightly(home, cities.TODAY)
        plain = measure.process(["-m", "tests.benchmarks.plain_way", str(home)])
        self.note("the plain way: full build, its time to ours", plain.wall, ours.wall, "at least 2 x")
        self.note("the plain way: its memory to ours", plain.peak_mb, ours.peak_mb, "at least 4 x", "MB")
        night = measure.nightly(home, cities.add_night(home, share))
        again = measure.process(["-m", "tests.benchmarks.plain_way", str(home)])
        self.note("the plain way: a night, its time to ours", again.wall, night.wall, "at least 10 x")

    def write(self, path: Path) -> None:
        """Keep the figures as JSON, with the machine they are of."""
        machine = {
            "cores": os.cpu_count(),
            "machine": platform.machine(),
            "python": platform.python_version(),
            "duckdb": duckdb.__version__,
        }
        told = {
            "share": self.share,
            "pairs": self.pairs,
            "machine": machine,
            "figures": [asdict(f) for f in self.figures],
        }
        path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")

    def _show(self, figure: Figure) -> None:
        ratio = f"{figure.ratio:8.2f} x {figure.floor:10.2f} {figure.unit}"
        sys.stdout.write(f"{figure.name:58s}{figure.value:10.2f} {figure.unit:2s} = {ratio}   {figure.aim}\n")
        sys.stdout.flush()


def _write_files(folder: Path, files: int, meters: int, days: int) -> None:
    """Half hours of so many meters and days, one twelfth of the days after the other, the same rows in whatever number of files."""
    folder.mkdir(parents=True)
    twelfth = days // 12
    rows = [
        (day, meter)
        for month in range(12)
        for meter in range(meters)
        for day in range(month * twelfth, (month + 1) * twelfth)
    ]
    for number in range(files):
        lines = ["meter_id,started_at,ended_at,quantity,unit"]
        for day, meter in rows[number * len(rows) // files : (number + 1) * len(rows) // files]:
            at = date(2023, 12, 1) + timedelta(days=day)
            half_hours = [f"{at} {n // 2:02d}:{n % 2 * 30:02d}" for n in range(48)] + [
                f"{at + timedelta(days=1)} 00:00"
            ]
            lines += [
                f"F{meter:05d}-E,{since},{until},{n + day % 7 + meter / 10:.1f},kWh"
                for n, (since, until) in enumerate(pairwise(half_hours))
            ]
        (folder / f"{number:05d}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _empty_flow(home: Path) -> Cost:
    return measure.process(["-m", "tests.benchmarks.empty_flow", str(home / ".data")])


def _middle(work: Callable[[], Cost], times: int) -> Cost:
    return _median([work() for _ in range(times)])


def _median(costs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(getattr(cost, name) for cost in costs) for name in ("wall", "cpu", "peak_mb")))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=0.125)
    parser.add_argument("--growth", default="0.03125,0.0625,0.125")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--json", type=Path, default=Path("bench.json"))
    parser.add_argument("--only", default="full_build,nights,small_files,growth,plain_way")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        bench = Bench(Path(name), asked.share, asked.pairs)
        for step in asked.only.split(","):
            arguments = ([float(share) for share in asked.growth.split(",")],) if step == "growth" else ()
            getattr(bench, step)(*arguments)
        bench.write(asked.json)


if __name__ == "__main__":
    main()
