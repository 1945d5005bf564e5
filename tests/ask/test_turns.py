"""Whose turn it is: shown with every list at once, one matter with its next command, and what waits for a person."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.ask import turns
from pipelines.review import counter
from pipelines.review.desk import StepError
from pipelines.review.evidence import Evidence
from pipelines.warehouse import database
from tests.cli.test_cli import run
from tests.making import DEFAULTS, City, monthly, rows_of

PAPER = Evidence(document_no="環政第9号", document_date=date(2026, 6, 10))
SLIP = monthly("M1", 2022, 2025, lambda y, m: "0.1" if (y, m) == (2024, 6) else 100 if y < 2024 else 60)


@pytest.fixture(scope="module")
def slipped_once(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A city with a unit slip in FY2024, published; its owner has a deputy."""
    made = City(tmp_path_factory.mktemp("turns") / "city").bills("fuel/a.csv", SLIP)
    keeper = DEFAULTS["appointments"][-1]
    made.register("appointments", [*DEFAULTS["appointments"], {**keeper, "person_id": "P4", "acting_for": "P3"}])
    made.publish()
    return made


@pytest.fixture
def city(slipped_once: City, tmp_path: Path) -> City:
    return slipped_once.copied(tmp_path / "turns")


def slip(city: City) -> dict[str, Any]:
    (found,) = (row for row in counter.listed(city.paths, None) if row["rule_id"] == "unit_slip")
    return found


def waits(city: City, person: str) -> dict[str, list[str]]:
    told = turns.mine(city.paths, person)
    return {step["step"]: [flag["flag_id"] for flag in step["flags"]] for step in told["turn"]}


def published_owner(city: City) -> tuple[Any, ...]:
    connection = database.connect_published(city.paths.published)
    found = rows_of(connection, "SELECT owner_post, owner_person_id, state FROM flags WHERE rule_id = 'unit_slip'")
    connection.close()
    return found[0]


def test_the_owner_is_whose_turn_it_is_now_before_and_after_the_night(city: City) -> None:
    flag = slip(city)["flag_id"]
    assert slip(city)["owner"] == "エネルギー管理責任者 P3"
    counter.answer(city.paths, flag, "P3", "停止していた", data_are_right=True)
    assert slip(city)["owner"] == "エネルギー管理企画推進者 P2"
    assert published_owner(city)[1] == "P3", "no night was run yet"
    listed = json.loads(run(city, "flags", "--json")[1])
    assert {(f["owner"], f["state"]) for f in listed if f["flag_id"] == flag} == {
        ("エネルギー管理企画推進者 P2", "answered")
    }
    city.publish()
    assert published_owner(city) == ("エネルギー管理企画推進者", "P2", "answered")
    counter.judge(city.paths, flag, "return", "P2", "期間を書いてください")
    assert slip(city)["owner"] == "エネルギー管理責任者 P3", "back to whoever answered"
    returned = turns.show(city.paths, flag)
    assert returned["commands"] == [f"facility-emissions review answer {flag} --by P3 --text '…'"]
    city.publish()
    assert published_owner(city) == ("エネルギー管理責任者", "P3", "returned")
    counter.answer(city.paths, flag, "P3", "6月、改修工事で停止", data_are_right=True)
    counter.judge(city.paths, flag, "accept", "P2", "", PAPER)
    assert slip(city)["owner"] == "エネルギー管理統括者 P1"
    counter.confirm(city.paths, "P1", date(2026, 6, 15), "環政第12号", 2024)
    assert slip(city)["owner"] == ""


def test_explain_shows_whose_turn_it_is_without_a_night(city: City) -> None:
    flag = slip(city)["flag_id"]
    words = ("explain", "F1", "--fiscal-year", "2024")

    def told(*more: str) -> tuple[str, str]:
        (found,) = (
            each for each in json.loads(run(city, *words, *more, "--json")[1])["flags"] if each["flag_id"] == flag
        )
        return found["state"], f"{found['owner_post']} {found['owner_person_id']}"

    assert told() == ("open", "エネルギー管理責任者 P3")
    counter.answer(city.paths, flag, "P3", "停止していた", data_are_right=True)
    assert published_owner(city)[1] == "P3", "no night was run yet"
    assert told() == ("answered", "エネルギー管理企画推進者 P2")
    shown = re.search(rf"{flag[:8]}(回答済).*?\((エネルギー管理\w+?P\d)\)", "".join(run(city, *words)[1].split()))
    assert shown is not None and shown.groups() == ("回答済", "エネルギー管理企画推進者P2")
    assert told("--as-known-at", str(city.paths.now())) == told(), "as a night would publish it"
    counter.judge(city.paths, flag, "accept", "P2", "", PAPER)
    counter.confirm(city.paths, "P1", date(2026, 6, 15), "環政第12号", 2024)
    assert told() == ("confirmed", "None None")


def test_what_a_deputy_answered_comes_back_to_the_deputy_first(city: City) -> None:
    flag = slip(city)["flag_id"]
    counter.answer(city.paths, flag, "P4", "停止していた", data_are_right=True)
    city.publish()
    counter.judge(city.paths, flag, "return", "P2", "期間を書いてください")
    assert slip(city)["owner"] == "エネルギー管理責任者（代理） P4"


def test_mine_tells_what_waits_and_who_has_what_was_sent(city: City) -> None:
    flag = slip(city)["flag_id"]
    assert flag in waits(city, "P3")["answer"] and flag in waits(city, "P4")["answer"], "the deputy acts beside"
    assert all(flag not in ids for ids in waits(city, "P2").values())
    counter.answer(city.paths, flag, "P3", "停止していた", data_are_right=True)
    assert waits(city, "P2")["accept"] == [flag]
    (sent,) = turns.mine(city.paths, "P3")["sent"]
    assert (sent["flag_id"], sent["owner"]) == (flag, "エネルギー管理企画推進者 P2")
    assert turns.mine(city.paths, "P1") == {"person_id": "P1", "turn": [], "sent": []}
    code, out, _ = run(city, "review", "mine", "--by", "P1")
    assert code == 0 and "今することはありません" in out
    with pytest.raises(StepError, match="P99"):
        turns.mine(city.paths, "P99")
    (step,) = turns.mine(city.paths, "P2")["turn"]
    assert step["count"] == 1 and step["stake"] == slip(city)["stake"]


def test_what_is_at_stake_is_told_as_unknown_and_never_as_zero(city: City) -> None:
    city.register("appointments", DEFAULTS["appointments"][:2]).publish()
    (step,) = turns.mine(city.paths, "P2")["turn"]
    (vacant,) = (flag["flag_id"] for flag in step["flags"] if flag["rule_id"] == "no_responsible_person")
    assert turns.show(city.paths, vacant)["stake"] is None
    unknown = [flag for flag in step["flags"] if flag["stake"] is None]
    assert unknown and step["without_stake"] == len(unknown)
    known = [flag["stake"] for flag in step["flags"] if flag["stake"] is not None]
    assert step["stake"] == (sum(known) if known else None)


def test_one_matter_is_shown_with_numbers_doubts_history_and_the_next_command(city: City) -> None:
    flag = slip(city)["flag_id"]
    told = turns.show(city.paths, flag[:8])
    (shown,) = told["flags"]
    assert shown["numbers"]["periods"].startswith("2024-06") and shown["doubts"][0]["lifted_by_ja"]
    assert shown["doubts"][0]["low_quantity"] is not None and shown["doubts"][0]["high_quantity"] is None
    assert [one["person_id"] for one in shown["in_turn"]] == ["P3", "P4"]
    assert told["commands"] == [f"facility-emissions review answer {flag} --by P3 --text '…'"]
    counter.answer(city.paths, flag, "P3", "停止していた", data_are_right=True)
    told = turns.show(city.paths, flag)
    assert [(s["step"], s["text"]) for s in told["flags"][0]["history"]] == [("answer", "停止していた")]
    assert [command.split()[2] for command in told["commands"]] == ["accept", "return"]
    code, out, _ = run(city, "review", "show", flag[:8])
    assert code == 0 and "停止していた" in out and "P2" in out and "review accept" in out


def test_a_question_is_shown_by_its_own_id_and_a_beginning_that_fits_several_is_refused(city: City) -> None:
    connection = database.connect_published(city.paths.published)
    question, flags = rows_of(connection, "SELECT question_id, flag_ids FROM questions WHERE rule_id = 'unit_slip'")[0]
    connection.close()
    told = turns.show(city.paths, question[:9])
    assert told["question_id"] == question and [f["flag_id"] for f in told["flags"]] == flags.split(" ")
    for matter in ("", "zzzz"):
        with pytest.raises(StepError):
            turns.show(city.paths, matter)


def test_all_that_waits_for_a_person_is_answered_and_accepted_at_once(city: City) -> None:
    waiting = waits(city, "P3")["answer"]
    assert len(waiting) > 1
    code, _, err = run(city, "review", "answer", waiting[0], "--all-of", "P3", "--by", "P3", "--text", "確認した")
    assert code == 2 and "--all-of" in err
    with pytest.raises(StepError, match="P3"):
        counter.all_of(city.paths, "P3", "accept")
    code, out, _ = run(city, "review", "answer", "--all-of", "P3", "--by", "P3", "--text", "確認した", "--json")
    assert code == 0 and sorted(d["flag_id"] for d in json.loads(out)) == sorted(waiting)
    assert run(city, "review", "answer", "--all-of", "P3", "--by", "P3", "--text", "再び")[0] == 1
    code, out, _ = run(city, "review", "accept", "--all-of", "P2", "--by", "P2", "--json")
    assert code == 0 and sorted(d["flag_id"] for d in json.loads(out)) == sorted(waiting)
