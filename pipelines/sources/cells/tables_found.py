"""Tell DuckDB which tables a batch holds (``found_tables``) and how each is to be read (``parse_parts``), one row per table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

import duckdb

from pipelines.settings.layout import ROLES
from pipelines.sources.layouts import headings
from pipelines.sources.layouts.head import Recognised
from pipelines.sources.open.open_file import TablePart

# What layouts say in words, as an ENUM in the order of the words: a column's name is then carried and written as a number.
LAYOUT_WORD = """
CREATE OR REPLACE TEMP TYPE layout_word AS ENUM (
    SELECT unnest(CAST($words AS VARCHAR[])) UNION SELECT column_name FROM cells WHERE column_name IS NOT NULL ORDER BY ALL)
"""
SLOT = """
CREATE OR REPLACE TEMP TYPE slot AS STRUCT(
    position INTEGER, name layout_word, start_minutes INTEGER, end_minutes INTEGER, unit VARCHAR, meter VARCHAR, time_band layout_word,
    unit_position INTEGER, month INTEGER)
"""
COLUMNS_TYPE = "STRUCT(" + ", ".join(f'"{role}" INTEGER' for role in ROLES) + ")"
Thing = TypeVar("Thing", TablePart, Recognised)


def load(connection: duckdb.DuckDBPyConnection, parts: list[TablePart]) -> None:
    """Make ``found_tables``: one row per table of the batch, with its lines below the header and how many values each may hold.

    The types ``layout_word`` and ``slot`` are made from what the layouts say, and from the columns of ``cells``.
    """
    layouts = {id(part.recognised): part.recognised for part in parts}.values()
    slots = {slot for layout in layouts for slot in layout.slots}
    said = {word for slot in slots for word in (slot.name, slot.time_band)} | {
        layout.reading_kind for layout in layouts
    }
    connection.execute(LAYOUT_WORD, {"words": [word for word in said if word is not None]})
    connection.execute(SLOT)
    _lay_down(
        connection,
        "found_tables",
        parts,
        [
            ("file_no", "INTEGER", lambda p: p.file_no),
            ("first_line", "BIGINT", lambda p: p.recognised.header_line + 1),
            ("lines", "BIGINT", lambda p: p.counted.last - p.recognised.header_line),
            ("slots", "BIGINT", lambda p: len(p.recognised.slots)),
            ("record", "VARCHAR", lambda p: p.recognised.record),
            ("sha256", "VARCHAR", lambda p: p.key.sha256),
            ("wanted", "VARCHAR", lambda p: p.key.wanted),
            ("file_member", "VARCHAR", lambda p: p.key.member),
            ("member", "VARCHAR", lambda p: p.member),
        ],
    )


def describe(connection: duckdb.DuckDBPyConnection, parts: list[TablePart], utc_minutes: int) -> None:
    """Make ``parse_parts``: one row per table, with all that its layout says of reading it with care.

    Thousands of files may be recognised as the same thing, which is then carried over once. ``utc_minutes``: the offset of the city's
    local time, to which a stamp that states an offset is moved unless its layout names another.
    """
    recognised = {id(part.recognised): part.recognised for part in parts}
    number_of = {each: number for number, each in enumerate(recognised)}
    _lay_down(
        connection,
        "parts",
        parts,
        [
            ("file_no", "INTEGER", lambda p: p.file_no),
            ("delimiter", "VARCHAR", lambda p: p.delimiter),
            ("recognised_no", "INTEGER", lambda p: number_of[id(p.recognised)]),
            ("semicolons", "BOOLEAN", lambda p: p.semicolons),
            ("last_line", "BIGINT", lambda p: p.counted.last),
            ("torn_place", "INTEGER", lambda p: p.torn.place if p.torn else None),
            ("torn_raw", "VARCHAR", lambda p: p.torn.raw if p.torn else None),
            ("has_marks", "BOOLEAN", lambda p: p.has_marks),
        ],
    )
    _lay_down(
        connection,
        "recognised",
        list(recognised.values()),
        [
            ("recognised_no", "INTEGER", lambda r: number_of[id(r)]),
            ("header_line", "BIGINT", lambda r: r.header_line),
            ("width", "INTEGER", lambda r: r.width),
            ("last_role", "INTEGER", lambda r: r.last_role),
            ("stated_units", "VARCHAR[]", lambda r: [headings.word(unit) for unit in r.stated_units]),
            ("meter", "VARCHAR", lambda r: r.meter),
            ("unit", "VARCHAR", lambda r: r.unit),
            ("of_file_start", "VARCHAR", lambda r: r.period[0] if r.period else None),
            ("of_file_end", "VARCHAR", lambda r: r.period[1] if r.period else None),
            ("of_file_event", "VARCHAR", lambda r: r.event),
            ("of_file_note", "VARCHAR", lambda r: r.note),
            ("skip", "VARCHAR", lambda r: r.skip),
            ("reading_kind", "VARCHAR", lambda r: r.reading_kind),
            ("form", "VARCHAR", lambda r: r.timing.form),
            ("months", "INTEGER", lambda r: r.timing.months),
            ("end_shift_minutes", "INTEGER", lambda r: r.timing.end_shift_minutes),
            ("is_period", "BOOLEAN", lambda r: r.timing.is_period),
            ("until_next", "BOOLEAN", lambda r: r.timing.until_next),
            ("from_previous", "BOOLEAN", lambda r: r.timing.from_previous),
            ("longest_days", "INTEGER", lambda r: r.timing.longest_days),
            ("days_decide", "BOOLEAN", lambda r: r.timing.days_decide),
            ("utc_minutes", "INTEGER", lambda r: utc_minutes if r.timing.utc_minutes is None else r.timing.utc_minutes),
            ("total_tolerance", "DOUBLE", lambda r: r.total_tolerance),
            ("has_words", "BOOLEAN", lambda r: bool(r.words)),
            ("has_missing", "BOOLEAN", lambda r: bool(r.missing)),
            ("has_totals", "BOOLEAN", lambda r: bool(r.total_rows)),
            ("words", "STRUCT(k VARCHAR, v VARCHAR)[]", lambda r: [{"k": k, "v": v} for k, v in r.words.items()]),
            ("missing", "VARCHAR[]", lambda r: list(r.missing)),
            ("total_rows", "VARCHAR[]", lambda r: list(r.total_rows)),
            ("columns", COLUMNS_TYPE, lambda r: {role: r.columns.get(role) for role in ROLES}),
            ("slots", "slot[]", lambda r: [asdict(slot) for slot in r.slots]),
        ],
    )
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE parse_parts AS
           SELECT p.*, r.* EXCLUDE (recognised_no) REPLACE (map_from_entries(r.words) AS words)
           FROM parts AS p JOIN recognised AS r USING (recognised_no) ORDER BY file_no"""
    )


def _lay_down(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    things: list[Thing],
    columns: list[tuple[str, str, Callable[[Thing], Any]]],
) -> None:
    """Make a temporary table with one row per thing, of columns with their type and what they hold."""
    selected = ", ".join(f"unnest(CAST(? AS {sql_type}[])) AS {name}" for name, sql_type, _ in columns)
    values = [[read(thing) for thing in things] for _, _, read in columns]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {selected}", values)
