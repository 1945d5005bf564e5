"""What .xlsb and .ods say beside their values: hidden rows and columns, errors, formulas never calculated.

Rules: MS-XLSB 2.1.4 (records) and 2.4 (BrtRowHdr, BrtColInfo, BrtBundleSh, BrtWbProp); OpenDocument 1.3 part 3, 9.1 (tables). Read as a
stream, like ``sheet_xml``; what each leaves to calamine stands in ``workbook``.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO

from pipelines.settings.city import Limits
from pipelines.sources.open import sheet_xml
from pipelines.sources.open.sheet_xml import Attributes, BrokenWorkbookError, Traits, local

ROW, FIRST_CELL, LAST_CELL, COLUMNS, BOOK, SHEET = 0, 1, 11, 60, 153, 156
ERRORS = {
    0: "#NULL!",
    7: "#DIV/0!",
    15: "#VALUE!",
    23: "#REF!",
    29: "#NAME?",
    36: "#NUM!",
    42: "#N/A",
    43: "#GETTING_DATA",
}
ERROR_CELLS = (3, 11)
LONGEST_RECORD = 16_777_216
# One cell is repeated over no larger area than this by anybody who writes tables.
MOST_REPEATED = 1_048_576


def of_xlsb(archive: zipfile.ZipFile, names: Mapping[str, str], most: int) -> tuple[list[Traits | None], bool]:
    """Return the traits of each sheet of an .xlsb, and whether its days count from 1904; see ``sheet_xml.traits`` for ``most``.

    Raises:
        BrokenWorkbookError: a record is cut off, or a sheet's part is missing.
    """
    relations = sheet_xml.relations(archive, names, "xl/_rels/workbook.bin.rels")
    found: list[Traits | None] = []
    from_1904 = False
    for kind, record in _records(archive, names["xl/workbook.bin"]):
        if kind == BOOK:
            from_1904 = bool(record[0] & 1)
        elif kind == SHEET:
            length = struct.unpack_from("<I", record, 8)[0]
            sheet_kind, target = relations.get(record[12 : 12 + 2 * length].decode("utf-16-le", "replace"), ("", ""))
            part = names.get(sheet_xml.from_top(target))
            if sheet_kind == "worksheet" and part is None:
                raise BrokenWorkbookError(f"{target}: no such part")
            found.append(_xlsb_sheet(archive, part, most) if part and sheet_kind == "worksheet" else None)
    return found, from_1904


def _xlsb_sheet(archive: zipfile.ZipFile, part: str, most: int) -> Traits:
    found, row = Traits(), -1
    for kind, record in _records(archive, part):
        if kind == ROW:
            row = struct.unpack_from("<I", record)[0]
            if record[11] & 0x10:  # fDyZero
                found.hidden_rows.add(row)
        elif kind == COLUMNS:
            first, last, width = struct.unpack_from("<III", record)
            if record[16] & 1 or width == 0:
                found.hidden_columns.append((first, last))
        elif FIRST_CELL <= kind <= LAST_CELL:
            column = struct.unpack_from("<I", record)[0]
            found.cells += 1
            found.height, found.width = max(found.height, row + 1), max(found.width, column + 1)
            if found.cells > most:
                break
            if kind in ERROR_CELLS:
                found.errors[row, column] = ERRORS.get(record[8], "#?")
    return found


def _records(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[int, bytes]]:
    """Yield (kind, content) of each record of a binary part."""
    with archive.open(part) as stream:
        while (first := stream.read(1)) != b"":
            kind = first[0] if first[0] < 0x80 else (first[0] & 0x7F) | _byte(stream) << 7
            size = 0
            for shift in (0, 7, 14, 21):
                part_of_size = _byte(stream)
                size |= (part_of_size & 0x7F) << shift
                if part_of_size < 0x80:
                    break
            if size > LONGEST_RECORD:
                raise BrokenWorkbookError(f"{part}: a record of {size} bytes")
            content = stream.read(size)
            wanted = {ROW: 12, COLUMNS: 18, BOOK: 4, SHEET: 12}.get(kind, 9 if kind in ERROR_CELLS else 8)
            is_ours = kind in (ROW, COLUMNS, BOOK, SHEET) or FIRST_CELL <= kind <= LAST_CELL
            if len(content) < size or (is_ours and size < wanted):
                raise BrokenWorkbookError(f"{part}: cut off")
            if is_ours:
                yield kind, content


def _byte(stream: IO[bytes]) -> int:
    found = stream.read(1)
    if not found:
        raise BrokenWorkbookError("a record is cut off")
    return found[0]


def of_ods(archive: zipfile.ZipFile, part: str, limits: Limits) -> list[Traits]:
    """Return the traits of each table of an OpenDocument spreadsheet.

    Raises:
        BrokenWorkbookError: no XML, or a filled cell beyond the rows and columns that a sheet may have, told before it is repeated.
    """
    scan = _Ods(limits)
    with archive.open(part) as stream:
        try:
            sheet_xml.walk(stream, scan.start, end=scan.end)
        except TooManyCellsError:
            return scan.found
        except ValueError as error:
            raise BrokenWorkbookError(str(error)[:160]) from error
    return scan.found


class TooManyCellsError(ValueError):
    """A table has more cells than a workbook may have."""


class _Ods:
    """One pass over content.xml; a hidden group hides what is in it."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.found: list[Traits] = []
        self.around: list[str] = []
        self.row = self.column = self.rows_at_once = 0
        self.hides_row = False
        self.groups: list[bool] = []

    def start(self, tag: str, attributes: Attributes) -> None:
        """Look at the beginning of an element."""
        name = local(tag)
        above = self.around[-1] if self.around else ""
        self.around.append(name)
        if name == "table" and above == "spreadsheet":
            self.found.append(Traits())
            self.row = self.column = self.rows_at_once = 0
        elif name in ("table-row-group", "table-column-group"):
            self.groups.append(_said(attributes, "display") == "false")
        elif name == "table-column":
            self._columns(attributes)
        elif name == "table-row" and self.found:
            self._row(attributes)
        elif name in ("table-cell", "covered-table-cell") and above == "table-row" and self.found:
            self._cell(attributes)

    def end(self, tag: str) -> None:
        """Look at the end of an element."""
        name = local(tag)
        self.around.pop()
        if name in ("table-row-group", "table-column-group"):
            self.groups.pop()

    def _columns(self, attributes: Attributes) -> None:
        count = _repeated(attributes, "number-columns-repeated")
        if self.found and self._hides(attributes):
            self.found[-1].hidden_columns.append((self.column, self.column + count - 1))
        self.column += count

    def _row(self, attributes: Attributes) -> None:
        self.row += self.rows_at_once
        self.rows_at_once = _repeated(attributes, "number-rows-repeated")
        self.column = 0
        self.hides_row = self._hides(attributes)

    def _cell(self, attributes: Attributes) -> None:
        count = _repeated(attributes, "number-columns-repeated")
        kinds = [value for key, value in attributes.items() if local(key) == "value-type"]
        if kinds or _said(attributes, "formula"):
            self._filled(count, kinds)
        self.column += count

    def _filled(self, count: int, kinds: list[str]) -> None:
        """Take note of a filled cell and its repetitions, none of which is laid out before their number is held against the limits."""
        found, rows, columns = self.found[-1], self.row + self.rows_at_once, self.column + count
        found.height, found.width = max(found.height, rows), max(found.width, columns)
        found.cells += self.rows_at_once * count
        if found.cells > self.limits.workbook_cells:
            raise TooManyCellsError(found.cells)
        is_too_large = rows > self.limits.sheet_rows or columns > self.limits.columns
        if is_too_large or self.rows_at_once * count > MOST_REPEATED:
            raise BrokenWorkbookError(f"{rows} x {columns}")
        if self.hides_row:
            found.hidden_rows.update(range(self.row, rows))
        places = ((row, column) for row in range(self.row, rows) for column in range(self.column, columns))
        if "error" in kinds:
            found.errors.update(dict.fromkeys(places, "#?"))
        elif not kinds:
            found.uncalculated.update(places)

    def _hides(self, attributes: Attributes) -> bool:
        return any(self.groups) or _said(attributes, "visibility") in ("collapse", "filter")


def _repeated(attributes: Attributes, name: str) -> int:
    count = int(_said(attributes, name) or 1)
    if count < 1:
        raise BrokenWorkbookError(f"{name} {count}")
    return count


def _said(attributes: Attributes, name: str) -> str:
    return next((value for key, value in attributes.items() if local(key) == name), "")
