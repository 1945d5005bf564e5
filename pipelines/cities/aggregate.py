"""One file of aggregates over several cities, for comparison by use class; each city's own file stays the source.

Tables ``cities``, ``use_class_years`` and the view ``use_class_comparison``. Nothing finer than a use class leaves a city.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines import durable, tables
from pipelines.errors import ActionableError
from pipelines.settings import city_file, place
from pipelines.settings.city import CityFolder
from pipelines.texts import both, in_both
from pipelines.warehouse import database

HERE = Path(__file__).parent


class CityListError(ActionableError, ValueError):
    """The list of cities cannot be used; the message names file, line, what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one city's night.

    Args:
        folder: The city folder.
        data: Its data folder.
        city: Its name.
        outcome: ``published``, ``nothing_new``, ``held_back`` or ``failed``.
        problem: Why, where it failed.
        seconds: How long it took.
    """

    folder: str
    data: str
    city: str
    outcome: str
    problem: str = ""
    seconds: float = 0.0


def listed(file: Path, today: date | None = None) -> list[CityFolder | Told]:
    """Read the list of cities: a CSV with ``city`` (a folder) and, if it is elsewhere, ``data``; relative to the list.

    Returns:
        The cities in the order of the list; one whose folder or city.toml is broken as what came of it, with the reason.

    Raises:
        CityListError: no such file, no such column, a folder twice, or none at all.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CityListError(both("cannot_be_read", at=file, error=error)) from error
    found: dict[str, CityFolder | Told] = {}
    for line, row in enumerate(rows, start=2):
        if not row.get("city"):
            raise CityListError(both("city_must_name_folder", at=f"{file}:{line}"))
        city = _city(file.parent, row["city"], row.get("data") or "", today)
        if str(city.data) in found:
            raise CityListError(both("city_stands_twice", at=f"{file}:{line}", city=row["city"]))
        found[str(city.data)] = city
    if not found:
        raise CityListError(both("no_city_in_list", at=file))
    return list(found.values())


def _city(base: Path, named: str, data: str, today: date | None) -> CityFolder | Told:
    """Open one city of the list; what is wrong with it is told of it alone."""
    folder = base / named
    try:
        return CityFolder(folder, base / data if data else None, today)
    except (ActionableError, OSError, ValueError, RuntimeError) as error:  # also a name that is none, links in a circle
        kept = base / data if data else folder / ".data"
        with suppress(OSError, ValueError, RuntimeError):
            kept = kept if data else city_file.history_folder(folder, None).parent
        return Told(str(folder), str(kept), Path(named).name, "failed", str(error) or type(error).__name__)


def write(target: Path, told: Sequence[Told]) -> int:
    """Write the aggregates of every city that has a published file.

    Returns:
        How many cities they are of.
    """
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    connection = database.connect_file(part)
    try:
        connection.execute(
            """CREATE TABLE cities (city VARCHAR, folder VARCHAR, outcome VARCHAR, problem VARCHAR, seconds DOUBLE,
               published_time TIMESTAMP, run_id VARCHAR)"""
        )
        counted = sum(_added(connection, number, each) for number, each in enumerate(told))
        if counted:
            database.create_view(connection, "use_class_comparison", HERE / "use_class_comparison.sql")
            comments = {"cities": in_both("table_of_cities"), "use_class_years": in_both("table_of_use_class_years")}
            for table, comment in comments.items():
                connection.execute(f"COMMENT ON TABLE {table} IS {tables.literal(comment)}")
    finally:
        connection.close()
    durable.put(part, target)
    return counted


def _added(connection: database.Connection, number: int, told: Told) -> bool:
    """Add one city; tell whether its totals are in. A file that cannot be read is told and costs the others nothing."""
    name, published = f"city{number}", place.standing(Path(told.data))
    last: tuple[Any, ...] = (None, None)
    problem = told.problem
    is_in = False
    try:
        if published.is_file():
            connection.execute(f"ATTACH {tables.literal(str(published))} AS {name} (READ_ONLY)")
            database.use(connection, name)
            last = _add(connection, told.city, published)
            is_in = True
    except (duckdb.Error, database.StageError, OSError, ValueError) as error:
        problem = "; ".join(filter(None, (problem, f"{published}: {error}")))
    database.use(connection, "city")
    connection.execute(f"DETACH DATABASE IF EXISTS {name}")
    row = [told.city, told.folder, told.outcome, problem or None, told.seconds, *last]
    connection.execute("INSERT INTO cities VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    return is_in


def _add(connection: database.Connection, city: str, published: Path) -> tuple[Any, ...]:
    """Add the totals of the attached file; return when it was published, by which run."""
    last = connection.execute("SELECT published_time, run_id FROM publications ORDER BY rowid DESC LIMIT 1").fetchone()
    select = f"SELECT CAST($city AS VARCHAR) AS city, * FROM (\n{database.sql_text(HERE / 'use_class_years.sql')}\n) ORDER BY ALL"
    created = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'city' AND table_name = 'use_class_years'"
    ).fetchone() != (0,)
    into = "INSERT INTO city.main.use_class_years" if created else "CREATE TABLE city.main.use_class_years AS"
    database.run(connection, f"{into} {select}", {"city": city}, what=f"use_class_years ({published})")
    return last or (None, None)
