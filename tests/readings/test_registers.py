"""Cumulative registers: differences, rollover, exchange, reset, CT ratios; each recomputed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.making import City, broken, one, rows_of

METER = {
    "meter_id": "M1", "facility_id": "F1", "energy_type": "electricity", "unit": "kWh", "reading_kind": "register",
    "register_digits": 5,
}  # fmt: skip


def states(city: City, rows: Sequence[tuple[object, ...]], received: str = "2026-06-01 09:00", name: str = "r") -> City:
    lines = ["meter_id,read_at,register_value,event", *(",".join(str(c) for c in ("M1", *row)) for row in rows)]
    return city.file(f"power/{name}.csv", "\n".join([*lines, ""]), received)


def uses_in(made: duckdb.DuckDBPyConnection) -> list[tuple[str, Decimal | None, str | None]]:
    assert broken(made) == {}
    return rows_of(made, "SELECT strftime(ended_at, '%m-%d'), quantity, rule_id FROM register_uses ORDER BY ended_at")


def uses(city: City) -> list[tuple[str, Decimal | None, str | None]]:
    with city.built("energy") as made:
        return uses_in(made)


def test_use_is_the_difference_times_the_multiplier(city: City) -> None:
    city.register("meters", [METER | {"multiplier": 60}])
    states(city, [("2024-04-01", "100.5", ""), ("2024-05-01", "130.5", ""), ("2024-06-01 12:00", "131", "")])
    with city.built("energy") as made:
        assert rows_of(made, "SELECT started_at, quantity FROM current_readings ORDER BY 1") == [
            (date_time(2024, 4, 1), 30), (date_time(2024, 5, 1), Decimal("0.5")),
        ]  # fmt: skip
        assert one(made, "SELECT sum(quantity) FROM energy_by_meter_day WHERE local_date < '2024-05-01'") == 1800
        assert one(made, "SELECT sum(quantity) FROM energy_by_meter_day WHERE local_date >= '2024-05-01'") == 30
        assert one(made, "SELECT rows_received, rows_loaded FROM source_files") == (3, 3)
        assert broken(made) == {}


def date_time(*parts: int) -> object:
    from datetime import datetime

    return datetime(*parts)  # type: ignore[arg-type]


def test_a_register_rolls_over_once_its_digits_are_known(city: City) -> None:
    city.register("meters", [METER])
    states(city, [("2024-04-01", 99_900, ""), ("2024-05-01", 150, "")])
    assert uses(city) == [("05-01", Decimal(250), None)]
    city.register("meters", [METER | {"register_digits": ""}])
    assert uses(city) == [("05-01", None, "register_went_back")]


def test_a_register_that_goes_back_by_more_than_half_counts_nothing(city: City) -> None:
    city.register("meters", [METER])
    states(city, [("2024-04-01", 60_000, ""), ("2024-05-01", 10_001, "")])
    assert uses(city) == [("05-01", None, "register_went_back")], "50,001 of 100,000 is no rollover"
    states(city, [("2024-05-01", 10_000, "")], "2026-06-02 09:00", "s")
    assert uses(city) == [("05-01", Decimal(50_000), None)]


def test_an_exchange_counts_to_the_closing_and_from_the_opening_state(city: City) -> None:
    city.register("meters", [METER])
    states(city, [
        ("2024-04-01", 500, ""), ("2024-04-16 10:00", 620, "closing"), ("2024-04-16 10:00", 3, "opening"),
        ("2024-05-01", 103, ""),
    ])  # fmt: skip
    assert uses(city) == [("04-16", Decimal(120), None), ("05-01", Decimal(100), None)]


def test_an_opening_or_reset_without_a_closing_state_leaves_a_gap(city: City) -> None:
    city.register("meters", [METER])
    states(city, [("2024-04-01", 500, ""), ("2024-04-16", 0, "reset"), ("2024-05-01", 103, "")])
    with city.built() as made:
        assert uses_in(made) == [("04-16", None, "register_exchanged"), ("05-01", Decimal(103), None)]
        found = one(
            made,
            "SELECT count(*) FROM energy_by_meter_day WHERE local_date BETWEEN '2024-04-01' AND '2024-04-15' AND state = 'missing'",
        )
        assert found == 15
        assert one(made, "SELECT count(*) FROM findings WHERE rule_id = 'register_exchanged'") == 1


def test_a_ct_ratio_that_changes_between_two_states_leaves_the_use_unknown(city: City) -> None:
    city.register("meters", [
        METER | {"multiplier": 10, "valid_to": "2024-04-16"}, METER | {"multiplier": 20, "valid_from": "2024-04-16"},
    ])  # fmt: skip
    states(city, [("2024-04-01", 100, ""), ("2024-05-01", 130, "")])
    assert uses(city) == [("05-01", None, "register_ratio")]
    states(city, [("2024-04-16", 110, "closing"), ("2024-04-16", 110, "opening")], "2026-06-02 09:00", "s")
    with city.built("energy") as made:
        assert uses_in(made) == [("04-16", Decimal(10), None), ("05-01", Decimal(20), None)]
        assert one(made, "SELECT sum(quantity) FROM energy_by_meter_day") == 10 * 10 + 20 * 20


def test_a_bill_across_a_change_of_ratio_is_held_back(city: City) -> None:
    bill = METER | {"reading_kind": "bill"}
    city.register("meters", [
        bill | {"multiplier": 10, "valid_to": "2024-04-16"}, bill | {"multiplier": 20, "valid_from": "2024-04-16"},
    ])  # fmt: skip
    city.bills(
        "power/a.csv", [("M1", "2024-04-01", "2024-05-01", 5, "kWh"), ("M1", "2024-05-01", "2024-06-01", 5, "kWh")]
    )
    with city.built("energy") as made:
        assert rows_of(made, "SELECT rule_id FROM quarantine") == [("multiplier_changed",)]
        assert one(made, "SELECT sum(quantity) FROM energy_by_meter_day") == 100


def test_a_corrected_state_replaces_and_an_unknown_event_is_held_back(city: City) -> None:
    city.register("meters", [METER])
    states(city, [("2024-04-01", 100, ""), ("2024-05-01", 130, ""), ("2024-06-01", 150, "swap")])
    states(city, [("2024-05-01", 140, "")], "2026-06-02 09:00", "later")
    with city.built("energy") as made:
        assert one(made, "SELECT quantity FROM current_readings") == 40
        assert one(made, "SELECT count(*) FROM register_states WHERE known_to IS NOT NULL") == 1
        assert one(made, "SELECT rule_id, raw FROM quarantine") == ("unknown_event", "swap")
        assert broken(made) == {}


def test_a_state_among_canonical_readings_stands_for_the_end_of_its_row(city: City) -> None:
    city.register("meters", [METER])
    rows = [
        ("M1", "2024-03-01", "2024-04-01", 100, "kWh", "register"),
        ("M1", "2024-04-01", "2024-05-01", 130, "kWh", "register"),
    ]
    city.bills("power/a.csv", rows, more=["reading_kind"])
    city.bills("power/b.csv", [("M1", "2024-05-01", "2024-06-01", 160, "kWh")])
    with city.built("readings") as made:
        assert one(made, "SELECT quantity, started_at FROM current_readings")[0] == 30
        assert one(made, "SELECT rule_id FROM quarantine") == "kind_unclear", "use or state? the file must say"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=12))
def test_uses_add_up_to_what_passed_through_a_register_of_five_digits(steps: list[int]) -> None:
    """Whatever passes between two readings (less than half a turn) is found again, turn after turn."""
    from pipelines import tables
    from pipelines.readings import build
    from pipelines.settings.city import Thresholds
    from pipelines.warehouse import database

    with database.connect(quick=True) as connection:
        for name in ("meters", "register_states"):
            connection.execute(tables.create_statement(tables.table(name)))
        connection.execute("INSERT INTO meters (meter_id, register_digits) VALUES ('M', 5)")
        total = 0
        for number, step in enumerate([0, *steps]):
            total += step
            connection.execute(
                """INSERT INTO register_states BY NAME SELECT 'M' AS meter_id, DATE '2024-01-01' + CAST($n AS INTEGER) AS read_at,
                   'reading' AS event, $value AS register_value, 'kWh' AS unit, 1 AS multiplier, 'measured' AS quality,
                   'confirmed' AS stage, now() AS known_from""",
                {"n": number, "value": (99_000 + total) % 100_000},
            )
        longest = {"longest_days": Thresholds().reading_days_longest}
        found = connection.execute(database.sql_text(build.HERE / "register_uses.sql"), longest).fetchall()
        assert len(found) == len(steps)
        assert sum(row[7] for row in found) == sum(steps)


def doubted_in(made: duckdb.DuckDBPyConnection) -> dict[str, set[str | None]]:
    """Meter -> the doubts about a turn, over the days that have a quantity."""
    found: dict[str, set[str | None]] = {}
    for meter, state in rows_of(
        made,
        """SELECT DISTINCT meter_id, CASE WHEN contains(doubts, 'register_turn_unchecked') THEN state END
           FROM energy_by_meter_day WHERE quantity IS NOT NULL""",
    ):
        found.setdefault(meter, set()).add(state)
    return found


def test_a_difference_is_final_only_where_a_whole_turn_cannot_have_passed(city: City) -> None:
    cases: list[tuple[dict[str, object], set[str | None]]] = [
        ({"daily_limit": 3333}, {None}),  # 30 days x 3,333 = 99,990 < 100,000
        ({"daily_limit": 3334}, {"doubtful"}),
        ({"daily_limit": ""}, {"doubtful"}),
        ({"register_digits": "", "daily_limit": 33}, {None}),  # 150 shows three digits: 990 < 1,000
        ({"register_digits": "", "daily_limit": 34}, {"doubtful"}),
        ({"multiplier": 60, "daily_limit": 199_999}, {None}),  # a turn is 6,000,000 kWh
        ({"multiplier": 60, "daily_limit": 200_000}, {"doubtful"}),
        ({"meter_id": "CONTRACT"}, {None}),  # contracted power is a limit of electricity: 30 x 2,400
    ]
    meters = [{**METER, "meter_id": f"M{number}", **case} for number, (case, _) in enumerate(cases)]
    city.register("meters", meters)
    city.register("contracts", [{"meter_id": "CONTRACT", "supplier": "A", "contract_kw": 100}])
    lines = [f"{meter['meter_id']},{state}" for meter in meters for state in ("2024-04-01,0", "2024-05-01,150")]
    city.file("power/r.csv", "\n".join(["meter_id,read_at,register_value", *lines, ""]))
    with city.built("energy") as made:
        found = doubted_in(made)
    assert found == {str(meter["meter_id"]): expected for meter, (_, expected) in zip(meters, cases, strict=True)}


def test_a_turn_hidden_by_a_missing_state_is_doubted(city: City) -> None:
    """0, 40,000, 80,000, 20,000 is 120,000; the first and last state alone look like 20,000."""
    city.register("meters", [METER | {"daily_limit": 3000}])
    states(city, [("2024-04-01", 0, ""), ("2024-07-01", 20_000, "")])
    with city.built("energy") as made:
        assert uses_in(made) == [("07-01", Decimal(20_000), None)]
        assert doubted_in(made) == {"M1": {"doubtful"}}


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """What passes through a register from month to month, and which of its states are left."""
    steps = draw(st.lists(st.integers(0, 93_000), min_size=2, max_size=6))
    return steps, sorted(draw(st.sets(st.integers(0, len(steps)), min_size=2)))


@settings(max_examples=2, deadline=None)
@given(st.lists(histories(), min_size=8, max_size=12))
def test_taking_states_away_leaves_no_final_use_too_small(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[list[int], list[int]]]
) -> None:
    """Whatever states are left, days that count as final add up to no less than what passed on them."""
    names = [f"M{number}" for number in range(len(drawn))]
    city = City(tmp_path_factory.mktemp("states") / "city")
    city.register("meters", [METER | {"meter_id": name, "daily_limit": 3000} for name in names])
    months = [date(2024, 4 + number, 1) for number in range(7)]
    lines = ["meter_id,read_at,register_value"]
    for name, (steps, left) in zip(names, drawn, strict=True):
        lines += [f"{name},{months[number]},{sum(steps[:number]) % 100_000}" for number in left]
    city.file("power/r.csv", "\n".join([*lines, ""]))
    final = """SELECT sum(quantity) FROM energy_by_meter_day WHERE meter_id = $m AND local_date >= $a AND local_date < $b
               AND NOT contains(coalesce(doubts, ''), 'register_turn_unchecked')"""
    with city.built("energy") as made:
        for name, (steps, left) in zip(names, drawn, strict=True):
            for first, last in pairwise(left):
                found = made.execute(final, {"m": name, "a": months[first], "b": months[last]}).fetchall()[0][0]
                assert found is None or found == sum(steps[first:last])


DELIVERIES = [("M1", "2024-12-05", "2024-12-06", 300, "L"), ("M1", "2025-01-09", "2025-01-10", 310, "L")]


def test_deliveries_are_spread_until_the_next_or_booked_on_the_day(city: City) -> None:
    meter = {"meter_id": "M1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "delivery"}
    city.register("meters", [meter])
    city.bills("fuel/a.csv", [*DELIVERIES, ("M1", "2025-01-01", "2025-02-01", 0, "L")])
    by_day = "SELECT local_date, quantity FROM energy_by_meter_day WHERE quantity > 0 ORDER BY 1"
    with city.built("energy") as made:
        assert rows_of(made, by_day) == [(date(2024, 12, 5), 300), (date(2025, 1, 9), 310)]
    city.register("meters", [meter | {"delivery_rule": "spread"}])
    with city.built("energy") as made:
        found = rows_of(made, by_day)
        assert (found[0][0], found[-1][0]) == (date(2024, 12, 5), date(2025, 1, 31)), (
            "the last until its closing statement"
        )
        assert sum(q for d, q in found if d < date(2025, 1, 9)) == 300
        assert sum(q for _, q in found) == 610
        open_days = rows_of(
            made,
            """SELECT DISTINCT booked, month(local_date) FROM energy_by_meter_day
               WHERE quantity > 0 AND contains(doubts, 'delivery_not_closed') ORDER BY ALL""",
        )
        assert open_days == [("spread", 12)], "December has no closing statement"
        assert broken(made) == {}
