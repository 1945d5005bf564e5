"""What titles and headings say of units (単位：千kWh, 使用量(kL), a row of units beside the header), for the layouts to agree with.

単位 says a unit where a unit follows it: behind は, a colon or =, or where the word stands by itself. Inside another word
(30分単位の使用量, 単位発熱量) it says none. Words behind the unit (作成日 …) are no part of it, and a unit a month (kWh/月) is the unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipelines import folding, units
from pipelines.sources.layouts.head import plain, unmarked

_SAID = re.compile(
    r"(?:(?P<alone>(?<![^\s、。,・;:/()\[\]【】〔〕<>※*◆■●◎○□◇-])単位)|(?<!最小)(?<!最低)(?<!最少)単位(?=\s*[は:=]))\s*(?P<sign>[は:=])?[、/]?"
    r"(?P<rest>[^()\[\]【】〔〕<>]*(?:\([^()]*\)[^()\[\]【】〔〕<>]*)*)"
)
_BRACKETS = re.compile(r"[(\[【〔<](?P<inside>[^()\[\]【】〔〕<>]+)[)\]】〕>]")
_NAMED = re.compile(r"(?P<base>.+?)[(\[【〔](?:単位:?)?(?P<unit>[^()\[\]【】〔〕]+)[)\]】〕]")
_APART = re.compile(r"[、,・;]")
_BLANKS_APART = re.compile(r"[、,・;\s]+")
# Blanks inside one word: 単　位, 千 kWh, k Wh.
_SPREAD = re.compile(
    r"(?<=単)\s+(?=位)|(?<=[十百千万億])\s+(?=[A-Za-zℓ円十百千万億キメギ立トリ])|(?<=\b[kKMG])\s+(?=[WJLlℓ])"
)
_PER = re.compile(r"/(?:月|か月|ヶ月|カ月|ケ月|年|年度)$")
# What goes on behind a unit without a blank and is no part of it.
_TAIL = re.compile(r"(?:です|とする|である|で表示|で記載|作成|出力|発行|印刷|集計|対象|期間|令和|平成|※|。).*$")
# A remark in brackets behind a unit: no letters, and nothing of how the unit is meant: m3(15°C), GJ(一次).
_REMARK = re.compile(r"\([^()A-Za-z°℃度次状態気圧標準低高十百千万億]*\)$")
# A word that names a unit of energy or matter, or a scale, even if it is none that is known: what it means is then asked, not guessed.
_LIKE_A_UNIT = re.compile(
    r"wh|j$|ジュール|ワット|m3|立方|リットル|㍑|ℓ|^k?l$|kg|キログラム|^千?t$|トン|ton|^[十百千万億]+$", re.IGNORECASE
)
_LETTERS = re.compile(r"[十百千万億]*[A-Za-zℓ]+3?")
_BEGINS_A_UNIT = re.compile(
    r"[十百千万億]*(?:[A-Za-zℓ㍑]|キロ|メガ|ギガ|ワット|ジュール|立方|リットル|トン|ノルマル|$)"
)
_MONEY = re.compile(r"[十百千万億]*円")
_SCALED_MONEY = re.compile(r"(?<![0-9.十百千万億])[十百千万億]+円$")
# What else may stand in a row of units; it says nothing of a quantity.
_OTHER_UNITS = re.compile(r"[kM]?W|[kM]?VA|%|℃|°C|日|時間?|人|m2|円/.+|[-―]", re.IGNORECASE)
YEN = "円"
OF_POWER = frozenset({"Wh", "kWh", "MWh", "GWh", "thousand_kWh"})


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
    unit = _bare(match.group("unit"))
    if is_unit(unit) or unit.endswith(YEN) or _LIKE_A_UNIT.search(unit):
        return match.group("base"), unit
    return whole, ""


def scaled(money: str) -> str:
    """Return money that is not counted in whole yen (千円) as it is written, else nothing; 300千円 is an amount."""
    return money if _SCALED_MONEY.search(money) else ""


def titles(rows: Iterable[Sequence[str]], *, only: frozenset[str] | None = None) -> Stated:
    """Return what the lines above a header say of units: behind the word 単位, in brackets, or as all that a line says.

    ``only``: the lines are a whole table, not what stands above a header: then only these units count in brackets, and no line by itself.
    """
    found: list[str] = []
    money = ""
    for row in rows:
        cells = [cell for cell in row if cell]
        text = _SPREAD.sub("", "、".join(folding.word(unmarked(cell)) for cell in cells))
        inside = [_bare(plain(p)) for match in _BRACKETS.finditer(text) for p in _APART.split(match.group("inside"))]
        alone = [] if only is not None else [_in_brackets(cell) for cell in cells]
        alone = alone if all(map(_may_be_a_unit, alone)) else []
        said = [*_said(text), *(part for part in alone if is_unit(part))]
        found += said + [part for part in inside if is_unit(part) and (only is None or word(part) in only)]
        money = money or next(iter([*_money(text), *filter(scaled, [*inside, *alone])]), "")
    return Stated(tuple(dict.fromkeys(found)), money)


def beside(row: Sequence[str], places: Iterable[int]) -> tuple[str, ...]:
    """Return the units of a row of units right above or below the header, one for each of the places (empty: none said there).

    Nothing where it is no such row: one of the places names a unit or money, and the cells beside it are units or words without a figure.
    """
    cells = [_in_brackets(cell) for cell in row]
    found = tuple(cells[place - 1].strip("-―") if place <= len(cells) else "" for place in places)
    is_such = all(map(_may_be_a_unit, filter(None, found))) and all(
        _may_be_a_unit(cell) or not any(sign.isdigit() for sign in cell) for cell in cells
    )
    return found if is_such and any(found) else ()


def _in_brackets(cell: str) -> str:
    return _bare(plain(cell).removeprefix("単位:").strip("()[]【】〔〕<>").removeprefix("単位:"))


def _may_be_a_unit(text: str) -> bool:
    return (
        is_unit(text)
        or bool(_MONEY.fullmatch(text) or _OTHER_UNITS.fullmatch(text))
        or bool(_BEGINS_A_UNIT.match(text) and _LIKE_A_UNIT.search(text))
    )


def _bare(text: str) -> str:
    """Return a unit without what is no part of it: that it is counted by the month, and words that follow it."""
    if is_unit(text):
        return text
    tail = _REMARK.sub("", _TAIL.sub("", text))
    for short in (_PER.sub("", text), tail, _PER.sub("", tail)):
        if short != text and is_unit(short):
            return short
    return text


def _said(text: str) -> Iterator[str]:
    """Yield the units behind each 単位."""
    for part in _parts_said(text):
        begun = _LETTERS.match(part)
        is_more = begun is not None and len(begun.group()) > 1 and is_unit(begun.group())
        if part and YEN not in part and (is_unit(part) or is_more or _LIKE_A_UNIT.search(part)):
            yield part


def _money(text: str) -> list[str]:
    """Return the money behind each 単位 that is not whole yen: in thousands, or for each kWh."""
    return [part for part in _parts_said(text) if scaled(part) or (YEN in part and "/" in part)]


def _parts_said(text: str) -> Iterator[str]:
    """Yield what stands behind each 単位 that says a unit, cut where the writer parted it; at blanks only where the whole is no unit."""
    for match in _SAID.finditer(text):
        parts = [_bare(plain(part)) for part in _APART.split(match.group("rest"))]
        if not all(is_unit(part) or _MONEY.fullmatch(part) for part in parts if part):
            parts = [_bare(part) for part in _BLANKS_APART.split(match.group("rest"))]
        first = next((part for part in parts if part), "")
        if match.group("sign") or _may_be_a_unit(first):
            yield from parts
