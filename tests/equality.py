"""Do two checkouts of this program make the same tables? Compared by hash, table by table, after every night.

    python -m tests.equality BEFORE AFTER [--histories 20] [--share 0.125] [--only sample|histories|bench]

Both checkouts run the same nights on the same folders: the sample city (a night and a rebuild), drawn histories of nights
(files that come late, corrections, a register that is edited, a year that is closed by the calendar), and the city of the
benchmarks. A column is left out where the older checkout itself, run twice, does not make it twice the same (times of
runs, and what is made of them), and where it names the program (commit, versions, fingerprints); they are printed.
Exit 1 where anything else differs.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb

from tests.drawn_city import Drawn, draw
from tests.making import CITY_RULES, CITY_TOML, City

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "sample_data"
# one night without Prefect, by whatever names the checkout has for it
NIGHT = "import sys; from tests import killing; getattr(killing, sys.argv[1])(*sys.argv[2:])"
BENCH = "import sys; from pathlib import Path; from tests.benchmarks.city import make; make(Path(sys.argv[1]), float(sys.argv[2]))"
# what says which program it was: its commit, versions, fingerprints and words of the dictionary
NAMES_THE_PROGRAM = frozenset({"program_state", "version", "inputs_hash", "meaning_ja", "meaning_en"})
FINGERPRINTS = {"build_inputs", "dictionary"}
Hashes = dict[tuple[str, str], tuple[int, int]]


def night(checkout: Path, folder: Path, what: str = "night") -> None:
    """Run one night (or ``rebuild_of``) of a checkout's program on a city folder."""
    command = [sys.executable, "-c", NIGHT, what, str(folder)]
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    subprocess.run(command, check=True, cwd=checkout, env=environment)


def hashes(published: Path) -> Hashes:
    """(table, column) -> rows and the sum of the hashes of its values; a column's values are hashed beside the row's key."""
    found: Hashes = {}
    with duckdb.connect(str(published), read_only=True) as connection:
        rows = connection.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND database_name = current_database()"
        ).fetchall()
        schemas = dict(
            connection.execute(
                "SELECT table_name, schema_name FROM (SELECT table_name, schema_name FROM duckdb_tables()"
                " UNION ALL SELECT view_name, schema_name FROM duckdb_views() WHERE NOT internal)"
            ).fetchall()
        )
        for table, column in rows:
            asked = f'SELECT count(*), coalesce(sum(hash("{column}")), 0) FROM "{schemas[table]}"."{table}"'
            count, total = connection.execute(asked).fetchone() or (0, 0)
            found[table, column] = (count, int(total))
    return found


def whole_rows(published: Path, left_out: set[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """table -> rows and the sum of the hashes of its rows, without the columns left out."""
    found = {}
    with duckdb.connect(str(published), read_only=True) as connection:
        columns: dict[tuple[str, str], list[str]] = {}
        for schema, table, column in connection.execute(
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE NOT internal"
            " AND database_name = current_database() ORDER BY ALL"
        ).fetchall():
            if (table, column) not in left_out:
                columns.setdefault((schema, table), []).append(f'"{column}"')
        for (schema, table), names in columns.items():
            asked = f'SELECT count(*), coalesce(sum(hash({", ".join(names)})), 0) FROM "{schema}"."{table}"'
            count, total = connection.execute(asked).fetchone() or (0, 0)
            found[table] = (count, int(total))
    return found


class Comparison:
    """What was compared, what was left out, and what differs."""

    def __init__(self) -> None:
        self.left_out: set[tuple[str, str]] = set()
        self.unsteady: set[tuple[str, str]] = set()
        self.tables = self.rows = 0
        self.different: list[str] = []

    def compare(self, what: str, before: Path, again: Path | None, after: Path) -> None:
        """Compare the published files of a night: of the older program, of itself once more (or not), and of the newer."""
        first, once_more, second = hashes(before), hashes(again) if again else {}, hashes(after)
        if once_more:
            self.unsteady |= {key for key in first.keys() & once_more.keys() if first[key] != once_more[key]}
        left = self.unsteady | {
            key for key in first.keys() | second.keys() if key[1] in NAMES_THE_PROGRAM or key[0] in FINGERPRINTS
        }
        self.left_out |= left
        told = [f"{table}.{column} is gone" for table, column in sorted(first.keys() - second.keys())]
        told += [f"{table}.{column} is new" for table, column in sorted(second.keys() - first.keys())]
        told += [
            f"{'.'.join(key)}: {first[key][0]} and {second[key][0]} rows, other values"
            for key in sorted((first.keys() & second.keys()) - left)
            if first[key] != second[key]
        ]
        known = left | (first.keys() ^ second.keys())
        wholly, rows = whole_rows(before, known), whole_rows(after, known)
        for table in sorted(wholly.keys() & rows.keys()):
            self.tables += 1
            self.rows += wholly[table][0]
            if wholly[table] != rows[table] and not any(text.startswith(f"{table}.") for text in told):
                told.append(f"{table}: the same values in other rows")
        self.different += [f"{what}: {text}" for text in told]


def published(folder: Path) -> Path:
    """Where a city folder of this script has its published file."""
    return next(
        folder / name for name in (".data/emissions.duckdb", "data/emissions.duckdb") if (folder / name).exists()
    )


def sample_nights(folder: Path) -> Iterator[str]:
    """Write the sample city; one night, then a rebuild."""
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns(".data", "__pycache__"))
    yield "night"
    yield "rebuild_of"


def bench_nights(folder: Path, share: float) -> Iterator[str]:
    """Write the city of the benchmarks at a share of its size; one night."""
    command = [sys.executable, "-c", BENCH, str(folder), str(share)]
    subprocess.run(command, check=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
    yield "night"


def drawn_nights(folder: Path, seed: int) -> Iterator[str]:
    """Draw a city and a history of nights: what arrives by then, and one thing that went wrong or was changed."""
    chance = random.Random(seed)
    drawn = draw(seed, 3)
    city = City(folder)
    files, drawn.files = drawn.files, {}
    drawn.write(city)
    today = date(2024, chance.randint(1, 6), chance.randint(1, 28))
    for _ in range(chance.randint(2, 4)):
        (folder / "city.toml").write_text(CITY_TOML.format(today=today) + CITY_RULES, encoding="utf-8")
        for path in [path for path, (received, _) in files.items() if date.fromisoformat(received[:10]) <= today]:
            if chance.random() < 0.9:  # the others come late
                received, rows = files.pop(path)
                city.bills(path, rows, received)
        chance.choice((_correct, _retarget, _end_a_meter, _nothing))(chance, city, drawn, today)
        yield "night"
        today += timedelta(days=chance.choice((1, 1, 20, 120, 300)))
    yield "rebuild_of"


def _nothing(_chance: random.Random, _city: City, _drawn: Drawn, _today: date) -> None:
    """A night like any other."""


def _correct(chance: random.Random, city: City, drawn: Drawn, today: date) -> None:
    """A correction of one month of one meter."""
    meter = chance.choice(drawn.meters)
    first = date(2023, chance.randint(4, 11), 1)
    row = (meter["meter_id"], first, date(2023, first.month + 1, 1), chance.randint(1, 9_000), meter["unit"])
    city.bills(f"more/{today}.csv", [(*row, "corrected")], f"{today} 08:00", more=["stage"])


def _retarget(chance: random.Random, city: City, _drawn: Drawn, _today: date) -> None:
    """A target is edited."""
    path = city.folder / "registers" / "targets.csv"
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    rows[0]["reduction_rate"] = f"0.{chance.randint(20, 60)}"
    city.register("targets", rows)


def _end_a_meter(chance: random.Random, city: City, drawn: Drawn, _today: date) -> None:
    """A meter ends."""
    chance.choice(drawn.meters)["valid_to"] = "2025-01-01"
    city.register("meters", drawn.meters)


def follow(
    compared: Comparison, before: Path, after: Path, what: str, nights: Iterator[str], folder: Path, *, twice: bool
) -> None:
    """Run the nights with both programs, perhaps the older one twice, and compare after each."""
    names = ("before", "after", "again") if twice else ("before", "after")
    twins = {name: folder.with_name(f"{folder.name}-{name}") for name in names}
    for number, each in enumerate(nights, start=1):
        for name, twin in twins.items():
            shutil.copytree(folder, twin, dirs_exist_ok=True)
            night(after if name == "after" else before, twin, each)
        again = published(twins["again"]) if twice else None
        compared.compare(f"{what}, {number}. {each}", published(twins["before"]), again, published(twins["after"]))


def main() -> int:
    """Compare two checkouts."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("before", type=Path)
    asked.add_argument("after", type=Path)
    asked.add_argument("--histories", type=int, default=20)
    asked.add_argument("--from-seed", type=int, default=0)
    asked.add_argument("--share", type=float, default=0.125)
    asked.add_argument("--only", choices=("sample", "histories", "bench"))
    told = asked.parse_args()
    compared = Comparison()
    with tempfile.TemporaryDirectory() as place:
        wanted: list[tuple[str, str, Iterator[str], Path]] = []
        sample, bench = Path(place) / "sample", Path(place) / "bench"
        wanted.append(("sample", "sample city", sample_nights(sample), sample))
        for seed in range(told.from_seed, told.from_seed + told.histories):
            folder = Path(place) / f"drawn-{seed}"
            wanted.append(("histories", f"history {seed}", drawn_nights(folder, seed), folder))
        wanted.append(("bench", f"benchmark city at {told.share:g}", bench_nights(bench, told.share), bench))
        asked_for = [each for each in wanted if told.only in (None, each[0])]
        for kind, what, nights, folder in asked_for:
            follow(compared, told.before.resolve(), told.after.resolve(), what, nights, folder, twice=kind != "bench")
            told_so_far = [text for text in compared.different if text.startswith(f"{what},")]
            sys.stdout.write("\n".join([f"{what}: {len(told_so_far)} differences", *told_so_far, ""]))
            sys.stdout.flush()
    sys.stdout.write(f"tables compared {compared.tables}, rows {compared.rows:,}\nleft out:\n")
    for table in sorted({table for table, _ in compared.left_out}):
        sys.stdout.write(f"  {table}: {', '.join(sorted(c for t, c in compared.left_out if t == table))}\n")
    sys.stdout.write("\n".join(["differences:", *compared.different, ""]) if compared.different else "no difference\n")
    return bool(compared.different)


if __name__ == "__main__":
    sys.exit(main())
