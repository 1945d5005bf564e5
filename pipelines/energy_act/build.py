"""Build what the Act asks of operators, who holds which post today and who acts beside the holder.

Reads energy_by_meter_day, meter_allocations, energy_choices, facility_spans, thresholds, meters, operators and
appointments. Writes operator_fiscal_years, post_holders and post_deputies.
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


def build(
    connection: duckdb.DuckDBPyConnection, settings: Settings, today: date, first_day: date | None = None
) -> list[Finding]:
    """Fill the stage's tables.

    Args:
        connection: The warehouse under construction.
        settings: For the posts the city itself names.
        today: Decides who is in office and which year is running.
        first_day: First day on which data is expected; no year before it is known wholly. ``None``: all are.

    Returns:
        Findings: designations that speak against the sums, vacant posts, one person in both posts of an operator.

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
    }
    for step in ("act_parts", "act_days"):
        database.create_temp(connection, step, HERE / f"{step}.sql")
    for table in ("operator_fiscal_years", "post_holders", "post_deputies"):
        database.fill(connection, table, HERE / f"{table}.sql", parameters)
    connection.execute("DROP TABLE act_days; DROP TABLE act_parts")
    return [*_of_designations(connection, parameters), *_of_posts(connection)]


def _of_designations(connection: duckdb.DuckDBPyConnection, parameters: dict[str, Any]) -> Iterator[Finding]:
    for row in database.rows(connection, HERE / "designations.sql", parameters):
        told = {key: _kl(row[key]) for key in ("low", "high", "threshold")}
        told |= {"year": row["fiscal_year"], "designation_no": row["designation_no"] or "-"}
        yield Finding(row["rule_id"], row["operator_id"], told, None, row["fiscal_year"])


def _of_posts(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    for row in database.rows(connection, HERE / "vacant_posts.sql"):
        some = ", ".join(row["some_of_them"]) + (" …" if row["facilities"] > len(row["some_of_them"]) else "")
        told = {"operator": row["operator_id"], "post": row["post"], "facilities": row["facilities"], "some": some}
        yield Finding("vacant_post", f"{row['operator_id']}/{row['post']}", told)
    for row in database.rows(connection, HERE / "two_posts.sql"):
        told = {"operator": row["operator_id"], "person": row["person_id"], "posts": row["posts"]}
        yield Finding("two_posts_one_person", f"{row['operator_id']}/{row['person_id']}", told)


def _kl(value: Decimal | None) -> str:
    return "-" if value is None else f"{value:,.1f}"
