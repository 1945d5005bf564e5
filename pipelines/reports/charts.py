"""The charts of a page: data in, SVG text out, in a wide and a narrow form.

Pure functions: the same data give the same bytes. What is missing is hatched and never drawn as zero; a bound that nobody knows is an
open end. A colour never tells anything that a pattern, a shape or a word does not tell too. Drawings carry classes only (their colours
stand in pages/assets/site.css), so they live on a page under a strict policy; the narrow form is for phones and has ids of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from pipelines.reports import chart_marks as marks
from pipelines.reports import chart_parts as parts
from pipelines.reports.chart_data import ZERO, AgainstAllowed, Caption, Changes, Months, Spark, TargetPath, exact_sum
from pipelines.reports.chart_marks import FILLS, WIDE, Box, Paper, Scale, Stroke, Text, path, text
from pipelines.reports.chart_parts import BETWEEN, MISSING, Row, Swatch


def months(chart: Months, paper: Paper = WIDE) -> Markup:
    """Draw months stacked by source, and last year's totals as outlines around them.

    Raises:
        ValueError: More sources than there are patterns: put the smallest together.
    """
    c, size = chart.caption, Decimal(paper.size)
    if len(chart.sources) > FILLS or any(len(m.values) != len(chart.sources) for m in chart.months):
        raise ValueError(f"{c.key}: a month has a value (or none) per source, of at most {FILLS} sources")
    if not any(value is not None for m in chart.months for value in (*m.values, m.last)):
        return _nothing("months.svg", c, paper)
    entries, top = parts.legend(_of_months(chart), paper)
    stacks = [[c.scaled(value or ZERO) for value in m.values] for m in chart.months]
    ends = [sum((v for v in stack if (v > 0) == up), ZERO) for stack in stacks for up in (True, False)]
    ends += [c.scaled(m.last) for m in chart.months if m.last is not None]
    scale, left, lines, words = parts.standing(c, ends, paper, top + paper.line * 2)
    band, base, zero = (paper.width - left) / len(chart.months), scale.start, scale.at(ZERO)
    boxes: list[Box] = []
    outlines: list[Stroke] = []
    labels: list[Text] = []
    names: list[Text] = []
    for n, (month, stack) in enumerate(zip(chart.months, stacks, strict=True)):
        x = left + band * n
        middle, across = x + band / 2, (x + band / 5, band * 3 / 5)
        bars, above = _stacked(stack, scale, across)
        boxes += bars
        if None in month.values:
            boxes.append(Box(across[0], scale.end, across[1], above - scale.end, *MISSING))
            above = scale.end
        elif not any(stack):
            labels.append(text(middle, above - size / 4, c.printed(ZERO), paper, "middle"))
            above -= size
        if month.mark:
            labels.append(text(middle, above - size / 4, month.mark, paper, "middle", "chart-strong", band * 2))
        if month.last is not None:
            around = path("M", x + band / 10, zero, "V", scale.at(c.scaled(month.last)), "h", band * 4 / 5, "V", zero)
            outlines.append(Stroke(around, "chart-last"))
        shown = month.short if paper.is_narrow and month.short else month.label
        names.append(text(middle, base + paper.line, shown, paper, "middle"))
    words += marks.spread(names, paper)
    below = base + paper.line * 3 / 2
    return _drawn("months.svg", c, paper, below, boxes, entries, lines, words, outlines, labels=labels)


def _of_months(chart: Months) -> list[Swatch]:
    """What the legend of months has to explain."""
    swatches = [Swatch(words, "chart-part", f"p{n}") for n, words in enumerate(chart.sources)]
    if any(None in month.values for month in chart.months):
        swatches.append(Swatch(chart.missing, *MISSING))
    if any(month.last is not None for month in chart.months):
        swatches.append(Swatch(chart.last_year, "chart-last", line=True))
    return swatches


def _stacked(stack: Sequence[Decimal], scale: Scale, across: tuple[Decimal, Decimal]) -> tuple[list[Box], Decimal]:
    """Return the boxes of a month, what is negative under zero, and where the highest ends."""
    boxes, sums = [], {True: ZERO, False: ZERO}
    for n, value in enumerate(stack):
        if value:
            start = sums[value > 0]
            sums[value > 0] += value
            boxes.append(scale.box(start, start + value, across, "chart-part", f"p{n}"))
    return boxes, scale.at(sums[True])


def changes(chart: Changes, paper: Paper = WIDE) -> Markup:
    """Draw both totals from zero, and under them the changes on a scale of their own, which begins at last year's total.

    Raises:
        ValueError: The changes do not add up to the difference of the totals.
    """
    c = chart.caption
    if chart.last is None or chart.this is None:
        return _nothing("changes.svg", c, paper)
    net = exact_sum((chart.this, -chart.last))
    if exact_sum(value for _, value in chart.parts) != net:
        raise ValueError(f"{c.key}: the changes add up to something else than {net}")
    styles = {True: ("chart-part", "rise"), False: ("chart-part", "fall")}
    entries, top = parts.legend([Swatch(chart.rise, *styles[True]), Swatch(chart.fall, *styles[False])], paper)
    rows = [
        Row(chart.last_year, ZERO, chart.last, c.printed(chart.last), "chart-before"),
        Row(chart.this_year, ZERO, chart.this, c.printed(chart.this), "chart-part", "p0"),
    ]
    totals = parts.lying(c, rows, paper, top + paper.line / 2)
    rows, run = [], ZERO
    for words, value in chart.parts:
        rows.append(Row(words, run, run + value, c.printed(value, signed=True), *styles[value > 0]))
        run += value
    rows.append(Row(chart.net, ZERO, net, c.printed(net, signed=True), *styles[net > 0]))
    heading = text(ZERO, totals.end + paper.line * 3 / 2, f"{chart.change} ({c.rule.unit})", paper, css="chart-strong")
    steps = parts.lying(c, rows, paper, heading.y + paper.line / 2)
    unit = text(Decimal(paper.width), top - paper.line / 4, c.rule.unit, paper, "end")
    boxes, lines = totals.boxes + steps.boxes, totals.lines + steps.lines
    texts = [unit, *totals.words, heading, *steps.words]
    return _drawn("changes.svg", c, paper, steps.end, boxes, entries, lines, texts, steps.joints)


def target_path(chart: TargetPath, paper: Paper = WIDE) -> Markup:
    """Draw the way from the baseline to the target year, and what was in each year, with its verdict under it."""
    c, size = chart.caption, Decimal(paper.size)
    spans = [s for y in chart.years for s in (y.baseline, y.allowed, y.actual) if s is not None]
    if not spans:
        return _nothing("path.svg", c, paper)
    entries, top = parts.legend(_of_path(chart), paper)
    ends = [c.scaled(end) for span in spans for end in parts.room(span)]
    scale, left, lines, words = parts.standing(c, ends, paper, top + paper.line * 2)
    years = sorted(chart.years, key=lambda year: year.year)
    first, last = years[0].year, max(years[-1].year, years[0].year + 1)
    along = Scale(Decimal(first), Decimal(last), left + size * 2, paper.width - size * 2)
    width = min(size * 2, (along.end - along.start) / (last - first) * 3 / 5)
    at = [(along.at(Decimal(year.year)), year) for year in years]
    boxes: list[Box] = []
    strokes: list[Stroke] = []
    for x, year in at:
        for span, style in ((year.baseline, ("chart-before", "")), (year.actual, ("chart-actual", ""))):
            if span is not None:
                bar, caps = parts.upright(c.scaled_span(span), scale, (x - width / 2, width), style)
                boxes, strokes = boxes + bar, strokes + caps
    low = [(x, None if y.allowed is None else scale.at(c.scaled(y.allowed.low))) for x, y in at]
    highs = [(x, y.allowed.high if y.allowed else None) for x, y in at]
    high = [(x, None if end is None else scale.at(c.scaled(end))) for x, end in highs]
    for line, css in ((low, "chart-allowed"), (high, "chart-allowed-high")):
        strokes.insert(0, Stroke(parts.joined(line), css))
    named = [
        text(
            x,
            scale.at(max(c.scaled_span(y.allowed).ends)) - size / 2,
            c.printed(y.allowed.low),
            paper,
            "middle",
            "chart-strong",
        )
        for x, y in at
        if y.allowed is not None
    ]
    words += marks.spread([text(x, scale.start + paper.line, y.label, paper, "middle") for x, y in at], paper)
    radius, row = min(size * 2 / 5, width / 2), scale.start + paper.line * 2
    shapes = [marks.shape(y.verdict, x, row, radius) for x, y in at if y.verdict]
    below = scale.start + paper.line * 3
    return _drawn("path.svg", c, paper, below, boxes, entries, lines, words, strokes, shapes=shapes, labels=named[-1:])


def _of_path(chart: TargetPath) -> list[Swatch]:
    """What the legend of a path has to explain."""
    bars = [span for y in chart.years for span in (y.baseline, y.actual) if span is not None]
    verdicts = {y.verdict for y in chart.years}
    told = [
        (any(y.baseline for y in chart.years), Swatch(chart.baseline, "chart-before")),
        (any(y.actual for y in chart.years), Swatch(chart.actual, "chart-actual")),
        (any(len(set(span.ends)) > 1 for span in bars), Swatch(f"{chart.low}–{chart.high}", *BETWEEN)),
        (any(span.high is None for span in bars), Swatch(f"{chart.high} {chart.caption.unknown}", *MISSING)),
        (any(y.allowed for y in chart.years), Swatch(chart.allowed, "chart-allowed", line=True)),
        *((code in verdicts, Swatch(words, verdict=code)) for code, words in chart.verdicts.items()),
    ]
    return [swatch for is_used, swatch in told if is_used]


def against_allowed(chart: AgainstAllowed, paper: Paper = WIDE) -> Markup:
    """Draw one lying bar from low to high, open where nobody knows how high, and the line of what is allowed."""
    c, size = chart.caption, Decimal(paper.size)
    if chart.actual is None:
        return _nothing("interval.svg", c, paper)
    actual, allowed = c.scaled_span(chart.actual), c.scaled_span(chart.allowed) if chart.allowed else None
    ends = [*parts.room(actual), *(allowed.ends if allowed else ())]
    upper, tall = paper.line * 3 / 2, paper.line * 3 / 2
    lower, right = upper + tall + paper.line * 5 / 2, Decimal(paper.width) - size * 2
    scale, lines, words = parts.along(ends, paper, (size, right), [(paper.line, lower)])
    boxes, strokes = parts.lengthwise(actual, scale, (upper, tall), paper)
    end = Decimal(paper.width) if actual.high is None else scale.at(actual.high)
    first, second = f"{chart.low} {c.told(chart.actual.low)}", f"{chart.high} {c.told(chart.actual.high)}"
    words.append(text(scale.at(actual.low), upper + tall + paper.line, first, paper))
    words.append(text(end, upper + tall + paper.line * 2, second, paper, "end"))
    if chart.allowed and allowed:
        for value, css in zip(allowed.ends, ("chart-allowed", "chart-allowed-high"), strict=False):
            strokes.append(Stroke(path("M", scale.at(value), paper.line, "V", upper + tall + size / 2), css))
        shown = "–".join(dict.fromkeys(map(c.told, (chart.allowed.low, chart.allowed.high))))
        words.append(
            text(scale.at(allowed.low), size, f"{chart.allowed_words} {shown}", paper, "middle", "chart-strong")
        )
    return _drawn("interval.svg", c, paper, lower + paper.line * 3 / 2, boxes, [], lines, words, strokes)


def spark(chart: Spark) -> Markup:
    """Draw a small line from zero; a month without a value is a hatched gap, and the line is broken there."""
    c, paper, height = chart.caption, Paper(120, 12), Decimal(28)
    known = [c.scaled(value) for _, value in chart.points if value is not None]
    if not known:
        return _nothing("spark.svg", c, paper)
    low, high = min(ZERO, *known), max(ZERO, *known)
    scale = Scale(low, high if high > low else low + 1, height - 2, Decimal(3))
    step = Decimal(paper.width - 4) / len(chart.points)
    points = [
        (2 + step * n + step / 2, None if value is None else scale.at(c.scaled(value)))
        for n, (_, value) in enumerate(chart.points)
    ]
    gaps = [Box(x - step / 2, Decimal(1), step, height - 2, *MISSING) for x, y in points if y is None]
    around = [None, *(y for _, y in points), None]
    alone = [n for n in range(len(points)) if around[n] is None and around[n + 2] is None]
    dots = [points[n] for n in sorted({*alone, len(points) - 1})]
    strokes = [marks.disc(x, y, Decimal(2), "spark-dot") for x, y in dots if y is not None]
    zero = Stroke(path("M", 0, scale.at(ZERO), "H", paper.width), "axis-zero")
    return _drawn(
        "spark.svg", c, paper, height, gaps, (), [zero], (), [Stroke(parts.joined(points), "spark-line"), *strokes]
    )


def _drawn(
    template: str,
    c: Caption,
    paper: Paper,
    height: Decimal,
    boxes: Sequence[Box],
    entries: Sequence[parts.Entry] = (),
    lines: Sequence[Stroke] = (),
    words: Sequence[Text] = (),
    strokes: Sequence[Stroke] = (),
    **more: Any,  # noqa: ANN401 - what the template names besides
) -> Markup:
    swatches = [entry.swatch for entry in entries if isinstance(entry.swatch, Box)]
    own = {"lines": lines, "words": words, "strokes": strokes, "entries": entries, "drawn": boxes, "empty": []} | more
    known = {"id": marks.identifier(c.key, paper), "caption": c, "paper": paper, "height": height}
    return marks.render(template, [*boxes, *swatches], **known, **own)


def _nothing(template: str, c: Caption, paper: Paper) -> Markup:
    """Say that there is nothing to draw: no axis, no zero."""
    size = Decimal(paper.size)
    words = [text(Decimal(paper.width) / 2, size * 3 / 2, c.no_data, paper, "middle")]
    return _drawn(template, c, paper, size * 2, [], empty=words)
