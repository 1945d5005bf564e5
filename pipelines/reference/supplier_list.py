"""Read a ministries' yearly list of supplier factors: electricity, city gas or heat, as text, CSV or Excel.

The lists state registration number, name, menu (or supply area), basic and adjusted factor; ※ marks a value that the
ministries replaced. In text taken from the printed pages the number stands in the middle of its menus; in tables it
stands on their first row. Nothing is guessed: a row that cannot be read is told with its line, and nothing is taken.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from pipelines.errors import ActionableError
from pipelines.process import child
from pipelines.texts import both

ENCODINGS = ("utf-8-sig", "utf-16", "cp932")
MOST_BYTES = 20_000_000
MOST_MEMORY, MOST_SECONDS = 1_000_000_000, 120
KINDS = {"electricity": "t_CO2/kWh", "city_gas": "t_CO2/thousand_m3", "heat": "t_CO2/GJ"}
TITLES = {"electricity": "電気事業者別", "city_gas": "ガス事業者別", "heat": "熱供給事業者別"}
UNIT_WORDS = {"kgCO2/kWh": Decimal("0.001"), "tCO2/kWh": Decimal(1), "kgCO2/m3": Decimal(1), "tCO2/千m3": Decimal(1),
              "tCO2/GJ": Decimal(1), "kgCO2/GJ": Decimal("0.001"), "kgCO2/MJ": Decimal(1)}  # fmt: skip
NUMBER = re.compile(r"^[A-Z]\d{4}$|^\d{3}$")
VALUE = re.compile(r"^\d+(?:\.\d+)?※?$|^[-‐−—―]$")
DASHES = frozenset("-‐−—―")
RESULT = re.compile(r"[(（\-‐−—―ー－\s](?:令和|R)\s*(\d+|元)\s*年度\s*(?:供給)?実績[)）\-‐−—―ー－\s]")
ACTIVITY = re.compile(r"(?:令和|R)\s*(\d+|元)\s*年度の温室効果ガス排出量を算定")
DAY = re.compile(r"(?:令和|R)\s*(\d+|元)[.年]\s*(\d{1,2})[.月]\s*(\d{1,2})")
REPLACED = "※ 公表元が代替値に置き換えた値"


Word = TypeVar("Word", str, int)


class ListError(ActionableError, ValueError):
    """The list cannot be taken; the message names every line and what to do."""


@dataclass(frozen=True, slots=True)
class SupplierRow:
    """One line of the list: whose factor, of which menu, basic and adjusted in the list kind's unit."""

    line: int
    number: str
    name: str
    kind: str
    menu: str | None
    basic: Decimal | None
    adjusted: Decimal | None
    note: str | None


@dataclass(slots=True)
class SupplierList:
    """A list as read: what it is of, which year's results, for which activity year, when issued, its rows."""

    kind: str
    result_fy: int
    activity_fy: int | None
    issued_on: date
    is_provisional: bool
    rows: list[SupplierRow]
    ignored: int = 0


@dataclass(slots=True)
class _Line:
    number: int
    cells: list[str]
    text: str


@dataclass(slots=True)
class _Asked:
    kind: str | None
    result_fy: int | None
    activity_fy: int | None
    issued_on: date | None
    problems: list[str] = field(default_factory=list)


def read(
    path: Path,
    kind: str | None = None,
    result_fy: int | None = None,
    activity_fy: int | None = None,
    issued_on: date | None = None,
) -> SupplierList:
    """Read a list; what the options state must not contradict its header.

    Args:
        path: Text, CSV, TSV or Excel.
        kind: ``electricity``, ``city_gas`` or ``heat``.
        result_fy: Fiscal year of the results.
        activity_fy: Fiscal year whose emissions are counted with it.
        issued_on: Date of this issue (the last update).

    Raises:
        ListError: listing everything that is missing, contradictory or unreadable.
    """
    lines, is_table = _lines(path)
    asked = _Asked(kind, result_fy, activity_fy, issued_on)
    header = _Header(lines, asked)
    rows, ignored = _rows_of_table(lines, header, asked) if is_table else _rows_of_text(lines, header, asked)
    if not rows:
        asked.problems.append(both("no_row_of_factors"))
    asked.problems += _doubles(rows)
    if asked.problems:
        told = "\n".join(f"  {problem}" for problem in asked.problems)
        raise ListError(f"{both('list_not_taken', at=path.name)}:\n{told}")
    found = header.as_list(rows)
    found.ignored = ignored
    return found


def _lines(path: Path) -> tuple[list[_Line], bool]:
    content = path.read_bytes()
    if len(content) > MOST_BYTES:
        raise ListError(both("list_too_large", at=path.name, size=len(content), limit=MOST_BYTES))
    if content[:4] == b"PK\x03\x04":
        return _sheet(path), True
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise ListError(both("list_unknown_encoding", at=path.name))
    raw = text.splitlines()
    tabs, commas = (sum(line.count(sign) >= 3 for line in raw) for sign in ("\t", ","))
    if max(tabs, commas) * 2 > sum(bool(line.strip()) for line in raw):
        reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if tabs >= commas else ",")
        return [_Line(reader.line_num, [_plain(c) for c in cells], _plain(" ".join(cells))) for cells in reader], True
    return [_Line(n, _split(line), _plain(line)) for n, line in enumerate(raw, 1)], False


def _sheet(path: Path) -> list[_Line]:
    """Read a workbook in a process of its own: it comes from outside, and a broken one may take its reader with it."""
    try:
        sheets = child.call(_cells, path, memory=MOST_MEMORY, seconds=MOST_SECONDS)
    except (child.ChildDiedError, ValueError, OSError, RuntimeError) as error:
        raise ListError(both("list_no_workbook", at=path.name, error=error)) from error
    lines = []
    for rows in sheets:
        for number, cells in enumerate(rows, 1):
            words = [
                _plain(str(int(c)) if isinstance(c, float) and c.is_integer() and c >= 1 else str(c)) for c in cells
            ]
            lines.append(_Line(number, words, " ".join(words)))
    return lines


def _cells(path: Path) -> list[list[list[object]]]:
    """Return the cells of each sheet.

    Raises:
        ValueError: it is no workbook.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_path(str(path))
        return [workbook.get_sheet_by_name(sheet).to_python() for sheet in workbook.sheet_names]
    except CalamineError as error:
        raise ValueError(str(error)) from error


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _split(line: str) -> list[str]:
    """Cells of a line of text: apart by two blanks or more."""
    return [_plain(part) for part in re.split(r"\s{2,}", unicodedata.normalize("NFKC", line).strip()) if part.strip()]


class _Header:
    """What stands above the rows: of what, which years, which dates, in which unit."""

    def __init__(self, lines: Sequence[_Line], asked: _Asked) -> None:
        text = "\n".join(f" {line.text} " for line in lines)
        squeezed = text.replace(" ", "").replace("-", "")
        self.asked = asked
        kinds = {kind for kind, title in TITLES.items() if f"{title}排出係数" in squeezed or f"{title}係数" in squeezed}
        self.kind = self._one("--kind", asked.kind, kinds, "electricity / city_gas / heat")
        self.result_fy = self._one("--result-fy", asked.result_fy, {_year(n) for n in RESULT.findall(text)}, "例 2025")
        activity = {_year(n) for n in ACTIVITY.findall(text)}
        if not activity and asked.activity_fy is None and self.kind == "electricity" and self.result_fy:
            activity = {self.result_fy + 1}  # 前年度の実績の係数を用いる
        self.activity_fy = self._one("--activity-fy", asked.activity_fy, activity, "例 2026")
        self.issued_on = asked.issued_on or self._last_day(lines)
        if self.issued_on is None:
            asked.problems.append(both("state_issued_on"))
        self.is_provisional = "暫定" in text or "速報" in text
        units = {u for u in UNIT_WORDS if u.lower() in squeezed.replace("₂", "2").lower()}
        self.scale = UNIT_WORDS[units.pop()] if len(units) == 1 else Decimal(1)

    def as_list(self, rows: list[SupplierRow]) -> SupplierList:
        assert self.kind and self.result_fy and self.issued_on  # noqa: S101 - problems were raised before
        return SupplierList(self.kind, self.result_fy, self.activity_fy, self.issued_on, self.is_provisional, rows)

    def _one(self, option: str, stated: Word | None, found: set[Word], example: str) -> Word | None:
        if stated is not None and found and found != {stated}:
            told = ", ".join(map(str, sorted(found, key=str)))
            self.asked.problems.append(both("header_says", at=f"{option} {stated}", told=told))
        elif stated is None and len(found) != 1:
            told = ", ".join(map(str, sorted(found, key=str))) or "-"
            self.asked.problems.append(both("not_in_header", told=told, option=option, example=example))
        return stated if stated is not None else next(iter(found), None)

    @staticmethod
    def _last_day(lines: Sequence[_Line]) -> date | None:
        days = []
        for line in lines:
            if "公表" in line.text or "更新" in line.text or "訂正" in line.text:
                for year, month, day in DAY.findall(line.text):
                    try:
                        days.append(date(_year(year), int(month), int(day)))
                    except ValueError:
                        continue
        return max(days, default=None)


def _year(number: str) -> int:
    return 2018 + (1 if number == "元" else int(number))


# ------------------------------------------------------------------ rows


def _rows_of_table(lines: Sequence[_Line], header: _Header, asked: _Asked) -> tuple[list[SupplierRow], int]:
    """Rows of CSV or Excel: the supplier stands on the first row of its menus."""
    columns: dict[str, int] | None = None
    rows: list[SupplierRow] = []
    ignored = 0
    number, name = "", ""
    for line in lines:
        found = _columns(line.cells)
        if found is not None:
            columns, number, name = found, "", ""
            ignored += 1
            continue
        at = columns or {"number": 0, "name": 1, "menu": 2, "basic": 3, "adjusted": 4}
        cell = {key: line.cells[n] if n < len(line.cells) else "" for key, n in at.items()}
        if not any(line.cells) or not VALUE.match(cell["basic"]) or not VALUE.match(cell["adjusted"] or "?"):
            if columns is not None and any(ch.isdigit() for ch in cell["basic"] + cell["adjusted"]):
                asked.problems.append(both("factor_unreadable", line=line.number, found=line.text[:60]))
            ignored += 1
            continue
        number = cell["number"] or number
        name = cell["name"] or (name if not cell["number"] else "")
        if not number or not name:
            asked.problems.append(both("no_number_or_name", line=line.number, found=line.text[:60]))
            continue
        if header.kind == "heat" and number.isdigit():
            number = number.zfill(3)
        rows.append(_row(line.number, number, name, cell["menu"], cell["basic"], cell["adjusted"], header))
    return rows, ignored


def _columns(cells: Sequence[str]) -> dict[str, int] | None:
    """Return role -> position when the row is the heading of the table."""
    words = {"number": "登録番号", "name": "事業者名", "menu": "メニュー", "basic": "基礎", "adjusted": "調整後"}
    found = {key: next((n for n, cell in enumerate(cells) if word in cell), -1) for key, word in words.items()}
    if min(found[key] for key in ("number", "name", "basic", "adjusted")) < 0:
        return None
    return {key: n for key, n in found.items() if n >= 0} | ({} if found["menu"] >= 0 else {"menu": len(cells)})


def _rows_of_text(lines: Sequence[_Line], header: _Header, asked: _Asked) -> tuple[list[SupplierRow], int]:
    """Rows of text: a block of menus has its supplier's number and name on one of its lines, or between them."""
    rows: list[SupplierRow] = []
    block: list[tuple[_Line, str, str, str]] = []
    owners: list[tuple[str, str]] = []
    ignored = 0

    def close() -> None:
        if not block and not owners:
            return
        if len(owners) != 1 or not block:
            first = block[0][0] if block else None
            where = f"{first.number}行目" if first else f"{owners[0][0]}"
            asked.problems.append(both("menus_without_supplier", at=where, owners=len(owners)))
        else:
            rows.extend(_row(li.number, *owners[0], menu, b, a, header) for li, menu, b, a in block)
        block.clear()
        owners.clear()

    for line in lines:
        number, name, menu, values = _tokens(line.cells)
        if name == "代替値" and values:
            close()
            rows.append(_row(line.number, "-", "代替値", "", values[0], values[-1], header))
            continue
        if not number and not (menu and len(values) == 2):
            ignored += 1
            continue
        begins = menu.startswith("メニューA") or (number and len(values) == 2 and not menu)
        if begins or (owners and number) or (block and _is_last(block[-1][1])):
            close()
        if number:
            owners.append((number, name))
        if len(values) == 2:
            block.append((line, menu, *values))
            if number and not menu:
                close()
    close()
    return rows, ignored


def _is_last(menu: str) -> bool:
    """The reference of the whole company closes a supplier's block."""
    return "事業者全体" in menu


def _tokens(cells: Sequence[str]) -> tuple[str, str, str, tuple[str, ...]]:
    """Return (registration number, name, menu, the two values) of a line of text."""
    words = [part for cell in cells for part in _numbered(cell)]
    number = ""
    if words and (NUMBER.match(words[0]) or (words[0].isdigit() and len(words) > 1 and int(words[0]) <= 10)):
        number = words.pop(0)
        number = f"G{int(number):02d}" if number.isdigit() and len(number) <= 2 else number
    texts: list[str] = []
    while words and not VALUE.match(words[0]):
        texts.append(words.pop(0))
    values: tuple[str, ...] = ()
    if number.startswith("G") and len(words) < 2:
        return "", "", "", ()  # the number of a page
    if len(words) >= 2 and all(VALUE.match(w) and w not in DASHES for w in words[:2]):
        values = (words[0], words[1])
    elif texts[:1] == ["代替値"] and words and VALUE.match(words[0]):
        values = (words[0],)
    menu = next((t for t in texts if t.startswith(("メニュー", "(参考値)", "(残差)"))), "")
    name = next((t for t in texts if t != menu), "")
    return number, name, menu, values


def _numbered(cell: str) -> Iterable[str]:
    """A number that only one blank parts from its name is a cell of its own."""
    head, _, rest = cell.partition(" ")
    if rest and (NUMBER.match(head) or (head.isdigit() and len(head) <= 2)):
        return (head, rest)
    return (cell,)


def _row(line: int, number: str, name: str, menu: str, basic: str, adjusted: str, header: _Header) -> SupplierRow:
    kind, key = _kind_of(str(header.kind), number, menu)
    note = REPLACED if "※" in basic + adjusted else None
    return SupplierRow(line, number, name, kind, key, _value(basic, header.scale), _value(adjusted, header.scale), note)


def _kind_of(list_kind: str, number: str, menu: str) -> tuple[str, str | None]:
    """Return the kind of row and the menu's key, as contracts name them."""
    if number == "-":
        return "national_substitute", None
    if number.startswith("G") and number[1:].isdigit() and len(number) == 3:
        return "last_resort_or_island_supply", None
    if "事業者全体" in menu:
        return "whole_company_reference", None
    if list_kind == "electricity":
        key = menu.replace("(残差)", "").replace("メニュー", "").strip() or None
        return ("residual" if "残差" in menu else "menu" if menu else "single"), key
    if not menu:
        return "single", None
    return ("residual" if menu.endswith("残差") else "menu" if "メニュー" in menu else "area"), menu


def _value(text: str, scale: Decimal) -> Decimal | None:
    return None if text in DASHES or not text else Decimal(text.rstrip("※")) * scale


def _doubles(rows: Sequence[SupplierRow]) -> list[str]:
    seen: dict[tuple[str, str, str | None], int] = {}
    problems: list[str] = []
    for row in rows:
        key = (row.number, row.kind, row.menu)
        if key in seen:
            problems.append(
                both("row_doubled", line=row.line, other=seen[key], number=row.number, menu=row.menu or row.kind)
            )
        seen.setdefault(key, row.line)
    return problems
