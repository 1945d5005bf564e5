"""Each seeded fault of FAULTS.md reacts as listed."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from pipelines.ask.checklist import by_verdict
from pipelines.reports.standing import counted
from pipelines.warehouse import invariants
from tests.conftest import SAMPLE
from tests.making import one, rows_of, verdict

FLAGGED = {"F009", "F014", "F019", "F023", "F024", "F028", "F043", "F045", "F048", "F049"}


def flags(sample: duckdb.DuckDBPyConnection, facility: str, year: int | None = None) -> set[str]:
    found = rows_of(sample, "SELECT rule_id, fiscal_year FROM flags WHERE facility_id = ?", facility)
    return {rule for rule, of in found if year in (None, of)}


def test_exactly_the_listed_facilities_are_flagged(sample: duckdb.DuckDBPyConnection) -> None:
    assert {r[0] for r in rows_of(sample, "SELECT facility_id FROM flags")} == FLAGGED
    told = (SAMPLE / "FAULTS.md").read_text(encoding="utf-8").splitlines()[-1]
    assert set(re.findall(r"F\d{3}", told)) == FLAGGED


def test_no_fault_holds_the_night_back(sample: duckdb.DuckDBPyConnection) -> None:
    assert invariants.broken(sample) == {}


def test_1_a_missing_bill(sample: duckdb.DuckDBPyConnection) -> None:
    assert verdict(sample, "F009", 2025) == ("undeterminable", {"missing_data"})
    assert flags(sample, "F009") == {"data_missing"}
    days = one(
        sample,
        """SELECT count(*), min(local_date), max(local_date) FROM energy_by_meter_day
           WHERE meter_id = 'F009-E' AND state = 'missing' AND local_date < '2026-04-01'""",
    )
    assert days == (31, date(2025, 8, 17), date(2025, 9, 16))


def test_2_a_bill_in_the_wrong_unit(sample: duckdb.DuckDBPyConnection) -> None:
    assert verdict(sample, "F014", 2025) == ("undeterminable", {"unit_slip"})
    assert flags(sample, "F014") == {"unit_slip"}
    assert "0.0009" in one(sample, "SELECT message_ja FROM flags WHERE facility_id = 'F014'")
    assert rows_of(sample, "SELECT DISTINCT rule_id, meter_id FROM meter_doubts") == [("unit_slip", "F014-E")]


def test_3_a_duplicate_file(sample: duckdb.DuckDBPyConnection) -> None:
    status, rows, reason = one(
        sample, "SELECT status, rows_received, reason FROM source_files WHERE path LIKE '%(copy)%'"
    )
    assert (status, rows) == ("duplicate", 0) and "power/2025/2025-05.csv" in reason


def test_4_a_provisional_value_corrected_months_later(sample: duckdb.DuckDBPyConnection) -> None:
    found = rows_of(
        sample,
        """SELECT stage, known_to IS NULL, CAST(known_to AS DATE) FROM readings
           WHERE meter_id = 'F004-E' AND started_at BETWEEN '2025-06-01' AND '2025-06-30' ORDER BY stage""",
    )
    assert found == [("corrected", True, None), ("provisional", False, date(2025, 12, 11))]
    assert verdict(sample, "F004", 2025)[0] == "achieved"


def test_5_a_meter_swap(sample: duckdb.DuckDBPyConnection) -> None:
    days = rows_of(
        sample,
        """SELECT local_date, count(*), bool_and(state = 'measured') FROM energy_by_meter_day
           WHERE meter_id IN ('F007-E', 'F007-E2') AND local_date BETWEEN '2023-09-01' AND '2023-11-30' GROUP BY 1""",
    )
    assert len(days) == 91 and all(count == 1 and measured for _, count, measured in days)
    assert verdict(sample, "F007", 2023)[0] == "achieved"


def test_6_a_facility_without_a_target(sample: duckdb.DuckDBPyConnection) -> None:
    assert "no_target" in verdict(sample, "F045", 2025)[1]
    assert flags(sample, "F045") == {"no_target"}


def test_7_a_facility_without_a_responsible_person(sample: duckdb.DuckDBPyConnection) -> None:
    assert flags(sample, "F023") == {"no_responsible_person"}
    assert one(sample, "SELECT owner_post, owner_person_id FROM flags WHERE facility_id = 'F023'") == (
        "エネルギー管理企画推進者",
        "P102",
    )


def test_8_a_closed_facility(sample: duckdb.DuckDBPyConnection) -> None:
    assert "partial_year" in verdict(sample, "F010", 2024)[1]
    assert one(sample, "SELECT max(fiscal_year) FROM facility_results WHERE facility_id = 'F010'") == 2024
    assert (
        one(
            sample,
            "SELECT count(*) FROM energy_by_meter_day WHERE facility_id = 'F010' AND state <> 'measured' AND expected",
        )
        == 0
    )
    assert flags(sample, "F010") == set()


def test_9_the_waste_plants_activity_is_missing(sample: duckdb.DuckDBPyConnection) -> None:
    assert verdict(sample, "F024", 2025) == ("undeterminable", {"missing_data"})
    assert flags(sample, "F024") == {"data_missing"}
    assert one(
        sample, "SELECT coverage FROM facility_results WHERE facility_id = 'F024' AND fiscal_year = 2025"
    ) == Decimal("0.830136")


def test_10_over_target_and_silent_stays_not_achieved(sample: duckdb.DuckDBPyConnection) -> None:
    assert verdict(sample, "F019", 2025) == ("not_achieved", set())
    assert flags(sample, "F019", 2025) == {"over_path", "data_missing"}
    low, high = one(
        sample,
        "SELECT actual_low_co2e_kg, actual_high_co2e_kg FROM facility_results WHERE facility_id = 'F019' AND fiscal_year = 2025",
    )
    assert low > 0 and high is None


def test_11_an_unknown_unit(sample: duckdb.DuckDBPyConnection) -> None:
    found = one(
        sample,
        "SELECT q.rule_id, q.reason, q.meter_id, f.path FROM quarantine AS q JOIN source_files AS f ON f.sha256 = q.source_sha256",
    )
    assert found[0] == "unknown_unit" and "バレル" in found[1] and found[2:] == ("F028-K", "2025/2025-12.csv")
    assert verdict(sample, "F028", 2025) == ("undeterminable", {"missing_data", "baseline:yearly_total"})
    assert flags(sample, "F028") == {"data_missing"}


def test_12_a_png(sample: duckdb.DuckDBPyConnection) -> None:
    assert "PNG" in one(sample, "SELECT reason FROM source_files WHERE status = 'document'")


def test_the_rest_of_the_story(sample: duckdb.DuckDBPyConnection) -> None:
    assert verdict(sample, "F043", 2025)[0] == "not_achieved" and flags(sample, "F043") == {"over_path"}
    kwh = dict(
        rows_of(
            sample,
            """SELECT year(local_date - INTERVAL 3 MONTH), sum(quantity) FROM energy_by_meter_day
               WHERE meter_id = 'F002-E' GROUP BY 1""",
        )
    )
    assert kwh[2023] > kwh[2022], "the zero-carbon contract's kWh rise"
    zero = """SELECT sum(co2e_kg) FROM emissions_by_source_day WHERE source_id = 'F002-E' AND basis = 'plan'
              AND local_date BETWEEN '2023-04-01' AND '2026-03-31'"""
    assert one(sample, zero) == 0
    assert {
        r[0]
        for r in rows_of(sample, "SELECT DISTINCT facility_id FROM energy_by_meter_day WHERE meter_id = 'EKIMAE-E'")
    } == {"F021", "F022", "F016"}
    assert "no_base_year" in verdict(sample, "F046", 2025)[1]
    moved = rows_of(
        sample,
        "SELECT fiscal_year, target_id FROM facility_results WHERE facility_id = 'F038' AND fiscal_year IN (2023, 2024) ORDER BY 1",
    )
    assert moved == [(2023, "T-OP2"), (2024, "T-OP1")]
    assert one(
        sample,
        "SELECT sum(energy_gj) > 0 FROM energy_by_meter_day WHERE meter_id = 'F036-PV' AND local_date >= '2023-04-01'",
    )
    assert (
        one(sample, "SELECT count(*) FROM facilities") >= 45
        and one(sample, "SELECT count(DISTINCT use_class) FROM facilities") >= 10
    )
    assert one(sample, "SELECT count(*) FROM operators") == 6


def test_a_third_of_the_base_year_is_known_only_as_yearly_totals(sample: duckdb.DuckDBPyConnection) -> None:
    found = dict(
        rows_of(sample, "SELECT facility_id, verdict FROM facility_results WHERE fiscal_year = 2025 AND basis = 'plan'")
    )
    marked = {
        row[0]
        for row in rows_of(
            sample, "SELECT facility_id FROM facility_years WHERE fiscal_year = 2013 AND is_yearly_total"
        )
    }
    schools = {f"F{number:03}" for number in range(26, 38)}
    assert marked == {"F006", "F008"} | schools
    assert {found[facility] for facility in marked - {"F028"}} == {"achieved"}, "but for the fault of this year"
    for facility in ("F039", "F040"):
        assert verdict(sample, facility, 2025) == ("undeterminable", {"base_year_by_department"})
    department = "SELECT verdict FROM target_results WHERE target_id = 'T-WATERWORKS' AND fiscal_year = 2025"
    assert one(sample, department) == "achieved"
    rows = rows_of(
        sample,
        "SELECT verdict, is_inherited, count(*) FROM facility_results WHERE fiscal_year = 2025 AND basis = 'plan' GROUP BY ALL",
    )
    counts = by_verdict(dict(zip(("verdict", "is_inherited", "facilities"), row, strict=True)) for row in rows)
    story = counted(*counts, "ja")
    assert story == ("達成 0 / 未達 1 / 判定不能 1", "経路の目安内 37 / 目安超過 2 / 確認中（参考） 8")
    assert sum(counts[0].values()) == 49
    for told in (SAMPLE / "FAULTS.md", SAMPLE.parent / "README.md"):
        assert all(part in told.read_text(encoding="utf-8") for part in story), told.name


def test_the_city_says_that_it_is_invented() -> None:
    assert "架空" in (SAMPLE / "city.toml").read_text(encoding="utf-8").splitlines()[0]
    size = sum(
        p.stat().st_size
        for p in SAMPLE.rglob("*")
        if p.is_file() and ".data" not in p.parts and "__pycache__" not in p.parts
    )
    assert size < 12_000_000


def test_every_missing_factor_stands_in_the_citys_own_register() -> None:
    assert all(
        "見本" in line
        for line in (SAMPLE / "registers" / "supplier_factors.csv").read_text(encoding="utf-8").splitlines()[1:]
    )
    assert Path(SAMPLE / "registers" / "supplier_properties.csv").is_file()


def test_the_sites_of_the_act(sample: duckdb.DuckDBPyConnection) -> None:
    """One of each kind, one that crosses a threshold and is not designated, one 4 % below it whose missing bill leaves it open."""
    rows = rows_of(
        sample,
        """SELECT site_id, fiscal_year, designation_state, type_1_state FROM site_fiscal_years
           WHERE operator_id = 'OP6' AND fiscal_year IN (2024, 2025) ORDER BY ALL""",
    )
    assert rows == [
        ("F047", 2024, "at_or_above", "at_or_above"),
        ("F047", 2025, "at_or_above", "at_or_above"),
        ("F048", 2024, "below", "below"),
        ("F048", 2025, "at_or_above", "below"),
        ("S-NORTH", 2024, "below", "below"),
        ("S-NORTH", 2025, "undeterminable", "undeterminable"),
    ]
    told = rows_of(
        sample,
        """SELECT rule_id, subject, fiscal_year FROM findings
           WHERE rule_id IN ('site_designation_missing', 'site_designation_not_reached', 'near_designation') ORDER BY ALL""",
    )
    type_2 = "第二種エネルギー管理指定工場等"
    assert told == [
        ("near_designation", f"F048/{type_2}", 2026),
        ("near_designation", f"S-NORTH/{type_2}", 2026),
        ("site_designation_missing", "F048", 2025),
    ]


def test_the_posts_of_the_act(sample: duckdb.DuckDBPyConnection) -> None:
    """A vacancy that a deputy does not end, no qualification, a missed course, a late notice; two posts with an approval are fine."""
    asked = """SELECT subject_id, post, post_state, person_id FROM post_terms
        WHERE post_state <> 'filled' AND coalesce(valid_from, DATE '0001-01-01') <= ? AND coalesce(valid_to, DATE '9999-12-31') > ?"""
    now, before = date(2026, 11, 20), date(2026, 3, 1)
    assert set(rows_of(sample, asked, now, now)) == {
        ("OP6", "エネルギー管理企画推進者", "overdue", None),
        ("OP2", "エネルギー管理企画推進者", "unqualified", "P202"),
        ("S-NORTH", "エネルギー管理員", "course_missed", "P754"),
        ("OP3", "エネルギー管理統括者", "notice_overdue", "P301"),
        ("文化振興課", "エネルギー管理責任者", "vacant", None),
    }
    assert {row for row in rows_of(sample, asked, before, before) if row[2] == "combined"} == {
        ("OP6", "エネルギー管理企画推進者", "combined", "P754"),
        ("S-NORTH", "エネルギー管理員", "combined", "P754"),
    }
    overdue = rows_of(
        sample,
        "SELECT item, coalesce(subject_id, operator_id) FROM deadlines WHERE deadline_state = 'overdue' ORDER BY due_on",
    )
    assert overdue == [
        ("エネルギー管理員", "S-NORTH"),
        ("エネルギー管理統括者", "OP3"),
        ("エネルギー使用状況届出書", "F048"),
        ("中長期計画書", "OP3"),
        ("エネルギー管理企画推進者", "OP6"),
    ]
