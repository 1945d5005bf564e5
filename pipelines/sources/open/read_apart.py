"""Open files, those of other programs' making in a process of their own: workbooks, XML, archives, and long texts read whole.

What a hostile or broken file does to its parser (allocate, panic, abort, never end) it does there; here it is held back by name. The
tables of a workbook arrive as lines, the cells of a layout that is read in Python as a file of pickles, both in the scratch folder.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from pathlib import Path

from pipelines.process import child
from pipelines.settings.city import Limits
from pipelines.sources import parsed_store
from pipelines.sources.layouts.head import Cell, RefusedFileError, TableHead, TableText
from pipelines.sources.layouts.xml_documents import BrokenDocumentError
from pipelines.sources.open import workbook
from pipelines.sources.open.open_file import Inbound, OpenedFile, OpenOptions, Problem, TablePart, open_file

APART = frozenset({"workbook", "xml", "zip"})
# A text that is not plain is decoded whole; from this size on that is done apart, too.
LONG_TEXT_BYTES = 50_000_000
CELLS_AT_ONCE = 50_000
# the fields of a cell that was read in Python -> the columns of ``cells``
CELL_COLUMNS = {
    "line": "line", "column": "column_name", "meter": "key", "start": "started_text", "end": "ended_text",
    "quantity": "quantity_text", "unit": "unit", "reading_kind": "reading_kind", "time_band": "time_band",
    "quality": "quality", "stage": "stage", "issued": "issued_text", "yen": "yen_text", "demand_kw": "kw_text",
    "contract_kw": "contract_text", "substance": "substance", "note": "note", "category": "category",
}  # fmt: skip
Columns = list[list[object]]


def opened(file: Inbound, means: OpenOptions) -> OpenedFile:
    """Recognise the tables of a file; what refuses the file as a whole is its problem."""
    inspected = file.inspected
    is_long = inspected.kind == "text" and not inspected.plain and inspected.size > LONG_TEXT_BYTES
    if inspected.problem or not (inspected.kind in APART or is_long):
        return _opened(file, means)
    limits = means.limits
    try:
        return child.call(
            _open_and_read, file, pickle.dumps(means), memory=limits.reading_bytes, seconds=limits.reading_seconds
        )
    except child.ChildDiedError as died:
        return _refused(file, (died.rule_id, died.numbers))


def sheets(path: Path, limits: Limits) -> list[workbook.Sheet]:
    """Return the sheets of a workbook, opened apart.

    Raises:
        WorkbookError: as of :func:`workbook.sheets`.
        ChildDiedError: reading it took too much, too long, or the process with it.
    """
    return child.call(workbook.sheets, path, limits, memory=limits.reading_bytes, seconds=limits.reading_seconds)


def columns_of(part: TablePart, most: int) -> Iterator[Columns]:
    """Yield the cells of a table that is read in Python, as columns in the order of ``CELL_COLUMNS``, so many at once.

    Args:
        part: The table; read already, apart, or to be read now.
        most: How many cells it may have.

    Raises:
        RefusedFileError, BrokenDocumentError: as the layout's own reader does, behind the cells before it.
    """
    if part.cells is None:
        yield from _read(part, most)
        return
    with part.cells.open("rb") as stream:
        while True:
            found = pickle.load(stream)  # noqa: S301 - written by our own child
            if isinstance(found, Exception):
                raise found
            if found is None:
                return
            yield found


def _read(part: TablePart, most: int) -> Iterator[Columns]:
    assert part.recognised.read is not None and part.table is not None  # noqa: S101 - asked only of such a table
    cells, count = iter(part.recognised.read(part.table)), 0
    while some := list[Cell](islice(cells, CELLS_AT_ONCE)):
        count += len(some)
        if count > most:
            raise RefusedFileError("too_many_rows", found=f"> {most}", limit=most, setting="file_rows")
        yield [[getattr(cell, field) for cell in some] for field in CELL_COLUMNS]


def _opened(file: Inbound, means: OpenOptions) -> OpenedFile:
    try:
        return open_file(file, means)
    except RefusedFileError as refused:
        return _refused(file, (refused.rule_id, refused.numbers))


def _refused(file: Inbound, problem: Problem) -> OpenedFile:
    return OpenedFile(parsed_store.FileKey(file.inspected.sha256, "", file.wanted), problem=problem)


# ---------------------------------------------------------------- in the child


def _open_and_read(file: Inbound, means: bytes) -> OpenedFile:
    chosen = _means(means)
    outcome = _opened(file, chosen)
    for number, part in enumerate(outcome.parts):
        if part.recognised.read is not None and part.table is not None:
            part.cells = chosen.scratch / f"{file.inspected.sha256[:32]}-{number}.cells"
            _keep(part, part.cells, chosen.limits.file_rows)
            part.table = TableText((), part.table.path, TableHead())
    return outcome


def _keep(part: TablePart, path: Path, most: int) -> None:
    """Write the cells of a table down, and behind them why they end: nothing, or what its reader raised."""
    ended: Exception | None = None
    with path.open("wb") as stream:
        try:
            for columns in _read(replace(part, cells=None), most):
                pickle.dump(columns, stream)
        except (RefusedFileError, BrokenDocumentError) as error:
            ended = error
        pickle.dump(ended, stream)


@lru_cache(maxsize=4)
def _means(means: bytes) -> OpenOptions:
    """The same for thousands of files: what recognises a city's own layouts is made ready once."""
    found: OpenOptions = pickle.loads(means)  # noqa: S301 - written by our own parent
    return found
