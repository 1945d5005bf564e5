"""Which files are being read at this moment, so that a run that dies on one of them does not die on it every night.

Reads and writes ``parsed/reading/``: a note per batch while it is read (durable, and in it the one file that is being opened), and
``suspects.json`` with what notes of dead runs named. A suspect is read first and alone, many of them in small groups; it is held
back only where a run ended while it alone was read, and it had been named before (a small text, which hardly takes a machine
and is as likely to have stood beside two power cuts: twice before). A file that is read clears its name.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import duckdb

from pipelines import durable
from pipelines.settings.city import Limits
from pipelines.sources.open.open_file import Inbound

FOLDER, SUSPECTS, NOTE = "reading", "suspects.json", "*.note"
HELD = "reading_ended_runs"
# So many groups of suspects at most: one of 2,000 files is found in the third run that it ends.
MOST_GROUPS = 32
TWICE, THRICE = 2, 3
SMALL_BYTES = 1_000_000
PLACE_BYTES = 12
NOBODY = -1
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Suspect:
    """How many runs ended while a file was read, and whether the last of them was reading it alone."""

    ended: int
    alone: bool


class Note:
    """The note of one batch, kept while it is read."""

    def __init__(self, batch: list[Inbound], stream: IO[bytes] | None) -> None:
        self._numbers = {id(file): number for number, file in enumerate(batch)}
        self._stream = stream

    def at(self, file: Inbound | None) -> None:
        """Say which file is being opened; ``None``: all of them are worked on together. As cheap as a write to memory."""
        if self._stream is not None:
            self._stream.seek(0)
            self._stream.write(_place(NOBODY if file is None else self._numbers[id(file)]))


NO_NOTE = Note([], None)


@contextmanager
def noted(parsed: Path, batch: list[Inbound]) -> Iterator[Note]:
    """Keep a note of a batch while it is read; it stays where the run dies within, or ends for what the files may have done."""
    path = parsed / FOLDER / f"{uuid.uuid4().hex}.note"
    told = json.dumps([_key(file) for file in batch], ensure_ascii=False).encode()
    durable.write(path, _place(NOBODY) + told)
    stays = False
    try:
        with path.open("r+b", buffering=0) as stream:
            yield Note(batch, stream)
    except BaseException as error:
        stays = _may_blame(error)
        raise
    finally:
        if not stays:
            path.unlink(missing_ok=True)


def suspects(parsed: Path) -> dict[Key, Suspect]:
    """Return what earlier runs may have died of; notes of dead runs are taken into the list, which is durable before they go."""
    found = _listed(parsed)
    notes = sorted((parsed / FOLDER).glob(NOTE))
    for path in notes:
        keys, place = _read(path)
        named = keys if place == NOBODY else keys[place : place + 1]
        for key in set(named):
            ended = found[key].ended if key in found else 0
            found[key] = Suspect(ended + 1, alone=len(set(named)) == 1)
    if notes:
        _keep(parsed, found)
    for path in notes:
        path.unlink(missing_ok=True)
    return found


def clear(parsed: Path, batch: Iterable[Inbound]) -> None:
    """Forget that files were suspected: they have been read, or are held back on record."""
    found = _listed(parsed)
    left = {key: suspect for key, suspect in found.items() if key not in {_key(file) for file in batch}}
    if left != found:
        _keep(parsed, left)


def ordered(
    parsed: Path, inbound: list[Inbound], limits: Limits
) -> tuple[list[list[Inbound]], list[Inbound], list[Inbound]]:
    """Return the groups to read first, the other files, and whom the groups name; what ended runs twice is held back among the others."""
    known = suspects(parsed)
    by_ended: dict[int, dict[Key, list[Inbound]]] = {}
    others = []
    for file in sorted(inbound, key=lambda f: (f.inspected.sha256, f.source, f.path)):
        suspect = known.get(_key(file))
        if suspect is not None and suspect.alone and suspect.ended >= _enough(file):
            file.inspected.problem = (HELD, {"times": suspect.ended})
        elif suspect is not None:
            by_ended.setdefault(suspect.ended, {}).setdefault(_key(file), []).append(file)
            continue
        others.append(file)
    groups = []
    for ended in sorted(
        by_ended, reverse=True
    ):  # the fewer are left of a group that ended a run, the nearer is the one
        contents = list(by_ended[ended].values())
        size = min(-(-len(contents) // MOST_GROUPS), limits.batch_files)
        for start in range(0, len(contents), size):
            groups.append([file for some in contents[start : start + size] for file in some])
    return groups, others, [file for group in groups for file in group]


def _enough(file: Inbound) -> int:
    """How many runs must have ended on a file before it is held back."""
    is_small = file.inspected.kind == "text" and file.inspected.size < SMALL_BYTES
    return THRICE if is_small else TWICE


def _may_blame(error: BaseException) -> bool:
    """Tell whether an end may be what a file did: not where a disk, a line or a person ended the run."""
    if isinstance(error, duckdb.Error):
        return isinstance(error, (duckdb.InterruptException, duckdb.InternalException, duckdb.FatalException))
    return isinstance(error, Exception) and not isinstance(error, OSError)


def _key(file: Inbound) -> Key:
    return file.inspected.sha256, file.wanted


def _place(number: int) -> bytes:
    return f"{number:>{PLACE_BYTES - 1}}\n".encode("ascii")


def _read(path: Path) -> tuple[list[Key], int]:
    """Return the files of a note and the one that was being opened; a note that cannot be read names nobody."""
    try:
        content = path.read_bytes()
        return [(str(sha256), str(wanted)) for sha256, wanted in json.loads(content[PLACE_BYTES:])], int(
            content[:PLACE_BYTES]
        )
    except (OSError, ValueError, TypeError):
        return [], NOBODY


def _listed(parsed: Path) -> dict[Key, Suspect]:
    try:
        rows = json.loads((parsed / FOLDER / SUSPECTS).read_text(encoding="utf-8"))
        return {(str(sha), str(wanted)): Suspect(int(ended), bool(alone)) for sha, wanted, ended, alone in rows}
    except (OSError, ValueError, TypeError):
        return {}


def _keep(parsed: Path, found: dict[Key, Suspect]) -> None:
    rows = [[*key, suspect.ended, suspect.alone] for key, suspect in sorted(found.items())]
    durable.write(parsed / FOLDER / SUSPECTS, json.dumps(rows, ensure_ascii=False).encode())
