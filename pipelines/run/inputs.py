"""What the system knows: every input of a run, as it is now, as it was on a past moment, or as a publication saw it.

Arrivals, registers, reference and decisions, each with the time from which it was known; the settings and the program
are the method. The inputs of a run are told apart by hashes, so that a change can be named, and explained later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb

from pipelines.errors import ActionableError
from pipelines.findings import Finding
from pipelines.history import closings, frozen, returned
from pipelines.history.journal import HistoryLostError
from pipelines.history.moments import DECISIONS, Past
from pipelines.history.returned import RowOutcome
from pipelines.history.snapshots import Snapshots
from pipelines.process import program
from pipelines.reference import editions, method_rules
from pipelines.reference import load as reference
from pipelines.reference.editions import Edition
from pipelines.registers import checks, read
from pipelines.registers.read import Registers
from pipelines.review.store import Decision, read_all
from pipelines.settings.city import CityFolder
from pipelines.sources import parse, parsed_store, reading_version
from pipelines.sources.arrive import inbox
from pipelines.sources.arrive.inbox import Arrival
from pipelines.texts import both
from pipelines.warehouse import database

MOST_NAMED = 5
# Which inputs a change of a past total is put down to, in the order in which it is split.
DATA, REGISTER, FACTOR, METHOD = "data", "register", "factor", "method"
CAUSES: Mapping[str, str] = {
    "files": DATA,
    "decisions": DATA,
    "today": DATA,
    "official_editions": DATA,
    "year_closings": DATA,
    "answers": DATA,
    "registers": REGISTER,
    "factor_registers": FACTOR,
    "reference": FACTOR,
    "editions": FACTOR,
    "settings": METHOD,
    "method": METHOD,
    "program": METHOD,
    "reading": METHOD,
}


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a run.

    Args:
        arrivals: The files that count, from the ledger.
        not_taken: What could not be taken into the ledger.
        registers: What the office keeps, typed.
        reference: Reference file name -> path of its content.
        decisions: What people decided.
        editions: The ministries' lists that the city took in.
        today: The day the run is for.
        past: The past moment this was known on; ``None``: now.
        restated: Receipts that were stated anew.
        closed_years: The fiscal years that operators closed.
        answers: What became of the rows that came back in answer sheets.
        older: The files of which an older program says what is in them, and whose originals are not there to be read again.
    """

    arrivals: tuple[Arrival, ...]
    not_taken: tuple[Finding, ...]
    registers: Registers
    reference: Mapping[str, Path]
    decisions: tuple[Decision, ...]
    editions: tuple[Edition, ...]
    today: date
    past: Past | None = None
    restated: tuple[Finding, ...] = ()
    closed_years: tuple[closings.Record, ...] = ()
    older: tuple[Arrival, ...] = ()
    answers: tuple[RowOutcome, ...] = ()

    @property
    def findings(self) -> list[Finding]:
        """What a person should know of the inputs themselves; what a scan could not take in, its own run tells."""
        held = [] if self.past is None else self.not_taken
        return [*held, *self.restated, *self._read_by_older, *self.registers.findings]

    @property
    def _read_by_older(self) -> list[Finding]:
        if not self.older:
            return []
        named = ", ".join(arrival.name for arrival in self.older[:MOST_NAMED])
        more = f" +{len(self.older) - MOST_NAMED}" if len(self.older) > MOST_NAMED else ""
        return [Finding("read_by_older_program", f"{named}{more}", {"files": len(self.older)})]

    def factor_registers_of(self, other: Inputs) -> Registers:
        """Return these registers with those that state factors taken from another time."""
        mixed = {n: c for n, c in self.registers.contents.items() if n not in read.FACTOR_REGISTERS}
        stated = {n: c for n, c in other.registers.contents.items() if n in read.FACTOR_REGISTERS}
        return read.typed(mixed | stated)

    def with_cause(self, cause: str, other: Inputs) -> Inputs:
        """Return this with one cause's inputs taken from another time."""
        if cause == DATA:
            return replace(self, arrivals=other.arrivals, decisions=other.decisions, today=other.today)
        if cause == REGISTER:
            return replace(self, registers=other.factor_registers_of(self))
        if cause == FACTOR:
            return replace(
                self,
                reference=other.reference,
                editions=other.editions,
                registers=self.factor_registers_of(other),
            )
        return self


class Unknown(ActionableError, ValueError):  # noqa: N818 - what it is
    """Nothing is known of that moment; the message says what to do."""


def now(city: CityFolder, arrivals: list[Arrival]) -> Inputs:
    """Return what is known now.

    Raises:
        RegisterError: the registers cannot be read.
    """
    return Inputs(
        tuple(arrivals),
        tuple(inbox.not_taken(city.history)),
        read.read(city.registers, checks.of_city(city.settings)),
        reference.packaged(),
        tuple(read_all(city.decisions_url)),
        tuple(editions.taken(city.history)),
        city.today,
        restated=tuple(inbox.read_ledger(city.history).restated.values()),
        closed_years=closings.read(city.history),
        older=tuple(inbox.not_current(city, arrivals)),
        answers=returned.read(city.history),
    )


def at(city: CityFolder, past: Past) -> Inputs:
    """Return what was known on a past moment. By receipt, before the first run, the registers first seen serve.

    Raises:
        Unknown: there had been no run by then.
    """
    states = Snapshots(city.history)
    state = states.at(past)
    first = next(iter(states.all()), None)
    if first is None:
        raise Unknown(both("no_run_yet"))
    if state is None and not past.by_receipt:
        raise Unknown(both("nothing_known_then", moment=past.moment, seen_at=first.seen_at))
    state = state or first
    ledger = inbox.read_ledger(city.history, past)
    decisions = enumerate(read_all(city.decisions_url), start=1)
    arrivals = sorted(ledger.arrivals.values(), key=lambda a: (a.sha256, a.source, a.path))
    return Inputs(
        tuple(arrivals),
        tuple(inbox.not_taken(city.history, past)),
        read.typed(states.registers(state)),
        states.reference(state),
        tuple(d for number, d in decisions if past.knows(DECISIONS, number, d.decided_at)),
        tuple(editions.taken(city.history, past)),
        city.today,
        past,
        tuple(ledger.restated.values()),
        closings.read(city.history, past),
        tuple(inbox.not_current(city, arrivals)),
        returned.read(city.history, past),
    )


def published(city: CityFolder, present: Inputs) -> Inputs | None:
    """Return what the published file was built from; ``None`` where its registers and reference are not kept."""
    connection = database.connect_published(city.published)
    try:
        inputs = dict(connection.execute("SELECT kind, inputs_hash FROM build_inputs").fetchall())
        files = connection.execute("SELECT sha256, source, path, received_at FROM source_files").fetchall()
        decided = {row[0] for row in connection.execute("SELECT decision_id FROM reviews").fetchall()}
        has_editions = database.exists(connection, "factor_editions")  # a file of an older version has none
        listed = connection.execute("SELECT edition_id FROM factor_editions").fetchall() if has_editions else []
        used = {row[0] for row in listed}
    except duckdb.Error:
        return None
    finally:
        connection.close()
    states = Snapshots(city.history)
    state = states.named(inputs.get("state", ""))
    if state is None:
        return None
    try:
        typed, kept_reference = read.typed(states.registers(state)), states.reference(state)
    except HistoryLostError:  # one was torn: doctor --deep names it
        return None
    return Inputs(
        tuple(Arrival(sha256, source, path, 0, received) for sha256, source, path, received in files),
        present.not_taken,
        typed,
        kept_reference,
        tuple(d for d in present.decisions if d.decision_id in decided),
        tuple(e for e in present.editions if e.edition_id in used),
        date.fromisoformat(inputs["today"]),
        answers=present.answers,
    )


def inputs(city: CityFolder, known: Inputs, state: str, version: str) -> dict[str, str]:
    """Return kind of input -> hash.

    Args:
        city: For city.toml.
        known: The inputs.
        state: The id under which registers and reference are kept.
        version: Program and method version.
    """
    ledger = [f"{a.sha256} {a.source} {a.path} {a.received_at}" for a in known.arrivals]
    ledger += [str(finding) for finding in (*known.not_taken, *known.restated)]
    names = sorted((name, path.read_bytes()) for name, path in known.reference.items())
    return {
        "files": _hash("\n".join(ledger)),
        "registers": known.registers.content_hash(of_factors=False),
        "factor_registers": known.registers.content_hash(of_factors=True),
        "reference": hashlib.sha256(b"\0".join(name.encode() + b"\0" + content for name, content in names)).hexdigest(),
        "editions": _hash("\n".join(e.edition_id for e in known.editions)),
        "official_editions": _hash("\n".join(e["official_id"] for e in frozen.editions(city.history, known.past))),
        "year_closings": _hash("\n".join(closings.marks(known.closed_years))),
        "answers": _hash("\n".join(f"{a.place} {a.outcome} {a.rule_id} {a.raw} {a.detail}" for a in known.answers)),
        "settings": _hash(city.settings.method),
        "decisions": _hash("\n".join(d.decision_id for d in known.decisions)),
        "today": str(known.today),
        "method": f"{version}/{reading_version.PARSER_VERSION}",
        "program": program.making(),
        "reading": _hash("\n".join([str(reading_version.number()), *(a.sha256 for a in known.older)])),
        "texts": program.saying(),
        "state": state,
    }


def hash_of(kinds: Mapping[str, str]) -> str:
    """Return one hash over all inputs."""
    return _hash(json.dumps(dict(kinds), sort_keys=True))


def lay_out(
    connection: duckdb.DuckDBPyConnection, city: CityFolder, known: Inputs, taken: frozenset[str] = frozenset()
) -> None:
    """Put registers, reference, the city's rules, the ledger and the Parquets under ``parsed/`` before the stages.

    Args:
        connection: The warehouse under construction.
        city: Where ``parsed/`` is.
        known: The inputs.
        taken: Hashes of files whose values are in the tables already: their batches are not opened.
    """
    read.store(connection, known.registers)
    reference.load(connection, known.reference, known.editions)
    method_rules.store(connection, city.settings.rules)
    closings.lay_out(connection, known.closed_years)
    returned.lay_out(connection, known.answers)
    database.create_from(
        connection,
        "arrivals",
        {
            "sha256": ("VARCHAR", [a.sha256 for a in known.arrivals]),
            "source": ("VARCHAR", [a.source for a in known.arrivals]),
            "path": ("VARCHAR", [a.path for a in known.arrivals]),
            "received_at": ("TIMESTAMP", [a.received_at for a in known.arrivals]),
            "first_seen_at": ("TIMESTAMP", [a.first_seen_at for a in known.arrivals]),
        },
    )
    parsed = parsed_store.index(city.parsed).values()
    every = sorted({file.batch for file in parsed})
    new = sorted({file.batch for file in parsed if file.key.sha256 not in taken})
    for kind, batches in (
        (parsed_store.VALUES, new),
        (parsed_store.TABLES, new),
        (parsed_store.REJECTS, new),
        (parsed_store.FILES, every),
    ):
        if batches:
            parsed_store.view(connection, city.parsed, kind, batches)
        else:
            parse.create_empty(connection, kind)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
