"""Judge the days: expected or not, counted, doubted, filled; of everything, or of the months that a night touches.

A doubt looks at the same season of all years, so the sums of months (``meter_months``) are kept and only those of touched months
are made anew; where a doubt then differs from the last publication, its months are touched as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.warehouse import database
from pipelines.warehouse.part import Part

HERE = Path(__file__).parent
PART = HERE / "part"
# whole statements on small tables: the rules of quality that look at all of a meter's life
RULES = ("register_turns", "meter_zeros", "standstills", "bills_apart")
STEPS = (
    *RULES,
    "excused_days",
    "chained_days",
    "expected_days",
    "counted_days",
    "daily_limits",
    "judged_days",
    "histories",
    "doubted_seasons",
)


def judge(part: Part, parameters: Mapping[str, Any]) -> None:
    """Fill meter_months, meter_doubts, interpolated_days, reconciliations and energy_by_meter_day.

    ``counted_readings`` (a temporary view) and ``energy_choices`` must be there. In a part ``months_at_work`` tells afterwards
    which months of which meters were made anew.
    """
    known = {**parameters, "last_today": part.last_today}
    connection = part.connection
    for step in ("histories", "daily_limits", "excused_days"):
        database.create_temp(connection, step, HERE / f"{step}.sql")
    if part.is_whole:
        database.create_temp(connection, "day_windows", HERE / "day_windows.sql")
    else:
        database.create_temp(connection, "touched_months", PART / "touched_months.sql", known)
        _look_at(part, "touched_months")
        database.create_temp(connection, "current_readings", PART / "current_readings.sql")
    database.create_temp(connection, "chained_days", HERE / "chained_days.sql")
    _count(part, known)
    part.fill("meter_months", HERE / "meter_months.sql")
    part.merge("meter_months", "touched_months")
    part.show("meter_months")
    database.fill(connection, "reconciliations", HERE / "reconciliations.sql", known)
    for rule in RULES:
        database.create_temp(connection, rule, HERE / f"{rule}.sql", known)
    _doubt(part, known)
    if not part.is_whole:
        for step in ("months_of_doubts", "months_at_work", "months_around"):
            database.create_temp(connection, step, PART / f"{step}.sql")
        _look_at(part, "months_around")
        _count(part, known)
    database.create_temp(connection, "judged_days", HERE / "judged_days.sql", known)
    part.fill("interpolated_days", HERE / "interpolated_days.sql", known)
    if not part.is_whole:
        _look_at(part, "months_at_work")
        for table in ("judged_days", "interpolated_days"):
            connection.execute(
                f"DELETE FROM temp.{table} WHERE (meter_id, local_date) NOT IN (SELECT (meter_id, local_date) FROM window_days)"
            )
    part.fill("energy_by_meter_day", HERE / "energy_by_meter_day.sql")
    for table in ("interpolated_days", "energy_by_meter_day"):
        part.merge(table, "window_days")
    part.show("interpolated_days", "energy_by_meter_day", "current_readings")
    for step in STEPS:
        connection.execute(f"DROP TABLE {step}")


def _doubt(part: Part, known: Mapping[str, Any]) -> None:
    """Fill meter_doubts for the seasons at work."""
    seasons = HERE / "doubted_seasons.sql" if part.is_whole else PART / "doubted_seasons.sql"
    database.create_temp(part.connection, "doubted_seasons", seasons, dict(known))
    part.fill("meter_doubts", HERE / "meter_doubts.sql", dict(known))
    if not part.is_whole:
        database.create_temp(part.connection, "doubts_replaced", PART / "doubts_replaced.sql")
        part.merge("meter_doubts", "doubts_replaced")
        part.show("meter_doubts")


def _look_at(part: Part, months: str) -> None:
    """Make ``day_windows`` and ``window_days`` of some months of meters."""
    part.connection.execute(
        "CREATE OR REPLACE TEMP TABLE day_windows AS SELECT meter_id, month AS since,"
        f" CAST(month + INTERVAL 1 MONTH AS DATE) AS until FROM {months}"
    )
    database.create_temp(part.connection, "window_days", PART / "window_days.sql")


def _count(part: Part, known: Mapping[str, Any]) -> None:
    """Make expected_days and counted_days in the windows."""
    part.narrow("meter_days", "window_days")
    for step in ("expected_days", "counted_days"):
        database.create_temp(part.connection, step, HERE / f"{step}.sql", dict(known))
    part.show("meter_days")
