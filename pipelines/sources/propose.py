"""Look at an unknown table and draft its layout for city.toml: what is sure, what a person must decide, what it would read.

Only a draft: the header and the first few hundred rows are looked at, nothing is written. What cannot be told from the file stands as
a line to decide, never as a guess; a draft that is not whole is a comment throughout. A file that is read already gets none.
How senders head their columns stands in ``propose.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipelines import folding
from pipelines.process.child import ChildDiedError
from pipelines.settings.city import Limits
from pipelines.settings.layout import TIMES, Layout
from pipelines.sources import trial
from pipelines.sources.layouts import described, facts, headings, months, register
from pipelines.sources.layouts.cell_words import MISSING_MARKS, read_moment, read_number
from pipelines.sources.layouts.head import RefusedFileError, TableHead, plain, unmarked
from pipelines.sources.layouts.slots import day_slots
from pipelines.sources.open import lines, read_apart, workbook
from pipelines.sources.open.inspect_file import HEAD_LINES, inspect
from pipelines.sources.parse import ParseOptions
from pipelines.texts import both

SAMPLE_ROWS = 400
MOSTLY = 0.9
MOST_PARTS = 30
A_MONTH = 25  # days: rows so far apart are monthly
FIGURE = re.compile(r"[▲△-]?[0-9][0-9,.]*(?:[A-Za-z]+3?|円)?")  # also with a unit behind it, or a number of a point
CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")
RANGE = re.compile(r"(.+?)\s*[〜～~]\s*(.+)")
UNIT_BEHIND = re.compile(r"(?P<unit>[十百千万]?(?:[A-Za-zℓ]+3?|㎥|立米))$")
POINT_NUMBER = re.compile(r"(?<![0-9])(?P<meter>[0-9]{22})(?![0-9])")
FORMS = (
    "%y/%m/%d", "%y.%m.%d", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%d-%b-%y", "%d-%b-%Y", "%d %b %Y", "%b %d %Y", "%b-%y",
    "%d.%m.%Y",
)  # fmt: skip
UNREAD = frozenset({"unknown_layout"})


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _heads(name: str, role: str) -> bool:
    return bool(re.search(str(_words()[role]), plain(name), re.IGNORECASE))


@dataclass(slots=True)
class Draft:
    """A layout in the making, with what is sure and what a person must decide: key -> the values it may have."""

    layout: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, str | int] = field(default_factory=dict)
    sure: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    decide: dict[str, list[str | int | bool]] = field(default_factory=dict)

    @property
    def whole(self) -> dict[str, Any]:
        """The layout with its columns."""
        return self.layout | {"columns": self.columns}


@dataclass(slots=True)
class Table:
    """A table as it is looked at: the rows above its header, the header, the filled cells of each column, what is taken."""

    head: TableHead
    top: int
    names: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    cells: dict[int, list[str]] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    sums: dict[str, str] = field(default_factory=dict)  # word of a row of totals -> total or subtotal

    def __post_init__(self) -> None:
        """Gather the columns; a row of totals is none of theirs."""
        for row in self.rows:
            self.sums |= {plain(cell): kind for cell in row[:3] if (kind := _sum_word(cell))}
        self.rows = [row for row in self.rows if not any(map(_sum_word, row[:3]))]
        self.cells = {
            n: [row[n].strip() for row in self.rows if n < len(row) and row[n].strip()] for n in range(len(self.names))
        }

    @property
    def above(self) -> tuple[tuple[str, ...], ...]:
        """The rows above the header."""
        return self.head.rows[: self.top]

    def free(self, *roles: str) -> list[int]:
        """Return the columns not taken whose heading fits one of the roles; all that have one where no role is asked for."""
        return [
            n
            for n, name in enumerate(self.names)
            if n not in self.taken and plain(name) and (not roles or any(_heads(name, role) for role in roles))
        ]

    def name(self, n: int) -> str | int:
        """Return how a layout names a column: by its heading, by its number where the heading stands twice."""
        alike = sum(1 for name in self.names if plain(name) == plain(self.names[n]))
        return " ".join(self.names[n].split()) if alike == 1 else n + 1

    def at(self, row: Sequence[str], n: int) -> str:
        """Return a cell of a row."""
        return row[n].strip() if n < len(row) else ""


def propose(path: Path, limits: Limits | None = None, reading: ParseOptions | None = None) -> dict[str, Any]:
    """Return a draft of the layout of a CSV or Excel file, unless it is read already.

    Args:
        path: The file.
        limits: Limits on size and lines.
        reading: The city's own layouts and limits.

    Returns:
        ``toml`` (the section for city.toml, empty where there is nothing to draft), ``sure`` and ``unsure`` (sentences).
    """
    chosen = reading or ParseOptions(limits or Limits())
    told = trial.read(path, "", chosen)
    if told["problem"] is None:
        known = both("draft_known", layout=told["layout"], values=told["rows_values"], rejected=told["rows_rejected"])
        return {"toml": "", "sure": [known], "unsure": []}
    if told["problem"]["rule_id"] not in UNREAD:
        return {"toml": "", "sure": [], "unsure": [f"{told['problem']['ja']} / {told['problem']['en']}"]}
    return drafted(path, chosen)


def drafted(path: Path, reading: ParseOptions) -> dict[str, Any]:
    """Return a draft, also where the file is read already."""
    try:
        rows = _rows(path, reading.limits)
    except (workbook.WorkbookError, RefusedFileError, ChildDiedError) as error:
        return {"toml": "", "sure": [], "unsure": [both("draft_not_readable", error=error)]}
    top = _header(rows)
    if top is None:
        return {"toml": "", "sure": [], "unsure": [both("draft_no_header")]}
    parts = path.resolve().parts
    head = TableHead(tuple(tuple(row) for row in rows[: top + 1]), tuple(parts[-3:-1]), path.name)
    table = Table(head, top, tuple(rows[top]), rows[top + 1 : top + 1 + SAMPLE_ROWS])
    draft = _draft(table)
    name = _name(
        [path.stem, *_titles(table)],
        {*register.names(), *(layout.name for layout in reading.of_city)},
    )
    _check(draft, path, name, reading)
    return {"toml": _as_toml(name, draft), "sure": draft.sure, "unsure": draft.unsure}


def _rows(path: Path, limits: Limits) -> Sequence[Sequence[str]]:
    inspected = inspect(path, limits)
    if inspected.problem is None and inspected.kind == "workbook":
        seen = (sheet for sheet in read_apart.sheets(path, limits) if not sheet.is_hidden)
        rows = max((sheet.rows for sheet in seen), key=len, default=())
        return [tuple(map(unmarked, row)) for row in rows]
    if inspected.problem is None and inspected.kind == "text":
        return lines.text_rows(inspected, limits)
    return ()


def _header(rows: Sequence[Sequence[str]]) -> int | None:
    """The header: among the first lines the one with most words that are no numbers, where rows of data follow."""
    best: tuple[int, int] | None = None
    for number, row in enumerate(rows[:HEAD_LINES]):
        values = sum(1 for cell in row if FIGURE.fullmatch(plain(cell)) or _is_date(cell))
        named = sum(1 for cell in row if plain(cell)) - 3 * values
        filled = [r for r in rows[number + 1 : number + 4] if any(plain(c) for c in r)]
        if named >= 2 and filled and (best is None or named > best[0]):
            best = (named, number)
    return None if best is None else best[1]


def _draft(table: Table) -> Draft:
    draft = Draft()
    draft.sure.append(both("draft_header_line", line=table.top + 1))
    slots = day_slots(table.names)
    across = _across(draft, table)
    table.taken |= {slot.position - 1 for slot in slots}
    _take(draft, table, "days", [n for n in table.free("days") if _numbers(table.cells[n])])
    if not across:
        _times(draft, table, has_slots=bool(slots))
    unit_columns = [n for n in table.free() if _is_unit(table.cells[n])]
    _meter(draft, table)
    _beside(draft, table)
    if slots:
        draft.layout["slots"] = True
        draft.sure.append(both("draft_day_of_slots", slots=len(slots)))
    elif not across:
        _quantities(draft, table, unit_columns)
    if unit_columns and "quantities" not in draft.layout:
        _take(draft, table, "unit", unit_columns)
    _parts(draft, table)
    _inclusive(draft, table)
    _sums(draft, table)
    roles = ("meter", "start", "period", "date", "month", "year", "fiscal_year", "quantity")
    stands = [draft.columns[role] for role in roles if isinstance(draft.columns.get(role), str)]
    first = [table.names[n - 1] for n in list(across)[:1]]
    several = [q["column"] for q in draft.layout.get("quantities", []) if isinstance(q["column"], str)]
    draft.layout = {"header": list(dict.fromkeys([*map(str, stands), *first, *several])), **draft.layout}
    return draft


def _take(draft: Draft, table: Table, role: str, numbers: Sequence[int]) -> int | None:
    """Let the first of some columns play a role."""
    if not numbers:
        return None
    draft.columns[role] = table.name(numbers[0])
    table.taken.add(numbers[0])
    return numbers[0]


# ---------------------------------------------------------------- when


def _across(draft: Draft, table: Table) -> dict[int, int]:
    """Find months across, and where their year stands."""
    dated = months.across(table.names, 0, is_fiscal=None)
    bare = months.bare_months(table.names)
    places = dated.places if dated is not None else bare
    if len(places) < 3:
        return {}
    draft.layout["months"] = True
    table.taken |= {place - 1 for place in places}
    if any(_heads(table.names[place - 1], "billed") for place in places):
        draft.layout["month_shift"] = -1
        draft.unsure.append(both("draft_month_billed"))
    draft.sure.append(both("draft_months_across", months=len(places)))
    if dated is not None:
        return places
    years = [n for n in table.free("year") if _years(table.cells[n])]
    if years:
        _take(draft, table, "fiscal_year" if "年度" in table.names[years[0]] else "year", years)
        return places
    for source in ("title", "file_name", "folders"):
        if facts.year_in(facts.text_of(table.head, table.above, source)):
            draft.layout["period_from"] = source
            draft.sure.append(both("draft_year_from", source=source))
            return places
    draft.decide["period_from"] = ["=令和6年度", "file_name", "title"]
    draft.unsure.append(both("draft_no_year"))
    return places


def _times(draft: Draft, table: Table, *, has_slots: bool) -> None:
    """Find the columns of time and how they are meant."""
    free = table.free()
    periods = [n for n in free if _share(table.cells[n], _is_range) >= MOSTLY]
    if periods:
        _take(draft, table, "period", periods)
        return
    dates = [n for n in free if _share(table.cells[n], _is_date) >= MOSTLY and _dated(table.cells[n])]
    stated = [n for n in free if _share(table.cells[n], lambda c: read_moment(c, "month") is not None) >= MOSTLY]
    if not dates and not stated:
        dates = _by_form(draft, table, free)
    clock = [n for n in free if _share(table.cells[n], lambda c: bool(CLOCK.fullmatch(plain(c)))) >= MOSTLY]
    starts = [n for n in dates if _heads(table.names[n], "start")]
    ends = [n for n in dates if n not in starts and _heads(table.names[n], "end")]
    if starts and not ends:
        ends = [n for n in dates if n not in starts and _heads(table.names[n], "read_on")]
    if starts and ends:
        _take(draft, table, "start", starts)
        _take(draft, table, "end", ends)
    elif dates and not has_slots and _are_months(table, dates[0]):
        _take(draft, table, "month", dates)
        draft.sure.append(both("draft_row_a_month"))
    elif dates:
        _by_date(draft, table, dates, [n for n in clock if n not in dates], has_slots=has_slots)
    elif stated:
        _by_month(draft, table, stated)
    elif years := [n for n in table.free("year") if _years(table.cells[n])]:
        _take(draft, table, "fiscal_year" if "年度" in table.names[years[0]] else "year", years)
        draft.unsure.append(both("draft_row_a_year"))
    else:
        _of_file(draft, table)


def _by_form(draft: Draft, table: Table, free: Sequence[int]) -> list[int]:
    """Find dates in a form that has to be told; several forms that all fit are a matter to decide."""
    for number in free:
        fits = [form for form in FORMS if _share(table.cells[number], partial(_reads, form)) >= MOSTLY]
        if fits and re.search(r"[-/. ]", table.cells[number][0]):
            draft.layout["date_form"] = fits[0]
            draft.unsure.append(both("draft_date_form", form=fits[0]))
            if len(fits) > 1:
                draft.decide["date_form"] = list(fits)
            return [n for n in free if _share(table.cells[n], partial(_reads, fits[0])) >= MOSTLY]
    return []


def _by_month(draft: Draft, table: Table, stated: Sequence[int]) -> None:
    number = _take(draft, table, "month", stated)
    draft.sure.append(both("draft_row_a_month"))
    if number is not None and _heads(table.names[number], "billed"):
        draft.layout["month_shift"] = -1
        draft.unsure.append(both("draft_month_billed"))


def _by_date(draft: Draft, table: Table, dates: Sequence[int], clocks: Sequence[int], *, has_slots: bool) -> None:
    """One date a row: a reading day, a delivery, a day, or a slot."""
    number = _take(draft, table, "date", dates)
    if number is None or has_slots:
        return
    name = table.names[number]
    if _heads(name, "delivered_on"):
        draft.layout |= {"reading_kind": "delivery", "slot_minutes": 1_440}
        draft.sure.append(both("draft_delivery"))
        _take(draft, table, "slip", table.free("slip"))
        return
    if _heads(name, "read_on") and not clocks:
        draft.layout["starts_at_previous"] = True
        draft.unsure.append(both("draft_reading_days"))
        return
    _take(draft, table, "time", clocks)
    _slot(draft, table.cells[number], table.cells[clocks[0]] if clocks else None)


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


def _of_file(draft: Draft, table: Table) -> None:
    """No column of time: a period that the file states once."""
    labels = [f"cell:{label}" for label in _labels(table, "label_period")]
    for source in (*labels, "title", "file_name", "folders"):
        if facts.period_in(facts.text_of(table.head, table.above, source)):
            draft.layout["period_from"] = source
            draft.sure.append(both("draft_period_from", source=source))
            return
    candidates = [
        table.name(n)
        for n in table.free()
        if not _numbers(table.cells[n]) and n not in table.free("point", "meter", "place")
    ]
    draft.decide["columns.date"] = [*candidates[:5]]
    draft.decide["period_from"] = ["title", "file_name", "=2024-04"]
    draft.unsure.append(both("draft_no_dates"))


def _inclusive(draft: Draft, table: Table) -> None:
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


def _spans(draft: Draft, table: Table) -> list[tuple[str, datetime, datetime]]:
    """Return whose, beginning and end of each row that states both."""
    place = {
        role: _number(table, draft.columns[role])
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


# ---------------------------------------------------------------- whose


def _meter(draft: Draft, table: Table) -> None:
    filled = [n for n in table.free("point", "meter", "place") if table.cells[n]]
    for role in ("point", "meter", "place"):
        if found := [n for n in filled if _heads(table.names[n], role) and _share_filled(table, n) >= MOSTLY]:
            _take(draft, table, "meter", found)
            return
    for label in _labels(table, "label_meter"):
        draft.layout["meter_from"] = f"cell:{label}"
        draft.sure.append(both("draft_meter_from", source=f"cell:{label}"))
        return
    titles = [cell for row in table.above for cell in row]
    if len({m.group("meter") for cell in titles for m in POINT_NUMBER.finditer(folding.figures(cell))}) == 1:
        draft.layout |= {"meter_from": "title", "meter_pattern": POINT_NUMBER.pattern}
        draft.sure.append(both("draft_meter_from", source="title"))
        return
    draft.layout["meter_from"] = "folders"
    draft.decide["meter_from"] = ["folders", "file_name", "="]
    draft.unsure.append(both("draft_no_meter"))


def _labels(table: Table, role: str) -> list[str]:
    """Return the labels above the header that head something."""
    found = []
    for row in table.above:
        for cell in row:
            label = plain(cell).partition(":")[0]
            if 0 < len(label) <= 20 and _heads(label, role) and facts.text_of(table.head, table.above, f"cell:{label}"):
                found.append(label)
    return list(dict.fromkeys(found))


def _parts(draft: Draft, table: Table) -> None:
    """Where one meter has several rows of one time, the column that tells these apart names a part of the meter."""
    if "meter" not in draft.columns:
        return
    keys = [_number(table, c) for r, c in draft.columns.items() if r in ("meter", *TIMES, "time")]

    def doubled(places: Sequence[int]) -> int:
        counted = Counter(tuple(table.at(row, n) for n in places) for row in table.rows if any(row))
        return sum(count - 1 for count in counted.values())

    if (
        draft.layout.get("reading_kind") == "delivery"
        and _take(draft, table, "meter_part", table.free("fuel")) is not None
    ):
        draft.sure.append(both("draft_meter_part", column=draft.columns["meter_part"]))
        return
    if not doubled(keys):
        return
    for n in sorted(table.free(), key=lambda n: not _heads(table.names[n], "part")):
        texts = set(table.cells[n])
        if 1 < len(texts) <= MOST_PARTS and not _numbers(table.cells[n]) and doubled([*keys, n]) == 0:
            _take(draft, table, "meter_part", [n])
            draft.sure.append(both("draft_meter_part", column=draft.columns["meter_part"]))
            return
    draft.unsure.append(both("draft_rows_alike"))


# ---------------------------------------------------------------- how much


def _beside(draft: Draft, table: Table) -> None:
    """Columns beside the quantity: what was paid, states of the register, power."""
    amounts = [
        n for n in table.free("money") if _numbers(table.cells[n]) and not _heads(table.names[n], "part_of_paid")
    ]
    for pattern in _words()["paid"]:
        if found := [n for n in amounts if re.search(str(pattern), plain(table.names[n]))]:
            _take(draft, table, "yen", found)
            break
    table.taken |= {n for n in table.free("money") if _numbers(table.cells[n]) and not _unit_in(table.names[n])}
    for role, words in (("index_before", "before"), ("index_after", "after")):
        _take(
            draft,
            table,
            role,
            [n for n in table.free("index") if _heads(table.names[n], words) and _numbers(table.cells[n])],
        )
    for role in ("contract", "demand"):
        free = [n for n in table.free(role) if _numbers(table.cells[n])]
        others = [n for n in table.free("quantity") if n not in free and _numbers(table.cells[n])]
        if others or role == "contract":
            _take(draft, table, f"{role}_kw", free)


def _quantities(draft: Draft, table: Table, unit_columns: Sequence[int]) -> None:
    numeric = [n for n in table.free() if _numbers(table.cells[n]) and not _heads(table.names[n], "identity")]
    own = [n for n in numeric if not _heads(table.names[n], "no_quantity")]
    likely = [n for n in own if _heads(table.names[n], "quantity") or _unit_in(table.names[n])]
    likely = likely or [n for n in own if _heads(table.names[n], "power")] or own
    if not likely:
        candidates = [table.name(n) for n in table.free() if n not in unit_columns]
        draft.decide["columns.quantity"] = [*candidates[:5]]
        draft.unsure.append(both("draft_no_quantity"))
        return
    bands = {n: b for n in likely for b in ("day", "night") if _heads(table.names[n], f"band_{b}")}
    whole = [n for n in likely if _heads(table.names[n], "whole")]
    if bands and whole:
        likely = whole
    units = {n: _unit_in(table.names[n]) for n in likely}
    if len(likely) > 1 and (bands or len(set(units.values())) > 1 or len(unit_columns) == len(likely)):
        _several(draft, table, likely, bands, unit_columns)
        return
    _take(draft, table, "quantity", likely)
    if len(likely) > 1:
        draft.decide["columns.quantity"] = [table.name(n) for n in likely[:6]]
        draft.unsure.append(both("draft_more_quantities", others="、".join(str(table.name(n)) for n in likely[1:6])))
    if _heads(table.names[likely[0]], "power"):
        draft.layout |= {"is_power": True, "reading_kind": "interval"}
        draft.unsure.append(both("draft_power"))
    elif unit := units[likely[0]]:
        draft.layout["unit"] = unit
        draft.sure.append(both("draft_unit_in_header", unit=unit))


def _several(
    draft: Draft, table: Table, likely: Sequence[int], bands: Mapping[int, str], unit_columns: Sequence[int]
) -> None:
    """Several quantities a row, each with its unit and its own meter, or a band of the day."""
    quantities = []
    for n in likely:
        each: dict[str, Any] = {"column": table.name(n)}
        if unit := _unit_in(table.names[n]):
            each["unit"] = unit
        elif behind := [u for u in unit_columns if u > n][:1]:
            each["unit_column"] = table.name(behind[0])
        if n in bands:
            each["time_band"] = bands[n]
        else:
            each["meter"] = _bare(table.names[n])
        quantities.append(each)
        table.taken.add(n)
    table.taken |= set(unit_columns)
    draft.layout["quantities"] = quantities
    draft.sure.append(both("draft_several", columns="、".join(str(q["column"]) for q in quantities)))


def _unit_in(name: str) -> str:
    """Return the unit that a heading names: in brackets, behind the word (使用m3), or as all of it."""
    word = plain(name)
    if headings.is_unit(word):
        return word
    unit = headings.named(name)[1]
    if unit and headings.is_unit(unit):
        return unit
    last = folding.word(name).split()[-1:]
    if last and headings.is_unit(last[0]):
        return last[0]
    match = UNIT_BEHIND.search(word)
    return match.group("unit") if match and headings.is_unit(match.group("unit")) else ""


def _bare(name: str) -> str:
    word = headings.named(name)[0]
    unit = UNIT_BEHIND.search(word)
    return (word[: unit.start()] or word) if unit and headings.is_unit(unit.group("unit")) else word


def _sums(draft: Draft, table: Table) -> None:
    """Rows and columns of totals: checked; rows of subtotals: passed over."""
    if totals := sorted(word for word, kind in table.sums.items() if kind == "total"):
        draft.layout["total_rows"] = totals
        draft.sure.append(both("draft_total_rows", words="、".join(totals)))
    if parts := sorted(word for word, kind in table.sums.items() if kind == "subtotal"):
        draft.layout["skip_rows"] = parts
        draft.sure.append(both("draft_skip_rows", words="、".join(parts)))
    total = next(
        (name for name in table.names if re.fullmatch(str(_words()["total"]), plain(name), re.IGNORECASE)), None
    )
    if total and (draft.layout.get("slots") or draft.layout.get("months")):
        draft.columns["total"] = total
        draft.sure.append(both("draft_total_column"))


def _sum_word(cell: str) -> str:
    """Return ``total`` or ``subtotal`` where a cell is the word of such a row."""
    word = plain(cell)
    if re.fullmatch(str(_words()["total"]), word, re.IGNORECASE):
        return "total"
    return "subtotal" if len(word) <= 12 and re.fullmatch(str(_words()["subtotal"]), word) else ""


# ---------------------------------------------------------------- the draft held against the file


def _check(draft: Draft, path: Path, name: str, reading: ParseOptions) -> None:
    """Read the file by the draft; what is missing, and what it could not read, is told."""
    try:
        layout = Layout.model_validate(draft.whole)
    except ValidationError:
        draft.unsure.append(both("draft_to_decide", lines="、".join(draft.decide) or "columns"))
        return
    own = described.readers({name: layout})
    told = trial.read(path, name, ParseOptions(reading.limits, own))
    if told["problem"]:
        draft.unsure.append(f"{told['problem']['ja']} / {told['problem']['en']}")
        return
    draft.sure.append(both("draft_reads", values=told["rows_values"], rejected=told["rows_rejected"]))
    for reject in told["rejects"][:3]:
        draft.unsure.append(both("draft_rejects", line=reject["source_line"], ja=reject["ja"], en=reject["en"]))
    if not all(value["unit"] for value in told["values"]) and not draft.layout.get("is_power"):
        draft.decide["unit"] = ["kWh", "m3", "L"]
        draft.unsure.append(both("draft_no_unit"))


def _titles(table: Table) -> list[str]:
    """Return the cells that stand alone in a row above the header: what stands beside a label is no title."""
    rows = [[cell for cell in row if plain(cell)] for row in table.above]
    return [row[0] for row in rows if len(row) == 1]


def _name(said: Iterable[str], known: set[str]) -> str:
    """Return a name for the layout: the words of the file's name, else of its titles, without dates and figures; none there is already."""
    words = (
        "_".join(re.findall(r"[^\W\d_]+", re.sub(str(_words()["date_parts"]), " ", folding.word(text))))
        for text in said
    )
    found = next((word for word in words if len(word) > 1), "layout")[:30]
    found = found.lower() if found.isascii() else found
    return next(each for n in range(1, 1_000) if (each := found if n == 1 else f"{found}_{n}") not in known)


def _number(table: Table, column: str | int) -> int:
    if isinstance(column, int):
        return column - 1
    return next(n for n, name in enumerate(table.names) if " ".join(name.split()) == column)


def _reads(form: str, cell: str) -> bool:
    return read_moment(cell, form) is not None


def _is_date(cell: str) -> bool:
    return read_moment(cell) is not None


def _is_range(cell: str) -> bool:
    match = RANGE.fullmatch(cell)
    return bool(match) and all(_is_date(part.strip()) for part in match.groups()) if match else False


def _are_months(table: Table, number: int) -> bool:
    """Dates that are all the first of a month stand for months, as a workbook keeps them."""
    found = [m for cell in table.cells[number] if (m := read_moment(cell))]
    return bool(found) and all(m.day == 1 and not m.hour for m in found) and _heads(table.names[number], "month")


def _share(cells: list[str], fits: Callable[[str], bool]) -> float:
    return sum(1 for cell in cells if fits(cell)) / len(cells) if cells else 0


def _share_filled(table: Table, number: int) -> float:
    rows = [row for row in table.rows if any(cell.strip() for cell in row)]
    return len(table.cells[number]) / len(rows) if rows else 0


def _years(cells: list[str]) -> bool:
    return (
        _share(cells, lambda cell: bool(re.fullmatch(r"(19|20)\d\d(\.0)?|(令和|平成|R|H)\d{1,2}(年度)?", cell)))
        >= MOSTLY
    )


def _dated(cells: list[str]) -> bool:
    """Dates written as such: a column of five-digit numbers may be Excel dates or anything else."""
    return (
        _share(cells, lambda cell: bool(re.search(r"[-/年.]", cell)) or bool(re.fullmatch(r"(19|20)\d{6}", cell)))
        >= MOSTLY
    )


def _numbers(cells: list[str]) -> bool:
    return _share(cells, lambda cell: cell in MISSING_MARKS or read_number(cell).value is not None) >= MOSTLY


def _is_unit(cells: list[str]) -> bool:
    return _share(cells, headings.is_unit) >= MOSTLY


def _as_toml(name: str, draft: Draft) -> str:
    """Return the section; a comment throughout where it is not whole, with a line for each thing to decide."""
    told = [f"[layouts.{name if re.fullmatch('[0-9A-Za-z_-]+', name) else _value(name)}]"]
    told += [f"{key} = {_value(value)}" for key, value in draft.layout.items()]
    told += [f"columns.{role} = {_value(column)}" for role, column in draft.columns.items()]
    try:
        Layout.model_validate(draft.whole)
    except ValidationError:
        told = [f"# {line}" for line in told]
    chosen = " / ".join
    told += [
        f"# {both('draft_decide')}: {key} = {chosen(_value(value) for value in values)}"
        for key, values in draft.decide.items()
    ]
    return "\n".join(told)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(_value(v) for v in value)}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(v)}" for key, v in value.items()) + " }"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)
