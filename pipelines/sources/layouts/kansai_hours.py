"""関西電力 はぴeみる電: hours across, days down, newest first and without the year.

Downloaded from the customers' page (UTF-8 with mark or cp932, CRLF). kWh per hour. The year comes from the stated range
(データ抽出対象期間), which may cross New Year. The line 抽出期間合計 must agree with the cells, else the file is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from pipelines.periods import PeriodError, parse_date
from pipelines.sources.layouts import matrix
from pipelines.sources.layouts.head import Cell, Recognised, RefusedFileError, TableHead, TableText, plain
from pipelines.texts import both

NAME = "kansai_hours"
CUSTOMER = ("お客さま番号", "お客様番号")
_RANGE = re.compile(r"データ抽出対象期間:(\d{4}年\d{1,2}月\d{1,2}日)[~〜-](\d{4}年\d{1,2}月\d{1,2}日)")
_HOURS = re.compile(r"(\d{1,2})-(\d{1,2})時")
_DAY = re.compile(r"(\d{1,2})/(\d{1,2})")
TOTAL = "抽出期間合計"


def recognise(head: TableHead) -> Recognised | None:
    """Return how to read the file when it states a range and has a row of hours."""
    if not any(map(_RANGE.search, head.words)):
        return None
    hours = sum(1 for row in head.rows for cell in row if _HOURS.fullmatch(plain(cell)))
    return Recognised(NAME, read=read, reading_kind="interval") if hours == 24 else None


def read(table: TableText) -> Iterator[Cell]:
    """Yield one cell per day and hour; a day outside the stated range keeps its text and becomes a reject.

    Raises:
        RefusedFileError: the customer or the row of hours is missing, or the totals disagree.
    """
    rows = table.rows
    customer = matrix.label(rows, CUSTOMER)
    if not customer:
        raise matrix.missing(NAME, CUSTOMER[0], "お客さま番号：…")
    first, last = _range(rows)
    top = next((n for n, row in enumerate(rows) if sum(1 for cell in row if _HOURS.fullmatch(plain(cell))) == 24), None)
    if top is None:
        raise matrix.missing(NAME, both("row_of_hours"), "0-1時, 1-2時, …")
    hours = {
        position: int(m.group(1)) for position, cell in enumerate(rows[top]) if (m := _HOURS.fullmatch(plain(cell)))
    }
    days = {n: plain(row[0]) for n, row in enumerate(rows) if n > top and row and _DAY.fullmatch(plain(row[0]))}
    totals = next((row for row in rows[top + 1 :] if row and plain(row[0]) == TOTAL), ())
    wrong: RefusedFileError | None = None
    for position, hour in hours.items():
        cells = (matrix.cell_at(rows[number], position) for number in days)
        wrong = wrong or matrix.disagreement(f"{TOTAL} {hour}-{hour + 1}時", matrix.cell_at(totals, position), cells)
    for number, text in days.items():
        day = _within(text, first, last)
        for position, hour in hours.items():
            start = f"{day} {hour:02d}:00" if day else text
            end = f"{day} {hour + 1:02d}:00" if day else text
            quantity = matrix.cell_at(rows[number], position)
            yield Cell(number + 1, plain(rows[top][position]), customer, start, end, quantity, "kWh")
    if wrong:
        raise wrong


def _range(rows: matrix.Rows) -> tuple[date, date]:
    for row in rows:
        for cell in row:
            match = _RANGE.search(plain(cell))
            try:
                if match:
                    return parse_date(match.group(1)), parse_date(match.group(2))
            except PeriodError as error:
                raise matrix.missing(NAME, plain(cell), "2026年7月15日 ～ 2026年8月17日") from error
    raise matrix.missing(NAME, "データ抽出対象期間", "2026年7月15日 ～ 2026年8月17日")


def _within(text: str, first: date, last: date) -> date | None:
    """Return the one day of the range with this month and day."""
    month, day = (int(part) for part in text.split("/"))
    found = []
    for year in range(first.year, last.year + 1):
        try:
            candidate = date(year, month, day)
        except ValueError:
            continue
        if first <= candidate <= last:
            found.append(candidate)
    return found[0] if len(found) == 1 else None
