"""Which of rivals counts: the Python pass against a plain restatement of the rule, and the whole stage in SQL."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.readings.acceptance import Rival, losers
from tests.making import City, one, rows_of

START = datetime(2024, 4, 1)
BANDS = st.sampled_from(["all", "day", "night"])


@st.composite
def rivals(draw: st.DrawFn) -> list[Rival]:
    made = []
    for number in range(draw(st.integers(1, 12))):
        first = draw(st.integers(0, 20))
        length = draw(st.integers(1, 8))
        received = START + timedelta(days=draw(st.integers(0, 5)))
        start, end = START + timedelta(days=first), START + timedelta(days=first + length)
        made.append(Rival(number, draw(BANDS), start, end, (received,)))
    return made


def plainly(in_order: list[Rival]) -> set[int]:
    """The rule word for word: accepted iff it overlaps none accepted before."""
    accepted: list[Rival] = []
    for rival in in_order:
        clash = any(
            r.started_at < rival.ended_at and rival.started_at < r.ended_at
            and (r.band == rival.band or "all" in (r.band, rival.band))
            for r in accepted
        )  # fmt: skip
        if not clash:
            accepted.append(rival)
    return {r.candidate_id for r in in_order} - {r.candidate_id for r in accepted}


@settings(max_examples=300)
@given(rivals())
def test_the_pass_is_the_rule(in_order: list[Rival]) -> None:
    beaten = losers(in_order)
    assert set(beaten) == plainly(in_order)
    assert all(beaten[r.candidate_id] >= r.receipts[0] for r in in_order if r.candidate_id in beaten)


def test_corrected_beats_confirmed_beats_provisional_whatever_comes_last(city: City) -> None:
    row = ("M1", "2024-04-01", "2024-05-01")
    city.bills("fuel/a.csv", [(*row, 30, "L", "訂正")], "2024-05-02 09:00", ["stage"])
    city.bills("fuel/b.csv", [(*row, 20, "L", "確報")], "2024-06-02 09:00", ["stage"])
    city.bills("fuel/c.csv", [(*row, 10, "L", "速報")], "2024-07-02 09:00", ["stage"])
    with city.built("energy") as made:
        assert one(made, "SELECT quantity, stage FROM current_readings") == (30, "corrected")
        kept = rows_of(
            made, "SELECT stage, known_from, known_to FROM readings WHERE known_to IS NOT NULL ORDER BY stage"
        )
        assert kept == [
            ("confirmed", datetime(2024, 6, 2, 9), datetime(2024, 6, 2, 9)),
            ("provisional", datetime(2024, 7, 2, 9), datetime(2024, 7, 2, 9)),
        ]
        assert one(made, "SELECT sum(quantity) FROM energy_by_meter_day") == 30


def test_later_issue_then_later_receipt_then_hash_decide(city: City) -> None:
    row = ("M1", "2024-04-01", "2024-05-01")
    city.bills("fuel/a.csv", [(*row, 10, "L", "2024-05-10")], "2024-05-20 09:00", ["issued_on"])
    city.bills("fuel/b.csv", [(*row, 20, "L", "2024-05-11")], "2024-05-12 09:00", ["issued_on"])
    city.bills("fuel/c.csv", [(*row, 40, "L")], "2024-05-30 09:00")
    with city.built("readings") as made:
        assert one(made, "SELECT quantity FROM current_readings") == 20


def test_a_whole_reading_is_never_clipped(city: City) -> None:
    city.bills("fuel/a.csv", [("M1", "2024-04-01", "2024-05-01", 300, "L", "訂正")], more=["stage"])
    city.bills("fuel/b.csv", [("M1", "2024-04-20", "2024-06-01", 420, "L")])
    with city.built("energy") as made:
        assert one(made, "SELECT sum(quantity) FROM energy_by_meter_day") == 300
        missing = one(
            made,
            "SELECT count(*) FROM energy_by_meter_day WHERE state = 'missing' AND local_date BETWEEN '2024-05-01' AND '2024-05-31'",
        )
        assert missing == 31, "what the beaten bill alone would cover is missing, not estimated"


def test_day_and_night_of_one_period_stand_side_by_side(city: City) -> None:
    city.register(
        "meters",
        [{"meter_id": "M1", "facility_id": "F1", "energy_type": "electricity", "unit": "kWh", "reading_kind": "bill"}],
    )
    rows = [
        ("M1", "2024-04-01", "2024-05-01", 100, "kWh", "昼間"),
        ("M1", "2024-04-01", "2024-05-01", 50, "kWh", "夜間"),
    ]
    city.bills("power/a.csv", rows, more=["time_band"])
    with city.built("energy") as made:
        assert one(made, "SELECT count(*), sum(quantity) FROM current_readings") == (2, 150)
        covered = "SELECT count(DISTINCT local_date) FROM energy_by_meter_day WHERE state <> 'missing'"
        assert one(made, covered) == 30


def test_a_day_band_alone_leaves_the_day_open(city: City) -> None:
    city.register(
        "meters",
        [{"meter_id": "M1", "facility_id": "F1", "energy_type": "electricity", "unit": "kWh", "reading_kind": "bill"}],
    )
    city.bills("power/a.csv", [("M1", "2024-04-01", "2024-05-01", 100, "kWh", "day")], more=["time_band"])
    with city.built("energy") as made:
        assert one(made, "SELECT count(*) FROM energy_by_meter_day WHERE state <> 'missing'") == 0
        assert one(made, "SELECT sum(quantity) FROM energy_by_meter_day") == 100


def test_of_many_corrections_of_one_bill_only_the_last_counts(city: City) -> None:
    """Equal periods may stand in any order for a database: they are one island of rivals however many there are."""
    city.bills(
        "fuel/a.csv", [("M1", "2024-04-01", "2024-05-01", 90, "L"), ("M1", "2024-05-01", "2024-06-01", 100, "L")]
    )
    for n in range(60):
        row = ("M1", "2024-05-01", "2024-06-01", 200 + n, "L", "corrected")
        city.bills(f"fuel/c{n}.csv", [row], f"2026-06-02 {n // 60 + 1:02d}:{n % 60:02d}", more=["stage"])
    with city.built("readings") as made:
        found = rows_of(made, "SELECT quantity FROM current_readings ORDER BY started_at")
    assert found == [(90,), (259,)]
