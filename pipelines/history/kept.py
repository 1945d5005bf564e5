"""Files kept beside the history's lines, each with its hash on record: totals, editions, batches of parsed files.

Writes ``history/kept_files.jsonl``: the path below the data folder and the SHA-256, after the file is durable; the latest
line of a path counts, and one without a hash says that the file went. What ``states.jsonl`` names is kept by its hash
already and is not told again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import duckdb

from pipelines import durable
from pipelines.history import journal
from pipelines.history.journal import HistoryLostError
from pipelines.texts import both

FILES = "kept_files.jsonl"


def note(history: Path, paths: Iterable[Path]) -> None:
    """Put files on record that are not there yet with their present content."""
    known = stated(history)
    told = {_name(history, path): hash_of(path) for path in paths}
    new = [{"path": name, "sha256": digest} for name, digest in told.items() if known.get(name) != digest]
    journal.append(history / FILES, new)


def note_gone(history: Path, paths: Iterable[Path]) -> None:
    """Put on record that files went, for a reason of ours."""
    known = stated(history)
    names = sorted({_name(history, path) for path in paths} & known.keys())
    journal.append(history / FILES, [{"path": name, "sha256": None} for name in names])


def stated(history: Path) -> dict[str, str]:
    """Return path below the data folder -> hash, of every file that should be there."""
    found: dict[str, str] = {}
    for record in journal.read(history / FILES):
        found.pop(record["path"], None)
        if record["sha256"]:
            found[record["path"]] = record["sha256"]
    return found


def accept(history: Path) -> None:
    """Put on record what stands there now in the place of what should; a table that nobody can read is set aside."""
    for name in wrong(history):
        path = history.parent / name
        if path.suffix == ".parquet" and path.is_file() and not _is_readable(path):
            durable.move(path, path.with_name(f"{path.name}.unreadable"))
        journal.append(history / FILES, [{"path": name, "sha256": hash_of(path) if path.is_file() else None}])


def wrong(history: Path, folder: str = "") -> list[str]:
    """Return the files (of one folder of the data folder) that are gone or whose content is another one."""
    return [
        name
        for name, digest in stated(history).items()
        if name.startswith(folder)
        and (not (history.parent / name).is_file() or hash_of(history.parent / name) != digest)
    ]


def refuse_torn(history: Path, folder: str) -> None:
    """Refuse to go on from files of a folder of the history that are no longer what was kept.

    Raises:
        HistoryLostError: naming them.
    """
    if found := wrong(history, f"{history.name}/{folder}/"):
        raise HistoryLostError(both("not_what_was_kept", at=", ".join(found[:5])))


def hash_of(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _is_readable(path: Path) -> bool:
    with duckdb.connect() as connection:
        try:
            connection.execute("SELECT count(COLUMNS(*)) FROM read_parquet($path)", {"path": str(path)}).fetchall()
        except duckdb.Error:
            return False
    return True


def _name(history: Path, path: Path) -> str:
    return path.relative_to(history.parent).as_posix()
