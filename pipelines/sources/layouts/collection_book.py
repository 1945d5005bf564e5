"""The workbook that the office gives its departments and gets back (``facility-emissions collect``).

A sheet is known by the mark in its first cell, whatever the file is called; the second cell is the issue it belongs to, the
third says whether its rows are meters or activity sources. A row names its source (A) and kind of reading (B); a month's cell
stands below its first day in line 5. An empty cell is no answer, 0 is: nothing was used, or (deliveries) all slips of the
month are written down. Filled in part and sent again, the later file counts.

The columns A and B and the line of months are hidden by ourselves, so what stands there is read. What somebody else hid (a row of
a source, a column of a month) is held back like in any workbook.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pipelines.sources.layouts import matrix
from pipelines.sources.layouts.head import Cell, Recognised, TableHead, TableText, unmarked
from pipelines.texts import both

NAME = "collection_book"
MARK = "facility-emissions collection 1"
MONTHS_LINE = 5
FIRST_LINE = 7
RECORDS = ("reading", "activity")


def recognise(head: TableHead) -> Recognised | None:
    """Return how to read the sheet when it carries the mark."""
    first = head.rows[0] if head.rows else ()
    if matrix.cell_at(first, 0) != MARK or matrix.cell_at(first, 2) not in RECORDS:
        return None
    return Recognised(NAME, record=first[2], read=read)


def read(table: TableText) -> Iterator[Cell]:
    """Yield one cell per source and month; empty ones too, so that they are counted as blank.

    Raises:
        RefusedFileError: the line of months was changed.
    """
    rows = table.rows
    issue = unmarked(matrix.cell_at(rows[0], 1))
    months = _months(rows[MONTHS_LINE - 1] if len(rows) >= MONTHS_LINE else ())
    for number, row in enumerate(rows[FIRST_LINE - 1 :], start=FIRST_LINE):
        source, kind = (unmarked(matrix.cell_at(row, n)).strip() for n in (0, 1))
        unit = matrix.cell_at(row, 4)
        if not source:
            continue
        for position, (start, end, name) in months.items():
            told = matrix.cell_at(row, position)
            known_kind = "" if kind == "activity" else kind
            yield Cell(number, name, source, str(start), str(end), told, unit, known_kind, note=issue)


def _months(row: tuple[str, ...]) -> dict[int, tuple[date, date, str]]:
    """Return column -> period; ``2025-04`` is a month, ``FY2025`` the fiscal year."""
    found = {}
    for position, cell in enumerate(row):
        text = unmarked(cell).strip()
        if text.startswith("FY") and text[2:].isdigit() and len(text) == 6:
            year = int(text[2:])
            found[position] = (date(year, 4, 1), date(year + 1, 4, 1), text)
        elif len(text) == 7 and text[4] == "-" and text.replace("-", "").isdigit():
            year, month = int(text[:4]), int(text[5:])
            if not 1 <= month <= 12:
                raise matrix.missing(NAME, text, "2025-04")
            found[position] = (date(year, month, 1), date(year + month // 12, month % 12 + 1, 1), text)
    if not found:
        raise matrix.missing(NAME, both("months_of_line", line=MONTHS_LINE), "2025-04")
    return found
