"""Rounding: named rules, one place; what is printed never contradicts what is exact."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import rounding

KILOGRAMS = st.decimals(0, 10**9, places=9)


@pytest.mark.parametrize(
    ("name", "kg", "printed"),
    [
        ("tonne_whole", "1499.999999999", "1 t"), ("tonne_whole", "1500", "2 t"), ("tonne_cut", "1999.999999999", "1 t"),
        ("tonne_ceiling", "1000", "1 t"), ("tonne_ceiling", "1000.000000001", "2 t"), ("tonne_tenth", "1050", "1.1 t"),
        ("tonne_tenth", "1049.999999999", "1.0 t"), ("tonne_whole", "1234567890", "1,234,568 t"),
        ("coverage", "0.999999", "99.9 %"), ("coverage", "1", "100.0 %"), ("percent_whole", "0.454295", "45 %"),
    ],
)  # fmt: skip
def test_each_rule_from_both_sides_of_its_edge(name: str, kg: str, printed: str) -> None:
    assert rounding.rules()[name].text(Decimal(kg)) == printed


def test_every_output_has_a_rule_with_words_in_both_languages() -> None:
    for output in rounding.outputs():
        rule = rounding.rule_of(output)
        assert rule.ja and rule.en and rule.mode in rounding.MODES
    with pytest.raises(KeyError):
        rounding.rule_of("a page nobody described")


@given(KILOGRAMS, KILOGRAMS, st.sampled_from(["tonne_tenth", "tonne_whole", "tonne_cut", "tonne_ceiling"]))
def test_what_is_printed_never_hides_that_the_actual_is_above(actual: Decimal, allowed: Decimal, name: str) -> None:
    def number(text: str) -> Decimal:
        return Decimal(text.removesuffix(" t").replace(",", ""))

    shown, limit = (number(text) for text in rounding.pair(actual, allowed, rounding.rules()[name]))
    assert shown > limit if actual > allowed else shown <= limit


def test_one_more_digit_only_where_it_is_needed() -> None:
    rule = rounding.rules()["tonne_tenth"]
    assert rounding.pair(Decimal("1246"), Decimal("1244"), rule) == ("1.25 t", "1.24 t")
    assert rounding.pair(Decimal("1260"), Decimal("1240"), rule) == ("1.3 t", "1.2 t")
    assert rounding.pair(Decimal("1240"), Decimal("1240"), rule) == ("1.2 t", "1.2 t")
    assert rounding.pair(Decimal("1240.000000001"), Decimal("1240"), rule) == ("1.240000000001 t", "1.240000000000 t")


def test_both_conventions_of_sign_are_shown_and_named() -> None:
    rule = rounding.rule_of("rate")
    change = rounding.change_rate(Decimal(80), Decimal(100), rule)
    assert rounding.rate_text(change, rule) == "-20.0 %"
    assert rounding.rate_text(change, rule, rounding.REDUCTION_POSITIVE) == "+20.0 %"
    assert "負" in rounding.sign_name(rounding.CHANGE_NEGATIVE, "ja") and "正" in rounding.sign_name(
        rounding.REDUCTION_POSITIVE, "ja"
    )
    assert rounding.change_rate(Decimal(1), Decimal(0), rule) is None


def test_a_rate_from_rounded_figures_may_differ_and_says_so() -> None:
    exact, rounded = rounding.rules()["percent_tenth"], rounding.rules()["percent_of_rounded"]
    new, old, tonnes = Decimal(1499), Decimal(1500), rounding.rules()["tonne_whole"]
    assert rounding.rate_text(rounding.change_rate(new, old, exact), exact) == "-0.1 %"
    assert rounding.rate_text(rounding.change_rate(new, old, rounded, tonnes), rounded) == "-50.0 %"
    assert exact.ja != rounded.ja
    with pytest.raises(ValueError, match="which rule"):
        rounding.change_rate(new, old, rounded)
