"""Restatements for people: few stand one by one, many are counted, and a year that somebody closed is never only counted."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from pipelines.reports.terminal import show_past
from pipelines.reports.terminal.look import Terminal

MOST = show_past.MOST_RESTATED


def moved(number: int, *, is_closed: bool = False) -> dict[str, Any]:
    """One total that the registers moved by 2 kg."""
    zero, two = Decimal(0), Decimal(2)
    parts = {"data_co2e_kg": zero, "register_co2e_kg": two, "factor_co2e_kg": zero, "method_co2e_kg": zero}
    return {
        "published_time": datetime(2026, 6, 2, 2), "facility_id": f"F{number:03}", "name": "見本館", "fiscal_year": 2025, "basis": "plan",
        "year_rule": "by_day", "before_co2e_kg": Decimal(1000), "after_co2e_kg": Decimal(1002), "inputs_changed": "register",
        "is_closed": is_closed, **parts,
    }  # fmt: skip


def printed(rows: list[dict[str, Any]], language: str = "ja") -> str:
    console = Console(width=200, record=True, highlight=False)
    show_past.restatements(Terminal(language, console), rows)
    return console.export_text()


def test_ten_of_a_publication_stand_one_by_one() -> None:
    told = printed([moved(number) for number in range(MOST)])
    assert told.count("見本館") == MOST and "ほか" not in told and "まだ締めていません" not in told


@pytest.mark.parametrize(
    ("language", "counted"), [("ja", "11 件（実行計画の増減の内訳"), ("en", "11 (change of the plan")]
)
def test_more_than_ten_of_years_that_nobody_closed_are_one_line(language: str, counted: str) -> None:
    told = printed([moved(number) for number in range(MOST + 1)], language)
    assert counted in told and "見本館" not in told and "0.022" in told, "eleven times 2 kg"


def test_a_closed_year_stands_first_and_the_rest_is_counted() -> None:
    rows = [moved(number, is_closed=number == MOST + 4) for number in range(MOST + 5)]
    told = printed(rows)
    assert told.splitlines()[1].strip().startswith(f"F{MOST + 4:03} ")
    assert told.count("見本館") == MOST and "ほか 5 件" in told
