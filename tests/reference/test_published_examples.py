"""One city hall's published totals: sums, shares and changes come out as printed, by rules of rounding that have a name."""

from __future__ import annotations

import csv
from decimal import Decimal
from fractions import Fraction

import pytest

from pipelines import rounding
from pipelines.reference.load import FOLDER
from pipelines.targets.paths import Path as TargetPath

with (FOLDER / "published_totals.csv").open(encoding="utf-8", newline="") as stream:
    PUBLISHED = {
        (r["series"], r["item_ja"], int(r["fiscal_year"])): Decimal(r["value"]) for r in csv.DictReader(stream)
    }
CITY_HALL, TOTAL = "city_hall", "計"
TEN_THOUSAND_TONNES = Decimal(10_000_000)


def causes(year: int) -> dict[str, Decimal]:
    return {
        item: v for (series, item, fy), v in PUBLISHED.items() if (series, fy) == (CITY_HALL, year) and item != TOTAL
    }


def kilograms(value: Decimal) -> Decimal:
    return value * 1000


@pytest.mark.parametrize("year", [2013, 2020])
def test_the_causes_add_up_to_the_printed_total(year: int) -> None:
    """Printed in whole tonnes (rule tonne_whole); here the printed parts add up with no remainder of rounding."""
    parts = causes(year)
    assert len(parts) == 8
    rule = rounding.rules()["tonne_whole"]
    assert rule.rounded(sum(map(kilograms, parts.values()), Decimal(0))) == PUBLISHED[CITY_HALL, TOTAL, year]


@pytest.mark.parametrize(("item", "printed"), [("廃棄物焼却", "45 %"), ("下水処理", "10 %")])
def test_the_shares_of_waste_and_sewage_of_fy2020(item: str, printed: str) -> None:
    share = causes(2020)[item] / PUBLISHED[CITY_HALL, TOTAL, 2020]
    assert rounding.rules()["percent_whole"].text(share) == printed


@pytest.mark.parametrize(
    ("series", "item", "year", "base", "printed"),
    [
        (CITY_HALL, TOTAL, 2019, 2013, "-1.7 %"), (CITY_HALL, TOTAL, 2020, 2013, "-9.6 %"), (CITY_HALL, TOTAL, 2021, 2013, "-2.0 %"),
        (CITY_HALL, "廃棄物焼却", 2020, 2013, "+6.7 %"), (CITY_HALL, "上下水道関連施設", 2020, 2013, "-44.7 %"),
        ("area", "市域計", 2020, 1990, "-28.4 %"), ("area", "市域計", 2021, 2013, "-12.5 %"),
    ],
)  # fmt: skip
def test_changes_against_the_base_year(series: str, item: str, year: int, base: int, printed: str) -> None:
    rule = rounding.rules()["percent_tenth"]
    new, old = PUBLISHED[series, item, year], PUBLISHED[series, item, base]
    assert rounding.rate_text(rounding.change_rate(new, old, rule), rule) == printed
    by_hand = round((new / old - 1) * 100, 1)
    assert f"{by_hand:+} %" == printed
    reduction = rounding.rate_text(rounding.change_rate(new, old, rule), rule, rounding.REDUCTION_POSITIVE)
    assert reduction[0] != printed[0] and reduction[1:] == printed[1:]


@pytest.mark.parametrize(
    ("year", "allowed", "above"), [(2020, "329,187 t", "+45,426 t"), (2021, "316,995 t", "+89,342 t")]
)
def test_the_path_to_half_until_2030(year: int, allowed: str, above: str) -> None:
    """A straight line from 414,532 t in FY2013 to -50 % in FY2030, whole tonnes half up."""
    rate = -PUBLISHED["target", "市役所 2030 vs 2013", 2030] / 100
    path = TargetPath(2013, 2030, Fraction(rate), ())
    share = path.allowed_share(year)
    assert share == 1 - Fraction(1, 2) * (year - 2013) / 17
    amount = kilograms(PUBLISHED[CITY_HALL, TOTAL, 2013]) * share.numerator / share.denominator
    rule = rounding.rules()["tonne_whole"]
    assert rule.text(amount) == allowed
    excess = rule.rounded(kilograms(PUBLISHED[CITY_HALL, TOTAL, year])) - rule.rounded(amount)
    assert f"{excess:+,f} t" == above
