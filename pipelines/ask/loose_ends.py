"""What stands in the settings and registers of a city in vain or for example only: informing, never a fault.

Reads city.toml and the registers targets, supplier_factors, contracts, meters and yearly_totals; a register that cannot be read is told by
the night and by ``doctor``, and is left out here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.registers import read
from pipelines.settings.city import Settings

# What a template holds in the place of a name: ○○市, 第○条, …, example.
PLACEHOLDER = re.compile(r"[○〇◯]{2}|第[○〇◯]条|^(?:…|\.{3})$|(?:^|[@.])example(?:\.|$)", re.IGNORECASE)
REGISTERS = ("targets", "supplier_factors", "contracts", "meters", "yearly_totals")
HEAT = frozenset({"steam", "steam_industrial", "hot_water", "cold_water"})
# Rows of a list that serve without a contract's naming them.
UNNAMED = frozenset({"national_substitute"})


def gather(settings: Settings, registers: Path) -> dict[str, list[dict[str, Any]]]:
    """Return ``placeholders`` (where, text) and ``vain`` (supplier rows that nothing names: whose, lines)."""
    found = _registers(registers)
    placeholders = [*_settings(settings.model_dump(), "city.toml"), *_cells(found["targets"])]
    return {"placeholders": placeholders, "vain": _vain(found)}


def _registers(folder: Path) -> dict[str, list[read.RegisterRow]]:
    known: dict[str, list[read.RegisterRow]] = {name: [] for name in REGISTERS}
    try:
        return known | read.read_some(folder, REGISTERS)
    except read.RegisterError:
        return known


def _settings(value: Any, where: str) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any part of the settings
    """Yield each text of the settings that is a placeholder, with the path of its key."""
    if isinstance(value, str) and PLACEHOLDER.search(value):
        yield {"where": where, "text": value}
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _settings(part, f"{where} {key}" if where == "city.toml" else f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _settings(part, where)


def _cells(rows: list[read.RegisterRow]) -> Iterator[dict[str, Any]]:
    for row in rows:
        for column, value in row.values.items():
            if isinstance(value, str) and PLACEHOLDER.search(value):
                yield {"where": f"{row.file}:{row.line} {column}", "text": value}


def _vain(found: dict[str, list[read.RegisterRow]]) -> list[dict[str, Any]]:
    """Supplier rows by whose they are, where neither a contract nor a yearly total of that energy names the number or the name."""
    types: dict[str, set[str]] = {}
    for meter in found["meters"]:
        types.setdefault(meter["meter_id"], set()).add(_kind(meter["energy_type"]))
    named = {
        (kind, row[column])
        for row in found["contracts"]
        for kind in types.get(row["meter_id"], ())
        for column in ("supplier_no", "supplier")
    } | {
        (_kind(row["energy_type"]), row[column])
        for row in found["yearly_totals"]
        for column in ("supplier_no", "supplier")
    }
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for row in found["supplier_factors"]:
        keys = {(_kind(row["energy_type"]), row[column]) for column in ("supplier_no", "supplier") if row[column]}
        if keys and row["kind"] not in UNNAMED and not keys & named:
            whose = " ".join(filter(None, (row["supplier_no"], row["supplier"])))
            told = lines.setdefault(
                (row["energy_type"], whose),
                {"energy_type": row["energy_type"], "whose": whose, "file": row.file, "lines": []},
            )
            told["lines"].append(row.line)
    return list(lines.values())


def _kind(energy_type: str | None) -> str:
    return "heat" if energy_type in HEAT else str(energy_type)
