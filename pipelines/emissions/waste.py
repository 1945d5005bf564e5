"""Burnt fractions from composition analysis: exact, with formula, number of samples and the rows they come from.

Reads waste_samples and activity_sources; writes waste_fractions. Fraction of one sample: wet basis percent / 100; dry
basis percent / 100 x (1 - moisture / 100). Fraction of a fiscal year: the mean of its samples, rounded half-even once to
12 places. Where a basis is empty, a dry sample has no moisture or samples are fewer than the setting, there is none: a
wet/dry slip moves a large city's total by a fifth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import duckdb

from pipelines.findings import Finding
from pipelines.periods import fiscal_year
from pipelines.warehouse import database

PLACES = Decimal("1E-12")
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of an analysis that counts for an activity."""

    facility_id: str
    activity: str
    sampled_on: date
    laboratory: str
    percent: Decimal
    basis: str | None
    moisture: Decimal | None
    place: str

    @property
    def problem(self) -> str | None:
        """The rule that keeps the line from being used."""
        if self.basis is None:
            return "composition_basis_unknown"
        return "composition_no_moisture" if self.basis == "dry" and self.moisture is None else None

    def part(self, basis: str | None = None) -> Fraction:
        """The part of the burnt waste, for the line's basis or a supposed one."""
        wet = Fraction(self.percent) / 100
        return wet if (basis or self.basis) == "wet" else wet * (1 - Fraction(self.moisture or 0) / 100)

    @property
    def formula(self) -> str:
        """The part as a sum to check by hand."""
        if self.basis == "wet":
            return f"{self.percent.normalize():f}/100"
        moisture = "?" if self.moisture is None else f"{self.moisture.normalize():f}"
        return f"{self.percent.normalize():f}/100×(1−{moisture}/100)"


def build(connection: duckdb.DuckDBPyConnection, samples_per_year: int) -> list[Finding]:
    """Fill waste_fractions for every fiscal year with samples of a facility that has derived sources.

    Returns:
        A finding for each line or year that gives no fraction, with what to do.
    """
    rows = connection.execute(
        """WITH files AS (
               SELECT sha256, min(source || '/' || path) AS path FROM source_files WHERE status = 'read' GROUP BY sha256
           )
           SELECT w.facility_id, w.activity, w.sampled_on, coalesce(w.laboratory, ''), w.percent, w.basis,
               w.moisture_percent, f.path || ':' || w.source_line
           FROM waste_samples AS w
           JOIN files AS f ON f.sha256 = w.source_sha256
           WHERE w.known_to IS NULL AND w.activity IS NOT NULL AND EXISTS (SELECT 1 FROM activity_sources AS s
               WHERE s.facility_id = w.facility_id AND s.activity = w.activity AND s.derived_from IS NOT NULL)
           ORDER BY ALL"""
    ).fetchall()
    years: dict[tuple[str, str, int], list[Sample]] = defaultdict(list)
    for row in rows:
        sample = Sample(*row)
        years[sample.facility_id, sample.activity, fiscal_year(sample.sampled_on)].append(sample)
    made: list[tuple[object, ...]] = []
    findings: list[Finding] = []
    for key, lines in years.items():
        groups = _groups(lines)
        fraction, reason = _fraction(lines, groups, samples_per_year)
        findings += _told(key, lines, len(groups), samples_per_year)
        formula = f"({' + '.join(_sum(group) for group in groups)})/{len(groups)}"
        places = ";".join(sorted({line.place for line in lines}))
        made.append((*key, fraction, len(groups), formula, places, reason))
    database.create(connection, "waste_fractions")
    database.insert_rows(connection, "waste_fractions", made)
    return findings


def _groups(lines: Iterable[Sample]) -> list[list[Sample]]:
    """A sample is what one laboratory took on one day; its categories of the same activity add up."""
    found: dict[tuple[date, str], list[Sample]] = defaultdict(list)
    for line in lines:
        found[line.sampled_on, line.laboratory].append(line)
    return [found[key] for key in sorted(found)]


def _sum(group: list[Sample]) -> str:
    return "+".join(line.formula for line in group)


def _fraction(
    lines: list[Sample], groups: list[list[Sample]], samples_per_year: int
) -> tuple[Decimal | None, str | None]:
    problem = next((line.problem for line in lines if line.problem), None)
    if problem or len(groups) < samples_per_year:
        return None, problem or "composition_too_few"
    mean = sum((line.part() for line in lines), Fraction(0)) / len(groups)
    return EXACT.divide(Decimal(mean.numerator), Decimal(mean.denominator)).quantize(PLACES, context=EXACT), None


def _told(key: tuple[str, str, int], lines: list[Sample], count: int, samples_per_year: int) -> Iterable[Finding]:
    facility, activity, year = key
    for line in lines:
        if line.problem:
            dry = "-" if line.moisture is None else f"{float(line.part('dry')):.4f}"
            numbers = {
                "place": line.place,
                "found": f"{line.percent.normalize():f}",
                "wet": f"{float(line.part('wet')):.4f}",
                "dry": dry,
            }
            yield Finding(line.problem, f"{facility}/{activity}/{line.place}", numbers, facility, year)
    if count < samples_per_year:
        numbers = {"found": str(count), "limit": str(samples_per_year)}
        yield Finding("composition_too_few", f"{facility}/{activity}/FY{year}", numbers, facility, year)
