"""The hand-worked sheet of the sample city: its arithmetic is right, and the published file says the same to the gram.

Days are whole millionths of a unit, so a part of a bill may differ from the plain division in the sixth decimal.
"""

from __future__ import annotations

import ast
import csv
from fractions import Fraction

import duckdb
import pytest

from tests.conftest import SAMPLE
from tests.making import one

with (SAMPLE / "expected" / "worked_by_hand.csv").open(encoding="utf-8", newline="") as stream:
    CASES = list(csv.DictReader(stream))
GRAM = Fraction(1, 1000)
FOUND = {
    "co2e_kg": """SELECT sum(co2e_kg) FROM emission_days WHERE facility_id = $1 AND source_id = $2
        AND date_trunc('month', local_date) = CAST($3 AS DATE) AND gas = $4 AND basis = 'plan'""",
    "energy_gj": """SELECT sum(energy_gj) FROM emissions_by_facility_month WHERE facility_id = $1 AND source_type = $2
        AND month = CAST($3 AS DATE) AND basis = 'plan' AND $4 = ''""",
    "crude_oil_kl": """SELECT sum(crude_oil_kl) FROM emissions_by_facility_month WHERE facility_id = $1 AND source_type = $2
        AND month = CAST($3 AS DATE) AND basis = 'plan' AND $4 = ''""",
    "allowed_co2e_kg": """SELECT allowed_co2e_kg FROM facility_results WHERE facility_id = $1 AND target_id = $2
        AND fiscal_year = year(CAST($3 AS DATE)) AND $4 = ''""",
}


def worked(node: ast.expr) -> Fraction:
    """Work an expression of numbers, + - * / and brackets, exactly."""
    if isinstance(node, ast.Constant):
        return Fraction(str(node.value))
    assert isinstance(node, ast.BinOp), ast.dump(node)
    left, right = worked(node.left), worked(node.right)
    steps = {ast.Add: left + right, ast.Sub: left - right, ast.Mult: left * right, ast.Div: left / (right or 1)}
    return steps[type(node.op)]


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['facility_id']} {c['source']} {c['measure']} {c['gas']}")
def test_the_sheet_and_the_published_file_agree(sample: duckdb.DuckDBPyConnection, case: dict[str, str]) -> None:
    answer = Fraction(case["answer"])
    assert abs(worked(ast.parse(case["working"], mode="eval").body) - answer) <= GRAM / 2, "the arithmetic of the sheet"
    found = one(sample, FOUND[case["measure"]], case["facility_id"], case["source"], case["month"], case["gas"])
    assert abs(Fraction(found) - answer) <= GRAM
    assert case["in_words"]
