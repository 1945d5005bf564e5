"""What registers and reference were on each day the system saw them: contents by hash, states in order, rows with dates.

Append only, under ``history/``: ``kept/<kind>/<file>/<hash>.csv`` holds every content once, ``states.jsonl`` one line
whenever any of them differs from the run before, ``input_rows.jsonl`` the rows that came and went with it. So every
register row and factor row has the time from which the system knew it, and any past moment can be built again.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines import durable
from pipelines.history import journal, kept
from pipelines.history.journal import HistoryLostError
from pipelines.history.moments import Past
from pipelines.texts import both

REGISTERS, REFERENCE = "registers", "reference"
STATES = "states.jsonl"
ROWS = "input_rows.jsonl"
Contents = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class State:
    """Which content of each register and reference file a run saw, and since when."""

    state_id: str
    seen_at: datetime
    registers: Mapping[str, str]
    reference: Mapping[str, str]


def state_id(registers: Contents, reference: Contents) -> str:
    """Return the id of a state: a hash of all its contents."""
    return _id(_hashes(registers), _hashes(reference))


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The states kept under ``history/``."""

    folder: Path

    def keep(self, registers: Contents, reference: Contents, seen_at: datetime) -> str:
        """Keep what a run sees; returns the state's id. Contents first, the line that names them last.

        A content that is kept already but was torn, as by a power cut, is written again.
        """
        state = State("", seen_at, _hashes(registers), _hashes(reference))
        identity = _id(state.registers, state.reference)
        last = self.last()
        is_known = last is not None and last.state_id == identity
        for kind, contents in ((REGISTERS, registers), (REFERENCE, reference)):
            for name, content in contents.items():
                self._keep_content(kind, name, content)
        if is_known:
            return identity
        changes = list(self._changes(last, registers, reference, seen_at))
        journal.append(self.folder / ROWS, changes)
        journal.append(self.folder / STATES, [asdict(state) | {"state_id": identity, "seen_at": str(seen_at)}])
        return identity

    def all(self) -> list[State]:
        """Return every state, oldest first."""
        return [_state(record) for record in journal.read(self.folder / STATES)]

    def last(self) -> State | None:
        """Return the state seen last."""
        found = self.all()
        return found[-1] if found else None

    def at(self, past: Past) -> State | None:
        """Return the state in force on a past moment; ``None``: nothing had been seen by then."""
        known = None
        for number, record in journal.numbered(self.folder / STATES):
            if past.knows(STATES, number, record["seen_at"]):
                known = _state(record)
        return known

    def named(self, identity: str) -> State | None:
        """Return a state by its id."""
        return next((state for state in self.all() if state.state_id == identity), None)

    def registers(self, state: State) -> dict[str, bytes]:
        """Return the registers of a state: name -> content.

        Raises:
            HistoryLostError: one is no longer what was kept.
        """
        return {name: self._whole(REGISTERS, name, h).read_bytes() for name, h in state.registers.items()}

    def reference(self, state: State) -> dict[str, Path]:
        """Return the reference files of a state: file name -> where its content is kept.

        Raises:
            HistoryLostError: one is no longer what was kept.
        """
        return {name: self._whole(REFERENCE, name, h) for name, h in state.reference.items()}

    def _whole(self, kind: str, name: str, digest: str) -> Path:
        path = self.path(kind, name, digest)
        if not path.is_file() or kept.hash_of(path) != digest:
            raise HistoryLostError(both("not_what_was_kept", at=path.relative_to(self.folder.parent)))
        return path

    def path(self, kind: str, name: str, digest: str) -> Path:
        """Where a content is kept."""
        return self.folder / "kept" / kind / name.removesuffix(".csv") / f"{digest}.csv"

    def rows(self, past: Past | None = None) -> list[tuple[str, str, datetime, datetime | None]]:
        """Return (input, row as JSON, known from, known to) of every row there ever was, or was by a past moment."""
        known: dict[tuple[str, str], datetime] = {}
        ended: list[tuple[str, str, datetime, datetime | None]] = []
        for number, event in journal.numbered(self.folder / ROWS):
            key, at = (event["input"], event["row"]), datetime.fromisoformat(event["at"])
            if past is not None and not past.knows(ROWS, number, at):
                continue
            if event["change"] == "came":
                known.setdefault(key, at)
            elif key in known:
                ended.append((*key, known.pop(key), at))
        return sorted([*ended, *((*key, since, None) for key, since in known.items())], key=lambda row: row[:3])

    def _keep_content(self, kind: str, name: str, content: bytes) -> None:
        path = self.path(kind, name, _hash(content))
        if not path.is_file() or path.read_bytes() != content:
            durable.write(path, content)

    def _changes(
        self, last: State | None, registers: Contents, reference: Contents, at: datetime
    ) -> Iterator[dict[str, str]]:
        for kind, contents in ((REGISTERS, registers), (REFERENCE, reference)):
            before = {} if last is None else dict(last.registers if kind == REGISTERS else last.reference)
            for name in sorted({*before, *contents}):
                if name in before and name in contents and before[name] == _hash(contents[name]):
                    continue
                old = self._old_rows(kind, name, before[name]) if name in before else set()
                new = _rows(contents[name]) if name in contents else set()
                told = {"input": _input(kind, name), "at": str(at)}
                for change, rows in (("went", old - new), ("came", new - old)):
                    yield from ({**told, "change": change, "row": row} for row in sorted(rows))

    def _old_rows(self, kind: str, name: str, digest: str) -> set[str]:
        """The rows of a content that a run saw; of one that is no longer whole, as the records of rows tell them."""
        path = self.path(kind, name, digest)
        content = path.read_bytes() if path.is_file() else b""
        if _hash(content) == digest:
            return _rows(content)
        return {row for told, row, _, until in self.rows() if told == _input(kind, name) and until is None}


def _input(kind: str, name: str) -> str:
    return f"{kind}/{name.removesuffix('.csv')}"


def _state(record: Mapping[str, Any]) -> State:
    seen_at = datetime.fromisoformat(record["seen_at"])
    return State(record["state_id"], seen_at, record["registers"], record["reference"])


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _hashes(contents: Contents) -> dict[str, str]:
    return {name: _hash(content) for name, content in sorted(contents.items())}


def _id(registers: Mapping[str, str], reference: Mapping[str, str]) -> str:
    return _hash(json.dumps([registers, reference], sort_keys=True).encode())


def _rows(content: bytes) -> set[str]:
    """Every row as JSON, column -> cell as written; empty cells left out."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp932")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    plain = ({str(k): v.strip() for k, v in row.items() if isinstance(v, str) and v.strip()} for row in rows)
    return {json.dumps(row, ensure_ascii=False) for row in plain if row}
