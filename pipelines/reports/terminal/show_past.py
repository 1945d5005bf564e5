"""Show what became of figures once published: restatements with their parts, and official editions."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from pipelines.reports.plain_text import tonnes
from pipelines.reports.terminal.look import Terminal
from pipelines.rounding import rule_of
from pipelines.texts import verdict_words, word

CAUSES = ("data", "register", "factor", "method")
MOST_VERDICTS = 12
MOST_RESTATED = 10  # lines of one publication; all of them stay in the table


def restatements(out: Terminal, rows: Sequence[dict[str, Any]]) -> None:
    """Restatements, one a line, newest publication first; many are counted, and those of years that somebody closed come first."""
    if not rows:
        out.line(out.say("restatements_none"))
        return
    for published, group in groupby(rows, key=lambda row: row["published_time"]):
        out.line(out.say("restatements_title", at=f"{published:%Y-%m-%d %H:%M}"), "bold")
        moved = sorted(group, key=lambda row: not row["is_closed"])
        if len(moved) > MOST_RESTATED and not moved[0]["is_closed"]:
            out.line(f"  {out.say('restatements_counted', count=len(moved), parts=plan_parts(out, moved))}")
            continue
        for row in moved[:MOST_RESTATED]:
            rule = "" if row["year_rule"] == "by_day" else f" {word(row['year_rule'], out.language)}"
            head = f"  {row['facility_id']} {row['name'] or ''} {out.say('fiscal_year', year=row['fiscal_year'])}"
            change = f"{tonnes(row['before_co2e_kg'])} → {tonnes(row['after_co2e_kg'])}"
            out.line(f"{head} {word(row['basis'], out.language)}{rule}: {change} ({parts(out, row)})")
        if (more := len(moved) - MOST_RESTATED) > 0:
            out.line(f"  {out.say('restatements_more', count=more)}", "dim")
    out.rounding("emissions", "change")


def verdicts(out: Terminal, rows: Sequence[dict[str, Any]], most: int | None = None) -> None:
    """Changes of the verdicts of closed years: what is judged, from what to what, why."""
    out.line(out.say("verdicts_changed", count=len(rows)), "bold")
    for row in rows[:most]:
        year = out.say("fiscal_year", year=row["fiscal_year"])
        words = verdict_words(row | {"before": row["before_verdict"], "after": row["after_verdict"]}, out.language)
        head = f"  {_case(out, row)} {year} {word(row['basis'], out.language)}: "
        style = "bold red" if row["is_improved"] else "yellow"
        out.line(f"{head}{words['before']} → {words['after']} ({words['causes']})", style)
        if detail := _detail(out, row):
            out.indented(detail)
    if most is not None and len(rows) > most:
        out.line(out.say("more_verdicts", count=len(rows) - most), "dim")


def told_of_a_night(out: Terminal, rows: Sequence[dict[str, Any]]) -> None:
    """The verdicts of closed years that a night changed; those that stay, with another target or amount, as one line."""
    changed = [row for row in rows if row["before_verdict"] != row["after_verdict"]]
    moved = [row for row in rows if row["before_verdict"] == row["after_verdict"]]
    if changed:
        verdicts(out, changed, MOST_VERDICTS)
    if moved:
        causes = [cause for cause in CAUSES if any(cause in row["causes"].split(";") for row in moved)]
        told = [word(f"cause_{cause}", out.language) for cause in causes]
        out.line(out.say("verdicts_moved", count=len(moved), causes=", ".join(told)), "yellow")


def _case(out: Terminal, row: dict[str, Any]) -> str:
    """Which facility, or which target of whom."""
    if row["subject_key"].startswith("facility/"):
        return f"{row['subject_id']} {row.get('name') or ''}".rstrip()
    return f"{row['subject_key'].removeprefix('target/')} ({out.whose(row['subject_kind'], row['subject_id'])})"


def _detail(out: Terminal, row: dict[str, Any]) -> str:
    """What besides the verdict changed: target, allowed amount, facilities."""
    told = []
    if row["before_target_id"] != row["after_target_id"]:
        told.append(f"{out.say('target')} {row['before_target_id'] or '-'} → {row['after_target_id'] or '-'}")
    before, after = row["before_allowed_co2e_kg"], row["after_allowed_co2e_kg"]
    if before != after:
        told.append(f"{word('allowed', out.language)} {tonnes(before)} → {tonnes(after)}")
    if row["before_facilities"] != row["after_facilities"] or row["left_facility_ids"] or row["joined_facility_ids"]:
        changed = [f"−{f}" for f in (row["left_facility_ids"] or "").split(";") if f]
        changed += [f"+{f}" for f in (row["joined_facility_ids"] or "").split(";") if f]
        counts = f"{row['before_facilities']} → {row['after_facilities']}"
        told.append(f"{out.say('judged_facilities')} {counts} {' '.join(changed)}".rstrip())
    return "; ".join(told)


def parts(out: Terminal, row: dict[str, Any]) -> str:
    """The parts of a change that are not zero, signed."""
    if "(unsplit)" in (row.get("inputs_changed") or ""):
        return word("cause_unsplit", out.language)
    told = [
        f"{word(f'cause_{cause}', out.language)} {signed(row[f'{cause}_co2e_kg'])}"
        for cause in CAUSES
        if row[f"{cause}_co2e_kg"]
    ]
    return "、".join(told) if out.language == "ja" else ", ".join(told)


def signed(kg: Decimal) -> str:
    """A change in tonnes with its sign, to the kilogram."""
    return rule_of("change").text(kg, signed=True)


def summary(out: Terminal, rows: Sequence[dict[str, Any]]) -> str:
    """All restatements of a night in one sentence: how many, and the plan's parts."""
    return out.say("night_changes", count=len(rows), parts=plan_parts(out, rows))


def plan_parts(out: Terminal, rows: Sequence[dict[str, Any]]) -> str:
    """What the plan's totals moved by, by cause."""
    plan = [row for row in rows if row["basis"] == "plan"]
    total = {f"{cause}_co2e_kg": sum((row[f"{cause}_co2e_kg"] for row in plan), Decimal(0)) for cause in CAUSES}
    return parts(out, total) or "-"


def official(out: Terminal, known: Sequence[dict[str, Any]], moved: Sequence[dict[str, Any]]) -> None:
    """Official editions, and today's totals of the city against the latest of each purpose."""
    if not known:
        out.line(out.say("editions_none"))
    for record in known:
        out.line(out.say("edition_line", **record))
    for row in moved:
        told = parts(out, row) or "-"
        now = f"{tonnes(row['frozen_co2e_kg'])} → {tonnes(row['co2e_kg'])}"
        year = out.say("fiscal_year", year=row["fiscal_year"])
        out.line(f"  {row['purpose']} {row['document_no']} {year}: {now} ({told})")
    if moved:
        out.rounding("emissions", "change")


def older(out: Terminal, published: Sequence[dict[str, Any]], bases: Sequence[dict[str, Any]]) -> None:
    """What was published before this system, and base years that are stated in more than one way."""
    for row in published:
        year = out.say("fiscal_year", year=row["fiscal_year"])
        moved = "-" if row["difference_co2e_kg"] is None else signed(row["difference_co2e_kg"])
        out.line(
            f"  {row['document']} {row['subject']} {year} {word(row['basis'], out.language)}: "
            f"{tonnes(row['published_co2e_kg'])} → {tonnes(row['co2e_kg'])} ({moved}) {row['note'] or ''}".rstrip()
        )
    for target, lines in groupby(bases, key=lambda row: (row["target_id"], row["base_fy"])):
        told = [f"{word(row['line'], out.language)} {tonnes(row['co2e_kg'])}" for row in lines]
        out.line(f"  {out.say('base_year_of', target=target[0], year=target[1])}: {' / '.join(told)}")
