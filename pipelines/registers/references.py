"""Do the references of the registers lead anywhere?

Every column of a register that names something else stands here or, with the reason why it is free, in
``tests/registers/test_references.py``; a new column without a decision turns that test red. ``problems`` are references
without which a number is wrong or nothing is counted: the night stops. ``findings`` may be meant, but whoever wrote them
probably expects an effect that they do not have: they are told, with the nearest words.
"""

from __future__ import annotations

import csv
import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipelines.findings import Finding
from pipelines.registers import spoken
from pipelines.registers.read import RegisterRow, Registers, ranges
from pipelines.texts import both

Place = tuple[str, str]  # (register, column)
REFERENCE = Path(__file__).parents[1] / "reference"
CITY, OUTSIDE = "city", "outside"
DEPARTMENTS: tuple[Place, ...] = (("facilities", "department"), ("facility_periods", "department"))
# what a target may be set for -> where it must be found; the city is always there
SUBJECTS: Mapping[str, tuple[Place, ...]] = {
    "operator": (("operators", "operator_id"),),
    "department": DEPARTMENTS,
    "group": (("groups", "group_id"),),
    "facility": (("facilities", "facility_id"),),
}
MUST_NAME: Mapping[Place, Place] = {
    ("facilities", "operator_id"): ("operators", "operator_id"),
    ("sites", "operator_id"): ("operators", "operator_id"),
    ("filed", "operator_id"): ("operators", "operator_id"),
    ("denominators", "operator_id"): ("operators", "operator_id"),
    ("facility_periods", "facility_id"): ("facilities", "facility_id"),
    ("facility_periods", "operator_id"): ("operators", "operator_id"),
    ("facility_links", "from_facility_id"): ("facilities", "facility_id"),
    ("facility_links", "to_facility_id"): ("facilities", "facility_id"),
    ("facility_facts", "facility_id"): ("facilities", "facility_id"),
    ("meters", "facility_id"): ("facilities", "facility_id"),
    ("meters", "parent_meter_id"): ("meters", "meter_id"),
    ("meter_shares", "meter_id"): ("meters", "meter_id"),
    ("meter_shares", "facility_id"): ("facilities", "facility_id"),
    ("activity_sources", "facility_id"): ("facilities", "facility_id"),
    ("contracts", "meter_id"): ("meters", "meter_id"),
    ("delivery_closings", "meter_id"): ("meters", "meter_id"),
    ("own_factors", "facility_id"): ("facilities", "facility_id"),
    ("targets", "operator_id"): ("operators", "operator_id"),
    ("appointments", "operator_id"): ("operators", "operator_id"),
    ("appointments", "facility_id"): ("facilities", "facility_id"),
    ("events", "facility_id"): ("facilities", "facility_id"),
    ("yearly_totals", "facility_id"): ("facilities", "facility_id"),
    ("yearly_totals", "operator_id"): ("operators", "operator_id"),
    ("measures", "facility_id"): ("facilities", "facility_id"),
    ("group_members", "group_id"): ("groups", "group_id"),
    ("group_members", "facility_id"): ("facilities", "facility_id"),
}
SHOULD_NAME: Mapping[Place, tuple[Place, ...]] = {
    ("sites", "site_id"): (("facility_periods", "site_id"), ("facilities", "facility_id")),
    ("facility_periods", "site_id"): (("sites", "site_id"),),
    ("denominators", "site_id"): (("sites", "site_id"), ("facility_periods", "site_id"), ("facilities", "facility_id")),
    ("headings", "use_class"): (("facilities", "use_class"), ("facility_periods", "use_class")),
    ("events", "use_class"): (("facilities", "use_class"), ("facility_periods", "use_class")),
    ("published_totals", "subject"): tuple(place for places in SUBJECTS.values() for place in places),
}
# columns whose words are those of other columns, with their Japanese names, or the rows of a table of reference/
SHOULD_BE_LISTED: Mapping[Place, tuple[Place, ...]] = {
    ("headings", "cause"): (("meters", "energy_type"), ("activity_sources", "activity")),
    ("own_factors", "gas"): (("gwp", "gas"),),
}
# the columns of an appointment that say where it holds; all that are filled must be true of one facility
SCOPE = ("operator_id", "department", "facility_id", "site_id")
# due at sites of five industries only (reference/posts.csv, 施行令4条): elsewhere it is an エネルギー管理員 who is meant
POST_OF_INDUSTRIES = "エネルギー管理者"
# businesses of which a type 1 site needs it (施行令4条)
INDUSTRIES = ("manufacturing", "mining", "electricity_supply", "gas_supply", "heat_supply")
NEAREST, ALIKE = 3, 0.6


def problems(registers: Registers) -> Iterable[str]:
    """Yield each reference that must lead somewhere and does not, with file, line and the nearest words."""
    for (name, column), place in MUST_NAME.items():
        free = {None, OUTSIDE} if (name, column) == ("meter_shares", "facility_id") else {None}
        for row in registers[name]:
            if row[column] in free or registers.names(*place, row[column]):
                continue
            known, at = _known(registers, [place]), row.place(column)
            if OUTSIDE in free:
                yield both("facility_not_in_register", at=at, facility_id=row[column], guess=guess(row[column], known))
            else:
                where, near = _where(registers, [place]), guess(row[column], known)
                yield both("not_in_register", at=at, value=row[column], target=where, guess=near)
    for row in registers["targets"]:
        places, subject = SUBJECTS.get(row["subject_kind"], ()), row["subject_id"]
        if places and not any(registers.names(*place, subject) for place in places):
            near = guess(subject, _known(registers, places))
            yield both(
                "unknown_subject",
                at=row.place("subject_id"),
                subject_id=subject,
                where=_where(registers, places),
                guess=near,
            )


def findings(registers: Registers) -> list[Finding]:
    """Return what is written in vain: words that nothing has, appointments that hold nowhere, a post of other industries."""
    return [*_unknown_words(registers), *_held_nowhere(registers), *_of_other_industries(registers)]


def guess(text: str, known: Iterable[str] | Mapping[str, str]) -> str:
    """Return the nearest of what is known as `` → A, B ?``; nothing where none is near.

    Args:
        text: As it stands in the register.
        known: What might have been meant; or what may be written (see :func:`spoken.plain`) -> what is meant by it.
    """
    meant = known if isinstance(known, Mapping) else {spoken.plain(each): each for each in sorted(known)}
    near = difflib.get_close_matches(spoken.plain(text), meant, NEAREST, ALIKE)
    return f" → {', '.join(dict.fromkeys(meant[each] for each in near))} ?" if near else ""


def _unknown_words(registers: Registers) -> Iterable[Finding]:
    for (name, column), there in SHOULD_NAME.items():
        if there == (("sites", "site_id"),) and not registers.rows["sites"]:
            continue  # a city that keeps no register of sites names them where they stand
        known = _known(registers, there) | ({CITY} if column == "subject" else set())
        yield from _in_vain(
            registers[name], column, _where(registers, there), {spoken.plain(each): each for each in sorted(known)}
        )
    for (name, column), there in SHOULD_BE_LISTED.items():
        where = ", ".join(f"{of}.{words}" for of, words in there)
        yield from _in_vain(registers[name], column, where, _listed(there))
    of_city = [row for row in registers["targets"] if row["subject_kind"] == CITY]
    yield from _in_vain(of_city, "subject_id", CITY, {CITY: CITY})


def _in_vain(rows: Iterable[RegisterRow], column: str, where: str, known: Mapping[str, str]) -> Iterable[Finding]:
    """One finding per file, column and word that nothing has, with its lines."""
    by_word: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rows:
        if row[column] not in {None, *known.values()}:
            by_word[row.file, row[column]].append(row.line)
    for (file, word), lines in by_word.items():
        near = guess(word, known)
        told = {"found": file, "lines": ranges(lines), "column": column, "value": word, "where": where, "guess": near}
        yield Finding("register_names_nothing", f"{file}:{column}:{word}", told)


def _held_nowhere(registers: Registers) -> Iterable[Finding]:
    places = _places(registers)
    held: dict[tuple[str, ...], set[tuple[str | None, ...]]] = {}
    by_scope: dict[tuple[str, str], list[RegisterRow]] = defaultdict(list)
    for row in registers["appointments"]:
        filled = tuple(column for column in SCOPE if row[column] is not None)
        if filled not in held:
            held[filled] = {tuple(place[column] for column in filled) for place in places}
        if filled and tuple(row[column] for column in filled) not in held[filled]:
            scope = ", ".join(f"{column} {row[column]}" for column in filled)
            by_scope[row.file, scope].append(row)
    for (file, scope), rows in by_scope.items():
        known = {
            column: {str(place[column]) for place in places if place[column]} for column in ("department", "site_id")
        }
        strange = [c for c in known if rows[0][c] is not None and rows[0][c] not in known[c]]
        near = "".join(guess(rows[0][c], known[c]) for c in strange)
        lines, posts = ranges([row.line for row in rows]), ", ".join(sorted({row["post"] for row in rows}))
        told = {"found": file, "lines": lines, "scope": scope, "posts": posts, "guess": near}
        yield Finding("register_post_held_nowhere", f"{file}:{scope}", told)


def _places(registers: Registers) -> list[dict[str, str | None]]:
    """Where each facility stands, now and in every period of it: what an appointment can hold for."""
    facilities = {row["facility_id"]: row for row in registers["facilities"]}
    places = [{**{c: row[c] for c in SCOPE[:3]}, "site_id": row["facility_id"]} for row in facilities.values()]
    for period in registers["facility_periods"]:
        if (facility := facilities.get(period["facility_id"])) is not None:
            moved = {c: period[c] or facility[c] for c in SCOPE[:3]}
            places.append({**moved, "site_id": period["site_id"] or period["facility_id"]})
    return places


def _of_other_industries(registers: Registers) -> Iterable[Finding]:
    rows = [row for row in registers["appointments"] if row["post"] == POST_OF_INDUSTRIES]
    if rows and not any(registers.names("sites", "business_kind", kind) for kind in INDUSTRIES):
        told = {"found": rows[0].file, "lines": ranges([row.line for row in rows]), "post": POST_OF_INDUSTRIES}
        yield Finding("register_post_of_industries", f"{rows[0].file}:{POST_OF_INDUSTRIES}", told)


def _known(registers: Registers, places: Iterable[Place]) -> set[str]:
    return {str(row[column]) for name, column in places for row in registers[name] if row[column] is not None}


def _listed(places: Iterable[Place]) -> dict[str, str]:
    """What may be written (see :func:`spoken.plain`) -> the word."""
    found: dict[str, str] = {}
    for name, column in places:
        if (file := REFERENCE / f"{name}.csv").is_file():
            with file.open(encoding="utf-8", newline="") as stream:
                found |= {spoken.plain(row[column]): row[column] for row in csv.DictReader(stream)}
        else:
            found |= spoken.words(name, column)
    return found


def _where(registers: Registers, places: Iterable[Place]) -> str:
    return ", ".join(f"{name}.csv {registers.heading(name, column)}" for name, column in places)
