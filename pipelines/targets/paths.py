"""What a target allows in a fiscal year, as an exact fraction: a share of the baseline, an amount, or an amount per floor area.

A share falls linearly from the base year (no reduction) to the target year, or through milestones with straight lines between; after
the target year the final rate holds. Amounts hold in the years they name, with straight lines between and the last one afterwards;
before the first there are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Path:
    """A target's way down: base year, target year, final rate, and the milestones between."""

    base_fy: int
    target_fy: int
    reduction_rate: Fraction
    milestones: tuple[tuple[int, Fraction], ...] = ()

    def rate(self, fiscal_year: int) -> Fraction:
        """Return the reduction rate due in a fiscal year."""
        points = [(self.base_fy, Fraction(0)), *self._between(), (self.target_fy, self.reduction_rate)]
        if fiscal_year <= self.base_fy:
            return Fraction(0)
        for (year, rate), (next_year, next_rate) in pairwise(points):
            if fiscal_year <= next_year:
                return rate + (next_rate - rate) * Fraction(fiscal_year - year, next_year - year)
        return self.reduction_rate

    def allowed_share(self, fiscal_year: int) -> Fraction:
        """Return the share of the baseline that is allowed: one minus the rate."""
        return 1 - self.rate(fiscal_year)

    def _between(self) -> list[tuple[int, Fraction]]:
        return [point for point in self.milestones if self.base_fy < point[0] < self.target_fy]


def amount(points: Sequence[tuple[int, Fraction]], fiscal_year: int) -> Fraction | None:
    """Return the amount allowed in a fiscal year by amounts in rising years; ``None`` before the first."""
    for (year, value), (next_year, next_value) in pairwise(points):
        if year <= fiscal_year <= next_year:
            return value + (next_value - value) * Fraction(fiscal_year - year, next_year - year)
    return points[-1][1] if fiscal_year >= points[-1][0] else None
