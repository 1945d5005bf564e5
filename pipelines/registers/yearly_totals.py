"""Does a row of yearly_totals say whose it is, of what, and how much, once: every problem as a sentence with file and line."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path

from pipelines import units
from pipelines.findings import rules
from pipelines.periods import fiscal_year_end, fiscal_year_start
from pipelines.registers import spoken
from pipelines.registers.read import RegisterRow, Registers
from pipelines.texts import both, told_of

NAME = "yearly_totals"
REFERENCE = Path(__file__).parents[1] / "reference"
PLACES = 6
SUPPLY = ("supplier_no", "supplier", "menu")


def problems(registers: Registers, departments: Mapping[str, Iterable[str]]) -> Iterable[str]:
    """Yield what keeps a row from being counted.

    Args:
        registers: As read.
        departments: Department -> the operators that have it.
    """
    with (REFERENCE / "activities.csv").open(encoding="utf-8", newline="") as stream:
        activities = {row["activity"]: row for row in csv.DictReader(stream)}
    lives = {row["facility_id"]: row for row in registers["facilities"]}
    alike: dict[tuple[object, ...], list[RegisterRow]] = defaultdict(list)
    for row in registers[NAME]:
        whose = [row[column] for column in ("facility_id", "department", "operator_id")]
        yield from _whose(row, departments)
        yield from _what(row, activities)
        yield from _when(row, lives)
        alike[(row["fiscal_year"], *whose, row["energy_type"], row["activity"])].append(row)
    for rows in alike.values():
        if len(rows) > 1 and not all(row["quantity"] is not None and any(row[name] for name in SUPPLY) for row in rows):
            for row in rows[1:]:
                yield both("total_stated_twice", at=row.place(), line=rows[0].line)


def _whose(row: RegisterRow, departments: Mapping[str, Iterable[str]]) -> Iterable[str]:
    facility, department, operator = (row[column] for column in ("facility_id", "department", "operator_id"))
    if (facility is None) == (department is None) and (facility is not None or operator is None):
        yield both("total_of_one_subject", at=row.place())
    elif facility is not None and operator is not None:
        yield both("total_of_one_subject", at=row.place("operator_id"))
    elif department is not None:
        having = sorted(departments.get(department, ()))
        if not having or (operator is not None and operator not in having):
            yield both("no_such_department", at=row.place("department"), operator=operator or "", subject_id=department)
        elif operator is None and len(having) > 1:
            told = {"department": department, "first": having[0], "second": having[1]}
            yield both("department_of_two_operators", at=row.place("department"), **told)


def _when(row: RegisterRow, lives: Mapping[str, RegisterRow]) -> Iterable[str]:
    """A year in which the facility is open for a day at least."""
    facility, year = lives.get(row["facility_id"]), row["fiscal_year"]
    if facility is None:
        return
    opened, closed = facility["opened_on"] or date.min, facility["closed_on"] or date.max
    if opened >= fiscal_year_end(year) or closed <= fiscal_year_start(year):
        yield both("total_outside_life", at=row.place("fiscal_year"), facility_id=row["facility_id"])


def _what(row: RegisterRow, activities: Mapping[str, Mapping[str, str]]) -> Iterable[str]:
    energy_type, activity, quantity = row["energy_type"], row["activity"], row["quantity"]
    if (quantity is None) == (row["co2e_t"] is None) or (quantity is None) != (row["unit"] is None):
        yield both("total_needs_one_figure", at=row.place())
        return
    for column in ("quantity", "co2e_t", "rounding"):
        if row[column] is not None and row[column] < 0:
            yield both("must_not_be_negative", at=row.place(column))
    if (energy_type is not None and activity is not None) or (quantity is not None and energy_type is activity is None):
        yield both("total_of_one_type", at=row.place())
    elif energy_type is not None and energy_type not in spoken.words(NAME, "energy_type").values():
        words = spoken.nearest(NAME, "energy_type", energy_type)
        yield both("word_not_usable", at=row.place("energy_type"), value=energy_type, words=words)
    elif activity is not None and activity not in activities:
        words = spoken.nearest(NAME, "activity", activity)
        yield both("unknown_activity", at=row.place("activity"), activity=activity, words=words)
    elif quantity is not None:
        yield from _unit(row, activities)


def _unit(row: RegisterRow, activities: Mapping[str, Mapping[str, str]]) -> Iterable[str]:
    """A quantity is counted in digits that the figure has; what a factor counts per year and piece is stated in tCO2e."""
    if row["activity"] is not None and activities[row["activity"]]["per_year"] == "yes":
        yield both("total_of_pieces", at=row.place("activity"), activity=row["activity"])
        return
    try:
        if row["activity"] is not None:
            counted = units.counted_activity(row["unit"], activities[row["activity"]]["usual_unit"])
        else:
            counted = units.counted(row["unit"], row["energy_type"])
    except units.UnitError as error:
        yield told_of(row.place("unit"), rules()[error.rule_id].both({"raw": row["unit"], "right": error.detail}))
        return
    amount = Fraction(row["quantity"]) * counted.scale * 10**PLACES
    if amount.denominator != 1 or amount >= 10**18:
        yield both("total_not_countable", at=row.place("quantity"), unit=counted.unit)
