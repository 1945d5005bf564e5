"""Conversions against Decimal by hand, straight from the published tables; the night's own SQL gives the same."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pipelines.ask.convert import Converted, ConvertError, QuantityQuestion, convert, convert_all
from tests import by_hand
from tests.making import City, one, rows_of

FUELS = {
    "gasoline": "L",
    "kerosene": "L",
    "diesel": "L",
    "heavy_oil_a": "L",
    "heavy_oil_bc": "L",
    "jet_fuel": "L",
    "lpg": "kg",
    "lng": "kg",
}


def test_fuels_on_every_basis_around_the_change_of_the_tables() -> None:
    """Every figure of every year stands in test_every_fuel; here the package's own rows serve as the second opinion."""
    quantity = Decimal("1234.567891")
    asked = [
        QuantityQuestion(quantity, unit, fuel, date(year, 10, 1), basis)
        for fuel, unit in FUELS.items()
        for basis in ("plan", "shk_basic", "shk_adjusted")
        for year in (2012, 2022, 2023, 2026)
    ]
    for question, answer in zip(asked, convert_all(asked), strict=True):
        multiplier = by_hand.fuel(question.energy_type, question.basis, question.on)
        assert multiplier is not None and isinstance(answer, Converted)
        assert answer.co2e_kg["CO2"] == by_hand.times(quantity, multiplier), question


def test_diesel_differs_between_plan_and_shk_in_the_same_year() -> None:
    plan = convert(Decimal(1), "kL", "diesel", date(2024, 5, 1), "plan").co2e_kg["CO2"]
    shk = convert(Decimal(1), "kL", "diesel", date(2024, 5, 1), "shk_basic").co2e_kg["CO2"]
    assert plan and shk and (round(plan / 1000, 2), round(shk / 1000, 2)) == (Decimal("2.58"), Decimal("2.62"))


PRIMARY_ENERGY = [
    ("1000", "kWh", "electricity", "2022-05-01", "9.76"),
    ("1000", "kWh", "electricity", "2023-05-01", "8.64"),
    ("1000", "kWh", "solar_self_use", "2022-05-01", "0"),
    ("1000", "kWh", "solar_self_use", "2023-05-01", "3.6"),
    ("10", "GJ", "steam_industrial", "2022-05-01", "10.2"),
    ("10", "GJ", "steam_industrial", "2023-05-01", "11.7"),
    ("10", "GJ", "cold_water", "2022-05-01", "13.6"),
    ("10", "GJ", "hot_water", "2023-05-01", "11.9"),
    ("1", "kL", "kerosene", "2022-05-01", "36.7"),
    ("1", "kL", "kerosene", "2023-05-01", "36.5"),
    ("3600", "MJ", "city_gas", "2023-05-01", "3.6"),
    ("1000", "kWh", "city_gas", "2023-05-01", "3.6"),
    ("5", "GJ(一次)", "electricity", "2023-05-01", "5"),
]


def test_primary_energy_of_the_act(city: City) -> None:
    common = {"facility_id": "F1", "reading_kind": "bill"}
    city.register(
        "meters",
        [
            {**common, "meter_id": f"M{n:02d}", "energy_type": energy_type, "unit": unit}
            for n, (_, unit, energy_type, *_) in enumerate(PRIMARY_ENERGY)
        ],
    )
    city.bills(
        "fuel/a.csv",
        [
            (f"M{n:02d}", day, f"{day} 24:00", amount, unit)
            for n, (amount, unit, _, day, _) in enumerate(PRIMARY_ENERGY)
        ],
    )
    with city.built("energy") as made:
        found = "SELECT energy_gj, crude_oil_kl FROM energy_by_meter_day WHERE quantity IS NOT NULL ORDER BY meter_id"
        expected = [Decimal(gj) for *_, gj in PRIMARY_ENERGY]
        assert rows_of(made, found) == [(gj, gj * Decimal("0.0258")) for gj in expected]


def test_electricity_by_time_band_until_fy2022(city: City) -> None:
    meter = {"meter_id": "M1", "facility_id": "F1", "energy_type": "electricity", "unit": "kWh", "reading_kind": "bill"}
    city.register("meters", [meter])
    rows = [
        ("M1", day, f"{day} 24:00", 1000, "kWh", band)
        for day in ("2022-05-01", "2023-05-01")
        for band in ("day", "night")
    ]
    city.bills("power/a.csv", rows, more=["time_band"])
    with city.built("energy") as made:
        found = "SELECT energy_gj FROM energy_by_meter_day WHERE quantity IS NOT NULL ORDER BY local_date, time_band"
        assert [row[0] for row in rows_of(made, found)] == [Decimal(x) for x in ("9.97", "9.28", "8.64", "8.64")]


def test_electricity_by_menu_from_the_list_of_the_year_before() -> None:
    answer = convert(Decimal(1000), "kWh", "electricity", date(2025, 5, 1), "shk_basic", "A0009", "C")
    assert (answer.co2e_kg["CO2"], answer.choice, answer.edition) == (Decimal(300), "exact", "2024-1")
    assert answer.source and "denki" in answer.source


def test_a_year_whose_list_is_not_out_yet_takes_last_years_as_provisional() -> None:
    assert (
        convert(Decimal(1), "kWh", "electricity", date(2026, 5, 1), "shk_basic", "A0009", "C").choice == "provisional"
    )


@pytest.mark.parametrize(
    ("day", "supplier", "menu"),
    [
        (date(2024, 5, 1), "A0009", "C"),  # a year without a verified row
        (date(2025, 5, 1), "A0009", "Z"),  # no such menu: another row never steps in because this one is absent
        (date(2025, 5, 1), "A0009", None),  # the contract names no menu
        (date(2025, 5, 1), "A9999", "A"),
        (date(2027, 5, 1), "A0009", "C"),  # two years on
    ],
)
def test_no_row_no_number(day: date, supplier: str, menu: str | None) -> None:
    with pytest.raises(ConvertError, match="supplier_factors"):
        convert(Decimal(1), "kWh", "electricity", day, "shk_basic", supplier, menu)


@pytest.mark.parametrize(
    ("menu", "kg", "choice"),
    [("残差", "547", "exact"), ("事業者全体", "414", "legal_substitute"), ("代替値", "416", "legal_substitute")],
)
def test_residual_whole_company_and_substitute_only_when_the_contract_says_so(menu: str, kg: str, choice: str) -> None:
    answer = convert(Decimal(1000), "kWh", "electricity", date(2025, 5, 1), "shk_basic", "A0009", menu)
    assert (answer.co2e_kg["CO2"], answer.choice) == (Decimal(kg), choice)


def test_basic_and_adjusted_are_told_apart() -> None:
    day, who = date(2025, 5, 1), ("V-Power", "残差")
    basic = convert(Decimal(1000), "kWh", "electricity", day, "shk_basic", *who).co2e_kg["CO2"]
    adjusted = convert(Decimal(1000), "kWh", "electricity", day, "shk_adjusted", *who).co2e_kg["CO2"]
    assert (basic, adjusted) == (Decimal(538), Decimal(482))


def test_city_gas_leaves_the_plans_table_in_2024() -> None:
    before = convert(Decimal(1), "千m3", "city_gas", date(2024, 3, 31), "plan")
    assert (before.factor_id, before.mark) == ("plan_fuels/city_gas", "as_metered")
    with pytest.raises(ConvertError, match="--supplier"):
        convert(Decimal(1), "千m3", "city_gas", date(2024, 4, 1), "plan")
    with pytest.raises(ConvertError, match="supplier_factors"):
        convert(Decimal(1), "千m3", "city_gas", date(2024, 4, 1), "plan", "A0020", "代替値")


def test_lpg_by_volume_needs_its_suppliers_density() -> None:
    with pytest.raises(ConvertError, match="密度"):
        convert(Decimal(1), "m3", "lpg", date(2024, 5, 1))


@pytest.mark.parametrize(
    ("unit", "energy_type"), [("kg", "electricity"), ("ton", "lpg"), ("L", "petrol"), ("GJ", "electricity")]
)
def test_one_sentence_for_what_cannot_be_converted(unit: str, energy_type: str) -> None:
    with pytest.raises(ConvertError) as refused:
        convert(Decimal(1), unit, energy_type, date(2024, 5, 1))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("quantity", "day", "told"),
    [
        ("0", "2024-05-01", ""),
        ("-0.000001", "2024-05-01", "0 以上"),
        ("10000000000", "2024-05-01", ""),
        ("10000000000.000001", "2024-05-01", "10,000,000,000"),
        ("1e400000", "2024-05-01", "10,000,000,000"),
        ("Infinity", "2024-05-01", "0 以上"),
        ("NaN", "2024-05-01", "0 以上"),
        ("1", "2009-04-01", ""),
        ("1", "2009-03-31", "2009-04-01"),
        ("1", "0001-01-01", "2009-04-01"),
        ("1", "2027-06-15", ""),
        ("1", "2027-06-16", "2027-06-15"),
        ("1", "9999-12-31", "2027-06-15"),
    ],
)
def test_quantities_and_days_beyond_the_tables_are_refused_with_their_limits(
    quantity: str, day: str, told: str
) -> None:
    today = date(2026, 6, 15)
    ask = QuantityQuestion(Decimal(quantity), "L", "kerosene", date.fromisoformat(day), "plan")
    (answer,) = convert_all([ask], today=today)
    if told:
        assert isinstance(answer, ConvertError) and told in str(answer)
    else:
        assert not any(limit in str(answer) for limit in ("範囲外", "以下で指定"))


def test_a_large_unit_meets_the_same_limit() -> None:
    (answer,) = convert_all([QuantityQuestion(Decimal(10_000_001), "kL", "kerosene", date(2024, 5, 1))])
    assert isinstance(answer, ConvertError) and "10,000,000,000 L" in str(answer)


def test_convert_and_the_night_agree(city: City) -> None:
    city.bills("fuel/a.csv", [("M1", "2024-04-01", "2024-04-02", "1234.567891", "L")])
    with city.built("emissions") as made:
        for basis in ("plan", "shk_basic"):
            found = one(made, "SELECT co2e_kg FROM emissions_by_source_day WHERE basis = ?", basis)
            assert found == convert(Decimal("1234.567891"), "L", "kerosene", date(2024, 4, 1), basis).co2e_kg["CO2"]


def test_what_the_citys_plan_states_counts_in_a_conversion_as_in_the_night(city: City) -> None:
    leaflet = {
        "energy_type": "A重油",
        "gas": "CO2",
        "value": "2.71",
        "unit": "t-CO2/kL",
        "document": "試験市計画",
        "valid_from": "2024-04-01",
    }
    heat = {
        "supplier": "試験ガス",
        "energy_type": "city_gas",
        "property": "heat_content",
        "value": "45",
        "unit": "GJ/千m3",
        "source": "約款",
    }
    city.register("own_factors", [leaflet]).register("supplier_properties", [heat])
    toml = city.folder / "city.toml"
    rule = '\n[[rules.plan_city_gas_heat]]\nheat = "supplier"\nsource = "試験"\n'
    toml.write_text(toml.read_text(encoding="utf-8") + rule, encoding="utf-8")
    oil = convert(Decimal(2), "kL", "Ａ重油", date(2024, 4, 1), city=city.folder)
    assert (oil.co2e_kg, oil.choice) == ({"CO2": Decimal("5420.000000000")}, "own")
    assert convert(Decimal(2), "kL", "A重油", date(2024, 3, 31), city=city.folder).choice == "exact"
    gas = convert(Decimal(1000), "m3", "都市ガス", date(2023, 4, 1), supplier="試験ガス", city=city.folder)
    assert gas.co2e_kg["CO2"] == (Decimal(45) * Decimal("0.0136") * 44 * 1000 / 12).quantize(Decimal("1E-9"))


def test_a_missing_factor_names_supplier_menu_and_year_and_the_line_to_write() -> None:
    with pytest.raises(ConvertError) as refused:
        convert(Decimal(1), "kWh", "電気", date(2022, 5, 1), supplier="A0009", menu="メニューZ")
    told = str(refused.value)
    for cell in (
        "登録番号=A0009",
        "供給区域・メニュー=メニューZ",
        "エネルギー種別=電気",
        "活動年度=2022",
        "area_or_menu=メニューZ",
    ):
        assert cell in told, told
