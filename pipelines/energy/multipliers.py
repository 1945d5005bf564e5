"""One exact multiplier per (unit, energy type, heat content, density) into primary energy, from pint."""

from __future__ import annotations

from fractions import Fraction

from pipelines import units
from pipelines.units import Factor

PRIMARY = "GJ_primary"
NOT_IN_TABLE = "not_in_table"
ELECTRIC = frozenset({"electricity", "solar_self_use"})


def to_primary_energy(
    unit: str, energy_type: str, method: str | None, heat: Factor | None, density: Factor | None
) -> Fraction | str:
    """Return primary GJ per unit, or the rule that tells why there is none.

    Args:
        unit: The unit the quantity is counted in.
        energy_type: Word of the vocabulary.
        method: How the rules say the energy counts (``table``, ``supplier``, ``not_counted``, ``as_given``);
            ``None`` where the Act's table does not have it.
        heat: Heat content or primary coefficient.
        density: For a gas sold by the cubic metre.
    """
    dimension = units.dimension_of(unit)
    if method is None or method == "not_counted":
        return NOT_IN_TABLE if method is None else Fraction(0)
    if dimension == "[primary_energy]":
        return units.convert(Fraction(1), unit, PRIMARY)
    if dimension == "[energy]" and energy_type not in ELECTRIC | units.HEAT_TYPES:
        # A fuel stated in energy: its heat is its primary energy.
        return units.convert(Fraction(1), unit, "GJ")
    if heat is None:
        return "no_heat_content"
    for chain in ((heat,), _through_density(heat, density)):
        if chain is None:
            continue
        try:
            return units.chain(Fraction(1), unit, chain, PRIMARY)
        except units.UnitError:
            continue
    return _why_none(dimension, heat, density)


def _why_none(dimension: str, heat: Factor, density: Factor | None) -> str:
    if dimension == "[normal_gas_volume]" and heat.unit.endswith("m3"):
        return "gas_condition"  # the Act's table as read names no state for its gas volumes
    return "no_density" if _wants_mass(heat.unit) and dimension == "[volume]" and density is None else "unit_and_factor"


def _through_density(heat: Factor, density: Factor | None) -> tuple[Factor, ...] | None:
    return None if density is None else (density, heat)


def _wants_mass(unit: str) -> bool:
    return unit.rpartition("/")[2] in {"kg", "t"}
