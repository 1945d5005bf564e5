"""What a layout sees of a table, what it answers, and the value cells that odd tables are turned into."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

from pipelines import folding

DELIMITERS = (",", "\t", ";")
# What ends a line, everywhere here: a page break, a vertical tab or a line separator of Unicode stands inside one.
_LINE_END = re.compile(r"\r\n|\r|\n")
MARK = "\x1e"  # begins what we say of a line or a cell ourselves; in what was sent it becomes a blank


@dataclass(frozen=True, slots=True)
class TableHead:
    """The first rows of a table, as cells; of an XML document the name of its root.

    ``folders`` and ``file_name`` are the path below the source's folder: some layouts name the meter there.
    """

    rows: tuple[tuple[str, ...], ...] = ()
    folders: tuple[str, ...] = ()
    file_name: str = ""
    root: str = ""
    words_of_rows: tuple[frozenset[str], ...] = field(init=False, compare=False)
    words: frozenset[str] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Gather the plain words of each row and of all, by which most layouts are ruled out at once."""
        words = tuple(map(words_of, self.rows))
        object.__setattr__(self, "words_of_rows", words)
        object.__setattr__(self, "words", frozenset().union(*words))


@dataclass(frozen=True, slots=True)
class Slot:
    """A column that holds a value; of a part of the day, in minutes from the row's midnight, or of the row's period."""

    position: int
    name: str
    start_minutes: int = 0
    end_minutes: int | None = None
    unit: str | None = None
    meter: str | None = None
    time_band: str | None = None
    unit_position: int | None = None
    month: int | None = None  # of the months across: how many after the beginning of the year


@dataclass(frozen=True, slots=True)
class Timing:
    """How the times of a layout are meant.

    ``form`` is empty, ``year``, ``fiscal_year``, a date form with ``%``, or ``month`` and by how many months the month of use
    differs from the one stated (``month-1``); ``months`` is the length of the period (negative: it ends with that day).
    ``from_previous``: it begins where the row before of the meter ends, at most ``longest_days`` earlier; ``days_decide``: whether the
    end is the last day is what the rows' count of days says.
    """

    form: str = ""
    months: int = 0
    end_shift_minutes: int = 0
    is_period: bool = False
    until_next: bool = False
    from_previous: bool = False
    longest_days: int | None = None
    days_decide: bool = False
    utc_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as the sender wrote it, of a layout that is read in Python; times as ISO text."""

    line: int
    column: str
    meter: str
    start: str
    end: str
    quantity: str
    unit: str = ""
    reading_kind: str = ""
    time_band: str = ""
    quality: str = ""
    stage: str = ""
    issued: str = ""
    yen: str = ""
    demand_kw: str = ""
    contract_kw: str = ""
    substance: str = ""
    note: str = ""
    category: str = ""


class RefusedFileError(ValueError):
    """A file that a layout recognised and that is not what it seems; ``rule_id`` and numbers say why."""

    def __init__(self, rule_id: str, **numbers: object) -> None:
        super().__init__(f"{rule_id}: {numbers}")
        self.rule_id = rule_id
        self.numbers = numbers

    def __reduce__(self) -> tuple[Callable[..., RefusedFileError], tuple[object, ...]]:
        """Make it again as it was, in another process."""
        return partial(RefusedFileError, self.rule_id, **self.numbers), ()


@dataclass(frozen=True, slots=True)
class TableText:
    """A whole table for a layout that is read in Python: its rows, or the path of an XML document."""

    rows: tuple[tuple[str, ...], ...]
    path: Path
    head: TableHead


@dataclass(frozen=True, slots=True)
class Recognised:
    """How a table of a layout is to be read: where its data begins, which column plays which role (1-based).

    ``meter``, ``unit``, ``period`` (two moments), ``note`` and ``event`` (of a register) are what the whole file says of all rows;
    ``skip`` is a pattern of rows that
    are passed over. ``names`` are the header's; ``twins`` are columns that claim one role, of which only equal values are read;
    ``stated_units`` are those of title and heading, with which a row's unit must agree; ``unread`` names side columns that are not taken;
    ``problem`` is why the table is refused. ``read`` turns the table into cells where columns alone cannot say it (a matrix, XML).
    """

    layout: str
    header_line: int = 0
    width: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    slots: tuple[Slot, ...] = ()
    meter: str | None = None
    unit: str | None = None
    period: tuple[str, str | None] | None = None
    note: str | None = None
    event: str | None = None
    reading_kind: str | None = None
    record: str = "reading"
    names_meter_by_path: bool = False
    timing: Timing = Timing()
    words: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    total_rows: tuple[str, ...] = ()
    skip: str | None = None
    total_tolerance: float = 0
    names: tuple[str, ...] = ()
    twins: tuple[tuple[int, int], ...] = ()
    stated_units: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    problem: tuple[str, dict[str, object]] | None = None
    read: Callable[[TableText], Iterable[Cell]] | None = None
    reads_hidden: bool = False

    @property
    def last_role(self) -> int:
        """The rightmost column that plays a role: a row that ends before it lacks something."""
        return max(
            (*self.columns.values(), *(slot.position for slot in self.slots)), default=0
        )  # units of their own stand beside


@dataclass(frozen=True, slots=True)
class LayoutReader:
    """A layout as the register knows it: its name, the function that recognises it, and what it is in a line."""

    name: str
    recognise: Callable[[TableHead], Recognised | None]
    title: str = ""


def words_of(row: Iterable[str]) -> frozenset[str]:
    """Return the plain words of a row, and each also without what stands in brackets behind it (a unit, as a rule)."""
    words = frozenset(map(plain, row))
    return words | {word[:place] for word in words if word.endswith((")", "]", "】")) and (place := _bracket(word)) > 0}


def _bracket(word: str) -> int:
    return max(word.rfind(sign) for sign in "([【")


def split_lines(text: str) -> list[str]:
    """Split a text at its line ends; what follows the last one is a line unless it is empty."""
    lines = _LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]


def split_line(line: str) -> tuple[str, ...]:
    """Split a line at the delimiter it uses most, quoted cells whole."""
    return split_line_at(line, delimiter_of(line))


def split_line_at(line: str, delimiter: str) -> tuple[str, ...]:
    """Split a line at a delimiter, quoted cells whole."""
    cells = line.split(delimiter)
    if '"' in line:
        with suppress(csv.Error):
            cells = next(csv.reader([line], delimiter=delimiter), [])
    return tuple(cell.strip() for cell in cells)


def delimiter_of(line: str) -> str:
    """Return the delimiter a line uses most."""
    return max(DELIMITERS, key=line.count)


def unmarked(text: str) -> str:
    """Return a cell's text without the mark of the rule that holds it back."""
    return text.rpartition(MARK)[2]


@lru_cache(maxsize=16_384)  # the same few words in every file
def plain(text: str) -> str:
    """Return a header's word without blanks and line breaks, full-width forms as half-width ones; ① and ² are no digits."""
    text = unmarked(text)
    return "".join((text if text.isascii() else folding.word(text)).split())
