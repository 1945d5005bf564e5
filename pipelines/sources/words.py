"""Read single cells that the fast way in SQL could not: numbers and moments as people write them.

The SQL reads plain ISO stamps and plain decimals. Whatever is left comes here, each distinct text once.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pipelines.periods import PeriodError, parse_moment

# A missing value as suppliers write it. None of these is zero.
MISSING_MARKS = frozenset({"-", "--", "---", "－", "－－", "－－－", "ー", "―", "‐", "*", "**", "***", "欠測", "#N/A"})
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?")
MOST_DECIMALS = 6
MOST_WHOLE_DIGITS = 12


@dataclass(frozen=True, slots=True)
class ReadNumber:
    """A number, or the rule it breaks."""

    value: Decimal | None
    rule_id: str | None = None


def read_number(text: str) -> ReadNumber:
    """Read a quantity: full-width digits, thousands commas, ▲ or △ for minus. Never rounds.

    Returns:
        The value, or the rule: ``not_a_number``, ``too_many_digits``, ``number_too_large``.
    """
    plain = unicodedata.normalize("NFKC", text).strip().replace("−", "-")
    if plain[:1] in ("▲", "△"):
        plain = "-" + plain[1:].strip()
    if not any(sign.isdigit() for sign in plain) or not _NUMBER.fullmatch(plain) or not plain.isascii():
        return ReadNumber(None, "not_a_number")
    value = Decimal(plain.replace(",", ""))
    if value != round(value, MOST_DECIMALS):
        return ReadNumber(None, "too_many_digits")
    if abs(value) >= Decimal(10) ** MOST_WHOLE_DIGITS:
        return ReadNumber(None, "number_too_large")
    return ReadNumber(round(value, MOST_DECIMALS))


def read_moment(text: str) -> datetime | None:
    """Read a local moment in any accepted form, or return None."""
    try:
        return parse_moment(text)
    except (PeriodError, OverflowError):
        return None
