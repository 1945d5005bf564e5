"""Look at an unknown table and draft its layout for city.toml: what is sure, what is not, what it would read.

Only a draft: the words of the header and the first few hundred rows are looked at, nothing is written. A person checks it and
puts it into city.toml; ``facility-emissions parse FILE`` then shows how the file is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipelines import units
from pipelines.process.child import ChildDiedError
from pipelines.settings.city import Limits
from pipelines.settings.layout import Layout
from pipelines.sources.layouts.cell_words import MISSING_MARKS, read_moment, read_number
from pipelines.sources.layouts.head import RefusedFileError, plain, unmarked
from pipelines.sources.layouts.slots import day_slots
from pipelines.sources.open import lines, read_apart, workbook
from pipelines.sources.open.inspect_file import HEAD_LINES, inspect
from pipelines.texts import both

SAMPLE_ROWS = 400
MOSTLY = 0.9
METER = re.compile(
    r"供給地点|計器|メータ|お客[様さ]ま?番号|契約番号|meter|mpan|mpr|point|施設番号|施設ID|^ID$|需要場所", re.IGNORECASE
)
PLACE = re.compile(r"施設名|名称|納入先|設置場所|name|facility|property", re.IGNORECASE)
QUANTITY = re.compile(r"使用量|電力量|数量|kwh|ｋＷｈ|m3|㎥|usage|quantity|value|consumption|GJ|therm", re.IGNORECASE)
IDENTITY = re.compile(r"ID$|番号|No\.?$|コード", re.IGNORECASE)
MONEY = re.compile(r"円|金額|料金|cost|yen", re.IGNORECASE)
POWER = re.compile(r"最大.*kW(?!h)|\(kW\)|デマンド|平均電力", re.IGNORECASE)
YEAR = re.compile(r"年|year|fy", re.IGNORECASE)
START = re.compile(r"開始|始期|前回|自|from|start", re.IGNORECASE)
END = re.compile(r"終了|終期|今回|至|^to$|until|end", re.IGNORECASE)
UNIT_IN_NAME = re.compile(r"[(（\[]([^)）\]]+)[)）\]]")
CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")
TOTAL = re.compile(r"合計|総計|計|total", re.IGNORECASE)
FORMS = ("%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%d %b %Y %H:%M:%S", "%b %d %Y %I:%M%p", "%b-%y", "%d.%m.%Y")


@dataclass(slots=True)
class Draft:
    """A layout in the making, with what is sure and what a person must look at."""

    layout: dict[str, Any] = field(default_factory=dict)
    sure: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)


def propose(path: Path, limits: Limits | None = None) -> dict[str, Any]:
    """Return a draft of the layout of a CSV or Excel file.

    Args:
        path: The file.
        limits: Limits on size and lines.

    Returns:
        ``toml`` (the section for city.toml, empty when nothing was understood), ``sure`` and ``unsure`` (sentences).
    """
    try:
        rows = _rows(path, limits or Limits())
    except (workbook.WorkbookError, RefusedFileError, ChildDiedError) as error:
        return {"toml": "", "sure": [], "unsure": [both("draft_not_readable", error=error)]}
    top = _header(rows)
    if top is None:
        return {"toml": "", "sure": [], "unsure": [both("draft_no_header")]}
    draft = _draft(rows[top], rows[top + 1 : top + 1 + SAMPLE_ROWS], top)
    try:
        Layout.model_validate(draft.layout)
    except ValidationError as error:
        told = "; ".join(problem["msg"].removeprefix("Value error, ") for problem in error.errors())
        draft.unsure.append(both("draft_not_usable", problem=told))
    return {"toml": _as_toml(path.stem, draft), "sure": draft.sure, "unsure": draft.unsure}


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
        values = sum(1 for cell in row if read_number(cell).value is not None or read_moment(cell) is not None)
        named = sum(1 for cell in row if plain(cell)) - 3 * values
        filled = [r for r in rows[number + 1 : number + 4] if any(plain(c) for c in r)]
        if named >= 2 and filled and (best is None or named > best[0]):
            best = (named, number)
    return None if best is None else best[1]


def _draft(head: Sequence[str], rows: Sequence[Sequence[str]], top: int) -> Draft:
    draft = Draft()
    columns = {n: [r[n].strip() for r in rows if n < len(r) and r[n].strip()] for n in range(len(head))}
    named = {n: name for n, name in enumerate(head) if plain(name)}
    taken: set[int] = set()
    roles: dict[str, str] = {}

    def take(role: str, number: int | None) -> None:
        if number is not None:
            roles[role] = " ".join(named[number].split())
            taken.add(number)

    slots = day_slots(tuple(head))
    taken |= {slot.position - 1 for slot in slots}
    _times(draft, named, columns, taken, take, has_slots=bool(slots))
    take("unit", _best(named, columns, taken, lambda name, cells: _is_unit(cells)))
    meter = _best(named, columns, taken, lambda name, cells: bool(METER.search(plain(name))) and bool(cells))
    place = _best(named, columns, taken, lambda name, cells: bool(PLACE.search(plain(name))) and bool(cells))
    take("meter", meter if meter is not None else place)
    take("yen", _best(named, columns, taken, lambda name, cells: bool(MONEY.search(plain(name))) and _numbers(cells)))
    if slots:
        draft.layout["slots"] = True
        draft.sure.append(both("draft_day_of_slots", slots=len(slots)))
    else:
        _quantity(draft, named, columns, taken, take)
    if "meter" not in roles:
        draft.layout["meter_from"] = "folders"
        draft.unsure.append(both("draft_no_meter"))
    draft.layout["header"] = [
        roles[role] for role in ("meter", "start", "date", "month", "year", "fiscal_year", "quantity") if role in roles
    ]
    draft.layout["columns"] = roles
    _units(draft, roles, head)
    _totals(draft, head, rows)
    draft.sure.append(both("draft_header_line", line=top + 1))
    return draft


Take = Callable[[str, int | None], None]
Named = dict[int, str]
Cells = dict[int, list[str]]


def _times(draft: Draft, named: Named, columns: Cells, taken: set[int], take: Take, *, has_slots: bool) -> None:
    """Find the columns of time and how they are meant."""
    dates = [
        n
        for n in named
        if n not in taken and _share(columns[n], lambda c: read_moment(c) is not None) >= MOSTLY and _dated(columns[n])
    ]
    months = [
        n
        for n in named
        if n not in taken and _share(columns[n], lambda c: read_moment(c, "month") is not None) >= MOSTLY
    ]
    if not dates and not months:
        for form in FORMS:
            dates = [n for n in named if n not in taken and _share(columns[n], partial(_reads, form)) >= MOSTLY]
            if dates:
                draft.layout["date_form"] = form
                draft.unsure.append(both("draft_date_form", form=form))
                break
    clock = next(
        (
            n
            for n in named
            if n not in taken and _share(columns[n], lambda c: bool(CLOCK.fullmatch(plain(c)))) >= MOSTLY
        ),
        None,
    )
    starts = [n for n in dates if START.search(plain(named[n]))]
    ends = [n for n in dates if END.search(plain(named[n])) and n not in starts]
    if starts and ends:
        take("start", starts[0])
        take("end", ends[0])
        _inclusive(draft, columns[starts[0]], columns[ends[0]])
    elif dates:
        take("date", dates[0])
        take("time", clock if dates[0] != clock else None)
        if not has_slots:
            _slot(draft, columns[dates[0]], columns[clock] if clock is not None else None)
    elif months:
        take("month", months[0])
        draft.sure.append(both("draft_row_a_month"))
        if "請求" in named[months[0]] or "支払" in named[months[0]]:
            draft.layout["month_shift"] = -1
            draft.unsure.append(both("draft_month_billed"))
    elif (
        years := next(
            (n for n in named if n not in taken and YEAR.search(plain(named[n])) and _years(columns[n])), None
        )
    ) is not None:
        take("fiscal_year" if "年度" in named[years] else "year", years)
        draft.unsure.append(both("draft_row_a_year"))
    else:
        draft.unsure.append(both("draft_no_dates"))


def _inclusive(draft: Draft, starts: list[str], ends: list[str]) -> None:
    """Does a period end on its last day, or on the day after? The next period's start tells."""
    begun = {m for text in starts if (m := read_moment(text))}
    ended = {m for text in ends if (m := read_moment(text))}
    touching, apart = len(ended & begun), len({m + timedelta(days=1) for m in ended} & begun)
    are_months = all(m.day == 1 for m in begun) and all((m + timedelta(days=1)).day == 1 for m in ended)
    if apart > touching or (begun and ended and are_months):
        draft.layout["end_inclusive"] = True
        draft.sure.append(both("draft_end_inclusive"))
    elif touching > apart:
        draft.sure.append(both("draft_end_exclusive"))
    else:
        draft.unsure.append(both("draft_end_unknown"))


def _slot(draft: Draft, dates: list[str], clocks: list[str] | None) -> None:
    """The length of a slot from the stamps' distance, and which end of it the stamp is."""
    texts = [f"{d} {c}" for d, c in zip(dates, clocks, strict=False)] if clocks else dates
    form = str(draft.layout.get("date_form", ""))
    moments = sorted({m for text in texts if (m := read_moment(text, form))})
    steps = [int((b - a).total_seconds()) // 60 for a, b in pairwise(moments)]
    step = max(set(steps), key=steps.count) if steps else 1_440
    draft.layout["slot_minutes"] = min(max(step, 1), 1_440)
    if step >= 1_440:
        draft.unsure.append(both("draft_row_a_day"))
        return
    draft.sure.append(both("draft_row_a_slot", step=step))
    firsts = {m.hour * 60 + m.minute for m in moments}
    if any("24:00" in text for text in texts) or (0 not in firsts and step in firsts):
        draft.layout["stamp"] = "end"
        draft.sure.append(both("draft_stamp_is_end"))
    else:
        draft.unsure.append(both("draft_stamp_taken_for_start"))


def _quantity(draft: Draft, named: Named, columns: Cells, taken: set[int], take: Take) -> None:
    numeric = [n for n in named if n not in taken and _numbers(columns[n])]
    numeric = [n for n in numeric if not IDENTITY.search(plain(named[n]))]
    likely = [n for n in numeric if QUANTITY.search(plain(named[n]))] or [
        n for n in numeric if POWER.search(plain(named[n]))
    ]
    chosen = next(iter(likely or numeric), None)
    take("quantity", chosen)
    if chosen is None:
        draft.unsure.append(both("draft_no_quantity"))
    elif len(likely or numeric) > 1:
        others = "、".join(" ".join(named[n].split()) for n in (likely or numeric)[1:6])
        draft.unsure.append(both("draft_more_quantities", others=others))
    if chosen is not None and POWER.search(plain(named[chosen])):
        draft.layout["is_power"] = True
        draft.layout["reading_kind"] = "interval"
        draft.unsure.append(both("draft_power"))


def _units(draft: Draft, roles: dict[str, str], head: Sequence[str]) -> None:
    if "unit" in roles or draft.layout.get("is_power"):
        return
    if _is_unit([roles.get("quantity", "")]):
        draft.layout["unit"] = roles["quantity"]
        draft.sure.append(both("draft_unit_alone", unit=roles["quantity"]))
        return
    names = [roles["quantity"]] if "quantity" in roles else [name for name in head if UNIT_IN_NAME.search(name)]
    for name in names:
        for match in UNIT_IN_NAME.finditer(name):
            try:
                units.canonical(match.group(1))
            except units.UnitError:
                continue
            draft.layout["unit"] = match.group(1)
            draft.sure.append(both("draft_unit_in_header", unit=match.group(1)))
            return
    draft.unsure.append(both("draft_no_unit"))


def _totals(draft: Draft, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    words = {plain(row[0]) for row in rows if row and TOTAL.fullmatch(plain(row[0]))}
    if words:
        draft.layout["total_rows"] = sorted(words)
        draft.sure.append(both("draft_total_rows", words="、".join(sorted(words))))
    total = next((name for name in head if TOTAL.fullmatch(plain(name))), None)
    if total and draft.layout.get("slots"):
        draft.layout["columns"]["total"] = total
        draft.sure.append(both("draft_total_column"))


def _best(named: Named, columns: Cells, taken: set[int], fits: Callable[[str, list[str]], bool]) -> int | None:
    return next((n for n, name in named.items() if n not in taken and fits(name, columns[n])), None)


def _reads(form: str, cell: str) -> bool:
    return read_moment(cell, form) is not None


def _share(cells: list[str], fits: Callable[[str], bool]) -> float:
    return sum(1 for cell in cells if fits(cell)) / len(cells) if cells else 0


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
    def known(cell: str) -> bool:
        try:
            return bool(units.canonical(cell))
        except units.UnitError:
            return False

    return _share(cells, known) >= MOSTLY


def _as_toml(stem: str, draft: Draft) -> str:
    name = re.sub(r"[^0-9A-Za-z]+", "_", stem).strip("_").lower() or "my_layout"
    told = [f"[layouts.{name}]"]
    for key, value in draft.layout.items():
        if key != "columns":
            told.append(f"{key} = {_value(value)}")
    told += [f"columns.{role} = {_value(column)}" for role, column in draft.layout.get("columns", {}).items()]
    return "\n".join(told)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(_value(v) for v in value)}]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)
