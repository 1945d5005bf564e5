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
from pipelines.ask import intake, select
from pipelines.findings import explain_reason
from pipelines.registers import factor_line
from pipelines.texts import LANGUAGES, label, say, section
from pipelines.warehouse import query

BASELINE = "baseline:"
MOST_WORDS, MOST_METERS = 200, 20
MOST_ASKED = 40  # questions that one command answers
TO_CHOOSE = "todo_menu"
NOT_CLOSED, MISSING = "delivery_not_closed", "missing_data"
# How far a question has come, from where it is asked to where the next night takes the answer over.
OPEN, ANSWERED, ACCEPTED, RETURNED, CONFIRMED = tables.words("state", "flags")
WAY = (RETURNED, OPEN, ANSWERED, ACCEPTED, CONFIRMED)
SETTLED = (ACCEPTED, CONFIRMED)
SHORT = 8  # as much of an id as people type
GAP = ("source_id", "first_day", "last_day", "days")
# what a closing of deliveries lifts: the days with one are doubtful, those between them missing
CLOSING = (NOT_CLOSED, MISSING)
# Reasons whose remedy needs no numbers of theirs.
BY_ITSELF = frozenset({
    "no_target", "no_base_year", "no_floor_area", "partial_year", "no_source", "two_targets", "running_year", "yearly_total_differs",
    "yearly_total_divided", "base_year_by_department", "type_left_out",
})  # fmt: skip
# What stands beside a verdict and keeps nobody from one.
MARKS = frozenset({"yearly_total"})
# Told last: what no line of the office changes, and what keeps nobody from a verdict.
LAST = ("running_year", "collecting", "no_responsible_person")

Names = Mapping[str, Mapping[str, Any]]  # facility -> its name and department
Left = dict[str, list[str]]  # reason -> the facilities that nothing has been told of yet


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
        verdicts, of_path = by_verdict(select.rows(connection, "start_counts", at))
        (known,) = select.rows(connection, "start_years")
        blocked = select.rows(connection, "start_verdicts", at)
        causes = _joined(_causes(connection, year, blocked, states or {}, has_rule=known["has_rule"]))
        unread = select.rows(connection, "file_problems")
        unknown = intake.unknown(connection, MOST_WORDS)
        people = [row["facility_id"] for row in select.rows(connection, "start_people")]
        if people:
            named = {row["facility_id"]: row for row in select.rows(connection, "facility_names")}
            person = _cause("no_responsible_person", named, people, "no_responsible_person", {})
            causes.append(person | {"reasons": [person["reason"]]})
    causes.sort(key=lambda cause: (cause["reason"] in LAST, -len(cause["facilities"]), cause["reason"]))
    counts = {"verdicts": verdicts, "verdicts_of_path": of_path}
    return {"fiscal_year": year, **counts, **known, "unread": unread, "unknown": unknown, "causes": causes}


def by_verdict(rows: Iterable[Mapping[str, Any]]) -> tuple[dict[str, int], dict[str, int]]:
    """Return verdict -> facilities, and of these the ones that are inherited or indicative."""
    every: dict[str, int] = {}
    of_path: dict[str, int] = {}
    for row in rows:
        every[row["verdict"]] = every.get(row["verdict"], 0) + row["facilities"]
        if row["is_inherited"]:
            of_path[row["verdict"]] = row["facilities"]
    return every, of_path


def _causes(
    connection: duckdb.DuckDBPyConnection,
    year: int,
    blocked: Iterable[Mapping[str, Any]],
    states: Mapping[str, str],
    *,
    has_rule: bool,
) -> Iterable[dict[str, Any]]:
    """Yield each cause: reason, whose, facilities, in both languages what it is and what to do; of the year and of each base year."""
    names = {row["facility_id"]: row for row in blocked}
    spans: dict[tuple[int, str], Left] = {}
    for row in blocked:
        prefix = BASELINE if row["reason"].startswith(BASELINE) else ""
        reason = row["reason"].removeprefix(BASELINE)
        if reason not in MARKS:
            left = spans.setdefault((row["base_fy"] if prefix else year, prefix), defaultdict(list))
            left[reason].append(row["facility_id"])
    for (of_year, prefix), left in sorted(spans.items(), key=lambda span: span[0][1]):
        yield from _factors(connection, names, of_year, prefix, left)
        gaps = _by_facility(select.rows(connection, "start_gaps", {"year": of_year}))
        yield from _deliveries(connection, names, of_year, prefix, left, gaps)
        yield from _doubts(connection, names, of_year, prefix, left, states)
        yield from _gaps(names, prefix, left, gaps)
        for reason, facilities in left.items():
            if facilities:
                remedy = _by_itself(reason, is_base=bool(prefix), has_rule=has_rule)
                yield _cause(prefix + reason, names, facilities, remedy, {})


def _told(left: Left, reason: str, facilities: Iterable[str]) -> None:
    """Take facilities from those whose reason nothing has been told of."""
    known = set(facilities)
    left[reason] = [f for f in left[reason] if f not in known]


def _factors(
    connection: duckdb.DuckDBPyConnection, names: Names, year: int, prefix: str, left: Left
) -> Iterable[dict[str, Any]]:
    """By supplier and menu: what no factor serves. A facility may wait for more than one."""
    told: dict[str, set[str]] = defaultdict(set)
    for row in select.rows(connection, "start_factors", {"year": year}):
        some = [f for f in row["facilities"] if f in left.get(row["reason"], ())]
        if some:
            told[row["reason"]].update(some)
            lacking = {**row, "year": year, "basis": "plan"}
            yield _cause(prefix + row["reason"], names, some, "factor", lacking, whose=_supply(row))
    for reason, facilities in told.items():
        _told(left, reason, facilities)


def _deliveries(
    connection: duckdb.DuckDBPyConnection,
    names: Names,
    year: int,
    prefix: str,
    left: Left,
    gaps: Mapping[str, Any],
) -> Iterable[dict[str, Any]]:
    """By supplier or department: whose deliveries of the year are not closed."""
    kept = {f for reason in CLOSING for f in left.get(reason, ())}
    for row in select.rows(connection, "start_deliveries", {"year": year}):
        some = [f for f in row["facilities"] if f in kept and row["fiscal_year"] == year]
        if some:
            whose = dict.fromkeys(LANGUAGES, f"{row['whose']} {year}")
            yield _cause(prefix + NOT_CLOSED, names, some, NOT_CLOSED, row, whose=whose)
            _told(left, NOT_CLOSED, some)
            _told(left, MISSING, [f for f in some if f not in gaps])


def _doubts(
    connection: duckdb.DuckDBPyConnection, names: Names, year: int, prefix: str, left: Left, states: Mapping[str, str]
) -> Iterable[dict[str, Any]]:
    """By rule: what an answer lifts."""
    of_year = [row for row in select.rows(connection, "start_doubts", {"year": year}) if row["fiscal_year"] == year]
    for reason, facilities in left.items():
        mine = _by_facility(row for row in of_year if row["rule_id"] == reason and row["facility_id"] in facilities)
        if mine:
            asked = {f: _asked(mine[f], states) for f in facilities if f in mine}
            yield _doubt_cause(prefix + reason, names, asked, mine[next(iter(asked))][0])
            left[reason] = [f for f in facilities if f not in mine]


def _gaps(
    names: Names, prefix: str, left: Left, gaps: Mapping[str, list[Mapping[str, Any]]]
) -> Iterable[dict[str, Any]]:
    """The days of which nothing has come, by facility and source."""
    if lacking := [f for f in left.get(MISSING, ()) if f in gaps]:
        spans = {f: {"gaps": [{k: v for k, v in gap.items() if k in GAP} for gap in gaps[f]]} for f in lacking}
        yield _cause(prefix + MISSING, names, lacking, "missing_base" if prefix else MISSING, {}, details=spans)
        _told(left, MISSING, lacking)


def _joined(causes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One question where a base year lacks the same as the year and the same line gives it; ``reasons`` has both."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for cause in causes:
        first = found.setdefault((cause["reason"].removeprefix(BASELINE), cause["whose_ja"], cause["remedy_ja"]), cause)
        first.setdefault("reasons", []).append(cause["reason"])
        if first is not cause:
            known = {each["facility_id"] for each in first["facilities"]}
            first["facilities"] += [each for each in cause["facilities"] if each["facility_id"] not in known]
            for language in LANGUAGES if cause["reason"] not in first["reasons"][:-1] else ():
                first[language] = first[language].rstrip("。.") + label("also_base_year", language)
    return list(found.values())


def _by_itself(reason: str, *, is_base: bool, has_rule: bool) -> str:
    """The remedy of a reason that no row of its own tells more of."""
    if reason == "provisional_factor":
        return "list_not_out" if has_rule else "no_rule"
    if reason in (MISSING, "no_source") and is_base:
        return "missing_base"
    if reason in ("no_contract", "no_factor_row", "two_factors") and is_base:
        return "base_factor"
    return reason if reason in BY_ITSELF else "other"


def _cause(
    reason: str,
    names: Names,
    facilities: Iterable[str],
    remedy: str,
    told: Mapping[str, Any],
    *,
    whose: Mapping[str, str] | None = None,
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
    cause: dict[str, Any] = {"reason": reason, "facilities": listed}
    for language in LANGUAGES:
        cause[language] = explain_reason(reason, language)
        cause[f"whose_{language}"] = (whose or {}).get(language, "")
        cause[f"remedy_{language}"] = _remedy(remedy, told, language)
    return cause


def _doubt_cause(
    reason: str, names: Names, asked: Mapping[str, Mapping[str, Any]], first: Mapping[str, Any]
) -> dict[str, Any]:
    """One question for all that an answer would lift; where every answer is accepted already, the next night is waited for."""
    waiting = [each for each in asked.values() if each["ask_state"] not in SETTLED]
    if not waiting:
        return _cause(reason, names, asked, "answers_accepted", {}, details=asked)
    ids = list(dict.fromkeys(each["ask_id"][:SHORT] for each in waiting))
    return _cause(reason, names, asked, "doubt", {"ask_ids": ids[:MOST_ASKED], "first": first}, details=asked)


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
        shown = {"lifted_by": first[f"lifted_by_{language}"], "ask_ids": " ".join(told["ask_ids"])}
        return say("todo_doubt", language, **shown)
    if remedy == "factor":
        chosen, lacking = _what_lacks(told)
        more = len(told["meters"]) - MOST_METERS
        meters = ", ".join([*told["meters"][:MOST_METERS], *([say("more", language, count=more)] if more > 0 else [])])
        whose = " ".join(filter(None, (told["supplier_no"], told["supplier"])))
        shown = {
            "meters": meters,
            "menu": told["menu"] or "-",
            "menus": told["menus"] or told["menus_of_any_year"],
            "year": told["year"],
            "whose": whose or say("not_named_supplier", language, meters=meters),
            "line": factor_line.to_write(lacking, told["year"], language),
        }
        if whose and told["menu"] and chosen != TO_CHOOSE:
            shown["whose"] = say("named_with_menu", language, supplier=whose, menu=told["menu"])
        return say(chosen, language, **shown)
    key = f"todo_{remedy}"
    return label(key if key in section("labels") else "todo_other", language)


def _what_lacks(told: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Which sentence says what to do, and what the line to write is of: a menu is decided before a factor is entered for it."""
    key = f"todo_{told['reason']}"
    if key == "todo_no_factor_row" and told["menus"] and told["menu"] not in told["menus"].split(", "):
        return TO_CHOOSE, told
    if key == "todo_no_factor_row" and told["menus_of_any_year"] and not told["menu"]:
        return "todo_menu_and_factor", {**told, "menu": "…"}
    return key if key in section("labels") else "todo_other_factor", told


def _supply(row: Mapping[str, Any]) -> dict[str, str]:
    named = [row["supplier_no"], row["supplier"], row["menu"]]
    return {language: " ".join(filter(None, [*named, row[f"kind_{language}"]])) for language in LANGUAGES}


def _by_facility(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["facility_id"]].append(row)
    return found
