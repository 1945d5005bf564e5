"""Kinds of bad input that once earned a wrong 達成 or hid what was sent: small cities, judged end to end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from pipelines.warehouse import invariants
from tests.making import DEFAULTS, City, monthly, one, rows_of, verdict

SHUT = "2024-07-01"


def two_houses(city: City, **ends: str) -> City:
    """Two facilities with 100 L a month until FY2023, and 20 L a month after that in the first."""
    city.register(
        "facilities",
        [
            {"facility_id": "F1", "name": "本庁舎", "operator_id": "OP", "department": "総務課"},
            {"facility_id": "F2", "name": "旧公民館", "operator_id": "OP", "department": "総務課", **ends},
        ],
    )
    oil = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    city.register(
        "meters",
        [
            {"meter_id": "M1", "facility_id": "F1", **oil},
            {"meter_id": "M2", "facility_id": "F2", **oil, "valid_from": "2022-04-01", "valid_to": SHUT},
        ],
    )
    rows = monthly("M1", 2022, 2023, 100) + monthly("M1", 2024, 2025, 20)
    rows += [row for row in monthly("M2", 2022, 2024, 100) if str(row[1]) < SHUT]
    return city.bills("oil/a.csv", rows, "2026-05-10 09:00")


def said_of_city(made: duckdb.DuckDBPyConnection, year: int) -> tuple[str, str | None]:
    found, reasons = one(made, "SELECT verdict, reasons FROM target_results WHERE fiscal_year = ?", year)
    return found, reasons


def of_city(city: City, year: int) -> tuple[str, str | None]:
    with city.built() as made:
        assert invariants.broken(made) == {}
        return said_of_city(made, year)


@pytest.mark.parametrize("ends", [{"closed_on": SHUT}, {}], ids=["closed", "only the meter ended"])
def test_what_goes_on_sending_after_the_end_keeps_the_sum_open(city: City, ends: dict[str, str]) -> None:
    two_houses(city, **ends)
    assert of_city(city, 2024) == ("achieved", None)
    city.bills("oil/b.csv", [row for row in monthly("M2", 2024, 2025, 100) if str(row[1]) >= SHUT])
    with city.built() as made:
        assert invariants.broken(made) == {}
        for year in (2024, 2025):
            assert said_of_city(made, year) == ("undeterminable", "readings_after_validity")
        assert verdict(made, "F1", 2025) == ("achieved", set()), "only subjects with the facility that sends"
        for year in (2024, 2025):
            found, reasons = verdict(made, "F2", year)
            assert found == "undeterminable" and "readings_after_validity" in reasons
        flags = "SELECT facility_id, fiscal_year FROM flags WHERE rule_id = 'readings_after_validity' ORDER BY ALL"
        assert rows_of(made, flags) == [("F2", 2024), ("F2", 2025)]


def test_what_was_sent_before_the_first_row_of_a_meter_keeps_the_year_open(city: City) -> None:
    two_houses(city)
    oil = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill", "facility_id": "F2"}
    first = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill", "facility_id": "F1", "meter_id": "M1"}
    city.bills("oil/b.csv", [row for row in monthly("M2", 2024, 2025, 100) if str(row[1]) >= SHUT])
    city.register("meters", [first, {**oil, "meter_id": "M2", "valid_from": "2025-10-01"}])
    with city.built() as made:
        assert invariants.broken(made) == {}
        for year in (2024, 2025):
            found, reasons = said_of_city(made, year)
            assert found == "undeterminable" and "readings_before_validity" in str(reasons)
        flags = "SELECT facility_id, fiscal_year, message_ja FROM flags WHERE rule_id = 'readings_before_validity' ORDER BY ALL"
        told = rows_of(made, flags)
        assert [row[:2] for row in told] == [("F2", 2024), ("F2", 2025)]
        assert "2025-10-01 から" in told[1][2] and "6件" in told[1][2] and "registers/meters.csv" in told[1][2]
    city.register("meters", [first, {**oil, "meter_id": "M2", "valid_from": "2022-04-01"}])
    assert "readings_before_validity" not in str(of_city(city, 2025)[1])


def test_a_first_bill_over_the_start_of_a_meter_leaves_the_days_before_it_alone(city: City) -> None:
    two_houses(city, opened_on="2022-04-01")
    city.bills(
        "oil/b.csv", [("M2", "2022-03-20", "2022-04-01", 100, "L"), ("M2", "2022-03-10", "2022-04-05", 100, "L")]
    )
    with city.built() as made:
        rows = "SELECT subject, fiscal_year FROM flags WHERE rule_id = 'readings_before_validity'"
        assert rows_of(made, rows) == [("M2", 2021)], "one lies before it"
        assert one(made, "SELECT verdict FROM target_results WHERE fiscal_year = 2025") is not None


def test_a_bill_over_the_end_of_a_meter_leaves_the_days_after_it_alone(city: City) -> None:
    two_houses(city, closed_on=SHUT)
    city.bills("oil/b.csv", [("M2", "2024-06-01", "2024-07-05", 100, "L")])
    with city.built("targets") as made:
        assert "readings_after_validity" not in (
            one(made, "SELECT reasons FROM target_results WHERE fiscal_year = 2024") or ""
        )


def test_an_activity_source_that_ended_and_goes_on_keeps_the_sum_open(city: City) -> None:
    two_houses(city)
    source = {
        "activity_source_id": "A1",
        "facility_id": "F2",
        "activity": "waste_plastic",
        "unit": "t",
        "frequency": "month",
    }
    city.register("activity_sources", [{**source, "valid_from": "2022-04-01", "valid_to": "2024-04-01"}])
    head = "activity_source_id,started_on,ended_on,quantity,unit\n"
    lines = [f"A1,{row[1]},{row[2]},1,t\n" for row in monthly("A1", 2022, 2023, 1)]
    city.file("waste/a.csv", head + "".join(lines))
    assert of_city(city, 2025)[0] == "achieved"
    city.file("waste/b.csv", f"{head}A1,2025-05-01,2025-06-01,900,t\n")
    with city.built() as made:
        assert invariants.broken(made) == {}
        found, reasons = said_of_city(made, 2025)
        assert found == "undeterminable" and "readings_after_validity" in str(reasons)
        told = one(made, "SELECT message_ja FROM flags WHERE rule_id = 'readings_after_validity'")
    assert "A1" in told and "registers/activity_sources.csv" in told and "waste/b.csv" in told


# ---------------------------------------------------------------- marks of a footnote


CELLS = {
    "①100": False, "100 ³": False, "100※1": False, "①1100": True, "100x": True, "-①100": True, "1①00": True, "100①5": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A city in which each cell was sent for a facility with a target of its own."""
    city = City(tmp_path_factory.mktemp("marked") / "city")
    house, meter, target = (DEFAULTS[name][0] for name in ("facilities", "meters", "targets"))
    cells = list(enumerate(CELLS))
    city.register("facilities", [{**house, "facility_id": f"F{n}"} for n, _ in cells])
    city.register("meters", [{**meter, "meter_id": f"M{n}", "facility_id": f"F{n}"} for n, _ in cells])
    city.register(
        "targets",
        [{**target, "target_id": f"T{n}", "subject_kind": "facility", "subject_id": f"F{n}"} for n, _ in cells],
    )
    for n, cell in cells:
        rows = monthly(f"M{n}", 2022, 2022, 100) + monthly(f"M{n}", 2023, 2025, 95)
        city.bills(f"oil/a{n}.csv", rows, "2026-05-10 09:00")
        city.bills(f"oil/b{n}.csv", [(f"M{n}", "2022-08-01", "2022-09-01", cell, "L")])
    with city.built() as made:
        yield made


@pytest.mark.parametrize("number", range(len(CELLS)), ids=list(CELLS))
def test_a_marked_cell_that_says_what_is_in_use_leaves_a_base_year_alone(
    marked: duckdb.DuckDBPyConnection, number: int
) -> None:
    cell, is_open = list(CELLS.items())[number]
    raw = "SELECT raw FROM quarantine AS q JOIN source_files AS f ON f.sha256 = q.source_sha256 WHERE f.path = ?"
    assert one(marked, raw, f"b{number}.csv") == cell, "held back and told, whatever it says"
    expected = ("undeterminable", "baseline:held_back") if is_open else ("not_achieved", None)
    judged = "SELECT verdict, reasons FROM target_results WHERE fiscal_year = 2025 AND target_id = ?"
    assert one(marked, judged, f"T{number}") == expected
    told = rows_of(marked, "SELECT message_ja FROM findings WHERE facility_id = ?", f"F{number}")
    assert [text for (text,) in told if "?" in text] == [], "the flag of the base year tells it, no year says it again"


# ---------------------------------------------------------------- periods


def test_a_bill_of_the_future_waits_for_its_day_and_then_counts(city: City) -> None:
    city.bills("oil/a.csv", [*monthly("M1", 2022, 2025, 100), ("M1", "2026-06-10", "2026-07-10", 70, "L")])
    counted = "SELECT coalesce(sum(quantity), 0) FROM current_readings WHERE started_at >= '2026-04-01'"
    for today, rules, quantity in ((date(2026, 6, 15), [("in_the_future",)], 0), (date(2026, 7, 12), [], 70)):
        city.today = today
        with city.built() as made:
            assert invariants.broken(made) == {}
            assert rows_of(made, "SELECT rule_id FROM quarantine") == rules
            assert one(made, counted) == quantity


def test_bills_that_overlap_by_a_day_count_no_day_twice_and_leave_the_days_of_the_lost_one_open(city: City) -> None:
    rows = monthly("M1", 2022, 2025, lambda year, _: 100 if year == 2022 else 20)
    at = next(number for number, row in enumerate(rows) if row[1] == date(2025, 8, 1))
    rows[at] = ("M1", date(2025, 8, 1), date(2025, 9, 2), 21, "L")
    city.bills("oil/a.csv", rows)
    with city.built() as made:
        assert invariants.broken(made) == {}
        lost = one(made, "SELECT quantity FROM readings WHERE known_to IS NOT NULL")
        year = "SELECT sum(quantity), count(DISTINCT local_date) FROM energy_by_meter_day WHERE {} BETWEEN '2025-04-01' AND '2026-03-31'"
        total, days = one(made, year.format("quantity IS NOT NULL AND local_date"))
        assert total == 12 * 20 + 1 - lost and days < 365
        found, reasons = verdict(made, "F1", 2025)
        assert found == "undeterminable" and "missing_data" in reasons
        assert "data_missing" in {rule for (rule,) in rows_of(made, "SELECT rule_id FROM flags")}


def test_a_bill_over_the_move_of_a_meter_is_shared_by_its_days(city: City) -> None:
    city.register("facilities", [{"facility_id": f, "name": f, "operator_id": "OP"} for f in ("F1", "F2")])
    oil = {"meter_id": "M1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    city.register(
        "meters",
        [
            {**oil, "facility_id": "F1", "valid_to": "2024-11-11"},
            {**oil, "facility_id": "F2", "valid_from": "2024-11-11"},
        ],
    )
    city.bills("oil/a.csv", [("M1", "2024-11-01", "2024-12-01", 450, "L")])
    with city.built() as made:
        assert invariants.broken(made) == {}
        shared = "SELECT facility_id, sum(quantity) FROM energy_by_meter_day WHERE quantity IS NOT NULL GROUP BY 1 ORDER BY 1"
        assert rows_of(made, shared) == [("F1", 150), ("F2", 300)]


def test_a_bill_of_four_months_with_the_use_of_one_takes_no_year_to_its_target(city: City) -> None:
    city.bills("oil/a.csv", monthly("M1", 2022, 2025, 100), "2026-04-10 09:00")
    city.bills("oil/b.csv", [("M1", "2025-06-01", "2025-10-01", 100, "L")], "2026-05-10 09:00")
    with city.built() as made:
        assert invariants.broken(made) == {}
        found, reasons = verdict(made, "F1", 2025)
        assert found == "undeterminable" and "displaces_several" in reasons, "900 of 1,200 L would do"
        assert "displaces_several" in {rule for (rule,) in rows_of(made, "SELECT rule_id FROM flags")}
