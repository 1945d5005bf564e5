"""What titles and headings say of units (単位：千kWh, 使用量(kL), a row of units below the header), for the layouts to agree with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipelines import units
from pipelines.sources.head import plain

_SAID = re.compile(r"単位[は:=]?(?P<rest>[^)\]】]*)")
_BRACKETS = re.compile(r"[(\[【〔<](?P<inside>[^()\[\]【】〔〕<>]+)[)\]】〕>]")
_NAMED = re.compile(r"(?P<base>.+?)[(\[【〔](?:単位:?)?(?P<unit>[^()\[\]【】〔〕]+)[)\]】〕]")
_APART = re.compile(r"[、,・;]")
# A word that names a unit of energy or matter, even if it is none that is known: what it means is then asked, not guessed.
_LIKE_A_UNIT = re.compile(
    r"wh|j$|ジュール|ワット|m3|立方|リットル|㍑|ℓ|^k?l$|kg|キログラム|^千?t$|トン|ton", re.IGNORECASE
)
YEN = "円"


@dataclass(frozen=True, slots=True)
class Stated:
    """What is said above the values: units of quantities, and the money other than whole yen (千円)."""

    units: tuple[str, ...] = ()
    money: str = ""


@lru_cache(maxsize=4_096)
def word(text: str) -> str:
    """Return the registry's word of a unit, or the text itself where it is none that is known."""
    try:
        return units.canonical(text)
    except units.UnitError:
        return plain(text)


def is_unit(text: str) -> bool:
    """Tell whether a text names a unit that is known."""
    try:
        units.canonical(text)
    except units.UnitError:
        return False
    return True


@lru_cache(maxsize=16_384)
def named(name: str) -> tuple[str, str]:
    """Return the plain name of a column without the unit in brackets behind it, and that unit; money counts as one."""
    whole = plain(name)
    match = _NAMED.fullmatch(whole)
    if match is None:
        return whole, ""
    unit = match.group("unit")
    if is_unit(unit) or unit.endswith(YEN) or _LIKE_A_UNIT.search(unit):
        return match.group("base"), unit
    return whole, ""


def titles(rows: Iterable[Sequence[str]], *, by_word_only: bool = False) -> Stated:
    """Return what the lines above a header say of units: behind the word 単位, and (not by_word_only) in brackets."""
    found: list[str] = []
    money = ""
    for row in rows:
        text = plain("、".join(cell for cell in row if cell))
        said = [part for match in _SAID.finditer(text) for part in _APART.split(match.group("rest"))]
        inside = [part for match in _BRACKETS.finditer(text) for part in _APART.split(match.group("inside"))]
        for part in said:
            if YEN in part:
                money = money or ("" if part == YEN else part)
            elif part and (is_unit(part) or _LIKE_A_UNIT.search(part)):
                found.append(part)
        found += [part for part in inside if is_unit(part) and not by_word_only]
    return Stated(tuple(dict.fromkeys(found)), money)


def below(row: Sequence[str], places: Iterable[int]) -> tuple[str, ...]:
    """Return the units of a row of units right below the header: one for each of the columns; none where it is no such row."""
    found = tuple(plain(row[place - 1]).strip("()[]【】〔〕") if place <= len(row) else "" for place in places)
    return found if found and all(unit and is_unit(unit) for unit in found) else ()
