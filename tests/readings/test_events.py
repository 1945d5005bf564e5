"""Deliveries and activity figures are events: those of one file add up, a later statement replaces the earlier one."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.readings.acceptance import RivalEvent, losing_events
from tests.making import City, broken, one, rows_of

START = datetime(2024, 4, 1)
HEAD = "activity_source_id,started_on,ended_on,quantity,unit,note,slip_no,stage"


@pytest.fixture
def plant(city: City) -> City:
    source = {
        "activity_source_id": "A1",
        "facility_id": "F1",
        "activity": "waste_plastic",
        "unit": "t",
        "frequency": "month",
    }
    tank = {"meter_id": "D1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "delivery"}
    return city.register("activity_sources", [source]).register("meters", [tank])


def tonnes(city: City, name: str, rows: list[tuple[object, ...]], received: str = "2025-08-05 09:00") -> City:
    """Loads of July: (quantity, note, slip number, stage)."""
    lines = [f"A1,2025-07-01,2025-08-01,{q},t,{','.join(str(c) for c in rest)}" for q, *rest in rows]
    return city.file(f"plant/{name}.csv", "\n".join([HEAD, *lines, ""]), received)


def slips(city: City, name: str, rows: list[tuple[int, float, str]], received: str = "2025-08-05 09:00") -> City:
    """Deliveries: (day of July, quantity, slip number)."""
    lines = [f"D1,2025-07-{day:02d},2025-07-{day + 1:02d},{q},L,{slip}" for day, q, slip in rows]
    head = "meter_id,started_at,ended_at,quantity,unit,slip_no"
    return city.file(f"oil/{name}.csv", "\n".join([head, *lines, ""]), received)


def loaded(city: City) -> tuple[list[float], list[float]]:
    """The quantities of activity figures and of deliveries that count; the account and the sums of days hold."""
    with city.built("emissions") as made:
        assert broken(made) == {}
        activity = rows_of(made, "SELECT quantity FROM activity_readings WHERE known_to IS NULL ORDER BY 1")
        delivered = rows_of(made, "SELECT quantity FROM current_readings ORDER BY 1")
        days = one(made, "SELECT coalesce(sum(quantity), 0) FROM activity_days WHERE state <> 'missing'")
        assert days == sum(q for (q,) in activity)
        counted = one(made, "SELECT coalesce(sum(quantity), 0) FROM meter_days")
        assert counted == sum(q for (q,) in delivered)
        return [float(q) for (q,) in activity], [float(q) for (q,) in delivered]


def test_rows_of_one_file_add_up(plant: City) -> None:
    tonnes(plant, "a", [(41.5, "北", "", ""), (12.25, "南", "", "")])
    slips(plant, "a", [(3, 200, ""), (3, 150, ""), (9, 80, "")])
    assert loaded(plant) == ([12.25, 41.5], [80, 150, 200])


def test_a_later_statement_about_the_period_replaces_the_earlier_one_and_never_adds(plant: City) -> None:
    tonnes(plant, "a", [(41.5, "北", "", ""), (12.25, "南", "", "")])
    tonnes(plant, "b", [(41.5, "北", "", ""), (12.25, "南", "", ""), (6, "東", "", "")], "2025-09-05 09:00")
    slips(plant, "a", [(3, 200, ""), (9, 80, "")])
    slips(plant, "b", [(3, 200, ""), (3, 150, "")], "2025-09-05 09:00")
    assert loaded(plant) == ([6, 12.25, 41.5], [80, 150, 200])


def test_the_same_rows_in_other_bytes_are_the_same_events(plant: City) -> None:
    tonnes(plant, "a", [(41.5, "北", "", ""), (12.25, "南", "", "")])
    tonnes(plant, "b", [("41.50", "北", "", ""), ("12.250", "南", "", "")], "2025-08-06 09:00")
    assert loaded(plant)[0] == [12.25, 41.5]


def test_slip_numbers_tell_events_of_several_files_apart(plant: City) -> None:
    tonnes(plant, "a", [(41.5, "", "S1", ""), (12.25, "", "S2", "")])
    tonnes(plant, "b", [(13, "", "S2", ""), (7, "", "S3", "")], "2025-09-05 09:00")
    slips(plant, "a", [(3, 200, "11")])
    slips(plant, "b", [(3, 200, "12"), (3, 210, "11")], "2025-09-05 09:00")
    assert loaded(plant) == ([7, 13, 41.5], [200, 210])


def test_a_statement_without_numbers_replaces_one_with_them(plant: City) -> None:
    tonnes(plant, "a", [(41.5, "", "S1", ""), (12.25, "", "S2", "")])
    tonnes(plant, "b", [(60, "", "", "")], "2025-09-05 09:00")
    assert loaded(plant)[0] == [60]


def test_one_line_of_one_slip_counts_once_and_two_lines_of_it_add_up(plant: City) -> None:
    tonnes(plant, "a", [(41.5, "", "S1", ""), (41.5, "", "S1", ""), (3, "", "S1", "")])
    assert loaded(plant)[0] == [3, 41.5]


def test_a_correction_in_the_same_file_replaces(plant: City) -> None:
    tonnes(plant, "a", [(41.5, "", "", ""), (12.25, "", "", ""), (50, "", "", "訂正")])
    assert loaded(plant)[0] == [50]


def test_a_yearly_figure_and_monthly_ones_never_add(plant: City) -> None:
    tonnes(plant, "a", [(41.5, "", "", "")])
    plant.file("plant/y.csv", f"{HEAD}\nA1,2025-04-01,2026-04-01,480,t,,,\n", "2025-09-05 09:00")
    assert loaded(plant)[0] == [480]


@st.composite
def units(draw: st.DrawFn) -> list[RivalEvent]:
    made = []
    for number in range(draw(st.integers(1, 12))):
        first = draw(st.integers(0, 3))
        start, end = START + timedelta(days=first), START + timedelta(days=first + draw(st.sampled_from([1, 1, 1, 3])))
        slip = draw(st.sampled_from([None, "1", "2"]))
        set_no = draw(st.integers(0, 3)) * 100 + first * 10 + (end - start).days  # a set has one period
        made.append(RivalEvent(number, set_no, slip, start, end, (START,)))
    return made


@settings(max_examples=300)
@given(units())
def test_the_pass_of_events_is_the_rule(in_order: list[RivalEvent]) -> None:
    accepted: list[RivalEvent] = []
    for unit in in_order:
        clashes = [
            a for a in accepted
            if a.started_at < unit.ended_at and unit.started_at < a.ended_at
            and not ((a.started_at, a.ended_at) == (unit.started_at, unit.ended_at)
                     and (a.set_no == unit.set_no or (a.slip_no and unit.slip_no and a.slip_no != unit.slip_no)))
        ]  # fmt: skip
        if not clashes:
            accepted.append(unit)
    assert set(losing_events(in_order)) == {u.unit_no for u in in_order} - {u.unit_no for u in accepted}
