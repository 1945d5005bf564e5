"""Answer sheets that come back: taken once as answers of the named person, with their evidence, or held back with the reason."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from pipelines.ask import round_progress
from pipelines.history import journal, returned, rounds
from pipelines.reports import answer_sheets
from pipelines.review import counter
from pipelines.review.evidence import Evidence
from pipelines.review.returned import Inspector, ReturnedRow
from pipelines.review.store import read_all
from pipelines.settings.city import CityFolder
from pipelines.sources.layouts import answer_sheet
from pipelines.warehouse import database
from tests.cli.test_cli import run
from tests.making import DEFAULTS, TODAY, City, broken, monthly, one, rebuilt, with_first_sheet
from tests.sources.made import sheets

PAPER = Evidence(document_no="環政第9号", document_date=date(2026, 6, 10))
SAID = {
    "answer_cause": "工事", "data_are_right": "はい", "explanation": "改修で停止", "measure": "", "until": "",
    "person_id": "P3", "answered_on": TODAY, "checked_by": "",
}  # fmt: skip
ACCOUNT = (
    "SELECT rows_received, rows_loaded, rows_superseded, rows_quarantined, rows_blank FROM source_files WHERE path = ?"
)


@pytest.fixture(scope="module")
def asked_once(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A published city with a slip at each of two facilities, and the sheet of a round."""
    city = City(tmp_path_factory.mktemp("asked") / "city")
    of = {"operator_id": "OP", "department": "総務課"}
    city.register("facilities", [{**of, "facility_id": f"F{n}", "name": f"施設{n}"} for n in (1, 2)])
    kerosene = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    city.register("meters", [{**kerosene, "meter_id": f"M{n}", "facility_id": f"F{n}"} for n in (1, 2)])
    for n in (1, 2):
        city.bills(f"fuel/{n}.csv", monthly(f"M{n}", 2022, 2025, lambda y, m: "0.1" if (y, m) == (2025, 6) else 100))
    city.publish()
    answer_sheets.issue(city.paths, "2026-1", date(2026, 7, 6), city.folder / "out")
    return city


@pytest.fixture
def city(asked_once: City, tmp_path: Path) -> City:
    return asked_once.copied(tmp_path / "asked")


def question(city: City, rule: str = "unit_slip") -> rounds.AskedQuestion:
    (book,) = rounds.issues(city.paths.history)[-1].books
    return next(q for q in book.questions if q.flags[0].rule_id == rule)


def sheet(city: City, answers: dict[str, dict[str, Any]]) -> bytes:
    """The workbook as it went out, with answers filled in by the question's id."""
    (book,) = rounds.issues(city.paths.history)[-1].books
    opened = CalamineWorkbook.from_path(str(city.folder / "out" / book.file))
    rows = opened.get_sheet_by_name("回答").to_python(skip_empty_area=False)
    keys = rows[answer_sheet.KEYS_LINE - 1]
    for row in rows[answer_sheet.FIRST_LINE - 1 :]:
        for key, value in answers.get(str(row[0]), {}).items():
            row[keys.index(key)] = value
    return sheets(回答=[[None if cell == "" else cell for cell in row] for row in rows])


def sent(city: City, name: str, answers: dict[str, dict[str, Any]], received: str = "2026-06-15 09:00") -> City:
    return city.file(f"回答/{name}.xlsx", sheet(city, answers), received)


def published(city: City, sql: str, *values: object) -> list[tuple[Any, ...]]:
    connection = database.connect_published(city.paths.published)
    try:
        return connection.execute(sql, list(values)).fetchall()
    finally:
        connection.close()


def steps(city: City) -> list[tuple[str, str, str]]:
    return [(d.flag_id, d.step, d.person_id) for d in read_all(city.paths.decisions_url)]


def test_one_row_answers_every_flag_of_its_question_in_the_same_night(city: City) -> None:
    asked = question(city)
    assert len(asked.flags) == 2
    said = {**SAID, "measure": "再点検", "until": date(2026, 12, 1), "checked_by": "試験課長"}
    sent(city, "戻り", {asked.question_id: said}).publish()
    assert steps(city) == [(flag.flag_id, "answer", "P3") for flag in asked.flags]
    states = published(city, "SELECT DISTINCT state, owner_person_id FROM flags WHERE rule_id = 'unit_slip'")
    assert states == [("answered", "P2")]
    first = read_all(city.paths.decisions_url)[0]
    assert first.recorded_by == "回答/戻り.xlsx" and first.document_no == "回答!7" and first.decided_on == TODAY
    assert first.evidence is not None and (city.paths.data / "evidence" / first.evidence).is_file()
    assert first.data_are_right and not first.recorded_only and first.answer_cause == "works"
    assert first.comment == "原因: 工事。改修で停止\n対策: 再点検\n期限: 2026-12-01\n課長確認: 試験課長"
    (book,) = rounds.issues(city.paths.history)[-1].books
    rows = len(book.questions)
    assert published(city, ACCOUNT, "戻り.xlsx") == [(rows, 1, 0, 0, rows - 1)]
    assert published(city, "SELECT answer_cause FROM reviews") == [("works",)] * 2
    doubts = published(city, "SELECT DISTINCT doubt_state FROM doubts WHERE rule_id = 'unit_slip'")
    assert doubts == [("standing",)], "an answer alone lifts nothing"


def test_the_same_file_twice_and_the_same_answers_again_change_nothing(city: City) -> None:
    asked = question(city)
    sent(city, "戻り", {asked.question_id: SAID}).publish()
    before = steps(city)
    sent(city, "戻り（写し）", {asked.question_id: SAID}).publish()
    other = next(q for q in rounds.issues(city.paths.history)[-1].books[0].questions if q != asked)
    sent(city, "戻り2", {asked.question_id: SAID, other.question_id: {**SAID, "person_id": "P9"}}).publish()
    assert steps(city) == before
    account = published(city, ACCOUNT, "戻り2.xlsx")[0]
    assert account[1:4] == (0, 1, 1)
    (held,) = published(city, "SELECT rule_id, reason FROM quarantine")
    assert held[0] == "answer_not_by_person" and "P9" in held[1] and "P3" in held[1]
    changed = {**SAID, "explanation": "別の理由"}
    sent(city, "戻り3", {asked.question_id: changed}).publish()
    assert steps(city) == before
    rules = published(city, "SELECT rule_id FROM quarantine ORDER BY 1")
    assert rules == [("answer_given_already",), ("answer_not_by_person",)]
    lines = len(list(journal.read(city.paths.history / returned.LEDGER)))
    with city.built() as made:
        assert broken(made) == {}
    assert len(list(journal.read(city.paths.history / returned.LEDGER))) == lines, "judged again, and told no twice"


def test_what_was_held_back_is_looked_at_again_and_a_rebuild_says_the_same(city: City) -> None:
    asked = question(city)
    sent(city, "戻り", {asked.question_id: {**SAID, "person_id": "P7"}}).publish()
    assert published(city, "SELECT rule_id FROM quarantine") == [("answer_not_by_person",)] and steps(city) == []
    keeper = DEFAULTS["appointments"][-1]
    city.register("appointments", [*DEFAULTS["appointments"], {**keeper, "person_id": "P7", "acting_for": "P3"}])
    city.publish()
    city.publish()
    assert {who for _, _, who in steps(city)} == {"P7"}, "the deputy is in office by now"
    assert published(city, "SELECT count(*) FROM quarantine") == [(0,)]
    told = "SELECT * EXCLUDE (judged_at) FROM returned_answers"
    before = published(city, told), published(city, "FROM source_files ORDER BY ALL")
    rebuilt(city.paths)
    assert (published(city, told), published(city, "FROM source_files ORDER BY ALL")) == before


def test_an_answer_may_be_changed_after_it_was_returned(city: City) -> None:
    asked = question(city)
    sent(city, "戻り", {asked.question_id: SAID}).publish()
    counter.judge_all(city.paths, [flag.flag_id for flag in asked.flags], "return", "P2", "期間を書いてください")
    sent(city, "戻り2", {asked.question_id: {**SAID, "explanation": "6月に改修で停止"}}).publish()
    assert [step for _, step, _ in steps(city)] == ["answer"] * 2 + ["return"] * 2 + ["answer"] * 2
    assert published(city, "SELECT DISTINCT state FROM flags WHERE rule_id = 'unit_slip'") == [("answered",)]


def test_a_run_that_died_between_store_and_history_takes_nothing_twice(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = question(city)
    sent(city, "戻り", {asked.question_id: SAID})
    with monkeypatch.context() as patch:
        patch.setattr(returned, "note", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            city.publish()
    before = steps(city)
    assert len(before) == 2 and returned.read(city.paths.history) == ()
    city.publish()
    assert steps(city) == before
    (row,) = returned.read(city.paths.history)
    assert row.outcome == "loaded" and len(row.decisions) == 2


def test_days_that_changed_since_the_sheet_are_another_question(city: City) -> None:
    asked = question(city)
    city.bills("fuel/x.csv", [("M1", "2025-06-01", "2025-07-01", "0.2", "L", "訂正")], more=["stage"]).publish()
    sent(city, "戻り", {asked.question_id: SAID}).publish()
    assert steps(city) == []
    assert published(city, "SELECT rule_id FROM quarantine") == [("answer_asked_anew",)]


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"answer_cause": "うっかり"}, {}, "answer_unknown_word"),
    ({"data_are_right": "たぶん"}, {}, "answer_unknown_word"),
    ({"answer_cause": ""}, {}, "answer_incomplete"),
    ({"explanation": ""}, {}, "answer_incomplete"),
    ({"answered_on": ""}, {}, "answer_incomplete"),
    ({"answered_on": "2026-06-16"}, {}, "answer_in_the_future"),
    ({"answered_on": "きのう"}, {}, "answer_no_date"),
    ({"until": "そのうち"}, {}, "answer_no_date"),
    ({"person_id": "P9"}, {}, "answer_not_by_person"),
    ({"question_id": "ffffffffffff"}, {}, "answer_unknown_question"),
    ({"issue_id": "ffffffffffff"}, {}, "answer_unknown_question"),
    ({"explanation": "\x1ehidden_row\x1e\x1e停止"}, {}, "answer_hidden"),
    ({"explanation": "あ" * 2_001}, {}, "answer_too_long"),
    ({}, {"source": "power"}, "answer_elsewhere"),
]


def row(city: City, said: dict[str, Any], place: dict[str, Any]) -> ReturnedRow:
    asked = question(city)
    issue = rounds.issues(city.paths.history)[-1]
    told: dict[str, Any] = {
        **SAID,
        "answered_on": str(TODAY),
        "issue_id": issue.issue_id,
        "round": "2026-1",
        "department": "総務課",
    }
    where = {"source": "回答", "path": "a.xlsx", "received_at": datetime(2026, 6, 15), **place}
    return ReturnedRow("0" * 64, "回答", 7, **where, said=told | {"question_id": asked.question_id} | said)


def judged(city: City, made: ReturnedRow, *, is_kept: bool = True) -> tuple[str, str | None, int]:
    with counter.desk(city.paths) as desk:
        issues = rounds.issues(city.paths.history)
        inspector = Inspector(desk, issues, returned.read(city.paths.history), city.paths.now(), TODAY)
        outcome, taken = inspector.judge(made, is_kept=is_kept)
        assert all(not desk.decisions.get(f.flag_id) for f in question(city).flags) or taken, "nothing half taken"
    return outcome.outcome, outcome.rule_id, len(taken)


@pytest.mark.parametrize(("said", "place", "rule"), REFUSED, ids=lambda value: str(value)[:30])
def test_what_is_no_answer_is_held_back_with_the_reason(
    asked_once: City, said: dict[str, Any], place: dict[str, Any], rule: str
) -> None:
    assert judged(asked_once, row(asked_once, said, place)) == ("quarantined", rule, 0)


def test_each_edge_from_the_other_side(asked_once: City) -> None:
    for said in (
        {},
        {"answer_cause": "works", "data_are_right": "no"},
        {"explanation": "あ" * 2_000},
        {"answered_on": "2026/6/15"},
    ):
        assert judged(asked_once, row(asked_once, said, {})) == ("loaded", None, 2)
    assert judged(asked_once, row(asked_once, {}, {}), is_kept=False) == ("quarantined", "answer_file_gone", 0)


def test_an_answer_to_flags_that_are_gone_is_not_needed(city: City) -> None:
    made = row(city, {}, {})
    for n in (1, 2):
        city.bills(f"fuel/{n}x.csv", [(f"M{n}", "2025-06-01", "2025-07-01", 100, "L", "訂正")], more=["stage"])
    city.publish()
    with counter.desk(city.paths) as desk:
        inspector = Inspector(desk, rounds.issues(city.paths.history), (), city.paths.now(), TODAY)
        assert inspector.judge(made, is_kept=True)[0].rule_id == "answer_flag_gone"


def test_no_file_accepts_or_confirms(city: City) -> None:
    asked = question(city)
    sent(city, "戻り", {asked.question_id: {**SAID, "checked_by": "accept"}}).publish()
    assert {step for _, step, _ in steps(city)} == {"answer"}
    assert (
        one(database.connect_published(city.paths.published), "SELECT count(*) FROM reviews WHERE step <> 'answer'")
        == 0
    )


def counts(city: City) -> dict[str, int]:
    (row,) = round_progress.progress(city.paths, "2026-1")["people"]
    assert (row["department"], row["person_id"]) == ("総務課", "P3")
    return {name: value for name, value in row.items() if isinstance(value, int) and value}


def test_a_round_tells_who_was_asked_who_answered_and_what_is_overdue(city: City) -> None:
    asked = question(city)
    (book,) = rounds.issues(city.paths.history)[-1].books
    many = len(book.questions)
    assert counts(city) == {"asked": many, "open": many}
    assert [row["person_id"] for row in round_progress.progress(city.paths)["silent"]] == ["P3"]
    sent(city, "戻り", {asked.question_id: SAID}).publish()
    assert counts(city) == {"asked": many, "open": many - 1, "answered": 1}
    flags = [flag.flag_id for flag in asked.flags]
    counter.judge_all(city.paths, flags[:1], "accept", "P2", "", PAPER)
    assert counts(city)["answered"] == 1, "half of a question is not accepted"
    counter.judge_all(city.paths, flags[1:], "accept", "P2", "", PAPER)
    assert counts(city) == {"asked": many, "open": many - 1, "accepted": 1}
    told = round_progress.progress(city.paths)
    assert told["silent"] == [] and told["changed"] == [] and not told["sheets"][0]["is_again"]
    with pytest.raises(rounds.RoundError, match="2026-1"):
        round_progress.progress(city.paths, "2025-9")


@pytest.mark.parametrize(("today", "overdue"), [("2026-07-06", 0), ("2026-07-07", 1)])
def test_what_is_open_after_the_due_day_is_overdue(asked_once: City, today: str, overdue: int) -> None:
    late = CityFolder(asked_once.folder, None, date.fromisoformat(today))
    (row,) = round_progress.progress(late)["people"]
    assert row["overdue"] == row["open"] * overdue and row["open"]


def test_a_sheet_that_comes_back_again_or_with_other_answers_is_told(city: City) -> None:
    asked = question(city)
    sent(city, "戻り", {asked.question_id: SAID}, "2026-06-10 09:00").publish()
    sent(city, "戻り2", {asked.question_id: {**SAID, "explanation": "別の理由"}}, "2026-06-11 09:00")
    sent(city, "白紙", {}, "2026-06-12 09:00").publish()
    told = round_progress.progress(city.paths)
    assert [(s["file"], s["is_again"], s["taken"], s["held"]) for s in told["sheets"]] == [
        ("回答/戻り.xlsx", False, 1, 0), ("回答/戻り2.xlsx", True, 0, 1), ("回答/白紙.xlsx", False, 0, 0),
    ]  # fmt: skip
    assert told["changed"] == [
        {"department": "総務課", "question_id": asked.question_id, "files": ["回答/戻り.xlsx", "回答/戻り2.xlsx"]}
    ]
    code, out, _ = run(city, "review", "round", "2026-1")
    assert code == 0 and "再び戻った" in out and asked.question_id in out


def test_the_workbook_as_it_was_made_is_read_and_a_row_that_somebody_hid_is_not(city: City) -> None:
    (book,) = rounds.issues(city.paths.history)[-1].books
    cells = {"I": "工事", "J": "はい", "K": "停止", "N": "P3", "O": "2026-06-15"}

    def filled(xml: str) -> str:
        for line in (7, 8):
            for column, text in cells.items():
                inline = f't="inlineStr"><is><t>{text}</t></is></c>'
                xml = re.sub(rf'(<c r="{column}{line}" s="\d+")/>', rf"\1 {inline}", xml)
        return xml.replace('<row r="8"', '<row hidden="1" r="8"')

    assert len(book.questions) > 1
    changed = with_first_sheet(city.folder / "out" / book.file, filled)
    city.file("回答/戻り.xlsx", changed, "2026-06-15 09:00").publish()
    assert {flag for flag, _, _ in steps(city)} == {flag.flag_id for flag in book.questions[0].flags}
    assert published(city, "SELECT source_line, rule_id FROM quarantine") == [(8, "answer_hidden")]
