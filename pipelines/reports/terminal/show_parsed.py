"""Show how one file is read."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.cells import cell_len

from pipelines.reports.plain_text import padded, plain
from pipelines.reports.terminal.look import INDENT, TABLE_WIDTH, Terminal
from pipelines.tables import catalogue
from pipelines.texts import word

MOST_METERS = 10
WORDS = ("reading_kind", "stage", "quality", "time_band")
SHOWN_FIRST = ("source_line", "source_column", "record", "key", "started_at", "ended_at", "quantity", "unit")


def show(out: Terminal, told: dict[str, Any]) -> None:
    """Print layout, counts, the first values and the rejects with line and reason."""
    if told["problem"]:
        out.error(f"{told['path']}: {told['problem'][out.language]}")
        return
    counts = {
        "received": told["rows_received"],
        "values": told["rows_values"],
        "rejected": told["rows_rejected"],
        "blank": told["rows_blank"],
        "ignored": told["rows_ignored"],
    }
    out.pairs(
        [
            (out.say("parse_layout"), told["layout"]),
            (out.say("parse_encoding"), told["encoding"]),
            (out.say("parse_counts"), out.say("parse_counts_text", **counts)),
        ]
    )
    if told["unread"]:
        out.line(out.say("inbox_unread", sheets=told["unread"]), "yellow")
    if told["cells_rounded"]:
        out.line(out.say("cells_rounded", count=told["cells_rounded"]), "yellow")
    if told["values"]:
        out.line(out.say("parse_values", shown=len(told["values"])), "bold")
        _values(out, told["values"])
    _whose(out, told["meters"])
    for unit in told["units"]:
        out.line(f"  {unit['key']}: {unit[out.language]}", "red")
    _held_back(out, out.say("parse_rejects"), told["rejects"], told["rows_rejected"])
    _held_back(out, out.say("parse_held", count=told["rows_held"]), told["held"], told["rows_held"])


def _values(out: Terminal, values: list[dict[str, Any]]) -> None:
    """The first values: a table, or where the window is narrow a block each, what does not fit in lines of its own."""
    rows = [_cells(out, value, is_of_one=len({value["source_column"] for value in values}) == 1) for value in values]
    if out.console.width >= TABLE_WIDTH:
        keys = ("parse_place", "parse_key", "parse_period", "parse_quantity", "parse_rest")
        out.table([out.say(key) for key in keys], rows)
        return
    out.line(out.say("parse_end_is_not_in"), "dim")
    wide = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for place, whose, period, quantity, rest in rows:
        out.line(f"  {place}  {whose}")
        lines = [padded(period, wide[2]), padded(quantity, wide[3] if rest else 0), *filter(None, [rest])]
        fits = sum(map(cell_len, lines)) + 2 * len(lines) + INDENT <= out.console.width
        for line in ["  ".join(lines)] if fits else ["  ".join(lines[:2]), *lines[2:]]:
            out.indented(line)


def _held_back(out: Terminal, heading: str, rows: list[dict[str, Any]], count: int) -> None:
    if rows:
        out.line(heading, "bold")
    for row in rows:
        place = out.say("line", line=row["source_line"], column=row["source_column"])
        out.line(f"  {place} {row[out.language]}", "red")
    if count > len(rows):
        out.line(f"  {out.say('parse_more', count=count - len(rows))}", "red")


def _whose(out: Terminal, meters: list[dict[str, Any]]) -> None:
    """Say which meter of the register each word of the file means, where it is another word, and which words it does not have."""
    others = [meter for meter in meters if meter["meter_id"] not in (None, meter["key"])]
    unknown = [meter for meter in meters if meter["meter_id"] is None]
    for meter in others[:MOST_METERS]:
        out.line(out.say("parse_alias", word=meter["key"], meter=meter["meter_id"]))
    if unknown:
        words = "、".join(meter["key"] for meter in unknown[:MOST_METERS])
        out.line(out.say("parse_unknown", words=words, count=len(unknown)), "yellow")
    for meter in unknown[:MOST_METERS]:
        if meter.get("near"):
            out.indented(f"{meter['key']}: {out.say('inbox_near', names=', '.join(meter['near']))}")


def _cells(out: Terminal, value: dict[str, Any], *, is_of_one: bool) -> list[str]:
    """One value in few columns: place (of one column the line alone), whose, period, quantity with unit, and what else was said."""
    rest = {name: told for name, told in value.items() if name not in SHOWN_FIRST and told not in (None, "")}
    return [
        out.say("line_of" if is_of_one else "line", line=value["source_line"], column=value["source_column"]),
        value["key"] or "",
        f"{_moment(value['started_at'])} – {_moment(value['ended_at'])}",
        f"{plain(value['quantity'])} {value['unit'] or ''}",
        "、".join(f"{_title(out, name)} {_said(out, name, told)}" for name, told in rest.items()),
    ]


def _said(out: Terminal, name: str, told: Any) -> str:  # noqa: ANN401 - a value of any column
    """A value as people say it: words of the tables in the reader's language."""
    if name not in WORDS:
        return _text(told)
    return word(f"stage_{told}" if name == "stage" else str(told), out.language)


def _title(out: Terminal, name: str) -> str:
    """What a column holds, in a word or two: the catalogue's meaning without what stands in brackets."""
    for table in catalogue().values():
        for column in table.columns:
            if column.name == name:
                meaning = column.meaning_ja if out.language == "ja" else column.meaning_en
                return re.split(r"（| \(", meaning)[0]
    return name


def _text(told: object) -> str:
    return plain(told) if isinstance(told, Decimal) else str(told)


def _moment(at: datetime) -> str:
    """A date alone means midnight."""
    return f"{at:%Y-%m-%d}" if at.hour == at.minute == at.second == 0 else f"{at:%Y-%m-%d %H:%M}"


def proposal(out: Terminal, told: dict[str, Any]) -> None:
    """Print the draft of a layout: the section for city.toml as comments and keys, ready to be copied."""
    for key, rows in (("proposal_sure", told["sure"]), ("proposal_unsure", told["unsure"])):
        for row in rows:
            out.verbatim(f"# {out.say(key)}: {row}")
    out.verbatim(told["toml"])
