"""What changed in the verdicts of closed years since the last publication, and why, also where no total moved.

Reads facility_results, target_results and target_members of the new file, and published_verdicts. A case is a facility, or
a target on its subject's sum. The causes are the kinds of inputs that changed; where neither the actual amount nor the
baseline moved, data and factors cannot be the cause, and the register or the method is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from pipelines.history import records
from pipelines.history.records import VERDICTS
from pipelines.run.inputs import CAUSES, METHOD, REGISTER
from pipelines.warehouse import database

TABLE = "verdict_restatements"
HERE = records.HERE / "verdicts"
# inputs that change every night, or only beside the verdicts: a cause only where nothing else changed
BESIDE = frozenset({"today", "official_editions", "year_closings"})
ORDER = tuple(dict.fromkeys(CAUSES.values()))


def since(
    connection: duckdb.DuckDBPyConnection, before: Mapping[str, str], inputs: Mapping[str, str], run: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the rows of ``verdict_restatements`` that tonight's file makes against what was published last.

    Args:
        connection: The new file, its history loaded.
        before: The hashes of the inputs of the published file, by kind.
        inputs: Those of tonight.
        run: ``run_id``, ``published_time`` and ``version`` of tonight.
    """
    _compare(connection)
    kinds = sorted(kind for kind in CAUSES if before.get(kind) != inputs[kind])
    kinds = [kind for kind in kinds if kind not in BESIDE] or kinds
    named = {name: run[name] for name in ("run_id", "published_time", "version")}
    return [
        {
            **named,
            **row,
            "causes": ";".join(_causes(kinds, is_moved=row.pop("is_moved"))),
            "inputs_changed": ", ".join(kinds),
        }
        for row in database.rows(connection, HERE / "verdict_changes.sql")
    ]


def record(connection: duckdb.DuckDBPyConnection, publication: Mapping[str, Any]) -> None:
    """Add to ``published_verdicts`` what this publication changes in it."""
    _compare(connection)
    changed = f"INSERT INTO {VERDICTS} BY NAME {database.sql_text(HERE / 'changed_verdicts.sql')}"
    named = {name: publication[name] for name in ("run_id", "published_time", "version")}
    database.run(connection, changed, named, what=VERDICTS)


def _compare(connection: duckdb.DuckDBPyConnection) -> None:
    for step in ("present_verdicts", "last_verdicts"):
        database.create_temp(connection, step, HERE / f"{step}.sql")


def _causes(kinds: list[str], *, is_moved: bool) -> list[str]:
    """Return the causes that fit, in the order in which a change is split; the method where no input changed."""
    found = {CAUSES[kind] for kind in kinds} or {METHOD}
    if not is_moved:
        found = found & {REGISTER, METHOD} or found
    return [cause for cause in ORDER if cause in found]
