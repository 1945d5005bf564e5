"""The city's own layout for activity data: waste, sewage, vehicles, refrigerants, one row per period.

Granularity: month or year; ``ended_on`` is exclusive. Monthly sheets of the plants are brought into this form.
"""

from __future__ import annotations

from pipelines.sources.head import Head, Recognised, by_role, find_header

NAME = "canonical_activity"
NEEDED = frozenset({"activity_source_id", "started_on", "ended_on", "quantity"})
ROLES = {
    "key": ("activity_source_id",),
    "started": ("started_on",),
    "ended": ("ended_on",),
    "quantity": ("quantity",),
    "unit": ("unit",),
    "substance": ("substance",),
    "note": ("note",),
    "stage": ("stage",),
    "issued": ("issued_on",),
}


def recognise(head: Head) -> Recognised | None:
    """Return how to read the file when its header has the four needed columns."""
    found = find_header(head, NEEDED)
    if found is None:
        return None
    line, row = found
    return Recognised(NAME, line, len(row), by_role(row, ROLES), record="activity")
