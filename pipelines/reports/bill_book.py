"""Workbooks to enter bills by hand, one per department: a row per meter and month, checked by Excel itself while it is filled.

Reads the published file; writes workbooks that ``sources/layouts/layouts.toml`` describes as ``bill_entry``, from where their headings are.
A row says by itself whose it is and which month it is for, so that it may be sorted, moved or deleted; what Excel checks is a help
to whoever types, and what counts is checked again when the workbook is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from pipelines.ask import select
from pipelines.periods import fiscal_year_end, fiscal_year_start
from pipelines.reports import workbook
from pipelines.settings.city import CityFolder
from pipelines.sources.layouts import described
from pipelines.texts import letter, word
from pipelines.warehouse import query

LAYOUT = "bill_entry"
# From how much on Excel colours a quantity that differs from last year's of the month.
DIFFERS = 0.3
# A period may begin so long before the fiscal year, and end so long after it.
DAYS_BESIDE = 62
NEAR_DAYS = 15
HEAD = 4  # the row of the headings, counted from 0
A4 = 9
# The columns in their order, with their widths: those of the layout by their role, the others by the name of their heading.
COLUMNS = {
    "facility": 17, "what": 19, "for_month": 10, "supply_point": 24, "contract": 16, "start": 11, "end": 11, "index_before": 10,
    "index_after": 10,
    "ratio": 6, "quantity": 11, "unit": 6, "yen": 10, "evidence": 20, "before": 11, "change": 8, "check": 33, "meter": 24,
}  # fmt: skip
# The headings of those that are not read.
HEADINGS = {
    "facility": "bills_facility", "what": "bills_what", "supply_point": "bills_supply_point", "contract": "bills_contract",
    "ratio": "bills_ratio", "before": "bills_before", "change": "bills_change", "check": "bills_check",
}  # fmt: skip
PLACES = {name: place for place, name in enumerate(COLUMNS)}
ENTRIES = ("start", "end", "index_before", "index_after", "ratio", "quantity", "unit", "yen", "evidence")
NUMBERS = ("index_before", "index_after", "ratio", "quantity")


@dataclass(frozen=True, slots=True)
class Made:
    """One workbook: of which department, where, and how many rows it asks for."""

    department: str
    path: str
    rows: int


def make(city: CityFolder, fiscal_year: int, out: Path, department: str | None = None) -> list[Made]:
    """Write a workbook per department that has meters whose bills are entered.

    Args:
        city: The city folder; something must be published.
        fiscal_year: The fiscal year of the bills.
        out: Folder of the workbooks.
        department: Only this one; ``None``: all.

    Raises:
        QueryError: nothing is published yet.
    """
    span = {"start": fiscal_year_start(fiscal_year), "end": fiscal_year_end(fiscal_year)}
    with query.opened(city.published) as connection:
        asked = select.rows(connection, "bills_asked", span)
    out.mkdir(parents=True, exist_ok=True)
    found = []
    names = workbook.file_names(row["department"] or word("no_department", "ja") for row in asked)
    for name, same in groupby(asked, lambda row: row["department"] or word("no_department", "ja")):
        if department in (None, name):
            rows = list(same)
            path = out / letter("bills_file", fiscal_year=fiscal_year, department=names[name])
            _write(path, letter("bills_title", city=city.settings.city.name, fiscal_year=fiscal_year, department=name),
                   rows, city.settings.city.name, fiscal_year)  # fmt: skip
            found.append(Made(name, str(path), len(rows)))
    return found


def headings() -> dict[str, str]:
    """Return column -> its heading, those that are read as the layout has them."""
    read = described.own()[LAYOUT].columns
    return {name: letter(HEADINGS[name]) if name in HEADINGS else str(read[name]) for name in COLUMNS}


def _write(path: Path, title: str, rows: Sequence[Mapping[str, Any]], city: str, fiscal_year: int) -> None:
    last = HEAD + len(rows)
    with workbook.written(path) as book:
        forms = _forms(book)
        sheet = book.add_worksheet(letter("bills_sheet"))
        sheet.write(0, 0, title, forms["title"])
        sheet.write(1, 0, letter("bills_how"))
        sheet.write(2, 0, letter("bills_how_evidence"))
        quantities = _span("quantity", HEAD + 1, last)
        sheet.write_formula(3, 0, f'="{letter("bills_filled")} "&COUNT({quantities})&" / {len(rows)}"', None, "")
        for name, heading in headings().items():
            sheet.write(HEAD, PLACES[name], heading, forms["head_entry" if name in ENTRIES else "head"])
            sheet.set_column(PLACES[name], PLACES[name], COLUMNS[name])
        before: Mapping[str, Any] | None = None
        for line, row in enumerate(rows, start=HEAD + 1):
            is_next = before is not None and before["meter_id"] == row["meter_id"]
            _row(sheet, line, row, city, forms, is_next=is_next)
            before = row
        _checks(sheet, last, forms, fiscal_year)
        _on_paper(sheet, last)


def _forms(book: Any) -> dict[str, Any]:  # noqa: ANN401 - a workbook of XlsxWriter, which has no types
    line, entry = {"border": 7, "valign": "vcenter"}, {"bg_color": "#FFFBE6", "locked": False}
    head = {"bold": True, "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True}
    described_forms: dict[str, dict[str, Any]] = {
        "title": {"bold": True, "font_size": 14},
        "head": head | {"bg_color": "#E8EDF3"},
        "head_entry": head | {"bg_color": "#FFE9A8"},
        "cell": line | {"shrink": True},
        "text": line | entry | {"num_format": "@", "shrink": True},
        "number": line | entry | {"num_format": "#,##0.######"},
        "day": line | entry | {"num_format": "yyyy/mm/dd"},
        "before": line | {"num_format": "#,##0.######", "font_color": "#5C6775", "bg_color": "#EEF0F3"},
        "change": line | {"num_format": "+0%;-0%;0%", "font_color": "#5C6775", "bg_color": "#EEF0F3"},
        "key": line | {"font_color": "#8A93A0", "font_size": 8, "shrink": True},
        "differs": {"bg_color": "#FFD8A8"},
        "wrong": {"bg_color": "#F7B7B2", "font_color": "#7A1610"},
        "done": {"font_color": "#1F6B3A"},
    }
    first = {f"first_{name}": form | {"top": 1} for name, form in described_forms.items() if "border" in form}
    return {name: book.add_format(form) for name, form in (described_forms | first).items()}


def _row(
    sheet: Any,  # noqa: ANN401 - a worksheet of XlsxWriter
    line: int,
    row: Mapping[str, Any],
    city: str,
    forms: Mapping[str, Any],
    *,
    is_next: bool,
) -> None:
    """A meter's month: what is known of it, the empty cells to fill, and the formulas that check them."""
    if not is_next:
        forms = {**forms, **{name.removeprefix("first_"): forms[name] for name in forms if name.startswith("first_")}}
    said = {
        "facility": row["name"],
        "what": f"{row['what']} {row['meter_id']}",
        "for_month": f"{row['month'].year}年{row['month'].month}月",
        "supply_point": row["supply_point"] or "",
        "contract": " ".join(each for each in (row["supplier"], row["contract_no"]) if each),
    }
    for name, text in said.items():
        sheet.write_string(line, PLACES[name], text, forms["cell"])
    for name in ENTRIES:
        form = "day" if name in ("start", "end") else "text" if name in ("unit", "evidence") else "number"
        sheet.write_blank(line, PLACES[name], None, forms[form])
    sheet.write_string(line, PLACES["unit"], row["unit"], forms["text"])
    if row["ratio"]:
        sheet.write_number(line, PLACES["ratio"], row["ratio"], forms["number"])
    if row["quantity_before"] is not None and row["unit_before"] == row["unit"]:
        sheet.write_number(line, PLACES["before"], float(row["quantity_before"]), forms["before"])
    else:
        told = "" if row["quantity_before"] is None else f"{row['quantity_before'].normalize():f} {row['unit_before']}"
        sheet.write_string(line, PLACES["before"], told, forms["before"])
    change = f'=IF({_differs(line)[0]},{_at("quantity", line)}/{_at("before", line)}-1,"")'
    sheet.write_formula(line, PLACES["change"], change, forms["change"], "")
    chained = _at("index_after", line - 1) if is_next else _literal(row["index_then"])
    sheet.write_formula(line, PLACES["check"], _check(line, row["month"], chained), forms["cell"], "")
    sheet.write_string(line, PLACES["meter"], f"{city}/{row['meter_id']}", forms["key"])


def _check(line: int, month: date, chained: str) -> str:
    """The formula that says what is the matter with a row, the gravest thing first, or that all is well."""
    c = {name: _at(name, line) for name in PLACES}
    first, last = month - timedelta(days=NEAR_DAYS), _next(month) + timedelta(days=NEAR_DAYS - 1)
    both_states = f'{c["index_before"]}<>"",{c["index_after"]}<>""'
    moved = f'({c["index_after"]}-{c["index_before"]})*IF({c["ratio"]}="",1,{c["ratio"]})'
    cases = [
        (f'OR({c["start"]}="",{c["end"]}="")', "bills_check_period"),
        (f"{c['end']}<{c['start']}", "bills_check_order"),
        (f"OR({c['end']}<{_day(first)},{c['end']}>{_day(last)})", "bills_check_month"),
        (f'AND({c["index_before"]}<>"",{chained}<>"",{c["index_before"]}<>{chained})', "bills_check_chain"),
        (f"AND({both_states},{c['index_after']}<{c['index_before']})", "bills_check_back"),
        (f"AND({both_states},ABS({moved}-{c['quantity']})>=1)", "bills_check_moved"),
        (f"IF({','.join(_differs(line))},FALSE)", "bills_check_differs"),
    ]
    told = f'"{letter("bills_ok")}"'
    for condition, name in reversed(cases):
        told = f'IF({condition},"{letter(name)}",{told})'
    filled = ",".join(c[name] for name in ("start", "end", "index_before", "index_after", "yen", "evidence"))
    empty = f'IF(COUNTA({filled})>0,"{letter("bills_check_quantity")}","")'
    return f'=IFERROR(IF({c["quantity"]}="",{empty},{told}),"{letter("bills_check_number")}")'


def _differs(line: int) -> tuple[str, str]:
    """Whether last year's quantity can be compared with, and how far they are apart."""
    quantity, before = _at("quantity", line), _at("before", line)
    comparable = f"AND(ISNUMBER({quantity}),ISNUMBER({before}),N({before})>0)"
    return comparable, f"ABS({quantity}/{before}-1)>{DIFFERS}"


def _checks(sheet: Any, last: int, forms: Mapping[str, Any], fiscal_year: int) -> None:  # noqa: ANN401 - XlsxWriter
    """What a cell takes, and the colours of what the checks say."""
    first = HEAD + 1
    title = letter("form_check_title")
    numbers = {"validate": "decimal", "criteria": ">=", "value": 0, "error_title": title,
               "error_message": letter("form_a_number")}  # fmt: skip
    beside = timedelta(days=DAYS_BESIDE)
    days = {"validate": "date", "criteria": "between", "minimum": fiscal_year_start(fiscal_year) - beside,
            "maximum": fiscal_year_end(fiscal_year) + beside, "error_title": title, "error_message": letter("bills_a_day")}  # fmt: skip
    for names, rule in ((NUMBERS, numbers), (("start", "end"), days)):
        for name in names:
            sheet.data_validation(first, PLACES[name], last, PLACES[name], rule | {"ignore_blank": True})
    yen = {"validate": "decimal", "criteria": "between", "minimum": -1e12, "maximum": 1e12, "error_title": title,
           "error_message": letter("bills_a_number")}  # fmt: skip
    sheet.data_validation(first, PLACES["yen"], last, PLACES["yen"], yen | {"ignore_blank": True})
    name = _at("evidence", first)
    inside = f'=AND(ISERROR(FIND("..",{name})),ISERROR(FIND(":",{name})),LEFT({name},1)<>"/")'
    outside = {"validate": "custom", "value": inside, "error_title": title, "error_message": letter("bills_a_name")}
    sheet.data_validation(first, PLACES["evidence"], last, PLACES["evidence"], outside | {"ignore_blank": True})
    check, differs, done = (f"${_at('check', first)}", letter("bills_check_differs"), letter("bills_ok"))
    grave = f'=AND({check}<>"",{check}<>"{differs}",{check}<>"{done}")'
    for start, end, formula, form in (
        ("start", "quantity", grave, "wrong"),
        ("check", "check", grave, "wrong"),
        ("quantity", "quantity", f"=IF({','.join(_differs(first))},FALSE)", "differs"),
        ("check", "check", f'={check}="{differs}"', "differs"),
        ("check", "check", f'={check}="{done}"', "done"),
    ):
        rule = {"type": "formula", "criteria": formula, "format": forms[form]}
        sheet.conditional_format(first, PLACES[start], last, PLACES[end], rule)


def _on_paper(sheet: Any, last: int) -> None:  # noqa: ANN401 - XlsxWriter
    """Protected but for the entries, the headings always in sight, and printed on A4 across without the column for the machine."""
    sheet.protect("", {"format_columns": True, "format_rows": True, "select_locked_cells": True})
    sheet.set_default_row(18)
    sheet.set_row(HEAD, 32)
    sheet.freeze_panes(HEAD + 1, PLACES["supply_point"])
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.repeat_rows(HEAD)
    sheet.print_area(0, 0, last, PLACES["check"])
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&F&R&P / &N")


def _at(name: str, line: int) -> str:
    return workbook.cell_name(line, PLACES[name])


def _span(name: str, first: int, last: int) -> str:
    return f"{_at(name, first)}:{_at(name, last)}"


def _day(day: date) -> str:
    return f"DATE({day.year},{day.month},{day.day})"


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _literal(value: Any) -> str:  # noqa: ANN401 - a DECIMAL or nothing
    return '""' if value is None else f"{value.normalize():f}"
