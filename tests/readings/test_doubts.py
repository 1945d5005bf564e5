"""What the values received contradict: each doubt on the days it names, with the places of both sides, and not beyond them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import findings, texts
from pipelines.flags import build as flags
from pipelines.warehouse import database, invariants
from tests.making import City, begun, broken, rows_of

ROOT = Path(__file__).parents[2]
OIL = {"meter_id": "M1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
POWER = {"meter_id": "E1", "facility_id": "F1", "energy_type": "electricity", "unit": "kWh", "reading_kind": "interval"}
TANK = {"meter_id": "D1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "delivery"}
DIAL = {"meter_id": "R1", "facility_id": "F1", "energy_type": "electricity", "unit": "kWh", "reading_kind": "register"}
PLANT = {
    "activity_source_id": "A1",
    "facility_id": "F1",
    "activity": "waste_plastic",
    "unit": "t",
    "frequency": "month",
}
SPRING = [
    ("M1", "2024-04-01", "2024-05-01", 100, "L"),
    ("M1", "2024-05-01", "2024-06-01", 80, "L"),
    ("M1", "2024-06-01", "2024-07-01", 60, "L"),
]
Doubt = tuple[str, str, date, date]


@pytest.fixture
def town(city: City) -> City:
    return city.register("meters", [OIL, POWER, TANK, DIAL]).register("activity_sources", [PLANT])


def of(made: duckdb.DuckDBPyConnection) -> list[Doubt]:
    """The doubts; each can be told in both languages without a gap, and the tables hold together."""
    assert broken(made) == {}
    found = []
    for source, rule, since, until, evidence in rows_of(
        made, "SELECT source_id, rule_id, valid_from, valid_to, evidence FROM reading_doubts ORDER BY ALL"
    ):
        for language in texts.LANGUAGES:
            sentence = findings.rules()[rule].sentence(language, json.loads(evidence))
            assert "None" not in sentence and "?" not in sentence, sentence
        found.append((source, rule, since, until))
    return found


def doubts(city: City) -> list[Doubt]:
    with city.built("readings") as made:
        return of(made)


def evidence(made: duckdb.DuckDBPyConnection, rule: str, source: str) -> dict[str, Any]:
    found = rows_of(made, "SELECT evidence FROM reading_doubts WHERE rule_id = ? AND source_id = ?", rule, source)
    assert len(found) == 1
    return dict(json.loads(found[0][0]))


def quarter(
    city: City, quantity: object, *more: object, received: str = "2024-08-01 09:00", until: str = "2024-07-01"
) -> City:
    city.bills("oil/a.csv", SPRING, "2024-07-02 09:00")
    return city.bills("oil/b.csv", [("M1", "2024-04-01", until, quantity, "L", *more)], received, ["quality", "stage"])


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> list[Doubt]:
    """The doubts of a city, built up to the gate, in which every case of the tables in capitals is a source of its own."""
    city = City(tmp_path_factory.mktemp("street") / "city")
    bills = [{**OIL, "meter_id": meter} for meter in SUMS]
    bills += [{**OIL, "meter_id": meter, "valid_from": since} for meter, (since, *_) in LIMITS.items()]
    kinds = {"bill": OIL, "interval": POWER, "delivery": TANK}
    of_kinds = [{**kinds[kind], "meter_id": f"less-{kind}"} for kind in LESS]
    tanks = [{**TANK, "meter_id": meter} for meter in (*SLIPS, *RELEASED, *MARKED)]
    city.register("meters", [*bills, *of_kinds, *tanks])
    for kind, rows in LESS.items():
        for name, row, received in zip("ab", rows, ("2024-06-01 09:00", "2024-07-01 09:00"), strict=True):
            city.bills(f"x/{kind}-{name}.csv", [(f"less-{kind}", *row)], received)
    for meter, (_, start, end, _) in LIMITS.items():
        city.bills(f"oil/{meter}.csv", [(meter, start, end, -1, "L")])
    for slip, (later, _) in RELEASED.items():
        city.bills(f"tank/{slip}-a.csv", [(slip, *HELD)], "2024-05-02 09:00", ["slip_no"])
        city.bills(f"tank/{slip}-b.csv", [(slip, *later)], "2024-06-02 09:00", ["slip_no"])
    for slip, (number, _) in MARKED.items():
        city.bills(f"tank/{slip}-a.csv", [(slip, *HELD[:2], 10, "L", number)], "2024-05-02 09:00", ["slip_no"])
        city.bills(f"tank/{slip}-b.csv", [(slip, *HELD[:2], "①10", "L", "7")], "2024-06-02 09:00", ["slip_no"])
    city.register("activity_sources", [{**PLANT, "activity_source_id": source} for source in FIGURES])
    for meter, (total, _) in SUMS.items():
        city.bills(f"oil/{meter}-a.csv", [(meter, *row[1:]) for row in SPRING], "2024-07-02 09:00")
        city.bills(f"oil/{meter}-b.csv", [(meter, "2024-04-01", "2024-07-01", total, "L")], "2024-08-01 09:00")
    for meter, (slips, _) in SLIPS.items():
        rows = [(meter, "2024-04-03", "2024-04-04", quantity, "L", number) for quantity, number in slips]
        city.bills(f"tank/{meter}.csv", rows, more=["slip_no"])
    head = "activity_source_id,started_on,ended_on,quantity,unit"
    for n, (source, (until, amount, _)) in enumerate(FIGURES.items()):
        city.file(f"plant/{n}-m.csv", f"{head}\n{source},2024-04-01,2024-07-01,60,t\n", "2024-07-01 09:00")
        city.file(f"plant/{n}-y.csv", f"{head}\n{source},2024-04-01,{until},{amount},t\n", "2024-08-01 09:00")
    with city.built() as made:
        assert invariants.broken(made) == {}
        return of(made)


# ---------------------------------------------------------------- displaces_several


def test_a_bill_in_the_place_of_several_must_be_their_sum(town: City) -> None:
    with quarter(town, 60).built("readings") as made:
        assert of(made) == [("M1", "displaces_several", date(2024, 4, 1), date(2024, 7, 1))]
        told = evidence(made, "displaces_several", "M1")
    assert (told["value"], told["line"], told["file"], told["displaced"]) == (60, 2, "oil/b.csv", 3)
    assert "2024-05-01 80 L" in told["others"] and told["other_files"] == "oil/a.csv"


SUMS = {"T1": (247.3, True), "T2": (247.1, False), "T3": (240, False), "T4": (232.9, False), "T5": (232.7, True)}


@pytest.mark.parametrize("meter", SUMS)
def test_within_the_tolerance_it_is_a_true_sum(street: list[Doubt], meter: str) -> None:
    assert bool([doubt for doubt in street if doubt[0] == meter]) is SUMS[meter][1]


def test_over_estimates_it_is_a_true_up(town: City) -> None:
    town.bills("oil/a.csv", [(*row, "supplier_estimated") for row in SPRING], "2024-07-02 09:00", ["quality"])
    town.bills("oil/b.csv", [("M1", "2024-04-01", "2024-07-01", 90, "L")], "2024-08-01 09:00")
    assert doubts(town) == []


def test_what_reaches_far_beyond_what_it_replaced_is_doubted_though_the_sums_agree(town: City) -> None:
    assert doubts(quarter(town, 240, until="2024-09-01")) == [
        ("M1", "displaces_several", date(2024, 4, 1), date(2024, 9, 1))
    ]


def test_a_bill_that_cuts_into_its_neighbours_is_doubted(town: City) -> None:
    town.bills("oil/a.csv", SPRING, "2024-07-02 09:00")
    town.bills("oil/b.csv", [("M1", "2024-04-20", "2024-05-20", 90, "L")], "2024-08-01 09:00")
    assert doubts(town) == [("M1", "displaces_several", date(2024, 4, 20), date(2024, 5, 20))]


def test_a_bill_over_two_months_in_the_place_of_one_is_doubted_and_a_shifted_one_is_not(town: City) -> None:
    town.bills("oil/a.csv", SPRING[:1], "2024-05-02 09:00")
    town.bills("oil/b.csv", [("M1", "2024-04-01", "2024-05-03", 104, "L")], "2024-05-09 09:00")
    assert doubts(town) == []
    town.bills("oil/c.csv", [("M1", "2024-04-01", "2024-06-01", 80, "L")], "2024-06-09 09:00")
    assert [d[1] for d in doubts(town)] == ["displaces_several"]


def test_corrections_of_the_same_periods_are_not_doubted(town: City) -> None:
    town.bills("oil/a.csv", SPRING, "2024-07-02 09:00")
    town.bills("oil/b.csv", [(*row[:3], 1, "L", "訂正") for row in SPRING], "2024-08-01 09:00", ["stage"])
    assert doubts(town) == []


def slots(hours: int, each: float) -> list[tuple[object, ...]]:
    return [
        ("E1", f"2024-04-01 {h:02d}:00", f"2024-04-01 {h + hours:02d}:00", each, "kWh")
        for h in range(0, 24 - hours, hours)
    ]


def test_longer_slots_must_be_the_sum_of_those_they_replace(town: City) -> None:
    town.bills("power/a.csv", slots(1, 5), "2024-04-02 09:00").bills("power/b.csv", slots(2, 10), "2024-04-03 09:00")
    assert doubts(town) == []
    town.bills("power/c.csv", slots(3, 5), "2024-04-04 09:00")
    assert {d[1:] for d in doubts(town)} == {("displaces_several", date(2024, 4, 1), date(2024, 4, 2))}


def test_a_yearly_figure_must_be_the_sum_of_the_monthly_ones(town: City) -> None:
    head = "activity_source_id,started_on,ended_on,quantity,unit"
    months = [f"A1,2024-{m:02d}-01,2024-{m + 1:02d}-01,{m},t" for m in range(4, 12)]
    town.file("plant/m.csv", "\n".join([head, *months, ""]), "2024-12-01 09:00")
    town.file("plant/y.csv", f"{head}\nA1,2024-04-01,2024-12-01,60,t\n", "2025-04-01 09:00")
    assert doubts(town) == []
    town.file("plant/z.csv", f"{head}\nA1,2024-04-01,2024-12-01,6,t\n", "2025-05-01 09:00")
    assert doubts(town) == [("A1", "displaces_several", date(2024, 4, 1), date(2024, 12, 1))]


# until when the second figure of a source reaches, what it says, and whether that is doubted; the first says 60 until July
FIGURES = {
    "within the tolerance": ("2024-08-01", 58.2, False),
    "less than a part of it was": ("2024-08-01", 58.1, True),
    "of a part": ("2024-05-01", 1, False),
    "more": ("2024-08-01", 90, False),
}


@pytest.mark.parametrize("source", FIGURES)
def test_a_figure_of_more_days_than_the_one_it_displaced_is_not_less(street: list[Doubt], source: str) -> None:
    found = [rule for name, rule, *_ in street if name == source]
    assert found == ["displaces_several"] * FIGURES[source][2]


# kind -> a value, and one that comes later and says less of one of its days and more
LESS: dict[str, list[tuple[object, ...]]] = {
    "bill": [SPRING[0][1:], ("2024-04-01", "2024-05-04", 90, "L")],
    "interval": [
        ("2024-04-01 01:00", "2024-04-01 02:00", 10, "kWh"), ("2024-04-01 01:00", "2024-04-01 03:00", 9, "kWh"),
    ],
    "delivery": [("2024-04-03", "2024-04-04", 10, "L"), ("2024-04-03", "2024-04-06", 9, "L")],
}  # fmt: skip


@pytest.mark.parametrize("kind", LESS)
def test_whatever_kind_displaces_one_of_its_days_with_less_is_doubted(street: list[Doubt], kind: str) -> None:
    assert [rule for meter, rule, *_ in street if meter == f"less-{kind}"] == ["displaces_several"]


def test_a_doubt_of_what_was_received_is_one_of_the_doubts_and_is_asked(town: City) -> None:
    quarter(town, 60)
    with town.built() as made:
        assert rows_of(
            made, "SELECT DISTINCT source_id, doubt_state FROM doubts WHERE rule_id = 'displaces_several'"
        ) == [("M1", "standing")]
        told = rows_of(made, "SELECT message_ja FROM flags WHERE rule_id = 'displaces_several'")
        assert len(told) == 1 and "oil/b.csv 2行目" in told[0][0] and "M1" in told[0][0] and "?" not in told[0][0]
        known = {row[0] for row in rows_of(made, "SELECT rule_id FROM quality_rules WHERE effect = 'doubts'")}
    assert {"displaces_several", "two_values", "equal_rows", "no_longer_sent", "held_back"} <= known


def test_a_rule_of_quality_doubts_within_bounds_or_raises_a_flag_alone(town: City) -> None:
    """What the table calls informing asks a person and never touches a bound; what doubts has a lower one, and says what lifts it."""
    quarter(town, 60)
    with town.built("readings") as made:
        rules = {row["rule_id"]: row for row in database.dicts(made, "FROM quality_rules")}
    statements = {path: path.read_text(encoding="utf-8") for path in ROOT.glob("pipelines/**/*.sql")}
    doubting = {
        rule
        for rule in rules
        if any(f"'{rule}'" in text for path, text in statements.items() if path.parent.name not in ("flags", "review"))
    }
    informing = {rule for rule, row in rules.items() if row["effect"] == "informs"}
    assert informing and not informing & doubting, "a rule that informs is named by no statement that judges days"
    assert informing <= set(flags.FLAG_RULES), "and is a flag"
    for rule, row in rules.items():
        assert (row["low_rule"] is None) is (row["high_rule"] is None) is (rule in informing), rule
        assert row["lifted_by_ja"] and row["lifted_by_en"], rule


# ---------------------------------------------------------------- two_values


def test_two_rows_of_one_file_are_never_decided_by_their_place(town: City) -> None:
    town.bills("oil/a.csv", [SPRING[0], SPRING[1], ("M1", "2024-05-01", "2024-06-01", 8, "L")])
    with town.built("readings") as made:
        assert of(made) == [("M1", "two_values", date(2024, 5, 1), date(2024, 6, 1))]
        told = evidence(made, "two_values", "M1")
    assert {(told["value"], told["line"]), (told["other_value"], told["other_line"])} == {(80, 3), (8, 4)}


def test_equal_rows_of_a_bill_are_one(city: City) -> None:
    others = {"equal": (80, "L"), "a digit more": ("80.0", "L"), "another unit": ("0.08", "kL")}
    city.register("meters", [{**OIL, "meter_id": meter} for meter in others])
    for meter, other in others.items():
        city.bills(f"oil/{meter}.csv", [(meter, *SPRING[1][1:]), (meter, "2024-05-01", "2024-06-01", *other)])
    with city.built("energy") as made:
        assert of(made) == []
        assert rows_of(made, "SELECT rows_loaded, rows_superseded FROM source_files") == [(1, 1)] * len(others)


def test_stage_quality_issue_and_band_tell_values_apart(town: City) -> None:
    rows = [("M1", "2024-05-01", "2024-06-01", n, "L", *more) for n, more in enumerate([
        ("", "", ""), ("訂正", "", ""), ("", "supplier_estimated", ""), ("", "", "2024-06-09"),
    ])]  # fmt: skip
    town.bills("oil/a.csv", rows, more=["stage", "quality", "issued_on"])
    power = {**POWER, "meter_id": "E2", "reading_kind": "bill"}
    town.register("meters", [OIL, power])
    bands = [("E2", "2024-05-01", "2024-06-01", n, "kWh", band) for n, band in enumerate(["day", "night"])]
    town.bills("oil/b.csv", bands, more=["time_band"])
    assert doubts(town) == []


def test_a_higher_statement_settles_two_values(town: City) -> None:
    town.bills("oil/a.csv", [SPRING[1], ("M1", "2024-05-01", "2024-06-01", 8, "L")], "2024-06-02 09:00")
    town.bills("oil/b.csv", [("M1", "2024-05-01", "2024-06-01", 8, "L", "訂正")], "2024-06-09 09:00", ["stage"])
    assert doubts(town) == []


def test_two_files_of_the_same_moment_are_never_decided_by_their_hash(town: City) -> None:
    town.bills("oil/a.csv", [SPRING[1]], "2024-06-02 09:00")
    town.bills("oil/b.csv", [("M1", "2024-05-01", "2024-06-01", 8, "L")], "2024-06-02 09:00")
    assert doubts(town) == [("M1", "two_values", date(2024, 5, 1), date(2024, 6, 1))]
    town.bills("oil/c.csv", [("M1", "2024-05-01", "2024-06-01", 7, "L")], "2024-06-03 09:00")
    assert doubts(town) == [], "a later one decides"


def test_slots_of_one_day_are_one_doubt(town: City) -> None:
    town.bills("power/a.csv", [*slots(1, 5), *slots(1, 6)], "2024-04-02 09:00")
    with town.built("readings") as made:
        assert of(made) == [("E1", "two_values", date(2024, 4, 1), date(2024, 4, 2))]
        assert evidence(made, "two_values", "E1")["pairs"] == 23


def test_two_states_of_a_register_doubt_the_uses_on_both_sides(town: City) -> None:
    rows = [
        "meter_id,read_at,register_value",
        *(f"R1,2024-{m:02d}-01,{v}" for m, v in ((4, 10), (5, 40), (5, 30), (6, 70), (7, 90))),
    ]
    town.file("dials/a.csv", "\n".join([*rows, ""]))
    assert doubts(town) == [
        ("R1", "two_values", date(2024, 4, 1), date(2024, 5, 1)), ("R1", "two_values", date(2024, 5, 1), date(2024, 6, 1)),
    ]  # fmt: skip


def test_two_statements_of_loads_of_the_same_moment(town: City) -> None:
    head = "activity_source_id,started_on,ended_on,quantity,unit,note"
    town.file(
        "plant/a.csv", f"{head}\nA1,2024-07-01,2024-08-01,3,t,x\nA1,2024-07-01,2024-08-01,4,t,y\n", "2024-08-05 09:00"
    )
    town.file("plant/b.csv", f"{head}\nA1,2024-07-01,2024-08-01,7,t,\n", "2024-08-05 09:00")
    assert doubts(town) == [], "both add up to the same"
    town.file("plant/b.csv", f"{head}\nA1,2024-07-01,2024-08-01,5,t,\n", "2024-08-05 09:00")
    assert [d[1] for d in doubts(town)] == ["two_values"]


# ---------------------------------------------------------------- equal_rows


# (quantity, slip number) of two deliveries of one day, and what is doubted of them
SLIPS: dict[str, tuple[list[tuple[int, str]], list[str]]] = {
    "S1": ([(50, ""), (50, "")], ["equal_rows"]),
    "S2": ([(50, "1"), (50, "2")], []),
    "S3": ([(50, ""), (51, "")], []),
    "S4": ([(50, "1"), (50, "1")], ["equal_rows"]),
    "S5": ([(50, "1"), (60, "1")], ["two_values"]),
}


@pytest.mark.parametrize("meter", SLIPS)
def test_equal_slips_are_doubted_unless_their_numbers_differ(street: list[Doubt], meter: str) -> None:
    wanted = [(meter, rule, date(2024, 4, 3), date(2024, 4, 4)) for rule in SLIPS[meter][1]]
    assert [doubt for doubt in street if doubt[0] == meter] == wanted


def test_equal_loads_are_doubted_unless_a_note_differs(town: City) -> None:
    head = "activity_source_id,started_on,ended_on,quantity,unit,note"
    town.file("plant/a.csv", f"{head}\nA1,2024-07-01,2024-08-01,3,t,1\nA1,2024-07-01,2024-08-01,3,t,2\n")
    assert doubts(town) == []
    town.file(
        "plant/a.csv", f"{head}\nA1,2024-07-01,2024-08-01,3,t,1\nA1,2024-07-01,2024-08-01,3,t,1\n", "2026-06-02 09:00"
    )
    assert [d[1] for d in doubts(town)] == ["equal_rows"]


# ---------------------------------------------------------------- no_longer_sent


def versions(town: City, *second: tuple[object, ...], path: str = "oil/a.csv") -> City:
    """A first version of a file is in the ledger, and another content came under its path, or under another."""
    town.bills("oil/a.csv", SPRING, "2024-07-02 09:00")
    begun(town.paths)[0].close()
    return town.bills(path, second, "2024-08-02 09:00")


def test_a_value_that_a_newer_version_lacks_inside_its_span_is_doubted(town: City) -> None:
    versions(town, SPRING[0], SPRING[2])
    with town.built("energy") as made:
        assert of(made) == [("M1", "no_longer_sent", date(2024, 5, 1), date(2024, 6, 1))]
        assert rows_of(made, "SELECT quantity FROM current_readings WHERE started_at = '2024-05-01'") == [(80,)]
        assert evidence(made, "no_longer_sent", "M1")["line"] == 3


def test_what_lies_before_or_after_the_span_stays(town: City) -> None:
    assert doubts(versions(town, ("M1", "2024-05-01", "2024-06-01", 81, "L"))) == []


def test_another_path_withdraws_nothing(town: City) -> None:
    assert doubts(versions(town, SPRING[0], SPRING[2], path="oil/b.csv")) == []


def test_a_value_that_comes_again_is_no_longer_doubted(town: City) -> None:
    versions(town, SPRING[0], SPRING[2])
    assert [d[1] for d in doubts(town)] == ["no_longer_sent"]
    town.bills("oil/c.csv", SPRING[1:2], "2024-09-02 09:00")
    assert doubts(town) == []


@pytest.mark.parametrize("path", ["oil/a.csv", "oil/c.csv"])
def test_a_content_that_comes_again_withdraws_what_withdrew_it(town: City, path: str) -> None:
    versions(town, SPRING[0], SPRING[2])
    assert [d[1] for d in doubts(town)] == ["no_longer_sent"]
    town.bills(path, SPRING, "2024-09-02 09:00")
    assert doubts(town) == []


def test_withdrawn_slots_loads_and_states(town: City) -> None:
    head = "activity_source_id,started_on,ended_on,quantity,unit"
    loads = [f"A1,2024-{m:02d}-01,2024-{m + 1:02d}-01,{m},t" for m in (4, 5, 6)]
    states = [f"R1,2024-{m:02d}-01,{m * 10}" for m in (4, 5, 6)]
    for keep, received in ((slice(0, 3, 1), "2024-07-02 09:00"), (slice(0, 3, 2), "2024-07-03 09:00")):
        town.bills("power/a.csv", slots(1, 5)[keep], received)
        town.file("plant/a.csv", "\n".join([head, *loads[keep], ""]), received)
        town.file("dials/a.csv", "\n".join(["meter_id,read_at,register_value", *states[keep], ""]), received)
        found = doubts(town)
    assert found == [
        ("A1", "no_longer_sent", date(2024, 5, 1), date(2024, 6, 1)), ("E1", "no_longer_sent", date(2024, 4, 1), date(2024, 4, 2)),
        ("R1", "no_longer_sent", date(2024, 4, 1), date(2024, 5, 1)), ("R1", "no_longer_sent", date(2024, 5, 1), date(2024, 6, 1)),
    ]  # fmt: skip


# ---------------------------------------------------------------- held_back

BASE = [("M1", "2024-04-01", "2024-05-01", 100, "L", "")]
APRIL = ("M1", "held_back", date(2024, 4, 1), date(2024, 5, 1))
UNUSABLE = [
    ("M1", "2024-04-01", "2024-05-01", "491kl!", "L", "訂正"),
    ("M1", "2024-04-01", "2024-05-01", "11 8x", "L", "訂正"),
    ("M1", "2024-04-01", "2024-05-01", -100, "L", ""),
    ("M1", "2024-04-01", "2024-05-01", 90, "バレル", ""),
    ("M1", "2024-04-01", "2024-05-01", 90, "L", "訂正？"),
    ("本庁舎", "2024-04-01", "2024-05-01", 90, "L", ""),
    ("本庁舎/灯油", "2024-04-01", "2024-05-01", "x", "L", ""),
]


def test_what_is_held_back_keeps_its_days_open_until_it_can_be_read(city: City) -> None:
    """Each row that cannot be used stands at a facility of its own, 庁舎1, 庁舎2, ..., and names its meter or the facility."""
    rows = dict(enumerate(UNUSABLE, 1))
    city.register("facilities", [{"facility_id": f"F{n}", "name": f"庁舎{n}", "operator_id": "OP"} for n in rows])
    city.register("meters", [{**OIL, "meter_id": f"M{n}", "facility_id": f"F{n}"} for n in rows])
    for n, (meter, *said) in rows.items():
        named = meter.replace("M1", f"M{n}").replace("本庁舎", f"庁舎{n}")
        city.bills(f"oil/a{n}.csv", [(f"M{n}", *BASE[0][1:])], "2024-05-02 09:00", ["stage"])
        city.bills(f"oil/b{n}.csv", [(named, *said)], "2024-06-02 09:00", ["stage"])
    with city.built("readings") as made:
        assert of(made) == [(f"M{n}", *APRIL[1:]) for n in rows]
        for n in rows:
            told = evidence(made, "held_back", f"M{n}")
            assert (told["file"], told["line"]) == (f"oil/b{n}.csv", 2) and told["reason"], n
    for n in rows:
        right = [(f"M{n}", "2024-03-25", "2024-05-01", 95, "L", "訂正")]
        city.bills(f"oil/c{n}.csv", right, "2024-07-02 09:00", ["stage"])
    assert doubts(city) == []


def test_a_reading_of_lower_standing_or_earlier_does_not_release(town: City) -> None:
    town.bills("oil/b.csv", [UNUSABLE[0]], "2024-06-02 09:00", ["stage"])
    town.bills("oil/a.csv", [(*BASE[0][:5], "訂正")], "2024-05-02 09:00", ["stage"])
    assert doubts(town) == [APRIL], "came before"
    town.bills("oil/c.csv", BASE, "2024-07-02 09:00", ["stage"])
    assert doubts(town) == [APRIL], "not a correction"


def test_only_the_days_that_nothing_later_covers_stay_open(town: City) -> None:
    town.bills("oil/b.csv", [("M1", "2024-04-01", "2024-06-01", -1, "L")], "2024-06-02 09:00")
    town.bills("oil/c.csv", SPRING[1:2], "2024-07-02 09:00")
    assert doubts(town) == [APRIL]


def test_slots_that_come_again_release_the_slots_held_back(town: City) -> None:
    bad = [(*row[:3], "x", "kWh") for row in slots(1, 5)[3:5]]
    town.bills("power/a.csv", [*slots(1, 5)[:3], *bad], "2024-04-02 09:00")
    assert doubts(town) == [("E1", "held_back", date(2024, 4, 1), date(2024, 4, 2))]
    town.bills("power/b.csv", slots(1, 5)[3:5], "2024-04-03 09:00")
    assert doubts(town) == []


# a slip that is held back, with its number; what comes later, and whether that releases it
HELD = ("2024-04-03", "2024-04-04", "十", "L", "7")
RELEASED: dict[str, tuple[tuple[object, ...], bool]] = {
    "a closing statement": (("2024-04-01", "2024-05-01", 0, "L", ""), False),
    "a zero of the day": (("2024-04-03", "2024-04-04", 0, "L", ""), False),
    "another slip": (("2024-04-03", "2024-04-04", 10, "L", "8"), False),
    "another period": (("2024-04-03", "2024-04-05", 10, "L", "7"), False),
    "the slip": (("2024-04-03", "2024-04-04", 10, "L", "7"), True),
    "a slip without number": (("2024-04-03", "2024-04-04", 10, "L", ""), True),
}


@pytest.mark.parametrize("slip", RELEASED)
def test_a_slip_held_back_is_released_by_itself_alone(street: list[Doubt], slip: str) -> None:
    held = [(slip, "held_back", date(2024, 4, 3), date(2024, 4, 4))]
    assert [doubt for doubt in street if doubt[0] == slip] == ([] if RELEASED[slip][1] else held)


# the number of a slip that was read, of which 7 has a mark later, and what is doubted
MARKED: dict[str, tuple[str, list[str]]] = {"marked 7": ("7", []), "marked 8": ("8", ["held_back"])}


@pytest.mark.parametrize("slip", MARKED)
def test_a_slip_with_a_mark_is_not_what_another_slip_says(street: list[Doubt], slip: str) -> None:
    assert [rule for meter, rule, *_ in street if meter == slip] == MARKED[slip][1]


def test_a_load_held_back_is_released_by_a_statement_of_its_period_alone(town: City) -> None:
    head = "activity_source_id,started_on,ended_on,quantity,unit,slip_no"
    july = ("A1", "held_back", date(2024, 7, 1), date(2024, 8, 1))
    town.file("plant/a.csv", f"{head}\nA1,2024-07-01,2024-08-01,x,t,7\n", "2024-08-02 09:00")
    town.file("plant/b.csv", f"{head}\nA1,2024-04-01,2025-04-01,5,t,\n", "2025-04-02 09:00")
    town.file("plant/c.csv", f"{head}\nA1,2024-07-01,2024-08-01,5,t,8\n", "2025-04-03 09:00")
    assert july in doubts(town)
    town.file("plant/d.csv", f"{head}\nA1,2024-07-01,2024-08-01,5,t,7\n", "2025-04-04 09:00")
    assert july not in doubts(town)


def test_a_bill_held_back_is_not_released_by_intervals_that_do_not_count(town: City) -> None:
    town.bills("oil/a.csv", BASE, "2024-05-02 09:00", ["stage"])
    town.bills("oil/b.csv", [UNUSABLE[0]], "2024-06-02 09:00", ["stage"])
    days = [("M1", f"2024-04-{d:02d}", f"2024-04-{d:02d} 24:00", 1, "L", "訂正", "interval") for d in range(1, 31)]
    town.bills("oil/c.csv", days, "2024-07-02 09:00", ["stage", "reading_kind"])
    assert doubts(town) == [APRIL]
    town.bills("oil/d.csv", [(*BASE[0][:3], 90, "L", "訂正", "bill")], "2024-08-02 09:00", ["stage", "reading_kind"])
    assert doubts(town) == []


# since when a meter is there, a period that cannot be used, and whether its days are kept open
LIMITS = {
    "of its first month": ("2024-04-01", "2023-04-01", "2023-05-01", True),
    "a year before": ("2024-04-01", "2023-03-01", "2023-04-01", False),
    "of any month": ("", "2015-03-01", "2015-04-01", True),
    "of 400 days": ("", "2015-03-01", "2016-04-04", True),
    "of 401 days": ("", "2015-03-01", "2016-04-05", False),
}


@pytest.mark.parametrize("meter", LIMITS)
def test_limits_of_what_may_be_kept_open(street: list[Doubt], meter: str) -> None:
    assert bool([doubt for doubt in street if doubt[0] == meter]) is LIMITS[meter][3]


def test_values_of_the_future_and_without_a_readable_period_name_no_days(town: City) -> None:
    town.bills("oil/b.csv", [("M1", "2026-07-01", "2026-08-01", 1, "L"), ("M1", "2024-04-31", "2024-06-01", 1, "L")])
    assert doubts(town) == []


def test_activity_figures_and_states_that_cannot_be_read(town: City) -> None:
    town.file("plant/a.csv", "activity_source_id,started_on,ended_on,quantity,unit\nA1,2024-04-01,2024-05-01,x,t\n")
    town.file("dials/a.csv", "meter_id,read_at,register_value\nR1,2024-04-01,1\nR1,2024-05-01,x\nR1,2024-06-01,9\n")
    found = doubts(town)
    assert found == [
        ("A1", "held_back", date(2024, 4, 1), date(2024, 5, 1)),
        ("R1", "held_back", date(2024, 4, 1), date(2024, 6, 1)),
    ]


def test_a_file_refused_for_its_total_keeps_its_rows_open(make_city: Callable[..., City]) -> None:
    layout = """
[layouts.with_total]
title = "合計行のある請求"
header = ["計器番号", "開始", "終了", "使用量"]
columns = { meter = "計器番号", start = "開始", end = "終了", quantity = "使用量" }
reading_kind = "bill"
total_rows = ["合計"]
"""
    town = make_city(extra=layout)
    town.bills("oil/a.csv", BASE, "2024-05-02 09:00", ["stage"])
    head = "計器番号,開始,終了,使用量"
    town.file(
        "oil/t.csv", f"{head}\nM1,2024-04-01,2024-05-01,5\nM1,2024-05-01,2024-06-01,6\n合計,,,12\n", "2024-06-02 09:00"
    )
    with town.built("energy") as made:
        assert of(made) == [("M1", "held_back", date(2024, 4, 1), date(2024, 6, 1))]
        account = "SELECT status, rows_received, rows_quarantined FROM source_files WHERE path = 't.csv'"
        assert rows_of(made, account) == [("unreadable", 2, 2)]
    town.file(
        "oil/u.csv", f"{head}\nM1,2024-04-01,2024-05-01,5\nM1,2024-05-01,2024-06-01,7\n合計,,,12\n", "2024-07-02 09:00"
    )
    assert doubts(town) == []


def test_settled_rows_are_lifted_and_others_are_not(town: City, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.readings import build

    town.bills(
        "oil/b.csv", [UNUSABLE[0], ("M1", "2024-05-01", "2024-06-01", "y", "L", "")], "2024-06-02 09:00", ["stage"]
    )
    load = build._load_words

    def discard(connection: duckdb.DuckDBPyConnection, settings: Any) -> None:
        load(connection, settings)
        connection.execute(
            """CREATE OR REPLACE TEMP TABLE discarded_rows AS SELECT sha256 AS source_sha256, CAST(NULL AS VARCHAR) AS source_member,
               2 AS source_line, 'quantity' AS source_column, 'meter' AS source_kind, 'M1' AS source_id FROM arrivals"""
        )

    monkeypatch.setattr(build, "_load_words", discard)
    with town.built("readings") as made:
        found = rows_of(made, "SELECT rule_id, valid_from, is_lifted FROM reading_doubts ORDER BY ALL")
    assert found == [("held_back", date(2024, 4, 1), True), ("held_back", date(2024, 5, 1), False)]


# ---------------------------------------------------------------- at the facility


def test_values_after_the_end_of_a_meter_are_a_flag_of_its_facility(town: City) -> None:
    town.register("meters", [{**OIL, "valid_from": "2020-04-01", "valid_to": "2024-05-01"}])
    town.bills("oil/a.csv", SPRING)
    with town.built() as made:
        found = rows_of(
            made,
            "SELECT facility_id, fiscal_year, subject, message_ja FROM flags WHERE rule_id = 'readings_after_validity'",
        )
        assert [row[:3] for row in found] == [("F1", 2024, "M1")]
        assert "2024-05-01 で終わって" in found[0][3] and "2件" in found[0][3] and "oil/a.csv 3行目" in found[0][3]
    town.register("meters", [{**OIL, "valid_from": "2024-05-01"}])
    with town.built() as made:
        assert rows_of(made, "SELECT 1 FROM flags WHERE rule_id = 'readings_after_validity'") == []
