"""One exact multiplier per (unit, factor, heat content, density) into kg of gas, from pint.

CO2 never starts from primary energy: each basis brings its own heat content, and a fuel stated in energy meets the
carbon content directly. tCO2 = quantity x GJ/unit x tC/GJ x 44/12, with 44/12 exact (算定省令).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from pipelines import units
from pipelines.units import Factor

CITY_GAS = "city_gas"
AS_METERED = "as_metered"
NORMAL_VOLUME = "normal_volume"
# 0 degC and 101.325 kPa: the normal state of a gas
ZERO_CELSIUS, ONE_ATMOSPHERE = Fraction("273.15"), Fraction("101.325")


@dataclass(frozen=True, slots=True)
class Multiplier:
    """kg of gas per unit, or the rule that tells why there is none; ``mark`` travels with the figure."""

    value: Fraction | None
    reason: str | None = None
    mark: str | None = None


def to_emissions(
    unit: str,
    energy_type: str,
    factor: Factor | None,
    heat: Factor | None,
    density: Factor | None,
    volume: Factor | None = None,
) -> Multiplier:
    """Return the kg of CO2 per unit of a metered energy.

    Args:
        unit: The unit the quantity is counted in.
        energy_type: City gas enters every table as metered, without correction, and is marked so.
        factor: tC/GJ of a fuel table, or a supplier's t-CO2 per kWh, m3 or GJ.
        heat: The basis's own heat content where the factor is per energy.
        density: The supplier's, for a gas sold by the cubic metre where the table counts mass.
        volume: Nm3 per metered m3 where the city states it; it serves what is stated per Nm3, and nothing else.

    Returns:
        The multiplier with its mark, or the rule: ``no_factor_row`` (none given), ``no_density`` (volume against a table by mass),
        ``unit_and_factor`` (the units lead nowhere).
    """
    if factor is None:
        return Multiplier(None, "no_factor_row")
    mark = None
    if energy_type == CITY_GAS and unit == "m3":
        at_normal_state = heat if heat is not None else factor
        if volume is not None and "Nm3" in at_normal_state.unit:
            mark, density = NORMAL_VOLUME, volume
        else:
            mark = AS_METERED
            heat = None if heat is None else Factor(heat.value, heat.unit.replace("Nm3", "m3"))
    chains = [
        [s for s in chain if s is not None]
        for chain in ((factor,), (heat, factor), (density, heat, factor), (density, factor))
        if factor in chain
    ]
    for chain in chains:
        try:
            value = units.chain(Fraction(1), unit, tuple(chain), "kg_CO2")
        except units.UnitError:
            continue
        return Multiplier(value, None, mark)
    wants_mass = heat is not None and heat.unit.rpartition("/")[2] in {"kg", "t"}
    is_volume = units.dimension_of(unit) == "[volume]"
    return Multiplier(None, "no_density" if wants_mass and is_volume and density is None else "unit_and_factor")


def normal_volume(metered_at: str) -> Factor:
    """Return the Nm3 of one metered m3 by the law of ideal gases.

    Args:
        metered_at: Degrees Celsius and kPa above one atmosphere: ``15;2``.
    """
    celsius, gauge = (Fraction(part) for part in metered_at.split(";"))
    ratio = ZERO_CELSIUS / (ZERO_CELSIUS + celsius) * (ONE_ATMOSPHERE + gauge) / ONE_ATMOSPHERE
    return Factor(ratio, "Nm3/m3")


def of_activity(unit: str, factor: Factor | None, heat: Factor | None, days_in_year: int) -> Multiplier:
    """Return the kg of gas per unit and day of an activity figure.

    Args:
        unit: The activity's unit.
        factor: kgC per t, kg of gas per t, m3, km, ..., or per unit and year.
        heat: GJ per unit where the factor is per GJ.
        days_in_year: A factor per year is multiplied by the share of the year that one day is.
    """
    if factor is None:
        return Multiplier(None, "no_factor_row")
    steps = [s for s in (heat, factor) if s is not None]
    if factor.unit.endswith("/year"):
        steps.append(Factor(Fraction(1, days_in_year), "year"))
    for gas_unit in ("kg_CO2", "kg_gas"):
        try:
            value = units.chain(Fraction(1), unit, tuple(steps), gas_unit)
        except units.UnitError:
            continue
        return Multiplier(value)
    return Multiplier(None, "unit_and_factor")
