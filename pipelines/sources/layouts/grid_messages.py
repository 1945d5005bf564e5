"""Messages of the grid companies (SBD-MSG, XML, alone or zipped): 30-minute values and confirmed values.

The message of a half hour (速報) holds date (JP06116), slot 1 to 48 (JP06219) and per supply point (JPMR00010) the number
(JP06400), whether the value holds (JP06122 = 0) and kWh of high (JP06123) or low voltage (JP06125). The confirmed message (確報)
holds per supply point days (JPMR00013, JP06423) and slots (JPMR00014, JP06219) with kWh (JP06424), or says that it is not
provided (提供可否 JP06405 = 1): then the later items are absent. Notices may be months late; a later file corrects an earlier.
A value that does not hold or is not provided is missing, never zero. The line is the value's number in the document.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

from pipelines.sources.layouts import xml_documents
from pipelines.sources.layouts.head import Cell, Recognised, TableHead, TableText
from pipelines.sources.layouts.xml_documents import Element

NAME = "grid_messages"
ROOT = "SBD-MSG"
POINT, DAY, SLOT = "JPMR00010", "JPMR00013", "JPMR00014"
SLOTS = 48


def recognise(head: TableHead) -> Recognised | None:
    """Return how to read the document when its root is the grid companies' message."""
    return Recognised(NAME, read=read, reading_kind="interval") if head.root == ROOT else None


def read(table: TableText) -> Iterator[Cell]:
    """Yield one cell per supply point and half hour.

    Raises:
        BrokenDocumentError: no XML or an unsafe one.
    """
    lines = count(1)
    about: dict[str, str] = {}
    for around, element in xml_documents.elements(table.path, frozenset({POINT})):
        name = xml_documents.name(element)
        if name in ("JP06116", "JP06219") and POINT not in around:
            about[name] = (element.text or "").strip()
        elif name == POINT:
            yield from _point(element, about, lines)


def _point(element: Element, about: dict[str, str], lines: Iterator[int]) -> Iterator[Cell]:
    told = xml_documents.texts(element)
    point = told.get("JP06400", "")
    days = [part for part in element.iter() if xml_documents.name(part) == DAY]
    if not days:
        if told.get("JP06405") == "1":
            yield _cell(
                next(lines), "JP06405", point, told.get("JP06423", about.get("JP06116", "")), "1", "", "confirmed"
            )
            return
        value = told.get("JP06123") or told.get("JP06125") or ""
        holds = told.get("JP06122", "0") == "0"
        column = "JP06125" if "JP06125" in told and "JP06123" not in told else "JP06123"
        date, slot = about.get("JP06116", ""), about.get("JP06219", "")
        yield _cell(next(lines), column, point, date, slot, value if holds else "", "provisional")
        return
    for day in days:
        date = xml_documents.texts(day).get("JP06423", "")
        for part in day.iter():
            if xml_documents.name(part) == SLOT:
                item = xml_documents.texts(part)
                value = item.get("JP06424", "")
                yield _cell(next(lines), "JP06424", point, date, item.get("JP06219", ""), value, "confirmed")


def _cell(line: int, column: str, point: str, date: str, slot: str, value: str, stage: str) -> Cell:
    start, end = _times(date, slot)
    return Cell(line, f"{column} {date} {slot}", point, start, end, value, "kWh", "interval", stage=stage)


def _times(date: str, slot: str) -> tuple[str, str]:
    """Return start and end of a slot of a day as ISO; the texts as they are where they name none."""
    try:
        number = int(slot)
        day = datetime.strptime(date, "%Y%m%d")  # noqa: DTZ007 - local by design
    except ValueError:
        return f"{date} {slot}".strip() or "?", "?"
    if not 1 <= number <= SLOTS:
        return f"{date} slot {slot}", "?"
    start = day + timedelta(minutes=30 * (number - 1))
    return str(start), str(start + timedelta(minutes=30))
