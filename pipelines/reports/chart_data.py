"""What charts are drawn of: figures as exact decimals, and every word they show. Each kind offers its table, for the page and for CSV.

A figure is in the unit of its rule of rounding before ``per`` (kilograms for a rule of tonnes); it is rounded once, where it is printed.
None is missing and never zero; an amount is at most unknown where a span has no high.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from pipelines.reports.chart_marks import number
from pipelines.rounding import RoundingRule

ZERO = Decimal(0)


def exact_sum(values: Iterable[Decimal]) -> Decimal:
    """Return the sum, not rounded."""
    with localcontext() as context:
        context.prec = 60
        return sum(values, ZERO)


@dataclass(frozen=True, slots=True)
class ChartTable:
    """What a chart shows, as a table: figures rounded as printed, words, and the word for unknown where nobody knows."""

    headers: tuple[str, ...]
    rows: tuple[tuple[Decimal | str, ...], ...]

    def texts(self) -> tuple[tuple[str, ...], ...]:
        """Return the rows as printed: 1,234.5."""
        return tuple(tuple(number(c) if isinstance(c, Decimal) else c for c in row) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Span:
    """What an amount lies between; nobody knows how much it is at most where there is no high.

    Raises:
        ValueError: Its high is below its low.
    """

    low: Decimal
    high: Decimal | None

    def __post_init__(self) -> None:
        if self.high is not None and self.high < self.low:
            raise ValueError(f"{self.high} is below {self.low}")

    @property
    def ends(self) -> tuple[Decimal, ...]:
        """What is known of it."""
        return (self.low,) if self.high is None else (self.low, self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """What every chart has: a key (its id on the page), words, and the rule by which its figures are printed."""

    key: str
    title: str
    description: str
    no_data: str
    unknown: str
    rule: RoundingRule

    def printed(self, value: Decimal, *, signed: bool = False) -> str:
        """Return a figure as printed, without its unit."""
        rounded = self.rule.rounded(value)
        return f"{'+' if signed and rounded > 0 else ''}{number(rounded)}"

    def told(self, value: Decimal | None) -> str:
        """Return a figure as printed with its unit, or the word for unknown."""
        return self.unknown if value is None else f"{self.printed(value)} {self.rule.unit}"

    def cell(self, value: Decimal | None) -> Decimal | str:
        """Return a figure for a table."""
        if value is None:
            return self.unknown
        rounded = self.rule.rounded(value)
        return rounded or abs(rounded)  # zero has no sign

    def headed(self, *words: str) -> str:
        """Return the heading of a column of figures."""
        return f"{' '.join(words)} ({self.rule.unit})"

    def scaled(self, value: Decimal) -> Decimal:
        """Return a figure in the printed unit, not rounded."""
        return value / self.rule.per

    def scaled_span(self, span: Span) -> Span:
        """Return the same of both ends."""
        return Span(self.scaled(span.low), None if span.high is None else self.scaled(span.high))


@dataclass(frozen=True, slots=True)
class ChartMonth:
    """A month: one value per source (none: missing), last year's total, and a mark that goes with its figures."""

    label: str
    values: tuple[Decimal | None, ...]
    last: Decimal | None = None
    mark: str = ""
    short: str = ""  # the label where there is little room

    @property
    def total(self) -> Decimal | None:
        """The sum of all sources; none where one is missing."""
        known = [value for value in self.values if value is not None]
        return exact_sum(known) if known and len(known) == len(self.values) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Months:
    """Months stacked by source, with last year's totals."""

    caption: Caption
    sources: tuple[str, ...]
    months: tuple[ChartMonth, ...]
    month: str
    total: str
    last_year: str
    missing: str
    mark: str

    def table(self) -> ChartTable:
        """Return a row per month."""
        c = self.caption
        figures = (*self.sources, self.total, self.last_year)
        return ChartTable(
            (self.month, *(c.headed(words) for words in figures), self.mark),
            tuple((m.label, *map(c.cell, (*m.values, m.total, m.last)), m.mark) for m in self.months),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """From last year's total to this year's; ``parts``: name and change of each, which add up to the difference."""

    caption: Caption
    last_year: str
    last: Decimal | None
    this_year: str
    this: Decimal | None
    parts: tuple[tuple[str, Decimal], ...]
    part: str
    amount: str
    change: str
    net: str
    rise: str
    fall: str

    def table(self) -> ChartTable:
        """Return last year's total, each change, the changes together, and this year's total."""
        c = self.caption
        net = None if self.last is None or self.this is None else exact_sum((self.this, -self.last))
        rows = ((self.last_year, self.last), *self.parts, (self.net, net), (self.this_year, self.this))
        return ChartTable((self.part, c.headed(self.amount)), tuple((words, c.cell(value)) for words, value in rows))


@dataclass(frozen=True, slots=True)
class PathYear:
    """A fiscal year on the way: what is allowed, what was, and the verdict (achieved, not_achieved, undeterminable; empty: none yet)."""

    year: int
    label: str
    baseline: Span | None = None
    allowed: Span | None = None
    actual: Span | None = None
    verdict: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPath:
    """From the baseline to the target year; ``verdicts``: the word of each."""

    caption: Caption
    years: tuple[PathYear, ...]
    verdicts: dict[str, str]
    year: str
    baseline: str
    allowed: str
    actual: str
    low: str
    high: str
    verdict: str

    def table(self) -> ChartTable:
        """Return a row per year; cells of what a year does not have are empty."""
        c = self.caption
        spans = (self.baseline, self.allowed, self.actual)
        return ChartTable(
            (self.year, *(c.headed(words, end) for words in spans for end in (self.low, self.high)), self.verdict),
            tuple(
                (
                    y.label,
                    *(cell for span in (y.baseline, y.allowed, y.actual) for cell in self._cells(span)),
                    self.verdicts[y.verdict] if y.verdict else "",
                )
                for y in self.years
            ),
        )

    def _cells(self, span: Span | None) -> tuple[Decimal | str, Decimal | str]:
        return ("", "") if span is None else (self.caption.cell(span.low), self.caption.cell(span.high))


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainstAllowed:
    """What an amount lies between, and what is allowed (a span too, where the baseline is one)."""

    caption: Caption
    actual: Span | None
    allowed: Span | None
    allowed_words: str
    low: str
    high: str

    def table(self) -> ChartTable:
        """Return one row: low, high, allowed."""
        c = self.caption
        actual, allowed = self.actual or Span(ZERO, None), self.allowed
        low: Decimal | str = c.unknown if self.actual is None else c.cell(actual.low)
        row = (
            low,
            c.cell(actual.high),
            *(c.cell(end) for end in ((allowed.low, allowed.high) if allowed else (None, None))),
        )
        heads = ((self.low,), (self.high,), (self.allowed_words, self.low), (self.allowed_words, self.high))
        return ChartTable(tuple(c.headed(*head) for head in heads), (row,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spark:
    """The last months in a small line; ``points``: name and value of each, none for a gap."""

    caption: Caption
    points: tuple[tuple[str, Decimal | None], ...]
    month: str
    value: str

    def table(self) -> ChartTable:
        """Return a row per month."""
        c = self.caption
        return ChartTable((self.month, c.headed(self.value)), tuple((words, c.cell(v)) for words, v in self.points))
