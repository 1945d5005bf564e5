"""The append-only history beside the published file: runs, publications, restatements, first days of flags.

Reads and writes JSON lines under ``history/``. The published file carries copies; what it has and the history lacks
(a crash right after the swap) is brought over at the next start.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines import journal, tables
from pipelines.warehouse import database

COPIED = ("runs", "publications", "restatements")
FLAGS = "flags.jsonl"


@dataclass(frozen=True, slots=True)
class History:
    """The folder ``history/``."""

    folder: Path

    def append(self, table_name: str, rows: Iterable[dict[str, Any]]) -> None:
        """Add rows of a history table."""
        journal.append(self.folder / f"{table_name}.jsonl", rows)

    def read(self, table_name: str) -> list[dict[str, Any]]:
        """Return all rows of a history table, oldest first."""
        return list(journal.read(self.folder / f"{table_name}.jsonl"))

    def opened(self) -> dict[str, date]:
        """Return flag_id -> the day it was first raised."""
        return {r["flag_id"]: date.fromisoformat(r["opened_at"]) for r in journal.read(self.folder / FLAGS)}

    def remember_flags(self, flags: Iterable[tuple[str, date]]) -> None:
        """Keep the first day of flags that are new."""
        known = self.opened()
        new = [(flag_id, day) for flag_id, day in flags if flag_id not in known]
        journal.append(self.folder / FLAGS, ({"flag_id": f, "opened_at": str(day)} for f, day in new))

    def recover(self, published: Path) -> None:
        """Bring over what the published file knows and the history does not."""
        if not published.is_file():
            return
        connection = database.connect_published(published)
        for name in COPIED:
            key = tables.table(name).key
            known = {tuple(str(row.get(column)) for column in key) for row in self.read(name)}
            columns = tables.table(name).column_names
            rows = connection.execute(f"SELECT {', '.join(columns)} FROM {name} ORDER BY ALL").fetchall()
            lost = [dict(zip(columns, row, strict=True)) for row in rows]
            lost = [row for row in lost if tuple(str(row[column]) for column in key) not in known]
            self.append(name, lost)
        connection.close()

    def load(self, connection: duckdb.DuckDBPyConnection, extra: dict[str, list[dict[str, Any]]]) -> None:
        """Fill the history tables of the warehouse under construction; ``extra`` are rows of this very run."""
        for name in COPIED:
            described = tables.table(name)
            rows = [*self.read(name), *extra.get(name, [])]
            if not database.exists(connection, name):
                database.create(connection, name)
            connection.execute(f"DELETE FROM {name}")
            database.insert_rows(connection, name, [[row.get(c) for c in described.column_names] for row in rows])
