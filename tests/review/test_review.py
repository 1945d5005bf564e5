"""Answering, accepting, returning, confirming: who may, what it binds to, when it lapses, and that nothing is rewritten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy
from hypothesis import given
from hypothesis import strategies as st

from pipelines.review import counter, states
from pipelines.review.desk import StepError
from pipelines.review.evidence import Evidence
from pipelines.review.states import Present
from pipelines.review.store import Decision, DecisionsError, Store, read_all
from pipelines.warehouse import database
from tests.making import DEFAULTS, City, monthly, one, rows_of, verdict

PAPER = Evidence(document_no="環政第9号", document_date=date(2026, 6, 10))
SLIP = monthly("M1", 2022, 2025, lambda y, m: "0.1" if (y, m) == (2024, 6) else 100 if y < 2024 else 60)


@pytest.fixture(scope="module")
def slipped_once(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A city with a unit slip in FY2024, published."""
    made = City(tmp_path_factory.mktemp("slipped") / "city").bills("fuel/a.csv", SLIP)
    made.publish()
    return made


@pytest.fixture
def slipped(slipped_once: City, tmp_path: Path) -> City:
    """The same for each test anew."""
    return slipped_once.copied(tmp_path / "slipped")


def slip_flag(city: City) -> str:
    found = [row["flag_id"] for row in counter.listed(city.paths, None) if row["rule_id"] == "unit_slip"]
    assert len(found) == 1
    return str(found[0])


def state(city: City, flag: str) -> str:
    return next(str(row["state"]) for row in counter.listed(city.paths, None) if row["flag_id"] == flag)


def test_the_whole_way_of_a_flag(slipped: City) -> None:
    flag = slip_flag(slipped)
    assert state(slipped, flag) == "open"
    counter.answer(slipped.paths, flag, "P3", "工事で停止していた", data_are_right=True)
    assert state(slipped, flag) == "answered"
    counter.judge(slipped.paths, flag, "return", "P2", "期間を書いてください")
    assert state(slipped, flag) == "returned"
    counter.answer(slipped.paths, flag[:6], "P3", "2024年6月、改修工事で停止", data_are_right=True)
    counter.judge(slipped.paths, flag, "accept", "P2", "", PAPER)
    assert state(slipped, flag) == "accepted"
    confirmed = counter.confirm(slipped.paths, "P1", date(2026, 6, 15), "環政第12号", 2024)
    assert [d.flag_id for d in confirmed] == [flag] and state(slipped, flag) == "confirmed"
    steps = [d.step for d in read_all(slipped.paths.decisions_url)]
    assert steps == ["answer", "return", "answer", "accept", "confirm"]


def test_an_accepted_answer_that_the_data_are_right_lifts_the_doubt(slipped: City) -> None:
    connection = database.connect_published(slipped.paths.published)
    assert verdict(connection, "F1", 2024) == ("undeterminable", {"unit_slip"})
    connection.close()
    flag = slip_flag(slipped)
    counter.answer(slipped.paths, flag, "P3", "停止", data_are_right=True)
    with slipped.built("targets") as made:
        assert verdict(made, "F1", 2024)[0] == "undeterminable", "an answer alone lifts nothing"
    counter.judge(slipped.paths, flag, "accept", "P2", "", PAPER)
    with slipped.built() as made:
        assert verdict(made, "F1", 2024)[0] == "achieved"
        assert (
            one(made, "SELECT DISTINCT overridden FROM energy_by_meter_day WHERE overridden IS NOT NULL") == "unit_slip"
        )
        assert one(made, "SELECT state FROM flags WHERE rule_id = 'unit_slip'") == "accepted"


def test_a_decision_on_a_doubt_lapses_when_its_days_change_and_not_before(slipped: City) -> None:
    flag = slip_flag(slipped)
    counter.answer(slipped.paths, flag, "P3", "停止", data_are_right=True)
    counter.judge(slipped.paths, flag, "accept", "P2", "", PAPER)
    slipped.bills("fuel/b.csv", [("M1", "2024-12-01", "2025-01-01", 70, "L", "訂正")], more=["stage"])
    with slipped.built() as made:
        assert verdict(made, "F1", 2024) == ("achieved", set()), "another month of the year says nothing about June"
        assert one(made, "SELECT state FROM flags WHERE rule_id = 'unit_slip'") == "accepted"
    slipped.bills("fuel/c.csv", [("M1", "2024-06-01", "2024-07-01", "0.2", "L", "訂正")], more=["stage"])
    with slipped.built() as made:
        assert verdict(made, "F1", 2024)[0] != "achieved"
        assert one(made, "SELECT state FROM flags WHERE rule_id = 'unit_slip'") == "open"
        assert one(made, "SELECT count(*) FROM findings WHERE rule_id = 'decision_lapsed'") == 1
        assert {r[0] for r in rows_of(made, "SELECT is_binding FROM reviews")} == {False}


def test_who_may_do_what(slipped: City) -> None:
    flag = slip_flag(slipped)
    with pytest.raises(StepError, match="役職者ではありません"):
        counter.answer(slipped.paths, flag, "P99", "x", data_are_right=False)
    with pytest.raises(StepError, match="空"):
        counter.answer(slipped.paths, flag, "P3", "  ", data_are_right=False)
    with pytest.raises(StepError, match="承認はできません"):
        counter.judge(slipped.paths, flag, "accept", "P2", "")
    counter.answer(slipped.paths, flag, "P3", "x", data_are_right=False)
    with pytest.raises(StepError, match="P2"):
        counter.judge(slipped.paths, flag, "accept", "P3", "")
    counter.judge(slipped.paths, flag, "accept", "P2", "")
    with pytest.raises(StepError, match="P1"):
        counter.confirm(slipped.paths, "P2", date(2026, 6, 15), "1", 2024)
    with pytest.raises(StepError, match="文書番号"):
        counter.confirm(slipped.paths, "P1", date(2026, 6, 15), " ", 2024)


def test_whoever_took_one_step_cannot_take_the_next(slipped: City) -> None:
    flag = slip_flag(slipped)
    counter.answer(slipped.paths, flag, "P2", "推進者自身の回答", data_are_right=False)
    with pytest.raises(StepError, match="P1"):
        counter.judge(slipped.paths, flag, "accept", "P2", "")
    counter.judge(slipped.paths, flag, "accept", "P1", "")
    with pytest.raises(StepError, match="別の役職者がいません"):
        counter.confirm(slipped.paths, "P1", date(2026, 6, 15), "1", 2024)


def test_an_operator_that_is_not_designated_uses_its_fallback_posts(make_city: Callable[..., City]) -> None:
    extra = (
        '[fallback_posts]\n"エネルギー管理企画推進者" = "省エネ担当課長"\n"エネルギー管理統括者" = "省エネ担当部長"\n'
    )
    city = make_city(extra=extra)
    city.register("operators", [{"operator_id": "OP", "name": "交通"}])
    city.register(
        "appointments",
        [
            {"operator_id": "OP", "post": post, "person_id": person, "appointed_on": "2020-04-01"}
            for post, person in (("省エネ担当課長", "Q2"), ("省エネ担当部長", "Q1"), ("エネルギー管理責任者", "Q3"))
        ],
    )
    city.bills("fuel/a.csv", SLIP)
    city.publish()
    flag = slip_flag(city)
    counter.answer(city.paths, flag, "Q3", "x", data_are_right=False)
    counter.judge(city.paths, flag, "accept", "Q2", "")
    assert counter.confirm(city.paths, "Q1", date(2026, 6, 15), "1", 2024)


def test_the_owner_is_the_most_specific_holder(city: City) -> None:
    site = {"operator_id": "OP", "facility_id": "F1", "post": "エネルギー管理責任者"}
    rows: list[dict[str, object]] = [
        *DEFAULTS["appointments"],
        {"operator_id": "OP", "department": "総務課", "post": "エネルギー管理責任者", "person_id": "D1", "appointed_on": "2021-04-01"},
        {**site, "person_id": "F9", "appointed_on": "2019-04-01"},
        {**site, "person_id": "OLD", "appointed_on": "2020-04-01", "ended_on": "2026-06-15"},
    ]  # fmt: skip
    city.register("appointments", rows)
    with city.built() as made:
        assert {r[0] for r in rows_of(made, "SELECT owner_person_id FROM flags")} == {"F9"}


def test_nobody_responsible_is_a_flag_and_nobody_at_all_a_finding(city: City) -> None:
    city.register("appointments", [DEFAULTS["appointments"][1]])
    with city.built() as made:
        assert (
            one(made, "SELECT owner_post FROM flags WHERE rule_id = 'no_responsible_person'")
            == "エネルギー管理企画推進者"
        )
    city.register("appointments", [{**DEFAULTS["appointments"][1], "ended_on": "2021-01-01"}])
    with city.built() as made:
        assert one(made, "SELECT DISTINCT owner_person_id IS NULL FROM flags")
        assert one(made, "SELECT count(*) FROM findings WHERE rule_id = 'no_owner'") == 1


def test_decisions_are_append_only(slipped: City) -> None:
    counter.answer(slipped.paths, slip_flag(slipped), "P3", "x", data_are_right=False)
    store = Store(slipped.paths.decisions_url)
    for statement in ("UPDATE decisions SET comment = 'y'", "DELETE FROM decisions"):
        with pytest.raises(sqlalchemy.exc.DBAPIError, match="append only"), store.engine.begin() as connection:
            connection.exec_driver_sql(statement)
    store.engine.dispose()


def test_looking_creates_no_store(slipped: City) -> None:
    counter.listed(slipped.paths, None)
    assert not (slipped.paths.data / "decisions.sqlite").exists()


STEPS = st.lists(st.sampled_from(["answer", "accept", "return", "confirm"]), max_size=12)


@given(STEPS)
def test_states_only_move_along_the_ladder(steps: list[str]) -> None:
    present = Present(Decimal(1), "r:error", True)
    taken: list[Decision] = []
    state = states.OPEN
    for number, step in enumerate(steps):
        taken.append(
            Decision(
                str(number),
                "f",
                "F1",
                2024,
                "r",
                None,
                step,
                "P",
                "post",
                datetime(2026, 1, 1),
                seen_co2e_kg=Decimal(1),
            )
        )
        expected = states.AFTER[step] if state in states.FROM[step] else state
        state = states.state_of(taken, present, Decimal(0))
        assert state == expected


def test_a_store_that_is_none_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "decisions.sqlite"
    path.write_bytes(b"no database at all, whatever its name says" * 9)
    with pytest.raises(DecisionsError, match=r"decisions\.sqlite.*restore"):
        read_all(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"no database"), "nothing is written over it"
