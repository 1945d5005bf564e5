"""Count what is known of a year only as a yearly total (年計), each within the step in which its document prints it.

Reads the register yearly_totals, activities, meter_allocations, contracts, the facilities and the energy choices of the reference.
Writes yearly_total_segments (in the form of a meter's periods, so that the same statements choose the factors) and
yearly_total_quantities.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb

from pipelines import units
from pipelines.warehouse import database

HERE = Path(__file__).parent
ALL_TYPES = "all"  # emissions stated for everything together
STATED_IN = "tCO2e"
HALF_UP, CUT = "half_up", "cut"
# Whose total a row is: kind -> column, the most specific that is filled.
SUBJECTS = {"facility": "facility_id", "department": "department", "operator": "operator_id"}
COLUMNS = {
    "yearly_total_id": "VARCHAR", "fiscal_year": "INTEGER", "subject_kind": "VARCHAR", "subject_id": "VARCHAR",
    "operator_id": "VARCHAR", "energy_type": "VARCHAR", "source_type": "VARCHAR", "quantity": "DECIMAL(18,6)",
    "low_quantity": "DECIMAL(28,9)", "high_quantity": "DECIMAL(28,9)", "unit": "VARCHAR", "rounding": "DECIMAL(18,6)",
    "rounding_rule": "VARCHAR", "supplier_no": "VARCHAR", "supplier": "VARCHAR", "menu": "VARCHAR",
    "document": "VARCHAR", "page": "VARCHAR", "source_member": "VARCHAR", "source_line": "DECIMAL(9,0)",
}  # fmt: skip


def count(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``counted_totals``, the register's rows as counted, and fill yearly_total_segments."""
    usual = dict(connection.execute("SELECT activity, usual_unit FROM activities").fetchall())
    rows = [_counted(row, usual) for row in database.dicts(connection, "FROM yearly_totals ORDER BY ALL")]
    columns = {name: (kind, [row[name] for row in rows]) for name, kind in COLUMNS.items()}
    database.create_from(connection, "counted_totals", columns)
    database.fill(connection, "yearly_total_segments", HERE / "yearly_total_segments.sql")


def bounds(quantity: Fraction, step: Fraction, rule: str) -> tuple[Fraction, Fraction]:
    """Return within which bounds a figure lies that was printed in steps, none below zero.

    Args:
        quantity: As printed.
        step: 1 for 1,234; 0 where it is exact.
        rule: half_up, cut or up.
    """
    below, above = {HALF_UP: (step / 2, step / 2), CUT: (Fraction(0), step)}.get(rule, (step, Fraction(0)))
    return max(Fraction(0), quantity - below), quantity + above


def _counted(row: Mapping[str, Any], usual_units: Mapping[str, str]) -> dict[str, Any]:
    """A row of the register in the unit it is counted in, with its bounds."""
    kind = next(k for k, column in SUBJECTS.items() if row[column] is not None)
    subject, source_type = row[SUBJECTS[kind]], row["energy_type"] or row["activity"] or ALL_TYPES
    operator = row["operator_id"]
    if row["quantity"] is None:
        stated, unit, scale = row["co2e_t"], STATED_IN, Fraction(1)
    elif row["activity"]:
        stated, counted = row["quantity"], units.counted_activity(row["unit"], usual_units[row["activity"]])
        unit, scale = counted.unit, counted.scale
    else:
        stated, counted = row["quantity"], units.counted(row["unit"], row["energy_type"])
        unit, scale = counted.unit, counted.scale
    rule = row["rounding_rule"] or HALF_UP
    low, high = (scale * bound for bound in bounds(Fraction(stated), Fraction(row["rounding"]), rule))
    whose = [kind, *([operator] if operator and kind == "department" else []), subject, source_type]
    supplied = [row[name] for name in ("supplier_no", "supplier", "menu") if row[name]]
    more = {name: row[name] for name in ("fiscal_year", "energy_type", "supplier_no", "supplier", "menu")}
    more |= {name: row[name] for name in ("document", "page", "source_member", "source_line")}
    return more | {
        "yearly_total_id": "/".join([*whose, f"FY{row['fiscal_year']}", *supplied]),
        "subject_kind": kind,
        "subject_id": subject,
        "operator_id": operator,
        "source_type": source_type,
        "quantity": _places(scale * Fraction(stated), 6, ROUND_FLOOR),
        "low_quantity": _places(low, 9, ROUND_FLOOR),
        "high_quantity": _places(high, 9, ROUND_CEILING),
        "unit": unit,
        "rounding": _places(scale * Fraction(row["rounding"]), 6, ROUND_FLOOR),
        "rounding_rule": rule,
    }


def _places(value: Fraction, places: int, rounding: str) -> Decimal:
    """A value as a decimal, rounded outwards where it has more places (the register admits none for the figure itself)."""
    scaled = value * 10**places
    whole = scaled.numerator // scaled.denominator
    if rounding == ROUND_CEILING and whole != scaled:
        whole += 1
    return Decimal(whole).scaleb(-places)
