"""What still keeps facilities from 達成 or 未達: each cause once, with all it blocks, and the line to write or the answer to give.

A cause is one question however many facilities it blocks: by supplier and menu where a factor is missing, else by itself; its
facilities stand by department, each with what is missing there or with the id to answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from pipelines import tables
from pipelines.ask import select
from pipelines.findings import explain_reason
from pipelines.registers import factor_line
from pipelines.texts import LANGUAGES, label, say, section
from pipelines.warehouse import query

BASELINE = "baseline:"
MOST_WORDS = 200
NOT_CLOSED = "delivery_not_closed"
# How far a question has come, from where it is asked to where the next night takes the answer over.
OPEN, ANSWERED, ACCEPTED, RETURNED, CONFIRMED = tables.words("state", "flags")
WAY = (RETURNED, OPEN, ANSWERED, ACCEPTED, CONFIRMED)
SETTLED = (ACCEPTED, CONFIRMED)
SHORT = 8  # as much of an id as people type
GAP = ("source_id", "first_day", "last_day", "days")
# what a closing of deliveries lifts: the days with one are doubtful, those between them missing
CLOSING = (NOT_CLOSED, "missing_data")
# Reasons whose remedy needs no numbers of theirs.
BY_ITSELF = frozenset(
    {"no_target", "no_base_year", "no_floor_area", "partial_year", "no_source", "two_targets", "running_year"}
)
# Told last: what no line of the office changes, and what keeps nobody from a verdict.
LAST = ("running_year", "collecting", "no_responsible_person")


def gather(published: Path, year: int, states: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the verdicts of a fiscal year by number, and the causes of those that are missing, the widest first.

    Before them stand the files that nobody could read and the names that no register has: while they do, days are
    missing that have long arrived.

    Args:
        published: The published file.
        year: The fiscal year.
        states: The state that flags, and doubts answered by their own id, are in now; ``None``: all are open.

    Raises:
        QueryError: nothing has been published yet.
    """
    with query.opened(published) as connection:
        at = {"year": year}
        verdicts = {row["verdict"]: row["facilities"] for row in select.rows(connection, "start_counts", at)}
        (known,) = select.rows(connection, "start_years")
        blocked = select.rows(connection, "start_verdicts", at)
        causes = list(_causes(connection, year, blocked, known, states or {}))
        unread = select.rows(connection, "file_problems")
        unknown = select.rows(connection, "intake_unknown", {"most": MOST_WORDS})
        people = [row["facility_id"] for row in select.rows(connection, "start_people")]
        if people:
            named = {row["facility_id"]: row for row in select.rows(connection, "facility_names")}
            causes.append(_cause("no_responsible_person", named, people, "", "no_responsible_person", {}))
    causes.sort(key=lambda cause: (cause["reason"] in LAST, -len(cause["facilities"]), cause["reason"]))
    return {"fiscal_year": year, "verdicts": verdicts, **known, "unread": unread, "unknown": unknown, "causes": causes}


def _causes(
    connection: duckdb.DuckDBPyConnection,
    year: int,
    blocked: Iterable[Mapping[str, Any]],
    known: Mapping[str, Any],
    states: Mapping[str, str],
) -> Iterable[dict[str, Any]]:
    """Yield each cause: reason, whose, facilities, in both languages what it is and what to do."""
    names = {row["facility_id"]: row for row in blocked}
    base_years = {row["facility_id"]: row["base_fy"] for row in blocked}
    by_reason: dict[str, list[str]] = defaultdict(list)
    for row in blocked:
        by_reason[row["reason"]].append(row["facility_id"])
    at = {"year": year}
    gaps = _by_facility(select.rows(connection, "start_gaps", at))
    doubts = select.rows(connection, "start_doubts", at)
    supplied: dict[str, set[str]] = defaultdict(set)  # reason -> the facilities that a contract's row told of
    for row in select.rows(connection, "start_factors", at):
        facilities = [f for f in row["facilities"] if f in names]
        supplied[row["reason"]].update(facilities)
        if facilities:
            told = {**row, "year": year, "basis": "plan"}
            yield _cause(row["reason"], names, facilities, _supply(row), "factor", told)
    years = {False: dict.fromkeys(names, year), True: base_years}
    open_ones = select.rows(connection, "start_deliveries", at)
    told_of = {is_base: list(_waiting(open_ones, years[is_base], by_reason, is_base=is_base)) for is_base in years}
    yield from (_not_closed(names, row, some, is_base=is_base) for is_base in told_of for row, some in told_of[is_base])
    for reason, every in by_reason.items():
        is_base, plain = reason.startswith(BASELINE), reason.removeprefix(BASELINE)
        left = every if is_base else [f for f in every if f not in supplied[plain]]
        if plain in CLOSING:
            closed = {f for _, facilities in told_of[is_base] for f in facilities}
            left = [f for f in left if f not in closed or (plain != NOT_CLOSED and not is_base and f in gaps)]
        mine: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for doubt in doubts:
            facility = doubt["facility_id"]
            if doubt["rule_id"] == plain and doubt["fiscal_year"] == (base_years.get(facility) if is_base else year):
                mine[facility].append(doubt)
        if doubted := [f for f in left if f in mine]:
            asked = {f: _asked(mine[f], states) for f in doubted}
            yield _doubt_cause(reason, names, asked, mine[doubted[0]][0])
        left = [f for f in left if f not in mine]
        if plain == "missing_data" and not is_base:
            if lacking := [f for f in left if f in gaps]:
                spans = {f: {"gaps": [{k: v for k, v in gap.items() if k in GAP} for gap in gaps[f]]} for f in lacking}
                yield _cause(reason, names, lacking, "", "missing_data", {}, spans)
            left = [f for f in left if f not in gaps]
        if left:
            yield _cause(reason, names, left, "", _by_itself(plain, is_base=is_base, has_rule=known["has_rule"]), {})


def _waiting(
    rows: Iterable[Mapping[str, Any]],
    years: Mapping[str, int | None],
    by_reason: Mapping[str, list[str]],
    *,
    is_base: bool,
) -> Iterable[tuple[Mapping[str, Any], list[str]]]:
    """Yield whose deliveries of a year are not closed, with the facilities that this keeps from a verdict."""
    prefix = BASELINE if is_base else ""
    kept = {facility for plain in CLOSING for facility in by_reason.get(f"{prefix}{plain}", [])}
    for row in rows:
        some = [f for f in row["facilities"] if f in kept and years.get(f) == row["fiscal_year"]]
        if some:
            yield row, some


def _not_closed(
    names: Mapping[str, Mapping[str, Any]], row: Mapping[str, Any], facilities: Iterable[str], *, is_base: bool
) -> dict[str, Any]:
    reason = f"{BASELINE if is_base else ''}{NOT_CLOSED}"
    return _cause(reason, names, facilities, f"{row['whose']} {row['fiscal_year']}", NOT_CLOSED, row)


def _by_itself(reason: str, *, is_base: bool, has_rule: bool) -> str:
    """The remedy of a reason that no row of its own tells more of."""
    if reason == "provisional_factor":
        return "list_not_out" if has_rule else "no_rule"
    if reason == "missing_data" and is_base:
        return "missing_base"
    return reason if reason in BY_ITSELF else "other"


def _cause(
    reason: str,
    names: Mapping[str, Mapping[str, Any]],
    facilities: Iterable[str],
    whose: str,
    remedy: str,
    told: Mapping[str, Any],
    details: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    listed = [
        {
            "facility_id": f,
            "name": names[f]["facility_name"],
            "department": names[f]["department"],
            **(details or {}).get(f, {}),
        }
        for f in dict.fromkeys(facilities)
    ]
    cause = {"reason": reason, "whose": whose, "facilities": listed}
    for language in LANGUAGES:
        cause[language] = explain_reason(reason, language)
        cause[f"remedy_{language}"] = _remedy(remedy, told, language)
    return cause


def _doubt_cause(
    reason: str,
    names: Mapping[str, Mapping[str, Any]],
    asked: Mapping[str, Mapping[str, Any]],
    first: Mapping[str, Any],
) -> dict[str, Any]:
    """One question for all that an answer would lift; where every answer is accepted already, the next night is waited for."""
    waiting = [each for each in asked.values() if each["ask_state"] not in SETTLED]
    if not waiting:
        return _cause(reason, names, asked, "", "answers_accepted", {}, asked)
    told = {"count": len(waiting), "ask_id": waiting[0]["ask_id"], "first": first}
    return _cause(reason, names, asked, "", "doubt", told, asked)


def _asked(doubts: Iterable[Mapping[str, Any]], states: Mapping[str, str]) -> dict[str, Any]:
    """What is to be answered at a facility: the first id that nobody has answered; without one, the last state."""
    found = []
    for doubt in doubts:
        ids = [*(doubt["flag_ids"] or []), doubt["doubt_id"]]
        known = [states[each] for each in ids if each in states]
        state = max(known, key=WAY.index) if known else OPEN
        found.append((state, ids[0], doubt["source_id"]))
    state, ask_id, _ = min(found, key=lambda each: WAY.index(each[0]))
    return {"sources": list(dict.fromkeys(source for *_, source in found)), "ask_id": ask_id, "ask_state": state}


def _remedy(remedy: str, told: Mapping[str, Any], language: str) -> str:
    """Say which line to write or which answer to give."""
    if remedy == NOT_CLOSED:
        return str(told[f"message_{language}"])
    if remedy == "doubt":
        first = told["first"]
        shown = {"lifted_by": first[f"lifted_by_{language}"], "ask_id": told["ask_id"][:SHORT]}
        return say("todo_doubt", language, **shown)
    if remedy == "factor":
        key = f"todo_{told['reason']}"
        chosen = key if key in section("labels") else "todo_other_factor"
        if key == "todo_no_factor_row" and told["menus"]:
            chosen = "todo_menu" if told["menu"] not in told["menus"].split(", ") else chosen
        shown = {k: told[k] or "-" for k in ("supplier_no", "supplier", "menu", "menus", "year")}
        shown["line"] = factor_line.to_write(told, told["year"], language)
        return say(chosen, language, meters=", ".join(told["meters"][:5]), **shown)
    key = f"todo_{remedy}"
    return label(key if key in section("labels") else "todo_other", language)


def _supply(row: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (row["supplier_no"], row["supplier"], row["menu"], row["energy_type"])))


def _by_facility(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["facility_id"]].append(row)
    return found
