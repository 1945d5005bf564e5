"""Totals of facility-years, from one publication to the next: which changed, and the record of all ever published.

What was published stays as published. Reads emissions_by_facility_fiscal_year of the published and of the new file.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipelines.periods import fiscal_year
from pipelines.warehouse import database


class FacilityYear(NamedTuple):
    """What one total is of."""

    facility_id: str
    fiscal_year: int
    year_rule: str
    basis: str


Totals = dict[FacilityYear, Decimal]


class Published(NamedTuple):
    """What the published file says: its inputs by kind, the day it was run for, its totals."""

    inputs: dict[str, str]
    today: date
    totals: Totals


def read(published: Path) -> Published | None:
    """Return what the published file says; ``None`` for no file or one of another version."""
    if not published.is_file():
        return None
    connection = database.connect_published(published)
    try:
        inputs = dict(connection.execute("SELECT kind, inputs_hash FROM build_inputs").fetchall())
        return Published(inputs, date.fromisoformat(inputs["today"]), totals(connection))
    except (duckdb.Error, KeyError):
        return None
    finally:
        connection.close()


def totals(connection: duckdb.DuckDBPyConnection) -> Totals:
    """Return every facility-year's total in kg CO2e."""
    rows = connection.execute(
        "SELECT facility_id, fiscal_year, year_rule, basis, co2e_kg FROM emissions_by_facility_fiscal_year"
    ).fetchall()
    return {FacilityYear(*row[:4]): row[4] for row in rows}


def changed(before: Published, after: Totals, today: date) -> list[FacilityYear]:
    """Return the facility-years that were closed when last published and whose total differs now."""
    closed_before = fiscal_year(min(before.today, today))
    keys: Iterable[FacilityYear] = sorted(set(before.totals) | set(after))
    return [k for k in keys if k.fiscal_year < closed_before and before.totals.get(k) != after.get(k)]
