"""Read with care what could not be read at once: lines that are not plain, layouts that say more, tables read in Python.

The cells are typed and judged by the .sql files beside this module, in the order raw_rows, row_cells, typed_cells, stamped_cells,
read_cells; only texts that DuckDB cannot read go through ``words``, each distinct text once.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines import folding
from pipelines.settings.city import Limits
from pipelines.sources import parsed_store
from pipelines.sources.cells import plain, tables_found
from pipelines.sources.layouts import cell_words, headings
from pipelines.sources.open import shown
from pipelines.sources.open.open_file import OpenedFile, TablePart
from pipelines.texts import both
from pipelines.warehouse import database

HERE = Path(__file__).parent
EMPTY = """
CREATE OR REPLACE TEMP TABLE read_cells (
    file_no INTEGER, line BIGINT, column_name layout_word, {}, quantity_text VARCHAR, is_snapped BOOLEAN,
    side_unread VARCHAR, rule_id VARCHAR, raw VARCHAR)
""".format(", ".join(f"{name} {kind}" for name, kind in list(parsed_store.VALUE_COLUMNS.items())[3:]))
NO_TOTALS = """
CREATE OR REPLACE TEMP VIEW printed_totals AS
SELECT NULL::INTEGER AS file_no, NULL::BIGINT AS line, NULL::VARCHAR AS column_name, NULL::VARCHAR AS text WHERE false
"""


def read(
    connection: duckdb.DuckDBPyConnection,
    found: list[OpenedFile],
    left: list[TablePart],
    limits: Limits,
    utc_minutes: int,
) -> None:
    """Fill ``read_cells``: every cell of ``cells`` and of the lines that are left, with its values or the first rule it breaks.

    Args:
        connection: Where ``cells``, ``found_tables`` and what :func:`plain.read` made are.
        found: What became of each file; a table that turns out not to be what it seems is refused there.
        left: The tables of lines that were not read wholly at once.
        limits: The longest line, and how far a stamp may stand beside the minute.
        utc_minutes: The offset of the city's local time.
    """
    connection.execute(EMPTY)
    tables = [part for outcome in found for part in [*outcome.parts, *outcome.held]]
    if not left and not any(part.table for part in tables):
        return
    database.define(connection, HERE / "macros" / "careful.sql")
    _load_lines(connection, left, limits)
    _refuse_lost_lines(connection, found, {part.file_no for part in left})
    tables_found.describe(connection, tables, utc_minutes)
    # views, so that each cell is written twice only: typed, and read
    for view in ("raw_rows", "row_cells"):
        database.create_view(connection, view, HERE / f"{view}.sql", temporary=True)
    with_totals = any(part.recognised.total_rows or "total" in part.recognised.columns for part in tables)
    connection.execute(NO_TOTALS)
    if with_totals:
        database.create_view(connection, "printed_totals", HERE / "printed_totals.sql", temporary=True)
    _refuse_twins(connection, found)
    database.create_temp(connection, "typed_cells", HERE / "typed_cells.sql")
    database.create_temp(connection, "number_signs", HERE / "number_signs.sql")
    if _doubted_again(connection):  # a cell speaks against what was read at once of its table
        database.create_temp(connection, "typed_cells", HERE / "typed_cells.sql")
        database.create_temp(connection, "number_signs", HERE / "number_signs.sql")
    _load_words(connection)
    connection.execute(f"CREATE OR REPLACE TEMP MACRO stamp_tolerance() AS {int(limits.slot_tolerance_seconds)}")
    database.create_view(connection, "stamped_cells", HERE / "stamped_cells.sql", temporary=True)
    read_cells = database.sql_text(HERE / "read_cells.sql")
    database.run(connection, f"INSERT INTO read_cells BY NAME\n{read_cells}", what="read_cells")
    if with_totals:
        _refuse_wrong_totals(connection, found)
    if any(outcome.held for outcome in found):
        _hold_refused(connection, found)


def _load_lines(connection: duckdb.DuckDBPyConnection, parts: list[TablePart], limits: Limits) -> None:
    """Read all lines of some tables in file order; the row id then tells each line's number."""
    connection.execute("CREATE OR REPLACE TEMP TABLE raw_lines (file_no INTEGER, text VARCHAR)")
    if parts:
        connection.execute(
            """INSERT INTO raw_lines SELECT $file_nos[CAST(file_index AS BIGINT) + 1], text
               FROM read_csv($paths, columns = {'text': 'VARCHAR'}, auto_detect = false, header = false, delim = '\x01',
               quote = '', escape = '', strict_mode = false, max_line_size = $longest)""",
            {
                "paths": [str(part.path) for part in parts],
                "file_nos": [part.file_no for part in parts],
                "longest": plain.longest_line(limits),
            },
        )


def _refuse_lost_lines(connection: duckdb.DuckDBPyConnection, found: list[OpenedFile], by_lines: set[int]) -> None:
    """Refuse the tables of which fewer or more lines were read than the file has: a line lost in silence is the worst fault."""
    read = dict(connection.execute("SELECT file_no, count(*) FROM raw_lines GROUP BY file_no").fetchall())
    for outcome in found:
        for part in [part for part in outcome.parts if part.file_no in by_lines]:
            lines = read.get(part.file_no, 0)
            if lines != part.counted.all:
                for table in ("raw_lines", "placed_tables"):
                    connection.execute(f"DELETE FROM {table} WHERE file_no = $no", {"no": part.file_no})
                outcome.refuse(part, ("lines_lost", {"found": lines, "expected": part.counted.all}))


def _doubted_again(connection: duckdb.DuckDBPyConnection) -> bool:
    """Give tables back to the careful way that were read at once, but of which a cell uses the comma as decimal sign."""
    found = connection.execute(
        """DELETE FROM placed_tables WHERE file_no IN (
               SELECT s.file_no FROM number_signs AS s JOIN parse_parts AS p ON p.file_no = s.file_no
               WHERE s.role = 'quantity' AND s.has_comma AND NOT p.semicolons) RETURNING file_no"""
    ).fetchall()
    return bool(found)


def _refuse_twins(connection: duckdb.DuckDBPyConnection, outcomes: list[OpenedFile]) -> None:
    """Refuse tables in which two columns claim one role and hold different values: the sender alone knows which is meant."""
    for outcome in outcomes:
        for part in [part for part in outcome.parts if part.recognised.twins]:
            names = part.recognised.names
            for first, second in part.recognised.twins:
                found = connection.execute(
                    """SELECT min(line), one, other
                       FROM (SELECT line, trim(unmarked($marks, coalesce(cells[$first], ''))) AS one,
                           trim(unmarked($marks, coalesce(cells[$second], ''))) AS other FROM raw_rows
                           WHERE file_no = $no AND NOT ($marks AND coalesce(rule_of(cells[$second]), '') = 'hidden_row'))
                       WHERE other <> '' AND other <> one GROUP BY ALL ORDER BY ALL""",
                    {"no": part.file_no, "first": first, "second": second, "marks": part.has_marks},
                ).fetchall()
                differ = next((row for row in found if not _say_the_same(part, first, *row[1:])), None)
                if differ:
                    columns = " / ".join(f"{place}列「{names[place - 1]}」" for place in (first, second))
                    values = " / ".join(differ[1:])
                    outcome.held.append(part)
                    outcome.refuse(part, ("two_columns", {"columns": columns, "line": differ[0], "found": values}))
                    break


def _say_the_same(part: TablePart, place: int, one: str, other: str) -> bool:
    """Tell whether two cells of one role mean the same, however they are written: 1,000 and 1000, 2025/4/1 and 2025-04-01."""
    recognised = part.recognised
    role = next((role for role, column in recognised.columns.items() if column == place), "")
    if any(slot.position == place for slot in recognised.slots):
        missing = {"", *cell_words.MISSING_MARKS, *recognised.missing}
        signs = ("point", "comma") if part.semicolons else ("point",)
        read = [(cell_words.read_number(one, sign).value, cell_words.read_number(other, sign).value) for sign in signs]
        return {one, other} <= missing or (any(first is not None for first, _ in read) and all(a == b for a, b in read))
    if role in ("start", "end", "issued"):
        form = recognised.timing.form if role != "issued" else ""
        moments = [cell_words.read_moment(text, form, recognised.timing.utc_minutes) for text in (one, other)]
        return None not in moments and moments[0] == moments[1]
    return bool(one) and (
        headings.word(one) == headings.word(other) if role == "unit" else folding.word(one) == folding.word(other)
    )


def _load_words(connection: duckdb.DuckDBPyConnection) -> None:
    """Read the texts that the fast way could not, each once."""
    moments = connection.execute(
        """SELECT DISTINCT started_text, form, utc_minutes FROM typed_cells WHERE started_text <> '' AND started IS NULL
           UNION SELECT DISTINCT ended_text, form, utc_minutes FROM typed_cells WHERE ended_text <> '' AND ended IS NULL
           UNION SELECT DISTINCT issued_text, '', utc_minutes FROM typed_cells WHERE issued_text <> ''
           ORDER BY ALL"""
    ).fetchall()
    numbers = connection.execute(database.sql_text(HERE / "number_texts.sql")).fetchall()
    read = [
        (cell_words.read_amount if role == "yen" else cell_words.read_number)(text, signs)
        for role, text, signs in numbers
    ]
    database.create_from(
        connection,
        "moment_words",
        {
            "text": ("VARCHAR", [text for text, _, _ in moments]),
            "form": ("VARCHAR", [form for _, form, _ in moments]),
            "utc_minutes": ("INTEGER", [offset for _, _, offset in moments]),
            "moment": ("TIMESTAMP", [cell_words.read_moment(text, form, offset) for text, form, offset in moments]),
        },
    )
    database.create_from(
        connection,
        "number_words",
        {
            "role": ("VARCHAR", [role for role, _, _ in numbers]),
            "text": ("VARCHAR", [text for _, text, _ in numbers]),
            "signs": ("VARCHAR", [signs for _, _, signs in numbers]),
            "number": ("DECIMAL(18, 6)", [r.value for r in read]),
            "rule_id": ("VARCHAR", [r.rule_id for r in read]),
        },
    )
    _load_shown(connection)
    written = connection.execute(
        """SELECT DISTINCT unit FROM typed_cells WHERE unit IS NOT NULL AND len(stated_units) > 0
           UNION SELECT unit FROM shown_words WHERE unit IS NOT NULL ORDER BY unit"""
    ).fetchall()
    database.create_from(
        connection,
        "unit_words",
        {
            "text": ("VARCHAR", [text for (text,) in written]),
            "word": ("VARCHAR", [headings.word(text) for (text,) in written]),
        },
    )
    database.create_from(connection, "missing_marks", {"text": ("VARCHAR", sorted(cell_words.MISSING_MARKS))})
    agreed = [
        (column, text, meaning) for column, pairs in cell_words.AGREED_WORDS.items() for text, meaning in pairs.items()
    ]
    database.create_from(
        connection,
        "agreed_words",
        {
            "column_name": ("VARCHAR", [a[0] for a in agreed]),
            "text": ("VARCHAR", [a[1] for a in agreed]),
            "meaning": ("VARCHAR", [a[2] for a in agreed]),
        },
    )


def _load_shown(connection: duckdb.DuckDBPyConnection) -> None:
    """Hold each number format that shows something else than what is stored against the units beside it."""
    pairs = connection.execute(
        "SELECT DISTINCT shown_as, unit FROM typed_cells WHERE shown_as IS NOT NULL ORDER BY ALL"
    ).fetchall()
    read = [shown.agrees(part, unit) for part, unit in pairs]
    database.create_from(
        connection,
        "shown_words",
        {
            "shown_as": ("VARCHAR", [part for part, _ in pairs]),
            "beside": ("VARCHAR", [unit for _, unit in pairs]),
            "agrees": ("BOOLEAN", [agrees for agrees, _ in read]),
            "unit": ("VARCHAR", [unit for _, unit in read]),
        },
    )


def _refuse_wrong_totals(connection: duckdb.DuckDBPyConnection, outcomes: list[OpenedFile]) -> None:
    """Refuse files whose printed totals differ from their cells: one of the two is not what the sender meant."""
    found = connection.execute(database.sql_text(HERE / "wrong_totals.sql")).fetchall()
    wrong = {file_no: rest for file_no, *rest in found}
    for outcome in outcomes:
        for part in list(outcome.parts):
            if part.file_no in wrong:
                line, column, printed, summed, unread = wrong[part.file_no]
                numbers = {"place": " ".join(p for p in (part.member, f"{line}行", column) if p), "printed": printed}
                outcome.held.append(part)
                if unread is None:
                    outcome.refuse(part, ("totals_disagree", numbers | {"summed": summed}))
                else:
                    outcome.refuse(part, ("total_unchecked", numbers | {"cell": both("cell"), "found": unread}))


def _hold_refused(connection: duckdb.DuckDBPyConnection, outcomes: list[OpenedFile]) -> None:
    """Make the values of refused tables rejects, so that it stays known of whom and when they are."""
    connection.execute(
        """UPDATE read_cells SET rule_id = 'file_refused', raw = quantity_text
           WHERE rule_id IS NULL AND file_no IN (SELECT unnest(CAST($nos AS INTEGER[])))""",
        {"nos": [part.file_no for outcome in outcomes for part in outcome.held]},
    )
