"""The periodic report as a workbook to copy from, in the order of the form, and as a CSV of its cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.cells import cell_len

from pipelines import durable
from pipelines.ask.periodic import ORDER, PeriodicReport, ReportCell
from pipelines.reports import workbook
from pipelines.texts import letter
from pipelines.warehouse.answer import neutral

WIDTHS = (30, 24, 16, 9, 46, 46)
LINE = 15  # points of a line
COLUMNS = ("row", "column", "value", "unit", "how", "reason")  # of the CSV


def write(path: Path, found: PeriodicReport, city: str, known_at: str) -> None:
    """Write the workbook, and beside it the cells as CSV.

    Args:
        path: The workbook, ``.xlsx``; files that stand there are replaced.
        found: The report.
        city: Name of the city.
        known_at: When the published file was made.

    Raises:
        OSError: a file cannot be written.
    """
    content = io.BytesIO()
    with workbook.written(content) as book:
        formats = {
            "title": book.add_format({"bold": True, "font_size": 13}),
            "warn": book.add_format({"bold": True, "font_color": "#a00000"}),
            "head": book.add_format({"bold": True, "bg_color": "#e8f1fe", "border": 1, "text_wrap": True}),
            "cell": book.add_format({"border": 1, "text_wrap": True, "valign": "top"}),
            "number": book.add_format({"border": 1, "num_format": "#,##0.000", "valign": "top"}),
            "empty": book.add_format({"border": 1, "bg_color": "#f1f1f4"}),
        }
        head = letter(
            "periodic_title",
            city=city,
            operator=f"{found.operator_id} {found.name}",
            year=found.fiscal_year,
            known_at=known_at,
        )
        for table in ORDER:
            cells = [cell for cell in found.cells if cell.table == table]
            if cells:
                _sheet(book, formats, table, head, cells)
        _checks(book, formats, head, found)
    durable.write(path, content.getvalue())
    durable.write(path.with_suffix(".csv"), _csv(found.cells))


def _begin(book: Any, formats: Any, name: str, head: str, columns: Sequence[str]) -> Any:  # noqa: ANN401 - XlsxWriter has no types
    sheet = book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, head, formats["title"])
    sheet.write_string(1, 0, letter("periodic_not_to_file"), formats["warn"])
    for number, (column, width) in enumerate(zip(columns, WIDTHS, strict=False)):
        sheet.set_column(number, number, width)
        sheet.write_string(3, number, column, formats["head"])
    sheet.freeze_panes(4, 0)
    return sheet


def _sheet(book: Any, formats: Any, table: str, head: str, cells: Sequence[ReportCell]) -> None:  # noqa: ANN401
    columns = (
        letter("periodic_head_row"), letter("periodic_head_column"), letter("periodic_head_value"), letter("periodic_head_unit"),
        letter("periodic_head_how"), letter("periodic_head_reason"),
    )  # fmt: skip
    sheet = _begin(book, formats, table, head, columns)
    for line, cell in enumerate(cells, start=4):
        longest = max(
            -(-cell_len(text) // (width - 2))
            for text, width in ((cell.row, WIDTHS[0]), (cell.how, WIDTHS[4]), (cell.reason, WIDTHS[5]))
        )
        sheet.set_row(line, LINE * max(longest, 1))
        for number, text in ((0, cell.row), (1, cell.column), (3, cell.unit), (4, cell.how), (5, cell.reason)):
            sheet.write_string(line, number, text, formats["cell"])
        if cell.value is None:
            sheet.write_blank(line, 2, None, formats["empty"])
        elif isinstance(cell.value, str):
            sheet.write_string(line, 2, cell.value, formats["cell"])
        else:
            sheet.write_number(line, 2, float(cell.value), formats["number"])


def _checks(book: Any, formats: Any, head: str, found: PeriodicReport) -> None:  # noqa: ANN401
    columns = (letter("periodic_head_point"), letter("periodic_head_passed"), letter("periodic_head_detail"))
    sheet = _begin(book, formats, letter("periodic_checks"), head, columns)
    words = {True: letter("periodic_passed"), False: letter("periodic_failed"), None: letter("periodic_unknown")}
    line = 4
    for check in found.checks:
        for number, text in enumerate((check.point, words[check.passed], check.detail)):
            sheet.write_string(line, number, text, formats["cell"])
        line += 1
    for row in found.filed:
        told = letter("periodic_filed", on=row["filed_on"], receipt=row["receipt_no"] or "-")
        stated = f"{row['stated_item']} {row['stated_value']:,.3f}" if row["stated_value"] is not None else "-"
        for number, text in enumerate((told, stated, _beside(row, found))):
            sheet.write_string(line, number, text, formats["cell"])
        line += 1


def _beside(row: Any, found: PeriodicReport) -> str:  # noqa: ANN401
    """The figure as it is reckoned now beside the one that was filed, with the difference."""
    now = found.now(row["stated_item"])
    if now is None or row["stated_value"] is None:
        return ""
    return letter(
        "periodic_beside", now=f"{float(now):,.3f}", difference=f"{float(now) - float(row['stated_value']):+,.3f}"
    )


def _csv(cells: Sequence[ReportCell]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["cell_id", "table", *COLUMNS])
    for cell in cells:
        value = "" if cell.value is None else cell.value
        told = (cell.cell_id, cell.table, cell.row, cell.column, value, cell.unit, cell.how, cell.reason)
        writer.writerow([neutral(each) for each in told])
    return b"\xef\xbb\xbf" + text.getvalue().encode()
