"""The new file of a run: built beside the published one, stage by stage, and swapped in at the end.

Until then nothing that anybody reads has changed. ``begin -> the stages of the recipe -> raise_flags -> (gate, in
expectations/) -> publish``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from pipelines import tables
from pipelines.ask import views
from pipelines.flags import build as flags
from pipelines.history import totals
from pipelines.review import build as review
from pipelines.run import inputs as run_inputs
from pipelines.run import proof, recipe, restate, restate_verdicts
from pipelines.run.night import Gathered, Night
from pipelines.targets import build as targets
from pipelines.warehouse import database, incremental, invariants, publish
from pipelines.warehouse.incremental import CannotContinueError, Incremental


class Building:
    """The file under construction, open for writing, with registers and reference laid out: everything joins them.

    Args:
        night: The run.
        gathered: What goes in.
        file: Where it is built; unless told, where the run's new file stands.
    """

    def __init__(self, night: Night, gathered: Gathered, file: Path | None = None) -> None:
        self.night, self.city, self.outcome = night, night.city, night.outcome
        self.gathered, self.known = gathered, gathered.known
        self.file = file or night.next_file
        self.base = gathered.base
        self.findings = list(gathered.findings)
        self.verdict_changes: list[dict[str, Any]] = []
        self.inc = self._begin()

    def do(self, stage: recipe.Stage) -> None:
        """Do a stage of the recipe, from an empty base where what arrived cannot be told apart (only the first one says so)."""
        try:
            self.findings += stage(self.inc, self.city.settings, self.known)
        except CannotContinueError:
            self.base = None
            self.close()
            self.inc = self._begin()
            self.do(stage)

    def raise_flags(self) -> None:
        """Flags with owner and state, findings, reviews."""
        before = list(self.findings)
        self._compare_verdicts()
        self._flag()
        self._describe()
        with self.night.timed("invariants"):  # within raise_flags
            invariants.check(self.inc)
        self.outcome.failed_checks = targets.withdraw(self.connection)
        if self.outcome.failed_checks:  # changes are told of the verdicts that are left
            self.findings = before
            self._compare_verdicts()
            with targets.as_judged(self.connection):
                self._flag()
        self.findings += invariants.as_findings(self.connection)
        flags.write_findings(self.connection, self.findings)
        self.inc.keep_for_gate()

    def publish(self) -> None:
        """Write the history into the new file and swap it in.

        Raises:
            HeldBack: an invariant of ours is broken; what is published stays.
        """
        if broken := invariants.holding(self.connection):
            raise publish.HeldBack(broken)
        incremental.drop_for_gate(self.connection)
        night, history = self.night, self.night.history
        now = proof.unique(history, self.city.now())
        publication = {
            "run_id": self.outcome.run_id,
            "published_time": now,
            "today": self.city.today,
            "version": self.gathered.method,
            "inputs_hash": self.gathered.inputs_hash,
        }
        proof.tell_day(self.connection, self.city, self.outcome)
        is_kept, before = self.gathered.stands.is_file(), self._last_published()
        changes = restate.since(
            self.city, self.connection, self.known, self.gathered.hashes, publication, before, is_kept=is_kept
        )
        self.outcome.count_rows(self.connection)
        run = night.run_record("published", now)
        publish.describe(self.connection)
        verdicts = [row | {"published_time": now} for row in self.verdict_changes]
        new = {"runs": [run], "publications": [publication], "restatements": changes, restate_verdicts.TABLE: verdicts}
        history.load(self.connection, new)
        history.record_totals(self.connection, publication)
        restate_verdicts.record(self.connection, publication)
        self.outcome.summarise(self.connection, self.city.today, changes, now)
        self.close()
        night.limit.finish()
        history.announce(self.outcome.run_id, self.file, self.gathered.hashes, now)
        for finding in publish.swap(self.file, self.city.data, self.outcome.run_id):
            self.outcome.notice(finding)
        history.recover(self.city.published)
        self.outcome.published = True
        self.outcome.tell_head(self.city.history, now)

    @property
    def memory(self) -> str:
        """What DuckDB may take. A run that goes on is given half: the rest would only keep pages that it reads once."""
        limits = self.city.settings.limits
        return limits.half_memory if self.base else limits.memory

    def close(self) -> None:
        """Close the file, so that others can open it."""
        self.connection.close()

    def reopen(self) -> None:
        """Open the file again for the last writes."""
        self.connection = self._opened()

    def _begin(self) -> Incremental:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        for stale in self.file.parent.glob("emissions-*"):
            stale.unlink()
        if self.base is not None:
            incremental.copy(self.base, self.file)
        self.connection = self._opened()
        inc = incremental.begin(self.connection, self.base)
        rows = self.connection.execute("SELECT DISTINCT sha256 FROM last.source_files").fetchall()
        run_inputs.lay_out(self.connection, self.city, self.known, frozenset(row[0] for row in rows))
        return inc

    def _opened(self) -> duckdb.DuckDBPyConnection:
        threads = self.city.settings.limits.threads
        connection = database.connect_file(self.file, self.memory, self.city.data / "tmp", threads)
        self.night.opened.callback(connection.close)
        return connection

    def _flag(self) -> None:
        """Raise the flags, give them the states that people's decisions led to, and write down what was found."""
        settings, opened = self.city.settings, self.night.history.opened(self.known.past)
        self.findings += flags.build(self.connection, settings, self.city.today, opened)
        decisions, history, past = list(self.known.decisions), self.night.history, self.known.past
        rules = flags.rule_ids(self.connection)
        self.findings += review.build(
            self.connection, decisions, self.city.today, settings, history.asked(past), rules, history.known_rules(past)
        )
        flags.write_findings(self.connection, self.findings)

    def _last_published(self) -> totals.Published | None:
        """What was published last, as the history says it where the file is gone or somebody changed it."""
        if self.gathered.stands.is_file():
            return totals.read(self.gathered.stands)
        return self.night.history.last_published(self.connection)

    def _compare_verdicts(self) -> None:
        """Load the history, and add what tonight changes in the verdicts of closed years: its flags are raised at once."""
        self.night.history.load(self.connection, {}, self.known.past)
        if self.known.past is not None:
            return
        run = {"run_id": self.outcome.run_id, "published_time": self.city.now(), "version": self.gathered.method}
        said = None if self.gathered.stands.is_file() else self.night.history.last_published(self.connection)
        before = totals.inputs(self.gathered.stands) if said is None else said.inputs
        self.verdict_changes = restate_verdicts.since(self.connection, before, self.gathered.hashes, run)
        columns = tables.table(restate_verdicts.TABLE).column_names
        rows = [[row[column] for column in columns] for row in self.verdict_changes]
        database.insert_rows(self.connection, restate_verdicts.TABLE, rows)

    def _describe(self) -> None:
        """Write what the file was built from and the dictionary, so that the gate finds every table it checks."""
        database.create(self.connection, "build_inputs")
        database.insert_rows(self.connection, "build_inputs", sorted(self.gathered.hashes.items()))
        views.create(self.connection)
        database.create(self.connection, "validation_results")
        database.create(self.connection, "dictionary")
        database.insert_rows(self.connection, "dictionary", tables.dictionary_rows())


def build(night: Night, gathered: Gathered, file: Path | None = None) -> Building:
    """Do the building steps in order, without flow, gate or publication."""
    made = Building(night, gathered, file)
    for stage in recipe.STAGES:
        made.do(stage)
    made.raise_flags()
    return made
