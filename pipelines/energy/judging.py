"""Judge the days: expected or not, counted, doubted, filled, in the months that a night touches.

A doubt looks at the same season of all years, so the sums of months (``meter_months``) are kept and only those of touched months
are made anew; where a doubt then differs from the base, its months are touched as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.warehouse import database
from pipelines.warehouse.incremental import Incremental

HERE = Path(__file__).parent
TOUCHED = HERE / "touched"
# whole statements on small tables: the rules of quality that look at all of a meter's life
RULES = ("delivery_slips", "deliveries_differ", "register_turns", "meter_zeros", "standstills", "bills_apart")
BEFORE = ("histories", "daily_limits", "excused_days")
STEPS = (*BEFORE, *RULES, "chained_days", "expected_days", "counted_days", "judged_days", "doubted_seasons")


def judge(inc: Incremental, parameters: Mapping[str, Any]) -> None:
    """Fill meter_months, meter_doubts, interpolated_days, reconciliations and energy_by_meter_day.

    ``counted_readings`` (a temporary view) and ``energy_choices`` must be there. ``window_days`` names afterwards the days of
    meters that were made anew, ``months_at_work`` their months.
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
