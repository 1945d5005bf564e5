"""One night, step by step: the plain functions that the flow calls in this order, and tests call without Prefect.

``receive -> read_files -> load_registers -> accept_readings -> count_energy -> count_emissions -> judge_targets ->
raise_flags -> (gate, in expectations/) -> publish``. A new file is built beside the published one and swapped in at the
end; until then nothing that anybody reads has changed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from pipelines import tables
from pipelines.errors import ActionableError
from pipelines.findings import Finding, stable_id
from pipelines.flags import build as flags
from pipelines.history import totals
from pipelines.history.records import History
from pipelines.history.snapshots import Snapshots, state_id
from pipelines.registers import checks
from pipelines.review import build as review
from pipelines.run import inputs as run_inputs
from pipelines.run import proof, recipe, restate, restate_verdicts
from pipelines.run.inputs import Inputs
from pipelines.run.outcome import Outcome
from pipelines.settings.city import CityFolder
from pipelines.sources import merging, parse
from pipelines.sources.arrive import being_read, inbox
from pipelines.sources.arrive.inbox import Arrival, Scan
from pipelines.sources.open.open_file import Inbound
from pipelines.targets import build as targets
from pipelines.texts import both
from pipelines.warehouse import database, incremental, invariants, publish
from pipelines.warehouse.incremental import CannotContinueError, Incremental
from pipelines.warehouse.time_limit import TimeLimit

# Raised whenever the same inputs give other numbers; a restatement then says "method".
METHOD_VERSION = 3
MOST_NAMED = 5
Progress = Callable[[str, int, int], None]


def _quiet(_what: str, _done: int, _of: int) -> None:
    """Report no progress."""


class LostFilesError(ActionableError, RuntimeError):
    """Received files are neither parsed nor there to be parsed again; the message names them and says what to do."""

    def __init__(self, paths: list[str]) -> None:
        named = ", ".join(paths[:5]) + (f" +{len(paths) - 5}" if len(paths) > 5 else "")
        super().__init__(both("received_files_lost", files=len(paths), named=named))


class Night:
    """A run on a city folder; each method is one step.

    Args:
        city: The city folder.
        progress: Called with (step, done, of) during long work.
    """

    def __init__(self, city: CityFolder, progress: Progress = _quiet) -> None:
        self.city = city
        self.progress = progress
        self.started = city.now()
        run_id = f"{self.started:%Y%m%dT%H%M%S}-{stable_id(time.time_ns(), city.folder)[:6]}"
        self.outcome = Outcome(run_id, str(city.today))
        self.history = History(city.history)
        self.findings: list[Finding] = []
        self.arrivals: list[Arrival] = []
        self.scan: Scan | None = None
        self.inputs: dict[str, str] = {}
        self.next_file = city.data / "next" / f"emissions-{run_id}.duckdb"
        self.limit = TimeLimit(city.settings.schedule.longest_minutes * 60)
        self._files_read = 0
        self.continues = True
        self.last_file = city.published  # what this run goes on from: the published file, unless somebody changed it
        self.heads = ""
        self.verdict_changes: list[dict[str, Any]] = []
        self._inc: Incremental | None = None
        self._last: Mapping[str, str] = {}
        self._known: Inputs | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None

    # ------------------------------------------------------------------ the steps

    def receive(self) -> None:
        """Find what arrived, and keep the ledger of arrivals."""
        self._look_at_what_stands()
        self.scan = inbox.scan(self.city, lambda done: self.progress("receive", done, 0))
        self.arrivals = self.scan.arrivals
        self.findings += self.scan.findings
        self.outcome.files_new = self.scan.new_files
        self.outcome.files_total = len(self.arrivals)

    def remember(self) -> None:
        """Take the arrivals from the ledger alone, as a rebuild does, which makes everything anew."""
        self.continues = False
        self._look_at_what_stands()
        self.findings += inbox.not_taken(self.city.history)
        known = inbox.ledger(self.city.history).values()
        self.arrivals = sorted(known, key=lambda a: (a.sha256, a.source, a.path))
        self.outcome.files_total = len(self.arrivals)

    def read_files(self) -> None:
        """Parse what has not been parsed before into ``parsed/``."""
        reading = parse.ParseOptions.of(self.city)
        for batch in self.batches():
            changed = parse.parse_into_store(batch, self.city.parsed, reading, self.city.data / "tmp")
            self.note_read(batch, changed)

    def batches(self) -> Iterable[list[Inbound]]:
        """The files to parse, in batches of bounded size; first what was being read when a run died, by itself."""
        limits = self.city.settings.limits
        first, others, suspected = being_read.ordered(self.city.parsed, self.scan.to_parse if self.scan else [], limits)
        if suspected:
            named = ", ".join(f"{file.source}/{file.path}" for file in suspected[:MOST_NAMED])
            more = f" +{len(suspected) - MOST_NAMED}" if len(suspected) > MOST_NAMED else ""
            self.outcome.notice(Finding("was_being_read", f"{named}{more}", {}))
        return [*first, *parse.batches(others, limits)]

    def note_read(self, batch: list[Inbound], changed: list[Inbound]) -> None:
        """Take note of a batch that was parsed; files that changed meanwhile are left for the next night."""
        being_read.clear(self.city.parsed, batch)
        self._files_read += len(batch)
        self.progress("read_files", self._files_read, len(self.scan.to_parse) if self.scan else 0)
        if changed:
            self.arrivals = inbox.withdraw(self.city.history, changed)
            for file in changed:
                self.outcome.notice(Finding("still_being_written", f"{file.source}/{file.path}", {}))

    def load_registers(self) -> bool:
        """Read and check the registers and decisions; tell whether anything differs from what was published."""
        self._refuse_lost_files()
        known = run_inputs.now(self.city, self.arrivals)
        checks.check(known.registers, self.city.settings, *checks.vocabularies())
        self.take(known)
        return self.inputs != self._last

    def take(self, known: Inputs) -> None:
        """Use these inputs."""
        self._known = known
        self._last = incremental.last_inputs(self.last_file)
        self.findings += known.findings
        contents = {name: path.read_bytes() for name, path in known.reference.items()}
        self.inputs = run_inputs.inputs(self.city, known, state_id(known.registers.contents, contents), self.version)
        self.continues &= known.past is None and incremental.can_continue(self._last, self.inputs)
        if known.past is None:
            Snapshots(self.city.history).keep(known.registers.contents, contents, self.started)
            self.heads = proof.note_seen(self.city, known, self.outcome, self.started)

    def open_next(self) -> None:
        """Begin the new file: registers and reference first, since everything joins them."""
        self.next_file.parent.mkdir(parents=True, exist_ok=True)
        for stale in self.next_file.parent.glob("emissions-*"):
            stale.unlink()
        base = self.last_file if self.continues else None
        if base is not None:
            incremental.copy(base, self.next_file)
        self.reopen()
        self._inc = incremental.begin(self.connection, base)
        rows = self.connection.execute("SELECT DISTINCT sha256 FROM last.source_files").fetchall()
        run_inputs.lay_out(self.connection, self.city, self.known, frozenset(row[0] for row in rows))

    def do(self, stage: recipe.Stage) -> None:
        """Do a stage of the recipe, from an empty base where what arrived cannot be told apart (only the first one says so)."""
        try:
            self.findings += stage(self.inc, self.city.settings, self.known)
        except CannotContinueError:
            self.continues = False
            self.close()
            self.open_next()
            self.do(stage)

    def raise_flags(self) -> None:
        """Flags with owner and state, findings, reviews."""
        before = list(self.findings)
        self._compare_verdicts()
        self._flag()
        self._describe()
        with self.timed("invariants"):  # within raise_flags
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
        now = proof.unique(self.history, self.city.now())
        publication = {
            "run_id": self.outcome.run_id,
            "published_time": now,
            "today": self.city.today,
            "version": self.method,
            "inputs_hash": self.inputs_hash,
        }
        proof.tell_day(self.connection, self.city, self.outcome)
        is_kept, before = self.last_file.is_file(), self._last_published()
        changes = restate.since(
            self.city, self.connection, self.known, self.inputs, publication, before, is_kept=is_kept
        )
        self.outcome.count_rows(self.connection)
        run = self.run_record("published", now)
        publish.describe(self.connection)
        verdicts = [row | {"published_time": now} for row in self.verdict_changes]
        new = {"runs": [run], "publications": [publication], "restatements": changes, restate_verdicts.TABLE: verdicts}
        self.history.load(self.connection, new)
        self.history.record_totals(self.connection, publication)
        restate_verdicts.record(self.connection, publication)
        self.outcome.summarise(self.connection, self.city.today, changes, verdicts)
        self.close()
        self.limit.finish()
        self.history.announce(self.outcome.run_id, self.next_file, self.inputs, now)
        for finding in publish.swap(self.next_file, self.city.data, self.outcome.run_id):
            self.outcome.notice(finding)
        self.history.recover(self.city.published)
        self.outcome.published = True
        self.outcome.tell_head(self.city.history, now)

    def write_pages(self) -> None:
        """Write the pages made from what was published; it stays published if that fails."""
        from pipelines.reports.pages import documents, intake

        try:
            documents.write(self.city)
            intake.write(self.city)
        except (OSError, duckdb.Error, ValueError) as error:
            self.outcome.page_problem = str(error)

    def merge_parsed(self) -> None:
        """Keep parsed/ small in number; what is published stays published if that fails."""
        limits = self.city.settings.limits
        try:
            with database.connect(limits.half_memory, self.city.data / "tmp", limits.threads) as connection:
                merging.merge(connection, self.city.parsed)
        except (OSError, duckdb.Error) as error:
            self.outcome.notice(Finding("parsed_not_merged", self.city.parsed.name, {"problem": str(error)}))

    # ------------------------------------------------------------------ around the steps

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The warehouse under construction."""
        assert self._connection is not None  # noqa: S101 - the order of the steps
        return self._connection

    @property
    def inc(self) -> Incremental:
        """The new file and the base it goes on from."""
        assert self._inc is not None  # noqa: S101 - the order of the steps
        return self._inc

    @property
    def known(self) -> Inputs:
        """The inputs of this run."""
        assert self._known is not None  # noqa: S101 - the order of the steps
        return self._known

    @property
    def memory(self) -> str:
        """What DuckDB may take. A run that goes on is given half: the rest would only keep pages that it reads once."""
        limits = self.city.settings.limits
        return limits.half_memory if self.continues else limits.memory

    @property
    def version(self) -> str:
        """Program and method version."""
        return f"{version('facility-emissions')}/{METHOD_VERSION}"

    @property
    def method(self) -> str:
        """Program, method and settings: whatever makes other numbers of the same inputs."""
        return f"{self.inputs['method']}/{self.inputs['settings'][:8]}"

    @property
    def inputs_hash(self) -> str:
        """One hash over all inputs of this run."""
        return run_inputs.hash_of(self.inputs)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Note how long a step takes."""
        self.limit.check()
        begun = time.perf_counter()
        self.progress(step, 0, 0)
        try:
            yield
        finally:
            self.outcome.seconds[step] = round(time.perf_counter() - begun, 3)

    def close(self) -> None:
        """Close the new file, so that others can open it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def reopen(self) -> None:
        """Open the new file, or open it again for the last writes."""
        threads = self.city.settings.limits.threads
        self._connection = database.connect_file(self.next_file, self.memory, self.city.data / "tmp", threads)

    def record(self, outcome: str, problem: str | None = None) -> None:
        """Keep a run that published nothing on record."""
        now = self.city.now()
        self.history.append("runs", [self.run_record(outcome, now, problem)])
        self.outcome.tell_head(self.city.history, now)

    def run_record(self, outcome: str, now: datetime, problem: str | None = None) -> dict[str, Any]:
        """The run as a row of ``runs``."""
        return {
            "run_id": self.outcome.run_id,
            "started_time": self.started,
            "ended_time": now,
            "outcome": outcome,
            "version": self.version,
            "today": self.city.today,
            "files_new": self.outcome.files_new,
            "durations_json": json.dumps(self.outcome.seconds),
            "inputs_hash": self.inputs_hash if self.inputs else None,
            "settings_hash": self.inputs.get("settings"),
            "program_state": program_state(),
            "rows_json": json.dumps(self.outcome.counts),
            "run_problem": problem or "; ".join(notice["ja"] for notice in self.outcome.notices) or None,
            "heads_json": self.heads or None,
        }

    def _refuse_lost_files(self) -> None:
        """A received file whose values are gone would silently lower every figure: stop instead.

        Raises:
            LostFilesError: naming the files.
        """
        if missing := inbox.lost(self.city, self.arrivals):
            raise LostFilesError([arrival.name for arrival in missing])

    def _look_at_what_stands(self) -> None:
        """Refuse where the history is gone; set aside what cannot be read; go on from nothing that somebody changed.

        Raises:
            HistoryLostError: naming what is gone.
        """
        self.history.take_over(self.city.published, self.city.parsed, self.started)
        for finding in inbox.set_damaged_aside(self.city.parsed, self.city.history):
            self.outcome.notice(finding)
        merging.clear(self.city.parsed, self.city.history)
        self.last_file = proof.trusted(self.city, self.outcome)
        for name in self.history.recover(self.last_file):
            self.outcome.notice(Finding("kept_file_rewritten", name, {}))

    def _flag(self) -> None:
        """Raise the flags, give them the states that people's decisions led to, and write down what was found."""
        settings, opened = self.city.settings, self.history.opened(self.known.past)
        self.findings += flags.build(self.connection, settings, self.city.today, opened)
        decisions, tolerance = list(self.known.decisions), settings.thresholds.decision_tolerance
        self.findings += review.build(self.connection, decisions, self.city.today, tolerance)
        flags.write_findings(self.connection, self.findings)

    def _last_published(self) -> totals.Published | None:
        """What was published last, as the history says it where the file is gone or somebody changed it."""
        if self.last_file.is_file():
            return totals.read(self.last_file)
        return self.history.last_published(self.connection)

    def _compare_verdicts(self) -> None:
        """Load the history, and add what tonight changes in the verdicts of closed years: its flags are raised at once."""
        self.history.load(self.connection, {}, self.known.past)
        if self.known.past is not None:
            return
        run = {"run_id": self.outcome.run_id, "published_time": self.city.now(), "version": self.method}
        said = None if self.last_file.is_file() else self.history.last_published(self.connection)
        before = totals.inputs(self.last_file) if said is None else said.inputs
        self.verdict_changes = restate_verdicts.since(self.connection, before, self.inputs, run)
        columns = tables.table(restate_verdicts.TABLE).column_names
        rows = [[row[column] for column in columns] for row in self.verdict_changes]
        database.insert_rows(self.connection, restate_verdicts.TABLE, rows)

    def _describe(self) -> None:
        """Write what the file was built from and the dictionary, so that the gate finds every table it checks."""
        database.create(self.connection, "build_inputs")
        database.insert_rows(self.connection, "build_inputs", sorted(self.inputs.items()))
        database.create(self.connection, "validation_results")
        database.create(self.connection, "dictionary")
        database.insert_rows(self.connection, "dictionary", tables.dictionary_rows())


@cache
def program_state() -> str | None:
    """Return the commit the program runs from, with ``-dirty`` where files differ; ``None`` outside a clone."""
    git = shutil.which("git")
    folder = Path(__file__).parents[2]
    if git is None or not (folder / ".git").exists():
        return None
    command = [git, "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 - ours
    except (OSError, subprocess.TimeoutExpired):
        return None
    return told.stdout.strip() or None


def build(night: Night) -> None:
    """Run the building steps in order, without flow, gate or publication."""
    night.open_next()
    for stage in recipe.STAGES:
        night.do(stage)
    night.raise_flags()
