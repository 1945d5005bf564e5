"""The registers: what the office keeps in ``<city>/registers/*.csv``, read, typed, checked, stored.

Columns come from the catalogue. Dates may be ISO or wareki, an empty cell means unknown or open. All problems are
collected and raised once, each with file, line, column, what was found and what was expected: a register that does
not hold together stops the night, because a lost meter would look like saved energy; the last publication stays.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import duckdb

from pipelines import tables
from pipelines.errors import ActionableError
from pipelines.findings import Finding
from pipelines.periods import PeriodError, parse_date, parse_fiscal_year
from pipelines.texts import both
from pipelines.warehouse import database

FACTOR_REGISTERS = ("supplier_factors", "supplier_properties", "own_factors")
REQUIRED = ("operators", "facilities", "meters", "targets", "appointments")
ENCODINGS = ("utf-8-sig", "cp932")
LIKELY_SLIP = 0.8


class RegisterError(ActionableError, ValueError):
    """The registers do not hold together; the message lists every problem, one a line."""

    def __init__(self, problems: list[str]) -> None:
        head = both("register_problems", problems=len(problems))
        super().__init__("\n".join([head, *(f"  {problem}" for problem in problems)]))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One typed row of a register, with the line it stands on."""

    file: str
    line: int
    values: dict[str, Any]

    def __getitem__(self, column: str) -> Any:  # noqa: ANN401 - a register holds dates, numbers and texts
        return self.values[column]

    def place(self, column: str | None = None) -> str:
        """Where the row stands, for messages."""
        return f"{self.file} {self.line}行目" + (f" {column}" if column else "")


@dataclass(slots=True)
class Registers:
    """All registers of a city as typed rows, their content hash, and findings about what was not used."""

    rows: dict[str, list[RegisterRow]]
    contents: dict[str, bytes]
    findings: list[Finding] = field(default_factory=list)

    def __getitem__(self, name: str) -> list[RegisterRow]:
        return self.rows[name]

    def content_hash(self, *, of_factors: bool) -> str:
        """One hash over the registers that state factors, or over all others."""
        parts = [(n, c) for n, c in sorted(self.contents.items()) if (n in FACTOR_REGISTERS) is of_factors]
        return hashlib.sha256(repr([(n, hashlib.sha256(c).hexdigest()) for n, c in parts]).encode()).hexdigest()


def register_tables() -> list[tables.Table]:
    """Return the catalogue's registers."""
    return [table for table in tables.catalogue().values() if table.kind == "register"]


def read(folder: Path) -> Registers:
    """Read and type every register of a city.

    Args:
        folder: ``<city>/registers``.

    Raises:
        RegisterError: listing every missing file or column and every cell that cannot be read.
    """
    problems: list[str] = []
    known = {table.name for table in register_tables()}
    for stray in sorted(p.name for p in folder.glob("*.csv") if p.stem not in known):
        close = difflib.get_close_matches(Path(stray).stem, known, 1, LIKELY_SLIP)
        if close:
            problems.append(both("not_a_register", at=stray, likely=close[0]))
    contents = {n: (folder / f"{n}.csv").read_bytes() for n in sorted(known) if (folder / f"{n}.csv").is_file()}
    for name in REQUIRED:
        if name not in contents:
            problems.append(both("register_must_exist", at=f"{name}.csv"))
    return typed(contents, problems)


def typed(contents: dict[str, bytes], problems: list[str] | None = None) -> Registers:
    """Type registers whose contents are at hand; absent ones are empty.

    Args:
        contents: Name of a register -> its bytes.
        problems: What is wrong already, to be raised together with what is found.

    Raises:
        RegisterError: listing every cell that cannot be read.
    """
    problems = [] if problems is None else problems
    result = Registers({}, contents)
    for table in register_tables():
        result.rows[table.name] = []
        if table.name in contents:
            file = f"{table.name}.csv"
            result.rows[table.name] = _read_one(table, file, contents[table.name], problems, result.findings)
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
        path = folder / f"{name}.csv"
        if path.is_file():
            found[name] = _read_one(tables.table(name), path.name, path.read_bytes(), problems, [])
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
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if not _header_is_sound(table, file, header, problems, findings):
            return []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
                problems.append(both("more_cells_than_headings", file=file, line=reader.line_num))
                continue
            given = dict(zip(header, cells, strict=False))
            row = RegisterRow(file, reader.line_num, {})
            for column in table.columns:
                row.values[column.name] = _typed(table, column, given.get(column.name, ""), row, problems)
            rows.append(row)
    except csv.Error as error:  # a cell beyond what csv takes, where a quote closes nowhere
        problems.append(both("register_not_csv", file=file, line=reader.line_num, error=error))
    return rows


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
        problems.append(both("columns_missing", at=file, missing=", ".join(missing)))
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        problems.append(both("columns_doubled", at=file, doubled=", ".join(doubled)))
    for name in header:
        if not name or name in known:
            continue
        close = difflib.get_close_matches(name, known - set(header), 1, LIKELY_SLIP)
        if close:
            problems.append(both("slip_of_column_name", at=file, name=name, likely=close[0]))
        else:
            findings.append(Finding("register_unknown_column", f"{file}:{name}", {"found": file, "column": name}))
    return len(problems) == before


def _typed(table: tables.Table, column: tables.Column, text: str, row: RegisterRow, problems: list[str]) -> Any:  # noqa: ANN401
    cell = text.strip()
    if not cell:
        if not column.nullable:
            problems.append(both("must_not_be_empty", at=row.place(column.name)))
        return None
    try:
        value = _parse(column, cell)
    except (PeriodError, InvalidOperation, ValueError) as error:
        told = both("cell_unreadable", at=row.place(column.name), cell=cell, meaning=column.meaning_ja)
        problems.append(f"{told} / {error}")
        return None
    if column.words and value not in column.words:
        problems.append(
            both("word_not_usable", at=row.place(column.name), value=cell, words=", ".join(sorted(column.words)))
        )
    return value


def _parse(column: tables.Column, cell: str) -> Any:  # noqa: ANN401
    if column.type == "DATE":
        return parse_date(cell)
    if column.type == "INTEGER":
        return parse_fiscal_year(cell)
    if column.type.startswith("DECIMAL"):
        number = Decimal(cell)
        width, places = (int(part) for part in column.type[8:-1].split(","))
        if not number.is_finite() or number != round(number, places) or abs(number) >= Decimal(10) ** (width - places):
            raise ValueError(both("too_many_decimals", places=places))
        return number
    return cell
