"""A register kept as a workbook: its first sheet as text, read in a process of its own with a limit on memory and time."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipelines.process import child
from pipelines.texts import both

LARGEST = 20_000_000
LONGEST = 10**15  # beyond fifteen digits Excel keeps others than were typed, unless the cell is a text
MEMORY = 2_000_000_000
SECONDS = 60


class UnreadableError(ValueError):
    """The file is no workbook that can be read."""


def as_csv(path: Path) -> bytes:
    """Return the first sheet as CSV, a line for each of its rows, so that lines and rows have one number.

    Raises:
        UnreadableError: too large, damaged, or beyond the limits of memory and time.
    """
    if path.stat().st_size > LARGEST:
        raise UnreadableError(f"> {LARGEST:,} bytes")
    try:
        rows = child.call(_rows, str(path), memory=MEMORY, seconds=SECONDS)
    except child.ChildDiedError as error:
        raise UnreadableError(error.rule_id) from error
    except UnreadableError:
        raise
    except Exception as error:
        raise UnreadableError(f"{type(error).__name__}: {error}") from error
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _rows(path: str) -> list[list[str]]:
    from python_calamine import CalamineWorkbook

    with CalamineWorkbook.from_path(path) as book:
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    for number, row in enumerate(rows, start=1):
        for cell in row:
            if isinstance(cell, float) and abs(cell) >= LONGEST:
                raise UnreadableError(both("number_cut_by_excel", line=number, cell=format(cell, ".15g")))
    return [[_text(cell) for cell in row] for row in rows]


def _text(cell: Any) -> str:  # noqa: ANN401 - whatever a workbook holds
    """A cell as people see it: a day as ISO, a whole number without decimals, no line ends."""
    if isinstance(cell, datetime) and cell.time() == datetime.min.time():
        cell = cell.date()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        return format(cell, ".15g") if not cell.is_integer() else str(int(cell))
    return " ".join(str(cell).splitlines())
