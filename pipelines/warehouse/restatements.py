"""Restatements: closed facility-years whose total differs from the published file, and which inputs changed since.

What was published stays as published; this tells what tonight's file says otherwise.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines.periods import fiscal_year
from pipelines.warehouse import database

Totals = dict[tuple[str, int, str], Decimal]


def since(
    connection: duckdb.DuckDBPyConnection,
    published: Path,
    inputs: dict[str, str],
    today: date,
    run_id: str,
    now: datetime,
) -> list[dict[str, Any]]:
    """Return the rows of ``restatements`` that tonight's file makes against the published one.

    Args:
        connection: The new file.
        published: The file that is published now, if any.
        inputs: Kind of input -> hash, of tonight.
        today: Decides which fiscal years are closed.
        run_id: Of tonight's run.
        now: When it publishes.
    """
    before = _totals_of(published)
    if before is None:
        return []
    after = _totals(connection)
    known = inputs_of(published)
    changed = ", ".join(kind for kind, value in sorted(inputs.items()) if known.get(kind) != value)
    this_year = fiscal_year(today)
    return [
        {
            "run_id": run_id,
            "published_time": now,
            "facility_id": key[0],
            "fiscal_year": key[1],
            "basis": key[2],
            "before_co2e_kg": before.get(key),
            "after_co2e_kg": after.get(key),
            "inputs_changed": changed,
        }
        for key in sorted(set(before) | set(after))
        if key[1] < this_year and before.get(key) != after.get(key)
    ]


def inputs_of(published: Path) -> dict[str, str]:
    """Return what a published file says it was built from; nothing for no file or one of another version."""
    if not published.is_file():
        return {}
    connection = database.connect_published(published)
    try:
        return dict(connection.execute("SELECT kind, inputs_hash FROM build_inputs").fetchall())
    except duckdb.Error:
        return {}
    finally:
        connection.close()


def _totals_of(published: Path) -> Totals | None:
    if not published.is_file():
        return None
    connection = database.connect_published(published)
    try:
        return _totals(connection)
    except duckdb.Error:
        return None
    finally:
        connection.close()


def _totals(connection: duckdb.DuckDBPyConnection) -> Totals:
    rows = connection.execute(
        "SELECT facility_id, fiscal_year, basis, co2e_kg FROM emissions_by_facility_fiscal_year"
    ).fetchall()
    return {(facility, year, basis): total for facility, year, basis, total in rows}
