"""The intensity of an operator and a site, its change over five years and its class: recomputed by hand from the drawn use."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.energy_act import build as energy_act
from pipelines.registers import checks, read
from pipelines.warehouse import database
from tests.making import DEFAULTS, City, monthly, rows_of

# GJ per thousand kWh (day, other) before FY2023 and from then on, GJ per t of wood, kL per GJ: as the Act states them
OTHER_THEN, GRID_NOW, WOOD, PER_GJ = 9.76, 8.64, 13.2, 0.0258
AREA = {"denominator": "延床面積", "unit": "千m2"}
YEARS = range(2020, 2026)
FIRST = 2020
NEAR = 1e-6


def city_of(folder: Path, kwh: Callable[[int, int], object], denominators: list[dict[str, Any]], wood: int = 0) -> City:
    city = City(folder)
    plain = {"facility_id": "F1", "reading_kind": "bill", "valid_from": f"{FIRST}-04-01"}
    meters = [{**plain, "meter_id": "M1", "energy_type": "electricity", "unit": "kWh"}]
    rows = monthly("M1", FIRST, 2025, kwh, "kWh")
    if wood:
        meters.append({**plain, "meter_id": "M2", "energy_type": "wood", "unit": "t", "valid_from": "2023-04-01"})
        rows += monthly("M2", 2023, 2025, lambda _, __: wood, "t")
    city.register("meters", meters).register("denominators", [{"operator_id": "OP", **row} for row in denominators])
    city.register("targets", [{**DEFAULTS["targets"][0], "base_fy": FIRST}])
    return city.bills("power/a.csv", rows)


def areas(*values: object, first: int = FIRST, **more: object) -> list[dict[str, Any]]:
    return [{**AREA, "fiscal_year": first + n, "value": value, **more} for n, value in enumerate(values)]


def found(city: City, subject: str | None = None) -> dict[int, dict[str, Any]]:
    with city.built("targets") as made:
        rows = database.dicts(made, "SELECT * FROM intensities")
    return {row["fiscal_year"]: row for row in rows if row["site_id"] == subject}


def falling(year: int, _month: int) -> int:
    return 100_000 - 3_000 * (year - FIRST)


def kl(kwh: float, year: int) -> float:
    return kwh / 1000 * (GRID_NOW if year >= 2023 else OTHER_THEN) * PER_GJ


def test_the_intensity_and_its_change_by_hand(tmp_path: Path) -> None:
    """Electricity that falls by 3 % of the first year each year, an area that grows: the same of the operator and of its only site."""
    values = [10, 10, 10, 11, 11, 12]
    city = city_of(tmp_path / "c", falling, [*areas(*values), *areas(*values, site_id="F1")])
    of_operator, of_site = found(city), found(city, "F1")
    by_hand = {year: kl(12 * falling(year, 1), year) / area for year, area in zip(YEARS, values, strict=True)}
    one = {
        year: 12 * falling(year, 1) / 1000 * GRID_NOW * PER_GJ / area for year, area in zip(YEARS, values, strict=True)
    }
    for year in YEARS:
        for row in (of_operator[year], of_site[year]):
            assert row["intensity_low"] == row["intensity_high"] == pytest.approx(by_hand[year], rel=NEAR)
            assert row["one_coefficient_intensity"] == pytest.approx(one[year], rel=NEAR)
            if year > FIRST:
                assert row["previous_ratio_low"] == pytest.approx(by_hand[year] / by_hand[year - 1], rel=NEAR)
            if year - 4 >= FIRST:
                change = (by_hand[year] / by_hand[year - 4]) ** 0.25
                assert row["five_year_change_low"] == row["five_year_change_high"] == pytest.approx(change, rel=NEAR)
                assert row["one_coefficient_change"] == pytest.approx((one[year] / one[year - 4]) ** 0.25, rel=NEAR)
                assert (row["aim_state"], row["efficiency_class"]) == ("reached", "S")
    assert [of_operator[year]["marks"] for year in YEARS] == [
        "too_few_years", "too_few_years", "too_few_years", "too_few_years;crosses_2023", "crosses_2023", "crosses_2023",
    ]  # fmt: skip


def test_non_fossil_fuel_counts_eight_tenths_in_the_intensity_and_whole_elsewhere(tmp_path: Path) -> None:
    city = city_of(tmp_path / "c", lambda _, __: 1_000, areas(1, first=2025), wood=10)
    with city.built("targets") as made:
        (intensity,) = rows_of(made, "SELECT intensity_low FROM intensities")
        (year,) = rows_of(made, "SELECT site_crude_oil_kl FROM operator_fiscal_years WHERE fiscal_year = 2025")
        (wood,) = rows_of(
            made,
            "SELECT crude_oil_kl, is_non_fossil_fuel FROM site_energy_years WHERE energy_type = 'wood' AND fiscal_year = 2025",
        )
        whole = rows_of(
            made,
            """SELECT fiscal_year, sum(e.crude_oil_kl) - any_value(y.site_crude_oil_kl) FROM site_energy_years AS e
               JOIN operator_fiscal_years AS y USING (operator_id, fiscal_year) GROUP BY fiscal_year""",
        )
    power, burnt = 12 * GRID_NOW * PER_GJ, 120 * WOOD * PER_GJ
    assert float(wood[0]) == pytest.approx(burnt, rel=NEAR) and wood[1]
    assert float(year[0]) == pytest.approx(power + burnt, rel=NEAR)
    assert intensity[0] == pytest.approx(power + 0.8 * burnt, rel=NEAR)
    assert {difference for _, difference in whole} == {Decimal(0)}, "energy by type adds up to the Act's sum"


def test_a_missing_month_leaves_the_aim_open(tmp_path: Path) -> None:
    """It never looks like an intensity that fell."""
    city = city_of(
        tmp_path / "c", lambda y, m: None if (y, m) == (2025, 8) else falling(y, m), areas(*[10] * len(YEARS))
    )
    row = found(city)[2025]
    assert (
        row["intensity_high"] is None
        and row["five_year_change_high"] is None
        and row["one_coefficient_intensity"] is None
    )
    assert (row["aim_state"], row["efficiency_class"]) == ("undeterminable", "undeterminable")


@pytest.mark.parametrize("value", [0, -1])
def test_a_denominator_of_nothing_is_refused(tmp_path: Path, value: int) -> None:
    """It would leave its year out, and nobody would be told."""
    city = city_of(tmp_path / "c", falling, areas(value, first=2025))
    with pytest.raises(read.RegisterError, match=r"denominators\.csv 2行目.*value"):
        read.read(city.paths.registers, checks.of_city(city.paths.settings))


def test_another_denominator_is_told_and_compared_with_nothing(tmp_path: Path) -> None:
    pupils = {"denominator": "児童生徒数", "unit": "千人", "fiscal_year": 2025, "value": 3}
    city = city_of(tmp_path / "c", falling, [*areas(10, 10, 10, 10, 10), pupils])
    with city.built() as made:
        (row,) = database.dicts(made, "SELECT * FROM intensities WHERE fiscal_year = 2025")
        told = rows_of(made, "SELECT subject, fiscal_year FROM findings WHERE rule_id = 'denominator_changed'")
    assert row["previous_ratio_low"] is None and row["marks"] == "denominator_changed;too_few_years;crosses_2023"
    assert told == [("OP/児童生徒数", 2025)]


@pytest.mark.parametrize(
    ("low", "high", "worse", "before", "aim", "of_class"),
    [
        (0.99, 0.99, True, True, "reached", "S"),
        (0.9901, 0.9901, False, True, "not_reached", "A"),
        (0.9901, 0.9901, True, True, "not_reached", "B"),
        (1.05, 1.05, False, False, "not_reached", "A"),
        (1.0501, 1.0501, False, False, "not_reached", "B"),
        (0.9901, 1.06, False, False, "not_reached", "undeterminable"),
        (0.9901, None, True, True, "not_reached", "B"),
        (0.9901, 0.9901, True, None, "not_reached", "undeterminable"),
        (0.9901, 0.9901, None, False, "not_reached", "A"),
        (0.98, 1.0, False, False, "undeterminable", "undeterminable"),
        (0.98, None, False, False, "undeterminable", "undeterminable"),
        (None, None, False, False, "undeterminable", "undeterminable"),
    ],
)
def test_the_aim_and_the_class_at_their_edges(
    low: float | None, high: float | None, worse: bool | None, before: bool | None, aim: str, of_class: str
) -> None:
    connection = database.connect(quick=True)
    database.define(connection, energy_act.HERE / "macros" / "intensities.sql")
    (row,) = connection.execute(
        "SELECT aim_state($low, $high, 0.99::DOUBLE) AS aim, efficiency_class(aim, $low, $high, $worse, $before)",
        {"low": low, "high": high, "worse": worse, "before": before},
    ).fetchall()
    assert row == (aim, of_class)
