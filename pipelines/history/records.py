"""The append-only history beside the published file: runs, publications, restatements, totals, first days of flags.

Reads and writes JSON lines under ``history/``, each with the hash of the one before, and one small Parquet a publication
for the totals that changed with it. The published file carries copies; what it has and the history lacks (after every
swap, or a crash right then) is brought over from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines import durable, tables
from pipelines.history import frozen, journal, kept
from pipelines.history.journal import HEADS_TOLD, ChainHead, HistoryLostError
from pipelines.history.moments import Past
from pipelines.history.snapshots import Snapshots
from pipelines.history.totals import FacilityYear, Published
from pipelines.texts import both
from pipelines.warehouse import database

# table -> the column that tells when a row became known
COPIED = {
    "runs": "started_time",
    "publications": "published_time",
    "restatements": "published_time",
    "verdict_restatements": "published_time",
    "year_closings": "recorded_at",
}
FLAGS = "flags.jsonl"
# flags and the question each was part of when it was first asked
ASKED = "asked_flags.jsonl"
# rules that raise flags, each with the day of the first night that knew it; is_new: others were known before
RULES = "flag_rules.jsonl"
# what was swapped in, said before the swap: run, hash of the file's bytes, what it was built from
PUBLISHED = "published_files.jsonl"
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

    def opened(self, past: Past | None = None) -> dict[str, date]:
        """Return flag_id -> the day it was first raised, or had been raised by a past moment."""
        return {
            record["flag_id"]: date.fromisoformat(record["opened_at"])
            for number, record in journal.numbered(self.folder / FLAGS)
            if past is None or past.knows(FLAGS, number, f"{record['opened_at']} 00:00:00")
        }

    def asked(self, past: Past | None = None) -> list[dict[str, Any]]:
        """Return flag_id, question_id and asked_on of each flag that was asked, or had been by a past moment."""
        return [
            record
            for number, record in journal.numbered(self.folder / ASKED)
            if past is None or past.knows(ASKED, number, f"{record['asked_on']} 00:00:00")
        ]

    def remember_asked(self, flags: Iterable[tuple[str, str, date]]) -> None:
        """Keep which flags are asked of people, each once: what was asked stays asked."""
        known = {record["flag_id"] for record in self.asked()}
        new = ({"flag_id": f, "question_id": q, "asked_on": str(day)} for f, q, day in flags if f not in known)
        journal.append(self.folder / ASKED, new)

    def known_rules(self, past: Past | None = None) -> list[dict[str, Any]]:
        """Return rule_id, known_on and is_new of each rule that raises flags, or was known by a past moment."""
        return [
            record
            for number, record in journal.numbered(self.folder / RULES)
            if past is None or past.knows(RULES, number, f"{record['known_on']} 00:00:00")
        ]

    def remember_rules(self, rules: Iterable[tuple[str, date, bool]]) -> None:
        """Keep the first day of rules that are new."""
        known = {record["rule_id"] for record in self.known_rules()}
        new = ({"rule_id": r, "known_on": str(day), "is_new": is_new} for r, day, is_new in rules if r not in known)
        journal.append(self.folder / RULES, new)

    def remember_flags(self, flags: Iterable[tuple[str, date]]) -> None:
        """Keep the first day of flags that are new."""
        known = self.opened()
        new = [(flag_id, day) for flag_id, day in flags if flag_id not in known]
        journal.append(self.folder / FLAGS, ({"flag_id": f, "opened_at": str(day)} for f, day in new))

    def recover(self, published: Path, *, of_lost_history: bool = False) -> list[str]:
        """Bring over what the published file knows and the history does not.

        Args:
            published: The published file.
            of_lost_history: What its runs say of how far the files had come is left out: those files are gone.

        Returns:
            Kept files that were no longer whole and were written again.
        """
        if not published.is_file():
            return []
        connection = database.connect_published(published)
        announced = {record["run_id"]: record["sha256"] for record in journal.read(self.folder / PUBLISHED)}
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
            if name in (
                "runs",
                "publications",
            ):  # the head of the runs then stands for the very bytes that were published
                lost = [row | {"file_sha256": announced.get(row["run_id"])} for row in lost]
            if of_lost_history:
                lost = [{name: value for name, value in row.items() if name != HEADS_TOLD} for row in lost]
            self.append(name, lost)
        torn = kept.wrong(self.folder, f"{self.folder.name}/")
        for name in KEPT:
            self._recover_kept(connection, name)
        with suppress(duckdb.Error):
            frozen.recover(connection, self.folder)
        with suppress(duckdb.Error):  # a file of an older version
            self.remember_flags(connection.execute("SELECT flag_id, opened_at FROM flags ORDER BY flag_id").fetchall())
            asked = "SELECT flag_id, question_id, asked_on FROM flags WHERE asked_on IS NOT NULL ORDER BY flag_id"
            self.remember_asked(connection.execute(asked).fetchall())
            rules = "SELECT rule_id, known_on, is_new FROM flag_rules ORDER BY rule_id"
            self.remember_rules(connection.execute(rules).fetchall())
        connection.close()
        return sorted(set(torn) - set(kept.wrong(self.folder, f"{self.folder.name}/"))) if torn else []

    def load(
        self,
        connection: duckdb.DuckDBPyConnection,
        extra: dict[str, list[dict[str, Any]]],
        past: Past | None = None,
    ) -> None:
        """Fill the history tables of the warehouse under construction.

        Args:
            connection: The warehouse.
            extra: Rows of this very run.
            past: Leave out what came later than this moment.
        """
        for name in COPIED:
            rows = [*self._known(name, past), *extra.get(name, [])]
            self._empty(connection, name)
            columns = tables.table(name).column_names
            database.insert_rows(connection, name, [[row.get(c) for c in columns] for row in rows])
        for name in KEPT:
            self._load_kept(connection, name, past)
        self._empty(connection, "input_history")
        database.insert_rows(connection, "input_history", Snapshots(self.folder).rows(past))

        for name in (frozen.EDITIONS, frozen.TOTALS):
            self._empty(connection, name)
        frozen.load(connection, self.folder, past)
        for view in VIEWS:
            if not database.exists(connection, view):
                database.create_view(connection, view, HERE / f"{view}.sql")

    def _known(self, name: str, past: Past | None) -> list[dict[str, Any]]:
        """Return the rows of a table, or those known on a past moment."""
        return [
            record
            for number, record in journal.numbered(self.folder / f"{name}.jsonl")
            if past is None or past.knows_run(name, number, record.get("run_id", ""), str(record[COPIED[name]]))
        ]

    # ------------------------------------------------------------------ what proves it

    def take_over(self, published: Path, parsed: Path, now: datetime) -> None:
        """Refuse where the history is gone; seal what an earlier version wrote without hashes.

        Raises:
            HistoryLostError: naming what is gone.
        """
        found = journal.missing(self.folder)
        if not any(path.stat().st_size for path in journal.files(self.folder)):
            stands = [published.name] if published.is_file() else []
            stands += [f"{parsed.name}/"] if any(parsed.glob("files-*.parquet")) else []
            found += [both("history_is_empty", files=", ".join(stands))] if stands else []
        if found:
            raise HistoryLostError("; ".join(found))
        journal.seal(self.folder, {"at": str(now)})
        self._take_over_files(published, now)

    def begin_anew(
        self, published: Path, reason: str, person: str, now: datetime, found: Sequence[str] | None = None
    ) -> None:
        """Begin a new history with what stands there, and say so: who, when, why, what was found.

        Args:
            published: The published file; what it knows of the runs before is brought over.
            reason: Why.
            person: Who.
            now: When.
            found: What is gone or changed, a sentence each; ``None``: what the last lines tell of it.
        """
        if found is None:
            try:
                found = journal.missing(self.folder)
            except HistoryLostError as error:
                found = [str(error)]
        told = {"at": str(now), "by": person, "reason": reason, "found": list(found)}
        journal.seal(self.folder, told, anew=True)
        kept.accept(self.folder)
        if not self.has_changed(published):
            with suppress(duckdb.Error):  # one that nobody can open tells nothing
                self.recover(published, of_lost_history=True)
        self._take_over_files(published, now)

    def _take_over_files(self, published: Path, now: datetime) -> None:
        """Put the hashes of what stood before on record, once."""
        if not (self.folder / kept.FILES).is_file():
            folders = (self.folder / TOTALS, self.folder / frozen.TOTALS, self.folder / "editions")
            kept.note(self.folder, sorted(path for folder in folders for path in folder.glob("*") if path.is_file()))
        if published.is_file() and not (self.folder / PUBLISHED).is_file():
            last = self.read("publications")[-1:]
            run_id = last[0]["run_id"] if last else None
            told = {"run_id": run_id, "sha256": kept.hash_of(published), "at": str(now), "taken_over": True}
            journal.append(self.folder / PUBLISHED, [told])

    def announce(self, run_id: str, new: Path, inputs: Mapping[str, str], now: datetime) -> None:
        """Say what is about to be swapped in; a run that dies before the swap leaves a line whose run never published."""
        durable.sync(new)
        told = {"run_id": run_id, "sha256": kept.hash_of(new), "at": str(now), "inputs": dict(inputs)}
        journal.append(self.folder / PUBLISHED, [told])

    def has_changed(self, published: Path) -> bool:
        """Tell whether the published file is another one than was swapped in."""
        possible = self._possible() if published.is_file() else set()
        return bool(possible) and kept.hash_of(published) not in possible

    def is_last(self, path: Path) -> bool:
        """Tell whether a file is what was swapped in last."""
        return path.is_file() and kept.hash_of(path) in self._possible()

    def _possible(self) -> set[str]:
        """The hashes that the published file may have: of the last publication, and of those announced since then."""
        done = {row["run_id"] for row in self.read("publications")}
        possible = set[str]()
        for record in reversed(list(journal.read(self.folder / PUBLISHED))):
            possible.add(record["sha256"])
            if record["run_id"] in done or record.get("taken_over"):
                break
        return possible

    def last_published(self, connection: duckdb.DuckDBPyConnection) -> Published | None:
        """Return what the last publication said, as the history has it; ``None`` where there was none.

        Args:
            connection: The warehouse under construction, with the history loaded.
        """
        publications = self.read("publications")
        if not publications:
            return None
        last = publications[-1]
        stated = {record["run_id"]: record.get("inputs") for record in journal.read(self.folder / PUBLISHED)}
        rows = database.rows(connection, HERE / "last_totals.sql")
        keys = [FacilityYear(*(row[name] for name in FacilityYear._fields)) for row in rows]
        verdicts = database.rows(connection, HERE / "verdicts" / "last_verdicts.sql")
        return Published(
            dict(stated.get(last["run_id"]) or {}),
            date.fromisoformat(str(last["today"])),
            {key: row["co2e_kg"] for key, row in zip(keys, rows, strict=True)},
            {key: row["year_rule"] for key, row in zip(keys, rows, strict=True)},
            frozenset(
                (row["subject_id"], row["fiscal_year"])
                for row in verdicts
                if row["subject_kind"] == "facility" and not row["is_closed"]
            ),
        )

    def heads(self, decisions: ChainHead) -> str:
        """Return, as JSON, how far every history file and the decisions have come."""
        told = {name: [head.lines, head.digest] for name, head in journal.heads(self.folder).items()}
        return json.dumps(told | {"decisions": [decisions.lines, decisions.digest]}, sort_keys=True)

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

    def _load_kept(self, connection: duckdb.DuckDBPyConnection, name: str, past: Past | None) -> None:
        self._empty(connection, name)
        if paths := [str(path) for path in sorted((self.folder / name).glob("*.parquet"))]:
            kept.refuse_torn(self.folder, name)
            connection.execute(
                f"INSERT INTO {name} BY NAME SELECT * FROM read_parquet($paths)"
                " WHERE $all OR run_id IN (SELECT run_id FROM publications)",
                {"paths": paths, "all": past is None},
            )

    def _recover_kept(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        """Write each publication's rows to a file of its own, once, and again where that file is no longer whole."""
        if not database.exists(connection, name):
            if name == VERDICTS and not (self.folder / name).exists():
                self._begin_verdicts(connection)
            return
        stated = kept.stated(self.folder)
        runs = connection.execute(f"SELECT DISTINCT run_id FROM {name} ORDER BY run_id").fetchall()
        for (run_id,) in runs:
            path = self.folder / name / f"{run_id}.parquet"
            digest = stated.get(path.relative_to(self.folder.parent).as_posix())
            if digest and path.is_file() and kept.hash_of(path) == digest:
                continue
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
        """Write a publication's rows and put the file on record; one that no record tells of was left by a run that died here."""
        path = self.folder / name / f"{run_id}.parquet"
        durable.make_folder(path.parent)
        part = path.with_suffix(".part")
        connection.execute(
            f"COPY ({select} ORDER BY ALL) TO {tables.literal(str(part))} (FORMAT parquet, COMPRESSION zstd)"
        )
        durable.put(part, path)
        kept.note(self.folder, [path])
