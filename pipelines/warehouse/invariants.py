"""Our own invariants: what must hold whatever data came in. A broken one keeps the old file published.

Each is one .sql file that selects the rows that break it. They say something is wrong with the program, never with the
data: faults in data become findings.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.warehouse import database
from pipelines.warehouse.part import Part

FOLDER = Path(__file__).with_name("invariants")
WRITTEN = Path(__file__).with_name("part_checks")


@dataclass(frozen=True, slots=True)
class Invariant:
    """A statement that must select nothing."""

    name: str
    meaning_ja: str
    meaning_en: str

    @property
    def sql(self) -> str:
        """The statement."""
        return database.sql_text(FOLDER / f"{self.name}.sql")


INVARIANTS = (
    Invariant(
        "row_account",
        "受領した値＝採用＋置換済＋保留＋空欄（ファイルごと）",
        "received = in use + superseded + quarantined + blank, for every file",
    ),
    Invariant("row_account_tables", "件数の台帳と表の中身が一致する", "the row account agrees with the tables"),
    Invariant("accepted_do_not_overlap", "採用した検針値の期間は重ならない", "readings in use never overlap"),
    Invariant("spreading_conserves", "日割りの合計＝採用した検針値の合計", "the days add up to the accepted readings"),
    Invariant("allotting_conserves", "按分の合計＝計器の使用量", "what facilities get adds up to what was measured"),
    Invariant("months_conserve", "日・月・年度・要因の合計が一致する", "days, months, years and causes agree"),
    Invariant("no_verdict_without_cover", "把握しきれない年度を達成としない", "no 達成 without full cover"),
    Invariant("every_open_facility_judged", "供用中の施設はすべて判定の行を持つ", "every open facility has a row"),
    Invariant("catalogue_holds", "表と列が台帳（tables）のとおりである", "tables and columns are as catalogued"),
)


def check(part: Part) -> None:
    """Count the rows that break each invariant and fill the empty table ``invariant_results``.

    In a part, what would have to be computed from every reading or day again is looked for where the run wrote: the rest was
    looked at by the runs that wrote it (``doctor --deep`` looks at everything again). All other invariants always look at everything.
    """
    connection = part.connection
    all_years(connection)
    for invariant in INVARIANTS:
        _narrow(part, invariant.name)
        row = connection.execute(f"SELECT count(*) FROM ({invariant.sql})").fetchone()
        part.show("readings", "meter_days", "energy_by_meter_day", "activity_days")
        failing = int(row[0]) if row else 0
        rows = [(invariant.name, invariant.meaning_ja, invariant.meaning_en, failing)]
        database.insert_rows(connection, "invariant_results", rows)


def all_years(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``checked_years``: every facility-year."""
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE checked_years AS SELECT DISTINCT facility_id, fiscal_year_of(month) AS fiscal_year
           FROM emissions_by_facility_month"""
    )


def _narrow(part: Part, name: str) -> None:
    """Hide what the run did not write from the invariants that would have to compute everything again."""
    if part.is_whole:
        return
    if name == "accepted_do_not_overlap":
        near = database.span(part.connection, "touched_readings", "started_at", days_around=2)
        database.create_temp(part.connection, "readings", WRITTEN / "readings_near.sql", near)
    if name == "spreading_conserves":
        part.connection.execute("CREATE OR REPLACE TEMP TABLE readings AS FROM touched_readings")
        database.create_temp(part.connection, "days_written", WRITTEN / "days_written.sql")
        part.connection.execute("CREATE OR REPLACE TEMP TABLE meter_days AS FROM days_written")
    if name == "allotting_conserves":
        part.narrow("meter_days", "window_days")
        part.narrow("energy_by_meter_day", "window_days")
    if name == "months_conserve":
        part.connection.execute("CREATE OR REPLACE TEMP TABLE checked_years AS FROM touched_facility_years")
        part.narrow("energy_by_meter_day", "days_of_facility_years")
        part.narrow("activity_days", "days_of_facility_years")


def broken(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return the invariants that do not hold, with the number of rows that break each."""
    rows = connection.execute("SELECT name, failing_rows FROM invariant_results WHERE failing_rows > 0 ORDER BY name")
    return dict(rows.fetchall())
