"""What a night decided about asking each flag, as the published file says it."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import duckdb

from pipelines import tables

ASKED, WAITING, MINOR, STANDING, SILENT = tables.words("asking")


class Asked(NamedTuple):
    """What a night decided about asking a flag.

    Args:
        question_id: The question it is folded into; its own id where it is part of none.
        asking: A word of the catalogue.
        pattern: What flags of later years are held against; ``None``: an answer stands for its own year alone.
        asked_from: Of a rule that is still silent: the day from which people are asked.
        standing_decision_id: The answer of an earlier year that stands, or stood, for this one too.
        standing_until: Its last fiscal year.
        standing_state: Whether it covers the flag, or why not; a word of the catalogue.
    """

    question_id: str
    asking: str = ASKED
    pattern: str | None = None
    asked_from: date | None = None
    standing_decision_id: str | None = None
    standing_until: int | None = None
    standing_state: str | None = None


def of_flags(connection: duckdb.DuckDBPyConnection) -> dict[str, Asked]:
    """Return flag_id -> what was decided; nothing, or less, for a file that an older version published."""
    found = connection.execute("SELECT * FROM flags LIMIT 0").description or []
    there = {column[0] for column in found}
    if "asking" not in there:
        return {}
    names = ["flag_id", *(name for name in Asked._fields if name in there)]
    rows = connection.execute(f"SELECT {', '.join(names)} FROM flags").fetchall()
    return {row[0]: Asked(**dict(zip(names[1:], row[1:], strict=True))) for row in rows}
