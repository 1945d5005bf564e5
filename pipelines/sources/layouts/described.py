"""Recognise a table by a layout that is described as data (``layouts.toml`` here, ``[layouts.…]`` in city.toml)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

from pipelines.settings.layout import SIDE_ROLES, TIMES, WORDED, Column, Layout
from pipelines.sources.layouts import facts, headings, months
from pipelines.sources.layouts.head import (
    LayoutReader,
    Recognised,
    Slot,
    TableHead,
    Timing,
    plain,
    split_lines,
    words_of,
)
from pipelines.sources.layouts.slots import day_slots, numbered_slots
from pipelines.texts import in_both

LENGTHS = {"month": 1, "year": 12, "fiscal_year": 12, "year_ending": -12}
FORMS = {"year": "year", "fiscal_year": "fiscal_year"}
WHOLE_DAY = 1_440
# How often a register begins at 0 by itself -> the word of its states.
EVENTS = {"day": "daily", "month": "monthly", "reading": "since_reading"}
# Where several words of a layout are there, the first is meant.
BY_PREFERENCE = frozenset({"meter", "meter_else", "meter_part"})


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the file says of all its rows."""

    meter: str | None = None
    unit: str | None = None
    period: facts.Period | None = None
    year: tuple[int, bool] | None = None
    supplier: str | None = None
    lacks: tuple[str, str, str] | None = None  # which fact, where it should stand, what stands there


@cache
def own() -> Mapping[str, Layout]:
    """Return the descriptions of the layouts that come with the package."""
    text = Path(__file__).with_name("layouts.toml").read_text(encoding="utf-8")
    return {name: Layout.model_validate(entry) for name, entry in tomllib.loads(text).items()}


@cache
def own_layouts() -> tuple[LayoutReader, ...]:
    """Return the layouts that come with the package."""
    return readers(own())


def readers(layouts: Mapping[str, Layout]) -> tuple[LayoutReader, ...]:
    """Return described layouts as the register knows layouts."""
    return tuple(
        LayoutReader(name, _Described(name, layout).recognise, layout.title) for name, layout in layouts.items()
    )


class _Described:
    def __init__(self, name: str, layout: Layout) -> None:
        self.name = name
        self.layout = layout
        self.needed = tuple(frozenset(plain(word) for word in words.split("|")) for words in layout.header)
        self.unwanted = frozenset(plain(word) for word in layout.without)
        self._placed = lru_cache(maxsize=256)(self._place)  # thousands of files share a header
        self._places = lru_cache(maxsize=256)(self._value_places)

    def __reduce__(self) -> tuple[type[_Described], tuple[str, Layout]]:
        """Go to another process as what it was made from."""
        return _Described, (self.name, self.layout)

    def recognise(self, head: TableHead) -> Recognised | None:
        """Return how to read the table when it fits the description."""
        found = self._header(head)
        if found is None:
            return None
        line, names = found
        first = max(0, line - self.layout.header_rows)
        told = self._facts(head, first)
        if self.layout.meter_from in ("file_name", "folders") and told.meter is None:
            return None
        quantities, others = self._places(names)
        under = next((n for n, row in enumerate(head.rows[line:], start=line) if any(row)), line)
        above, below = (
            headings.beside(row[0], (*quantities, *others)) if row else ()
            for row in (head.rows[max(0, first - 1) : first], head.rows[under : under + 1])
        )
        if above and any(
            headings.is_unit(cell) and n not in quantities for n, cell in enumerate(head.rows[first - 1], 1)
        ):
            above = ()  # it stands above no column of its own: a title
        tops = list(head.rows[:first])
        if above:  # what stands above a column is said of it alone
            tops[-1] = tuple("" if n in (*quantities, *others) else cell for n, cell in enumerate(tops[-1], 1))
        stated = headings.titles(tops)
        return self._placed(under + 1 if below else line, names, told, stated, above, below)

    def _place(
        self,
        line: int,
        names: tuple[str, ...],
        told: _Facts,
        stated: headings.Stated,
        above: tuple[str, ...],
        below: tuple[str, ...],
    ) -> Recognised | None:
        """Return where everything stands below a header, unless something needed is missing."""
        found = {role: _positions(names, column) for role, column in self.layout.columns.items()}
        columns = {role: positions[0] for role, positions in found.items() if positions}
        slots = self._slots(names, told)
        if not slots and self.layout.months and self._places(names)[0]:
            return self._refused(names, line, ("months_unclear", {"found": " ".join(names)[:120]}))
        if not slots or not self._has_times(columns) or not (self.layout.meter_from or "meter" in columns):
            return None
        if told.lacks:
            fact, where, found_there = told.lacks
            numbers: dict[str, object] = {
                "fact": facts.name_of(fact),
                "where": where,
                "found": found_there,
                "setting": f"{fact}_from",
            }
            return self._refused(names, line, ("no_fact_of_file", numbers))
        twins, doubled = self._twins(names, found)
        unread = [f"{names[columns.pop(role) - 1]}: {in_both('two_columns_of_one_name')}" for role in doubled]
        places = [place for some in self._places(names) for place in some]
        beside = [dict(zip(places, row, strict=False)) for row in (above, below)]
        for role in sorted(SIDE_ROLES & set(columns)):
            if scale := _scale(role, names[columns[role] - 1], [row.get(columns[role], "") for row in beside], stated):
                unread.append(f"{names[columns.pop(role) - 1]}: {scale}")
        slots, stated_units, problem = self._agreed(slots, columns, stated, beside, told.unit or self.layout.unit)
        of_file = self._of_file(told, names)
        return Recognised(
            names=names,
            twins=twins,
            stated_units=stated_units,
            unread=tuple(unread),
            problem=problem,
            layout=self.name,
            header_line=line,
            width=len(names),
            columns={_role(role): position for role, position in columns.items() if role != "quantity"},
            slots=slots,
            meter=told.meter,
            unit=told.unit or self.layout.unit or None,
            period=of_file,
            note=told.supplier,
            event=EVENTS.get(self.layout.resets),
            reading_kind=self.layout.reading_kind or ("interval" if self.layout.slots else None),
            record=self.layout.record,
            names_meter_by_path=self.layout.meter_from in ("file_name", "folders"),
            timing=self._timing(columns, form_is_ours=of_file is not None),
            words={
                f"{role}:{word}": meaning
                for role in WORDED
                for word, meaning in self.layout.words.get(role, {}).items()
            },
            missing=self.layout.missing,
            total_rows=tuple(plain(word) for word in self.layout.total_rows),
            skip="|".join(map(_row_pattern, self.layout.skip_rows)) or None,
            total_tolerance=self.layout.total_tolerance,
            reads_hidden=self.layout.hidden_sheets,
        )

    def _twins(
        self, names: tuple[str, ...], found: Mapping[str, list[int]]
    ) -> tuple[tuple[tuple[int, int], ...], list[str]]:
        """Return the columns that claim a role beside the one that has it, and the side roles that two columns claim.

        Where a layout names several words for the meter or a note, it means the first that is there; the others are no rivals.
        """
        claimed = {**found} | {
            f"quantity {n}": _positions(names, quantity.column) for n, quantity in enumerate(self.layout.quantities)
        }
        twins: list[tuple[int, int]] = []
        doubled = []
        for role, (first, *others) in ((role, places) for role, places in claimed.items() if places):
            alike = [place for place in others if plain(names[place - 1]) == plain(names[first - 1])]
            if role in SIDE_ROLES and alike:
                doubled.append(role)
            elif role not in SIDE_ROLES | {"note"}:
                twins += [(first, place) for place in (alike if role in BY_PREFERENCE else others)]
        return tuple(twins), doubled

    def _agreed(
        self,
        slots: tuple[Slot, ...],
        columns: Mapping[str, int],
        stated: headings.Stated,
        beside: list[dict[int, str]],
        of_file: str,
    ) -> tuple[tuple[Slot, ...], tuple[str, ...], tuple[str, dict[str, object]] | None]:
        """Return the slots with the units that title and heading say, the units a row must agree with, and where they differ."""
        if not self.layout.header or self.layout.record == "composition":
            return slots, (), None
        found, every = [], []
        for slot in slots:
            has_column = "unit" in columns or slot.unit_position is not None
            rows = [row.get(slot.position, "") for row in beside]
            heads = [unit for unit in (*rows, headings.named(slot.name)[1]) if unit]
            fixed = slot.unit or ("" if has_column else of_file)
            exact = {
                headings.word(unit)
                for unit in (*heads, fixed.partition("_")[0] if fixed.startswith("kW_") else fixed)
                if unit
            }
            allowed = {headings.word(unit) for unit in stated.units}
            unclear = len(allowed) > 1 and not exact and not has_column
            if len(exact) > 1 or (allowed and not exact <= allowed) or unclear:
                told = " / ".join(dict.fromkeys([*stated.units, *heads, *([fixed] if fixed else [])]))
                return slots, (), ("units_disagree", {"column": slot.name, "found": told})
            said = heads or list(stated.units)
            every += said
            found.append(replace(slot, unit=said[0]) if said and not fixed and not has_column else slot)
        by_row = "unit" in columns or any(slot.unit_position for slot in slots)
        return tuple(found), tuple(dict.fromkeys(every)) if by_row else (), None

    def _header(self, head: TableHead) -> tuple[int, tuple[str, ...]] | None:
        """Return (last line of the header, names of the columns)."""
        spec = self.layout
        if not spec.header:
            first = head.rows[0] if head.rows else ()
            fits = len(first) == spec.width and all(
                int(number) <= len(first) and re.fullmatch(pattern, first[int(number) - 1])
                for number, pattern in spec.first_row.items()
            )
            return (0, tuple(f"{n}" for n in range(1, spec.width + 1))) if fits else None
        if self._is_ruled_out(head.words):
            return None
        possible = head.words_of_rows if spec.header_rows == 1 else _words_joined(head.rows, spec.header_rows)
        for start, words in enumerate(possible):
            if words.isdisjoint(self.unwanted) and not any(words.isdisjoint(needed) for needed in self.needed):
                names = _joined(head.rows[start : start + spec.header_rows])
                if len(names) == (spec.width or len(names)):
                    return start + spec.header_rows, names
        return None

    def _value_places(self, names: tuple[str, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the columns of quantities, and those of amounts and power beside them."""
        found = (_position(names, column) for role, column in self.layout.columns.items() if role in SIDE_ROLES)
        places = tuple(slot.position for slot in self._slots(names, _Facts()))
        if self.layout.months and not places:
            places = tuple(months.bare_months(names))
        return places, tuple(place for place in found if place)

    def _is_ruled_out(self, words: frozenset[str]) -> bool:
        """Tell at once from the words of all cells; a name that is joined downwards begins with one of them."""
        if self.layout.header_rows == 1:
            return any(words.isdisjoint(needed) for needed in self.needed)
        begun = tuple(word for word in words if word)
        return not all(any(name.startswith(begun) for name in needed) for needed in self.needed)

    def _facts(self, head: TableHead, first: int) -> _Facts:
        """Return what the file says of all rows, or which fact it lacks."""
        spec = self.layout
        above = head.rows[:first]

        def texts(source: str) -> list[str]:
            return facts.text_of(head, above, source) if source else []

        meter = facts.word_in(texts(spec.meter_from), spec.meter_pattern, "meter")
        unit = facts.unit_in(texts(spec.unit_from), spec.unit_pattern)
        supplier = facts.word_in(texts(spec.supplier_from), spec.supplier_pattern, "supplier")
        when = texts(spec.period_from)
        year = facts.year_in(when, spec.period_pattern) if spec.months else None
        period = (
            None
            if spec.months
            else facts.period_in(when, spec.period_pattern, end_inclusive=spec.end_inclusive is not False)
        )
        found = {"meter": meter, "unit": unit, "supplier": supplier, "period": year if spec.months else period}
        for fact, value in found.items():
            source = str(getattr(spec, f"{fact}_from"))
            if source and value is None:
                told = " / ".join(texts(source))[:120] or "-"
                return _Facts(meter, unit, period, year, supplier, (fact, source, told))
        return _Facts(meter, unit, period, year, supplier)

    def _refused(self, names: tuple[str, ...], line: int, problem: tuple[str, dict[str, object]]) -> Recognised:
        """Return a table of this layout that cannot be read, and why."""
        return Recognised(self.name, header_line=line, width=len(names), names=names, problem=problem)

    def _of_file(self, told: _Facts, names: tuple[str, ...]) -> tuple[str, str | None] | None:
        """Return the period of all rows, or of months across the beginning of their year."""
        if self.layout.months:
            year = months.across(names, self.layout.month_shift, is_fiscal=None)
            if year is not None and year.year is not None:
                return str(date(year.year, 1, 1)), None
            return (str(date(told.year[0], 4 if told.year[1] else 1, 1)), None) if told.year else None
        return (str(told.period[0]), str(told.period[1])) if told.period else None

    def _months(self, names: tuple[str, ...], told: _Facts) -> tuple[Slot, ...]:
        """Return the columns of months, each counted from the beginning of its year."""
        spec = self.layout
        of_row = {"fiscal_year": True, "year": False}
        by_row = next((is_fiscal for role, is_fiscal in of_row.items() if role in spec.columns), None)
        found = months.across(names, spec.month_shift, is_fiscal=told.year[1] if told.year else by_row)
        return tuple(Slot(at, names[at - 1], month=month) for at, month in found.places.items()) if found else ()

    def _slots(self, names: tuple[str, ...], told: _Facts) -> tuple[Slot, ...]:
        spec = self.layout
        if spec.months:
            return self._months(names, told)
        if spec.slots:
            unit = "kW" if spec.is_power else None
            found = (
                numbered_slots(names, spec.first_slot, spec.slot_minutes or 30) if spec.first_slot else day_slots(names)
            )
            stated = [replace(slot, unit=None) for slot in found] if spec.unit else found
            return tuple(_powered(slot, unit) for slot in stated)
        minutes = spec.slot_minutes or (1 if spec.record == "register" else 0)  # a state is of its minute
        start, end = (0, minutes or None) if not (minutes and spec.stamp == "end") else (-minutes, 0)
        if not spec.quantities:
            position = _position(names, spec.columns["quantity"])
            slot = Slot(position, names[position - 1], start, end, _unit_in(names, spec)) if position else None
            return (_powered(slot, "kW" if spec.is_power else None),) if slot else ()
        slots = []
        for quantity in spec.quantities:
            position = _position(names, quantity.column)
            if position:
                name = names[position - 1]
                band, meter, unit = quantity.time_band or None, quantity.meter or None, quantity.unit or None
                of_its_own = _position(names, quantity.unit_column) if quantity.unit_column is not None else 0
                slots.append(Slot(position, name, start, end, unit, meter, band, of_its_own or None))
        return tuple(slots)

    def _has_times(self, columns: Mapping[str, int]) -> bool:
        spec = self.layout
        if spec.period_from or spec.months:
            return True
        if not any(role in columns for role in TIMES):
            return False
        needs_end = "start" in columns and not (spec.ends_at_next or spec.slot_minutes)
        return "end" in columns or not needs_end

    def _timing(self, columns: Mapping[str, int], *, form_is_ours: bool) -> Timing:
        spec = self.layout
        role = next((role for role in TIMES if role in columns), "")
        return Timing(
            form=""
            if form_is_ours
            else spec.date_form or (f"month{spec.month_shift}" if role == "month" else FORMS.get(role, "")),
            months=LENGTHS.get(role, 0),
            end_shift_minutes=WHOLE_DAY if spec.end_inclusive and not spec.period_from else 0,
            is_period=role == "period",
            from_previous=spec.starts_at_previous,
            longest_days=spec.longest_days if spec.starts_at_previous else None,
            days_decide="days" in columns and spec.end_inclusive is None and not spec.starts_at_previous,
            until_next=spec.ends_at_next,
            utc_minutes=spec.utc_offset_minutes,
        )


def _role(role: str) -> str:
    return "start" if role in TIMES else role


def _row_pattern(word: str) -> str:
    """Return the pattern of a word of rows that are passed over."""
    if word.startswith("/"):
        return f"(?:{word.strip('/')})"
    return "|".join(dict.fromkeys(re.escape(each) for each in ("".join(word.split()), plain(word))))


def _powered(slot: Slot, unit: str | None) -> Slot:
    """Name power over a slot by the slot's length: half an hour of kW is half as many kWh."""
    if (unit or slot.unit) != "kW" or slot.end_minutes is None:
        return slot
    return replace(slot, unit=f"kW_{slot.end_minutes - slot.start_minutes}min")


def _unit_in(names: tuple[str, ...], spec: Layout) -> str | None:
    """Return the unit that a quantity's name holds, where the layout describes it by a pattern with a group."""
    column = spec.columns["quantity"]
    for word in column if isinstance(column, tuple) else (column,):
        if isinstance(word, str) and word.startswith("/"):
            match = next((m for name in names if (m := re.fullmatch(word.strip("/"), name))), None)
            return match.groupdict().get("unit") if match else None
    return None


@lru_cache(maxsize=8)  # every layout asks for the same table in turn
def _words_joined(rows: tuple[tuple[str, ...], ...], height: int) -> tuple[frozenset[str], ...]:
    """Return the plain words of the columns' names, were a header of several rows to begin at each of the rows."""
    joined = (_joined(rows[start : start + height]) for start in range(len(rows) - height + 1))
    return tuple(words_of(names) for names in joined)


def _joined(rows: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """Join the rows of a header downwards; a merged cell's words stand in its first one."""
    width = max((len(row) for row in rows), default=0)
    if len(rows) == 1 and not any("\n" in cell or "\r" in cell for cell in rows[0]):
        return rows[0]
    return tuple("".join("".join(split_lines(row[n])) for row in rows if n < len(row)) for n in range(width))


def _position(names: tuple[str, ...], column: Column) -> int:
    """Return a column's number from 1, or 0; a name between slashes is a pattern."""
    return next(iter(_positions(names, column)), 0)


def _positions(names: tuple[str, ...], column: Column) -> list[int]:
    """Return the numbers of all columns that a description fits, that of the first word first; a unit behind a name is no part of it."""
    words = column if isinstance(column, tuple) else (column,)
    found: dict[int, None] = {}
    for name_of in (plain, _without_unit):
        for word in words:
            if isinstance(word, int):
                found |= {word: None} if word <= len(names) else {}
                continue
            for number, name in enumerate(names, start=1):
                fits = re.fullmatch(word.strip("/"), name) if word.startswith("/") else plain(word) == name_of(name)
                found |= {number: None} if fits else {}
    return list(found)


def _without_unit(name: str) -> str:
    return headings.named(name)[0]


def _scale(role: str, name: str, beside: list[str], stated: headings.Stated) -> str:
    """Return in what an amount or a power stands that is not whole yen or kW, or nothing."""
    said = [unit for unit in (*beside, headings.named(name)[1]) if unit]
    if role != "yen":
        return next((unit for unit in said if unit not in ("kW", "kVA")), "")
    other = next((unit for unit in said if unit != headings.YEN and headings.YEN in unit), "")
    return other or stated.money
