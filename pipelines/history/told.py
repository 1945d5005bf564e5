"""What each person was told in the morning: one line a notice in the append-only ``history/notices.jsonl``.

What stands there is no longer new; what could not be sent does not stand there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines.history import journal

LEDGER = "notices.jsonl"


@dataclass(frozen=True, slots=True)
class ToldNotice:
    """A notice that went out.

    Args:
        person_id: Who was told.
        told_on: The day of the run that told it.
        told_at: When, local time.
        way: ``mail`` (the server took it) or ``file`` (it was written to be sent by hand).
        questions: How many questions it counted.
        new: How many of them were new.
        due: How many had a due date near.
        overdue: How many were past it.
        waits: What was told for the first time: the flags, each as it waited.
    """

    person_id: str
    told_on: str
    told_at: str
    way: str
    questions: int
    new: int
    due: int
    overdue: int
    waits: tuple[str, ...]


def note(history: Path, told: ToldNotice) -> None:
    """Put a notice on record.

    Raises:
        HistoryLostError: the file no longer holds what it held.
    """
    journal.append(history / LEDGER, [asdict(told)])


def read(history: Path) -> Iterable[ToldNotice]:
    """Return the notices, oldest first."""
    return [ToldNotice(**{**record, "waits": tuple(record["waits"])}) for record in journal.read(history / LEDGER)]
