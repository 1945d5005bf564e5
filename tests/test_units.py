"""Units: spellings, refusals, exactness."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import units

SPELLED = {
    "electricity": {
        "kWh": 1, "ｋＷｈ": 1, "千kWh": 1000, "千キロワット時": 1000, "MWh": 1000, "㎾h": 1, "キロワット時": 1, "KWH": 1,
    },
    "kerosene": {"L": 1, "ℓ": 1, "l": 1, "リットル": 1, "kL": 1000, "キロリットル": 1000, "㎘": 1000, "ＫＬ": 1000},
    "city_gas": {"m3": 1, "㎥": 1, "立方メートル": 1, "千m3": 1000, "千立方メートル": 1000, "千㎥": 1000, "ｍ３": 1},
    "lpg": {"kg": 1, "㎏": 1, "t": 1000, "トン": 1000, "m3": 1},
    "steam": {"GJ": 1, "MJ": Fraction(1, 1000)},
}  # fmt: skip


@pytest.mark.parametrize(("energy_type", "spellings"), SPELLED.items())
def test_suppliers_spellings(energy_type: str, spellings: dict[str, int]) -> None:
    for text, scale in spellings.items():
        assert units.counted(text, energy_type).scale == scale, text


@pytest.mark.parametrize("text", ["Nm3", "Ｎｍ３", "m3N", "千Nm3"])
def test_a_normal_cubic_metre_is_not_a_metered_one(text: str) -> None:
    assert units.counted(text, "city_gas").unit == "Nm3"
    with pytest.raises(units.UnitError, match="wrong_dimension"):
        units.convert(Fraction(1), "Nm3", "m3")


@pytest.mark.parametrize("text", ["ton", "tons", "TON", "ｔｏｎ"])
def test_a_ton_says_too_little(text: str) -> None:
    with pytest.raises(units.UnitError) as refused:
        units.counted(text, "lpg")
    assert refused.value.rule_id == "ambiguous_unit"
    assert units.counted(text, "lpg", (("TON", "t"), ("ton", "t"), ("tons", "t"))).scale == 1000


@pytest.mark.parametrize("text", ["m③", "m₃", "千m③", "½t", "kg①"])
def test_a_sign_that_is_no_digit_makes_no_unit(text: str) -> None:
    with pytest.raises(units.UnitError, match="unknown_unit"):
        units.canonical(text)


@pytest.mark.parametrize(
    ("text", "word"),
    [("m³", "m3"), ("㎥", "m3"), ("ｍ３", "m3"), ("千㎥", "thousand_m3"), ("㍑", "L"), ("㌔㍑", "kL"), ("㎘", "kL"), ("㎏", "kg"),
     ("㌧", "t"), ("Ｎｍ³", "Nm3"), ("㎥（25℃）", "m3_SATP"), ("ＧＪ（一次）", "GJ_primary"), ("㎡", "m2"), ("m²", "m2")],
)  # fmt: skip
def test_signs_of_one_width_or_one_square_are_read(text: str, word: str) -> None:
    assert units.canonical(text) == word


@pytest.mark.parametrize("text", ["GJ", "MJ", "ギガジュール"])
def test_electricity_in_joules_must_say_primary_or_final(text: str) -> None:
    with pytest.raises(units.UnitError, match="ambiguous_unit"):
        units.counted(text, "electricity")


def test_electricity_that_says_it_is_taken() -> None:
    assert units.counted("GJ(一次)", "electricity").unit == "GJ_primary"
    assert units.counted("GJ（二次）", "electricity").unit == "GJ"


@pytest.mark.parametrize(
    ("text", "energy_type"),
    [("kg", "electricity"), ("m3", "electricity"), ("L", "lpg"), ("L", "steam"), ("kg", "steam")],
)
def test_a_wrong_dimension_is_refused(text: str, energy_type: str) -> None:
    with pytest.raises(units.UnitError, match="wrong_dimension"):
        units.counted(text, energy_type)


@pytest.mark.parametrize("text", ["バレル", "kW", "円", "degC", "", "kWh/m2", "m²"])
def test_an_unknown_word_is_refused(text: str) -> None:
    if text == "m²":
        assert units.canonical(text) == "m2"
        return
    with pytest.raises(units.UnitError, match="unknown_unit"):
        units.canonical(text)


def test_a_kilogram_of_fuel_never_becomes_a_kilogram_of_co2() -> None:
    for unit in ("kg", "kgC", "kg_gas"):
        if unit != "kgC":
            with pytest.raises(units.UnitError, match="wrong_dimension"):
                units.convert(Fraction(1), unit, "kg_CO2")
    assert units.convert(Fraction(12), "kgC", "kg_CO2") == 44


def test_the_carbon_ratio_is_exact() -> None:
    litre = units.chain(Fraction(1), "L", ((Fraction("36.7"), "MJ/L"), (Fraction("0.0185"), "kgC/MJ")), "kg_CO2")
    assert litre == Fraction("36.7") * Fraction("0.0185") * 44 / 12
    assert units.as_decimal14(litre) == Decimal("2.48948333333333")


def test_a_multiplier_is_rounded_half_even_once() -> None:
    assert units.as_decimal14(Fraction(5, 10**15)) == 0
    assert units.as_decimal14(Fraction(15, 10**15)) == Decimal("2E-14")


def test_an_absurd_factor_is_refused() -> None:
    with pytest.raises(units.UnitError, match="factor_too_large"):
        units.as_decimal14(Fraction(10**6))


@pytest.mark.parametrize(
    ("text", "unit"),
    [("t-CO2/kWh", "t_CO2/kWh"), ("tCO2/GJ", "t_CO2/GJ"), ("t-CO2/千m3", "t_CO2/thousand_m3"), ("GJ/千㎥", "GJ/thousand_m3"),
     ("kg/m3", "kg/m3"), ("kgC/MJ", "kgC/MJ")],
)  # fmt: skip
def test_units_of_factors(text: str, unit: str) -> None:
    assert units.factor_unit(text) == unit


@given(st.sampled_from(["kWh", "MWh", "thousand_kWh", "Wh", "GWh"]), st.integers(1, 10**9))
def test_counting_only_shifts_digits(word: str, amount: int) -> None:
    counted = units.counted(word, "electricity")
    value = Fraction(amount) * counted.scale
    denominator = value.denominator
    while denominator % 2 == 0:
        denominator //= 2
    while denominator % 5 == 0:
        denominator //= 5
    assert denominator == 1
    assert units.convert(value, counted.unit, word) == amount
