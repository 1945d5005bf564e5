"""The pictures of a year of half hours on a facility's page: one per meter of bought electricity, with legend, words and a CSV of the same.

A half hour without a reading is checked ground in the picture and an empty cell in the CSV, never zero; doubtful days have a strip below
and a word in the CSV. A facility whose publication is withheld has none of them: nothing is read of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from pipelines.ask.site_half_hours import SLOTS, MeterDays
from pipelines.reports.chart_data import Caption, ChartTable
from pipelines.reports.half_hours import MILLION, HalfHours, png
from pipelines.reports.pages.site_words import JA, say
from pipelines.reports.plain_text import figure, percent, plain
from pipelines.rounding import rule_of
from pipelines.texts import word


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and its CSV as bytes, with what stands around them."""

    title: str
    told: str
    summary: str
    table: ChartTable
    swatches: list[tuple[str, ...]]
    size: tuple[int, int]
    png: bytes
    csv: bytes


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as a page shows it: with the names of its files beside the page."""

    picture: Picture
    png: str
    csv: str


def draw(meter: MeterDays, name: str) -> Picture:
    """Draw a meter's days.

    Args:
        meter: Its half hours.
        name: What its facility is called.
    """
    doubtful = frozenset(n for n, state in enumerate(meter.states) if state == "doubtful")
    last = meter.day(len(meter.days) - 1)
    title = say("site_half_hours_title", name=name, meter=meter.meter_id, first=meter.first, last=last)
    chart = HalfHours(
        caption=Caption(
            key=meter.meter_id,
            title=title,
            description=say("site_half_hours_told"),
            no_data=say("site_no_data"),
            unknown=say("site_no_reading"),
            rule=replace(rule_of("half_hour"), unit=meter.unit),
        ),
        days=meter.days,
        doubtful=doubtful,
        doubtful_days=say("site_doubtful_days"),
        more=say("site_or_more"),
        step=say("site_half_hour"),
        slots=say("site_slots"),
        below_zero=say("site_below_zero"),
    )
    drawn = png(chart)
    told = say("site_half_hours_told") + (say("site_half_hours_strip") if doubtful else "")
    size = (len(meter.days), int.from_bytes(drawn[20:24], "big"))
    return Picture(
        title, told, _summary(meter, len(doubtful)), chart.table(), chart.swatches(), size, drawn, csv_of(meter)
    )


def _summary(meter: MeterDays, doubtful: int) -> str:
    """What the picture says, in words."""
    most = max(value for value in set().union(*meter.days) if value is not None)
    number = next(n for n, day in enumerate(meter.days) if most in day)
    every, missing = len(meter.days) * SLOTS, sum(day.count(None) for day in meter.days)
    return say(
        "site_half_hours_summary",
        known=f"{every - missing:,}",
        every=f"{every:,}",
        share=percent(Decimal(every - missing) / every),
        sum=figure(Decimal(sum(sum(filter(None, day)) for day in meter.days)) / MILLION, digits=1),
        most=plain(Decimal(most) / MILLION),
        unit=meter.unit,
        day=meter.day(number),
        time=clock(meter.days[number].index(most)),
        missing=f"{missing:,}",
        doubtful=doubtful,
    )


def csv_of(meter: MeterDays) -> bytes:
    """Return a day a line: date, state, and the 48 amounts with all their digits; an empty cell where there is no reading."""
    heads = (f"{say('site_day')} ({meter.unit})", say("site_day_state"), *(clock(slot) for slot in range(SLOTS)))
    known = (value for value in set().union(*meter.days) if value is not None)
    told: dict[int | None, str] = {None: ""}
    told |= {value: f"{(Decimal(value) / MILLION).normalize():f}" for value in known}
    words = {state: word(state, JA) for state in set(meter.states)}
    lines = [
        f"{meter.day(number)},{words[state]},{','.join(map(told.__getitem__, day))}"
        for number, (day, state) in enumerate(zip(meter.days, meter.states, strict=True))
    ]
    return "\r\n".join((",".join(heads), *lines, "")).encode("utf-8-sig")


def clock(slot: int) -> str:
    """Return when a slot begins: 0:00 for the first."""
    return f"{slot // 2}:{slot % 2 * 3}0"
