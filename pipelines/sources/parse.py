"""Parse a batch of files into values, rejects and counts.

Reads files; writes one batch of Parquets under ``parsed/``. Plain lines are read at once (``plain``), all others with care
(``careful``). Every cell becomes a value, a reject with its rule, or a blank: received = values + rejects + blanks.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import duckdb

from pipelines.settings.city import JAPAN_MINUTES, CityFolder, Limits
from pipelines.sources import parsed_store, reading_version
from pipelines.sources.arrive import being_read
from pipelines.sources.cells import careful, plain, tables_found
from pipelines.sources.layouts import described, matrix
from pipelines.sources.layouts.head import LayoutReader, RefusedFileError
from pipelines.sources.layouts.xml_documents import BrokenDocumentError
from pipelines.sources.open import torn
from pipelines.sources.open.open_file import Inbound, OpenedFile, OpenOptions, Problem, TablePart
from pipelines.sources.open.read_apart import CELL_COLUMNS, Columns, columns_of, opened
from pipelines.texts import in_both
from pipelines.warehouse import database, time_limit

HERE = Path(__file__).parent
MOST_TOLD = 3


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """What parsing depends on besides the bytes: limits, the city's own layouts and the offset of its local time."""

    limits: Limits
    of_city: tuple[LayoutReader, ...] = ()
    utc_minutes: int = JAPAN_MINUTES

    @classmethod
    def of(cls, city: CityFolder) -> ParseOptions:
        """Return what a city says of it."""
        return cls(city.settings.limits, described.readers(city.settings.layouts), city.settings.utc_minutes)


def parse(
    inbound: list[Inbound],
    connection: duckdb.DuckDBPyConnection,
    reading: ParseOptions,
    scratch: Path,
    note: being_read.Note = being_read.NO_NOTE,
) -> list[OpenedFile]:
    """Parse files into the temporary tables ``parsed_values``, ``parsed_rejects`` and ``parsed_files``.

    Args:
        inbound: The files; content that several share is parsed once.
        connection: An in-memory DuckDB.
        reading: Limits and the city's own layouts.
        scratch: Folder for rewritten copies.
        note: Where to say which file is being opened.

    Returns:
        One outcome for each distinct file key.
    """
    means = OpenOptions(reading.limits, scratch, reading.of_city)
    outcomes: dict[parsed_store.FileKey, OpenedFile] = {}
    connection.execute(_EMPTY_CELLS)
    part_numbers = count()
    for file in inbound:
        note.at(file)
        outcome = opened(file, means)
        if outcome.key in outcomes:
            continue  # the same content under another path
        outcomes[outcome.key] = outcome
        for part in outcome.parts:
            part.file_no = next(part_numbers)
        _read_tables(connection, outcome, reading.limits)
    note.at(None)
    found = list(outcomes.values())
    parts = [part for outcome in found for part in [*outcome.parts, *outcome.held]]
    tables_found.load(connection, parts)
    left = plain.read(connection, parts, reading.limits)
    careful.read(connection, found, left, reading.limits, reading.utc_minutes)
    _split(connection, found)
    _count(connection, found)
    return found


def parse_into_store(inbound: list[Inbound], parsed: Path, reading: ParseOptions, scratch_root: Path) -> list[Inbound]:
    """Parse a batch and keep it under ``parsed/``.

    Returns:
        The files that changed while they were read. Nothing of them is kept: their hash says another content.
    """
    with time_limit.at_work(), being_read.noted(parsed, inbound) as note:
        return _parse_into_store(inbound, parsed, reading, scratch_root, note)


def _parse_into_store(
    inbound: list[Inbound], parsed: Path, reading: ParseOptions, scratch_root: Path, note: being_read.Note
) -> list[Inbound]:
    scratch_root.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="parse-", dir=scratch_root))
    try:
        steady, outcomes = inbound, None
        while outcomes is None:
            connection = database.connect(reading.limits.memory, scratch, reading.limits.threads)
            try:
                outcomes = parse(steady, connection, reading, scratch, note)
            except (OSError, duckdb.Error):  # a file that is gone now is no fault of this program
                if not any(file.inspected.has_changed() for file in steady):
                    raise
            changed = {id(file) for file in steady if file.inspected.has_changed()}
            if changed:
                connection.close()
                steady, outcomes = [file for file in steady if id(file) not in changed], None
        if outcomes:
            batch = parsed_store.batch_id(outcome.key for outcome in outcomes)
            connection.execute("UPDATE parsed_files SET batch = CAST($batch AS VARCHAR)", {"batch": batch})
            _leave_out_unfilled(connection)
            parsed_store.write(connection, parsed, batch)
        connection.close()
        kept = {id(file) for file in steady}
        return [file for file in inbound if id(file) not in kept]
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def create_empty(connection: duckdb.DuckDBPyConnection, kind: str) -> None:
    """Create the temporary table that stands for the Parquets of a kind when nothing has been parsed yet."""
    types: dict[str, str] = parsed_store.VALUE_COLUMNS
    if kind != parsed_store.VALUES:
        scratch = database.connect()
        parse([], scratch, ParseOptions(Limits()), Path())
        types = {name: column_type for name, column_type, *_ in scratch.execute(f"DESCRIBE parsed_{kind}").fetchall()}
        scratch.close()
    if kind in parsed_store.NAMED_BY_FILE:
        types |= {"batch": "VARCHAR"}
    columns = ", ".join(f"{name} {column_type}" for name, column_type in types.items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE parsed_{kind} (batch_no BIGINT, {columns})")


def batches(inbound: list[Inbound], limits: Limits) -> Iterable[list[Inbound]]:
    """Cut the work into batches of bounded size, in a fixed order; copies of a file stay in one batch."""
    batch: list[Inbound] = []
    size = 0
    for file in sorted(inbound, key=lambda f: (f.inspected.sha256, f.source, f.path)):
        full = size + file.inspected.size > limits.batch_bytes or len(batch) >= limits.batch_files
        if batch and full and file.inspected.sha256 != batch[-1].inspected.sha256:
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.inspected.size
    if batch:
        yield batch


_EMPTY_CELLS = """
CREATE OR REPLACE TEMP TABLE cells (
    file_no INTEGER, line BIGINT, column_name VARCHAR, key VARCHAR, started_text VARCHAR, ended_text VARCHAR,
    start_minutes INTEGER, end_minutes INTEGER, month_of_year INTEGER, days_text VARCHAR, quantity_text VARCHAR, unit VARCHAR,
    reading_kind VARCHAR, time_band VARCHAR, quality VARCHAR, stage VARCHAR, issued_text VARCHAR, yen_text VARCHAR, kw_text VARCHAR,
    contract_text VARCHAR, substance VARCHAR, note VARCHAR, category VARCHAR, basis VARCHAR, moisture_text VARCHAR,
    laboratory VARCHAR, slip_no VARCHAR, index_before VARCHAR, index_after VARCHAR, evidence_name VARCHAR, for_month VARCHAR,
    line_rule VARCHAR, line_raw VARCHAR)
"""


def _read_tables(connection: duckdb.DuckDBPyConnection, outcome: OpenedFile, limits: Limits) -> None:
    """Put the cells of the tables that are read in Python into ``cells``; a file refused on the way has none."""
    for part in list(outcome.parts):
        if part.recognised.read is None or part.table is None:
            continue
        try:
            for columns in columns_of(part, limits.file_rows):
                _insert_cells(connection, part, columns)
            _hold_torn(connection, part)
        except (RefusedFileError, BrokenDocumentError) as error:
            problem: Problem = ("broken_xml", {"found": str(error)})
            if isinstance(error, RefusedFileError):
                problem = (error.rule_id, error.numbers)
            if problem[0] in matrix.TOTALS:  # raised behind the last cell: of whom and when they are stays known
                outcome.held.append(part)
            else:
                connection.execute("DELETE FROM cells WHERE file_no = $no", {"no": part.file_no})
            outcome.refuse(part, problem)


def _hold_torn(connection: duckdb.DuckDBPyConnection, part: TablePart) -> None:
    """Hold back what may be cut off at the end of a table that is read in Python: the values of the last line, or its last one."""
    if part.torn is None or part.table is None:
        return
    connection.execute(
        """UPDATE cells SET line_rule = 'torn_line', line_raw = $raw
           WHERE file_no = $no AND line = $line AND quantity_text <> '' AND ($whole OR trim(quantity_text) = $last)""",
        {
            "raw": part.torn.raw,
            "no": part.file_no,
            "line": part.counted.all,
            "whole": part.torn.place == torn.WHOLE_LINE,
            "last": part.last_cell,
        },
    )


def _insert_cells(connection: duckdb.DuckDBPyConnection, part: TablePart, columns: Columns) -> None:
    selected = ", ".join(
        f"unnest(CAST(? AS {'BIGINT' if field == 'line' else 'VARCHAR'}[])) AS {column}"
        for field, column in CELL_COLUMNS.items()
    )
    connection.execute(
        f"INSERT INTO cells BY NAME SELECT * REPLACE (coalesce(?, reading_kind) AS reading_kind)"
        f" FROM (SELECT CAST(? AS INTEGER) AS file_no, 0 AS start_minutes, {selected})",
        [part.recognised.reading_kind, part.file_no, *columns],
    )


def _split(connection: duckdb.DuckDBPyConnection, outcomes: list[OpenedFile]) -> None:
    """Part the cells into values and rejects; a member of an archive that could not be read is one reject."""
    place = (
        "p.sha256 AS source_sha256, p.wanted, p.file_member, p.member AS source_member, c.line AS source_line,"
        " CAST(c.column_name AS VARCHAR) AS source_column"
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP VIEW all_values AS SELECT {", ".join(parsed_store.VALUE_COLUMNS)}
            FROM (FROM read_cells WHERE rule_id IS NULL UNION ALL BY NAME FROM plain_values)
                AS c (table_no, source_line, source_column);
            CREATE OR REPLACE TEMP VIEW parsed_tables AS SELECT file_no AS table_no, sha256 AS source_sha256, wanted, file_member,
            member AS source_member, record FROM found_tables;
            CREATE OR REPLACE TEMP VIEW parsed_values AS SELECT t.* EXCLUDE (table_no), v.* EXCLUDE (table_no)
            FROM all_values AS v JOIN parsed_tables AS t USING (table_no)"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE parsed_rejects AS SELECT {place}, c.rule_id, left(c.raw, 200) AS raw, c.key,
            c.started_at, c.ended_at, coalesce(c.stage, 'confirmed') AS stage, coalesce(c.quality, 'measured') AS quality,
            c.reading_kind, c.slip_no
            FROM read_cells AS c JOIN found_tables AS p ON p.file_no = c.file_no
            WHERE c.rule_id IS NOT NULL AND c.rule_id <> 'blank'"""
    )
    lost = [(o.key.sha256, o.key.wanted, o.key.member, member, why) for o in outcomes for member, why in sorted(o.lost)]
    if lost:
        connection.executemany(
            """INSERT INTO parsed_rejects
               SELECT $1, $2, $3, $4, 0, '', 'unreadable_member', $5, NULL, NULL, NULL, NULL, NULL, NULL, NULL""",
            lost,
        )


def _leave_out_unfilled(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``kept_values``: the values without the columns that none of them fills, which would cost as much to write as full ones."""
    filled = set(parsed_store.ALWAYS_KEPT)
    for table in ("read_cells", "plain_cells"):
        counts = connection.execute(f"SELECT count(COLUMNS(*)) FROM {table}")
        names = [column[0] for column in counts.description]
        filled |= {name for name, count in zip(names, counts.fetchone() or (), strict=True) if count}
    kept = ", ".join(name for name in parsed_store.VALUE_COLUMNS if name in filled)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW kept_values AS SELECT {kept} FROM all_values")


def _side_unread(connection: duckdb.DuckDBPyConnection) -> dict[int, list[str]]:
    """Return by table what could not be read of the columns beside the values, the first few by their lines."""
    rows = connection.execute(
        """SELECT file_no, line, min(side_unread), count(*) OVER (PARTITION BY file_no) FROM read_cells
           WHERE rule_id IS NULL AND side_unread IS NOT NULL GROUP BY file_no, line ORDER BY file_no, line"""
    ).fetchall()
    found: dict[int, list[str]] = {}
    for file_no, line, text, lines in rows:
        told = found.setdefault(file_no, [])
        if len(told) < MOST_TOLD:
            told.append(in_both("line_told", line=line, text=text))
        elif len(told) == MOST_TOLD:
            told.append(in_both("more_lines", lines=lines))
    return found


def _count(connection: duckdb.DuckDBPyConnection, outcomes: list[OpenedFile]) -> None:
    """Write ``parsed_files``: one row per file key with its row account as parsed."""
    careful: list[tuple[int, ...]] = connection.execute(
        """SELECT file_no, count(*), count(*) FILTER (rule_id = 'blank'), count(*) FILTER (is_snapped), count(DISTINCT line)
           FROM read_cells GROUP BY file_no"""
    ).fetchall()
    unread = _side_unread(connection)
    cells, blanks, snapped, used = ({row[0]: row[column] for row in careful} for column in range(1, 5))
    for file_no, lines, slots in connection.execute(plain.PLAIN_LINES).fetchall():
        cells[file_no] = cells.get(file_no, 0) + lines * slots  # every slot of a plain line is a value
        used[file_no] = used.get(file_no, 0) + lines

    def ignored(part: TablePart) -> int:
        return max(0, part.counted.all - used.get(part.file_no, 0))

    def total(outcome: OpenedFile, counted: dict[int, int]) -> int:
        return sum(counted.get(part.file_no, 0) for part in [*outcome.parts, *outcome.held])

    described_files: list[tuple[str, str, list[Any]]] = [
        ("sha256", "VARCHAR", [o.key.sha256 for o in outcomes]),
        ("member", "VARCHAR", [o.key.member for o in outcomes]),
        ("wanted", "VARCHAR", [o.key.wanted for o in outcomes]),
        ("layout", "VARCHAR", [o.layout for o in outcomes]),
        ("names_meter_by_path", "BOOLEAN", [o.names_meter_by_path for o in outcomes]),
        ("rule_id", "VARCHAR", [o.problem[0] if o.problem else None for o in outcomes]),
        ("numbers", "VARCHAR", [json.dumps(o.problem[1] if o.problem else {}, ensure_ascii=False) for o in outcomes]),
        ("rows_received", "BIGINT", [total(o, cells) + len(o.lost) for o in outcomes]),
        ("rows_blank", "BIGINT", [total(o, blanks) for o in outcomes]),
        (
            "rows_ignored",
            "BIGINT",
            [sum(ignored(part) for part in [*o.parts, *o.held]) + o.rows_unread for o in outcomes],
        ),
        ("stamps_moved", "BIGINT", [total(o, snapped) for o in outcomes]),
        ("cells_rounded", "BIGINT", [o.cells_rounded for o in outcomes]),
        (
            "unread",
            "VARCHAR",
            [
                ", ".join([*o.unread, *(t for p in o.parts for t in unread.get(p.file_no, ()))]) if o.parts else ""
                for o in outcomes
            ],
        ),
    ]
    selected = ", ".join(f"unnest(CAST(? AS {kind}[])) AS {name}" for name, kind, _ in described_files)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE parsed_files AS SELECT *, {reading_version.present()} AS parser_version, '' AS batch"
        f" FROM (SELECT {selected})",
        [values for _, _, values in described_files],
    )
