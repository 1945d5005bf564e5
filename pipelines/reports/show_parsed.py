"""Show how one file is read."""

from __future__ import annotations

from typing import Any

from pipelines.reports.terminal import Terminal


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
    if told["values"]:
        out.line(out.say("parse_values"), "bold")
        columns = [name for name in told["values"][0] if any(v[name] not in (None, "") for v in told["values"])]
        out.table(columns, [[value[name] for name in columns] for value in told["values"]])
    if told["rejects"]:
        out.line(out.say("parse_rejects"), "bold")
        for reject in told["rejects"]:
            place = out.say("line", line=reject["source_line"], column=reject["source_column"])
            out.line(f"  {place} {reject[out.language]}", "red")
