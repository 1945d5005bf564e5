"""Incremental nights: what a night's arrivals may change is computed again, everything else stays as it was published.

Words, here and in the stages:

- *base*: what the night goes on from. The new file begins as a copy of the published one, which is attached beside it as ``last``.
  The first night, a rebuild, and any night whose changes cannot be followed go on from an empty base: the tables of the catalogue
  without a row, and a ``last_today`` before all time.
- *step*: a temporary table inside one stage.
- *touched*: the days of meters, months, or years of facilities whose results may differ from the base. ``touched/*.sql`` of a stage
  selects them, from the rows that came and from what differs between base and now (:meth:`Incremental.changed`). How far back and
  ahead a rule looks is an SQL macro that the rule and its ``touched`` statement share.
- *at work*: the rows of a table that are touched.

A stage then runs the same statements as ever, on fewer rows: :meth:`Incremental.only` hides a table by its rows at work for the
length of a ``with``, and :meth:`Incremental.redo` (or ``merging``, for several tables) computes rows again and puts them in the
place of the touched ones. Where the touched rows cannot be told, :meth:`Incremental.stop_if` starts the night again from an empty
base. On an empty base everything is touched, so hiding and merging are left out: ``is_first`` is asked in this module alone, and
saves time, never a row. ``tests/warehouse/test_incremental.py`` holds nights equal to a rebuild over made-up histories.
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
    {
        "files",
        "decisions",
        "answers",
        "today",
        "editions",
        "factor_registers",
        "official_editions",
        "year_closings",
        "state",
    }
)
LAST = "last"
AT_WORK = "readings_at_work"
Parameters = Mapping[str, Any]


class CannotContinueError(Exception):
    """The night cannot go on from its base, since what it touches cannot be told; it starts again from an empty one.

    The message says why, for the log. No fault: the result is the same, and takes as long as a first night.
    """


@dataclass(frozen=True, slots=True)
class Incremental:
    """The warehouse under construction, and the base it goes on from.

    Args:
        connection: The new file; the base is attached to it as ``last``.
        last_today: The day (``--today``) that the base was made for; ``date.min`` where it is empty.
        is_first: The base is empty. Nobody but this module asks it.
    """

    connection: duckdb.DuckDBPyConnection
    last_today: date
    is_first: bool

    def touch(self, step: str, sql_file: Path, *, within: tuple[str, str, int] | None = None) -> None:
        """Make a step that names touched rows, for :meth:`only` and :meth:`redo`. On an empty base nothing is done: all is touched.

        Args:
            step: The name of the temporary table; one of that name is replaced.
            sql_file: The SELECT of what is touched.
            within: (step, column, days): gives the SELECT the parameters ``since`` and ``until``, see :func:`database.span`.

        Raises:
            StageError: when DuckDB refuses.
        """
        if not self.is_first:
            parameters = database.span(self.connection, *within) if within else None
            database.create_temp(self.connection, step, sql_file, parameters)

    def changed(self, table: str, but: str = "") -> bool:
        """Make the step ``changed_<table>``: the rows that only the base or only the new file has. On an empty base: all rows.

        Args:
            table: A table of the catalogue that the night has filled already.
            but: A column whose differences do not matter; the step lacks it.

        Returns:
            Whether there is any such row; on an empty base always true.
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
        """Within the block, statements see only those rows of a table that a step names; see :func:`seen_only`.

        On an empty base they see all. The caller has to see to it that what is computed of these rows needs no others.
        """
        if self.is_first:
            yield
            return
        with seen_only(self.connection, table, by):
            yield

    @contextmanager
    def merging(self) -> Iterator[Callable[..., None]]:
        """Compute the rows of several tables again; at the end of the block they go into the tables of the file.

        Until then a table filled in the block shows only its new rows. At the end the rows that the steps name are deleted and
        the new ones inserted. On an empty base the tables are filled as a whole.

        Yields:
            ``fill(table, sql_file, parameters, replacing=(step, ...), blocks=...)``: as :func:`database.fill`. A step in
            ``replacing`` names the rows to delete by the columns it has; two of them are special: ``place`` is the row's rowid,
            and ``table_name`` says which table a row of the step is about.

        Raises:
            StageError: when a SELECT fails.
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
        """Compute the rows of one table again, in the place of those that a step names; see :meth:`merging`."""
        with self.merging() as fill:
            fill(table, sql_file, parameters, replacing=(replacing,))

    def stop_if(self, reason: str, sql_file: Path, parameters: Parameters | None = None) -> None:
        """Give up the base where the SELECT of a file finds a row. On an empty base nothing is asked: there is none to give up.

        Raises:
            CannotContinueError: with the reason as its message.
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
        """Delete from the table of the file what the steps name, and insert the rows of the temporary table of its name."""
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
    """Within the block, a temporary view of the table's name shows some of its rows; the table itself is not changed.

    Args:
        connection: The file.
        table: A table or view of the catalogue.
        by: A step. Where it has all columns of the table, its rows are shown; otherwise those of the table that are equal to a
            row of it in the columns it has (a semi join).
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
