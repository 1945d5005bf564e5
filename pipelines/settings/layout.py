"""How a table that somebody sends is laid out, as data: the package's own layouts and a city's in city.toml.

A layout says by which words of its header a file is recognised, in which columns the meter, the time and the quantity
stand, and how its times are meant. ``pipelines/sources`` reads files by it; nothing of a layout is code.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipelines import tables
from pipelines.texts import both


class Frozen(BaseModel):
    """Base of all settings: immutable, and a key nobody knows is an error, not a comment."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# A column: its name in the header, its number from 1, or several names of which the first one present counts.
Column = Annotated[int, Field(ge=1, le=16_384)] | str | tuple[str, ...]
ROLES = (
    "meter", "meter_else", "meter_part", "start", "end", "period", "date", "time", "month", "year", "fiscal_year",
    "year_ending", "quantity", "unit", "reading_kind", "time_band", "quality", "stage", "issued", "yen", "demand_kw",
    "contract_kw", "substance", "note", "category", "basis", "moisture", "laboratory", "slip", "index_before",
    "index_after", "total",
)  # fmt: skip
# Where a value's time comes from; a layout has exactly one of these.
TIMES = ("start", "period", "date", "month", "year", "fiscal_year", "year_ending")
# Columns beside the value: what cannot be read of them costs only themselves.
SIDE_ROLES = frozenset({"yen", "demand_kw", "contract_kw"})
WORDED = ("reading_kind", "time_band", "quality", "stage")
RECORDS = "reading|register|activity|composition"


def _one_of(column: str) -> str:
    """The pattern of a word that a column may hold, or nothing."""
    return f"^(|{'|'.join(tables.words(column))})$"


class Quantity(Frozen):
    """One of several columns with quantities, each of another meter, unit or band."""

    column: Column = Field(description="The column.")
    unit: str = Field("", description="Its unit.")
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
    slots: bool = Field(False, description="The quantities stand in columns for the parts of a day (24 or 48).")
    first_slot: int = Field(0, ge=0, le=16_384, description="Column of the first of 48 slots, without a header.")
    meter_from: str = Field("", description="file_name, folders, or a fixed word with = before it; empty: a column.")
    meter_pattern: str = Field("", description="Pattern of the file name; its group 'meter' is the meter's word.")
    unit: str = Field("", description="The unit where no column says it.")
    is_power: bool = Field(False, description="The values are kW over the slot, not kWh.")
    reading_kind: Annotated[str, Field(pattern=_one_of("reading_kind"))] = Field(
        "", description="The kind of reading where no column says it; empty: the meter's own."
    )
    slot_minutes: int = Field(0, ge=0, le=1_440, description="Length of the slot that a stamp names.")
    stamp: Annotated[str, Field(pattern="^(start|end)$")] = Field("start", description="Which end of it the stamp is.")
    date_form: str = Field("", description="Form of dates that are not read otherwise, such as %d/%m/%y.")
    utc_offset_minutes: int | None = Field(
        None, ge=-840, le=840, description="Stamps with an UTC offset are moved to this one; empty: they are refused."
    )
    end_inclusive: bool = Field(False, description="The end is the last day of the period, not the day after.")
    ends_at_next: bool = Field(False, description="A period ends where the next row of the meter begins.")
    month_shift: int = Field(0, ge=-12, le=12, description="Month of use minus month stated (-1: the month billed).")
    words: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="Role -> word of the file -> our word, e.g. stage: 1 -> confirmed."
    )
    missing: tuple[str, ...] = Field((), description="Further words for a missing value.")
    total_rows: tuple[str, ...] = Field((), description="Words of rows that hold totals; these must agree.")
    hidden_sheets: bool = Field(False, description="Sheets that are hidden in a workbook are read like others.")
    total_tolerance: float = Field(0, ge=0, description="By how much a total may differ, in the file's unit.")

    @field_validator("columns")
    @classmethod
    def _known_roles(cls, columns: dict[str, Column]) -> dict[str, Column]:
        if unknown := set(columns) - set(ROLES):
            raise ValueError(f"{', '.join(sorted(unknown))}: {' / '.join(ROLES)}")
        return columns

    @field_validator("meter_pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            if pattern and "meter" not in re.compile(pattern).groupindex:
                raise ValueError("(?P<meter>…)")
        except re.error as error:
            raise ValueError(both("no_pattern", error=error)) from error
        return pattern

    @model_validator(mode="after")
    def _whole(self) -> Layout:
        if not self.header and not self.width:
            raise ValueError(both("header_or_width"))
        times = [role for role in TIMES if role in self.columns]
        if len(times) != 1:
            raise ValueError(both("one_column_of_time", times=", ".join(TIMES)))
        held = bool(self.quantities) + self.slots + ("quantity" in self.columns)
        if held != 1:
            raise ValueError(both("one_kind_of_quantity"))
        if "meter" not in self.columns and not self.meter_from:
            raise ValueError(both("meter_or_meter_from"))
        if "start" in self.columns and not ("end" in self.columns or self.ends_at_next or self.slot_minutes):
            raise ValueError(both("start_needs_an_end"))
        if self.is_power and not (self.slots or self.slot_minutes):
            raise ValueError(both("power_needs_slots"))
        return self
