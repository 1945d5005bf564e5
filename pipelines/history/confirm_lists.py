"""Lists of accepted flags that went to the 統括者: which flags, and what stood behind each, by the hash of the list's file.

Reads and writes the append-only ``history/confirm_lists.jsonl``. The list itself is never read back: a file with another hash is
another list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines.history import journal

LEDGER = "confirm_lists.jsonl"


@dataclass(frozen=True, slots=True)
class ConfirmList:
    """A list as it went out: flag -> what it stood on then, as a hash."""

    sha256: str
    fiscal_year: int
    made_at: str
    made_by: str
    history_head: str
    flags: Mapping[str, str]


def note(history: Path, made: ConfirmList) -> None:
    """Put a list on record."""
    journal.append(history / LEDGER, [asdict(made)])


def find(history: Path, sha256: str) -> ConfirmList | None:
    """Return the list of a file; nothing where none of these bytes was made here."""
    for record in journal.read(history / LEDGER):
        if record["sha256"] == sha256:
            return ConfirmList(**record)
    return None
