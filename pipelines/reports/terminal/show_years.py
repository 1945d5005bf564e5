"""Show the states of fiscal years, and what was open when one was closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.reports.standing import standing
from pipelines.reports.terminal.look import Terminal
from pipelines.texts import word

Rows = Sequence[Mapping[str, Any]]


def states(out: Terminal, rows: Rows) -> None:
    """Operators and years with their state, the latest year first."""
    columns = [
        out.say(k) for k in ("col_operator", "col_year", "col_state", "col_closing", "col_closed", "col_undeterminable")
    ]
    out.table(
        columns,
        (
            (
                f"{r['operator_id']} {r['name']}",
                r["fiscal_year"],
                word(r["year_state"], out.language),
                r["closing_date"],
                " ".join(str(r[key]) for key in ("closed_on", "document_no", "closed_by") if r[key]) or "-",
                r["undeterminable"],
            )
            for r in rows
        ),
        right=frozenset({5}),
        whole=frozenset({1, 2}),
    )


def closed(out: Terminal, record: Mapping[str, Any], still_open: Mapping[str, Rows]) -> None:
    """What is open, then the record of the closing."""
    facilities, flags, months = (
        still_open[name] for name in ("undeterminable_facilities", "open_flags_of_year", "missing_months")
    )
    counted = {"facilities": len(facilities), "flags": len(flags), "months": len(months)}
    out.line(out.say("year_open" if any(counted.values()) else "year_complete", **counted), "bold")
    for row in facilities:
        out.line(
            f"  {row['facility_id']} {row['name']} {word(row['basis'], out.language)}: {standing(row, out.language)}"
        )
        out.indented(out.reasons(row["reasons"]))
    for row in flags:
        text = row["message_ja"] if out.language == "ja" else row["message_en"]
        out.line(f"  {row['flag_id'][:8]} {row['facility_id']} {word(row['state'], out.language)} {text}")
    for row in months:
        days = out.say("days_lacking", days=row["missing_days"])
        out.line(
            f"  {row['facility_id']} {row['source_id']} {word(row['source_type'], out.language)} {row['month']:%Y-%m} {days}"
        )
    out.line(out.say("year_closed", **record), "green")
