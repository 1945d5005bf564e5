"""Green Button (ESPI, an Atom feed): blocks of intervals per usage point, with their reading type.

Start in seconds since 1970 (UTC) and a duration; the value is a whole number times ten to the power of
``powerOfTenMultiplier`` in the unit ``uom`` (72 Wh, 42 m3, 169 therm). Local time is the civil one of ``LocalTimeParameters``, with
its ``dstOffset`` between ``dstStartRule`` and ``dstEndRule``, else Japan's; the hour that the clocks repeat is there twice.
Readings of flow direction 19 (delivered to the grid) belong to the word ``<usage point>/export``. Quality 8, 9, 11, 12
are estimates. Corrections come as a new file. The line is the reading's number in the document.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import count

from pipelines.sources.layouts import xml_documents
from pipelines.sources.layouts.head import Cell, Recognised, RefusedFileError, TableHead, TableText
from pipelines.sources.layouts.xml_documents import Element

NAME = "green_button"
UNITS = {"72": "Wh", "42": "m3", "169": "therm", "132": "Btu"}
ESTIMATES = frozenset({"8", "9", "10", "11", "12"})
JAPAN = 9 * 3600
EXPORT = "19"
LARGEST_POWER = 12
FIRST_OF_MONTH, LAST_OF_MONTH = 2, 7
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - moved to local time by hand


@dataclass(frozen=True, slots=True)
class _Turn:
    """When clocks are changed, as ESPI packs it into 32 bits: month, which of the weekdays of a month, hour and seconds."""

    bits: int

    def of(self, year: int) -> datetime:
        """Return the moment of a year, in the clock that is in force until then."""
        month, rule, day, weekday = self.bits >> 28, self.bits >> 25 & 7, self.bits >> 20 & 31, self.bits >> 17 & 7
        first = datetime(year, month, day if day and rule < FIRST_OF_MONTH else 1)  # noqa: DTZ001 - civil
        if rule:
            first += timedelta(days=(weekday - 1 - first.weekday()) % 7)
            first += timedelta(weeks=max(0, min(rule, LAST_OF_MONTH) - FIRST_OF_MONTH))
            while first.month != month:
                first -= timedelta(weeks=1)
        return first + timedelta(hours=self.bits >> 12 & 31, seconds=self.bits & 0xFFF)


@dataclass(frozen=True, slots=True)
class _Daylight:
    """Daylight saving time: by how much, from when until when."""

    by: timedelta
    starts: _Turn
    ends: _Turn

    def moved(self, standard: datetime) -> timedelta:
        """Return by how much the civil clock is ahead of standard time then."""
        start, end = self.starts.of(standard.year), self.ends.of(standard.year) - self.by
        within = start <= standard < end if start < end else not end <= standard < start
        return self.by if within else timedelta(0)


@dataclass(slots=True)
class _Feed:
    """What the entries of a feed say of each other, by the address each gives itself."""

    types: dict[str, dict[str, str]] = field(default_factory=dict)
    related: dict[str, list[str]] = field(default_factory=dict)
    offset: int = JAPAN
    daylight: _Daylight | None = None

    def local(self, seconds: int) -> datetime:
        """Return the civil time of a moment."""
        standard = EPOCH + timedelta(seconds=seconds + self.offset)
        return standard + (self.daylight.moved(standard) if self.daylight else timedelta(0))


def recognise(head: TableHead) -> Recognised | None:
    """Return how to read the document when it is an Atom feed (or a bare block); what it lacks is told on reading."""
    return Recognised(NAME, read=read, reading_kind="interval") if head.root == "feed" else None


def read(table: TableText) -> Iterator[Cell]:
    """Yield one cell per reading.

    Raises:
        RefusedFileError: there is no block of readings, or no reading type for one.
        BrokenDocumentError: no XML or an unsafe one.
    """
    feed = _feed(table)
    if not feed.types:
        raise RefusedFileError("not_as_it_seems", layout=NAME, found="ReadingType", expected="Green Button (ESPI)")
    lines = count(1)
    for _, entry in xml_documents.elements(table.path, frozenset({"entry"})):
        if xml_documents.name(entry) == "entry":
            blocks = [part for part in entry.iter() if xml_documents.name(part) == "IntervalBlock"]
            if blocks:
                links = _links(entry)
                kind = _type_of(links.get("up", ""), feed)
                for block in blocks:
                    yield from _readings(block, links.get("self", ""), kind, feed, lines)


def _feed(table: TableText) -> _Feed:
    feed = _Feed()
    for _, entry in xml_documents.elements(table.path, frozenset({"entry"})):
        if xml_documents.name(entry) != "entry":
            continue
        names = {xml_documents.name(part) for part in entry.iter()}
        links = _links(entry)
        if "ReadingType" in names:
            feed.types[links.get("self", "")] = xml_documents.texts(entry)
        if "MeterReading" in names:
            feed.related[links.get("self", "")] = _all_links(entry, "related")
        if "LocalTimeParameters" in names:
            said = xml_documents.texts(entry)
            offset = said.get("tzOffset", "")
            feed.offset = int(offset) if offset.lstrip("-").isdigit() else JAPAN
            feed.daylight = _daylight(said)
    return feed


def _daylight(said: dict[str, str]) -> _Daylight | None:
    """Return the daylight saving time that a feed states, if any.

    Raises:
        RefusedFileError: it states an offset and no rules for when it begins and ends.
    """
    by, rules = said.get("dstOffset", "0"), (said.get("dstStartRule", ""), said.get("dstEndRule", ""))
    if not by.lstrip("-").isdigit() or int(by) == 0:
        return None
    try:
        starts, ends = (_Turn(int(rule, 16)) for rule in rules)
        found = _Daylight(timedelta(seconds=int(by)), starts, ends)
        found.moved(EPOCH)
    except ValueError as error:
        told = f"dstOffset {by}, dstStartRule {rules[0]}, dstEndRule {rules[1]}"
        raise RefusedFileError("not_as_it_seems", layout=NAME, found=told, expected="360E2000, B40E2000") from error
    return found


def _type_of(up: str, feed: _Feed) -> dict[str, str]:
    """Return the reading type of the meter reading that a block stands below."""
    if len(feed.types) == 1:
        return next(iter(feed.types.values()))
    reading = up.removesuffix("/IntervalBlock")
    for link in feed.related.get(reading, []):
        if link in feed.types:
            return feed.types[link]
    raise RefusedFileError("not_as_it_seems", layout=NAME, found=f"ReadingType ({up})", expected="link rel=related")


def _readings(block: Element, self: str, kind: dict[str, str], feed: _Feed, lines: Iterator[int]) -> Iterator[Cell]:
    point = _usage_point(self) + ("/export" if kind.get("flowDirection") == EXPORT else "")
    unit = UNITS.get(kind.get("uom", ""), f"uom {kind.get('uom', '?')}")
    for part in block.iter():
        if xml_documents.name(part) != "IntervalReading":
            continue
        told = xml_documents.texts(part)
        start, end = _times(told.get("start", ""), told.get("duration", ""), feed)
        quality = "supplier_estimated" if told.get("quality") in ESTIMATES else "measured"
        value = _scaled(told.get("value", ""), kind.get("powerOfTenMultiplier", "0"))
        yield Cell(next(lines), "IntervalReading", point, start, end, value, unit, "interval", quality=quality)


def _usage_point(address: str) -> str:
    parts = address.split("/")
    return parts[parts.index("UsagePoint") + 1] if "UsagePoint" in parts[:-1] else ""


def _times(start: str, duration: str, feed: _Feed) -> tuple[str, str]:
    try:
        begun = feed.local(int(start))
        return str(begun), str(begun + timedelta(seconds=int(duration)))
    except (ValueError, OverflowError):
        return f"{start}+{duration}", "?"


def _scaled(value: str, power: str) -> str:
    """Return the value with its power of ten; as it stands where one of the two is no number."""
    try:
        if abs(int(power)) > LARGEST_POWER:
            return f"{value}×10^{power}"
        return f"{Decimal(value).scaleb(int(power)):f}" if value else ""
    except (InvalidOperation, ValueError):
        return f"{value}×10^{power}"


def _links(entry: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in entry.iter():
        if xml_documents.name(part) == "link":
            found.setdefault(part.attrib.get("rel", ""), part.attrib.get("href", ""))
    return found


def _all_links(entry: Element, rel: str) -> list[str]:
    return [
        part.attrib.get("href", "")
        for part in entry.iter()
        if xml_documents.name(part) == "link" and part.attrib.get("rel") == rel
    ]
