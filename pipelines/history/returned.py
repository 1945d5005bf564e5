"""What became of every answered row that came back: one line a row and judgement in ``history/answers.jsonl``.

Append only; the last line of a row counts. A row whose answer was taken stays taken; one that was held back is looked at again
by every night, and gets a new line where the outcome differs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines import tables
from pipelines.history import journal
from pipelines.history.moments import Past
from pipelines.warehouse import database

LEDGER = "answers.jsonl"
LOADED, SUPERSEDED, QUARANTINED = tables.words("answer_outcome")


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of one row: the decisions it led to, or the rule that holds it back and what the row says there.

    ``content`` is the hash of what the row answers, by which the same answer sent again is known.
    """

    source_sha256: str
    source_member: str
    source_line: int
    file: str
    round: str
    question_id: str
    department: str
    person_id: str
    content: str
    outcome: str
    rule_id: str | None
    raw: str
    detail: str
    decisions: tuple[str, ...]
    judged_at: str

    @property
    def place(self) -> tuple[str, str, int]:
        """The row's place, by which it is known."""
        return self.source_sha256, self.source_member, self.source_line


def note(history: Path, outcomes: Iterable[RowOutcome]) -> None:
    """Put outcomes on record."""
    journal.append(history / LEDGER, [asdict(each) for each in outcomes])


def read(history: Path, past: Past | None = None) -> tuple[RowOutcome, ...]:
    """Return the last outcome of every row, in the order of their places; ``past``: as known then."""
    found: dict[tuple[str, str, int], RowOutcome] = {}
    for number, record in journal.numbered(history / LEDGER):
        if past is None or past.knows(LEDGER, number, str(record["judged_at"])):
            outcome = RowOutcome(**{**record, "decisions": tuple(record["decisions"])})
            found[outcome.place] = outcome
    return tuple(found[place] for place in sorted(found))


def lay_out(connection: duckdb.DuckDBPyConnection, outcomes: Iterable[RowOutcome]) -> None:
    """Make the temporary table ``answer_rows`` that the stages of the readings and the review join."""
    rows: list[dict[str, Any]] = [asdict(each) for each in outcomes]
    texts = [
        *("source_sha256", "source_member", "round", "question_id", "department", "person_id", "outcome", "rule_id"),
        *("raw", "detail", "judged_at"),
    ]
    columns = {name: ("VARCHAR", [row[name] for row in rows]) for name in texts}
    database.create_from(
        connection, "answer_rows", {**columns, "source_line": ("BIGINT", [row["source_line"] for row in rows])}
    )
