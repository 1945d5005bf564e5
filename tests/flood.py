"""No flood, tried: what two nights ask of the office in a sound city, and what one doubtful month of one facility does to its verdict.

``python -m tests.flood [FACILITIES [SEED]]`` draws a sound city whose building files are rolling exports of thirteen months at one
path, publishes the night of mid April and a usual one a month later, and prints the doubted facility-years per rule (0 is right:
nothing is wrong with the city), the flags per rule, the new ones of the usual night, and the verdicts of the city.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from tests.drawn_city import Drawn, Row, draw
from tests.making import DEFAULTS, City

NIGHTS = (date(2026, 4, 15), date(2026, 5, 15))
WINDOW = timedelta(days=400)
# Exports come once a month, so days are late after six weeks.
SETTINGS = """
[year]
closing_month_day = "04-10"

[thresholds]
interval_late_days = 45
"""
TARGET = {**DEFAULTS["targets"][0], "reduction_rate": "0.2"}
DOUBTED = """
    SELECT rule_id, count(DISTINCT (coalesce(facility_id, source_id), fiscal_year)) FROM doubts
    WHERE doubt_state = 'standing' GROUP BY rule_id ORDER BY rule_id
"""
FLAGS = "SELECT flag_id, rule_id FROM flags"
VERDICTS = "SELECT fiscal_year, verdict, reasons FROM target_results WHERE basis = 'plan' ORDER BY fiscal_year"


class Nights:
    """A city that files reach night after night."""

    def __init__(self, sound: Drawn, folder: Path) -> None:
        self.sound, self.folder, self.sent = sound, folder, set[str]()

    def night(self, today: date) -> dict[str, list[tuple[Any, ...]]]:
        """Publish what has come by a day; return what the published file says."""
        come = {p: f for p, f in self.sound.files.items() if f[0] <= f"{today}"}
        due = {p: f for p, f in come.items() if p not in self.sent and not p.startswith("bems/")}
        kept = [row for path, (_, rows) in come.items() if path.startswith("bems/") for row in rows]
        city = City(self.folder, today, SETTINGS).register("targets", [TARGET])
        rolling = [row for row in kept if _day(row) >= today - WINDOW]
        older = [row for row in kept if _day(row) < today - WINDOW] if not self.sent else []
        files = due | {"bems/older.csv": (f"{today} 06:00", older), "bems/export.csv": (f"{today} 06:00", rolling)}
        Drawn(
            self.sound.facilities,
            self.sound.meters,
            self.sound.contracts,
            self.sound.events,
            {path: file for path, file in files.items() if file[1]},
        ).write(city)
        self.sent |= set(files)
        with duckdb.connect(str(city.publish()), read_only=True) as made:
            return {
                name: made.execute(s).fetchall()
                for name, s in (("doubted", DOUBTED), ("flags", FLAGS), ("city", VERDICTS))
            }


def _day(row: Row) -> date:
    assert isinstance(row[1], date)
    return row[1]


def one_doubtful_month(sound: Drawn) -> Drawn:
    """The same city, but a bill of last year of one facility a tenth of what it was."""
    path = next(path for path in sound.files if path.startswith("power/2025-10"))
    received, (first, *others) = sound.files[path]
    changed = (*first[:3], f"{float(str(first[3])) / 10:.0f}", *first[4:])
    return Drawn(
        sound.facilities,
        sound.meters,
        sound.contracts,
        sound.events,
        sound.files | {path: (received, [changed, *others])},
    )


def main(facilities: int = 300, seed: int = 1) -> int:
    """Print the tables; return how many facility-years are doubted."""
    sound = draw(seed, facilities)
    with tempfile.TemporaryDirectory() as folder:
        city = Nights(sound, Path(folder) / "sound")
        first, usual = (city.night(today) for today in NIGHTS)
        harmed = Nights(one_doubtful_month(sound), Path(folder) / "harmed").night(NIGHTS[0])
    known = {flag for flag, _ in first["flags"]}
    said = {
        "doubted facility-years, first night": first["doubted"],
        "doubted facility-years, usual night": usual["doubted"],
        "flags, first night": sorted(Counter(rule for _, rule in first["flags"]).items()),
        "flags, new in the usual night": sorted(Counter(r for f, r in usual["flags"] if f not in known).items()),
        "city, first night": first["city"],
        "doubted facility-years with one doubtful month": harmed["doubted"],
        "city with one doubtful month": harmed["city"],
    }
    for title, rows in said.items():
        sys.stdout.write(f"{title}\n" + "".join("  " + "\t".join(map(str, row)) + "\n" for row in rows or [("none",)]))
    return sum(count for night in (first, usual) for _, count in night["doubted"])


if __name__ == "__main__":
    sys.exit(min(main(*map(int, sys.argv[1:])), 1))
