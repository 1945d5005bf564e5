"""Open a file of the inbox: as text, workbook, XML or an archive of these; find the layout of each table in it.

Reads files; writes rewritten copies into a scratch folder. An archive's names are never used as paths.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipelines.findings import rules
from pipelines.settings.city import Limits
from pipelines.sources import parsed_store
from pipelines.sources.layouts import headings
from pipelines.sources.layouts import register as layouts
from pipelines.sources.layouts.head import (
    LayoutReader,
    Recognised,
    RefusedFileError,
    TableHead,
    TableText,
    delimiter_of,
)
from pipelines.sources.layouts.register import LayoutProblem
from pipelines.sources.open import lines, torn, workbook
from pipelines.sources.open.inspect_file import Inspected, inspect

CHUNK = 1_048_576
Problem = tuple[str, Mapping[str, object]]
# behind the name of a sheet or column that is not read because nobody sees it
HIDDEN = "（非表示 / hidden）"
DOCUMENT = "document"  # the rule of a PDF or picture, which is no fault
NESTED: Problem = ("not_a_table", {"found": "ZIP in ZIP"})


@dataclass(frozen=True, slots=True)
class OpenOptions:
    """What reading takes: limits, a scratch folder, the city's own layouts."""

    limits: Limits
    scratch: Path
    of_city: tuple[LayoutReader, ...] = ()


@dataclass(slots=True)
class Inbound:
    """One file to parse: where it lies below which source folder, what its bytes told, the layout asked for.

    ``wanted`` is the name of a layout (empty: any), and after ``#`` what else the reading depends on.
    """

    source: str
    path: str
    inspected: Inspected
    wanted: str = ""


@dataclass(slots=True)
class TablePart:
    """One table of a file: a text file, a sheet, a document or one of these in an archive; its number in the batch.

    ``semicolons``: its cells came apart by semicolons, as where a comma is the decimal sign; ``torn``: what of its last line may be
    cut off; ``has_marks``: some of its cells carry a mark of ``workbook`` and may not be taken as they stand; ``cells``: where the
    cells lie that were read of it in Python by another process.
    """

    key: parsed_store.FileKey
    member: str
    recognised: Recognised
    path: Path
    counted: lines.Counted
    delimiter: str = lines.SEPARATOR
    table: TableText | None = None
    semicolons: bool = False
    torn: torn.Torn | None = None
    file_no: int = -1
    has_marks: bool = False
    last_cell: str = ""
    cells: Path | None = None


@dataclass(slots=True)
class OpenedFile:
    """What became of a file as a whole: its layout, or the rule it broke with the numbers.

    ``lost`` are members of an archive that could not be read; ``unread`` names sheets that fit no layout or are hidden;
    ``held`` are refused tables of which each value is a reject; ``cells_rounded`` counts the numbers of a workbook read at 15 digits.
    """

    key: parsed_store.FileKey
    layout: str | None = None
    problem: Problem | None = None
    names_meter_by_path: bool = False
    parts: list[TablePart] = field(default_factory=list)
    lost: list[tuple[str, str]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    rows_unread: int = 0
    cells_rounded: int = 0
    held: list[TablePart] = field(default_factory=list)

    def refuse(self, part: TablePart, problem: Problem) -> None:
        """Refuse a table as a whole: none of its cells counts. The other tables of an archive or workbook still do."""
        self.parts.remove(part)
        self.lost.append((part.member, sentence_of(problem)))
        if not self.parts:
            self.problem = problem
            self.lost.clear()


def open_file(file: Inbound, means: OpenOptions) -> OpenedFile:
    """Recognise the tables of a file.

    Returns:
        The outcome with its parts, or with the problem; its key names the path where the layout reads the meter there.
    """
    inspected = file.inspected
    outcome = OpenedFile(parsed_store.FileKey(inspected.sha256, "", file.wanted))
    if inspected.problem:
        outcome.problem = inspected.problem
        return outcome
    where = tuple(file.path.split("/"))
    if inspected.kind == "zip":
        _open_archive(inspected, where, outcome, means)
    else:
        outcome.problem = _open_tables(inspected, where, "", outcome, means)
    outcome.names_meter_by_path = any(part.recognised.names_meter_by_path for part in outcome.parts)
    if outcome.names_meter_by_path:
        outcome.key = parsed_store.FileKey(inspected.sha256, file.path, file.wanted)
    for part in outcome.parts:
        part.key = outcome.key
        part.member = part.member or outcome.key.member
    outcome.layout = outcome.parts[0].recognised.layout if outcome.parts else None
    return outcome


def _open_tables(
    inspected: Inspected, where: tuple[str, ...], member: str, outcome: OpenedFile, means: OpenOptions
) -> Problem | None:
    """Add the tables of one file or member; return why there is none."""
    if inspected.problem:
        return inspected.problem
    if inspected.kind == "workbook":
        return _open_workbook(inspected, where, member, outcome, means)
    _count_rows(outcome, inspected.lines if inspected.kind == "text" else 0, means.limits)
    if inspected.kind == "xml":
        head = TableHead((), where[:-1], where[-1], inspected.root)
    else:
        head = TableHead(lines.head_rows(inspected), where[:-1], where[-1])
    recognised = _recognise(head, outcome, means)
    if isinstance(recognised, LayoutProblem):
        return recognised.rule_id, {"found": recognised.found}
    if recognised.problem or recognised.width > means.limits.columns:
        return recognised.problem or ("too_many_columns", {"found": recognised.width, "limit": means.limits.columns})
    if recognised.read is not None:
        rows = lines.text_rows(inspected, means.limits) if inspected.kind == "text" else ()
        table = TableText(rows, inspected.path, head)
        counted = lines.Counted(len(rows))
        cut = (
            torn.find(inspected, recognised, lines.delimiter_of_table(inspected), outcome.key.wanted) if rows else None
        )
        last = rows[-1][-1].strip() if cut and rows and rows[-1] else ""
        part = TablePart(
            outcome.key, member, recognised, inspected.path, counted, table=table, torn=cut, last_cell=last
        )
        outcome.parts.append(part)
        return None
    header = inspected.head[max(recognised.header_line, 1) - 1]
    asked = lines.delimiter_of_table(inspected) if header.count('"') % 2 else delimiter_of(header)
    cut = torn.find(inspected, recognised, asked, outcome.key.wanted)
    path, delimiter, counted = lines.readable_path(inspected, means.scratch, asked)
    part = TablePart(outcome.key, member, recognised, path, counted, delimiter, semicolons=asked == ";", torn=cut)
    outcome.parts.append(part)
    outcome.unread += recognised.unread
    return None


def _open_workbook(
    inspected: Inspected, where: tuple[str, ...], member: str, outcome: OpenedFile, means: OpenOptions
) -> Problem | None:
    try:
        sheets = workbook.sheets(inspected.path, means.limits)
    except workbook.WorkbookError as error:
        return error.rule_id, error.numbers
    _count_rows(outcome, sum(len(sheet.rows) for sheet in sheets), means.limits)
    problem: Problem = ("unknown_layout", {"found": ""})
    before, hidden, refused = len(outcome.parts), list[str](), list[tuple[str, Problem]]()
    for number, sheet in enumerate(sheets):
        filled = sum(1 for row in sheet.rows if any(row))
        if not filled:
            continue
        head = TableHead(tuple(workbook.head_of(sheet)), where[:-1], where[-1])
        recognised = _recognise(head, outcome, means)
        if isinstance(recognised, Recognised) and (recognised.reads_hidden or not sheet.is_hidden):
            name = f"{member}/{sheet.name}" if member else sheet.name
            if recognised.problem:
                refused.append((name, recognised.problem))
                continue
            outcome.unread += recognised.unread
            outcome.cells_rounded += sheet.rounded
            path = means.scratch / f"{inspected.sha256[:32]}-{number}.txt"
            outcome.unread += [f"{column}{HIDDEN}" for column in workbook.left_out(sheet, recognised)]
            outcome.parts.append(_sheet_part(workbook.settled(sheet, recognised), name, path, head, recognised))
            continue
        if isinstance(recognised, LayoutProblem):
            told: Problem = (recognised.rule_id, {"found": recognised.found})
            problem = max(problem, told, key=lambda p: len(str(p[1])))
        else:
            hidden.append(sheet.name)
        outcome.unread.append(f"{sheet.name}{HIDDEN}" if sheet.is_hidden else sheet.name)
        outcome.rows_unread += filled
    if len(outcome.parts) > before:
        outcome.lost += [(name, sentence_of(told)) for name, told in refused]
        return None
    if refused:
        return refused[-1][1]
    return ("hidden_sheets", {"found": ", ".join(hidden)}) if hidden else problem


def _count_rows(outcome: OpenedFile, more: int, limits: Limits) -> None:
    """Refuse what would make more rows of a file than it may have, before they are laid down."""
    rows = more + sum(part.counted.all for part in outcome.parts)
    if rows > limits.file_rows:
        raise RefusedFileError("too_many_rows", found=rows, limit=limits.file_rows, setting="file_rows")


def _sheet_part(sheet: workbook.Sheet, name: str, path: Path, head: TableHead, recognised: Recognised) -> TablePart:
    """Return the table of a sheet: as lines for DuckDB, or whole for a layout that is read in Python."""
    table = TableText(sheet.rows, path, head) if recognised.read else None
    counted = lines.Counted(len(sheet.rows)) if table else lines.write_rows(path, sheet.rows)
    key = parsed_store.FileKey("", "", "")  # the file's own, once all of it is known
    return TablePart(key, name, recognised, path, counted, table=table, has_marks=sheet.has_marks)


def _open_archive(inspected: Inspected, where: tuple[str, ...], outcome: OpenedFile, means: OpenOptions) -> None:
    """Open every member; one that cannot be read is held back by itself."""
    problem: Problem | None = None
    documents = list[str]()
    with zipfile.ZipFile(inspected.path) as archive:
        members = sorted((i for i in archive.infolist() if not i.is_dir()), key=lambda info: info.filename)
        for number, info in enumerate(members):
            name = _member_name(info)
            parts = tuple(name.split("/"))
            if parts[-1].startswith(".") or "__MACOSX" in parts:
                continue
            target = means.scratch / f"{inspected.sha256[:32]}-m{number}"
            try:
                _extract(archive, info, target, means.limits)
                found = inspect(target, means.limits)
                trouble = (
                    NESTED if found.kind == "zip" else _open_tables(found, (*where[:-1], *parts), name, outcome, means)
                )
            except RefusedFileError as refused:
                trouble = refused.rule_id, refused.numbers
            except (
                OSError,
                zipfile.BadZipFile,
                zlib.error,
                RuntimeError,
                NotImplementedError,
                EOFError,
                ValueError,
            ) as error:
                trouble = "broken_archive", {"found": str(error)[:160]}
            if trouble and trouble[0] == DOCUMENT:
                documents.append(name)
            elif trouble:
                problem = problem or trouble
                outcome.lost.append((name, sentence_of(trouble)))
    outcome.unread += documents
    if not outcome.parts:
        outcome.lost.clear()
        only: Problem = (DOCUMENT, {"found": f"ZIP: {', '.join(documents[:3])}"}) if documents else ("empty_file", {})
        outcome.problem = problem or only


def sentence_of(problem: Problem) -> str:
    """Return why a table could not be read, in both languages."""
    rule = rules()[problem[0]]
    return f"{rule.sentence('ja', problem[1])} / {rule.sentence('en', problem[1])}"


def _member_name(info: zipfile.ZipInfo) -> str:
    """Return a member's name; archives made on Japanese Windows hold cp932 without saying so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("cp932")
    except UnicodeError:
        return info.filename


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, limits: Limits) -> None:
    """Copy a member out, counting the true bytes: what the archive states of its size is not believed."""
    left = limits.unzipped_bytes
    with archive.open(info) as stream, target.open("wb") as copy:
        while chunk := stream.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise ValueError(f"{info.filename}: > {limits.unzipped_bytes} bytes")
            copy.write(chunk)


def _recognise(head: TableHead, outcome: OpenedFile, means: OpenOptions) -> Recognised | LayoutProblem:
    found = layouts.recognise(head, outcome.key.wanted.partition("#")[0], means.of_city)
    if isinstance(found, Recognised) and found.read is not None and head.rows:
        # what a whole table says of its unit, which its module takes for granted
        only = headings.OF_POWER if found.reading_kind == "interval" else frozenset()
        return replace(found, stated_units=headings.titles(head.rows, only=only).units)
    return found
