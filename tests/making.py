"""Make small cities for tests: a folder with registers and files, built step by step without Prefect."""

from __future__ import annotations

import csv
import io
import re
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import duckdb
import pytest

from pipelines import tables
from pipelines.run import recipe
from pipelines.run.building import Building, build
from pipelines.run.night import Arrived, Gathered, Night
from pipelines.run.outcome import Outcome
from pipelines.settings.city import CityFolder
from pipelines.warehouse import invariants, publish

TODAY = date(2026, 6, 15)
# A test asks its stage: what comes after it need not be built.
Stage = Literal["readings", "energy", "emissions", "targets", "flags"]
STAGES: dict[Stage, recipe.Stage] = {
    "readings": recipe.accept_readings,
    "energy": recipe.count_energy,
    "emissions": recipe.count_emissions,
    "targets": recipe.judge_targets,
}
# Which stages of the catalogue stand when a test stops there; each with those before.
STANDS: dict[Stage, tuple[str, ...]] = {
    "readings": ("registers", "reference", "sources", "readings"),
    "energy": ("energy",),
    "emissions": ("emissions",),
    "targets": ("targets", "energy_act"),
}
# Tests run side by side, so each city keeps to one thread.
ONE_THREAD = "[limits]\nthreads = 1\n"
CITY_TOML = """[city]
name = "試験市"
today = {today}
"""
CITY_RULES = (
    ONE_THREAD
    + """
[[rules.plan_electricity_factor_rule]]
result_fy_offset = -1
source = "試験"
"""
)
DEFAULTS: dict[str, list[dict[str, object]]] = {
    "operators": [{"operator_id": "OP", "name": "市長部局", "designation_no": "0000001"}],
    "facilities": [{"facility_id": "F1", "name": "本庁舎", "operator_id": "OP", "department": "総務課"}],
    "meters": [
        {"meter_id": "M1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"},
    ],
    "targets": [
        {
            "target_id": "T", "subject_kind": "city", "subject_id": "city", "basis": "plan", "base_fy": 2022,
            "target_fy": 2030, "reduction_rate": "0.4", "path": "linear", "path_status": "adopted",
            "adopted_on": "2022-04-01",
        }
    ],
    "appointments": [
        {"operator_id": "OP", "post": post, "person_id": person, "appointed_on": "2020-04-01"}
        for post, person in (
            ("エネルギー管理統括者", "P1"), ("エネルギー管理企画推進者", "P2"), ("エネルギー管理責任者", "P3"),
        )
    ],
}  # fmt: skip


def writable(path: Path) -> Path:
    """Take a published file's protection away, as somebody who means to change it does."""
    path.chmod(0o644)
    return path


class City:
    """A city folder under construction."""

    def __init__(self, folder: Path, today: date = TODAY, extra: str = "") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.today = today
        (folder / "city.toml").write_text(CITY_TOML.format(today=today) + CITY_RULES + extra, encoding="utf-8")
        for name, rows in DEFAULTS.items():
            self.register(name, rows)

    def register(self, name: str, rows: Sequence[Mapping[str, object]]) -> City:
        """Write a register; columns are those of all rows."""
        columns = list(dict.fromkeys(column for row in rows for column in row))
        path = self.folder / "registers" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, fieldnames=columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return self

    def file(self, path: str, content: str | bytes, received: str = "2026-06-01 09:00") -> City:
        """Put a file into the inbox and say when it was received."""
        target = self.folder / "inbox" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        source, _, rest = path.partition("/")
        ledger = self.folder / "inbox" / source / "received.csv"
        known = ledger.read_text(encoding="utf-8") if ledger.exists() else "path,received_at\n"
        ledger.write_text(f"{known}{rest},{received}\n", encoding="utf-8")
        return self

    def bills(
        self,
        path: str,
        rows: Sequence[tuple[object, ...]],
        received: str = "2026-06-01 09:00",
        more: Sequence[str] = (),
    ) -> City:
        """Put canonical readings into the inbox: (meter, start, end, quantity, unit, ...); what a row does not say is blank."""
        head = ["meter_id", "started_at", "ended_at", "quantity", "unit", *more]
        lines = [",".join(map(str, (*row, *[""] * (len(head) - len(row))))) for row in rows]
        return self.file(path, "\n".join([",".join(head), *lines, ""]), received)

    def copied(self, folder: Path) -> City:
        """The same city elsewhere, with what it has published."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        twin = object.__new__(City)
        twin.folder, twin.today = folder, self.today
        return twin

    @property
    def paths(self) -> CityFolder:
        """The folder as the program sees it."""
        return CityFolder(self.folder, today=self.today)

    @contextmanager
    def built(self, until: Stage = "flags") -> Iterator[duckdb.DuckDBPyConnection]:
        """Build the stages up to one, at most up to the gate, and give the new file's connection."""
        night, gathered = begun(self.paths)
        try:
            made = Building(night, gathered)
            made.connection.execute("PRAGMA disable_checkpoint_on_shutdown")  # the file is thrown away
            for stage, work in STAGES.items():
                made.do(work)
                if stage == until:
                    _note_standing(made.connection, stage)
                    break
            else:
                made.raise_flags()
            yield made.connection
        finally:
            night.close()
            night.next_file.unlink(missing_ok=True)

    def publish(self) -> Path:
        """Build and publish without flow and gate."""
        published(self.paths)
        return self.paths.published


def _note_standing(connection: duckdb.DuckDBPyConnection, until: Stage) -> None:
    """Say which stages stand: the tables of the others are there, and empty."""
    names = [name for stage in list(STANDS)[: list(STANDS).index(until) + 1] for name in STANDS[stage]]
    connection.execute(
        "CREATE TEMP TABLE standing AS SELECT unnest(CAST($names AS VARCHAR[])) AS stage", {"names": names}
    )


def begun(city: CityFolder) -> tuple[Night, Gathered]:
    """A run that has read what there is, and what goes into its new file."""
    run = Night(city)
    arrived = run.receive()
    run.read_files(arrived)
    return run, run.load_registers(arrived)


def finished(city: CityFolder) -> Building:
    """A run that has built everything and stands before the gate."""
    return build(*begun(city))


def published(city: CityFolder) -> Building:
    """A run that has built and published everything, without flow and gate."""
    return without_comments(finished(city))


def without_comments(made: Building) -> Building:
    """Publish without the comments on columns, a tenth of a small publication: tests/test_catalogue.py asks for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "describe", lambda _: None)
        made.publish()
    return made


def remembered(city: CityFolder) -> tuple[Night, Gathered]:
    """A rebuild that knows what has been kept."""
    run = Night(city)
    return run, run.load_registers(run.remember())


def rebuilt(city: CityFolder) -> Building:
    """A rebuild from what has been kept, published."""
    return without_comments(build(*remembered(city)))


@dataclass(frozen=True)
class Done:
    """A night that came to its end: the run, what had arrived, and what was built, if anything was new."""

    night: Night
    arrived: Arrived
    made: Building | None

    @property
    def outcome(self) -> Outcome:
        """What came of it."""
        return self.night.outcome

    @property
    def continues(self) -> bool:
        """It went on from what was published."""
        return self.made is not None and self.made.base is not None


def nightly(city: CityFolder, around: Callable[[Night], AbstractContextManager[object]] = nullcontext) -> Done:
    """A night that publishes where something is new, without flow and gate."""
    run = Night(city)
    with around(run):
        arrived = run.receive()
        run.read_files(arrived)
        gathered = run.load_registers(arrived)
        made = build(run, gathered) if gathered.is_new else None
        if made is None:
            run.record("nothing_new")
        else:
            without_comments(made)
    return Done(run, arrived, made)


def monthly(meter: str, first_fy: int, last_fy: int, quantity: Any, unit: str = "L") -> list[tuple[Any, ...]]:
    """Bills from month to month over fiscal years; ``quantity`` is a number or a function of (fiscal year, month)."""
    rows: list[tuple[Any, ...]] = []
    for year in range(first_fy, last_fy + 1):
        for number in range(12):
            month = 4 + number
            start = date(year + (month > 12), (month - 1) % 12 + 1, 1)
            end = date(start.year + (start.month == 12), start.month % 12 + 1, 1)
            amount = quantity(year, start.month) if callable(quantity) else quantity
            if amount is not None:
                rows.append((meter, start, end, amount, unit))
    return rows


def one(connection: duckdb.DuckDBPyConnection, statement: str, *parameters: object) -> Any:
    """Return the single row (or value) a statement gives."""
    rows = connection.execute(statement, list(parameters)).fetchall()
    assert len(rows) == 1, rows
    return rows[0][0] if len(rows[0]) == 1 else rows[0]


def rows_of(connection: duckdb.DuckDBPyConnection, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Return all rows."""
    return connection.execute(statement, list(parameters)).fetchall()


def first_of(cases: Iterable[Any], short: int = 1) -> list[Any]:
    """The cases of a parameter of which ``make test`` takes the first, and ``make torture`` all."""
    return [
        case if number < short else pytest.param(case, marks=pytest.mark.torture) for number, case in enumerate(cases)
    ]


def verdict(connection: duckdb.DuckDBPyConnection, facility: str, year: int) -> tuple[str, set[str]]:
    """Return a facility's verdict and the set of its reasons."""
    found, reasons = one(
        connection,
        "SELECT verdict, reasons FROM facility_results WHERE facility_id = ? AND fiscal_year = ?",
        facility,
        year,
    )
    return found, set((reasons or "").split(";")) - {""}


def broken(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The invariants that do not hold, of those that ask for nothing beyond the stages that were built."""
    there = {row[0] for row in rows_of(connection, "SELECT table_name FROM duckdb_tables()")}
    there |= {row[0] for row in rows_of(connection, "SELECT view_name FROM duckdb_views()")}
    if "standing" in there:
        standing = {row[0] for row in rows_of(connection, "FROM standing")}
        there = {name for name in there if name not in tables.catalogue() or tables.table(name).stage in standing}
    if "emissions_by_facility_month" in there:
        invariants.all_years(connection)
        there.add("checked_years")
    names = {*tables.catalogue(), "checked_years"}
    asked = {each: names.intersection(re.findall(r"\w+", each.sql)) for each in invariants.INVARIANTS}
    found = {
        each.name: sum(row[-1] for row in invariants.failing(connection, each))
        for each, wanted in asked.items()
        if wanted <= there and each.name != "catalogue_holds"  # which waits for all stages
    }
    assert {"row_account", "accepted_do_not_overlap"} <= set(found)
    return {name: rows for name, rows in found.items() if rows}


NINE = Decimal("0.000000001")


def with_first_sheet(path: Path, change: Callable[[str], str]) -> bytes:
    """A workbook as it was made, with the XML of its first sheet changed and nothing else touched."""
    stream = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content.decode()).encode() if name == "xl/worksheets/sheet1.xml" else content)
    return stream.getvalue()
