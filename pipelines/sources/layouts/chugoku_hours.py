"""中国電力 ご使用電力量実績表: a month with days across and hours down, one file per contract and month.

Sent by the customers' portal (cp932, CRLF) after the month has closed. kWh per hour. The head states contract, period
and the month's total; sums stand below every day and beside every hour. All of them must agree with the cells, else the
file is refused. A period may begin in the middle of a month; the days' names and weekdays must fit it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from pipelines.periods import PeriodError, parse_month
from pipelines.sources.layouts import matrix
from pipelines.sources.layouts.head import Cell, Recognised, RefusedFileError, TableHead, TableText, plain
from pipelines.texts import both

NAME = "chugoku_hours"
CONTRACT = ("ご契約番号", "お客さま番号", "お客様番号")
MONTH_TOTAL = ("月間ご使用電力量",)
_PERIOD = re.compile(r"(?P<month>.+?月)分.*?ご使用期間(\d{1,2})月(\d{1,2})日[~〜-](\d{1,2})月(\d{1,2})日")
_DAY = re.compile(r"(\d{1,2})日\((.)\)")
_HOUR = re.compile(r"(\d{1,2}):00[~〜-](\d{1,2}):00")
WEEKDAYS = "月火水木金土日"
HOURS = 24


def recognise(head: TableHead) -> Recognised | None:
    """Return how to read the file when it has the title, a period and a row of days."""
    if any("ご使用電力量実績表" in word for word in head.words) and any(map(_PERIOD.search, head.words)):
        return Recognised(NAME, read=read, reading_kind="interval")
    return None


def read(table: TableText) -> Iterator[Cell]:
    """Yield one cell per day and hour.

    Raises:
        RefusedFileError: contract, period or days are missing or do not fit, or a total disagrees.
    """
    rows = table.rows
    top = next((n for n, row in enumerate(rows) if sum(1 for c in row if _DAY.fullmatch(plain(c))) > 1), None)
    if top is None:
        raise matrix.missing(NAME, both("row_of_days"), "1日(水), 2日(木), …")
    contract = matrix.label(rows[:top], CONTRACT)
    if not contract:
        raise matrix.missing(NAME, CONTRACT[0], "ご契約番号：")
    columns = _days(rows[top], _period(rows[:top]))
    hours = _hours(rows, top)
    total = next((n for n, cell in enumerate(rows[top]) if plain(cell) == "合計"), None)
    wrong: RefusedFileError | None = None
    for number in hours:
        if total is not None:
            place = f"{number + 1}行 {plain(rows[number][0])}"
            cells = [matrix.cell_at(rows[number], c) for c in columns]
            wrong = wrong or matrix.disagreement(place, matrix.cell_at(rows[number], total), cells)
    below = next((row for row in rows[max(hours) + 1 :] if row and plain(row[0]) == "合計"), ())
    for position, day in columns.items():
        cells = [matrix.cell_at(rows[number], position) for number in hours]
        wrong = wrong or matrix.disagreement(f"{day:%m月%d日}", matrix.cell_at(below, position), cells)
    cells = [matrix.cell_at(rows[number], position) for number in hours for position in columns]
    wrong = wrong or matrix.disagreement(MONTH_TOTAL[0], matrix.label(rows[:top], MONTH_TOTAL), cells)
    for number, hour in hours.items():
        for position, day in columns.items():
            start = f"{day} {hour:02d}:00"
            end = f"{day} {hour + 1:02d}:00"
            yield Cell(number + 1, f"{day:%m-%d}", contract, start, end, matrix.cell_at(rows[number], position), "kWh")
    if wrong:
        raise wrong


def _period(rows: matrix.Rows) -> tuple[date, date]:
    for row in rows:
        for cell in row:
            match = _PERIOD.search(plain(cell))
            if match:
                return _span(match)
    raise matrix.missing(NAME, "ご使用期間", "平成24年08月分 【ご使用期間 08月01日 ～ 08月31日】")


def _span(match: re.Match[str]) -> tuple[date, date]:
    try:
        billed = parse_month(match.group("month"))
        first_month, first_day, last_month, last_day = (int(match.group(n)) for n in (2, 3, 4, 5))
        last = date(billed.year - (last_month > billed.month), last_month, last_day)
        return date(last.year - (first_month > last_month), first_month, first_day), last
    except (PeriodError, ValueError) as error:
        raise matrix.missing(NAME, match.group(0), "平成24年08月分 【ご使用期間 08月01日 ～ 08月31日】") from error


def _days(row: tuple[str, ...], period: tuple[date, date]) -> dict[int, date]:
    """Return column -> day; every name must be the day that the period gives it, with its weekday."""
    found: dict[int, date] = {}
    day = period[0]
    for position, cell in enumerate(row):
        match = _DAY.fullmatch(plain(cell))
        if match is None:
            continue
        if int(match.group(1)) != day.day or match.group(2) != WEEKDAYS[day.weekday()]:
            raise matrix.missing(NAME, plain(cell), f"{day.day}日({WEEKDAYS[day.weekday()]})")
        found[position] = day
        day += timedelta(days=1)
    if day != period[1] + timedelta(days=1):
        raise matrix.missing(NAME, f"{day:%m月%d日}", f"{period[0]:%m月%d日}～{period[1]:%m月%d日}")
    return found


def _hours(rows: matrix.Rows, top: int) -> dict[int, int]:
    found = {}
    for number, row in enumerate(rows[top + 1 :], start=top + 1):
        match = _HOUR.fullmatch(plain(row[0])) if row else None
        if match and int(match.group(2)) == int(match.group(1)) + 1:
            found[number] = int(match.group(1))
    if sorted(found.values()) != list(range(HOURS)):
        raise matrix.missing(NAME, both("hours_found", hours=len(found)), "00:00～01:00 … 23:00～24:00")
    return found
