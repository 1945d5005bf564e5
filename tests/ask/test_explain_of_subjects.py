"""explain: whom one may ask for, and in which words; sums of operators and the city; what is not there is said."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.cli import main
from tests.making import City, monthly, one, rows_of


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
    assert "達成" in asked(sample_folder, "explain", subject)[1]


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
