"""Show how a register is filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.reports.terminal.look import Terminal
from pipelines.texts import label

MOST_WORDS = 60


def every(out: Terminal, guides: Sequence[Mapping[str, Any]]) -> None:
    """The registers, a line each: whether it is needed and what a row is."""
    for guide in guides:
        needed = label("register_needed" if guide["is_needed"] else "register_optional", out.language)
        out.line(f"{_named(guide, out.language)}  {guide[f'grain_{out.language}']} ({needed})")
    out.line(out.say("registers_next"), "dim")


def _named(guide: Mapping[str, Any], language: str) -> str:
    return f"{guide['register']} {guide['called']}" if language == "ja" else str(guide["register"])


def one(out: Terminal, guide: Mapping[str, Any]) -> None:
    """A register's columns: heading, whether needed, meaning, words, example."""
    out.line(f"{guide['register']}.csv  {guide[f'grain_{out.language}']}", "bold")
    for column in guide["columns"]:
        needed = f" {label('guide_needed_mark', out.language)}" if column["is_needed"] else ""
        unit = f" [{column['unit']}]" if column["unit"] else ""
        name = f"{column['heading']} / {column['column']}"
        out.line(f"{name}{needed}", "bold" if column["is_needed"] else "")
        out.indented(f"{column[f'meaning_{out.language}']}{unit}")
        words = [f"{each['written']} ({each['word']})" for each in column["words"]]
        if words:
            more = f" +{len(words) - MOST_WORDS}" if len(words) > MOST_WORDS else ""
            out.indented(out.say("guide_words", words=", ".join(words[:MOST_WORDS]) + more))
        if column["example"]:
            out.indented(out.say("guide_for_example", example=column["example"]))
