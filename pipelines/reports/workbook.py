"""The one way in which a workbook is opened for writing: what people and files say is text in it, never a formula or a link.

A cell that begins with ``=`` or an address would otherwise be run or followed by whoever opens the book; names, reasons and
cells of files come from strangers. Formulas of our own are written by name (``write_formula``, conditional formats).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from pipelines.reports.plain_text import wrapped

WORDS_STAY_WORDS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
LONGEST_CELL = 32_767  # signs that Excel keeps in a cell
LINE, GAP, HIGHEST = (
    13.5,
    3.0,
    409.0,
)  # points: a line of 10 point type, what is left free of a row, and Excel's highest row
LONGEST_LIST = 255  # signs of a list to choose from, as Excel takes it


@contextmanager
def written(path: Path | IO[bytes]) -> Iterator[Any]:
    """Open a new workbook of XlsxWriter (which has no types); it is written at the end of the block."""
    import xlsxwriter

    with xlsxwriter.Workbook(
        str(path) if isinstance(path, Path) else path, {"in_memory": True, **WORDS_STAY_WORDS}
    ) as book:
        yield book


def put(sheet: Any, line: int, column: int, cell: object) -> None:  # noqa: ANN401 - XlsxWriter has no types
    """Write a value into a cell: a number as a number, anything else as the text it is; nothing stays empty."""
    if isinstance(cell, Decimal | int | float) and not isinstance(cell, bool):
        sheet.write_number(line, column, float(cell))
    elif cell is not None:
        sheet.write_string(line, column, str(cell)[:LONGEST_CELL])


def height(cells: Iterable[object], widths: Iterable[float]) -> float:
    """Return how high a row of wrapped texts of 10 points must be, in points: not every program finds it by itself.

    Args:
        cells: What stands in it.
        widths: Of their columns, as Excel counts: signs of half width.
    """
    lines = (wrapped(str(cell), int(width) - 1).count("\n") + 1 for cell, width in zip(cells, widths, strict=True))
    return min(max(lines, default=1) * LINE + GAP, HIGHEST)


def choices(words: Sequence[str]) -> dict[str, Any] | None:
    """Return the check "one of these words" of a cell, or nothing where Excel cannot hold it.

    Excel keeps such a list as one quoted text with commas: a word with a quotation mark or a comma would end it early.
    """
    if len(",".join(words)) > LONGEST_LIST or any(sign in word for word in words for sign in '",'):
        return None
    return {"validate": "list", "source": list(words), "ignore_blank": True}


def cell_name(line: int, column: int) -> str:
    """Return how a formula of ours calls a cell, both counted from 0: ``A1``."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    return str(xl_rowcol_to_cell(line, column))


def file_names(departments: Iterable[str]) -> dict[str, str]:
    """Return department -> its part of a file's name: letters and digits, and numbered where two would share one."""
    names: dict[str, str] = {}
    taken: Counter[str] = Counter()
    for department in sorted(set(departments)):
        safe = "".join(sign if sign.isalnum() else "_" for sign in department)
        taken[safe.casefold()] += 1
        number = taken[safe.casefold()]
        names[department] = safe if number == 1 else f"{safe}({number})"
    return names
