"""The removal promise: taking away any file, reading, day or factor never turns a verdict into 達成.

Histories are drawn: bills with corrections, interval days, factors by year, shares and deductions; then parts are taken
away, one and several at a time. A reading that only replaced an accepted one by stage, issue or arrival is the stated
exception and is not drawn for removal.

HISTORIES: how many are drawn (1; ``make torture`` 20).
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import pytest

from tests.making import DEFAULTS, City, monthly, rows_of

ELECTRIC = {"energy_type": "electricity", "unit": "kWh", "reading_kind": "bill"}
Row = tuple[object, ...]


@dataclass
class Drawn:
    """Everything that can be taken away."""

    readings: list[Row] = field(default_factory=list)
    factors: list[dict[str, object]] = field(default_factory=list)
    activities: list[str] = field(default_factory=list)


def draw(chance: random.Random) -> Drawn:
    level = {m: chance.choice([100, 60, 84, 70]) for m in ("M1", "E1", "E2", "CHILD")}
    slipped = (chance.choice(["M1", "E1"]), chance.randint(2022, 2025), chance.randint(1, 12))

    def amount(meter: str) -> Callable[[int, int], object]:
        def of(year: int, month: int) -> object:
            base = 100 if year < 2025 else level[meter]
            base = base // 4 if meter == "CHILD" else base
            return base * chance.choice([0.001, 1000]) if (meter, year, month) == slipped else base

        return of

    drawn = Drawn()
    for meter, unit in (("M1", "L"), ("E1", "kWh"), ("E2", "kWh"), ("CHILD", "kWh")):
        drawn.readings += monthly(meter, 2022, 2025, amount(meter), unit)
    row = {
        "supplier_no": "Z1",
        "supplier": "試験電力",
        "kind": "single",
        "energy_type": "electricity",
        "unit": "t-CO2/kWh",
        "source": "試験",
        "edition": "1",
    }
    drawn.factors = [{**row, "activity_fy": y, "basic": "0.0005", "adjusted": "0.0005"} for y in range(2022, 2026)]
    drawn.activities = [
        f"A1,{y}-{m:02d}-01,{y + (m == 12)}-{m % 12 + 1:02d}-01,{3 if y < 2025 else 2},t"
        for y in range(2022, 2027)
        for m in range(1, 13)
        if "2022-04" <= f"{y}-{m:02d}" < "2026-04"
    ]
    return drawn


def write(city: City, drawn: Drawn) -> City:
    city.register("facilities", [{"facility_id": f, "name": f, "operator_id": "OP"} for f in ("F1", "F2", "F3")])
    city.register(
        "meters",
        [
            {**DEFAULTS["meters"][0], "facility_id": "F1"},
            {"meter_id": "E1", "facility_id": "F2", **ELECTRIC},
            {"meter_id": "E2", "facility_id": "F2", **ELECTRIC},
            {"meter_id": "CHILD", "facility_id": "F2", "role": "tenant_deduct", "parent_meter_id": "E2", **ELECTRIC},
        ],
    )
    city.register("meter_shares", [{"meter_id": "E1", "facility_id": f, "share": "0.5"} for f in ("F2", "F3")])
    city.register("contracts", [{"meter_id": m, "supplier_no": "Z1", "supplier": "試験電力"} for m in ("E1", "E2")])
    city.register(
        "activity_sources",
        [
            {
                "activity_source_id": "A1",
                "facility_id": "F3",
                "activity": "waste_plastic",
                "unit": "t",
                "frequency": "month",
            }
        ],
    )
    if drawn.factors:
        city.register("supplier_factors", drawn.factors)
    by_year: dict[int, list[Row]] = {}
    for row in drawn.readings:
        assert isinstance(row[1], date)
        by_year.setdefault(row[1].year, []).append(row)
    for year, rows in by_year.items():
        city.bills(f"bills/{year}.csv", rows)
    head = "activity_source_id,started_on,ended_on,quantity,unit"
    return city.file("plants/a.csv", "\n".join([head, *drawn.activities, ""]))


def achieved(city: City) -> set[tuple[str, str, int]]:
    with city.built("targets") as made:
        return set(
            rows_of(
                made,
                """SELECT 'facility', facility_id, fiscal_year FROM facility_results WHERE verdict = 'achieved'
                   UNION ALL SELECT 'target', target_id, fiscal_year FROM target_results WHERE verdict = 'achieved'""",
            )
        )


def without(drawn: Drawn, chance: random.Random, kind: str) -> Drawn:
    """Take something away."""
    readings, factors, activities = list(drawn.readings), list(drawn.factors), list(drawn.activities)
    if kind == "reading":
        readings.pop(chance.randrange(len(readings)))
    elif kind == "readings":
        readings = chance.sample(readings, len(readings) - chance.randint(2, 30))
    elif kind == "meter year":
        meter, year = chance.choice(["M1", "E1", "E2", "CHILD"]), chance.randint(2022, 2025)
        readings = [r for r in readings if not (r[0] == meter and str(r[1]).startswith(str(year)))]
    elif kind == "file":
        year = chance.randint(2022, 2026)
        readings = [r for r in readings if not str(r[1]).startswith(str(year))]
    elif kind == "factor":
        factors.pop(chance.randrange(len(factors)))
    elif kind == "activity":
        activities.pop(chance.randrange(len(activities)))
    elif kind == "day":  # a bill that ends a day early with the quantity of that day less
        number = chance.randrange(len(readings))
        measured, start, end, quantity, unit = readings[number]
        assert isinstance(start, date) and isinstance(end, date)
        days = (end - start).days
        cut = float(str(quantity)) * (days - 1) / days
        readings[number] = (measured, start, date.fromordinal(end.toordinal() - 1), f"{cut:.3f}", unit)
    return Drawn(readings, factors, activities)


@pytest.mark.parametrize("seed", range(int(os.environ.get("HISTORIES", "1"))))
def test_taking_away_never_achieves(make_city: Callable[..., City], seed: int) -> None:
    chance = random.Random(seed)
    drawn = draw(chance)
    before = achieved(write(make_city(), drawn))
    assert before, "else the promise would hold for nothing"
    for kind in ("reading", "readings", "meter year", "file", "factor", "activity", "day"):
        less = without(drawn, chance, kind)
        after = achieved(write(make_city(), less))
        assert after <= before, f"seed {seed}: removing a {kind} achieved {after - before}"
