"""Parse a batch of files into values, rejects and counts.

Reads files; writes one batch of Parquets under ``parsed/``. The cells are typed by the .sql files beside this
module; only texts that the fast way cannot read go through ``words``, each distinct text once. Every cell becomes a
value, a reject with its rule, or a blank: received = values + rejects + blanks.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import duckdb

from pipelines.settings import CityFolder, Limits
from pipelines.sources import described, plain, store, tables_found, words
from pipelines.sources.documents import BrokenDocumentError
from pipelines.sources.head import Cell, LayoutReader, RefusedFileError
from pipelines.sources.layouts import PARSER_VERSION
from pipelines.sources.open_file import Inbound, Means, Outcome, Part, Problem, open_file, sentence_of
from pipelines.warehouse import database

HERE = Path(__file__).parent
CELLS_AT_ONCE = 50_000
# the fields of a cell that was read in Python -> the columns of ``cells``
CELL_COLUMNS = {
    "line": "line", "column": "column_name", "meter": "key", "start": "started_text", "end": "ended_text",
    "quantity": "quantity_text", "unit": "unit", "reading_kind": "reading_kind", "time_band": "time_band",
    "quality": "quality", "stage": "stage", "issued": "issued_text", "yen": "yen_text", "demand_kw": "kw_text",
    "contract_kw": "contract_text", "substance": "substance", "note": "note", "category": "category",
}  # fmt: skip
AGREED_WORDS = {
    "reading_kind": {"interval": "interval", "bill": "bill", "register": "register", "delivery": "delivery"},
    "time_band": {"all": "all", "day": "day", "night": "night", "全日": "all", "昼間": "day", "夜間": "night"},
    "basis": {
        "wet": "wet", "湿": "wet", "湿ベース": "wet", "湿潤": "wet",
        "dry": "dry", "乾": "dry", "乾ベース": "dry", "乾燥": "dry",
    },
    "quality": {
        word: word for word in ("measured", "supplier_estimated", "interpolated", "overridden_by_review")
    } | {"推定": "supplier_estimated"},
    "stage": {
        "provisional": "provisional", "confirmed": "confirmed", "corrected": "corrected",
        "速報": "provisional", "確報": "confirmed", "確定": "confirmed", "訂正": "corrected",
    },
}  # fmt: skip
MACROS = """
CREATE OR REPLACE TEMP MACRO stated_offset(t) AS
    CASE WHEN right(t, 1) = 'Z' THEN 0
        ELSE CAST(t[-6] || '1' AS INTEGER) * (CAST(t[-5:-4] AS INTEGER) * 60 + CAST(t[-2:] AS INTEGER)) END;
CREATE OR REPLACE TEMP MACRO moment_of(t, form, utc_minutes) AS
    CASE WHEN form <> '' THEN NULL
        WHEN utc_minutes IS NULL THEN plain_moment(t)
        WHEN regexp_full_match(t, '\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d(:\\d\\d)?(Z|[+-]\\d\\d:\\d\\d)')
        THEN try_cast(regexp_extract(t, '^(.+?)(Z|[+-]\\d\\d:\\d\\d)$', 1) AS TIMESTAMP) + to_minutes(utc_minutes - stated_offset(t)) END;
CREATE OR REPLACE TEMP MACRO plain_decimal(t) AS
    CASE WHEN length(t) <= 19 AND NOT contains(t, '_') AND NOT contains(t, 'e') AND NOT contains(t, 'E')
            AND try_cast(t AS DECIMAL(18, 6)) = try_cast(t AS DECIMAL(38, 18))
        THEN try_cast(t AS DECIMAL(18, 6)) END;
CREATE OR REPLACE TEMP MACRO snapped(t, tolerance) AS
    CASE WHEN abs(epoch_us(t) - epoch_us(date_trunc('minute', t + INTERVAL 30 SECOND))) <= tolerance * 1000000
        THEN date_trunc('minute', t + INTERVAL 30 SECOND) ELSE t END;
CREATE OR REPLACE TEMP MACRO unclosed_mark() AS chr(30) || 'unclosed';
CREATE OR REPLACE TEMP MACRO stamp_tolerance() AS 0;
CREATE OR REPLACE TEMP MACRO bare(t) AS regexp_replace(t, '[\\s\u3000]', '', 'g');
CREATE OR REPLACE TEMP MACRO our_word(has_words, words, role, t) AS
    CASE WHEN has_words THEN coalesce(words[role || ':' || coalesce(trim(t), '')], t) ELSE t END;
CREATE OR REPLACE TEMP MACRO unless_missing(has_missing, missing, t) AS
    CASE WHEN NOT has_missing THEN t WHEN list_contains(missing, trim(t)) THEN '' ELSE t END;
CREATE OR REPLACE TEMP MACRO period_start(t) AS trim(regexp_extract(t, '^(.+?)\\s*[\u301c\uff5e~]\\s*(.+)$', 1));
CREATE OR REPLACE TEMP MACRO period_end(t) AS trim(regexp_extract(t, '^(.+?)\\s*[\u301c\uff5e~]\\s*(.+)$', 2));
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """What parsing depends on besides the bytes: limits and the city's own layouts."""

    limits: Limits
    of_city: tuple[LayoutReader, ...] = ()

    @classmethod
    def of(cls, city: CityFolder) -> Reading:
        """Return what a city says of it."""
        return cls(city.settings.limits, described.readers(city.settings.layouts))


def parse(
    inbound: list[Inbound], connection: duckdb.DuckDBPyConnection, reading: Reading, scratch: Path
) -> list[Outcome]:
    """Parse files into the temporary tables ``parsed_values``, ``parsed_rejects`` and ``parsed_files``.

    Args:
        inbound: The files; content that several share is parsed once.
        connection: An in-memory DuckDB.
        reading: Limits and the city's own layouts.
        scratch: Folder for rewritten copies.

    Returns:
        One outcome for each distinct file key.
    """
    means = Means(reading.limits, scratch, reading.of_city)
    outcomes: dict[store.FileKey, Outcome] = {}
    connection.execute(_EMPTY_CELLS)
    part_numbers = count()
    for file in inbound:
        outcome = _opened(file, means)
        if outcome.key in outcomes:
            continue  # the same content under another path
        outcomes[outcome.key] = outcome
        for part in outcome.parts:
            part.file_no = next(part_numbers)
        _read_tables(connection, outcome)
    found = list(outcomes.values())
    parts = [part for outcome in found for part in outcome.parts]
    tables_found.load(connection, parts)
    connection.execute(_EMPTY_READ_CELLS)
    by_lines = plain.read(connection, parts, reading.limits)
    if by_lines or any(part.table for part in parts):
        _load_lines(connection, by_lines, reading.limits)
        _refuse_lost_lines(connection, found, {part.file_no for part in by_lines})
        _read_with_care(connection, found, reading.limits)
    _split(connection, found)
    _count(connection, found)
    return found


def parse_into_store(inbound: list[Inbound], parsed: Path, reading: Reading, scratch_root: Path) -> list[Inbound]:
    """Parse a batch and keep it under ``parsed/``.

    Returns:
        The files that changed while they were read. Nothing of them is kept: their hash says another content.
    """
    scratch_root.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="parse-", dir=scratch_root))
    try:
        steady, outcomes = inbound, None
        while outcomes is None:
            connection = database.connect(reading.limits.memory, scratch, reading.limits.threads)
            try:
                outcomes = parse(steady, connection, reading, scratch)
            except (OSError, duckdb.Error):  # a file that is gone now is no fault of this program
                if not any(file.inspected.has_changed() for file in steady):
                    raise
            changed = {id(file) for file in steady if file.inspected.has_changed()}
            if changed:
                connection.close()
                steady, outcomes = [file for file in steady if id(file) not in changed], None
        if outcomes:
            batch = store.batch_id(outcome.key for outcome in outcomes)
            connection.execute("UPDATE parsed_files SET batch = CAST($batch AS VARCHAR)", {"batch": batch})
            _leave_out_unfilled(connection)
            store.write(connection, parsed, batch)
        connection.close()
        kept = {id(file) for file in steady}
        return [file for file in inbound if id(file) not in kept]
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def create_empty(connection: duckdb.DuckDBPyConnection, kind: str) -> None:
    """Create the temporary table that stands for the Parquets of a kind when nothing has been parsed yet."""
    types: dict[str, str] = store.VALUE_COLUMNS
    if kind != store.VALUES:
        scratch = database.connect()
        parse([], scratch, Reading(Limits()), Path())
        types = {name: column_type for name, column_type, *_ in scratch.execute(f"DESCRIBE parsed_{kind}").fetchall()}
        scratch.close()
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


_NO_TOTALS = """
CREATE OR REPLACE TEMP VIEW printed_totals AS
SELECT NULL::INTEGER AS file_no, NULL::BIGINT AS line, NULL::VARCHAR AS column_name, NULL::VARCHAR AS text WHERE false
"""
_EMPTY_READ_CELLS = """
CREATE OR REPLACE TEMP TABLE read_cells (
    file_no INTEGER, line BIGINT, column_name layout_word, {}, quantity_text VARCHAR, is_snapped BOOLEAN, rule_id VARCHAR, raw VARCHAR)
""".format(", ".join(f"{name} {kind}" for name, kind in list(store.VALUE_COLUMNS.items())[3:]))
_EMPTY_CELLS = """
CREATE OR REPLACE TEMP TABLE cells (
    file_no INTEGER, line BIGINT, column_name VARCHAR, key VARCHAR, started_text VARCHAR, ended_text VARCHAR,
    start_minutes INTEGER, end_minutes INTEGER, quantity_text VARCHAR, unit VARCHAR, reading_kind VARCHAR,
    time_band VARCHAR, quality VARCHAR, stage VARCHAR, issued_text VARCHAR, yen_text VARCHAR, kw_text VARCHAR,
    contract_text VARCHAR, substance VARCHAR, note VARCHAR, category VARCHAR, basis VARCHAR, moisture_text VARCHAR,
    laboratory VARCHAR, line_rule VARCHAR, line_raw VARCHAR)
"""


def _opened(file: Inbound, means: Means) -> Outcome:
    try:
        return open_file(file, means)
    except RefusedFileError as refused:
        key = store.FileKey(file.inspected.sha256, "", file.wanted)
        return Outcome(key, problem=(refused.rule_id, refused.numbers))


def _read_tables(connection: duckdb.DuckDBPyConnection, outcome: Outcome) -> None:
    """Put the cells of the tables that are read in Python into ``cells``; a file refused on the way has none."""
    for part in list(outcome.parts):
        if part.recognised.read is None or part.table is None:
            continue
        try:
            found = iter(part.recognised.read(part.table))
            while some := list(islice(found, CELLS_AT_ONCE)):
                _insert_cells(connection, part, some)
        except (RefusedFileError, BrokenDocumentError) as error:
            problem: Problem = ("broken_xml", {"found": str(error)})
            if isinstance(error, RefusedFileError):
                problem = (error.rule_id, error.numbers)
            connection.execute("DELETE FROM cells WHERE file_no = $no", {"no": part.file_no})
            _refuse(outcome, part, problem)


def _insert_cells(connection: duckdb.DuckDBPyConnection, part: Part, cells: list[Cell]) -> None:
    selected = ", ".join(
        f"unnest(CAST(? AS {'BIGINT' if field == 'line' else 'VARCHAR'}[])) AS {column}"
        for field, column in CELL_COLUMNS.items()
    )
    values: list[Any] = [[getattr(cell, field) for cell in cells] for field in CELL_COLUMNS]
    connection.execute(
        f"INSERT INTO cells BY NAME SELECT * REPLACE (coalesce(?, reading_kind) AS reading_kind)"
        f" FROM (SELECT CAST(? AS INTEGER) AS file_no, 0 AS start_minutes, {selected})",
        [part.recognised.reading_kind, part.file_no, *values],
    )


def _refuse(outcome: Outcome, part: Part, problem: Problem) -> None:
    """Refuse a table as a whole: none of its cells counts. The other tables of an archive or workbook still do."""
    outcome.parts.remove(part)
    outcome.lost.append((part.member, sentence_of(problem)))
    if not outcome.parts:
        outcome.problem = problem
        outcome.lost.clear()


def _load_lines(connection: duckdb.DuckDBPyConnection, parts: list[Part], limits: Limits) -> None:
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


def _refuse_lost_lines(connection: duckdb.DuckDBPyConnection, found: list[Outcome], by_lines: set[int]) -> None:
    """Refuse the tables of which fewer or more lines were read than the file has: a line lost in silence is the worst fault."""
    read = dict(connection.execute("SELECT file_no, count(*) FROM raw_lines GROUP BY file_no").fetchall())
    for outcome in found:
        for part in [part for part in outcome.parts if part.file_no in by_lines]:
            lines = read.get(part.file_no, 0)
            if lines != part.counted.all:
                for table in ("raw_lines", "placed_tables"):
                    connection.execute(f"DELETE FROM {table} WHERE file_no = $no", {"no": part.file_no})
                _refuse(outcome, part, ("lines_lost", {"found": lines, "expected": part.counted.all}))


def _read_with_care(connection: duckdb.DuckDBPyConnection, found: list[Outcome], limits: Limits) -> None:
    """Fill ``read_cells`` from ``cells`` and ``raw_lines``: every cell with its values, or the first rule it breaks."""
    connection.execute(MACROS)
    tables_found.describe(connection, [part for outcome in found for part in outcome.parts])
    # views, so that each cell is written twice only: typed, and read
    for view in ("raw_rows", "row_cells"):
        database.create_view(connection, view, HERE / f"{view}.sql", temporary=True)
    with_totals = any(
        part.recognised.total_rows or "total" in part.recognised.columns for outcome in found for part in outcome.parts
    )
    connection.execute(_NO_TOTALS)
    if with_totals:
        database.create_view(connection, "printed_totals", HERE / "printed_totals.sql", temporary=True)
    database.create_temp(connection, "typed_cells", HERE / "typed_cells.sql")
    _load_words(connection)
    connection.execute(f"CREATE OR REPLACE TEMP MACRO stamp_tolerance() AS {int(limits.slot_tolerance_seconds)}")
    database.create_view(connection, "stamped_cells", HERE / "stamped_cells.sql", temporary=True)
    read_cells = database.sql_text(HERE / "read_cells.sql")
    database.run(connection, f"INSERT INTO read_cells BY NAME\n{read_cells}", what="read_cells")
    if with_totals:
        _refuse_wrong_totals(connection, found)


def _load_words(connection: duckdb.DuckDBPyConnection) -> None:
    """Read the texts that the fast way could not, each once."""
    moments = connection.execute(
        """SELECT DISTINCT started_text, form, utc_minutes FROM typed_cells WHERE started_text <> '' AND started IS NULL
           UNION SELECT DISTINCT ended_text, form, utc_minutes FROM typed_cells WHERE ended_text <> '' AND ended IS NULL
           UNION SELECT DISTINCT issued_text, '', NULL FROM typed_cells WHERE issued_text <> ''
           ORDER BY ALL"""
    ).fetchall()
    numbers = [
        text
        for (text,) in connection.execute(
            """SELECT DISTINCT quantity_text FROM typed_cells WHERE quantity_text <> '' AND quantity IS NULL
               UNION SELECT DISTINCT unnest([yen_text, kw_text, contract_text, moisture_text]) FROM typed_cells
               UNION SELECT DISTINCT text FROM printed_totals ORDER BY ALL"""
        ).fetchall()
        if text
    ]
    read = [words.read_number(text) for text in numbers]
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE moment_words AS SELECT unnest(CAST($texts AS VARCHAR[])) AS text,
           unnest(CAST($forms AS VARCHAR[])) AS form, unnest(CAST($offsets AS INTEGER[])) AS utc_minutes,
           unnest(CAST($moments AS TIMESTAMP[])) AS moment""",
        {
            "texts": [text for text, _, _ in moments],
            "forms": [form for _, form, _ in moments],
            "offsets": [offset for _, _, offset in moments],
            "moments": [words.read_moment(text, form, offset) for text, form, offset in moments],
        },
    )
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE number_words AS SELECT unnest(CAST($texts AS VARCHAR[])) AS text,
           unnest(CAST($numbers AS DECIMAL(18, 6)[])) AS number, unnest(CAST($rules AS VARCHAR[])) AS rule_id""",
        {"texts": numbers, "numbers": [r.value for r in read], "rules": [r.rule_id for r in read]},
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE missing_marks AS SELECT unnest(CAST($marks AS VARCHAR[])) AS text",
        {"marks": sorted(words.MISSING_MARKS)},
    )
    agreed = [(column, text, meaning) for column, pairs in AGREED_WORDS.items() for text, meaning in pairs.items()]
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE agreed_words AS SELECT unnest(CAST($columns AS VARCHAR[])) AS column_name,
           unnest(CAST($texts AS VARCHAR[])) AS text, unnest(CAST($meanings AS VARCHAR[])) AS meaning""",
        {"columns": [a[0] for a in agreed], "texts": [a[1] for a in agreed], "meanings": [a[2] for a in agreed]},
    )


def _refuse_wrong_totals(connection: duckdb.DuckDBPyConnection, outcomes: list[Outcome]) -> None:
    """Refuse files whose printed totals differ from their cells: one of the two is not what the sender meant."""
    found = connection.execute(database.sql_text(HERE / "wrong_totals.sql")).fetchall()
    wrong = {file_no: rest for file_no, *rest in found}
    for outcome in outcomes:
        for part in list(outcome.parts):
            if part.file_no in wrong:
                line, column, printed, summed = wrong[part.file_no]
                numbers = {"place": " ".join(str(p) for p in (part.member, line, column) if p), "printed": printed}
                connection.execute("DELETE FROM read_cells WHERE file_no = $no", {"no": part.file_no})
                _refuse(outcome, part, ("totals_disagree", numbers | {"summed": summed}))


def _split(connection: duckdb.DuckDBPyConnection, outcomes: list[Outcome]) -> None:
    """Part the cells into values and rejects; a member of an archive that could not be read is one reject."""
    place = (
        "p.sha256 AS source_sha256, p.wanted, p.file_member, p.member AS source_member, c.line AS source_line,"
        " CAST(c.column_name AS VARCHAR) AS source_column"
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP VIEW all_values AS SELECT {", ".join(store.VALUE_COLUMNS)}
            FROM (FROM read_cells WHERE rule_id IS NULL UNION ALL BY NAME FROM plain_values)
                AS c (table_no, source_line, source_column);
            CREATE OR REPLACE TEMP VIEW parsed_tables AS SELECT file_no AS table_no, sha256 AS source_sha256, wanted, file_member,
            member AS source_member, record FROM found_tables;
            CREATE OR REPLACE TEMP VIEW parsed_values AS SELECT t.*, v.* EXCLUDE (table_no)
            FROM all_values AS v JOIN parsed_tables AS t USING (table_no)"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE parsed_rejects AS SELECT {place}, c.rule_id, left(c.raw, 200) AS raw, c.key
            FROM read_cells AS c JOIN found_tables AS p ON p.file_no = c.file_no
            WHERE c.rule_id IS NOT NULL AND c.rule_id <> 'blank'"""
    )
    lost = [(o.key.sha256, o.key.wanted, o.key.member, member, why) for o in outcomes for member, why in sorted(o.lost)]
    if lost:
        connection.executemany(
            """INSERT INTO parsed_rejects SELECT $1, $2, $3, $4, 0, '', 'unreadable_member', $5, NULL""", lost
        )


def _leave_out_unfilled(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``kept_values``: the values without the columns that none of them fills, which would cost as much to write as full ones."""
    filled = set(store.ALWAYS_KEPT)
    for table in ("read_cells", "plain_cells"):
        counts = connection.execute(f"SELECT count(COLUMNS(*)) FROM {table}")
        names = [column[0] for column in counts.description]
        filled |= {name for name, count in zip(names, counts.fetchone() or (), strict=True) if count}
    kept = ", ".join(name for name in store.VALUE_COLUMNS if name in filled)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW kept_values AS SELECT {kept} FROM all_values")


def _count(connection: duckdb.DuckDBPyConnection, outcomes: list[Outcome]) -> None:
    """Write ``parsed_files``: one row per file key with its row account as parsed."""
    careful: list[tuple[int, ...]] = connection.execute(
        """SELECT file_no, count(*), count(*) FILTER (rule_id = 'blank'), count(*) FILTER (is_snapped), count(DISTINCT line)
           FROM read_cells GROUP BY file_no"""
    ).fetchall()
    cells, blanks, snapped, used = ({row[0]: row[column] for row in careful} for column in range(1, 5))
    for file_no, lines, slots in connection.execute(plain.PLAIN_LINES).fetchall():
        cells[file_no] = cells.get(file_no, 0) + lines * slots  # every slot of a plain line is a value
        used[file_no] = used.get(file_no, 0) + lines

    def ignored(part: Part) -> int:
        return max(0, part.counted.all - used.get(part.file_no, 0))

    def total(outcome: Outcome, counted: dict[int, int]) -> int:
        return sum(counted.get(part.file_no, 0) for part in outcome.parts)

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
        ("rows_ignored", "BIGINT", [sum(ignored(part) for part in o.parts) + o.rows_unread for o in outcomes]),
        ("stamps_moved", "BIGINT", [total(o, snapped) for o in outcomes]),
        ("unread", "VARCHAR", [", ".join(o.unread) if o.parts else "" for o in outcomes]),
    ]
    selected = ", ".join(f"unnest(CAST(? AS {kind}[])) AS {name}" for name, kind, _ in described_files)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE parsed_files AS SELECT {selected},"
        f" {PARSER_VERSION} AS parser_version, '' AS batch",
        [values for _, _, values in described_files],
    )
