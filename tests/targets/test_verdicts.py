"""達成 / 未達 / 判定不能: the rule from both sides of its edge, with every reason."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.making import DEFAULTS, City, broken, monthly, one, rows_of, verdict

MILLIGRAM = Decimal("0.000001")  # each day is rounded at a millionth of a gram
TARGET = DEFAULTS["targets"][0]  # base FY2022, minus 40 % by FY2030: FY2025 allows 1 - 0.4 x 3/8 = 0.85


def houses(city: City, *numbers: int) -> City:
    """Facilities side by side, each with a meter of kerosene: one city for several cases."""
    kerosene = DEFAULTS["meters"][0]
    city.register("facilities", [{**DEFAULTS["facilities"][0], "facility_id": f"F{n}"} for n in numbers])
    return city.register("meters", [{**kerosene, "meter_id": f"M{n}", "facility_id": f"F{n}"} for n in numbers])


def daily(litres: int) -> Callable[[int, int], int]:
    """A meter that used 300 L every day until FY2025, then so many."""
    return lambda year, month: monthrange(year + (month < 4), month)[1] * (300 if year < 2025 else litres)


# facility -> its bills from FY2022 to FY2025; what its register says of its life
BILLS: dict[str, Callable[[int, int], object]] = {
    "exactly": lambda y, _: 85 if y == 2025 else 100,
    "a drop more": lambda y, m: ("85.000001" if m == 3 else 85) if y == 2025 else 100,
    "a thousandth more": lambda y, m: (
        (None if m == 3 else "85.085") if y == 2025 else 100
    ),  # of March: below, without its last day
    "over without a month": lambda y, m: None if (y, m) == (2025, 12) else 200 if y == 2025 else 100,
    "a hole in the base year": lambda y, m: None if (y, m) == (2022, 12) else 84 if y == 2025 else 100,
    "255 a day": daily(255),
    "256 a day": daily(256),
    "a slip": lambda y, m: "0.1" if (y, m) == (2025, 9) else 100,
    "closed": lambda _y, _m: 100,
    "opened": lambda _y, _m: 100,
    "young": lambda _y, _m: 100,
}
LIVES = {
    "closed": {"closed_on": "2025-10-01"},
    "opened": {"opened_on": "2025-06-01"},
    "young": {"opened_on": "2023-04-01"},
}


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A facility for each case of BILLS, with a meter of its name, besides one without any source."""
    city = City(tmp_path_factory.mktemp("street") / "city")
    kerosene, house = DEFAULTS["meters"][0], DEFAULTS["facilities"][0]
    lives = {name: LIVES.get(name, {}) for name in (*BILLS, "park")}
    city.register("facilities", [{**house, "facility_id": name, **life} for name, life in lives.items()])
    city.register("meters", [{**kerosene, "meter_id": name, "facility_id": name} for name in BILLS])
    for number, (name, litres) in enumerate(BILLS.items()):
        city.bills(f"fuel/{number}.csv", monthly(name, 2022, 2025, litres))
    short = Decimal("85.085") * 30 / 31 // MILLIGRAM * MILLIGRAM
    city.bills("fuel/short.csv", [("a thousandth more", date(2026, 3, 1), date(2026, 3, 31), short, "L")])
    with city.built("targets") as made:
        assert broken(made) == {}
        yield made


def of_2025(made: duckdb.DuckDBPyConnection, column: str, facility: str) -> Any:
    return one(made, f"SELECT {column} FROM facility_results WHERE fiscal_year = 2025 AND facility_id = ?", facility)


def test_exactly_the_allowed_amount_is_achieved_and_a_drop_more_is_not(street: duckdb.DuckDBPyConnection) -> None:
    found = [verdict(street, name, 2025)[0] for name in ("exactly", "a drop more")]
    assert found == ["achieved", "not_achieved"]


def test_a_thousandth_over_with_one_day_removed_is_not_achieved(street: duckdb.DuckDBPyConnection) -> None:
    found, reasons = verdict(street, "a thousandth more", 2025)
    assert found != "achieved" and "collecting" in reasons, "31 March is still to come on 15 June"
    assert of_2025(street, "actual_high_co2e_kg", "a thousandth more") is None


def test_what_is_over_without_the_missing_part_stays_not_achieved(street: duckdb.DuckDBPyConnection) -> None:
    assert verdict(street, "over without a month", 2025) == ("not_achieved", set())
    assert of_2025(street, "coverage", "over without a month") < 1


def test_a_hole_in_the_base_year_lowers_what_is_allowed_and_never_condemns(street: duckdb.DuckDBPyConnection) -> None:
    found, reasons = verdict(street, "a hole in the base year", 2025)
    assert (found, reasons) == ("undeterminable", {"baseline:missing_data"})


def test_equal_days_of_exactly_the_allowed_amount_are_achieved(street: duckdb.DuckDBPyConnection) -> None:
    """Three of eight steps to 40 %: 255 L a day of 300 are allowed; with thirds of 44 twelfths gone nothing is rounded."""
    found = [verdict(street, name, 2025)[0] for name in ("255 a day", "256 a day")]
    assert found == ["achieved", "not_achieved"]


def test_what_has_no_upper_bound_adds_nothing_to_one(street: duckdb.DuckDBPyConnection) -> None:
    doubted = """SELECT DISTINCT high_co2e_kg, open_days FROM emissions_by_source_month
        WHERE facility_id = 'a slip' AND basis = 'plan' AND month = '2025-09-01'"""
    assert rows_of(street, doubted) == [(0, 30)]


@pytest.mark.parametrize(
    ("name", "reason"), [("closed", "partial_year"), ("opened", "partial_year"), ("young", "no_base_year")]
)
def test_partial_and_young_facilities(street: duckdb.DuckDBPyConnection, name: str, reason: str) -> None:
    found, reasons = verdict(street, name, 2025)
    assert found == "undeterminable" and reason in reasons


def test_a_facility_without_any_source(street: duckdb.DuckDBPyConnection) -> None:
    assert verdict(street, "park", 2025) == ("undeterminable", {"no_source", "baseline:no_source"})
    notes = one(street, "SELECT scope_notes FROM target_results WHERE fiscal_year = 2025")
    assert notes == "closed:partial_year;opened:partial_year;park:no_source;young:no_base_year"


def test_the_running_year_has_no_verdict_but_a_comparison(make_city: Callable[..., City]) -> None:
    city = make_city(today=date(2026, 9, 1))
    rows = monthly(
        "M1", 2022, 2026, lambda y, m: (None if m in (8, 9, 10, 11, 12, 1, 2, 3) else 50) if y == 2026 else 100
    )
    city.bills("fuel/a.csv", rows)
    with city.built("targets") as made:
        assert verdict(made, "F1", 2026) == ("undeterminable", {"running_year", "missing_data"})
        until, now, before, coverage = one(
            made,
            """SELECT same_period_until, same_period_co2e_kg, same_period_previous_co2e_kg, coverage
               FROM facility_results WHERE fiscal_year = 2026""",
        )
        assert until == date(2026, 8, 1) and abs(now * 2 - before) < MILLIGRAM
        assert coverage == Decimal("0.797385"), "122 of 153 days"


def test_no_row_for_a_year_wholly_outside_the_life_of_a_facility(city: City) -> None:
    city.register("facilities", [{**DEFAULTS["facilities"][0], "opened_on": "2024-04-01", "closed_on": "2025-04-01"}])
    with city.built("targets") as made:
        assert rows_of(made, "SELECT fiscal_year FROM facility_results") == [(2024,)]


def test_no_target(city: City) -> None:
    city.register("targets", [{**TARGET, "subject_kind": "facility", "subject_id": "F1"}])
    city.register("facilities", [*DEFAULTS["facilities"], {"facility_id": "F2", "name": "車庫", "operator_id": "OP"}])
    city.register("meters", [*DEFAULTS["meters"], {**DEFAULTS["meters"][0], "meter_id": "M2", "facility_id": "F2"}])
    with city.built("targets") as made:
        assert "no_target" in verdict(made, "F2", 2025)[1]
        assert "no_target" not in verdict(made, "F1", 2025)[1]


def test_the_most_specific_target_judges_and_a_tie_does_not(city: City) -> None:
    operator = {**TARGET, "target_id": "T-OP", "subject_kind": "operator", "subject_id": "OP", "reduction_rate": "0.8"}
    city.register("targets", [TARGET, operator])
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, lambda y, _: 100 if y < 2025 else 80))
    with city.built("targets") as made:
        assert one(made, "SELECT target_id, verdict FROM facility_results WHERE fiscal_year = 2025") == (
            "T-OP",
            "not_achieved",
        )
        assert (
            one(made, "SELECT verdict FROM target_results WHERE fiscal_year = 2025 AND target_id = 'T'") == "achieved"
        )
    city.register("targets", [operator, {**operator, "target_id": "T-OP2"}])
    with city.built("targets") as made:
        assert verdict(made, "F1", 2025) == ("undeterminable", {"two_targets"})


def test_a_facility_inherits_rate_and_path_never_the_base_amount(city: City) -> None:
    city.register("targets", [{**TARGET, "base_co2e_t": "1000000"}])
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    with city.built("targets") as made:
        assert one(made, "SELECT verdict, is_inherited FROM facility_results WHERE fiscal_year = 2025") == (
            "not_achieved",
            True,
        )
        assert one(made, "SELECT verdict, is_inherited FROM target_results WHERE fiscal_year = 2025") == (
            "achieved",
            False,
        )


def test_an_indicative_path_is_marked(city: City) -> None:
    city.register("targets", [{**TARGET, "subject_kind": "facility", "subject_id": "F1", "path_status": "indicative"}])
    with city.built("targets") as made:
        assert {r[0] for r in rows_of(made, "SELECT is_inherited FROM facility_results")} == {True}


def test_a_later_target_never_judges_a_closed_year_again(city: City) -> None:
    old = {**TARGET, "target_id": "OLD", "reduction_rate": "0.1", "superseded_on": "2025-04-01"}
    new = {**TARGET, "target_id": "NEW", "adopted_on": "2025-04-01"}
    city.register("targets", [old, new])
    with city.built("targets") as made:
        assert rows_of(made, "SELECT fiscal_year, target_id FROM facility_results WHERE fiscal_year <= 2025 ORDER BY 1") == [
            (2023, "OLD"), (2024, "OLD"), (2025, "NEW"),
        ]  # fmt: skip


def test_a_target_adopted_on_the_last_day_of_a_year_is_in_force_for_it(city: City) -> None:
    city.register("targets", [{**TARGET, "adopted_on": "2025-03-31"}])
    with city.built("targets") as made:
        assert rows_of(made, "SELECT fiscal_year FROM target_results ORDER BY 1") == [(2024,), (2025,), (2026,)]


def test_a_move_on_the_first_of_april_changes_no_earlier_year(city: City) -> None:
    city.register("operators", [*DEFAULTS["operators"], {"operator_id": "OP2", "name": "教育"}])
    city.register("facility_periods", [{"facility_id": "F1", "valid_from": "2025-04-01", "operator_id": "OP2"}])
    city.register(
        "targets",
        [{**TARGET, "target_id": f"T-{op}", "subject_kind": "operator", "subject_id": op} for op in ("OP", "OP2")],
    )
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    with city.built("targets") as made:
        sums = rows_of(
            made,
            "SELECT target_id, fiscal_year, actual_low_co2e_kg > 0 FROM target_results WHERE fiscal_year IN (2024, 2025) ORDER BY 1, 2",
        )
        assert sums == [("T-OP", 2024, True), ("T-OP", 2025, None), ("T-OP2", 2024, None), ("T-OP2", 2025, True)]
        assert rows_of(
            made, "SELECT target_id FROM facility_results WHERE fiscal_year IN (2024, 2025) ORDER BY fiscal_year"
        ) == [("T-OP",), ("T-OP2",)]


def test_a_group_counts_its_members_while_they_belong(city: City) -> None:
    city.register("groups", [{"group_id": "G", "name": "作業部会"}])
    city.register("group_members", [{"group_id": "G", "facility_id": "F1", "valid_to": "2025-10-01"}])
    city.register("targets", [{**TARGET, "subject_kind": "group", "subject_id": "G"}])
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    with city.built("targets") as made:
        whole, half = (
            one(made, "SELECT actual_low_co2e_kg FROM target_results WHERE fiscal_year = ?", y) for y in (2024, 2025)
        )
        assert abs(half * 2 - whole) < MILLIGRAM


def test_nitrogen_trifluoride_is_shown_and_not_summed(city: City) -> None:
    city.register(
        "activity_sources",
        [
            {
                "activity_source_id": "A1",
                "facility_id": "F1",
                "activity": "car_ac_hfc",
                "substance": "NF3",
                "unit": "台",
                "frequency": "year",
            }
        ],
    )
    city.file("plants/a.csv", "activity_source_id,started_on,ended_on,quantity,unit\nA1,2024-04-01,2025-04-01,10,台\n")
    with city.built("emissions") as made:
        assert one(made, "SELECT sum(co2e_kg) > 0 FROM emissions_by_source_day WHERE gas = 'NF3'")
        assert (
            one(
                made,
                "SELECT sum(co2e_kg) FROM emissions_by_facility_fiscal_year WHERE fiscal_year = 2024 AND basis = 'plan'",
            )
            == 0
        )
        assert broken(made) == {}
