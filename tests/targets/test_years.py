"""The three states of a year: 進行中, 集計中 with what is still to come, 締め済 by date or by record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import main
from pipelines.history import closings
from pipelines.process.recorder import recorder
from pipelines.run.lock import run_lock
from pipelines.settings.city import CityFolder
from pipelines.texts import collecting_text
from pipelines.warehouse import query
from tests.making import DEFAULTS, City, monthly, one, rows_of, verdict

SPRING = date(2026, 5, 15)
STATES = "SELECT fiscal_year, year_state, collecting_note FROM facility_results WHERE fiscal_year >= 2025 ORDER BY 1"


def test_late_months_are_collected_and_no_question_until_they_are_due(make_city: Callable[..., City]) -> None:
    city = make_city(today=SPRING)
    rows = monthly("M1", 2022, 2025, lambda y, m: None if (y, m) == (2025, 3) else 80 if y == 2025 else 100)
    city.bills("fuel/a.csv", rows, "2026-05-01 09:00")
    with city.built() as made:
        assert verdict(made, "F1", 2025) == ("undeterminable", {"collecting"})
        assert rows_of(made, STATES) == [(2025, "collecting", "kerosene:2026-03..2026-03"), (2026, "running", None)]
        assert one(made, "SELECT year_state, collecting_note FROM target_results WHERE fiscal_year = 2025") == (
            "collecting", "kerosene:2026-03..2026-03",
        )  # fmt: skip
        asked = "SELECT rule_id FROM flags WHERE fiscal_year = 2025"
        assert rows_of(made, asked) == [], "March is due 60 days after its end, on 30 May"
    for today, flags in ((date(2026, 5, 30), []), (date(2026, 5, 31), [("data_missing",)])):
        later = City(city.folder, today)
        with later.built() as made:
            assert (verdict(made, "F1", 2025)[1], rows_of(made, asked)) == ({"collecting"}, flags)
    with City(city.folder, date(2026, 7, 1)).built("targets") as made:
        assert verdict(made, "F1", 2025) == ("undeterminable", {"missing_data"}), "the closing date has passed"
        assert rows_of(made, STATES)[0] == (2025, "closed", None)


def test_a_gap_within_the_year_is_missing_not_late(make_city: Callable[..., City]) -> None:
    city = make_city(today=SPRING)
    gap = monthly("M1", 2022, 2025, lambda y, m: None if (y, m) == (2025, 8) else 50 if y == 2025 else 100)
    city.bills("fuel/a.csv", gap, "2026-05-01 09:00")
    with city.built("targets") as made:
        assert verdict(made, "F1", 2025) == ("undeterminable", {"missing_data"})
    both = make_city(today=SPRING)
    rows = monthly("M1", 2022, 2025, lambda y, m: None if y == 2025 and m in (8, 2, 3) else 50 if y == 2025 else 100)
    both.bills("fuel/a.csv", rows, "2026-05-01 09:00")
    with both.built("targets") as made:
        reasons = one(made, "SELECT reasons FROM facility_results WHERE fiscal_year = 2025")
        assert reasons == "collecting;missing_data", "what is collected comes first, the gap stays"
        assert (
            one(made, "SELECT collecting_note FROM facility_results WHERE fiscal_year = 2025")
            == "kerosene:2026-02..2026-03"
        )


def test_the_note_reads_in_both_languages() -> None:
    note = "city_gas:2026-02..2026-03;electricity:2026-03..2026-03"
    assert collecting_text(note, "ja") == "集計中（不足: 2〜3月分 都市ガス、3月分 電気）"
    assert collecting_text(note, "en") == "collecting (still to come: city gas 2026-02 to 2026-03, electricity 2026-03)"


def test_an_operator_may_have_a_closing_date_of_its_own(make_city: Callable[..., City]) -> None:
    city = make_city(
        today=SPRING, extra='\n[year]\nclosing_month_day = "05-14"\nclosing_by_operator = { OP2 = "07-31" }\n'
    )
    city.register("operators", [{"operator_id": o, "name": o} for o in ("OP", "OP2")])
    city.register(
        "facilities", [{"facility_id": f, "name": f, "operator_id": o} for f, o in (("F1", "OP"), ("F2", "OP2"))]
    )
    city.register("meters", [*DEFAULTS["meters"], {**DEFAULTS["meters"][0], "meter_id": "M2", "facility_id": "F2"}])
    with city.built("targets") as made:
        states = dict(rows_of(made, "SELECT operator_id, year_state FROM operator_years WHERE fiscal_year = 2025"))
        assert states == {"OP": "closed", "OP2": "collecting"}
        assert one(made, "SELECT year_state FROM target_results WHERE fiscal_year = 2025") == "collecting"


def test_a_wrong_closing_day_is_refused(make_city: Callable[..., City]) -> None:
    with pytest.raises(ValueError, match="closing_month_day"):
        CityFolder(make_city(extra='\n[year]\nclosing_month_day = "03-31"\n').folder)


def request(**changes: object) -> closings.ClosingRequest:
    """A closing of FY2025."""
    wanted = {
        "fiscal_year": 2025, "operator_id": "OP", "document_no": "環第3号", "closed_on": date(2026, 5, 15), "closed_by": "P2",
        "recorded_at": datetime(2026, 5, 15, 10),
    }  # fmt: skip
    return closings.ClosingRequest(**(wanted | changes))  # type: ignore[arg-type]


def closed(
    published: Path, history: Path, **changes: object
) -> tuple[dict[str, object], dict[str, list[dict[str, object]]]]:
    with query.opened(published) as connection:
        return closings.close(connection, history, request(**changes), SPRING)


def test_a_closing_says_who_recorded_it_and_is_accepted_at_once_while_a_run_is_under_way(
    make_city: Callable[..., City],
) -> None:
    """The person is named by whoever types; account and machine are the operating system's."""
    city = make_city(today=SPRING)
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100), "2026-05-01 09:00")
    city.publish()
    words = ["--city", str(city.folder), "--today", str(SPRING), "year", "close", "--fiscal-year", "2025", "--operator", "OP",
        "--document", "環第3号", "--on", "2026-05-15", "--by", "P2"]  # fmt: skip
    with run_lock(city.paths.data, datetime(2026, 5, 15, 2)):
        done = CliRunner().invoke(main.app, [*words, "--json"])
    assert done.exit_code == 0, done.output
    (record,) = closings.read(city.paths.history)
    assert (record["closed_by"], record["recorded_by"]) == ("P2", recorder())
    with query.opened(city.publish()) as made:
        assert one(made, "SELECT recorded_by FROM year_closings") == recorder()
    assert CliRunner().invoke(main.app, words).exit_code == 2, "the year is closed"


def test_closing_a_year_lists_what_is_open_and_is_done_once(make_city: Callable[..., City]) -> None:
    city = make_city(today=SPRING)
    rows = monthly("M1", 2022, 2025, lambda y, m: None if (y, m) == (2025, 3) else 50 if y == 2025 else 100)
    city.bills("fuel/a.csv", rows, "2026-05-01 09:00")
    published, history = city.publish(), city.paths.history
    for changes, says in (
        ({"operator_id": "OP9"}, "the operators are OP"), ({"fiscal_year": 2026}, "not over"), ({"document_no": " "}, "document"),
        ({"closed_on": date(2026, 3, 31)}, "between"), ({"closed_on": date(2026, 5, 16)}, "between"), ({"closed_by": "P9"}, "P1, P2, P3"),
    ):  # fmt: skip
        with pytest.raises(closings.ClosingError, match=says):
            closed(published, history, **changes)
    record, found = closed(published, history)
    assert record["open_facilities"] == "F1"
    assert [row["facility_id"] for row in found["undeterminable_facilities"]] == ["F1"]
    assert [(row["source_id"], row["month"], row["missing_days"]) for row in found["missing_months"]] == [
        ("M1", date(2026, 3, 1), 31)
    ]
    with pytest.raises(closings.ClosingError, match="締め済み"):
        closed(published, history, document_no="環第4号")
    connection_path = city.publish()
    with query.opened(connection_path) as made:
        assert verdict(made, "F1", 2025) == ("undeterminable", {"missing_data"}), "closed by record, before its date"
        row = "SELECT year_state, closed_on, document_no FROM operator_years WHERE fiscal_year = 2025"
        assert one(made, row) == ("closed", date(2026, 5, 15), "環第3号")
        assert one(made, "SELECT fiscal_year, operator_id, closed_by, open_facilities FROM year_closings") == (
            2025,
            "OP",
            "P2",
            "F1",
        )


def test_a_year_not_closed_long_after_its_date_is_one_question(make_city: Callable[..., City]) -> None:
    asked = "SELECT facility_id, subject, owner_person_id FROM flags WHERE rule_id = 'year_not_closed'"
    city = make_city(today=date(2026, 6, 30))
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 80))
    city.publish()
    for today, flags in ((date(2026, 8, 29), []), (date(2026, 8, 30), [("F1", "OP", "P2")])):
        with City(city.folder, today).built() as made:
            assert rows_of(made, asked) == flags
    closings_of = City(city.folder, date(2026, 8, 30))
    with query.opened(closings_of.paths.published) as connection:
        wanted = request(closed_on=date(2026, 8, 30))
        closings.close(connection, city.paths.history, wanted, date(2026, 8, 30))
    with closings_of.built() as made:
        assert rows_of(made, asked) == []
    late = make_city(today=date(2026, 9, 15))
    late.bills("fuel/a.csv", monthly("M1", 2022, 2025, 80))
    with late.built() as made:
        assert rows_of(made, asked) == [], "the system published nothing before the closing date"


def test_changes_of_a_year_that_is_being_collected_are_no_restatements(make_city: Callable[..., City]) -> None:
    city = make_city(today=SPRING)
    city.bills(
        "fuel/a.csv", monthly("M1", 2022, 2025, lambda y, m: None if (y, m) == (2025, 3) else 80), "2026-05-01 09:00"
    )
    city.publish()
    city.bills("fuel/b.csv", [("M1", "2026-03-01", "2026-04-01", 70, "L")], "2026-05-10 09:00")
    told = "SELECT fiscal_year, after_co2e_kg - before_co2e_kg > 0 FROM restatements WHERE basis = 'plan'"
    with query.opened(city.publish()) as made:
        assert verdict(made, "F1", 2025)[0] == "not_achieved"
        assert rows_of(made, told) == rows_of(made, "FROM verdict_restatements") == []
    summer = City(city.folder, date(2026, 7, 1))
    with query.opened(summer.publish()) as made:
        assert rows_of(made, told) == rows_of(made, "FROM verdict_restatements") == [], "closing is no change"
    correction = [("M1", "2026-03-01", "2026-04-01", Decimal("100"), "L", "corrected")]
    summer.bills("fuel/c.csv", correction, "2026-06-30 09:00", more=["stage"])
    with query.opened(summer.publish()) as made:
        assert rows_of(made, told) == [(2025, True)]
