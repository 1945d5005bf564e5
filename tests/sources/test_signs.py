"""Comma and point are understood by the whole column and by what parts the cells, never cell by cell; what stays unclear is held back."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.sources.cells import plain
from pipelines.sources.trial import read as show

HEADER = ("meter_id", "started_at", "ended_at", "quantity", "unit", "amount_yen")


def read(path: Path, delimiter: str, amounts: list[str], encoding: str = "utf-8") -> dict[str, str]:
    """Return what became of each amount: its number, or the rule it breaks."""
    rows = [
        ("M7", f"2024-{n:02d}-01", f"2024-{n:02d}-28", amount, "MWh", "") for n, amount in enumerate(amounts, start=1)
    ]
    quoted = [[f'"{cell}"' if delimiter in cell else cell for cell in row] for row in [HEADER, *rows]]
    path.write_bytes(("\n".join(delimiter.join(row) for row in quoted) + "\n").encode(encoding))
    told = show(path)
    assert told["problem"] is None, told["problem"]
    found = {value["source_line"]: f"{value['quantity'].normalize():f}" for value in told["values"]}
    found |= {reject["source_line"]: reject["rule_id"] for reject in told["rejects"]}
    return {amount: found[line] for line, amount in enumerate(amounts, start=2)}


UNCLEAR, NONE = "unclear_sign", "not_a_number"
COLUMNS: dict[str, tuple[str, dict[str, str]]] = {
    "groups of three in a comma file": (",", {"9,509": "9509", "10,638": "10638", "638": "638"}),
    "groups of three in a tab file": ("\t", {"9,509": "9509", "10,638": "10638"}),
    "groups of three where semicolons part the cells": (";", {"9,509": UNCLEAR, "10,638": UNCLEAR, "638": "638"}),
    "a nought before the comma": (";", {"0,871": "0.871", "23,456": "23.456", "7": "7"}),
    "a short fraction": (";", {"23,4": "23.4", "23,456": "23.456"}),
    "points between thousands": (";", {"1.234,5": "1234.5", "7.891": "7891", "3,25": "3.25"}),
    "a point that may be either": (";", {"3,25": "3.25", "7.891": UNCLEAR}),
    "only points before three": (";", {"1.234": UNCLEAR, "7.891": UNCLEAR}),
    "points that are decimals": (";", {"1.234": "1.234", "7.89": "7.89", "0.5": "0.5"}),
    "a fraction read at once": (";", {"12.5": "12.5", "9,509": "9509"}),
    "both in one column": (";", {"1,234.5": "1234.5", "23,4": UNCLEAR, "9,509": UNCLEAR, "7.891": UNCLEAR, "5.25": "5.25"}),
    "a cell speaks against groups": (",", {"9,509": UNCLEAR, "23,4": UNCLEAR, "638": "638"}),
    "a nought speaks against groups": (",", {"9,509": UNCLEAR, "00,123": UNCLEAR, "1,234,567": "1234567"}),
    "a point read at once beside points between thousands": (",", {"7.891": UNCLEAR, "1.234,5": UNCLEAR, "638": "638"}),
    "a point alone in a comma file": (",", {"7.891": "7.891", "1.234": "1.234"}),
    "full width": (";", {"２３，４": "23.4", "９，５０９": "9.509"}),
    "minus": (";", {"▲0,871": "-0.871", "-23,456": "-23.456", "△1": "-1"}),
    "no number under either": (";", {"1,23,4": NONE, "1.2.3": NONE, "12,5": "12.5"}),
}  # fmt: skip


@pytest.mark.parametrize("careful", [False, True], ids=["at once", "with care"])
@pytest.mark.parametrize("name", COLUMNS)
def test_signs_are_those_of_the_column(
    tmp_path: Path, name: str, careful: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if careful:
        monkeypatch.setattr(plain, "_may_be_plain", lambda *_: False)
    delimiter, expected = COLUMNS[name]
    for encoding in ("utf-8", "cp932", "utf-16"):
        assert read(tmp_path / "a.csv", delimiter, list(expected), encoding) == expected, encoding


def test_each_column_is_judged_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    row = 'M7,2024-04-01,2024-05-01,"9,509",kWh,"12,5"'
    path.write_text(f"{','.join(HEADER)}\n{row}\n", encoding="utf-8")
    told = show(path)
    assert [(value["quantity"], value["amount_yen"]) for value in told["values"]] == [(9509, None)]
