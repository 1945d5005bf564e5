"""Yearly totals of activities (waste burnt, sewage treated): gas by gas with the potentials of their year, worked out by hand.

FY2013: CH4 x 21, N2O x 310 (施行令第4条, text of 2010); factors of 施行令第3条.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pytest
from typer.testing import CliRunner

from pipelines.cli import main
from tests.making import City, broken, monthly, one, rows_of, verdict
from tests.yearly_totals import FACILITIES, KEROSENE, METERS, TARGET, near, of_department, total

SEWAGE_CH4, SEWAGE_N2O = Fraction("0.00088") * 21, Fraction("0.00016") * 310  # kg CO2e of a m3


def of_activity(activity: str, quantity: object, unit: str, rounding: object = 1, **more: object) -> dict[str, object]:
    """A row of the register about an activity of F1 in FY2013."""
    figure = {"energy_type": "", "activity": activity, "unit": unit}
    return total(2013, quantity, rounding, **(figure | more))


def works(city: City, activity: str, unit: str, a_month: object, years: Sequence[int] = range(2021, 2026)) -> City:
    """F1 with an activity reported month by month, and a target against FY2013."""
    city.register("facilities", [FACILITIES[0], FACILITIES[2]]).register("meters", [METERS[2]]).register(
        "targets", [TARGET]
    )
    city.register("activity_sources", [
        {"activity_source_id": "A1", "facility_id": "F1", "activity": activity, "unit": unit, "frequency": "month",
         "valid_from": "2013-04-01"},
    ])  # fmt: skip
    return reported(city, "A1", a_month, years)


def reported(city: City, source: str, a_month: object, years: Sequence[int], months: int = 12) -> City:
    """The activity's figures of the first months of fiscal years."""
    lines = ["activity_source_id,started_on,ended_on,quantity"]
    for year in years:
        edges = [f"{year + (n > 8)}-{(n + 3) % 12 + 1:02}-01" for n in range(13)]
        lines += [f"{source},{edges[n]},{edges[n + 1] if n != 12 else ''},{a_month}" for n in range(months)]
    return city.file(f"plants/{source}-{years[0]}.csv", "\n".join([*lines, ""]))


@pytest.mark.parametrize(
    ("activity", "written", "unit", "rounding", "rule", "a_month", "gases", "low", "high"),
    [
        (  # 17,350,000 to 17,450,000 m3
            "sewage_terminal", "17,400", "千m3", 100, "", 1000, {"CH4": "321552", "N2O": "863040"}, "1181188", "1187996",
        ),
        (  # 37,200 to 37,201 t
            "incin_continuous", 37_200, "t", 1, "cut", 2000, {"CH4": "742.14", "N2O": "653864.4"}, "654606.54", "654624.13695",
        ),
        (  # 3,120.45 to 3,120.55 t x 754 kgC x 44/12
            "waste_plastic", "3120.5", "t", "0.1", "", 200, {"CO2": "8627142.333333333"}, "8627004.1", "8627280.566666667",
        ),
        (  # 99.5 to 100.5 t x (697 kgC x 44/12, 0.17 kg N2O)
            "iwaste_plastic", 100, "t", 1, "", 6, {"CO2": "255566.666666667", "N2O": "5270"}, "259532.483333333", "262140.85",
        ),
    ],
)  # fmt: skip
def test_every_gas_of_an_activity_counts_within_the_printed_step(
    city: City, activity: str, written: object, unit: str, rounding: object, rule: str, a_month: int,
    gases: dict[str, str], low: str, high: str,
) -> None:  # fmt: skip
    works(city, activity, unit, a_month)
    city.register("yearly_totals", [of_activity(activity, written, unit, rounding, rounding_rule=rule)])
    with city.built() as made:
        found = rows_of(made, "SELECT basis, gas, co2e_kg FROM yearly_total_emissions ORDER BY gas")
        baseline = one(
            made,
            """SELECT baseline_low_co2e_kg, baseline_high_co2e_kg FROM facility_results
               WHERE facility_id = 'F1' AND fiscal_year = 2024 AND basis = 'plan'""",
        )
        counted, energy = one(
            made,
            """SELECT co2e_kg, energy_gj FROM emissions_by_facility_fiscal_year
               WHERE facility_id = 'F1' AND fiscal_year = 2013 AND basis = 'plan'""",
        )
        by_gas = dict(
            rows_of(
                made,
                """SELECT gas, co2e_kg FROM emissions_by_source_year
                   WHERE facility_id = 'F1' AND fiscal_year = 2013 AND basis = 'plan'""",
            )
        )
        doubted = rows_of(made, "SELECT rule_id FROM doubts WHERE source_kind = 'yearly_total'")
        assert broken(made) == {}
    assert {(basis, gas) for basis, gas, _ in found} == {("plan", gas) for gas in gases}
    assert all(near(kg, Fraction(gases[gas])) for _, gas, kg in found)
    assert near(baseline[0], Fraction(low)) and near(baseline[1], Fraction(high)), baseline
    assert near(counted, sum(map(Fraction, gases.values()), Fraction(0))) and not energy
    assert {gas for gas, kg in by_gas.items() if kg} == set(gases), by_gas
    assert doubted == []


@pytest.mark.parametrize(
    ("months", "counted"),
    [(12, 12_000_000), (5, 12_600_000), (0, 12_600_000)],
)
def test_months_of_the_same_year_and_the_total_are_never_both_counted(city: City, months: int, counted: int) -> None:
    """12,600 千m3 by the document, 1,000 a month as reported: whole months count and the two contradict each other."""
    works(city, "sewage_terminal", "千m3", 1000)
    if months:
        reported(city, "A1", 1000, [2013], months)
    city.register("yearly_totals", [of_activity("sewage_terminal", 12_600, "千m3", 1)])
    with city.built() as made:
        found, marked = one(
            made,
            """SELECT co2e_kg, is_yearly_total FROM emissions_by_facility_fiscal_year
               WHERE facility_id = 'F1' AND fiscal_year = 2013 AND basis = 'plan'""",
        )
        low, high = one(
            made,
            """SELECT baseline_low_co2e_kg, baseline_high_co2e_kg FROM facility_results
               WHERE facility_id = 'F1' AND fiscal_year = 2024""",
        )
        differing = one(made, "SELECT count(*) FROM findings WHERE rule_id = 'yearly_total_contradicted'")
        assert broken(made) == {}
    of_m3 = SEWAGE_CH4 + SEWAGE_N2O
    assert abs(Fraction(found) - counted * of_m3) < Fraction(1, 1000) and marked is (months < 12)
    assert differing == (1 if months == 12 else 0)
    least = 12_000_000 if months == 12 else 12_599_500
    assert abs(Fraction(low) - least * of_m3) < Fraction(1, 1000) and near(high, 12_600_500 * of_m3)


def test_bills_of_the_base_year_and_the_total_of_an_activity_add_up(city: City) -> None:
    """Kerosene by bills in every year, sewage of FY2013 as a total only."""
    works(city, "sewage_terminal", "千m3", 10)
    city.register("meters", METERS[:1]).bills("fuel/all.csv", monthly("M1", 2013, 2025, 100))
    city.register("yearly_totals", [of_activity("sewage_terminal", 120, "千m3", 0)])
    with city.built() as made:
        counted = one(
            made,
            "SELECT co2e_kg FROM emissions_by_facility_fiscal_year WHERE facility_id = 'F1' AND fiscal_year = 2013 AND basis = 'plan'",
        )
        told = verdict(made, "F1", 2024)
        assert broken(made) == {}
    assert near(counted, 1200 * KEROSENE + 120_000 * (SEWAGE_CH4 + SEWAGE_N2O))
    assert told == ("not_achieved", {"baseline:yearly_total"})


@pytest.mark.parametrize(
    ("quantity", "rule"), [(12_000, None), (12_000_000, "yearly_total_size"), (12, "yearly_total_size")]
)
def test_the_total_of_an_activity_is_held_against_other_years_by_its_size(
    city: City, quantity: int, rule: str | None
) -> None:
    works(city, "sewage_terminal", "千m3", 1000)
    city.register("yearly_totals", [of_activity("sewage_terminal", quantity, "千m3", 0)])
    with city.built() as made:
        doubts = rows_of(made, "SELECT rule_id, facility_id FROM doubts WHERE source_kind = 'yearly_total'")
        low, high = one(
            made,
            "SELECT baseline_low_co2e_kg, baseline_high_co2e_kg FROM facility_results WHERE facility_id = 'F1' AND fiscal_year = 2024",
        )
    assert doubts == ([(rule, "F1")] if rule else [])
    assert (low == 0) is (quantity > 12_000) and (high is None) is (quantity < 12_000)


def test_the_activity_of_a_department_bounds_the_department(city: City) -> None:
    works(city, "incin_continuous", "t", 1000).register("facilities", FACILITIES[:3])
    city.register("targets", [TARGET, of_department("管財課")])
    city.register("yearly_totals", [of_activity("incin_continuous", 20_000, "t", 100, department="管財課")])
    with city.built() as made:
        low, high, judged = one(
            made,
            """SELECT baseline_low_co2e_kg, baseline_high_co2e_kg, verdict FROM target_results
               WHERE target_id = '管財課' AND fiscal_year = 2024""",
        )
        told = verdict(made, "F1", 2024)
        assert broken(made) == {}
    of_t = Fraction("0.00095") * 21 + Fraction("0.0567") * 310
    assert near(low, 19_950 * of_t) and near(high, 20_050 * of_t)
    assert told[0] == "undeterminable" and "base_year_by_department" in told[1]
    assert judged == "achieved", "12,000 t with the potentials of FY2024, against 63/85 of the base year"


def test_explain_tells_the_gases_of_a_total_with_their_potentials(city: City) -> None:
    works(city, "sewage_terminal", "千m3", 1000)
    city.register("yearly_totals", [of_activity("sewage_terminal", 12_600, "千m3", 1)])
    city.publish()
    words = ["--city", str(city.folder), "--lang", "ja", "explain", "F1", "--fiscal-year", "2024"]
    told = CliRunner(env={"COLUMNS": "140"}).invoke(main.app, words).stdout
    for expected in (
        "■ 年計・文書による 2013年度 終末処理場",
        "12,600,000 m3  （1,000 m3 の刻み、四捨五入）: 12,599,500 – 12,600,500 m3",
        "× 0.00088 kgCH4/m3 = 11,088 kg CH4 × GWP 21 = 232,848 kgCO2e",
        "× 0.00016 kgN2O/m3 = 2,016 kg N2O × GWP 310 = 624,960 kgCO2e",
        "(gwp/plan/AR2/N2O)",
    ):
        assert expected in told, told
    assert told.count("■ 年計・文書による") == 1, "the gases of one total are told together"
    assert Decimal("232848") == Decimal("12600000") * Decimal("0.00088") * 21
