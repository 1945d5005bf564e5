"""How a table that somebody sends is laid out, as data: the package's own layouts and a city's in city.toml.

A layout says by which words of its header a file is recognised, in which columns the meter, the time and the quantity
stand, and how its times are meant. ``pipelines/sources`` reads files by it; nothing of a layout is code.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from pipelines import tables
from pipelines.texts import both, section


class Frozen(BaseModel):
    """Base of all settings: immutable, and a key nobody knows is an error, not a comment."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# A column: its name in the header, its number from 1, or several names of which the first one present counts.
Column = Annotated[int, Field(ge=1, le=16_384)] | str | tuple[str, ...]
ROLES = (
    "meter", "meter_else", "meter_part", "start", "end", "period", "date", "time", "month", "year", "fiscal_year",
    "year_ending", "quantity", "unit", "reading_kind", "time_band", "quality", "stage", "issued", "yen", "demand_kw",
    "contract_kw", "substance", "note", "category", "basis", "moisture", "laboratory", "slip", "index_before",
    "index_after", "evidence", "for_month", "total", "days",
)  # fmt: skip
# Where a value's time comes from; a layout has exactly one of these.
TIMES = ("start", "period", "date", "month", "year", "fiscal_year", "year_ending")
# Columns beside the value: what cannot be read of them costs only themselves.
SIDE_ROLES = frozenset({"yen", "demand_kw", "contract_kw"})
WORDED = ("reading_kind", "time_band", "quality", "stage")
# Where a fact of the whole file stands, beside the columns: its name, its folders, a title above the header, the cell behind a label.
SOURCES = r"^(|file_name|folders|title|cell:.+|=.+)$"
PATTERNED = ("meter", "unit", "period", "supplier")
RECORDS = "reading|register|activity|composition"


def explained() -> list[dict[str, str]]:
    """Return every key of a layout and every role of a column: its name, its value where nothing is written, and what it means."""
    ja = section("layout_keys")
    found = [
        {
            "key": name,
            "usual": _shown(info.get_default(call_default_factory=True)),
            "ja": ja[name],
            "en": info.description or "",
        }
        for name, info in Layout.model_fields.items()
    ]
    roles = [
        {"key": f"columns.{role}", "usual": "", "ja": ja[f"columns.{role}"], "en": f"The column of: {role}."}
        for role in ROLES
    ]
    return found + roles


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) if value not in (None, "", (), {}) else ""


def _one_of(column: str) -> str:
    """The pattern of a word that a column may hold, or nothing."""
    return f"^(|{'|'.join(tables.words(column))})$"


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(both("no_pattern", error=error)) from error


class Quantity(Frozen):
    """One of several columns with quantities, each of another meter, unit or band."""

    column: Column = Field(description="The column.")
    unit: str = Field("", description="Its unit.")
    unit_column: Column | None = Field(None, description="The column that says its unit, row by row.")
    meter: str = Field("", description="What is added to the meter's word after a slash.")
    time_band: Annotated[str, Field(pattern=_one_of("time_band"))] = Field("", description="Its band.")


class Layout(Frozen):
    """One layout. Words are compared without blanks and line breaks, full-width and half-width alike."""

    title: str = Field("", description="What it is and who sends it.")
    record: Annotated[str, Field(pattern=f"^({RECORDS})$")] = Field("reading", description="What a row tells.")
    header: tuple[str, ...] = Field((), description="Words that all stand in the header; by these a file is known.")
    without: tuple[str, ...] = Field((), description="Words that must not stand there.")
    header_rows: int = Field(1, ge=1, le=10, description="Rows of the header; merged cells are joined downwards.")
    width: int = Field(0, ge=0, le=16_384, description="Exact number of columns of a file without a header.")
    first_row: dict[str, str] = Field(
        default_factory=dict, description="Column number -> pattern that the first row fits, without a header."
    )
    columns: dict[str, Column] = Field(default_factory=dict, description="Role -> column.")
    quantities: tuple[Quantity, ...] = Field((), description="Several columns with quantities, instead of one.")
    slots: bool = Field(
        False,
        description="The quantities stand in columns for the parts of a day, all of one length (24, 48, 96, 288 …).",
    )
    first_slot: int = Field(
        0, ge=0, le=16_384, description="Column of the first slot (48, or by slot_minutes), without a header."
    )
    months: bool = Field(
        False,
        description="The quantities stand in columns for months (4月 … 3月); the year stands in them, in a column or period_from.",
    )
    meter_from: Annotated[str, Field(pattern=SOURCES)] = Field(
        "", description="Where the meter stands: file_name, folders, title, cell:LABEL, =WORD; empty: a column."
    )
    meter_pattern: str = Field("", description="Pattern of that text; its group 'meter' is the meter's word.")
    period_from: Annotated[str, Field(pattern=SOURCES)] = Field(
        "", description="Where the period, month or year of all rows stands, in the same way."
    )
    period_pattern: str = Field("", description="Pattern of that text; its group 'period' is the period.")
    unit_from: Annotated[str, Field(pattern=SOURCES)] = Field(
        "", description="Where the unit of all rows stands, in the same way."
    )
    unit_pattern: str = Field("", description="Pattern of that text; its group 'unit' is the unit.")
    supplier_from: Annotated[str, Field(pattern=SOURCES)] = Field(
        "", description="Where the supplier's name stands, in the same way; it is kept as the note of each value."
    )
    supplier_pattern: str = Field("", description="Pattern of that text; its group 'supplier' is the name.")
    unit: str = Field("", description="The unit where no column says it.")
    is_power: bool = Field(False, description="The values are kW over the slot, not kWh.")
    reading_kind: Annotated[str, Field(pattern=_one_of("reading_kind"))] = Field(
        "", description="The kind of reading where no column says it; empty: the meter's own."
    )
    resets: Annotated[str, Field(pattern="^(|day|month|reading)$")] = Field(
        "",
        description="Of a register: it begins at 0 by itself every day or month, or at each reading (reading days in files apart).",
    )
    slot_minutes: int = Field(0, ge=0, le=1_440, description="Length of the slot that a stamp names.")
    stamp: Annotated[str, Field(pattern="^(start|end)$")] = Field("start", description="Which end of it the stamp is.")
    date_form: str = Field("", description="Form of dates that are not read otherwise, such as %d/%m/%y.")
    utc_offset_minutes: int | None = Field(
        None, ge=-840, le=840, description="Stamps with an UTC offset are moved to this one; empty: to the city's."
    )
    end_inclusive: bool | None = Field(
        None,
        description="The end is the last day (true) or the day after (false); empty: columns.days decides, else the day after.",
    )
    ends_at_next: bool = Field(False, description="A period ends where the next row of the meter begins.")
    starts_at_previous: bool = Field(
        False, description="The date is a reading day: a period begins at that of the row before of the same meter."
    )
    longest_days: int = Field(
        45, ge=1, le=400, description="With starts_at_previous: longer periods are held back, for a row may be missing."
    )
    month_shift: int = Field(0, ge=-12, le=12, description="Month of use minus month stated (-1: the month billed).")
    words: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="Role -> word of the file -> our word, e.g. stage: 1 -> confirmed."
    )
    missing: tuple[str, ...] = Field((), description="Further words for a missing value.")
    total_rows: tuple[str, ...] = Field((), description="Words of rows that hold totals; these must agree.")
    skip_rows: tuple[str, ...] = Field(
        (), description="Rows with such a word in a cell are passed over (小計); a pattern between slashes, too."
    )
    hidden_sheets: bool = Field(False, description="Sheets that are hidden in a workbook are read like others.")
    total_tolerance: float = Field(0, ge=0, description="By how much a total may differ, in the file's unit.")

    @field_validator("columns")
    @classmethod
    def _known_roles(cls, columns: dict[str, Column]) -> dict[str, Column]:
        if unknown := set(columns) - set(ROLES):
            raise ValueError(f"{', '.join(sorted(unknown))}: {' / '.join(ROLES)}")
        return columns

    @field_validator(*(f"{fact}_pattern" for fact in PATTERNED))
    @classmethod
    def _compiles(cls, pattern: str, info: ValidationInfo) -> str:
        fact = str(info.field_name).removesuffix("_pattern")
        if pattern and fact not in _compiled(pattern).groupindex:
            raise ValueError(f"(?P<{fact}>…)")
        return pattern

    @field_validator("skip_rows")
    @classmethod
    def _words_compile(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if word.startswith("/"):
                _compiled(word.strip("/"))
        return words

    @model_validator(mode="after")
    def _whole(self) -> Layout:
        if not self.header and not self.width:
            raise ValueError(both("header_or_width"))
        times = [role for role in TIMES if role in self.columns]
        if self.months:
            if set(times) - {"year", "fiscal_year"} or len(times) + bool(self.period_from) > 1:
                raise ValueError(both("months_want_a_year"))
        elif len(times) + bool(self.period_from) != 1:
            raise ValueError(both("one_column_of_time", times=", ".join((*TIMES, "period_from"))))
        if self.starts_at_previous and times != ["date"]:
            raise ValueError(both("previous_wants_a_date"))
        if self.resets and self.record != "register":
            raise ValueError(both("only_registers_reset"))
        held = bool(self.quantities) + self.slots + self.months + ("quantity" in self.columns)
        if held != 1:
            raise ValueError(both("one_kind_of_quantity"))
        if "meter" not in self.columns and not self.meter_from:
            raise ValueError(both("meter_or_meter_from"))
        if "start" in self.columns and not ("end" in self.columns or self.ends_at_next or self.slot_minutes):
            raise ValueError(both("start_needs_an_end"))
        if self.is_power and not (self.slots or (self.slot_minutes and 1_440 % self.slot_minutes == 0)):
            raise ValueError(both("power_needs_slots"))
        return self
