"""One night, step by step: the plain functions that the flow calls in this order, and tests call without Prefect.

``receive -> read_files -> load_registers -> accept_readings -> count_energy -> count_emissions -> judge_targets ->
raise_flags -> (gate, in expectations/) -> publish``. A new file is built beside the published one and swapped in at the
end; until then nothing that anybody reads has changed.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from typing import Any

import duckdb

from pipelines import register_checks, registers, tables
from pipelines.city_file import CITY_FILE
from pipelines.emissions import build as emissions
from pipelines.energy import build as energy
from pipelines.energy_act import build as energy_act
from pipelines.findings import Finding, stable_id
from pipelines.flags import build as flags
from pipelines.outcome import Outcome
from pipelines.readings import build as readings
from pipelines.reference import load as reference
from pipelines.review import build as review
from pipelines.review.store import Decision, read_all
from pipelines.settings import CityFolder
from pipelines.sources import inbox, parse, store
from pipelines.sources.inbox import Arrival, Scan
from pipelines.sources.layouts import PARSER_VERSION
from pipelines.targets import build as targets
from pipelines.warehouse import database, invariants, publish, restatements
from pipelines.warehouse.history import History

# Raised whenever the same inputs give other numbers; a restatement then says "method".
METHOD_VERSION = 1
Progress = Callable[[str, int, int], None]


def _quiet(_what: str, _done: int, _of: int) -> None:
    """Report no progress."""


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
        self.registers: registers.Registers | None = None
        self.decisions: list[Decision] = []
        self.inputs: dict[str, str] = {}
        self.next_file = city.data / "next" / f"emissions-{run_id}.duckdb"
        self._connection: duckdb.DuckDBPyConnection | None = None

    # ------------------------------------------------------------------ the steps

    def receive(self) -> None:
        """Find what arrived, and keep the ledger of arrivals."""
        self.history.recover(self.city.published)
        self.scan = inbox.scan(self.city, lambda done: self.progress("receive", done, 0))
        self.arrivals = self.scan.arrivals
        self.findings += self.scan.findings
        self.outcome.files_new = self.scan.new_files
        self.outcome.files_total = len(self.arrivals)

    def remember(self) -> None:
        """Take the arrivals from the ledger alone, as a rebuild does."""
        self.history.recover(self.city.published)
        self.findings += inbox.not_taken(self.city.history)
        known = inbox.ledger(self.city.history).values()
        self.arrivals = sorted(known, key=lambda a: (a.sha256, a.source, a.path))
        self.outcome.files_total = len(self.arrivals)

    def read_files(self) -> None:
        """Parse what has not been parsed before into ``parsed/``."""
        waiting = self.scan.to_parse if self.scan else []
        done = 0
        for batch in parse.batches(waiting, self.city.settings.limits):
            parse.parse_into_store(batch, self.city.parsed, self.city.settings.limits, self.city.data / "tmp")
            done += len(batch)
            self.progress("read_files", done, len(waiting))

    def load_registers(self) -> bool:
        """Read and check the registers and decisions; tell whether anything differs from what was published."""
        self.registers = registers.read(self.city.registers)
        register_checks.check(self.registers, self.city.settings, *register_checks.vocabularies())
        self.findings += self.registers.findings
        self.decisions = read_all(self.city.decisions_url)
        self.inputs = self._inputs()
        return self.inputs != self._published_inputs()

    def open_next(self) -> None:
        """Begin the new file: registers and reference first, since everything joins them."""
        assert self.registers is not None  # noqa: S101 - the order of the steps
        self.next_file.parent.mkdir(parents=True, exist_ok=True)
        for stale in self.next_file.parent.glob("emissions-*"):
            stale.unlink()
        self.reopen()
        registers.store(self.connection, self.registers)
        reference.load(self.connection)
        registers.snapshot(self.city.registers, self.registers, self.city.history / "registers")

    def accept_readings(self) -> None:
        """Readings, quarantine and the row account of every file."""
        self._attach_parsed()
        readings.build(self.connection, self.city.settings, self.city.today)

    def count_energy(self) -> None:
        """Energy per meter, facility and day."""
        review.load_overrides(self.connection, self.decisions)
        energy.build(self.connection, self.city.settings, self.city.today)

    def count_emissions(self) -> None:
        """CO2 per source, day, basis and gas; months and fiscal years."""
        emissions.build(self.connection, self.city.settings, self.city.today, self._first_day())

    def judge_targets(self) -> None:
        """Verdicts for targets and facilities; operators and posts of the Act."""
        targets.build(self.connection, self.city.today, self._first_day())
        energy_act.build(self.connection, self.city.settings, self.city.today)

    def raise_flags(self) -> None:
        """Flags with owner and state, findings, reviews."""
        opened = self.history.opened()
        self.findings += flags.build(self.connection, self.city.settings, self.city.today, opened)
        tolerance = self.city.settings.thresholds.decision_tolerance
        self.findings += review.build(self.connection, self.decisions, self.city.today, tolerance)
        flags.write_findings(self.connection, self.findings)
        self._describe()

    def publish(self) -> None:
        """Write the history into the new file and swap it in.

        Raises:
            HeldBack: an invariant of ours is broken; what is published stays.
        """
        if broken := invariants.broken(self.connection):
            raise publish.HeldBack(broken)
        now = self.city.now()
        changes = restatements.since(
            self.connection, self.city.published, self.inputs, self.city.today, self.outcome.run_id, now
        )
        publication = {
            "run_id": self.outcome.run_id,
            "published_time": now,
            "today": self.city.today,
            "version": self.version,
            "inputs_hash": self.inputs_hash,
        }
        run = self.run_record("published", now)
        publish.describe(self.connection)
        self.history.load(self.connection, {"runs": [run], "publications": [publication], "restatements": changes})
        self.outcome.summarise(self.connection, self.city.today, changes)
        first_days = self.connection.execute("SELECT flag_id, opened_at FROM flags ORDER BY flag_id").fetchall()
        self.close()
        publish.swap(self.next_file, self.city.published)
        self.history.append("publications", [publication])
        self.history.append("restatements", changes)
        self.history.append("runs", [run])
        self.history.remember_flags(first_days)
        self.outcome.published = True

    # ------------------------------------------------------------------ around the steps

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The warehouse under construction."""
        assert self._connection is not None  # noqa: S101 - the order of the steps
        return self._connection

    @property
    def version(self) -> str:
        """Program and method version."""
        return f"{version('facility-emissions')}/{METHOD_VERSION}"

    @property
    def inputs_hash(self) -> str:
        """One hash over all inputs of this run."""
        return hashlib.sha256(json.dumps(self.inputs, sort_keys=True).encode()).hexdigest()

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Note how long a step takes."""
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
        limits = self.city.settings.limits
        self._connection = database.connect_file(self.next_file, limits.memory, self.city.data / "tmp", limits.threads)

    def record(self, outcome: str) -> None:
        """Keep a run that published nothing on record."""
        self.history.append("runs", [self.run_record(outcome, self.city.now())])

    def run_record(self, outcome: str, now: datetime) -> dict[str, Any]:
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
        }

    def _attach_parsed(self) -> None:
        """Show the ledger and the Parquets to the readings stage."""
        self.connection.execute(
            """CREATE OR REPLACE TEMP TABLE arrivals AS SELECT unnest(CAST($sha AS VARCHAR[])) AS sha256,
               unnest(CAST($source AS VARCHAR[])) AS source, unnest(CAST($path AS VARCHAR[])) AS path,
               unnest(CAST($received AS TIMESTAMP[])) AS received_at""",
            {
                "sha": [a.sha256 for a in self.arrivals],
                "source": [a.source for a in self.arrivals],
                "path": [a.path for a in self.arrivals],
                "received": [a.received_at for a in self.arrivals],
            },
        )
        batches = store.batches_in_use(self.city.parsed)
        for kind in (store.VALUES, store.REJECTS, store.FILES):
            if batches:
                paths = store.batch_paths(self.city.parsed, kind, batches)
                listed = ", ".join(tables.literal(str(path)) for path in paths)
                self.connection.execute(f"CREATE OR REPLACE TEMP VIEW parsed_{kind} AS FROM read_parquet([{listed}])")
            else:
                parse.create_empty(self.connection, kind)

    def _first_day(self) -> Any:  # noqa: ANN401 - a date
        return energy.first_expected_day(self.connection, self.city.today)

    def _inputs(self) -> dict[str, str]:
        """Return kind of input -> hash."""
        assert self.registers is not None  # noqa: S101 - the order of the steps
        ledger = [f"{a.sha256} {a.source} {a.path} {a.received_at}" for a in self.arrivals]
        ledger += [str(finding) for finding in inbox.not_taken(self.city.history)]
        return {
            "files": _hash("\n".join(ledger)),
            "registers": self.registers.content_hash,
            "reference": reference.content_hash(),
            "settings": _hash((self.city.folder / CITY_FILE).read_text(encoding="utf-8-sig")),
            "decisions": _hash("\n".join(d.decision_id for d in self.decisions)),
            "today": str(self.city.today),
            "method": f"{self.version}/{PARSER_VERSION}",
        }

    def _published_inputs(self) -> dict[str, str]:
        return restatements.inputs_of(self.city.published)

    def _describe(self) -> None:
        """Write what the file was built from and the dictionary, so that the gate finds every table it checks."""
        database.create(self.connection, "build_inputs")
        database.insert_rows(self.connection, "build_inputs", sorted(self.inputs.items()))
        database.create(self.connection, "validation_results")
        database.create(self.connection, "dictionary")
        database.insert_rows(self.connection, "dictionary", tables.dictionary_rows())
        self.history.load(self.connection, {})
        database.create(self.connection, "invariant_results")
        invariants.check(self.connection)


def build(night: Night) -> None:
    """Run the building steps in order, without flow, gate or publication."""
    night.open_next()
    night.accept_readings()
    night.count_energy()
    night.count_emissions()
    night.judge_targets()
    night.raise_flags()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
