"""気象庁「過去の気象データ・ダウンロード」, daily values, as they are downloaded (cp932, CRLF).

Line 3 names the station of every column, line 4 the element, a line of sub-headings follows only where an element has one
(時分, 風向), then the line 品質情報 / 均質番号 / 現象なし情報. Quality 8 normal, 5 quasi-normal, 4 insufficient, 2 doubtful, 1 missing,
0 not observed: kept as it is beside the value. 均質番号 restarts in every file and compares inside one file only. Elements that
are no numbers (wind directions, times, 天気概況) are passed over. Files lie in the city's folder ``weather/``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.periods import PeriodError, parse_moment
from pipelines.sources.layouts import matrix
from pipelines.sources.layouts.head import Cell, Recognised, TableHead, TableText, plain
from pipelines.texts import both

NAME = "jma_daily"
STAMP = "ダウンロードした時刻"
DAY = "年月日"
QUALITY, HOMOGENEITY, NO_EVENT = "品質情報", "均質番号", "現象なし情報"
WORDS_ONLY = ("風向", "天気概況")


@dataclass(slots=True)
class _Element:
    station: str
    name: str
    value: int
    quality: int | None = None
    homogeneity: int | None = None


def recognise(head: TableHead) -> Recognised | None:
    """Return how to read the file when it has the download's stamp and a line of days."""
    first = plain(head.rows[0][0]) if head.rows and head.rows[0] else ""
    if first.startswith(STAMP) and any(row and plain(row[0]) == DAY for row in head.rows[:6]):
        return Recognised(NAME, record="weather", read=read)
    return None


def read(table: TableText) -> Iterator[Cell]:
    """Yield one cell per day and element that is a number.

    Raises:
        RefusedFileError: the lines of days, stations or qualities are missing.
    """
    rows = table.rows
    top = next((n for n, row in enumerate(rows) if row and plain(row[0]) == DAY), None)
    if top is None:
        raise matrix.missing(NAME, DAY, "年月日,平均気温(℃)")
    marks = next((n for n in range(top + 1, min(top + 4, len(rows))) if QUALITY in map(plain, rows[n])), None)
    if marks is None or top == 0:
        raise matrix.missing(NAME, QUALITY, "現象なし情報,品質情報,均質番号")
    elements = _elements(rows, top, marks)
    if not elements:
        raise matrix.missing(NAME, both("elements"), "平均気温(℃)")
    for number in range(marks + 1, len(rows)):
        row = rows[number]
        if not row or not row[0]:
            continue
        start, end = _day(row[0])
        for element in elements:
            yield Cell(
                number + 1, element.name, element.station, start, end, matrix.cell_at(row, element.value),
                substance=_at(row, element.homogeneity), note=_at(row, element.quality), category=element.name,
            )  # fmt: skip


def _elements(rows: matrix.Rows, top: int, marks: int) -> list[_Element]:
    """Columns of one station and name belong together; the first without any mark holds the value."""
    found: dict[tuple[str, str], _Element] = {}
    for position in range(1, len(rows[top])):
        name = plain(rows[top][position])
        station = plain(matrix.cell_at(rows[top - 1], position))
        subs = [plain(matrix.cell_at(rows[n], position)) for n in range(top + 1, marks)]
        mark = plain(matrix.cell_at(rows[marks], position))
        if not name or any(word in name for word in WORDS_ONLY):
            continue
        element = found.get((station, name))
        if element is None and not mark and not any(subs):
            found[station, name] = _Element(station, name, position)
        elif element is not None and mark == QUALITY and not any(subs) and element.quality is None:
            element.quality = position
        elif element is not None and mark == HOMOGENEITY and element.homogeneity is None:
            element.homogeneity = position
    return list(found.values())


def _day(text: str) -> tuple[str, str]:
    try:
        day = parse_moment(text)
    except PeriodError:
        return text, text
    return str(day), f"{day.date()} 24:00"


def _at(row: tuple[str, ...], position: int | None) -> str:
    return "" if position is None else matrix.cell_at(row, position)
