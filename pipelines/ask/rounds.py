"""What a round asks: every unanswered question with its figures, who may answer, and the department it goes to.

Reads the published file and the decisions store; a flag answered since the last night is not asked any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipelines.ask import select
from pipelines.history.rounds import AskedFlag, AskedQuestion
from pipelines.review import counter
from pipelines.review.desk import Desk, Flag
from pipelines.review.states import FROM
from pipelines.settings.city import CityFolder

# (facility, fiscal year) -> its row of ``year_figures``
Figures = Mapping[tuple[str, int], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class YearFigure:
    """A figure in kg, and whether it is the whole; no figure where nothing is known."""

    co2e_kg: Decimal | None
    is_whole: bool


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A question as a sheet shows it.

    Args:
        asked: What is put on record of it.
        facilities: Name of the first facility, and how many there are.
        year: Fiscal year.
        sentence: The question.
        now: The plan's total of the year.
        before: That of the year before.
        stake: What is at stake, in kg, as far as it is known.
        turn: (post, person) of who is to answer.
        able: The persons who may answer all of its flags.
    """

    asked: AskedQuestion
    facilities: tuple[str, int]
    year: int
    sentence: str
    now: YearFigure
    before: YearFigure
    stake: Decimal | None
    turn: tuple[str, str] | None
    able: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToAsk:
    """What there is to ask: department -> its questions; and person -> name, position, address and department."""

    by_department: Mapping[str, Sequence[SheetRow]]
    people: Mapping[str, Mapping[str, Any]]


def to_ask(city: CityFolder) -> ToAsk:
    """Return what nobody has answered, by department in the order of the register; an empty name: of no one department.

    Raises:
        QueryError: nothing is published yet.
    """
    with counter.desk(city) as desk:
        figures = {(r["facility_id"], r["fiscal_year"]): r for r in select.rows(desk.connection, "year_figures")}
        departments = {r["facility_id"]: r["department"] or "" for r in select.rows(desk.connection, "facility_names")}
        people = {row["person_id"]: row for row in select.rows(desk.connection, "people")}
        found: dict[str, list[SheetRow]] = {name: [] for name in departments.values()}
        for question in select.rows(desk.connection, "questions_to_ask"):
            flags = [desk.flags[key] for key in question["flag_ids"].split(" ")]
            if flags := [flag for flag in flags if desk.state(flag) in FROM["answer"]]:
                row = _row(desk, question, flags, figures)
                of = {departments[flag.facility_id] for flag in flags}
                own = people.get(row.asked.person_id or "", {}).get("department") or ""
                found.setdefault(of.pop() if len(of) == 1 else own, []).append(row)
    return ToAsk({name: rows for name, rows in found.items() if rows}, people)


def as_asked(desk: Desk, flag: Flag) -> AskedFlag:
    """Return what is put on record of a flag that is asked."""
    present = flag.present(desk.this_year)
    seen = None if present.co2e_kg is None else str(present.co2e_kg)
    own = (flag.flag_id, flag.facility_id, flag.fiscal_year, flag.rule_id, flag.subject)
    return AskedFlag(*own, seen, present.state, present.seen_days, present.seen_rows)


def _row(desk: Desk, question: Mapping[str, Any], flags: Sequence[Flag], figures: Figures) -> SheetRow:
    turn, year = desk.turn(flags[0]), question["fiscal_year"]
    able = [[who for _, who in desk.able(flag, "answer")] for flag in flags]
    facilities = list(dict.fromkeys(flag.facility_id for flag in flags))
    stakes = [flag.co2e_at_stake_kg for flag in flags if flag.co2e_at_stake_kg is not None]
    return SheetRow(
        AskedQuestion(question["question_id"], turn[1] if turn else None, tuple(as_asked(desk, f) for f in flags)),
        (flags[0].facility_name, len(facilities)),
        year,
        flags[0].message_ja,
        _figure(figures, facilities, year),
        _figure(figures, facilities, year - 1),
        sum(stakes, Decimal(0)) if stakes else None,
        turn,
        tuple(dict.fromkeys(who for who in able[0] if all(who in others for others in able))),
    )


def _figure(figures: Figures, facilities: Sequence[str], year: int) -> YearFigure:
    rows = [figures.get((facility, year)) for facility in facilities]
    known = [row for row in rows if row is not None and row["is_begun"]]
    if not known:
        return YearFigure(None, is_whole=False)
    is_whole = len(known) == len(rows) and all(row["is_whole"] for row in known)
    return YearFigure(sum((row["co2e_kg"] for row in known), Decimal(0)), is_whole)
