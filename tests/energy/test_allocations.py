"""Shared meters, sub-meters, tenants, generation and export: every kWh counted once, exactly."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.making import City, broken, one, rows_of

BILL = ("2024-04-01", "2024-05-01")
ELECTRIC = {"energy_type": "electricity", "unit": "kWh", "reading_kind": "bill"}


def facilities(city: City, *names: str) -> None:
    city.register("facilities", [{"facility_id": n, "name": n, "operator_id": "OP"} for n in names])


def sums(made: object) -> dict[str, Decimal]:
    found = rows_of(
        made,  # type: ignore[arg-type] # a connection
        """SELECT facility_id, sum(quantity) FILTER (facility_share <> 0) FROM energy_by_meter_day
           WHERE quantity IS NOT NULL GROUP BY 1 HAVING count(*) FILTER (facility_share <> 0) > 0""",
    )
    return dict(found)


def test_a_shared_meter_is_divided_exactly_and_marked(city: City) -> None:
    facilities(city, "F1", "F2", "F3")
    city.register("meters", [{"meter_id": "M1", "facility_id": "F1", **ELECTRIC}])
    shares = {"F1": "0.333333", "F2": "0.333333", "F3": "0.333334"}
    city.register("meter_shares", [{"meter_id": "M1", "facility_id": f, "share": s} for f, s in shares.items()])
    city.bills("power/a.csv", [("M1", *BILL, "100.000001", "kWh")])
    with city.built("energy") as made:
        assert sum(sums(made).values()) == Decimal("100.000001")
        assert broken(made) == {}
        assert {r[0] for r in rows_of(made, "SELECT DISTINCT facility_share FROM energy_by_meter_day")} == set(
            map(Decimal, shares.values())
        )


def test_a_share_outside_the_city_is_kept_apart(city: City) -> None:
    facilities(city, "F1")
    city.register("meters", [{"meter_id": "M1", "facility_id": "F1", **ELECTRIC}])
    city.register(
        "meter_shares",
        [{"meter_id": "M1", "facility_id": f, "share": s} for f, s in (("F1", "0.7"), ("outside", "0.3"))],
    )
    city.bills("power/a.csv", [("M1", *BILL, 3000, "kWh")])
    with city.built("emissions") as made:
        assert sums(made) == {"F1": 2100, "outside": 900}
        assert one(made, "SELECT sum(energy_gj) FROM emissions_by_facility_month WHERE basis = 'plan'") == Decimal(
            "18.144"
        )


def family(city: City, **extra: str) -> None:
    facilities(city, "F1", "F2")
    city.register(
        "meters",
        [
            {"meter_id": "MAIN", "facility_id": "F1", "role": "main", **ELECTRIC},
            {"meter_id": "CHILD", "facility_id": "F1", "parent_meter_id": "MAIN", **ELECTRIC, **extra},
        ],
    )
    city.register("contracts", [{"meter_id": "MAIN", "supplier_no": "A0009", "supplier": "エネット", "menu": "C"}])
    city.bills("power/a.csv", [("MAIN", *BILL, 3000, "kWh"), ("CHILD", *BILL, 600, "kWh")])


def test_a_sub_meter_of_the_same_facility_is_shown_only(city: City) -> None:
    family(city, role="sub")
    with city.built("energy") as made:
        assert sums(made) == {"F1": 3000}
        assert one(made, "SELECT sum(quantity), sum(energy_gj) FROM energy_by_meter_day WHERE meter_id = 'CHILD'") == (
            600,
            0,
        )


def test_a_sub_meter_of_another_facility_moves_its_part(city: City) -> None:
    family(city, role="sub", facility_id="F2")
    with city.built("energy") as made:
        assert sums(made) == {"F1": 2400, "F2": 600}
        assert broken(made) == {}


def test_a_tenant_is_taken_off(city: City) -> None:
    family(city, role="tenant_deduct")
    with city.built("emissions") as made:
        assert sums(made) == {"F1": 2400, "outside": 600}
        by_facility = rows_of(
            made, "SELECT facility_id, sum(energy_gj) FROM emissions_by_facility_month WHERE basis = 'plan' GROUP BY 1"
        )
        assert by_facility == [("F1", Decimal("20.736"))]


def test_the_deduction_is_priced_with_the_factor_of_the_main_meter(city: City) -> None:
    family(city, role="tenant_deduct")
    city.bills(
        "power/b.csv",
        [("MAIN", "2025-04-01", "2025-05-01", 3000, "kWh"), ("CHILD", "2025-04-01", "2025-05-01", 600, "kWh")],
    )
    with city.built("emissions") as made:
        total = "SELECT sum(co2e_kg) FROM emissions_by_source_day WHERE basis = 'plan' AND facility_id = 'F1'"
        assert one(made, total) == Decimal("720"), "(3000 - 600) x 0.000300 t"


def test_a_missing_deduction_leaves_the_net_use_unknown(city: City) -> None:
    family(city, role="tenant_deduct")
    city.bills("power/b.csv", [("MAIN", "2025-04-01", "2025-05-01", 3000, "kWh")])
    with city.built("emissions") as made:
        low, open_days, reasons = one(
            made,
            """SELECT sum(low_co2e_kg), max(open_days), string_agg(reasons, ';') FROM emissions_by_source_month
               WHERE basis = 'plan' AND month = '2025-04-01' AND facility_id = 'F1'""",
        )
        assert low == 0 and open_days == 30 and "deduction_unknown" in reasons


def test_what_a_meter_says_and_what_counts_at_a_facility_are_told_apart(city: City) -> None:
    """Per meter and day: what is added to facilities and `outside` is what the meter says, what is taken off as much again."""
    facilities(city, "F1", "F2", "F3")
    kinds = {
        "SHARED": {"role": "main"},
        "PART": {"role": "sub", "facility_id": "F3", "parent_meter_id": "SHARED"},
        "MAIN": {"role": "main"},
        "SHOWN": {"role": "sub", "parent_meter_id": "MAIN"},
        "MOVED": {"role": "sub", "facility_id": "F2", "parent_meter_id": "MAIN"},
        "TENANT": {"role": "tenant_deduct", "parent_meter_id": "MAIN"},
        "SOLD": {"role": "export", "parent_meter_id": "MAIN"},
    }
    city.register(
        "meters", [{"meter_id": name, "facility_id": "F1", **ELECTRIC, **kind} for name, kind in kinds.items()]
    )
    shares = {"F1": "0.333333", "F2": "0.333333", "F3": "0.333334"}
    city.register("meter_shares", [{"meter_id": "SHARED", "facility_id": f, "share": s} for f, s in shares.items()])
    said = {
        "SHARED": "1000.000001",
        "PART": "33.333333",
        "MAIN": "777.7",
        "SHOWN": "5",
        "MOVED": "70.000007",
        "TENANT": "9.1",
        "SOLD": "3",
    }
    city.bills("power/a.csv", [(name, *BILL, quantity, "kWh") for name, quantity in said.items()])
    with city.built("energy") as made:
        rows = rows_of(
            made,
            """SELECT meter_id, root_meter_id, local_date, facility_id, facility_share, meter_quantity, facility_quantity
               FROM energy_by_meter_day WHERE state <> 'missing'""",
        )
        assert (
            one(made, "SELECT count(*) FROM energy_by_meter_day WHERE quantity IS NULL AND meter_quantity IS NOT NULL")
            == 0
        )
        assert (
            one(
                made,
                "SELECT count(*) FROM energy_by_meter_day WHERE quantity IS NULL AND facility_quantity IS NOT NULL",
            )
            == 0
        )
    own: dict[tuple[str, object], set[Decimal]] = {}
    added: dict[tuple[str, object], Decimal] = {}
    taken: dict[tuple[str, object], Decimal] = {}
    roots: dict[tuple[str, object], Decimal] = {}
    at: dict[str, Decimal] = {}
    for meter, root, day, facility, share, of_meter, of_facility in rows:
        own.setdefault((meter, day), set()).add(of_meter)
        side = added if share > 0 else taken
        side[meter, day] = side.get((meter, day), Decimal(0)) + of_facility
        roots[root, day] = roots.get((root, day), Decimal(0)) + of_facility
        at[facility] = at.get(facility, Decimal(0)) + of_facility
    assert len(own) == 30 * len(said) and all(len(values) == 1 for values in own.values()), (
        "every row of a meter's day repeats it"
    )
    for (meter, day), (quantity,) in own.items():
        assert added.get((meter, day), 0) == (0 if meter in ("SHOWN", "SOLD") else quantity), meter
        assert taken.get((meter, day), 0) == (-quantity if meter in ("PART", "MOVED", "TENANT") else 0), meter
    of_month = {meter: sum(next(iter(v)) for (m, _), v in own.items() if m == meter) for meter in said}
    assert of_month == {meter: Decimal(quantity) for meter, quantity in said.items()}
    assert {day: total for (root, day), total in roots.items() if root == "MAIN"} == {
        day: next(iter(values)) for (meter, day), values in own.items() if meter == "MAIN"
    }, "over facilities and outside, a family counts what its main meter says"
    assert sum(at.values()) == Decimal("1777.700001") and at["outside"] == Decimal("9.1")


def test_export_of_a_generator_is_not_self_used(city: City) -> None:
    facilities(city, "F1")
    solar = {"energy_type": "solar_self_use", "unit": "kWh", "reading_kind": "bill", "facility_id": "F1"}
    city.register(
        "meters",
        [
            {"meter_id": "PV", "role": "generation", "parent_meter_id": "", **solar},
            {"meter_id": "OUT", "role": "export", "parent_meter_id": "PV", **solar},
        ],
    )
    city.bills("power/a.csv", [("PV", *BILL, 1000, "kWh"), ("OUT", *BILL, 250, "kWh")])
    city.bills(
        "power/b.csv",
        [("PV", "2022-04-01", "2022-05-01", 1000, "kWh"), ("OUT", "2022-04-01", "2022-05-01", 250, "kWh")],
    )
    with city.built("emissions") as made:
        by_year = rows_of(
            made,
            """SELECT fiscal_year, energy_gj, co2e_kg FROM emissions_by_facility_fiscal_year
               WHERE basis = 'plan' AND energy_gj IS NOT NULL ORDER BY 1""",
        )
        found = {year: (gj, kg) for year, gj, kg in by_year}
        assert found[2024] == (Decimal("2.7"), 0), "750 kWh x 3.60 from FY2023, no CO2 added"
        assert found[2022] == (0, 0), "not counted until FY2022"


SHARED_METER = st.tuples(
    st.decimals(0, 10**6, places=6), st.lists(st.integers(1, 999_998), min_size=1, max_size=4, unique=True)
)


@settings(max_examples=3, deadline=None)
@given(st.lists(SHARED_METER, min_size=10, max_size=20))
def test_any_shares_conserve(tmp_path_factory: pytest.TempPathFactory, meters: list[tuple[Decimal, list[int]]]) -> None:
    city = City(tmp_path_factory.mktemp("shares") / "city")
    facilities(city, *(f"F{n}" for n in range(5)))
    shares = []
    for number, (_, cut) in enumerate(meters):
        edges = itertools.pairwise([0, *sorted(cut), 1_000_000])
        parts = [Decimal(b - a) / 1_000_000 for a, b in edges]
        shares += [{"meter_id": f"M{number}", "facility_id": f"F{n}", "share": s} for n, s in enumerate(parts)]
    city.register("meters", [{"meter_id": f"M{n}", "facility_id": "F0", **ELECTRIC} for n in range(len(meters))])
    city.register("meter_shares", shares)
    city.bills("power/a.csv", [(f"M{n}", *BILL, quantity, "kWh") for n, (quantity, _) in enumerate(meters)])
    with city.built("energy") as made:
        found = rows_of(
            made, "SELECT meter_id, sum(quantity) FROM energy_by_meter_day WHERE facility_share <> 0 GROUP BY 1"
        )
        assert dict(found) == {f"M{n}": quantity for n, (quantity, _) in enumerate(meters)}
        assert broken(made) == {}
