"""The gate: Great Expectations really runs on the DuckDB file, and an expectation that cannot run is no finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from expectations import contracts, gate, night_gate, suites
from expectations.check import Check, rows_that
from pipelines import tables
from pipelines.run.building import Building
from pipelines.warehouse import database
from pipelines.warehouse.publish import HeldBack
from tests.making import City, finished, monthly, one


@pytest.fixture
def night(city: City) -> Building:
    city.bills("fuel/a.csv", [*monthly("M1", 2022, 2025, 100), ("M1", "2022-04-01", "2022-05-01", 5, "バレル")])
    city.file("fuel/packed.csv", b"7z\xbc\xaf\x27\x1c0000")
    return finished(city.paths)


def test_a_sound_night_passes_and_faults_in_data_become_findings(night: Building) -> None:
    night_gate.check(night)
    failed = {
        r[0]
        for r in night.connection.execute("SELECT expectation FROM validation_results WHERE NOT success").fetchall()
    }
    assert failed == {"unreadable", "held_back"}
    assert one(night.connection, "SELECT count(*) FROM findings WHERE rule_id = 'expectation_failed'") == 2
    page = (night.city.pages / "validation.html").read_text(encoding="utf-8")
    assert "読めないファイルがない" in page and "every file could be read" in page
    assert "http" not in page.replace("http-equiv", ""), "no outside asset"
    night.publish()
    assert night.outcome.published


TABLE = "FROM emission_factors"
KEROSENE = "WHERE factor_id = 'plan_fuels/kerosene'"


# table -> what is broken in it, and the check that sees it
DAMAGES = {
    "emission_factors": {
        f"UPDATE emission_factors SET value = -1 {KEROSENE}": "expect_column_values_to_be_between(value)",
        f"UPDATE emission_factors SET source_id = 'hearsay' {KEROSENE}": "sourced",
        f"INSERT INTO emission_factors SELECT * REPLACE ('twin' AS factor_id) {TABLE} {KEROSENE}": "one_per_use",
    },
    "readings": {
        "UPDATE readings SET quantity = -1 WHERE source_line = 2": "expect_column_values_to_be_between(quantity)",
        "UPDATE readings SET stage = 'maybe' WHERE source_line = 2": "expect_column_values_to_be_in_set(stage)",
        "UPDATE readings SET meter_id = NULL WHERE source_line = 2": "readings_filled",
        "INSERT INTO readings FROM readings WHERE source_line = 3": "readings_unique",
    },
    "flags": {"INSERT INTO flags SELECT * FROM flags LIMIT 1": "expect_column_values_to_be_unique(flag_id)"},
    "facility_results": {
        "UPDATE facility_results SET verdict = 'maybe' WHERE fiscal_year = 2024": "expect_column_values_to_be_in_set(verdict)",
        "UPDATE facility_results SET reasons = NULL": "reasoned",
    },
    "invariant_results": {
        "UPDATE invariant_results SET failing_rows = 3 WHERE name = 'row_account'": "row_account",
    },
}


@pytest.mark.parametrize("table", DAMAGES)
def test_a_broken_invariant_of_ours_blocks(night: Building, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    of_table = [c for make in suites.SUITES.values() for c in make() if c.table_name == table]
    monkeypatch.setattr(gate, "SUITES", {"results": lambda: of_table})
    for damage in DAMAGES[table]:
        night.connection.execute(damage)
    with pytest.raises(HeldBack) as held:
        night_gate.check(night)
    assert set(held.value.broken) == {f"{table}.{check}" for check in DAMAGES[table].values()}
    assert "不変条件の破れ" in (night.city.pages / "validation.html").read_text(encoding="utf-8")


def test_an_expectation_that_cannot_be_evaluated_is_an_error(night: Building, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [Check("readings", rows_that("nonsense", "SELECT nosuch FROM {batch}"), "x", "x", is_invariant=False)]
    monkeypatch.setattr(gate, "SUITES", {"readings": lambda: broken})
    night.close()
    with pytest.raises(gate.NotEvaluated, match="nonsense"):
        gate.check(night.file)


def test_outcomes_are_paired_with_their_own_checks(night: Building, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [
        Check("readings", rows_that("fails", "SELECT * FROM {batch}"), "x", "x", is_invariant=False),
        Check("readings", rows_that("passes", "SELECT * FROM {batch} WHERE false"), "y", "y", is_invariant=False),
    ]
    monkeypatch.setattr(gate, "SUITES", {"readings": lambda: checks})
    night.close()
    found = {r.name: (r.success, r.failing_rows) for r in gate.check(night.file)}
    assert found == {"fails": (False, 48), "passes": (True, 0)}


def test_the_gate_opens_the_file_for_reading_only(night: Building, tmp_path: Path) -> None:
    night.close()
    before = night.file.read_bytes()
    gate.check(night.file)
    assert night.file.read_bytes() == before
    again = database.connect_file(night.file)
    again.close()


def test_contracts_come_from_the_catalogue() -> None:
    made = contracts.contract("readings")
    columns = made[0].expectation.column_set
    assert set(columns) == set(tables.table("readings").column_names)
    assert "issued_on" not in str(made[1].expectation.unexpected_rows_query)
    assert "known_from" in str(made[1].expectation.unexpected_rows_query)


def test_every_suite_has_a_meaning_in_both_languages() -> None:
    for make in suites.SUITES.values():
        for check in make():
            assert check.meaning_ja and check.meaning_en and check.meaning_ja != check.meaning_en


def test_the_gate_takes_no_more_memory_than_the_city_allows(night: Building) -> None:
    import great_expectations as gx

    from expectations.engine import open_file

    night.close()
    config = database.config_of("321MiB", night.city.data / "tmp", 1)
    source = open_file(gx.get_context(mode="ephemeral"), night.file, config)
    with source.get_engine().connect() as connection:
        asked = "SELECT current_setting('memory_limit'), current_setting('threads'), current_setting('temp_directory')"
        assert connection.exec_driver_sql(asked).fetchone() == ("321.0 MiB", 1, str(night.city.data / "tmp"))
