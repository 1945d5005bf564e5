"""The sample's numbers against a second opinion: pandas and Decimal, from the raw files, to nine decimal places."""

from __future__ import annotations

from datetime import date
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


def test_energy_of_a_facility_year_is_the_sum_of_its_days_and_yearly_totals(
    sample: duckdb.DuckDBPyConnection, opinion: SecondOpinion
) -> None:
    ours = rows_of(
        sample,
        """SELECT facility_id, fiscal_year, energy_gj, crude_oil_kl FROM emissions_by_facility_fiscal_year
           WHERE basis = 'plan' AND fiscal_year >= 2013""",
    )
    assert {(f, y): gj for f, y, gj, _ in ours if gj} == {
        k: v for k, v in opinion.year_gj.items() if k[1] >= 2013 and k[0] != "outside" and v
    }
    assert all(kl == gj * Decimal("0.0258") for _, _, gj, kl in ours if gj is not None)


def test_baselines_known_as_yearly_totals_lie_within_the_printed_steps(
    sample: duckdb.DuckDBPyConnection, opinion: SecondOpinion
) -> None:
    facilities = rows_of(
        sample,
        """SELECT facility_id, baseline_low_co2e_kg, baseline_high_co2e_kg FROM facility_results
           WHERE fiscal_year = 2025 AND basis = 'plan' AND contains(reasons, 'baseline:yearly_total')""",
    )
    department = rows_of(
        sample,
        """SELECT '水道課', baseline_low_co2e_kg, baseline_high_co2e_kg FROM target_results
           WHERE fiscal_year = 2025 AND target_id = 'T-WATERWORKS'""",
    )
    assert len(facilities) == 14 and len(department) == 1
    assert {subject: (low, high) for subject, low, high in facilities + department} == opinion.baseline


def test_periods_of_the_running_year_are_sums_of_days(sample: duckdb.DuckDBPyConnection) -> None:
    compared = sample.execute(
        """SELECT facility_id, basis, fiscal_year, same_period_until, same_period_co2e_kg, same_period_previous_co2e_kg
           FROM facility_results WHERE same_period_until IS NOT NULL"""
    ).fetchall()
    days: dict[tuple[str, str], dict[date, Decimal]] = {}
    for facility, basis, day, kg in sample.execute(
        """SELECT facility_id, basis, local_date, coalesce(sum(co2e_kg), 0) FROM emission_days
           WHERE gas <> 'NF3' AND local_date >= '2025-04-01' GROUP BY ALL"""
    ).fetchall():
        days.setdefault((facility, basis), {})[day] = kg
    assert any(until == sample_today(sample) for _, _, _, until, _, _ in compared), (
        "one facility must be known to this day"
    )
    for facility, basis, year, until, now, before in compared:
        own = days[facility, basis]
        last = until.replace(year=until.year - 1)
        assert now == sum((kg for day, kg in own.items() if date(year, 4, 1) <= day < until), Decimal(0)), facility
        assert before == sum((kg for day, kg in own.items() if date(year - 1, 4, 1) <= day < last), Decimal(0)), (
            facility
        )


def sample_today(sample: duckdb.DuckDBPyConnection) -> date:
    row = sample.execute("SELECT inputs_hash FROM build_inputs WHERE kind = 'today'").fetchone()
    return date.fromisoformat(row[0]) if row else date.min
