"""The answer to a SELECT of somebody's own: within a time and a number of rows, as a stream, spilled nowhere but in the data folder.

Reads the published file; writes nothing that outlives the question. What does not fit is told, never left out in silence: an answer
with too many rows ends after the allowed ones and says so (``Answer.is_cut``), one that takes too long ends in an error. Only the time
DuckDB itself works counts, so that whoever reads page by page may take his time.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

import duckdb

from pipelines import tables
from pipelines.settings.city import CityFolder
from pipelines.warehouse import query

BLOCK = 2_000  # rows fetched at a time
GRACE_SECONDS = 5  # DuckDB looks for an interruption between its steps; one step over a single huge value knows none
SCRATCH = "sql-"  # how folders of questions in the data folder's tmp begin
FORGOTTEN_SECONDS = 86_400  # older than any question: its process was killed
# what a spreadsheet takes for the beginning of a formula, also in full width, and what it passes over before one
BEGINS_A_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
A_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?([eE][+-]?\d+)?", re.ASCII)


class StoppedError(RuntimeError):
    """The question took longer than the settings allow."""


class TooManyRowsError(RuntimeError):
    """The answer has more rows than the settings allow, and its format cannot tell that it was cut off."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a question may go.

    Attributes:
        seconds: How long DuckDB may work on it.
        rows: The most rows that are given.
        memory: What DuckDB may use before it spills.
        give_up: Called from another thread when a statement does not heed its interruption; it must end the process.
    """

    seconds: float
    rows: int
    memory: str
    give_up: Callable[[], None] = lambda: None

    @classmethod
    def of(cls, city: CityFolder, give_up: Callable[[], None]) -> Bounds:
        """Take them from the settings."""
        settings = city.settings
        return cls(settings.sql.longest_seconds, settings.sql.most_rows, settings.limits.memory, give_up)


@contextmanager
def scratch(city: CityFolder) -> Iterator[Path | None]:
    """A folder of its own in the data folder, gone afterwards; nothing where the caller may not write there."""
    _end_in_order()
    folder = city.data / "tmp"
    try:
        folder.mkdir(exist_ok=True)
        _sweep(folder)
        own = TemporaryDirectory(prefix=SCRATCH, dir=folder, ignore_cleanup_errors=True)
    except OSError:
        yield None
        return
    with own as path:
        yield Path(path)


def _end_in_order() -> None:
    """Let a process that is asked to end (by a service, a closed terminal) leave its blocks, so that nothing stays behind."""
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if (
                number is not None and signal.getsignal(number) == signal.SIG_DFL
            ):  # one that is ignored stays so (nohup)
                signal.signal(number, lambda which, _: sys.exit(128 + which))


def _sweep(folder: Path) -> None:
    """Remove what questions left behind whose process was killed."""
    for path in folder.glob(f"{SCRATCH}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > FORGOTTEN_SECONDS:
                shutil.rmtree(path)


class Answer:
    """The answer to one SELECT, block by block."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, statement: str, bounds: Bounds) -> None:
        """Begin; the statement is one that was checked, or one of ours around it."""
        self.is_cut = False
        self._connection = connection
        self._bounds = bounds
        self._left = bounds.seconds
        with self._working():
            self._cursor = connection.execute(statement)
        self.names = [column[0] for column in self._cursor.description or []]

    def blocks(self) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows, at most the allowed number; afterwards ``is_cut`` tells whether there were more.

        Raises:
            StoppedError: the time is over.
            QueryError: an error of the statement that only shows at a row.
        """
        allowed = self._bounds.rows
        while not self.is_cut:
            with self._working():
                rows = self._cursor.fetchmany(min(BLOCK, allowed + 1))
            if not rows:
                return
            self.is_cut = len(rows) > allowed
            rows = rows[:allowed]
            allowed -= len(rows)
            if rows:
                yield rows

    @contextmanager
    def _working(self) -> Iterator[None]:
        """Let DuckDB work, not longer than is left."""
        done, over = threading.Event(), threading.Event()
        guard = threading.Thread(target=self._guard, args=(done, over), name="time limit of a question", daemon=True)
        began = time.monotonic()
        guard.start()
        try:
            yield
        except duckdb.InterruptException as error:
            raise (StoppedError() if over.is_set() else query.QueryError(str(error))) from error
        except duckdb.Error as error:
            raise query.QueryError(str(error)) from error
        finally:
            done.set()
            guard.join()
            self._left -= time.monotonic() - began
        if over.is_set():
            raise StoppedError

    def _guard(self, done: threading.Event, over: threading.Event) -> None:
        if done.wait(max(self._left, 0)):
            return
        over.set()
        self._connection.interrupt()
        if not done.wait(GRACE_SECONDS):
            self._bounds.give_up()


def ask(connection: duckdb.DuckDBPyConnection, statement: str, bounds: Bounds) -> Answer:
    """Ask for the rows of one SELECT.

    Raises:
        QueryError: several statements, no SELECT, or an error in it.
        StoppedError: the time is over.
    """
    query.check(connection, statement)
    return Answer(connection, statement, bounds)


def write_csv(answer: Answer, stream: TextIO) -> None:
    """Write an answer as CSV; empty cells for NULL."""
    writer = csv.writer(stream, lineterminator="\n")
    for number, rows in enumerate(blocks_or_none(answer)):
        if number == 0:
            writer.writerow(answer.names)
        writer.writerows(rows)


def write_for_excel(answer: Answer, stream: TextIO) -> None:
    """Write an answer as the CSV that a spreadsheet opens by a double click: marked as UTF-8, and no cell of it a formula."""
    writer = csv.writer(stream, lineterminator="\r\n")
    for number, rows in enumerate(blocks_or_none(answer)):
        if number == 0:
            stream.write("\ufeff")
            writer.writerow([neutral(name) for name in answer.names])
        writer.writerows([neutral(cell) for cell in row] for row in rows)


def neutral(cell: Any) -> Any:  # noqa: ANN401 - a value of DuckDB
    """Return a cell that a spreadsheet shows and does not run: an apostrophe before what would begin a formula, numbers as they are."""
    text = str(cell)
    begins = text.startswith(BEGINS_A_FORMULA) or text.lstrip("\ufeff\u200b \u3000\xa0").startswith(BEGINS_A_FORMULA)
    if cell is None or not begins or A_NUMBER.fullmatch(text):
        return cell
    return f"'{text}"


def write_json(connection: duckdb.DuckDBPyConnection, statement: str, bounds: Bounds, stream: TextIO) -> Answer:
    """Write rows as a JSON array; DuckDB writes the numbers, so no digit is lost. One that was stopped is not closed."""
    query.check(connection, statement)
    answer = Answer(connection, f"SELECT to_json(answer) FROM (\n{query.bare(statement)}\n) AS answer", bounds)
    before = "["
    for rows in blocks_or_none(answer):
        for row in rows:
            stream.write(f"{before}{row[0]}")
            before = ",\n"
    stream.write("[]\n" if before == "[" else "]\n")
    return answer


def write_parquet(connection: duckdb.DuckDBPyConnection, statement: str, bounds: Bounds, target: Path) -> None:
    """Write rows into a Parquet file, all of them or none.

    Raises:
        TooManyRowsError: there are more than the settings allow.
    """
    query.check(connection, statement)
    counted = f"SELECT * FROM (\n{query.bare(statement)}\n) LIMIT {bounds.rows + 1}"
    answer = Answer(connection, f"COPY ({counted}) TO {tables.literal(str(target))} (FORMAT parquet)", bounds)
    if next(answer.blocks())[0][0] > bounds.rows:
        raise TooManyRowsError


def blocks_or_none(answer: Answer) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the blocks, an empty one where there is none: nothing is written before the first has come without an error."""
    none = True
    for rows in answer.blocks():
        none = False
        yield rows
    if none:
        yield []


def give_up(told: Callable[[], None], folder: Path | None) -> Callable[[], None]:
    """Return what ends this process when DuckDB cannot be interrupted: tell it, leave nothing behind, end."""

    def end() -> None:
        told()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    return end
