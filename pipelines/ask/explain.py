"""From a facility-year's total down to the cell of the file and the row of the ordinance.

Reads the published file only. What it returns is plain data; ``terminal`` shows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines.ask import chain
from pipelines.errors import ActionableError
from pipelines.history import frozen
from pipelines.periods import fiscal_year_end, fiscal_year_start
from pipelines.texts import both
from pipelines.warehouse import database

HERE = Path(__file__).parent / "explain"
CITY = "city"
SUMMED = ("co2e_kg", "energy_gj", "crude_oil_kl")


class UnknownFacility(ActionableError, ValueError):  # noqa: N818 - what it is
    """No such facility in the published file."""


@dataclass(frozen=True, slots=True)
class FacilityQuestion:
    """What is to be explained: a facility, a fiscal year or one month of it, a basis."""

    facility_id: str
    fiscal_year: int
    month: date | None
    basis: str

    @property
    def span(self) -> tuple[date, date]:
        """First day and exclusive end."""
        if self.month is None:
            return fiscal_year_start(self.fiscal_year), fiscal_year_end(self.fiscal_year)
        following = date(self.month.year + self.month.month // 12, self.month.month % 12 + 1, 1)
        return self.month, following


def explain(connection: duckdb.DuckDBPyConnection, question: FacilityQuestion) -> dict[str, Any]:
    """Return the explanation as nested plain values.

    Raises:
        UnknownFacility: with facilities whose id or name looks alike.
    """
    facility = _facility(connection, question.facility_id)
    first, end = question.span
    parameters = {
        "facility": facility["facility_id"],
        "year": question.fiscal_year,
        "basis": question.basis,
        "first": first,
        "end": end,
    }

    def rows(name: str) -> list[dict[str, Any]]:
        return database.rows(connection, HERE / f"{name}.sql", parameters)

    result = next(iter(rows("result")), None)
    told = [question.fiscal_year, *([result["base_fy"]] if result and result["base_fy"] else [])]
    sources = rows("sources")
    for source in sources:
        parameters["source"] = source["source_id"]
        source["factors"] = rows(f"factors_of_{source['source_kind']}")
        for factor in source["factors"]:
            factor["steps"] = [
                {"sign": step.sign, "value": step.text, "unit": step.unit} for step in chain.steps(factor)
            ]
        source["readings"] = rows(f"readings_of_{source['source_kind']}")
        source["delivered"] = rows("delivered") if source["source_kind"] == "meter" and question.month is None else []
        source["quarantine"] = rows("quarantine_of_source")
        source["fractions"] = rows("waste_fractions") if source["source_kind"] == "activity" else []
    total, years, totals = next(iter(rows("total")), None), rows("years"), rows("yearly_totals")
    of_year = next((year for year in years if year["is_in_force"]), None)
    if question.month is None and of_year is not None:
        if any(row["counts"] and row["fiscal_year"] == question.fiscal_year for row in totals):  # no month has it
            total = {column: of_year[column] for column in (*SUMMED, "coverage")}
        elif total is not None:  # the year's own, not that of its worst month
            total["coverage"] = of_year["coverage"]
    return {
        "facility": facility,
        "fiscal_year": question.fiscal_year,
        "month": question.month,
        "basis": question.basis,
        "result": result,
        "gases": [] if question.month else _gases(connection, "facility", parameters["facility"], told, question.basis),
        "total": total,
        "without_factor": rows("without_factor"),
        "years_known": next(iter(rows("years_known")), None),
        "years": years,
        "least_covered": next(iter(rows("least_covered")), None),
        "left_out": [] if question.month else rows("left_out"),
        "at_base_factors": rows("at_base_factors"),
        "yearly_totals": totals,
        "sources": sources,
        "doubts": rows("doubts"),
        "flags": rows("flags"),
        "reviews": rows("reviews"),
        "restatements": rows("restatements"),
        "verdict_history": rows("verdict_history"),
        "verdict_restatements": rows("verdict_restatements"),
        "references": rows("references"),
        "events": rows("events"),
    }


def explain_subject(
    connection: duckdb.DuckDBPyConnection, subject: str, fiscal_year: int, basis: str
) -> dict[str, Any] | None:
    """Return the sums of an operator or of the ``city`` by facility, with the verdicts of its own targets.

    ``total`` is the sum of the facilities. What only a document of a department or operator tells stands under ``documents``.

    Returns:
        The explanation; ``None`` where the subject is neither.
    """
    operators = {row["operator_id"]: row for row in database.dicts(connection, "FROM operators")}
    known = {name.lower(): name for name in operators} | {row["name"]: name for name, row in operators.items()}
    chosen = CITY if subject.lower() == CITY else known.get(subject.lower(), known.get(subject))
    if chosen is None:
        return None
    parameters = {"subject": chosen, "year": fiscal_year, "basis": basis}
    members = database.rows(connection, HERE / "members.sql", parameters)
    documents = database.rows(connection, HERE / "subject_documents.sql", parameters)
    of_facilities = {column: sum((row[column] or 0 for row in members), Decimal(0)) for column in SUMMED}
    of_documents = sum((row["co2e_kg"] for row in documents if row["counts"]), Decimal(0))
    return {
        "subject": chosen,
        "name": operators[chosen]["name"] if chosen in operators else "",
        "fiscal_year": fiscal_year,
        "basis": basis,
        "results": database.rows(connection, HERE / "subject_results.sql", parameters),
        "total": of_facilities,
        "documents": documents,
        "total_with_documents_co2e_kg": of_facilities["co2e_kg"] + of_documents,
        "gases": _gases(connection, CITY, CITY, [fiscal_year], basis) if chosen == CITY else [],
        "facilities": members,
    }


def _gases(
    connection: duckdb.DuckDBPyConnection, kind: str, subject: str, years: Iterable[int], basis: str
) -> list[dict[str, Any]]:
    """The gases of fiscal years, for documents that round them one by one."""
    return [row for row in frozen.gases(connection, years, kind, subject) if row["basis"] == basis]


def _facility(connection: duckdb.DuckDBPyConnection, facility_id: str) -> dict[str, Any]:
    near = database.rows(connection, HERE / "facility.sql", {"facility": facility_id})
    named = [row for row in near if row["name"] == facility_id]
    if near and (near[0]["facility_id"].lower() == facility_id.lower() or len(named) == 1):
        return near[0]
    names = "、".join(f"{row['facility_id']} {row['name']}" for row in near)
    raise UnknownFacility(both("no_such_facility", facility_id=facility_id, names=names))
