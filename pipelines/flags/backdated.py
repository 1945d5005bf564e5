"""Targets that were changed for years already closed and published.

Reads input_history (every row of registers/targets and the time it was known) and published_verdicts. For each closed year,
what a target's row said when the year was first published as closed is held against what it says now, only in what decides
that year: a later superseded_on, another source or a new name changes nothing there.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import duckdb

from pipelines.periods import PeriodError, fiscal_year_end, parse_date, parse_fiscal_year

Cells = Mapping[str, str]
AMOUNTS = ("base_co2e_t", "reduction_rate")
WORDS = (
    "subject_kind",
    "subject_id",
    "basis",
    "path",
    "milestones",
    "path_status",
    "operator_id",
    "allowed_co2e_t",
    "allowed_co2e_kg_per_m2",
)
YEARS = ("base_fy", "target_fy")
# The registers are read as a run starts: at its end a later run may have read others within the same second. The first publication
# is so by its place, whatever the clock did since.
FIRSTS = """SELECT v.fiscal_year, arg_min(coalesce(r.started_time, v.published_time), coalesce(p.rowid, -1))
    FROM published_verdicts AS v LEFT JOIN runs AS r ON r.run_id = v.run_id LEFT JOIN publications AS p ON p.run_id = v.run_id
    WHERE v.is_closed GROUP BY ALL ORDER BY ALL"""


@dataclass(frozen=True, slots=True)
class TargetVersion:
    """One row of the register as written, and from when until when it was known."""

    cells: Cells
    known_from: datetime
    known_to: datetime | None

    def holds(self, moment: datetime) -> bool:
        """Tell whether it was known on a moment."""
        return self.known_from <= moment and (self.known_to is None or moment < self.known_to)


@dataclass(frozen=True, slots=True)
class Backdated:
    """A target changed for closed years: since when, and which years it touches."""

    target_id: str
    known_from: datetime
    years: tuple[int, ...]


def found(connection: duckdb.DuckDBPyConnection) -> list[Backdated]:
    """Return the targets whose rows changed for a year after it was first published as closed."""
    firsts = connection.execute(FIRSTS).fetchall()
    told: dict[tuple[str, datetime], list[int]] = defaultdict(list)
    for target_id, versions in _versions(connection).items():
        for year, first in firsts:
            then = _at(versions, first)
            now = next((v for v in versions if v.known_to is None), None)
            if _effect(then, year) != _effect(now, year):
                told[target_id, _changed_at(versions, first, year)].append(year)
    return [Backdated(target, since, tuple(years)) for (target, since), years in sorted(told.items())]


def _versions(connection: duckdb.DuckDBPyConnection) -> Mapping[str, list[TargetVersion]]:
    rows = connection.execute(
        "SELECT row_json, known_from, known_to FROM input_history WHERE input = 'registers/targets' ORDER BY known_from, row_json"
    ).fetchall()
    versions: dict[str, list[TargetVersion]] = defaultdict(list)
    for text, known_from, known_to in rows:
        cells = json.loads(text)
        versions[str(cells.get("target_id", ""))].append(TargetVersion(cells, known_from, known_to))
    return versions


def _at(versions: list[TargetVersion], moment: datetime) -> TargetVersion | None:
    """The row as it was known on a moment."""
    return next((v for v in versions if v.holds(moment)), None)


def _changed_at(versions: list[TargetVersion], first: datetime, year: int) -> datetime:
    """When the row first decided otherwise of a year than on its first publication; a later edit moves no question."""
    then = _effect(_at(versions, first), year)
    moments = sorted({m for v in versions for m in (v.known_from, v.known_to) if m is not None and m > first})
    return next((m for m in moments if _effect(_at(versions, m), year) != then), first)


def _effect(version: TargetVersion | None, year: int) -> tuple[object, ...] | None:
    """What a row decides of a year; ``None`` where it is not in force then, or there is none."""
    if version is None:
        return None
    cells = version.cells
    end = fiscal_year_end(year)
    base = _year(cells.get("base_fy"))
    adopted, superseded = _day(cells.get("adopted_on")), _day(cells.get("superseded_on"))
    if (
        base is None
        or base >= year
        or adopted is None
        or adopted >= end
        or (superseded is not None and superseded < end)
    ):
        return None
    words = tuple(cells.get(name, "") for name in WORDS)
    return (*words, *(_year(cells.get(name)) for name in YEARS), *(_amount(cells.get(name)) for name in AMOUNTS))


def _day(text: str | None) -> date | None:
    try:
        return parse_date(text) if text else None
    except PeriodError:
        return None


def _year(text: str | None) -> int | None:
    try:
        return parse_fiscal_year(text) if text else None
    except PeriodError:
        return None


def _amount(text: str | None) -> Decimal | str | None:
    try:
        return Decimal(text.replace(",", "")).normalize() if text else None
    except InvalidOperation:
        return text


def rows(backdated: list[Backdated], facilities: Mapping[str, str], otherwise: str) -> list[dict[str, Any]]:
    """Return one flag per target and change, at the first facility of its subject, in the last year touched."""
    return [
        {
            "facility_id": facilities.get(one.target_id, otherwise),
            "fiscal_year": one.years[-1],
            "subject": f"{one.target_id} {one.known_from:%Y-%m-%d %H:%M:%S}",
            "co2e_at_stake_kg": None,
            "evidence": json.dumps(
                {
                    "target": one.target_id,
                    "known_from": f"{one.known_from:%Y-%m-%d}",
                    "years": ", ".join(f"FY{year}" for year in one.years),
                }
            ),
        }
        for one in backdated
    ]
