"""The decisions' own chain: a hash over all of them in order, put on record by every run that sees new ones.

Kept outside the store, in ``history/decisions.jsonl`` (how many, and the head), so that a changed or deleted decision is
found whatever database holds them. What a decision leaves empty is not hashed: a later version may add columns.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import MISSING, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.history import chain, journal
from pipelines.history.journal import SEALED, ChainHead
from pipelines.review.store import Decision
from pipelines.texts import both

FILE = "decisions.jsonl"
START = journal.first_link(FILE)


def heads(decisions: Sequence[Decision]) -> list[str]:
    """Return the head after no, one, two ... decisions."""
    found = [START]
    for decision in decisions:
        found.append(hashlib.sha256(f"{found[-1]}\n{_canonical(decision)}".encode()).hexdigest())
    return found


def head(decisions: Sequence[Decision]) -> ChainHead:
    """Return how many decisions there are, and the hash over all of them."""
    return ChainHead(len(decisions), heads(decisions)[-1])


def keep(history: Path, decisions: Sequence[Decision], run_id: str, now: datetime) -> str:
    """Put the head on record where it moved; returns what was found changed, empty when all is well."""
    found = changed(history, decisions)
    present = head(decisions)
    last = None
    for record in journal.read(history / FILE):
        last = (record["count"], record["digest"])
    if last != (present.lines, present.digest) and (last is not None or decisions):
        told = {"run_id": run_id, "at": str(now), "count": present.lines, "digest": present.digest}
        journal.append(history / FILE, [told])
    return found


def changed(history: Path, decisions: Sequence[Decision]) -> str:
    """Say which record of earlier runs the decisions no longer agree with; empty: none."""
    found = heads(decisions)
    for record in _since_begun(history / FILE):
        count = record["count"]
        if count >= len(found):
            return both("decisions_are_fewer", at=record["at"], count=count, found=len(decisions))
        if found[count] != record["digest"]:
            return both("decision_differs", at=record["at"], count=count)
    return ""


def _since_begun(path: Path) -> list[dict[str, Any]]:
    """Return the records of a file below the last seal with which the history was begun anew."""
    if not path.is_file():
        return []
    found = chain.follow(path)
    return [record for record in found.records[found.begun :] if SEALED not in record]


def _canonical(decision: Decision) -> str:
    told = {
        each.name: getattr(decision, each.name)
        for each in fields(decision)
        if each.default is MISSING or getattr(decision, each.name) != each.default
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True, default=str)
