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
    meaning_ja: str
    meaning_en: str
    holds_night: bool = True

    @property
    def meaning(self) -> str:
        """What it says, in both languages."""
        return f"{self.meaning_ja} / {self.meaning_en}"

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
    Invariant("every_open_facility_judged", "供用中の施設はすべて判定の行を持つ", "every open facility has a row"),
    Invariant("every_target_judged", "有効な目標はすべて判定の行を持つ", "every target in force has a row"),
    Invariant("subjects_conserve", "市＝事業者の計＝施設の計＝要因の計", "city = operators = facilities = causes"),
    Invariant("catalogue_holds", "表と列が台帳（tables）のとおりである", "tables and columns are as catalogued"),
    *(
        Invariant(name, ja, en, holds_night=False)
        for name, ja, en in (
            ("no_verdict_without_cover", "把握しきれない年度を達成としない", "no 達成 without full cover"),
            (
                "activities_found_again",
                "活動量の報告値が日の値に一致する",
                "reported activities are found again in days",
            ),
            (
                "bills_found_again",
                "採用した請求が年度ごとに日の値にある",
                "accepted bills are found again in their year",
            ),
            ("energy_is_quantity_times_heat", "GJ＝数量×熱量、kL＝GJ×0.0258", "GJ = quantity x heat, kL = GJ x 0.0258"),
            (
                "emissions_are_quantity_times_factor",
                "排出量＝数量×選ばれた係数",
                "emissions = quantity x chosen factor",
            ),
            ("energy_reaches_emissions", "使用した熱量がすべて月の値に入る", "all energy used stands in the months"),
            ("every_gas_counted", "活動のすべてのガスと未把握の理由がある", "every gas of an activity, every reason"),
            ("warming_in_force", "CO2換算＝排出量×その時期の温暖化係数", "co2e = mass x warming potential in force"),
            ("low_not_above_high", "下限が上限を超えない", "low is not above high"),
            (
                "covered_within_expected",
                "把握日数は予定日数以内、把握率は0から1",
                "covered within expected, coverage in 0..1",
            ),
            (
                "expected_follows_registers",
                "予定日数が台帳の按分と開館に一致する",
                "expected days follow registers and shares",
            ),
            (
                "shares_add_up",
                "按分の計は毎日1、差引は親計器と一致する",
                "shares add up to 1, deductions to the parent's",
            ),
            ("allowed_follows_targets", "目標水準＝基準×台帳の割合", "allowed = baseline x the register's share"),
            ("results_are_sums", "実績と基準が月の値の計に一致する", "actual and baseline are sums of months"),
            ("verdicts_follow_intervals", "判定が区間の規則に一致する", "verdicts follow the intervals"),
            ("missed_is_flagged", "未達の施設に要確認事項がある", "every missed path has its flag"),
            (
                "flags_have_owners",
                "要確認事項に担当がある（いなければ所見）",
                "every flag has an owner, or the finding",
            ),
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
    for invariant in INVARIANTS:
        named, problem = _found(inc, invariant)
        rows = [(invariant.name, invariant.meaning_ja, invariant.meaning_en, sum(row[-1] for row in named))]
        database.insert_rows(connection, "invariant_results", rows)
        if not invariant.holds_night:
            database.insert_rows(connection, "failed_checks", [(invariant.name, *row, problem) for row in named])


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
