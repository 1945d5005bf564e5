"""Judge every target and every facility.

Reads emissions_by_source_month, yearly_total_emissions, bounded_days, facility_spans, readings, outside_rows, the registers
and the closings. Writes
target_paths, base_year_lines, operator_years, readings_outside_life, types_left_out, target_members, target_results and facility_results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb

from pipelines.periods import fiscal_year, fiscal_year_start
from pipelines.registers.checks import amounts, milestones
from pipelines.settings.city import Settings
from pipelines.targets.paths import Path as TargetPath
from pipelines.targets.paths import amount
from pipelines.warehouse import database
from pipelines.warehouse.incremental import seen_only

HERE = Path(__file__).parent
RESULTS = ("target_results", "facility_results")
KG_PER_T = 1000
DAYS = ("energy_by_meter_day", "activity_days")
LEVELS = (1, 2, 3)  # of yearly totals: a facility's, a department's, an operator's


def build(connection: duckdb.DuckDBPyConnection, settings: Settings, today: date, first_day: date) -> None:
    """Fill the stage's tables. Actual and baseline are intervals in kg CO2e; the verdict rule stands in ``judged.sql``.

    Args:
        connection: The warehouse under construction, with the emissions built.
        settings: For the closing dates.
        today: Decides which fiscal year is running.
        first_day: First day on which data is expected.

    Raises:
        StageError: when a statement of ours fails.
    """
    this_year = fiscal_year(today)
    _load_paths(connection, this_year)
    database.define(connection, HERE / "macros" / "intervals.sql")
    parameters: dict[str, Any] = {
        "this_year": this_year,
        "first_year": _first_judged_year(connection, first_day),
        "year_start": fiscal_year_start(this_year),
        "today": today,
    }
    _load_closing_dates(connection, settings, min(parameters["first_year"], this_year - 1), this_year)
    for table in ("operator_years", "readings_outside_life", "types_left_out"):
        database.fill(connection, table, HERE / f"{table}.sql", parameters)
    for step in ("members", "held_outside", "open_uses", "subject_years", "known_parts", "total_scopes"):
        database.create_temp(connection, step, HERE / f"{step}.sql", parameters)
    _hear_yearly_totals(connection)
    _compare(connection, parameters)
    for step in ("facility_states", "in_force", "floor_areas", "target_cases", "facility_cases"):
        database.create_temp(connection, step, HERE / f"{step}.sql", parameters)
    connection.execute("CREATE OR REPLACE TEMP TABLE cases AS FROM target_cases UNION ALL BY NAME FROM facility_cases")
    for step in ("source_methods", "method_marks", "judged", "subject_states", "late_months", "stated"):
        database.create_temp(connection, step, HERE / f"{step}.sql", parameters)
    for table in ("base_year_lines", "target_members"):
        database.fill(connection, table, HERE / f"{table}.sql", parameters)
    _fill_results(connection)


def withdraw(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Make verdicts 判定不能 (reason ``check_failed``) where a recomputation of results does not agree with them.

    Concerned are the facility or target that the check names, and every target whose members include the facility, in the year
    judged and where that year is the base year. The verdicts as they were stay in ``judged_<table>`` for :func:`as_judged`.

    Args:
        connection: The warehouse under construction, with ``failed_checks`` filled.

    Returns:
        A row per failing check: ``name``, its sentence (``ja``, ``en``), ``subjects`` (facilities and targets, separated by
        commas), ``failing_rows``, and ``problem`` where it could not be run. Empty where all hold.
    """
    failed = database.rows(connection, HERE / "checks_that_fail.sql")
    if failed:
        for table in RESULTS:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE judged_{table} AS FROM {table}")
        database.create_temp(connection, "withdrawn", HERE / "withdrawn.sql")
        connection.execute("CREATE OR REPLACE TEMP TABLE stated AS FROM withdrawn")
        _fill_results(connection)
    return failed


def _fill_results(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill target_results and facility_results from the step ``stated`` alone: judging and withdrawing do it alike."""
    for table in RESULTS:
        database.fill(connection, table, HERE / f"{table}.sql")


@contextmanager
def as_judged(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Within the block the two tables of results show the verdicts as they were before :func:`withdraw` took some away.

    Flags are raised in it: a verdict that is withdrawn does not take away the questions about what was computed.
    """
    targets, facilities = RESULTS
    with seen_only(connection, targets, f"judged_{targets}"), seen_only(connection, facilities, f"judged_{facilities}"):
        yield


def _hear_yearly_totals(connection: duckdb.DuckDBPyConnection) -> None:
    """Let yearly totals speak of facilities, then of departments, then of operators, and put what is known then into subject_years."""
    connection.execute("CREATE OR REPLACE TEMP TABLE parts AS FROM known_parts")
    for level in LEVELS:
        database.create_temp(connection, "told_parts", HERE / "told_parts.sql", {"level": level})
        connection.execute("CREATE OR REPLACE TEMP TABLE parts AS FROM told_parts")
    database.create_temp(connection, "told_subject_years", HERE / "told_subject_years.sql")
    connection.execute("CREATE OR REPLACE TEMP TABLE subject_years AS FROM told_subject_years")


def _compare(connection: duckdb.DuckDBPyConnection, parameters: Mapping[str, Any]) -> None:
    """Make ``same_periods``, looking at the days of those months only that may be open or that a comparison cuts."""
    for months, steps in (("open_months", ("open_days", "comparison_ends")), ("compared_months", ("same_periods",))):
        database.create_temp(connection, months, HERE / f"{months}.sql", parameters)
        connection.execute(f"CREATE OR REPLACE TEMP VIEW months_to_see AS FROM {months}")
        database.create_temp(connection, "days_of_months", HERE / "days_of_months.sql")
        energy, activity = (seen_only(connection, table, "days_of_months") for table in DAYS)
        with energy, activity:
            for step in steps:
                database.create_temp(connection, step, HERE / f"{step}.sql", parameters)


def _first_judged_year(connection: duckdb.DuckDBPyConnection, first_day: date) -> int:
    """The year after the earliest base year; without any target, the first year with data."""
    found = connection.execute("SELECT min(base_fy) + 1 FROM targets").fetchone()
    return int(found[0]) if found and found[0] is not None else fiscal_year(first_day)


def _load_closing_dates(
    connection: duckdb.DuckDBPyConnection, settings: Settings, first_year: int, this_year: int
) -> None:
    """Make ``closing_dates``: until when each operator's year is being collected."""
    operators = [row[0] for row in connection.execute("SELECT operator_id FROM operators ORDER BY ALL").fetchall()]
    rows = [(o, y, settings.year.closing_date(y, o)) for o in operators for y in range(first_year, this_year + 1)]
    database.create_from(
        connection,
        "closing_dates",
        {
            "operator_id": ("VARCHAR", [r[0] for r in rows]),
            "fiscal_year": ("INTEGER", [r[1] for r in rows]),
            "closing_date": ("DATE", [r[2] for r in rows]),
        },
    )


def _load_paths(connection: duckdb.DuckDBPyConnection, this_year: int) -> None:
    """Fill target_paths with exact fractions: shares of the baseline, kg, or kg per m2."""
    targets = connection.execute(
        "SELECT target_id, base_fy, target_fy, reduction_rate, path, milestones, allowed_co2e_t, allowed_co2e_kg_per_m2"
        " FROM targets ORDER BY target_id"
    ).fetchall()
    rows = []
    for target_id, base_fy, target_fy, rate, kind, text, tonnes, per_m2 in targets:
        years = range(base_fy, this_year + 1)
        if rate is not None:
            between = milestones(text or "") if kind == "milestones" else []
            path = TargetPath(base_fy, target_fy, Fraction(rate), tuple((year, Fraction(r)) for year, r in between))
            allowed = {year: path.allowed_share(year) for year in years}
        else:
            points = [
                (year, Fraction(value) * (1 if per_m2 else KG_PER_T)) for year, value in amounts(tonnes or per_m2)
            ]
            allowed = {year: value for year in years if (value := amount(points, year)) is not None}
        way = "share" if rate is not None else "amount" if tonnes else "per_m2"
        rows += [(target_id, year, value.numerator, value.denominator, way) for year, value in allowed.items()]
    database.create(connection, "target_paths")
    database.insert_rows(connection, "target_paths", rows)
