"""Which part of the tables a run makes anew: all of them, or, in a copy of the published file, what its arrivals touch.

The statements are the same. In a part, a table of the file is hidden by a temporary one of the same name that holds only the
rows at work: a statement then reads and fills few rows instead of all. ``merge`` puts them in the place of those they replace,
``show`` lets the whole table be seen again. Equal to a rebuild by test; whatever the conditions do not cover is built wholly.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines import tables
from pipelines.periods import fiscal_year
from pipelines.warehouse import database

# Inputs whose change can be followed by what it touches; a change of any other makes everything anew.
FOLLOWED = frozenset(
    {"files", "decisions", "today", "editions", "factor_registers", "official_editions", "year_closings", "state"}
)
LAST = "last"
AT_WORK = "readings_at_work"


class CannotContinueError(Exception):
    """What arrived touches more than can be told apart; everything must be made anew. The message says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """The tables at work.

    Args:
        connection: The warehouse under construction; the published file is attached to it as ``last`` unless ``is_whole``.
        is_whole: Every table is made anew from its inputs.
        last_today: The day of the published file, where it is continued.
    """

    connection: duckdb.DuckDBPyConnection
    is_whole: bool = True
    last_today: date | None = None

    def fill(self, table: str, sql_file: Path, parameters: dict[str, Any] | None = None) -> None:
        """Fill a table: the whole one, or the rows at work in a temporary one that hides it."""
        database.fill(self.connection, table, sql_file, parameters, temporary=not self.is_whole)

    def merge(self, table: str, *replaced: str) -> None:
        """Put the rows at work into the whole table, in the place of the rows that the steps name.

        Args:
            table: A table that was filled.
            replaced: Steps whose columns, all of them, tell the rows that go; ``place`` is the row's id.
        """
        if self.is_whole:
            return
        whole = f"city.main.{tables.quoted(table)}"
        for step in replaced:
            names = [row[0] for row in self.connection.execute(f"DESCRIBE {tables.quoted(step)}").fetchall()]
            columns = ", ".join("rowid" if name == "place" else tables.quoted(name) for name in names)
            wanted = ", ".join(tables.quoted(name) for name in names)
            self.connection.execute(
                f"DELETE FROM {whole} WHERE ({columns}) IN (SELECT ({wanted}) FROM {tables.quoted(step)})"
            )
        self.connection.execute(f"INSERT INTO {whole} BY NAME FROM temp.{tables.quoted(table)}")

    def show(self, *names: str) -> None:
        """Let whole tables be seen again."""
        if not self.is_whole:
            see_all(self.connection, *names)

    def narrow(self, table: str, step: str) -> None:
        """Hide a table by its rows that a step names by its columns."""
        if not self.is_whole:
            see_only(self.connection, table, step)

    @property
    def at_work(self) -> Mapping[str, str]:
        """Table -> the table of the file that holds its rows at work, for the gate, which opens the file anew."""
        return {} if self.is_whole else {"readings": AT_WORK}

    def keep_for_gate(self) -> None:
        """Write the readings at work into the file."""
        if not self.is_whole:
            self.connection.execute(f"CREATE OR REPLACE TABLE city.main.{AT_WORK} AS FROM touched_readings")

    def forbid(self, why: str, sql_file: Path, parameters: dict[str, Any] | None = None) -> None:
        """Stop where the SELECT of a file finds a row.

        Raises:
            CannotContinueError: naming why.
        """
        if not self.is_whole and database.rows(self.connection, sql_file, parameters):
            raise CannotContinueError(why)


def see_only(connection: duckdb.DuckDBPyConnection, table: str, step: str) -> None:
    """Hide a table by its rows that a step names by its columns, until ``see_all``; a statement reads the columns it needs."""
    names = [row[0] for row in connection.execute(f"DESCRIBE {tables.quoted(step)}").fetchall()]
    columns = ", ".join(tables.quoted(name) for name in names)
    quoted = tables.quoted(table)
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {quoted} AS FROM city.main.{quoted} SEMI JOIN {tables.quoted(step)} USING ({columns})"
    )


def see_all(connection: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Let whole tables be seen again: drop the temporary tables and views of their names."""
    found = connection.execute("SELECT view_name FROM duckdb_views() WHERE temporary AND NOT internal").fetchall()
    views = {row[0] for row in found}
    for name in names:
        kind = "VIEW" if name in views else "TABLE"
        connection.execute(f"DROP {kind} IF EXISTS temp.{tables.quoted(name)}")


def drop_for_gate(connection: duckdb.DuckDBPyConnection) -> None:
    """Take out of the file, before it is published, what was kept for the gate."""
    connection.execute(f"DROP TABLE IF EXISTS {AT_WORK}")


def last_inputs(published: Path) -> Mapping[str, str]:
    """Return kind -> hash of what the published file was built from; empty where it cannot be continued by this program."""
    if not published.is_file():
        return {}
    connection = database.connect_published(published)
    try:
        described = connection.execute("FROM dictionary").fetchall()
        if set(described) != set(tables.dictionary_rows()):
            return {}
        if connection.execute("FROM failed_checks LIMIT 1").fetchall():
            return {}  # a check looks again at what it found, and at all else, until it holds
        return dict(connection.execute("SELECT kind, inputs_hash FROM build_inputs").fetchall())
    except duckdb.Error:
        return {}
    finally:
        connection.close()


def can_continue(last: Mapping[str, str], inputs: Mapping[str, str]) -> bool:
    """Tell whether a run may go on from the published file: the same registers, rules and program, in the same fiscal year."""
    if not last or any(last.get(kind) != inputs[kind] for kind in inputs if kind not in FOLLOWED):
        return False
    then, now = date.fromisoformat(last["today"]), date.fromisoformat(inputs["today"])
    return then <= now and fiscal_year(then) == fiscal_year(now)


def copy(source: Path, target: Path) -> None:
    """Copy a file inside the kernel, which shares the blocks (reflink) where the file system can; else as usual."""
    with source.open("rb") as old, target.open("wb") as new:
        left = os.fstat(old.fileno()).st_size
        try:
            while left and (copied := os.copy_file_range(old.fileno(), new.fileno(), left)):
                left -= copied
        except (OSError, AttributeError):
            shutil.copyfile(source, target)


def whole(connection: duckdb.DuckDBPyConnection) -> Part:
    """Everything anew."""
    return Part(connection)


def continued(connection: duckdb.DuckDBPyConnection, published: Path, last_today: date) -> Part:
    """Go on from the published file, of which the connection holds a copy."""
    connection.execute(f"ATTACH {tables.literal(str(published))} AS {LAST} (READ_ONLY)")
    return Part(connection, is_whole=False, last_today=last_today)
