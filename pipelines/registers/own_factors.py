"""Do the city's own factors hold: measured at a facility for an activity, or stated by its plan for a fuel?

A fuel's factor serves the whole city, by fiscal years and in the plan alone; it names the document that states it. One that is far from
the ordinance's is taken for a slip of its unit.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from pathlib import Path

from pipelines import units
from pipelines.registers.read import RegisterRow, Registers
from pipelines.texts import both

REFERENCE = Path(__file__).parents[1] / "reference"
# Energy whose factors are a supplier's (supplier_factors.csv) or that has none: no own factor of the plan serves it.
NO_OWN_FACTOR = frozenset({units.ELECTRICITY, *units.HEAT_TYPES, "solar_self_use", units.WATER, "fuel_unspecified"})
SLIP = 2  # a factor so many times the ordinance's, or less than this part of it


def problems(registers: Registers, energy_types: set[str]) -> Iterable[str]:
    """Yield every row that is neither a measured factor nor a fuel's factor of the plan."""
    for row in registers["own_factors"]:
        if (row["activity"] is None) == (row["energy_type"] is None):
            yield both("activity_or_fuel", at=row.place())
        elif row["energy_type"] is None:
            needed = [column for column in ("facility_id", "measured_by") if row[column] is None]
            yield from (both("needed_for_a_measured_factor", at=row.place(column)) for column in needed)
        else:
            yield from _of_plan(row)
            if row["energy_type"] in energy_types:
                yield from _size(row)


def _of_plan(row: RegisterRow) -> Iterable[str]:
    """Whom a fuel's factor serves, of which gas, from when, and where it is stated."""
    if row["facility_id"] is not None:
        yield both("plan_factor_serves_the_city", at=row.place("facility_id"))
    if row["gas"] != "CO2":
        yield both("plan_factor_is_of_co2", at=row.place("gas"), gas=row["gas"])
    if row["document"] is None:
        yield both("needs_its_document", at=row.place("document"))
    for column in ("valid_from", "valid_to"):
        day = row[column]
        if day is not None and (day.month, day.day) != (4, 1):
            yield both("plan_factor_by_fiscal_years", at=row.place(column), day=day)


def _size(row: RegisterRow) -> Iterable[str]:
    """Is it a factor of this fuel, and of its size?"""
    energy_type, value = row["energy_type"], row["value"]
    if energy_type in NO_OWN_FACTOR:
        yield both("no_own_factor_of", at=row.place("energy_type"), energy_type=energy_type)
    elif not _is_co2_of(row["unit"], energy_type):
        yield both("no_factor_unit_of", at=row.place("unit"), unit=row["unit"], energy_type=energy_type)
    elif value <= 0:
        yield both("must_be_positive", at=row.place("value"))
    elif (usual := _far_from_ordinance(row)) is not None:
        found = f"{value.normalize():f} {row['unit']}"
        yield both("far_from_ordinance", at=row.place("value"), value=found, usual=usual)


def _is_co2_of(unit: str, energy_type: str) -> bool:
    """Tell whether a unit states CO2 or carbon per a unit in which the energy may be counted; what cannot be read is told elsewhere."""
    try:
        over, _, under = units.factor_unit(unit).partition("/")
        units.counted(under, energy_type)
    except units.UnitError as error:
        return error.rule_id == "unknown_unit"
    return units.dimension_of(over) == "[carbon]"


def _far_from_ordinance(row: RegisterRow) -> str | None:
    """Return the ordinance's factor of a fuel in the row's unit where the row is less than half or more than twice of it."""
    usual = _ordinance().get(row["energy_type"])
    if usual is None:
        return None
    try:
        over, _, under = units.factor_unit(row["unit"]).partition("/")
        steps = usual[1:] if units.dimension_of(under) == "[energy]" else usual
        exact = units.chain(Fraction(1), under, steps, over)
    except units.UnitError:
        return None
    if exact / SLIP <= Fraction(row["value"]) <= exact * SLIP:
        return None
    return f"{float(exact):.4g} {row['unit']}"


@cache
def _ordinance() -> dict[str, tuple[units.Factor, units.Factor]]:
    """Return fuel -> heat and carbon content of the ordinance's table (施行令別表第一)."""
    heats, carbons = (
        {
            row["key"]: units.Factor(Fraction(row["value"]), row["unit"])
            for row in _rows(name)
            if row[table] == "plan_fuels"
        }
        for name, table in (("heat_contents.csv", "heat_table"), ("emission_factors.csv", "factor_table"))
    )
    return {key: (heat, carbons[key]) for key, heat in heats.items() if key in carbons}


def _rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
