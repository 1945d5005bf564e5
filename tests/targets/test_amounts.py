"""Targets set in amounts or per floor area: what is allowed, worked out here with fractions, and which verdict follows from it."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Any

import duckdb
import pytest

from pipelines.registers import checks, read
from pipelines.registers.read import RegisterError
from pipelines.settings.city import load_settings
from tests.making import DEFAULTS, City, broken, first_of, monthly, one, rows_of, verdict
from tests.targets.test_verdicts import houses

AMOUNTS = {
    "target_id": "T", "subject_kind": "city", "subject_id": "city", "basis": "plan", "base_fy": 2022, "target_fy": 2030,
    "path": "milestones", "path_status": "adopted", "adopted_on": "2022-04-01", "reduction_rate": "",
}  # fmt: skip
OF_F1 = "SELECT co2e_kg FROM emissions_by_facility_fiscal_year WHERE basis = 'plan' AND facility_id = 'F1' AND fiscal_year = 2025"
GRAM = Decimal("0.000001")  # of tonnes


def own(facility: str, **amounts: str) -> dict[str, object]:
    return {**AMOUNTS, "target_id": f"T-{facility}", "subject_kind": "facility", "subject_id": facility, **amounts}


def results(made: duckdb.DuckDBPyConnection) -> dict[tuple[str, int], tuple[Any, ...]]:
    found = rows_of(
        made,
        "SELECT facility_id, fiscal_year, allowed_co2e_kg, verdict, reasons, is_inherited, floor_area_m2 FROM facility_results",
    )
    return {(row[0], row[1]): row[2:] for row in found}


def cut(exact: Fraction) -> Decimal:
    """Cut at a millionth of a gram, as the design says of what is allowed."""
    return Decimal(exact.numerator * 10**9 // exact.denominator).scaleb(-9)


def test_the_amount_of_the_year_decides_to_the_gram_whatever_the_base_year_was(city: City) -> None:
    houses(city, 1, 2)
    city.bills("fuel/a.csv", [row for n in (1, 2) for row in monthly(f"M{n}", 2022, 2025, 100)])
    with city.built("emissions") as made:
        exact = one(made, OF_F1) / 1000
    amounts = {f: exact.quantize(GRAM, mode) for f, mode in (("F1", ROUND_CEILING), ("F2", ROUND_FLOOR))}
    assert amounts["F1"] - amounts["F2"] == GRAM
    city.register("targets", [own(f, allowed_co2e_t=f"2025:{amount};2030:1") for f, amount in amounts.items()])
    with city.built("targets") as made:
        found = results(made)
        assert found["F1", 2025] == (amounts["F1"] * 1000, "achieved", None, False, None)
        assert found["F2", 2025][:2] == (amounts["F2"] * 1000, "not_achieved")
        assert broken(made) == {}


def test_straight_lines_between_the_years_named_nothing_before_the_last_afterwards(
    make_city: Callable[..., City],
) -> None:
    city = make_city(today=date(2029, 6, 15))
    city.register("targets", [own("F1", allowed_co2e_t="令和5年度:1,000.5; R8：700", target_fy="2026")])
    with city.built("targets") as made:
        found = {year: row[0] for (_, year), row in results(made).items()}
        assert broken(made) == {}
    line = {
        year: cut(Fraction("1000500") + (700000 - Fraction("1000500")) * Fraction(year - 2023, 3))
        for year in (2023, 2024, 2025, 2026)
    }
    assert found == {**line, 2027: Decimal(700000), 2028: Decimal(700000), 2029: Decimal(700000)}


def test_an_amount_is_never_inherited_and_a_rate_beside_it_is(city: City) -> None:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    city.register("targets", [{**AMOUNTS, "allowed_co2e_t": "2023:1000;2030:500"}])
    with city.built("targets") as made:
        assert verdict(made, "F1", 2025) == ("undeterminable", {"no_target"})
        assert one(made, "SELECT verdict FROM target_results WHERE fiscal_year = 2025") == "achieved"
        assert broken(made) == {}
    rate = {**DEFAULTS["targets"][0], "target_id": "RATE"}
    city.register("targets", [{**AMOUNTS, "allowed_co2e_t": "2023:1000;2030:500"}, rate])
    with city.built("targets") as made:
        assert one(made, "SELECT target_id, verdict, is_inherited FROM facility_results WHERE fiscal_year = 2025") == (
            "RATE", "not_achieved", True,
        )  # fmt: skip


AREAS = [
    {"facility_id": "F1", "valid_from": "2010-04-01", "valid_to": "2023-12-01", "floor_area_m2": "1000.5"},
    {"facility_id": "F1", "valid_from": "2023-12-01", "floor_area_m2": "1200"},
]


def test_an_amount_per_m2_meets_the_floor_area_of_each_day_of_a_leap_year(city: City) -> None:
    houses(city, 1, 2)
    city.register("facilities", [
        {**DEFAULTS["facilities"][0], "facility_id": "F1"}, {**DEFAULTS["facilities"][0], "facility_id": "F2", "closed_on": "2023-07-01"},
    ])  # fmt: skip
    city.register("facility_facts", [*AREAS, {"facility_id": "F2", "floor_area_m2": "300"}])
    city.register("targets", [{**AMOUNTS, "allowed_co2e_kg_per_m2": "2023:3.1;2030:1"}])
    city.bills(
        "fuel/a.csv",
        monthly("M1", 2023, 2025, 100) + monthly("M2", 2023, 2023, lambda _, m: 100 if m in (4, 5, 6) else None),
    )
    with city.built("targets") as made:
        found = results(made)
        sums = dict(rows_of(made, "SELECT fiscal_year, allowed_co2e_kg FROM target_results"))
        assert broken(made) == {}
    before, after = (date(2023, 12, 1) - date(2023, 4, 1)).days, (date(2024, 4, 1) - date(2023, 12, 1)).days
    mine = Fraction("1000.5") * before + 1200 * after
    assert before + after == 366
    assert found["F1", 2023][0] == cut(Fraction("3.1") * mine / 366) and found["F1", 2023][3]
    assert found["F1", 2023][4] == Decimal(mine.numerator * 1000 // (mine.denominator * 366)).scaleb(-3)
    assert sums[2023] == cut(Fraction("3.1") * (mine + 300 * 91) / 366)
    per_m2 = Fraction("3.1") - Fraction("2.1") * Fraction(2, 7)
    assert found["F1", 2025][0] == cut(per_m2 * 1200) == sums[2025]


def test_the_edge_of_an_amount_per_m2(city: City) -> None:
    """1,200 L x 2.4894... kg over 1,000 m2: the millionth of a kg per m2 above is enough, the one below is not."""
    houses(city, 1, 2)
    city.bills("fuel/a.csv", [row for n in (1, 2) for row in monthly(f"M{n}", 2022, 2025, 100)])
    city.register("facility_facts", [{"facility_id": f, "floor_area_m2": "1000"} for f in ("F1", "F2")])
    with city.built("emissions") as made:
        kg = one(made, OF_F1)
    edges = {f: (kg / 1000).quantize(GRAM, mode) for f, mode in (("F1", ROUND_CEILING), ("F2", ROUND_FLOOR))}
    city.register("targets", [own(f, allowed_co2e_kg_per_m2=f"2025:{edge};2030:0") for f, edge in edges.items()])
    with city.built("targets") as made:
        found = results(made)
        assert [found[f, 2025][1] for f in ("F1", "F2")] == ["achieved", "not_achieved"]


def test_without_the_floor_area_of_every_day_there_is_no_verdict_and_the_line_to_write_is_named(city: City) -> None:
    houses(city, 1, 2, 3)
    city.bills("fuel/a.csv", [row for n in (1, 2, 3) for row in monthly(f"M{n}", 2022, 2025, 1)])
    city.register("targets", [{**AMOUNTS, "allowed_co2e_kg_per_m2": "2025:1000;2030:1"}])
    known = [
        {"facility_id": "F1", "floor_area_m2": "1000"},
        {"facility_id": "F2", "valid_from": "2025-04-02", "floor_area_m2": "1000"},
    ]
    city.register("facility_facts", known)
    with city.built("targets") as made:
        assert verdict(made, "F1", 2025) == ("achieved", set())
        for facility in ("F2", "F3"):
            assert verdict(made, facility, 2025) == ("undeterminable", {"no_floor_area"})
        told = "SELECT verdict, reasons, scope_notes, allowed_co2e_kg FROM target_results WHERE fiscal_year = 2025"
        assert one(made, told) == ("undeterminable", "no_floor_area", "F2:no_floor_area;F3:no_floor_area", None)
        assert broken(made) == {}
    city.register(
        "facility_facts", [known[0], {**known[1], "valid_from": ""}, {"facility_id": "F3", "floor_area_m2": "0"}]
    )
    with city.built("targets") as made:
        assert verdict(made, "F2", 2025) == ("achieved", set())
        assert verdict(made, "F3", 2025) == ("undeterminable", {"no_target"}), (
            "a place without a building has no intensity"
        )
        assert one(made, told)[0] == "achieved"
        assert broken(made) == {}


def test_a_facility_younger_than_the_base_year_is_judged_by_what_it_uses_per_m2(city: City) -> None:
    city.register("facilities", [{**DEFAULTS["facilities"][0], "opened_on": "2021-04-01"}])
    city.register("facility_facts", [{"facility_id": "F1", "floor_area_m2": "1000"}])
    city.register("targets", [{**AMOUNTS, "base_fy": 2020, "allowed_co2e_kg_per_m2": "2023:4;2030:2"}])
    city.bills("fuel/a.csv", monthly("M1", 2021, 2025, 100))
    with city.built("targets") as made:
        assert verdict(made, "F1", 2025) == ("achieved", set())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"allowed_co2e_t": ""}, "どれか一つ"), ({"reduction_rate": "0.5"}, "どれか一つ"),
        ({"allowed_co2e_kg_per_m2": "2030:3"}, "どれか一つ"),
        ({"path": "linear"}, "milestones"), ({"milestones": "2026:0.2"}, "milestones"), ({"allowed_co2e_t": "2025:1200;2029:900"}, "2030"),
        ({"allowed_co2e_t": "2022:1200;2030:900"}, "2022"), ({"allowed_co2e_t": "2030:900;2025:1200"}, "昇順"),
        ({"allowed_co2e_t": "2025:50%;2030:900"}, "2025:50%"), ({"allowed_co2e_t": "1200"}, "1200"),
        ({"allowed_co2e_t": "2030:-1"}, "2030:-1"),
        ({"allowed_co2e_t": "2030:1.0000001"}, "2030:1.0000001"), ({"allowed_co2e_t": "2030:NaN"}, "2030:NaN"),
    ],
)  # fmt: skip
def test_a_target_in_amounts_that_cannot_be_meant_is_told(city: City, change: dict[str, str], told: str) -> None:
    city.register("targets", [{**AMOUNTS, "allowed_co2e_t": "2025:1200;2030:900", **change}])
    with pytest.raises(RegisterError) as raised:
        read.read(city.folder / "registers", checks.of_city(load_settings(city.folder)))
    assert any("targets.csv 2行目" in problem and told in problem for problem in raised.value.problems), (
        raised.value.problems
    )


def test_an_area_below_zero_is_told(city: City) -> None:
    city.register("facility_facts", [{"facility_id": "F1", "floor_area_m2": "-1"}])
    with pytest.raises(RegisterError, match="floor_area_m2"):
        read.read(city.folder / "registers", checks.of_city(load_settings(city.folder)))


HISTORIES = int(os.environ.get("HISTORIES", "6"))


@pytest.mark.parametrize("seed", first_of(range(HISTORIES)))
def test_nothing_taken_away_makes_an_amount_achieved(make_city: Callable[..., City], seed: int) -> None:
    """Readings and floor areas are taken away, one and several at a time, under amounts and amounts per m2."""
    chance = random.Random(seed)
    numbers = (1, 2, 3, 4)
    levels = {n: chance.choice([60, 84, 85, 100, 130]) for n in numbers}
    readings = [row for n in numbers for row in monthly(f"M{n}", 2022, 2025, levels[n])]
    areas = [
        {"facility_id": f"F{n}", "valid_from": since, "valid_to": until, "floor_area_m2": str(chance.choice([500, 1000, 1500]))}
        for n in numbers for since, until in (("", "2025-07-01"), ("2025-07-01", ""))
    ]  # fmt: skip
    targets = [
        {**AMOUNTS, "target_id": "PER-M2", "allowed_co2e_kg_per_m2": "2024:3;2030:2"},
        {**AMOUNTS, "target_id": "TOTAL", "allowed_co2e_t": f"2024:{chance.choice([9, 10, 12])};2030:5"},
        own("F1", allowed_co2e_t="2024:3;2030:2"),
    ]  # fmt: skip

    def judged(some_readings: list[Any], some_areas: list[Any]) -> dict[tuple[str, int], str]:
        city = houses(make_city(), *numbers)
        city.register("targets", targets).register("facility_facts", some_areas)
        city.bills("fuel/a.csv", some_readings)
        with city.built("targets") as made:
            assert broken(made) == {}
            found = rows_of(
                made,
                """SELECT facility_id, fiscal_year, verdict FROM facility_results
                   UNION ALL SELECT target_id, fiscal_year, verdict FROM target_results""",
            )
        return {(who, year): what for who, year, what in found}

    whole = judged(readings, areas)
    assert {"achieved", "not_achieved"} <= set(whole.values())
    for _ in range(3):
        few = [row for row in readings if chance.random() > 0.05]
        some = [row for row in areas if chance.random() > 0.2]
        for case, found in judged(few, some).items():
            assert found != "achieved" or whole[case] == "achieved", case
