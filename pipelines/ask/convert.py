"""Convert quantities the way the night does: the same tables, the same choice in SQL, the same multiplier from pint.

An in-memory warehouse with one meter, one day and one contract per question stands for what is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines import tables, units
from pipelines.ask import select
from pipelines.emissions import build as emissions
from pipelines.energy import build as energy
from pipelines.errors import ActionableError
from pipelines.findings import rules
from pipelines.periods import fiscal_year
from pipelines.reference import editions, method_rules
from pipelines.reference import load as reference
from pipelines.reference.editions import Edition
from pipelines.registers import factor_line, read, spoken
from pipelines.settings import city_file
from pipelines.texts import LANGUAGES, both
from pipelines.warehouse import database

BASES = tables.words("basis")
NINE = Decimal("0.000000001")
# what the statements join besides the reference, empty here
EMPTY = ("contracts", "facilities", "facility_periods", "meters", "meter_allocations", "meter_days", "method_rules")
# More than any city uses of anything in a year, in kWh, m3, L, kg or GJ, and more than the tables of the night hold.
MOST = Decimal(10_000_000_000)
DAYS_AHEAD = 365
FEW = 10  # questions for which DuckDB's planning costs more than it saves


class ConvertError(ActionableError, ValueError):
    """The question cannot be answered; one sentence for the person who asked."""


@dataclass(frozen=True, slots=True)
class QuantityQuestion:
    """A quantity of an energy type used on a day, on one basis, under a contract where the factor is a supplier's."""

    quantity: Decimal
    unit: str
    energy_type: str
    on: date
    basis: str = "plan"
    supplier: str | None = None
    menu: str | None = None


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
    history: Path | None = None,
    today: date | None = None,
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
        history: Where the editions of lists that the city took in are kept.
        today: The day from which the future is counted; ``None``: the clock's.

    Raises:
        ConvertError: a quantity below 0 or beyond :data:`MOST`, a day outside the tables,
            unknown unit, energy type or basis, or no factor; one sentence.
        SettingsError: city.toml cannot be read.
    """
    (answer,) = convert_all(
        [QuantityQuestion(quantity, unit, energy_type, on, basis, supplier, menu)], city, history, today
    )
    if isinstance(answer, ConvertError):
        raise answer
    return answer


def convert_all(
    questions: Sequence[QuantityQuestion],
    city: Path | None = None,
    history: Path | None = None,
    today: date | None = None,
) -> list[Converted | ConvertError]:
    """Convert many quantities at once; each answer, or why there is none, in the order of the questions.

    Args:
        questions: What to convert; units as suppliers write them.
        city: City folder whose own factors and rule of the plan's electricity serve too.
        history: Where the editions of lists that the city took in are kept.
        today: The day from which the future is counted; ``None``: the clock's.

    Raises:
        SettingsError: city.toml cannot be read.
    """
    connection = _warehouse(city, editions.taken(history) if history else [], quick=len(questions) < FEW)
    answers: list[Converted | ConvertError] = []
    asked: dict[int, tuple[QuantityQuestion, Decimal]] = {}
    questions = [replace(q, energy_type=spoken.word("meters", "energy_type", q.energy_type)) for q in questions]
    days = _days(connection, today)
    words = [row[0] for row in connection.execute("SELECT energy_type FROM energy_types ORDER BY 1").fetchall()]
    for number, question in enumerate(questions):
        try:
            asked[number] = (question, _count(question, words, days))
        except ConvertError as error:
            answers.append(error)
            continue
        answers.append(ConvertError())
    if not asked:
        return answers
    _choose(connection, asked, city)
    chosen = _chosen(connection)
    for number, (question, amount) in asked.items():
        try:
            answers[number] = _answer(question, amount, chosen[_meter(number), question.basis])
        except ConvertError as error:
            answers[number] = error
    return answers


def _warehouse(city: Path | None, lists: Sequence[Edition], *, quick: bool) -> duckdb.DuckDBPyConnection:
    """Make the warehouse of the questions: reference, the city's own factors, tables for meters and contracts."""
    connection = database.connect(quick=quick)
    known = read.read_some(city / "registers", read.FACTOR_REGISTERS) if city else {}
    needed = (*read.FACTOR_REGISTERS, *EMPTY)
    connection.execute(";".join(tables.create_statement(tables.table(name)) for name in needed))
    for register, rows in known.items():
        columns = tables.table(register).column_names
        values = [tuple(row.values[column] for column in columns) for row in rows]
        database.insert_rows(connection, register, values)
    reference.load_factors(connection, lists)
    return connection


def _days(connection: duckdb.DuckDBPyConnection, today: date | None) -> tuple[date, date]:
    """Return the first and the last day for which a question makes sense: from the first factor to a year ahead."""
    found = connection.execute("SELECT min(valid_from) FROM emission_factors").fetchone()
    last = (today or datetime.now(UTC).date()) + timedelta(days=DAYS_AHEAD)
    return (found[0] if found and found[0] else date.min), last


def _count(question: QuantityQuestion, words: Sequence[str], days: tuple[date, date]) -> Decimal:
    """Return the quantity in the unit it is counted in."""
    if not question.quantity.is_finite() or not 0 <= question.quantity <= MOST:
        raise ConvertError(both("not_convertible", quantity=question.quantity, most=MOST))
    if not days[0] <= question.on <= days[1]:
        raise ConvertError(both("day_outside_tables", on=question.on, first=days[0], last=days[1]))
    if question.energy_type not in words:
        near = spoken.nearest("meters", "energy_type", question.energy_type)
        raise ConvertError(both("unknown_energy_type", energy_type=question.energy_type, known=near))
    if question.basis not in BASES:
        raise ConvertError(both("unknown_basis", basis=question.basis, known=", ".join(BASES)))
    try:
        counted = units.counted(question.unit, question.energy_type)
    except units.UnitError as error:
        raise ConvertError(rules()[error.rule_id].both({"raw": question.unit, "right": error.detail})) from error
    amount = question.quantity * Decimal(counted.scale.numerator) / Decimal(counted.scale.denominator)
    if amount > MOST:
        raise ConvertError(
            both(
                "too_much_to_convert",
                quantity=question.quantity,
                unit=question.unit,
                most=MOST,
                counted_in=counted.unit,
            )
        )
    if amount != round(amount, 6):
        raise ConvertError(rules()["too_many_digits"].both({"raw": question.quantity}))
    return amount


def _choose(
    connection: duckdb.DuckDBPyConnection, asked: Mapping[int, tuple[QuantityQuestion, Decimal]], city: Path | None
) -> None:
    """Put one meter, day and contract per question into the warehouse, and choose heat contents and factors."""
    if city:
        stated = city_file.plan_electricity_rules(city)
        database.insert_rows(connection, "method_rules", method_rules.electricity_rows(stated))
        database.insert_rows(connection, "method_rules", _city_gas_rules(city))
    day = timedelta(days=1)
    meters = [
        (_meter(n), _meter(n), "-", 1, q.energy_type, "bill", "main", "site", q.on, q.on + day)
        for n, (q, _) in asked.items()
    ]
    contracts = [(_meter(n), *_supplier(q), q.menu, *[None] * 6) for n, (q, _) in asked.items() if q.supplier or q.menu]
    days = [
        (
            _meter(n),
            "bill",
            q.on,
            "all",
            units.counted(q.unit, q.energy_type).unit,
            amount,
            0,
            0,
            False,
            False,
            False,
            *[None] * 4,
        )
        for n, (q, amount) in asked.items()
    ]
    for table, rows in (("meter_allocations", meters), ("contracts", contracts), ("meter_days", days)):
        database.insert_rows(connection, table, rows)
    dates = [question.on for question, _ in asked.values()]
    energy.segment(connection, min(dates), max(dates) + day)
    energy.choose(connection)
    emissions.choose(connection)


def _city_gas_rules(city: Path) -> list[method_rules.Row]:
    """Return the city's rules for the plan's city gas; the whole of city.toml is read only where it has some."""
    names = {"plan_city_gas_heat", "plan_city_gas_volume"}
    if not names & set(city_file.read(city).get("rules", {})):
        return []
    from pipelines.settings.city import load_settings

    return [row for row in method_rules.rows_of(load_settings(city).rules) if row[1] in names]


def _meter(number: int) -> str:
    return f"Q{number}"


def _supplier(question: QuantityQuestion) -> tuple[str | None, str | None]:
    """Return (registration number, name): a number begins with a letter or digit of ASCII and has a digit."""
    word = question.supplier
    if word and word[:1].isascii() and any(c.isdigit() for c in word):
        return word, None
    return None, word


def _chosen(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[str, Any]]:
    """Return what was chosen, by meter and basis: the factor's row, its source, and the Act's heat content."""
    rows = select.rows(connection, "convert_chosen")
    return {(row["meter_id"], row["basis"]): row for row in rows}


def _answer(question: QuantityQuestion, amount: Decimal, found: dict[str, Any]) -> Converted:
    reason = found["reason"]
    if reason == "no_contract":
        raise ConvertError(both("name_supplier_and_menu"))
    if reason is not None and reason != "not_in_basis":
        more = f"（{found['candidates']}）" if found["candidates"] else ""
        if reason == "no_factor_row":
            number, name = _supplier(question)
            lacking = asdict(question) | {"supplier_no": number, "supplier": name}
            lines = [factor_line.to_write(lacking, fiscal_year(question.on), language) for language in LANGUAGES]
            raise ConvertError("\n".join([rules()[reason].both({}), *lines]))
        raise ConvertError(f"{rules()[reason].both({})}{more}")
    gj = None if found["gj_multiplier14"] is None else _nine(amount * found["gj_multiplier14"])
    multiplier = found["multiplier14"]
    return Converted(
        quantity=question.quantity,
        unit=question.unit,
        energy_type=question.energy_type,
        on=question.on,
        basis=question.basis,
        energy_gj=gj,
        crude_oil_kl=None if gj is None else gj * found["crude_oil_kl_per_gj"].normalize(),
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
        energy_heat_content_id=found["energy_heat_content_id"],
        mark=found["mark"],
        reason=reason,
        energy_reason=found["energy_reason"],
    )


def _with_unit(value: Decimal | None, unit: str | None) -> str | None:
    return None if value is None else f"{value.normalize():f} {unit}"


def _nine(value: Decimal) -> Decimal:
    return value.quantize(NINE, rounding=ROUND_HALF_EVEN)
