"""Build the emissions of every source, day, basis and gas, and their months and fiscal years.

Reads energy_by_meter_day, meter_segments, meter_days, activity_readings, the registers and the reference. Writes
facility_spans, factor_choices, activity_doubts, activity_days, activity_choices, emission_days, yearly totals and what sums it up.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from pipelines import units
from pipelines.emissions import waste, yearly_totals
from pipelines.emissions.multipliers import Multiplier, normal_volume, of_activity, to_emissions
from pipelines.findings import Finding
from pipelines.units import Factor
from pipelines.warehouse import database
from pipelines.warehouse.incremental import Incremental

if TYPE_CHECKING:
    from pipelines.settings.city import Settings

HERE = Path(__file__).parent
TOUCHED = HERE / "touched"
OF_MONTHS = ("factor_choices", "activity_choices", "activity_days", "bill_spans", "bill_years")
# besides registers and rules, which are the same wherever a night goes on: what the choice of factors follows from
OF_CHOICES = ("meter_segments", "emission_factors", "heat_contents", "densities")
# Words of contracts.menu that say which kind of row of the supplier's list serves.
MENU_WORDS = {
    "残差": "residual", "residual": "residual",
    "事業者全体": "whole_company_reference", "whole_company": "whole_company_reference",
    "代替値": "national_substitute", "substitute": "national_substitute",
    "最終保障供給": "last_resort_or_island_supply", "離島供給": "last_resort_or_island_supply",
}  # fmt: skip
VIEWS = ("days_to_count", "all_emission_days", "emission_days", "emissions_by_source_day", "emissions_by_meter_day")
SUMS = (
    "emissions_by_source_year",
    "emissions_by_facility_month",
    "emissions_by_facility_fiscal_year",
    "emissions_by_cause_gas_fiscal_year",
)


def build(inc: Incremental, settings: Settings, today: date, first_day: date) -> list[Finding]:
    """Fill the stage's tables.

    Args:
        inc: The warehouse under construction, with the energy built.
        settings: For the bounds of provisional factors and the rule of the plan's electricity.
        today: The day of the run.
        first_day: First day on which data is expected.

    Returns:
        Findings about composition analyses that give no burnt fraction.

    Raises:
        StageError: when a statement of ours fails.
    """
    connection = inc.connection
    findings = waste.build(connection, settings.thresholds.waste_samples_per_year)
    database.fill(connection, "facility_spans", HERE / "facility_spans.sql")
    if any(inc.changed(table) for table in OF_CHOICES) or database.rows(connection, TOUCHED / "new_units.sql"):
        choose(connection)
    _count_activities(connection, settings, today, first_day)
    _choose_for_activities(connection, first_day)
    for table in ("bill_spans", "bill_years"):
        database.fill(connection, table, HERE / f"{table}.sql")
    for view in VIEWS:
        database.create_view(connection, view, HERE / f"{view}.sql")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE provisional_bounds AS"
        " SELECT CAST($low AS DECIMAL(9, 6)) AS low, CAST($high AS DECIMAL(9, 6)) AS high",
        {
            "low": settings.thresholds.provisional_factor_low,
            "high": settings.thresholds.provisional_factor_high,
        },
    )
    database.create_view(connection, "bounded_days", HERE / "bounded_days.sql", temporary=True)
    _sum_up(inc)
    yearly_totals.count(
        connection,
        lambda: _find(connection),
        lambda: _find_for_activities(connection, first_day),
        settings.thresholds.unit_slip_ratio,
    )
    for table in SUMS:
        database.fill(connection, table, HERE / f"{table}.sql")
    database.create_view(connection, "emissions_by_subject_fiscal_year", HERE / "emissions_by_subject_fiscal_year.sql")
    return findings


def _count_activities(connection: duckdb.DuckDBPyConnection, settings: Settings, today: date, first_day: date) -> None:
    """Fill activity_doubts and activity_days; ``overrides`` must be there."""
    thresholds = settings.thresholds
    known = {
        "today": today,
        "first_day": first_day,
        "ratio": thresholds.unit_slip_ratio,
        "agreeing_years": thresholds.unit_slip_agreeing_years,
        "zero_years": thresholds.zero_years,
    }
    database.create_temp(connection, "plain_activity_days", HERE / "plain_activity_days.sql", known)
    for table in ("activity_doubts", "activity_days"):
        database.fill(connection, table, HERE / f"{table}.sql", known)


def _sum_up(inc: Incremental) -> None:
    """Fill emissions_by_source_month and emissions_at_base_factors, the sums of days."""
    changed = {table for table in OF_MONTHS if inc.changed(table)}
    for step in ("touched_source_months", "touched_meter_days", "touched_activity_days"):
        inc.touch(step, TOUCHED / f"{step}.sql")
    with (
        inc.only("energy_by_meter_day", by="touched_meter_days"),
        inc.only("activity_days", by="touched_activity_days"),
    ):
        months = HERE / "emissions_by_source_month.sql"
        inc.redo("emissions_by_source_month", months, replacing="touched_source_months")
    for step in ("touched_facility_years", "days_of_facility_years"):
        inc.touch(step, TOUCHED / f"{step}.sql")
    at_base_factors = HERE / "emissions_at_base_factors.sql"
    if changed & {"factor_choices", "activity_choices"}:  # a factor of the base year serves all years
        database.fill(inc.connection, "emissions_at_base_factors", at_base_factors)
        return
    days = "days_of_facility_years"
    with inc.only("energy_by_meter_day", by=days), inc.only("activity_days", by=days):
        inc.redo("emissions_at_base_factors", at_base_factors, replacing="touched_facility_years")


def choose(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill factor_choices: which factor serves each meter, basis, unit and period, and the exact multiplier into kg of gas."""
    connection.execute("CREATE OR REPLACE TEMP VIEW counted_in AS SELECT DISTINCT meter_id, unit FROM meter_days")
    _find(connection)
    database.fill(connection, "factor_choices", HERE / "factor_choices.sql")


def _find(connection: duckdb.DuckDBPyConnection) -> None:
    """Make factor_candidates and factor_multipliers for meter_segments, in the units of ``counted_in``.

    SQL finds the candidates by supplier, menu and date (``factor_candidates.sql``), pint works out one exact multiplier per
    combination (rounded once to 14 places), SQL chooses (``factor_choices.sql``). None or two found: no number, with the reason
    and what was found.
    """
    _load_words(connection)
    database.create_temp(connection, "factor_candidates", HERE / "factor_candidates.sql")
    found = connection.execute(
        """SELECT DISTINCT unit, energy_type, factor_id, factor_value, factor_unit, heat_content_id, heat_value,
           heat_unit, density_id, density_value, density_unit, metered_at FROM factor_candidates ORDER BY ALL"""
    ).fetchall()
    rows = []
    for (
        unit,
        energy_type,
        factor_id,
        f_value,
        f_unit,
        heat_id,
        h_value,
        h_unit,
        density_id,
        d_value,
        d_unit,
        at,
    ) in found:
        steps = (_step(f_value, f_unit), _step(h_value, h_unit), _step(d_value, d_unit))
        multiplier = to_emissions(unit, energy_type, *steps, normal_volume(at) if at else None)
        rows.append((unit, energy_type, factor_id, heat_id, density_id, at, *_columns(multiplier), multiplier.mark))
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE factor_multipliers (unit VARCHAR, energy_type VARCHAR, factor_id VARCHAR,
           heat_content_id VARCHAR, density_id VARCHAR, metered_at VARCHAR, multiplier14 DECIMAL(20, 14), reason VARCHAR, mark VARCHAR)"""
    )
    if rows:
        connection.executemany("INSERT INTO factor_multipliers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _choose_for_activities(connection: duckdb.DuckDBPyConnection, first_day: date) -> None:
    _find_for_activities(connection, first_day)
    database.fill(connection, "activity_choices", HERE / "activity_choices.sql")


def _find_for_activities(connection: duckdb.DuckDBPyConnection, first_day: date) -> None:
    parameters = {"first_day": first_day}
    database.create_temp(connection, "activity_candidates", HERE / "activity_candidates.sql", parameters)
    found = connection.execute(
        """SELECT DISTINCT unit, factor_id, factor_value, factor_unit, heat_value, heat_unit, days_in_year
           FROM activity_candidates ORDER BY ALL"""
    ).fetchall()
    rows = []
    for unit, factor_id, f_value, f_unit, h_value, h_unit, days in found:
        multiplier = of_activity(unit, _step(f_value, f_unit), _step(h_value, h_unit), days)
        rows.append((unit, factor_id, days, *_columns(multiplier)))
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE activity_multipliers (unit VARCHAR, factor_id VARCHAR, days_in_year BIGINT,
           multiplier14 DECIMAL(20, 14), reason VARCHAR)"""
    )
    if rows:
        connection.executemany("INSERT INTO activity_multipliers VALUES (?, ?, ?, ?, ?)", rows)


def _load_words(connection: duckdb.DuckDBPyConnection) -> None:
    database.create_from(
        connection,
        "menu_words",
        {"word": ("VARCHAR", list(MENU_WORDS)), "kind": ("VARCHAR", list(MENU_WORDS.values()))},
    )


def _step(value: object, unit: str | None) -> Factor | None:
    return None if value is None or unit is None else Factor(Fraction(str(value)), unit)


def _columns(multiplier: Multiplier) -> tuple[object, str | None]:
    try:
        value = None if multiplier.value is None else units.as_decimal14(multiplier.value)
    except units.UnitError as error:
        return None, error.rule_id
    return value, multiplier.reason
