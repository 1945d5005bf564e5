"""The views for people say what the tables under them say: summed again by other statements, on the sample city."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.ask import views
from pipelines.reports.pages import manual
from pipelines.settings.city import CityFolder
from pipelines.warehouse import database
from tests.making import City, monthly, one, rows_of

# the ten questions of the manual, as they stand there
QUESTIONS = dict(
    re.findall(r"^\*\*\d+\. ([^*]+?)\.\*\*.*?```sql\n(.*?)```", manual.text_of("analyst"), re.DOTALL | re.MULTILINE)
)


@pytest.fixture(scope="module")
def city(sample_folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The sample city's published file as any client opens it."""
    with duckdb.connect(str(CityFolder(sample_folder).published), read_only=True) as opened:
        yield opened


def answers(city: duckdb.DuckDBPyConnection, question: str) -> list[dict[str, Any]]:
    """The rows of a question of the manual, each as column -> value."""
    return database.dicts(city, QUESTIONS[question])


def test_there_are_ten_questions_and_each_has_an_answer(city: duckdb.DuckDBPyConnection) -> None:
    assert len(QUESTIONS) == 10
    for question in QUESTIONS:
        rows = answers(city, question)
        assert rows, question
        columns = {name for row in rows for name, value in row.items() if value is not None}
        assert columns == set(rows[0]), f"{question}: a column without any value"


def test_the_answers_are_sensible(city: duckdb.DuckDBPyConnection, sample_folder: Path) -> None:
    schools = answers(city, "kWh per m2 by school")
    assert len(schools) == 12 and all(30 < row["kwh_per_m2"] < 60 for row in schools)
    months = answers(city, "This month against the same month of last year")
    whole = [row for row in months if row["coverage"] == 1]
    assert len(whole) >= 30 and all(abs(row["more_t"]) < row["last_year_t"] for row in whole)
    assert {row["fiscal_year"] for row in answers(city, "What is provisional")} == {2026}
    over = {
        row["subject_name"]
        for row in answers(city, "Who misses its target, and by how much at least")
        if row["fiscal_year"] == 2025
    }
    assert over == {"市民プール", "市民病院", "工業用水第二浄水場"}
    assert sum(row["kl"] for row in answers(city, "Crude oil equivalent of each department")) == one(
        city,
        "SELECT sum(crude_oil_kl) FROM emissions_by_facility_fiscal_year WHERE basis = 'plan' AND fiscal_year = 2025 AND is_in_force",
    )
    gas = answers(city, "Gas against degree days")
    assert len(gas) == 16 and all(row["m3_per_degree_day"] > 0 and row["explained"] > 0.9 for row in gas)
    assert sum(row["open"] for row in answers(city, "Whose turn is it")) == one(city, "SELECT count(*) FROM open_flags")


def test_the_cost_by_supplier_is_that_of_the_bills(city: duckdb.DuckDBPyConnection, sample_folder: Path) -> None:
    """Added up again from the files as they were sent, and the contracts; a file that came twice counts once."""
    contracts: dict[str, list[tuple[str, str]]] = {}
    for row in csv.DictReader((sample_folder / "registers" / "contracts.csv").open(encoding="utf-8")):
        contracts.setdefault(row["meter_id"], []).append((row["valid_from"], row["supplier"]))
    bills = {}
    for path in sorted((sample_folder / "inbox").glob("*/202*/*.csv")):
        content = path.read_bytes()
        text = content.decode("cp932" if path.parts[-3] == "fuel" else "utf-8-sig")
        for row in csv.DictReader(io.StringIO(text)):
            if row.get("amount_yen") and row["stage"] != "速報" and "2025-04-01" < row["ended_at"] <= "2026-04-01":
                bills[row["meter_id"], row["started_at"]] = row
    corrected = sample_folder / "inbox" / "power" / "2025-12-teisei.csv"
    for row in csv.DictReader(corrected.open(encoding="utf-8")):
        bills[row["meter_id"], row["started_at"]] = row
    yen: dict[tuple[str, str], Decimal] = {}
    for (meter, started), row in bills.items():
        supplier = max((since, name) for since, name in contracts[meter] if since <= started)[1]
        yen[supplier, row["unit"]] = yen.get((supplier, row["unit"]), Decimal(0)) + Decimal(row["amount_yen"])
    told = {(row["supplier"], row["unit"]): row["yen"] for row in answers(city, "Cost by supplier")}
    assert told == yen and len({supplier for supplier, _ in told}) == 4 and all(amount > 0 for amount in told.values())


def test_each_view_has_the_rows_of_what_it_stands_on(city: duckdb.DuckDBPyConnection) -> None:
    years = """SELECT count(*) FROM (SELECT facility_id, fiscal_year FROM facility_results WHERE basis = 'plan' UNION
               SELECT facility_id, fiscal_year FROM emissions_by_facility_fiscal_year WHERE basis = 'plan' AND is_in_force)"""
    months = "SELECT count(DISTINCT (facility_id, month)) FROM emissions_by_facility_month WHERE basis = 'plan'"
    results = "SELECT (SELECT count(*) FROM target_results) + (SELECT count(*) FROM facility_results)"
    flags = "SELECT count(*) FROM flags WHERE state <> 'confirmed'"
    for view, question in (
        ("facility_years", years),
        ("facility_months", months),
        ("verdicts", results),
        ("open_flags", flags),
    ):
        assert one(city, f"SELECT count(*) FROM {view}") == one(city, question), view


def test_the_sums_are_those_of_the_tables(city: duckdb.DuckDBPyConnection) -> None:
    """Tonnes, gigajoules and quantities, to the digit; nothing of a shared meter is counted twice."""
    total = "SELECT sum(co2e_kg), sum(energy_gj) FROM emissions_by_facility_month WHERE basis = 'plan'"
    kg, gj = one(city, total)
    assert one(city, "SELECT sum(co2e_t) * 1000, sum(energy_gj) FROM facility_months") == (kg, gj)
    in_force = "SELECT sum(co2e_kg) FROM emissions_by_facility_fiscal_year WHERE basis = 'plan' AND is_in_force"
    assert one(city, "SELECT sum(co2e_t) * 1000 FROM facility_years") == one(city, in_force)
    used = "SELECT energy_type, unit, sum(quantity) FROM {} GROUP BY ALL ORDER BY ALL"
    days = "(FROM energy_by_meter_day WHERE facility_id <> 'outside' AND facility_share <> 0)"
    assert rows_of(city, used.format("energy_by_facility_month")) == rows_of(city, used.format(days))
    kwh = "SELECT sum(quantity) FROM energy_by_facility_month WHERE energy_type = 'electricity' AND unit = 'kWh'"
    assert one(city, "SELECT sum(electricity_kwh) FROM facility_months") == one(city, kwh)


def test_gaps_are_whole_runs_of_days(city: duckdb.DuckDBPyConnection) -> None:
    gaps = rows_of(city, "SELECT meter_id, facility_id, state, first_day, last_day, days FROM meter_gaps ORDER BY ALL")
    missing = """SELECT count(*) FROM (SELECT DISTINCT meter_id, facility_id, energy_type, state, local_date FROM energy_by_meter_day
                 WHERE state IN ('missing', 'doubtful') AND facility_share <> 0 AND facility_id <> 'outside')"""
    assert sum(row[-1] for row in gaps) == one(city, missing) > 0
    assert all((last - first).days + 1 == days for *_, first, last, days in gaps)
    for before, after in pairwise(gaps):
        if before[:3] == after[:3]:
            assert (after[3] - before[4]).days > 1, "two runs of one state that touch would be one"


def test_attributes_are_those_of_the_time(city: duckdb.DuckDBPyConnection) -> None:
    """F038 passed to another operator on 1 April 2024: the years before stay with the old one."""
    told = dict(
        rows_of(
            city,
            "SELECT fiscal_year, operator_id FROM facility_years WHERE facility_id = 'F038' AND fiscal_year >= 2023",
        )
    )
    assert told[2023] == "OP2" and told[2024] == told[2025] == "OP1"


def test_questions_fold_flags_by_cause_and_lose_none(make_city: Callable[..., City]) -> None:
    """Four schools of one supplier and a fifth of another lack the same month; a sixth has a supplier, too, and another department."""
    city = make_city()
    schools = [f"S{n}" for n in range(6)]
    city.register(
        "facilities",
        [
            {"facility_id": s, "name": s, "operator_id": "OP", "department": "学校課" if s != "S5" else "体育課"}
            for s in schools
        ],
    )
    oil = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    city.register("meters", [{**oil, "meter_id": f"M-{s}", "facility_id": s} for s in schools])
    supplier = {"S4": "乙石油"}
    city.register("contracts", [{"meter_id": f"M-{s}", "supplier": supplier.get(s, "甲石油")} for s in schools[:5]])
    for s in schools:
        city.bills(f"fuel/{s}.csv", monthly(f"M-{s}", 2022, 2025, lambda y, m: None if (y, m) == (2025, 8) else 100))
    with city.built() as made:
        views.create(made)
        asked = "SELECT cause_kind, cause, flag_count, facility_count FROM questions WHERE rule_id = 'data_missing' AND fiscal_year = 2025"
        assert rows_of(made, f"{asked} ORDER BY 1, 2") == [
            ("department", "体育課", 1, 1),
            ("supplier", "乙石油", 1, 1),
            ("supplier", "甲石油", 4, 4),
        ]
        every = {row[0] for row in rows_of(made, "SELECT flag_id FROM open_flags")}
        folded = [flag for (ids,) in rows_of(made, "SELECT flag_ids FROM questions") for flag in ids.split()]
        assert len(folded) == len(every) and set(folded) == every, "each flag stands in one question"
        sums = [one(made, f"SELECT sum(co2e_at_stake_kg) FROM {view}") for view in ("questions", "open_flags")]
        assert sums[0] == sums[1] > 0
