"""The registers: what the office keeps in ``<city>/registers/*.csv``, read, typed, checked, stored.

Columns come from the catalogue, under its names or the office's own (:mod:`pipelines.registers.spoken`). Dates may be ISO or wareki, an
empty cell means unknown or open. A register may be a workbook (its first sheet). Rows that begin with 例 are examples and are passed
over. All problems are collected and raised once, each with file, line, column, what was found and what was expected, equal ones
together: a register that does not hold together stops the night, because a lost meter would look like saved energy; the last publication
stays.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import duckdb

from pipelines import tables
from pipelines.errors import ActionableError
from pipelines.findings import Finding
from pipelines.periods import PeriodError, parse_date, parse_fiscal_year
from pipelines.registers import sheet, spoken
from pipelines.texts import Bilingual, both, ja_en
from pipelines.warehouse import database

FACTOR_REGISTERS = ("supplier_factors", "supplier_properties", "own_factors")
REQUIRED = ("operators", "facilities", "meters", "targets", "appointments")
ENCODINGS = ("utf-8-sig", "cp932")
EXAMPLE = "例"  # the first filled cell of a row that a new city folder shows how to fill
TYPES = (".csv", ".xlsx")
_PLACE = re.compile(r"([\w.-]+\.(?:csv|xlsx)(?: \[[^\]]*\])?) (?:([0-9]+)(行目)|(line )([0-9]+))")
LINE = "line "
_SAME = "\x1f"


class RegisterError(ActionableError, ValueError):
    """The registers do not hold together; the message lists every problem, one a line."""

    def __init__(self, problems: list[str]) -> None:
        problems = list(dict.fromkeys(problems))
        head = both("register_problems", problems=len(problems))
        super().__init__("\n".join([head, *(f"  {problem}" for problem in together(problems))]))
        self.problems = problems


def together(problems: Iterable[str]) -> list[str]:
    """Return the problems with those that differ in their line alone told once: ``meters.csv 2-14行目 ...``."""
    lines: dict[tuple[str, str, str], list[int]] = {}
    for problem in problems:
        found = _PLACE.match(problem)
        key = (
            (found[1], found[3] or found[4], problem[found.end() :].replace(found[0], _SAME))
            if found
            else (problem, "", "")
        )
        lines.setdefault(key, []).append(int(found[2] or found[5]) if found else 0)
    told = []
    for (file, word, rest), numbers in lines.items():
        spans = ranges(sorted(numbers))
        place = f"{file} {word}{spans}" if word == LINE else f"{file} {spans}{word}" if word else file
        told.append(f"{place}{rest.replace(_SAME, place)}")
    return told


def ranges(numbers: list[int]) -> str:
    """Return line numbers, in order, as people write them: ``2-4,9``."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number <= ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


@dataclass(slots=True)
class RegisterRow:
    """One typed row of a register, with the line it stands on."""

    file: str
    line: int
    values: dict[str, Any]
    is_sound: bool = True  # every cell of it could be read
    headings: dict[str, str] = field(default_factory=dict)  # column -> what stands above it, where that is another name

    def __getitem__(self, column: str) -> Any:  # noqa: ANN401 - a register holds dates, numbers and texts
        return self.values[column]

    def place(self, column: str | None = None) -> Bilingual:
        """Where the row stands, for messages; a column by the name that stands above it."""
        behind = f" {self.heading(column)}" if column else ""
        ja, en = ja_en("row_of_file", file=self.file, line=self.line)
        return Bilingual(ja + behind, en + behind, ja + behind)

    def heading(self, column: str) -> str:
        """What stands above a column in the file."""
        return self.headings.get(column, column)


@dataclass(slots=True)
class Registers:
    """All registers of a city as typed rows, their content hash, and findings about what was not used."""

    rows: dict[str, list[RegisterRow]]
    contents: dict[str, bytes]
    findings: list[Finding] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    _values: dict[tuple[str, str], set[Any]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> list[RegisterRow]:
        """The rows that could be read."""
        return [row for row in self.rows[name] if row.is_sound]

    def names(self, name: str, column: str, value: object) -> bool:
        """Tell whether a register has a row of this value; one that could not be read, or misses a cell, may have it."""
        if (name, column) not in self._values:
            self._values[name, column] = {row.values.get(column) for row in self.rows[name]}
        return name in self.unread or value in self._values[name, column]

    def heading(self, name: str, column: str) -> str:
        """What stands above a column of a register in its file."""
        return self.rows[name][0].heading(column) if self.rows[name] else column

    def content_hash(self, *, of_factors: bool) -> str:
        """One hash over the registers that state factors, or over all others."""
        parts = [(n, c) for n, c in sorted(self.contents.items()) if (n in FACTOR_REGISTERS) is of_factors]
        return hashlib.sha256(repr([(n, hashlib.sha256(c).hexdigest()) for n, c in parts]).encode()).hexdigest()


Check = Callable[[Registers], list[str]]


def register_tables() -> list[tables.Table]:
    """Return the catalogue's registers."""
    return [table for table in tables.catalogue().values() if table.kind == "register"]


def read(folder: Path, check: Check | None = None) -> Registers:
    """Read and type every register of a city.

    Args:
        folder: ``<city>/registers``.
        check: What else must hold; its problems are raised together with what cannot be read.

    Raises:
        RegisterError: listing every missing file or column and every cell that cannot be read.
    """
    problems: list[str] = []
    known = {table.name for table in register_tables()}
    for stray in sorted(p.name for p in folder.glob("*.*") if p.suffix in TYPES and p.stem not in known):
        close = difflib.get_close_matches(Path(stray).stem, known, 1, spoken.LIKELY_SLIP)
        if close:
            problems.append(both("not_a_register", at=stray, likely=close[0]))
    files = {name: found for name in sorted(known) if (found := file_of(folder, name, problems))}
    contents = {name: content for name, path in files.items() if (content := _content(path, problems)) is not None}
    for name in REQUIRED:
        if name not in files:
            problems.append(both("register_must_exist", at=f"{name}.csv"))
    return typed(contents, problems, check, {name: path.name for name, path in files.items()})


def file_of(folder: Path, name: str, problems: list[str]) -> Path | None:
    """Return where a register stands, as text or as a workbook; two of one name are a problem."""
    found = [path for kind in TYPES if (path := folder / f"{name}{kind}").is_file()]
    if len(found) > 1:
        problems.append(both("register_twice", at=found[0].name, other=found[1].name))
    return found[0] if found else None


def _content(path: Path, problems: list[str]) -> bytes | None:
    """Return a register as text; that of a workbook is written out row by row, so that history keeps what was read."""
    try:
        if path.suffix != ".xlsx":
            return path.read_bytes()
        return sheet.all_as_csv(path) if path.stem in sheet.A_SHEET_PER_YEAR else sheet.as_csv(path)
    except sheet.UnreadableError as error:
        problems.append(both("register_not_a_workbook", at=path.name, error=error))
        return None


def typed(
    contents: dict[str, bytes],
    problems: list[str] | None = None,
    check: Check | None = None,
    names: dict[str, str] | None = None,
) -> Registers:
    """Type registers whose contents are at hand; absent ones are empty.

    Args:
        contents: Name of a register -> its bytes.
        problems: What is wrong already, to be raised together with what is found.
        check: What else must hold of what could be typed.
        names: Name of a register -> the file that people know it as.

    Raises:
        RegisterError: listing every cell that cannot be read.
    """
    problems = [] if problems is None else problems
    result = Registers({}, contents)
    for table in register_tables():
        result.rows[table.name] = []
        if table.name in contents:
            file = (names or {}).get(table.name, f"{table.name}.csv")
            before = len(problems)
            result.rows[table.name] = _read_one(table, file, contents[table.name], problems, result.findings)
            if len(problems) > before and not result.rows[table.name]:
                result.unread.add(table.name)
        elif table.name in REQUIRED:
            result.unread.add(table.name)
    if check is not None:
        problems += check(result)
    if problems:
        raise RegisterError(problems)
    return result


def read_some(folder: Path, names: tuple[str, ...]) -> dict[str, list[RegisterRow]]:
    """Read some registers alone; absent files are empty.

    Raises:
        RegisterError: listing what cannot be read.
    """
    problems: list[str] = []
    found = {}
    for name in names:
        path = file_of(folder, name, problems)
        content = _content(path, problems) if path else None
        if path and content is not None:
            found[name] = _read_one(tables.table(name), path.name, content, problems, [])
    if problems:
        raise RegisterError(problems)
    return found


def store(connection: duckdb.DuckDBPyConnection, registers: Registers) -> None:
    """Write every register as a table."""
    for table in register_tables():
        database.create(connection, table.name)
        rows = [tuple(row.values[c.name] for c in table.columns) for row in registers[table.name]]
        database.insert_rows(connection, table.name, rows)


def _read_one(
    table: tables.Table, file: str, content: bytes, problems: list[str], findings: list[Finding]
) -> list[RegisterRow]:
    text = _decode(content)
    if text is None:
        problems.append(both("register_unknown_encoding", at=file))
        return []
    reader = csv.reader(io.StringIO(text, newline=""))
    rows: list[RegisterRow] = []
    examples: list[int] = []
    try:
        written = [cell.strip() for cell in next(reader, [])]
        header = _columns(table, written)
        headings = _headings(table, header, written)
        if not _header_is_sound(table, file, header, problems, findings):
            return []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if next(cell.strip() for cell in cells if cell.strip()).startswith(EXAMPLE):
                examples.append(reader.line_num)
                continue
            if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
                problems.append(both("more_cells_than_headings", file=file, line=reader.line_num))
                continue
            given = dict(zip(header, cells, strict=False))
            row, before = _placed(file, reader.line_num, given, headings), len(problems)
            for column in table.columns:
                row.values[column.name] = _typed(table, column, given.get(column.name, ""), row, problems)
            if spoken.LINE in row.values and row[spoken.LINE] is None:
                row.values[spoken.LINE] = Decimal(row.line)
            row.is_sound = len(problems) == before
            rows.append(row)
    except csv.Error as error:  # a cell beyond what csv takes, where a quote closes nowhere
        problems.append(both("register_not_csv", file=file, line=reader.line_num, error=error))
    if examples:
        findings.append(Finding("register_example_rows", file, {"lines": ranges(examples)}))
    return rows


def _placed(file: str, line: int, given: Mapping[str, str], headings: dict[str, str]) -> RegisterRow:
    """A row with the place people know it by: in a workbook of several sheets, its sheet and the row there."""
    if not given.get(spoken.MEMBER) or not given.get(spoken.LINE, "").isdigit():
        return RegisterRow(file, line, {}, headings=headings)
    return RegisterRow(f"{file} [{given[spoken.MEMBER]}]", int(given[spoken.LINE]), {}, headings=headings)


def _columns(table: tables.Table, header: list[str]) -> list[str]:
    """Return the catalogue's names of what stands above the columns; what is none stays as it is."""
    return [spoken.column_of(table, name) if name else name for name in header]


def _headings(table: tables.Table, header: list[str], written: list[str]) -> dict[str, str]:
    """Return column -> what stands above it where that is another name; where any is, what would stand above those that are not there."""
    found = {column: name for column, name in zip(header, written, strict=True) if column != name}
    absent = [name for name in table.column_names if name not in header] if found else []
    return {name: usual[0] for name in absent if (usual := spoken.headings(table, name))} | found


def _decode(content: bytes) -> str | None:
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _header_is_sound(
    table: tables.Table, file: str, header: list[str], problems: list[str], findings: list[Finding]
) -> bool:
    known = set(table.column_names)
    missing = [c.name for c in table.columns if not c.nullable and c.name not in header]
    before = len(problems)
    if missing:
        problems.append(both("columns_missing", at=file, missing=_listed(_named(table, name) for name in missing)))
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        problems.append(both("columns_doubled", at=file, doubled=", ".join(doubled)))
    for name in header:
        if not name or name in known:
            continue
        likely = spoken.likely(name, spoken.columns_by_heading(table.name))
        if likely and likely not in header:
            problems.append(both("slip_of_column_name", at=file, name=name, likely=_named(table, likely)))
        else:
            near = spoken.likely(name, spoken.columns_by_heading(table.name), spoken.WORTH_A_GUESS)
            named = _named(table, near) if near and near not in header else None
            guess = Bilingual(f"→ {named.ja} ?", f"→ {named.en} ?") if named else ""
            told = {"found": file, "column": name, "guess": guess}
            findings.append(Finding("register_unknown_column", f"{file}:{name}", told))
    return len(problems) == before


def _named(table: tables.Table, column: str) -> Bilingual:
    """A column by the name that an office gives it, and its own."""
    usual = spoken.headings(table, column)[:1]
    return Bilingual(f"{usual[0]}（{column}）", column) if usual else Bilingual(column, column)


def _listed(names: Iterable[Bilingual]) -> Bilingual:
    named = list(names)
    return Bilingual(", ".join(name.ja for name in named), ", ".join(name.en for name in named))


def _typed(table: tables.Table, column: tables.Column, text: str, row: RegisterRow, problems: list[str]) -> Any:  # noqa: ANN401
    cell = text.strip()
    if not cell:
        if not column.nullable:
            problems.append(both("must_not_be_empty", at=row.place(column.name)))
        return None
    cell = spoken.word(table.name, column.name, cell)
    try:
        value = _parse(column, cell)
    except (PeriodError, InvalidOperation, ValueError) as error:
        meaning = Bilingual(column.meaning_ja, column.meaning_en)
        why = (
            error.why
            if isinstance(error, PeriodError)
            else both("no_figure")
            if isinstance(error, InvalidOperation)
            else error.args[0]
        )
        problems.append(both("cell_unreadable", at=row.place(column.name), cell=cell, meaning=meaning, why=why))
        return None
    if column.words and value not in column.words:
        words = spoken.nearest(table.name, column.name, cell)
        problems.append(both("word_not_usable", at=row.place(column.name), value=cell, words=words))
    return value


def _parse(column: tables.Column, cell: str) -> Any:  # noqa: ANN401
    if column.type == "DATE":
        return parse_date(cell)
    if column.type == "INTEGER":
        return parse_fiscal_year(cell)
    if column.type.startswith("DECIMAL"):
        number = spoken.figure(column.name, cell)
        width, places = (int(part) for part in column.type[8:-1].split(","))
        if not number.is_finite() or number != round(number, places) or abs(number) >= Decimal(10) ** (width - places):
            raise ValueError(both("too_many_decimals", places=places))
        return number
    if column.name in spoken.BY_YEAR:
        return spoken.amounts_in(cell)
    return spoken.shares_in(cell) if column.name in spoken.SHARES else cell
