"""``parsed/``: values, rejects and counts as Parquet, in batches, keyed to the hashes of the files they came from.

A batch is three files that share an id; ``files-<id>`` is written last, so a batch without it does not count.
Thousands of small inputs make a few Parquets. Nothing here is ever changed in place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipelines import tables
from pipelines.sources.layouts import PARSER_VERSION

VALUES, REJECTS, FILES = "values", "rejects", "files"


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


def index(parsed: Path) -> dict[FileKey, ParsedFile]:
    """Return what has been parsed with the present parser version, by file."""
    complete = sorted(path.stem.removeprefix(f"{FILES}-") for path in parsed.glob(f"{FILES}-*.parquet"))
    paths = batch_paths(parsed, FILES, complete)
    if not paths:
        return {}
    rows = (
        duckdb.connect()
        .execute(
            "SELECT sha256, member, wanted, layout, batch, names_meter_by_path FROM read_parquet($paths)"
            " WHERE parser_version = $version",
            {"paths": [str(p) for p in paths], "version": PARSER_VERSION},
        )
        .fetchall()
    )
    found = {}
    for sha256, member, wanted, layout, batch, by_path in rows:
        key = FileKey(sha256, member, wanted)
        found[key] = ParsedFile(key, layout, batch, by_path)
    return found


def batches_in_use(parsed: Path) -> list[str]:
    """Return the ids of the complete batches of the present parser version, in a fixed order."""
    return sorted({file.batch for file in index(parsed).values()})


def batch_paths(parsed: Path, kind: str, batches: Iterable[str]) -> list[Path]:
    """Return the Parquet files of one kind of these batches."""
    return [parsed / f"{kind}-{batch}.parquet" for batch in batches]


def batch_id(keys: Iterable[FileKey]) -> str:
    """Return the id of a batch: a hash of what is in it and of the parser's version."""
    digest = hashlib.sha256(f"parser {PARSER_VERSION}".encode())
    for key in sorted(keys):
        digest.update("\x1f".join(key).encode() + b"\x1e")
    return digest.hexdigest()[:16]


def write(connection: duckdb.DuckDBPyConnection, parsed: Path, batch: str, selects: dict[str, str]) -> None:
    """Write the Parquets of a batch, ``files`` last, each under its final name only when it is whole.

    Args:
        connection: Where the selected tables are.
        parsed: The folder.
        batch: The batch's id.
        selects: Kind of Parquet -> the name of the table that holds its rows.
    """
    parsed.mkdir(parents=True, exist_ok=True)
    for kind in (VALUES, REJECTS, FILES):
        target = parsed / f"{kind}-{batch}.parquet"
        part = target.with_suffix(".part")
        statement = f"COPY {selects[kind]} TO {tables.literal(str(part))} (FORMAT parquet, COMPRESSION zstd)"
        connection.execute(statement)
        part.replace(target)
