"""Rules of the method: twelve bills, SHK figures for the plan, day and night of half-hours, base-year factors, headings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipelines.settings.city import CityFolder
from pipelines.settings.city_file import SettingsError
from tests import by_hand
from tests.making import City, monthly, one, rows_of

SOURCE = 'source = "試験"'
TWELVE = f"""
[[rules.year_rule]]
year_rule = "twelve_bills"
basis = "plan"
operator_id = "OP"
valid_from = 2023-04-01
{SOURCE}
[[rules.year_rule]]
year_rule = "by_day"
basis = "plan"
energy_type = "diesel"
{SOURCE}
"""
DEEMED = f"""
[[rules.plan_method]]
operator_id = "OP"
plan_method = "shk_deemed"
valid_from = 2024-04-01
valid_to = 2025-04-01
{SOURCE}
"""
POWER = {"facility_id": "F1", "energy_type": "electricity", "unit": "kWh", "reading_kind": "bill"}


def factors(**values: str) -> list[dict[str, object]]:
    common = {"supplier": "S", "kind": "single", "energy_type": "electricity", "unit": "t-CO2/kWh", "source": "試験"}
    return [{**common, "activity_fy": int(fy[2:]), "basic": v, "adjusted": v} for fy, v in values.items()]


def read_on_the_17th(
    meter: str, first_fy: int, last_fy: int, quantity: Callable[[int, int], int], unit: str
) -> list[tuple[Any, ...]]:
    rows = monthly(meter, first_fy, last_fy, quantity, unit)
    return [(m, s + timedelta(days=16), e + timedelta(days=16), q, u) for m, s, e, q, u in rows]


def test_twelve_bills_count_in_the_year_of_their_last_day_with_its_factors(make_city: Callable[..., City]) -> None:
    city = make_city(extra=TWELVE)
    city.register(
        "meters", [{**POWER, "meter_id": "E"}, {**POWER, "meter_id": "D", "energy_type": "diesel", "unit": "L"}]
    )
    city.register("contracts", [{"meter_id": "E", "supplier": "S"}])
    city.register("supplier_factors", factors(FY2022="0.0003", FY2023="0.0005", FY2024="0.0007", FY2025="0.0009"))
    bills = read_on_the_17th("E", 2020, 2025, lambda year, month: 3100 + 37 * (year - 2020) + month, "kWh")
    city.bills("power/e.csv", bills)
    city.bills("fuel/d.csv", monthly("D", 2020, 2025, 100))
    years = """SELECT fiscal_year, year_rule, co2e_kg, is_in_force, rules FROM emissions_by_facility_fiscal_year
        WHERE basis = 'plan' ORDER BY ALL"""
    elsewhere = "SELECT count(*) FROM emissions_by_facility_fiscal_year WHERE basis <> 'plan' AND year_rule <> 'by_day'"
    with city.built("targets") as made:
        found = {(y, r): (kg, force, rules) for y, r, kg, force, rules in rows_of(made, years)}
        diesel = dict(
            rows_of(
                made,
                """SELECT fiscal_year_of(local_date), sum(co2e_kg) FROM emissions_by_source_day
            WHERE source_id = 'D' AND basis = 'plan' GROUP BY 1""",
            )
        )
        causes = dict(
            rows_of(
                made,
                """SELECT fiscal_year, sum(co2e_kg) FROM emissions_by_cause_gas_fiscal_year
            WHERE basis = 'plan' GROUP BY 1""",
            )
        )
        judged = dict(rows_of(made, "SELECT fiscal_year, actual_low_co2e_kg FROM facility_results"))
        assert one(made, elsewhere) == 0
    # FY2023 by bills: the twelve from 17 March 2023 to 16 March 2024, every kWh with the factor of FY2023
    for year, factor in ((2023, "0.5"), (2024, "0.7")):
        kg, in_force, rules = found[year, "twelve_bills"]
        counted = [q for _, start, _, q, _ in bills if date(year, 3, 17) <= start < date(year + 1, 3, 17)]
        assert len(counted) == 12 and kg == sum(counted) * Decimal(factor) + diesel[year]
        assert (in_force, found[year, "by_day"][1]) == (True, False)
        assert "year_rule/1" in rules and causes[year] == judged[year] == kg != found[year, "by_day"][0]
    assert found[2022, "by_day"][1] and (2022, "twelve_bills") not in found, "the rule begins with FY2023"
    assert sum(kg for (year, rule), (kg, *_) in found.items() if rule == "by_day" and year == 2022) > 0


def test_a_bill_read_at_midnight_of_the_first_belongs_to_the_year_that_ended(make_city: Callable[..., City]) -> None:
    city = make_city(extra=TWELVE).bills("fuel/a.csv", monthly("M1", 2022, 2024, 100))
    with city.built("emissions") as made:
        totals = rows_of(
            made,
            "SELECT fiscal_year, co2e_kg FROM emissions_by_facility_fiscal_year WHERE basis = 'plan' AND year_rule = 'twelve_bills'",
        )
        by_day = rows_of(
            made,
            "SELECT fiscal_year, co2e_kg FROM emissions_by_facility_fiscal_year WHERE basis = 'plan' AND year_rule = 'by_day'",
        )
        assert (
            dict(totals) == {y: kg for y, kg in by_day if 2023 <= y <= 2026}
            and one(made, "SELECT count(*) FROM bill_spans") == 0
        )


def test_an_operator_whose_shk_figures_serve_its_plan(make_city: Callable[..., City]) -> None:
    city = make_city(extra=DEEMED)
    city.register("operators", [{"operator_id": "OP", "name": "市長部局"}, {"operator_id": "OP2", "name": "水道"}])
    city.register(
        "facilities", [{"facility_id": f, "name": f, "operator_id": o} for f, o in (("F1", "OP"), ("F2", "OP2"))]
    )
    diesel = {"energy_type": "diesel", "unit": "L", "reading_kind": "bill"}
    city.register("meters", [{**diesel, "meter_id": m, "facility_id": f} for m, f in (("M1", "F1"), ("M2", "F2"))])
    # F2 belongs to OP from FY2025 on only: the rule of FY2024 does not reach it
    city.register("facility_periods", [{"facility_id": "F2", "valid_from": "2025-04-01", "operator_id": "OP"}])
    city.bills("fuel/a.csv", [*monthly("M1", 2022, 2025, 100), *monthly("M2", 2022, 2025, 100)])
    with city.built("emissions") as made:
        found = rows_of(
            made,
            """SELECT DISTINCT source_id, fiscal_year_of(local_date), factor_id, rules FROM emissions_by_source_day
            JOIN factor_choices USING (factor_id) WHERE emissions_by_source_day.basis = 'plan' AND meter_id = source_id
            AND local_date >= valid_from AND local_date < valid_to AND factor_choices.basis = 'plan' ORDER BY ALL""",
        )
        by_year = {(m, y): (f.split("/")[0], rules) for m, y, f, rules in found}
        assert {key for key, (table, _) in by_year.items() if table == "shk_fuels"} == {("M1", 2024)}
        assert by_year["M1", 2024][1] == "plan_method/1" and by_year["M1", 2023][1] is None
        kg = one(
            made,
            "SELECT co2e_kg FROM emissions_by_facility_fiscal_year WHERE facility_id = 'F1' AND fiscal_year = 2024 AND basis = 'plan'",
        )
        exact = by_hand.fuel("diesel", "shk_basic", date(2024, 5, 1))
        assert exact is not None and abs(kg - by_hand.times(Decimal(1200), exact)) < Decimal("0.0000004")


def test_half_hours_are_told_apart_by_day_and_night_to_fy2022(city: City) -> None:
    city.register("meters", [{**POWER, "meter_id": "E", "reading_kind": "interval"}])
    days = ("2023-03-31", "2023-04-01")
    head = "meter_id,started_at,ended_at,quantity,unit"
    lines = [
        f"E,{d} {h:02d}:{m},{d} {h + (m == '30'):02d}:{'00' if m == '30' else '30'},{h + 1},kWh"
        for d in days
        for h in range(24)
        for m in ("00", "30")
    ]
    lines[2] = f"E,{days[0]} 01:00,{days[0]} 01:30,2,kWh"
    city.file("power/e.csv", "\n".join([head, *lines, ""]))
    with city.built("energy") as made:
        found = rows_of(
            made,
            "SELECT local_date, time_band, quantity, energy_gj, state FROM energy_by_meter_day WHERE quantity IS NOT NULL ORDER BY ALL",
        )
    day = sum(2 * (h + 1) for h in range(8, 22))
    night = sum(2 * (h + 1) for h in (*range(8), 22, 23))
    assert found == [
        (date(2023, 3, 31), "day", day, day * Decimal("0.00997"), found[0][4]),
        (date(2023, 3, 31), "night", night, night * Decimal("0.00928"), found[1][4]),
        (date(2023, 4, 1), "all", day + night, (day + night) * Decimal("0.00864"), found[2][4]),
    ]
    assert {row[4] for row in found} == {"doubtful"}, "covered whole, but nothing to compare the meter with"


def test_a_slot_that_crosses_the_hour_stays_undivided_and_a_gap_stays_a_gap(city: City) -> None:
    city.register("meters", [{**POWER, "meter_id": "E", "reading_kind": "interval"}])
    rows = [
        ("E", "2022-05-01 07:30", "2022-05-01 08:30", 5, "kWh"),
        ("E", "2022-05-01 21:00", "2022-05-01 22:00", 7, "kWh"),
        ("E", "2022-05-01 22:00", "2022-05-02 00:00", 9, "kWh"),
    ]
    city.bills("power/e.csv", rows)
    with city.built("energy") as made:
        found = rows_of(
            made, "SELECT time_band, quantity, state FROM energy_by_meter_day WHERE quantity IS NOT NULL ORDER BY ALL"
        )
    assert found == [("all", 5, "missing"), ("day", 7, "missing"), ("night", 9, "missing")]


def test_with_the_base_years_factors_a_cleaner_grid_is_no_effort(city: City) -> None:
    city.register("meters", [{**POWER, "meter_id": "E"}, {**POWER, "meter_id": "N", "valid_from": "2024-04-01"}])
    city.register(
        "contracts",
        [{"meter_id": "E", "supplier": "S"}, {"meter_id": "N", "supplier": "S", "valid_from": "2024-04-01"}],
    )
    city.register("supplier_factors", factors(FY2022="0.0005", FY2023="0.0004", FY2024="0.0001"))
    sources = [
        {
            "activity_source_id": "A",
            "facility_id": "F1",
            "activity": "sewage_terminal",
            "unit": "m3",
            "frequency": "month",
            "valid_from": "2024-04-01",
        }
    ]
    city.register("activity_sources", sources)
    city.bills("power/e.csv", [*monthly("E", 2022, 2024, 1000, "kWh"), *monthly("N", 2024, 2024, 50, "kWh")])
    city.file("activity/a.csv", "activity_source_id,started_on,ended_on,quantity\nA,2024-04-01,2024-05-01,3000\n")
    with city.built("emissions") as made:
        fixed = dict(
            rows_of(
                made,
                "SELECT fiscal_year, (co2e_kg, open_days) FROM emissions_at_base_factors WHERE basis = 'plan' AND base_fy = 2022",
            )
        )
        actual = dict(
            rows_of(made, "SELECT fiscal_year, co2e_kg FROM emissions_by_facility_fiscal_year WHERE basis = 'plan'")
        )
    assert fixed[2022] == (actual[2022], 0) == (6000, 0), "in the base year both are the same"
    assert (fixed[2023], actual[2023]) == ((6000, 0), 4800)
    # CH4 and N2O with the potentials of FY2022 (25, 298), not of FY2024 (28, 265)
    sewage = 3000 * (Decimal("0.00088") * 25 + Decimal("0.00016") * 298)
    assert fixed[2024] == (6000 + 300 + sewage, 0) and actual[2024] != fixed[2024][0]


def test_no_factor_in_the_base_year_leaves_the_fixed_series_open(city: City) -> None:
    city.register("meters", [{**POWER, "meter_id": "E"}])
    city.register("contracts", [{"meter_id": "E", "supplier": "S"}])
    city.register("supplier_factors", factors(FY2024="0.0001"))
    city.bills("power/e.csv", monthly("E", 2024, 2024, 1000, "kWh"))
    with city.built("emissions") as made:
        found = one(
            made, "SELECT co2e_kg, open_days FROM emissions_at_base_factors WHERE basis = 'plan' AND fiscal_year = 2024"
        )
    assert found == (0, 365)


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (TWELVE.replace("2023-04-01", "2023-07-01"), "4月1日でなければなりません"),
        (DEEMED + DEEMED, "同じ期間に二つの規則"),
        (DEEMED.replace(SOURCE, ""), "source"),
        (DEEMED.replace("shk_deemed", "shk"), "plan_method"),
    ],
)
def test_a_rule_that_cannot_hold_is_refused(make_city: Callable[..., City], rules: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        CityFolder(make_city(extra=rules).folder)
