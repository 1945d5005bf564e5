"""city.toml as plain values, for commands that answer at once and need one or two of them.

``settings`` checks the whole file; this module holds what both share.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.errors import ActionableError
from pipelines.texts import both

CITY_FILE, YEAR_FILE = "city.toml", "year.toml"
LANGUAGES = ("ja", "en")
OFFSETS = range(-5, 1)


class SettingsError(ActionableError, ValueError):
    """city.toml is missing or wrong; the message lists every problem with key, value and what was expected."""


@dataclass(frozen=True, slots=True)
class PlanElectricityRule:
    """Which result year the ministers' notice for the plan means (DOMAIN: never derived from the SHK rule).

    Args:
        source: The notice or the city's decision.
        result_fy_offset: Result year minus activity year, -5 to 0.
        valid_from: First day of the rule; ``None``: always.
        valid_to: End of the rule (exclusive); ``None``: open.
    """

    source: str
    result_fy_offset: int = -1
    valid_from: date | None = None
    valid_to: date | None = None

    def __post_init__(self) -> None:
        """Refuse a rule without source or with a year that no notice can mean."""
        if not self.source:
            raise ValueError(both("source_is_missing", at="source"))
        if self.result_fy_offset not in OFFSETS:
            raise ValueError(f"result_fy_offset: {self.result_fy_offset!r}, -5 .. 0")


def read(folder: Path) -> dict[str, Any]:
    """Return city.toml as it stands, unchecked.

    Raises:
        SettingsError: the file is absent or no TOML.
    """
    path = folder / CITY_FILE
    if not path.is_file():
        raise SettingsError(both("no_city_toml", at=path, file=CITY_FILE))
    return _parsed(path)


def dates(folder: Path) -> dict[str, Any]:
    """Return the city's own calendar as year.toml states it, unchecked; nothing where there is no such file.

    Raises:
        SettingsError: the file is no TOML, or states something else.
    """
    path = folder / YEAR_FILE
    found = _parsed(path) if path.is_file() else {}
    if others := sorted(found.keys() - {"dates"}):
        raise SettingsError(f"{path}: {both('unknown_key', at=', '.join(others))}")
    return found


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(both("not_toml", at=path, error=error)) from error


def language(folder: Path) -> str:
    """Return the language of a city's printed text; Japanese where nothing readable says otherwise."""
    try:
        stated = read(folder)["city"]["language"]
    except (SettingsError, KeyError, TypeError):
        return LANGUAGES[0]
    return stated if stated in LANGUAGES else LANGUAGES[0]


def history_folder(folder: Path, data: Path | None) -> Path:
    """Return where a city's history is kept: below the data folder given, else the one that city.toml names."""
    try:
        named = str(read(folder)["city"].get("data_dir", ".data"))
    except (SettingsError, KeyError, AttributeError):
        named = ".data"
    return (data or folder / named) / "history"


def plan_electricity_rules(folder: Path) -> tuple[PlanElectricityRule, ...]:
    """Return the city's rules for the plan's electricity factor.

    Raises:
        SettingsError: city.toml or a rule in it cannot be read.
    """
    try:
        rows = read(folder).get("rules", {}).get("plan_electricity_factor_rule", [])
        return tuple(PlanElectricityRule(**row) for row in rows)
    except (AttributeError, TypeError, ValueError) as error:
        raise SettingsError(f"{folder / CITY_FILE}: rules.plan_electricity_factor_rule: {error}") from error
