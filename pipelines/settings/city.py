"""city.toml as typed, frozen settings. Unknown keys are refused; every field says what it is for.

Reads ``<city>/city.toml``. Thresholds have a range, and a value outside it is an error that names the key.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator, model_validator

from pipelines import tables, units
from pipelines.settings import city_file, operation, place, problems
from pipelines.settings.city_file import CITY_FILE, PlanElectricityRule, SettingsError
from pipelines.settings.energy_act import EnergyActDuties
from pipelines.settings.layout import Frozen, Layout
from pipelines.settings.operation import Telling
from pipelines.settings.reports import Reports
from pipelines.settings.year import Year, YearDate
from pipelines.texts import both

# Sections about running the night: none of them changes a number.
OPERATION = ("schedule", "announce", "notices", "inbox", "retention", "pages", "answers", "rights", "sql", "desk")
OF_THE_MACHINE = ("memory", "threads", "batch_bytes", "batch_files")  # how much is done at once, not what is read


# A zone that changed its clocks in one of these years is refused: a day of 23 or 25 hours is not what the night counts with.
OF_RECENT_YEARS = range(2013, 2027)
JAPAN_MINUTES = 540


class City(Frozen):
    """Who we are and where the data folder is."""

    name: str = Field(description="Name of the city as printed on pages and summaries.")
    name_en: str = Field("", description="The same in English.")
    data_dir: str = Field(".data", description="Data folder, relative to the city folder.")
    today: date | None = Field(None, description="Day to run for; only for samples and replays. Empty: the clock.")
    time_zone: str = Field("Asia/Tokyo", description="Time zone of every local time in the inbox.")
    language: Annotated[str, Field(pattern="^(ja|en)$")] = Field("ja", description="Language of printed text.")

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            zone = ZoneInfo(name)
        except (ValueError, OSError, ZoneInfoNotFoundError) as error:
            raise ValueError(both("no_such_time_zone")) from error
        offsets = {
            datetime(year, month, 1, tzinfo=zone).utcoffset() for year in OF_RECENT_YEARS for month in range(1, 13)
        }
        if len(offsets) > 1:
            raise ValueError(both("zone_changes_clocks"))
        return name


class Source(Frozen):
    """One folder below inbox/."""

    layout: str = Field("", description="Layout of the files; empty: recognised by content.")
    unit_words: dict[str, str] = Field(
        default_factory=dict,
        description='What unit words mean here, as they are written: {"ton" = "t", "therms" = "105.505585 MJ"}.',
    )
    ends_without_newline: bool = Field(
        False, description="The files of this source always end without a line end: their last line is whole."
    )
    note: str = Field("", description="Who sends these files.")

    @field_validator("unit_words")
    @classmethod
    def _mean_something(cls, words: dict[str, str]) -> dict[str, str]:
        for word, meant in words.items():
            try:
                units.meaning(word, {word: meant})
            except units.UnitError as error:
                raise ValueError(both("no_such_unit_word", at=f"{word} = {meant}")) from error
        return words


class Thresholds(Frozen):
    """Limits of the rules of quality and of the flags; each with its range."""

    unit_slip_ratio: float = Field(
        6.0, ge=2, le=9.5, description="A month this many times above or below its fellows is taken for a slip."
    )
    unit_slip_agreeing_years: int = Field(
        2, ge=1, le=5, description="Other years whose same month must agree before a month is trusted."
    )
    reading_days_longest: int = Field(
        45,
        ge=1,
        le=400,
        description="Most days between two reading days of a list that says nothing of where a period begins.",
    )
    bill_late_days: int = Field(60, ge=1, le=400, description="Days after which a missing bill counts as late.")
    interval_late_days: int = Field(7, ge=1, le=400, description="The same for 30-minute data.")
    activity_late_days: int = Field(60, ge=1, le=400, description="The same for monthly activity figures.")
    waste_samples_per_year: int = Field(
        4, ge=1, le=365, description="Composition analyses a year; with fewer the burnt fractions are not known."
    )
    interpolated_days_per_month: int = Field(
        2,
        ge=0,
        le=5,
        description="Most missing or doubtful days of a month that are filled from similar days; 0: none.",
    )
    interpolation_similar_days: int = Field(4, ge=2, le=20, description="Similar days that filling one needs.")
    flat_run_days: int = Field(
        5, ge=2, le=60, description="So many days with exactly the same use, one after another, are flagged."
    )
    spike_ratio: float = Field(
        4.0,
        ge=1.5,
        le=100,
        description="A day this many times above nearly all days of its month of the year is flagged.",
    )
    zero_years: int = Field(
        2, ge=1, le=5, description="Other years without zeros in this season, from which on a zero is doubtful."
    )
    standstill_hours: int = Field(
        48, ge=12, le=720, description="So many hours on one and the same value above zero are doubtful."
    )
    slot_limit_ratio: float = Field(
        2.0, ge=1, le=100, description="A slot this many times above what its time allows (daily limit) is doubtful."
    )
    unusual_ratio: float = Field(
        2.0, ge=1.2, le=9, description="A month this many times outside its season of all other years is asked about."
    )
    fall_share: float = Field(
        0.3, ge=0.05, le=0.9, description="A fall of energy by more than this share that earns 達成 is asked about."
    )
    fall_step: float = Field(
        0.2,
        ge=0.05,
        le=0.9,
        description="The step within three months that such a fall shows, as a share of last year's month.",
    )
    bill_tolerance: float = Field(
        0.03, ge=0, le=0.5, description="Share by which a bill may differ from the intervals of its period."
    )
    provisional_factor_low: float = Field(
        0.5, ge=0, le=1, description="Lower bound of a provisional factor, as a share of it."
    )
    provisional_factor_high: float = Field(
        1.5, ge=1, le=10, description="Upper bound of a provisional factor, as a multiple of it."
    )
    decision_tolerance: float = Field(
        0.01, ge=0, le=0.2, description="A closed year's total may move by this share before a decision lapses."
    )
    base_difference: float = Field(
        0.05, ge=0, le=1, description="Share by which a target's base_co2e_t may differ from our own base year untold."
    )


class Limits(Frozen):
    """Limits on every input, against broken and hostile files."""

    file_bytes: int = Field(2_000_000_000, ge=1_000, description="Largest file that is read.")
    line_bytes: int = Field(65_536, ge=1_024, description="Longest line of a text file.")
    columns: int = Field(2_000, ge=10, description="Most columns of a table.")
    sheet_rows: int = Field(1_100_000, ge=10, description="Most rows of an Excel sheet.")
    zip_ratio: int = Field(200, ge=2, le=10_000, description="How many times its size an archive may become.")
    zip_members: int = Field(5_000, ge=1, description="Most files in an archive.")
    unzipped_bytes: int = Field(4_000_000_000, ge=1_000, description="Most bytes an archive may become.")
    slot_tolerance_seconds: int = Field(
        5, ge=0, le=29, description="Stamps this near a whole minute are moved onto it (Excel drift); others refused."
    )
    workbook_cells: int = Field(
        20_000_000, ge=1_000, description="Most cells of a workbook: of the areas that the cells of its sheets span."
    )
    file_rows: int = Field(20_000_000, ge=10, description="Most rows of a file, or readings of an XML document.")
    reading_memory: str = Field(
        "4GB",
        pattern=r"^\d+(MB|GB)$",
        description="Memory that reading one workbook, XML document or archive may take.",
    )
    reading_seconds: int = Field(600, ge=1, le=86_400, description="Seconds that reading one of these may take.")
    batch_bytes: int = Field(268_435_456, ge=1_000_000, description="Input handled in one parsing batch.")
    batch_files: int = Field(2_000, ge=1, description="Files handled in one parsing batch.")
    memory: str = Field("4GB", pattern=r"^\d+(MB|GB)$", description="Memory that DuckDB may use.")
    threads: int | None = Field(None, ge=1, le=256, description="Threads that DuckDB may use. Empty: one per core.")

    @property
    def half_memory(self) -> str:
        """Half of the memory."""
        return f"{_megabytes(self.memory) // 2}MB"

    @property
    def reading_bytes(self) -> int:
        """The memory for reading one file, in bytes."""
        return _megabytes(self.reading_memory) * 1_000_000

    def changed(self) -> dict[str, object]:
        """Return what decides whether and how a file is read, where it is not as usual."""
        usual = Limits()
        return {
            name: getattr(self, name)
            for name in type(self).model_fields
            if name not in OF_THE_MACHINE and getattr(self, name) != getattr(usual, name)
        }


def _megabytes(text: str) -> int:
    return int(text[:-2]) * (1_000 if text.endswith("GB") else 1)


class DatedRule(Frozen):
    """A rule of the city: from when until when, and where it was decided."""

    valid_from: date | None = Field(None, description="First day of the rule: a 1 April. Empty: always.")
    valid_to: date | None = Field(None, description="End of the rule (exclusive): a 1 April. Empty: open.")
    source: Annotated[str, Field(min_length=1)] = Field(description="Where it is decided: document and place.")

    @field_validator("valid_from", "valid_to")
    @classmethod
    def _begins_a_fiscal_year(cls, day: date | None) -> date | None:
        if day is not None and (day.month, day.day) != (4, 1):
            raise ValueError(both("fiscal_year_begins_in_april"))
        return day


class YearRule(DatedRule):
    """How a fiscal year is counted. Of several that fit, the one that names most decides, then the later one."""

    year_rule: Annotated[str, Field(pattern=f"^({'|'.join(tables.words('year_rule'))})$")] = Field(
        "by_day", description="by_day: spread over days. twelve_bills: the bills whose last day lies in April to March."
    )
    basis: Annotated[str, Field(pattern=f"^(|{'|'.join(tables.words('basis'))})$")] = Field(
        "", description="Only for this basis; empty: all."
    )
    operator_id: str = Field("", description="Only for this operator; empty: all.")
    energy_type: str = Field("", description="Only for this energy type; empty: all.")


class PlanMethod(DatedRule):
    """Which figures serve an operator's plan: the ordinance's, or those of its SHK report (算定・報告・公表制度)."""

    operator_id: Annotated[str, Field(min_length=1)] = Field(description="The operator.")
    plan_method: Annotated[str, Field(pattern="^(shikorei|shk_deemed)$")] = Field(
        description="shikorei: the ordinance's table. shk_deemed: the SHK emissions (basic factors) serve the plan."
    )


class PlanCityGasHeat(DatedRule):
    """Which heat content the plan's city gas meets where its factor is stated per energy: the ordinance's or the supplier's."""

    heat: Annotated[str, Field(pattern="^(table|supplier)$")] = Field(
        description="table: the ordinance's 44.8. supplier: the supplier's (supplier_properties.csv, heat_content)."
    )


class PlanCityGasVolume(DatedRule):
    """At which state city gas is metered, so that the plan can count it in Nm3 where heat or factor is stated per Nm3."""

    temperature_c: Annotated[Decimal, Field(ge=-20, le=50)] = Field(description="Temperature at the meter, degrees C.")
    gauge_kpa: Annotated[Decimal, Field(ge=0, le=1000)] = Field(description="Pressure above one atmosphere, kPa.")


class Rules(Frozen):
    """Rules of the city, dated and with their source."""

    year_rule: tuple[YearRule, ...] = ()
    plan_method: tuple[PlanMethod, ...] = ()
    plan_electricity_factor_rule: tuple[PlanElectricityRule, ...] = ()
    plan_city_gas_heat: tuple[PlanCityGasHeat, ...] = ()
    plan_city_gas_volume: tuple[PlanCityGasVolume, ...] = ()

    @model_validator(mode="after")
    def _one_at_a_time(self) -> Rules:
        keyed = [("plan_electricity_factor_rule", rule) for rule in self.plan_electricity_factor_rule]
        keyed += [(f"plan_method {rule.operator_id}", rule) for rule in self.plan_method]  # type: ignore[misc] # dated too
        for name in ("plan_city_gas_heat", "plan_city_gas_volume"):
            keyed += [(name, rule) for rule in getattr(self, name)]
        keyed += [(f"year_rule {r.basis},{r.operator_id},{r.energy_type}", r) for r in self.year_rule]  # type: ignore[misc]
        ordered = sorted(keyed, key=lambda pair: (pair[0], pair[1].valid_from or date.min))
        for (name, before), (other, after) in pairwise(ordered):
            if name == other and (before.valid_to or date.max) > (after.valid_from or date.min):
                raise ValueError(both("two_rules_at_once", at=name))
        return self


class Settings(Telling):
    """The whole of city.toml."""

    city: City
    sources: dict[str, Source] = Field(default_factory=dict, description="inbox folder -> how its files are read.")
    layouts: dict[str, Layout] = Field(default_factory=dict, description="The city's own layouts, by name.")
    thresholds: Thresholds = Field(default_factory=Thresholds)
    limits: Limits = Field(default_factory=Limits)
    rules: Rules = Field(default_factory=Rules)
    reports: Reports = Field(default_factory=Reports)
    year: Year = Field(default_factory=Year)
    dates: tuple[YearDate, ...] = Field(
        (), description="The city's own calendar: stands in year.toml, beside city.toml."
    )
    questions: operation.Questions = Field(default_factory=operation.Questions)
    schedule: operation.Schedule = Field(default_factory=operation.Schedule)
    inbox: operation.Inbox = Field(default_factory=operation.Inbox)
    retention: operation.Retention = Field(default_factory=operation.Retention)
    answers: operation.Answers = Field(default_factory=operation.Answers)
    pages: operation.Pages = Field(default_factory=operation.Pages)
    rights: operation.Rights = Field(default_factory=operation.Rights)
    energy_act: EnergyActDuties = Field(default_factory=EnergyActDuties)
    desk: operation.WebDesk = Field(default_factory=operation.WebDesk)
    sql: operation.Sql = Field(default_factory=operation.Sql)
    fallback_posts: dict[str, str] = Field(
        default_factory=dict, description="Post that acts for a legal one an operator need not have."
    )

    @property
    def utc_minutes(self) -> int:
        """The offset of local time from UTC: one, as a zone that changes its clocks is refused."""
        offset = datetime(OF_RECENT_YEARS[-1], 1, 1, tzinfo=ZoneInfo(self.city.time_zone)).utcoffset()
        return int(offset.total_seconds()) // 60 if offset is not None else JAPAN_MINUTES

    def wanted(self, source: str) -> str:
        """Return what reading the files of a source depends on: the layout asked for, and the city's own rules."""
        chosen = self.sources.get(source, Source())
        return f"{chosen.layout}{self._reading}{'#ends_without_newline' if chosen.ends_without_newline else ''}"

    @property
    def method(self) -> str:
        """Return everything of the settings that can change a number, as text; how the night is run is left out."""
        machine = dict.fromkeys(OF_THE_MACHINE, True)
        return self.model_dump_json(exclude=dict.fromkeys(OPERATION, True) | {"limits": machine})

    @cached_property
    def _reading(self) -> str:
        """A mark for the city's own layouts and limits, so that files are read anew when these change."""
        changed = self.limits.changed()
        if not self.layouts and not changed and self.utc_minutes == JAPAN_MINUTES:
            return ""
        told = json.dumps({name: layout.model_dump() for name, layout in self.layouts.items()}, sort_keys=True)
        tolerance = self.limits.slot_tolerance_seconds
        others = json.dumps({name: value for name, value in changed.items() if name != "slot_tolerance_seconds"})
        zone = "" if self.utc_minutes == JAPAN_MINUTES else f"#{self.utc_minutes}"
        text = f"{told}{tolerance}{others if others != '{}' else ''}{zone}"
        return f"#{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _named(folder: Path) -> Path:
    """Return a folder's whole path.

    Raises:
        SettingsError: its name is not text, so that neither DuckDB nor a record could name it.
    """
    found = folder.resolve()
    try:
        str(found).encode()
    except UnicodeEncodeError as error:
        raise SettingsError(
            both("folder_name_is_no_text", at=os.fsencode(found).decode(errors="backslashreplace"))
        ) from error
    return found


class CityFolder:
    """A city folder with its settings: the one place that knows where things lie.

    Args:
        folder: The city folder.
        data: The data folder; ``None``: what city.toml says.
        today: The day to run for; ``None``: city.toml's ``today``, else the clock in the city's time zone.
    """

    def __init__(self, folder: Path, data: Path | None = None, today: date | None = None) -> None:
        self.folder = _named(folder)
        self.settings = load_settings(self.folder)
        self.data = _named(data or self.folder / self.settings.city.data_dir)
        self._today = today

    @cached_property
    def today(self) -> date:
        """The local day this run is for."""
        return self._today or self.settings.city.today or self.now().date()

    def on(self, today: date) -> CityFolder:
        """The same city, for another day."""
        return CityFolder(self.folder, self.data, today)

    def now(self) -> datetime:
        """The clock, as naive local time of the city."""
        return datetime.now(ZoneInfo(self.settings.city.time_zone)).replace(tzinfo=None, microsecond=0)

    @property
    def inbox(self) -> Path:
        """Files as received."""
        return self.folder / "inbox"

    @property
    def weather(self) -> Path:
        """Downloads of the Meteorological Agency as they are."""
        return self.folder / "weather"

    @property
    def registers(self) -> Path:
        """What the office keeps."""
        return self.folder / "registers"

    @property
    def published(self) -> Path:
        """The published DuckDB file."""
        return place.standing(self.data)

    @property
    def accounts(self) -> Path:
        """Accounts, sessions and the audit of the desk."""
        return self.data / place.ACCOUNTS

    @property
    def desk_key(self) -> Path:
        """What signs the sessions of the desk; a new one ends them all."""
        return self.data / place.DESK_KEY

    @property
    def parsed(self) -> Path:
        """Parsed values as Parquet."""
        return self.data / "parsed"

    @property
    def history(self) -> Path:
        """Append-only records."""
        return self.data / "history"

    @property
    def pages(self) -> Path:
        """Pages for people."""
        named = self.settings.pages.folder
        return self.folder / named if named else self.data / "pages"

    @property
    def pages_internal(self) -> Path:
        """Pages for the office alone, which name persons: never in the folder that is shared."""
        return self.data / "pages_internal"

    @property
    def decisions_url(self) -> str:
        """Where people's decisions live: an SQLite file, or what FACILITY_EMISSIONS_DECISIONS_URL names."""
        return os.environ.get("FACILITY_EMISSIONS_DECISIONS_URL") or f"sqlite:///{self.data / 'decisions.sqlite'}"


def load_settings(folder: Path) -> Settings:
    """Read and check city.toml.

    Raises:
        SettingsError: the file is absent, is no TOML, or has unknown keys or values out of range; all are listed.
    """
    try:
        return Settings.model_validate(city_file.read(folder) | city_file.dates(folder))
    except ValidationError as error:
        at = folder / (city_file.YEAR_FILE if all(p["loc"][:1] == ("dates",) for p in error.errors()) else CITY_FILE)
        told = [both("wrong_settings", at=at) + ":", *(f"  {problems.told(problem)}" for problem in error.errors())]
        raise SettingsError("\n".join(told)) from error
