"""The workbook in which a department answers the questions of a round (``facility-emissions review sheet``), come back.

A sheet is known by the mark in its first cell, whatever the file is called; beside it stand the issue it belongs to, its round,
its department and the day it was made. A hidden line names the columns. A row is one answer and counts as one value: it is blank
where none of the yellow cells is filled. What the row says is kept as written, as JSON in ``note``; the night judges it
(``review/returned``), so nothing is refused here but a sheet whose columns are gone.

The head, the line of names and column A are hidden by ourselves, so what stands there is read. Of an answer that somebody else
hid, the mark stays in front of its text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

from pipelines.sources.layouts import matrix
from pipelines.sources.layouts.head import Cell, Recognised, TableHead, TableText, unmarked

NAME = "answer_sheet"
RECORD = "answer"
MARK = "facility-emissions answers 1"
KEYS_LINE = 5
FIRST_LINE = 7
QUESTION = "question_id"
# what is answered, by the name of its column in the hidden line
ANSWERS = (
    "answer_cause", "data_are_right", "explanation", "measure", "until", "person_id", "answered_on", "checked_by",
)  # fmt: skip
LONGEST = 2_000


def recognise(head: TableHead) -> Recognised | None:
    """Return how to read the sheet when it carries the mark."""
    first = head.rows[0] if head.rows else ()
    return Recognised(NAME, record=RECORD, read=read) if unmarked(matrix.cell_at(first, 0)) == MARK else None


def read(table: TableText) -> Iterator[Cell]:
    """Yield one cell per question; the quantity is 1 where something is answered, else nothing.

    Raises:
        RefusedFileError: the line that names the columns was changed.
    """
    rows = table.rows
    issue, name, department, made_on = (unmarked(matrix.cell_at(rows[0], at)).strip() for at in range(1, 5))
    keys = [unmarked(cell).strip() for cell in (rows[KEYS_LINE - 1] if len(rows) >= KEYS_LINE else ())]
    if lost := [key for key in (QUESTION, *ANSWERS) if keys.count(key) != 1]:
        raise matrix.missing(NAME, ", ".join(keys)[:LONGEST], ", ".join(lost))
    places = {key: keys.index(key) for key in (QUESTION, *ANSWERS)}
    for number, row in enumerate(rows[FIRST_LINE - 1 :], start=FIRST_LINE):
        question = unmarked(matrix.cell_at(row, places[QUESTION])).strip()
        said = {key: matrix.cell_at(row, places[key]).strip()[: LONGEST + 1] for key in ANSWERS}
        is_answered = any(said.values())
        if not question and not is_answered:
            continue
        told = {"issue_id": issue, "round": name, "department": department, QUESTION: question, **said}
        note = json.dumps(told, ensure_ascii=False, sort_keys=True)
        yield Cell(number, RECORD, question or "?", made_on, _day_after(made_on), "1" if is_answered else "", note=note)


def _day_after(text: str) -> str:
    """The day after, of a day as it was written into the sheet; any other text stays, and is held back as no date."""
    try:
        return str(date.fromisoformat(text) + timedelta(days=1))
    except (ValueError, OverflowError):
        return text
