"""The factors between a quantity and the kilograms of its gas, each in sight, as a person with a calculator multiplies them.

``1,234 L × 36.7 MJ/L × 0.0185 kgC/MJ × 44/12``: a step is a sign, a figure and its unit. What the steps come to is held against the
multiplier that counted; where it differs, the multiplier itself is the only step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from pipelines import units

CARBON_TO_CO2 = Fraction(44, 12)
NEARLY = Fraction(1, 10**12)
MOST_DIGITS = 14  # as many as a multiplier is kept with


@dataclass(frozen=True, slots=True)
class Step:
    """One factor: ``×`` or ``÷`` a figure of a unit."""

    sign: str
    value: Fraction
    unit: str

    @property
    def text(self) -> str:
        """The figure as it is typed into a calculator: ``44/12`` stays what it is."""
        if self.value == CARBON_TO_CO2:
            return "44/12"
        with localcontext() as context:
            context.prec = MOST_DIGITS
            text = f"{Decimal(self.value.numerator) / Decimal(self.value.denominator):,f}"
        return text.rstrip("0").rstrip(".") if "." in text else text


def steps(factor: Mapping[str, Any]) -> list[Step]:
    """Return the steps from a quantity to kg of gas.

    Args:
        factor: A row of ``factors_of_meter`` or ``factors_of_activity``.
    """
    if factor["factor_id"] is None or factor["multiplier14"] is None:
        return []
    chain = [
        (Fraction(factor[f"{name}_value"]), str(factor[f"{name}_unit"]))
        for name in ("density", "heat", "factor")
        if factor.get(f"{name}_value") is not None
    ]
    wanted = Fraction(factor["multiplier14"])
    for first in range(len(chain)):  # a fuel stated in energy needs no heat content
        found = _told(str(factor["unit"]), chain[first:], wanted)
        if found is not None:
            return found
    return [Step("×", wanted, f"kg/{factor['unit']}")]


def _told(unit: str, chain: Sequence[tuple[Fraction, str]], wanted: Fraction) -> list[Step] | None:
    found: list[Step] = []
    for value, per in chain:
        above, *below = per.split("/")
        if below[0] != unit:
            found += _conversion(unit, below[0])
        found.append(Step("×", value, per))
        unit = above
        if below[1:] == ["year"] and wanted:  # a stock counts in days: its factor is of the whole year
            found.append(Step("÷", Fraction(round(_product(found) / wanted)), "day/year"))
    if unit in ("kgC", "tC"):
        found.append(Step("×", CARBON_TO_CO2, ""))
    if unit in ("tC", "t_CO2"):
        found.append(Step("×", Fraction(1000), "kg/t"))
    product = _product(found)
    is_near = abs(product - wanted) <= max(abs(wanted) * NEARLY, Fraction(1, 10**13))
    return found if is_near else None


def _conversion(unit: str, into: str) -> list[Step]:
    """From one unit into another; a metered m3 meets a table's Nm3 as it is, which the mark of the figure says."""
    try:
        number = units.convert(Fraction(1), unit, into)
    except units.UnitError:
        return _conversion("Nm3", into) if unit == "m3" and into not in ("Nm3", "m3") else []
    if number == 1:
        return []
    if number < 1 and (1 / number).denominator == 1:
        return [Step("÷", 1 / number, f"{unit}/{into}")]
    return [Step("×", number, f"{into}/{unit}")]


def _product(found: Sequence[Step]) -> Fraction:
    product = Fraction(1)
    for step in found:
        product = product * step.value if step.sign == "×" else product / step.value
    return product
