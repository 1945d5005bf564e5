"""Build the energy of every meter and day.

Reads current_readings, register_uses, counted_units, the registers and the reference. Writes meter_allocations, meter_segments,
closed_deliveries, delivery_years, meter_days, meter_months, meter_doubts, interpolated_days, reconciliations, energy_choices,
energy_by_meter_day and what yearly totals say. Overrides come from accepted reviews.
"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from pipelines import units
from pipelines.energy import yearly_totals
from pipelines.energy.allocations import MeterVersion, Share, allocate
from pipelines.energy.judging import judge
from pipelines.energy.multipliers import to_primary_energy
from pipelines.periods import fiscal_year, fiscal_year_start
from pipelines.units import Factor
from pipelines.warehouse import database
from pipelines.warehouse.incremental import Incremental, seen_only

if TYPE_CHECKING:
    from pipelines.settings.city import Settings

HERE = Path(__file__).parent
VERSIONS = """
SELECT meter_id, facility_id, energy_type, reading_kind, delivery_rule, coalesce(role, 'main') AS role, parent_meter_id, supply_point,
    coalesce(energy_act_scope, 'site') AS energy_act_scope, coalesce(valid_from, DATE '0001-01-01') AS since,
    coalesce(valid_to, DATE '9999-12-31') AS until
FROM meters
"""


def build(inc: Incremental, settings: Settings, today: date) -> None:
    """Fill the stage's tables.

    Args:
        inc: The warehouse under construction, with readings, registers and reference; the temporary table ``overrides`` (days that
            an accepted answer calls right) and the table ``method_rules`` must be there.
        settings: For the thresholds of doubts and interpolation.
        today: The day of the run; no data is expected after it.

    Raises:
        StageError: when a statement of ours fails.
    """
    connection = inc.connection
    connection.execute(f"CREATE OR REPLACE TEMP TABLE meter_versions AS {VERSIONS}")
    _allocate(connection)
    database.fill(connection, "facility_events", HERE / "facility_events.sql", {"today": today})
    database.fill(connection, "closed_deliveries", HERE / "closed_deliveries.sql", {"today": today})
    database.create_view(connection, "counted_readings", HERE / "counted_readings.sql", temporary=True)
    with (
        inc.only("readings", by="touched_readings"),
        inc.only("closed_deliveries", by="touched_owners"),
        inc.merging() as fill,
    ):
        database.create_temp(connection, "long_readings", HERE / "long_readings.sql")
        fill("meter_days", HERE / "meter_days.sql", replacing=("touched_days", "touched_owners"))
    database.fill(connection, "delivery_years", HERE / "delivery_years.sql")
    first_day = first_expected_day(connection, today)
    segment(connection, *_days_of_interest(connection, first_day, today), extend_from=first_day)
    choose(connection)
    _count_yearly_totals(connection)
    judge(
        inc,
        {
            "today": today,
            "first_day": first_day,
            "ratio": settings.thresholds.unit_slip_ratio,
            "agreeing_years": settings.thresholds.unit_slip_agreeing_years,
            "zero_years": settings.thresholds.zero_years,
            "standstill_hours": settings.thresholds.standstill_hours,
            "flat_run_days": settings.thresholds.flat_run_days,
            "slot_ratio": settings.thresholds.slot_limit_ratio,
            "most": settings.thresholds.interpolated_days_per_month,
            "bill_tolerance": settings.thresholds.bill_tolerance,
            "similar_days": settings.thresholds.interpolation_similar_days,
        },
    )
    connection.execute("DROP VIEW counted_readings; DROP TABLE long_readings")


def segment(
    connection: duckdb.DuckDBPyConnection, first_day: date, last_day: date, extend_from: date | None = None
) -> None:
    """Fill meter_segments for the days of interest.

    Args:
        connection: The warehouse under construction.
        first_day: Of the days of interest.
        last_day: Their exclusive end.
        extend_from: Let the first segment of a meter that came later begin here (``is_extended``), so that its use can be stated
            with the factors of the base year too; ``None``: no such segments.
    """
    parameters = {"first_day": first_day, "last_day": last_day, "extend_from": extend_from}
    database.fill(connection, "meter_segments", HERE / "meter_segments.sql", parameters)


def choose(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill energy_choices: which heat content serves each meter, band, unit and period, and the exact multiplier into GJ."""
    connection.execute(
        "CREATE OR REPLACE TEMP VIEW counted_in AS SELECT DISTINCT meter_id, time_band, unit FROM meter_days"
    )
    _find(connection)
    database.fill(connection, "energy_choices", HERE / "energy_choices.sql")


def _count_yearly_totals(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill yearly_total_segments and yearly_total_quantities; energy is chosen for them by the statements of the meters."""
    yearly_totals.count(connection)
    connection.execute(
        """CREATE OR REPLACE TEMP VIEW counted_in AS
           SELECT yearly_total_id AS meter_id, 'all' AS time_band, unit FROM counted_totals"""
    )
    with seen_only(connection, "meter_segments", "yearly_total_segments"):
        _find(connection)
        database.create_temp(connection, "total_energy_choices", HERE / "energy_choices.sql")
    database.fill(connection, "yearly_total_quantities", HERE / "yearly_total_quantities.sql")
    connection.execute("DROP TABLE total_energy_choices; DROP TABLE counted_totals")


def _find(connection: duckdb.DuckDBPyConnection) -> None:
    """Make energy_candidates and energy_multipliers for meter_segments, in the units of ``counted_in``.

    SQL finds the candidates (``energy_candidates.sql``), pint works out one exact multiplier per combination of unit, energy type,
    heat content and density (rounded once to 14 places), SQL chooses (``energy_choices.sql``). None or two found: no number,
    with the reason.
    """
    database.create_temp(connection, "energy_candidates", HERE / "energy_candidates.sql")
    found = connection.execute(
        """SELECT DISTINCT unit, energy_type, method, heat_content_id, heat_value, heat_unit, density_id, density_value,
           density_unit FROM energy_candidates ORDER BY ALL"""
    ).fetchall()
    rows = []
    for unit, energy_type, method, heat_id, heat_value, heat_unit, density_id, density_value, density_unit in found:
        heat = Factor(Fraction(heat_value), heat_unit) if heat_id else None
        density = Factor(Fraction(density_value), density_unit) if density_id else None
        result = to_primary_energy(unit, energy_type, method, heat, density)
        multiplier, reason = None, result if isinstance(result, str) else None
        if isinstance(result, Fraction):
            try:
                multiplier = units.as_decimal14(result)
            except units.UnitError as error:
                reason = error.rule_id
        rows.append((unit, energy_type, method, heat_id, density_id, multiplier, reason))
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE energy_multipliers (unit VARCHAR, energy_type VARCHAR, method VARCHAR,
           heat_content_id VARCHAR, density_id VARCHAR, multiplier14 DECIMAL(20, 14), reason VARCHAR)"""
    )
    if rows:
        connection.executemany("INSERT INTO energy_multipliers VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def first_expected_day(connection: duckdb.DuckDBPyConnection, today: date) -> date:
    """Return the first day on which data is expected: the earliest base year's, else that of the first reading."""
    found = connection.execute(
        "SELECT (SELECT min(base_fy) FROM targets), (SELECT min(local_date) FROM meter_days)"
    ).fetchone()
    base_fy, first_reading = found if found else (None, None)
    year = base_fy if base_fy is not None else fiscal_year(first_reading or today)
    return fiscal_year_start(year)


def _days_of_interest(connection: duckdb.DuckDBPyConnection, first_day: date, today: date) -> tuple[date, date]:
    found = connection.execute("SELECT min(local_date), max(local_date) FROM meter_days").fetchone()
    low, high = found if found and found[0] else (first_day, today)
    return min(first_day, low), max(today, high) + timedelta(days=1)


def _allocate(connection: duckdb.DuckDBPyConnection) -> None:
    versions = [
        MeterVersion(*row)
        for row in connection.execute(
            """SELECT meter_id, facility_id, energy_type, reading_kind, role, parent_meter_id, energy_act_scope, since,
               until FROM meter_versions ORDER BY meter_id, since"""
        ).fetchall()
    ]
    shares = [
        Share(*row)
        for row in connection.execute(
            """SELECT meter_id, facility_id, share, coalesce(valid_from, DATE '0001-01-01'),
               coalesce(valid_to, DATE '9999-12-31') FROM meter_shares ORDER BY ALL"""
        ).fetchall()
    ]
    rows = [
        (
            a.version.meter_id, a.root_meter_id, a.facility_id, a.share, a.version.energy_type, a.version.reading_kind,
            a.version.role, a.version.scope, a.since, a.until,
        )
        for a in allocate(versions, shares)
    ]  # fmt: skip
    database.create(connection, "meter_allocations")
    database.insert_rows(connection, "meter_allocations", rows)
