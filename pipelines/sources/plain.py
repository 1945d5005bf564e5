"""Read the plain lines of a batch at once: nearly all lines of a large file need no closer look.

A line is plain when it is written as ``line_pattern`` says and every value cell of it can be taken (``plain_cells.sql``). All
others, and all lines of layouts that say more than where things stand, are read with care by the statements of ``parse``; both
ways give the same values. One pattern for the whole line costs a third of trimming and looking at each cell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from pipelines.sources.head import Recognised, Timing
from pipelines.sources.open_file import Part
from pipelines.warehouse import database

HERE = Path(__file__).parent
ROLES_READ = {
    "meter": "meter_at", "meter_part": "part_at", "start": "start_at", "time": "time_at", "end": "end_at", "unit": "unit_at",
}  # fmt: skip
# Roles whose cells need a closer look when they are filled.
ROLES_OF_CARE = frozenset({
    "meter_else", "reading_kind", "time_band", "quality", "stage", "issued", "yen", "demand_kw", "contract_kw",
    "substance", "note", "category", "basis", "moisture", "laboratory",
})  # fmt: skip
# What a plain cell looks like, with the delimiter for {d}: no blanks around it and nothing that could be meant otherwise.
ANY = "[^{d}\x1e]*"
NAME = "[^{d}\\s\\p{{Z}}\\p{{Cc}}](?:[^{d}\x1e]*[^{d}\\s\\p{{Z}}\\p{{Cc}}])?"
MOMENT = "[0-9]{{4}}[-/][0-9]{{2}}[-/][0-9]{{2}}(?: [0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}})?)?"
CLOCK = "[0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}})?"
AMOUNT = "-?[0-9]{{1,12}}(?:\\.[0-9]{{1,6}})?"
OF_ROLE = {
    "meter": NAME, "meter_part": f"(?:{NAME})?", "start": MOMENT, "time": CLOCK, "end": MOMENT, "unit": f"(?:{NAME})?",
}  # fmt: skip
EMPTY = """
CREATE OR REPLACE TEMP TABLE plain_cells (
    file_no INTEGER, line BIGINT, column_name VARCHAR, key VARCHAR, started_at TIMESTAMP, ended_at TIMESTAMP,
    quantity DECIMAL(18, 6), unit VARCHAR, reading_kind VARCHAR, time_band VARCHAR, is_plain BOOLEAN)
"""


def shapes(parts: list[Part]) -> dict[int, int]:
    """Return file_no -> number of its shape, for the parts whose lines may be plain."""
    numbers: dict[str, int] = {}
    known: dict[tuple[int, str], int] = {}  # thousands of files are recognised as the same thing
    found = {}
    for part in parts:
        if _may_be_plain(part.recognised):
            thing = id(part.recognised), part.delimiter
            if thing not in known:
                known[thing] = numbers.setdefault(repr(_parameters(part)), len(numbers))
            found[part.file_no] = known[thing]
    return found


def read(connection: duckdb.DuckDBPyConnection, parts: list[Part], of_part: Mapping[int, int]) -> None:
    """Fill ``plain_cells``, and ``careful_lines`` with the lines among them that are left for the careful way.

    Args:
        connection: Where ``raw_lines`` and ``parse_parts`` are.
        parts: The tables of the batch.
        of_part: Their shapes.
    """
    connection.execute(EMPTY)
    select = database.sql_text(HERE / "plain_cells.sql")
    examples = {of_part[part.file_no]: part for part in parts if part.file_no in of_part}
    for shape, part in examples.items():
        parameters = {"shape": shape, **_parameters(part)}
        database.run(connection, f"INSERT INTO plain_cells BY NAME {select}", parameters, what="plain_cells")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE careful_lines AS SELECT DISTINCT file_no, line FROM plain_cells WHERE NOT is_plain"
    )
    connection.execute(
        """CREATE OR REPLACE TEMP VIEW plain_values AS SELECT c.* EXCLUDE (is_plain) FROM plain_cells AS c
           ANTI JOIN careful_lines AS l ON l.file_no = c.file_no AND l.line = c.line"""
    )


def _may_be_plain(recognised: Recognised) -> bool:
    """Tell whether a layout says no more than where things stand."""
    timing = Timing(end_shift_minutes=recognised.timing.end_shift_minutes)
    return (
        recognised.read is None
        and recognised.timing == timing
        and not (recognised.words or recognised.missing or recognised.total_rows)
        and set(recognised.columns) <= ROLES_READ.keys() | ROLES_OF_CARE | {"quantity"}
        and bool(recognised.slots)
        and recognised.reading_kind in (None, "interval", "bill", "register", "delivery")
        and len(set(places := [*recognised.columns.values(), *_positions(recognised)])) == len(places)
    )


def line_pattern(part: Part) -> str:
    """Return what a plain line of a table is, as a regular expression: every cell of the header, each plain in its role."""
    recognised = part.recognised
    cell_of = {recognised.columns[role]: cell for role, cell in OF_ROLE.items() if role in recognised.columns}
    cell_of |= {recognised.columns[role]: "" for role in ROLES_OF_CARE if role in recognised.columns}
    cell_of |= dict.fromkeys(_positions(recognised), AMOUNT)
    delimiter = re.escape(part.delimiter)
    return delimiter.join(cell_of.get(place, ANY).format(d=delimiter) for place in range(1, recognised.width + 1))


def _positions(recognised: Recognised) -> list[int]:
    return [slot.position for slot in recognised.slots]


def _parameters(part: Part) -> dict[str, Any]:
    recognised = part.recognised
    columns = recognised.columns
    return {
        "delimiter": part.delimiter,
        "meter": recognised.meter,
        "unit": recognised.unit,
        "reading_kind": recognised.reading_kind,
        "pattern": line_pattern(part),
        "positions": _positions(recognised),
        "end_shift_minutes": recognised.timing.end_shift_minutes,
        "slots": [asdict(slot) for slot in recognised.slots],
        **{name: columns.get(role) for role, name in ROLES_READ.items()},
    }
