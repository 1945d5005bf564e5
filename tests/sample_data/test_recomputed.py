"""The sample's numbers against a second opinion: pandas and Decimal, from the raw files, to nine decimal places."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest

from tests.conftest import SAMPLE
from tests.making import rows_of
from tests.sample_data.second_opinion import SecondOpinion


@pytest.fixture(scope="module")
def opinion() -> SecondOpinion:
    return SecondOpinion(SAMPLE)


def test_every_meter_day_agrees(sample: duckdb.DuckDBPyConnection, opinion: SecondOpinion) -> None:
    ours = rows_of(
        sample,
        """SELECT meter_id, facility_id, local_date, quantity, energy_gj FROM energy_by_meter_day
           WHERE quantity IS NOT NULL""",
    )
    assert len(ours) > 400_000
    assert {(m, f, d): q for m, f, d, q, _ in ours} == opinion.quantity
    assert {(m, f, d): gj for m, f, d, _, gj in ours} == opinion.energy_gj


def test_every_facility_year_agrees(sample: duckdb.DuckDBPyConnection, opinion: SecondOpinion) -> None:
    ours = rows_of(
        sample,
        """SELECT facility_id, fiscal_year, co2e_kg FROM emissions_by_facility_fiscal_year
           WHERE basis = 'plan' AND fiscal_year >= 2013""",
    )
    assert len(ours) > 600
    theirs = {key: total for key, total in opinion.co2e.items() if key[1] >= 2013 and key[0] != "outside"}
    assert {(facility, year): kg for facility, year, kg in ours if kg or (facility, year) in theirs} == theirs
    assert all(total == round(total, 9) for total in theirs.values())


def test_energy_of_a_facility_year_is_the_sum_of_its_days(
    sample: duckdb.DuckDBPyConnection, opinion: SecondOpinion
) -> None:
    sums: dict[tuple[str, int], Decimal] = {}
    for (_, facility, day), gj in opinion.energy_gj.items():
        key = (facility, day.year - (day.month < 4))
        sums[key] = sums.get(key, Decimal(0)) + gj
    ours = rows_of(
        sample,
        """SELECT facility_id, fiscal_year, energy_gj, crude_oil_kl FROM emissions_by_facility_fiscal_year
           WHERE basis = 'plan' AND fiscal_year >= 2013""",
    )
    assert {(f, y): gj for f, y, gj, _ in ours if gj} == {
        k: v for k, v in sums.items() if k[1] >= 2013 and k[0] != "outside" and v
    }
    assert all(kl == gj * Decimal("0.0258") for _, _, gj, kl in ours if gj is not None)
