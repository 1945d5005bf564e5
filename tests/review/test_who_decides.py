"""Three people's work per flag, who recorded a step and from which paper, deputies, dates, and nobody left."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.process.recorder import recorder
from pipelines.review import counter, desk
from pipelines.review.desk import StepError
from pipelines.review.evidence import Evidence, EvidenceError, stated
from pipelines.review.store import Store, read_all
from pipelines.warehouse import database
from tests.making import DEFAULTS, TODAY, City, monthly, one, rows_of, verdict

PAPER = Evidence(document_no="施設第3号", document_date=date(2026, 6, 12))
SLIP = monthly("M1", 2022, 2025, lambda y, m: "0.2" if (y, m) == (2024, 9) else 90 if y < 2024 else 50)
CHIEF, PROMOTER, KEEPER = (dict(row) for row in DEFAULTS["appointments"])


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> City:
    made = City(tmp_path_factory.mktemp("decides") / "city").bills("fuel/a.csv", SLIP)
    made.publish()
    return made


@pytest.fixture
def city(published_once: City, tmp_path: Path) -> City:
    return published_once.copied(tmp_path / "decides")


def appointed(city: City, *rows: dict[str, Any]) -> City:
    city.register("appointments", rows)
    city.publish()
    return city


def flag_of(city: City, rule: str = "unit_slip", year: int | None = None) -> str:
    listed = (row for row in counter.listed(city.paths, None) if row["rule_id"] == rule)
    (found,) = (row["flag_id"] for row in listed if year in (None, row["fiscal_year"]))
    return str(found)


def state(city: City, flag: str) -> str:
    return next(str(row["state"]) for row in counter.listed(city.paths, None) if row["flag_id"] == flag)


def answer(city: City, flag: str, person: str, paper: Evidence = Evidence(), **said: bool) -> Any:  # noqa: B008
    return counter.answer(city.paths, flag, person, "休止", paper, **({"data_are_right": True} | said))


def at(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "recorder", lambda: system)


# ---------------------------------------------------------------- separation


def test_whoever_answered_first_does_not_confirm_at_the_end(city: City) -> None:
    flag = flag_of(city)
    answer(city, flag, "P1")
    counter.judge(city.paths, flag, "accept", "P2", "", PAPER)
    with pytest.raises(StepError, match="別の役職者がいません"):
        counter.confirm(city.paths, "P1", TODAY, "環第1号", 2024)


def test_whoever_answered_once_does_not_accept_what_another_answered_later(city: City) -> None:
    flag = flag_of(city)
    answer(city, flag, "P2")
    counter.judge(city.paths, flag, "return", "P1", "現地を見てください")
    answer(city, flag, "P3")
    with pytest.raises(StepError, match="P1"):
        counter.judge(city.paths, flag, "accept", "P2", "", PAPER)
    counter.judge(city.paths, flag, "accept", "P1", "", PAPER)
    assert state(city, flag) == "accepted"


def test_whoever_returned_does_not_answer_in_the_next_round(city: City) -> None:
    flag = flag_of(city)
    answer(city, flag, "P3")
    counter.judge(city.paths, flag, "return", "P2", "根拠を付けてください")
    with pytest.raises(StepError, match="P3"):
        answer(city, flag, "P2")
    answer(city, flag, "P3")
    counter.judge(city.paths, flag, "accept", "P2", "", PAPER)
    assert counter.confirm(city.paths, "P1", TODAY, "環第2号", 2024)


def test_nobody_left_is_found_by_the_night_and_gone_with_a_deputy(city: City) -> None:
    flag = flag_of(city)
    answer(city, flag, "P1")
    counter.judge(city.paths, flag, "accept", "P2", "", PAPER)
    with city.built() as made:
        found = rows_of(
            made, "SELECT subject, facility_id, fiscal_year, message_ja FROM findings WHERE rule_id = 'nobody_left'"
        )
        assert [row[:3] for row in found] == [(flag, "F1", 2024)] and "確認（決裁）" in found[0][3]
        assert one(made, "SELECT state FROM flags WHERE rule_id = 'unit_slip'") == "accepted"
    deputy = {**CHIEF, "person_id": "D1", "acting_for": "P1", "appointed_on": "2026-04-01", "ended_on": "2026-12-31"}
    appointed(city, CHIEF, PROMOTER, KEEPER, deputy)
    connection = database.connect_published(city.paths.published)
    assert one(connection, "SELECT count(*) FROM findings WHERE rule_id = 'nobody_left'") == 0
    connection.close()
    (taken,) = counter.confirm(city.paths, "D1", TODAY, "環第3号", 2024)
    assert taken.post == "エネルギー管理統括者（代理）"


# ---------------------------------------------------------------- deputies


def test_a_deputy_acts_beside_the_holder_and_takes_nothing_from_him(city: City) -> None:
    deputy = {**KEEPER, "facility_id": "F1", "person_id": "D3", "acting_for": "P3", "appointed_on": "2026-05-01"}
    appointed(city, CHIEF, PROMOTER, KEEPER, deputy)
    connection = database.connect_published(city.paths.published)
    assert {r[0] for r in rows_of(connection, "SELECT owner_person_id FROM flags")} == {"P3"}
    deputies = rows_of(connection, "SELECT required_post, person_id, acting_for FROM post_deputies")
    assert deputies == [("エネルギー管理責任者", "D3", "P3")]
    connection.close()
    flag = flag_of(city)
    assert answer(city, flag, "D3").post == "エネルギー管理責任者（代理）"
    counter.judge(city.paths, flag, "return", "P2", "本人の確認を")
    assert answer(city, flag, "P3").post == "エネルギー管理責任者"


ACTS: dict[str, tuple[dict[str, str], bool]] = {
    "D0": ({}, True),
    "D1": ({"appointed_on": str(TODAY)}, True),
    "D2": ({"appointed_on": str(TODAY + timedelta(1))}, False),
    "D3": ({"ended_on": str(TODAY)}, False),
    "D4": ({"ended_on": str(TODAY + timedelta(1))}, True),
    "D5": ({"acting_for": "P1"}, False),
    "D6": ({"department": "水道課"}, False),
}


def test_a_deputy_acts_between_his_dates_at_his_place_for_his_holder(city: City) -> None:
    deputies = [
        {**KEEPER, "person_id": person, "acting_for": "P3", "appointed_on": "2026-05-01", **change}
        for person, (change, _) in ACTS.items()
    ]
    city.register("appointments", [CHIEF, PROMOTER, KEEPER, *deputies])
    with city.built("targets") as made:
        acting = {person for (person,) in rows_of(made, "SELECT person_id FROM post_deputies")}
    assert acting == {person for person, (_, acts) in ACTS.items() if acts}


# ---------------------------------------------------------------- who recorded it, from which paper


def test_the_recorder_is_the_systems_account_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    before = recorder()
    for name in ("USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody")
    assert recorder() == before and "somebody" not in before and "@" in before


def test_every_step_says_who_recorded_it_and_the_published_file_tells(city: City) -> None:
    flag = flag_of(city)
    answer(city, flag, "P3")
    counter.judge(city.paths, flag, "accept", "P2", "", PAPER)
    counter.confirm(city.paths, "P1", TODAY, "環第4号", 2024)
    with city.built() as made:
        told = rows_of(
            made,
            """SELECT step, person_id, recorded_by, document_no, decided_on, recorded_only FROM reviews
               ORDER BY list_position(['answer', 'accept', 'confirm'], step)""",
        )
    me = recorder()
    assert told == [
        ("answer", "P3", me, None, None, False),
        ("accept", "P2", me, "施設第3号", date(2026, 6, 12), False),
        ("confirm", "P1", me, "環第4号", TODAY, False),
    ]


def test_accepting_for_somebody_without_an_account_lifts_only_with_evidence(city: City) -> None:
    flag = flag_of(city)
    assert not answer(city, flag, "P3").recorded_only
    assert counter.judge(city.paths, flag, "accept", "P2", "").recorded_only
    assert state(city, flag) == "answered", "on record only: it moves nothing"
    with city.built() as made:
        assert verdict(made, "F1", 2024)[0] == "undeterminable"
        assert one(made, "SELECT count(*) FROM reviews WHERE recorded_only") == 1
    assert not counter.judge(city.paths, flag, "accept", "P2", "", PAPER).recorded_only
    with city.built("targets") as made:
        assert verdict(made, "F1", 2024)[0] == "achieved"


def test_an_office_without_accounts_works_without_paper_where_nothing_is_lifted(city: City) -> None:
    flag = flag_of(city)
    answer(city, flag, "P3", data_are_right=False)
    counter.judge(city.paths, flag, "accept", "P2", "")
    assert state(city, flag) == "accepted"


def test_a_step_from_the_persons_own_account_is_that_persons(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    appointed(city, CHIEF, {**PROMOTER, "account": "suishin"}, {**KEEPER, "account": "kanri@pc7"})
    flag = flag_of(city)
    at("suishin@pc1", monkeypatch)
    assert answer(city, flag, "P3").recorded_only and state(city, flag) == "open"
    at("kanri@pc8", monkeypatch)
    assert answer(city, flag, "P3").recorded_only, "the machine was registered too"
    at("kanri@pc7", monkeypatch)
    assert not answer(city, flag, "P3").recorded_only and state(city, flag) == "answered"
    assert counter.judge(city.paths, flag, "accept", "P2", "").recorded_only
    at("suishin@pc1", monkeypatch)
    assert not counter.judge(city.paths, flag, "accept", "P2", "").recorded_only
    with city.built("targets") as made:
        assert verdict(made, "F1", 2024)[0] == "achieved"


def test_an_account_that_several_share_tells_nobody(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    at("shared@pc1", monkeypatch)
    appointed(city, CHIEF, {**PROMOTER, "account": "shared"}, {**KEEPER, "account": "shared"})
    flag = flag_of(city)
    answer(city, flag, "P3")
    assert counter.judge(city.paths, flag, "accept", "P2", "").recorded_only


def test_what_is_recorded_only_does_not_keep_the_person_from_another_step(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    appointed(city, CHIEF, {**PROMOTER, "account": "suishin"}, KEEPER)
    flag = flag_of(city)
    at("other@pc1", monkeypatch)
    assert answer(city, flag, "P2").recorded_only
    answer(city, flag, "P3")
    assert not counter.judge(city.paths, flag, "accept", "P2", "", PAPER).recorded_only


def test_a_returned_sheet_is_kept_under_its_hash(city: City, tmp_path: Path) -> None:
    sheet = tmp_path / "回答票.xlsx"
    sheet.write_bytes(b"signed by P2")
    digest = hashlib.sha256(b"signed by P2").hexdigest()
    paper = stated(sheet, "", None, TODAY)
    flag = flag_of(city)
    with pytest.raises(StepError):
        counter.judge(city.paths, flag, "accept", "P2", "", paper)
    assert not (city.paths.data / "evidence").exists(), "a step that is refused keeps nothing"
    answer(city, flag, "P3")
    counter.judge(city.paths, flag, "accept", "P2", "", paper)
    kept = city.paths.data / "evidence" / digest
    assert kept.read_bytes() == b"signed by P2"
    assert read_all(city.paths.decisions_url)[-1].evidence == digest
    kept.write_bytes(b"something else")
    counter.confirm(city.paths, "P1", TODAY, "環第5号", 2024, paper)
    assert kept.read_bytes() == b"signed by P2", "a damaged copy is made whole"


def test_evidence_that_is_none_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pdf"
    empty.touch()
    for file, number, day in (
        (tmp_path / "none.pdf", "", None),
        (empty, "", None),
        (tmp_path, "", None),
        (None, "環第1号", None),
        (None, " ", TODAY),
        (None, "環第1号", TODAY + timedelta(1)),
    ):
        with pytest.raises(EvidenceError):
            stated(file, number, day, TODAY)


def test_rows_are_discarded_by_an_accepted_answer_with_evidence(city: City) -> None:
    city.bills("fuel/b.csv", [("M1", "2024-10-01", "2024-11-01", "x", "L")], "2026-06-10 09:00").publish()
    flag = flag_of(city, "held_back")
    with pytest.raises(StepError, match="同時"):
        answer(city, flag, "P3", discard=True)
    assert answer(city, flag, "P3", data_are_right=False, discard=True).discard
    assert counter.judge(city.paths, flag, "accept", "P2", "").recorded_only
    counter.judge(city.paths, flag, "accept", "P2", "", PAPER)
    with city.built() as made:
        assert rows_of(made, "SELECT step FROM reviews WHERE discard") == [("answer",)]
        assert rows_of(made, "SELECT is_discarded FROM held_back_rows") == [(True,)]


def test_a_discard_reaches_the_meter_and_the_days_it_was_shown_and_no_others(city: City) -> None:
    """One row of a meter nobody knows stands for both of its facility; a row whose days a later value covers is not asked about."""
    oil = DEFAULTS["meters"][0]
    city.register("meters", [oil, {**oil, "meter_id": "M2"}])
    city.bills("fuel/m2.csv", monthly("M2", 2022, 2025, 30))
    city.bills("fuel/b.csv", [("F1", "2024-10-01", "2024-11-01", "12", "L")], "2026-06-10 09:00")
    city.bills("fuel/c.csv", [("M1", "2024-11-01", "2025-01-01", "x", "L")], "2026-06-10 09:00")
    later = [("M1", "2024-11-01", "2024-12-01", 50, "L"), ("M1", "2024-12-01", "2025-01-01", 50, "L")]
    city.bills("fuel/d.csv", later, "2026-06-11 09:00").publish()
    held = "SELECT source_id FROM doubts WHERE rule_id = 'held_back' AND doubt_state = 'standing' ORDER BY 1"
    with counter.desk(city.paths) as open_desk:
        assert rows_of(open_desk.connection, held) == [("M1",), ("M2",)]
        ((doubt,),) = rows_of(
            open_desk.connection, "SELECT doubt_id FROM doubts WHERE rule_id = 'held_back' AND source_id = 'M1'"
        )
    rows = json.loads(answer(city, doubt, "P3", data_are_right=False, discard=True).seen_rows)
    assert [(row[2], row[4:]) for row in rows] == [(2, ["meter", "M1"])]
    assert state(city, doubt) == "answered", "a doubt answered by its own id is listed like a flag"
    counter.judge(city.paths, doubt, "accept", "P2", "", PAPER)
    with city.built() as made:
        assert rows_of(made, held) == [("M2",)]


@pytest.mark.parametrize(
    ("validity", "rule"),
    [
        ({"valid_to": "2026-04-01"}, "readings_after_validity"),
        ({"valid_from": "2026-05-01"}, "readings_before_validity"),
    ],
    ids=["after the end", "before the start"],
)
def test_rows_outside_the_validity_of_a_meter_are_discarded_by_the_answer_to_their_flag(
    city: City, validity: dict[str, str], rule: str
) -> None:
    city.register("meters", [{**DEFAULTS["meters"][0], **validity}])
    city.bills("fuel/b.csv", [("M1", "2026-04-01", "2026-05-01", 70, "L")], "2026-06-10 09:00").publish()
    flag = flag_of(city, rule, 2026)
    assert answer(city, flag, "P3", data_are_right=False, discard=True).discard
    counter.judge(city.paths, flag, "accept", "P2", "", PAPER)
    with city.built("targets") as made:
        assert rows_of(made, "SELECT DISTINCT is_discarded FROM held_back_rows WHERE started_at >= '2026-04-01'") == [
            (True,)
        ]
        reasons = one(made, "SELECT reasons FROM target_results WHERE fiscal_year = 2026")
        assert rule not in (reasons or "")


# ---------------------------------------------------------------- dates and reasons


@pytest.mark.parametrize(("days", "fits"), [(-1, False), (0, True), (1, False)])
def test_a_confirmation_lies_between_the_flags_opening_and_today(city: City, days: int, fits: bool) -> None:
    """The flag was opened today, so today is the only day."""
    flag = flag_of(city)
    answer(city, flag, "P3")
    counter.judge(city.paths, flag, "accept", "P2", "", PAPER)
    if fits:
        assert counter.confirm(city.paths, "P1", TODAY + timedelta(days), "環第6号", 2024)
        return
    with pytest.raises(StepError, match=str(TODAY + timedelta(days))):
        counter.confirm(city.paths, "P1", TODAY + timedelta(days), "環第6号", 2024)


def test_a_return_has_a_reason(city: City) -> None:
    flag = flag_of(city)
    answer(city, flag, "P3")
    with pytest.raises(StepError, match="理由"):
        counter.judge(city.paths, flag, "return", "P2", " \n")


# ---------------------------------------------------------------- stores of before


def test_a_store_of_before_grows_its_columns_when_a_step_is_added_and_not_when_it_is_read(
    city: City, tmp_path: Path
) -> None:
    path = tmp_path / "old.sqlite"
    url = f"sqlite:///{path}"
    flag = flag_of(city)
    new = answer(city, flag, "P3")
    store = Store(url)
    store.append([new])
    store.engine.dispose()
    with sqlite3.connect(path) as connection:
        for name in ("recorded_by", "evidence", "recorded_only", "discard"):
            connection.execute(f"ALTER TABLE decisions DROP COLUMN {name}")
    connection.close()
    (old,) = read_all(url)
    assert (old.recorded_by, old.evidence, old.recorded_only, old.discard) == (None, None, False, False)
    assert old.decision_id == new.decision_id and old.decided_at == new.decided_at
    with sqlite3.connect(path) as connection:
        assert "recorded_by" not in {row[1] for row in connection.execute("PRAGMA table_info(decisions)")}
    connection.close()
    later = counter.judge(city.paths, flag, "accept", "P2", "", PAPER)
    store = Store(url)
    store.append([later])
    store.engine.dispose()
    assert read_all(url) == [old, later]


# ---------------------------------------------------------------- posts


def test_the_posts_of_a_designated_operator_are_not_vacant_in_silence(city: City) -> None:
    city.register("appointments", [KEEPER])
    told = "SELECT subject FROM findings WHERE rule_id = 'vacant_post' ORDER BY 1"
    with city.built() as made:
        assert rows_of(made, told) == [("OP/エネルギー管理企画推進者",), ("OP/エネルギー管理統括者",)]
    city.register("appointments", [CHIEF, PROMOTER])
    with city.built() as made:
        assert rows_of(made, told) == [("OP/エネルギー管理責任者",)]
        assert one(made, "SELECT count(*) FROM flags WHERE rule_id = 'no_responsible_person'") == 1
    city.register("operators", [{"operator_id": "OP", "name": "交通"}])
    city.register("appointments", [KEEPER])
    with city.built() as made:
        assert rows_of(made, told) == [], "an operator that is not designated has neither"


@pytest.mark.parametrize("document", [{}, {"approval_document": "総第8号"}])
def test_one_person_in_both_posts_of_an_operator_is_found_unless_approved(city: City, document: dict[str, str]) -> None:
    city.register("appointments", [{**CHIEF, "person_id": "P2"}, {**PROMOTER, **document}, KEEPER])
    with city.built() as made:
        found = rows_of(made, "SELECT subject FROM findings WHERE rule_id = 'two_posts_one_person'")
    assert found == ([] if document else [("OP/P2",)])
