"""Our own invariants: what must hold whatever data came in.

Each is one .sql file that selects the rows that break it. They say something is wrong with the program, never with the
data: faults in data become findings. Keys, row account, conservation and the catalogue hold the night: the old file stays
published. A check of results names whom it concerns (``facility_id`` or ``target_id``, and ``fiscal_year`` unless all years):
their verdict is taken away and the rest is published; a row that names nobody holds the night as well. One that cannot be run
says nothing of anybody: all verdicts are taken away, with DuckDB's words, and the rest is published.
Such a check computes by another road than the tables it judges: from registers, readings and reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.findings import Finding
from pipelines.texts import both, ja_en
from pipelines.warehouse import database
from pipelines.warehouse.incremental import Incremental

FOLDER = Path(__file__).with_name("invariants")
TOUCHED = Path(__file__).with_name("touched")
EVERY_SUBJECT = """SELECT DISTINCT facility_id, NULL AS target_id, NULL AS fiscal_year, 1 AS failing_rows FROM facility_results
    UNION ALL SELECT DISTINCT NULL, target_id, NULL, 1 FROM target_results ORDER BY ALL"""
DAYS = ("energy_by_meter_day", "activity_days")
# what ends a run whatever it was doing: no time, no disk, a connection that is gone
NOT_OF_THE_CHECK = (duckdb.InterruptException, duckdb.IOException, duckdb.FatalException, duckdb.ConnectionException)
UNNAMED = "SELECT DISTINCT name FROM failed_checks WHERE facility_id IS NULL AND target_id IS NULL"


@dataclass(frozen=True, slots=True)
class Invariant:
    """A statement that must select nothing."""

    name: str
    holds_night: bool = True

    @property
    def meaning_ja(self) -> str:
        """What it says, in Japanese; the sentence stands in the catalogue of texts under the name."""
        return ja_en(self.name)[0]

    @property
    def meaning_en(self) -> str:
        """What it says, in English."""
        return ja_en(self.name)[1]

    @property
    def meaning(self) -> str:
        """What it says, in both languages."""
        return both(self.name)

    @property
    def sql(self) -> str:
        """The statement."""
        return database.sql_text(FOLDER / f"{self.name}.sql")


INVARIANTS = (
    Invariant("row_account"),
    Invariant("row_account_tables"),
    Invariant("accepted_do_not_overlap"),
    Invariant("spreading_conserves"),
    Invariant("allotting_conserves"),
    Invariant("months_conserve"),
    Invariant("every_open_facility_judged"),
    Invariant("every_target_judged"),
    Invariant("subjects_conserve"),
    Invariant("catalogue_holds"),
    *(
        Invariant(name, holds_night=False)
        for name in (
            "no_verdict_without_cover",
            "activities_found_again",
            "bills_found_again",
            "energy_is_quantity_times_heat",
            "emissions_are_quantity_times_factor",
            "energy_reaches_emissions",
            "every_gas_counted",
            "warming_in_force",
            "low_not_above_high",
            "covered_within_expected",
            "expected_follows_registers",
            "shares_add_up",
            "allowed_follows_targets",
            "allowed_follows_amounts",
            "results_are_sums",
            "yearly_totals_stand",
            "verdicts_follow_intervals",
            "missed_is_flagged",
            "flags_have_owners",
        )
    ),
)
# Check -> table -> the step that names what the night wrote, where all would have to be computed again.
NARROWED: Mapping[str, Mapping[str, str]] = {
    "accepted_do_not_overlap": {"readings": "readings_near"},
    "spreading_conserves": {"readings": "touched_readings", "meter_days": "days_written"},
    "bills_found_again": {"readings": "touched_meters", "meter_days": "touched_meters"},
    "allotting_conserves": {"meter_days": "window_days", "energy_by_meter_day": "window_days"},
    "energy_is_quantity_times_heat": {"energy_by_meter_day": "days_of_facility_years"},
    "energy_reaches_emissions": {"energy_by_meter_day": "days_of_facility_years"},
    "emissions_are_quantity_times_factor": dict.fromkeys(DAYS, "days_of_facility_years"),
    "months_conserve": dict.fromkeys(DAYS, "days_of_facility_years"),
}
# Those of the steps that are made for a check, and fail with it alone; within which days, see Incremental.touch.
NARROWING: Mapping[str, tuple[str, str, int] | None] = {
    "readings_near": ("touched_readings", "started_at", 2),
    "days_written": None,
    "touched_meters": None,
}


def check(inc: Incremental) -> None:
    """Count the rows that break each invariant and fill the tables ``invariant_results`` and ``failed_checks``.

    What would have to be computed from every reading or day again is looked for where the night wrote: the rest was looked at by
    the nights that wrote it (``doctor --deep`` looks at everything again). All other invariants always look at everything.
    """
    connection = inc.connection
    for table in ("invariant_results", "failed_checks"):
        database.create(connection, table)
    all_years(connection)
    inc.touch("checked_years", TOUCHED / "checked_years.sql")
    results, failed = [], []
    for invariant in INVARIANTS:
        named, problem = _found(inc, invariant)
        results.append((invariant.name, invariant.meaning_ja, invariant.meaning_en, sum(row[-1] for row in named)))
        if not invariant.holds_night:
            failed += [(invariant.name, *row, problem) for row in named]
    database.insert_rows(connection, "invariant_results", results)
    database.insert_rows(connection, "failed_checks", failed)


def _found(inc: Incremental, invariant: Invariant) -> tuple[list[tuple[Any, ...]], str | None]:
    """Return what breaks an invariant; of a check of results that cannot be run: every subject, and why."""
    try:
        with ExitStack() as narrowed:
            narrowing = NARROWED.get(invariant.name, {})
            for step in NARROWING.keys() & set(narrowing.values()):
                inc.touch(step, TOUCHED / f"{step}.sql", within=NARROWING[step])
            for table, step in narrowing.items():
                narrowed.enter_context(inc.only(table, by=step))
            return failing(inc.connection, invariant), None
    except (duckdb.Error, database.StageError) as error:
        cause = error.__cause__ or error
        if invariant.holds_night or isinstance(cause, NOT_OF_THE_CHECK):
            raise
        everyone = inc.connection.execute(EVERY_SUBJECT).fetchall()
        return everyone, str(cause).splitlines()[0]


def failing(connection: duckdb.DuckDBPyConnection, invariant: Invariant) -> list[tuple[Any, ...]]:
    """Return (facility, target, fiscal year, rows) for what breaks an invariant; the three are empty where it names nobody."""
    if not connection.execute(f"SELECT 1 FROM ({invariant.sql}) LIMIT 1").fetchall():
        return []
    found = connection.execute(f"DESCRIBE {invariant.sql}").fetchall()
    columns = {row[0] for row in found} if not invariant.holds_night else set()
    named = ", ".join(
        name if name in columns else f"NULL AS {name}" for name in ("facility_id", "target_id", "fiscal_year")
    )
    rows = connection.execute(
        f"SELECT {named}, count(*) AS failing_rows FROM ({invariant.sql}) GROUP BY ALL ORDER BY ALL"
    )
    return [row for row in rows.fetchall() if row[-1]]


def all_years(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``checked_years``: every facility-year."""
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE checked_years AS SELECT DISTINCT facility_id, fiscal_year_of(month) AS fiscal_year
           FROM emissions_by_facility_month"""
    )


def broken(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return the invariants that do not hold, with the number of rows that break each."""
    rows = connection.execute("SELECT name, failing_rows FROM invariant_results WHERE failing_rows > 0 ORDER BY name")
    return dict(rows.fetchall())


def holding(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return those that hold the night back: no check of results, or one with rows that name nobody."""
    unnamed = {row[0] for row in connection.execute(UNNAMED).fetchall()}
    held = {invariant.name for invariant in INVARIANTS if invariant.holds_night} | unnamed
    return {name: rows for name, rows in broken(connection).items() if name in held}


def as_findings(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """Return a finding for each facility or target of which a check of results fails, and for each that could not be run."""
    meanings = {invariant.name: invariant for invariant in INVARIANTS}
    rows = connection.execute("FROM failed_checks ORDER BY ALL").fetchall()
    not_run = {name: problem for name, *_, problem in rows if problem}
    return [
        *(
            Finding("check_not_run", name, {"meaning": meanings[name].meaning, "problem": problem})
            for name, problem in not_run.items()
        ),
        *(
            _not_holding(meanings[name], facility, target, year, count)
            for name, facility, target, year, count, problem in rows
            if not problem
        ),
    ]


def _not_holding(
    invariant: Invariant, facility: str | None, target: str | None, year: int | None, rows: int
) -> Finding:
    numbers = {"check": invariant.name, "meaning": invariant.meaning, "rows": rows}
    return Finding("check_failed", f"{invariant.name}/{facility or target}", numbers, facility, year)
