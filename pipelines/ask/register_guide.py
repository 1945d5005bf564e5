"""What may stand in a register: its columns with headings, meaning, words and an example, for people who fill it."""

from __future__ import annotations

from typing import Any

from pipelines import tables
from pipelines.registers import new_city, read, spoken


def guide(name: str) -> dict[str, Any]:
    """Return one register: what a row is, whether the register is needed, and its columns.

    Raises:
        KeyError: there is no such register.
    """
    table = next(table for table in read.register_tables() if table.name == name)
    return {
        "register": table.name,
        "called": spoken.registers()[table.name][0],
        "is_needed": table.name in read.REQUIRED,
        "grain_ja": table.grain_ja,
        "grain_en": table.grain_en,
        "columns": [_column(table, column) for column in table.columns],
    }


def names() -> list[str]:
    """Return every register, those first that must exist."""
    every = [table.name for table in read.register_tables()]
    return [*(n for n in every if n in read.REQUIRED), *(n for n in every if n not in read.REQUIRED)]


def _column(table: tables.Table, column: tables.Column) -> dict[str, Any]:
    usual = spoken.usual(table.name, column.name)
    shown = next((row[column.name] for row in new_city.examples(table.name) if row.get(column.name)), "")
    return {
        "heading": spoken.headings(table, column.name)[0],
        "also": spoken.headings(table, column.name)[1:],
        "column": column.name,
        "meaning_ja": column.meaning_ja,
        "meaning_en": column.meaning_en,
        "unit": column.unit,
        "kind": column.type.partition("(")[0],
        "is_needed": not column.nullable,
        "words": [{"word": each, "written": label} for each, label in usual.items()],
        "example": shown,
    }
