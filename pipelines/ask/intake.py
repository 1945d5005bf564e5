"""What came in, what did not, what is held back and what to do: for the page and the command.

Reads the published file. A word that no register knows is shown with the row to add.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from pipelines import tables, units
from pipelines.ask import lists
from pipelines.warehouse import query

MOST_ROWS = 200
UNSURE = "?"
CAME = """
SELECT *, source || '/' || path AS place FROM intake_log ORDER BY received_at DESC, source, path LIMIT $most
"""
LATE = """
SELECT e.*, f.name FROM expected_inputs AS e JOIN facilities AS f ON f.facility_id = e.facility_id
WHERE e.is_late ORDER BY e.expected_by NULLS FIRST, e.facility_id, e.source_id
"""
HELD = """
SELECT q.rule_id, s.source || '/' || s.path AS place, q.source_member AS member, count(*) AS values_held,
    arg_min(q.reason, q.source_line) AS ja, arg_min(q.reason_en, q.source_line) AS en, min(q.source_line) AS line,
    arg_min(q.source_column, q.source_line) AS "column"
FROM quarantine AS q
JOIN source_files AS s ON s.sha256 = q.source_sha256 AND s.status = 'read'
GROUP BY ALL
ORDER BY values_held DESC, place, line
LIMIT $most
"""
UNKNOWN = "SELECT * FROM unknown_names ORDER BY values_held DESC, word LIMIT $most"
COUNTS = """
SELECT (SELECT count(*) FROM source_files) AS files, (SELECT count(*) FROM source_files WHERE status = 'unreadable') AS unreadable,
    (SELECT count(*) FROM expected_inputs WHERE is_late) AS late, (SELECT count(*) FROM quarantine) AS held,
    (SELECT count(*) FROM unknown_names) AS unknown, (SELECT count(*) FROM readings WHERE known_to IS NOT NULL) AS superseded
"""


def gather(published: Path, most: int = MOST_ROWS) -> dict[str, Any]:
    """Return what the page and the command tell.

    Args:
        published: The published file.
        most: Most rows of each list.

    Raises:
        QueryError: nothing is published yet.
    """
    with query.opened(published) as connection:
        limit = {"most": most}
        return {
            "counts": query.dicts(connection, COUNTS)[0],
            "came": query.dicts(connection, CAME, limit),
            "late": query.dicts(connection, LATE),
            "problems": query.dicts(connection, lists.FILE_PROBLEMS),
            "held": query.dicts(connection, HELD, limit),
            "unknown": [row | {"proposal": proposal(row)} for row in query.dicts(connection, UNKNOWN, limit)],
        }


def proposal(row: dict[str, Any]) -> str:
    """Return the row to add to meters.csv or activity_sources.csv; what only a person knows stands as ``?``.

    Args:
        row: A row of ``unknown_names``.
    """
    name = str(row["word"])
    register = "activity_sources" if row["source_kind"] == "activity" else "meters"
    known: dict[str, str] = {"facility_id": row["facility_id"] or UNSURE, "unit": row["unit"] or UNSURE}
    if register == "activity_sources":
        known |= {"activity_source_id": name, "activity": UNSURE, "frequency": "month"}
    else:
        is_point = len(name) == 22 and name.isdigit()
        known |= {
            "meter_id": f"{known['facility_id']}-{name[-4:]}" if is_point else name,
            "energy_type": _suggested(known["unit"]),
            "reading_kind": row["reading_kind"] or UNSURE,
            "supply_point": name if is_point else "",
        }
    columns = [column.name for column in tables.table(register).columns]
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow([known.get(column, "") for column in columns])
    return f"{register}.csv: {stream.getvalue().rstrip(',')}"


def _suggested(unit: str) -> str:
    try:
        canonical = units.canonical(unit)
    except units.UnitError:
        return UNSURE
    if canonical.startswith(("kW", "Wh", "MWh", "thousand_kWh")):
        return "electricity"
    return "city_gas" if canonical.endswith("m3") else UNSURE
