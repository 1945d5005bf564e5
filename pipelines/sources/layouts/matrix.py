"""What the tables with days across and hours down share: labels beside values, numbers, totals that must agree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from pipelines.sources.layouts.cell_words import MISSING_MARKS, read_number
from pipelines.sources.layouts.head import RefusedFileError, plain, unmarked
from pipelines.texts import both

# The rules of a total that cannot be relied on; what stands beside it is held back value by value.
TOTALS = frozenset({"totals_disagree", "total_unchecked"})
_UNIT = re.compile(r"(?:kWh|m3)$")
Rows = Sequence[Sequence[str]]


def label(rows: Rows, words: Sequence[str]) -> str:
    """Return the value beside the first cell that begins with one of the words: after its colon, or the next filled cell."""
    for row in rows:
        for position, cell in enumerate(row):
            word = plain(cell)
            found = next((w for w in words if word.startswith(w)), None)
            if found is None:
                continue
            rest = word.removeprefix(found).lstrip(":")
            return rest or next((plain(other) for other in row[position + 1 :] if plain(other)), "")
    return ""


def number(text: str) -> Decimal | None:
    """Return a number with thousands commas and a unit behind it, or ``None``."""
    digits = _UNIT.sub("", plain(text))
    return read_number(digits).value if digits else None


def disagreement(place: str, printed: str, cells: Iterable[str]) -> RefusedFileError | None:
    """Hold a printed total against its cells; an empty one says nothing, nor does a mark for missing below cells that are all missing.

    Returns:
        The error to raise behind the last cell where they differ, or the total or one of the cells cannot be read.
    """
    if not plain(printed):
        return None
    printed = unmarked(printed)
    filled = [cell for cell in map(unmarked, cells) if not _is_missing(cell)]
    if _is_missing(printed) and not filled:
        return None
    unread = next((cell for cell in filled if number(cell) is None), None)
    if unread is not None:  # the true reason: whether the total agrees cannot be told
        return RefusedFileError("total_unchecked", place=place, printed=printed, cell=both("cell"), found=unread)
    summed = sum((number(cell) or Decimal(0) for cell in filled), Decimal(0))
    if number(printed) == summed:
        return None
    return RefusedFileError("totals_disagree", place=place, printed=printed, summed=f"{summed.normalize():f}")


def _is_missing(cell: str) -> bool:
    return not plain(cell).strip("-*―－") or cell.strip() in MISSING_MARKS


def missing(layout: str, found: str, expected: str) -> RefusedFileError:
    """Return the error for a table that looks like a layout and lacks a part of it."""
    return RefusedFileError("not_as_it_seems", layout=layout, found=found, expected=expected)


def cell_at(row: Sequence[str], position: int) -> str:
    """Return a cell, or an empty text where the row is shorter."""
    return row[position] if position < len(row) else ""
