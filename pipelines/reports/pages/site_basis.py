"""The section of a facility's page that leads from its figures to what they are made of: quantity x factor = kg, source by source, exactly.

Figures stand with all their digits, so that whoever adds them up comes to the year's total; where a verdict uses another amount than
the sum of the sources, the section shows both. The arithmetic is that of ``explain`` (``ask.chain``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from pipelines.ask import chain
from pipelines.ask.site import FacilityTold, Row
from pipelines.reports.chart_data import exact_sum
from pipelines.reports.pages.site_words import JA, amount, say
from pipelines.reports.plain_text import plain
from pipelines.texts import word

PLAN = "plan"
OF_STEPS = (
    "factor_id",
    "multiplier14",
    "unit",
    "density_value",
    "density_unit",
    "heat_value",
    "heat_unit",
    "factor_value",
    "factor_unit",
)


@dataclass(frozen=True, slots=True)
class BasisYear:
    """A fiscal year's sources with their sums in kg CO2e; ``result``: what its verdict uses; no high where nobody knows one."""

    fiscal_year: int
    sources: list[Row]
    total: Decimal
    low: Decimal
    high: Decimal | None
    result: Row | None
    baseline: Row | None

    @property
    def beside(self) -> tuple[Decimal, Decimal | None] | None:
        """What the verdict uses, where that is not what the sources come to."""
        if self.result is None:
            return None
        used = (self.result["actual_low_co2e_kg"], self.result["actual_high_co2e_kg"])
        return None if used[0] is None or used == (self.low, self.high) else used

    @property
    def baseline_beside(self) -> tuple[Decimal, Decimal | None] | None:
        """What stands as baseline, where this is the base year and the sources come to something else."""
        if self.baseline is None or self.baseline["baseline_low_co2e_kg"] is None:
            return None
        used = (self.baseline["baseline_low_co2e_kg"], self.baseline["baseline_high_co2e_kg"])
        return None if used == (self.low, self.high) else used

    @property
    def printed(self) -> str:
        """The year's amount as the page prints it."""
        return amount(*(self.beside or (self.low, self.high)))


def years(facility: FacilityTold, fiscal_year: int) -> Iterator[BasisYear]:
    """Yield the years that are explained, the newest first.

    Args:
        facility: With its ``basis``.
        fiscal_year: The last year that is over, whose base year is told as such.
    """
    last = facility.result(fiscal_year)
    for year, sources in facility.basis.items():
        counted = [source for source in sources if source["co2e_kg"] is not None]
        highs = [source["high_co2e_kg"] for source in counted]
        result = facility.result(year)
        yield BasisYear(
            year,
            sources,
            exact_sum(source["co2e_kg"] for source in counted),
            exact_sum(source["low_co2e_kg"] or Decimal(0) for source in counted),
            None if None in highs else exact_sum(highs),
            result if result is not None and result["basis"] == PLAN else None,
            last if last is not None and last["base_fy"] == year and last["basis"] == PLAN else None,
        )


def calculation(factor: Row) -> str:
    """Return the way from a quantity to kg CO2e in one line: 1,234 L × 36.7 MJ/L × ... = 3,072.66 kg."""
    told = f"{plain(factor['quantity'])} {factor['unit']}"
    if factor["emissions_kg"] is None:
        return told
    told += "".join(_steps(*(factor.get(name) for name in OF_STEPS)))
    if factor["gas"] == "CO2" and factor["gwp_value"] in (None, 1):
        return f"{told} = {plain(factor['co2e_kg'])} kg"
    return (
        f"{told} = {plain(factor['emissions_kg'])} kg {factor['gas']}"
        f" × {plain(factor['gwp_value'])} = {plain(factor['co2e_kg'])} kg"
    )


@cache
def _steps(*values: Any) -> tuple[str, ...]:  # noqa: ANN401 - of the columns OF_STEPS
    """The factors between quantity and kg as they are typed; a city has few, and its facilities have them many times."""
    steps = chain.steps(dict(zip(OF_STEPS, values, strict=True)))
    return tuple(f" {step.sign} {step.text} {step.unit}".rstrip() for step in steps)


def document(row: Row) -> str:
    """Return a file in one line: where it lies, which lines, of which days, and what was read there."""
    lines = plain(row["first_line"])
    return say(
        "site_basis_document",
        path=" ".join(filter(None, (row["path"], row["source_member"]))),
        lines=lines if row["first_line"] == row["last_line"] else f"{lines}–{plain(row['last_line'])}",
        first=row["first_date"],
        last=row["last_date"],
        readings=plain(row["readings"]),
        quantity=plain(row["quantity"]),
        unit=row["unit"],
    )


def days(source: Row) -> str:
    """Return a source's days by state in words, with the span in which days are missing; empty for a yearly total."""
    if source["good_days"] is None:
        return say("site_basis_yearly")
    states = {"good": say("site_basis_good")} | {
        name: word(name, JA) for name in ("interpolated", "doubtful", "missing")
    }
    told = "、".join(
        say("site_basis_days", state=words, days=source[f"{name}_days"])
        for name, words in states.items()
        if source[f"{name}_days"]
    )
    if source["missing_days"]:
        told += say("site_basis_missing", first=source["first_missing"], last=source["last_missing"])
    return told
