"""Composition analysis of burnt waste (組成分析): one line per facility, sampling day and category.

Granularity: a sample a few times a year, from a laboratory; percent of the waste, of wet or of dry weight. A dry percent
needs the sample's moisture to become tonnes as burnt. A later delivery of the same line replaces the earlier one.
"""

from __future__ import annotations

from pipelines.sources.head import Head, Recognised, by_role, find_header

NAME = "waste_composition"
NEEDED = frozenset({"facility_id", "sampled_on", "category", "percent"})
ROLES = {
    "key": ("facility_id",),
    "started": ("sampled_on",),
    "quantity": ("percent",),
    "category": ("category",),
    "basis": ("basis",),
    "moisture": ("moisture_percent",),
    "laboratory": ("laboratory",),
    "stage": ("stage",),
    "issued": ("issued_on",),
}


def recognise(head: Head) -> Recognised | None:
    """Return how to read the file when its header has the four needed columns."""
    found = find_header(head, NEEDED)
    if found is None:
        return None
    line, row = found
    return Recognised(NAME, line, len(row), by_role(row, ROLES), record="composition", quantity_name="percent")
