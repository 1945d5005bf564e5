"""Read single cells that the fast way in SQL could not: numbers and moments as people write them.

The SQL reads plain ISO stamps and plain decimals. Whatever is left comes here, each distinct text once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from pipelines import folding, tables
from pipelines.periods import PeriodError, fiscal_year_start, parse_fiscal_year, parse_moment, parse_month
from pipelines.registers import spoken

# A missing value as suppliers write it. None of these is zero.
MISSING_MARKS = frozenset({"-", "--", "---", "－", "－－", "－－－", "ー", "―", "‐", "*", "**", "***", "欠測", "#N/A"})
_NUMBER = re.compile(r"[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]*)?")
# 12,345 and 1.234: thousands to one writer, decimals to another.
_EITHER = re.compile(r"[+-]?[1-9][0-9]{0,2}[,.][0-9]{3}")
_WITH_POWER = re.compile(r"([+-]?[0-9](?:\.[0-9]+)?)[eE]([+-]?[0-9]{1,2})")
_FIGURE = re.compile(r"[+-]?[0-9]*(?:[,.][0-9]+)+")
_OTHER_SIGNS = str.maketrans(",.", ".,")
_MONEY = re.compile(r"[¥￥\\]|円也?|-$|−$|―$")
MOST_DECIMALS = 6
MOST_WHOLE_DIGITS = 12

# What people write besides our own words.
SPELLINGS = {
    "reading_kind": spoken.spellings("reading_kind"),
    "time_band": {"全日": "all", "昼間": "day", "夜間": "night"},
    "basis": {
        "湿": "wet", "湿ベース": "wet", "湿潤": "wet", "乾": "dry", "乾ベース": "dry", "乾燥": "dry",
    },
    "quality": {"推定": "supplier_estimated"},
    "stage": {"速報": "provisional", "確報": "confirmed", "確定": "confirmed", "訂正": "corrected"},
}  # fmt: skip
AGREED_WORDS = {
    column: {word: word for word in tables.words(column, table)} | SPELLINGS.get(column, {})
    for column, table in (
        ("reading_kind", ""), ("time_band", ""), ("basis", "waste_samples"), ("quality", ""), ("stage", ""),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReadNumber:
    """A number, or the rule it breaks."""

    value: Decimal | None
    rule_id: str | None = None


def read_number(text: str, signs: str = "point") -> ReadNumber:
    """Read a quantity: full-width digits, thousands commas, ▲ or △ for minus. Never rounds.

    Args:
        text: As written.
        signs: What the whole column says of comma and point (``number_signs.sql``): ``point``, ``comma``, ``comma_only`` or ``unclear``.

    Returns:
        The value, or the rule: ``not_a_number``, ``unclear_sign``, ``too_many_digits``, ``number_too_large``.
    """
    plain = folding.date(text).strip().replace("−", "-")
    if plain[:1] in ("▲", "△"):
        plain = "-" + plain[1:].strip()
    if match := _WITH_POWER.fullmatch(plain):
        return _written_out(match.group(1), int(match.group(2)))
    if signs != "point" and _FIGURE.fullmatch(plain):
        may_be_either = _EITHER.fullmatch(plain) and (signs == "unclear" or (signs == "comma_only" and "." in plain))
        if may_be_either or (signs == "unclear" and "," in plain and not _NUMBER.fullmatch(plain)):
            return ReadNumber(None, "unclear_sign")
        plain = plain if signs == "unclear" else plain.translate(_OTHER_SIGNS)
    if not any(sign.isdigit() for sign in plain) or not _NUMBER.fullmatch(plain) or not plain.isascii():
        return ReadNumber(None, "not_a_number")
    whole, _, decimals = plain.replace(",", "").lstrip("+-").partition(".")
    if len(decimals.rstrip("0")) > MOST_DECIMALS:
        return ReadNumber(None, "too_many_digits")
    if len(whole.lstrip("0")) > MOST_WHOLE_DIGITS:
        return ReadNumber(None, "number_too_large")
    value = Decimal(f"{whole or '0'}.{decimals[:MOST_DECIMALS]:0<{MOST_DECIMALS}}")
    return ReadNumber(-value if plain.startswith("-") else value)


def _written_out(figure: str, power: int) -> ReadNumber:
    """Read a figure with a power of ten: only where it states every digit before its point; 1.23E+05 may be 123456."""
    decimals = len(figure.partition(".")[2])
    if power > max(decimals, 0):
        return ReadNumber(None, "rounded_figure")
    return read_number(f"{Decimal(figure).scaleb(power):f}")


def read_amount(text: str, signs: str = "point") -> ReadNumber:
    """Read an amount of money: as a quantity, with ￥ (also as the backslash it becomes) before it or 円 behind it."""
    return read_number(_MONEY.sub("", folding.figures(text).strip()), signs)


def read_moment(text: str, form: str = "", utc_minutes: int | None = None) -> datetime | None:
    """Read a local moment in any accepted form, or return None.

    Args:
        text: As written.
        form: ``month`` (and a shift: ``month-1``), ``year``, ``fiscal_year`` or a form with ``%``; empty: any form of ``periods``.
        utc_minutes: The offset to which a stamp that states one is moved; ``None``: it is refused
    """
    try:
        if "%" in form and not _STAMP.fullmatch(text):  # a true date of a workbook needs no form
            return _by_form(folding.date(text).strip(), form)
        if form in YEARS:
            return YEARS[form](text)
        if form.startswith("month"):
            return _month(text, int(form.removeprefix("month") or 0))
        if utc_minutes is not None and (offset := _OFFSET.search(text)):
            return _moved(text[: offset.start("offset")].strip(), offset.group("offset"), utc_minutes)
        return parse_moment(text)
    except (PeriodError, OverflowError, ValueError):
        return None


# What may stand behind a date whose form says nothing of a clock.
_CLOCKS = ("", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p")
_MIDNIGHT = re.compile(r"[ T]24:00(?::00)?$")


def _by_form(text: str, form: str) -> datetime:
    """Read a date in a form, with the time of day behind it where there is one; 24:00 ends the day."""
    if any(part in form for part in ("%H", "%I")):
        return datetime.strptime(text, form)  # noqa: DTZ007 - local by design
    day = _MIDNIGHT.sub("", text)
    for clock in _CLOCKS:
        with suppress(ValueError):
            return datetime.strptime(day, form + clock) + timedelta(days=day != text)  # noqa: DTZ007 - local by design
    raise PeriodError(text, "not_of_this_form", {"form": form})


_STAMP = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d(?:\.\d+)?)?")
MOST_OFFSET_HOURS = 14
_OFFSET = re.compile(r"\d:\d\d(?::\d\d(?:\.\d+)?)?\s?(?P<offset>Z|[+-]\d\d(?::?\d\d)?)$")


def _moved(stamp: str, offset: str, utc_minutes: int) -> datetime:
    """Move a stamp from the offset it states to local time."""
    digits = offset[1:].replace(":", "").ljust(4, "0") if offset != "Z" else "0000"
    if int(digits[:2]) > MOST_OFFSET_HOURS or int(digits[2:]) > 59:
        raise PeriodError(f"{stamp}{offset}", "no_such_offset", {"most": MOST_OFFSET_HOURS})
    stated = (int(digits[:2]) * 60 + int(digits[2:])) * (-1 if offset[0] == "-" else 1)
    return parse_moment(stamp) + timedelta(minutes=utc_minutes - stated)


def _month(text: str, shift: int) -> datetime:
    """Read a month of use: the one stated beside a billed one (令和6年4月(3月使用分)), else the one stated, shifted."""
    plain = folding.date(text).strip()
    match = _USED.fullmatch(plain)
    if match is None:
        try:
            first = parse_month(plain)
        except PeriodError:
            first = parse_moment(plain).date()
            if first.day != 1:
                raise
        months = first.year * 12 + first.month - 1 + shift
        return datetime(months // 12, months % 12 + 1, 1)  # noqa: DTZ001 - local by design
    billed = parse_month(match.group("billed"))
    month = int(match.group("used"))
    return datetime(billed.year - (month > billed.month), month, 1)  # noqa: DTZ001 - local by design


_USED = re.compile(r"(?P<billed>.+?)\s?\(\s?(?P<used>[0-9]{1,2})月(?:使用|ご使用|利用)?分?\)")


def _calendar_year(text: str) -> datetime:
    plain = folding.date(text).strip().removesuffix("年").removesuffix(".0")
    if not re.fullmatch(r"(?:19|20)[0-9]{2}", plain):
        raise PeriodError(text, "no_year")
    return datetime(int(plain), 1, 1)  # noqa: DTZ001 - local by design


def _fiscal_year(text: str) -> datetime:
    return datetime.combine(fiscal_year_start(parse_fiscal_year(text)), datetime.min.time())


YEARS: dict[str, Callable[[str], datetime]] = {"year": _calendar_year, "fiscal_year": _fiscal_year}
