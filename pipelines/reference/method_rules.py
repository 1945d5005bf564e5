"""The city's own rules of the method, from city.toml, as a table: each has an id that is named on what it touches.

Writes: method_rules. A change of a rule changes the method, so a total it moves is restated as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

import duckdb

from pipelines.settings.city_file import PlanElectricityRule
from pipelines.warehouse import database

if TYPE_CHECKING:
    from pipelines.settings.city import Rules

ELECTRICITY = "plan_electricity_factor_rule"
# rule_id, rule, value, basis, operator_id, energy_type, valid_from, valid_to, source
Row = tuple[str, str, str, str | None, str | None, str | None, date | None, date | None, str]


def store(connection: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Fill method_rules with every rule of the city."""
    database.create(connection, "method_rules")
    database.insert_rows(connection, "method_rules", rows_of(rules))


def rows_of(rules: Rules) -> list[Row]:
    """Return the rows of every rule of the city."""
    return [*electricity_rows(rules.plan_electricity_factor_rule), *_others(rules)]


def electricity_rows(rules: Sequence[PlanElectricityRule]) -> Iterable[Row]:
    """Return the rows of the rules for the plan's electricity."""
    return [
        (
            f"{ELECTRICITY}/{n}",
            ELECTRICITY,
            str(r.result_fy_offset),
            "plan",
            None,
            None,
            r.valid_from,
            r.valid_to,
            r.source,
        )
        for n, r in enumerate(rules, start=1)
    ]


def _others(rules: Rules) -> Iterator[Row]:
    for n, y in enumerate(rules.year_rule, start=1):
        only = (y.basis or None, y.operator_id or None, y.energy_type or None)
        yield (f"year_rule/{n}", "year_rule", y.year_rule, *only, y.valid_from, y.valid_to, y.source)
    gas = ("plan", None, "city_gas")
    for n, h in enumerate(rules.plan_city_gas_heat, start=1):
        yield (f"plan_city_gas_heat/{n}", "plan_city_gas_heat", h.heat, *gas, h.valid_from, h.valid_to, h.source)
    for n, v in enumerate(rules.plan_city_gas_volume, start=1):
        metered_at = f"{v.temperature_c};{v.gauge_kpa}"
        yield (
            f"plan_city_gas_volume/{n}",
            "plan_city_gas_volume",
            metered_at,
            *gas,
            v.valid_from,
            v.valid_to,
            v.source,
        )
    for n, p in enumerate(rules.plan_method, start=1):
        only = ("plan", p.operator_id, None)
        yield (f"plan_method/{n}", "plan_method", p.plan_method, *only, p.valid_from, p.valid_to, p.source)
