"""Each stage asked on one tiny city: what came in, its days, energy, CO2, verdicts and flags, each worked out again from what was drawn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import duckdb
import pytest

from pipelines.periods import fiscal_year
from pipelines.warehouse import invariants
from tests.drawn_city import FIRST_FY, LAST_FY, USE_CLASSES, Drawn
from tests.making import NINE, rows_of

Tiny = tuple[Drawn, duckdb.DuckDBPyConnection]
KG_OF_KWH = Decimal("0.5")  # the supplier's factor of every year
ALLOWED = Decimal(1) - Decimal("0.4") * (LAST_FY - FIRST_FY) / 8  # a straight path to 40 % in the eight years to FY2030


@pytest.fixture(scope="module")
def used(tiny: Tiny) -> Mapping[tuple[str, int], Decimal]:
    """(meter, fiscal year) -> what its files say."""
    sums: dict[tuple[str, int], Decimal] = {}
    for _, rows in tiny[0].files.values():
        for meter, first, _, amount, _ in rows:
            assert isinstance(first, date)
            key = (str(meter), fiscal_year(first))
            sums[key] = sums.get(key, Decimal(0)) + Decimal(str(amount))
    return sums


def test_readings_hold_every_row_that_was_sent(tiny: Tiny, used: Mapping[tuple[str, int], Decimal]) -> None:
    drawn, made = tiny
    statement = "SELECT meter_id, fiscal_year_of(started_at), sum(quantity) FROM current_readings GROUP BY ALL"
    assert {(meter, year): quantity for meter, year, quantity in rows_of(made, statement)} == used
    sent = sum(len(rows) for _, rows in drawn.files.values())
    assert rows_of(made, "SELECT sum(rows_received), sum(rows_loaded) FROM source_files") == [(sent, sent)]
    assert rows_of(made, "FROM quarantine") == rows_of(made, "FROM reading_doubts") == []


def test_days_add_up_to_the_readings_and_none_is_doubted(tiny: Tiny, used: Mapping[tuple[str, int], Decimal]) -> None:
    statement = "SELECT meter_id, fiscal_year_of(local_date), sum(quantity) FROM energy_by_meter_day WHERE local_date < ? GROUP BY ALL"
    days = rows_of(tiny[1], statement, date(2026, 6, 1))
    assert {(meter, year): quantity for meter, year, quantity in days} == used
    assert rows_of(tiny[1], "FROM meter_doubts") == []


def test_energy_is_the_use_times_the_heat_content_of_its_year(tiny: Tiny) -> None:
    statement = """SELECT fiscal_year_of(local_date), sum(energy_gj) / sum(quantity) FROM energy_by_meter_day
        WHERE energy_type = 'kerosene' AND quantity > 0 GROUP BY 1"""
    found = {year: round(gj, 6) for year, gj in rows_of(tiny[1], statement)}
    assert found == {year: 0.0367 if year < 2023 else 0.0365 for year in range(FIRST_FY, LAST_FY + 1)}, "GJ of a litre"


def test_co2_is_the_use_times_the_suppliers_factor(tiny: Tiny, used: Mapping[tuple[str, int], Decimal]) -> None:
    statement = """SELECT source_id, fiscal_year_of(month), sum(co2e_kg) FROM emissions_by_source_month
        WHERE source_id LIKE '%-E' AND basis = 'plan' AND is_in_force GROUP BY ALL HAVING fiscal_year_of(min(month)) <= ?"""
    found = {(meter, year): kg for meter, year, kg in rows_of(tiny[1], statement, LAST_FY)}
    wanted = {key: kwh * KG_OF_KWH for key, kwh in used.items() if key[0].endswith("-E") and key[1] <= LAST_FY}
    assert found.keys() == wanted.keys() and len(found) == len(USE_CLASSES) * (LAST_FY - FIRST_FY + 1)
    assert all(abs(kg - wanted[key]) < NINE * 1000 for key, kg in found.items())


def test_verdicts_follow_the_path_and_fall_both_ways(tiny: Tiny) -> None:
    made = tiny[1]
    kg = """SELECT facility_id, fiscal_year, co2e_kg FROM emissions_by_facility_fiscal_year WHERE basis = 'plan'"""
    totals = {(facility, year): total for facility, year, total in rows_of(made, kg)}
    wanted = {
        facility: "achieved" if totals[facility, LAST_FY] <= totals[facility, FIRST_FY] * ALLOWED else "not_achieved"
        for facility, year in totals
        if year == LAST_FY
    }
    said = rows_of(made, "SELECT facility_id, verdict FROM facility_results WHERE fiscal_year = ?", LAST_FY)
    assert dict(said) == wanted and set(wanted.values()) == {"achieved", "not_achieved"}


def test_who_is_over_the_path_and_nobody_else_is_asked(tiny: Tiny) -> None:
    made = tiny[1]
    asked = rows_of(made, "SELECT facility_id, owner_person_id FROM flags WHERE rule_id = 'over_path' ORDER BY 1")
    over = (
        "SELECT facility_id, 'P3' FROM facility_results WHERE fiscal_year = ? AND verdict = 'not_achieved' ORDER BY 1"
    )
    assert asked == rows_of(made, over, LAST_FY) != []
    assert rows_of(made, "SELECT DISTINCT rule_id FROM flags") == [("over_path",)]


def test_every_invariant_holds(tiny: Tiny) -> None:
    assert invariants.broken(tiny[1]) == {}
