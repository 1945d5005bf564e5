"""Draw a sound city of many facilities from a seed: what a city's data look like when nothing is wrong with them.

Seasonal gas and kerosene with months of zeros, schools closed in August, solar power with days of nothing, street lights that
burn by the length of the night, pools with daily values that close for cleaning.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from tests.making import City

FIRST_FY, LAST_FY = 2022, 2025
FIRST, LAST = date(2022, 4, 1), date(2026, 6, 1)
USE_CLASSES = ("office", "school", "street_light", "pool", "library", "hall")
Row = tuple[object, ...]


def months(first: date = FIRST, last: date = LAST) -> list[date]:
    """The first days of all months."""
    found = [first]
    while found[-1] < last:
        found.append(date(found[-1].year + found[-1].month // 12, found[-1].month % 12 + 1, 1))
    return found


@dataclass
class Drawn:
    """A city's registers and files, to be damaged or written."""

    facilities: list[dict[str, object]] = field(default_factory=list)
    meters: list[dict[str, object]] = field(default_factory=list)
    contracts: list[dict[str, object]] = field(default_factory=list)
    events: list[dict[str, object]] = field(default_factory=list)
    files: dict[str, tuple[str, list[Row]]] = field(default_factory=dict)  # path -> (received, rows)

    def add(self, path: str, received: date, row: Row) -> None:
        """Put a row into a file."""
        self.files.setdefault(path, (f"{received} 09:00", []))[1].append(row)

    def gathered(self) -> Drawn:
        """The same with all rows of a source in one file, received with its last: quick to read."""
        files: dict[str, tuple[str, list[Row]]] = {}
        for path, (received, rows) in self.files.items():
            name = f"{path.partition('/')[0]}/all.csv"
            before, others = files.get(name, (received, []))
            files[name] = (max(before, received), [*others, *rows])
        return replace(self, files=files)

    def write(self, city: City) -> City:
        """Write registers and files."""
        city.register("facilities", self.facilities).register("meters", self.meters)
        city.register("contracts", self.contracts).register("supplier_factors", FACTORS)
        if self.events:
            city.register("events", self.events)
        for path, (received, rows) in self.files.items():
            city.bills(path, rows, received)
        return city


FACTORS: list[dict[str, object]] = [
    {"supplier_no": "Z1", "supplier": "試験電力", "kind": "single", "energy_type": "electricity", "unit": "t-CO2/kWh", "source": "試験",
     "edition": "1", "activity_fy": y, "basic": "0.0005", "adjusted": "0.0005"} for y in range(2022, 2027)
] + [
    {"supplier_no": "Z2", "supplier": "試験ガス", "kind": "single", "energy_type": "city_gas", "unit": "t-CO2/千m3", "source": "試験",
     "edition": "1", "activity_fy": y, "basic": "2.05", "adjusted": "2.05"} for y in range(2022, 2027)
]  # fmt: skip


def season(day: date) -> float:
    """1 in the depth of winter, 0 at midsummer."""
    return (1 + math.cos(2 * math.pi * ((day - date(day.year, 1, 20)).days / 365.25))) / 2


def draw(seed: int, facilities: int) -> Drawn:
    """Draw a sound city that mostly keeps its path: use falls by a few per cent a year."""
    chance = random.Random(seed)
    city = Drawn()
    for number in range(facilities):
        use_class = USE_CLASSES[number % len(USE_CLASSES)]
        facility = f"F{number:03}"
        city.facilities.append(
            {
                "facility_id": facility,
                "name": f"施設{number}",
                "operator_id": "OP",
                "department": "総務課",
                "use_class": use_class,
            }
        )
        level, falls = chance.uniform(2_000, 60_000), chance.uniform(0.0, 0.08)
        _power(city, chance, facility, use_class, level, falls)
        if use_class in ("school", "hall"):
            _fuel(
                city,
                chance,
                facility,
                "city_gas",
                "m3",
                level / 12,
                lambda d: season(d) ** 2 if season(d) > 0.35 else 0.0,
            )
        elif use_class in ("library", "office") and number % 4 == 0:
            _fuel(
                city,
                chance,
                facility,
                "kerosene",
                "L",
                level / 15,
                lambda d: season(d) ** 3 if d.month in (11, 12, 1, 2, 3) else 0.0,
            )
        if number % 10 == 5:
            _sun(city, chance, facility, level / 10)
    return city


def _meter(city: Drawn, facility: str, suffix: str, energy_type: str, unit: str, kind: str, **more: object) -> str:
    meter = f"{facility}-{suffix}"
    city.meters.append(
        {
            "meter_id": meter,
            "facility_id": facility,
            "energy_type": energy_type,
            "unit": unit,
            "reading_kind": kind,
            "valid_from": FIRST,
        }
        | more
    )
    return meter


def _power(city: Drawn, chance: random.Random, facility: str, use_class: str, level: float, falls: float) -> None:
    daily = use_class == "pool"
    meter = _meter(city, facility, "E", "electricity", "kWh", "interval" if daily else "bill")
    city.contracts.append(
        {"meter_id": meter, "supplier_no": "Z1", "supplier": "試験電力", "contract_kw": round(level / 60)}
    )
    for month in months()[:-1]:
        end = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        years = (month - FIRST).days / 365.25
        shape = {
            "street_light": 0.6 + 0.8 * season(month),
            "school": 0.3 if month.month == 8 else 1.0,
            "pool": 1.2 - season(month),
        }.get(use_class, 0.8 + 0.5 * abs(season(month) - 0.5))
        amount = level * shape * (1 - falls) ** years * chance.uniform(0.93, 1.07)
        received = end + timedelta(days=5)
        if not daily:
            city.add(f"power/{end:%Y-%m}.csv", received, (meter, month, end, f"{amount:.0f}", "kWh"))
            continue
        days = [month + timedelta(days=n) for n in range((end - month).days)]
        for day in days:  # closed for cleaning on the first three days of September
            use = 0.0 if day.month == 9 and day.day <= 3 else amount / len(days) * chance.uniform(0.8, 1.2)
            city.add(f"bems/{end:%Y-%m}.csv", received, (meter, day, day + timedelta(days=1), f"{use:.1f}", "kWh"))


def _fuel(
    city: Drawn,
    chance: random.Random,
    facility: str,
    energy_type: str,
    unit: str,
    level: float,
    shape: Callable[[date], float],
) -> None:
    meter = _meter(
        city,
        facility,
        "G" if energy_type == "city_gas" else "K",
        energy_type,
        unit,
        "bill",
        rated_flow=round(level / 100) + 5,
    )
    if energy_type == "city_gas":
        city.contracts.append({"meter_id": meter, "supplier_no": "Z2", "supplier": "試験ガス"})
    for month in months()[:-1]:
        end = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        amount = round(level * shape(month) * chance.uniform(0.9, 1.1))
        city.add(
            f"gas/{end:%Y-%m}.csv" if energy_type == "city_gas" else f"oil/{end:%Y-%m}.csv",
            end + timedelta(days=8),
            (meter, month, end, amount, unit),
        )


def _sun(city: Drawn, chance: random.Random, facility: str, level: float) -> None:
    meter = _meter(city, facility, "PV", "solar_self_use", "kWh", "interval", role="generation")
    for month in months()[:-1]:
        end = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        for n in range((end - month).days):
            day = month + timedelta(days=n)
            made = 0.0 if chance.random() < 0.02 else level / 30 * (1.2 - season(day)) * chance.uniform(0.2, 1.4)
            city.add(
                f"pv/{end:%Y-%m}.csv",
                end + timedelta(days=2),
                (meter, day, day + timedelta(days=1), f"{made:.1f}", "kWh"),
            )
