"""Verify the chains of the history: every line against the one before, every file against what others say of it.

Reads all lines of ``history/*.jsonl``; changes nothing. What a chain is, says ``journal``. A seal excuses what stands above it
only where ``begun.jsonl`` states that very line: anybody can write a line that says it is a seal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.history import journal
from pipelines.history.journal import BEGUN, HEADS_TOLD, NUMBER, PREVIOUS, SEALED, ChainHead
from pipelines.texts import both

RUNS = "runs.jsonl"


@dataclass(slots=True)
class Chain:
    """A history file as it was found: the hash and record of each whole line, and what is wrong.

    Args:
        name: The file's name.
        digests: The hash of each whole line.
        records: Its record.
        sealed: The number of the last seal; 0: there is none.
        begun: The number of the last seal that ``begun.jsonl`` states; what was wrong above it is told there.
        torn: The places of lines that a crash tore.
        faults: What is wrong, with the number of the line.
    """

    name: str
    digests: list[str] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    sealed: int = 0
    begun: int = 0
    torn: list[str] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """What is wrong and not told by a history that was begun anew since, a sentence each."""
        return [told for number, told in self.faults if number >= self.begun]

    def says(self, head: ChainHead) -> bool:
        """Tell whether the file once ended with this head."""
        return head.lines == 0 or (head.lines <= len(self.digests) and self.digests[head.lines - 1] == head.digest)


def follow(path: Path) -> Chain:
    """Follow a file line by line."""
    found = Chain(path.name)
    above = hashlib.sha256()
    chained = False
    seals = []
    with path.open("rb") as stream:
        for place, line in enumerate(stream, start=1):
            record = journal.parsed(line)
            if record is None:
                found.torn += [f"{path.name}:{place}"] if line.strip() else []
            else:
                if SEALED in record and (chained or "reason" in record or not found.records):
                    seals.append((len(found.digests) + 1, place))
                chained = _link(found, record, place, above.hexdigest(), chained=chained)
                found.digests.append(journal.hash_line(line))
                found.records.append(record)
            above.update(line)
    stated = set(_begun(path, found))
    found.begun = max(stated, default=0)
    found.faults += [
        (number, f"{path.name}:{place} {both('seal_not_stated', begun=BEGUN)}")
        for number, place in seals
        if number not in stated
    ]
    return found


def _begun(path: Path, found: Chain) -> Iterator[int]:
    """Yield the numbers of the seals of a file with which its history was begun anew, as ``begun.jsonl`` beside it states."""
    for record in journal.read(path.with_name(BEGUN)):
        head = heads_of(record).get(found.name)
        if head is not None and head.lines > 0 and found.says(head) and SEALED in found.records[head.lines - 1]:
            yield head.lines


def _link(found: Chain, record: Mapping[str, Any], place: int, above: str, *, chained: bool) -> bool:
    """Hold a line against those above it; tells whether the lines below must carry hashes."""
    where, number = f"{found.name}:{place}", len(found.digests) + 1
    if SEALED in record:
        if record[SEALED] != above or record.get(PREVIOUS) != journal.first_link(found.name):
            found.faults.append((number, f"{where} {both('sealed_was_changed')}"))
        if chained and not record.get("reason"):
            found.faults.append((number, f"{where} {both('sealed_without_reason')}"))
        found.sealed, found.torn = number, []
        return True
    if PREVIOUS not in record:
        if chained:
            found.faults.append((number, f"{where} {both('no_hash_before')}"))
        return chained
    link = found.digests[-1] if found.digests else journal.first_link(found.name)
    if record[PREVIOUS] != link:
        found.faults.append((number, f"{where} {both('does_not_follow')}"))
    elif record.get(NUMBER) != number:
        found.faults.append((number, f"{where} {both('wrong_line_number', number=number)}"))
    return True


def all_of(folder: Path) -> dict[str, Chain]:
    """Follow every file of a history."""
    return {path.name: follow(path) for path in journal.files(folder)}


def wrong(folder: Path, chains: Mapping[str, Chain]) -> Iterator[str]:
    """Yield, a sentence each, every broken link, and every file that lacks what the heads or a run say it held."""
    for chain in chains.values():
        yield from chain.wrong
    try:
        stated = journal.heads(folder)
    except journal.HistoryLostError as error:
        yield str(error)
        return
    if not (folder / journal.HEADS).is_file() and any(PREVIOUS in r for c in chains.values() for r in c.records[-1:]):
        yield both("heads_gone", heads=journal.HEADS)
    for name, head in stated.items():
        if not chains.get(name, Chain(name)).says(head):
            yield both("lines_with_another_end", at=name, lines=head.lines)
    yield from _against_runs(chains)


def _against_runs(chains: Mapping[str, Chain]) -> Iterator[str]:
    runs = chains.get(RUNS, Chain(RUNS))
    told: set[str] = set()
    for number, record in enumerate(runs.records, start=1):
        if number <= runs.begun:
            continue
        for name, head in heads_of(record).items():
            if name.endswith(".jsonl") and name not in told and not chains.get(name, Chain(name)).says(head):
                told.add(name)
                yield (both("differs_from_run", at=name, run_id=record.get("run_id"), lines=head.lines))


def heads_of(run: Mapping[str, Any]) -> dict[str, ChainHead]:
    """Return file -> head as the record of a run (or of a history begun anew) states them; empty for one of an earlier version."""
    try:
        told = json.loads(run.get(HEADS_TOLD) or "{}")
        return {name: ChainHead(int(lines), str(digest)) for name, (lines, digest) in told.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def head_told(folder: Path) -> str:
    """Return the head of the history as people copy it: that of the runs, whose records hold the heads of all other files."""
    head = journal.head(folder / RUNS)
    return "-" if head is None else journal.short(head.digest)
