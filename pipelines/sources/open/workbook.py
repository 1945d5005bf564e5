"""Open a workbook: which sheets it has, their cells as text, and which of these may not be taken as they stand.

Reads .xlsx, .xlsm, .xlsb, .xls and .ods with calamine; before that what calamine does not tell (``sheet_xml``, ``sheet_other``).
A cell that may not be taken carries a mark in front of its text: the rule that holds it back, and a detail. Nothing is left out.
Of .xls, hidden rows and columns, errors and number formats are not told apart; of .xlsb and .ods, number formats are not.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from pipelines.process.child import is_panic
from pipelines.settings.city import Limits
from pipelines.settings.layout import SIDE_ROLES
from pipelines.sources.layouts.cell_words import read_number
from pipelines.sources.layouts.head import MARK, Recognised, unmarked
from pipelines.sources.open import sheet_other, sheet_xml, shown, xls_cells
from pipelines.sources.open.inspect_file import HEAD_LINES
from pipelines.sources.open.sheet_xml import BrokenWorkbookError, Traits

HIDDEN_ROW, HIDDEN_COLUMN, NOT_CALCULATED, MERGED, SHOWN = (
    "hidden_row", "hidden_column", "not_calculated", "merged_quantity", "shown_otherwise",
)  # fmt: skip
NO_VALUE = "="  # stands for what a formula that was never calculated would give
# Days from 1 January 1900 to 1904, as Excel counts them: what a bare serial of such a workbook lacks.
DAYS_TO_1904 = 1_462
# Roles whose word stands for every row that its merged cell covers; a quantity or an amount belongs to one row only.
MERGED_ROLES = frozenset({
    "meter", "meter_else", "meter_part", "start", "end", "unit", "reading_kind", "time_band", "quality", "stage", "issued",
    "substance", "basis", "laboratory",
})  # fmt: skip
DATED_ROLES = ("start", "end", "issued")
Row = tuple[str, ...]
Range = tuple[tuple[int, int], tuple[int, int]]


class WorkbookError(ValueError):
    """A workbook that cannot be opened; the message is for the sender."""

    rule_id = "broken_workbook"

    @property
    def numbers(self) -> dict[str, object]:
        """What the rule's sentence tells."""
        return {"found": str(self)}


class TooLargeWorkbookError(WorkbookError):
    """A workbook of which more would be allocated than city.toml allows: the areas that its sheets' cells span."""

    rule_id = "workbook_too_large"

    def __init__(self, found: str, limit: int) -> None:
        super().__init__(found, limit)

    def __str__(self) -> str:
        return str(self.args[0])

    @property
    def numbers(self) -> dict[str, object]:
        """The same, with the limit."""
        return {"found": str(self), "limit": self.args[1]}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook as rows of text; ``has_marks`` where some cells may not be taken as they stand.

    ``rounded``: how many numbers have more than the 15 digits that Excel itself knows, and were read at 15.
    """

    name: str
    rows: tuple[Row, ...]
    is_hidden: bool = False
    has_marks: bool = False
    from_1904: bool = False
    merged: tuple[Range, ...] = ()
    hidden_columns: frozenset[int] = frozenset()
    rounded: int = 0


def sheets(path: Path, limits: Limits) -> list[Sheet]:
    """Return the sheets of a workbook as text cells (dates as ISO, whole floats without a point).

    Raises:
        WorkbookError: protected, broken or too large; calamine's panics are no ``Exception`` and come as this too.
    """
    from python_calamine import CalamineError

    try:
        known = _known(path, limits)
        _check(known, limits)
        return _read(path, known, limits)
    except (CalamineError, BrokenWorkbookError, OSError, ValueError, zipfile.BadZipFile, zlib.error, EOFError,
            NotImplementedError, RuntimeError) as error:  # fmt: skip
        if isinstance(error, WorkbookError):
            raise
        raise WorkbookError(str(error)[:160] or type(error).__name__) from error
    except BaseException as error:
        if not is_panic(error):
            raise
        raise WorkbookError(f"{type(error).__name__}: {error}"[:160]) from error


def _read(path: Path, known: _Known, limits: Limits) -> list[Sheet]:
    """Open a workbook that was measured."""
    from python_calamine import CalamineWorkbook, SheetVisibleEnum

    workbook = CalamineWorkbook.from_path(str(path))
    described = workbook.sheets_metadata
    if known.traits and len(known.traits) != len(described):
        raise WorkbookError(f"{len(known.traits)} / {len(described)} sheets")
    found, cells = [], 0
    for number, meta in enumerate(described):
        sheet = workbook.get_sheet_by_index(number)
        if sheet.total_height > limits.sheet_rows or sheet.total_width > limits.columns:
            raise WorkbookError(f"{meta.name}: {sheet.total_height} x {sheet.total_width}")
        cells += sheet.total_height * sheet.total_width
        if cells > limits.workbook_cells:  # an .xls whose structure was not understood
            raise TooLargeWorkbookError(
                f"{meta.name}: {sheet.total_height} x {sheet.total_width}", limits.workbook_cells
            )
        seen = known.traits[number] if known.traits else None
        rows = sheet.to_python(skip_empty_area=False)
        texts, has_marks = _as_text(rows, seen or Traits())
        is_other = bool(known.traits) and seen is None  # a dialog, a chart: never a table that somebody sees
        hidden = is_other or meta.visible != SheetVisibleEnum.Visible
        merged = tuple(sheet.merged_cell_ranges or ())
        width = len(rows[0]) if rows else 0
        unseen = frozenset(n for n in range(width) if seen is not None and seen.hides(n))
        rounded = sum(1 for row in rows for cell in row if isinstance(cell, float) and float(f"{cell:.15g}") != cell)
        found.append(Sheet(meta.name, texts, hidden, has_marks, known.from_1904, merged, unseen, rounded))
    return found


def head_of(sheet: Sheet) -> list[Row]:
    """Return the first rows of a sheet, for recognition."""
    return [tuple(unmarked(cell).strip() for cell in row) for row in sheet.rows[:HEAD_LINES]]


def settled(sheet: Sheet, recognised: Recognised) -> Sheet:
    """Return a sheet with what only its layout tells: merged cells of a role stand for their rows, serials count from 1904.

    A quantity that is merged over several rows or columns belongs to none of them alone and is marked.
    """
    dated = [recognised.columns[role] - 1 for role in DATED_ROLES if role in recognised.columns]
    if recognised.record == "weather":
        dated = [0]
    shifts = sheet.from_1904 and bool(dated)
    merged = [area for area in sheet.merged if area[1][0] >= recognised.header_line] if recognised.read is None else []
    if not (shifts or merged):
        return sheet
    rows = [list(row) for row in sheet.rows]
    for row in rows[recognised.header_line :] if shifts else ():
        for position in dated:
            if position < len(row):
                row[position] = _from_1904(row[position])
    has_marks = _stand_for_rows(rows, merged, recognised)
    return replace(sheet, rows=tuple(map(tuple, rows)), has_marks=sheet.has_marks or has_marks)


def left_out(sheet: Sheet, recognised: Recognised) -> list[str]:
    """Return the columns of amounts and contracts that are not taken because they are hidden: they cost no quantity."""
    places = {recognised.columns[role] - 1 for role in SIDE_ROLES if role in recognised.columns}
    heads = sheet.rows[recognised.header_line - 1] if recognised.header_line else ()
    names = {n: unmarked(heads[n]).strip() if n < len(heads) else "" for n in sorted(places & sheet.hidden_columns)}
    return [f"{sheet.name}: {name or n + 1}" for n, name in names.items()]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a workbook before calamine opens it: its sheets' traits in order, none where nothing tells them."""

    traits: list[Traits | None] = field(default_factory=list)
    from_1904: bool = False
    measured: list[Traits] = field(default_factory=list)


def _known(path: Path, limits: Limits) -> _Known:
    if not zipfile.is_zipfile(path):
        return _Known(measured=xls_cells.sheets(path))
    with zipfile.ZipFile(path) as archive:
        names = sheet_xml.names_of(archive)
        if "xl/workbook.xml" in names:
            book = sheet_xml.book(archive)
            seen = [
                None if part is None else sheet_xml.traits(archive, part, book, limits.workbook_cells)
                for part in book.parts
            ]
            return _Known(seen, book.from_1904)
        if "xl/workbook.bin" in names:
            return _Known(*sheet_other.of_xlsb(archive, names, limits.workbook_cells))
        if "content.xml" in names:
            return _Known(list(sheet_other.of_ods(archive, names["content.xml"], limits)))
    return _Known()


def _check(known: _Known, limits: Limits) -> None:
    """Refuse a workbook that is too large before anything is allocated for it."""
    cells = 0
    for traits in [*known.traits, *known.measured]:
        if traits is None:
            continue
        cells += max(traits.height * traits.width, traits.cells)
        if traits.height > limits.sheet_rows or traits.width > limits.columns:
            raise WorkbookError(f"{traits.height} x {traits.width}")
        if max(cells, traits.claimed) > limits.workbook_cells:
            raise TooLargeWorkbookError(f"{traits.height} x {traits.width}", limits.workbook_cells)


def _as_text(rows: Sequence[Sequence[object]], traits: Traits) -> tuple[tuple[Row, ...], bool]:
    """Return the cells as text, and whether some of them carry a mark."""
    texts = [tuple(map(_cell_text, row)) for row in rows]
    odd = _odd_cells(rows, texts, traits)
    if not odd:
        return tuple(texts), False
    for number, cells in odd.items():
        row = list(texts[number])
        for position, text in cells.items():
            row[position] = text
        texts[number] = tuple(row)
    return tuple(texts), any(text.startswith(MARK) for cells in odd.values() for text in cells.values())


def _odd_cells(rows: Sequence[Sequence[object]], texts: Sequence[Row], traits: Traits) -> dict[int, dict[int, str]]:
    """Return the cells that read otherwise than their value, by row and column; the graver reason comes last and counts."""
    found: dict[int, dict[int, str]] = {}

    def put(number: int, position: int, text: str) -> None:
        if number < len(texts) and position < len(texts[number]):
            found.setdefault(number, {})[position] = text

    for (number, position), text in traits.errors.items():
        put(number, position, text)
    for (number, position), code in traits.formats.items():
        value = rows[number][position] if number < len(rows) and position < len(rows[number]) else None
        if isinstance(value, (int, float)) and not isinstance(value, bool) and (part := shown.part_for(code, value)):
            put(number, position, marked(SHOWN, texts[number][position], part))
    for number, position in traits.uncalculated:
        if number < len(texts) and position < len(texts[number]):
            put(number, position, marked(NOT_CALCULATED, texts[number][position] or NO_VALUE))
    width = max(map(len, texts), default=0)
    hidden = [position for position in range(width) if traits.hides(position)]
    for rule, places in (
        (HIDDEN_COLUMN, ((n, p) for n in range(len(texts)) for p in hidden) if hidden else ()),
        (HIDDEN_ROW, ((n, p) for n in traits.hidden_rows if n < len(texts) for p in range(len(texts[n])))),
    ):
        for number, position in places:
            if position < len(texts[number]):
                text = unmarked(found.get(number, {}).get(position, texts[number][position]))
                if text:
                    put(number, position, marked(rule, text))
    return found


def marked(rule_id: str, text: str, detail: str = "") -> str:
    """Return a cell's text behind the mark of the rule that holds it back."""
    return f"{MARK}{rule_id}{MARK}{detail}{MARK}{text}"


def _stand_for_rows(rows: list[list[str]], merged: Iterable[Range], recognised: Recognised) -> bool:
    """Let merged cells of a role stand for the rows they cover, and mark merged quantities; return whether any is."""
    roles = {place - 1: role for role, place in recognised.columns.items()}
    quantities = {slot.position - 1 for slot in recognised.slots}
    has_marks = False
    for (top, left), (bottom, right) in merged:
        if top < recognised.header_line or top >= len(rows) or left >= len(rows[top]) or not rows[top][left]:
            continue
        text, covered = rows[top][left], sorted(quantities & set(range(left, right + 1)))
        is_shared = bool(covered) and (bottom > top or covered != [left])
        if is_shared and (covered[0] == left or read_number(unmarked(text)).value is not None):
            rows[top][covered[0]], has_marks = marked(MERGED, unmarked(text)), True
        stands = left == right and roles.get(left) in MERGED_ROLES
        for number in range(top, min(bottom + 1, len(rows))):
            for position in range(left, min(right + 1, len(rows[number]))):
                beneath = rows[number][position]
                if (number, position) == (top, left) or not (position in quantities or position in roles):
                    continue
                if beneath and MARK + MERGED not in beneath:
                    rows[number][position], has_marks = marked(MERGED, unmarked(beneath)), True  # seen by nobody
                elif not beneath and stands and any(rows[number]):
                    rows[number][position] = text
    return has_marks


def _from_1904(text: str) -> str:
    bare = unmarked(text)
    if len(bare) != 5 or not (bare.isascii() and bare.isdigit()):
        return text
    return text.removesuffix(bare) + str(int(bare) + DAYS_TO_1904)


def _cell_text(cell: object) -> str:
    if isinstance(cell, str):
        return cell.replace(MARK, " ") if MARK in cell else cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        # Excel itself knows a number to 15 digits; the binary rest behind them is no part of what was written
        return str(int(cell)) if cell.is_integer() else f"{Decimal(f'{cell:.15g}'):f}"
    if isinstance(cell, (date, time)):
        return cell.isoformat(sep=" ") if isinstance(cell, datetime) else cell.isoformat()
    if isinstance(cell, timedelta):
        return _clock(cell)
    return "" if cell is None else str(cell).replace(MARK, " ")


def _clock(span: timedelta) -> str:
    """Return a span as a clock that goes on counting shows it: 24:00:00, not a day."""
    hours, _, rest = str(span - timedelta(days=span.days)).partition(":")
    return f"{24 * span.days + int(hours)}:{rest}" if span.days > 0 else str(span)
