"""Verdicts have a history: what changes one of a closed year is told with its cause, on that night and the nights after."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipelines.history import kept
from pipelines.history.records import History
from pipelines.run.building import build
from pipelines.warehouse import query
from tests.making import DEFAULTS, City, monthly, one, remembered, rows_of, verdict, writable

SUMMER = date(2026, 7, 10)
TARGET = DEFAULTS["targets"][0]  # base FY2022, minus 40 % by FY2030: FY2025 allows 0.85
CHANGES = """SELECT subject_key, fiscal_year, before_verdict, after_verdict, before_target_id, after_target_id, is_improved, causes
    FROM verdict_restatements ORDER BY published_time, fiscal_year, subject_key"""
ASKED = "SELECT facility_id, fiscal_year, owner_person_id FROM flags WHERE rule_id = ? ORDER BY ALL"
FOUND = "SELECT DISTINCT subject FROM findings WHERE rule_id = ? ORDER BY ALL"


def two(make_city: Callable[..., City]) -> City:
    """Two facilities of one operator; F1 misses its path in FY2025, F2 keeps it."""
    city = make_city(today=SUMMER)
    city.register("facilities", [{"facility_id": f, "name": f, "operator_id": "OP"} for f in ("F1", "F2")])
    city.register("meters", [{**DEFAULTS["meters"][0], "meter_id": f"M{n}", "facility_id": f"F{n}"} for n in (1, 2)])
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    city.bills("fuel/b.csv", monthly("M2", 2022, 2025, lambda y, _: 100 if y < 2025 else 60))
    return city


@pytest.fixture(scope="module")
def two_once(tmp_path_factory: pytest.TempPathFactory) -> City:
    folder = tmp_path_factory.mktemp("two")
    city = two(lambda today: City(folder / "city", today))
    city.publish()
    return city


@pytest.fixture
def published_two(two_once: City, tmp_path: Path) -> City:
    """The two facilities after their first night, for each test anew."""
    return two_once.copied(tmp_path / "two")


def night(city: City) -> duckdb.DuckDBPyConnection:
    """Publish and open."""
    return query.opened(city.publish())  # type: ignore[return-value] # a connection that closes itself


def test_the_first_night_and_a_quiet_one_change_nothing(published_two: City) -> None:
    city = published_two
    with query.opened(city.paths.published) as made:
        count = one(made, "SELECT count(*) FROM published_verdicts")
        assert rows_of(made, CHANGES) == [] and count == one(
            made, "SELECT (SELECT count(*) FROM facility_results) + (SELECT count(*) FROM target_results)"
        )
        members = "SELECT facilities, facility_ids, is_closed FROM published_verdicts WHERE subject_key = 'target/T' AND fiscal_year = 2025"
        assert one(made, members) == (2, "F1;F2", True)
    city.bills("fuel/c.csv", [("M1", "2026-04-01", "2026-05-01", 90, "L")], "2026-07-02 09:00")
    with night(city) as made:
        assert rows_of(made, CHANGES) == []
        assert one(made, "SELECT count(*) FROM published_verdicts") == count, "a row per change, not per night"


def test_a_base_amount_raised_for_a_closed_year_is_told_though_no_total_moved(make_city: Callable[..., City]) -> None:
    city = two(make_city)
    own = {**TARGET, "subject_kind": "operator", "subject_id": "OP"}
    city.register("targets", [own])
    with night(city) as made:
        assert one(made, "SELECT verdict FROM target_results WHERE fiscal_year = 2025") == "achieved"
        assert one(made, "SELECT verdict FROM target_results WHERE fiscal_year = 2024") == "not_achieved"
        assert rows_of(made, FOUND, "base_differs") == rows_of(made, FOUND, "backdated_target") == []
        base = one(made, "SELECT co2e_kg FROM base_year_lines WHERE line = 'recalculated'")
    city.register("targets", [{**own, "base_co2e_t": f"{base / 1000 * Decimal('1.2'):.3f}"}])
    with night(city) as made:
        assert rows_of(made, "FROM restatements") == []
        assert rows_of(made, CHANGES) == [
            ("target/T", 2023, "not_achieved", "achieved", "T", "T", True, "register"),
            ("target/T", 2024, "not_achieved", "achieved", "T", "T", True, "register"),
            ("target/T", 2025, "achieved", "achieved", "T", "T", False, "register"),
        ]
        assert (
            one(made, "SELECT count(*) FROM verdict_restatements WHERE after_allowed_co2e_kg > before_allowed_co2e_kg")
            == 3
        )
        assert rows_of(made, FOUND, "base_differs") == [("T",)]
        assert len(rows_of(made, FOUND, "verdict_restated")) == len(rows_of(made, FOUND, "backdated_target")) == 3
        assert rows_of(made, ASKED, "backdated_target") == [("F1", 2025, "P2")]
    city.bills("fuel/c.csv", [("M1", "2026-04-01", "2026-05-01", 90, "L")], "2026-07-02 09:00")
    with night(city) as made:
        assert rows_of(made, ASKED, "backdated_target") == [("F1", 2025, "P2")], "it stays while nobody answers"
        assert one(made, "SELECT count(*) FROM verdict_restatements") == 3, "told once"


def test_a_later_target_that_ends_this_one_is_not_set_backwards(published_two: City) -> None:
    city = published_two
    city.register(
        "targets",
        [
            {**TARGET, "superseded_on": "2026-06-01", "source": "議決"},
            {**TARGET, "target_id": "T2", "adopted_on": "2026-06-01"},
        ],
    )
    with night(city) as made:
        assert rows_of(made, CHANGES) == rows_of(made, FOUND, "backdated_target") == []


@pytest.mark.parametrize("field", ["adopted_on", "superseded_on", "base_fy"])
def test_a_target_moved_away_from_a_closed_year_is_told(published_two: City, field: str) -> None:
    city = published_two
    moved = {"adopted_on": "2026-05-01", "superseded_on": "2025-04-01", "base_fy": 2025}[field]
    city.register("targets", [{**TARGET, field: moved}])
    with night(city) as made:
        gone = [row for row in rows_of(made, CHANGES) if row[:2] == ("target/T", 2025)]
        assert gone and gone[0][3] is None and gone[0][6], "the row of the target is gone"
        assert ("F1", 2025, "P2") in rows_of(made, ASKED, "verdict_changed"), "未達 became 判定不能"
        assert rows_of(made, ASKED, "backdated_target") == [("F1", 2025, "P2")]


def test_an_indicative_target_that_displaces_an_adopted_one_is_told(published_two: City) -> None:
    city = published_two
    soft = {**TARGET, "target_id": "SOFT", "subject_kind": "facility", "subject_id": "F1", "reduction_rate": "0",
        "path_status": "indicative"}  # fmt: skip
    city.register("targets", [TARGET, soft])
    with night(city) as made:
        assert verdict(made, "F1", 2025)[0] == "achieved"
        assert ("facility/F1", 2025, "not_achieved", "achieved", "T", "SOFT", True, "register") in rows_of(
            made, CHANGES
        )
        assert ("target/SOFT", 2025, None, "achieved", None, "SOFT", False, "register") in rows_of(made, CHANGES)
        assert ("F1", 2025, "P2") in rows_of(made, ASKED, "verdict_changed")
        assert rows_of(made, ASKED, "backdated_target") == [("F1", 2025, "P2")]


def test_a_closing_moved_into_the_past_does_not_drop_the_year(published_two: City) -> None:
    """F1 missed its path; declared closed before that year, it goes on sending: row, flags and sum stay."""
    city = published_two
    with query.opened(city.paths.published) as made:
        total = one(made, "SELECT actual_low_co2e_kg FROM target_results WHERE fiscal_year = 2025")
    city.register(
        "facilities", [{"facility_id": "F1", "name": "F1", "operator_id": "OP", "closed_on": "2025-04-01"},
            {"facility_id": "F2", "name": "F2", "operator_id": "OP"}],
    )  # fmt: skip
    with night(city) as made:
        found, reasons = verdict(made, "F1", 2025)
        assert found == "undeterminable" and "outside_life" in reasons
        assert one(made, "SELECT actual_low_co2e_kg FROM target_results WHERE fiscal_year = 2025") == total
        assert rows_of(made, ASKED, "readings_after_closing") == [("F1", 2025, "P2")]
        assert ("F1", 2025, "P2") in rows_of(made, ASKED, "verdict_changed")


def test_a_bill_over_the_day_of_closing_and_zeros_afterwards_are_no_readings_after_it(
    make_city: Callable[..., City],
) -> None:
    city = make_city(today=SUMMER)
    city.register("facilities", [{**DEFAULTS["facilities"][0], "closed_on": "2025-03-20"}])
    rows = monthly("M1", 2022, 2024, 100)
    rows[-1] = ("M1", "2025-03-01", "2025-04-10", 100, "L")
    city.bills("fuel/a.csv", [*rows, ("M1", "2025-04-10", "2025-05-10", 0, "L")])
    with city.built("targets") as made:
        assert rows_of(made, "FROM readings_outside_life") == []
        assert rows_of(made, "SELECT max(fiscal_year) FROM facility_results") == [(2024,)]


def test_a_facility_that_leaves_the_register_is_named_with_the_target_it_left(published_two: City) -> None:
    city = published_two
    city.register("facilities", [{"facility_id": "F2", "name": "F2", "operator_id": "OP"}])
    city.register("meters", [{**DEFAULTS["meters"][0], "meter_id": "M2", "facility_id": "F2"}])
    with night(city) as made:
        left = """SELECT before_facilities, after_facilities, left_facility_ids, joined_facility_ids, after_verdict
            FROM verdict_restatements WHERE subject_key = 'target/T' AND fiscal_year = 2024"""
        assert one(made, left) == (2, 1, "F1", None, "not_achieved")
        gone = [row for row in rows_of(made, CHANGES) if row[0] == "facility/F1"]
        assert [row[1:4] for row in gone] == [(y, "not_achieved", None) for y in (2023, 2024, 2025)]
        assert [row[:2] for row in rows_of(made, ASKED, "verdict_changed") if row[0] == "F1"][:1] == [("F1", 2024)]


def test_a_correction_names_the_data_and_one_that_worsens_asks_nobody(published_two: City) -> None:
    city = published_two
    better = [("M1", f"2025-{m:02d}-01", f"2025-{m + 1:02d}-01", 20, "L", "corrected") for m in range(4, 9)]
    worse = [("M2", f"2025-{m:02d}-01", f"2025-{m + 1:02d}-01", 190, "L", "corrected") for m in range(4, 9)]
    city.bills("fuel/c.csv", [*better, *worse], "2026-07-08 09:00", more=["stage"])
    with night(city) as made:
        changed = {row[0]: row[2:4] + row[6:] for row in rows_of(made, CHANGES)}
        assert changed["facility/F1"] == ("not_achieved", "achieved", True, "data")
        assert changed["facility/F2"] == ("achieved", "not_achieved", False, "data")
        assert rows_of(made, ASKED, "verdict_changed") == [("F1", 2025, "P2")]


def test_a_correction_on_the_night_of_a_new_method_is_asked_about(
    published_two: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = published_two
    monkeypatch.setattr("pipelines.run.night.METHOD_VERSION", 99)
    better = [("M1", f"2025-{m:02d}-01", f"2025-{m + 1:02d}-01", 20, "L", "corrected") for m in range(4, 9)]
    city.bills("fuel/c.csv", better, "2026-07-08 09:00", more=["stage"])
    with night(city) as made:
        kinds = "SELECT DISTINCT inputs_changed FROM verdict_restatements"
        assert one(made, kinds) == "files, method"
        assert rows_of(made, ASKED, "verdict_changed") == [("F1", 2025, "P2")]


def test_a_later_edit_of_a_target_set_backwards_is_the_same_question(published_two: City) -> None:
    city = published_two
    city.register("targets", [{**TARGET, "reduction_rate": "0.1"}])
    asked = "SELECT flag_id FROM flags WHERE rule_id = 'backdated_target'"
    with night(city) as made:
        first = rows_of(made, asked)
    time.sleep(1.1)
    city.register("targets", [{**TARGET, "reduction_rate": "0.1", "source": "議決"}])
    with night(city) as made:
        assert rows_of(made, asked) == first and len(first) == 1


def test_a_target_given_to_another_operator_is_set_backwards(make_city: Callable[..., City]) -> None:
    city = two(make_city)
    of = {**TARGET, "subject_kind": "department", "subject_id": "総務課"}
    city.register("operators", [{"operator_id": "OP", "name": "市長部局"}, {"operator_id": "OP2", "name": "水道"}])
    home = {"department": "総務課"}
    rows = [{**home, "facility_id": f, "name": f, "operator_id": o} for f, o in (("F1", "OP"), ("F2", "OP2"))]
    city.register("facilities", rows)
    city.register("targets", [{**of, "operator_id": "OP"}])
    night(city)
    city.register("targets", [{**of, "operator_id": "OP2"}])
    with night(city) as made:
        assert rows_of(made, FOUND, "backdated_target") != []


LATER_CLOSING = '\n[year]\nclosing_month_day = "12-31"\n'


def reopened_by_setting(city: City) -> None:
    with (city.folder / "city.toml").open("a", encoding="utf-8") as settings:
        settings.write(LATER_CLOSING)


def reopened_by_an_earlier_day(city: City) -> None:
    city.today = date(2026, 6, 15)


def running_by_an_earlier_day(city: City) -> None:
    city.today = date(2026, 3, 20)


@pytest.mark.parametrize(
    ("reopen", "nights"), [(reopened_by_setting, 1), (reopened_by_an_earlier_day, 2), (running_by_an_earlier_day, 1)]
)
def test_a_year_that_was_published_as_closed_is_closed_for_ever_in_what_is_told(
    published_two: City, reopen: Callable[[City], None], nights: int
) -> None:
    """Reopened by whatever means, on the same night or some before: what then changes in it is told as before."""
    city = published_two
    with query.opened(city.paths.published) as made:
        assert verdict(made, "F1", 2025)[0] == "not_achieved"
    reopen(city)
    for number in range(nights - 1):
        city.bills(f"fuel/n{number}.csv", [("M2", f"2021-0{number + 4}-01", f"2021-0{number + 5}-01", 1, "L")])
        night(city)
    better = [("M1", f"2025-{m:02d}-01", f"2025-{m + 1:02d}-01", 20, "L", "corrected") for m in range(4, 9)]
    city.bills("fuel/c.csv", better, "2026-06-08 09:00", more=["stage"])
    new = [*({"facility_id": f, "name": f, "operator_id": "OP"} for f in ("F1", "F2", "F3"))]
    city.register("facilities", new)
    with night(city) as made:
        last = one(made, "SELECT run_id FROM publications ORDER BY rowid DESC LIMIT 1")
        told = "SELECT fiscal_year, basis FROM restatements WHERE run_id = ? AND facility_id = 'F1' AND fiscal_year = 2025 ORDER BY 2"
        assert rows_of(made, told, last) == [(2025, basis) for basis in ("plan", "shk_adjusted", "shk_basic")]
        known = "SELECT DISTINCT fiscal_year FROM verdict_restatements WHERE run_id = ? AND subject_key = 'facility/F3' ORDER BY 1"
        assert (2025,) in rows_of(made, known, last), "a facility that is new in a year that was closed"
    city.today = SUMMER
    settings = city.folder / "city.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(LATER_CLOSING, ""), encoding="utf-8")
    city.bills("fuel/z.csv", [("M2", "2021-08-01", "2021-09-01", 1, "L")])
    with night(city) as made:
        assert verdict(made, "F1", 2025)[0] == "achieved"
        path = rows_of(
            made,
            """SELECT before_verdict, after_verdict FROM verdict_restatements JOIN publications AS p USING (run_id)
               WHERE subject_key = 'facility/F1' AND fiscal_year = 2025 ORDER BY p.rowid""",
        )
        assert path[0][0] == "not_achieved" and path[-1][1] == "achieved", "every step from one to the other is told"
        assert all(one_[1] == next_[0] for one_, next_ in itertools.pairwise(path))
        held = "SELECT bool_and(is_closed) FROM published_verdicts WHERE subject_key = 'facility/F1' AND fiscal_year = 2025"
        assert one(made, held)


def test_a_year_being_collected_for_one_operator_takes_in_a_new_facility_untold(make_city: Callable[..., City]) -> None:
    """The other operator closed it; what is new where it is still being collected is no restatement."""
    city = two(make_city)
    city.register("operators", [{"operator_id": o, "name": o} for o in ("OP", "OQ")])
    owned = [
        {"facility_id": "F1", "name": "F1", "operator_id": "OP"},
        {"facility_id": "F2", "name": "F2", "operator_id": "OQ"},
    ]
    city.register("facilities", owned)
    with (city.folder / "city.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[year.closing_by_operator]\nOQ = "07-31"\n')
    night(city)
    city.register("facilities", [*owned, {"facility_id": "F3", "name": "F3", "operator_id": "OQ"}])
    with night(city) as made:
        new = "SELECT max(fiscal_year) FROM verdict_restatements WHERE subject_key = 'facility/F3'"
        assert one(made, new) == 2024


def test_flags_and_history_are_the_same_after_a_rebuild(published_two: City) -> None:
    city = published_two
    city.register("targets", [{**TARGET, "reduction_rate": "0"}])
    path = city.publish()
    names = ("flags", "findings", "verdict_restatements", "published_verdicts", "facility_results", "operator_years")

    def dump(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
        return {name: rows_of(connection, f"FROM {name} ORDER BY ALL") for name in names}

    with query.opened(path) as made:
        before = dump(made)
        assert before["verdict_restatements"]
    again = build(*remembered(city.paths))
    try:
        assert dump(again.connection) == before
    finally:
        again.close()


def test_a_history_begins_with_what_an_older_file_said(published_two: City) -> None:
    city = published_two
    path = city.paths.published
    connection = duckdb.connect(str(writable(path)))
    for table in ("published_verdicts", "verdict_restatements", "operator_years", "target_members"):
        connection.execute(f"DROP TABLE {table}")
    connection.close()
    shutil.rmtree(city.paths.history / "published_verdicts")
    kept.accept(city.paths.history)
    history = History(city.paths.history)
    history.announce(history.read("publications")[-1]["run_id"], path, {}, city.paths.now())
    city.register("targets", [{**TARGET, "reduction_rate": "0"}])
    with night(city) as made:
        assert ("facility/F1", 2025, "not_achieved", "achieved", "T", "T", True, "register") in rows_of(made, CHANGES)


def test_a_new_rule_of_the_year_restates_the_difference_of_the_totals_in_force(make_city: Callable[..., City]) -> None:
    city = make_city(today=SUMMER)
    bills = [
        ("M1", f"{y}-{m:02d}-20", f"{y + m // 12}-{m % 12 + 1:02d}-20", 100 + m + 10 * (y - 2022), "L")
        for y in range(2022, 2027)
        for m in range(1, 13)
        if (y, m) < (2026, 5)
    ]
    city.bills("fuel/a.csv", bills)
    by_day = """SELECT co2e_kg FROM emissions_by_facility_fiscal_year
        WHERE fiscal_year = 2024 AND basis = 'plan' AND is_in_force"""
    with night(city) as made:
        before = one(made, by_day)
    with (city.folder / "city.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[[rules.year_rule]]\nyear_rule = "twelve_bills"\nsource = "試験"\n')
    with night(city) as made:
        after = one(made, by_day)
        row = """SELECT year_rule, before_co2e_kg, after_co2e_kg, method_co2e_kg FROM restatements
            WHERE fiscal_year = 2024 AND basis = 'plan'"""
        assert one(made, row) == ("twelve_bills", before, after, after - before)
        assert 0 < abs(after - before) < before / 10


def test_what_a_new_method_changes_is_told_by_rule_and_not_case_by_case(city: City) -> None:
    use = {(2024, 8): 12}
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, lambda y, m: 100 if y == 2022 else use.get((y, m), 60)))
    city.publish()
    settings = city.folder / "city.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8") + "\n[thresholds]\nunit_slip_ratio = 3\n", encoding="utf-8"
    )
    with city.built() as made:
        assert one(made, "SELECT verdict FROM facility_results WHERE fiscal_year = 2024") == "undeterminable"
        found = rows_of(made, "SELECT rule_id, evidence FROM findings WHERE rule_id LIKE '%restated' ORDER BY 1")
    assert {rule for rule, _ in found} == {"method_restated"}
    assert any('"rule": "unit_slip"' in evidence for _, evidence in found)
