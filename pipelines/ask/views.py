"""The views of the published file that are made for people: names beside ids, one row for what a person calls one thing.

They add no number of their own: each stands on tables that the stages filled.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.warehouse import database

HERE = Path(__file__).parent / "views"
# In this order: a later one may stand on an earlier one.
VIEWS = (
    "energy_by_facility_month",
    "facility_months",
    "facility_years",
    "meter_gaps",
    "verdicts",
    "open_flags",
    "questions",
    "rule_yields",
)


def create(connection: database.Connection) -> None:
    """Create the views in the file that is about to be published."""
    for name in VIEWS:
        database.create_view(connection, name, HERE / f"{name}.sql")
