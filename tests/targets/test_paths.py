"""The way down to a target, as exact fractions."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from pipelines.targets.paths import Path

LINEAR = Path(2013, 2030, Fraction(1, 2))
STEPS = Path(2013, 2030, Fraction(1, 2), ((2021, Fraction(1, 5)), (2025, Fraction(7, 20))))


def test_linear() -> None:
    assert [LINEAR.rate(y) for y in (2012, 2013, 2030, 2040)] == [0, 0, Fraction(1, 2), Fraction(1, 2)]
    assert LINEAR.allowed_share(2025) == Fraction(11, 17)


def test_milestones_with_straight_lines_between() -> None:
    assert STEPS.rate(2017) == Fraction(1, 10)
    assert STEPS.rate(2021) == Fraction(1, 5)
    assert STEPS.rate(2023) == Fraction(1, 5) + Fraction(3, 40)
    assert STEPS.rate(2030) == Fraction(1, 2)


@given(st.integers(2014, 2060), st.fractions(0, 1), st.integers(2010, 2070))
def test_a_path_never_rises_and_ends_at_its_rate(target: int, rate: Fraction, year: int) -> None:
    path = Path(2013, target, rate)
    assert 0 <= path.rate(year) <= path.rate(year + 1) <= rate
    assert path.rate(target) == rate
