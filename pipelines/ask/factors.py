"""Look at factors and take new editions of lists in: what is known before the first night as well.

Reads the reference, the editions taken so far and the city's own factor registers; the published file is not needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines import tables
from pipelines.ask import select
from pipelines.reference import editions, load
from pipelines.reference.editions import Edition
from pipelines.reference.supplier_list import SupplierList
from pipelines.registers import read as registers
from pipelines.warehouse import database

# registration number, kind of row, menu, basic or adjusted
Key = tuple[str, str, str, str]


@dataclass(slots=True)
class Difference:
    """What a list changes against the newest edition known: rows, values, and which contracts it touches."""

    against: str | None
    added: list[tuple[Key, Decimal]] = field(default_factory=list)
    removed: list[tuple[Key, Decimal]] = field(default_factory=list)
    changed: list[tuple[Key, Decimal, Decimal]] = field(default_factory=list)
    unchanged: int = 0
    contracts: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return {
            "against": self.against,
            "added": [[*key, str(value)] for key, value in self.added],
            "removed": [[*key, str(value)] for key, value in self.removed],
            "changed": [[*key, str(old), str(new)] for key, old, new in self.changed],
            "unchanged": self.unchanged,
            "contracts": self.contracts,
        }


@contextmanager
def opened(city: Path | None, history: Path | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse with every factor that is known."""
    connection = database.connect()
    known = (
        registers.read_some(city / "registers", (*registers.FACTOR_REGISTERS, "contracts", "meters")) if city else {}
    )
    for name in (*registers.FACTOR_REGISTERS, "contracts", "meters"):
        database.create(connection, name)
        columns = tables.table(name).column_names
        database.insert_rows(connection, name, [tuple(row.values[c] for c in columns) for row in known.get(name, [])])
    load.load_factors(connection, editions.taken(history) if history else [])
    try:
        yield connection
    finally:
        connection.close()


def listed(
    connection: duckdb.DuckDBPyConnection, table: str | None, supplier: str | None, on: date | None
) -> list[dict[str, Any]]:
    """Return factors, by energy type or table, part of a supplier's name or number, and day."""
    return select.rows(connection, "factors_listed", {"table": table, "supplier": supplier, "on": on})


def by_year(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return what there is of factors, by table and years of use."""
    return select.rows(connection, "factors_by_year")


def shown(connection: duckdb.DuckDBPyConnection, factor_id: str) -> dict[str, Any] | None:
    """Return one factor with its source and the other editions and years of the same row."""
    found = select.rows(connection, "factor_shown", {"id": factor_id})
    if not found:
        return None
    return found[0] | {"others": select.rows(connection, "factor_others", {"id": factor_id})}


def difference(connection: duckdb.DuckDBPyConnection, read: SupplierList) -> Difference:
    """Compare a list with the newest edition known of the same result year."""
    rows = select.rows(connection, "newest_edition", {"kind": read.kind, "year": read.result_fy})
    before: dict[Key, Decimal] = {_key(row): row["value"] for row in rows}
    after: dict[Key, Decimal] = {
        (row.number, row.kind, row.menu or "", variant): value
        for row in read.rows
        for variant, value in (("basic", row.basic), ("adjusted", row.adjusted))
        if value is not None
    }
    found = compare(before, after, rows[0]["edition"] if rows else None)
    moved = {row[0] for row in found.added} | {row[0] for row in found.removed} | {row[0] for row in found.changed}
    found.contracts = _touched(connection, moved, read)
    return found


def compare(before: dict[Key, Decimal], after: dict[Key, Decimal], against: str | None) -> Difference:
    """Compare two editions."""
    found = Difference(against)
    for key in sorted({*before, *after}):
        if key not in before:
            found.added.append((key, after[key]))
        elif key not in after:
            found.removed.append((key, before[key]))
        elif before[key] != after[key]:
            found.changed.append((key, before[key], after[key]))
        else:
            found.unchanged += 1
    return found


def edition_values(connection: duckdb.DuckDBPyConnection, edition: str) -> dict[Key, Decimal]:
    """Return the values of an edition: by its id, or by the mark of the package's own (``2024-1``)."""
    rows = select.rows(connection, "edition_values", {"edition": edition})
    return {_key(row): row["value"] for row in rows}


def _key(row: dict[str, Any]) -> Key:
    return row["supplier_no"] or "", row["kind"], row["menu"], row["variant"]


def edition_names(connection: duckdb.DuckDBPyConnection, history: Path | None) -> list[dict[str, Any]]:
    """Return every edition of a list: the package's and those taken in."""
    own = select.rows(connection, "own_editions")
    later: list[Edition] = editions.taken(history) if history else []
    return own + [
        {"edition_id": e.edition_id, "kind": e.kind, "result_fy": e.result_fy, "issued_on": e.issued_on,
         "taken_at": e.taken_at, "file_name": e.file_name, "factors": e.rows}
        for e in later
    ]  # fmt: skip


def _touched(connection: duckdb.DuckDBPyConnection, keys: set[Key], read: SupplierList) -> list[str]:
    """Return the meters whose contract names a supplier and menu of these rows."""
    names = {row.number: row.name for row in read.rows}
    rows = connection.execute(
        "SELECT meter_id, supplier_no, supplier, menu FROM contracts ORDER BY meter_id"
    ).fetchall()
    found = set()
    for number, kind, menu, _ in keys:
        for meter, supplier_no, supplier, contracted in rows:
            same = supplier_no == number or (supplier_no is None and supplier == names.get(number))
            if same and (contracted or "") in (menu, "残差" if kind == "residual" else menu):
                found.add(meter)
    return sorted(found)
