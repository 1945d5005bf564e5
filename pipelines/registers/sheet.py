"""A register kept as a workbook: its first sheet, or a sheet per year, as text.

Read in a process of its own with a limit on memory and time.
"""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipelines import tables
from pipelines.periods import PeriodError, parse_fiscal_year
from pipelines.process import child
from pipelines.registers import spoken
from pipelines.texts import both

LARGEST = 20_000_000
LONGEST = 10**15  # beyond fifteen digits Excel keeps others than were typed, unless the cell is a text
MEMORY = 2_000_000_000
A_SHEET_PER_YEAR = frozenset({"yearly_totals"})
SECONDS = 60
YEAR = "fiscal_year"


class UnreadableError(ValueError):
    """The file is no workbook that can be read."""


def as_csv(path: Path) -> bytes:
    """Return the first sheet as CSV, a line for each of its rows, so that lines and rows have one number.

    Raises:
        UnreadableError: too large, damaged, or beyond the limits of memory and time.
    """
    (_, rows), *_ = _read(path)
    return _as_text(rows)


def all_as_csv(path: Path) -> bytes:
    """Return all sheets below each other as CSV, each row with its sheet and its number there.

    A sheet without a column of the fiscal year is of the year that it is named by; empty sheets are passed over. The headings are
    those of the first sheet, and each other has the same ones in the same order.

    Raises:
        UnreadableError: as :func:`as_csv`, or a sheet that has other headings or names no year.
    """
    table = tables.table(path.stem)
    head: list[str] = []
    rows: list[list[str]] = []
    for name, cells in _read(path):
        if not any(map(any, cells)):
            continue
        titles = [cell.strip() for cell in cells[0]]
        more: list[str] = []
        if YEAR not in {spoken.column_of(table, title) for title in titles if title}:
            try:
                more = [str(parse_fiscal_year(name))]
            except PeriodError as error:
                raise UnreadableError(both("sheet_of_no_year", sheet=name)) from error
        titles = [*titles, *[YEAR for _ in more], spoken.MEMBER, spoken.LINE]
        head = head or titles
        if titles != head:
            raise UnreadableError(both("sheet_of_other_headings", sheet=name))
        rows += [[*row, *more, name, str(number)] for number, row in enumerate(cells[1:], start=2) if any(row)]
    return _as_text([head, *rows])


def _read(path: Path) -> list[tuple[str, list[list[str]]]]:
    """Return each sheet's name and rows."""
    if path.stat().st_size > LARGEST:
        raise UnreadableError(f"> {LARGEST:,} bytes")
    try:
        return child.call(_sheets, str(path), memory=MEMORY, seconds=SECONDS)
    except child.ChildDiedError as error:
        raise UnreadableError(error.rule_id) from error
    except UnreadableError:
        raise
    except Exception as error:
        raise UnreadableError(f"{type(error).__name__}: {error}") from error


def _as_text(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _sheets(path: str) -> list[tuple[str, list[list[str]]]]:
    from python_calamine import CalamineWorkbook

    with CalamineWorkbook.from_path(path) as book:
        wanted = book.sheet_names if Path(path).stem in A_SHEET_PER_YEAR else book.sheet_names[:1]
        sheets = [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in wanted]
    for _, rows in sheets:
        for number, row in enumerate(rows, start=1):
            for cell in row:
                if isinstance(cell, float) and abs(cell) >= LONGEST:
                    raise UnreadableError(both("number_cut_by_excel", line=number, cell=format(cell, ".15g")))
    return [(name, [[_text(cell) for cell in row] for row in rows]) for name, rows in sheets]


def _text(cell: Any) -> str:  # noqa: ANN401 - whatever a workbook holds
    """A cell as people see it: a day as ISO, a whole number without decimals, no line ends."""
    if isinstance(cell, datetime) and cell.time() == datetime.min.time():
        cell = cell.date()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        return format(cell, ".15g") if not cell.is_integer() else str(int(cell))
    return " ".join(str(cell).splitlines())
