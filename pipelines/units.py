"""Units: the one pint registry, the spellings suppliers use, and exact conversion multipliers.

Reads ``units.txt`` beside it. pint works with ``fractions.Fraction`` here, so every multiplier is an exact
rational number; it is rounded once, half-even to 14 places, when it becomes a column (``as_decimal14``).
DuckDB then multiplies columns. Spellings are those met in suppliers' files and tenders.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipelines import folding

if TYPE_CHECKING:
    from pint import UnitRegistry

MULTIPLIER_PLACES = Decimal("0.00000000000001")
LARGEST_MULTIPLIER = 1_000_000

# What suppliers write (in one width, without blanks, upper/lower case kept) -> the registry's word.
SPELLINGS: dict[str, str] = {
    "kwh": "kWh",
    "KWH": "kWh",
    "KWh": "kWh",
    "kWH": "kWh",
    "Kwh": "kWh",
    "キロワット時": "kWh",
    "キロワットアワー": "kWh",
    "千kWh": "thousand_kWh",
    "千kwh": "thousand_kWh",
    "千KWH": "thousand_kWh",
    "千キロワット時": "thousand_kWh",
    "mwh": "MWh",
    "MWH": "MWh",
    "メガワット時": "MWh",
    "WH": "Wh",
    "mj": "MJ",
    "メガジュール": "MJ",
    "gj": "GJ",
    "ギガジュール": "GJ",
    "kj": "kJ",
    "tj": "TJ",
    "GJ(一次)": "GJ_primary",
    "GJ(一次エネルギー)": "GJ_primary",
    "GJ(primary)": "GJ_primary",
    "MJ(一次)": "MJ_primary",
    "MJ(一次エネルギー)": "MJ_primary",
    "MJ(primary)": "MJ_primary",
    "GJ(二次)": "GJ_final",
    "GJ(final)": "GJ_final",
    "MJ(二次)": "MJ_final",
    "MJ(final)": "MJ_final",
    "l": "L",
    "ℓ": "L",
    "リットル": "L",
    "リッター": "L",
    "立": "L",
    "kl": "kL",
    "KL": "kL",
    "Kl": "kL",
    "kℓ": "kL",
    "キロリットル": "kL",
    "m3": "m3",
    "M3": "m3",
    "m^3": "m3",
    "立方メートル": "m3",
    "立米": "m3",
    "立方米": "m3",
    "リューベ": "m3",
    "千m3": "thousand_m3",
    "千立方メートル": "thousand_m3",
    "千立米": "thousand_m3",
    "万m3": "ten_thousand_m3",
    "Nm3": "Nm3",
    "NM3": "Nm3",
    "m3N": "Nm3",
    "m3(N)": "Nm3",
    "ノルマル立方メートル": "Nm3",
    "千Nm3": "thousand_Nm3",
    "千m3N": "thousand_Nm3",
    "m3(25°C)": "m3_SATP",
    "m3(SATP)": "m3_SATP",
    "千m3(25°C)": "thousand_m3_SATP",
    "千m3(SATP)": "thousand_m3_SATP",
    "KG": "kg",
    "Kg": "kg",
    "キログラム": "kg",
    "トン": "t",
    "T": "t",
    "千t": "thousand_t",
    "千トン": "thousand_t",
    "キロメートル": "km",
    "KM": "km",
    "人": "person",
    "頭": "head",
    "羽": "head",
    "台": "device",
    "m2": "m2",
    "平方メートル": "m2",
    "グラム": "g",
}

# Words that say too little. `ton` may be the 1,000 kg, the 907 kg or the 1,016 kg one.
REFUSED: dict[str, str] = {"ton": "t", "tons": "t", "TON": "t", "Ton": "t", "tonne": "t"}

ELECTRICITY = "electricity"
HEAT_TYPES = frozenset({"steam", "steam_industrial", "hot_water", "cold_water"})
# Sold by the metered cubic metre; a litre of these would be liquid, which no table here covers.
GAS_TYPES = frozenset({"city_gas", "lpg", "lng"})
WATER = "water"  # no energy: volume alone
# The small unit each dimension is counted in: scaling into it only shifts digits, so it is exact.
COUNTED_IN: dict[str, str] = {
    "[energy]": "kWh",
    "[primary_energy]": "GJ_primary",
    "[volume]": "L",
    "[normal_gas_volume]": "Nm3",
    "[mass]": "kg",
    "[distance]": "km",
    "[area]": "m2",
    "[person]": "person",
    "[head]": "head",
    "[device]": "device",
}


class Factor(NamedTuple):
    """What a quantity is multiplied by on its way (a factor, heat content or density): its exact value and unit."""

    value: Fraction
    unit: str


class UnitError(ValueError):
    """A unit that cannot be used here; ``rule_id`` names the rule of the register of rules.

    Args:
        rule_id: ``unknown_unit``, ``ambiguous_unit`` or ``wrong_dimension``.
        detail: What would be right, for the person who must mend it.
    """

    def __init__(self, rule_id: str, detail: str) -> None:
        super().__init__(f"{rule_id}: {detail}")
        self.rule_id = rule_id
        self.detail = detail


@dataclass(frozen=True, slots=True)
class CountedUnit:
    """How a written unit is counted: ``quantity in unit = written quantity x scale`` (exact)."""

    unit: str
    scale: Fraction


@cache
def registry() -> UnitRegistry[Any]:
    """Return the project's only pint registry, with exact fractions."""
    with _unseen("numpy"):
        from pint import UnitRegistry

    return UnitRegistry(
        str(Path(__file__).with_name("units.txt")),
        non_int_type=Fraction,
        on_redefinition="raise",
        case_sensitive=True,
    )


@contextmanager
def _unseen(module: str) -> Iterator[None]:
    """Hide an optional library from an import: pint loads numpy where it finds it, and fractions need none of it."""
    known = sys.modules.get(module)
    sys.modules[module] = None  # type: ignore[assignment] # Python's own way to say: not there
    try:
        yield
    finally:
        if known is None:
            del sys.modules[module]
        else:
            sys.modules[module] = known


def canonical(text: str, aliases: Mapping[str, str] | None = None) -> str:
    """Return the registry's word for a unit as a supplier writes it.

    Args:
        text: The unit as written: full-width forms, ``㎥``, ``千kWh`` and the like are understood.
        aliases: What the settings of this source say of words that are refused otherwise (``{"ton": "t"}``).

    Raises:
        UnitError: ``ambiguous_unit`` for a word like ``ton``; ``unknown_unit`` for anything not in the registry.
    """
    return meaning(text, aliases).unit


class Meaning(NamedTuple):
    """What a written unit means: so many of a word of the registry; one, unless a city's own word says another factor."""

    factor: Fraction
    unit: str

    @property
    def word(self) -> str:
        """How it is kept beside a reading: the unit, with its factor before it where there is one (``105.505585 MJ``)."""
        unit = self.unit.removesuffix("_final")
        return (
            unit
            if self.factor == 1
            else f"{Decimal(self.factor.numerator) / Decimal(self.factor.denominator):f} {unit}"
        )


_OWN = re.compile(r"(?:(?P<factor>[0-9]+(?:\.[0-9]+)?)\s*)?(?P<unit>.+)")
MOST_OWN_DIGITS = 9


def meaning(text: str, aliases: Mapping[str, str] | None = None) -> Meaning:
    """Return what a unit means as a supplier writes it.

    Args:
        text: The unit as written.
        aliases: A city's own words for this source: ``{"ton": "t", "therms": "105.505585 MJ"}``, compared as they are written.

    Raises:
        UnitError: as :func:`canonical`; ``unknown_unit`` also for a factor of zero or with too many digits.
    """
    word = _folded(text)
    said = next((own for key, own in (aliases or {}).items() if _folded(key) == word), None)
    if said is None:
        return Meaning(Fraction(1), _known(word))
    match = _OWN.fullmatch(folding.word(said).strip())
    factor = Decimal(match.group("factor") or 1) if match else Decimal(0)
    if match is None or factor <= 0 or len(factor.as_tuple().digits) > MOST_OWN_DIGITS:
        raise UnitError("unknown_unit", f"{said}: 105.505585 MJ")
    return Meaning(Fraction(factor), _known(_folded(match.group("unit"))))


def _folded(text: str) -> str:
    return "".join(folding.word(text).split())


def _known(word: str) -> str:
    if word in REFUSED:
        raise UnitError("ambiguous_unit", REFUSED[word])
    word = SPELLINGS.get(word, word)
    if word not in _words():
        raise UnitError("unknown_unit", ", ".join(sorted(_words() & EXAMPLES)))
    return word


EXAMPLES = frozenset({"kWh", "thousand_kWh", "MWh", "MJ", "GJ", "L", "kL", "m3", "thousand_m3", "Nm3", "kg", "t"})


@cache
def _words() -> frozenset[str]:
    """Every unit word of units.txt, and the two spellings that say "delivered" of an energy."""
    lines = Path(__file__).with_name("units.txt").read_text(encoding="utf-8").splitlines()
    words = {line.split("=")[0].strip() for line in lines if "=" in line and not line.startswith("#")}
    return frozenset(words | {"GJ_final", "MJ_final"})


@cache
def dimension_of(unit: str) -> str:
    """Return the dimension of a registry word, such as ``[volume]``."""
    return str(next(iter(registry().get_dimensionality(unit))))


@cache
def counted(text: str, energy_type: str, aliases: tuple[tuple[str, str], ...] = ()) -> CountedUnit:
    """Return how a written unit is counted for an energy type.

    Liquids are counted in L, metered gas in m3, masses in kg, energy in kWh or (from words in joule) GJ, so that
    counting only shifts digits. A fuel stated in energy meets the table's carbon content later.

    Raises:
        UnitError: ``unknown_unit``, ``ambiguous_unit`` (``ton``; electricity in MJ or GJ that does not say
            primary or final), ``wrong_dimension`` (kg of electricity).
    """
    factor, word = meaning(text, dict(aliases))
    final = word.endswith("_final")
    word = word.removesuffix("_final")
    dimension = dimension_of(word)
    if dimension not in _allowed(energy_type):
        raise UnitError("wrong_dimension", " / ".join(RIGHT[d] for d in RIGHT if d in _allowed(energy_type)))
    if energy_type == ELECTRICITY and word in {"kJ", "MJ", "GJ", "TJ"} and not final:
        raise UnitError("ambiguous_unit", f"{text}(一次) / {text}(二次)")
    unit = COUNTED_IN[dimension]
    if dimension == "[energy]" and word.endswith("J"):
        unit = "GJ" if factor == 1 else "kJ"  # of a factor with many digits six places must still hold the product
    if dimension == "[volume]" and energy_type in GAS_TYPES | {WATER}:
        if not word.endswith("m3"):
            raise UnitError("wrong_dimension", "m3 / kg")
        unit = "m3"
    return CountedUnit(unit, convert(factor, word, unit))


def counted_activity(text: str, usual_unit: str, aliases: tuple[tuple[str, str], ...] = ()) -> CountedUnit:
    """Return how a written unit of an activity figure is counted, in the unit its factor is stated for.

    Raises:
        UnitError: ``unknown_unit``, ``ambiguous_unit`` or ``wrong_dimension``.
    """
    factor, word = meaning(text, dict(aliases))
    if dimension_of(word) != dimension_of(usual_unit):
        raise UnitError("wrong_dimension", usual_unit)
    return CountedUnit(usual_unit, convert(factor, word, usual_unit))


@cache
def _usual_units() -> dict[str, str]:
    """Return energy type -> the unit its tables count it in."""
    path = Path(__file__).with_name("reference") / "energy_types.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["energy_type"]: row["usual_unit"] for row in csv.DictReader(stream)}


# The dimensions that each usual unit admits beside itself: fuels also in energy, metered gas also at a stated state.
_ENERGY = frozenset({"[energy]", "[primary_energy]"})
ADMITTED: dict[str, frozenset[str]] = {
    "kWh": _ENERGY,
    "GJ": _ENERGY,
    "GJ_primary": frozenset({"[primary_energy]"}),
    "L": _ENERGY | {"[volume]"},
    "kg": _ENERGY | {"[mass]"},
    "m3": _ENERGY | {"[volume]", "[normal_gas_volume]"},
    "Nm3": _ENERGY | {"[normal_gas_volume]"},
}
# What would be right, in words that suppliers write.
RIGHT: dict[str, str] = {
    "[volume]": "L / kL / m3",
    "[normal_gas_volume]": "Nm3 / m3(25°C)",
    "[mass]": "kg / t",
    "[energy]": "kWh / MJ / GJ",
    "[primary_energy]": "GJ(一次)",
}


def _allowed(energy_type: str) -> frozenset[str]:
    """Return the dimensions an energy type may be stated in; the vocabulary check tells of an unknown type."""
    if energy_type == WATER:
        return frozenset({"[volume]"})
    admitted = ADMITTED.get(_usual_units().get(energy_type, ""), frozenset(RIGHT))
    # sold by the metered cubic metre although the tables count mass: the supplier's density leads there
    return admitted | {"[volume]"} if energy_type in GAS_TYPES else admitted


def convert(value: Fraction, unit: str, into: str) -> Fraction:
    """Convert exactly between two units of one dimension.

    Raises:
        UnitError: ``wrong_dimension`` when pint refuses.
    """
    return chain(value, unit, (), into)


def chain(value: Fraction, unit: str, steps: Sequence[tuple[Fraction, str]], into: str) -> Fraction:
    """Multiply ``value unit`` by each step's ``(value, unit)`` and express the product in ``into``, exactly.

    ``chain(Fraction(1), "L", ((Fraction("36.7"), "MJ/L"), (Fraction("0.0185"), "kgC/MJ")), "kg_CO2")`` is the
    CO2 of one litre of kerosene.

    Raises:
        UnitError: ``wrong_dimension``, with pint's own words, when the dimensions do not meet.
    """
    from pint import DimensionalityError

    ureg = registry()
    product = ureg.Quantity(value, unit)
    for step_value, step_unit in steps:
        product = product * ureg.Quantity(step_value, step_unit)
    try:
        magnitude = product.to(into).magnitude
    except DimensionalityError as error:
        raise UnitError("wrong_dimension", str(error)) from error
    return Fraction(magnitude)


def factor_unit(text: str) -> str:
    """Return the registry's form of a factor's unit: ``t-CO2/kWh`` -> ``t_CO2/kWh``, ``GJ/千m3`` -> ``GJ/thousand_m3``.

    Raises:
        UnitError: ``unknown_unit`` or ``ambiguous_unit`` for a part that is no unit.
    """
    parts = [part.strip() for part in folding.word(text).split("/")]
    return "/".join(_CO2.get(part.replace("-", "").replace("_", ""), "") or canonical(part) for part in parts)


_CO2 = {
    "tCO2": "t_CO2",
    "kgCO2": "kg_CO2",
    "tCO2e": "t_CO2",
    "kgCO2e": "kg_CO2",
    "tC": "tC",
    "kgC": "kgC",
    "kgCH4": "kg_gas",
    "kgN2O": "kg_gas",
    "kggas": "kg_gas",
}


def as_decimal14(multiplier: Fraction) -> Decimal:
    """Round an exact multiplier once, half-even, to 14 places: the form in which DuckDB keeps it.

    Raises:
        UnitError: ``factor_too_large`` for a factor so large that only a slip of its unit explains it.
    """
    if abs(multiplier) >= LARGEST_MULTIPLIER:
        raise UnitError("factor_too_large", str(float(multiplier)))
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(multiplier.numerator) / Decimal(multiplier.denominator)
        return exact.quantize(MULTIPLIER_PLACES, rounding=ROUND_HALF_EVEN)
