"""Checks of results: a program that is wrong about one facility takes that verdict away, and the rest is published."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from expectations import night_gate
from pipelines.reports.terminal import show_night
from pipelines.reports.terminal.look import Terminal
from pipelines.run.building import Building
from pipelines.warehouse import database, incremental, invariants
from pipelines.warehouse.publish import HeldBack
from tests.making import DEFAULTS, City, finished, monthly, rows_of

BILL = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}


def three(city: City) -> City:
    """Three facilities: the first and second within their path, the third above it; a target each for city and operator."""
    city.register(
        "facilities",
        [{"facility_id": f, "name": f, "operator_id": o} for f, o in (("F1", "OP"), ("F2", "OQ"), ("F3", "OP"))],
    )
    city.register("operators", [{"operator_id": o, "name": o, "designation_no": "1"} for o in ("OP", "OQ")])
    city.register("meters", [{"meter_id": f"M{n}", "facility_id": f"F{n}", **BILL} for n in (1, 2, 3)])
    target = DEFAULTS["targets"][0]
    city.register(
        "targets",
        [
            target,
            *(target | {"target_id": f"T-{o}", "subject_kind": "operator", "subject_id": o} for o in ("OP", "OQ")),
        ],
    )
    rows = [
        row
        for n, last in ((1, 50), (2, 60), (3, 99))
        for row in monthly(f"M{n}", 2022, 2025, lambda y, m, last=last: last if y == 2025 else 100)
    ]
    city.bills("fuel/a.csv", rows)
    return city


def broken_program(monkeypatch: pytest.MonkeyPatch, name: str, old: str, new: str) -> None:
    """Let a statement of ours say something else."""
    sound = database.sql_text

    def mutated(path: Path) -> str:
        text = sound(path)
        assert path.name != name or old in text
        return text.replace(old, new) if path.name == name else text

    monkeypatch.setattr(database, "sql_text", mutated)


def night(city: City) -> Building:
    """A night with its gate, up to the publication."""
    run = finished(city.paths)
    night_gate.check(run)
    run.publish()
    return run


@pytest.fixture(scope="module")
def july(tmp_path_factory: pytest.TempPathFactory) -> City:
    """The three facilities published once FY2025 is closed, to be copied."""
    city = three(City(tmp_path_factory.mktemp("july") / "city", date(2026, 7, 10)))
    night(city)
    return city


@pytest.fixture
def closed_year(july: City, tmp_path: Path) -> City:
    """The same for each test anew."""
    return july.copied(tmp_path / "closed")


def verdicts(city: City, year: int = 2025) -> dict[str, tuple[str, str | None]]:
    with database.connect_published(city.paths.published) as published:
        rows = rows_of(published, RESULTS, year, year)
    return {subject: (verdict, reasons) for subject, verdict, reasons in rows}


RESULTS = """SELECT facility_id, verdict, reasons FROM facility_results WHERE fiscal_year = ?
UNION ALL SELECT target_id, verdict, reasons FROM target_results WHERE fiscal_year = ?"""
WRONG_SUM = (
    "judged.sql",
    "a.low AS actual_low",
    "a.low - CASE WHEN c.facility_id = 'F2' AND c.fiscal_year = 2025 THEN 1 ELSE 0 END AS actual_low",
)


def test_a_sound_program_fails_no_check(city: City) -> None:
    run = night(three(city))
    assert run.outcome.failed_checks == []
    assert {s: v for s, (v, _) in verdicts(city).items()} == {
        "F1": "achieved", "F2": "achieved", "F3": "not_achieved", "T": "achieved", "T-OP": "achieved", "T-OQ": "achieved",
    }  # fmt: skip


def test_a_wrong_result_loses_its_verdict_with_all_that_contain_it(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        broken_program(patched, *WRONG_SUM)
        run = night(three(city))
    assert run.outcome.published
    found = verdicts(city)
    assert (
        found["F1"] == ("achieved", None)
        and found["F3"] == ("not_achieved", None)
        and found["T-OP"] == ("achieved", None)
    )
    assert found["F2"] == found["T"] == found["T-OQ"] == ("undeterminable", "check_failed")
    assert verdicts(city, 2024)["F2"][0] == "not_achieved", "another year's result is not concerned"
    with database.connect_published(city.paths.published) as published:
        assert rows_of(published, "SELECT name, facility_id, fiscal_year, failing_rows FROM failed_checks") == [
            ("results_are_sums", "F2", 2025, 1)
        ]
        told = rows_of(
            published,
            "SELECT facility_id, fiscal_year, severity, message_ja, message_en FROM findings WHERE rule_id = 'check_failed'",
        )
        assert (
            [row[:3] for row in told] == [("F2", 2025, "error")]
            and "results_are_sums" in told[0][3]
            and "?" not in told[0][4]
        )
        assert rows_of(
            published, "SELECT success, is_invariant FROM validation_results WHERE expectation = 'results_are_sums'"
        ) == [(False, False)]
    assert [(check["name"], check["subjects"], check["failing_rows"]) for check in run.outcome.failed_checks] == [
        ("results_are_sums", "F2", 1)
    ]
    assert incremental.last_inputs(city.paths.published) == {}, "what a check found is looked at again"
    healed = night(city)
    assert not healed.base and healed.outcome.failed_checks == []
    assert verdicts(city)["F2"] == ("achieved", None)


def test_a_wrong_base_year_is_told_as_one_of_the_baseline(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_program(
        monkeypatch,
        "emissions_by_source_month.sql",
        "coalesce(sum(b.energy_gj), 0)",
        "coalesce(sum(b.energy_gj), 0) * CASE WHEN b.facility_id = 'F3' AND b.fiscal_year = 2022 THEN 2 ELSE 1 END",
    )
    night(three(city))
    found = verdicts(city)
    assert found["F3"] == found["T-OP"] == ("undeterminable", "baseline:check_failed") and found["F2"] == (
        "achieved",
        None,
    )


def test_the_summary_says_first_whose_verdict_is_withdrawn(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import asdict

    from rich.console import Console

    broken_program(monkeypatch, *WRONG_SUM)
    run = night(three(city))
    for language in ("ja", "en"):
        console = Console(record=True, width=200, file=(city.folder / "out.txt").open("w", encoding="utf-8"))
        show_night.night(Terminal(language, console), asdict(run.outcome) | {"year": 2025}, "試験市", "x", "y")
        lines = console.export_text().splitlines()
        assert re.search("F2", lines[1]) and "rebuild" in lines[1]


def told_and_true(city: City, before: dict[tuple[str, int], str]) -> dict[tuple[str, int], str]:
    """What the last night told of changed verdicts is what changed between the two files; returns the verdicts now."""
    with database.connect_published(city.paths.published) as published:
        now = {(subject, year): found for subject, year, found in rows_of(published, CASES)}
        told = {(subject, year): (was, found) for subject, year, was, found in rows_of(published, TOLD)}
        kept = {(subject, year): found for subject, year, found in rows_of(published, LAST)}
    assert kept == now, "the history says what was published"
    changed = {case: (was, now[case]) for case, was in before.items() if now[case] != was}
    assert {case: pair for case, pair in told.items() if pair[0] != pair[1]} == changed
    return now


CASES = """SELECT 'facility/' || facility_id, fiscal_year, verdict FROM facility_results WHERE year_state = 'closed'
UNION ALL SELECT 'target/' || target_id, fiscal_year, verdict FROM target_results WHERE year_state = 'closed'"""
TOLD = """SELECT subject_key, fiscal_year, before_verdict, after_verdict FROM verdict_restatements
WHERE run_id = (SELECT run_id FROM publications ORDER BY rowid DESC LIMIT 1)"""
LAST = """SELECT subject_key, fiscal_year, verdict FROM published_verdicts AS v JOIN publications AS p USING (run_id) WHERE is_closed
QUALIFY row_number() OVER (PARTITION BY subject_key, fiscal_year ORDER BY p.rowid DESC) = 1"""


def test_what_is_told_of_verdicts_is_told_of_those_that_were_published(
    closed_year: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verdict taken away in a closed year is a change; one that a failing check kept from being published is none."""
    city = closed_year
    published = told_and_true(city, {})
    assert (published["facility/F2", 2025], published["facility/F3", 2025]) == ("achieved", "not_achieved")
    better = [("M3", f"2025-{m:02d}-01", f"2025-{m + 1:02d}-01", 60, "L", "corrected") for m in range(4, 12)]
    city.bills("fuel/b.csv", better, "2026-07-08 09:00", more=["stage"])
    with monkeypatch.context() as patched:
        broken_program(patched, *(part.replace("c.facility_id = 'F2'", "c.facility_id <> 'F1'") for part in WRONG_SUM))
        run = night(city)
    published = told_and_true(city, published)
    assert published["facility/F2", 2025] == published["facility/F3", 2025] == "undeterminable"
    assert {row["subject_key"] for row in run.outcome.verdict_changes} >= {"facility/F2", "facility/F3", "target/T"}
    with database.connect_published(city.paths.published) as file:
        asked = rows_of(file, "SELECT facility_id, evidence FROM flags WHERE rule_id = 'verdict_changed'")
        assert [row[0] for row in asked] == ["F3"] and '"after": "undeterminable"' in asked[0][1]
        told = rows_of(file, "SELECT count(*), count(DISTINCT finding_id) FROM findings WHERE rule_id = 'check_failed'")
        assert told == [(2, 2)]
    night(city)
    assert told_and_true(city, published)["facility/F3", 2025] == "achieved"


def test_what_names_nobody_holds_the_night(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_program(monkeypatch, "missed_is_flagged.sql", "SELECT r.facility_id,", "SELECT NULL AS facility_id,")
    broken_program(monkeypatch, "over_path.sql", "verdict = 'not_achieved'", "verdict = 'missed'")
    with pytest.raises(HeldBack, match="missed_is_flagged"):
        night(three(city))


def test_conservation_still_holds_the_night(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_program(monkeypatch, "meter_days.sql", "place < micro(quantity) % days", "place <= micro(quantity) % days")
    with pytest.raises(HeldBack, match="spreading_conserves"):
        night(three(city))


def test_a_check_of_results_selects_whom_it_names(make_city: Callable[..., City]) -> None:
    city = three(make_city())
    with city.built() as made:
        for invariant in invariants.INVARIANTS:
            columns = {row[0] for row in made.execute(f"DESCRIBE {invariant.sql}").fetchall()}
            named = {"facility_id", "target_id"} & columns
            assert invariant.holds_night or (named and "fiscal_year" in columns), invariant.name


def test_a_continued_night_checks_what_it_wrote(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    three(city)
    city.today = city.today.replace(month=6, day=14)
    night(city)
    city.today = city.today.replace(day=15)
    city.bills(
        "fuel/b.csv",
        [("M1", "2026-04-01", "2026-05-01", 50, "L"), ("M2", "2026-04-01", "2026-05-01", 50, "L")],
        "2026-06-02 09:00",
    )
    broken_program(
        monkeypatch,
        "energy_by_meter_day.sql",
        "half_even9(a.quantity, c.multiplier14)",
        "half_even9(a.quantity * CASE a.facility_id WHEN 'F2' THEN 2 ELSE 1 END, c.multiplier14)",
    )
    run = night(city)
    assert run.base
    assert {(c["name"], c["subjects"]) for c in run.outcome.failed_checks} == {("energy_is_quantity_times_heat", "F2")}
    assert verdicts(city)["F1"] == ("achieved", None) and "check_failed" in (verdicts(city, 2026)["F2"][1] or "")


CANNOT_RUN = {
    "a value": "SELECT facility_id, fiscal_year FROM facility_results WHERE CAST(verdict AS INTEGER) > 0",
    "an amount": "SELECT facility_id, fiscal_year FROM facility_results WHERE CAST(actual_low_co2e_kg * 1e30 AS DECIMAL(38, 9)) > 0",
    "a column": "SELECT facility_id, fiscal_year FROM facility_results WHERE no_such_column",
    "a text": "SELEC 1",
}


@pytest.mark.parametrize("how", CANNOT_RUN)
def test_a_check_of_results_that_cannot_be_run_takes_all_verdicts_away_and_the_night_is_published(
    closed_year: City, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import asdict

    from rich.console import Console

    city = closed_year
    before = told_and_true(city, {})
    city.bills("fuel/b.csv", [("M2", "2021-04-01", "2021-05-01", 5, "L")])
    sound = database.sql_text
    with monkeypatch.context() as patched:
        patched.setattr(
            database,
            "sql_text",
            lambda path: CANNOT_RUN[how] if path.stem == "allowed_follows_targets" else sound(path),
        )
        run = night(city)
    assert run.outcome.published
    for year in (2023, 2024, 2025):
        assert {(v, "check_failed" in (r or "")) for v, r in verdicts(city, year).values()} == {
            ("undeterminable", True)
        }
    withdrawn = told_and_true(city, before)
    (check,) = run.outcome.failed_checks
    assert check["name"] == "allowed_follows_targets" and check["problem"]
    with database.connect_published(city.paths.published) as published:
        found = rows_of(published, "SELECT rule_id, severity, subject FROM findings WHERE rule_id LIKE 'check%'")
        assert found == [("check_not_run", "error", "allowed_follows_targets")]
    for language in ("ja", "en"):
        console = Console(record=True, width=400, file=(city.folder / "out.txt").open("w", encoding="utf-8"))
        show_night.night(Terminal(language, console), asdict(run.outcome) | {"year": 2025}, "試験市", "x", "y")
        line = console.export_text().splitlines()[1]
        assert check[language] in line and str(check["problem"]).split()[0] in line, "before all else"
    assert incremental.last_inputs(city.paths.published) == {}, "the next night looks again"
    night(city)
    assert told_and_true(city, withdrawn) == before


def test_a_check_of_results_that_cannot_be_run_on_a_part(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """What narrows the tables for it fails: the other checks see whole tables again."""
    three(city)
    city.today = date(2026, 6, 14)
    night(city)
    city.today = date(2026, 6, 15)
    city.bills("fuel/b.csv", [("M1", "2026-04-01", "2026-05-01", 50, "L")], "2026-06-02 09:00")
    broken_program(monkeypatch, "touched_meters.sql", "SELECT", "SELECT CAST('x' AS INTEGER),")
    run = night(city)
    assert run.base and [check["name"] for check in run.outcome.failed_checks] == ["bills_found_again"]


@pytest.mark.parametrize("name", ["months_conserve", "row_account", "catalogue_holds"])
def test_what_holds_the_night_holds_it_too_when_it_cannot_be_run(
    city: City, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = database.sql_text
    monkeypatch.setattr(database, "sql_text", lambda path: "SELEC 1" if path.stem == name else sound(path))
    with pytest.raises(duckdb.Error, match="SELEC"):
        night(three(city))
    assert not city.paths.published.exists()
