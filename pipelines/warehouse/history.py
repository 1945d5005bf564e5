"""The append-only history beside the published file: runs, publications, restatements, totals, first days of flags.

Reads and writes JSON lines under ``history/``, and one small Parquet a publication for the totals that changed with it.
The published file carries copies; what it has and the history lacks (after every swap, or a crash right then) is
brought over from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines import journal, tables
from pipelines.warehouse import database, official
from pipelines.warehouse.states import States

# table -> the column that tells when a row became known
COPIED = {
    "runs": "started_time",
    "publications": "published_time",
    "restatements": "published_time",
    "verdict_restatements": "published_time",
    "year_closings": "recorded_at",
}
FLAGS = "flags.jsonl"
TOTALS = "published_facility_years"
VERDICTS = "published_verdicts"
# tables with a Parquet file a publication
KEPT = (TOTALS, VERDICTS)
VIEWS = ("official_edition_differences", "published_total_differences")
HERE = Path(__file__).parent


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

    def opened(self, until: datetime | None = None) -> dict[str, date]:
        """Return flag_id -> the day it was first raised; ``until``: raised by then."""
        days = {r["flag_id"]: date.fromisoformat(r["opened_at"]) for r in journal.read(self.folder / FLAGS)}
        return {flag_id: day for flag_id, day in days.items() if until is None or day <= until.date()}

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
            try:
                rows = connection.execute(f"SELECT {', '.join(columns)} FROM {name} ORDER BY ALL").fetchall()
            except duckdb.Error:
                continue  # a file of an older version: its own night wrote the history
            lost = [dict(zip(columns, row, strict=True)) for row in rows]
            lost = [row for row in lost if tuple(str(row[column]) for column in key) not in known]
            self.append(name, lost)
        for name in KEPT:
            self._recover_kept(connection, name)
        connection.close()

    def load(
        self,
        connection: duckdb.DuckDBPyConnection,
        extra: dict[str, list[dict[str, Any]]],
        until: datetime | None = None,
    ) -> None:
        """Fill the history tables of the warehouse under construction.

        Args:
            connection: The warehouse.
            extra: Rows of this very run.
            until: Leave out what came later.
        """
        for name, known_at in COPIED.items():
            described = tables.table(name)
            rows = [*self.read(name), *extra.get(name, [])]
            rows = [row for row in rows if until is None or datetime.fromisoformat(str(row[known_at])) <= until]
            self._empty(connection, name)
            database.insert_rows(connection, name, [[row.get(c) for c in described.column_names] for row in rows])
        for name in KEPT:
            self._load_kept(connection, name, until)
        self._empty(connection, "input_history")
        database.insert_rows(connection, "input_history", States(self.folder).rows(until))

        for name in (official.EDITIONS, official.TOTALS):
            self._empty(connection, name)
        official.load(connection, self.folder, until)
        for view in VIEWS:
            if not database.exists(connection, view):
                database.create_view(connection, view, HERE / f"{view}.sql")

    def _empty(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        if not database.exists(connection, name):
            database.create(connection, name)
        connection.execute(f"DELETE FROM {name}")

    # ------------------------------------------------------------------ every total and verdict ever published

    def record_totals(self, connection: duckdb.DuckDBPyConnection, publication: dict[str, Any]) -> None:
        """Add this publication's totals that are new or differ, in figure or in method, from the last ones published."""
        changed = f"INSERT INTO {TOTALS} BY NAME {database.sql_text(HERE / 'changed_totals.sql')}"
        named = {name: publication[name] for name in ("run_id", "published_time", "version")}
        database.run(connection, changed, named, what=TOTALS)

    def _load_kept(self, connection: duckdb.DuckDBPyConnection, name: str, until: datetime | None) -> None:
        self._empty(connection, name)
        if paths := [str(path) for path in sorted((self.folder / name).glob("*.parquet"))]:
            connection.execute(
                f"INSERT INTO {name} BY NAME SELECT * FROM read_parquet($paths)"
                " WHERE $until IS NULL OR published_time <= CAST($until AS TIMESTAMP)",
                {"paths": paths, "until": until},
            )

    def _recover_kept(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        """Write each publication's rows to a file of its own, once."""
        if not database.exists(connection, name):
            if name == VERDICTS and not (self.folder / name).exists():
                self._begin_verdicts(connection)
            return
        runs = connection.execute(f"SELECT DISTINCT run_id FROM {name} ORDER BY run_id").fetchall()
        for (run_id,) in runs:
            self._keep(connection, name, run_id, f"FROM {name} WHERE run_id = {tables.literal(run_id)}")

    def _begin_verdicts(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Begin the history of verdicts with those of a file that kept none, so that the first change is told."""
        try:
            found = connection.execute(
                "SELECT run_id FROM publications ORDER BY published_time DESC LIMIT 1"
            ).fetchone()
            if found is not None:
                older = database.sql_text(HERE / "verdicts" / "verdicts_of_an_older_file.sql")
                self._keep(connection, VERDICTS, found[0], f"FROM ({older})")
        except duckdb.Error:
            return  # a file of another shape: its verdicts cannot be told

    def _keep(self, connection: duckdb.DuckDBPyConnection, name: str, run_id: str, select: str) -> None:
        path = self.folder / name / f"{run_id}.parquet"
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        connection.execute(
            f"COPY ({select} ORDER BY ALL) TO {tables.literal(str(part))} (FORMAT parquet, COMPRESSION zstd)"
        )
        part.replace(path)
