"""The damage promise, tried: no damage of a file and no change of a register improves a verdict without a word at that facility.

``python -m tests.damage [SEED [TRIES]]`` draws a sound city, damages one thing after another, and prints how many were tried and how
many changed a verdict for the better, with what told of it. Two ways: on a second night, after the sound city was published (a
flag, finding, doubt or restatement that names the facility must come), and as a first night (flags, findings and doubts only). Scaling
everything a meter ever sent by less than the ratio of the slip rule may go unseen in a first night: it is listed.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from pipelines.periods import fiscal_year
from pipelines.registers.read import RegisterError
from tests.drawn_city import Drawn, Row, draw
from tests.making import City

LATE = date(2026, 6, 10)
Damage = Callable[[Drawn, random.Random], str]
BETTER = {("not_achieved", "achieved"), ("undeterminable", "achieved"), (None, "achieved")}


def _file(city: Drawn, chance: random.Random) -> str:
    return chance.choice(sorted(p for p in city.files if not p.startswith("late/")))


def _quantity(row: Row, change: Callable[[float], float]) -> Row:
    return (*row[:3], f"{change(float(str(row[3]))):.6f}".rstrip("0").rstrip("."), *row[4:])


def scaled(factor: float) -> Damage:
    """A file comes again with every quantity times a factor."""

    def damage(city: Drawn, chance: random.Random) -> str:
        path = _file(city, chance)
        city.files[f"late/{path}"] = (
            f"{LATE} 09:00",
            [_quantity(row, lambda q: q * factor) for row in city.files[path][1]],
        )
        return f"{path} x {factor}"

    return damage


def scaled_meter(factor: float) -> Damage:
    """A meter's data of a year come again times a factor."""

    def damage(city: Drawn, chance: random.Random) -> str:
        meter, year = chance.choice(city.meters)["meter_id"], chance.randint(2022, 2025)
        rows = [
            r
            for _, rows in list(city.files.values())
            for r in rows
            if r[0] == meter and fiscal_year(_day(r[1])) == year
        ]
        city.files[f"late/{meter}-{year}.csv"] = (
            f"{LATE} 09:00",
            [_quantity(row, lambda q: q * factor) for row in rows],
        )
        return f"{meter} FY{year} x {factor}"

    return damage


def truncated(city: Drawn, chance: random.Random) -> str:
    """A file comes again under its path with its first half only; what it replaced is gone from the inbox."""
    path = _file(city, chance)
    received, rows = city.files[path]
    city.files[path] = (received, rows[: len(rows) // 2])
    return f"{path} cut"


def misdated(city: Drawn, chance: random.Random) -> str:
    """A file comes again a year later in its dates."""
    path = _file(city, chance)
    moved = [
        (r[0], _day(r[1]) + timedelta(days=365), _day(r[2]) + timedelta(days=365), *r[3:]) for r in city.files[path][1]
    ]
    city.files[f"late/{path}"] = (f"{LATE} 09:00", [row for row in moved if _day(row[2]) <= LATE])
    return f"{path} misdated"


def one_long(city: Drawn, chance: random.Random) -> str:
    """One bill over a year with a month's quantity."""
    meter = chance.choice([m for m in city.meters if m["reading_kind"] == "bill"])
    rows = [r for _, rows in city.files.values() for r in rows if r[0] == meter["meter_id"]]
    year = chance.randint(2022, 2025)
    row = next(r for r in rows if _day(r[1]) >= date(year, 4, 1))
    city.files["late/long.csv"] = (f"{LATE} 09:00", [(row[0], date(year, 4, 1), date(year + 1, 4, 1), row[3], row[4])])
    return f"{row[0]} FY{year} one bill"


def unreadable(text: str) -> Damage:
    """A correction that cannot be read, or a credit note."""

    def damage(city: Drawn, chance: random.Random) -> str:
        path = _file(city, chance)
        row = chance.choice(city.files[path][1])
        city.files["late/teisei.csv"] = (f"{LATE} 09:00", [(*row[:3], text, row[4])])
        return f"{row[0]} {row[1]} = {text}"

    return damage


def doubled(city: Drawn, chance: random.Random) -> str:
    """A file holds other values for its own periods once more."""
    path = _file(city, chance)
    received, rows = city.files[path]
    city.files[path] = (received, rows + [_quantity(row, lambda q: q / 2 + 1) for row in rows])
    return f"{path} doubled"


def register(table: str, column: str, value: Callable[[dict[str, object]], object]) -> Damage:
    """One row of a register says something else."""

    def damage(city: Drawn, chance: random.Random) -> str:
        rows = getattr(city, table)
        row = chance.choice(rows)
        row[column] = value(row)
        return f"{table} {row.get('meter_id') or row.get('facility_id')} {column}={row[column]}"

    return damage


def taken(table: str) -> Damage:
    """A row of a register goes."""

    def damage(city: Drawn, chance: random.Random) -> str:
        row = getattr(city, table).pop(chance.randrange(len(getattr(city, table))))
        return f"{table} {row} taken"

    return damage


DAMAGES: dict[str, Damage] = {
    "zeroed file": scaled(0),
    "file x 10": scaled(10),
    "file x 1000": scaled(1000),
    "file x 0.001": scaled(0.001),
    "file x 1/5": scaled(0.2),
    "meter year zeroed": scaled_meter(0),
    "meter year x 10": scaled_meter(10),
    "meter year x 1/5": scaled_meter(0.2),
    "meter year x 5": scaled_meter(5),
    "truncated": truncated,
    "misdated": misdated,
    "one long bill": one_long,
    "unreadable correction": unreadable("12①4"),
    "credit note": unreadable("-500"),
    "doubled": doubled,
    "closed early": register("facilities", "closed_on", lambda _: "2025-03-31"),
    "opened late": register("facilities", "opened_on", lambda _: "2022-05-01"),
    "meter ends early": register("meters", "valid_to", lambda _: "2025-10-01"),
    "meter begins late": register("meters", "valid_from", lambda _: "2025-10-01"),
    "multiplier": register("meters", "multiplier", lambda _: "0.1"),
    "meter becomes an export": register("meters", "role", lambda _: "export"),
    "contract taken": taken("contracts"),
    "meter taken": taken("meters"),
}


def _day(value: object) -> date:
    assert isinstance(value, date)
    return value


@dataclass(frozen=True)
class Seen:
    """What a published file says, as far as the promise goes."""

    verdicts: dict[tuple[str, int], str]
    told: dict[str, set[str]]  # facility -> ids of what names it

    @classmethod
    def of(cls, made: duckdb.DuckDBPyConnection) -> Seen:
        """Read it."""
        verdicts = {
            (f, y): v
            for f, y, v in made.execute("SELECT facility_id, fiscal_year, verdict FROM facility_results").fetchall()
        }
        told: dict[str, set[str]] = {}
        for statement in TOLD:
            for facility, what in made.execute(statement).fetchall():
                told.setdefault(facility, set()).add(what)
        return cls(verdicts, told)

    def unseen(self, before: Seen) -> Iterable[tuple[tuple[str, int], str, set[str]]]:
        """Yield each verdict that became 達成, with what newly names its facility."""
        for key, verdict in self.verdicts.items():
            if (before.verdicts.get(key), verdict) in BETTER:
                yield key, str(before.verdicts.get(key)), self.told.get(key[0], set()) - before.told.get(key[0], set())


TOLD = (
    "SELECT facility_id, 'flag ' || rule_id || flag_id FROM flags WHERE rule_id <> 'over_path'",
    "SELECT facility_id, 'finding ' || rule_id || finding_id FROM findings WHERE facility_id IS NOT NULL",
    "SELECT facility_id, 'doubt ' || rule_id || doubt_id || days FROM doubts WHERE facility_id IS NOT NULL",
    "SELECT facility_id, 'restated ' || run_id || fiscal_year FROM restatements",
)


def tried(seed: int, name: str, sound: Drawn, folder: Path, *, first_night: bool) -> tuple[str, list[Any]]:
    """Damage a copy of a sound city and return what was done and the verdicts that became 達成, with what tells it.

    Registers that contradict each other are refused with a sentence, and what was published stays: nothing improves.
    """
    chance = random.Random(f"{seed}/{name}")
    city = City(folder / ("first" if first_night else "second"))
    sound.write(city)
    if first_night:
        with city.built() as made:
            before = Seen.of(made)
    else:
        before = _published(city)
    harmed = deepcopy(sound)
    done = DAMAGES[name](harmed, chance)
    try:
        if first_night:
            city = City(folder / "harmed")
            with harmed.write(city).built() as made:
                after = Seen.of(made)
        else:
            after = _published(harmed.write(city))
    except RegisterError:
        return f"{done} (refused)", []
    return done, list(after.unseen(before))


def _published(city: City) -> Seen:
    with duckdb.connect(str(city.publish()), read_only=True) as made:
        return Seen.of(made)


def main(seed: int = 1, tries: int = 1, facilities: int = 8) -> int:
    """Print the table; return how many improvements nothing tells of."""
    changed = silent = count = 0
    for number in range(tries):
        sound = draw(seed + number, facilities)
        for name in DAMAGES:
            for first_night in (False, True):
                with tempfile.TemporaryDirectory() as folder:
                    done, better = tried(seed + number, name, sound, Path(folder), first_night=first_night)
                count += 1
                changed += bool(better)
                for key, before, told in better:
                    silent += not told
                    sys.stdout.write(
                        f"{'first' if first_night else 'second'}\t{name}\t{done}\t{key} {before} -> achieved\t{sorted(told)[:2]}\n"
                    )
    sys.stdout.write(f"tried {count}, improved a verdict {changed}, silently {silent}\n")
    return silent


if __name__ == "__main__":
    sys.exit(min(main(*map(int, sys.argv[1:])), 1))
