"""What a city's plan states of fuels and city gas: own factors, the supplier's heat content, the normal state. In the plan alone."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

import duckdb
import pytest

from pipelines.registers import checks, read
from pipelines.registers.read import RegisterError
from pipelines.settings.city import load_settings
from tests.making import City, broken, one, rows_of

METER = {"meter_id": "M1", "facility_id": "F1", "reading_kind": "bill"}
LEAFLET = {"gas": "CO2", "valid_from": "2023-04-01", "document": "試験市実行計画 資料編 12頁"}
DAYS = (
    ("2023-03-31", "2023-04-01"),
    ("2023-04-01", "2023-04-02"),
    ("2025-03-31", "2025-04-01"),
    ("2025-04-01", "2025-04-02"),
)
HEAT = {
    "supplier": "試験ガス", "energy_type": "city_gas", "property": "heat_content", "value": "45", "unit": "GJ/千m3", "source": "供給約款",
}  # fmt: skip
GAS_CONTRACT = {"meter_id": "M1", "supplier_no": "", "supplier": "試験ガス"}


def fuel(city: City, energy_type: str, unit: str, days: tuple[tuple[str, str], ...] = DAYS) -> City:
    city.register("meters", [{**METER, "energy_type": energy_type, "unit": unit}])
    return city.bills("fuel/a.csv", [("M1", *day, 100, unit) for day in days])


def counted(made: duckdb.DuckDBPyConnection, basis: str = "plan") -> dict[date, tuple[Decimal, str]]:
    found = rows_of(made, "SELECT local_date, co2e_kg, choice FROM emissions_by_source_day WHERE basis = ?", basis)
    return {day: (kg, choice) for day, kg, choice in found}


def kg(exact: Fraction) -> Decimal:
    """The amount of a day, rounded once as the design says: the multiplier to 14 places, the amount to nine."""
    multiplier = (Decimal((exact / 100).numerator) / Decimal((exact / 100).denominator)).quantize(
        Decimal("1E-14"), ROUND_HALF_EVEN
    )
    return (100 * multiplier).quantize(Decimal("1E-9"), ROUND_HALF_EVEN)


ORDINANCE = {  # heat per unit, carbon per heat (施行令別表第一), as in the facts
    "heavy_oil_a": Fraction("39.1") * Fraction("0.0189"),
    "lpg": Fraction("50.8") * Fraction("0.0161"),
    "kerosene": Fraction("36.7") * Fraction("0.0185"),
}


@pytest.mark.parametrize(
    ("energy_type", "unit", "value", "factor_unit", "kg_per_unit"),
    [
        ("heavy_oil_a", "L", "2.71", "t-CO2/kL", "2.71"), ("lpg", "kg", "3.00", "t-CO2/t", "3"),
        ("kerosene", "L", "2.49", "kg-CO2/L", "2.49"), ("kerosene", "L", "0.0187", "tC/GJ", "0.0187"),
    ],
)  # fmt: skip
def test_a_leaflet_factor_serves_the_plan_alone_and_its_fiscal_years(
    city: City, energy_type: str, unit: str, value: str, factor_unit: str, kg_per_unit: str
) -> None:
    row = {**LEAFLET, "energy_type": energy_type, "value": value, "unit": factor_unit, "valid_to": "2025-04-01"}
    fuel(city, energy_type, unit)
    with city.built("emissions") as made:
        before = {basis: counted(made, basis) for basis in ("plan", "shk_basic", "shk_adjusted")}
    city.register("own_factors", [row])
    with city.built("emissions") as made:
        after = {basis: counted(made, basis) for basis in before}
        stated = one(made, "SELECT DISTINCT clause FROM factor_choices WHERE factor_id LIKE 'own/%'")
        assert broken(made) == {}
    table = kg(100 * ORDINANCE[energy_type] * Fraction(44, 12))
    per_unit = (
        Fraction(kg_per_unit) if "CO2" in factor_unit else Fraction("36.7") * Fraction(kg_per_unit) * Fraction(44, 12)
    )
    own = kg(100 * per_unit)
    years = [date(2023, 3, 31), date(2023, 4, 1), date(2025, 3, 31), date(2025, 4, 1)]
    assert [before["plan"][day] for day in years] == [(table, "exact")] * 4
    assert [after["plan"][day] for day in years] == [(table, "exact"), (own, "own"), (own, "own"), (table, "exact")]
    assert stated == LEAFLET["document"]
    for basis in ("shk_basic", "shk_adjusted"):
        assert after[basis] == before[basis], "the SHK report knows no factor of the city"


def test_a_plan_that_is_deemed_from_the_shk_report_takes_no_leaflet_factor(city: City) -> None:
    rule = '\n[[rules.plan_method]]\noperator_id = "OP"\nplan_method = "shk_deemed"\nsource = "試験"\n'
    toml = city.folder / "city.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + rule, encoding="utf-8")
    fuel(city, "heavy_oil_a", "L")
    city.register("own_factors", [{**LEAFLET, "energy_type": "heavy_oil_a", "value": "2.71", "unit": "t-CO2/kL"}])
    with city.built("emissions") as made:
        assert counted(made, "plan") == counted(made, "shk_basic")


def test_a_fuel_that_the_ordinance_does_not_have_counts_by_the_citys_factor(city: City) -> None:
    fuel(city, "coal_coke", "kg")
    city.register("own_factors", [{**LEAFLET, "energy_type": "coal_coke", "value": "3.17", "unit": "t-CO2/t"}])
    with city.built("emissions") as made:
        found = counted(made)
        assert found[date(2023, 4, 1)] == (Decimal(317), "own")
        assert date(2023, 3, 31) not in found


def problems_of(city: City) -> list[str]:
    with pytest.raises(RegisterError) as raised:
        read.read(city.folder / "registers", checks.of_city(load_settings(city.folder)))
    return raised.value.problems


def test_two_factors_of_one_fuel_and_day_are_an_error_that_names_both_rows(city: City) -> None:
    row = {**LEAFLET, "energy_type": "kerosene", "value": "2.49", "unit": "t-CO2/kL"}
    city.register("own_factors", [row, {**row, "valid_from": "2025-04-01"}])
    (found,) = problems_of(city)
    assert "own_factors.csv 3行目" in found and "2行目" in found
    city.register("own_factors", [{**row, "valid_to": "2025-04-01"}, {**row, "valid_from": "2025-04-01"}])
    read.read(city.folder / "registers", checks.of_city(load_settings(city.folder)))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"energy_type": "電気"}, "supplier_factors.csv"), ({"unit": "kg/L"}, "kg/L"), ({"unit": "t-CO2/km"}, "t-CO2/km"),
        ({"value": "2490"}, "施行令の値（2.489 t-CO2/kL）"), ({"value": "0.00249"}, "施行令の値（2.489 t-CO2/kL）"),
        ({"value": "18.5", "unit": "tC/GJ"}, "施行令の値（0.0185 tC/GJ）"), ({"value": "0"}, "0より大きい"),
        ({"document": ""}, "文書"), ({"valid_from": "2023-05-01"}, "4月1日"), ({"facility_id": "F1"}, "市全体"), ({"gas": "CH4"}, "CO2"),
        ({"activity": "終末処理場"}, "どちらか一つ"), ({"energy_type": ""}, "どちらか一つ"), ({"energy_type": "灯由"}, "灯油"),
    ],
)  # fmt: skip
def test_a_leaflet_factor_that_cannot_be_meant_is_told(city: City, change: dict[str, str], told: str) -> None:
    city.register("own_factors", [{**LEAFLET, "energy_type": "灯油", "value": "2.49", "unit": "t-CO2/kL", **change}])
    assert any("own_factors.csv 2行目" in problem and told in problem for problem in problems_of(city))


def gas_rules(city: City, *, heat: str = "", volume: tuple[str, str] | None = None) -> City:
    text = f'\n[[rules.plan_city_gas_heat]]\nheat = "{heat}"\nsource = "試験市要領"\n' if heat else ""
    if volume:
        text += "\n[[rules.plan_city_gas_volume]]\ntemperature_c = {}\ngauge_kpa = {}\nsource = '試験市要領'\n".format(
            *volume
        )
    toml = city.folder / "city.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + text, encoding="utf-8")
    return city.register("contracts", [GAS_CONTRACT])


GAS_DAY = (("2022-04-01", "2022-04-02"),)
AT_15_DEGREES = Fraction("273.15") / Fraction("288.15") * Fraction("103.325") / Fraction("101.325")  # and 2 kPa
CARBON = Fraction("0.0136") * Fraction(44, 12)


def of_gas(city: City) -> dict[str, Any]:
    """Per basis of the one day of gas: kg and reason, mark, rules."""
    with city.built("emissions") as made:
        rows = rows_of(
            made,
            """SELECT DISTINCT d.basis, d.co2e_kg, c.reason, c.mark, c.rules, c.heat_content_id FROM emission_days AS d
               JOIN factor_choices AS c ON c.meter_id = d.source_id AND c.basis = d.basis AND c.unit = d.unit
                   AND d.local_date >= c.valid_from AND d.local_date < c.valid_to
               WHERE d.quantity IS NOT NULL""",
        )
    return {row[0]: row[1:] for row in rows}


def test_the_suppliers_heat_content_serves_the_plans_city_gas_where_the_city_says_so(city: City) -> None:
    fuel(city, "city_gas", "m3", GAS_DAY)
    city.register("supplier_properties", [HEAT]).register("contracts", [GAS_CONTRACT])
    plain = of_gas(city)
    assert plain["plan"][0] == kg(100 * Fraction("0.0448") * 1000 * CARBON)
    ruled = of_gas(gas_rules(city, heat="supplier"))
    assert ruled["plan"][0] == kg(100 * Fraction("0.045") * 1000 * CARBON)
    assert ruled["plan"][2:4] == ("as_metered", "plan_city_gas_heat/1")
    assert {b: ruled[b] for b in ruled if b != "plan"} == {b: plain[b] for b in plain if b != "plan"}


def test_without_the_suppliers_heat_content_there_is_no_number_and_the_register_is_named(city: City) -> None:
    fuel(city, "city_gas", "m3", GAS_DAY)
    found = of_gas(gas_rules(city, heat="supplier"))
    assert found["plan"][:2] == (None, "no_heat_content") and found["shk_basic"][0] is not None
    city.register("supplier_properties", [HEAT, {**HEAT, "value": "46", "area_or_menu": "メニューA"}])
    city.register("contracts", [{**GAS_CONTRACT, "menu": "メニューA"}])
    assert of_gas(city)["plan"][:2] == (None, "two_factors"), "which of the two heat contents is not ours to choose"


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("Nm3", Fraction(1)), ("m3", Fraction("273.15") / Fraction("288.15") * Fraction("103.325") / Fraction("101.325"))],
)
def test_normal_cubic_metres_meet_what_is_stated_per_nm3(city: City, unit: str, expected: Fraction) -> None:
    fuel(city, "city_gas", unit, GAS_DAY)
    city.register("supplier_properties", [{**HEAT, "unit": "GJ/千Nm3"}])
    found = of_gas(gas_rules(city, heat="supplier", volume=("15", "2.0")))["plan"]
    assert found[0] == kg(100 * expected * 45 * CARBON)
    assert found[2] == ("normal_volume" if unit == "m3" else None)
    assert found[3] == ("plan_city_gas_heat/1;plan_city_gas_volume/1" if unit == "m3" else "plan_city_gas_heat/1")


def test_a_leaflet_factor_per_nm3_needs_the_stated_condition(city: City) -> None:
    fuel(city, "city_gas", "m3", GAS_DAY)
    leaflet = {**LEAFLET, "valid_from": "2022-04-01", "energy_type": "city_gas", "value": "2.23", "unit": "t-CO2/千Nm3"}
    city.register("own_factors", [leaflet])
    assert of_gas(city)["plan"][:2] == (None, "unit_and_factor")
    assert of_gas(gas_rules(city, volume=("15", "2")))["plan"][0] == kg(100 * AT_15_DEGREES * Fraction("2.23"))


def test_a_volume_rule_leaves_alone_what_is_stated_as_metered(city: City) -> None:
    fuel(city, "city_gas", "m3", GAS_DAY)
    plain = of_gas(city)
    assert of_gas(gas_rules(city, volume=("15", "2"))) == plain, "44.8 is stated per metered m3"
