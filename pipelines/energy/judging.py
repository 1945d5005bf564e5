"""Give every day of a meter its state: expected or not, measured, estimated, interpolated, doubtful or missing.

A rule of quality compares a month with the same season of all years. So that a night need not read all years again, the sum of each
month is kept in ``meter_months``; a night makes anew the months that it touches, applies the rules to those sums, and where a doubt
then differs from the base, the days of its months are judged again too. The rules and what lifts them: ``reference/quality_rules.csv``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.warehouse import database
from pipelines.warehouse.incremental import Incremental

HERE = Path(__file__).parent
TOUCHED = HERE / "touched"
# the rules of quality that look at all of a meter's life, and so are computed as a whole every night
RULES = (
    "delivery_slips",
    "deliveries_differ",
    "stock_unknown",
    "register_turns",
    "meter_zeros",
    "standstills",
    "bills_apart",
)
BEFORE = ("histories", "daily_limits", "excused_days")
STEPS = (*BEFORE, *RULES, "chained_days", "expected_days", "counted_days", "judged_days", "doubted_seasons")


def judge(inc: Incremental, parameters: Mapping[str, Any]) -> None:
    """Fill meter_months, meter_doubts, interpolated_days, reconciliations and energy_by_meter_day.

    The temporary view ``counted_readings`` and the table ``energy_choices`` must be there. Afterwards the step ``window_days`` names
    the days of meters that were judged tonight and ``months_at_work`` their months; later stages narrow by them.

    Args:
        inc: The warehouse under construction.
        parameters: ``today``, ``first_day`` (from when data is expected) and the thresholds that the statements name: ``ratio`` and
            ``agreeing_years`` (unit slips), ``zero_years``, ``standstill_hours``, ``flat_run_days``, ``slot_ratio``, ``most`` (days
            to interpolate in a month), ``bill_tolerance``, ``similar_days``.

    Raises:
        StageError: when a statement of ours fails.
    """
    known = {**parameters, "last_today": inc.last_today}
    connection = inc.connection

    def make(*steps: str, folder: Path = HERE) -> None:
        for step in steps:
            database.create_temp(connection, step, folder / f"{step}.sql", known)

    def count(months: str) -> None:
        """Make expected_days and counted_days of some months of meters."""
        look_at(months)
        with inc.only("meter_days", by="window_days"):
            make("expected_days", "counted_days")

    def look_at(months: str) -> None:
        connection.execute(f"CREATE OR REPLACE TEMP VIEW window_months AS FROM {months}")
        inc.touch("window_days", TOUCHED / "window_days.sql")

    make(*BEFORE)
    inc.changed("energy_choices")
    make("touched_months", folder=TOUCHED)
    inc.touch("readings_of_periods", TOUCHED / "readings_of_periods.sql")
    with inc.only("current_readings", by="readings_of_periods"):
        make("chained_days")
        count("touched_months")
        inc.redo("meter_months", HERE / "meter_months.sql", replacing="touched_months")
        database.fill(connection, "reconciliations", HERE / "reconciliations.sql", known)
        make(*RULES)
        make("doubted_seasons", folder=TOUCHED)
        inc.touch("replaced_doubts", TOUCHED / "replaced_doubts.sql")
        inc.redo("meter_doubts", HERE / "meter_doubts.sql", known, replacing="replaced_doubts")
    inc.changed("meter_doubts", but="evidence")
    make("months_of_doubts", "months_at_work", "months_around", folder=TOUCHED)
    if database.rows(connection, TOUCHED / "months_not_counted.sql", known):
        count("months_around")
    make("judged_days")
    look_at("months_at_work")
    inc.redo("interpolated_days", HERE / "interpolated_days.sql", known, replacing="window_days")
    inc.touch("judged_days", TOUCHED / "judged_days.sql")
    with inc.only("interpolated_days", by="window_days"):
        inc.redo("energy_by_meter_day", HERE / "energy_by_meter_day.sql", replacing="window_days")
    for step in STEPS:
        connection.execute(f"DROP TABLE {step}")
