"""How an office writes in its registers: Japanese headings and words beside the catalogue's own, and figures as people type them.

What is clear is read (``延床面積``, ``灯油``, ``１，２３４``, ``50%``); what is not is refused, and the nearest words are named.
"""

from __future__ import annotations

import csv
import difflib
import re
import tomllib
import unicodedata
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from pipelines import tables
from pipelines.periods import PeriodError, parse_fiscal_year
from pipelines.texts import Bilingual, both

HERE = Path(__file__).parent
REFERENCE = HERE.parent / "reference"
LIKELY_SLIP, WORTH_A_GUESS = 0.8, 0.5
NEAREST, LIKE = 4, 0.3
MOST_WORDS = 12
MOST_AMOUNT = 10**12
MEMBER, LINE = "source_member", "source_line"  # where a row of a workbook with a sheet per year stands
# Columns whose words are the rows of a file of reference/: (file, its column, its Japanese name).
LISTED = {
    "energy_type": ("energy_types.csv", "energy_type", "name_ja"),
    "activity": ("activities.csv", "activity", "name_ja"),
}
# Columns where any text may stand, and these words mean something.
USUAL = {("events", "kind"): ("closure", "works", "disaster", "pandemic")}
# What may stand in brackets behind a heading beside the column's unit, and other ways to write a unit.
HARMLESS = frozenset({"必須", "必要", "任意"})
SAME_UNITS = {"h": ("時間",), "tCO2e": ("t-CO2", "tCO2", "t-CO2e", "t"), "kW": ("kw",)}
# Shares of one, where "50%" is 0.5; elsewhere a percent sign is refused.
SHARES = frozenset({"share", "renewable_share", "reduction_rate", "milestones"})
# Amounts by fiscal year: ``2025:1,200;R12:900``.
BY_YEAR = frozenset({"allowed_co2e_t", "allowed_co2e_kg_per_m2"})
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*%")
_ASIDE = re.compile(r"\(.*?\)")


def plain(text: str) -> str:
    """Return a heading or word in one way of writing: half width, no spaces, nothing in brackets, small letters."""
    return _ASIDE.sub("", unicodedata.normalize("NFKC", text)).replace(" ", "").lower()


def headings(table: tables.Table, column: str) -> list[str]:
    """Return what may stand above a column of a register in Japanese, the usual first."""
    stated = _stated()["headings"]
    found = stated.get(f"{table.name}.{column}", stated.get(column, []))
    return list(map(str, found))


def registers() -> dict[str, list[str]]:
    """Return register -> what an office calls it, the usual name first."""
    return dict(_stated()["registers"])


def register(text: str) -> str:
    """Return the register that is meant by its file, its name or what an office calls it; the text itself where there is none."""
    meant = {plain(name): each for each, names in registers().items() for name in (each, f"{each}.csv", *names)}
    known = plain(text)
    return meant.get(known) or meant.get(known.removesuffix(plain("台帳")), text)


@cache
def columns_by_heading(table_name: str) -> dict[str, str]:
    """Return heading (see :func:`plain`) -> column, for a register."""
    table = tables.table(table_name)
    spoken = {plain(heading): c.name for c in reversed(table.columns) for heading in headings(table, c.name)}
    meant = {plain(c.meaning_ja): c.name for c in table.columns}
    return meant | spoken | {plain(c.name): c.name for c in table.columns}


@cache
def words(table_name: str, column: str) -> dict[str, str]:
    """Return what may be written in a column (see :func:`plain`) -> the catalogue's word; nothing where any text may stand."""
    own = _own(table_name, column)
    spoken: dict[str, Any] = _stated()["words"].get(column, {})
    found: dict[str, str] = {}
    if column in LISTED:
        file, key, name = LISTED[column]
        with (REFERENCE / file).open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                own.append(row[key])
                found[plain(row[name])] = row[key]
    found |= {plain(text): word for word, texts in spoken.items() for text in texts if word in own}
    return found | {plain(word): word for word in own}


def spellings(column: str) -> dict[str, str]:
    """Return what an office may write for the words of a column -> the catalogue's word, as it is written."""
    spoken: dict[str, list[str]] = _stated()["words"].get(column, {})
    return {text: meant for meant, texts in spoken.items() for text in texts}


def word(table_name: str, column: str, text: str) -> str:
    """Return the catalogue's word for what is written; the text itself where it is none."""
    return words(table_name, column).get(plain(text), text)


def usual(table_name: str, column: str) -> dict[str, str]:
    """Return word of the catalogue -> how an office usually writes it."""
    own = _own(table_name, column)
    spoken: dict[str, Any] = _stated()["words"].get(column, {})
    if column in LISTED:
        file, key, name = LISTED[column]
        with (REFERENCE / file).open(encoding="utf-8", newline="") as stream:
            listed = {row[key]: row[name] for row in csv.DictReader(stream)}
        return {each: str(spoken.get(each, [label])[0]) for each, label in listed.items()}
    return {each: str(spoken.get(each, [each])[0]) for each in own}


def likely(text: str, known: dict[str, str], least: float = LIKELY_SLIP) -> str | None:
    """Return what a heading was probably meant to be, at least so like it."""
    close = difflib.get_close_matches(plain(text), known, 1, least)
    return known[close[0]] if close else None


def nearest(table_name: str, column: str, text: str) -> Bilingual:
    """Return the words that may stand instead: all where they are few, else the nearest and where to see all."""
    labels = usual(table_name, column)
    told = {each: f"{label} ({each})" if label != each else each for each, label in labels.items()}
    if len(told) <= MOST_WORDS:
        return Bilingual(", ".join(told.values()), ", ".join(told))
    known = words(table_name, column)
    like = difflib.get_close_matches(plain(text), known, NEAREST, LIKE)
    like += [written for written in known if plain(text) and plain(text) in written]
    near = list(dict.fromkeys(known[written] for written in like))[:NEAREST] or list(told)[:NEAREST]
    more = both("words_all", count=len(told), where=f"registers {table_name}")
    return Bilingual(", ".join([*(told[each] for each in near), more.ja]), ", ".join([*near, more.en]))


def column_of(table: tables.Table, heading: str) -> str:
    """Return the column that a heading means; the heading itself where it means none.

    What stands in brackets may only repeat the column's own unit: ``延床面積（千m2）`` or ``再エネ率（%）`` would be read a thousand or a
    hundred times too small or large, so they are no heading of ours.
    """
    found = columns_by_heading(table.name).get(plain(heading))
    aside = {inner.strip("()").strip() for inner in _ASIDE.findall(unicodedata.normalize("NFKC", heading))}
    if found is None or not aside:
        return found or heading
    column = next(c for c in table.columns if c.name == found)
    units = {column.unit, *SAME_UNITS.get(column.unit, ())} - {""}
    return found if aside <= units | HARMLESS else heading


def figure(column: str, text: str) -> Decimal:
    """Read a figure as people type it: full width, ``1,234``, and a share as ``50%``.

    Raises:
        ValueError: it is no figure, its groups are not of three, or a percent sign stands where no share is meant.
        InvalidOperation: it is no figure.
    """
    cell = unicodedata.normalize("NFKC", text).strip()
    if cell.endswith("%"):
        if column not in SHARES:
            raise ValueError(both("no_percent_here"))
        return figure(column, cell[:-1]) / 100
    return Decimal(cell.replace(",", "") if _GROUPED.fullmatch(cell) else cell)


def shares_in(text: str) -> str:
    """Return milestones (``2030:50%``) with shares of one."""
    return _PERCENT.sub(lambda found: format(Decimal(found[1]) / 100, "f"), unicodedata.normalize("NFKC", text))


def amounts_in(text: str) -> str:
    """Return amounts by fiscal year in one way of writing: ``2025:1200;2030:900``.

    Raises:
        ValueError: a part is no year and amount of at most six decimals, or the years do not rise.
    """
    points: dict[int, str] = {}
    for part in filter(
        None, (piece.strip() for piece in unicodedata.normalize("NFKC", text).replace("、", ";").split(";"))
    ):
        year, colon, amount = part.partition(":")
        try:
            at, value = parse_fiscal_year(year), figure("", amount)
        except (PeriodError, InvalidOperation, ValueError) as error:
            raise ValueError(both("amount_unreadable", part=part)) from error
        if not colon or not value.is_finite() or not 0 <= value < MOST_AMOUNT or value != round(value, 6):
            raise ValueError(both("amount_unreadable", part=part))
        if points and at <= max(points):
            raise ValueError(both("amounts_out_of_order"))
        points[at] = f"{value.normalize():f}"
    return ";".join(f"{year}:{amount}" for year, amount in points.items())


def _own(table_name: str, column: str) -> list[str]:
    return [*tables.words(column, table_name), *USUAL.get((table_name, column), ())]


@cache
def _stated() -> dict[str, Any]:
    return tomllib.loads((HERE / "spoken.toml").read_text(encoding="utf-8"))
