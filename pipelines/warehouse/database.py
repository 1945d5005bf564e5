"""Open DuckDB and fill catalogue tables from .sql files; errors name the table, the file and DuckDB's words."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines import tables
from pipelines.errors import ActionableError
from pipelines.texts import both
from pipelines.warehouse import time_limit

Connection = duckdb.DuckDBPyConnection
MEMORY = "4GB"
# Older clients and BI tools read the file: DuckDB 2 would otherwise write a format only it can open.
STORAGE_VERSION = "v1.4.0"
# what DuckDB says of a file that it will not open -> why; anything else means that the bytes are not what was written
PUBLISHED_SIGNS = {
    "Could not set lock": "in_use",
    "used by another process": "in_use",
    "Permission denied": "no_rights",
}
PUBLISHED_PROBLEMS = {
    "damaged": "published_file_damaged",
    "in_use": "published_file_in_use",
    "no_rights": "published_file_without_rights",
    "touched": "published_file_touched",
}
MACROS = Path(__file__).with_name("macros")
_PARAMETER = re.compile(r"\$([a-z_]+)")


class StageError(ActionableError, RuntimeError):
    """A statement of ours failed; the message names the table and the .sql file."""


def connect(
    memory: str = MEMORY, temp: Path | None = None, threads: int | None = None, *, quick: bool = False
) -> duckdb.DuckDBPyConnection:
    """Open an in-memory DuckDB with a memory limit; results never depend on the order of rows in a file.

    Args:
        memory: The limit, as DuckDB writes it.
        temp: Folder to spill into.
        threads: How many; one per core unless told.
        quick: For a handful of rows: one thread and no optimizer, whose planning costs more than it saves there.
    """
    connection = duckdb.connect(config=config_of(memory, temp, 1 if quick else threads))
    time_limit.watch(connection)
    if quick:
        connection.execute("PRAGMA disable_optimizer")
    connection.execute("SET enable_progress_bar = false")  # it would draw into pipes and logs
    _define_all(connection)
    connection.execute(f"CREATE SCHEMA {tables.INTERNAL}")
    use(connection, "memory")
    return connection


def another(connection: duckdb.DuckDBPyConnection, name: str) -> duckdb.DuckDBPyConnection:
    """Return one more connection to what a connection has open, for another thread: with our functions, meaning a database."""
    own = connection.cursor()
    _define_all(own)
    use(own, name)
    return own


def _define_all(connection: duckdb.DuckDBPyConnection) -> None:
    define(connection, MACROS / "published.sql")
    define(connection, MACROS / "night.sql")


def define(connection: duckdb.DuckDBPyConnection, sql_file: Path, *, temporary: bool = True) -> None:
    """Define the functions of a file in a folder ``macros``: for this connection, or in the file that is written."""
    text = sql_text(sql_file)
    connection.execute(text.replace(" MACRO ", " TEMP MACRO ") if temporary else text)


def config_of(memory: str, temp: Path | None, threads: int | None) -> dict[str, Any]:
    """Return DuckDB's settings; the folder to spill into is made."""
    config: dict[str, Any] = {
        "memory_limit": memory,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if threads:
        config["threads"] = threads
    if temp is not None:
        temp.mkdir(parents=True, exist_ok=True)
        config["temp_directory"] = str(temp)
    return config


def connect_file(
    path: Path, memory: str = MEMORY, temp: Path | None = None, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Open or create a DuckDB file for writing, in the storage format that older clients read.

    No log is written beside it, which would take every row a second time and wait for the disk after each statement: a file that
    was not closed is thrown away, one that was is whole.
    """
    connection = connect(memory, temp, threads)
    options = f"STORAGE_VERSION '{STORAGE_VERSION}', RECOVERY_MODE 'no_wal_writes'"
    connection.execute(f"ATTACH {tables.literal(str(path))} AS city ({options})")
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS city.{tables.INTERNAL}")
    use(connection, "city")
    define(connection, MACROS / "published.sql", temporary=False)
    return connection


def use(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Make an attached database the one that names without a database mean, in its schemas ``main`` and ``internal``.

    A file of an older version may lack the second.
    """
    has_internal = connection.execute(
        "FROM duckdb_schemas() WHERE database_name = ? AND schema_name = ?", [name, tables.INTERNAL]
    ).fetchall()
    schemas = ("main", tables.INTERNAL) if has_internal else ("main",)
    connection.execute(f"SET search_path = '{','.join(f'{name}.{schema}' for schema in schemas)}'")


class PublishedFileError(ActionableError, duckdb.Error):
    """The published file cannot be opened, or must not be; ``reason`` is damaged, in_use, no_rights or touched."""

    def __init__(self, path: Path, reason: str, found: str) -> None:
        super().__init__(both(PUBLISHED_PROBLEMS[reason], at=path, found=found))
        self.reason, self.found = reason, found


def wal_of(path: Path) -> Path:
    """Return where DuckDB keeps what somebody wrote into a file and did not finish."""
    return path.with_name(f"{path.name}.wal")


def connect_published(path: Path, memory: str = MEMORY, spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Open the published file read-only.

    Attached to an in-memory database: a fresh connection to the path itself would keep showing the old file
    while any handle to it is open in this process.

    Args:
        path: The published file.
        memory: What may be used before DuckDB spills.
        spill: The folder to spill into; ``None``: one of its own in ``tmp`` beside the file, or nowhere if there is no such
            folder. Unless told, DuckDB would take the folder of whoever runs the command. It makes the folder when it
            has to and removes it in the end.

    Raises:
        PublishedFileError: it is damaged, held by a writer, without rights, or somebody's unfinished changes stand beside it.
    """
    if os.path.lexists(wal_of(path)):  # reading it would show what somebody else wrote as if it were ours
        raise PublishedFileError(path, "touched", wal_of(path).name)
    connection = connect(memory)
    scratch = path.parent / "tmp"
    if spill is None and scratch.is_dir() and os.access(scratch, os.W_OK):
        spill = scratch / f"read-{os.getpid()}-{secrets.token_hex(4)}"
    connection.execute(f"SET temp_directory = {tables.literal(str(spill or ''))}")
    try:
        connection.execute(f"ATTACH {tables.literal(str(path))} AS city (READ_ONLY)")
    except duckdb.Error as error:
        connection.close()
        text = str(error).splitlines()[0]
        reason = next((reason for sign, reason in PUBLISHED_SIGNS.items() if sign in text), "damaged")
        raise PublishedFileError(path, reason, text) from error
    use(connection, "city")
    return connection


def sql_text(path: Path) -> str:
    """Return a .sql file without its closing semicolon."""
    return path.read_text(encoding="utf-8").rstrip().removesuffix(";")


def fill(
    connection: duckdb.DuckDBPyConnection,
    table_name: str,
    sql_file: Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    temporary: bool = False,
    blocks: Sequence[Mapping[str, Any]] | None = None,
) -> None:
    """Create a catalogue table and fill it with the SELECT of a .sql file, column names matched by name.

    Rows are laid down in the order of the table's key: readers and compression profit from neighbours that belong together.

    Args:
        connection: The warehouse under construction.
        table_name: A table of the catalogue.
        sql_file: One SELECT; it may name parameters as ``$name``.
        parameters: Values; only those the file names are passed.
        temporary: A temporary table, which hides the one of that name.
        blocks: For tables too large to sort at once: sets of further parameters. The SELECT, which must sort its rows itself, is
            run once for each set.

    Raises:
        StageError: naming table and file when DuckDB refuses.
    """
    created, inserted = fill_statements(table_name, sql_file, by_key=blocks is None, temporary=temporary)
    connection.execute(created)
    for block in [{}] if blocks is None else blocks:
        what = " - ".join((f"{table_name} ({sql_file.name})", *map(str, block.values())))
        run(connection, inserted, {**(parameters or {}), **block}, what)


def fill_statements(
    table_name: str, sql_file: Path, *, by_key: bool = True, temporary: bool = False
) -> tuple[str, str]:
    """Return the two statements of :func:`fill`: create the table, insert the rows.

    Args:
        table_name: A table of the catalogue.
        sql_file: One SELECT.
        by_key: Sort by the table's key; where not, the SELECT sorts its rows itself.
        temporary: A temporary table.
    """
    described = tables.table(table_name)
    names = ", ".join(tables.quoted(name) for name in described.filled_names)
    order = ", ".join(tables.quoted(name) for name in described.column_names if name in described.key)
    select = f"SELECT {names} FROM (\n{sql_text(sql_file)}\n)" + (f" ORDER BY {order}" if by_key and order else "")
    created = tables.create_statement(described, temporary=temporary)
    return created, f"INSERT INTO {tables.quoted(table_name)} BY NAME {select}"


def create_view(connection: duckdb.DuckDBPyConnection, name: str, sql_file: Path, *, temporary: bool = False) -> None:
    """Create a view from the SELECT of a .sql file; a temporary one is not published."""
    kind = "TEMP VIEW" if temporary else "VIEW"
    run(connection, f"CREATE OR REPLACE {kind} {tables.quoted(name)} AS\n{sql_text(sql_file)}", what=f"view {name}")


def create_temp(
    connection: duckdb.DuckDBPyConnection, name: str, sql_file: Path, parameters: Mapping[str, Any] | None = None
) -> None:
    """Create a temporary table (a step inside one stage) from the SELECT of a .sql file."""
    statement = f"CREATE OR REPLACE TEMP TABLE {tables.quoted(name)} AS\n{sql_text(sql_file)}"
    run(connection, statement, parameters, what=f"{name} ({sql_file.name})")


def create_from(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, tuple[str, Iterable[Any]]]
) -> None:
    """Create a temporary table of values of our own.

    Args:
        connection: The warehouse under construction.
        name: The table's name.
        columns: Name -> DuckDB type and values, each as many.
    """
    casts = ", ".join(
        f"unnest(CAST(? AS {kind}[])) AS {tables.quoted(column)}" for column, (kind, _) in columns.items()
    )
    statement = f"CREATE OR REPLACE TEMP TABLE {tables.quoted(name)} AS SELECT {casts}"
    connection.execute(statement, [list(values) for _, values in columns.values()])


def run(
    connection: duckdb.DuckDBPyConnection,
    statement: str,
    parameters: Mapping[str, Any] | None = None,
    what: str = "statement",
) -> None:
    """Run one statement with the parameters it names.

    Raises:
        StageError: with what was being made and DuckDB's own words.
    """
    try:
        connection.execute(statement, named(statement, parameters))
    except duckdb.Error as error:
        raise StageError(f"{what}: {error}") from error


def span(connection: duckdb.DuckDBPyConnection, step: str, column: str, days_around: int) -> dict[str, datetime]:
    """Return the parameters ``since`` and ``until``: the earliest and the latest time of a step, widened on both sides.

    A statement that joins a large table with the step states them too: DuckDB then skips the blocks of the table that lie outside,
    which it does not do for a join alone. Of an empty step both lie around 2000-01-01.

    Args:
        connection: Where the step is.
        step: Its name.
        column: A DATE or TIMESTAMP of it.
        days_around: How many days to widen by, on each side.
    """
    name = tables.quoted(column)
    found = connection.execute(
        f"""SELECT CAST(coalesce(min({name}), DATE '2000-01-01') AS TIMESTAMP) - to_days({days_around}),
            CAST(coalesce(max({name}), DATE '2000-01-01') AS TIMESTAMP) + to_days({days_around}) FROM {tables.quoted(step)}"""
    ).fetchone()
    since, until = found or (datetime.min, datetime.min)  # noqa: DTZ901 - local time
    return {"since": since, "until": until}


def rows(
    connection: duckdb.DuckDBPyConnection, sql_file: Path, parameters: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Return what the SELECT of a .sql file finds, each row as column name -> value.

    Raises:
        StageError: naming the file when DuckDB refuses.
    """
    statement = sql_text(sql_file)
    try:
        return dicts(connection, statement, named(statement, parameters))
    except duckdb.Error as error:
        raise StageError(f"{sql_file.name}: {error}") from error


def dicts(
    connection: duckdb.DuckDBPyConnection, statement: str, parameters: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Return the rows of a statement as column -> value."""
    cursor = connection.execute(statement, parameters)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def count(connection: duckdb.DuckDBPyConnection, table_name: str) -> int:
    """Return how many rows a table of the catalogue has."""
    row = connection.execute(f"SELECT count(*) FROM {tables.quoted(table_name)}").fetchone()
    return int(row[0]) if row else 0


def named(statement: str, parameters: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return those of the parameters that a statement names; DuckDB refuses the others."""
    wanted = set(_PARAMETER.findall(statement))
    return {key: value for key, value in (parameters or {}).items() if key in wanted} or None


def insert_rows(connection: duckdb.DuckDBPyConnection, table_name: str, rows: Iterable[Sequence[Any]]) -> None:
    """Insert Python rows, in the catalogue's column order, as columns (one statement however many rows)."""
    described = tables.table(table_name)
    columns = list(zip(*rows, strict=True))
    if not columns:
        return
    casts = ", ".join(f"unnest(CAST(? AS {c.type}[])) AS {tables.quoted(c.name)}" for c in described.columns)
    connection.execute(f"INSERT INTO {tables.quoted(table_name)} SELECT {casts}", [list(c) for c in columns])


def create(connection: duckdb.DuckDBPyConnection, table_name: str, *, temporary: bool = False) -> None:
    """Create an empty catalogue table."""
    connection.execute(tables.create_statement(tables.table(table_name), temporary=temporary))


def exists(connection: duckdb.DuckDBPyConnection, table_name: str) -> bool:
    """Tell whether a table or view of this name can be read; to bind it costs a tenth of asking the catalogue."""
    try:
        connection.execute(f"FROM {tables.quoted(table_name)} LIMIT 0")
    except duckdb.CatalogException:
        return False
    return True
