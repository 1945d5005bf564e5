"""The SELECTs for people, one .sql file each in the folder ``select`` beside; their rows as plain values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from pipelines import tables
from pipelines.warehouse import database

HERE = Path(__file__).parent / "select"
BLOCK = 4000  # rows


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


def stream(
    connection: duckdb.DuckDBPyConnection, name: str, parameters: dict[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a SELECT that finds too many to hold them all; the connection serves nothing else meanwhile."""
    statement = database.sql_text(HERE / f"{name}.sql")
    cursor = connection.execute(statement, database.named(statement, parameters))
    names = [column[0] for column in cursor.description or []]
    while block := cursor.fetchmany(BLOCK):
        yield from (dict(zip(names, row, strict=True)) for row in block)


def step(connection: duckdb.DuckDBPyConnection, name: str, parameters: dict[str, Any] | None = None) -> None:
    """Keep what a SELECT finds as a temporary table of its name for the SELECTs after it; errors stay DuckDB's."""
    statement = database.sql_text(HERE / f"{name}.sql")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {tables.quoted(name)} AS\n{statement}", database.named(statement, parameters)
    )


def view(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Let a SELECT stand under its name for the SELECTs after it: what finds too many rows to keep them."""
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {tables.quoted(name)} AS\n{database.sql_text(HERE / f'{name}.sql')}"
    )
