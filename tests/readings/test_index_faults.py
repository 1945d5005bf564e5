"""Bills that state their register: what contradicts is a finding, from both sides of each edge, redone by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.readings import build
from pipelines.warehouse import database

STATEMENT = Path(build.__file__).with_name("index_faults.sql")

MONTHS = ["2025-04-01", "2025-05-01", "2025-06-01", "2025-07-01", "2025-08-01"]
Bill = tuple[float, float | None, float | None]  # quantity, state before, state after


@pytest.fixture
def made() -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables that the statement reads, empty."""
    connection = database.connect()
    connection.execute(
        """CREATE TABLE current_readings (meter_id VARCHAR, reading_kind VARCHAR, time_band VARCHAR, quality VARCHAR, started_at TIMESTAMP,
               ended_at TIMESTAMP, quantity DECIMAL(18, 6), unit VARCHAR, index_before DECIMAL(18, 6), index_after DECIMAL(18, 6),
               source_sha256 VARCHAR, source_member VARCHAR, source_line BIGINT);
           CREATE TABLE meters (meter_id VARCHAR, multiplier DECIMAL(12, 6), valid_from DATE, valid_to DATE);
           CREATE TABLE source_files (sha256 VARCHAR, source VARCHAR, path VARCHAR, received_at TIMESTAMP, status VARCHAR);
           INSERT INTO source_files VALUES ('a', 'power', 'a.csv', '2026-06-01', 'read')"""
    )
    yield connection
    connection.close()


def faults(
    made: duckdb.DuckDBPyConnection, *bills: Bill | None, multiplier: int | None = None
) -> list[tuple[str, str]]:
    """The rules that bills of successive months break, with the first day of the month."""
    made.execute("INSERT INTO meters VALUES ('M1', ?, NULL, NULL)", [multiplier])
    for line, (start, end, bill) in enumerate(zip(MONTHS, MONTHS[1:], bills, strict=False), start=2):
        if bill is not None:
            row = ["M1", "bill", "all", "measured", start, end, bill[0], "kWh", *bill[1:], "a", None, line]
            made.execute(f"INSERT INTO current_readings VALUES ({', '.join('?' * len(row))})", row)
    found = database.rows(made, STATEMENT)
    assert all(row["path"] == "power/a.csv" and row["line"] >= 2 for row in found)
    return [(row["rule_id"], str(row["since"])) for row in found]


def test_a_chain_that_holds_is_silent(made: duckdb.DuckDBPyConnection) -> None:
    assert faults(made, (600, 100, 110), (660, 110, 121), (60, 121, 122)) == []


def test_bills_without_states_and_single_ones_are_silent(made: duckdb.DuckDBPyConnection) -> None:
    assert faults(made, (600, None, None), (660, 110, 121), (60, None, 122)) == []


def test_a_state_that_is_not_the_one_before(made: duckdb.DuckDBPyConnection) -> None:
    assert faults(made, (600, 100, 110), (660, 111, 122), (660, 122, 133)) == [("index_not_chained", "2025-05-01")]


def test_a_month_between_without_a_bill_breaks_no_chain(made: duckdb.DuckDBPyConnection) -> None:
    assert faults(made, (600, 100, 110), None, (660, 122, 133)) == []


@pytest.mark.parametrize(
    ("quantity", "is_told"), [(600, False), (601.9, False), (598.1, False), (602, True), (598, True), (6000, True)]
)
def test_a_quantity_that_does_not_follow_the_register(
    made: duckdb.DuckDBPyConnection, quantity: float, is_told: bool
) -> None:
    """Moved by 600, as before and behind: each of two bills may be cut by less than one unit, so two apart is the edge."""
    found = faults(made, (600, 1000, 1600), (quantity, 1600, 2200), (600, 2200, 2800))
    assert found == ([("index_ratio_differs", "2025-05-01")] if is_told else [])


def test_a_new_transformer_is_no_contradiction(made: duckdb.DuckDBPyConnection) -> None:
    assert faults(made, (600, 100, 110), (600, 110, 120), (1200, 120, 130), (1200, 130, 140)) == []


def test_the_first_and_the_last_bill_are_held_against_their_only_neighbour(made: duckdb.DuckDBPyConnection) -> None:
    assert faults(made, (700, 100, 110), (600, 110, 120), (600, 120, 130)) == [("index_ratio_differs", "2025-04-01")]


def test_a_register_that_runs_back(made: duckdb.DuckDBPyConnection) -> None:
    assert faults(made, (600, 100, 110), (600, 110, 10)) == [("index_runs_back", "2025-05-01")]


def test_a_bill_that_contains_the_multiplier_already(made: duckdb.DuckDBPyConnection) -> None:
    assert faults(made, (600, 100, 110), (660, 110, 121), multiplier=60) == [
        ("index_multiplied_twice", "2025-04-01"), ("index_multiplied_twice", "2025-05-01"),
    ]  # fmt: skip


def test_a_bill_before_the_multiplier_is_none(made: duckdb.DuckDBPyConnection) -> None:
    assert faults(made, (10, 100, 110), (11, 110, 121), multiplier=60) == []
