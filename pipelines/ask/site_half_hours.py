"""The half hours of bought electricity of the last twelve whole months, a meter at a time: what the pages draw pictures of.

Whole months, so that a night without new readings of them changes no picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from pipelines.ask import select
from pipelines.warehouse import query

SLOTS = 48
MISSING = "missing"


@dataclass(frozen=True, slots=True)
class MeterDays:
    """A meter's days from ``first`` on, without a hole: 48 amounts each in millionths of ``unit`` (none: no reading), and their states."""

    facility_id: str
    meter_id: str
    unit: str
    first: date
    days: list[list[int | None]]
    states: list[str]

    def day(self, number: int) -> date:
        """Return the date of a day by its number, from 0."""
        return self.first + timedelta(days=number)


def gather(published: Path, today: date) -> Iterator[MeterDays]:
    """Yield the meters in the order of facilities; one without a single half hour in the span has nothing to show.

    Args:
        published: The published file.
        today: The day of the night; its month is not over.

    Raises:
        QueryError: nothing is published yet.
    """
    span = {"first": date(today.year - 1, today.month, 1), "end": date(today.year, today.month, 1)}
    with query.opened(published) as connection:
        rows = select.stream(connection, "site_half_hours", span)
        for (facility_id, meter_id), own in groupby(rows, key=lambda row: (row["facility_id"], row["meter_id"])):
            yield _meter(facility_id, meter_id, list(own))


def _meter(facility_id: str, meter_id: str, rows: list[dict[str, Any]]) -> MeterDays:
    first = rows[0]["local_date"]
    length = (rows[-1]["local_date"] - first).days + 1
    days: list[list[int | None]] = [[None] * SLOTS for _ in range(length)]
    states = [MISSING] * length
    for row in rows:
        number = (row["local_date"] - first).days
        states[number] = row["state"]
        amounts, slots = row["amounts"], row["slots"]
        if amounts is not None and slots is None:
            days[number] = amounts
        for slot, amount in zip(slots or (), amounts or (), strict=slots is not None):
            days[number][slot] = amount
    unit = next(row["unit"] for row in rows if row["unit"] is not None)
    return MeterDays(facility_id, meter_id, unit, first, days, states)
