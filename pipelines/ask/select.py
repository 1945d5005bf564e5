"""The SELECTs for people, one .sql file each in the folder ``select`` beside; their rows as plain values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from pipelines.warehouse import database

HERE = Path(__file__).parent / "select"


def rows(
    connection: duckdb.DuckDBPyConnection, name: str, parameters: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Return the rows that a SELECT finds as column -> value; errors stay DuckDB's, for who opened the file to judge.

    Args:
        connection: The published file, or the one that is about to be published.
        name: The file's name.
        parameters: Values; only those the file names are passed.
    """
    statement = database.sql_text(HERE / f"{name}.sql")
    return database.dicts(connection, statement, database.named(statement, parameters))
