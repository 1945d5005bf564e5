"""Read the plain lines of a batch at once: nearly all lines of a large file need no closer look.

DuckDB cuts the lines into cells and types them in the same step (``plain_cells.sql``). Lines that are not plain, tables of which a line
was passed over (an empty one, one with more cells than its header), and all tables of layouts that say more than where things stand,
are read with care (``careful``); both ways give the same values.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from pipelines import tables
from pipelines.settings.city import Limits
from pipelines.sources.layouts.head import Recognised, Timing
from pipelines.sources.open.open_file import TablePart
from pipelines.warehouse import database

HERE = Path(__file__).parent
ROLES_READ = frozenset({"meter", "meter_part", "start", "time", "end", "unit"})
# Roles whose cells need a closer look when they are filled.
ROLES_OF_CARE = frozenset({
    "meter_else", "reading_kind", "time_band", "quality", "stage", "issued", "yen", "demand_kw", "contract_kw",
    "substance", "note", "category", "basis", "moisture", "laboratory", "slip", "index_before", "index_after",
    "evidence", "for_month",
})  # fmt: skip
# Threads share a file by buffers. Their size must be a multiple of 16: DuckDB 2.0 loses lines where another one ends.
BUFFER_STEP = 65_536
LEAST_BUFFER, MOST_BUFFER = 16 * BUFFER_STEP, 512 * BUFFER_STEP
# Stands for no cell at all, which an empty cell is not; no file read here holds it.
NOTHING = "\x1d"
EMPTY = """
CREATE OR REPLACE TEMP TABLE plain_cells (
    file_no INTEGER, column_name layout_word, key VARCHAR, started_at TIMESTAMP, ended_at TIMESTAMP,
    quantity DECIMAL(18, 6), unit VARCHAR, reading_kind layout_word, time_band layout_word, is_plain BOOLEAN);
CREATE OR REPLACE TEMP TABLE no_line (
    meter VARCHAR, meter_part VARCHAR, "start" VARCHAR, "time" VARCHAR, "end" VARCHAR, unit VARCHAR, last_care VARCHAR);
"""
# A table counts only when all its lines are there: then the place of a cell tells the line it came from.
PLACED = """
CREATE OR REPLACE TEMP TABLE placed_tables AS
SELECT t.file_no, t.first_line, t.lines, t.slots, f.first_cell
FROM found_tables AS t
JOIN (SELECT file_no, min(rowid) AS first_cell, count(*) AS cells FROM plain_cells GROUP BY file_no) AS f ON f.file_no = t.file_no
WHERE f.cells = t.lines * t.slots;
CREATE OR REPLACE TEMP VIEW placed_cells AS
SELECT c.*, (c.rowid - t.first_cell) // t.slots + t.first_line AS line
FROM plain_cells AS c
JOIN placed_tables AS t ON t.file_no = c.file_no;
CREATE OR REPLACE TEMP TABLE careful_lines AS SELECT DISTINCT file_no, line FROM placed_cells WHERE NOT is_plain;
CREATE OR REPLACE TEMP VIEW plain_values AS
SELECT c.* EXCLUDE (is_plain) FROM placed_cells AS c ANTI JOIN careful_lines AS l ON l.file_no = c.file_no AND l.line = c.line;
"""
# The lines of each table that are wholly there, and how many values each of them has.
PLAIN_LINES = """
SELECT t.file_no, t.lines - count(l.line), t.slots
FROM placed_tables AS t LEFT JOIN careful_lines AS l ON l.file_no = t.file_no GROUP BY t.file_no, t.lines, t.slots
"""


def read(connection: duckdb.DuckDBPyConnection, parts: list[TablePart], limits: Limits) -> list[TablePart]:
    """Fill ``plain_cells``; show in ``plain_values`` what of it counts.

    Args:
        connection: Where ``found_tables`` is.
        parts: The tables of the batch.
        limits: The longest line.

    Returns:
        The tables of lines that are left for the careful way, wholly (not in ``placed_tables``) or for their ``careful_lines``.
    """
    database.define(connection, HERE / "macros" / "plain.sql")
    connection.execute(EMPTY)
    threads = int((connection.execute("SELECT current_setting('threads')").fetchone() or (1,))[0])
    select = database.sql_text(HERE / "plain_cells.sql")
    for alike in _by_shape(parts):
        with suppress(duckdb.InvalidInputException, duckdb.NotImplementedException):  # how DuckDB says: not that plain
            connection.execute(f"INSERT INTO plain_cells BY NAME {select}", _parameters(alike, limits, threads))
    connection.execute(PLACED)
    torn = {part.file_no: part.counted.last for part in parts if part.torn}
    connection.execute(
        """INSERT INTO careful_lines SELECT t.file_no, t.line
           FROM (SELECT unnest(CAST($nos AS INTEGER[])) AS file_no, unnest(CAST($lines AS BIGINT[])) AS line) AS t
           JOIN placed_tables AS p ON p.file_no = t.file_no ANTI JOIN careful_lines AS l ON l.file_no = t.file_no AND l.line = t.line""",
        {"nos": list(torn), "lines": list(torn.values())},
    )
    done = connection.execute("SELECT file_no FROM placed_tables EXCEPT SELECT file_no FROM careful_lines").fetchall()
    wholly = {file_no for (file_no,) in done}
    return [part for part in parts if part.recognised.read is None and part.file_no not in wholly]


def _by_shape(parts: list[TablePart]) -> list[list[TablePart]]:
    """Return the tables whose lines may be plain, those together that are read alike."""
    numbers: dict[str, int] = {}
    known: dict[tuple[int, str], int] = {}  # thousands of files are recognised as the same thing
    found: dict[int, list[TablePart]] = {}
    for part in parts:
        if not part.has_marks and _may_be_plain(part.recognised):
            thing = id(part.recognised), part.delimiter
            if thing not in known:
                known[thing] = numbers.setdefault(repr(_shape(part)), len(numbers))
            found.setdefault(known[thing], []).append(part)
    return list(found.values())


def _may_be_plain(recognised: Recognised) -> bool:
    """Tell whether a layout says no more than where things stand."""
    timing = Timing(end_shift_minutes=recognised.timing.end_shift_minutes)
    return (
        recognised.read is None
        and recognised.timing == timing
        and not (recognised.words or recognised.missing or recognised.total_rows)
        and not (
            recognised.twins
            or recognised.stated_units
            or recognised.period
            or recognised.note
            or recognised.event
            or recognised.skip
        )
        and not any(slot.unit_position or slot.month is not None for slot in recognised.slots)
        and set(recognised.columns) <= ROLES_READ | ROLES_OF_CARE | {"quantity"}
        and bool(recognised.slots)
        and recognised.reading_kind in (None, *tables.words("reading_kind"))
        and len(set(places := [*recognised.columns.values(), *_positions(recognised)])) == len(places)
    )


def _positions(recognised: Recognised) -> list[int]:
    return [slot.position for slot in recognised.slots]


def _shape(part: TablePart) -> dict[str, Any]:
    """Return what the statement has to know of a table, as its parameters."""
    recognised = part.recognised
    names = {place: role if role in ROLES_READ else f"care_{role}" for role, place in recognised.columns.items()}
    names |= {place: f"quantity_{place}" for place in _positions(recognised)}
    last = names.get(recognised.last_role, "")
    if last.startswith("care_"):  # where a line lacks it, it lacks a role; all others must be filled to be plain
        names[recognised.last_role] = "last_care"
    # a line may not have more cells than its header: one more is filled only in those that have
    names[recognised.width + 1] = "care_beyond"
    return {
        "columns": {names.get(place, f"unread_{place}"): "VARCHAR" for place in range(1, recognised.width + 2)},
        "delimiter": part.delimiter,
        "header_line": recognised.header_line,
        "has_time": "time" in recognised.columns,
        "has_unit": "unit" in recognised.columns,
        "has_last_care": last.startswith("care_"),
        "semicolons": part.semicolons,
        "meter": recognised.meter,
        "unit": recognised.unit,
        "reading_kind": recognised.reading_kind,
        "end_shift_minutes": recognised.timing.end_shift_minutes,
        "slots": [asdict(slot) for slot in sorted(recognised.slots, key=lambda slot: slot.position)],
    }


def _parameters(alike: list[TablePart], limits: Limits, threads: int) -> dict[str, Any]:
    largest = max(part.path.stat().st_size for part in alike)
    longest = longest_line(limits)
    wanted = max(longest, LEAST_BUFFER, min(MOST_BUFFER, largest // threads + 1))
    return _shape(alike[0]) | {
        "paths": [str(part.path) for part in alike],
        "file_nos": [part.file_no for part in alike],
        "longest": longest,
        "nothing": NOTHING,
        "buffer": -(-wanted // BUFFER_STEP) * BUFFER_STEP,
    }


def longest_line(limits: Limits) -> int:
    """Return how many bytes a line may have: rewritten as UTF-8, it may have grown."""
    return 4 * limits.line_bytes
