"""When: the columns of time of an unknown table, the period the file states, and whether its end is the last day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise

from pipelines.sources.drafts.looked import (
    CLOCK,
    MOSTLY,
    RANGE,
    Draft,
    SeenTable,
    are_dated,
    are_numbers,
    are_years,
    is_date,
    is_head_of,
    is_range,
    labels_of,
    number_of,
    share_of,
    take,
)
from pipelines.sources.layouts import facts, months
from pipelines.sources.layouts.cell_words import read_moment
from pipelines.sources.layouts.head import plain
from pipelines.texts import both

FORMS = (
    "%y/%m/%d", "%y.%m.%d", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%d-%b-%y", "%d-%b-%Y", "%d %b %Y", "%b %d %Y", "%b-%y",
    "%d.%m.%Y",
)  # fmt: skip


def months_across(draft: Draft, table: SeenTable) -> dict[int, int]:
    """Find months across, and where their year stands."""
    dated = months.across(table.names, 0, is_fiscal=None)
    bare = months.bare_months(table.names)
    places = dated.places if dated is not None else bare
    if len(places) < 3:
        return {}
    draft.layout["months"] = True
    table.taken |= {place - 1 for place in places}
    if any(is_head_of(table.names[place - 1], "billed") for place in places):
        draft.layout["month_shift"] = -1
        draft.unsure.append(both("draft_month_billed"))
    draft.sure.append(both("draft_months_across", months=len(places)))
    if dated is not None:
        return places
    years = [n for n in table.free("year") if are_years(table.cells[n])]
    if years:
        take(draft, table, "fiscal_year" if "年度" in table.names[years[0]] else "year", years)
        return places
    for source in ("title", "file_name", "folders"):
        if facts.year_in(facts.text_of(table.head, table.above, source)):
            draft.layout["period_from"] = source
            draft.sure.append(both("draft_year_from", source=facts.source_name(source)))
            return places
    draft.decide["period_from"] = ["=令和6年度", "file_name", "title"]
    draft.unsure.append(both("draft_no_year"))
    return places


def find_times(draft: Draft, table: SeenTable, *, has_slots: bool) -> None:
    """Find the columns of time and how they are meant."""
    free = table.free()
    periods = [n for n in free if share_of(table.cells[n], is_range) >= MOSTLY]
    if periods:
        take(draft, table, "period", periods)
        return
    dates = [n for n in free if share_of(table.cells[n], is_date) >= MOSTLY and are_dated(table.cells[n])]
    stated = [n for n in free if share_of(table.cells[n], lambda c: read_moment(c, "month") is not None) >= MOSTLY]
    if not dates and not stated:
        dates = _by_form(draft, table, free)
    clock = [n for n in free if share_of(table.cells[n], lambda c: bool(CLOCK.fullmatch(plain(c)))) >= MOSTLY]
    starts = [n for n in dates if is_head_of(table.names[n], "start")]
    ends = [n for n in dates if n not in starts and is_head_of(table.names[n], "end")]
    if starts and not ends:
        ends = [n for n in dates if n not in starts and is_head_of(table.names[n], "read_on")]
    if starts and ends:
        take(draft, table, "start", starts)
        take(draft, table, "end", ends)
    elif dates and not has_slots and _are_months(table, dates[0]):
        take(draft, table, "month", dates)
        draft.sure.append(both("draft_row_a_month"))
    elif dates:
        _by_date(draft, table, dates, [n for n in clock if n not in dates], has_slots=has_slots)
    elif stated:
        _by_month(draft, table, stated)
    elif years := [n for n in table.free("year") if are_years(table.cells[n])]:
        take(draft, table, "fiscal_year" if "年度" in table.names[years[0]] else "year", years)
        draft.unsure.append(both("draft_row_a_year"))
    else:
        _of_file(draft, table)


def _by_form(draft: Draft, table: SeenTable, free: Sequence[int]) -> list[int]:
    """Find dates in a form that has to be told; several forms that all fit are a matter to decide."""
    for number in free:
        fits = [form for form in FORMS if share_of(table.cells[number], partial(_reads, form)) >= MOSTLY]
        if fits and re.search(r"[-/. ]", table.cells[number][0]):
            draft.layout["date_form"] = fits[0]
            draft.unsure.append(both("draft_date_form", form=fits[0]))
            if len(fits) > 1:
                draft.decide["date_form"] = list(fits)
            return [n for n in free if share_of(table.cells[n], partial(_reads, fits[0])) >= MOSTLY]
    return []


def _by_month(draft: Draft, table: SeenTable, stated: Sequence[int]) -> None:
    number = take(draft, table, "month", stated)
    draft.sure.append(both("draft_row_a_month"))
    if number is not None and is_head_of(table.names[number], "billed"):
        draft.layout["month_shift"] = -1
        draft.unsure.append(both("draft_month_billed"))


def _by_date(draft: Draft, table: SeenTable, dates: Sequence[int], clocks: Sequence[int], *, has_slots: bool) -> None:
    """One date a row: a reading day, a delivery, a day, or a slot."""
    number = take(draft, table, "date", dates)
    if number is None or has_slots:
        return
    name = table.names[number]
    if is_head_of(name, "delivered_on"):
        draft.layout |= {"reading_kind": "delivery", "slot_minutes": 1_440}
        draft.sure.append(both("draft_delivery"))
        take(draft, table, "slip", table.free("slip"))
        return
    if is_head_of(name, "read_on") and not clocks:
        draft.layout["starts_at_previous"] = True
        draft.unsure.append(both("draft_reading_days"))
        return
    take(draft, table, "time", clocks)
    _slot(draft, table.cells[number], table.cells[clocks[0]] if clocks else None)


def lies_in_other_files(draft: Draft, table: SeenTable) -> None:
    """A list of reading days in which every meter stands once: where its period begins stands in another month's file."""
    if "meter" not in draft.columns or "days" in draft.columns or not draft.layout.get("starts_at_previous"):
        return
    meters = table.cells[number_of(table, draft.columns["meter"])]
    if len(set(meters)) == len(meters):
        del draft.layout["starts_at_previous"]
        draft.layout |= {"record": "register", "reading_kind": "register", "resets": "reading"}
        draft.unsure[draft.unsure.index(both("draft_reading_days"))] = both("draft_reading_days_apart")


def _slot(draft: Draft, dates: list[str], clocks: list[str] | None) -> None:
    """The length of a slot from the stamps' distance, and which end of it the stamp is."""
    texts = [f"{d} {c}" for d, c in zip(dates, clocks, strict=False)] if clocks else dates
    form = str(draft.layout.get("date_form", ""))
    moments = sorted({m for text in texts if (m := read_moment(text, form))})
    steps = [int((b - a).total_seconds()) // 60 for a, b in pairwise(moments)]
    step = (
        max(sorted(set(steps)), key=lambda each: (each >= 1_440 or 1_440 % each == 0, steps.count(each)))
        if steps
        else 1_440
    )
    draft.layout["slot_minutes"] = min(max(step, 1), 1_440)
    if step >= 1_440:
        draft.unsure.append(both("draft_row_a_day"))
        if step > 1_440:
            draft.decide["slot_minutes"] = [1_440]
        return
    draft.sure.append(both("draft_row_a_slot", step=step))
    firsts = {m.hour * 60 + m.minute for m in moments}
    if any("24:00" in text for text in texts) or (0 not in firsts and step in firsts):
        draft.layout["stamp"] = "end"
        draft.sure.append(both("draft_stamp_is_end"))
    else:
        draft.decide["stamp"] = ["start", "end"]
        draft.unsure.append(both("draft_stamp_taken_for_start"))


def _of_file(draft: Draft, table: SeenTable) -> None:
    """No column of time: a period that the file states once."""
    labels = [f"cell:{label}" for label in labels_of(table, "label_period")]
    for source in (*labels, "title", "file_name", "folders"):
        if facts.period_in(facts.text_of(table.head, table.above, source)):
            draft.layout["period_from"] = source
            draft.sure.append(both("draft_period_from", source=facts.source_name(source)))
            return
    candidates = [
        table.name(n)
        for n in table.free()
        if not are_numbers(table.cells[n]) and n not in table.free("point", "meter", "place")
    ]
    draft.decide["columns.date"] = [*candidates[:5]]
    draft.decide["period_from"] = ["title", "file_name", "=2024-04"]
    draft.unsure.append(both("draft_no_dates"))


def find_end(draft: Draft, table: SeenTable) -> None:
    """Does a period end on its last day, or on the day after? Days of use, and periods of one meter that touch, tell."""
    periods = _spans(draft, table)
    if not periods:
        return
    if "days" in draft.columns:
        draft.sure.append(both("draft_days_decide", column=draft.columns["days"]))
        return
    by_meter: dict[str, set[tuple[datetime, datetime]]] = {}
    for meter, start, end in periods:
        by_meter.setdefault(meter, set()).add((start, end))
    touching = apart = 0
    for spans in by_meter.values():
        begun = {start for start, _ in spans}
        touching += sum(1 for _, end in spans if end in begun)
        apart += sum(1 for _, end in spans if end + timedelta(days=1) in begun)
    are_months = all(s.day == 1 and (e + timedelta(days=1)).day == 1 for _, s, e in periods)
    if apart > touching or are_months:
        draft.layout["end_inclusive"] = True
        draft.sure.append(both("draft_end_inclusive"))
    elif touching > apart:
        draft.layout["end_inclusive"] = False
        draft.sure.append(both("draft_end_exclusive"))
    else:
        draft.decide["end_inclusive"] = [True, False]
        draft.unsure.append(both("draft_end_unknown"))


def _spans(draft: Draft, table: SeenTable) -> list[tuple[str, datetime, datetime]]:
    """Return whose, beginning and end of each row that states both."""
    place = {
        role: number_of(table, draft.columns[role])
        for role in ("meter", "start", "end", "period")
        if role in draft.columns
    }
    form = str(draft.layout.get("date_form", ""))
    found = []
    for row in table.rows:
        if "period" in place:
            match = RANGE.fullmatch(table.at(row, place["period"]))
            texts = match.groups() if match else ("", "")
        elif "start" in place and "end" in place:
            texts = (table.at(row, place["start"]), table.at(row, place["end"]))
        else:
            return []
        start, end = (read_moment(text.strip(), form) for text in texts)
        if start and end:
            found.append((table.at(row, place["meter"]) if "meter" in place else "", start, end))
    return found


def _reads(form: str, cell: str) -> bool:
    return read_moment(cell, form) is not None


def _are_months(table: SeenTable, number: int) -> bool:
    """Dates that are all the first of a month stand for months, as a workbook keeps them."""
    found = [m for cell in table.cells[number] if (m := read_moment(cell))]
    return bool(found) and all(m.day == 1 and not m.hour for m in found) and is_head_of(table.names[number], "month")
