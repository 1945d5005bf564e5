"""Columns that each hold a month (4月 … 3月, 2024年4月, 平成27年4月(3月使用分)): which month of which year each one is.

The year stands in the headings, or is that of the whole file or of the row. In a fiscal year April is the first month and March
the last; in a calendar year the months behind a December belong to the next. What stands in another order is not read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from pipelines.sources.layouts import cell_words, headings
from pipelines.sources.layouts.head import plain

_BARE = re.compile(r"(?P<month>1[0-2]|[1-9])月(?:使用|ご使用|検針|利用|請求)?(?:分|度)?(?:使用量|ご使用量)?")
_MONTHS_A_YEAR = 12
_APRIL = 4


@dataclass(frozen=True, slots=True)
class Across:
    """The months of a header: column -> month after the beginning of the year; that year where the headings say it."""

    places: dict[int, int]
    year: int | None = None


def bare_months(names: tuple[str, ...]) -> dict[int, int]:
    """Return column (from 1) -> month, of the headings that name a month without its year."""
    found = {}
    for position, name in enumerate(names, start=1):
        match = _BARE.fullmatch(headings.named(name)[0])
        if match:
            found[position] = int(match.group("month"))
    return found


def across(names: tuple[str, ...], shift: int, *, is_fiscal: bool | None) -> Across | None:
    """Return where the months stand; nothing where a month stands twice or they are in no order.

    Args:
        names: The header.
        shift: Month of use minus month stated.
        is_fiscal: Whether the year of file or row is a fiscal one; ``None``: only the headings say years.
    """
    dated = {}
    for position, name in enumerate(names, start=1):
        moment = cell_words.read_moment(plain(name), f"month{shift}") if re.search("[年/-]", name) else None
        moment = moment or cell_words.read_moment(headings.named(name)[0], f"month{shift}") if "月" in name else moment
        if moment is not None:
            dated[position] = moment
    bare = bare_months(names)
    if dated and not bare:
        first = min(moment.year for moment in dated.values())
        places = {at: (m.year - first) * _MONTHS_A_YEAR + m.month - 1 for at, m in dated.items()}
        return Across(places, first) if len(set(places.values())) == len(places) else None
    if dated or not bare or is_fiscal is None:
        return None
    if is_fiscal:
        stated = {at: (month - _APRIL) % _MONTHS_A_YEAR for at, month in bare.items()}
    else:
        stated, turns, before = {}, 0, 0
        for at, month in bare.items():
            turns += month < before
            stated[at], before = turns * _MONTHS_A_YEAR + month - 1, month
    order = list(stated.values())
    rises = all(one < next_one for one, next_one in pairwise(order))
    within = order[-1] - order[0] < _MONTHS_A_YEAR
    return Across({at: place + shift for at, place in stated.items()}) if rises and within else None
