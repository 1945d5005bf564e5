"""Monday's questions, tried: how many flags a large city with faults at written rates raises, and how many of them people are asked.

``python -m tests.monday [FACILITIES [SEED]]`` (900, 1) draws a sound city of thirty departments and three meters a facility, and harms it:
1 % of electricity and 10 % of gas months are zero, 4 % of meters have a month a year that slipped by ten, 3 % of bills come ten weeks
late, every fourth facility reports once a year, daily values come as rolling exports, and one file in twenty is overwritten with
corrections. It publishes a first night, three usual weeks and the nights of a yearly round (after 31 March), twice: with as many questions
as are worth asking, and within the budget; and prints per rule the flags, the questions they fold into and those worth asking, the
tonnes these hold, and the new ones of each week.
"""

from __future__ import annotations

import random
import sys
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from tests.drawn_city import Drawn, Row, draw
from tests.making import DEFAULTS, City

DEPARTMENTS = 30
OPERATORS = ("OP", "OP2")
ROLLING = timedelta(days=400)
ELECTRICITY_ZEROS, GAS_ZEROS, SLIPS, LATE, OVERWRITTEN = 0.01, 0.10, 0.04, 0.03, 0.05
YEARLY = 4  # every fourth facility
FIRST_NIGHT = date(2026, 2, 2)
USUAL = tuple(FIRST_NIGHT + timedelta(days=7 * week) for week in (1, 2, 3))
ROUND = tuple(date(2026, 5, 18) + timedelta(days=7 * week) for week in range(4))
RULES = """
    SELECT rule_id, count(*), count(DISTINCT question_id), count(DISTINCT question_id) FILTER (asking <> 'minor'),
        CAST(coalesce(sum(co2e_at_stake_kg), 0) / 1000 AS DECIMAL(18, 1)),
        CAST(coalesce(sum(co2e_at_stake_kg) FILTER (asking <> 'minor'), 0) / 1000 AS DECIMAL(18, 1))
    FROM flags WHERE state <> 'confirmed' AND fiscal_year BETWEEN $first AND $last GROUP BY rule_id ORDER BY 2 DESC
"""
NEW = "SELECT fiscal_year FROM flags WHERE asking = 'asked' GROUP BY question_id, fiscal_year HAVING min(asked_on) = $today"
VERDICTS = "SELECT subject_kind, subject_id, fiscal_year, verdict, reasons FROM target_results ORDER BY ALL"


def faulty(facilities: int, seed: int) -> Drawn:
    """The sound city with a third meter each, departments and operators, and its faults."""
    sound, chance = draw(seed, facilities), random.Random(f"faults {seed}")
    city = Drawn(events=sound.events)
    for number, facility in enumerate(sound.facilities):
        department = number * DEPARTMENTS // facilities
        operator = OPERATORS[department % len(OPERATORS)]
        city.facilities.append(facility | {"department": f"第{department:02}課", "operator_id": operator})
    kinds = {str(m["meter_id"]): (str(m["energy_type"]), str(m["reading_kind"])) for m in sound.meters}
    twins = _twins(sound, facilities)
    city.meters = [*sound.meters, *twins.values()]
    # the largest flow of a gas meter is on record for every second one
    city.meters = [{k: v for k, v in m.items() if k != "rated_flow" or chance.random() < 0.5} for m in city.meters]
    yearly = {str(f["facility_id"]) for f in sound.facilities[::YEARLY]}
    city.meters = [
        m | ({"frequency": "year"} if m["facility_id"] in yearly and m["reading_kind"] == "bill" else {})
        for m in city.meters
    ]
    contracts = {str(c["meter_id"]): c for c in sound.contracts}
    city.contracts = [*sound.contracts]
    city.contracts += [contracts[of] | {"meter_id": twin["meter_id"]} for of, twin in twins.items() if of in contracts]
    slips = {
        m: chance.choice((10.0, 0.1)) for m in sorted({*kinds, *(f"{k}2" for k in twins)}) if chance.random() < SLIPS
    }
    months = {(m, year): chance.randrange(12) for m in slips for year in range(2022, 2027)}
    for path, (received, rows) in sound.files.items():
        again = chance.random() < OVERWRITTEN
        for row in rows:
            for meter, quantity in _with_twin(row, twins):
                kind, reading = kinds[str(row[0])]
                changed = _harmed(chance, (meter, *row[1:3], quantity, *row[4:]), kind, reading, slips, months)
                came = date.fromisoformat(received[:10])
                if reading != "interval" and str(row[0]).split("-")[0] in yearly:
                    end = row[1]
                    assert isinstance(end, date)
                    came = date(end.year + (end.month > 3), 4, 20)
                    city.add(f"yearly/{came.year}.csv", came, changed)
                elif reading != "interval" and chance.random() < LATE:
                    city.add(f"late/{path.replace('/', '-')}", came + timedelta(days=70), changed)
                else:
                    city.add(path, came, changed)
        if again and not path.startswith(("bems/", "pv/")) and path in city.files:
            came_on, kept = city.files[path]
            first, *others = kept
            later = date.fromisoformat(came_on[:10]) + timedelta(days=20)
            corrected = (*first[:3], f"{float(str(first[3])) * 1.01:.0f}", *first[4:])
            city.files[f"{path}#2"] = (f"{later} 09:00", [corrected, *others])
    return city


def _twins(sound: Drawn, facilities: int) -> dict[str, dict[str, object]]:
    """A second, smaller meter for each billed one, so that there are about three meters a facility."""
    billed = [m for m in sound.meters if m["reading_kind"] == "bill"]
    wanted = 3 * facilities - len(sound.meters)
    return {str(m["meter_id"]): m | {"meter_id": f"{m['meter_id']}2"} for m in billed[:wanted]}


def _with_twin(row: Row, twins: dict[str, dict[str, object]]) -> list[tuple[str, float]]:
    own = float(str(row[3]))
    own_row = (str(row[0]), own)
    return [own_row, (f"{row[0]}2", round(own * 0.2))] if str(row[0]) in twins else [own_row]


def _harmed(
    chance: random.Random,
    row: Row,
    kind: str,
    reading: str,
    slips: dict[str, float],
    months: dict[tuple[str, int], int],
) -> Row:
    quantity = float(str(row[3]))
    day = row[1]
    assert isinstance(day, date)
    if reading == "bill" and chance.random() < (ELECTRICITY_ZEROS if kind == "electricity" else GAS_ZEROS):
        quantity = 0.0
    if str(row[0]) in slips and day.month - 1 == months[str(row[0]), day.year] and day.day == 1:
        quantity *= slips[str(row[0])]
    return (*row[:3], f"{quantity:.1f}", *row[4:])


class Weeks:
    """The city, night after night."""

    def __init__(self, city: Drawn, folder: Path, per_week: int) -> None:
        self.city, self.folder, self.per_week, self.sent = city, folder, per_week, set[str]()

    def night(self, today: date) -> duckdb.DuckDBPyConnection:
        """Publish what has come by a day; the published file."""
        return duckdb.connect(str(self.put(today).publish()), read_only=True)

    def put(self, today: date) -> City:
        """Put into the inbox what has come by a day."""
        settings = f"\n[questions]\nper_week = {self.per_week}\n[sources.yearly]\n[sources.late]\n"
        city = City(self.folder, today, settings)
        city.register(
            "operators",
            [{"operator_id": o, "name": o, "designation_no": f"000000{n}"} for n, o in enumerate(OPERATORS, 1)],
        )
        city.register("targets", [{**DEFAULTS["targets"][0], "reduction_rate": "0.3"}])
        city.register("appointments", _appointments(self.city))
        come = {p: f for p, f in self.city.files.items() if f[0] <= f"{today}"}
        daily = [row for p, (_, rows) in come.items() if p.startswith(("bems/", "pv/")) for row in rows]
        files = {p: f for p, f in come.items() if not p.startswith(("bems/", "pv/")) and p not in self.sent}
        recent = [row for row in daily if _day(row) >= today - ROLLING]
        older = [row for row in daily if _day(row) < today - ROLLING] if not self.sent else []
        sent = dict(files)
        if older:
            sent["bems/older.csv"] = (f"{today} 05:00", older)
        sent["bems/export.csv"] = (f"{today} 06:00", recent)
        replace(self.city, files={p.removesuffix("#2"): f for p, f in sorted(sent.items())}).write(city)
        self.sent |= set(files) | {"bems"}
        return city


def _day(row: Row) -> date:
    assert isinstance(row[1], date)
    return row[1]


def _appointments(city: Drawn) -> list[dict[str, Any]]:
    posts = [{"operator_id": o, "post": post, "person_id": f"{o}-{n}", "appointed_on": "2020-04-01"}
        for o in OPERATORS for n, post in enumerate(("エネルギー管理統括者", "エネルギー管理企画推進者"))]  # fmt: skip
    of = sorted({(str(f["operator_id"]), str(f["department"])) for f in city.facilities})
    return posts + [{"operator_id": o, "department": d, "post": "エネルギー管理責任者", "person_id": f"R{d[1:3]}",
        "appointed_on": "2020-04-01"} for o, d in of]  # fmt: skip


def _said(title: str, rows: list[tuple[Any, ...]]) -> None:
    sys.stdout.write(f"{title}\n" + "".join("  " + "\t".join(map(str, row)) + "\n" for row in rows or [("none",)]))
    sys.stdout.flush()


def _table(made: duckdb.DuckDBPyConnection, title: str, first: int, last: int) -> None:
    rows = made.execute(RULES, {"first": first, "last": last}).fetchall()
    total = ("all", *(sum(row[n] for row in rows) for n in range(1, 6)))
    _said(f"{title}: rule, flags, questions, worth asking, t, t of those worth asking", [*rows, total])


def main(facilities: int = 900, seed: int = 1) -> int:
    """Print the tables."""
    city = faulty(facilities, seed)
    _said("city", [("facilities", len(city.facilities)), ("meters", len(city.meters)), ("files", len(city.files))])
    for per_week in (100_000, 40):
        with tempfile.TemporaryDirectory() as folder:
            weeks = Weeks(city, Path(folder) / "city", per_week)
            for today in (FIRST_NIGHT, *USUAL, *ROUND):
                made = weeks.night(today)
                new = [year for (year,) in made.execute(NEW, {"today": today}).fetchall()]
                _said(
                    f"{today}, at most {per_week}",
                    [("new questions", len(new)), ("of FY2025", new.count(2025))],
                )
                if today in (FIRST_NIGHT, ROUND[-1]):
                    _table(made, f"{today}, every year", 2000, 2100)
                    _table(made, f"{today}, FY2025", 2025, 2025)
                made.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
