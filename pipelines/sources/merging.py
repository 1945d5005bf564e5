"""Keep ``parsed/`` small in number: batches of like size are merged, so that years of nights are a few dozen files.

Whenever eight batches have the same order of size (up to 256 kB, 4 MB, 64 MB), they become one; larger ones stay. A value is so
written anew three times at most. ``merging.json`` says which batch stands for which others, before the new one is there: from the moment
that it is whole it counts instead of them (:func:`pipelines.sources.parsed_store.index`), and they are removed by the next run, when nobody
reads them any more. A death at any moment leaves either the old ones or the new one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

import duckdb

from pipelines import durable
from pipelines.history import kept
from pipelines.sources import parsed_store
from pipelines.warehouse import database

FAN_IN = 8
SIZES = (256_000, 4_000_000, 64_000_000)


def merge(connection: duckdb.DuckDBPyConnection, parsed: Path) -> list[str]:
    """Merge batches where enough of one size are there; returns the ids of what was made.

    Args:
        connection: A DuckDB in memory, to work in.
        parsed: The folder; nobody else writes there.
    """
    if parsed_store.replaced(parsed):  # of the last run: first they go
        return []
    keys = {batch: [f.key for f in files] for batch, files in _by_batch(parsed).items()}
    made: dict[str, list[str]] = {}
    for _, group in groupby(
        sorted(keys, key=lambda batch: (_order(parsed, batch), batch)), lambda b: _order(parsed, b)
    ):
        batches = list(group)
        if _order(parsed, batches[0]) < len(SIZES) and len(batches) >= FAN_IN:
            into = parsed_store.batch_id(key for batch in batches for key in keys[batch])
            durable.write(parsed / parsed_store.REPLACED, json.dumps(made | {into: batches}).encode())
            _write(connection, parsed, into, {batch: keys[batch] for batch in batches})
            made[into] = batches
    return list(made)


def clear(parsed: Path, history: Path) -> int:
    """Remove the batches that a merged one stands for, and what a run that died left half written; returns how many went."""
    went = [
        batch
        for into, batches in parsed_store.replaced(parsed).items()
        for batch in (batches if parsed_store.is_whole(parsed, into) else [into])
    ]
    paths = [path for batch in went for path in parsed_store.all_paths(parsed, batch)]
    kept.note_gone(history, paths)
    for path in (*paths, *parsed.glob("*.part"), parsed / parsed_store.REPLACED):
        path.unlink(missing_ok=True)
    return len(went)


def _by_batch(parsed: Path) -> dict[str, list[parsed_store.ParsedFile]]:
    found: dict[str, list[parsed_store.ParsedFile]] = {}
    for file in parsed_store.index(parsed).values():
        found.setdefault(file.batch, []).append(file)
    return found


def _order(parsed: Path, batch: str) -> int:
    """The order of a batch's size; that of the largest ones is the number of sizes."""
    size = sum(path.stat().st_size for path in parsed_store.batch_paths(parsed, parsed_store.VALUES, [batch]))
    return next((order for order, limit in enumerate(SIZES) if size < limit), len(SIZES))


def _write(
    connection: duckdb.DuckDBPyConnection, parsed: Path, into: str, keys: Mapping[str, list[parsed_store.FileKey]]
) -> None:
    """Write the batches as one: tables are numbered anew, what was read again elsewhere is left behind, all else stays as it is."""
    batches = list(keys)
    latest = [(number, *key) for number, batch in enumerate(batches) for key in keys[batch]]
    columns = zip(("BIGINT", "VARCHAR", "VARCHAR", "VARCHAR"), zip(*latest, strict=True), strict=True)
    names = ("batch_no", "sha256", "member", "wanted")
    database.create_from(connection, "latest", dict(zip(names, columns, strict=True)))
    for kind in parsed_store.KINDS:
        paths = [str(path) for path in parsed_store.batch_paths(parsed, kind, batches)]
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE of_{kind} AS SELECT file_index AS batch_no, * FROM read_parquet($paths, union_by_name = true)",
            {"paths": paths},
        )
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE numbered AS
           SELECT batch_no, table_no, row_number() OVER (ORDER BY batch_no, table_no) - 1 AS new_no FROM of_tables
           WHERE (batch_no, source_sha256, file_member, wanted) IN (FROM latest)"""
    )
    for name, kind in (("kept_values", parsed_store.VALUES), ("parsed_tables", parsed_store.TABLES)):
        order = ", source_line, source_column" if kind == parsed_store.VALUES else ""
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE {name} AS
                SELECT o.* EXCLUDE (batch_no) REPLACE (CAST(n.new_no AS INTEGER) AS table_no)
                FROM of_{kind} AS o JOIN numbered AS n ON n.batch_no = o.batch_no AND n.table_no = o.table_no
                ORDER BY n.new_no{order}"""
        )
    for kind, replaced, place in (
        (parsed_store.REJECTS, "", "source_sha256, file_member, wanted"),
        (parsed_store.FILES, "REPLACE ($into AS batch)", "sha256, member, wanted"),
    ):
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE parsed_{kind} AS SELECT * EXCLUDE (batch_no) {replaced} FROM of_{kind}
                WHERE (batch_no, {place}) IN (FROM latest) ORDER BY batch_no, rowid""",
            {"into": into} if replaced else None,
        )
    parsed_store.write(connection, parsed, into)
