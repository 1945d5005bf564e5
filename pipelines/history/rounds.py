"""Rounds of asking: which questions went out in which workbook, to whom, and what each flag was when it was asked.

Reads and writes the append-only ``history/rounds.jsonl``, a line an issue. What a flag was then is what an answer that comes
back binds to: where it has changed since, the sheet asked something else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import ActionableError
from pipelines.history import journal
from pipelines.texts import both

LEDGER = "rounds.jsonl"
NAMED = re.compile(r"[0-9]{4}-[0-9]{1,2}")


class RoundError(ActionableError, ValueError):
    """A round that cannot be made or shown; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class AskedFlag:
    """A flag as a sheet asked about it."""

    flag_id: str
    facility_id: str
    fiscal_year: int
    rule_id: str
    subject: str | None
    seen_co2e_kg: str | None
    seen_state: str
    seen_days: str | None
    seen_rows: str | None


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A line of a sheet: one question, the flags that its answer settles, and who was asked."""

    question_id: str
    person_id: str | None
    flags: tuple[AskedFlag, ...]


@dataclass(frozen=True, slots=True)
class RoundBook:
    """One workbook of an issue."""

    department: str
    file: str
    sha256: str
    people: tuple[str, ...]
    questions: tuple[AskedQuestion, ...]


@dataclass(frozen=True, slots=True)
class RoundIssue:
    """Workbooks that were made together."""

    round: str
    issue_id: str
    issued_at: str
    due_on: str
    issued_by: str
    books: tuple[RoundBook, ...]


def checked_name(name: str) -> str:
    """Return the name of a round; it becomes part of file names.

    Raises:
        RoundError: it is no year and number.
    """
    if not NAMED.fullmatch(name):
        raise RoundError(both("round_name", at=f"--round {name}"))
    return name


def note(history: Path, issue: RoundIssue) -> None:
    """Put an issue on record."""
    journal.append(history / LEDGER, [asdict(issue)])


def issues(history: Path, name: str | None = None) -> list[RoundIssue]:
    """Return the issues, oldest first; of one round alone where it is named."""
    found = (_read(record) for record in journal.read(history / LEDGER))
    return [issue for issue in found if name in (None, issue.round)]


def _read(record: Mapping[str, Any]) -> RoundIssue:
    books = tuple(
        RoundBook(**{**book, "people": tuple(book["people"]), "questions": _questions(book["questions"])})
        for book in record["books"]
    )
    return RoundIssue(**{**record, "books": books})


def _questions(told: Sequence[Mapping[str, Any]]) -> tuple[AskedQuestion, ...]:
    return tuple(
        AskedQuestion(**{**question, "flags": tuple(AskedFlag(**flag) for flag in question["flags"])})
        for question in told
    )
