"""Calendar rules: local days, Japanese fiscal years, wareki, half-open intervals.

A fiscal year N runs from 1 April N (inclusive) to 1 April N+1 (exclusive). Dates are read in the forms of suppliers'
files and of Japanese offices; what is not one of those forms is refused, never guessed.
Eras: 令和 from 2019-05-01, 平成 from 1989-01-08, 昭和 from 1926-12-25 (元号法及び各改元の政令).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pipelines import folding
from pipelines.errors import ActionableError
from pipelines.texts import Bilingual, both, told_of

FISCAL_YEAR_START_MONTH = 4


@dataclass(frozen=True, slots=True)
class Era:
    """One era: names as written, the year before its year 1, its first and last day."""

    name: str
    kanji: str
    letter: str
    offset: int
    first: date
    last: date


ERAS = (
    Era("令和", "令", "R", 2018, date(2019, 5, 1), date.max),
    Era("平成", "平", "H", 1988, date(1989, 1, 8), date(2019, 4, 30)),
    Era("昭和", "昭", "S", 1925, date(1926, 12, 25), date(1989, 1, 7)),
)
_ERA = "|".join(f"{era.name}|{era.kanji}|{era.letter}|{era.letter.lower()}" for era in ERAS)
_YEAR = rf"(?:(?P<era>{_ERA})\s?(?P<era_year>元|[0-9]{{1,2}})|(?P<year>[0-9]{{4}}))"
_DATE = re.compile(
    rf"{_YEAR}(?:年|/|-|\.)\s?(?P<month>[0-9]{{1,2}})(?:月|/|-|\.)\s?(?P<day>[0-9]{{1,2}})日?"
    r"(?:[ T]*(?P<hour>[0-9]{1,2})[:時](?P<minute>[0-9]{2})分?(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,9}))?)?)?"
)
_COMPACT = re.compile(
    r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})(?:(?P<hour>[0-9]{2})(?P<minute>[0-9]{2}))?"
)
_MONTH = re.compile(rf"{_YEAR}(?:年|/|-|\.)\s?(?P<month>[0-9]{{1,2}})(?:月)?(?:分|度)?")
_EXCEL_SERIAL = re.compile(r"[0-9]{5}(?:\.0)?")
_EXCEL_EPOCH = date(1899, 12, 30)
_EXCEL_RANGE = (date(1990, 1, 1), date(2100, 1, 1))


class PeriodError(ActionableError, ValueError):
    """A text that is no date in any accepted form, or a day that does not exist.

    Args:
        text: What was written.
        key: What is wrong with it, a key of the texts.
        numbers: What that text names.
    """

    def __init__(self, text: str, key: str, numbers: dict[str, object] | None = None) -> None:
        super().__init__(text, key, numbers)
        self.text, self.key, self.numbers = text, key, numbers or {}

    def __str__(self) -> str:
        """What was written and what is wrong with it; made when it is told, for many a cell is tried and is no date."""
        return str(self.told)

    @property
    def told(self) -> Bilingual:
        """The same in both languages."""
        return told_of(repr(self.text), self.why)

    @property
    def why(self) -> Bilingual:
        """What is wrong with it."""
        return both(self.key, **self.numbers)


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open span of local time: ``start`` belongs to it, ``end`` does not."""

    start: datetime
    end: datetime

    def overlaps(self, other: Interval) -> bool:
        """Tell whether the two share any moment; touching ends share none."""
        return self.start < other.end and other.start < self.end


def fiscal_year(day: date) -> int:
    """Return the Japanese fiscal year a day belongs to (2025-03-31 is FY2024)."""
    return day.year if day.month >= FISCAL_YEAR_START_MONTH else day.year - 1


def fiscal_year_start(year: int) -> date:
    """Return 1 April of the year: the first day of the fiscal year."""
    return date(year, FISCAL_YEAR_START_MONTH, 1)


def fiscal_year_end(year: int) -> date:
    """Return the first day that no longer belongs to the fiscal year (exclusive end)."""
    return fiscal_year_start(year + 1)


def parse_date(text: str) -> date:
    """Read one day: ISO, slashes, ``20240401``, 令和6年4月1日, R6.4.1, 平31.4.1, an Excel serial.

    Raises:
        PeriodError: in words that name the text and the accepted forms.
    """
    moment = parse_moment(text)
    if moment.time() != datetime.min.time():
        raise PeriodError(text, "date_without_time")
    return moment.date()


def parse_moment(text: str) -> datetime:
    """Read a local date, with or without a time of day; ``24:00`` is the next day's midnight.

    Raises:
        PeriodError: for any other form, an impossible day, an era year outside its era, or a UTC offset
            (times here are local; a shifted hour would land on another day unseen).
    """
    plain = folding.date(text).strip()
    if _EXCEL_SERIAL.fullmatch(plain):
        return _from_excel_serial(text, plain)
    match = _COMPACT.fullmatch(plain) or _DATE.fullmatch(plain)
    if match is None:
        raise PeriodError(text, "no_date")
    parts = match.groupdict()
    day = _checked_day(text, _year_of(text, parts), int(parts["month"]), int(parts["day"]), parts.get("era"))
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    micro = int((parts.get("fraction") or "").ljust(6, "0")[:6])
    if (hour, minute, second, micro) == (24, 0, 0, 0):
        return datetime.combine(day, datetime.min.time()) + timedelta(days=1)
    if hour > 23 or minute > 59 or second > 59:
        raise PeriodError(text, "no_such_time_of_day")
    return datetime(day.year, day.month, day.day, hour, minute, second, micro)  # noqa: DTZ001 - local by design


def parse_month(text: str) -> date:
    """Read a month (平成31年4月, R6.4, 2024-04, 令和6年4月分) as its first day.

    Raises:
        PeriodError: for any other form.
    """
    plain = folding.date(text).strip()
    match = _MONTH.fullmatch(plain)
    if match is None:
        raise PeriodError(text, "no_month")
    parts = match.groupdict()
    return _checked_day(text, _year_of(text, parts), int(parts["month"]), 1, None)


def parse_fiscal_year(text: str) -> int:
    """Read a fiscal year: 2024, FY2024, 令和6年度, R6年度, 平成31年度 (the year that began in 平成31年).

    Raises:
        PeriodError: for any other form.
    """
    plain = folding.date(text).strip().removeprefix("FY").removesuffix("年度").removesuffix("年")
    match = re.fullmatch(_YEAR, plain)
    if match is None:
        raise PeriodError(text, "no_fiscal_year")
    return _year_of(text, match.groupdict())


def to_wareki(day: date) -> str:
    """Write a day the way a Japanese office does: 令和6年4月1日."""
    for era in ERAS:
        if era.first <= day <= era.last:
            number = day.year - era.offset
            return f"{era.name}{'元' if number == 1 else number}年{day.month}月{day.day}日"
    return f"{day.year}年{day.month}月{day.day}日"


def _year_of(text: str, parts: dict[str, str | None]) -> int:
    written = parts.get("era")
    if written is None:
        return int(parts["year"] or 0)
    era = next(e for e in ERAS if written in (e.name, e.kanji, e.letter, e.letter.lower()))
    number = parts["era_year"] or ""
    if number == "0":
        raise PeriodError(text, "no_era_year_0")
    return era.offset + (1 if number == "元" else int(number))


def _checked_day(text: str, year: int, month: int, day: int, era: str | None) -> date:
    try:
        result = date(year, month, day)
    except ValueError as error:
        raise PeriodError(text, "no_such_day") from error
    # 平成31年5月1日 is written in contracts made before the change; a day before its era is a slip.
    first = next((e.first for e in ERAS if era in (e.name, e.kanji, e.letter, e.letter.lower())), None)
    if first is not None and result < first:
        raise PeriodError(text, "before_the_era", {"first": first})
    return result


def _from_excel_serial(text: str, plain: str) -> datetime:
    day = _EXCEL_EPOCH + timedelta(days=int(float(plain)))
    if not _EXCEL_RANGE[0] <= day < _EXCEL_RANGE[1]:
        raise PeriodError(text, "no_serial_of_these_years", {"day": day})
    return datetime.combine(day, datetime.min.time())
