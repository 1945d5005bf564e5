"""What falls due: by the Act, as announced, by the city's own calendar; done where it was filed; as a calendar."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import icalendar
import pytest
from typer.testing import CliRunner

from pipelines.cli import main
from pipelines.settings.city_file import SettingsError
from tests.energy_act.alone import built
from tests.making import City, rows_of

PROMOTER = "エネルギー管理企画推進者"
OPERATORS = [
    {"operator_id": "OP", "name": "市長部局", "designation_no": "0000001", "designated_on": "2020-09-01"},
    {"operator_id": "P2", "name": "教育委員会"},
]
ASKED = "SELECT item, operator_id, fiscal_year, CAST(due_on AS VARCHAR), deadline_state, certainty FROM deadlines"


def city_of(folder: Path, *, dates: str = "", filed: list[dict[str, Any]] | None = None, **appointment: Any) -> City:
    city = City(folder)
    city.register("operators", OPERATORS)
    if appointment:
        row = {
            "operator_id": "OP",
            "post": PROMOTER,
            "person_id": "P",
            "appointed_on": "2020-09-01",
            "notified_on": "2021-07-01",
        }
        city.register("appointments", [{**row, **appointment}])
    if filed:
        city.register("filed", filed)
    if dates:
        (city.folder / "year.toml").write_text(dates, encoding="utf-8")
    return city


def test_the_reports_of_a_designated_operator_are_due_by_the_end_of_july(tmp_path: Path) -> None:
    """On 1 August of FY2026: last year's were due on 31 July 2026, this year's will be a year later; the other operator files none."""
    filed = [{"report": "定期報告書", "operator_id": "OP", "fiscal_year": 2025, "filed_on": "2026-07-28"}]
    with built(city_of(tmp_path / "c", filed=filed), date(2026, 8, 1)) as made:
        rows = rows_of(made, f"{ASKED} WHERE deadline_kind = 'report' ORDER BY item, fiscal_year")
        told = rows_of(made, "SELECT rule_id, subject, fiscal_year FROM findings WHERE rule_id = 'filing_to_check'")
    assert [row for row in rows if row[5] == "law"] == [
        ("中長期計画書", "OP", 2025, "2026-07-31", "overdue", "law"),
        ("中長期計画書", "OP", 2026, "2027-07-31", "upcoming", "law"),
        ("定期報告書", "OP", 2025, "2026-07-31", "done", "law"),
        ("定期報告書", "OP", 2026, "2027-07-31", "upcoming", "law"),
    ]
    assert [row[2:] for row in rows if row[5] == "announced"] == [
        (2025, "2026-07-31", "past", "announced"), (2026, "2027-07-31", "upcoming", "announced"),
        (2026, "2027-07-31", "upcoming", "announced"),
    ]  # fmt: skip
    assert told == [("filing_to_check", "OP/中長期計画書", 2025)]


def test_a_report_that_was_never_filed_stays_in_the_list(tmp_path: Path) -> None:
    filed = [{"report": "定期報告書", "operator_id": "OP", "fiscal_year": 2022, "filed_on": "2023-07-28"}]
    with built(city_of(tmp_path / "c", filed=filed), date(2026, 8, 1)) as made:
        asked = "SELECT fiscal_year FROM deadlines WHERE item = '定期報告書' AND deadline_state = 'overdue' ORDER BY 1"
        assert rows_of(made, asked) == [(2023,), (2024,), (2025,)]


@pytest.mark.parametrize(
    ("appointment", "rows"),
    [
        ({"qualification": "講習修了", "training_on": "2022-05-01"}, [("course", "2026-03-31", "overdue")]),
        ({"qualification": "講習修了", "training_on": "2024-05-01"}, [("course", "2028-03-31", "upcoming")]),
        ({"qualification": "エネルギー管理士", "notified_on": ""}, [("notice", "2021-07-31", "overdue")]),
        ({"qualification": "エネルギー管理士", "ended_on": "2026-10-01"}, [("appointment", "2027-04-01", "upcoming")]),
        ({"qualification": "エネルギー管理士", "ended_on": "2027-04-01"}, [("appointment", "2027-10-01", "upcoming")]),
        ({"qualification": "エネルギー管理士"}, []),
    ],
)
def test_what_seats_ask(tmp_path: Path, appointment: dict[str, Any], rows: list[tuple[str, ...]]) -> None:
    with built(city_of(tmp_path / "c", **appointment)) as made:
        found = rows_of(
            made,
            "SELECT deadline_kind, CAST(due_on AS VARCHAR), deadline_state FROM deadlines WHERE item = ? ORDER BY ALL",
            PROMOTER,
        )
    assert found == rows


def test_the_citys_own_calendar(tmp_path: Path) -> None:
    dates = (
        '[[dates]]\nname = "庁内集計"\nmonth_day = "05-15"\nowner = "環境政策課"\nsource = "要綱第3条"\nconfirmed = true\n'
        '[[dates]]\nname = "入札"\nmonth_day = "01-15"\n'
    )
    with built(city_of(tmp_path / "c", dates=dates)) as made:
        found = rows_of(made, f"{ASKED} WHERE deadline_kind = 'city' ORDER BY due_on")
    assert [(row[0], *row[3:]) for row in found] == [
        ("庁内集計", "2026-05-15", "past", "city"),
        ("入札", "2027-01-15", "upcoming", "to_confirm"),
        ("庁内集計", "2027-05-15", "upcoming", "city"),
        ("入札", "2028-01-15", "upcoming", "to_confirm"),
    ]


@pytest.mark.parametrize(
    "text", ["[city]\nname = 'x'", "[[dates]]\nname = 'x'\nmonth_day = '02-30'", "[[dates]]\nmonth_day = '05-15'", "[["]
)
def test_a_wrong_calendar_names_its_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"year\.toml"):
        _ = city_of(tmp_path / "c", dates=text).paths


def test_a_calendar_is_read_back_by_its_library(published: City, tmp_path: Path) -> None:
    """One event per item, all day, with its article."""
    file = tmp_path / "期限.ics"
    asked = ["--city", str(published.folder), "deadlines", "--until", "2027-12-31"]
    rows = json.loads(CliRunner().invoke(main.app, [*asked, "--json"]).stdout)
    assert CliRunner().invoke(main.app, [*asked, "--ics", str(file)]).exit_code == 0
    events = list(icalendar.Calendar.from_ical(file.read_bytes()).walk("VEVENT"))
    assert rows and [str(event.decoded("dtstart")) for event in events] == [row["due_on"] for row in rows]
    assert all((event.decoded("dtend") - event.decoded("dtstart")).days == 1 for event in events)
    assert len({str(event["uid"]) for event in events}) == len(events)
    assert all((row["article"] or "") in str(event["description"]) for row, event in zip(rows, events, strict=True))


def test_deadlines_and_posts_are_shown_in_both_languages(published: City) -> None:
    for words in (["deadlines"], ["posts"], ["posts", "--on", "2030-04-01"], ["posts", "--by-facility"]):
        japanese, english = (
            CliRunner().invoke(main.app, ["--city", str(published.folder), "--lang", language, *words])
            for language in ("ja", "en")
        )
        assert japanese.exit_code == english.exit_code == 0 and japanese.stdout != english.stdout
    assert CliRunner().invoke(main.app, ["--city", str(published.folder), "posts", "--on", "2026-02-30"]).exit_code == 2
