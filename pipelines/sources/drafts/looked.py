"""A table as ``--propose`` looks at it, and what its cells and headings are by their look. How senders head columns: ``heads.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pipelines import folding
from pipelines.sources.layouts import facts, headings
from pipelines.sources.layouts.cell_words import MISSING_MARKS, read_moment, read_number
from pipelines.sources.layouts.head import TableHead, plain

MOSTLY = 0.9


CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")


RANGE = re.compile(r"(.+?)\s*[〜～~]\s*(.+)")


UNIT_BEHIND = re.compile(r"(?P<unit>[十百千万]?(?:[A-Za-zℓ]+3?|㎥|立米))$")


@cache
def head_words() -> dict[str, Any]:
    """Return role -> pattern of headings."""
    return tomllib.loads(Path(__file__).with_name("heads.toml").read_text(encoding="utf-8"))


def is_head_of(name: str, role: str) -> bool:
    """Tell whether a heading is one of a role."""
    return bool(re.search(str(head_words()[role]), plain(name), re.IGNORECASE))


@dataclass(slots=True)
class Draft:
    """A layout in the making, with what is sure and what a person must decide: key -> the values it may have."""

    layout: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, str | int] = field(default_factory=dict)
    sure: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    decide: dict[str, list[str | int | bool]] = field(default_factory=dict)

    @property
    def whole(self) -> dict[str, Any]:
        """The layout with its columns."""
        return self.layout | {"columns": self.columns}


@dataclass(slots=True)
class SeenTable:
    """A table as it is looked at: the rows above its header, the header, the filled cells of each column, what is taken."""

    head: TableHead
    top: int
    names: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    cells: dict[int, list[str]] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    sums: dict[str, str] = field(default_factory=dict)  # word of a row of totals -> total or subtotal

    def __post_init__(self) -> None:
        """Gather the columns; a row of totals is none of theirs."""
        for row in self.rows:
            self.sums |= {plain(cell): kind for cell in row[:3] if (kind := _sum_word(cell))}
        self.rows = [row for row in self.rows if not any(map(_sum_word, row[:3]))]
        self.cells = {
            n: [row[n].strip() for row in self.rows if n < len(row) and row[n].strip()] for n in range(len(self.names))
        }

    @property
    def above(self) -> tuple[tuple[str, ...], ...]:
        """The rows above the header."""
        return self.head.rows[: self.top]

    def free(self, *roles: str) -> list[int]:
        """Return the columns not taken whose heading fits one of the roles; all that have one where no role is asked for."""
        return [
            n
            for n, name in enumerate(self.names)
            if n not in self.taken and plain(name) and (not roles or any(is_head_of(name, role) for role in roles))
        ]

    def name(self, n: int) -> str | int:
        """Return how a layout names a column: by its heading, by its number where the heading stands twice."""
        alike = sum(1 for name in self.names if plain(name) == plain(self.names[n]))
        return " ".join(self.names[n].split()) if alike == 1 else n + 1

    def at(self, row: Sequence[str], n: int) -> str:
        """Return a cell of a row."""
        return row[n].strip() if n < len(row) else ""


def take(draft: Draft, table: SeenTable, role: str, numbers: Sequence[int]) -> int | None:
    """Let the first of some columns play a role."""
    if not numbers:
        return None
    draft.columns[role] = table.name(numbers[0])
    table.taken.add(numbers[0])
    return numbers[0]


def labels_of(table: SeenTable, role: str) -> list[str]:
    """Return the labels above the header that head something."""
    found = []
    for row in table.above:
        for cell in row:
            label = plain(cell).partition(":")[0]
            if (
                0 < len(label) <= 20
                and is_head_of(label, role)
                and facts.text_of(table.head, table.above, f"cell:{label}")
            ):
                found.append(label)
    return list(dict.fromkeys(found))


def number_of(table: SeenTable, column: str | int) -> int:
    """Return where a column stands that a draft has named."""
    if isinstance(column, int):
        return column - 1
    return next(n for n, name in enumerate(table.names) if " ".join(name.split()) == column)


def is_date(cell: str) -> bool:
    """Tell whether a cell is a date in a form that needs no telling."""
    return read_moment(cell) is not None


def is_range(cell: str) -> bool:
    """Tell whether a cell holds the first and the last day of a period."""
    match = RANGE.fullmatch(cell)
    return bool(match) and all(is_date(part.strip()) for part in match.groups()) if match else False


def share_of(cells: list[str], fits: Callable[[str], bool]) -> float:
    """Return the share of cells that fit."""
    return sum(1 for cell in cells if fits(cell)) / len(cells) if cells else 0


def share_filled(table: SeenTable, number: int) -> float:
    """Return the share of rows that fill a column."""
    rows = [row for row in table.rows if any(cell.strip() for cell in row)]
    return len(table.cells[number]) / len(rows) if rows else 0


def are_years(cells: list[str]) -> bool:
    """Tell whether cells are years."""
    return (
        share_of(cells, lambda cell: bool(re.fullmatch(r"(19|20)\d\d(\.0)?|(令和|平成|R|H)\d{1,2}(年度)?", cell)))
        >= MOSTLY
    )


def are_dated(cells: list[str]) -> bool:
    """Dates written as such: a column of five-digit numbers may be Excel dates or anything else."""
    return (
        share_of(cells, lambda cell: bool(re.search(r"[-/年.]", cell)) or bool(re.fullmatch(r"(19|20)\d{6}", cell)))
        >= MOSTLY
    )


def are_numbers(cells: list[str]) -> bool:
    """Tell whether cells are figures or marks for missing ones."""
    return share_of(cells, lambda cell: cell in MISSING_MARKS or read_number(cell).value is not None) >= MOSTLY


def are_units(cells: list[str]) -> bool:
    """Tell whether cells are units."""
    return share_of(cells, headings.is_unit) >= MOSTLY


def unit_of(name: str) -> str:
    """Return the unit that a heading names: in brackets, behind the word (使用m3), or as all of it."""
    word = plain(name)
    if headings.is_unit(word):
        return word
    unit = headings.named(name)[1]
    if unit and headings.is_unit(unit):
        return unit
    last = folding.word(name).split()[-1:]
    if last and headings.is_unit(last[0]):
        return last[0]
    match = UNIT_BEHIND.search(word)
    return match.group("unit") if match and headings.is_unit(match.group("unit")) else ""


def bare_name(name: str) -> str:
    """Return a heading without its unit."""
    word = headings.named(name)[0]
    unit = UNIT_BEHIND.search(word)
    return (word[: unit.start()] or word) if unit and headings.is_unit(unit.group("unit")) else word


def _sum_word(cell: str) -> str:
    """Return ``total`` or ``subtotal`` where a cell is the word of such a row."""
    word = plain(cell)
    if re.fullmatch(str(head_words()["total"]), word, re.IGNORECASE):
        return "total"
    return "subtotal" if len(word) <= 12 and re.fullmatch(str(head_words()["subtotal"]), word) else ""
