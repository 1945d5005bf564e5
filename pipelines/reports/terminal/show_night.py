"""Show what a night did: what came in, what was held back, what changed, who is flagged."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.text import Text

from pipelines.reports.standing import counted
from pipelines.reports.terminal import show_intake, show_lists, show_past
from pipelines.reports.terminal.look import Terminal

TOP_FLAGS = 12
TOP_HELD = 5
TOP_UNKNOWN = 3


def night(out: Terminal, outcome: dict[str, Any], city_name: str, published: str, page: str, options: str = "") -> None:
    """The closing summary of a night; ``options`` are the global options that a next command needs too."""
    title = out.say("night_title", city=city_name, today=outcome["today"])
    out.console.print(Text(title, style="bold"))
    for check in outcome["failed_checks"]:
        label_of = "night_check_not_run" if check["problem"] else "night_check_failed"
        out.line(out.say(label_of, meaning=check[out.language], **check), "bold red")
    for notice in outcome["notices"]:
        out.line(notice[out.language], "yellow")
    show_past.told_of_a_night(out, outcome["verdict_changes"])
    if outcome["nothing_new"]:
        out.line(out.say("nothing_new"))
        _people(out, outcome["told_people"])
        _head(out, outcome)
        return
    counts = outcome["counts"]
    out.line(out.say("night_files", new=outcome["files_new"], total=outcome["files_total"]))
    out.line(out.say("night_rows", **{name: f"{value:,}" for name, value in counts.items()}))
    for problem in outcome["file_problems"]:
        out.line(f"  {problem['path']}", "yellow")
        out.indented(problem[out.language])
    if outcome["documents_waiting"]:
        out.line(out.say("documents_waiting", count=outcome["documents_waiting"]), "yellow")
    held(out, outcome["held_back"])
    for row in outcome["unknown"][:TOP_UNKNOWN]:
        show_intake.unknown(out, row)
    own, of_path = counted(outcome["verdicts"], outcome["verdicts_of_path"], out.language)
    if own:
        out.line(out.say("night_verdicts", year=outcome["year"], verdicts=own))
    if of_path:
        out.line(out.say("night_of_path", year=outcome["year"], verdicts=of_path))
    if outcome["changes"]:
        out.line(show_past.summary(out, outcome["changes"]))
    show_lists.flags(out, outcome["flags"], TOP_FLAGS)
    out.line(out.say("night_published", path=published))
    out.line(out.say("site_page", path=page))
    _people(out, outcome["told_people"])
    _head(out, outcome)
    if outcome["page_problem"]:
        out.line(out.say("page_problem", why=outcome["page_problem"]), "yellow")
    if outcome["flags"]:
        first = outcome["flags"][0]
        out.line(out.say("night_next", options=options, facility=first["facility_id"], year=outcome["year"]), "dim")


def _people(out: Terminal, told: dict[str, Any]) -> None:
    """How many persons were told this morning, and where the files lie that are to be sent by hand."""
    if told.get("mails"):
        out.line(out.say("notices_mailed", count=told["mails"]))
    if told.get("files"):
        out.line(out.say("notices_written", count=told["files"], no_address=told["no_address"], folder=told["folder"]))


def _head(out: Terminal, outcome: dict[str, Any]) -> None:
    """The head of the history, to be copied to where nobody can change it."""
    if outcome.get("history_head"):
        out.line(out.say("night_head", head=outcome["history_head"], on=outcome["history_head_on"]), "dim")


def held(out: Terminal, values: Sequence[dict[str, Any]]) -> None:
    """Values in quarantine, the latest first: where they stand, what was written, what to do; a line's own once."""
    lines = [list(same) for _, same in groupby(values, lambda v: (v["path"], v["line"], v[out.language]))]
    for first, *others in lines[:TOP_HELD]:
        column = f"{first['column']} … {others[-1]['column']}" if others else first["column"]
        out.line(f"  {first['path']} {out.say('line', line=first['line'], column=column)}", "yellow")
        out.indented(first[out.language])
    if more := sum(len(same) for same in lines[TOP_HELD:]):
        out.line(out.say("more_held", count=more), "dim")


def held_back(out: Terminal, broken: dict[str, int]) -> None:
    """Tell that an invariant of ours is broken and the old file stays."""
    out.error(out.say("held_back"))
    for name, rows in broken.items():
        out.error(f"  {name}: {rows}")
