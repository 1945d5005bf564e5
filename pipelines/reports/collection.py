"""Workbooks for the departments: what each is asked for, with last year's value beside every cell; who has answered.

Reads the published file; writes one workbook per department and the append-only ``history/collections.jsonl`` (what was asked,
of whom, until when). ``sources/collection_book`` reads the workbooks that come back. An answer is a value in use of the same
source and month, however it came.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines.ask import select
from pipelines.findings import stable_id
from pipelines.history import journal
from pipelines.periods import fiscal_year_end, fiscal_year_start, to_wareki
from pipelines.reports import workbook
from pipelines.settings.city import CityFolder
from pipelines.texts import letter, word
from pipelines.warehouse import query

LEDGER = "collections.jsonl"
MARK = "facility-emissions collection 1"
ASKED_KINDS = ("bill", "delivery", "register")
SLIP_LINES = 60
# How far from last year's value Excel marks a cell for a second look.
LOOK_AGAIN = 3


@dataclass(frozen=True, slots=True)
class Issue:
    """One workbook: an id that stands in it, what it asks for, and of whom."""

    issue_id: str
    department: str
    fiscal_year: int
    month: int | None
    due_on: str
    sender: str
    issued_at: str
    path: str
    items: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Period:
    """A column of a workbook: a month, or the whole fiscal year for sources that report once a year."""

    name: str
    start: date
    end: date


def issue(city: CityFolder, fiscal_year: int, month: int | None, due: date, sender: str, out: Path) -> list[Issue]:
    """Write a workbook per department and keep what was asked on record.

    Args:
        city: The city folder; something must be published.
        fiscal_year: The fiscal year asked for.
        month: Only this month; ``None``: all twelve.
        due: Day by which answers are due.
        sender: Who asks, as printed.
        out: Folder of the workbooks.

    Raises:
        QueryError: nothing is published yet.
    """
    periods = _periods(fiscal_year, month)
    with query.opened(city.published) as connection:
        asked = select.rows(connection, "collection_asked", {"start": periods[0].start, "end": periods[-1].end})
        known = _known(connection)
    issues = []
    now = city.now()
    out.mkdir(parents=True, exist_ok=True)
    departments = sorted({row["department"] or "" for row in asked})
    names = workbook.file_names(department or word("no_department", "ja") for department in departments)
    for department in departments:
        rows = [row for row in asked if (row["department"] or "") == department]
        wanted = [item for row in rows for item in _items(row, periods, fiscal_year)]
        issue_id = stable_id(department, fiscal_year, month, now)[:12]
        name = _file_name(names[department or word("no_department", "ja")], fiscal_year, month)
        made = Issue(issue_id, department, fiscal_year, month, str(due), sender, str(now), str(out / name), wanted)
        _write(out / name, made, rows, periods, known, city.settings.city.name)
        issues.append(made)
    journal.append(city.history / LEDGER, [asdict(made) for made in issues])
    return issues


def status(city: CityFolder, fiscal_year: int, month: int | None = None) -> list[dict[str, Any]]:
    """Return who has answered: per department the cells asked for, those answered, and what is still open.

    Raises:
        QueryError: nothing is published yet.
    """
    issues: dict[str, Issue] = {}
    for record in journal.read(city.history / LEDGER):
        told = Issue(**record)
        if told.fiscal_year == fiscal_year and month in (None, told.month):
            issues[f"{told.department}/{told.month}"] = told
    with query.opened(city.published) as connection:
        known = _known(connection)
        names = {row["facility_id"]: row["name"] for row in select.rows(connection, "facility_names")}
    found = []
    for made in sorted(issues.values(), key=lambda i: (i.department, i.month or 0)):
        still_open = [
            item for item in made.items if not _answers(known, item) and date.fromisoformat(item["start"]) < city.today
        ]
        done = [item for item in made.items if _answers(known, item)]
        state = "answered" if not still_open else "partly" if done else "silent"
        for item in still_open:
            item["name"] = names.get(item["facility_id"], "")
        shown = asdict(made) | {"asked": len(made.items), "answered": len(done), "open": still_open, "state": state}
        shown["is_overdue"] = bool(still_open) and str(city.today) > made.due_on
        del shown["items"]
        found.append(shown)
    return found


def reminder(row: dict[str, Any], city_name: str) -> str:
    """Return the text of a reminder to one department; sent by a person.

    Args:
        row: A department as ``status`` returns it, with something open.
        city_name: The city.
    """
    due = to_wareki(date.fromisoformat(row["due_on"]))
    by_source: dict[tuple[str, str, str], list[str]] = {}
    for item in row["open"]:
        by_source.setdefault((item["facility_id"], item["name"], item["source_id"]), []).append(item["period"])
    lines = [
        f"・{name}（{facility}） {source}: {'、'.join(periods)}"
        for (facility, name, source), periods in by_source.items()
    ]
    text = [
        letter("reminder_to", department=row["department"]),
        "",
        letter("reminder_subject", city=city_name, fiscal_year=row["fiscal_year"]),
        "",
        letter("reminder_open", due=due, count=len(row["open"])),
        letter("reminder_zero"),
        "",
        *lines,
        "",
        row["sender"],
    ]
    return "\n".join(text)


def _periods(fiscal_year: int, month: int | None) -> list[Period]:
    months = [month] if month else [*range(4, 13), *range(1, 4)]
    found = []
    for number in months:
        year = fiscal_year + (number < 4)
        start = date(year, number, 1)
        found.append(Period(f"{year}-{number:02d}", start, date(year + number // 12, number % 12 + 1, 1)))
    return found


def _columns_of(row: dict[str, Any], periods: Sequence[Period], fiscal_year: int) -> list[Period]:
    """The periods a source is asked for: months, or the whole year where it reports once a year."""
    if row["frequency"] != "year":
        return [period for period in periods if period.start < row["until"] and period.end > row["since"]]
    whole = Period(f"FY{fiscal_year}", fiscal_year_start(fiscal_year), fiscal_year_end(fiscal_year))
    return [whole] if periods[-1].end == whole.end else []


def _items(row: dict[str, Any], periods: Sequence[Period], fiscal_year: int) -> Iterator[dict[str, Any]]:
    for period in _columns_of(row, periods, fiscal_year):
        yield {
            "source_kind": row["source_kind"],
            "source_id": row["source_id"],
            "facility_id": row["facility_id"],
            "reading_kind": row["reading_kind"],
            "period": period.name,
            "start": str(period.start),
            "end": str(period.end),
        }


Known = dict[tuple[str, str], list[tuple[datetime, datetime, Decimal, str]]]


def _known(connection: duckdb.DuckDBPyConnection) -> Known:
    found: Known = {}
    for row in select.rows(connection, "collection_known"):
        values = row["started_at"], row["ended_at"], row["quantity"], row["unit"]
        found.setdefault((row["source_kind"], row["source_id"]), []).append(values)
    return found


def _answers(known: Known, item: dict[str, Any]) -> bool:
    """Tell whether a value of the source covers part of the month; of deliveries, whether the month is closed."""
    start = datetime.fromisoformat(item["start"])
    end = datetime.fromisoformat(item["end"])
    for begun, ended, quantity, _ in known.get((item["source_kind"], item["source_id"]), []):
        closes = item["reading_kind"] != "delivery" or quantity == 0
        touches = start < begun <= end if begun == ended else begun < end and ended > start
        if closes and touches:
            return True
    return False


def _year_before(known: Known, row: dict[str, Any], period: Period) -> tuple[Decimal, str] | None:
    """What stands for the same period a year before: the values that end in it."""
    start, end = (datetime(d.year - 1, d.month, d.day) for d in (period.start, period.end))  # noqa: DTZ001 - local
    values = [v for v in known.get((row["source_kind"], row["source_id"]), []) if start < v[1] <= end]
    units = {v[3] for v in values}
    if not values or len(units) != 1:
        return None
    return (
        values[-1][2] if row["reading_kind"] == "register" else sum((v[2] for v in values), Decimal(0))
    ), units.pop()


def _file_name(department: str, fiscal_year: int, month: int | None) -> str:
    return f"{fiscal_year}年度{f'{month:02d}月' if month else ''}_{department}.xlsx"


def _write(path: Path, made: Issue, rows: list[dict[str, Any]], periods: list[Period], known: Known, city: str) -> None:
    with workbook.written(path) as book:
        forms = {
            "hidden": book.add_format({"font_color": "#999999", "font_size": 8}),
            "title": book.add_format({"bold": True, "font_size": 14}),
            "head": book.add_format(
                {"bold": True, "bg_color": "#E8EDF3", "border": 1, "align": "center", "text_wrap": True}
            ),
            "cell": book.add_format({"border": 1}),
            "before": book.add_format({"border": 1, "num_format": "#,##0.######", "font_color": "#5C6775"}),
            "input": book.add_format(
                {"border": 1, "num_format": "#,##0.######", "bg_color": "#FFFBE6", "locked": False}
            ),
            "day": book.add_format({"border": 1, "num_format": "yyyy/mm/dd", "bg_color": "#FFFBE6", "locked": False}),
            "look": book.add_format({"bg_color": "#FFD8A8"}),
        }
        meters = [row for row in rows if row["source_kind"] == "meter"]
        activities = [row for row in rows if row["source_kind"] == "activity"]
        if meters:
            _sheet(book.add_worksheet("エネルギー"), "reading", made, meters, periods, known, city, forms)
        if activities:
            _sheet(book.add_worksheet("活動量"), "activity", made, activities, periods, known, city, forms)
        delivered = [row for row in meters if row["reading_kind"] == "delivery"]
        if delivered:
            _slips(book.add_worksheet("納品伝票"), delivered, forms)


def _sheet(
    sheet: Any,  # noqa: ANN401 - a worksheet of XlsxWriter, which has no types
    record: str,
    made: Issue,
    rows: list[dict[str, Any]],
    periods: list[Period],
    known: Known,
    city: str,
    forms: dict[str, Any],
) -> None:
    """A sheet of sources down and months across; only the yellow cells can be written."""
    columns = sorted(
        {p for row in rows for p in _columns_of(row, periods, made.fiscal_year)}, key=lambda p: (p.end, p.name)
    )
    sheet.protect("", {"format_columns": True, "select_locked_cells": True})
    sheet.write_row(0, 0, [MARK, made.issue_id, record], forms["hidden"])
    sheet.write(
        1, 2, letter("form_title", city=city, fiscal_year=made.fiscal_year, department=made.department), forms["title"]
    )
    due = to_wareki(date.fromisoformat(made.due_on))
    sheet.write(2, 2, letter("form_due", due=due, sender=made.sender))
    sheet.write(3, 2, letter("form_slips"))
    sheet.set_row(0, 10)
    sheet.set_row(4, None, None, {"hidden": True})
    sheet.set_column(0, 1, 2, None, {"hidden": True})
    sheet.set_column(2, 2, 34)
    sheet.set_column(3, 3, 18)
    sheet.set_column(4, 4, 8)
    sheet.set_column(5, 4 + 2 * len(columns), 12)
    sheet.write_row(5, 2, [letter("form_source"), letter("form_kind"), letter("form_unit")], forms["head"])
    for number, period in enumerate(columns):
        label = period.name if period.name.startswith("FY") else f"{period.start.month}月"
        sheet.write(4, 6 + 2 * number, period.name)
        sheet.write(5, 5 + 2 * number, f"{label} 前年", forms["head"])
        sheet.write(5, 6 + 2 * number, label, forms["head"])
    for line, row in enumerate(rows, start=6):
        sheet.write_row(line, 0, [row["source_id"], row["reading_kind"]])
        sheet.write(line, 2, f"{row['name']}（{row['source_id']}）", forms["cell"])
        kind = f"（{word(row['reading_kind'], 'ja')}）" if row["reading_kind"] in ("register", "delivery") else ""
        sheet.write(line, 3, f"{row['what'] or ''}{kind}", forms["cell"])
        sheet.write(line, 4, row["unit"], forms["cell"])
        own = _columns_of(row, periods, made.fiscal_year)
        for number, period in enumerate(columns):
            if period in own:
                _month(sheet, line, 5 + 2 * number, _year_before(known, row, period), row, forms)
    sheet.freeze_panes(6, 5)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _month(
    sheet: Any,  # noqa: ANN401 - a worksheet of XlsxWriter
    line: int,
    column: int,
    before: tuple[Decimal, str] | None,
    row: dict[str, Any],
    forms: dict[str, Any],
) -> None:
    """Last year's value, and the cell to fill with the checks that Excel makes itself."""
    if before is None:
        sheet.write_blank(line, column, None, forms["before"])
    elif before[1] == row["unit"]:
        sheet.write_number(line, column, float(before[0]), forms["before"])
    else:
        sheet.write_string(line, column, f"{before[0].normalize():f} {before[1]}", forms["before"])
    sheet.write_blank(line, column + 1, None, forms["input"])
    only_zero = row["reading_kind"] == "delivery"
    sheet.data_validation(
        line,
        column + 1,
        line,
        column + 1,
        {
            "validate": "decimal",
            "criteria": "==" if only_zero else ">=",
            "value": 0,
            "ignore_blank": True,
            "error_title": letter("form_check_title"),
            "error_message": letter("form_only_zero") if only_zero else letter("form_a_number"),
        },
    )
    if before is not None and before[1] == row["unit"] and before[0] > 0 and not only_zero:
        for criteria, value in ((">", float(before[0]) * LOOK_AGAIN), ("<", float(before[0]) / LOOK_AGAIN)):
            rule = {"type": "cell", "criteria": criteria, "value": value, "format": forms["look"]}
            if criteria == "<":
                rule = {"type": "formula", "criteria": _below(line, column + 1, value), "format": forms["look"]}
            sheet.conditional_format(line, column + 1, line, column + 1, rule)


def _below(line: int, column: int, value: float) -> str:
    """A formula that marks a filled cell below a value: an empty one is no answer, not a small one."""
    cell = workbook.cell_name(line, column)
    return f'=AND({cell}<>"",{cell}<{value!r})'


def _slips(sheet: Any, rows: list[dict[str, Any]], forms: dict[str, Any]) -> None:  # noqa: ANN401 - XlsxWriter
    """The sheet of delivery slips: one line a delivery."""
    sheet.protect("", {"format_columns": True})
    sheet.set_column(0, 5, 16)
    sheet.write_row(0, 0, ["納品日", "計器ID", "数量", "単位", "金額", "伝票番号"], forms["head"])
    for line in range(1, SLIP_LINES + 1):
        sheet.write_blank(line, 0, None, forms["day"])
        for column in range(1, 6):
            sheet.write_blank(line, column, None, forms["input"])
    known = workbook.choices([row["source_id"] for row in rows])
    if known is not None:
        sheet.data_validation(1, 1, SLIP_LINES, 1, known)
    first = {"validate": "date", "criteria": ">", "value": date(2000, 1, 1), "ignore_blank": True}
    sheet.data_validation(1, 0, SLIP_LINES, 0, first)
    sheet.data_validation(
        1, 2, SLIP_LINES, 2, {"validate": "decimal", "criteria": ">", "value": 0, "ignore_blank": True}
    )
