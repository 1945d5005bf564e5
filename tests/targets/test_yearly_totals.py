"""Years known only as yearly totals (年計): their intervals, whose they are, and that they never make anything look better."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import duckdb
import pytest

from pipelines.warehouse.database import connect_published
from tests.energy.test_doubts import answer
from tests.making import City, broken, monthly, one, rows_of, verdict
from tests.yearly_totals import (
    FACILITIES,
    KEROSENE,
    METERS,
    TARGET,
    houses,
    near,
    of_department,
    stated,
    total,
    with_bills,
)


@pytest.fixture
def four(city: City) -> City:
    return with_bills(city)


def interval(made: duckdb.DuckDBPyConnection, year: int, facility: str = "F1") -> tuple[Any, Any]:
    """The base year's interval of a facility, as it was judged in a later year."""
    low, high = one(
        made,
        """SELECT baseline_low_co2e_kg, baseline_high_co2e_kg FROM facility_results
           WHERE facility_id = ? AND fiscal_year = ? AND basis = 'plan'""",
        facility, year,
    )  # fmt: skip
    return low, high


def by_target(made: duckdb.DuckDBPyConnection) -> dict[str, tuple[Any, Any]]:
    """The base year's interval of every target, as it was judged in FY2024."""
    found = rows_of(
        made,
        """SELECT target_id, baseline_low_co2e_kg, baseline_high_co2e_kg FROM target_results WHERE fiscal_year = 2024""",
    )
    return {target: (low, high) for target, low, high in found}


def test_a_city_with_the_base_year_as_totals_gets_its_verdicts(city: City) -> None:
    """FY2013 as yearly totals, monthly figures from FY2021 and bills from FY2024 (two facilities have only a total of their department)."""
    city.register("facilities", FACILITIES).register("meters", METERS)
    city.register("yearly_totals", [
        total(), total(quantity=600, facility_id="F2"), total(quantity=2200, department="教育課"),
    ])  # fmt: skip
    for n in (1, 2, 3, 4):
        city.bills(f"fuel/{n}.csv", monthly(f"M{n}", 2021, 2023, 60))
    days = ["2024-04-01", *[f"{y}-{m:02}-11" for y in (2024, 2025, 2026) for m in range(1, 13)][4:29]]
    bills = [(f"M{n}", *span, 60, "L") for n in (1, 2, 3, 4) for span in pairwise(days)]
    city.bills("fuel/by_reading_day.csv", bills)
    city.register("targets", [TARGET, of_department("管財課"), of_department("教育課")])
    with city.built() as made:
        found = {f: verdict(made, f, 2024) for f in ("F1", "F2", "F3")}
        departments = dict(rows_of(made, "SELECT target_id, verdict FROM target_results WHERE fiscal_year = 2024"))
        failing = broken(made)
        flagged = rows_of(made, "SELECT rule_id FROM flags WHERE fiscal_year = 2013")
    assert found["F1"] == ("achieved", {"baseline:yearly_total"})
    assert found["F2"] == ("not_achieved", {"baseline:yearly_total"})
    assert found["F3"] == ("undeterminable", {"base_year_by_department"}), "as if data were missing: no"
    assert departments["管財課"] == "not_achieved" and departments["教育課"] == "achieved", departments
    assert departments["T"] == "achieved"
    assert failing == {} and flagged == []


PRINTED = [  # quantity, unit, rounding, its rule, and within what it is known: a facility each, F1, F2, ...
    (1200, "L", 1, "", "1199.5", "1200.5"), (1200, "L", 100, "四捨五入", 1150, 1250), (1200, "L", 100, "切捨て", 1200, 1300),
    (1200, "L", 100, "up", 1100, 1200), ("1.2", "kL", "0.1", "", 1150, 1250), (1200, "L", 0, "", 1200, 1200),
    (3, "L", 10, "", 0, 8),
]  # fmt: skip


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    city = with_bills(City(tmp_path_factory.mktemp("printed")), len(PRINTED))
    rows = []
    for n, (quantity, unit, rounding, rule, _, _) in enumerate(PRINTED, 1):
        of = {"unit": unit, "facility_id": f"F{n}"}
        rows += [total(2013, quantity, rounding, rounding_rule=rule, **of), total(2014, quantity, **of)]
    with city.register("yearly_totals", rows).built("targets") as made:
        yield made


@pytest.mark.parametrize(("number", "case"), list(enumerate(PRINTED, 1)))
def test_a_total_is_known_within_its_printed_step(
    printed: duckdb.DuckDBPyConnection, number: int, case: tuple[object, ...]
) -> None:
    quantity, unit, _, _, low, high = case
    found = interval(printed, 2024, f"F{number}")
    counted = one(
        printed,
        """SELECT co2e_kg FROM emissions_by_facility_fiscal_year
           WHERE facility_id = ? AND fiscal_year = 2013 AND basis = 'plan'""",
        f"F{number}",
    )
    assert near(found[0], Fraction(str(low)) * KEROSENE) and near(found[1], Fraction(str(high)) * KEROSENE)
    assert near(counted, Fraction(str(quantity)) * (1000 if unit == "kL" else 1) * KEROSENE)


def test_stated_emissions_serve_the_plan_alone(four: City) -> None:
    four.register("yearly_totals", [stated("3.0", "0.1")])
    with four.built("targets") as made:
        bases = rows_of(
            made, "SELECT DISTINCT basis, gas, choice, low_co2e_kg, high_co2e_kg FROM yearly_total_emissions"
        )
        found = interval(made, 2024)
        energy = one(made, "SELECT energy_gj FROM emissions_by_facility_fiscal_year WHERE fiscal_year = 2013 AND basis = 'plan'"
                     " AND facility_id = 'F1'")  # fmt: skip
        assert broken(made) == {}
    assert bases == [("plan", "CO2e", "stated", 2950, 3050)] and found == (2950, 3050) and energy is None


# ---------------------------------------------------------------- beside data of the same year


DIFFERS = {"baseline:yearly_total", "baseline:yearly_total_differs"}
# the total, the bills of each month of the base year (else 60 L), what is known of it, and the reasons told: F1, F2, ...
Litres = Callable[[int], int | None]
BESIDE: list[tuple[int, Litres, str, str | None, set[str]]] = [
    (1200, lambda m: 100, "1200", "1200", set()),  # both say the same: the bills count
    (1200, lambda m: None if m < 7 else 100, "1199.5", "1200.5", {"baseline:yearly_total"}),  # bills of a part
    (1000, lambda m: 100, "999.5", "1200", DIFFERS),  # either may be right
    (1500, lambda m: 100, "1200", "1500.5", DIFFERS),
    (1200, lambda m: None if m == 4 else 110, "1199.5", None, DIFFERS),  # a part is above all
]


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    city = houses(City(tmp_path_factory.mktemp("beside")), len(BESIDE))
    city.register("yearly_totals", [total(facility_id=f"F{n}", quantity=row[0]) for n, row in enumerate(BESIDE, 1)])
    for n, (_, litres, *_) in enumerate(BESIDE, 1):
        city.bills(f"fuel/{n}.csv", monthly(f"M{n}", 2013, 2025, lambda y, m, of=litres: of(m) if y == 2013 else 60))
    with city.built() as made:
        yield made


@pytest.mark.parametrize(("number", "case"), list(enumerate(BESIDE, 1)))
def test_beside_bills_of_the_same_year_the_two_are_never_both_counted(
    beside: duckdb.DuckDBPyConnection, number: int, case: tuple[int, Litres, str, str | None, set[str]]
) -> None:
    (quantity, litres, low, high, reasons), facility = case, f"F{number}"
    whole = all(litres(month) for month in range(1, 13))
    found = interval(beside, 2024, facility)
    told = verdict(beside, facility, 2024)[1]
    counted = one(beside, "SELECT co2e_t FROM facility_years WHERE fiscal_year = 2013 AND facility_id = ?", facility)
    differing = one(
        beside,
        "SELECT count(*) FROM findings WHERE rule_id = 'yearly_total_contradicted' AND facility_id = ?",
        facility,
    )
    assert near(found[0], Fraction(low) * KEROSENE)
    assert found[1] is None if high is None else near(found[1], Fraction(high) * KEROSENE)
    assert {reason for reason in told if reason.startswith("baseline:")} == reasons
    assert near(Decimal(counted) * 1000, (1200 if whole else quantity) * KEROSENE)
    assert differing == (1 if whole and quantity != 1200 else 0)
    assert broken(beside) == {}


ORDER = {"not_achieved": 0, "undeterminable": 1, "achieved": 2}
YEARS = {"base": 2013, "judged": 2024}
# which year, its total as stated, how many months of bills are left: a facility each
LEFT = list(product(YEARS.values(), (1190, 1200), (12, 11, 5, 0)))


@pytest.fixture(scope="module")
def taken_away(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[int, int, int], str]:
    """The verdict of FY2024 of a facility for each case of LEFT."""
    city = houses(City(tmp_path_factory.mktemp("taken_away")), len(LEFT))
    rows = []
    for n, (year, quantity, months) in enumerate(LEFT, 1):
        litres, kept = 100 if year == 2013 else 72, [*range(4, 13), 1, 2, 3][:months]

        def of(y: int, m: int, year: int = year, litres: int = litres, kept: list[int] = kept) -> object:
            usual = 100 if y == 2013 else 72 if y == 2024 else 60
            return (litres if m in kept else None) if y == year else usual

        city.bills(f"fuel/{n}.csv", monthly(f"M{n}", 2013, 2025, of))
        rows.append(total(year, quantity if year == 2013 else quantity * 72 // 100, facility_id=f"F{n}"))
    with city.register("yearly_totals", rows).built("targets") as made:
        assert broken(made) == {}
        return {case: verdict(made, f"F{n}", 2024)[0] for n, case in enumerate(LEFT, 1)}


@pytest.mark.parametrize("year", YEARS.values(), ids=YEARS)
@pytest.mark.parametrize("stated", [1190, 1200])
def test_taking_bills_away_where_a_total_stands_never_makes_a_verdict_better(
    taken_away: dict[tuple[int, int, int], str], year: int, stated: int
) -> None:
    """Every prefix of the year's bills: what is left is never judged better than more of it (1,190: a total that contradicts them)."""
    seen = [ORDER[taken_away[year, stated, months]] for months in (12, 11, 5, 0)]
    contradicting = seen if stated == 1200 else seen[1:]  # a contradiction goes with what contradicts
    assert contradicting == sorted(contradicting, reverse=True), seen


# ---------------------------------------------------------------- its size


SIZES = [  # the total of the base year beside 720 L a year later, the doubt it raises, and which end it leaves open: F1, F2, ...
    (720, None, False, False), (4300, None, False, False), (4330, "yearly_total_size", True, False),
    (720_000, "yearly_total_size", True, False),
    (121, None, False, False), (119, "yearly_total_size", False, True), (0, None, False, False),
]  # fmt: skip


@pytest.fixture(scope="module")
def sized(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    city = with_bills(City(tmp_path_factory.mktemp("sized")), len(SIZES))
    rows = [total(quantity=quantity, rounding=0, facility_id=f"F{n}") for n, (quantity, *_) in enumerate(SIZES, 1)]
    with city.register("yearly_totals", rows).built() as made:
        yield made


@pytest.mark.parametrize(("number", "case"), list(enumerate(SIZES, 1)))
def test_a_total_is_compared_with_later_years_by_its_size_only(
    sized: duckdb.DuckDBPyConnection, number: int, case: tuple[int, str | None, bool, bool]
) -> None:
    (quantity, rule, is_low_open, is_high_open), facility = case, f"F{number}"
    low, high = interval(sized, 2024, facility)
    doubts = rows_of(
        sized,
        "SELECT rule_id, quantity FROM doubts WHERE source_kind = 'yearly_total' AND facility_id = ?",
        facility,
    )
    flags = rows_of(
        sized, "SELECT rule_id FROM flags WHERE fiscal_year = 2013 AND coalesce(facility_id, ?1) = ?1", facility
    )
    reasons = verdict(sized, facility, 2024)[1]
    assert doubts == ([(rule, quantity)] if rule else []) and flags == ([(rule,)] if rule else [])
    assert (low == 0) is (is_low_open or quantity == 0) and (high is None) is is_high_open
    assert (f"baseline:{rule}" in reasons) is (rule is not None)
    assert broken(sized) == {}


def test_an_accepted_answer_lifts_the_doubt_for_the_figure_it_saw(four: City) -> None:
    four.register("yearly_totals", [total(quantity=720_000, rounding=0)])
    with connect_published(four.publish()) as made:
        doubt = one(made, "SELECT doubt_id FROM doubts WHERE source_kind = 'yearly_total'")
    answer(four, doubt)
    with four.built() as made:
        assert interval(made, 2024)[0] == interval(made, 2024)[1] > 0
        assert one(made, "SELECT doubt_state FROM doubts WHERE source_kind = 'yearly_total'") == "lifted"
    four.register("yearly_totals", [total(quantity=730_000, rounding=0)])
    with four.built() as made:
        assert interval(made, 2024)[0] == 0, "another figure was never answered"


# ---------------------------------------------------------------- whose it is


def test_a_department_total_is_shared_out_to_nobody_and_bounds_the_department(four: City) -> None:
    """F1 has its own total, F2 has none: the department's total is that of both, whatever F1 says of itself."""
    four.register("yearly_totals", [
        total(), total(quantity=3000, rounding=100, department="管財課"), total(quantity=5000, rounding=100, operator_id="OP"),
    ])  # fmt: skip
    four.register("targets", [TARGET, of_department("管財課")])
    with four.built("targets") as made:
        bounds = by_target(made)
        facilities = {f: verdict(made, f, 2024) for f in ("F1", "F2", "F3")}
        sums = rows_of(made, "SELECT DISTINCT subject_kind, sum(co2e_kg) FROM emissions_by_subject_fiscal_year"
                       " WHERE fiscal_year = 2013 AND basis = 'plan' GROUP BY ALL ORDER BY ALL")  # fmt: skip
        assert broken(made) == {}
    assert near(bounds["管財課"][0], 2950 * KEROSENE) and near(bounds["管財課"][1], 3050 * KEROSENE)
    assert near(bounds["T"][0], 4950 * KEROSENE) and near(bounds["T"][1], 5050 * KEROSENE)
    assert facilities["F1"][1] == {"baseline:yearly_total"}
    assert facilities["F2"] == facilities["F3"] == ("undeterminable", {"base_year_by_department"})
    assert all(near(kg, 1200 * KEROSENE) for _, kg in sums), "only what is known of a facility is counted at one"


def test_totals_of_facilities_above_their_departments_contradict_it(four: City) -> None:
    four.register("yearly_totals", [
        total(quantity=1200, rounding=0), total(quantity=1000, facility_id="F2", rounding=0),
        total(quantity=2000, rounding=0, department="管財課"),
    ])  # fmt: skip
    four.register("targets", [of_department("管財課")])
    with four.built("targets") as made:
        low, high, reasons = one(made, """SELECT baseline_low_co2e_kg, baseline_high_co2e_kg, reasons
            FROM target_results WHERE fiscal_year = 2024""")  # fmt: skip
        assert broken(made) == {}
    assert near(low, 2000 * KEROSENE) and near(high, 2200 * KEROSENE)
    assert "baseline:yearly_total_differs" in reasons


def test_of_all_types_together_and_of_one_the_narrower_is_known(four: City) -> None:
    """3.0 t of all types at F1, kerosene of F2 alone, all types of the department: 5.0 t."""
    four.register("yearly_totals", [
        stated("3.0", "0.1"), total(facility_id="F2", quantity=800, rounding=0), stated("5", department="管財課"),
    ])  # fmt: skip
    four.register("targets", [of_department("管財課")])
    with four.built("targets") as made:
        low, high = one(
            made, "SELECT baseline_low_co2e_kg, baseline_high_co2e_kg FROM target_results WHERE fiscal_year = 2024"
        )
        assert broken(made) == {}
    assert near(low, 2950 + 800 * KEROSENE) and near(high, 3050 + 800 * KEROSENE)


def test_the_total_of_a_facility_that_moved_within_the_year_is_divided_by_nobody(four: City) -> None:
    four.register("facility_periods", [{"facility_id": "F1", "valid_from": "2013-10-01", "department": "教育課"}])
    four.register("yearly_totals", [total(facility_id=f"F{n}") for n in (1, 2, 3, 4)])
    four.register("targets", [TARGET, of_department("管財課"), of_department("教育課")])
    with four.built("targets") as made:
        bounds = by_target(made)
        assert broken(made) == {}
    step = Fraction("1199.5")
    assert near(bounds["T"][0], 4 * step * KEROSENE)
    assert near(bounds["管財課"][0], step * KEROSENE) and near(bounds["管財課"][1], 2 * (step + 1) * KEROSENE)
    assert near(bounds["教育課"][0], 2 * step * KEROSENE) and near(bounds["教育課"][1], 3 * (step + 1) * KEROSENE)
