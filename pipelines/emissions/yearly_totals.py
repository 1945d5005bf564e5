"""The emissions of yearly totals: the statements that choose factors for meters and activities choose them here too.

Reads yearly_total_quantities, yearly_total_segments, emissions_by_source_month, the reference and ``overrides``. Writes
yearly_total_emissions, yearly_total_doubts and facility_homes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from pipelines.warehouse import database
from pipelines.warehouse.incremental import seen_only

HERE = Path(__file__).parent
Choose = Callable[[], None]


def count(connection: duckdb.DuckDBPyConnection, of_meters: Choose, of_activities: Choose, ratio: float) -> None:
    """Fill yearly_total_emissions and what doubts them. The months of sources and ``provisional_bounds`` must be there.

    Args:
        connection: The warehouse under construction.
        of_meters: Makes the candidates and multipliers of meter_segments and ``counted_in``.
        of_activities: The same of activity_days.
        ratio: A total that many times larger or smaller than every other year is doubted.
    """
    connection.execute(
        """CREATE OR REPLACE TEMP VIEW counted_in AS
           SELECT yearly_total_id AS meter_id, 'all' AS time_band, unit FROM yearly_total_quantities"""
    )
    with seen_only(connection, "meter_segments", "yearly_total_segments"):
        of_meters()
        database.create_temp(connection, "total_factor_choices", HERE / "factor_choices.sql")
    database.create_temp(connection, "total_activity_days", HERE / "total_activity_days.sql")
    with seen_only(connection, "activity_days", "total_activity_days"):
        of_activities()
        database.create_temp(connection, "total_activity_choices", HERE / "activity_choices.sql")
    database.create_temp(connection, "total_amounts", HERE / "total_amounts.sql")
    database.fill(connection, "facility_homes", HERE / "facility_homes.sql")
    database.fill(connection, "yearly_total_doubts", HERE / "yearly_total_doubts.sql", {"ratio": ratio})
    database.fill(connection, "yearly_total_emissions", HERE / "yearly_total_emissions.sql")
    for step in ("total_factor_choices", "total_activity_days", "total_activity_choices", "total_amounts"):
        connection.execute(f"DROP TABLE {step}")
