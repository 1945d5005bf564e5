"""THE catalogue: every table's grain, key, columns, owner stage and kind, read from ``tables.toml`` beside it.

DDL, column comments, the ``dictionary`` table, the register loader and the Great Expectations contracts are all
made from here; nothing else lists columns, and nothing else lists the words that a column may hold. A column name means the
same thing, in the same unit, in every table.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

INTERNAL = "internal"  # the tier, and the schema of what is of it


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name, DuckDB type, unit (empty when none), may it be empty, its meaning, its words (none: any text).

    ``expression``: what DuckDB works out from the other columns of a row when it is asked for; such a column takes no room in a
    file, and no statement fills it.
    """

    name: str
    type: str
    unit: str
    nullable: bool
    meaning_ja: str
    meaning_en: str
    words: tuple[str, ...] = ()
    expression: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table or view: who writes it (``stage``), what one row is (``grain``), what makes a row unique (``key``).

    ``tier`` says whom it is for; steps have none.
    """

    name: str
    kind: str
    tier: str
    stage: str
    is_view: bool
    grain_ja: str
    grain_en: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def filled_names(self) -> tuple[str, ...]:
        """The names of the columns that a statement fills: all but those worked out from others."""
        return tuple(column.name for column in self.columns if not column.expression)

    @property
    def schema(self) -> str:
        """The schema of a published file that the table stands in."""
        return INTERNAL if self.tier == INTERNAL else "main"

    @property
    def place(self) -> str:
        """Schema and name, quoted for SQL."""
        return f"{self.schema}.{quoted(self.name)}"


@cache
def catalogue() -> dict[str, Table]:
    """Return every table by name, in the order of tables.toml (the order the data flows)."""
    raw = _read()
    return {name: _table(name, entry, raw["columns"]) for name, entry in raw["tables"].items()}


def table(name: str) -> Table:
    """Return one table.

    Raises:
        KeyError: when the catalogue has no such table.
    """
    return catalogue()[name]


def words(column: str, table_name: str = "") -> tuple[str, ...]:
    """Return the words that a column may hold, in their order; none where it may hold any text.

    Args:
        column: Its name.
        table_name: The table, where the column has other words there than elsewhere.
    """
    of_columns: dict[str, list[str]] = _read()["words"]
    return tuple(of_columns.get(f"{table_name}.{column}", of_columns.get(column, [])))


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("tables.toml").read_text(encoding="utf-8"))


def _table(name: str, entry: dict[str, object], columns: dict[str, list[str]]) -> Table:
    own_types, expressions = entry.get("types", {}), entry.get("expressions", {})
    grain = entry["grain"]
    names = str(entry["columns"]).split()
    assert isinstance(own_types, dict) and isinstance(expressions, dict) and isinstance(grain, list)  # noqa: S101 - shape of our own file
    made = []
    for named in names:
        column = named.removesuffix("?")
        column_type, unit, meaning_ja, meaning_en = columns.get(f"{name}.{column}", columns[column])
        column_type = str(own_types.get(column, column_type))
        allowed = words(column, name)
        worked_out = str(expressions.get(column, ""))
        made.append(Column(column, column_type, unit, named.endswith("?"), meaning_ja, meaning_en, allowed, worked_out))
    key = entry["key"]
    assert isinstance(key, list)  # noqa: S101 - shape of our own file
    return Table(
        name=name,
        kind=str(entry["kind"]),
        tier=str(entry.get("tier", "")),
        stage=str(entry.get("stage", "registers")),
        is_view=bool(entry.get("view", False)),
        grain_ja=str(grain[0]),
        grain_en=str(grain[1]),
        key=tuple(str(part) for part in key),
        columns=tuple(made),
    )


def quoted(name: str) -> str:
    """Quote an identifier of ours for SQL (``from`` and ``to`` are columns of registers)."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text of ours as an SQL literal, for the statements that take no parameters (COMMENT ON)."""
    return "'" + text.replace("'", "''") + "'"


def create_statement(described: Table, *, temporary: bool = False) -> str:
    """Return the CREATE TABLE statement of a table."""
    columns = ", ".join(
        f"{quoted(c.name)} {c.type}" + (f" GENERATED ALWAYS AS ({c.expression}) VIRTUAL" if c.expression else "")
        for c in described.columns
    )
    place = f"TEMP TABLE {quoted(described.name)}" if temporary else f"TABLE {described.place}"
    return f"CREATE OR REPLACE {place} ({columns})"


def comments() -> Iterator[tuple[tuple[str, str | None, str], str]]:
    """Yield (table, column or none, its comment) and the COMMENT ON statement, Japanese first, of all that is published."""
    for described in catalogue().values():
        if described.kind == "step":
            continue
        text = f"{described.grain_ja} / {described.grain_en}"
        what = "VIEW" if described.is_view else "TABLE"
        yield (described.name, None, text), f"COMMENT ON {what} {described.place} IS {literal(text)}"
        for column in described.columns:
            unit = f" [{column.unit}]" if column.unit else ""
            text = f"{column.meaning_ja}{unit} / {column.meaning_en}"
            place = f"{described.place}.{quoted(column.name)}"
            yield (described.name, column.name, text), f"COMMENT ON COLUMN {place} IS {literal(text)}"


def described_columns() -> set[tuple[str, str]]:
    """Return (table, column) of everything that is published."""
    return {(t.name, c.name) for t in catalogue().values() if t.kind != "step" for c in t.columns}


def dictionary_rows() -> list[tuple[str, str | None, str, str | None, bool, str, str, str, str]]:
    """Return the rows of the table ``dictionary``, in the order of its columns: each table, then its columns."""
    rows: list[tuple[str, str | None, str, str | None, bool, str, str, str, str]] = []
    for t in catalogue().values():
        if t.kind == "step":
            continue
        rows.append(
            (t.name, None, "VIEW" if t.is_view else "TABLE", None, False, t.kind, t.tier, t.grain_ja, t.grain_en)
        )
        rows.extend(
            (t.name, c.name, c.type, c.unit or None, c.nullable, t.kind, t.tier, c.meaning_ja, c.meaning_en)
            for c in t.columns
        )
    return rows
