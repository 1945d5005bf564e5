"""What the pages of results show: one row per facility, target, question and doubt, for all facilities at once.

Reads the published file; the SELECTs stand in ``select`` (site_*.sql). A page is a look at these rows and asks nothing more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.ask import select, site_basis
from pipelines.warehouse import query

Row = dict[str, Any]


@dataclass(slots=True)
class FacilityTold:
    """All that is known of one facility, each list in the order of its SELECT; ``results``, ``costs`` and ``basis`` by fiscal year."""

    register: Row
    results: dict[int, Row] = field(default_factory=dict)
    costs: dict[int, Row] = field(default_factory=dict)
    basis: site_basis.Basis = field(default_factory=dict)
    months: list[Row] = field(default_factory=list)
    questions: list[Row] = field(default_factory=list)
    doubts: list[Row] = field(default_factory=list)
    gaps: list[Row] = field(default_factory=list)

    @property
    def facility_id(self) -> str:
        """Its id in the register."""
        return str(self.register["facility_id"])

    def result(self, fiscal_year: int) -> Row | None:
        """Return its result of a year, if it is judged or counted in it."""
        return self.results.get(fiscal_year)


@dataclass(frozen=True, slots=True)
class SiteTold:
    """What one publication says: ``fiscal_year`` is the last one that is over, ``this_year`` the running one; ``kinds``: names."""

    today: Any
    published_time: Any
    fiscal_year: int
    this_year: int
    facilities: dict[str, FacilityTold]
    targets: list[Row]
    questions: list[Row]
    changes: list[Row]
    minor: list[Row]
    kinds: dict[str, str]


def gather(published: Path) -> SiteTold:
    """Return what the pages show.

    Raises:
        QueryError: nothing is published yet.
    """
    with query.opened(published) as connection:
        (city,) = select.rows(connection, "site_city")
        year = {name: city[name] for name in ("fiscal_year", "this_year")}
        facilities = {str(row["facility_id"]): FacilityTold(row) for row in select.rows(connection, "site_facilities")}
        questions = select.rows(connection, "site_questions")
        bases = site_basis.gather(connection, year)
        told = {name: select.rows(connection, f"site_{name}", year) for name in ("months", "doubts", "gaps")}
        results, costs = select.rows(connection, "site_results"), select.rows(connection, "site_costs")
        kinds = {row["kind"]: row["name_ja"] for row in select.rows(connection, "site_kinds")}
        targets, changes = select.rows(connection, "site_targets"), select.rows(connection, "site_changes")
        minor = select.rows(connection, "site_minor")
    for name, rows in (*told.items(), ("questions", questions)):
        for facility_id, own in _by_facility(rows).items():
            if facility_id in facilities:
                setattr(facilities[facility_id], name, own)
    for row in results:
        facilities[row["facility_id"]].results[row["fiscal_year"]] = row
    for facility_id, basis in bases.items():
        facilities[facility_id].basis = basis
    for row in costs:
        facilities[row["facility_id"]].costs[row["fiscal_year"]] = row
    return SiteTold(
        city["today"],
        city["published_time"],
        city["fiscal_year"],
        city["this_year"],
        facilities,
        targets,
        questions,
        changes,
        minor,
        kinds,
    )


def _by_facility(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["facility_id"]].append(row)
    return found
