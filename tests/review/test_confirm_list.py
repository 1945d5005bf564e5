"""The list for the 統括者: what stands in it, and that exactly its flags are confirmed, or none."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from docx import Document
from docx.shared import Mm
from python_calamine import CalamineWorkbook

from pipelines.history import confirm_lists
from pipelines.reports import confirm_list
from pipelines.review import counter
from pipelines.review.evidence import Evidence
from pipelines.review.store import read_all
from pipelines.rounding import rule_of
from pipelines.warehouse import query
from tests.cli.test_cli import run
from tests.making import DEFAULTS, City, monthly

PAPER = Evidence(document_no="環政第9号", document_date=date(2026, 6, 10))
FORMULA = "=1+1 改修で停止"
UNSEEN = "\x1b[2J"  # what an answer from the terminal may bring along, and no document can hold


@pytest.fixture(scope="module")
def accepted_once(tmp_path_factory: pytest.TempPathFactory) -> City:
    """Two facilities with a slip in FY2024 each, answered and accepted, and one in FY2023 that is only answered."""
    city = City(tmp_path_factory.mktemp("accepted") / "city")
    of = {"operator_id": "OP", "department": "総務課"}
    city.register("facilities", [{**of, "facility_id": f"F{n}", "name": f"施設{n}"} for n in (1, 2, 3)])
    kerosene = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    city.register("meters", [{**kerosene, "meter_id": f"M{n}", "facility_id": f"F{n}"} for n in (1, 2, 3)])
    for n, year in ((1, 2024), (2, 2024), (3, 2023)):
        rows = monthly(f"M{n}", 2022, 2025, lambda y, m, slipped=year: "0.1" if (y, m) == (slipped, 6) else 100)
        city.bills(f"fuel/{n}.csv", rows)
    city.publish()
    found = slips(city)
    counter.answer_all(city.paths, list(found), "P3", FORMULA, data_are_right=True)
    counter.judge_all(city.paths, [f for f, year in found.items() if year == 2024], "accept", "P2", "", PAPER)
    return city


@pytest.fixture
def city(accepted_once: City, tmp_path: Path) -> City:
    return accepted_once.copied(tmp_path / "accepted")


def slips(city: City) -> dict[str, int]:
    return {r["flag_id"]: r["fiscal_year"] for r in counter.listed(city.paths, None) if r["rule_id"] == "unit_slip"}


def confirmed(city: City) -> set[str]:
    return {d.flag_id for d in read_all(city.paths.decisions_url) if d.step == "confirm"}


def confirm(city: City, file: Path, by: str = "P1") -> tuple[int, str, str]:
    return run(city, "review", "confirm", "--list", str(file), "--by", by, "--document", "環12", "--on", "2026-06-15")


def exported(city: City, name: str = "起案.xlsx") -> Path:
    path = city.folder / name
    code, _, err = run(city, "review", "list", "--state", "accepted", "--fiscal-year", "2024", "--export", str(path))
    assert code == 0, err
    return path


def test_a_list_is_confirmed_as_it_was_made(city: City) -> None:
    flags = {flag for flag, year in slips(city).items() if year == 2024}
    path = exported(city)
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("起案").to_python()
    assert {row[0] for row in rows[4:-1]} == flags and {row[4] for row in rows[4:-1]} == {FORMULA}
    stakes = [row[3] for row in rows[4:-1]]
    assert rows[-1][0].startswith("計 2 件") and rows[-1][3] == pytest.approx(sum(stakes))
    made = confirm_lists.find(city.paths.history, confirm_list.hash_of(path))
    assert made is not None and set(made.flags) == flags and made.history_head in rows[1][0]
    code, _, err = confirm(city, path)
    assert code == 0, err
    assert confirmed(city) == flags
    last = read_all(city.paths.decisions_url)[-1]
    assert (last.evidence, last.document_no, last.decided_on) == (made.sha256, "環12", date(2026, 6, 15))
    assert (city.paths.data / "evidence" / made.sha256).is_file()


def test_nothing_is_confirmed_where_one_flag_changed_and_it_is_named(city: City) -> None:
    path = exported(city)
    first, other = (flag for flag, year in slips(city).items() if year == 2024)
    city.bills("fuel/x.csv", [("M1", "2024-06-01", "2024-07-01", "0.2", "L", "訂正")], more=["stage"]).publish()
    changed = next(flag for flag in (first, other) if counter_facility(city, flag) == "F1")
    code, _, err = confirm(city, path)
    assert code == 1 and changed in err and ({first, other} - {changed}).pop() not in err
    assert confirmed(city) == set()
    again = exported(city, "起案2.xlsx")
    assert confirm(city, again)[0] == 0 and confirmed(city) == {first, other} - {changed}


def counter_facility(city: City, flag: str) -> str:
    return next(str(r["facility_id"]) for r in counter.listed(city.paths, None) if r["flag_id"] == flag)


def test_only_the_file_that_was_made_here_and_only_by_the_right_person(city: City) -> None:
    path = exported(city)
    assert confirm(city, path, "P2")[0] == 1, "who accepted does not confirm"
    assert confirmed(city) == set()
    other = city.folder / "書き換え.xlsx"
    other.write_bytes(path.read_bytes() + b" ")
    code, _, err = confirm(city, other)
    assert code == 1 and "書き換え.xlsx" in err
    assert confirm(city, path)[0] == 0
    code, _, err = confirm(city, path)
    assert code == 1 and all(flag in err for flag in confirmed(city)), "a list is confirmed once"


def test_a_list_is_of_accepted_flags_of_one_year_and_overwrites_nothing(city: City) -> None:
    path = exported(city)
    for words in (
        ("--state", "open", "--fiscal-year", "2024"), ("--state", "accepted"), ("--fiscal-year", "2024"),
    ):  # fmt: skip
        assert run(city, "review", "list", *words, "--export", str(city.folder / "b.xlsx"))[0] == 2
    same = ("review", "list", "--state", "accepted", "--export", str(path), "--fiscal-year")
    assert run(city, *same, "2024")[0] == 1
    assert run(city, *same[:-2], str(city.folder / "c.xlsx"), "--fiscal-year", "2023")[0] == 1, (
        "answered is not accepted"
    )
    assert run(city, "review", "confirm", "--by", "P1", "--document", "環12", "--on", "2026-06-15")[0] == 2
    listed = json.loads(run(city, "review", "list", "--fiscal-year", "2023", "--json")[1])
    assert {row["fiscal_year"] for row in listed} == {2023}


def at_stake(city: City) -> dict[str, str]:
    """Facility of each flag of the list -> its tonnes as printed, by SQL; and of all together."""
    with query.opened(city.paths.published) as made:
        rows = made.execute(
            """SELECT facility_id, sum(co2e_at_stake_kg) FROM flags WHERE rule_id = 'unit_slip' AND fiscal_year = 2024
               GROUP BY ROLLUP (facility_id)"""
        ).fetchall()
    return {facility or "": rule_of("emissions").text(kg) for facility, kg in rows}


def test_the_document_says_what_the_workbook_says_and_is_confirmed_like_it(city: City) -> None:
    flags = {flag for flag, year in slips(city).items() if year == 2024}
    path = exported(city, "起案.docx")
    document = Document(str(path))
    fields, items = document.tables
    page = document.sections[0]
    assert [round((side or 0) / Mm(1)) for side in (page.page_width, page.page_height)] == [210, 297]
    told = {row.cells[0].text: row.cells[1].text for row in fields.rows}
    made = confirm_lists.find(city.paths.history, confirm_list.hash_of(path))
    assert made is not None and set(made.flags) == flags
    assert told["履歴の頭"] == made.history_head and told["文書番号"] == told["決裁日"] == ""
    assert told["確認する人"].startswith("エネルギー管理統括者") and told["一覧の作成日"] == "令和8年6月15日"
    stakes = at_stake(city)
    *rows, total = [[cell.text for cell in row.cells] for row in items.rows[1:]]
    assert {row[1].split()[0]: row[2] for row in rows} == {f: t for f, t in stakes.items() if f}
    assert total[0].startswith("計 2 件") and total[2] == stakes[""]
    assert {row[1].splitlines()[-1] for row in rows} == flags
    assert all(row[3].startswith(FORMULA) and "はい" in row[3] and "P3" in row[4] and "P2" in row[4] for row in rows)
    assert any("2 件" in one.text and stakes[""] in one.text for one in document.paragraphs)
    assert confirm(city, path)[0] == 0 and confirmed(city) == flags


def test_signs_that_no_document_can_hold_are_seen_in_it(city: City) -> None:
    (flag,) = [flag for flag, year in slips(city).items() if year == 2023]
    counter.judge(city.paths, flag, "return", "P2", "もう一度", PAPER)
    counter.answer(city.paths, flag, "P3", f"a{UNSEEN}b", PAPER, data_are_right=True)
    counter.judge(city.paths, flag, "accept", "P2", "", PAPER)
    path = city.folder / "起案.docx"
    assert run(city, "review", "list", "--state", "accepted", "--fiscal-year", "2023", "--export", str(path))[0] == 0
    assert "a␛[2Jb" in Document(str(path)).tables[1].rows[1].cells[3].text


def test_what_two_people_confirm_is_a_list_for_each(city: City) -> None:
    other = {"operator_id": "OP", "facility_id": "F2", "post": "エネルギー管理統括者", "person_id": "P9"}
    city.register("appointments", [*DEFAULTS["appointments"], other | {"name": "九", "appointed_on": "2020-04-01"}])
    city.publish()
    path = city.folder / "起案.docx"
    words = ("review", "list", "--state", "accepted", "--fiscal-year", "2024", "--export", str(path))
    code, _, err = run(city, *words)
    assert code == 1 and "P1" in err and "P9" in err and not path.exists()
    assert run(city, *words, "--by", "P2")[0] == 1, "who confirms nothing has no list"
    assert run(city, *words, "--by", "P9")[0] == 0
    assert "九" in Document(str(path)).tables[0].rows[2].cells[1].text
    assert confirm(city, path, "P1")[0] == 1 and confirmed(city) == set()
    assert confirm(city, path, "P9")[0] == 0
    assert {counter_facility(city, flag) for flag in confirmed(city)} == {"F2"}
    rest = exported(city, "残り.xlsx")
    assert confirm(city, rest)[0] == 0 and len(confirmed(city)) == 2


def test_a_list_has_one_of_two_endings(city: City) -> None:
    words = ("review", "list", "--state", "accepted", "--fiscal-year", "2024", "--export")
    code, _, err = run(city, *words, str(city.folder / "起案.pdf"))
    assert code == 1 and ".docx" in err
    assert run(city, "review", "list", "--by", "P1")[0] == 2
