"""A person with a calculator follows an explanation: each printed line gives the next, from the figure sent to the year's kilograms."""

from __future__ import annotations

import io
import re
from decimal import Decimal

import duckdb
import pytest
from rich.console import Console

from pipelines.ask import explain
from pipelines.reports import workbook
from pipelines.reports.terminal import show_explanation
from pipelines.reports.terminal.look import Terminal
from tests.making import City

NUMBER = r"-?[0-9][0-9,]*(?:\.[0-9]+)?"
KG = Decimal("0.01")  # "to the kilogram", and a little more


def printed(
    sample: duckdb.DuckDBPyConnection, facility: str, *, exact: bool = False, language: str = "ja"
) -> list[str]:
    text = io.StringIO()
    told = explain.explain(sample, explain.FacilityQuestion(facility, 2025, None, "plan"))
    show_explanation.show(Terminal(language, Console(file=text, width=400)), told, exact=exact)
    return text.getvalue().splitlines()


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def worked(product: str) -> Decimal:
    """Work out ``3,938 kWh × 16日/31日 ÷ 1,000 m3/千m3 × 44/12`` as a calculator does."""
    value = Decimal(1)
    for sign, text in re.findall(r"(^|[×÷]) ?([^×÷]+)", product):
        first = re.match(rf"({NUMBER})(?:[^0-9/]*/({NUMBER}))?", text.strip().removeprefix("GWP "))
        assert first, text
        figure = number(first[1]) / number(first[2] or "1")
        value = value / figure if sign == "÷" else value * figure
    return value


def followed(lines: list[str]) -> tuple[Decimal, Decimal]:
    """Return the sum of all sources worked out from their printed lines alone, and the printed total."""
    total = number(
        next(re.findall(rf"排出量 +({NUMBER}) kgCO2e", line)[0] for line in lines if re.match(r"排出量 ", line))
    )
    everything, told = Decimal(0), Decimal(0)
    amounts: list[Decimal] = []
    for line in lines:
        if head := re.match(rf"■ .*: ({NUMBER}) kgCO2e", line):
            amounts, told = [], number(head[1])
            source = Decimal(0)
        elif (sent := re.match(rf"  ▸ .*?  +(?:{NUMBER} 件 )?({NUMBER}) \S+(.*)", line)) and "照合用" not in line:
            amounts.append(number(sent[1]))
        elif part := re.match(rf"      (.*) = ({NUMBER}) \S+$", line):
            assert abs(worked(part[1]) - number(part[2])) <= Decimal("0.0005"), line
            amounts[-1] = number(part[2])
        elif summed := re.match(rf"    計 ({NUMBER}) ", line):
            assert abs(sum(amounts) - number(summed[1])) <= Decimal("0.001") * len(amounts), line
            amounts = [number(summed[1])]
        elif factor := re.match(rf"  [-0-9]+ – [-0-9]+: (.*) = ({NUMBER}) kgCO2e", line):
            *before, last = factor[1].split(" = ")
            if before:  # quantity x factor = kg of the gas, x its warming potential
                assert abs(worked(before[0]) - number(last.split()[0])) <= Decimal("0.00001"), line
            assert abs(worked(last) - number(factor[2])) <= KG, line
            source += number(factor[2])
            assert abs(worked((before or [last])[0].split(" × ")[0].split(" ÷ ")[0]) - sum(amounts)) <= Decimal(
                "0.001"
            ), line
            everything += number(factor[2])
            assert source <= told + KG or told < 0, line
    return everything, total


@pytest.mark.parametrize(
    ("facility", "holds"),
    [
        ("F016", "× 0.25（按分）"),  # a meter that three facilities share
        ("F024", "kL × 1,000 L/kL"),  # waste, lorries, oil in kL, bills up to October and half-hours from then
        ("F001", "× 365日"),  # a tenant's meter taken off, air conditioners of cars that count by the year
    ],
)
def test_a_year_is_worked_out_from_its_printed_lines(
    sample: duckdb.DuckDBPyConnection, facility: str, holds: str
) -> None:
    lines = printed(sample, facility)
    assert any(holds in line for line in lines), holds
    everything, total = followed(lines)
    assert abs(everything - total) <= KG * 10
    assert not any("期間への配分による差" in line for line in lines)


def test_all_decimals_only_where_they_are_asked_for(sample: duckdb.DuckDBPyConnection) -> None:
    shown = re.compile(r"(\d\.\d{4,}) kgCO2e")
    assert not shown.findall("\n".join(printed(sample, "F043")))
    assert shown.findall("\n".join(printed(sample, "F043", exact=True)))


def test_the_lower_bound_is_the_total_less_what_it_leaves_out(sample: duckdb.DuckDBPyConnection) -> None:
    lines = printed(sample, "F014")
    taken = next(
        re.fullmatch(rf" +({NUMBER}) − ({NUMBER}) = ({NUMBER}) kg", line)
        for line in lines
        if " − " in line and "kg" in line and ":" not in line
    )
    assert taken and number(taken[1]) - number(taken[2]) == number(taken[3])
    assert any(f"≥ {taken[3]} kg" in line for line in lines)


def test_every_factor_of_the_sample_is_told_step_by_step(sample: duckdb.DuckDBPyConnection) -> None:
    facilities = [row[0] for row in sample.execute("SELECT facility_id FROM facilities").fetchall()]
    seen = set()
    for facility in facilities:
        told = explain.explain(sample, explain.FacilityQuestion(facility, 2025, None, "plan"))
        for source in told["sources"]:
            for factor in source["factors"]:
                if factor["steps"]:
                    assert [s["unit"] for s in factor["steps"]] != [f"kg/{factor['unit']}"], factor["factor_id"]
                    seen.add(factor["factor_id"].split("/")[0])
    assert {"city", "plan_fuels", "plan_activities"} <= seen


def test_a_figure_of_a_workbook_is_told_with_file_sheet_and_row(city: City) -> None:
    path = city.folder / "inbox" / "fuel" / "令和7年度灯油一覧.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    with workbook.written(path) as book:
        sheet = book.add_worksheet("令和7年度")
        sheet.write_row(0, 0, ["meter_id", "started_at", "ended_at", "quantity", "unit"])
        sheet.write_row(1, 0, ["M1", "2025-03-17", "2025-04-17", 62, "L"])
    with city.built() as made:
        told = explain.explain(made, explain.FacilityQuestion("F1", 2025, None, "plan"))
    (reading,) = told["sources"][0]["readings"]
    assert (reading["path"], reading["source_member"], reading["source_line"]) == (f"fuel/{path.name}", "令和7年度", 2)
    text = io.StringIO()
    show_explanation.show(Terminal("ja", Console(file=text, width=200)), told)
    assert "fuel/令和7年度灯油一覧.xlsx [令和7年度] 2行目 [quantity]" in text.getvalue()
    assert "62 L × 16日/31日 = 32 L" in text.getvalue()
