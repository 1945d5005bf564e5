"""The questions of analysts that are asked again and again: those of the manual, read from it, so that both are one text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MANUAL = Path(__file__).parents[1] / "manual" / "analyst.md"
HEADED = re.compile(r"^\*\*(\d+)\. (.+?)\*\*[^\n]*\n+```sql\n(.+?)\n```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Saved:
    """A question: its number in the manual, its title there, and the SELECT."""

    number: int
    title: str
    statement: str


@cache
def saved() -> tuple[Saved, ...]:
    """Return them in the manual's order."""
    text = MANUAL.read_text(encoding="utf-8")
    return tuple(Saved(int(number), title.rstrip("."), statement) for number, title, statement in HEADED.findall(text))
