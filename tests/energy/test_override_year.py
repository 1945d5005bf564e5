"""An accepted answer lifts the doubt of the year it was asked about, and of no other."""

from __future__ import annotations

from pipelines.energy import build as energy
from pipelines.night import Night
from tests.making import City, monthly, rows_of


def test_an_answer_lifts_its_own_year_only(city: City) -> None:
    slipped = {(2023, 6): 0.1, (2024, 6): 0.1}
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, lambda year, month: slipped.get((year, month), 100)))
    night = Night(city.paths)
    night.receive()
    night.read_files()
    night.load_registers()
    night.open_next()
    night.accept_readings()
    night.connection.execute(
        "CREATE OR REPLACE TEMP TABLE overrides AS SELECT 'M1' AS meter_id, 2024 AS fiscal_year, 'unit_slip' AS rule_id,"
        " CAST(1100.1 AS DECIMAL(28, 6)) AS seen_quantity"
    )
    energy.build(night.connection, city.paths.settings, city.today)
    found = rows_of(
        night.connection,
        "SELECT DISTINCT fiscal_year_of(local_date) AS year, state, overridden FROM energy_by_meter_day"
        " WHERE month(local_date) = 6 AND year(local_date) IN (2023, 2024) ORDER BY year",
    )
    night.close()
    assert found == [(2023, "doubtful", None), (2024, "measured", "unit_slip")]
