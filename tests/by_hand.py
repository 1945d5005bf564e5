"""Multipliers worked out from the published tables by hand: exact fractions, rounded once, no pint and no SQL."""

from __future__ import annotations

import csv
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import cache

from pipelines.reference.load import FOLDER

NINE = Decimal("0.000000001")
FOURTEEN = Decimal("1E-14")


@cache
def table(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def in_force(row: dict[str, str], day: date) -> bool:
    return (row["valid_from"] or "0") <= str(day) < (row["valid_to"] or "9")


def the_row(name: str, day: date, **traits: str) -> dict[str, str] | None:
    """Return the only row of a table that has these traits on a day; tables change on the first of a month."""
    return _the_row(name, day.replace(day=1), tuple(traits.items()))


@cache
def _the_row(name: str, day: date, wanted: tuple[tuple[str, str], ...]) -> dict[str, str] | None:
    traits = dict(wanted)
    found = [row for row in table(name) if in_force(row, day) and all(row[key] == traits[key] for key in traits)]
    assert len(found) <= 1, found
    return found[0] if found else None


def fuel(key: str, basis: str, day: date) -> Fraction | None:
    """tCO2 = quantity x GJ/unit x tC/GJ x 44/12: kg of CO2 of one litre, kilogram or (gas) cubic metre."""
    name = "plan_fuels" if basis == "plan" else "shk_fuels"
    heat = the_row("heat_contents.csv", day, heat_table=name, key=key)
    carbon = the_row("emission_factors.csv", day, factor_table=name, key=key)
    if heat is None or carbon is None:
        return None
    # MJ/L and GJ/kL are the same number; tC/GJ and kgC/MJ too; either way L x MJ/L x kgC/MJ = kg of carbon
    assert heat["unit"] in {"MJ/L", "MJ/kg", "MJ/m3", "GJ/kL", "GJ/t"} and carbon["unit"] in {"kgC/MJ", "tC/GJ"}
    return Fraction(heat["value"]) * Fraction(carbon["value"]) * 44 / 12


EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


@cache
def fourteen(multiplier: Fraction) -> Decimal:
    """Round a multiplier once, half-even, to 14 places."""
    return EXACT.quantize(EXACT.divide(Decimal(multiplier.numerator), Decimal(multiplier.denominator)), FOURTEEN)


def times(quantity: Decimal, multiplier: Fraction) -> Decimal:
    """Multiply as the method says: the multiplier rounded once to 14 places, the product half-even to nine."""
    return EXACT.quantize(EXACT.multiply(quantity, fourteen(multiplier)), NINE)
