"""Waste, sewage, vehicles, refrigerants: per gas, with the warming potential in force, expected by the register."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest

from tests.making import DEFAULTS, City, broken, one, rows_of, verdict

HEAD = "activity_source_id,started_on,ended_on,quantity,unit\n"


def source(city: City, activity: str, unit: str, substance: str = "", frequency: str = "month") -> None:
    city.register(
        "meters",
        [
            {
                "meter_id": "M1",
                "facility_id": "F1",
                "energy_type": "kerosene",
                "unit": "L",
                "reading_kind": "bill",
                "valid_to": "2013-04-01",
            }
        ],
    )
    city.register(
        "activity_sources",
        [
            {
                "activity_source_id": "A1",
                "facility_id": "F1",
                "activity": activity,
                "substance": substance,
                "unit": unit,
                "frequency": frequency,
            }
        ],
    )


OTHERS = ("car_ac_hfc", "anesthetic_n2o")


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A city in which each activity that is asked about is a source of its own, at a facility of its own."""
    city = City(tmp_path_factory.mktemp("plant") / "city")
    kinds: dict[str, tuple[str, str, str, str]] = {  # source: activity, unit, substance, frequency
        "sewage": ("sewage_terminal", "m3", "", "month"),
        "plastic": ("waste_plastic", "t", "", "month"),
        "cars": ("car_ac_hfc", "台", "HFC-134a", "year"),
        "sf6": ("sf6_equipment", "kg", "", "year"),
        "sludge": ("iwaste_sewage_sludge", "t", "", "month"),
        "incinerator": ("incin_continuous", "t", "", "month"),
        **{f"two {name}": (name, "台" if name == "car_ac_hfc" else "kg", "", "year") for name in OTHERS},
    }
    city.register("facilities", [{"facility_id": name, "name": name, "operator_id": "OP"} for name in kinds])
    city.register("meters", [{**DEFAULTS["meters"][0], "facility_id": "plastic", "valid_to": "2013-04-01"}])
    columns = ("activity", "unit", "substance", "frequency")
    city.register("activity_sources", [
        {"activity_source_id": name, "facility_id": name, **dict(zip(columns, kind, strict=True))}
        for name, kind in kinds.items()
    ])  # fmt: skip
    measured = {"activity": "iwaste_sewage_sludge", "gas": "N2O", "value": "0.5", "unit": "kgN2O/t"}
    city.register("own_factors", [{"facility_id": "sludge", **measured, "measured_by": "実測報告書 2024"}])
    city.register("headings", [{"use_class": "", "cause": "incin_continuous", "heading": "廃棄物焼却"}])
    rows = [f"sewage,{month}-10,{month}-11,100000,m3," for month in POTENTIALS]
    rows += [f"cars,{year}-04-01,{year + 1}-04-01,100,台," for year in OF_CARS]
    rows += [
        "plastic,2024-04-10,2024-04-11,3,t,", "sf6,2020-04-01,2021-04-01,50,kg,", "sludge,2024-04-01,2024-04-02,10,t,",
        "incinerator,2024-04-01,2025-04-01,1000,t,",
    ]  # fmt: skip
    for name in OTHERS:
        years = [(2022, "HFC-134a"), (2023, "HFC-32"), (2024, "HFC-134a"), (2024, "HFC-32")]
        unit = kinds[f"two {name}"][1]
        rows += [f"two {name},{year}-04-01,{year + 1}-04-01,100,{unit},{substance}" for year, substance in years]
    head = "activity_source_id,started_on,ended_on,quantity,unit,substance"
    city.file("plants/a.csv", "\n".join([head, *rows, ""]))
    with city.built("emissions") as made:
        assert broken(made) == {}
        yield made


def by_gas(made: duckdb.DuckDBPyConnection, source: str) -> dict[str, tuple[Decimal, Decimal]]:
    found = rows_of(
        made,
        "SELECT gas, sum(emissions_kg), sum(co2e_kg) FROM emissions_by_source_day WHERE source_id = ? GROUP BY 1",
        source,
    )
    return {gas: (kg, co2e) for gas, kg, co2e in found}


POTENTIALS = {"2015-03": (21, 310), "2015-04": (25, 298), "2024-03": (25, 298), "2024-04": (28, 265)}


OF_CARS = {2014: 1300, 2020: 1430, 2024: 1300}  # the warming potential of HFC-134a in a year


def test_warming_potentials_change_by_date(plant: duckdb.DuckDBPyConnection) -> None:
    found = rows_of(
        plant,
        """SELECT strftime(local_date, '%Y-%m'), gas, emissions_kg, co2e_kg FROM emissions_by_source_day
           WHERE source_id = 'sewage' ORDER BY ALL""",
    )
    expected = []
    for month, (methane, nitrous) in POTENTIALS.items():
        expected += [(month, "CH4", 88, 88 * methane), (month, "N2O", 16, 16 * nitrous)]
    assert found == expected


def test_burnt_plastic_by_carbon_and_44_over_12(plant: duckdb.DuckDBPyConnection) -> None:
    assert by_gas(plant, "plastic")["CO2"][1] == Decimal("8294"), "3 t x 754 kgC/t x 44/12"


def test_refrigerant_of_cars_is_a_stock_with_a_yearly_factor(plant: duckdb.DuckDBPyConnection) -> None:
    found = rows_of(
        plant,
        """SELECT fiscal_year_of(local_date), sum(emissions_kg), sum(co2e_kg) FROM emissions_by_source_day
        WHERE source_id = 'cars' AND gas = 'HFC-134a' GROUP BY 1 ORDER BY 1""",
    )
    assert [year for year, *_ in found] == list(OF_CARS)
    for year, kg, co2e in found:
        assert abs(kg - 1) < Decimal("0.0000001"), "100 cars x 0.010 kg a year"
        assert abs(co2e - OF_CARS[year]) < Decimal("0.001")


def test_a_gas_without_a_warming_potential_has_no_co2e(plant: duckdb.DuckDBPyConnection) -> None:
    assert by_gas(plant, "sf6") == {}
    why = "SELECT DISTINCT reason FROM emission_days WHERE source_id = 'sf6' AND quantity IS NOT NULL"
    assert one(plant, why) == "no_gwp"


def test_activities_are_in_the_plan_only(plant: duckdb.DuckDBPyConnection) -> None:
    assert one(plant, "SELECT DISTINCT basis FROM emission_days") == "plan"


def test_an_expected_month_without_a_figure_is_missing(city: City) -> None:
    source(city, "waste_plastic", "t")
    rows = [
        f"A1,{y}-{m:02d}-01,{y + (m == 12)}-{m % 12 + 1:02d}-01,{3 if (y, m) < (2025, 4) else 2},t"
        for y in range(2022, 2027)
        for m in range(1, 13)
    ]
    rows = [r for r in rows if not r.startswith("A1,2025-07") and r < "A1,2026-06" and r > "A1,2022-03-31"]
    city.file("plants/a.csv", HEAD + "\n".join([*rows, ""]))
    with city.built() as made:
        assert verdict(made, "F1", 2025) == ("undeterminable", {"missing_data"})
        assert verdict(made, "F1", 2024)[0] == "not_achieved"
        flag = one(
            made,
            "SELECT rule_id, fiscal_year, evidence FROM flags WHERE rule_id = 'data_missing' AND fiscal_year = 2025",
        )
        assert '"missing_days":31' in flag[2].replace(" ", "")


def test_a_measured_own_factor_comes_before_the_ordinance(plant: duckdb.DuckDBPyConnection) -> None:
    assert by_gas(plant, "sludge")["N2O"][0] == 5
    chosen = "SELECT DISTINCT choice FROM emissions_by_source_day WHERE source_id = 'sludge' AND gas = 'N2O'"
    assert one(plant, chosen) == "own"


def test_an_unknown_source_is_held_back(city: City) -> None:
    source(city, "waste_plastic", "t")
    city.file("plants/a.csv", HEAD + "A9,2024-04-01,2024-05-01,3,t\nA1,2024-04-01,2024-05-01,3,m3\n")
    with city.built("readings") as made:
        assert rows_of(made, "SELECT rule_id FROM quarantine ORDER BY 1") == [
            ("unknown_activity_source",),
            ("wrong_dimension",),
        ]


def test_headings_gases_and_facilities_add_up(plant: duckdb.DuckDBPyConnection) -> None:
    by_heading = one(
        plant,
        """SELECT heading, sum(co2e_kg) FROM emissions_by_cause_gas_fiscal_year
           WHERE fiscal_year = 2024 AND facility_id = 'incinerator' GROUP BY 1""",
    )
    total = one(
        plant,
        """SELECT co2e_kg FROM emissions_by_facility_fiscal_year
           WHERE fiscal_year = 2024 AND basis = 'plan' AND facility_id = 'incinerator'""",
    )
    assert by_heading == ("廃棄物焼却", total)
    assert total > 0


@pytest.mark.parametrize("activity", OTHERS)
def test_two_substances_of_one_source_are_not_counted_as_each_other(
    plant: duckdb.DuckDBPyConnection, activity: str
) -> None:
    """One year of each, then a year of both; of a gas that the ordinance names itself the substance is a word beside it."""
    found = rows_of(
        plant,
        """SELECT fiscal_year_of(local_date), list(DISTINCT gas ORDER BY gas), round(sum(emissions_kg), 6), count(*)
        FROM emissions_by_source_day WHERE source_id = ? AND emissions_kg > 0 GROUP BY 1 ORDER BY 1""",
        f"two {activity}",
    )
    left = """SELECT DISTINCT reason FROM emission_days
        WHERE source_id = ? AND fiscal_year_of(local_date) = 2024 AND quantity IS NOT NULL"""
    if activity == "car_ac_hfc":
        assert found == [(2022, ["HFC-134a"], 1, 365), (2023, ["HFC-32"], 1, 366)]
        assert rows_of(plant, left, f"two {activity}") == [("no_gwp",)], "100 cars of each are no 200 of one"
    else:
        assert [row[:2] for row in found] == [(year, ["N2O"]) for year in (2022, 2023, 2024)]
        assert [row[2] for row in found] == [100, 100, 200]
