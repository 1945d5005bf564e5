"""The city's own layout for meter readings: one row per reading.

Granularity: any period; ``started_at`` inclusive, ``ended_at`` exclusive, local time; a date alone is midnight.
Sign: use is positive. Corrections come as rows with ``stage=corrected``. Used by the office itself and by exports
that were brought into this form.
"""

from __future__ import annotations

from pipelines.sources.head import Head, Recognised, by_role, find_header

NAME = "canonical_readings"
NEEDED = frozenset({"meter_id", "started_at", "ended_at", "quantity"})
ROLES = {
    "key": ("meter_id",),
    "started": ("started_at",),
    "ended": ("ended_at",),
    "quantity": ("quantity",),
    "unit": ("unit",),
    "reading_kind": ("reading_kind",),
    "time_band": ("time_band",),
    "quality": ("quality",),
    "stage": ("stage",),
    "issued": ("issued_on",),
    "yen": ("amount_yen",),
    "kw": ("demand_kw",),
}


def recognise(head: Head) -> Recognised | None:
    """Return how to read the file when its header has the four needed columns."""
    found = find_header(head, NEEDED)
    if found is None:
        return None
    line, row = found
    return Recognised(NAME, line, len(row), by_role(row, ROLES))
