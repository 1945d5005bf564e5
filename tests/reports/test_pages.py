"""What people read: the validation page stands alone, wide answers stay readable."""

from __future__ import annotations

import io
import re
from datetime import date, datetime
from decimal import Decimal

import duckdb
from rich.console import Console

from pipelines.ask import explain
from pipelines.reports.pages import validation_page
from pipelines.reports.plain_text import wrapped
from pipelines.reports.terminal import show_explanation, show_lists, show_night, show_past
from pipelines.reports.terminal.look import Terminal
from pipelines.tables import table
from tests.making import City

NAMES = table("validation_results").column_names


def printed(width: int, columns: list[str], rows: list[list[object]]) -> str:
    text = io.StringIO()
    show_lists.answer(Terminal("ja", Console(file=text, width=width)), columns, rows)
    return text.getvalue()


def row(**values: object) -> list[object]:
    plain: dict[str, object] = dict.fromkeys(NAMES, "")
    plain |= {"suite": "readings", "table_name": "readings", "success": True, "blocking": False, "failing_rows": 0}
    return [(plain | values)[name] for name in NAMES]


def test_the_validation_page_tells_what_failed_first(city: City) -> None:
    broken = row(success=False, meaning_ja="<b>破れ</b>", is_invariant=True)
    rows = [row(meaning_ja="良い"), row(success=False, meaning_ja="所見のある検査", is_invariant=False), broken]
    path = validation_page.write(city.paths, rows, datetime(2026, 6, 15, 2))
    assert (city.paths.pages_internal / path.name).is_file(), "the office has it too"
    text = path.read_text(encoding="utf-8")
    assert "&lt;b&gt;破れ&lt;/b&gt;" in text and "<b>破れ" not in text, "text from outside is escaped"
    assert "検針値" in text and "Readings" in text
    top = text[text.index("不合格の検査") : text.index("すべての検査")]
    assert top.index("破れ") < top.index("所見のある検査") and "良い" not in top
    none = validation_page.write(city.paths, [row()], datetime(2026, 6, 15, 2)).read_text(encoding="utf-8")
    assert "どの検査も合格" in none


def test_an_answer_that_fits_is_a_table() -> None:
    assert printed(80, ["facility_id", "name"], [["F001", "本庁舎"]]).splitlines() == [
        "facility_id  name  ",
        "F001         本庁舎",
    ]


def test_an_answer_too_wide_is_told_column_by_column() -> None:
    columns = [f"column_number_{n}" for n in range(9)]
    lines = printed(60, columns, [[1.5, None, *"abcdefg"]]).splitlines()
    assert lines[0].split() == ["column_number_0", "1.5"] and lines[1].split() == ["column_number_1", "NULL"]
    assert len([line for line in lines if line.strip()]) == 9


def test_japanese_lines_break_anywhere_but_in_words_and_before_a_full_stop() -> None:
    text = "登録してください。registers/appointments.csv を確かめてください。"
    lines = wrapped(text, 30).split("\n")
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert lines == ["登録してください。", "registers/appointments.csv を", "確かめてください。"]
    assert wrapped("  ▸ power/a.csv:46 を見る", 18).split("\n") == ["  ▸ power/a.csv:46", "    を見る"]
    assert all(line[0] not in "。、" for line in wrapped(text, 7).split("\n"))


def test_every_facility_of_the_sample_can_be_explained(sample: duckdb.DuckDBPyConnection) -> None:
    text = io.StringIO()
    out = Terminal("ja", Console(file=text, width=60))
    found = sample.execute("SELECT facility_id FROM facilities ORDER BY 1").fetchall()
    for number, (facility,) in enumerate(found):
        month = None if number % 5 == 0 else date(2025, 6, 1)
        show_explanation.show(out, explain.explain(sample, explain.FacilityQuestion(facility, 2025, month, "plan")))
    told = text.getvalue()
    assert "2.05 kg/m3 × 50.8 MJ/kg × 0.0161 kgC/MJ × 44/12" in " ".join(told.split())
    assert not re.search(r"\d\.\d*0+ (kg|MJ|tCO2|kgC)[ /]", told), "no idle zeros in factors"


def test_a_shortened_list_of_flags_still_counts_all() -> None:
    flag = {
        "severity": "error",
        "name": "庁舎",
        "state": "open",
        "stake": None,
        "owner": "",
        "ja": "文",
        "flag_id": "a" * 12,
    }
    text = io.StringIO()
    show_lists.flags(
        Terminal("ja", Console(file=text, width=60)), [{**flag, "facility_id": f"F{n}"} for n in range(5)], 2
    )
    assert "要確認事項 5 件（5 施設）" in text.getvalue() and "ほか 3 件" in text.getvalue()
    assert text.getvalue().count("● ") == 2


def test_flags_stand_under_errors_and_warnings_and_confirmed_ones_come_last() -> None:
    flag = {
        "facility_id": "F1",
        "name": "庁舎",
        "stake": None,
        "owner": "",
        "ja": "文",
        "en": "text",
        "flag_id": "a" * 12,
    }
    kinds = [("warning", "open"), ("error", "confirmed"), ("error", "answered")]
    flags = [{**flag, "severity": severity, "state": state} for severity, state in kinds]
    for language, headings in (
        ("ja", ["誤り 1 件", "注意 1 件", "確認済 1 件"]),
        ("en", ["1 error", "1 warning", "1 confirmed"]),
    ):
        text = io.StringIO()
        show_lists.flags(Terminal(language, Console(file=text, width=60)), flags)
        assert [line for line in text.getvalue().splitlines() if line in headings] == headings, text.getvalue()


def test_the_cells_of_one_torn_line_are_told_once() -> None:
    told = {"path": "power30/a.csv", "line": 16, "ja": "行が途中で切れています。", "en": "torn"}
    cells = [{**told, "column": column} for column in ("00:30", "01:00", "23:30")]
    others = [{**told, "line": line, "column": "quantity"} for line in range(17, 24)]
    text = io.StringIO()
    show_night.held(Terminal("ja", Console(file=text, width=60)), [*cells, *others])
    shown = text.getvalue()
    assert shown.count("16行目") == 1 and "16行目 [00:30 … 23:30]" in shown and "20行目 [quantity]" in shown
    assert "21行目" not in shown and "ほかに 3 件" in shown


def test_a_night_lists_changed_verdicts_and_counts_those_that_only_moved() -> None:
    """Two hundred facilities whose allowed amount moved with a factor do not bury the one that is no longer 達成."""
    row = {
        "subject_key": "facility/F1/plan", "subject_id": "F1", "subject_kind": "facility", "fiscal_year": 2024,
        "basis": "plan", "before_verdict": "achieved", "after_verdict": "achieved", "causes": "factor",
        "before_target_id": "T1", "after_target_id": "T1", "before_allowed_co2e_kg": Decimal(1000),
        "after_allowed_co2e_kg": Decimal(2000), "before_facilities": 1, "after_facilities": 1,
        "left_facility_ids": None, "joined_facility_ids": None, "is_improved": False,
    }  # fmt: skip
    rows = [row, row | {"causes": "register;factor"}, row | {"after_verdict": "not_achieved"}]
    text = io.StringIO()
    show_past.told_of_a_night(Terminal("ja", Console(file=text, width=200)), rows)
    told = text.getvalue().splitlines()
    assert told[0] == "締め済の年度の判定の変更: 1 件" and "達成 → 未達" in told[1]
    assert len([line for line in told if "F1" in line]) == 1
    assert "目標水準・対象施設だけが動いたもの: 2 件（台帳・対象範囲, 係数（値または版）" in told[-1], told[-1]
    text.truncate(0)
    show_past.told_of_a_night(Terminal("ja", Console(file=text, width=200)), [])
    assert not text.getvalue()
