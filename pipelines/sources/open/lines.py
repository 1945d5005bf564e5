"""Bring any readable table into one shape for DuckDB: text lines of cells, with true line numbers.

A plain UTF-8 file is read where it lies. Anything else (cp932, UTF-16, quoted cells, stray control characters, Excel)
is written once as UTF-8 lines with an unambiguous separator, line for line, so that line N stays line N.
"""

from __future__ import annotations

import codecs
import csv
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from pipelines.settings.city import Limits
from pipelines.sources.layouts.head import DELIMITERS, MARK, RefusedFileError, split_line
from pipelines.sources.open.inspect_file import Inspected

SEPARATOR = "\x1f"
UNCLOSED = f"{MARK}unclosed"
END = f"{MARK}end"
GLOB_SIGNS = frozenset("*?[]{}")
LONGEST_QUOTED_RECORD = 20
ROWS_AT_ONCE = 10_000
Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many lines a table has, and which of them is the last that is not empty."""

    all: int = 0
    last: int = 0


def readable_path(inspected: Inspected, scratch: Path, delimiter: str) -> tuple[Path, str, Counted]:
    """Return a path DuckDB can read line by line, the separator of its cells, and its lines counted.

    Args:
        inspected: A text file.
        scratch: Folder for rewritten copies.
        delimiter: The delimiter of the file's header.
    """
    counted = Counted(inspected.lines, inspected.last_line)
    if inspected.plain and not GLOB_SIGNS & set(str(inspected.path)):
        return inspected.path, delimiter, counted
    copy = scratch / f"{inspected.sha256[:32]}.txt"
    if inspected.plain:
        shutil.copyfile(inspected.path, copy)
        return copy, delimiter, counted
    return copy, SEPARATOR, write_rows(copy, _quoted_rows(_text(inspected), delimiter))


def text_rows(inspected: Inspected, limits: Limits) -> tuple[tuple[str, ...], ...]:
    """Return a text file as rows of cells, for the layouts that need the whole table at once.

    Raises:
        RefusedFileError: more lines than a sheet may have.
    """
    if inspected.lines > limits.sheet_rows:
        raise RefusedFileError("too_many_rows", found=inspected.lines, limit=limits.sheet_rows, setting="sheet_rows")
    found = tuple(
        tuple(cell.strip() for cell in row or ())
        for row in _quoted_rows(_text(inspected), delimiter_of_table(inspected))
    )
    if len(found) > limits.sheet_rows:
        raise RefusedFileError("too_many_rows", found=len(found), limit=limits.sheet_rows, setting="sheet_rows")
    return found


def head_rows(inspected: Inspected) -> tuple[tuple[str, ...], ...]:
    """Return the first lines as cells; of a record that a quoted line break spreads over several, the others are empty rows."""
    if not any(line.count('"') % 2 for line in inspected.head):
        return tuple(split_line(line) for line in inspected.head)
    rows = _quoted_rows("\n".join(inspected.head) + "\n", delimiter_of_table(inspected))
    return tuple(
        split_line(row[1]) if row and row[0] == UNCLOSED else tuple(cell.strip() for cell in row or ()) for row in rows
    )


def delimiter_of_table(inspected: Inspected) -> str:
    """Return the delimiter that a file's first lines use most."""
    return max(DELIMITERS, key="\n".join(inspected.head).count)


def write_rows(path: Path, rows: Iterable[Row | None]) -> Counted:
    """Write rows of cells as lines; ``None`` is a line that belongs to the record before it. Return the lines counted."""
    number, last = 0, 0
    waiting = iter(rows)
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        while block := list(islice(waiting, ROWS_AT_ONCE)):
            written = _as_lines(block)
            stream.write("\n".join([*written, ""]))
            last = max((number + n for n, line in enumerate(written, start=1) if line), default=last)
            number += len(block)
    return Counted(number, last)


def _as_lines(rows: list[Row | None]) -> list[str]:
    """Join cells; only where something in them would break a line or a cell are they cleaned, each by itself."""
    written = [SEPARATOR.join(row) if row else "" for row in rows]
    whole = "".join(written)
    if whole.count(SEPARATOR) == sum(len(row) - 1 for row in rows if row) and not _BREAKING.search(whole):
        return written
    return [SEPARATOR.join(_clean(cell) for cell in row) if row else "" for row in rows]


def _text(inspected: Inspected) -> str:
    decoder = codecs.getincrementaldecoder(inspected.encoding)()
    text = decoder.decode(inspected.path.read_bytes(), final=True)
    text = (
        text.replace("\ufeff", "").replace("\0", "").replace(MARK, " ")
    )  # a mark also where two files were put together
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _quoted_rows(text: str, delimiter: str) -> Iterator[Row | None]:
    """Split CSV record by record; an unclosed quote costs its own line, never the rest of the file."""
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    position = 0
    while position < len(lines):
        block = lines[position : position + ROWS_AT_ONCE]
        rows = _split(block, delimiter)
        if len(rows) == len(block) + 1:  # every line is a record of its own
            yield from (row or None for row in rows[:-1])
            position += len(block)
            continue
        end = position + len(block)
        while position < end:
            row, length = _record(lines[position : position + LONGEST_QUOTED_RECORD], delimiter)
            yield row
            yield from (None for _ in range(length - 1))
            position += length


def _split(block: list[str], delimiter: str) -> list[list[str]]:
    """Split lines at once, and one more that ends them: fewer records than lines are found where one spans several or a quote is odd."""
    if any(line.count('"') % 2 for line in block):
        return []
    try:
        return list(csv.reader([*block, END], delimiter=delimiter))
    except csv.Error:
        return []


def _record(lines: list[str], delimiter: str) -> tuple[Row | None, int]:
    """Return the record that begins in the first line and how many lines it spans; the line as it is when its quotes do not pair."""
    unclosed = (UNCLOSED, lines[0]), 1
    reader = csv.reader(chain((f"{line}\n" for line in lines), (END,)), delimiter=delimiter)
    try:
        row = next(reader)
    except csv.Error:  # a cell beyond what csv takes
        return unclosed
    length = reader.line_num
    if length > len(lines) or sum(line.count('"') for line in lines[:length]) % 2:
        return unclosed
    return row or None, length


def _clean(cell: str) -> str:
    return cell.translate(_CONTROL)


_BREAKING = re.compile("[\x00-\x1d\x7f]")
_CONTROL = {code: " " for code in (*range(0x1F + 1), 0x7F) if chr(code) != MARK}
