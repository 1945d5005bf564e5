"""Show posts as of a day, and what falls due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from pipelines.ask.periodic import PeriodicReport, ReportCell
from pipelines.reports.terminal.look import Terminal
from pipelines.texts import word

Rows = Sequence[Mapping[str, Any]]
STYLES = {
    "overdue": "bold red",
    "vacant": "bold red",
    "notice_overdue": "red",
    "course_missed": "red",
    "unqualified": "red",
}


def seats(out: Terminal, rows: Rows) -> None:
    """Seats with something to do, in their order; how many others are filled."""
    to_do = [row for row in rows if row["faults"]]
    if to_do:
        columns = [out.say(key) for key in ("col_state", "col_post", "col_seat_of", "col_person", "col_due")]
        out.table(
            columns,
            (
                (
                    _state(row["post_state"], out),
                    row["post"],
                    row["subject_id"] if row["duty_of"] == "operator" else f"{row['operator_id']} {row['subject_id']}",
                    _holder(row, out),
                    row["due_on"] or "-",
                )
                for row in to_do
            ),
            whole=frozenset({4}),
        )
    out.line(out.say("seats_fine", seats=len(rows) - len(to_do)) if rows else out.say("no_seats"))


def deadlines(out: Terminal, rows: Rows) -> None:
    """What falls due, in its order; the same for several operators together."""
    if not rows:
        out.line(out.say("no_deadlines"))
        return
    together: dict[tuple[Any, ...], list[str]] = {}
    for row in rows:
        whose = (
            " ".join(dict.fromkeys(str(row[k]) for k in ("operator_id", "subject_id", "person_id") if row[k]))
            or row["post"]
            or "-"
        )
        about = (row["due_on"], row["deadline_state"], _item(row, out), row["certainty"], row["article"])
        together.setdefault(about, []).append(whose)
    columns = [out.say(key) for key in ("col_due", "col_state", "col_item", "col_seat_of", "col_certainty")]
    out.table(
        columns,
        (
            (
                due,
                _state(state, out),
                item,
                ", ".join(whose),
                " ".join(filter(None, (word(f"duty_{certainty}", out.language), article))),
            )
            for (due, state, item, certainty, article), whose in together.items()
        ),
        whole=frozenset({0}),
    )


def periodic(out: Terminal, found: PeriodicReport, file: Path) -> None:
    """What was written, and the points of the self-check that ask for a look."""
    failed = [check for check in found.checks if check.passed is False]
    empty = sum(cell.value is None for cell in found.cells)
    out.line(out.say("periodic_written", file=file, cells=len(found.cells), empty=empty, failed=len(failed)))
    for check in failed:
        out.line(f"  {check.point}: {check.detail}")


def cell(out: Terminal, found: ReportCell) -> None:
    """A cell of the periodic report: its value, how it was reckoned, why it is empty."""
    value = "-" if found.value is None else found.value if isinstance(found.value, str) else f"{found.value:,.3f}"
    out.line(found.cell_id, "bold")
    out.line(f"{value} {found.unit}".rstrip())
    for text in (found.how, found.reason):
        if text:
            out.line(text)


def _item(row: Mapping[str, Any], out: Terminal) -> str:
    if row["deadline_kind"] in ("appointment", "notice", "course"):
        return f"{row['item']}: {word('duty_' + row['deadline_kind'], out.language)}"
    return " ".join(
        filter(None, (out.say("fiscal_year", year=row["fiscal_year"]) if row["fiscal_year"] else "", row["item"]))
    )


def _state(state: str, out: Terminal) -> Text:
    return Text(word(f"duty_{state}", out.language), style=STYLES.get(state, ""))


def _holder(row: Mapping[str, Any], out: Terminal) -> str:
    deputy = out.say("deputy_beside", names=row["deputies"]) if row["deputies"] else ""
    return " ".join(filter(None, (row["name"] or row["person_id"], deputy))) or "-"
