"""What the XML of a workbook says beside its values: what is hidden, never calculated, an error, or shown otherwise than stored.

Reads .xlsx and .xlsm part by part as a stream (expat behind defusedxml: no document type, no entities, nothing fetched), before anything is
allocated for its cells. Rows and columns count from 0 here, as calamine counts them.
Rules: ECMA-376 part 1, 18.3.1 (rows, columns, cells), 18.2.2 (calcPr), 18.8.30 (number formats).
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import IO, Any

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, XMLParser

from pipelines.sources.layouts import xml_tokens
from pipelines.sources.open import shown

CHUNK = 262_144
DIGITS = "0123456789"
TRUE = frozenset({"1", "true", "on"})
MOST_COLUMNS = 16_384
Place = tuple[int, int]
Attributes = Mapping[str, str]


class BrokenWorkbookError(ValueError):
    """A workbook whose parts contradict each other or cannot be read; the message says what."""


@dataclass(slots=True)
class Traits:
    """What is to be known of a sheet besides its values; ``height`` x ``width`` is its cells' area, ``claimed`` the one it claims."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    uncalculated: set[Place] = field(default_factory=set)
    errors: dict[Place, str] = field(default_factory=dict)
    formats: dict[Place, str] = field(default_factory=dict)
    cells: int = 0
    height: int = 0
    width: int = 0
    claimed: int = 0

    def hides(self, column: int) -> bool:
        """Tell whether a column is hidden."""
        return any(first <= column <= last for first, last in self.hidden_columns)


@dataclass(slots=True)
class Book:
    """The parts of a workbook: for each sheet in order its part (``None``: no sheet of cells), and what holds for all."""

    parts: list[str | None] = field(default_factory=list)
    from_1904: bool = False
    to_calculate: bool = False
    formats: dict[str, str] = field(default_factory=dict)


def book(archive: zipfile.ZipFile) -> Book:
    """Return the parts of a workbook.

    Raises:
        BrokenWorkbookError: a part is no XML, stands twice, or is missing.
    """
    parts = names_of(archive)
    found, related, sheets = Book(), relations(archive, parts, "xl/_rels/workbook.xml.rels"), list[str]()

    def start(tag: str, attributes: Attributes) -> None:
        name = local(tag)
        if name == "sheet":
            sheets.append(next((value for key, value in attributes.items() if key.endswith("}id")), ""))
        elif name == "workbookPr":
            found.from_1904 = attributes.get("date1904") in TRUE
        elif name == "calcPr":
            found.to_calculate = attributes.get("fullCalcOnLoad") in TRUE

    _walk(archive, parts["xl/workbook.xml"], start)
    for sheet in sheets:
        kind, target = related.get(sheet, ("", ""))
        path = parts.get(from_top(target))
        if kind == "worksheet" and path is None:
            raise BrokenWorkbookError(f"{target}: no such part")
        found.parts.append(path if kind == "worksheet" else None)
    styles = next((target for kind, target in related.values() if kind == "styles"), None)
    if styles is not None and from_top(styles) in parts:
        found.formats = _formats(archive, parts[from_top(styles)])
    return found


def names_of(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the parts of an archive by their name in small letters, in which they are told apart."""
    names = [info.filename for info in archive.infolist() if not info.is_dir()]
    found = {name.lower().lstrip("/"): name for name in names}
    if len(found) != len(names):
        raise BrokenWorkbookError("a part stands twice")
    return found


def traits(archive: zipfile.ZipFile, part: str, of_book: Book, most: int) -> Traits:
    """Read one sheet; what has more than ``most`` cells is not read to its end, since nobody will open it.

    Raises:
        BrokenWorkbookError: no XML, a cell that stands in another row than its own, or rows out of their order.
    """
    with archive.open(part) as stream:
        odd = (*ODD, *(f' s="{style}"'.encode() for style in of_book.formats))
        glanced = _glance(stream, odd, most)
    if glanced is not None:
        return glanced
    scan = _Scan(of_book, most)
    try:
        _walk(archive, part, scan.start, scan.watch)
    except _EnoughError:
        return scan.found
    except ValueError as error:
        raise BrokenWorkbookError(str(error)[:160]) from error
    return scan.finished()


# Bytes that only a sheet has that must be looked at cell by cell; rather too much is taken for it than too little.
ODD = (
    b"hidden", b"<f", b"&#", b"<!", b"\0", b't="e', b' ht="0', b"\tht=", b"\nht=", b'width="0', b'RowHeight="0',
    b" =", b"\t=", b"\n=", b"\r=", b"<row>", b"<row\t", b"<row\n", b"<row\r", b"<row/", b"<c\t", b"<c\n", b"<c\r", b"<c/",
)  # fmt: skip
_PLAIN_ROOT = re.compile(
    rb"""<worksheet(?: xmlns:\w+="[^"]*")* xmlns="http://(?:schemas.openxmlformats.org/spreadsheetml/2006|purl.oclc.org/ooxml/spreadsheetml)/main\""""
)
_CELL = re.compile(rb"""<c r="([A-Z]{1,3})\d""")
_ROW_OF_CELL = re.compile(rb"""<c r="[A-Z]{1,3}(\d+)\"""")
_ROW = re.compile(rb"""(?:[^>]*?\s)?r="([1-9]\d{0,6})\"""")


def _glance(stream: IO[bytes], odd: tuple[bytes, ...], most: int) -> Traits | None:
    """Return the traits of a sheet that has nothing odd: most have not, and a glance at the bytes tells it many times as fast.

    ``None``: something has to be looked at closely, or the sheet is written in a way that a glance does not understand.
    """
    letters, found, tail, row = set[bytes](), Traits(), b"", b"0"
    first = stream.read(CHUNK)
    is_utf8 = b'encoding="' not in first or b'encoding="utf-8"' in first.lower()
    if not _PLAIN_ROOT.search(first[:4_096]) or not is_utf8:
        return None
    chunk = first
    while chunk:
        chunk = tail + chunk
        cut = chunk.rfind(b"<")
        chunk, tail = (chunk[:cut], chunk[cut:]) if cut > 0 else (chunk, b"")
        if any(sign in chunk for sign in odd) or chunk.count(b"=") != chunk.count(b'="'):
            return None
        for number, of_row in enumerate(chunk.split(b"<row ")):
            if number:
                begun = _ROW.match(of_row)
                if begun is None or int(begun.group(1)) <= int(row):
                    return None
                row = begun.group(1)
            rows = _ROW_OF_CELL.findall(of_row)
            if len(rows) != of_row.count(b"<c ") + of_row.count(b"<c>") or set(rows) - {row}:
                return None
            letters.update(_CELL.findall(of_row))
            found.cells += len(rows)
        found.height = int(row)
        chunk = stream.read(CHUNK * 8) if found.cells <= most else b""
    if any(sign in tail for sign in odd) or (found.cells and not found.height):
        return None
    found.width = max((column_of(name.decode()) for name in letters), default=-1) + 1
    return found


class _EnoughError(ValueError):
    """A sheet has more cells than a workbook may have."""


class _Scan:
    """One pass over a sheet: only beginnings of elements are looked at, and texts only where a formula or an error is."""

    def __init__(self, of_book: Book, most: int) -> None:
        self.book = of_book
        self.most = most
        self.found = Traits()
        self.row, self.row_text, self.column = -1, "", -1
        self.in_data, self.rows_are_flat = False, False
        self.arrays: list[tuple[int, int, int, int]] = []
        self.zeros: set[Place] = set()
        self.has_calculated = False
        self.kind: str | None = None
        self.is_formula, self.has_value = False, False
        self.text: list[str] = []
        self.expat: Any = None

    def watch(self, expat: Any) -> None:  # noqa: ANN401 - an expat parser has no public type
        """Keep the parser, to ask for texts only where they are wanted."""
        self.expat = expat

    def start(self, tag: str, attributes: Attributes) -> None:
        """Look at the beginning of an element."""
        name = local(tag)
        if name == "c" and self.in_data:
            self._cell(attributes)
        elif name == "v":
            self.has_value = True
            if self.is_formula or self.kind == "e":
                self.expat.CharacterDataHandler = self.text.append
        elif name == "f" and self.in_data:
            self.is_formula = True
            if attributes.get("t") in ("array", "dataTable") and "ref" in attributes:
                self.arrays.append(_area(attributes["ref"]))
        elif name == "row" and self.in_data:
            self._row(attributes)
        elif name == "sheetData":
            self.in_data = True
        elif name == "col":
            self._columns(attributes)
        elif name == "sheetFormatPr":
            is_flat = attributes.get("customHeight") in TRUE and _is_zero(attributes.get("defaultRowHeight"))
            self.rows_are_flat = is_flat and attributes.get("zeroHeight") not in TRUE

    def finished(self) -> Traits:
        self._end_cell()
        if self.book.to_calculate and not self.has_calculated:
            self.found.uncalculated |= self.zeros
        return self.found

    def _row(self, attributes: Attributes) -> None:
        if self.found.cells > self.most:
            raise _EnoughError
        self._end_cell()
        text, last = attributes.get("r"), self.row
        self.row = int(text) - 1 if text else self.row + 1
        if self.row <= last:
            raise BrokenWorkbookError(f"row {text}: after row {last + 1}" if last >= 0 else f"row {text}")
        self.row_text, self.column = text or str(self.row + 1), -1
        height = attributes.get("ht")
        is_flat = self.rows_are_flat if height is None else _is_zero(height)
        if attributes.get("hidden") in TRUE or is_flat:
            self.found.hidden_rows.add(self.row)

    def _columns(self, attributes: Attributes) -> None:
        if attributes.get("hidden") in TRUE or _is_zero(attributes.get("width")):
            first, last = int(attributes.get("min", 1)), int(attributes.get("max", MOST_COLUMNS))
            self.found.hidden_columns.append((first - 1, last - 1))

    def _cell(self, attributes: Attributes) -> None:
        if self.is_formula or self.kind == "e":
            self._end_cell()
        reference = attributes.get("r")
        if reference:
            letters = reference.rstrip(DIGITS)
            if reference[len(letters) :] != self.row_text:
                raise BrokenWorkbookError(f"{reference}: in row {self.row_text}")
            self.column = column_of(letters)
        else:
            self.column += 1
            if self.column >= MOST_COLUMNS:
                raise BrokenWorkbookError(f"> {MOST_COLUMNS} columns")
        found = self.found
        found.cells += 1
        if self.column >= found.width:
            found.width = self.column + 1
        if self.row >= found.height:
            found.height = self.row + 1
        style = attributes.get("s")
        if style in self.book.formats:
            found.formats[self.row, self.column] = self.book.formats[style]
        self.kind = attributes.get("t")
        self.has_value = False
        self.is_formula = bool(self.arrays) and any(
            top <= self.row <= bottom and left <= self.column <= right for top, left, bottom, right in self.arrays
        )

    def _end_cell(self) -> None:
        """Judge a formula or an error once all of it has passed."""
        if self.expat is not None:
            self.expat.CharacterDataHandler = None
        text, place = "".join(self.text).strip(), (self.row, self.column)
        self.text.clear()
        if self.kind == "e":
            self.found.errors[place] = text or "#?"
            self.has_calculated = self.has_calculated or self.is_formula
        elif self.is_formula and not text:
            if self.kind != "str" or not self.has_value:
                self.found.uncalculated.add(place)
        elif self.is_formula and self.kind in (None, "n") and _is_zero(text):
            self.zeros.add(place)
        elif self.is_formula:
            self.has_calculated = True
        self.kind, self.is_formula = None, False


def _formats(archive: zipfile.ZipFile, part: str) -> dict[str, str]:
    """Return the number formats that show something else than what is stored, by the number of the style."""
    own, styles, around = dict[str, str](), list[str](), [""]

    def start(tag: str, attributes: Attributes) -> None:
        name = local(tag)
        if name == "numFmt" and around[0] != "dxfs":
            own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name in ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs", "numFmts"):
            around[0] = name
        elif name == "xf" and around[0] == "cellXfs":
            styles.append(attributes.get("numFmtId", "0"))

    _walk(archive, part, start)
    codes = {str(number): own.get(style, shown.BUILT_IN.get(style, "")) for number, style in enumerate(styles)}
    return {number: code for number, code in codes.items() if code and shown.may_differ(code)}


def relations(archive: zipfile.ZipFile, parts: Mapping[str, str], part: str) -> dict[str, tuple[str, str]]:
    """Return id -> (kind, target) of what a part refers to."""
    found: dict[str, tuple[str, str]] = {}

    def start(tag: str, attributes: Attributes) -> None:
        name = local(tag)
        if name == "Relationship":
            kind = attributes.get("Type", "").rpartition("/")[2]
            found[attributes.get("Id", "")] = kind, attributes.get("Target", "")

    if part in parts:
        _walk(archive, parts[part], start)
    return found


def from_top(target: str) -> str:
    """Return a part's name as the workbook refers to it, from the top of the archive, in small letters."""
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/").lower()


def _walk(
    archive: zipfile.ZipFile,
    part: str,
    start: Callable[[str, Attributes], None],
    watch: Callable[[Any], None] = lambda _: None,
) -> None:
    with archive.open(part) as stream:
        walk(stream, start, watch)


def walk(
    stream: IO[bytes],
    start: Callable[[str, Attributes], None],
    watch: Callable[[Any], None] = lambda _: None,
    end: Callable[[str], None] | None = None,
) -> None:
    """Call ``start`` for the beginning of every element, with its name (see ``local``) and attributes, and ``end`` for its end.

    Raises:
        BrokenWorkbookError: no XML, an encoding nobody knows, a document type or entity (no workbook needs one), or too long a token.
    """
    guarded = XMLParser(target=object(), forbid_dtd=True)
    expat = guarded.parser
    expat.DefaultHandlerExpand = None

    expat.StartElementHandler, expat.EndElementHandler, expat.ordered_attributes = start, end, False
    watch(expat)
    measured = xml_tokens.Measure()
    try:
        while chunk := stream.read(CHUNK):
            measured.feed(chunk)
            guarded.feed(chunk)
        with suppress(AttributeError):
            guarded.close()
    except (ParseError, DefusedXmlException, xml_tokens.LongTokenError, xml_tokens.DocumentTypeError) as error:
        raise BrokenWorkbookError(str(error)[:160] or type(error).__name__) from error
    except LookupError as error:
        if type(error) is not LookupError:  # a fault of ours, not an encoding that nobody knows
            raise
        raise BrokenWorkbookError(str(error)[:160]) from error


@cache
def local(tag: str) -> str:
    """Return an element's name without its namespace."""
    return tag.rpartition("}")[2]


@cache
def column_of(letters: str) -> int:
    """Return a column's number from 0."""
    number = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z":
            raise BrokenWorkbookError(f"{letters}: no column")
        number = number * 26 + ord(letter) - 64
    if not 1 <= number <= MOST_COLUMNS:
        raise BrokenWorkbookError(f"{letters}: no column")
    return number - 1


def _area(reference: str) -> tuple[int, int, int, int]:
    places = re.findall(r"([A-Za-z]{1,3})(\d{1,7})", reference)
    if not places:
        raise BrokenWorkbookError(f"{reference[:40]}: no area")
    rows, columns = [int(row) - 1 for _, row in places], [column_of(letters) for letters, _ in places]
    return min(rows), min(columns), max(rows), max(columns)


def _is_zero(text: str | None) -> bool:
    try:
        return text is not None and float(text) == 0
    except ValueError:
        return False
