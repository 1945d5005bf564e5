"""北海道電力: days across (a line each for year, month and day), half hours down.

From the customers' page (UTF-8 with mark or cp932). kWh per half hour; an empty year or month is that of the column to
the left; ``-`` and ``--`` are missing. The last columns hold totals, which must agree. The contract stands in the lines
above; where it does not, the folder names the meter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from pipelines.sources.layouts import matrix
from pipelines.sources.layouts.head import Cell, Recognised, RefusedFileError, TableHead, TableText, plain
from pipelines.texts import both

NAME = "hokkaido_halfhours"
CONTRACT = ("供給地点特定番号", "お客さま番号", "お客様番号", "ご契約番号", "契約番号")
_SLOT = re.compile(r"(\d{1,2}):(\d{2})[-~〜](\d{1,2}):(\d{2})")
HEADS = ("年", "月", "日")
SLOTS = 48


def recognise(head: TableHead) -> Recognised | None:
    """Return how to read the file when three lines 年, 月, 日 stand above half hours."""
    top = _top(head.rows)
    if top is None or not any(_SLOT.fullmatch(plain(row[0])) for row in head.rows[top:] if row):
        return None
    by_path = not matrix.label(head.rows[:top], CONTRACT)
    if by_path and not head.folders:
        return None
    return Recognised(NAME, read=read, reading_kind="interval", names_meter_by_path=by_path)


def read(table: TableText) -> Iterator[Cell]:
    """Yield one cell per day and half hour.

    Raises:
        RefusedFileError: half hours are missing or stand twice, or a total disagrees.
    """
    rows = table.rows
    top = _top(rows) or 0
    contract = matrix.label(rows[:top], CONTRACT) or "/".join(table.head.folders)
    days, total = _days(rows[top : top + 3])
    slots = {n: m for n, row in enumerate(rows) if n > top and row and (m := _SLOT.fullmatch(plain(row[0])))}
    starts = [int(m.group(1)) * 60 + int(m.group(2)) for m in slots.values()]
    if sorted(starts) != [n * 30 for n in range(SLOTS)]:
        raise matrix.missing(NAME, both("slots_found", slots=len(starts)), "00:00-00:30 … 23:30-24:00")
    wrong: RefusedFileError | None = None
    for number, match in slots.items():
        row = rows[number]
        if total is not None:
            cells = [matrix.cell_at(row, c) for c in days]
            wrong = wrong or matrix.disagreement(f"{number + 1}行", matrix.cell_at(row, total), cells)
        for position, day in days.items():
            start = f"{day} {int(match.group(1)):02d}:{match.group(2)}"
            end = f"{day} {int(match.group(3)):02d}:{match.group(4)}"
            yield Cell(number + 1, str(day), contract, start, end, matrix.cell_at(row, position), "kWh")
    if wrong:
        raise wrong


def _top(rows: matrix.Rows) -> int | None:
    names = [plain(row[0]) if row else "" for row in rows]
    return next((n for n in range(len(names) - 2) if tuple(names[n : n + 3]) == HEADS), None)


def _days(heads: matrix.Rows) -> tuple[dict[int, date], int | None]:
    """Return column -> day, and the column of the totals."""
    found: dict[int, date] = {}
    total = None
    year = month = 0
    for position in range(1, max(len(row) for row in heads)):
        texts = [plain(matrix.cell_at(row, position)).rstrip("年月日") for row in heads]
        if "合計" in texts or "計" in texts:
            total = position if total is None else total
            continue
        year = int(texts[0]) if texts[0].isdigit() else year
        month = int(texts[1]) if texts[1].isdigit() else month
        if texts[2].isdigit():
            try:
                found[position] = date(year, month, int(texts[2]))
            except ValueError as error:
                raise matrix.missing(NAME, f"{year}/{month}/{texts[2]}", "年・月・日") from error
    return found, total
