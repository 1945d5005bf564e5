"""The list of accepted flags of a fiscal year for the 統括者 to confirm (起案): as a workbook, or as a Word document.

Takes the list as plain data (``ask/to_confirm``); writes the file, and puts on record which flags it has and what each stood on
(``history/confirm_lists``). A list that was changed is another file, and confirms nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines import durable
from pipelines.ask.to_confirm import ListToConfirm, list_to_confirm
from pipelines.errors import ActionableError
from pipelines.history import confirm_lists
from pipelines.history.confirm_lists import ConfirmList
from pipelines.process.recorder import recorder
from pipelines.reports import confirm_document, workbook
from pipelines.settings.city import CityFolder
from pipelines.texts import both, letter, word

# key of a column -> its width
COLUMNS = {
    "flag_id": 13, "facility": 20, "question": 48, "stake": 10, "answer": 48, "data_are_right": 10, "answered_by": 20, "accepted_by": 20,
}  # fmt: skip


class ConfirmListError(ActionableError, ValueError):
    """The list cannot be made; the message says why."""


def export(
    city: CityFolder,
    fiscal_year: int,
    path: Path,
    person: str | None = None,
    only: Collection[str] | None = None,
) -> ConfirmList:
    """Write the list of a fiscal year's accepted flags.

    Args:
        city: The city folder; something must be published.
        fiscal_year: The fiscal year.
        path: Where; nothing may stand there. Its ending says whether it is a workbook (.xlsx) or a document (.docx).
        person: What this person may confirm; ``None``: everything, where one person may confirm it all.
        only: These flags of it alone; ``None``: all.

    Raises:
        QueryError: nothing is published yet.
        StepError: nothing is accepted, or no one person may confirm it all.
        ConfirmListError: a file stands there, or its ending is neither.
    """
    look = LOOKS.get(path.suffix.lower())
    if look is None:
        raise ConfirmListError(both("list_of_no_kind", at=path, kinds=", ".join(LOOKS)))
    if path.exists():
        raise ConfirmListError(both("file_stands_there", at=path))
    told = list_to_confirm(city, fiscal_year, person, only)
    durable.make_folder(path.parent)
    look(path, told)
    durable.sync(path)
    made = ConfirmList(hash_of(path), fiscal_year, str(city.now()), recorder(), told.history_head, dict(told.stands_on))
    confirm_lists.note(city.history, made)
    return made


def hash_of(path: Path) -> str:
    """Return the hash by which a list is known."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_workbook(path: Path, told: ListToConfirm) -> None:
    """Write a list as a workbook in which nothing can be written."""
    with workbook.written(path) as book:
        cell = {"border": 1, "valign": "top", "text_wrap": True, "font_size": 10}
        plain, figure = book.add_format(cell), book.add_format(cell | {"num_format": "#,##0.0"})
        heading = book.add_format(cell | {"bold": True, "bg_color": "#E8EDF3", "align": "center"})
        bold = book.add_format(cell | {"bold": True})
        sheet = book.add_worksheet(letter("list_sheet"))
        sheet.protect("")
        title = letter("list_title", city=told.city, fiscal_year=told.fiscal_year)
        sheet.write_string(0, 0, title, book.add_format({"bold": True, "font_size": 14}))
        sheet.write_string(1, 0, letter("list_made", day=told.made_on, head=told.history_head or "-"))
        for at, (key, width) in enumerate(COLUMNS.items()):
            sheet.set_column(at, at, width)
            sheet.write_string(3, at, word(f"list_col_{key}", "ja"), heading)
        for line, item in enumerate(told.items, start=4):
            values = [_as_cell(asdict(item)[key]) for key in COLUMNS]
            for at, value in enumerate(values):
                _cell(sheet, line, at, value, figure if isinstance(value, Decimal) else plain)
            sheet.set_row(line, workbook.height(values, COLUMNS.values()))
        last = 4 + len(told.items)
        sheet.merge_range(last, 0, last, 2, "", bold)
        sheet.write_string(last, 0, sum_told(told), bold)
        _cell(sheet, last, 3, told.stake, figure)
        sheet.freeze_panes(4, 2)
        sheet.set_landscape()
        sheet.set_paper(8)  # A3
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(3)
        sheet.set_footer("&C&P / &N")


def sum_told(told: ListToConfirm) -> str:
    """How many items there are, and of how many it is not known what is at stake."""
    unknown = letter("list_unknown", unknown=told.unknown) if told.unknown else ""
    return letter("list_sum", count=len(told.items)) + unknown


def _as_cell(value: object) -> object:
    return (" ".join(value) if isinstance(value, tuple) else value) if value not in ("", ()) else "-"


def _cell(sheet: Any, line: int, at: int, value: object, form: Any) -> None:  # noqa: ANN401 - XlsxWriter, which has no types
    """Tonnes as a number, a figure that is not known in words, all else as text."""
    if isinstance(value, Decimal):
        sheet.write_number(line, at, float(value / Decimal(1000)), form)
    else:
        sheet.write_string(line, at, letter("answers_unknown") if value is None else str(value), form)


# ending of a file -> what writes it
LOOKS = {".xlsx": write_workbook, ".docx": confirm_document.write}
