"""Answers that stand for later years: what they cover is not asked again, what differs is, and no number moves."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ask import turns
from pipelines.review import counter, standing
from pipelines.review.desk import StepError
from pipelines.review.evidence import Evidence
from pipelines.warehouse import database
from tests.making import City, monthly, one, rebuilt, rows_of
from tests.review.test_asking import LIMIT, made_of, own_target
from tests.upkeep.test_operation import command

PAPER = Evidence(document_no="環政第9号", document_date=date(2026, 6, 10))
FIRST = (2024, 6, "10")
NUMBERS = (
    "doubts", "flag_doubts", "facility_results", "target_results", "emissions_by_facility_fiscal_year", "emissions_by_facility_month",
    "energy_by_meter_day", "operator_fiscal_years",
)  # fmt: skip
ASKING = "SELECT asking, standing_state, standing_until FROM flags WHERE rule_id = 'unit_slip' AND fiscal_year = 2025"
WEIGHS = "[questions]\nleast_t = 0.0\nof_facility = 0.0\n"
Slip = tuple[int, int, str]


def slipped(
    folder: Path, first: Slip = FIRST, later: Slip = (2025, 6, "10"), meter: str = "MS1", *, own: bool = False
) -> City:
    """A city whose facility S1 has a slip in two years (the later one at a meter of its own where told), and what weighs is asked.

    Its target, of its own where told, is adopted only then: else no verdict waits for the answer.
    """
    city = made_of(folder, {"S1": LIMIT}, extra=WEIGHS)
    city.register("targets", [own_target("S1") | ({} if own else {"path_status": "indicative"})])
    kerosene = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"} | LIMIT
    meters = [
        {"meter_id": "MF0", "facility_id": "F0"},
        {"meter_id": "MS1", "facility_id": "S1"},
        {"meter_id": "MS2", "facility_id": "S1"},
    ]
    city.register("meters", [each | kerosene for each in meters])
    slips = {("MS1", *first[:2]): first[2], (meter, *later[:2]): later[2]}
    for name in ("MS1", "MS2"):
        said = monthly(name, 2020, 2025, lambda y, m, name=name: slips.get((name, y, m), 100))
        city.bills(f"fuel/{name}.csv", said)
    (city.folder / "inbox/fuel/S1.csv").unlink()
    return city


def flag_of(city: City, year: int) -> str:
    with database.connect_published(city.paths.published) as made:
        return str(one(made, f"SELECT flag_id FROM flags WHERE rule_id = 'unit_slip' AND fiscal_year = {year}"))


def answered(city: City, year: int = 2024, stands_for: int = 3, *, right: bool = True) -> str:
    city.publish()
    taken = counter.answer(
        city.paths, flag_of(city, year), "P3", "毎年の点検", data_are_right=right, stands_for=stands_for
    )
    return taken.decision_id


def accepted(city: City, year: int = 2024, stands_for: int = 3, *, right: bool = True) -> str:
    decision = answered(city, year, stands_for, right=right)
    counter.judge(city.paths, flag_of(city, year), "accept", "P2", "", PAPER)
    return decision


# ---------------------------------------------------------------- covered


def test_a_flag_of_the_same_pattern_is_not_asked_while_the_answer_stands_and_keeps_its_bounds(tmp_path: Path) -> None:
    city, other = slipped(tmp_path / "a"), slipped(tmp_path / "b")
    decision = accepted(city, right=False)
    accepted(other, stands_for=1, right=False)
    with other.built() as made:
        told = {name: rows_of(made, f"FROM {name} ORDER BY ALL") for name in NUMBERS}
        flags = rows_of(
            made, "SELECT flag_id, message_ja, evidence, co2e_at_stake_kg, severity, state FROM flags ORDER BY ALL"
        )
        assert one(made, ASKING) == ("asked", None, None)
        assert "unit_slip" in one(
            made, "SELECT reasons FROM facility_results WHERE facility_id = 'S1' AND fiscal_year = 2025"
        )
    city.publish()
    with database.connect_published(city.paths.published) as made:
        assert one(made, ASKING) == ("standing", "covers", 2026)
        assert one(made, "SELECT standing_decision_id FROM flags WHERE standing_state = 'covers'") == decision
        assert one(made, "SELECT standing_post FROM open_flags WHERE asking = 'standing'") == "エネルギー管理責任者"
        for name, rows in told.items():
            assert rows_of(made, f"FROM {name} ORDER BY ALL") == rows, name
        assert (
            rows_of(
                made, "SELECT flag_id, message_ja, evidence, co2e_at_stake_kg, severity, state FROM flags ORDER BY ALL"
            )
            == flags
        )
        last = rows_of(made, "FROM flags ORDER BY ALL")
    with counter.desk(city.paths) as desk:
        waiting = [
            flag.fiscal_year
            for flags in desk.waiting().values()
            for flag in flags
            if flag.rule_id == "unit_slip" and desk.state(flag) == "open"
        ]
        assert waiting == [], "nobody is asked"
    rebuilt(city.paths)
    with database.connect_published(city.paths.published) as made:
        assert rows_of(made, "FROM flags ORDER BY ALL") == last


def test_what_an_adopted_verdict_waits_for_is_asked_in_every_year(tmp_path: Path) -> None:
    """Only an answer of that year can lift it: a standing one must not leave a verdict open that nobody is asked about."""
    city = slipped(tmp_path, own=True)
    accepted(city)
    with city.built() as made:
        assert one(made, ASKING) == ("asked", "decides", 2026)
        told = "SELECT verdict FROM facility_results WHERE facility_id = 'S1' AND fiscal_year = 2025 AND basis = 'plan'"
        assert one(made, told) == "undeterminable"


def test_it_is_told_where_people_look(tmp_path: Path) -> None:
    city = slipped(tmp_path)
    decision = accepted(city)
    city.publish()
    flag = flag_of(city, 2025)
    for asked in (["review", "show", flag], ["flags", "--all"], ["explain", "S1", "--fiscal-year", "2025"]):
        code, said = command(city, "--lang", "ja", *asked)
        assert code == 0 and decision[:12] in "".join(said.split()) and "2026年度まで有効" in "".join(said.split()), (
            asked,
            said,
        )
    code, said = command(city, "--lang", "ja", "flags")
    assert code == 0 and "前の年度の回答が有効なので尋ねないもの 1 件" in said
    (told,) = turns.show(city.paths, flag)["flags"]
    assert (told["asking"], told["standing_state"], told["standing_post"]) == (
        "standing",
        "covers",
        "エネルギー管理責任者",
    )


def test_who_answers_by_himself_is_heard(tmp_path: Path) -> None:
    """A flag that is covered can still be answered: that alone lifts its doubt."""
    city = slipped(tmp_path)
    accepted(city)
    city.publish()
    flag = flag_of(city, 2025)
    counter.answer(city.paths, flag, "P3", "確かめた", data_are_right=True)
    counter.judge(city.paths, flag, "accept", "P2", "", PAPER)
    with city.built() as made:
        assert one(
            made, "SELECT state, standing_state FROM flags WHERE rule_id = 'unit_slip' AND fiscal_year = 2025"
        ) == ("accepted", None)
        assert (
            one(made, "SELECT doubt_state FROM doubts WHERE rule_id = 'unit_slip' AND fiscal_year = 2025") == "lifted"
        )


# ---------------------------------------------------------------- asked again


@pytest.mark.parametrize(
    ("first", "later", "meter", "why"),
    [
        (FIRST, (2025, 7, "10"), "MS1", "other_months"),
        (FIRST, (2025, 6, "1000"), "MS1", "other_direction"),
        (FIRST, (2025, 6, "10"), "MS2", "other_sources"),
        ((2024, 6, "1000"), (2025, 6, "1250"), "MS1", "larger"),
        ((2024, 6, "1000"), (2025, 6, "1050"), "MS1", "covers"),
        ((2023, 6, "10"), (2025, 6, "10"), "MS1", "covers"),
        ((2022, 6, "10"), (2025, 6, "10"), "MS1", "term_over"),
    ],
)
def test_another_pattern_is_asked_and_says_why(tmp_path: Path, first: Slip, later: Slip, meter: str, why: str) -> None:
    city = slipped(tmp_path, first, later, meter)
    accepted(city, first[0])
    with city.built() as made:
        assert one(made, ASKING) == ("standing" if why == "covers" else "asked", why, first[0] + 2)


def test_what_is_returned_lapsed_or_not_accepted_yet_covers_nothing(tmp_path: Path) -> None:
    city = slipped(tmp_path)
    answered(city)
    with city.built() as made:
        assert one(made, ASKING) == ("asked", "answered", 2026)
    counter.judge(city.paths, flag_of(city, 2024), "return", "P2", "根拠は")
    with city.built() as made:
        assert one(made, ASKING) == ("asked", "returned", 2026)
    accepted(city)
    with city.built() as made:
        assert one(made, ASKING) == ("standing", "covers", 2026)
    city.bills(
        "fuel/corrected.csv",
        [("MS1", "2024-06-01", "2024-07-01", "9", "L", "訂正")],
        "2026-06-02 09:00",
        more=["stage"],
    )
    with city.built() as made:
        assert one(made, ASKING) == ("asked", "lapsed", 2026)


def test_what_a_later_year_was_answered_takes_the_place_of_an_earlier_answer(tmp_path: Path) -> None:
    city = slipped(tmp_path, (2023, 6, "10"))
    city.bills(
        "fuel/2024.csv", [("MS1", "2024-06-01", "2024-07-01", "1000", "L", "訂正")], "2026-06-02 09:00", more=["stage"]
    )
    accepted(city, 2023)
    with city.built() as made:
        assert one(made, ASKING) == ("standing", "covers", 2025)
    accepted(city, 2024, 1)
    with city.built() as made:
        assert one(made, ASKING)[:2] == ("asked", "superseded")


@pytest.mark.parametrize("years", [0, 4])
def test_an_answer_stands_for_three_years_at_most(tmp_path: Path, years: int) -> None:
    with pytest.raises(StepError, match="3"):
        answered(slipped(tmp_path), stands_for=years)


def test_what_lacks_is_asked_every_year(tmp_path: Path) -> None:
    city = slipped(tmp_path)
    (city.folder / "inbox/fuel/MS2.csv").unlink()
    city.publish()
    with database.connect_published(city.paths.published) as made:
        flag = one(made, "SELECT flag_id FROM flags WHERE rule_id = 'data_missing' AND facility_id = 'S1' LIMIT 1")
    with pytest.raises(StepError, match="--stands-for"):
        counter.answer(city.paths, flag, "P3", "届かない", data_are_right=False, stands_for=2)
    assert counter.answer(city.paths, flag, "P3", "届かない", data_are_right=False).stands_for is None


# ---------------------------------------------------------------- the rule by other means

MONTHS = st.sets(st.integers(6, 8), min_size=1).map(sorted)
PATTERN = st.fixed_dictionaries({
    "months": MONTHS, "amount": st.sampled_from([50, 100, 119, 120, 121, 200]), "direction": st.sampled_from(["up", "down"]),
    "sources": st.sets(st.sampled_from("AB"), min_size=1).map(sorted),
})  # fmt: skip
ANSWER = st.fixed_dictionaries({
    "year": st.integers(2020, 2024), "years": st.integers(1, 3), "state": st.sampled_from(["accepted", "returned", "lapsed", "answered"]),
    "pattern": PATTERN,
})  # fmt: skip


def as_json(pattern: dict[str, Any]) -> str:
    return str(pattern | {"amount": str(pattern["amount"])}).replace("'", '"')


@settings(max_examples=150, deadline=None)
@given(st.lists(ANSWER, max_size=3, unique_by=lambda each: each["year"]), PATTERN, st.integers(2021, 2027))
def test_what_covers_is_what_another_count_says(answers: list[dict[str, Any]], now: dict[str, Any], year: int) -> None:
    connection = duckdb.connect()
    connection.execute(
        f"""CREATE TABLE flags AS SELECT 'f' AS flag_id, 'r' AS rule_id, 'F' AS facility_id, NULL AS subject,
            {year} AS fiscal_year, 'open' AS state;
        CREATE TABLE flag_patterns AS SELECT 'f' AS flag_id, '{as_json(now)}' AS pattern;
        CREATE TABLE last_answers (decision_id VARCHAR, facility_id VARCHAR, rule_id VARCHAR, subject VARCHAR, fiscal_year INTEGER,
            stands_until INTEGER, answer_state VARCHAR, pattern VARCHAR)"""
    )
    for each in answers:
        pattern = as_json(each["pattern"]) if each["years"] > 1 else None
        row = (
            f"{each['year']}",
            "F",
            "r",
            None,
            each["year"],
            each["year"] + each["years"] - 1,
            each["state"],
            pattern,
        )
        connection.execute("INSERT INTO last_answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    found = rows_of(
        connection, database.sql_text(standing.HERE / "standing_answers.sql").replace("$standing_difference", "0.2")
    )
    covering = [row[1] for row in found if row[-1] == "covers"]
    earlier = [each for each in answers if each["year"] < year]
    last = max(earlier, key=lambda each: each["year"], default=None)
    then = last["pattern"] if last else now
    is_covered = (
        last is not None
        and last["years"] > 1
        and last["state"] == "accepted"
        and last["year"] + last["years"] > year
        and set(now["months"]) <= set(then["months"])
        and set(now["sources"]) <= set(then["sources"])
        and now["direction"] == then["direction"]
        and now["amount"] <= then["amount"] * 1.2
    )
    assert covering == ([f"{last['year']}"] if is_covered and last else [])
    promised = [each for each in earlier if each["years"] > 1 and each["year"] + each["years"] > year]
    assert len(found) <= 1 and (not promised or len(found) == 1), "a promise that does not hold says why"
