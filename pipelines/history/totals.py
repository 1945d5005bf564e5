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
    """What one total is of; under whichever rule of the year is in force."""

    facility_id: str
    fiscal_year: int
    basis: str


Totals = dict[FacilityYear, Decimal]


class Published(NamedTuple):
    """What the published file says: its inputs by kind, the day it was run for, its totals, and which of them were open.

    Args:
        inputs: Kind -> hash.
        today: The day it was run for.
        totals: The totals in force.
        rules: The rule of the year that each follows.
        still_open: (facility, fiscal year) that was running or being collected.
    """

    inputs: dict[str, str]
    today: date
    totals: Totals
    rules: dict[FacilityYear, str]
    still_open: frozenset[tuple[str, int]]


class Closed(NamedTuple):
    """What was ever published as closed: (facility, fiscal year), and every year before one."""

    years: frozenset[tuple[str, int]]
    all_before: int


def read(published: Path) -> Published | None:
    """Return what the published file says; ``None`` for no file or one of another version."""
    if not published.is_file():
        return None
    connection = database.connect_published(published)
    try:
        inputs = dict(connection.execute("SELECT kind, inputs_hash FROM build_inputs").fetchall())
        found = totals_and_rules(connection)
        return Published(
            inputs,
            date.fromisoformat(inputs["today"]),
            {key: total for key, (total, _) in found.items()},
            {key: rule for key, (_, rule) in found.items()},
            _still_open(connection),
        )
    except (duckdb.Error, KeyError):
        return None
    finally:
        connection.close()


def inputs(published: Path) -> dict[str, str]:
    """Return kind -> hash of what the published file was built from, of whichever version it is; empty where there is none."""
    if not published.is_file():
        return {}
    connection = database.connect_published(published)
    try:
        return dict(connection.execute("SELECT kind, inputs_hash FROM build_inputs").fetchall())
    except duckdb.Error:
        return {}
    finally:
        connection.close()


def totals(connection: duckdb.DuckDBPyConnection) -> Totals:
    """Return every facility-year's total in force in kg CO2e."""
    return {key: total for key, (total, _) in totals_and_rules(connection).items()}


def totals_and_rules(connection: duckdb.DuckDBPyConnection) -> dict[FacilityYear, tuple[Decimal, str]]:
    """Return every facility-year's total in force and the rule of the year that it follows."""
    rows = connection.execute(
        """SELECT facility_id, fiscal_year, basis, co2e_kg, year_rule FROM emissions_by_facility_fiscal_year
           WHERE is_in_force"""
    ).fetchall()
    return {FacilityYear(*row[:3]): (row[3], row[4]) for row in rows}


def changed(before: Published, after: Totals, today: date, closed: Closed) -> list[FacilityYear]:
    """Return the facility-years that were published as closed, last or ever, and whose total in force differs now."""
    over_before = fiscal_year(min(before.today, today))
    keys: Iterable[FacilityYear] = sorted(set(before.totals) | set(after))
    return [
        k
        for k in keys
        if before.totals.get(k) != after.get(k)
        and (
            (k.facility_id, k.fiscal_year) in closed.years
            or k.fiscal_year < closed.all_before
            or (k.fiscal_year < over_before and (k.facility_id, k.fiscal_year) not in before.still_open)
        )
    ]


def once_closed(connection: duckdb.DuckDBPyConnection) -> Closed:
    """Return what was ever published as closed.

    Args:
        connection: The new file, its history loaded. Years without verdicts (base years) were closed when another had gone
            by: no closing date lies later.
    """
    found = connection.execute(
        "SELECT DISTINCT subject_id, fiscal_year FROM published_verdicts WHERE is_closed AND subject_key = 'facility/' || subject_id"
    ).fetchall()
    latest = connection.execute("SELECT max(today) FROM publications").fetchone()
    all_before = fiscal_year(latest[0]) - 1 if latest and latest[0] else 0
    return Closed(frozenset((facility, year) for facility, year in found), all_before)


def _still_open(connection: duckdb.DuckDBPyConnection) -> frozenset[tuple[str, int]]:
    """A file of an older version knows no closing: all of its years that are over count as closed."""
    if not database.exists(connection, "operator_years"):
        return frozenset()
    rows = connection.execute(
        """SELECT DISTINCT s.facility_id, y.fiscal_year FROM operator_years AS y
           JOIN facility_spans AS s ON s.operator_id = y.operator_id AND s.valid_from < make_date(y.fiscal_year + 1, 4, 1)
               AND s.valid_to > make_date(y.fiscal_year, 4, 1)
           WHERE y.year_state <> 'closed'"""
    ).fetchall()
    return frozenset((facility, year) for facility, year in rows)
