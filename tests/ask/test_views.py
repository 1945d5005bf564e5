"""The views for people say what the tables under them say: summed again by other statements, on the sample city."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from pipelines.settings.city import CityFolder
from tests.making import one, rows_of

QUESTIONS = {
    "kWh per m2 by school, last closed year": """
        SELECT facility_name, electricity_kwh / floor_area_m2 AS kwh_per_m2 FROM facility_years
        WHERE use_class = 'school' AND fiscal_year = 2025 ORDER BY kwh_per_m2 DESC""",
    "this month against the same month of last year": """
        SELECT n.facility_name, n.month, n.co2e_t, l.co2e_t AS last_year FROM facility_months AS n
        JOIN facility_months AS l ON l.facility_id = n.facility_id AND l.month = n.month - INTERVAL 1 YEAR
        WHERE n.month = DATE '2025-08-01'""",
    "what is provisional": "SELECT facility_name, fiscal_year, co2e_t FROM facility_years WHERE is_provisional ORDER BY ALL",
    "who misses its target, and by how much": """
        SELECT subject_name, fiscal_year, (actual_low_co2e_kg - allowed_co2e_kg) / 1000 AS over_t FROM verdicts
        WHERE verdict = 'not_achieved' AND judged_by = 'facility' AND basis = 'plan' ORDER BY over_t DESC""",
    "energy of an operator by type and year": """
        SELECT energy_type, unit, sum(quantity) AS used FROM energy_by_facility_month AS e
        JOIN facilities AS f USING (facility_id) WHERE f.operator_id = 'OP1' AND month >= DATE '2025-04-01' GROUP BY ALL ORDER BY ALL""",
    "where are the gaps": "SELECT facility_name, meter_id, first_day, last_day, days FROM meter_gaps WHERE days > 20 ORDER BY days DESC",
    "whose turn is it": """
        SELECT owner_name, count(*) AS open, sum(co2e_at_stake_kg) / 1000 AS t FROM open_flags GROUP BY ALL ORDER BY t DESC""",
    "crude oil of each department": """
        SELECT department, sum(crude_oil_kl) AS kl FROM facility_years WHERE fiscal_year = 2025 GROUP BY ALL ORDER BY kl DESC""",
    "verdicts by use class": "SELECT use_class, verdict, count(*) FROM facility_years WHERE fiscal_year = 2025 GROUP BY ALL ORDER BY ALL",
    "the ten largest emitters": "SELECT facility_name, co2e_t FROM facility_years WHERE fiscal_year = 2025 ORDER BY co2e_t DESC LIMIT 10",
}


@pytest.fixture(scope="module")
def city(sample_folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The sample city's published file as any client opens it."""
    with duckdb.connect(str(CityFolder(sample_folder).published), read_only=True) as opened:
        yield opened


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_people_ask_is_one_statement(city: duckdb.DuckDBPyConnection, question: str) -> None:
    assert rows_of(city, QUESTIONS[question])


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
