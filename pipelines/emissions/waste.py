"""Burnt fractions from composition analysis: exact, with formula, number of samples and the rows they come from.

Reads waste_samples and activity_sources; writes waste_fractions. Fraction of one sample: wet basis percent / 100; dry
basis percent / 100 x (1 - moisture / 100). A sample is what one laboratory took on one day; its categories of the same
activity add up. Fraction of a fiscal year: the mean of its samples, rounded half-even once to 12 places. There is none
where a basis is empty (a wet/dry slip moves a large city's total by a fifth), a dry line has no moisture, a day's lines
add up to 1 % or less (shares, not percent) or to more than 100 %, the days have unlike numbers of lines, or the samples
are fewer than the setting.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import duckdb

from pipelines.findings import Finding
from pipelines.periods import fiscal_year
from pipelines.warehouse import database

FEW, MORE = "composition_too_few", "composition_more"
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


Key = tuple[str, str, int]  # facility, activity, fiscal year
SAMPLES = """
WITH files AS (
    SELECT sha256, min(source || '/' || path) AS path FROM source_files WHERE status = 'read' GROUP BY sha256
)
SELECT w.facility_id, w.activity, w.sampled_on, coalesce(w.laboratory, ''), w.percent, w.basis, w.moisture_percent,
    concat_ws(':', f.path, w.source_member, w.source_line)
FROM waste_samples AS w
JOIN files AS f ON f.sha256 = w.source_sha256
WHERE w.known_to IS NULL AND w.activity IS NOT NULL AND EXISTS (SELECT 1 FROM activity_sources AS s
    WHERE s.facility_id = w.facility_id AND s.activity = w.activity AND s.derived_from IS NOT NULL)
ORDER BY ALL
"""
# what all categories of a day and laboratory add up to, whatever they count for
DAY_TOTALS = """
SELECT facility_id, sampled_on, coalesce(laboratory, ''), sum(percent) FROM waste_samples WHERE known_to IS NULL GROUP BY ALL
"""
# fiscal years in which waste was burnt that a fraction is wanted of
WANTED = """
SELECT DISTINCT s.facility_id, s.activity, fiscal_year_of(CAST(r.started_at AS DATE))
FROM activity_sources AS s
JOIN activity_readings AS r ON r.activity_source_id = s.derived_from AND r.known_to IS NULL
WHERE s.derived_from IS NOT NULL
ORDER BY ALL
"""


def build(connection: duckdb.DuckDBPyConnection, samples_per_year: int) -> list[Finding]:
    """Fill waste_fractions for every fiscal year in which a fraction is wanted or samples came.

    Returns:
        A finding for each line, day or year that gives no fraction, with what to do.
    """
    years: dict[Key, list[Sample]] = {tuple(row): [] for row in connection.execute(WANTED).fetchall()}
    for row in connection.execute(SAMPLES).fetchall():
        sample = Sample(*row)
        years.setdefault((sample.facility_id, sample.activity, fiscal_year(sample.sampled_on)), []).append(sample)
    totals = {(row[0], row[1], row[2]): row[3] for row in connection.execute(DAY_TOTALS).fetchall()}
    made: list[tuple[object, ...]] = []
    findings: list[Finding] = []
    for key in sorted(years):
        groups = _groups(years[key])
        told = list(_told(key, groups, totals, samples_per_year))
        reason = next((finding.rule_id for finding in told if finding.rule_id != MORE), None)
        formula = f"({' + '.join(_sum(group) for group in groups)})/{len(groups)}" if groups else None
        places = ";".join(sorted({line.place for line in years[key]})) or None
        made.append((*key, None if reason else _mean(groups), len(groups), formula, places, reason))
        findings += told
    database.create(connection, "waste_fractions")
    database.insert_rows(connection, "waste_fractions", made)
    return findings


def _groups(lines: Iterable[Sample]) -> list[list[Sample]]:
    found: dict[tuple[date, str], list[Sample]] = defaultdict(list)
    for line in lines:
        found[line.sampled_on, line.laboratory].append(line)
    return [found[key] for key in sorted(found)]


def _sum(group: list[Sample]) -> str:
    return "+".join(line.formula for line in group)


def _mean(groups: list[list[Sample]]) -> Decimal:
    mean = sum((line.part() for group in groups for line in group), Fraction(0)) / len(groups)
    return EXACT.divide(Decimal(mean.numerator), Decimal(mean.denominator)).quantize(PLACES, context=EXACT)


def _told(
    key: Key, groups: list[list[Sample]], totals: Mapping[tuple[str, date, str], Decimal], samples_per_year: int
) -> Iterable[Finding]:
    """Everything that keeps a year from having a fraction, and more samples than the setting asks for."""
    facility, activity, year = key
    whole = f"{facility}/{activity}/FY{year}"
    for line in (line for group in groups for line in group if line.problem):
        dry = "-" if line.moisture is None else f"{float(line.part('dry')):.4f}"
        numbers = {
            "place": line.place,
            "found": f"{line.percent.normalize():f}",
            "wet": f"{float(line.part('wet')):.4f}",
        }
        yield Finding(str(line.problem), f"{facility}/{activity}/{line.place}", numbers | {"dry": dry}, facility, year)
    for group in groups:
        total = totals[facility, group[0].sampled_on, group[0].laboratory]
        numbers = {"place": group[0].place, "found": f"{total.normalize():f}"}
        if total <= 1 or total > 100:
            rule = "composition_not_percent" if total <= 1 else "composition_over_whole"
            yield Finding(rule, f"{facility}/{activity}/{group[0].place}", numbers, facility, year)
    if len({len(group) for group in groups}) > 1:
        counts = ", ".join(f"{group[0].sampled_on}: {len(group)}" for group in groups)
        yield Finding("composition_uneven", whole, {"found": counts}, facility, year)
    if len(groups) != samples_per_year:
        numbers = {"found": str(len(groups)), "limit": str(samples_per_year)}
        yield Finding(FEW if len(groups) < samples_per_year else MORE, whole, numbers, facility, year)
