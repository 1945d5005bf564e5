"""What a file says once for all its rows: the meter, the period, the unit, the supplier, in a title, behind a label or in its name.

A layout says where (``meter_from = "cell:供給地点特定番号"``, ``"title"``, ``"file_name"``, ``"folders"``, ``"=M1"``). A fact that is not
there, or there twice with different meanings, is none: the file is then refused, never read with a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import TypeVar

from pipelines import folding
from pipelines.periods import PeriodError, fiscal_year_start, parse_date, parse_fiscal_year, parse_month
from pipelines.sources.layouts import headings
from pipelines.sources.layouts.head import MARK, TableHead, plain, unmarked
from pipelines.texts import Bilingual, both

_ERA = r"(?:令和|平成|昭和|令|平|[RHSrhs])\s?(?:元|[0-9]{1,2})"
_YEAR = rf"(?<![0-9A-Za-z])(?:{_ERA}|(?:19|20)[0-9]{{2}})"
_DAY = rf"{_YEAR}\s?[年/.-]\s?[0-9]{{1,2}}\s?[月/.-]\s?[0-9]{{1,2}}(?![0-9])日?"
_PERIOD = re.compile(rf"(?P<start>{_DAY})\s*(?:[(（].[)）])?\s*(?:[〜～~]|から|より|-)\s*(?P<end>{_DAY})")
_ONE_DAY = re.compile(_DAY)
_MONTH = re.compile(
    rf"(?P<month>{_YEAR}\s?(?:年\s?[0-9]{{1,2}}\s?月|[/.-]\s?(?:0?[1-9]|1[0-2])(?![0-9]|\s?[/.-]\s?[0-9])))|(?<![0-9])(?P<digits>(?:19|20)[0-9]{{2}}(?:0[1-9]|1[0-2]))(?![0-9])"
)
_FISCAL = re.compile(rf"{_YEAR}\s?年度|(?<![A-Za-z])(?:FY|ＦＹ)\s?(?:20|19)[0-9]{{2}}")
_CALENDAR = re.compile(
    rf"{_YEAR}\s?年(?!度|\s?[0-9]{{1,2}}\s?月)|(?<![0-9A-Za-z/.-])(?:19|20)[0-9]{{2}}(?![0-9/.-]|\s?年)"
)
Period = tuple[date, date]
T = TypeVar("T")


def name_of(fact: str) -> str:
    """Return what a fact is called."""
    named = {
        "meter": both("fact_meter"),
        "unit": both("fact_unit"),
        "period": both("fact_period"),
        "supplier": both("fact_supplier"),
    }
    return named[fact]


def source_name(source: str) -> Bilingual:
    """Return where a fact is taken from (``title``, ``file_name``, ``folders``, ``cell:LABEL``), as people say it."""
    kind, _, label = source.partition(":")
    named = {
        "title": both("source_title"),
        "file_name": both("source_file_name"),
        "folders": both("source_folders"),
        "cell": both("source_cell", label=label),
    }
    return named[kind]


def text_of(head: TableHead, above: Sequence[Sequence[str]], source: str) -> list[str]:
    """Return the texts in which a fact may stand; hidden cells of a workbook say nothing."""
    if source.startswith("="):
        return [source[1:]]
    if source == "folders":
        return ["/".join(head.folders)] if head.folders else []
    if source == "file_name":
        return [head.file_name.rpartition(".")[0] or head.file_name]
    rows = [[cell for cell in row if MARK not in cell] for row in above]
    if source == "title":
        return [cell for row in rows for cell in row if cell.strip()]
    return [value for row in rows if (value := _behind(row, plain(source.removeprefix("cell:"))))]


def _behind(row: Sequence[str], label: str) -> str:
    """Return what stands behind a label: after its colon in the same cell, else in the next filled cell."""
    for position, cell in enumerate(row):
        word = plain(cell)
        if word == label or word.rstrip(":") == label:
            return next((other.strip() for other in row[position + 1 :] if plain(other)), "")
        if word.startswith(f"{label}:"):
            return folding.word(unmarked(cell)).partition(":")[2].strip()
    return ""


def word_in(texts: Iterable[str], pattern: str, group: str) -> str | None:
    """Return the one word that the texts say, by a pattern where there is one."""
    said = (re.search(pattern, text) for text in texts) if pattern else ()
    found = {match.group(group).strip() for match in said if match and match.group(group)}
    return _only(found if pattern else {text.strip() for text in texts})


def unit_in(texts: Iterable[str], pattern: str) -> str | None:
    """Return the one unit that the texts say: by a pattern, as all of a text, in brackets or behind 単位."""
    if pattern:
        return word_in(texts, pattern, "unit")
    texts = list(texts)
    whole = {text for text in texts if headings.is_unit(text)}
    return _only(
        whole or {unit for unit in headings.titles([(text,) for text in texts]).units if headings.is_unit(unit)}
    )


def period_in(texts: Iterable[str], pattern: str = "", *, end_inclusive: bool = True) -> Period | None:
    """Return the one period that the texts say: from day to day, else a month, else a fiscal year, else a calendar year.

    Args:
        texts: Where it stands.
        pattern: With the group ``period``; empty: anywhere in the texts.
        end_inclusive: Whether the last day of a period from day to day belongs to it.
    """
    spoken = [folding.date(text) for text in texts]
    if pattern:
        spoken = [match.group("period") for text in spoken if (match := re.search(pattern, text))]
    for read in (_periods, _months, _fiscal_years, _calendar_years):
        if found := {period for text in spoken for period in read(text)}:
            only = _only(found)
            return (only[0], only[1] + timedelta(days=1)) if only and read is _periods and end_inclusive else only
    return None


def year_in(texts: Iterable[str], pattern: str = "") -> tuple[int, bool] | None:
    """Return the one year that the texts say, and whether it is a fiscal one."""
    spoken = [folding.date(text) for text in texts]
    if pattern:
        spoken = [match.group("period") for text in spoken if (match := re.search(pattern, text))]
    for read, is_fiscal in ((_fiscal_years, True), (_calendar_years, False)):
        if found := {period for text in spoken for period in read(_ONE_DAY.sub("", text))}:
            only = _only(found)
            return (only[0].year, is_fiscal) if only else None
    return None


def _periods(text: str) -> Iterable[Period]:
    for match in _PERIOD.finditer(text):
        try:
            yield parse_date(_tight(match.group("start"))), parse_date(_tight(match.group("end")))
        except PeriodError:
            continue


def _months(text: str) -> Iterable[Period]:
    for match in _MONTH.finditer(text):
        said = match.group("month") or f"{match.group('digits')[:4]}-{match.group('digits')[4:]}"
        try:
            first = parse_month(_tight(said))
        except PeriodError:
            continue
        yield first, date(first.year + first.month // 12, first.month % 12 + 1, 1)


def _fiscal_years(text: str) -> Iterable[Period]:
    for match in _FISCAL.finditer(text):
        try:
            year = parse_fiscal_year(_tight(match.group()))
        except PeriodError:
            continue
        yield fiscal_year_start(year), fiscal_year_start(year + 1)


def _calendar_years(text: str) -> Iterable[Period]:
    for match in _CALENDAR.finditer(text):
        try:
            year = parse_fiscal_year(_tight(match.group()).removesuffix("年"))
        except PeriodError:
            continue
        yield date(year, 1, 1), date(year + 1, 1, 1)


def _tight(text: str) -> str:
    return "".join(text.split())


def _only(found: set[T]) -> T | None:
    return next(iter(found)) if len(found) == 1 else None
