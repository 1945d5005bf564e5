"""Closing a fiscal year for an operator: the append-only record, and whether it may be made.

Reads and writes ``history/year_closings.jsonl``. A year that was closed stays closed: what changes it afterwards is a
restatement, and closing it again is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.errors import ActionableError
from pipelines.history import journal
from pipelines.history.moments import Past
from pipelines.periods import fiscal_year, fiscal_year_end
from pipelines.texts import both
from pipelines.warehouse import database

TABLE = "year_closings"
HERE = Path(__file__).parent
Record = Mapping[str, Any]


class ClosingError(ActionableError, ValueError):
    """The year cannot be closed; one sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class ClosingRequest:
    """Which year of which operator is to be closed, under which document, on which day, by whom; and who recorded it."""

    fiscal_year: int
    operator_id: str
    document_no: str
    closed_on: date
    closed_by: str
    recorded_at: datetime
    recorded_by: str | None = None


def read(history: Path, past: Past | None = None) -> tuple[Record, ...]:
    """Return every closing, oldest first; ``past``: those known then."""
    name = f"{TABLE}.jsonl"
    return tuple(
        record
        for number, record in journal.numbered(history / name)
        if past is None or past.knows(name, number, str(record["recorded_at"]))
    )


def marks(closings: Iterable[Record]) -> list[str]:
    """Return what tells the closings apart, for the hash of a run's inputs."""
    return [f"{r['fiscal_year']} {r['operator_id']} {r['closed_on']}" for r in closings]


def lay_out(connection: duckdb.DuckDBPyConnection, closings: Iterable[Record]) -> None:
    """Make the temporary table ``closings`` that the stage of the targets joins."""
    known = list(closings)
    database.create_from(
        connection,
        "closings",
        {
            "fiscal_year": ("INTEGER", [r["fiscal_year"] for r in known]),
            "operator_id": ("VARCHAR", [r["operator_id"] for r in known]),
            "closed_on": ("DATE", [r["closed_on"] for r in known]),
            "document_no": ("VARCHAR", [r["document_no"] for r in known]),
        },
    )


def still_open(connection: duckdb.DuckDBPyConnection, year: int, operator: str) -> dict[str, list[dict[str, Any]]]:
    """Return what is open for an operator and a year in the published file: verdicts, flags, months without data."""
    asked = {"year": year, "operator": operator}
    names = ("undeterminable_facilities", "open_flags_of_year", "missing_months")
    return {name: database.rows(connection, HERE / "closing" / f"{name}.sql", asked) for name in names}


def close(
    connection: duckdb.DuckDBPyConnection, history: Path, wanted: ClosingRequest, today: date
) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """Close a year of an operator.

    Args:
        connection: The published file, for reading.
        history: Where closings are kept.
        wanted: The request.
        today: The day of the command.

    Returns:
        The record, and what was open when it was made.

    Raises:
        ClosingError: unknown operator, a year that is not over, a day out of range, a person without a post at the
            operator on that day, no document number, or a year that is closed already.
    """
    _check(connection, wanted, today)
    for known in read(history):
        if (known["fiscal_year"], known["operator_id"]) == (wanted.fiscal_year, wanted.operator_id):
            raise ClosingError(
                both(
                    "closed_already",
                    operator_id=wanted.operator_id,
                    fiscal_year=wanted.fiscal_year,
                    closed_on=known["closed_on"],
                    document_no=known["document_no"],
                    closed_by=known["closed_by"],
                )
            )
    found = still_open(connection, wanted.fiscal_year, wanted.operator_id)
    record = {
        "fiscal_year": wanted.fiscal_year,
        "operator_id": wanted.operator_id,
        "closed_on": str(wanted.closed_on),
        "document_no": wanted.document_no,
        "closed_by": wanted.closed_by,
        "recorded_at": str(wanted.recorded_at),
        "recorded_by": wanted.recorded_by,
        "open_facilities": ";".join(r["facility_id"] for r in found["undeterminable_facilities"]) or None,
    }
    journal.append(history / f"{TABLE}.jsonl", [record])
    return record, found


def _check(connection: duckdb.DuckDBPyConnection, wanted: ClosingRequest, today: date) -> None:
    operators = {row[0] for row in connection.execute("SELECT operator_id FROM operators").fetchall()}
    if wanted.operator_id not in operators:
        raise ClosingError(
            both("not_this_operator", at=f"--operator {wanted.operator_id}", operators=", ".join(sorted(operators)))
        )
    if wanted.fiscal_year >= fiscal_year(today):
        raise ClosingError(both("year_not_over", fiscal_year=wanted.fiscal_year, today=today))
    if not fiscal_year_end(wanted.fiscal_year) <= wanted.closed_on <= today:
        raise ClosingError(
            both(
                "closing_day_outside",
                at=f"--on {wanted.closed_on}",
                first=fiscal_year_end(wanted.fiscal_year),
                today=today,
            )
        )
    if not wanted.document_no.strip():
        raise ClosingError(both("document_number_for_closing", at="--document"))
    asked = {"operator": wanted.operator_id, "on": wanted.closed_on}
    holders = [row["person_id"] for row in database.rows(connection, HERE / "closing" / "holders.sql", asked)]
    if wanted.closed_by not in holders:
        raise ClosingError(
            both(
                "holds_no_post",
                at=f"--by {wanted.closed_by}",
                closed_on=wanted.closed_on,
                operator_id=wanted.operator_id,
                holders=", ".join(holders) or "なし",
            )
        )
