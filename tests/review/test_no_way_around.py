"""Whoever tries whatever, in any order: no step is taken from a wrong state, by somebody without the post, or twice by one person."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from pipelines.review import counter
from pipelines.review.desk import StepError
from pipelines.review.evidence import Evidence
from tests.making import DEFAULTS, TODAY, City, monthly

PAPER = Evidence(document_no="施設第3号", document_date=date(2026, 6, 12))
SLIP = monthly("M1", 2022, 2025, lambda y, m: "0.2" if (y, m) == (2024, 9) else 90 if y < 2024 else 50)
CHIEF, PROMOTER, KEEPER = (row["person_id"] for row in DEFAULTS["appointments"])
DEPUTY, GONE, NOBODY = "P7", "P8", "P9"
PEOPLE = (CHIEF, PROMOTER, KEEPER, DEPUTY, GONE, NOBODY)
# by hand: from which state a step leads where, and whose post may take it (a deputy of the promoter acts beside the promoter)
LEADS = {
    "answer": ({"open", "returned"}, "answered"),
    "accept": ({"answered"}, "accepted"),
    "return": ({"answered"}, "returned"),
    "confirm": ({"accepted"}, "confirmed"),
}
MAY = {
    "answer": {KEEPER, PROMOTER, CHIEF, DEPUTY},
    "accept": {PROMOTER, CHIEF, DEPUTY},
    "return": {PROMOTER, CHIEF, DEPUTY},
    "confirm": {CHIEF},
}
FLAG_YEAR = 2024


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> City:
    made = City(tmp_path_factory.mktemp("around") / "city").bills("fuel/a.csv", SLIP)
    beside = {"operator_id": "OP", "appointed_on": "2020-04-01"}
    made.register("appointments", [
        *DEFAULTS["appointments"],
        {**beside, "post": "エネルギー管理企画推進者", "person_id": DEPUTY, "acting_for": PROMOTER},
        {**beside, "post": "エネルギー管理統括者", "person_id": GONE, "ended_on": "2021-04-01"},
    ])  # fmt: skip
    made.publish()
    return made


class Tries(RuleBasedStateMachine):
    """Steps that anybody tries on one flag."""

    city: ClassVar[City]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.at = self.city.copied(self.folder / "c")
        listed = counter.listed(self.at.paths, None)
        self.flag = next(str(row["flag_id"]) for row in listed if row["rule_id"] == "unit_slip")
        self.state = "open"
        self.took: dict[str, set[str]] = {step: set() for step in LEADS}

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def _try(self, step: str, person: str) -> Any:
        if step == "answer":
            return counter.answer(self.at.paths, self.flag, person, "休止", PAPER, data_are_right=True)
        if step == "confirm":
            return counter.confirm(self.at.paths, person, TODAY, "環第1号", FLAG_YEAR)
        return counter.judge(self.at.paths, self.flag, step, person, "理由", PAPER)

    def _kept(self) -> int:
        file = self.at.paths.data / "decisions.sqlite"
        if not file.exists():
            return 0
        with sqlite3.connect(file) as opened:
            return int(opened.execute("SELECT count(*) FROM decisions").fetchone()[0])

    @rule(step=st.sampled_from(sorted(LEADS)), person=st.sampled_from(PEOPLE))
    def somebody_tries(self, step: str, person: str) -> None:
        before = self._kept()
        try:
            taken = self._try(step, person)
        except StepError:
            taken = []
        if not taken:  # a confirmation confirms what is accepted, which may be nothing
            assert self._kept() == before, "what is refused leaves nothing"
            return
        states, after = LEADS[step]
        assert self.state in states, (step, self.state)
        assert person in MAY[step], (step, person)
        judged = {"accept", "return"}
        others = [s for s in LEADS if s != step and not {s, step} <= judged]
        assert not any(person in self.took[s] for s in others), (step, person, self.took)
        assert self._kept() == before + 1
        self.took[step].add(person)
        self.state = after

    @invariant()
    def the_desk_says_the_same(self) -> None:
        found = next(row for row in counter.listed(self.at.paths, None) if row["flag_id"] == self.flag)
        assert found["state"] == self.state


def test_no_order_of_steps_finds_a_way_around(published_once: City) -> None:
    Tries.city = published_once
    run_state_machine_as_test(Tries, settings=settings(max_examples=10, stateful_step_count=12, deadline=None))


def test_the_way_itself_is_open(published_once: City, tmp_path: Path) -> None:
    """The machine's steps, in order, by three people: else it would prove nothing."""
    Tries.city = published_once
    machine = Tries()
    for step, person in (
        ("answer", KEEPER),
        ("return", DEPUTY),
        ("answer", KEEPER),
        ("accept", PROMOTER),
        ("confirm", CHIEF),
    ):
        machine.somebody_tries(step, person)
    assert machine.state == "confirmed"
    machine.teardown()
