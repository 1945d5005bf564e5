"""Convert one quantity the way the night does: the same tables, the same choice in SQL, the same multiplier from pint.

An in-memory warehouse with one meter and one contract stands for the question.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines import city_file, registers, tables, units
from pipelines.emissions import build as emissions
from pipelines.energy import build as energy
from pipelines.findings import rules
from pipelines.reference import load as reference
from pipelines.warehouse import database

BASES = ("plan", "shk_basic", "shk_adjusted")
NINE = Decimal("0.000000001")
METER = "convert"


class ConvertError(ValueError):
    """The question cannot be answered; one sentence for the person who asked."""


@dataclass(frozen=True, slots=True)
class Converted:
    """The answer: energy, CO2 of one basis, and where each number comes from."""

    quantity: Decimal
    unit: str
    energy_type: str
    on: date
    basis: str
    energy_gj: Decimal | None
    crude_oil_kl: Decimal | None
    co2e_kg: dict[str, Decimal | None]
    choice: str | None
    factor_id: str | None
    factor: str | None
    edition: str | None
    status: str | None
    source: str | None
    source_place: str | None
    heat_content_id: str | None
    heat_content: str | None
    energy_heat_content_id: str | None
    mark: str | None
    reason: str | None
    energy_reason: str | None

    def as_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return asdict(self)


def convert(
    quantity: Decimal,
    unit: str,
    energy_type: str,
    on: date,
    basis: str = "plan",
    supplier: str | None = None,
    menu: str | None = None,
    city: Path | None = None,
) -> Converted:
    """Convert a quantity of an energy type used on a day.

    Args:
        quantity: In ``unit``; at most six decimals.
        unit: As suppliers write it.
        energy_type: A word of the vocabulary.
        on: The day of use.
        basis: ``plan``, ``shk_basic`` or ``shk_adjusted``.
        supplier: Registration number or name, where the factor is a supplier's.
        menu: Menu or area, or a word like 残差 or 代替値.
        city: City folder whose own factors and rule of the plan's electricity serve too.

    Raises:
        ConvertError: unknown unit, energy type or basis, or no factor; one sentence.
        SettingsError: city.toml cannot be read.
    """
    rules = city_file.plan_electricity_rules(city) if city else ()
    connection = _warehouse(city, supplier, menu, energy_type)
    counted, amount = _count(connection, quantity, unit, energy_type, basis)
    connection.execute(
        """INSERT INTO meter_days (meter_id, reading_kind, local_date, time_band, unit, quantity)
           VALUES ($1, 'bill', $2, 'all', $3, $4)""",
        [METER, on, counted.unit, amount],
    )
    energy.segment(connection, rules, on, on + timedelta(days=1))
    energy.choose(connection)
    emissions.choose(connection, rules)
    return _answer(connection, quantity, unit, energy_type, on, basis, amount)


def _warehouse(
    city: Path | None, supplier: str | None, menu: str | None, energy_type: str
) -> duckdb.DuckDBPyConnection:
    """Make the warehouse of the question: reference, the city's own factors, one meter, one contract."""
    connection = database.connect(quick=True)
    known = registers.read_some(city / "registers", registers.FACTOR_REGISTERS) if city else {}
    needed = (*registers.FACTOR_REGISTERS, "contracts", "facilities", "meter_allocations", "meter_days")
    connection.execute(";".join(tables.create_statement(tables.table(name)) for name in needed))
    for register, rows in known.items():
        columns = tables.table(register).column_names
        values = [tuple(row.values[column] for column in columns) for row in rows]
        database.insert_rows(connection, register, values)
    reference.load_factors(connection)
    connection.execute(
        """INSERT INTO meter_allocations BY NAME SELECT $meter AS meter_id, $meter AS root_meter_id, '-' AS facility_id,
           1 AS facility_share, $energy_type AS energy_type, 'bill' AS reading_kind, 'main' AS role,
           'site' AS energy_act_scope, DATE '0001-01-01' AS valid_from, DATE '9999-12-31' AS valid_to""",
        {"meter": METER, "energy_type": energy_type},
    )
    if supplier or menu:
        number = supplier if supplier and supplier[:1].isascii() and any(c.isdigit() for c in supplier) else None
        name = None if number else supplier
        connection.execute(
            "INSERT INTO contracts (meter_id, supplier_no, supplier, menu) VALUES ($1, $2, $3, $4)",
            [METER, number, name, menu],
        )
    return connection


def _count(
    connection: duckdb.DuckDBPyConnection, quantity: Decimal, unit: str, energy_type: str, basis: str
) -> tuple[units.CountedUnit, Decimal]:
    words = [row[0] for row in connection.execute("SELECT energy_type FROM energy_types ORDER BY 1").fetchall()]
    if energy_type not in words:
        raise ConvertError(f"エネルギー種別 {energy_type} はありません（{', '.join(words)}）。 / unknown energy type")
    if basis not in BASES:
        raise ConvertError(f"基準 {basis} はありません（{', '.join(BASES)}）。 / unknown basis")
    try:
        counted = units.counted(unit, energy_type)
    except units.UnitError as error:
        raise ConvertError(rules()[error.rule_id].both({"raw": unit, "right": error.detail})) from error
    amount = quantity * Decimal(counted.scale.numerator) / Decimal(counted.scale.denominator)
    if amount != round(amount, 6):
        raise ConvertError(rules()["too_many_digits"].both({"raw": quantity}))
    return counted, amount


def _answer(
    connection: duckdb.DuckDBPyConnection,
    quantity: Decimal,
    unit: str,
    energy_type: str,
    on: date,
    basis: str,
    amount: Decimal,
) -> Converted:
    act = connection.execute(
        "SELECT multiplier14, heat_content_id, reason FROM energy_choices WHERE valid_from <= $on AND valid_to > $on",
        {"on": on},
    ).fetchone() or (None, None, "no_heat_content")
    crude = connection.execute("SELECT value FROM heat_contents WHERE key = 'crude_oil_equivalent'").fetchone()
    cursor = connection.execute(
        """SELECT c.multiplier14, c.gas, c.choice, c.factor_id, f.value AS factor_value, f.unit AS factor_unit, f.edition,
               f.status, coalesce((SELECT string_agg(s.url, ' ') FROM reference_sources AS s
                   WHERE list_contains(string_split(f.source_id, ';'), s.source_id)), f.source_place) AS source,
               f.source_place, c.heat_content_id, h.value AS heat_value, h.unit AS heat_unit, c.mark, c.reason, c.candidates
           FROM factor_choices AS c
           LEFT JOIN emission_factors AS f ON f.factor_id = c.factor_id
           LEFT JOIN heat_contents AS h ON h.heat_content_id = c.heat_content_id
           WHERE c.basis = $basis AND c.valid_from <= $on AND c.valid_to > $on""",
        {"basis": basis, "on": on},
    )
    row = cursor.fetchone()
    if row is None:
        raise ConvertError(rules()["no_factor_row"].both({}))
    found = dict(zip((column[0] for column in cursor.description or []), row, strict=True))
    reason = found["reason"]
    if reason == "no_contract":
        raise ConvertError(
            "供給事業者の係数を使います。--supplier と --menu を指定してください。 / name --supplier and --menu"
        )
    if reason is not None and reason != "not_in_basis":
        more = f"（{found['candidates']}）" if found["candidates"] else ""
        raise ConvertError(f"{rules()[reason].both({})}{more}")
    gj = None if act[0] is None else _nine(amount * act[0])
    multiplier = found["multiplier14"]
    return Converted(
        quantity=quantity,
        unit=unit,
        energy_type=energy_type,
        on=on,
        basis=basis,
        energy_gj=gj,
        crude_oil_kl=None if gj is None or crude is None else gj * crude[0].normalize(),
        co2e_kg={found["gas"]: None if multiplier is None else _nine(amount * multiplier)},
        choice=found["choice"],
        factor_id=found["factor_id"],
        factor=_with_unit(found["factor_value"], found["factor_unit"]),
        edition=found["edition"],
        status=found["status"],
        source=found["source"],
        source_place=found["source_place"],
        heat_content_id=found["heat_content_id"],
        heat_content=_with_unit(found["heat_value"], found["heat_unit"]),
        energy_heat_content_id=act[1],
        mark=found["mark"],
        reason=reason,
        energy_reason=act[2],
    )


def _with_unit(value: Decimal | None, unit: str | None) -> str | None:
    return None if value is None else f"{value.normalize():f} {unit}"


def _nine(value: Decimal) -> Decimal:
    return value.quantize(NINE, rounding=ROUND_HALF_EVEN)
