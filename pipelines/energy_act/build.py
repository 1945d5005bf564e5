"""Build what the Act asks of operators and sites: designation, posts and who holds them when, and who answers today.

Reads energy_by_meter_day, meter_allocations, energy_choices, facility_spans, thresholds, heat_contents, legal_posts, manager_numbers,
meters, operators, sites, facilities, appointments, denominators and filed. Writes operator_fiscal_years, site_fiscal_years,
site_energy_years, intensities, post_requirements, post_terms, post_holders, post_deputies and deadlines.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines.findings import Finding
from pipelines.periods import fiscal_year
from pipelines.registers.checks import LEGAL_POSTS
from pipelines.settings.city import Settings
from pipelines.warehouse import database

HERE = Path(__file__).parent
# One per specified operator (法7条の2, 7条の3); the others belong to sites, departments or facilities.
OPERATOR_POSTS = frozenset({"エネルギー管理統括者", "エネルギー管理企画推進者"})
STEPS = ("act_parts", "act_days", "act_years", "road_years")
SEATS = ("seat_pieces", "seat_terms", "combined_terms")
TABLES = ("operator_fiscal_years", "site_fiscal_years", "site_energy_years", "intensities", "post_requirements")
# what is wrong with a seat -> the rule that tells it
RULES_OF_SEATS = {
    "overdue": "post_overdue",
    "vacant": "vacant_post",
    "acting": "post_acting",
    "unqualified": "post_unqualified",
    "combined": "two_posts_one_person",
    "course_missed": "course_missed",
    "course_unknown": "course_unknown",
    "course_due": "course_due",
    "notice_overdue": "notice_overdue",
}


def build(
    connection: duckdb.DuckDBPyConnection, settings: Settings, today: date, first_day: date | None = None
) -> list[Finding]:
    """Fill the stage's tables.

    Args:
        connection: The warehouse under construction.
        settings: For the posts the city itself names, when a threshold is near, and the city's own dates.
        today: Decides who is in office and which year is running.
        first_day: First day on which data is expected; no year before it is known wholly. ``None``: all are.

    Returns:
        Findings: designations that speak against the sums, years that come near a threshold, what is to be done about posts,
        reports that are overdue, denominators that changed and aims that were not reached.

    Raises:
        StageError: when a statement of ours fails.
    """
    database.create_from(
        connection,
        "wanted_posts",
        {
            "post": ("VARCHAR", list(LEGAL_POSTS)),
            "is_operator_post": ("BOOLEAN", [post in OPERATOR_POSTS for post in LEGAL_POSTS]),
            "fallback": ("VARCHAR", [settings.fallback_posts.get(post) for post in LEGAL_POSTS]),
        },
    )
    parameters = {
        "today": today,
        "this_year": fiscal_year(today),
        "first_year": fiscal_year(first_day) if first_day else 0,
        "near": Decimal(str(settings.energy_act.near_threshold)),
        "responsible_per": settings.energy_act.responsible_per,
    }
    _load_city_dates(connection, settings, today)
    for functions in ("thresholds", "periods", "intensities"):
        database.define(connection, HERE / "macros" / f"{functions}.sql")
    for step in STEPS:
        database.create_temp(connection, step, HERE / f"{step}.sql", parameters)
    for table in TABLES:
        database.fill(connection, table, HERE / f"{table}.sql", parameters)
    for step in SEATS:
        database.create_temp(connection, step, HERE / f"{step}.sql", parameters)
    for table in ("post_terms", "post_holders", "post_deputies", "deadlines"):
        database.fill(connection, table, HERE / f"{table}.sql", parameters)
    connection.execute("".join(f"DROP TABLE {step};" for step in (*reversed(SEATS), *reversed(STEPS))))
    return [
        *_of_designations(connection, parameters),
        *_of_posts(connection, parameters),
        *_of_reports(connection),
        *_of_intensities(connection, parameters),
    ]


def _load_city_dates(connection: duckdb.DuckDBPyConnection, settings: Settings, today: date) -> None:
    """The city's own dates of this fiscal year and the next, for ``deadlines``."""
    dates = [
        (one.name, one.on(year), one.owner or None, one.source or None, one.confirmed)
        for one in settings.dates
        for year in (fiscal_year(today), fiscal_year(today) + 1)
    ]
    columns = zip(*dates, strict=True) if dates else ([], [], [], [], [])
    types = {"name": "VARCHAR", "due_on": "DATE", "owner": "VARCHAR", "source": "VARCHAR", "is_confirmed": "BOOLEAN"}
    named = zip(types.items(), columns, strict=True)
    database.create_from(connection, "city_dates", {name: (kind, list(values)) for (name, kind), values in named})


def _of_reports(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    for row in database.rows(connection, HERE / "overdue_reports.sql"):
        subject = f"{row['subject_id']}/{row['item']}"
        yield Finding("filing_to_check", subject, dict(row), None, row["fiscal_year"])


def _of_designations(connection: duckdb.DuckDBPyConnection, parameters: dict[str, Any]) -> Iterator[Finding]:
    for row in database.rows(connection, HERE / "designations.sql", parameters):
        yield Finding(row["rule_id"], row["operator_id"], _told(row), None, row["fiscal_year"])
    for row in database.rows(connection, HERE / "site_designations.sql", parameters):
        yield Finding(row["rule_id"], row["site_id"], _told(row), None, row["fiscal_year"])
    for row in database.rows(connection, HERE / "near_designations.sql", parameters):
        subject = f"{row['subject']}/{row['threshold_name']}"
        yield Finding("near_designation", subject, _told(row), None, row["fiscal_year"])


def _of_posts(connection: duckdb.DuckDBPyConnection, parameters: dict[str, Any]) -> Iterator[Finding]:
    for row in database.rows(connection, HERE / "post_faults.sql", parameters):
        some = ", ".join(row["some_of_them"]) + (" …" if row["are_more"] else "")
        told = {"operator": row["operator_id"], "post": row["posts"], "seats": row["seats"], "some": some}
        told |= {"persons": row["persons"] or "-", "due": row["due_on"] or "-"}
        yield Finding(RULES_OF_SEATS[row["fault"]], f"{row['operator_id']}/{row['about']}", told)


def _of_intensities(connection: duckdb.DuckDBPyConnection, parameters: dict[str, Any]) -> Iterator[Finding]:
    for row in database.rows(connection, HERE / "intensity_faults.sql", parameters):
        told = {key: row[key] for key in ("operator_id", "denominator", "unit", "fiscal_year")}
        told |= {"whose": row["subject"], "percent": "-" if row["low"] is None else f"{row['low'] * 100:.1f}"}
        yield Finding(row["rule_id"], f"{row['subject']}/{row['denominator']}", told, None, row["fiscal_year"])


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """The row for its sentence: kL with one place."""
    return {
        key: f"{value:,.1f}" if isinstance(value, Decimal) else "-" if value is None else value
        for key, value in row.items()
        if key != "rule_id"
    } | {"year": row["fiscal_year"]}
