"""A city folder to begin with: every register with its headings and examples, settings, the dates of a year, the inbox."""

from __future__ import annotations

import csv
import io
import tomllib
from pathlib import Path

from pipelines import durable, tables
from pipelines.errors import ActionableError
from pipelines.registers import spoken
from pipelines.registers.read import register_tables
from pipelines.settings.city_file import CITY_FILE, YEAR_FILE
from pipelines.settings.operation import ANSWERS_FOLDER
from pipelines.texts import both

HERE = Path(__file__).parent
SENDERS = ("power", "gas", "fuel", "activity", ANSWERS_FOLDER)
BOM = "\ufeff"  # by which Excel knows that a CSV is UTF-8


class FolderInUseError(ActionableError, ValueError):
    """The folder holds a city already, or something else: nothing is written over it."""


def make(folder: Path, name: str) -> list[Path]:
    """Make a city folder; returns the files, city.toml first.

    Args:
        folder: Absent, or empty.
        name: The city's name.

    Raises:
        FolderInUseError: something is there.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderInUseError(both("folder_in_use", at=folder))
    made = [folder / CITY_FILE]
    durable.write(made[0], city_toml(name).encode())
    made.append(folder / YEAR_FILE)
    durable.write(made[-1], (HERE / YEAR_FILE).read_bytes())
    for table in register_tables():
        made.append(folder / "registers" / f"{table.name}.csv")
        durable.write(made[-1], register(table).encode())
    for place in (folder / "weather", *(folder / "inbox" / sender for sender in SENDERS)):
        durable.make_folder(place)
    return made


def city_toml(name: str) -> str:
    """Return the settings of a new city: every field as a commented line with its default and meaning."""
    shown = name.replace("\\", "\\\\").replace('"', '\\"')
    return (HERE / CITY_FILE).read_text(encoding="utf-8").format(name=shown)


def register(table: tables.Table) -> str:
    """Return a register with Japanese headings and two rows of examples, as Excel opens it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([spoken.headings(table, column)[0] for column in table.column_names])
    writer.writerows([row.get(column, "") for column in table.column_names] for row in examples(table.name))
    return BOM + text.getvalue()


def examples(register_name: str) -> list[dict[str, str]]:
    """Return the rows that show how a register is filled: column -> cell."""
    found: list[dict[str, str]] = tomllib.loads((HERE / "examples.toml").read_text(encoding="utf-8"))[register_name]
    return found
