"""Show what still keeps facilities from a verdict: each cause once, what it blocks, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines import tables
from pipelines.reports.terminal.look import Terminal
from pipelines.texts import word

MOST_NAMED = 6


def show(out: Terminal, told: Mapping[str, Any], city: str) -> None:
    """The verdicts of the year by number, then the causes, the widest first."""
    counts = " / ".join(
        f"{word(verdict, out.language)} {told['verdicts'].get(verdict, 0)}" for verdict in tables.words("verdict")
    )
    out.line(out.say("start_title", city=city, year=out.say("fiscal_year", year=told["fiscal_year"])), "bold")
    out.line(out.say("start_counts", counts=counts, facilities=told["facilities"]))
    _arrived(out, told)
    if not told["causes"]:
        out.line(out.say("start_done"), "green")
    for number, cause in enumerate(told["causes"], start=1):
        whose = f" [{cause['whose']}]" if cause["whose"] else ""
        head = f"{number}. {cause[out.language]}{whose}"
        out.line(f"{head}: {out.say('start_blocks', count=len(cause['facilities']))}", "bold")
        out.indented(_some([f"{each['facility_id']} {each['name']}" for each in cause["facilities"]]))
        out.indented(f"→ {cause[f'remedy_{out.language}']}")


def _arrived(out: Terminal, told: Mapping[str, Any]) -> None:
    """What has arrived and does not count yet, for its form or its name is unknown."""
    if unread := told["unread"]:
        out.line(out.say("start_unread", count=len(unread)), "bold")
        out.indented(_some([file["path"] for file in unread]))
        out.indented(f"→ {unread[0][out.language]}")
    if unknown := told["unknown"]:
        out.line(
            out.say("start_unknown", count=len(unknown), values=sum(row["values_held"] for row in unknown)), "bold"
        )
        out.indented(_some([row["word"] for row in unknown]))
        out.indented(f"→ {out.say('todo_unknown')}")


def _some(names: Sequence[str]) -> str:
    """The first few, and how many more."""
    more = len(names) - MOST_NAMED
    return ", ".join([*names[:MOST_NAMED], *([f"+{more}"] if more > 0 else [])])
