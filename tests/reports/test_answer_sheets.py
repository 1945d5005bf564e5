"""The workbooks of a round: what is asked of whom, that only answers can be written, and the draft that names no figure."""

from __future__ import annotations

import email
import hashlib
import json
import re
import zipfile
from datetime import date
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from pipelines.history import rounds
from pipelines.history.rounds import RoundError, RoundIssue
from pipelines.reports import answer_sheets
from pipelines.review import counter
from pipelines.sources.layouts import answer_sheet
from tests.cli.test_cli import run
from tests.making import DEFAULTS, City, monthly

DUE = date(2026, 7, 6)
HOSTILE = '=HYPERLINK("http://x.invalid","保育園")'


@pytest.fixture(scope="module")
def asked_once(tmp_path_factory: pytest.TempPathFactory) -> City:
    """Two departments with a unit slip each; one facility and one department are named by somebody hostile."""
    city = City(tmp_path_factory.mktemp("asked") / "city")
    of = {"operator_id": "OP"}
    city.register(
        "facilities",
        [
            {**of, "facility_id": "F1", "name": "本庁舎", "department": "総務課"},
            {**of, "facility_id": "F2", "name": HOSTILE, "department": "../保育/課"},
        ],
    )
    kerosene = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    city.register("meters", [{**kerosene, "meter_id": f"M{n}", "facility_id": f"F{n}"} for n in (1, 2)])
    people = [dict(row) for row in DEFAULTS["appointments"]]
    people[2] |= {"email": "p3@x.invalid", "name": "試験太郎"}
    city.register("appointments", people)
    for n in (1, 2):
        city.bills(f"fuel/{n}.csv", monthly(f"M{n}", 2022, 2025, lambda y, m: "0.1" if (y, m) == (2025, 6) else 100))
    city.publish()
    return city


@pytest.fixture
def city(asked_once: City, tmp_path: Path) -> City:
    return asked_once.copied(tmp_path / "asked")


def made(city: City, only: str | None = None) -> RoundIssue:
    return answer_sheets.issue(city.paths, "2026-1", DUE, city.folder / "out", only)


def lines(path: Path) -> list[dict[str, Any]]:
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("回答").to_python(skip_empty_area=False)
    keys = rows[answer_sheet.KEYS_LINE - 1]
    return [dict(zip(keys, row, strict=True)) for row in rows[answer_sheet.FIRST_LINE - 1 :]]


def part(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as opened:
        return opened.read(name).decode()


def test_each_department_is_asked_its_questions_and_what_was_asked_is_on_record(city: City) -> None:
    issue = made(city)
    assert rounds.issues(city.paths.history) == [issue] == rounds.issues(city.paths.history, "2026-1")
    assert rounds.issues(city.paths.history, "2026-2") == []
    assert {book.department for book in issue.books} == {"総務課", "../保育/課"}
    open_flags = {row["flag_id"] for row in counter.listed(city.paths, "open")}
    assert {f.flag_id for book in issue.books for q in book.questions for f in q.flags} == open_flags
    for book in issue.books:
        path = city.folder / "out" / book.file
        assert path.parent == (city.folder / "out") and hashlib.sha256(path.read_bytes()).hexdigest() == book.sha256
        assert [row["question_id"] for row in lines(path)] == [q.question_id for q in book.questions]
        assert all(row[key] == "" for row in lines(path) for key in answer_sheet.ANSWERS)
        assert book.people == ("P3",) and CalamineWorkbook.from_path(str(path)).sheet_names == ["回答", "記入要領"]


def test_figures_stand_beside_and_what_is_not_known_in_full_is_no_number(city: City) -> None:
    (book,) = made(city, "総務課").books
    row = next(r for r in lines(city.folder / "out" / book.file) if r["fiscal_year"] == 2025)
    year = next(r for r in counter.listed(city.paths, None) if r["fiscal_year"] == 2025 and r["facility_id"] == "F1")
    assert row["question"] == year["ja"] and row["turn"] == "エネルギー管理責任者 P3"
    assert row["before"] == pytest.approx(1200 * 2.489 / 1000, rel=0.05)
    assert re.fullmatch(r"2\.\d t 以上", row["now"]), "a month is doubtful"
    assert answer_sheets.cause_names()[0] == "休止・閉館" and len(answer_sheets.cause_names()) == 9
    running = [r for r in lines(city.folder / "out" / book.file) if r["fiscal_year"] == 2026]
    assert all(not isinstance(r["now"], float) for r in running), "a year without data is not 0 t"


def test_only_answers_can_be_written_and_words_of_strangers_stay_words(city: City) -> None:
    for book in made(city).books:
        path = city.folder / "out" / book.file
        sheet, styles = part(path, "xl/worksheets/sheet1.xml"), part(path, "xl/styles.xml")
        assert "<sheetProtection" in sheet and "<sheetProtection" in part(path, "xl/worksheets/sheet2.xml")
        assert "<f>" not in sheet and "<hyperlink" not in sheet
        forms = re.findall(r"<xf [^>]*?(?:/>|>.*?</xf>)", styles.partition("<cellXfs")[2].partition("</cellXfs>")[0])
        unlocked = {str(n) for n, form in enumerate(forms) if 'locked="0"' in form}
        cells = re.findall(r'<c r="([A-Z]+)(\d+)" s="(\d+)"', sheet)
        writable = {(column, int(line)) for column, line, form in cells if form in unlocked}
        first, last = answer_sheet.FIRST_LINE, answer_sheet.FIRST_LINE + len(book.questions)
        assert writable == {(column, line) for column in "IJKLMNOP" for line in range(first, last)}
        lists = re.findall(r'type="list".*?<formula1>"(.*?)"</formula1>', sheet)
        assert "はい,いいえ" in lists and ",".join(answer_sheets.cause_names()) in lists
        assert any("P3" in found.split(",") for found in lists), "who may answer"
    assert any(
        HOSTILE in str(row["facility"]) for row in lines(city.folder / "out" / made(city, "../保育/課").books[0].file)
    )


def test_the_draft_goes_to_the_owner_and_names_no_figure(city: City) -> None:
    (book,) = made(city, "総務課").books
    raw = (city.folder / "out" / book.file).with_suffix(".eml").read_bytes()
    told = email.message_from_bytes(raw, policy=default)
    assert told["To"] == "p3@x.invalid" and "2026-1" in told["Subject"]
    text = told.get_content()
    count = len(book.questions)
    assert f"要確認事項 {count} 件" in text and "令和8年7月6日" in text and book.file in text
    assert set(re.findall(r"\d+", text.replace(book.file, ""))) == {str(count), "8", "7", "6"}
    people = [dict(row) for row in DEFAULTS["appointments"]]
    people[2] |= {"email": "p3@x.invalid, all@x.invalid"}
    city.register("appointments", people).publish()
    (book,) = made(city, "総務課").books
    told = email.message_from_bytes((city.folder / "out" / book.file).with_suffix(".eml").read_bytes(), policy=default)
    assert told["To"] is None and "P3" in told.get_content(), "what is no address is no head of a letter"


def test_a_second_issue_overwrites_nothing_and_asks_only_what_is_open(city: City) -> None:
    first = made(city)
    before = {path: path.read_bytes() for path in (city.folder / "out").iterdir()}
    flags = [f.flag_id for q in first.books[0].questions for f in q.flags]
    counter.answer_all(city.paths, flags, "P3", "確認した", data_are_right=False)
    second = made(city)
    assert [book.department for book in second.books] == [first.books[1].department]
    assert second.issue_id != first.issue_id
    assert {path: path.read_bytes() for path in before} == before
    with pytest.raises(RoundError, match=re.escape(first.books[1].department)):
        made(city, first.books[0].department)


@pytest.mark.parametrize("name", ["2026/1", "../2026-1", "2026-1\n", "", "２０２６-1"])
def test_a_round_is_a_year_and_a_number(name: str) -> None:
    with pytest.raises(RoundError):
        rounds.checked_name(name)


def test_sheets_are_made_from_the_terminal(city: City) -> None:
    code, out, _ = run(city, "review", "sheet", "--round", "2026-1", "--json")
    told = json.loads(out)
    assert code == 0 and told["due_on"] == "2026-07-06", "21 days unless the settings say otherwise"
    folder = city.paths.data / "rounds" / "2026-1"
    assert {path.name for path in folder.glob("*.xlsx")} == {book["file"] for book in told["books"]}
    assert run(city, "review", "sheet", "--round", "2026-1", "--due", "2026-06-01")[0] == 1
    assert run(city, "review", "sheet", "--round", "x")[0] == 1
