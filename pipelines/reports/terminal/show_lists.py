"""Show lists: flags, facilities, posts, what doctor found, and the answer to a question in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from pipelines.reports.plain_text import percent, tonnes
from pipelines.reports.terminal.look import INHERITED, STATE_STYLE, Terminal, is_collected
from pipelines.rounding import CHANGE_NEGATIVE, change_rate, pair, rate_text, rule_of
from pipelines.texts import word

SEVERITY_STYLE = {"error": "bold red", "warning": "yellow", "info": "cyan"}
READABLE = 12  # a narrower column breaks words and numbers


def flags(out: Terminal, flags: Sequence[dict[str, Any]], most: int | None = None) -> None:
    """A list of flags, the gravest first; at most ``most`` of them, and how many more there are."""
    facilities = len({flag["facility_id"] for flag in flags})
    out.console.print(Text(out.say("flags_title", flags=len(flags), facilities=facilities), style="bold"))
    for flag in flags[:most]:
        mark = Text("● ", style=SEVERITY_STYLE.get(flag["severity"], ""))
        head = f"{flag['facility_id']} {flag['name']}"
        state = word(flag["state"], out.language)
        rest = f"  {tonnes(flag['stake'])}  {flag['owner'] or '-'}  {state}  {flag['flag_id'][:8]}"
        out.console.print(Text.assemble(mark, (head, "bold"), (rest, "dim")))
        out.indented(flag[out.language])
    if most is not None and len(flags) > most:
        out.line(out.say("more", count=len(flags) - most), "dim")
    if flags:
        out.rounding("emissions")


def facilities(out: Terminal, rows: Sequence[dict[str, Any]], sign: str = CHANGE_NEGATIVE) -> None:
    """Facilities with their last closed year; ``sign``: the convention for the change against the base year."""
    columns = [
        out.say(key)
        for key in (
            "col_id",
            "col_facility",
            "col_department",
            "col_verdict",
            "col_actual",
            "col_allowed",
            "col_rate",
            "col_coverage",
            "col_reasons",
        )
    ]
    out.table(
        columns,
        (
            (
                r["facility_id"],
                r["name"],
                r["department"],
                out.verdict("collecting" if is_collected(r) else r["verdict"])
                + (INHERITED if r["is_inherited"] else ""),
                *actual_and_allowed(r),
                rate_text(change_against_base(r), rule_of("rate"), sign),
                percent(r["coverage"]),
                out.why(r),
            )
            for r in rows
        ),
        right=frozenset({4, 5, 6, 7}),
        whole=frozenset({0, 3}),
    )
    if any(r["is_inherited"] for r in rows):
        out.line(INHERITED + out.say("inherited_means"), "dim")
    out.rounding("emissions", "rate", "coverage", sign=sign)


def posts(out: Terminal, rows: Sequence[dict[str, Any]]) -> None:
    """Posts by facility, vacant ones marked."""
    columns = [out.say(key) for key in ("col_facility", "col_post", "col_person")]
    vacant = Text(out.say("vacant"), style="bold red")
    out.table(
        columns,
        (
            (f"{r['facility_id']} {r['facility_name']}", post_text(r), vacant if r["is_vacant"] else holder_text(r))
            for r in rows
        ),
    )


def answer(out: Terminal, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """The answer to a question in SQL: a table, or one block a row where the columns do not fit side by side."""
    cells = [["NULL" if cell is None else str(cell) for cell in row] for row in rows]
    needed = sum(
        2 + max(cell_len(column), *(min(cell_len(row[n]), READABLE) for row in cells), 0)
        for n, column in enumerate(columns)
    )
    if needed <= out.console.width:
        out.table(columns, cells)
        return
    for row in cells:
        out.pairs(zip(columns, row, strict=True))
        out.line("")


def checkups(out: Terminal, found: Iterable[Any]) -> bool:
    """What doctor found; returns whether all is well."""
    well = True
    for one in found:
        what = one.what_ja if out.language == "ja" else one.what_en
        mark = out.say(f"state_{one.state}")
        out.console.print(Text.assemble((f"{mark} ", STATE_STYLE[one.state]), (f"{what}: ", "bold"), one.detail))
        if one.remedy:
            out.line(f"    → {one.remedy}", "cyan")
        well = well and one.state != "bad"
    return well


def actual_and_allowed(row: dict[str, Any]) -> tuple[str, str]:
    """Both as printed, told apart where the actual is above."""
    actual, allowed = row["actual_low_co2e_kg"], row["allowed_co2e_kg"]
    if actual is None or allowed is None:
        return tonnes(actual), tonnes(allowed)
    return pair(actual, allowed, rule_of("emissions"))


def change_against_base(row: dict[str, Any]) -> Decimal | None:
    """The change against the base year as a share, only where both years are known for sure."""
    actual, base = row["actual_low_co2e_kg"], row["baseline_low_co2e_kg"]
    if None in (actual, base) or actual != row["actual_high_co2e_kg"] or base != row["baseline_high_co2e_kg"]:
        return None
    return change_rate(actual, base, rule_of("rate"))


def post_text(row: dict[str, Any]) -> str:
    """The post, and the one that acts for it where the operator need not have it."""
    return row["required_post"] if row["post"] == row["required_post"] else f"{row['required_post']} ← {row['post']}"


def holder_text(row: dict[str, Any]) -> str:
    """Who holds a post."""
    return " ".join(str(row[key]) for key in ("position", "name", "person_id") if row[key])
