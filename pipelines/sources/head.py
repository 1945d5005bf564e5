"""What a layout module sees of a file, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DELIMITERS = (",", "\t", ";")


@dataclass(frozen=True, slots=True)
class Head:
    """The first rows of a table, as cells.

    ``folders`` and ``file_name`` are the path below the source's folder: some layouts name the meter there.
    """

    rows: tuple[tuple[str, ...], ...]
    folders: tuple[str, ...] = ()
    file_name: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """A column that holds the value of a part of the day, in minutes from the row's midnight."""

    position: int
    name: str
    start_minutes: int
    end_minutes: int


@dataclass(frozen=True, slots=True)
class Recognised:
    """How a file of a layout is to be read: where the header is, which column plays which role (1-based)."""

    layout: str
    header_line: int
    width: int
    columns: dict[str, int]
    key: str | None = None
    unit: str | None = None
    slots: tuple[Slot, ...] = ()
    record: str = "reading"
    quantity_name: str = "quantity"
    names_meter_by_path: bool = False


def split_line(line: str) -> tuple[str, ...]:
    """Split a line at the delimiter it uses most; quotation marks around cells are taken off."""
    delimiter = max(DELIMITERS, key=line.count)
    return tuple(cell.strip().strip('"') for cell in line.split(delimiter))


def delimiter_of(line: str) -> str:
    """Return the delimiter a header line uses."""
    return max(DELIMITERS, key=line.count)


def find_header(head: Head, needed: frozenset[str]) -> tuple[int, tuple[str, ...]] | None:
    """Return (line number, cells) of the first row that has all needed column names."""
    for number, row in enumerate(head.rows, start=1):
        if needed <= set(row):
            return number, row
    return None


def by_role(row: tuple[str, ...], names: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Return role -> 1-based position for the first matching column name of each role."""
    found = {}
    for role, accepted in names.items():
        position = next((row.index(name) + 1 for name in accepted if name in row), None)
        if position is not None:
            found[role] = position
    return found
