"""Workbooks in which departments answer the questions of a round, and a letter to each: drafts, sent by a person.

Reads what is to be asked (``ask/rounds``); writes ``<round>_<department>.xlsx`` and ``.eml`` and puts on record what was asked
(``history/rounds``). ``sources/layouts/answer_sheet`` reads the workbooks that come back. Only the yellow cells can be
written; names and sentences are text, never a formula. The letter names the number of questions and the day, no figure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pipelines import durable, tables
from pipelines.ask.rounds import SheetRow, ToAsk, YearFigure, to_ask
from pipelines.findings import stable_id
from pipelines.history import rounds
from pipelines.history.rounds import RoundBook, RoundError, RoundIssue
from pipelines.periods import to_wareki
from pipelines.process.recorder import recorder
from pipelines.reports import workbook
from pipelines.rounding import rule_of
from pipelines.settings.city import CityFolder
from pipelines.settings.operation import ADDRESS
from pipelines.sources.layouts import answer_sheet
from pipelines.texts import both, letter, word

# key of a column -> its width; those of the answers are read back
SHOWN = {
    answer_sheet.QUESTION: 13, "facility": 18, "fiscal_year": 7, "question": 46, "now": 12, "before": 12, "stake": 10, "turn": 20,
}  # fmt: skip
ASKED = {
    "answer_cause": 16, "data_are_right": 11, "explanation": 36, "measure": 26, "until": 12, "person_id": 10, "answered_on": 12,
    "checked_by": 12,
}  # fmt: skip
YES_NO = ("yes", "no")


def issue(city: CityFolder, name: str, due: date, out: Path, only: str | None = None) -> RoundIssue:
    """Write a workbook and a letter per department and put on record what was asked.

    Args:
        city: The city folder; something must be published.
        name: The round, such as ``2026-1``.
        due: Day by which answers are due.
        out: Folder of the workbooks.
        only: One department alone.

    Raises:
        QueryError: nothing is published yet.
        RoundError: a name that is none, a day gone by, or nothing to ask (of this department).
    """
    rounds.checked_name(name)
    if due < city.today:
        raise RoundError(both("due_gone_by", at=f"--due {due}", today=city.today))
    asked = to_ask(city)
    chosen = {key: rows for key, rows in asked.by_department.items() if only in (None, key)}
    if not chosen:
        told = "、".join(key or word("no_department", "ja") for key in asked.by_department) or "-"
        raise RoundError(both("nothing_to_ask", departments=told))
    now = city.now()
    issue_id = stable_id("round", name, now, sorted(chosen))
    names = workbook.file_names(key or word("no_department", "ja") for key in chosen)
    durable.make_folder(out)
    books = []
    for department, rows in chosen.items():
        shown = department or word("no_department", "ja")
        path = _free(out, f"{name}_{names[shown]}")
        head = (answer_sheet.MARK, issue_id, name, department, str(city.today))
        _write(path, head, city.settings.city.name, shown, due, rows, asked)
        durable.sync(path)
        people = tuple(dict.fromkeys(row.asked.person_id for row in rows if row.asked.person_id))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        books.append(RoundBook(department, path.name, digest, people, tuple(row.asked for row in rows)))
        durable.write(path.with_suffix(".eml"), _letter(city, name, shown, due, books[-1], asked.people))
    made = RoundIssue(name, issue_id, str(now), str(due), recorder(), tuple(books))
    rounds.note(city.history, made)
    return made


def _free(out: Path, stem: str) -> Path:
    """Return a name that nothing stands under: a workbook somebody may be filling in is never written over."""
    number, path = 1, out / f"{stem}.xlsx"
    while path.exists() or path.with_suffix(".eml").exists():
        number += 1
        path = out / f"{stem}_{number}.xlsx"
    return path


# ---------------------------------------------------------------- the letter


def _letter(
    city: CityFolder, name: str, department: str, due: date, book: RoundBook, people: Mapping[str, Mapping[str, Any]]
) -> bytes:
    """A draft to the people of a workbook; an address that is none is left out, and the letter says of whom it lacks."""
    stated = {person: str(people.get(person, {}).get("email") or "") for person in book.people}
    known = {person: address for person, address in stated.items() if ADDRESS.fullmatch(address)}
    message = EmailMessage()
    message["Subject"] = letter("answers_subject", city=_one_line(city.settings.city.name), round=name)
    if known:
        message["To"] = ", ".join(dict.fromkeys(known.values()))
    message["Date"] = format_datetime(city.now().replace(tzinfo=ZoneInfo(city.settings.city.time_zone)))
    message["X-Unsent"] = "1"  # Outlook opens it as a draft
    lines = [
        letter("answers_to", department=department),
        "",
        letter("answers_asked", count=len(book.questions), due=to_wareki(due)),
        letter("answers_how", file=book.file),
    ]
    if lacking := [person for person in book.people if person not in known]:
        lines += ["", letter("answers_no_address", people="、".join(lacking))]
    message.set_content("\n".join(_one_line(line) for line in lines) + "\n", charset="utf-8")
    return message.as_bytes()


def _one_line(text: str) -> str:
    return " ".join(text.split())


# ---------------------------------------------------------------- the workbook


def _write(
    path: Path, head: Sequence[str], city: str, department: str, due: date, rows: Sequence[SheetRow], asked: ToAsk
) -> None:
    with workbook.written(path) as book:
        base = {"border": 1, "valign": "top", "text_wrap": True, "font_size": 10}
        yellow = base | {"bg_color": "#FFFBE6", "locked": False}
        forms = {
            "title": book.add_format({"bold": True, "font_size": 14}),
            "head": book.add_format(
                base | {"bold": True, "bg_color": "#E8EDF3", "align": "center", "valign": "vcenter"}
            ),
            "head_answer": book.add_format(
                base | {"bold": True, "bg_color": "#F5E6A8", "align": "center", "valign": "vcenter"}
            ),
            "cell": book.add_format(base),
            "id": book.add_format(base | {"font_color": "#5C6775", "font_size": 8}),
            "figure": book.add_format(base | {"num_format": "#,##0.0", "align": "right"}),
            "input": book.add_format(yellow),
            "day": book.add_format(yellow | {"num_format": "yyyy/mm/dd", "align": "left"}),
            "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
            "bold": book.add_format({"bold": True}),
        }
        _answers(book.add_worksheet(letter("answers_sheet")), head, city, department, due, rows, forms)
        _guide(book.add_worksheet(letter("answers_guide_sheet")), due, rows, asked, forms)


def _answers(
    sheet: Any,  # noqa: ANN401 - a worksheet of XlsxWriter, which has no types
    head: Sequence[str],
    city: str,
    department: str,
    due: date,
    rows: Sequence[SheetRow],
    forms: dict[str, Any],
) -> None:
    """One line a question; only the yellow cells can be written."""
    columns = {**SHOWN, **ASKED}
    sheet.protect("", {"format_columns": True, "format_rows": True, "select_locked_cells": True})
    for at, text in enumerate(head):
        sheet.write_string(0, at, text)
    title = letter("answers_title", city=city, round=head[2], department=department)
    sheet.write_string(1, 0, title, forms["title"])
    sheet.write_string(2, 0, letter("answers_due", due=to_wareki(due), count=len(rows)))
    for hidden in (0, answer_sheet.KEYS_LINE - 1):
        sheet.set_row(hidden, None, None, {"hidden": True})
    for at, (key, width) in enumerate(columns.items()):
        sheet.set_column(at, at, width)
        sheet.write_string(answer_sheet.KEYS_LINE - 1, at, key)
        form = forms["head_answer" if key in ASKED else "head"]
        sheet.write_string(answer_sheet.FIRST_LINE - 2, at, word(f"answers_col_{key}", "ja"), form)
    sheet.set_row(answer_sheet.FIRST_LINE - 2, 32)
    for line, row in enumerate(rows, start=answer_sheet.FIRST_LINE - 1):
        _question(sheet, line, row, forms)
        for at, key in enumerate(columns):
            if key in ASKED:
                sheet.write_blank(line, at, None, forms["day" if key in ("until", "answered_on") else "input"])
                if (check := _check(key, row)) is not None:
                    sheet.data_validation(line, at, line, at, check)
    sheet.freeze_panes(answer_sheet.FIRST_LINE - 1, 2)
    sheet.set_landscape()
    sheet.set_paper(8)  # A3
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(answer_sheet.FIRST_LINE - 2)
    sheet.set_footer("&C&P / &N")


def _question(sheet: Any, line: int, row: SheetRow, forms: dict[str, Any]) -> None:  # noqa: ANN401 - XlsxWriter
    name, count = row.facilities
    facility = name if count == 1 else letter("answers_facilities", name=name, others=count - 1)
    sheet.write_string(line, 0, row.asked.question_id, forms["id"])
    sheet.write_string(line, 1, facility, forms["cell"])
    sheet.write_number(line, 2, row.year, forms["cell"])
    sheet.write_string(line, 3, row.sentence, forms["cell"])
    for at, figure in ((4, row.now), (5, row.before), (6, YearFigure(row.stake, is_whole=True))):
        _figure(sheet, line, at, figure, forms)
    turn = " ".join(row.turn) if row.turn else letter("answers_nobody")
    sheet.write_string(line, 7, turn, forms["cell"])


def _figure(sheet: Any, line: int, at: int, figure: YearFigure, forms: dict[str, Any]) -> None:  # noqa: ANN401 - XlsxWriter
    """A figure in tonnes: a number where it is the whole, in words where it is a lower end or not known."""
    if figure.co2e_kg is None:
        sheet.write_string(line, at, letter("answers_unknown"), forms["figure"])
    elif figure.is_whole:
        sheet.write_number(line, at, float(figure.co2e_kg / Decimal(1000)), forms["figure"])
    else:
        sheet.write_string(
            line, at, letter("answers_at_least", tonnes=rule_of("emissions").text(figure.co2e_kg)), forms["figure"]
        )


def _check(key: str, row: SheetRow) -> dict[str, Any] | None:
    """What Excel itself holds a cell against."""
    if key == "answer_cause":
        return workbook.choices(cause_names())
    if key == "data_are_right":
        return workbook.choices([word(one, "ja") for one in YES_NO])
    if key == "person_id":
        return workbook.choices(row.able) if row.able else None
    if key in ("until", "answered_on"):
        told = {"error_title": letter("form_check_title"), "error_message": letter("answers_a_day")}
        return {"validate": "date", "criteria": ">", "value": date(2000, 1, 1), "ignore_blank": True, **told}
    return None


def cause_names() -> list[str]:
    """Return the causes as the office says them."""
    return [word(f"answer_{cause}", "ja") for cause in tables.words("answer_cause")]


def _guide(
    sheet: Any,  # noqa: ANN401 - XlsxWriter
    due: date,
    rows: Sequence[SheetRow],
    asked: ToAsk,
    forms: dict[str, Any],
) -> None:
    """How to fill it in, what the causes mean, and who may answer."""
    sheet.protect("")
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 84)
    sheet.set_portrait()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, letter("answers_guide_title"), forms["title"])
    line = 2
    for key in ASKED:
        line = _pair(sheet, line, word(f"answers_col_{key}", "ja"), word(f"answers_guide_{key}", "ja"), forms)
    line = _pair(
        sheet, line + 1, letter("answers_guide_return"), letter("answers_guide_returned", due=to_wareki(due)), forms
    )
    line = _pair(sheet, line, letter("answers_guide_locked"), letter("answers_guide_lock"), forms)
    line = _pair(sheet, line + 1, letter("answers_guide_causes"), "", forms)
    for cause, name in zip(tables.words("answer_cause"), cause_names(), strict=True):
        line = _pair(sheet, line, f"　{name}", word(f"answers_means_{cause}", "ja"), forms)
    line = _pair(sheet, line + 1, letter("answers_guide_people"), "", forms)
    for person in _people(rows):
        known = asked.people.get(person, {})
        told = " ".join(str(known[name]) for name in ("department", "position", "name") if known.get(name))
        line = _pair(sheet, line, f"　{person}", told, forms)


def _pair(sheet: Any, line: int, name: str, text: str, forms: dict[str, Any]) -> int:  # noqa: ANN401 - XlsxWriter
    sheet.write_string(line, 0, name, forms["bold"] if not name.startswith("　") else forms["wrap"])
    sheet.write_string(line, 1, text, forms["wrap"])
    return line + 1


def _people(rows: Iterable[SheetRow]) -> list[str]:
    return sorted({person for row in rows for person in row.able})
