"""The list of accepted flags of a fiscal year for the 統括者 to confirm (起案), as a workbook.

Reads the published file and the decisions store; writes the workbook, and puts on record which flags it has and what each stood
on (``history/confirm_lists``). Nothing in it can be written: a list that was changed is another file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines import durable
from pipelines.errors import ActionableError
from pipelines.history import chain, confirm_lists
from pipelines.history.confirm_lists import ConfirmList
from pipelines.process.recorder import recorder
from pipelines.reports import workbook
from pipelines.review import counter
from pipelines.review.desk import Desk, Flag
from pipelines.review.states import ACCEPT_MINOR, ACCEPTED, AFTER, counts
from pipelines.settings.city import CityFolder
from pipelines.texts import both, letter, word

# key of a column -> its width
COLUMNS = {
    "flag_id": 13, "facility": 20, "question": 48, "stake": 10, "answer": 48, "data_are_right": 10, "answered_by": 20, "accepted_by": 20,
}  # fmt: skip


class ConfirmListError(ActionableError, ValueError):
    """The list cannot be made; the message says why."""


def export(city: CityFolder, fiscal_year: int, path: Path) -> ConfirmList:
    """Write the list of a fiscal year's accepted flags.

    Args:
        city: The city folder; something must be published.
        fiscal_year: The fiscal year.
        path: Where; nothing may stand there.

    Raises:
        QueryError: nothing is published yet.
        ConfirmListError: nothing is accepted, or a file stands there.
    """
    if path.exists():
        raise ConfirmListError(both("file_stands_there", at=path))
    head = chain.head_told(city.history)
    with counter.desk(city) as desk:
        flags = [f for f in desk.asked if f.fiscal_year == fiscal_year and desk.state(f) == ACCEPTED]
        if not flags:
            raise ConfirmListError(both("nothing_accepted", fiscal_year=fiscal_year))
        keys = {flag.flag_id: counter.stands_on(desk, flag) for flag in flags}
        rows = [_row(desk, flag) for flag in flags]
    durable.make_folder(path.parent)
    _write(path, city, fiscal_year, rows, head)
    durable.sync(path)
    made = ConfirmList(hash_of(path), fiscal_year, str(city.now()), recorder(), head, keys)
    confirm_lists.note(city.history, made)
    return made


def hash_of(path: Path) -> str:
    """Return the hash by which a list is known."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _row(desk: Desk, flag: Flag) -> dict[str, Any]:
    taken = [d for d in desk.decisions[flag.flag_id] if counts(d) and desk.binds(flag, d)]
    accept = next(d for d in reversed(taken) if AFTER[d.step] == ACCEPTED)
    told = {
        "flag_id": flag.flag_id,
        "facility": f"{flag.facility_id} {flag.facility_name}",
        "question": flag.message_ja,
        "stake": flag.co2e_at_stake_kg,
        "accepted_by": f"{accept.post} {accept.person_id} {accept.decided_at:%Y-%m-%d}",
    }
    if accept.step == ACCEPT_MINOR:  # nobody was asked
        minor = f"{word(ACCEPT_MINOR, 'ja')} {accept.document_no} {accept.decided_on}"
        return told | {"answer": minor, "data_are_right": "-", "answered_by": "-"}
    answer = next(d for d in reversed(taken) if d.step == "answer")
    right = word("yes" if answer.data_are_right else "no", "ja")
    return told | {
        "answer": answer.comment or "",
        "data_are_right": word("discard_rows", "ja") if answer.discard else right,
        "answered_by": f"{answer.post} {answer.person_id} {answer.decided_at:%Y-%m-%d}",
    }


def _write(path: Path, city: CityFolder, fiscal_year: int, rows: Sequence[Mapping[str, Any]], head: str) -> None:
    known = [row["stake"] for row in rows if row["stake"] is not None]
    total = letter("list_sum", count=len(rows), unknown=len(rows) - len(known))
    with workbook.written(path) as book:
        cell = {"border": 1, "valign": "top", "text_wrap": True, "font_size": 10}
        plain, figure = book.add_format(cell), book.add_format(cell | {"num_format": "#,##0.0"})
        heading = book.add_format(cell | {"bold": True, "bg_color": "#E8EDF3", "align": "center"})
        bold = book.add_format(cell | {"bold": True})
        sheet = book.add_worksheet(letter("list_sheet"))
        sheet.protect("")
        title = letter("list_title", city=city.settings.city.name, fiscal_year=fiscal_year)
        sheet.write_string(0, 0, title, book.add_format({"bold": True, "font_size": 14}))
        sheet.write_string(1, 0, letter("list_made", day=city.today, head=head or "-"))
        for at, (key, width) in enumerate(COLUMNS.items()):
            sheet.set_column(at, at, width)
            sheet.write_string(3, at, word(f"list_col_{key}", "ja"), heading)
        for line, row in enumerate(rows, start=4):
            for at, key in enumerate(COLUMNS):
                _cell(sheet, line, at, row[key], figure if key == "stake" else plain)
        last = 4 + len(rows)
        sheet.merge_range(last, 0, last, 2, "", bold)
        sheet.write_string(last, 0, total, bold)
        _cell(sheet, last, 3, sum(known, Decimal(0)) if known else None, figure)
        sheet.freeze_panes(4, 2)
        sheet.set_landscape()
        sheet.set_paper(8)  # A3
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(3)
        sheet.set_footer("&C&P / &N")


def _cell(sheet: Any, line: int, at: int, value: object, form: Any) -> None:  # noqa: ANN401 - XlsxWriter, which has no types
    """Tonnes as a number, a figure that is not known in words, all else as text."""
    if isinstance(value, Decimal):
        sheet.write_number(line, at, float(value / Decimal(1000)), form)
    else:
        sheet.write_string(line, at, letter("answers_unknown") if value is None else str(value), form)
