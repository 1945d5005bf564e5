"""Read-only SQL on the published file, for people and machines.

One SELECT; the connection can neither write nor reach other files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from pipelines import tables
from pipelines.errors import ActionableError
from pipelines.texts import both
from pipelines.warehouse import database

# what DuckDB says of a file whose bytes are not what was written
DAMAGED = (duckdb.IOException, duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException)
READS = frozenset({"SELECT", "EXPLAIN"})


class QueryError(ActionableError, ValueError):
    """The statement is not one SELECT, or DuckDB refuses it."""


@contextmanager
def opened(
    published: Path, allowed: Path | None = None, memory: str = database.MEMORY, spill: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published file for reading and nothing else. An error raised inside the block passes through unchanged.

    Args:
        published: The file.
        allowed: The one file that may be written (by COPY).
        memory: What may be used before DuckDB spills.
        spill: The folder to spill into; ``None``: one of its own in ``tmp`` beside the file.

    Raises:
        QueryError: nothing has been published yet, or what stands there cannot be read.
    """
    if not published.is_file():
        raise QueryError(both("nothing_published", at=published))
    try:
        connection = database.connect_published(published, memory, spill)
    except database.PublishedFileError as error:
        raise QueryError(str(error)) from error
    try:
        if allowed is not None:
            connection.execute(f"SET allowed_paths = [{tables.literal(str(allowed))}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    except duckdb.Error as error:
        if isinstance(error, DAMAGED) or not _is_of_this_version(connection):
            raise _unreadable(published, error) from error
        raise
    finally:
        connection.close()


def _is_of_this_version(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether the file has every table and column of this version, so that a statement of ours does not fail for it."""
    try:
        there = set(
            connection.execute("SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal").fetchall()
        )
    except duckdb.Error:
        return False
    return there >= tables.described_columns()


def _unreadable(published: Path, error: duckdb.Error) -> QueryError:
    """What stands there is damaged, or lacks a table of this version."""
    return QueryError(str(database.PublishedFileError(published, "damaged", str(error).splitlines()[0])))


def select(connection: duckdb.DuckDBPyConnection, statement: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the column names and rows of one SELECT.

    Raises:
        QueryError: several statements, no SELECT, or an error in it.
    """
    check(connection, statement)
    try:
        cursor = connection.execute(statement)
        names = [column[0] for column in cursor.description or []]
        return names, cursor.fetchall()
    except duckdb.Error as error:
        raise QueryError(str(error)) from error


def bare(statement: str) -> str:
    """Return a statement without its closing semicolon, to stand in another."""
    return statement.strip().rstrip(";")


def check(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Refuse what is not one SELECT.

    Raises:
        QueryError: several statements, no SELECT, or none that DuckDB understands.
    """
    try:
        statements = connection.extract_statements(statement)
    except duckdb.Error as error:
        raise QueryError(str(error)) from error
    kinds = [str(s.type).rpartition(".")[2] for s in statements]
    if len(kinds) != 1 or kinds[0] not in READS:
        raise QueryError(both("one_select", kinds=", ".join(kinds) or "nothing"))
