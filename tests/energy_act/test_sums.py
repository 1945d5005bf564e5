"""The Act's sums of an operator: what enters, what is taken off, their interval, and what they say of the designation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.energy_act import build as energy_act
from pipelines.warehouse import database, invariants
from tests.making import DEFAULTS, TODAY, City, monthly, one, rows_of

# MJ of primary energy per kWh (from FY2023) and kL of crude oil per GJ, as the Act states them: recomputed without our tables.
PER_KWH, PER_GJ = Decimal("8.64"), Decimal("0.0258")
YEAR = 2025
NEAR = Decimal("0.00001")
Quantity = Callable[[int, int], object]


def kl(kwh: int) -> Decimal:
    return Decimal(kwh) * PER_KWH / 1000 * PER_GJ


Meters = Mapping[str, tuple[Quantity, dict[str, object]]]
Sums = dict[str, tuple[tuple[Any, ...], list[tuple[str, int]]]]


def town_of(folder: Path, cases: Mapping[str, tuple[Meters, dict[str, object]]]) -> City:
    """A city with an operator for each case and electricity meters at its F1: how much each sends a month, what differs in its row."""
    made = City(folder)
    plain = {
        "facility_id": "F1", "energy_type": "electricity", "unit": "kWh", "reading_kind": "bill", "valid_from": "2022-04-01",
    }  # fmt: skip
    operators, facilities, posts, meters, rows = [], [], [], [], []
    for case, (of_case, operator) in cases.items():
        own: dict[str, object] = {"operator_id": f"{case}OP"}
        operators.append({**own, "name": "市長部局", **operator})
        facilities += [{"facility_id": f"{case}{f}", "name": f, "department": "総務課", **own} for f in ("F1", "F2")]
        posts += [{**row, **own} for row in DEFAULTS["appointments"]]
        for name, (quantity, row) in of_case.items():
            meter: dict[str, object] = {**plain, "meter_id": name, **row}
            named: dict[str, object] = {
                key: f"{case}{meter[key]}" for key in ("meter_id", "facility_id", "parent_meter_id") if key in meter
            }
            meters.append({**meter, **named})
            rows += monthly(f"{case}{name}", 2022, YEAR, quantity, "kWh")
    made.register("operators", operators).register("facilities", facilities)
    made.register("appointments", posts).register("meters", meters)
    return made.bills("power/a.csv", rows)


def city_of(folder: Path, meters: Meters) -> City:
    """The same with one operator, ``OP``."""
    return town_of(folder, {"": (meters, {})})


ASKED = """SELECT site_crude_oil_kl, site_crude_oil_low_kl, site_crude_oil_high_kl, designation_state, designation
FROM operator_fiscal_years WHERE fiscal_year = ? AND operator_id = ?"""


def year_of(city: City, year: int = YEAR) -> tuple[Any, ...]:
    with city.built("targets") as made:
        row: tuple[Any, ...] = one(made, ASKED, year, "OP")
    return row


def steady(quantity: int) -> Quantity:
    return lambda _, __: quantity


def but(quantity: int, month: int) -> Quantity:
    """Without one month of the year that is looked at."""
    return lambda y, m: None if (y, m) == (YEAR, month) else quantity


MAIN: dict[str, object] = {"role": "main"}
UNDER: dict[str, object] = {"parent_meter_id": "M"}


BELOW: list[tuple[dict[str, object], bool]] = [
    ({"role": "tenant_deduct"}, True),
    ({"role": "tenant_deduct", "energy_act_scope": "tenant"}, True),
    ({"role": "tenant_deduct", "energy_act_scope": "out"}, True),
    ({"role": "sub", "energy_act_scope": "tenant"}, True),
    ({"role": "sub", "energy_act_scope": "road_vehicle"}, True),
    ({"role": "sub"}, False),
    ({"role": "sub", "facility_id": "F2"}, False),
    ({"role": "sub", "facility_id": "F2", "energy_act_scope": "tenant"}, True),
    ({"role": "export", "energy_act_scope": "out"}, False),
]
SILENT: list[tuple[Quantity, Quantity, int, int | None, str]] = [
    (steady(600_000), steady(60_000), 12 * 540_000, 12 * 540_000, "below"),
    (steady(600_000), steady(30_000), 12 * 570_000, 12 * 570_000, "at_or_above"),
    # a silent tenant: between nothing of the main's month and all of it
    (steady(600_000), but(60_000, 8), 11 * 540_000, 11 * 540_000 + 600_000, "below"),
    (steady(600_000), but(40_000, 8), 11 * 560_000, 11 * 560_000 + 600_000, "undeterminable"),
    (steady(700_000), but(60_000, 8), 11 * 640_000, 11 * 640_000 + 700_000, "at_or_above"),
    # a silent main: never below, whatever the rest says
    (but(1_000, 8), steady(10), 11 * 990, None, "undeterminable"),
    (but(700_000, 8), steady(10), 11 * 699_990, None, "at_or_above"),
]
LIMITS = [(20_000, "below"), (100_000, "undeterminable")]
DESIGNATIONS: list[tuple[Quantity, dict[str, object], list[str]]] = [
    (steady(600_000), {}, ["designation_missing"]),
    (steady(600_000), {"designation_no": "0000007"}, []),
    (steady(500_000), {"designation_no": "0000007"}, ["designation_not_reached"]),
    (steady(500_000), {}, []),
    (but(500_000, 5), {"designation_no": "0000007"}, []),
    (but(500_000, 5), {}, []),
    (but(700_000, 5), {}, ["designation_missing"]),
]


def slipped(year: int, month: int) -> int:
    """A slip of the unit in one month."""
    return 40 if (year, month) == (YEAR, 10) else 400_000


@pytest.fixture(scope="module")
def sums(tmp_path_factory: pytest.TempPathFactory) -> Sums:
    """Case -> its operator's year, and what is told of its designation: every case is an operator of one city."""
    tenant = {**UNDER, "role": "tenant_deduct"}
    cases: dict[str, tuple[Meters, dict[str, object]]] = {
        "": ({"M": (slipped, MAIN)}, {}),
        "scope": (
            {
                "M": (steady(50_000), {"energy_act_scope": "out"}),
                "B": (steady(20_000), tenant),
                "S": (steady(7_000), {**UNDER, "role": "sub", "energy_act_scope": "site"}),
            },
            {},
        ),
    }
    for number, (below, _) in enumerate(BELOW):
        cases[f"below{number}"] = ({"M": (steady(50_000), MAIN), "B": (steady(20_000), {**UNDER, **below})}, {})
    for number, (main, of_tenant, *_) in enumerate(SILENT):
        cases[f"silent{number}"] = ({"M": (main, MAIN), "T": (of_tenant, tenant)}, {})
    for number, (limit, _) in enumerate(LIMITS):
        cases[f"limit{number}"] = ({"M": (slipped, {**MAIN, "daily_limit": limit})}, {})
    for number, (quantity, operator, _) in enumerate(DESIGNATIONS):
        cases[f"designation{number}"] = ({"M": (quantity, MAIN)}, operator)
    with town_of(tmp_path_factory.mktemp("sums") / "city", cases).built() as made:
        assert invariants.broken(made) == {}
        told = rows_of(made, "SELECT rule_id, subject, fiscal_year FROM findings WHERE rule_id LIKE 'designation%'")
        return {
            case: (one(made, ASKED, YEAR, f"{case}OP"), [(r, year) for r, who, year in told if who == f"{case}OP"])
            for case in cases
        }


@pytest.mark.parametrize("number", range(len(BELOW)))
def test_what_passes_to_tenants_and_vehicles_is_taken_off_once(sums: Sums, number: int) -> None:
    total, low, high, _, _ = sums[f"below{number}"][0]
    assert abs(total - kl(12 * (30_000 if BELOW[number][1] else 50_000))) < NEAR
    assert low == total == high


def test_a_meter_of_another_scope_does_not_count_and_what_lies_below_it_takes_nothing_off(sums: Sums) -> None:
    total, low, high, _, _ = sums["scope"][0]
    assert abs(total - kl(12 * 7_000)) < NEAR and low == total == high


@pytest.mark.parametrize("number", range(len(SILENT)))
def test_missing_days_make_an_interval(sums: Sums, number: int) -> None:
    _, low, high, found, designation = sums[f"silent{number}"][0]
    _, _, low_kwh, high_kwh, state = SILENT[number]
    assert abs(low - kl(low_kwh)) < NEAR
    assert (high is None) if high_kwh is None else abs(high - kl(high_kwh)) < NEAR
    assert found == state
    assert (designation is not None) == (state == "at_or_above")


def test_doubtful_days_have_no_upper_end_unless_their_bounds_say_so(sums: Sums) -> None:
    """A slip of the unit in one month: without a limit nothing is known above, and a doubted saving is not 'below'."""
    total, low, high, state, _ = sums[""][0]
    assert abs(total - kl(11 * 400_000 + 40)) < NEAR
    assert abs(low - kl(11 * 400_000)) < NEAR
    assert (high, state) == (None, "undeterminable")


@pytest.mark.parametrize("number", range(len(LIMITS)))
def test_doubtful_days_count_up_to_what_can_be_used_in_a_day(sums: Sums, number: int) -> None:
    _, low, high, found, _ = sums[f"limit{number}"][0]
    limit, state = LIMITS[number]
    assert abs(low - kl(11 * 400_000)) < NEAR
    assert abs(high - kl(11 * 400_000 + 31 * limit)) < NEAR
    assert found == state


def test_a_running_year_and_one_before_data_was_expected_are_never_below(tmp_path: Path) -> None:
    city = city_of(tmp_path / "c", {"M": (steady(10), {**MAIN, "valid_from": ""})})
    city.bills("power/old.csv", [("M", "2021-10-01", "2021-11-01", 10, "kWh")])
    assert year_of(city, 2026)[3] == "undeterminable"
    assert year_of(city, 2021)[3] == "undeterminable"


def test_a_facility_counts_with_its_operator_of_each_day(tmp_path: Path) -> None:
    city = city_of(tmp_path / "c", {"M": (steady(3_100), MAIN)})
    city.register("operators", [{"operator_id": o, "name": o} for o in ("OP", "P2")])
    city.register(
        "facility_periods", [{"facility_id": "F1", "valid_from": "2025-08-01", "valid_to": "", "operator_id": "P2"}]
    )
    with city.built("targets") as made:
        found = dict(
            rows_of(
                made, "SELECT operator_id, site_crude_oil_kl FROM operator_fiscal_years WHERE fiscal_year = ?", YEAR
            )
        )
    assert abs(found["OP"] - kl(4 * 3_100)) < NEAR and abs(found["P2"] - kl(8 * 3_100)) < NEAR


EDGES = [
    ("1499.9", "1499.9", "below", "below"),
    ("1499.9999999999999", "1499.9999999999999", "below", "below"),
    ("1500.0", "1500.0", "at_or_above", "below"),
    ("1499.9", "1500.0", "undeterminable", "below"),
    ("1499.9", None, "undeterminable", "undeterminable"),
    ("1500.0", None, "at_or_above", "undeterminable"),
    ("2999.9", "2999.9", "at_or_above", "below"),
    ("2999.9", "3000.0", "at_or_above", "undeterminable"),
    ("2999.9", None, "at_or_above", "undeterminable"),
    ("3000.0", "3000.0", "at_or_above", "at_or_above"),
    ("3000.0", None, "at_or_above", "at_or_above"),
    ("0", None, "undeterminable", "undeterminable"),
]


@pytest.mark.parametrize(("low", "high", "lower", "upper"), EDGES)
def test_the_thresholds_from_both_sides_of_their_edges(low: str, high: str | None, lower: str, upper: str) -> None:
    """As all sites of an operator and as one site, with a day that is missing (no upper end) and without."""
    connection = database.connect(quick=True)
    connection.execute("CREATE TABLE thresholds (threshold_id VARCHAR, name_ja VARCHAR, value DECIMAL(18, 6))")
    connection.executemany(
        "INSERT INTO thresholds VALUES (?, ?, ?)",
        [("specified_operator", "特定事業者", 1500), ("site_type_1", "第一種", 3000), ("site_type_2", "第二種", 1500)],
    )
    connection.execute(
        """CREATE TABLE act_days (operator_id VARCHAR, site_id VARCHAR, root_meter_id VARCHAR, local_date DATE, site_kl DECIMAL(38, 13),
               low_kl DECIMAL(38, 13), high_kl DECIMAL(38, 13), expected_rows INTEGER, covered_rows INTEGER);
           CREATE TEMP TABLE road_years (operator_id VARCHAR, fiscal_year INTEGER, road_crude_oil_kl DECIMAL(38, 13))"""
    )
    row = ("M", "2025-06-01", low, low, high, 1, 1)
    connection.executemany(
        "INSERT INTO act_days VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [("OP", None, *row), ("OP", "S", *row)]
    )
    database.define(connection, energy_act.HERE / "macros" / "thresholds.sql")
    parameters = {"this_year": 2026, "first_year": 2022, "today": TODAY, "near": Decimal("0.05")}
    database.create_temp(connection, "act_years", energy_act.HERE / "act_years.sql", parameters)
    (of_operator,) = database.rows(connection, energy_act.HERE / "operator_fiscal_years.sql", parameters)
    (of_site,) = database.rows(connection, energy_act.HERE / "site_fiscal_years.sql", parameters)
    assert of_operator["designation_state"] == of_site["designation_state"] == lower
    assert of_site["type_1_state"] == upper
    assert of_site["designation"] == (
        "第一種" if upper == "at_or_above" else "第二種" if lower == "at_or_above" else None
    )


@pytest.mark.parametrize("number", range(len(DESIGNATIONS)))
def test_the_designation_is_held_against_the_sum_in_both_directions(sums: Sums, number: int) -> None:
    assert sums[f"designation{number}"][1] == [(rule, YEAR) for rule in DESIGNATIONS[number][2]]
