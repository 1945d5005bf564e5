"""One run on a city folder up to what it knows: what arrived is read, what the office keeps is gathered.

``receive`` (or ``remember``) ``-> read_files -> load_registers``; where anything differs from what was published, a
``Building`` (building.py) makes the new file of it. What a step needs it is given, what it finds it returns.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from pipelines.errors import ActionableError
from pipelines.findings import Finding, stable_id
from pipelines.history.journal import HistoryLostError
from pipelines.history.records import History
from pipelines.history.snapshots import Snapshots, state_id
from pipelines.reports.plain_text import one_line
from pipelines.run import answers, proof
from pipelines.run import inputs as run_inputs
from pipelines.run.inputs import Inputs
from pipelines.run.outcome import Outcome
from pipelines.settings.city import CityFolder
from pipelines.sources import merging, parse
from pipelines.sources.arrive import being_read, inbox
from pipelines.sources.arrive.inbox import Arrival
from pipelines.sources.open.open_file import Inbound
from pipelines.texts import both
from pipelines.warehouse import database, incremental
from pipelines.warehouse.time_limit import TimeLimit, TimeLimitError

# Raised whenever the same inputs give other numbers; a restatement then says "method".
METHOD_VERSION = 4
MOST_NAMED = 5
# what became of a run after it was put on record
NOTES = "run_notes"
Progress = Callable[[str, int, int], None]


def _quiet(_what: str, _done: int, _of: int) -> None:
    """Report no progress."""


class LostFilesError(ActionableError, RuntimeError):
    """Received files are neither parsed nor there to be parsed again; the message names them and says what to do."""

    def __init__(self, paths: list[str]) -> None:
        named = ", ".join(paths[:5]) + (f" +{len(paths) - 5}" if len(paths) > 5 else "")
        super().__init__(both("received_files_lost", files=len(paths), named=named))


class Arrived:
    """What there is to read tonight. No dataclass: Prefect would look into every file of it.

    Args:
        files: The files that count, from the ledger.
        to_parse: Those among them that were not parsed before.
        stands: What was published last; a path where nothing is, if nothing was or somebody changed it.
        findings: What a person should know of the inbox.
        is_all_anew: Everything is made anew, whatever stands.
    """

    def __init__(
        self,
        files: list[Arrival],
        to_parse: list[Inbound],
        stands: Path,
        findings: Sequence[Finding],
        *,
        is_all_anew: bool = False,
    ) -> None:
        self.files, self.to_parse, self.stands = files, to_parse, stands
        self.findings, self.is_all_anew = findings, is_all_anew
        self.files_read = 0


class Gathered:
    """Everything that goes into the new file. No dataclass, as above.

    Args:
        known: The inputs.
        hashes: Kind of input -> hash.
        stands: What was published last (see :class:`Arrived`).
        last: Kind of input -> hash of what stands; empty where no run can go on from it.
        base: What the new file goes on from; ``None``: an empty base.
        findings: What a person should know of the inputs.
    """

    def __init__(
        self,
        known: Inputs,
        hashes: Mapping[str, str],
        stands: Path,
        last: Mapping[str, str],
        base: Path | None,
        findings: Sequence[Finding],
    ) -> None:
        self.known, self.hashes, self.stands = known, hashes, stands
        self.last, self.base, self.findings = last, base, findings

    @property
    def is_new(self) -> bool:
        """Anything differs from what was published."""
        return self.hashes != self.last

    @property
    def method(self) -> str:
        """Program, method and settings: whatever makes other numbers of the same inputs."""
        return f"{self.hashes['method']}/{self.hashes['settings'][:8]}"

    @property
    def inputs_hash(self) -> str:
        """One hash over all inputs."""
        return run_inputs.hash_of(self.hashes)


class Night:
    """A run on a city folder: when it began, what came of it, its place in the history.

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
        self.limit = TimeLimit(city.settings.schedule.longest_minutes * 60)
        self.next_file = city.data / "next" / f"emissions-{run_id}.duckdb"
        self.opened = ExitStack()  # what must be closed however the run ends
        self._saw: dict[str, str | None] = {"inputs_hash": None, "settings_hash": None, "heads_json": None}

    # ------------------------------------------------------------------ the steps

    def receive(self) -> Arrived:
        """Find what arrived, and keep the ledger of arrivals."""
        stands = self._look_at_what_stands()
        scan = inbox.scan(self.city, lambda done: self.progress("receive", done, 0))
        self.outcome.files_new, self.outcome.files_total = scan.new_files, len(scan.arrivals)
        return Arrived(scan.arrivals, scan.to_parse, stands, scan.findings)

    def remember(self) -> Arrived:
        """Take the arrivals from the ledger alone, as a rebuild does, which makes everything anew."""
        stands = self._look_at_what_stands()
        known = inbox.ledger(self.city.history).values()
        self.outcome.files_total = len(known)
        files = sorted(known, key=lambda a: (a.sha256, a.source, a.path))
        return Arrived(files, [], stands, inbox.not_taken(self.city.history), is_all_anew=True)

    def read_files(self, arrived: Arrived) -> None:
        """Parse what has not been parsed before into ``parsed/``."""
        reading = parse.ParseOptions.of(self.city)
        for batch in self.batches(arrived):
            changed = parse.parse_into_store(batch, self.city.parsed, reading, self.city.data / "tmp")
            self.note_read(arrived, batch, changed)

    def batches(self, arrived: Arrived) -> Iterable[list[Inbound]]:
        """The files to parse, in batches of bounded size; first what was being read when a run died, by itself."""
        limits = self.city.settings.limits
        first, others, suspected = being_read.ordered(self.city.parsed, arrived.to_parse, limits)
        if suspected:
            named = ", ".join(f"{file.source}/{file.path}" for file in suspected[:MOST_NAMED])
            more = f" +{len(suspected) - MOST_NAMED}" if len(suspected) > MOST_NAMED else ""
            self.outcome.notice(Finding("was_being_read", f"{named}{more}", {}))
        return [*first, *parse.batches(others, limits)]

    def note_read(self, arrived: Arrived, batch: list[Inbound], changed: list[Inbound]) -> None:
        """Take note of a batch that was parsed; files that changed meanwhile are left for the next night."""
        being_read.clear(self.city.parsed, batch)
        arrived.files_read += len(batch)
        self.progress("read_files", arrived.files_read, len(arrived.to_parse))
        if changed:
            arrived.files = inbox.withdraw(self.city.history, changed)
            for file in changed:
                self.outcome.notice(Finding("still_being_written", f"{file.source}/{file.path}", {}))

    def load_registers(self, arrived: Arrived) -> Gathered:
        """Read and check the registers and decisions; answers that came back in workbooks become decisions first.

        Raises:
            LostFilesError: a received file whose values are gone would silently lower every figure.
        """
        if missing := inbox.lost(self.city, arrived.files):
            raise LostFilesError([arrival.name for arrival in missing])
        again = not arrived.is_all_anew
        answers.take(self.city, arrived.files, arrived.stands, self.started, again=again)
        known = run_inputs.now(self.city, arrived.files)
        return self.gather(known, arrived)

    def gather(self, known: Inputs, arrived: Arrived) -> Gathered:
        """Tell the inputs apart by hash, keep what was seen, and say what the new file goes on from."""
        contents = {name: path.read_bytes() for name, path in known.reference.items()}
        hashes = run_inputs.inputs(self.city, known, state_id(known.registers.contents, contents), self.version)
        last = incremental.last_inputs(arrived.stands)
        can_continue = not arrived.is_all_anew and incremental.can_continue(last, hashes)
        base = arrived.stands if can_continue else None
        gathered = Gathered(known, hashes, arrived.stands, last, base, [*arrived.findings, *known.findings])
        self._saw |= {"inputs_hash": gathered.inputs_hash, "settings_hash": hashes["settings"]}
        if known.past is None:
            Snapshots(self.city.history).keep(known.registers.contents, contents, self.started)
            self._saw["heads_json"] = proof.note_seen(self.city, known, self.outcome, self.started) or None
        return gathered

    def write_pages(self) -> None:
        """Write the pages made from what was published; it stays published if that fails."""
        from pipelines.reports.pages import documents, intake, manual, site

        try:
            documents.write(self.city)
            intake.write(self.city)
            manual.write(self.city)
            site.write(self.city)
        except Exception as error:
            self.outcome.page_problem = str(error) or type(error).__name__

    def tell_people(self) -> None:
        """Tell each person what is new, due or overdue; whatever goes wrong is a sentence, and the next run tries again."""
        from pipelines.run import notices

        try:
            done = notices.tell(self.city)
        except TimeLimitError:
            raise
        except Exception as error:
            problem = one_line(str(error) or type(error).__name__)
            done = notices.ToldPeople(findings=[Finding("notices_failed", self.city.data.name, {"problem": problem})])
        self.outcome.told_people = {
            "mails": done.mails, "files": done.files, "no_address": len(done.no_address), "folder": done.folder,
        }  # fmt: skip
        known = len(self.outcome.notices)
        for finding in done.findings:
            self.outcome.notice(finding)
        told = [notice[self.city.settings.city.language] for notice in self.outcome.notices[known:]]
        if self.outcome.published and told:  # the run is on record already
            row = {"run_id": self.outcome.run_id, "outcome": "published", "at": self.city.now(), "way": "notices"}
            with suppress(OSError, HistoryLostError):
                self.history.append(NOTES, [row | {"problem": each} for each in told])

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
    def version(self) -> str:
        """Program and method version."""
        return f"{version('facility-emissions')}/{METHOD_VERSION}"

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
        """Close what the run opened, so that others can open it."""
        self.opened.close()

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
            "program_state": program_state(),
            "rows_json": json.dumps(self.outcome.counts),
            "run_problem": problem or "; ".join(notice["ja"] for notice in self.outcome.notices) or None,
            **self._saw,
        }

    def _look_at_what_stands(self) -> Path:
        """Refuse where the history is gone; set aside what cannot be read; go on from nothing that somebody changed.

        Returns:
            What was published last; a path where nothing is, if nothing was or somebody changed it.

        Raises:
            HistoryLostError: naming what is gone.
        """
        self.history.take_over(self.city.published, self.city.parsed, self.started)
        for finding in inbox.set_damaged_aside(self.city.parsed, self.city.history):
            self.outcome.notice(finding)
        merging.clear(self.city.parsed, self.city.history)
        stands = proof.trusted(self.city, self.outcome)
        for name in self.history.recover(stands):
            self.outcome.notice(Finding("kept_file_rewritten", name, {}))
        return stands


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
