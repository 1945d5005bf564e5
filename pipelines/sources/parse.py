"""Parse a batch of files into values, rejects and counts.

Reads files; writes one batch of Parquets under ``parsed/``. The cells are typed by the .sql files beside this
module; only texts that the fast way cannot read go through ``words``, each distinct text once. Every cell becomes a
value, a reject with its rule, or a blank: received = values + rejects + blanks.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from pipelines.settings import Limits
from pipelines.sources import layouts, lines, store, words
from pipelines.sources.head import Head, Recognised, delimiter_of, split_line
from pipelines.sources.inspect_file import Inspected
from pipelines.sources.layouts import PARSER_VERSION, LayoutProblem
from pipelines.warehouse import database

HERE = Path(__file__).parent
SLOT_TYPE = "STRUCT(position INTEGER, name VARCHAR, start_minutes INTEGER, end_minutes INTEGER)"
ROLES = (
    "key", "started", "ended", "quantity", "unit", "reading_kind", "time_band", "quality", "stage", "issued", "yen",
    "kw", "substance", "note", "category", "basis", "moisture", "laboratory",
)  # fmt: skip
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
CREATE OR REPLACE TEMP MACRO plain_moment(t) AS
    CASE WHEN length(t) = 19 AND t[5] IN ('-', '/') AND t[14] = ':' AND t[17] = ':'
            OR length(t) = 16 AND t[5] IN ('-', '/') AND t[14] = ':'
            OR length(t) = 10 AND t[5] IN ('-', '/')
        THEN try_cast(t AS TIMESTAMP) END;
CREATE OR REPLACE TEMP MACRO plain_decimal(t) AS
    CASE WHEN length(t) <= 19 AND NOT contains(t, '_')
            AND try_cast(t AS DECIMAL(18, 6)) = try_cast(t AS DECIMAL(38, 18))
        THEN try_cast(t AS DECIMAL(18, 6)) END;
"""


@dataclass(slots=True)
class Inbound:
    """One file to parse: where it lies below which source folder, what its bytes told, the layout asked for."""

    source: str
    path: str
    inspected: Inspected
    wanted: str = ""


@dataclass(slots=True)
class Outcome:
    """What became of a file as a whole: its layout, or the rule it broke with the numbers."""

    key: store.FileKey
    layout: str | None = None
    problem: tuple[str, dict[str, object]] | None = None
    names_meter_by_path: bool = False
    file_numbers: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Part:
    """One sheet or text file of the batch as the SQL sees it."""

    file_no: int
    key: store.FileKey
    member: str
    path: Path
    delimiter: str
    recognised: Recognised


def parse(
    inbound: list[Inbound], connection: duckdb.DuckDBPyConnection, limits: Limits, scratch: Path
) -> list[Outcome]:
    """Parse files into the temporary tables ``parsed_values``, ``parsed_rejects`` and ``parsed_files``.

    Args:
        inbound: The files; content that several share is parsed once.
        connection: An in-memory DuckDB.
        limits: Limits on columns and lines.
        scratch: Folder for rewritten copies.

    Returns:
        One outcome for each distinct file key.
    """
    parts: list[_Part] = []
    outcomes: dict[store.FileKey, Outcome] = {}
    for file in inbound:
        known = len(parts)
        outcome = _open(file, parts, limits, scratch)
        if outcome.key in outcomes:
            del parts[known:]  # the same content under another path
        outcomes.setdefault(outcome.key, outcome)
    connection.execute(MACROS)
    _load_parts(connection, parts)
    _load_lines(connection, parts, limits)
    parameters = {"unclosed": lines.UNCLOSED}
    database.create_temp(connection, "raw_rows", HERE / "raw_rows.sql")
    by_row, by_slot = (database.sql_text(HERE / f"{name}.sql") for name in ("cells_by_row", "cells_by_slot"))
    both = f"FROM (\n{by_row}\n) UNION ALL BY NAME FROM (\n{by_slot}\n)"
    database.run(connection, f"CREATE OR REPLACE TEMP TABLE cells AS {both}", parameters, what="cells")
    database.create_temp(connection, "typed_cells", HERE / "typed_cells.sql")
    _load_words(connection)
    database.create_temp(connection, "read_cells", HERE / "read_cells.sql")
    _split(connection)
    _count(connection, list(outcomes.values()))
    return list(outcomes.values())


def parse_into_store(inbound: list[Inbound], parsed: Path, limits: Limits, scratch_root: Path) -> list[Outcome]:
    """Parse a batch and keep it under ``parsed/``."""
    scratch_root.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="parse-", dir=scratch_root))
    try:
        connection = database.connect(limits.memory, scratch, limits.threads)
        outcomes = parse(inbound, connection, limits, scratch)
        batch = store.batch_id(outcome.key for outcome in outcomes)
        connection.execute("UPDATE parsed_files SET batch = CAST($batch AS VARCHAR)", {"batch": batch})
        selects = {store.VALUES: "parsed_values", store.REJECTS: "parsed_rejects", store.FILES: "parsed_files"}
        store.write(connection, parsed, batch, selects)
        connection.close()
        return outcomes
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def create_empty(connection: duckdb.DuckDBPyConnection, kind: str) -> None:
    """Create the temporary table that stands for the Parquets of a kind when nothing has been parsed yet."""
    scratch = database.connect()
    parse([], scratch, Limits(), Path())
    columns = ", ".join(
        f"{name} {column_type}" for name, column_type, *_ in scratch.execute(f"DESCRIBE parsed_{kind}").fetchall()
    )
    scratch.close()
    connection.execute(f"CREATE OR REPLACE TEMP TABLE parsed_{kind} ({columns})")


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


def _open(file: Inbound, parts: list[_Part], limits: Limits, scratch: Path) -> Outcome:
    """Recognise a file and add its parts; the outcome says what is wrong when it has none."""
    inspected = file.inspected
    plain_key = store.FileKey(inspected.sha256, "", file.wanted)
    if inspected.problem:
        return Outcome(plain_key, problem=inspected.problem)
    where = tuple(file.path.split("/"))
    if inspected.kind == "workbook":
        return _open_workbook(file, where, parts, limits, scratch)
    head = Head(tuple(split_line(line) for line in inspected.head), where[:-1], where[-1])
    recognised = layouts.recognise(head, file.wanted)
    if isinstance(recognised, LayoutProblem):
        return Outcome(plain_key, problem=(recognised.rule_id, {"found": recognised.found}))
    if recognised.width > limits.columns:
        return Outcome(plain_key, problem=("too_many_columns", {"found": recognised.width, "limit": limits.columns}))
    member = file.path if recognised.names_meter_by_path else ""
    key = store.FileKey(inspected.sha256, member, file.wanted)
    delimiter = delimiter_of(inspected.head[recognised.header_line - 1])
    path, delimiter = lines.readable_path(inspected, scratch, delimiter)
    outcome = Outcome(key, recognised.layout, None, recognised.names_meter_by_path, [len(parts)])
    parts.append(_Part(len(parts), key, member, path, delimiter, recognised))
    return outcome


def _open_workbook(file: Inbound, where: tuple[str, ...], parts: list[_Part], limits: Limits, scratch: Path) -> Outcome:
    inspected = file.inspected
    outcome = Outcome(store.FileKey(inspected.sha256, "", file.wanted))
    try:
        found = lines.sheets(inspected.path, limits)
    except lines.WorkbookError as error:
        outcome.problem = ("broken_workbook", {"found": str(error)})
        return outcome
    problem = ("unknown_layout", "")
    for number, sheet in enumerate(found):
        recognised = layouts.recognise(Head(tuple(lines.head_of(sheet)), where[:-1], where[-1]), file.wanted)
        if isinstance(recognised, LayoutProblem):
            problem = max(problem, (recognised.rule_id, recognised.found), key=lambda p: len(p[1]))
            continue
        path = scratch / f"{inspected.sha256[:32]}-{number}.txt"
        lines.write_rows(path, sheet.rows)
        outcome.layout = recognised.layout
        outcome.file_numbers.append(len(parts))
        parts.append(_Part(len(parts), outcome.key, sheet.name, path, lines.SEPARATOR, recognised))
    if not outcome.file_numbers:
        outcome.problem = (problem[0], {"found": problem[1]})
    return outcome


def _load_parts(connection: duckdb.DuckDBPyConnection, parts: list[_Part]) -> None:
    columns: list[tuple[str, str, Callable[[_Part], Any]]] = [
        ("file_no", "INTEGER", lambda p: p.file_no),
        ("file_index", "INTEGER", lambda p: p.file_no),
        ("sha256", "VARCHAR", lambda p: p.key.sha256),
        ("wanted", "VARCHAR", lambda p: p.key.wanted),
        ("member", "VARCHAR", lambda p: p.member),
        ("record", "VARCHAR", lambda p: p.recognised.record),
        ("delimiter", "VARCHAR", lambda p: p.delimiter),
        ("header_line", "BIGINT", lambda p: p.recognised.header_line),
        ("width", "INTEGER", lambda p: p.recognised.width),
        ("quantity_name", "VARCHAR", lambda p: p.recognised.quantity_name),
        ("fact_key", "VARCHAR", lambda p: p.recognised.key),
        ("fact_unit", "VARCHAR", lambda p: p.recognised.unit),
        ("slots", f"{SLOT_TYPE}[]", _slot_rows),
    ]
    columns += [(f"i_{role}", "INTEGER", _position_of(role)) for role in ROLES]
    selected = ", ".join(f"unnest(CAST(? AS {kind}[])) AS {name}" for name, kind, _ in columns)
    values = [[read(part) for part in parts] for _, _, read in columns]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE parse_parts AS SELECT {selected}, 0::BIGINT AS first_row", values)


def _slot_rows(part: _Part) -> list[dict[str, Any]]:
    return [
        {"position": s.position, "name": s.name, "start_minutes": s.start_minutes, "end_minutes": s.end_minutes}
        for s in part.recognised.slots
    ]


def _position_of(role: str) -> Callable[[_Part], int | None]:
    return lambda part: part.recognised.columns.get(role)


def _load_lines(connection: duckdb.DuckDBPyConnection, parts: list[_Part], limits: Limits) -> None:
    """Read all lines of all parts in file order; the row id then tells each line's number."""
    connection.execute("CREATE OR REPLACE TEMP TABLE raw_lines (file_index INTEGER, text VARCHAR)")
    if not parts:
        return
    connection.execute(
        """INSERT INTO raw_lines SELECT file_index, text FROM read_csv($paths, columns = {'text': 'VARCHAR'},
           auto_detect = false, header = false, delim = '\x01', quote = '', escape = '', strict_mode = false,
           max_line_size = $longest)""",
        {"paths": [str(part.path) for part in parts], "longest": 4 * limits.line_bytes},
    )
    connection.execute(
        """UPDATE parse_parts SET first_row = starts.first_row
           FROM (SELECT file_index, min(rowid) AS first_row FROM raw_lines GROUP BY file_index) AS starts
           WHERE starts.file_index = parse_parts.file_index"""
    )


def _load_words(connection: duckdb.DuckDBPyConnection) -> None:
    """Read the texts that the fast way could not, each once."""
    moments = _texts(connection, (("started_text", "started"), ("ended_text", "ended"), ("issued_text", None)))
    numbers = _texts(
        connection, (("quantity_text", "quantity"), ("yen_text", None), ("kw_text", None), ("moisture_text", None))
    )
    read = [words.read_number(text) for text in numbers]
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE moment_words AS
           SELECT unnest(CAST($texts AS VARCHAR[])) AS text, unnest(CAST($moments AS TIMESTAMP[])) AS moment""",
        {"texts": moments, "moments": [words.read_moment(text) for text in moments]},
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


def _texts(connection: duckdb.DuckDBPyConnection, pairs: tuple[tuple[str, str | None], ...]) -> list[str]:
    found: set[str] = set()
    for text, typed in pairs:
        unread = f"AND {typed} IS NULL" if typed else ""
        rows = connection.execute(f"SELECT DISTINCT {text} FROM typed_cells WHERE {text} <> '' {unread}").fetchall()
        found.update(row[0] for row in rows)
    return sorted(found)


def _split(connection: duckdb.DuckDBPyConnection) -> None:
    """Part the cells into values and rejects."""
    place = (
        "p.sha256 AS source_sha256, p.wanted, p.member AS source_member, c.line AS source_line,"
        " c.column_name AS source_column"
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE parsed_values AS SELECT {place}, p.record, c.key, c.reading_kind, c.time_band,
            c.started_at, c.ended_at, c.quantity, c.unit, c.quality, c.stage, c.issued_on, c.amount_yen, c.demand_kw,
            c.substance, c.note, c.category, c.basis, c.moisture_percent, c.laboratory
            FROM read_cells AS c JOIN parse_parts AS p ON p.file_no = c.file_no WHERE c.rule_id IS NULL"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE parsed_rejects AS SELECT {place}, c.rule_id, left(c.raw, 200) AS raw, c.key
            FROM read_cells AS c JOIN parse_parts AS p ON p.file_no = c.file_no
            WHERE c.rule_id IS NOT NULL AND c.rule_id <> 'blank'"""
    )


def _count(connection: duckdb.DuckDBPyConnection, outcomes: list[Outcome]) -> None:
    """Write ``parsed_files``: one row per file key with its row account as parsed."""
    cells = dict(_pairs(connection, "SELECT file_no, count(*) FROM read_cells GROUP BY 1"))
    blanks = dict(_pairs(connection, "SELECT file_no, count(*) FROM read_cells WHERE rule_id = 'blank' GROUP BY 1"))
    ignored = dict(
        _pairs(
            connection,
            """SELECT file_index, count(*) - (SELECT count(*) FROM raw_rows WHERE file_no = file_index)
               FROM raw_lines GROUP BY file_index""",
        )
    )
    described: list[tuple[str, str, list[Any]]] = [
        ("sha256", "VARCHAR", [o.key.sha256 for o in outcomes]),
        ("member", "VARCHAR", [o.key.member for o in outcomes]),
        ("wanted", "VARCHAR", [o.key.wanted for o in outcomes]),
        ("layout", "VARCHAR", [o.layout for o in outcomes]),
        ("names_meter_by_path", "BOOLEAN", [o.names_meter_by_path for o in outcomes]),
        ("rule_id", "VARCHAR", [o.problem[0] if o.problem else None for o in outcomes]),
        ("numbers", "VARCHAR", [json.dumps(o.problem[1] if o.problem else {}, ensure_ascii=False) for o in outcomes]),
        ("rows_received", "BIGINT", [sum(cells.get(n, 0) for n in o.file_numbers) for o in outcomes]),
        ("rows_blank", "BIGINT", [sum(blanks.get(n, 0) for n in o.file_numbers) for o in outcomes]),
        ("rows_ignored", "BIGINT", [sum(ignored.get(n, 0) for n in o.file_numbers) for o in outcomes]),
    ]
    selected = ", ".join(f"unnest(CAST(? AS {kind}[])) AS {name}" for name, kind, _ in described)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE parsed_files AS SELECT {selected},"
        f" {PARSER_VERSION} AS parser_version, '' AS batch",
        [values for _, _, values in described],
    )


def _pairs(connection: duckdb.DuckDBPyConnection, statement: str) -> list[tuple[int, int]]:
    return [(int(a), int(b)) for a, b in connection.execute(statement).fetchall()]
