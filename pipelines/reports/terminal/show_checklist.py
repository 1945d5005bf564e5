"""Show what still keeps facilities from a verdict: each cause once, what it blocks, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len

from pipelines.reports.plain_text import padded
from pipelines.reports.standing import counted
from pipelines.reports.terminal.look import INDENT, Terminal

MOST_NAMED, MOST_GAPS = 12, 4


def show(out: Terminal, told: Mapping[str, Any], city: str) -> None:
    """The verdicts of the year by number, then the causes, the widest first."""
    counts = "; ".join(filter(None, counted(told["verdicts"], told["verdicts_of_path"], out.language)))
    out.line(out.say("start_title", city=city, year=out.say("fiscal_year", year=told["fiscal_year"])), "bold")
    out.line(out.say("start_counts", counts=counts, facilities=told["facilities"]))
    _arrived(out, told)
    loose_ends(out, told)
    if not told["causes"]:
        out.line(out.say("start_done"), "green")
    for number, cause in enumerate(told["causes"], start=1):
        whose = f" [{cause[f'whose_{out.language}']}]" if cause[f"whose_{out.language}"] else ""
        blocks = out.say("start_blocks", count=len(cause["facilities"]))
        out.console.print()
        what = cause[out.language].rstrip("。.")
        out.line(f"{number}. {what[0].upper()}{what[1:]}{whose}{blocks}", "bold")
        _facilities(out, cause["facilities"])
        out.line(f"{' ' * INDENT}→ {cause[f'remedy_{out.language}']}")


def _facilities(out: Terminal, facilities: Sequence[Mapping[str, Any]]) -> None:
    """The first few by department, each with what is missing there or with the id to answer, and how many more."""
    shown = sorted(facilities[:MOST_NAMED], key=lambda each: each["department"])
    rows = [(each["department"], f"{each['facility_id']} {each['name']}", _details(out, each)) for each in shown]
    names = [("" if number and row[0] == rows[number - 1][0] else row[0], *row[1:]) for number, row in enumerate(rows)]
    wide = [max(cell_len(column) for column in some) for some in zip(*((row[0], row[1]) for row in names), strict=True)]
    for department, name, details in names:
        lead = " " * INDENT + padded(department, wide[0]) + ("  " if wide[0] else "") + padded(name, wide[1])
        fits = all(cell_len(lead) + 2 + cell_len(detail) <= out.console.width for detail in details)
        first = details[0] if fits and details else ""
        out.line(f"{lead}  {first}".rstrip())
        for detail in details[1:] if fits else details:
            out.line(f"{' ' * (cell_len(lead) + 2 if fits else 2 * INDENT)}{detail}")
    if len(facilities) > MOST_NAMED:
        out.line(" " * INDENT + out.say("more", count=len(facilities) - MOST_NAMED), "dim")


def _details(out: Terminal, facility: Mapping[str, Any]) -> list[str]:
    if "ask_id" in facility:
        asked = out.say(f"start_ask_{facility['ask_state']}", ask_id=facility["ask_id"][:8])
        return [f"{', '.join(facility['sources'][:MOST_GAPS])}: {asked}"]
    gaps = facility.get("gaps", [])
    more = [out.say("more", count=len(gaps) - MOST_GAPS)] if len(gaps) > MOST_GAPS else []
    return [*(out.say("gap", **gap) for gap in gaps[:MOST_GAPS]), *more]


def loose_ends(out: Terminal, told: Mapping[str, Any]) -> None:
    """Placeholders that still stand where a name belongs, and supplier rows that nothing names: one line each, to know."""
    if left := told["placeholders"]:
        places = _some([f"{each['where']}「{each['text']}」" for each in left])
        out.line(out.say("start_placeholders", count=len(left), places=places), "dim")
    if vain := told["vain"]:
        rows = _some([f"{row['whose']} ({', '.join(map(str, row['lines'][:MOST_NAMED]))})" for row in vain])
        count = sum(len(row["lines"]) for row in vain)
        out.line(out.say("start_vain", file=vain[0]["file"], count=count, rows=rows), "dim")


def waiting(out: Terminal, files: Sequence[str]) -> None:
    """How many files lie in the inbox that no night has taken yet."""
    if files:
        out.line(out.say("start_waiting", count=len(files)), "bold")


def _arrived(out: Terminal, told: Mapping[str, Any]) -> None:
    """What has arrived and does not count yet: no night has taken it, or its form or its name is unknown."""
    waiting(out, told["waiting"])
    if unread := told["unread"]:
        out.line(out.say("start_unread", count=len(unread)), "bold")
        out.indented(_some([file["path"] for file in unread]))
        out.indented(f"→ {unread[0][out.language]}")
    if unknown := told["unknown"]:
        out.line(
            out.say("start_unknown", count=len(unknown), values=sum(row["values_held"] for row in unknown)), "bold"
        )
        out.indented(_some([row["word"] + (f" → {row['near'][0]} ?" if row["near"] else "") for row in unknown]))
        out.indented(f"→ {out.say('todo_unknown')}")


def _some(names: Sequence[str]) -> str:
    """The first few, and how many more."""
    more = len(names) - MOST_NAMED
    return ", ".join([*names[:MOST_NAMED], *([f"+{more}"] if more > 0 else [])])
