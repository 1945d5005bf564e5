"""Build what the Act asks of operators, and who holds which post today.

Reads energy_by_meter_day, facility_spans, operators and appointments. Writes operator_fiscal_years and post_holders.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from pipelines.register_checks import LEGAL_POSTS
from pipelines.settings import Settings
from pipelines.warehouse import database

HERE = Path(__file__).parent
# One per specified operator (法7条の2, 7条の3); the others belong to sites, departments or facilities.
OPERATOR_POSTS = frozenset({"エネルギー管理統括者", "エネルギー管理企画推進者"})


def build(connection: duckdb.DuckDBPyConnection, settings: Settings, today: date) -> None:
    """Fill the stage's tables.

    Raises:
        StageError: when a statement of ours fails.
    """
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE wanted_posts AS SELECT unnest(CAST($posts AS VARCHAR[])) AS post,
           unnest(CAST($of_operator AS BOOLEAN[])) AS is_operator_post,
           unnest(CAST($fallbacks AS VARCHAR[])) AS fallback""",
        {
            "posts": list(LEGAL_POSTS),
            "of_operator": [post in OPERATOR_POSTS for post in LEGAL_POSTS],
            "fallbacks": [settings.fallback_posts.get(post) for post in LEGAL_POSTS],
        },
    )
    database.fill(connection, "operator_fiscal_years", HERE / "operator_fiscal_years.sql")
    database.fill(connection, "post_holders", HERE / "post_holders.sql", {"today": today})
