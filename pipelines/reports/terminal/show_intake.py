"""Show the intake in the terminal: what is late, held back and unknown first, then what came."""

from __future__ import annotations

from typing import Any

from pipelines.reports.terminal.look import Terminal
from pipelines.texts import word

TOP = 12


def show(out: Terminal, told: dict[str, Any], page: str, most: int | None = TOP) -> None:
    """Print what ``intake.gather`` found; at most so many of each (``None``: all), the page has all."""
    out.line(out.say("inbox_counts", **told["counts"]), "bold")
    _late(out, told["late"], most)
    _to_do(out, "inbox_unreadable", told["problems"], "{path}", most)
    if told["documents"]:
        out.line(out.say("inbox_documents", count=len(told["documents"])), "bold")
    for row in told["documents"][:most]:
        out.line(f"  {row['path']}")
    _more(out, told["documents"], most)
    _to_do(out, "inbox_held", told["held"], "{place} ({values_held:,})", most)
    for row in told["unknown"][:most]:
        unknown(out, row)
    _more(out, told["unknown"], most)
    if told["came"]:
        out.line(out.say("inbox_came"), "bold")
    for row in told["came"][:most]:
        period = f"{row['first_at']:%Y-%m-%d} – {row['last_at']:%Y-%m-%d}" if row["first_at"] else ""
        out.line(f"  {row['received_at']:%Y-%m-%d %H:%M}  {row['place']}  {row['layout'] or row['status']}  {period}")
        if reason := row["reason" if out.language == "ja" else "reason_en"]:
            out.indented(reason)
        if row["unread"]:
            out.indented(out.say("inbox_unread", sheets=row["unread"]))
        if row["cells_rounded"]:
            out.indented(out.say("cells_rounded", count=row["cells_rounded"]))
    _more(out, told["came"], most)
    out.line(out.say("night_page", path=page), "dim")


def unknown(out: Terminal, row: dict[str, Any]) -> None:
    """A word that no register has: what it may mean there, and the row to add where it means none of these."""
    out.line(f"  {out.say('inbox_unknown', **row)}", "yellow")
    if row["near"]:
        out.indented(out.say("inbox_near", names=", ".join(row["near"])))
    out.indented(row["proposal"])


def _late(out: Terminal, rows: list[dict[str, Any]], most: int | None) -> None:
    if rows:
        out.line(out.say("inbox_late"), "bold")
    for row in rows[:most]:
        since = row["covered_until"] or "-"
        kind = word(row["reading_kind"], out.language)
        out.line(
            f"  {row['expected_by'] or '-'}  {row['source_id']}  {row['name']}  {row['department'] or ''}  {kind} – {since}"
        )
    _more(out, rows, most)


def _to_do(out: Terminal, heading: str, rows: list[dict[str, Any]], place: str, most: int | None) -> None:
    """Print places, and below each what is the matter and what to do."""
    if rows:
        out.line(out.say(heading), "bold")
    for row in rows[:most]:
        out.line(f"  {place.format(**row)}", "yellow")
        out.indented(row[out.language])
    _more(out, rows, most)


def _more(out: Terminal, rows: list[dict[str, Any]], most: int | None) -> None:
    if most is not None and len(rows) > most:
        out.line(out.say("more_of_inbox", count=len(rows) - most), "dim")
