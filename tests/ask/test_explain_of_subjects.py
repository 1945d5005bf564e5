"""explain: whom one may ask for, and in which words; sums of operators and the city; what is not there is said."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.cli import main
from tests.making import City, monthly, one, rows_of
from tests.yearly_totals import KEROSENE, near, total, with_bills


def asked(folder: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main.app, ["--city", str(folder), *words])
    return result.exit_code, result.output


@pytest.mark.parametrize(
    "words",
    [("F001",), ("f001",), ("本庁舎",), ("F001", "--fiscal-year", "R7"), ("F001", "--fiscal-year", "令和7年度")],
)
def test_a_facility_may_be_named_and_the_year_written_as_people_do(sample_folder: Path, words: tuple[str, ...]) -> None:
    code, told = asked(sample_folder, "explain", *words)
    assert code == 0 and told.startswith("F001 本庁舎 — 2025年度"), told[:80]


@pytest.mark.parametrize(("text", "told"), [("1800", "1990"), ("去年", "年度ではありません"), ("R90", "1990")])
def test_a_year_that_is_none_is_refused(sample_folder: Path, text: str, told: str) -> None:
    code, said = asked(sample_folder, "explain", "F001", "--fiscal-year", text)
    assert code == 2 and told in said


@pytest.mark.parametrize(
    ("subject", "where"), [("op1", "operator_id = 'OP1'"), ("みほん市長部局", "operator_id = 'OP1'"), ("city", "true")]
)
def test_the_sums_of_an_operator_and_of_the_city_are_those_of_its_facilities(
    sample_folder: Path, sample: duckdb.DuckDBPyConnection, subject: str, where: str
) -> None:
    code, told = asked(sample_folder, "explain", subject, "--json")
    found = json.loads(told, parse_float=Decimal)
    expected = one(sample, f"SELECT sum(co2e_t) * 1000 FROM facility_years WHERE fiscal_year = 2025 AND {where}")
    assert code == 0 and Decimal(found["total"]["co2e_kg"]) == expected
    members = rows_of(
        sample, f"SELECT facility_id FROM facility_years WHERE fiscal_year = 2025 AND co2e_t IS NOT NULL AND {where}"
    )
    assert sorted(row["facility_id"] for row in found["facilities"]) == sorted(name for (name,) in members)
    text = asked(sample_folder, "explain", subject)[1]
    assert "経路の目安内" in text and "達成" not in text, "no facility of it has a target of its own that is met"


def test_a_year_without_data_says_so(sample_folder: Path) -> None:
    assert "この期間のデータはありません" in asked(sample_folder, "explain", "F001", "--fiscal-year", "2001")[1]


def test_energy_without_a_factor_is_no_zero(city: City) -> None:
    """Neither 0.0 t where nothing could be counted, nor a total that leaves something out unseen."""
    meter = {"meter_id": "E1", "facility_id": "F1", "energy_type": "electricity", "unit": "kWh", "reading_kind": "bill"}
    city.register("meters", [meter])
    city.bills("power/a.csv", monthly("E1", 2022, 2025, 1000, "kWh"))
    city.publish()
    told = asked(city.folder, "explain", "F1", "--fiscal-year", "2025")[1]
    assert "算定できません（電気 12,000 kWh に係数なし）" in told and "= 0.0 t" not in told
    kerosene = {"meter_id": "M1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    city.register("meters", [meter, kerosene])
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    city.publish()
    told = asked(city.folder, "explain", "F1", "--fiscal-year", "2025")[1]
    assert "電気12,000kWhに係数がなく、含んでいません" in "".join(told.split())


def test_what_only_documents_tell_stands_in_the_sum_once(city: City) -> None:
    """FY2013: all of 管財課; of 教育課 one facility has its own total, so the department's only reconciles, as the operator's does."""
    with_bills(city).register(
        "yearly_totals",
        [
            total(quantity=5000, department="管財課"),
            total(quantity=700, facility_id="F3"),
            total(quantity=1500, department="教育課"),
            total(quantity=9000, operator_id="OP"),
        ],
    )
    city.publish()
    for subject in ("OP", "city"):
        found = json.loads(
            asked(city.folder, "explain", subject, "--fiscal-year", "2013", "--json")[1], parse_float=Decimal
        )
        assert {row["subject_id"]: row["counts"] for row in found["documents"]} == {
            "管財課": True,
            "教育課": False,
            "OP": False,
        }
        assert [row["facility_id"] for row in found["facilities"] if Decimal(row["co2e_kg"])] == ["F3"]
        lines = [row["co2e_kg"] for row in found["facilities"] + [d for d in found["documents"] if d["counts"]]]
        summed = sum(map(Decimal, lines), Decimal(0))
        assert Decimal(found["total_with_documents_co2e_kg"]) == summed and near(summed, Fraction(5700) * KEROSENE)
    told = asked(city.folder, "explain", "OP", "--fiscal-year", "2013")[1]
    assert told.count("計に加えていません") == 2 and "課・事業者の年計を加えた計" in told and "3ページ" in told
    told = asked(city.folder, "explain", "OP", "--fiscal-year", "2024")[1]
    assert "年計を加えた計" not in told, "bills of every facility, and no document"


def test_a_facility_without_data_in_the_year_is_no_zero_in_the_sum(city: City) -> None:
    city.register("facilities", [{"facility_id": f, "name": f, "operator_id": "OP"} for f in ("F1", "F2", "F3")])
    oil = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    city.register("meters", [{**oil, "meter_id": f"M{n}", "facility_id": f"F{n}"} for n in (1, 2, 3)])
    rows = monthly("M1", 2022, 2025, 100)
    rows += monthly("M3", 2022, 2025, lambda year, month: 100 if year < 2025 or month == 4 else None)
    city.bills("fuel/1.csv", rows).publish()
    code, told = asked(city.folder, "explain", "OP", "--fiscal-year", "2025")
    lines = {line.split()[0]: line for line in told.splitlines() if line.strip()[:2] in ("F1", "F2", "F3")}
    assert code == 0 and "データなし" in lines["F2"] and "0 kg" not in lines["F2"].replace("00 kg", "")
    assert "把握率 8.2 %" in lines["F3"] and "把握率" not in lines["F1"]
