"""Verify the chains of the history: every line against the one before, every file against what others say of it.

Reads all lines of ``history/*.jsonl``; changes nothing. What a chain is, says ``journal``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines import journal
from pipelines.journal import NUMBER, PREVIOUS, SEALED, Head

RUNS = "runs.jsonl"


@dataclass(slots=True)
class Chain:
    """A history file as it was found: the hash and record of each whole line, and what is wrong."""

    name: str
    digests: list[str] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    sealed: int = 0
    wrong: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)

    def says(self, head: Head) -> bool:
        """Tell whether the file once ended with this head, or had begun anew since."""
        if head.lines <= self.sealed:
            return True
        return head.lines <= len(self.digests) and (head.lines == 0 or self.digests[head.lines - 1] == head.digest)


def follow(path: Path) -> Chain:
    """Follow a file line by line."""
    found = Chain(path.name)
    above = hashlib.sha256()
    chained = False
    with path.open("rb") as stream:
        for place, line in enumerate(stream, start=1):
            record = journal.parsed(line)
            if record is None:
                found.torn += [f"{path.name}:{place}"] if line.strip() else []
            else:
                chained = _link(found, record, place, above.hexdigest(), chained=chained)
                found.digests.append(journal.hash_line(line))
                found.records.append(record)
            above.update(line)
    return found


def _link(found: Chain, record: Mapping[str, Any], place: int, above: str, *, chained: bool) -> bool:
    """Hold a line against those above it; tells whether the lines below must carry hashes."""
    where, number = f"{found.name}:{place}", len(found.digests) + 1
    if SEALED in record:
        if record[SEALED] != above or record.get(PREVIOUS) != journal.first_link(found.name):
            found.wrong.append(f"{where} 封印より上が変わった / what was sealed above was changed")
        if chained and not record.get("reason"):
            found.wrong.append(f"{where} 理由のない封印 / sealed anew without a reason")
        found.sealed, found.torn = number, []
        return True
    if PREVIOUS not in record:
        if chained:
            found.wrong.append(f"{where} 前の行のハッシュがない / carries no hash of the line before")
        return chained
    link = found.digests[-1] if found.digests else journal.first_link(found.name)
    if record[PREVIOUS] != link:
        found.wrong.append(f"{where} 前の行と合わない / does not follow the line before")
    elif record.get(NUMBER) != number:
        found.wrong.append(f"{where} 行の番号が合わない / is not line {number}")
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
        yield f"{journal.HEADS} がない / is gone"
    for name, head in stated.items():
        if not chains.get(name, Chain(name)).says(head):
            yield f"{name}: {head.lines} 行まであったはず / held {head.lines} lines, with another end"
    yield from _against_runs(chains)


def _against_runs(chains: Mapping[str, Chain]) -> Iterator[str]:
    runs = chains.get(RUNS, Chain(RUNS))
    told: set[str] = set()
    for number, record in enumerate(runs.records, start=1):
        if number <= runs.sealed:
            continue
        for name, head in heads_of(record).items():
            if name.endswith(".jsonl") and name not in told and not chains.get(name, Chain(name)).says(head):
                told.add(name)
                yield (
                    f"{name}: 実行 {record.get('run_id')} のときの {head.lines} 行と合わない"
                    f" / differs from what run {record.get('run_id')} saw"
                )


def heads_of(run: Mapping[str, Any]) -> dict[str, Head]:
    """Return file -> head as a run's record states them; empty for one of an earlier version."""
    try:
        told = json.loads(run.get("heads_json") or "{}")
        return {name: Head(int(lines), str(digest)) for name, (lines, digest) in told.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def head_told(folder: Path) -> str:
    """Return the head of the history as people copy it: that of the runs, whose records hold the heads of all other files."""
    head = journal.head(folder / RUNS)
    return "-" if head is None else journal.short(head.digest)
