"""Which factor serves, in the night's tables: contracts, city factors, two candidates, provisional bounds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from tests.making import City, monthly, one, rows_of, verdict

METER = {"meter_id": "M1", "facility_id": "F1", "energy_type": "electricity", "unit": "kWh", "reading_kind": "bill"}


def supplier_rows(years: range, value: str = "0.000500", **extra: object) -> list[dict[str, object]]:
    row = {
        "supplier_no": "Z1",
        "supplier": "試験電力",
        "kind": "single",
        "energy_type": "electricity",
        "unit": "t-CO2/kWh",
        "source": "試験",
    }
    return [{**row, "activity_fy": year, "basic": value, "adjusted": value, "edition": "1", **extra} for year in years]


def electric(city: City, years: range = range(2022, 2026), quantity: object = 1000, **extra: str) -> City:
    city.register("meters", [METER])
    city.register("contracts", [{"meter_id": "M1", "supplier_no": "Z1", "supplier": "試験電力"}])
    city.register("supplier_factors", supplier_rows(years, **extra))
    return city.bills("power/a.csv", monthly("M1", 2022, 2025, quantity, "kWh"))


def test_a_city_factor_serves_the_year_it_names(city: City) -> None:
    electric(city, range(2022, 2025))
    with city.built() as made:
        found = rows_of(
            made,
            """SELECT fiscal_year, sum(co2e_kg) FROM emissions_by_facility_month
               JOIN (SELECT DISTINCT month AS m, fiscal_year FROM emissions_by_source_month) ON m = month
               WHERE basis = 'plan' GROUP BY 1 ORDER BY 1""",
        )
        assert {y: kg for y, kg in found if y in (2024, 2025)} == {2024: 6000, 2025: 0}
        assert verdict(made, "F1", 2025) == ("undeterminable", {"no_factor_row"})
        assert one(made, "SELECT DISTINCT choice FROM emissions_by_source_day") == "city"
        assert "no_factor" in {r[0] for r in rows_of(made, "SELECT rule_id FROM flags")}


def test_two_factors_for_one_use_is_an_error_that_names_both(city: City) -> None:
    electric(city)
    rows = supplier_rows(range(2022, 2026)) + supplier_rows(range(2025, 2026), "0.000400", supplier="試験電力㈱")
    city.register("supplier_factors", rows)
    with city.built("targets") as made:
        assert verdict(made, "F1", 2025) == ("undeterminable", {"two_factors"})
        named = one(
            made, "SELECT DISTINCT candidates FROM factor_choices WHERE reason = 'two_factors' AND basis = 'plan'"
        )
        assert named.count("city/electricity/FY2025") == 2


def test_a_later_edition_takes_the_place_of_the_earlier(city: City) -> None:
    electric(city)
    city.register(
        "supplier_factors", supplier_rows(range(2022, 2026)) + supplier_rows(range(2025, 2026), "0.000400", edition="2")
    )
    with city.built("emissions") as made:
        total = "SELECT sum(co2e_kg) FROM emissions_by_facility_fiscal_year WHERE basis = 'plan' AND fiscal_year = 2025"
        assert one(made, total) == 12 * 400


def test_no_contract_no_number(city: City) -> None:
    electric(city)
    (city.folder / "registers" / "contracts.csv").unlink()
    with city.built("targets") as made:
        assert verdict(made, "F1", 2025) == ("undeterminable", {"no_contract", "baseline:no_contract"})


def test_plan_electricity_is_provisional_until_the_city_states_the_rule(make_city: Callable[..., City]) -> None:
    stated, unstated = make_city(), make_city()
    toml = unstated.folder / "city.toml"
    toml.write_text(toml.read_text(encoding="utf-8").split("[[rules")[0], encoding="utf-8")
    for city in (stated, unstated):
        electric(city, quantity=lambda year, _: 1000 if year == 2022 else 800)
    with stated.built("targets") as made:
        assert verdict(made, "F1", 2025)[0] == "achieved"
    with unstated.built("targets") as made:
        assert one(made, "SELECT DISTINCT choice FROM emissions_by_source_day WHERE basis = 'plan'") == "provisional"
        assert verdict(made, "F1", 2025) == ("undeterminable", {"provisional_factor", "baseline:provisional_factor"})
        low, high = one(
            made, "SELECT actual_low_co2e_kg, actual_high_co2e_kg FROM facility_results WHERE fiscal_year = 2025"
        )
        assert (low, high) == (Decimal(9600) / 4, Decimal(9600) * 3 / 4)


def test_a_provisional_factor_of_zero_has_no_upper_bound(make_city: Callable[..., City]) -> None:
    city = make_city()
    toml = city.folder / "city.toml"
    toml.write_text(toml.read_text(encoding="utf-8").split("[[rules")[0], encoding="utf-8")
    electric(city)
    city.register("supplier_factors", supplier_rows(range(2022, 2025)) + supplier_rows(range(2025, 2026), "0"))
    with city.built("targets") as made:
        assert verdict(made, "F1", 2025)[0] == "undeterminable"
        assert one(made, "SELECT actual_high_co2e_kg FROM facility_results WHERE fiscal_year = 2025") is None


def test_a_doubtful_zero_under_a_provisional_factor_of_zero_has_no_upper_bound(make_city: Callable[..., City]) -> None:
    for factor, open_days in (("0", 31), ("0.0004", 0)):
        city = make_city()
        toml = city.folder / "city.toml"
        toml.write_text(toml.read_text(encoding="utf-8").split("[[rules")[0], encoding="utf-8")
        electric(city, quantity=lambda year, month: 0 if (year, month) == (2025, 8) else 1000)
        city.register("contracts", [{"meter_id": "M1", "supplier_no": "Z1", "supplier": "試験電力", "contract_kw": 9}])
        city.register("supplier_factors", supplier_rows(range(2022, 2025)) + supplier_rows(range(2025, 2026), factor))
        with city.built("emissions") as made:
            month = (
                "SELECT open_days, reasons FROM emissions_by_source_month WHERE month = '2025-08-01' AND basis = 'plan'"
            )
            found, reasons = one(made, month)
        assert "zero_day" in reasons and found == open_days


def test_the_running_year_uses_last_years_row_as_provisional(make_city: Callable[..., City]) -> None:
    city = make_city(today=date(2026, 11, 1))
    electric(city)
    city.bills("power/b.csv", monthly("M1", 2026, 2026, lambda _, month: 1000 if 4 <= month <= 9 else None, "kWh"))
    with city.built("emissions") as made:
        choices = dict(
            rows_of(
                made,
                """SELECT strftime(local_date, '%Y%m'), any_value(choice)
                   FROM emissions_by_source_day WHERE basis = 'plan' GROUP BY 1""",
            )
        )
        assert (choices["202603"], choices["202604"]) == ("city", "provisional")


def test_city_gas_is_marked_as_metered(city: City) -> None:
    city.register("meters", [{**METER, "energy_type": "city_gas", "unit": "m3"}])
    city.bills("gas/a.csv", [("M1", "2022-04-01", "2022-05-01", 100, "m3")])
    with city.built("emissions") as made:
        assert one(made, "SELECT DISTINCT mark FROM factor_choices WHERE factor_id IS NOT NULL") == "as_metered"


def test_gas_at_a_stated_condition_is_not_taken_for_metered(city: City) -> None:
    city.register("meters", [{**METER, "energy_type": "city_gas", "unit": "Nm3"}])
    city.bills("gas/a.csv", [("M1", "2022-04-01", "2022-05-01", 100, "Nm3")])
    with city.built("emissions") as made:
        reasons = dict(rows_of(made, "SELECT DISTINCT basis, reason FROM emission_days WHERE quantity IS NOT NULL"))
        assert reasons["plan"] == "unit_and_factor", "the plan's table counts the metered m3"
        assert reasons["shk_basic"] is None, "the SHK table of FY2022 is at normal state"


def test_lpg_by_volume_through_the_suppliers_density(city: City) -> None:
    city.register("meters", [{**METER, "energy_type": "lpg", "unit": "m3"}])
    city.register("contracts", [{"meter_id": "M1", "supplier": "試験ガス"}])
    city.register(
        "supplier_properties",
        [
            {
                "supplier": "試験ガス",
                "energy_type": "lpg",
                "property": "density",
                "value": "2.0",
                "unit": "kg/m3",
                "source": "試験",
            }
        ],
    )
    city.bills("gas/a.csv", [("M1", "2024-04-01", "2024-04-02", 10, "m3")])
    with city.built("emissions") as made:
        kg = one(made, "SELECT co2e_kg FROM emissions_by_source_day WHERE basis = 'plan'")
        assert kg == (Decimal(20) * Decimal("50.8") * Decimal("0.0161") * 44 / 12).quantize(Decimal("1E-9"))
        assert one(made, "SELECT energy_gj FROM energy_by_meter_day WHERE quantity IS NOT NULL") == Decimal("1.002")


def test_a_factor_with_a_slipped_unit_is_refused_not_used(city: City) -> None:
    electric(city, value="5000")
    with city.built("emissions") as made:
        assert (
            one(
                made,
                """SELECT DISTINCT reason FROM factor_choices WHERE reason IS NOT NULL AND basis = 'plan'
                   AND valid_from >= '2022-04-01' AND valid_from < '2026-04-01'""",
            )
            == "factor_too_large"
        )
