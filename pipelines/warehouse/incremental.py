"""Incremental nights: what the arrivals of a night touch is made anew, everything else stays as it was published.

There is one way through a night, and it goes on from a *base*: the file that was published last, of which the night holds a
copy and which is attached as ``last`` beside it. The first night, a rebuild and whatever cannot be followed go on from an empty
base: the tables of the catalogue without a row, and a ``last_today`` before all time. A stage says in ``touched/*.sql`` what a
night *touches*, by its rows and by what differs between the base and now (``changed``): days of meters, months beside them, the
years of facilities, each as wide as the rules look (their reach in time is an SQL macro that the rule and its touch share). Then
the same statements run as ever, on fewer rows: a table is hidden by its rows at work for the length of a ``with`` (``only``), and
what is made anew is put in the place of the rows it replaces (``redo``, ``merging``). What the touches cannot bound ends in
``stop_if``: the night starts again from an empty base. An empty base is touched everywhere, so that narrowing and merging would
change nothing there and are left out: what is asked of ``is_first`` is asked in this module alone, and saves time, never a row.
Equal to a rebuild by test, over made-up histories.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines import tables
from pipelines.periods import fiscal_year
from pipelines.warehouse import database

# Inputs whose change can be followed by what it touches; a change of any other starts from an empty base.
FOLLOWED = frozenset(
    {"files", "decisions", "today", "editions", "factor_registers", "official_editions", "year_closings", "state"}
)
LAST = "last"
AT_WORK = "readings_at_work"
Parameters = Mapping[str, Any]


class CannotContinueError(Exception):
    """What arrived touches more than can be told apart: start again from an empty base. The message says why."""


@dataclass(frozen=True, slots=True)
class Incremental:
    """The warehouse under construction, and the base it goes on from.

    Args:
        connection: The new file; the base is attached to it as ``last``.
        last_today: The day the base is of.
        is_first: The base is empty. For this module alone.
    """

    connection: duckdb.DuckDBPyConnection
    last_today: date
    is_first: bool

    def touch(self, step: str, sql_file: Path, *, within: tuple[str, str, int] | None = None) -> None:
        """Make a step that does no more than narrow: from an empty base it is not made, or stays as it is.

        Args:
            step: Its name.
            sql_file: What is touched.
            within: (step, column, days): the parameters ``since`` and ``until``, see :func:`database.span`.
        """
        if not self.is_first:
            parameters = database.span(self.connection, *within) if within else None
            database.create_temp(self.connection, step, sql_file, parameters)

    def changed(self, table: str, but: str = "") -> bool:
        """Make ``changed_<table>``, the rows that only the base or only the new file has; tell whether there are any.

        Args:
            table: A table that is made already.
            but: A column that does not matter.
        """
        quoted, step = tables.quoted(table), tables.quoted(f"changed_{table}")
        chosen = f"SELECT * EXCLUDE ({tables.quoted(but)})" if but else "SELECT *"
        if self.is_first:
            self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {step} AS {chosen} FROM {quoted}")
            return True
        now, then = f"{chosen} FROM {quoted}", f"{chosen} FROM {LAST}.{tables.table(table).place}"
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {step} AS ({now} EXCEPT {then}) UNION ALL ({then} EXCEPT {now})"
        )
        return bool(self.connection.execute(f"FROM {step} LIMIT 1").fetchall())

    @contextmanager
    def only(self, table: str, by: str) -> Iterator[None]:
        """Let only those rows of a table be seen that a step names (see :func:`seen_only`); the results stay the same."""
        if self.is_first:
            yield
            return
        with seen_only(self.connection, table, by):
            yield

    @contextmanager
    def merging(self) -> Iterator[Callable[..., None]]:
        """Fill tables whose rows at work are seen alone until the end, and are put in the place of what they replace then.

        Yields:
            ``fill(table, sql_file, parameters, replacing=(step, ...), blocks=...)``: as :func:`database.fill`; the columns of each
            of the steps, all of them, name rows that go (``place`` is the row's id, ``table_name`` the table it is of).
        """
        filled: dict[str, tuple[str, ...]] = {}

        def fill(
            table: str,
            sql_file: Path,
            parameters: Parameters | None = None,
            *,
            replacing: tuple[str, ...],
            blocks: Sequence[Parameters] | None = None,
        ) -> None:
            database.fill(self.connection, table, sql_file, parameters, temporary=not self.is_first, blocks=blocks)
            filled[table] = replacing

        try:
            yield fill
            if not self.is_first:
                for table, steps in filled.items():
                    self._merge(table, steps)
        finally:
            for table in filled:
                self.connection.execute(f"DROP TABLE IF EXISTS temp.{tables.quoted(table)}")

    def redo(self, table: str, sql_file: Path, parameters: Parameters | None = None, *, replacing: str) -> None:
        """Fill the rows of a table that are at work, in the place of those that a step names."""
        with self.merging() as fill:
            fill(table, sql_file, parameters, replacing=(replacing,))

    def stop_if(self, reason: str, sql_file: Path, parameters: Parameters | None = None) -> None:
        """Start again from an empty base where the SELECT of a file finds a row; from an empty base there is no other way.

        Raises:
            CannotContinueError: naming the reason.
        """
        if not self.is_first and database.rows(self.connection, sql_file, parameters):
            raise CannotContinueError(reason)

    @property
    def at_work(self) -> Mapping[str, str]:
        """Table -> the table of the file that holds its rows at work, for the gate, which opens the file anew."""
        return {} if self.is_first else {"readings": AT_WORK}

    def keep_for_gate(self) -> None:
        """Write the readings at work into the file."""
        if not self.is_first:
            self.connection.execute(
                f"CREATE OR REPLACE TABLE city.{tables.INTERNAL}.{AT_WORK} AS FROM touched_readings"
            )

    def _merge(self, table: str, steps: Iterable[str]) -> None:
        """Put the rows at work into the whole table, in the place of those that the steps name."""
        quoted = tables.quoted(table)
        for step in steps:
            names = [name for name in _columns(self.connection, step) if name != "table_name"]
            columns = ", ".join("rowid" if name == "place" else tables.quoted(name) for name in names)
            named = f"SELECT ({', '.join(map(tables.quoted, names))}) FROM {tables.quoted(step)}"
            if "table_name" in _columns(self.connection, step):
                named += f" WHERE table_name = {tables.literal(table)}"
            self.connection.execute(f"DELETE FROM city.{tables.table(table).place} WHERE ({columns}) IN ({named})")
        filled = ", ".join(map(tables.quoted, tables.table(table).filled_names))
        self.connection.execute(
            f"INSERT INTO city.{tables.table(table).place} BY NAME SELECT {filled} FROM temp.{quoted}"
        )


def begin(connection: duckdb.DuckDBPyConnection, base: Path | None = None) -> Incremental:
    """Attach the base as ``last``.

    Args:
        connection: The new file, with a copy of the base in it; any database where there is none.
        base: The published file; ``None``: an empty base.
    """
    if base is None:  # history is no part of what a night goes on from
        own = (connection.execute("SELECT current_database()").fetchone() or ("",))[0]
        held = (t for t in tables.catalogue().values() if not t.is_view and t.kind != "history")
        empty = ";".join(tables.create_statement(table) for table in held)
        connection.execute(f"ATTACH ':memory:' AS {LAST}; CREATE SCHEMA {LAST}.{tables.INTERNAL}")
        database.use(connection, LAST)
        connection.execute(empty)
        database.use(connection, own)
        return Incremental(connection, date.min, is_first=True)
    connection.execute(f"ATTACH {tables.literal(str(base))} AS {LAST} (READ_ONLY)")
    inputs = tables.table("build_inputs").place
    today = connection.execute(f"SELECT inputs_hash FROM {LAST}.{inputs} WHERE kind = 'today'").fetchone()
    return Incremental(connection, date.fromisoformat((today or ("",))[0]), is_first=False)


@contextmanager
def seen_only(connection: duckdb.DuckDBPyConnection, table: str, by: str) -> Iterator[None]:
    """Hide a table of the file by some of its rows.

    Args:
        connection: The file.
        table: A table or view of the catalogue.
        by: A step that names the rows by its columns, or, where it has all of the table's, holds them itself.
    """
    quoted, step, names = tables.quoted(table), tables.quoted(by), _columns(connection, by)
    rows = f"FROM {step}"
    if set(names) != set(tables.table(table).column_names):
        rows = f"FROM city.{tables.table(table).place} SEMI JOIN {step} USING ({', '.join(map(tables.quoted, names))})"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {quoted} AS {rows}")
    try:
        yield
    finally:
        connection.execute(f"DROP VIEW IF EXISTS temp.{quoted}")


def drop_for_gate(connection: duckdb.DuckDBPyConnection) -> None:
    """Take out of the file, before it is published, what was kept for the gate."""
    connection.execute(f"DROP TABLE IF EXISTS {tables.INTERNAL}.{AT_WORK}")


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


def _columns(connection: duckdb.DuckDBPyConnection, step: str) -> list[str]:
    return [row[0] for row in connection.execute(f"DESCRIBE {tables.quoted(step)}").fetchall()]
