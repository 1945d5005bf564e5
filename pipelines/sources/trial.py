"""Read one file on trial, writing nothing: the layout, the values, the rejects with line and reason."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from pipelines.findings import rules
from pipelines.settings.city import Limits
from pipelines.sources.arrive.odd_names import as_text, readable
from pipelines.sources.open.inspect_file import inspect
from pipelines.sources.open.open_file import Inbound
from pipelines.sources.parse import ParseOptions, parse
from pipelines.warehouse import database

MOST_ROWS = 20


def read(path: Path, layout: str = "", reading: ParseOptions | None = None) -> dict[str, Any]:
    """Return what the parser makes of a file.

    Args:
        path: Any file. Layouts that name the meter by the path see the last three folders.
        layout: The layout to try; empty: recognised by content.
        reading: Limits and the city's own layouts.
    """
    chosen = reading or ParseOptions(Limits())
    where = as_text("/".join(path.resolve().parts[-3:]))
    with tempfile.TemporaryDirectory() as scratch:
        inspected = inspect(readable(path, Path(scratch), chosen.limits.file_bytes), chosen.limits)
        connection = database.connect()
        outcome = parse([Inbound("-", where, inspected, layout)], connection, chosen, Path(scratch))[0]
        counted = "SELECT rows_received, rows_blank, rows_ignored, unread FROM parsed_files"
        counts = connection.execute(counted).fetchone() or (0, 0, 0, "")
        values = _rows(connection, "parsed_values ORDER BY source_line, source_column")
        rejects = _rows(connection, "parsed_rejects ORDER BY source_line, source_column")
        totals = connection.execute(
            "SELECT (SELECT count(*) FROM parsed_values), (SELECT count(*) FROM parsed_rejects)"
        ).fetchone()
        connection.close()
    for reject in rejects:
        reject["ja"] = rules()[reject["rule_id"]].sentence("ja", {"raw": reject["raw"]})
        reject["en"] = rules()[reject["rule_id"]].sentence("en", {"raw": reject["raw"]})
    problem = None
    if outcome.problem:
        rule = rules()[outcome.problem[0]]
        numbers = outcome.problem[1]
        problem = {"rule_id": rule.rule_id, "ja": rule.sentence("ja", numbers), "en": rule.sentence("en", numbers)}
    return {
        "path": as_text(str(path)),
        "sha256": inspected.sha256,
        "bytes": inspected.size,
        "encoding": inspected.encoding if inspected.kind == "text" else inspected.kind,
        "layout": outcome.layout,
        "problem": problem,
        "rows_received": counts[0],
        "rows_values": totals[0] if totals else 0,
        "rows_rejected": totals[1] if totals else 0,
        "rows_blank": counts[1],
        "rows_ignored": counts[2],
        "unread": counts[3],
        "values": values,
        "rejects": rejects,
    }


def _rows(connection: Any, what: str) -> list[dict[str, Any]]:  # noqa: ANN401 - a DuckDB connection
    without = f"SELECT * EXCLUDE (source_sha256, wanted, file_member) FROM {what} LIMIT {MOST_ROWS}"
    return database.dicts(connection, without)
