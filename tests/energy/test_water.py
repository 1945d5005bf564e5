"""Water of a facility: taken, spread over days and shown like any bill, and in no sum of energy or CO2."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pipelines import units
from pipelines.ask.explain import FacilityQuestion, explain
from tests.making import DEFAULTS, City, broken, monthly, one, rows_of

WATER = {"meter_id": "W1", "facility_id": "F1", "energy_type": "水道", "unit": "m3", "reading_kind": "bill"}
RESULTS = """SELECT facility_id, fiscal_year, basis, target_id, verdict, reasons, coverage, actual_low_co2e_kg,
    actual_high_co2e_kg, allowed_co2e_kg, baseline_low_co2e_kg FROM facility_results ORDER BY ALL"""
ACT = "SELECT * EXCLUDE (operator_id) FROM operator_fiscal_years ORDER BY ALL"


@pytest.mark.parametrize("hole", [(), ((2025, 12), (2022, 6))])
def test_water_is_shown_and_changes_no_result(city: City, hole: tuple[tuple[int, int], ...]) -> None:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, lambda y, m: 60 if y == 2025 else 100))
    with city.built("flags") as made:
        before, act = rows_of(made, RESULTS), rows_of(made, ACT)
        asked = rows_of(made, "SELECT rule_id, facility_id FROM flags ORDER BY ALL")
    city.register("meters", [DEFAULTS["meters"][0], WATER])
    rows = monthly("W1", 2022, 2025, lambda y, m: None if (y, m) in hole else 1000 if (y, m) == (2024, 5) else 20)
    city.bills("water/a.csv", [(*row[:-1], "㎥") for row in rows])
    with city.built("flags") as made:
        assert broken(made) == {}
        assert rows_of(made, RESULTS) == before
        assert rows_of(made, ACT) == act
        assert rows_of(made, "SELECT rule_id, facility_id FROM flags ORDER BY ALL") == asked
        assert one(made, "SELECT count(*) FROM quarantine") == 0
        assert one(
            made,
            """SELECT unit, quantity, coalesce(energy_gj, 0) FROM energy_by_facility_month
               WHERE energy_type = 'water' AND month = DATE '2025-05-01'""",
        ) == ("m3", Decimal(20), 0)
        assert rows_of(made, "SELECT * FROM emission_days WHERE source_id = 'W1'") == []
        told = explain(made, FacilityQuestion("F1", 2025, date(2025, 5, 1), "plan"))
        (water,) = (source for source in told["sources"] if source["source_id"] == "W1")
        assert (water["quantity"], water["unit"], water["co2e_kg"], water["energy_gj"]) == (20, "m3", None, None)
        assert water["reasons"] == ["not_in_basis"] and water["days_without_factor"] == 0 and water["missing_days"] == 0


def test_water_is_a_volume_and_nothing_else() -> None:
    for word in ("m3", "㎥", "立米"):
        assert units.counted(word, "water").unit == "m3"
    for word in ("kWh", "GJ", "kg", "Nm3"):
        with pytest.raises(units.UnitError, match="wrong_dimension"):
            units.counted(word, "water")
