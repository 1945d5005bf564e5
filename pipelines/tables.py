"""THE catalogue: every table's grain, key, columns, owner stage and kind, read from ``tables.toml`` beside it.

DDL, column comments, the ``dictionary`` table, the register loader and the Great Expectations contracts are all
made from here; nothing else lists columns, and nothing else lists the words that a column may hold. A column name means the
same thing, in the same unit, in every table.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name, DuckDB type, unit (empty when none), may it be empty, its meaning, its words (none: any text)."""

    name: str
    type: str
    unit: str
    nullable: bool
    meaning_ja: str
    meaning_en: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One table or view: who writes it (``stage``), what one row is (``grain``), what makes a row unique (``key``)."""

    name: str
    kind: str
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
    own_types = entry.get("types", {})
    grain = entry["grain"]
    names = str(entry["columns"]).split()
    assert isinstance(own_types, dict) and isinstance(grain, list)  # noqa: S101 - shape of our own file
    made = []
    for named in names:
        column = named.removesuffix("?")
        column_type, unit, meaning_ja, meaning_en = columns.get(f"{name}.{column}", columns[column])
        column_type = str(own_types.get(column, column_type))
        allowed = words(column, name)
        made.append(Column(column, column_type, unit, named.endswith("?"), meaning_ja, meaning_en, allowed))
    key = entry["key"]
    assert isinstance(key, list)  # noqa: S101 - shape of our own file
    return Table(
        name=name,
        kind=str(entry["kind"]),
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
    columns = ", ".join(f"{quoted(c.name)} {c.type}" for c in described.columns)
    return f"CREATE OR REPLACE {'TEMP ' if temporary else ''}TABLE {quoted(described.name)} ({columns})"


def comment_statements(described: Table) -> list[str]:
    """Return the COMMENT ON statements of a table or view and its columns, Japanese first."""
    what = "VIEW" if described.is_view else "TABLE"
    statements = [
        f"COMMENT ON {what} {quoted(described.name)} IS {literal(f'{described.grain_ja} / {described.grain_en}')}"
    ]
    for column in described.columns:
        unit = f" [{column.unit}]" if column.unit else ""
        text = literal(f"{column.meaning_ja}{unit} / {column.meaning_en}")
        statements.append(f"COMMENT ON COLUMN {quoted(described.name)}.{quoted(column.name)} IS {text}")
    return statements


def dictionary_rows() -> list[tuple[str, str, str, str | None, bool, str, str, str]]:
    """Return the rows of the table ``dictionary``, in the order of its columns."""
    return [
        (t.name, c.name, c.type, c.unit or None, c.nullable, t.kind, c.meaning_ja, c.meaning_en)
        for t in catalogue().values()
        if t.kind != "step"
        for c in t.columns
    ]
