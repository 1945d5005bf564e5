"""What several charts have: a legend, a scale with its steps, lying bars under each other, and bars of a span with caps or an open end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipelines.reports import chart_marks as marks
from pipelines.reports.chart_data import ZERO, Caption, Span
from pipelines.reports.chart_marks import Box, Paper, Scale, Stroke, Text, path, text

MISSING = ("chart-missing", "missing")  # class and pattern of what nobody knows
BETWEEN = ("chart-between", "between")  # of what lies between two bounds


@dataclass(frozen=True, slots=True)
class Row:
    """A lying bar with its words before and its figure behind."""

    words: str
    start: Decimal
    end: Decimal
    shown: str
    css: str
    fill: str = ""


@dataclass(frozen=True, slots=True)
class RowsDrawn:
    """Lying bars under each other on one scale, what joins each to the next, and where they end."""

    boxes: list[Box]
    lines: list[Stroke]
    words: list[Text]
    joints: list[Stroke]
    end: Decimal


@dataclass(frozen=True, slots=True)
class Entry:
    """A swatch of the legend with its words."""

    swatch: Box | Stroke
    words: Text


@dataclass(frozen=True, slots=True)
class Swatch:
    """What a legend shows before words: a box of a class and fill, a line of a class, or the mark of a verdict."""

    words: str
    css: str = ""
    fill: str = ""
    line: bool = False
    verdict: str = ""

    def drawn(self, x: Decimal, y: Decimal, side: Decimal) -> Box | Stroke:
        """Return it in a square."""
        half = side / 2
        if self.verdict:
            return marks.shape(self.verdict, x + half, y + half, half * Decimal("0.8"))
        if self.line:
            return Stroke(path("M", x, y + half, "H", x + side), self.css)
        return Box(x, y, side, side, self.css, self.fill)


def legend(swatches: Iterable[Swatch], paper: Paper) -> tuple[list[Entry], Decimal]:
    """Return the legend, from the top of the paper in as many lines as it takes, and where it ends."""
    side, x, y, drawn = Decimal(paper.size), Decimal(0), Decimal(0), []
    for swatch in swatches:
        if x and x + side * 2 + marks.width_of(swatch.words, paper.size) > paper.width:
            x, y = Decimal(0), y + paper.line
        words = text(
            x + side * Decimal("1.4"), y + side * Decimal("0.86"), swatch.words, paper, room=paper.width - side * 2
        )
        drawn.append(Entry(swatch.drawn(x, y, side), words))
        x += side * 3 + marks.width_of(words.words, paper.size)
    return drawn, y + paper.line


def standing(
    c: Caption, values: Iterable[Decimal], paper: Paper, top: Decimal
) -> tuple[Scale, Decimal, list[Stroke], list[Text]]:
    """Return a scale upwards, where the plot begins to its right, the lines of its steps and their words."""
    ticks = marks.ticks(values, 4 if paper.is_narrow else 5)
    size = Decimal(paper.size)
    left = max(marks.width_of(marks.number(tick), paper.size) for tick in ticks) + size / 2
    scale = Scale(ticks[0], ticks[-1], top + (200 if paper.is_narrow else 260), top)
    lines = [Stroke(path("M", left, scale.at(t), "H", paper.width), "axis-step" if t else "axis-zero") for t in ticks]
    words = [text(left - size / 2, scale.at(t) + size / 3, marks.number(t), paper, "end") for t in ticks]
    return scale, left, lines, [text(ZERO, top - paper.line * 3 / 4, c.rule.unit, paper), *words]


def along(
    values: Iterable[Decimal],
    paper: Paper,
    sides: tuple[Decimal, Decimal],
    stretches: Sequence[tuple[Decimal, Decimal]],
) -> tuple[Scale, list[Stroke], list[Text]]:
    """Return a scale to the right, the lines of its steps and their words under them.

    Args:
        values: What must find room.
        paper: What it is drawn on.
        sides: Where it begins and ends.
        stretches: From where to where the lines run down; between them stand words.
    """
    ticks = marks.ticks(values, 4 if paper.is_narrow else 6)
    scale = Scale(ticks[0], ticks[-1], sides[0] + 1, sides[1])
    places = [(scale.at(tick), tick) for tick in ticks]
    runs = [[part for y, end in stretches for part in ("M", x, y, "V", end)] for x, _ in places]
    lines = [Stroke(path(*run), "axis-step" if t else "axis-zero") for run, t in zip(runs, ticks, strict=True)]
    below = stretches[-1][1] + paper.line * 4 / 5
    return scale, lines, marks.spread([text(x, below, marks.number(t), paper, "middle") for x, t in places], paper)


def lying(c: Caption, rows: Sequence[Row], paper: Paper, top: Decimal) -> RowsDrawn:
    """Draw lying bars: words before and figures behind them, or above them where the paper is narrow."""
    size, width = Decimal(paper.size), Decimal(paper.width)
    bar, above = size * 5 / 4, paper.line if paper.is_narrow else ZERO
    pitch = above + bar + size * 3 / 4
    figures = max(marks.width_of(row.shown, paper.size) for row in rows) + size
    left, right = (size, width - size) if paper.is_narrow else (Decimal(280), width - figures)
    ends = [c.scaled(end) for row in rows for end in (row.start, row.end)]
    tops = [top + pitch * n + above for n in range(len(rows))]
    stretches = [(y, y + pitch - above) for y in tops] if paper.is_narrow else [(top, tops[-1] + pitch)]
    scale, lines, words = along(ends, paper, (left, right), stretches)
    drawn = RowsDrawn([], lines, words, [], top + pitch * len(rows) + paper.line * 3 / 2)
    for n, row in enumerate(rows):
        y = tops[n] + size * 3 / 8
        drawn.boxes.append(scale.lying(c.scaled(row.start), c.scaled(row.end), (y, bar), row.css, row.fill))
        if n + 1 < len(rows):
            drawn.joints.append(Stroke(path("M", scale.at(c.scaled(row.end)), y + bar, "V", y + pitch), "chart-joint"))
        base = y - size / 3 if paper.is_narrow else y + size
        before = text(ZERO, base, row.words, paper, room=width - figures)
        if not paper.is_narrow:
            before = text(left - size, base, row.words, paper, "end", room=left - size)
        drawn.words.extend((before, text(width, base, row.shown, paper, "end", "chart-strong")))
    return drawn


def room(span: Span) -> tuple[Decimal, ...]:
    """What a scale must have room for; an open end needs some to be seen."""
    return span.ends if span.high is not None else (span.low, span.low * Decimal("1.25"))


def joined(points: Iterable[tuple[Decimal, Decimal | None]]) -> str:
    """Return a line through points, broken where there is none."""
    parts: list[str | Decimal] = []
    before: Decimal | None = None
    for x, y in points:
        if y is not None:
            parts += ["M" if before is None else "L", x, y]
        before = y
    return path(*parts)


def upright(
    span: Span, scale: Scale, across: tuple[Decimal, Decimal], style: tuple[str, str]
) -> tuple[list[Box], list[Stroke]]:
    """Return a standing bar: filled up to its low, hatched between low and high, or up to an arrow where nobody knows how high.

    Args:
        span: In the printed unit.
        scale: Upwards.
        across: The left edge and the width of the bar.
        style: Class and fill of what is certain.
    """
    x, width = across
    boxes, strokes = [scale.box(ZERO, span.low, across, *style)], []
    if span.high is None:
        boxes.append(Box(x, scale.end, width, scale.at(span.low) - scale.end, *MISSING))
        tip = min(width / 2, Decimal(6))
        strokes.append(Stroke(path("M", x, scale.end, "l", width / 2, -tip, "l", width / 2, tip), "chart-open"))
    elif span.high > span.low:
        boxes.append(scale.box(span.low, span.high, across, *BETWEEN))
    strokes += [Stroke(path("M", x - 2, scale.at(end), "h", width + 4), "chart-cap") for end in span.ends]
    return boxes, strokes


def lengthwise(
    span: Span, scale: Scale, along: tuple[Decimal, Decimal], paper: Paper
) -> tuple[list[Box], list[Stroke]]:
    """Return a lying bar from low to high alone, or to an arrow at the edge of the paper.

    Args:
        span: In the printed unit.
        scale: To the right.
        along: The upper edge and the height of the bar.
        paper: What it is drawn on.
    """
    y, height = along
    caps = [Stroke(path("M", scale.at(end), y - 2, "v", height + 4), "chart-cap") for end in span.ends]
    if span.high is not None:
        return [scale.lying(span.low, span.high, along, *BETWEEN)], caps
    end = Decimal(paper.width) - paper.size
    box = Box(scale.at(span.low), y, end - scale.at(span.low), height, *MISSING)
    return [box], [
        *caps,
        Stroke(path("M", end, y, "l", paper.size - 2, height / 2, "L", end, y + height), "chart-open"),
    ]
