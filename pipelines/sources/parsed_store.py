"""``parsed/``: values, rejects and counts as Parquet, in batches, keyed to the hashes of the files they came from.

A batch is four files that share an id, and ``hashes-<id>.json`` with what they hold; ``files-<id>`` is written last, so
a batch without it does not count. A value carries the number of its table in the batch, and ``tables-<id>`` says what file
that is; a column that no value of the batch fills is left out. Thousands of small inputs make a few Parquets. Nothing here is
ever changed in place: a batch whose bytes are not those that were written is set aside, and its files are parsed again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipelines import durable, tables
from pipelines.history import kept
from pipelines.sources import reading_version

VALUES, TABLES, REJECTS, FILES = "values", "tables", "rejects", "files"
KINDS = (VALUES, TABLES, REJECTS, FILES)
# The columns of the values, as the parser gives them and as they are read back.
VALUE_COLUMNS = {
    "table_no": "INTEGER", "source_line": "BIGINT", "source_column": "VARCHAR", "key": "VARCHAR", "reading_kind": "VARCHAR",
    "time_band": "VARCHAR", "started_at": "TIMESTAMP", "ended_at": "TIMESTAMP", "quantity": "DECIMAL(18, 6)", "unit": "VARCHAR",
    "quality": "VARCHAR", "stage": "VARCHAR", "issued_on": "DATE", "amount_yen": "DECIMAL(18, 6)", "demand_kw": "DECIMAL(18, 6)",
    "contract_kw": "DECIMAL(18, 6)", "substance": "VARCHAR", "note": "VARCHAR", "category": "VARCHAR", "basis": "VARCHAR",
    "moisture_percent": "DECIMAL(18, 6)", "laboratory": "VARCHAR", "slip_no": "VARCHAR",
    "index_before": "VARCHAR", "index_after": "VARCHAR", "evidence_name": "VARCHAR",
}  # fmt: skip
ALWAYS_KEPT = frozenset({"table_no", "source_line", "source_column", "key", "started_at", "ended_at", "quantity"})
NAMED_BY_FILE = frozenset({TABLES, REJECTS})  # what a file has in the batch of its latest word counts
HASHES = "hashes"
CHECKED = "checked.json"
DAMAGED = "damaged"
REPLACED = "merging.json"


class FileKey(NamedTuple):
    """What was parsed: content, the path where the layout names the meter there, and the layout asked for."""

    sha256: str
    member: str
    wanted: str


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """What became of one file."""

    key: FileKey
    layout: str | None
    batch: str
    names_meter_by_path: bool
    is_current: bool  # read, or tried, by what would read it now


def index(parsed: Path) -> dict[FileKey, ParsedFile]:
    """Return what has been parsed, by file: by the present program if it was, else the latest word of an older one."""
    complete = _complete(parsed)
    paths = batch_paths(parsed, FILES, complete)
    if not paths:
        return {}
    rows = (
        duckdb.connect()
        .execute(
            f"""SELECT sha256, member, wanted, layout, batch, names_meter_by_path, parser_version = {reading_version.present()}
                FROM read_parquet($paths) {_latest()}""",
            {"paths": [str(p) for p in paths]},
        )
        .fetchall()
    )
    return {(key := FileKey(*row[:3])): ParsedFile(key, *row[3:]) for row in rows}


def _latest() -> str:
    """SQL that keeps of each file one row of ``files``: the present program's, else of those that were read the latest."""
    return (
        f"QUALIFY row_number() OVER (PARTITION BY sha256, member, wanted ORDER BY parser_version <> {reading_version.present()},"
        " layout IS NULL, parser_version DESC, batch DESC) = 1"
    )


def _complete(parsed: Path) -> list[str]:
    """The batches that count: those whose last file is there and that no merged one stands for."""
    passed = {batch for into, others in replaced(parsed).items() if is_whole(parsed, into) for batch in others}
    there = {path.stem.removeprefix(f"{FILES}-") for path in parsed.glob(f"{FILES}-*.parquet")}
    return sorted(there - passed)


def replaced(parsed: Path) -> dict[str, list[str]]:
    """Return merged batch -> the batches it stands for, which are there until the next run."""
    found = _load(parsed / REPLACED)
    return {into: [str(batch) for batch in batches] for into, batches in found.items() if isinstance(batches, list)}


def is_whole(parsed: Path, batch: str) -> bool:
    """Tell whether a batch counts: its last file is there."""
    return all(path.is_file() for path in batch_paths(parsed, FILES, [batch]))


def all_paths(parsed: Path, batch: str) -> list[Path]:
    """Return every file of a batch, the one that makes it count first."""
    kinds = [path for kind in reversed(KINDS) for path in batch_paths(parsed, kind, [batch])]
    return [*kinds, parsed / f"{HASHES}-{batch}.json"]


def batches_in_use(parsed: Path) -> list[str]:
    """Return the ids of the complete batches that hold the latest word of some file, in a fixed order."""
    return sorted({file.batch for file in index(parsed).values()})


def batch_paths(parsed: Path, kind: str, batches: Iterable[str]) -> list[Path]:
    """Return the Parquet files of one kind of these batches."""
    return [parsed / f"{kind}-{batch}.parquet" for batch in batches]


def view(connection: duckdb.DuckDBPyConnection, parsed: Path, kind: str, batches: list[str]) -> None:
    """Make the temporary view ``parsed_<kind>`` over the Parquets of these batches, which it numbers as ``batch_no``.

    Of a file that was read again, ``parsed_files`` has the latest word; what the others have of it is told by its ``batch``.
    """
    listed = ", ".join(tables.literal(str(path)) for path in batch_paths(parsed, kind, batches))
    names = ", ".join(map(tables.literal, batches))
    named = f"[{names}][CAST(file_index AS BIGINT) + 1] AS batch, " if kind in NAMED_BY_FILE else ""
    found = f"SELECT file_index AS batch_no, {named}* FROM read_parquet([{listed}], union_by_name = true)"
    if kind == VALUES:
        columns = ", ".join(f"CAST(NULL AS {sql_type}) AS {name}" for name, sql_type in VALUE_COLUMNS.items())
        found += f" UNION ALL BY NAME SELECT {columns} WHERE false"
    if kind == FILES:  # batches of an earlier program do not count them
        found = f"SELECT * FROM ({found} UNION ALL BY NAME SELECT CAST(NULL AS BIGINT) AS cells_rounded WHERE false) {_latest()}"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW parsed_{kind} AS {found}")


def batch_id(keys: Iterable[FileKey]) -> str:
    """Return the id of a batch: a hash of what is in it and of what reads it."""
    digest = hashlib.sha256(f"parser {reading_version.present()}".encode())
    for key in sorted(keys):
        digest.update("\x1f".join(key).encode() + b"\x1e")
    return digest.hexdigest()[:16]


# Sorted times and running lines are written shorter, and faster, as differences than by a dictionary of thousands.
LARGEST_DICTIONARY = 3_000


def write(connection: duckdb.DuckDBPyConnection, parsed: Path, batch: str) -> None:
    """Write the Parquets of a batch, ``files`` last, each under its final name only when it is whole.

    Args:
        connection: Where ``kept_values``, ``parsed_tables``, ``parsed_rejects`` and ``parsed_files`` are.
        parsed: The folder.
        batch: The batch's id.
    """
    durable.make_folder(parsed)
    targets = [parsed / f"{kind}-{batch}.parquet" for kind in KINDS]
    for kind, target in zip(KINDS, targets, strict=True):
        part = tables.literal(str(target.with_suffix(".part")))
        name = "kept_values" if kind == VALUES else f"parsed_{kind}"
        connection.execute(
            f"COPY (FROM {name}) TO {part} (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd,"
            f" DICTIONARY_SIZE_LIMIT {LARGEST_DICTIONARY})"
        )
    _note_hashes(parsed, batch, [target.with_suffix(".part") for target in targets])
    for target in targets:
        durable.put(target.with_suffix(".part"), target)


def note_kept(parsed: Path, history: Path) -> list[str]:
    """Put the hashes of batches on record that are not there yet; returns the files on record that went meanwhile."""
    known = kept.stated(history)
    gone = [name for name in known if name.startswith(f"{parsed.name}/") and not (history.parent / name).is_file()]
    kept.note_gone(history, [history.parent / name for name in gone])
    there = [path for batch in batches_in_use(parsed) for kind in KINDS for path in batch_paths(parsed, kind, [batch])]
    new = [path for path in there if path.relative_to(history.parent).as_posix() not in known]
    kept.note(history, [path for path in new if path.is_file()])
    return gone


def damaged(parsed: Path, history: Path, *, wholly: bool = False) -> list[str]:
    """Return the batches whose bytes are not those that were written, or that miss one of their files.

    Where the list of a batch's hashes is gone, the history says what they are; where it does not either, the batch is damaged.

    Args:
        parsed: The folder.
        history: The history, which has the hashes of every batch that a run was made from.
        wholly: Hash every file; else only those whose size or time stamp differs from when they were hashed last.
    """
    checked = {} if wholly else _load(parsed / CHECKED)
    on_record = kept.stated(history)
    found = []
    for batch in _complete(parsed):
        paths = [parsed / f"{kind}-{batch}.parquet" for kind in KINDS]
        if not all(each.is_file() for each in paths):
            found.append(batch)
            continue
        stated = _load(parsed / f"{HASHES}-{batch}.json") or {
            each.name: on_record.get(each.relative_to(history.parent).as_posix()) for each in paths
        }
        for each in paths:
            stat = each.stat()
            trait = [stat.st_size, stat.st_mtime_ns]
            if checked.get(each.name) == trait:
                continue
            if stated.get(each.name) != kept.hash_of(each):
                found.append(batch)
                break
            checked[each.name] = trait
    if not wholly and parsed.is_dir():
        durable.write(parsed / CHECKED, json.dumps(checked).encode())
    return found


def set_aside(parsed: Path, batch: str) -> None:
    """Move a damaged batch out of the way, ``files`` first, so that it no longer counts."""
    (parsed / DAMAGED).mkdir(exist_ok=True)
    for kind in reversed(KINDS):
        path = parsed / f"{kind}-{batch}.parquet"
        if path.exists():
            durable.move(path, parsed / DAMAGED / path.name)


def _note_hashes(parsed: Path, batch: str, paths: list[Path]) -> None:
    """Write down what the files of a batch hold."""
    hashes = {path.with_suffix(".parquet").name: kept.hash_of(path) for path in paths}
    durable.write(parsed / f"{HASHES}-{batch}.json", json.dumps(hashes).encode())


def _load(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
