"""The sample city counted a second time, from its raw files, with pandas and Decimal: no SQL, no pint, none of our code.

It follows the method statement: one accepted reading per period, bills spread over their days by whole millionths and
largest remainders, shares, primary energy, CO2 per day rounded half-even to nine places, totals as sums.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd

from tests import by_hand

LAST_DAY = date(2026, 11, 20)
RANK = {"訂正": 0, "": 1, "確報": 1, "速報": 2}
MILLION = 1_000_000
SCALES = {
    "kWh": 1,
    "m3": 1,
    "kg": 1,
    "L": 1,
    "GJ": 1,
    "kL": 1000,
    "km": 1,
    "台": 1,
    "t": 1,
    "千m3": 1000,
    "千kWh": 1000,
    "バレル": 0,
}
STOCKS = {"car_ac_hfc"}
ENERGY_ACT = {"electricity": ("elec_other", "elec_grid"), "hot_water": ("heat_hot_water", "heat_hot_water")}
Day = dict[tuple[str, str, date], Decimal]


def frame(path: Path) -> pd.DataFrame:
    """A CSV in whatever encoding, every cell as text."""
    content = path.read_bytes()
    for encoding in ("utf-16", "utf-8-sig", "cp932") if content[:2] == b"\xff\xfe" else ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


class SecondOpinion:
    """Everything the tests compare, worked out from a city folder."""

    def __init__(self, city: Path) -> None:
        self.city = city
        registers = city / "registers"
        self.meters = frame(registers / "meters.csv").to_dict("records")
        self.versions: dict[str, list[dict[Any, Any]]] = defaultdict(list)
        for meter in self.meters:
            since, until = (meter[key] or "9999-12-31" for key in ("valid_from", "valid_to"))
            dated = {"since": date.fromisoformat(since), "until": date.fromisoformat(until)}
            self.versions[meter["meter_id"]].append(meter | dated)
        self.contracts = frame(registers / "contracts.csv").to_dict("records")
        self.shares = frame(registers / "meter_shares.csv").to_dict("records")
        self.sources = {
            s["activity_source_id"]: s for s in frame(registers / "activity_sources.csv").to_dict("records")
        }
        self.supplier_factors = frame(registers / "supplier_factors.csv").to_dict("records")
        properties = frame(registers / "supplier_properties.csv")
        self.gas_heat, self.lpg_density = (Fraction(value) for value in properties["value"])
        self.energy_gj: Day = {}
        self.quantity: Day = {}
        self.co2e: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
        self.year_gj: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
        self.baseline: dict[str, tuple[Decimal, Decimal]] = {}
        self._multipliers: dict[tuple[str, int, int, str], tuple[Fraction, Fraction | None]] = {}
        self._totals = frame(registers / "yearly_totals.csv").to_dict("records")
        self._stated = {(row["facility_id"], int(row["fiscal_year"]), row["energy_type"]) for row in self._totals}
        self._count_meters()
        self._count_activities()
        self._count_totals()

    def _count_meters(self) -> None:
        for (meter_id, day), amount in self._meter_days().items():
            version = self._version(meter_id, day)
            month = (meter_id, day.year, day.month, version["valid_from"])
            if month not in self._multipliers:
                self._multipliers[month] = self._energy(version, day), self._emission(version, day)
            energy, emission = self._multipliers[month]
            for facility, share, part in self._allot(version, amount):
                self.quantity[meter_id, facility, day] = part
                gj = Decimal(0) if share == 0 else by_hand.times(part, energy)
                self.energy_gj[meter_id, facility, day] = gj
                if (facility, fiscal_year(day), version["energy_type"]) in self._stated:
                    continue  # no facility with a total has the whole year's bills beside it
                self.year_gj[facility, fiscal_year(day)] += gj
                if share != 0 and emission is not None:
                    self.co2e[facility, fiscal_year(day)] += by_hand.times(part, emission)

    def _count_activities(self) -> None:
        for source_id, started, ended, text, unit in self._activity_rows():
            source = self.sources[source_id]
            days = [started + timedelta(n) for n in range((ended - started).days)]
            amount = Decimal(text) * SCALES[unit]
            stock = source["activity"] in STOCKS
            parts = [amount] * len(days) if stock else spread(amount, [1] * len(days))
            published = (r for r in by_hand.table("emission_factors.csv") if r["factor_table"] == "plan_activities")
            factors = [row for row in published if row["key"] == source["activity"]]
            for day, part in zip(days, parts, strict=True):
                for row in factors:
                    multiplier = Fraction(row["value"]) * (Fraction(44, 12) if "kgC" in row["unit"] else 1)
                    multiplier /= days_in_year(day) if stock else 1
                    potential = by_hand.the_row("gwp.csv", day, basis="plan", gas=source["substance"] or row["gas"])
                    assert potential is not None
                    emitted = by_hand.times(by_hand.times(part, multiplier), Fraction(potential["value"]))
                    self.co2e[source["facility_id"], fiscal_year(day)] += emitted

    def _count_totals(self) -> None:
        """Yearly totals of facilities, and the bounds within which each was printed; a department's counts at none of its own."""
        homes = frame(self.city / "registers" / "facilities.csv")
        for row in self._totals:
            year, energy_type = int(row["fiscal_year"]), row["energy_type"]
            version = self._meter_of_total(row, dict(zip(homes["facility_id"], homes["department"], strict=True)))
            energy, emission = self._energy(version, date(year, 4, 1)), self._emission(version, date(year, 4, 1))
            assert emission is not None and energy_type == version["energy_type"]
            scale = SCALES[row["unit"]]
            quantity, step = Decimal(row["quantity"]) * scale, Decimal(row["rounding"]) * scale
            below, above = (step / 2, step / 2) if row["rounding_rule"] == "half_up" else (Decimal(0), step)
            subject = row["facility_id"] or row["department"]
            low, high = self.baseline.get(subject, (Decimal(0), Decimal(0)))
            self.baseline[subject] = (
                low + by_hand.times(quantity - below, emission),
                high + by_hand.times(quantity + above, emission),
            )
            if row["facility_id"]:
                self.year_gj[subject, year] += by_hand.times(quantity, energy)
                self.co2e[subject, year] += by_hand.times(quantity, emission)

    def _meter_of_total(self, row: dict[Any, Any], homes: dict[str, str]) -> dict[Any, Any]:
        """A meter that took the energy of a total in its year: its supplier's factor is the total's."""
        return next(
            versions[0]
            for versions in self.versions.values()
            if versions[0]["energy_type"] == row["energy_type"]
            and (
                row["facility_id"] == versions[0]["facility_id"]
                or row["department"] == homes[versions[0]["facility_id"]]
            )
        )

    # ------------------------------------------------------------------ readings and days

    def _meter_days(self) -> dict[tuple[str, date], Decimal]:
        """Sum of a meter on a day, from the kind of reading that counts there."""
        found: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
        for meter_id, kind, started, ended, amount in self._accepted():
            first = started.date()
            edges = [
                datetime.combine(first + timedelta(n), datetime.min.time()) for n in range((ended - started).days + 2)
            ]
            pieces = [(max(a, started), min(a + timedelta(1), ended)) for a in edges]
            pieces = [(a, b) for a, b in pieces if a < b]
            parts = spread(amount, [int((b - a).total_seconds()) for a, b in pieces])
            for (begin, _), part in zip(pieces, parts, strict=True):
                if self._version(meter_id, begin.date())["reading_kind"] == kind:
                    found[meter_id, begin.date()] += part
        return found

    def _accepted(self) -> Iterator[tuple[str, str, datetime, datetime, Decimal]]:
        by_meter: dict[tuple[str, str], list[tuple[datetime, datetime]]] = defaultdict(list)
        for _, _, meter_id, kind, started, ended, text, unit in sorted(self._rows(), key=lambda row: row[:2]):
            if not SCALES[unit]:
                continue
            taken = by_meter[meter_id, kind]
            if kind == "interval" or all(ended <= a or started >= b for a, b in taken):
                taken.append((started, ended))
                yield meter_id, kind, started, ended, Decimal(text) * SCALES[unit]

    def _rows(self) -> Iterator[tuple[int, int, str, str, datetime, datetime, str, str]]:
        """(stage, lateness of issue, meter, kind, from, to, quantity, unit) of every cell; copies of a file once."""
        seen: set[bytes] = set()
        points = {m["supply_point"]: m["meter_id"] for m in self.meters if m["supply_point"]}
        for path in sorted((self.city / "inbox").rglob("*.csv")):
            content = path.read_bytes()
            if path.name == "received.csv" or "photos" in path.parts or "activity" in path.parts or content in seen:
                continue
            seen.add(content)
            rows = frame(path)
            if "供給地点特定番号" in rows.columns:
                for record in rows.to_dict("records"):
                    year, month, day = map(int, record["年月日"].split("/"))
                    cells = [value for key, value in record.items() if str(key).startswith("[")]
                    for slot, text in enumerate(cells):
                        start = datetime(year, month, day) + timedelta(minutes=30 * slot)
                        if text:
                            meter_id = points[record["供給地点特定番号"]]
                            yield 1, 0, meter_id, "interval", start, start + timedelta(minutes=30), text, "kWh"
                continue
            for record in rows.to_dict("records"):
                issued = -int(record["issued_on"].replace("-", "") or 0)
                started, ended = (datetime.fromisoformat(record[key]) for key in ("started_at", "ended_at"))
                kind, quantity = record["reading_kind"], record["quantity"]
                yield RANK[record["stage"]], issued, record["meter_id"], kind, started, ended, quantity, record["unit"]

    def _activity_rows(self) -> Iterator[tuple[str, date, date, str, str]]:
        for path in sorted((self.city / "inbox" / "activity").glob("fy*.csv")):
            for record in frame(path).to_dict("records"):
                started, ended = (date.fromisoformat(record[key]) for key in ("started_on", "ended_on"))
                yield record["activity_source_id"], started, ended, record["quantity"], record["unit"]

    # ------------------------------------------------------------------ what a meter is, and what counts where

    def _version(self, meter_id: str, day: date) -> dict[Any, Any]:
        versions = self.versions[meter_id]
        return next(v for v in versions if v["since"] <= day < v["until"])

    def _allot(self, version: dict[Any, Any], amount: Decimal) -> Iterator[tuple[str, int, Decimal]]:
        shares = [s for s in self.shares if s["meter_id"] == version["meter_id"]]
        if shares:
            weights = [int(Decimal(s["share"]) * MILLION) for s in sorted(shares, key=lambda s: str(s["facility_id"]))]
            names = sorted(str(s["facility_id"]) for s in shares)
            yield from zip(names, [1] * len(names), spread(amount, weights), strict=True)
        elif version["role"] in ("tenant_deduct", "export"):
            yield version["facility_id"], -1, -amount
            yield "outside", 1, amount
        else:
            yield version["facility_id"], 0 if version["role"] == "sub" else 1, amount

    def _energy(self, version: dict[Any, Any], day: date) -> Fraction:
        """GJ of primary energy of one counted unit (省エネ法施行規則)."""
        energy_type = version["energy_type"]
        if energy_type == "solar_self_use":
            return Fraction("0.0036") if day >= date(2023, 4, 1) else Fraction(0)
        if energy_type == "city_gas":
            return self.gas_heat / 1000
        key = ENERGY_ACT.get(energy_type, (energy_type, energy_type))[day >= date(2023, 4, 1)]
        row = by_hand.the_row("heat_contents.csv", day, heat_table="energy_act", key=key)
        assert row is not None, (energy_type, day)
        thousandth = 1 if row["unit"] == "GJ_primary/GJ" else 1000
        density = self.lpg_density if version["unit"] == "m3" and energy_type == "lpg" else 1
        return Fraction(row["value"]) * density / thousandth

    def _emission(self, version: dict[Any, Any], day: date) -> Fraction | None:
        """kg of CO2 of one counted unit on the plan's basis."""
        energy_type = version["energy_type"]
        if energy_type == "solar_self_use":
            return None
        if energy_type in ("electricity", "city_gas", "hot_water") and (
            energy_type == "electricity" or day >= date(2024, 4, 1)
        ):
            return self._supplied(version, day)
        if energy_type == "hot_water":
            return Fraction(57)
        multiplier = by_hand.fuel(energy_type, "plan", day)
        assert multiplier is not None
        return multiplier * (self.lpg_density if version["unit"] == "m3" and energy_type == "lpg" else 1)

    def _supplied(self, version: dict[Any, Any], day: date) -> Fraction | None:
        contract = next(
            c
            for c in self.contracts
            if c["meter_id"] == self._contract_of(version)
            and c["valid_from"] <= str(day) < (c["valid_to"] or "9999-12-31")
        )
        last = 2025 if version["energy_type"] == "electricity" else 2026  # the next list is not out yet
        for factor in self.supplier_factors:
            if (
                factor["supplier_no"] == contract["supplier_no"]
                and factor["area_or_menu"] == contract["menu"]
                and int(factor["activity_fy"]) == min(fiscal_year(day), last)
            ):
                per = 1 if factor["unit"] == "t-CO2/千m3" else 1000
                return Fraction(factor["basic"]) * per
        return None

    def _contract_of(self, version: dict[Any, Any]) -> str:
        own = {c["meter_id"] for c in self.contracts}
        return str(version["meter_id"] if version["meter_id"] in own else version["parent_meter_id"])


def spread(amount: Decimal, weights: list[int]) -> list[Decimal]:
    """Divide into whole millionths by weight; what is left goes to the largest remainders, the earliest first."""
    total, units = sum(weights), int(amount * MILLION)
    parts = [abs(units) * weight // total for weight in weights]
    rest = abs(units) - sum(parts)
    order = sorted(range(len(weights)), key=lambda n: (-(abs(units) * weights[n] % total), n))
    for n in order[:rest]:
        parts[n] += 1
    return [Decimal(part if units >= 0 else -part) / MILLION for part in parts]


def fiscal_year(day: date) -> int:
    return day.year - (day.month < 4)


def days_in_year(day: date) -> int:
    start = fiscal_year(day)
    return (date(start + 1, 4, 1) - date(start, 4, 1)).days
