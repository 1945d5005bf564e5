"""Show lists: flags, facilities, posts, what doctor found, and the answer to a question in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from pipelines import tables
from pipelines.reports.plain_text import at_stake, not_asked, padded, percent, tonnes
from pipelines.reports.standing import MARKS, is_its_own
from pipelines.reports.terminal.look import INDENT, STATE_STYLE, TABLE_WIDTH, YEARLY_TOTAL, Terminal
from pipelines.rounding import CHANGE_NEGATIVE, change_rate, pair, rate_text, rule_of
from pipelines.texts import word

SEVERITY_STYLE = {"error": "bold red", "warning": "yellow", "info": "cyan"}
CONFIRMED = "confirmed"
_, *UNASKED = tables.words("asking")
KINDS = ("error", "warning", "info", CONFIRMED)
READABLE = 12  # a narrower column breaks words and numbers


def flags(out: Terminal, listed: Sequence[dict[str, Any]], most: int | None = None, *, every: bool = False) -> None:
    """A list of flags under their severity, the gravest first and confirmed ones last; at most ``most``, and how many more there are.

    What is not asked is a line each, unless ``every`` flag is wanted.
    """
    unasked = [] if every else [flag for flag in listed if flag.get("asking") in UNASKED]
    flags = [flag for flag in listed if flag not in unasked]
    facilities = len({flag["facility_id"] for flag in flags})
    out.console.print(Text(out.say("flags_title", flags=len(flags), facilities=facilities), style="bold"))
    for kind, some in groupby(sorted(flags, key=_kind_of_flag)[:most], key=lambda flag: KINDS[_kind_of_flag(flag)]):
        of_kind = sum(KINDS[_kind_of_flag(flag)] == kind for flag in flags)
        out.console.print(Text(out.say(f"flags_{kind}", count=of_kind), style=SEVERITY_STYLE.get(kind, "")))
        for flag in some:
            flag_line(out, flag)
    if most is not None and len(flags) > most:
        out.line(out.say("more", count=len(flags) - most), "dim")
    for kind in UNASKED:
        if of_this := [flag for flag in unasked if flag["asking"] == kind]:
            together = tonnes(sum((flag["stake"] or Decimal(0) for flag in of_this), Decimal(0)))
            day = min((str(flag["asked_from"]) for flag in of_this if flag.get("asked_from")), default="")
            out.line(out.say(f"flags_{kind}", count=len(of_this), t=together, day=day), "dim")
    if listed:
        out.rounding("emissions")


def _kind_of_flag(flag: dict[str, Any]) -> int:
    return KINDS.index(CONFIRMED if flag["state"] == CONFIRMED else flag["severity"])


def flag_line(out: Terminal, flag: Mapping[str, Any]) -> None:
    """A flag of a list: facility, tonnes, whose turn, state, id, and its sentence."""
    mark = Text("● ", style=SEVERITY_STYLE.get(flag["severity"], ""))
    state = word(flag["state"], out.language)
    head = Text.assemble(mark, (f"{flag['facility_id']} {flag['name']}", "bold"))
    rest = f"{at_stake(flag['stake'], out.language)}  {flag['owner'] or '-'}  {state}  {flag['flag_id'][:8]}"
    if head.cell_len + 2 + cell_len(rest) <= out.console.width:
        out.console.print(Text.assemble(head, "  ", (rest, "dim")))
    else:
        out.console.print(head)
        out.line(f"{' ' * INDENT}{rest}", "dim")
    out.indented(flag[out.language])
    if told := not_asked(flag, out.language):
        out.indented(told)


def facilities(out: Terminal, rows: Sequence[dict[str, Any]], sign: str = CHANGE_NEGATIVE) -> None:
    """Facilities with their last closed year: a table, or below ``TABLE_WIDTH`` columns a block each.

    Args:
        out: Where to print.
        rows: Of ``ask/select/facilities``.
        sign: The convention for the change against the base year.
    """
    if not rows:
        out.line(out.say("no_such_facilities"))
        return
    (_facility_table if out.console.width >= TABLE_WIDTH else _facility_blocks)(out, rows, sign)
    if not all(map(is_its_own, rows)):
        out.line(out.say("inherited_means", sentence=out.say("no_target_of_its_own")), "dim")
    if any(_marks(r) for r in rows):
        out.line(YEARLY_TOTAL + out.say("yearly_total_means"), "dim")
    out.rounding("emissions", "rate", "coverage", sign=sign)


def _facility_table(out: Terminal, rows: Sequence[dict[str, Any]], sign: str) -> None:
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
    cells = [
        (
            r["facility_id"],
            r["name"],
            r["department"],
            _standing(out, r),
            *actual_and_allowed(r),
            rate_text(change_against_base(r), rule_of("rate"), sign),
            percent(r["coverage"]),
            _why(out, r),
        )
        for r in rows
    ]
    out.table(columns, cells, right=frozenset({4, 5, 6, 7}), whole=frozenset({0, 3, 4, 5, 6, 7}))


def _facility_blocks(out: Terminal, rows: Sequence[dict[str, Any]], sign: str) -> None:
    """Name and verdict on a line, the figures below in columns, then the reasons."""
    told, bounds = [], []
    any_bound = any(r["actual_low_co2e_kg"] != r["actual_high_co2e_kg"] for r in rows)
    for r in rows:
        actual, allowed = actual_and_allowed(r)
        rate = rate_text(change_against_base(r), rule_of("rate"), sign)
        is_bound = r["actual_low_co2e_kg"] != r["actual_high_co2e_kg"]
        bound = f"{'≥' if is_bound else '':>2}" if any_bound else ""
        told.append((actual, allowed, rate, percent(r["coverage"])))
        bounds.append(bound)
    widths = [max(map(cell_len, column)) for column in zip(*told, strict=True)]
    names = max(cell_len(f"{r['facility_id']} {r['name']}") for r in rows)
    departments = max(cell_len(r["department"] or "") for r in rows)
    for r, figures, bound in zip(rows, told, bounds, strict=True):
        head = Text(padded(f"{r['facility_id']} {r['name']}", names), style="bold")
        out.console.print(Text.assemble(head, f"  {padded(r['department'] or '', departments)}  ", _standing(out, r)))
        shown = [
            out.say(f"facility_{name}", bound=bound, **{name: " " * (width - cell_len(figure)) + figure})
            for name, figure, width in zip(("actual", "allowed", "rate", "coverage"), figures, widths, strict=True)
        ]
        half = len(shown) if cell_len("  ".join(shown)) + INDENT <= out.console.width else len(shown) // 2
        for some in (shown[:half], shown[half:]):
            if some:
                out.line(" " * INDENT + "  ".join(some), "dim")
        for reason in _why(out, r).split("\n"):
            if reason:
                out.indented(reason)


def _standing(out: Terminal, r: dict[str, Any]) -> Text:
    """The verdict, with the mark of one that rests on a yearly total."""
    return out.verdict(r) + (YEARLY_TOTAL if _marks(r) else "")


def _marks(r: dict[str, Any]) -> frozenset[str]:
    return MARKS & set((r["reasons"] or "").split(";"))


def _why(out: Terminal, r: dict[str, Any]) -> str:
    """The reasons but for those that a sign beside the verdict tells."""
    kept = [reason for reason in (r["reasons"] or "").split(";") if reason not in MARKS]
    return out.why(r | {"reasons": ";".join(kept)})


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
    """Both as printed, told apart where the actual is above; nothing is allowed that a base year not known in full leaves open."""
    actual = row["actual_low_co2e_kg"]
    allowed = None if row["allowed_high_co2e_kg"] is None else row["allowed_co2e_kg"]
    if actual is None or allowed is None:
        return tonnes(actual), tonnes(allowed)
    return pair(actual, allowed, rule_of("emissions"))


def change_against_base(row: dict[str, Any]) -> Decimal | None:
    """The change against the base year as a share, only where both years are known for sure."""
    actual, base = row["actual_low_co2e_kg"], row["baseline_low_co2e_kg"]
    if None in (actual, base) or actual != row["actual_high_co2e_kg"] or base != row["baseline_high_co2e_kg"]:
        return None
    return change_rate(actual, base, rule_of("rate"), rule_of("emissions"))


def post_text(row: dict[str, Any]) -> str:
    """The post, and the one that acts for it where the operator need not have it."""
    return row["required_post"] if row["post"] == row["required_post"] else f"{row['required_post']} ← {row['post']}"


def holder_text(row: dict[str, Any]) -> str:
    """Who holds a post."""
    return " ".join(str(row[key]) for key in ("position", "name", "person_id") if row[key])
