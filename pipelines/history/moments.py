"""A past moment: how far each record had come by then.

A publication is known by position: its run's record says how many lines every history file had, so that what it saw is
exact whatever the clock did since. Between publications, what came after the last one is known by its time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from pipelines.history import chain, journal

DECISIONS = "decisions"


@dataclass(frozen=True, slots=True)
class Past:
    """A past moment.

    Args:
        moment: Local time; what was known up to and including it.
        run_id: The publication in force then; ``None``: there was none.
        today: The day that publication was for.
        lines: How many lines each record had at that publication.
        is_publication: It is the very moment of that publication, which knew nothing else.
        by_receipt: Files count by when they were received, not by when they were first seen.
        runs: The runs up to that publication, itself included.
    """

    moment: datetime
    run_id: str | None = None
    today: date | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    is_publication: bool = False
    by_receipt: bool = False
    runs: frozenset[str] = frozenset()

    def knows(self, record: str, number: int, stamp: datetime | str | None) -> bool:
        """Tell whether a line was known.

        Args:
            record: The history file, or ``decisions``.
            number: The line's number, from 1.
            stamp: The time that the line states, where it states one.
        """
        if number <= self.lines.get(record, 0):
            return True
        if (self.is_publication and self.lines) or stamp is None:
            return False
        return (stamp if isinstance(stamp, datetime) else datetime.fromisoformat(stamp)) <= self.moment

    def knows_run(self, table: str, number: int, run_id: str, stamp: datetime | str) -> bool:
        """Tell whether a row that a run wrote of itself was known."""
        return run_id in self.runs or self.knows(f"{table}.jsonl", number, stamp)


def of(history: Path, moment: datetime, *, by_receipt: bool = False) -> Past:
    """Return a moment with what was last published by then; a publication's own moment is that publication."""
    published = list(journal.read(history / "publications.jsonl"))
    times = [datetime.fromisoformat(str(row["published_time"])) for row in published]
    places = [at for at, time in enumerate(times) if time == moment] or [
        at for at, time in enumerate(times) if time <= moment
    ]
    if not places or by_receipt:
        today = date.fromisoformat(str(published[places[-1]]["today"])) if places else None
        return Past(moment, today=today, by_receipt=by_receipt)
    row = published[places[-1]]
    runs = {record["run_id"]: record for record in journal.read(history / chain.RUNS)}
    heads = chain.heads_of(runs.get(row["run_id"], {}))
    return Past(
        moment,
        row["run_id"],
        date.fromisoformat(str(row["today"])),
        {name: head.lines for name, head in heads.items()},
        times[places[-1]] == moment,
        runs=frozenset(each["run_id"] for each in published[: places[-1] + 1]),
    )
