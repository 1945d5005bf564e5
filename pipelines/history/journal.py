"""Append-only records as JSON lines, each with the hash of the line before, safe against a torn last line.

A line holds a record and two fields of ours: ``n``, its number among the whole lines, and ``prev``, the SHA-256 of the
bytes of the whole line before it (of a first line: of the file's name). An edited, deleted, inserted or moved line breaks
the chain at the line after it; what was cut off at the end is missed by ``heads.json`` beside the files, which says how
far each of them had come and with which hash (its *head*).

A line that a crash tore is not whole: it does not parse, readers pass over it, the next append closes it, and the chain
goes on from the last whole line. Lines without hashes, written by an earlier version, are sealed before anything is
appended: one line holds the hash of all bytes above it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pipelines import durable
from pipelines.errors import ActionableError
from pipelines.texts import both

HEADS = "heads.json"
# which history was begun anew: when, by whom, why, what was found, and the seals it was begun with
BEGUN = "begun.jsonl"
LOCK = ".append"
NUMBER, PREVIOUS, SEALED = "n", "prev", "sealed"
# the column of a record that tells how far every file had come, as JSON
HEADS_TOLD = "heads_json"
BLOCK = 65_536


class HistoryLostError(ActionableError, RuntimeError):
    """What the history said before is gone or was changed; the message says which file and what to do."""

    def __init__(self, found: str) -> None:
        super().__init__(both("history_lost", found=found))


@dataclass(frozen=True, slots=True)
class ChainHead:
    """How far a file had come: the number of its last whole line, and that line's hash."""

    lines: int
    digest: str


def first_link(name: str) -> str:
    """Return what a file's first line carries as the hash of the line before."""
    return hashlib.sha256(f"facility-emissions/{name}".encode()).hexdigest()


def hash_line(line: bytes) -> str:
    """Return the hash of a line: of its bytes, without what ends it."""
    return hashlib.sha256(line.rstrip(b"\r\n")).hexdigest()


def parsed(line: bytes) -> dict[str, Any] | None:
    """Return the record of a whole line; ``None`` for one that a crash tore."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def append(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Append records and make them durable before returning. Nothing is ever rewritten.

    Raises:
        HistoryLostError: the file no longer holds what it held when it was last appended to.
    """
    rows = [dict(record) for record in records]
    if not rows:
        return
    with _alone(path.parent):
        stated = _stated(path.parent)
        if found := _short(path, stated.get(path.name)):
            raise HistoryLostError(found)
        _write(path, rows, stated)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records in order; a line that a crash tore is passed over (its writer never said it was done)."""
    for _, record in numbered(path):
        yield record


def numbered(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (number of the line among the whole ones, record) in order; seals are counted, not yielded."""
    if not path.is_file():
        return
    number = 0
    with path.open("rb") as stream:
        for line in stream:
            if (record := parsed(line)) is None:
                continue
            number += 1
            record.pop(NUMBER, None)
            record.pop(PREVIOUS, None)
            if SEALED not in record:
                yield number, record


# ---------------------------------------------------------------- heads


def heads(folder: Path) -> dict[str, ChainHead]:
    """Return file -> how far it had come when it was last appended to; empty where ``heads.json`` is not there.

    Raises:
        HistoryLostError: it cannot be read.
    """
    path = folder / HEADS
    if not path.is_file():
        return {}
    try:
        told = json.loads(path.read_bytes())
        return {name: ChainHead(int(lines), str(digest)) for name, (lines, digest) in told.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise HistoryLostError(both("heads_cannot_be_read", name=HEADS)) from error


def head(path: Path) -> ChainHead | None:
    """Return how far a file has come; ``None`` where it has no line."""
    last = _last(path)
    return None if last is None else ChainHead(last[2], last[0])


def files(folder: Path) -> list[Path]:
    """Return the history files of a folder."""
    return sorted(folder.glob("*.jsonl"))


def missing(folder: Path) -> list[str]:
    """Return, a sentence each, what is no longer there of what was appended; looks at the last lines only."""
    stated = heads(folder)
    found = [told for name in sorted(stated) if (told := _short(folder / name, stated[name]))]
    return found if (folder / HEADS).is_file() else [*found, *_without_heads(folder)]


def seal(folder: Path, told: Mapping[str, Any] | None = None, *, anew: bool = False) -> None:
    """Seal what stands in every file that carries no hashes yet, with one line each.

    Args:
        folder: The folder of the history.
        told: What the seals say besides.
        anew: Seal every file as it stands, whatever it held before: the chain begins anew with the seal. What is told is put
            on record in ``begun.jsonl`` with the seals themselves; a seal that is not on record there proves nothing.
    """
    with _alone(folder):
        stated = {} if anew else _stated(folder)
        for path in files(folder):
            last = _last(path)
            if anew or (last is not None and PREVIOUS not in last[1] and path.name not in stated):
                _write(path, [], stated, told, anew=anew)
        if anew:
            _save(folder, stated)
        if anew and told:
            _write(folder / BEGUN, [{**told, HEADS_TOLD: json.dumps(_as_told(stated))}], stated)


def short(digest: str) -> str:
    """Return a head as people copy it: four groups of four."""
    return "-".join(digest[at : at + 4] for at in range(0, 16, 4))


# ---------------------------------------------------------------- one file


def _stated(folder: Path) -> dict[str, ChainHead]:
    """Return the heads of a folder; ``heads.json`` is there before the first line that it is to tell of."""
    if not (folder / HEADS).is_file():
        if found := _without_heads(folder):
            raise HistoryLostError(found[0])
        _save(folder, {})
    return heads(folder)


def _without_heads(folder: Path) -> list[str]:
    chained = [path.name for path in files(folder) if (last := _last(path)) and PREVIOUS in last[1]]
    return [f"{HEADS} {both('heads_are_gone', files=', '.join(chained))}"] if chained else []


def _write(
    path: Path,
    rows: list[dict[str, Any]],
    stated: dict[str, ChainHead],
    told: Mapping[str, Any] | None = None,
    *,
    anew: bool = False,
) -> None:
    """Append rows to a file, after a seal where it needs one, and say how far it has come."""
    is_new = not path.exists()
    durable.make_folder(path.parent)
    with path.open("ab+") as stream, _or_as_before(stream, path, stated):
        written = bytearray(_closing(stream))
        last = _last(path)
        link, number = (first_link(path.name), 0) if last is None else (last[0], last[2])
        if anew or (last is not None and PREVIOUS not in last[1]):
            number, link = _whole_lines(path), first_link(path.name)
            seal = {**(told or {}), SEALED: _hash_all(path, bytes(written)), "sealed_lines": number}
            rows = [seal, *rows]
        for row in rows:
            number += 1
            line = json.dumps({**row, NUMBER: number, PREVIOUS: link}, ensure_ascii=False, default=str).encode()
            link = hash_line(line)
            written += line + b"\n"
        stream.write(written)
        stream.flush()
        os.fsync(stream.fileno())
        if is_new:
            durable.sync_folder(path.parent)
        _save(path.parent, {**stated, path.name: ChainHead(number, link)})
    stated[path.name] = ChainHead(number, link)


@contextmanager
def _or_as_before(stream: BinaryIO, path: Path, stated: Mapping[str, ChainHead]) -> Iterator[None]:
    """Give a file its old length again where an append fails, as on a full disk, unless its head tells of it already."""
    length = stream.seek(0, os.SEEK_END)
    try:
        yield
    except BaseException:
        with suppress(OSError, HistoryLostError):
            if heads(path.parent).get(path.name) == stated.get(path.name):
                os.ftruncate(stream.fileno(), length)
                os.fsync(stream.fileno())
        raise


def _save(folder: Path, stated: Mapping[str, ChainHead]) -> None:
    durable.write(folder / HEADS, json.dumps(_as_told(stated), indent=0).encode())


def _as_told(stated: Mapping[str, ChainHead]) -> dict[str, list[int | str]]:
    return {name: [stated[name].lines, stated[name].digest] for name in sorted(stated)}


def _closing(stream: BinaryIO) -> bytes:
    """Return what closes the last line, where its writer died before the end of it."""
    if stream.seek(0, os.SEEK_END) == 0:
        return b""
    stream.seek(-1, os.SEEK_END)
    return b"" if stream.read(1) == b"\n" else b"\n"


def _short(path: Path, stated: ChainHead | None) -> str:
    """Say what a file lacks of what it held when it was last appended to; it may hold more. Empty: nothing."""
    if stated is None:
        return ""
    last = _last(path)
    if last is None:
        return both("lines_are_gone", at=path.name, lines=stated.lines)
    digest, record, number = last
    if PREVIOUS not in record:
        return f"{path.name}:{number} {both('no_hash_before')}"
    if number < stated.lines:
        return both("fewer_lines", at=path.name, lines=stated.lines, found=number)
    if number == stated.lines and digest != stated.digest:
        return f"{path.name}:{number} {both('line_was_changed')}"
    return ""


def _last(path: Path) -> tuple[str, dict[str, Any], int] | None:
    """Return (hash, record, number) of the last whole line, read from the end; ``None`` where there is none."""
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        at = stream.seek(0, os.SEEK_END)
        tail = b""
        while at:
            step = min(BLOCK, at)
            at -= step
            stream.seek(at)
            tail = stream.read(step) + tail
            lines = tail.split(b"\n")
            for line in reversed(lines if at == 0 else lines[1:]):
                if line.strip() and (record := parsed(line)) is not None:
                    number = record.get(NUMBER)
                    return hash_line(line), record, number if isinstance(number, int) else _whole_lines(path)
    return None


def _whole_lines(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(parsed(line) is not None for line in stream)


def _hash_all(path: Path, more: bytes) -> str:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256")
    digest.update(more)
    return digest.hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let nobody else append to the files of a folder: a chain has one end."""
    durable.make_folder(folder)
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            import fcntl
        except ImportError:  # Windows
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined] # Windows only
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
