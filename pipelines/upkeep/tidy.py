"""What may go: parsed files no arrival needs, leftovers of runs that died, and old received files to put into an archive.

Only what can be made anew is ever removed. Received files are named, never deleted: they are the evidence.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb

from pipelines.errors import ActionableError
from pipelines.history import kept
from pipelines.run import exchange
from pipelines.settings.city import CityFolder
from pipelines.sources import parsed_store
from pipelines.sources.arrive import inbox
from pipelines.texts import both

SECONDS_A_DAY = 86_400


class TidyError(ActionableError, RuntimeError):
    """What may go cannot be told; the message says why and what to do first."""


@dataclass(frozen=True, slots=True)
class Superfluous:
    """A file or folder that may go; ``is_ours``: it can be made anew, so it may be removed."""

    path: Path
    reason: str
    is_ours: bool


def look(city: CityFolder) -> list[Superfluous]:
    """Return what may go, by the setting ``retention``."""
    return [*_unused(city), *_damaged(city), *_leftovers(city), *_aside(city), *_old_raw(city)]


def remove(found: list[Superfluous], history: Path) -> int:
    """Remove what can be made anew, and say so in the history; returns how many."""
    ours = [each for each in found if each.is_ours]
    kept.note_gone(history, [each.path for each in ours])
    for each in ours:
        if each.path.is_dir():
            shutil.rmtree(each.path)
        else:
            each.path.unlink(missing_ok=True)
    return len(ours)


def _unused(city: CityFolder) -> Iterator[Superfluous]:
    arrivals = inbox.ledger(city.history).values()
    wanted = {
        parsed_store.FileKey(a.sha256, member, city.settings.wanted(a.source))
        for a in arrivals
        for member in ("", a.path)
    }
    try:
        used = {parsed.batch for key, parsed in parsed_store.index(city.parsed).items() if key in wanted}
    except duckdb.Error as error:
        raise TidyError(both("parsed_files_damaged", at=city.parsed, problem=str(error).splitlines()[0])) from error
    for path in sorted(city.parsed.glob("*-*.*")):
        batch = path.stem.rpartition("-")[2]
        if batch not in used and _is_older(path, city.settings.retention.parsed_unused_days):
            yield Superfluous(path, "tidy_unused", is_ours=True)


def _leftovers(city: CityFolder) -> Iterator[Superfluous]:
    for folder in ("tmp", "next"):
        for path in sorted((city.data / folder).glob("*")):
            if _is_older(path, 1):
                yield Superfluous(path, "tidy_leftover", is_ours=True)
    half = [exchange.fresh_of(city.data)] if not exchange.is_under_way(city.data) else []
    for path in (*sorted(city.data.rglob("*.part")), *half):
        if (
            path.exists()
            and _is_older(path, 1)
            and path.relative_to(city.data.parent).parts[1:2] not in (("tmp",), ("next",))
        ):
            yield Superfluous(path, "tidy_leftover", is_ours=True)


def _aside(city: CityFolder) -> Iterator[Superfluous]:
    """What runs set aside, which nothing can make anew: named, never deleted."""
    for pattern in ("unreadable-*", "changed-*", "touched-*"):
        for path in sorted(city.data.glob(pattern)):
            yield Superfluous(path, "tidy_evidence", is_ours=False)
    for path in sorted(city.data.parent.glob(f"{city.data.name}.before-*")):
        yield Superfluous(path, "tidy_restored", is_ours=False)


def _damaged(city: CityFolder) -> Iterator[Superfluous]:
    for path in sorted((city.parsed / parsed_store.DAMAGED).glob("*")):
        if _is_older(path, city.settings.retention.parsed_unused_days):
            yield Superfluous(path, "tidy_unused", is_ours=True)


def _old_raw(city: CityFolder) -> Iterator[Superfluous]:
    before = city.now() - timedelta(days=365 * city.settings.retention.raw_years)
    for arrival in sorted(inbox.ledger(city.history).values(), key=lambda a: (a.source, a.path)):
        path = inbox.path_of(city, arrival.source, arrival.path)
        if arrival.received_at < before and path.is_file():
            yield Superfluous(path, "tidy_old_raw", is_ours=False)


def _is_older(path: Path, days: int) -> bool:
    return time.time() - path.stat().st_mtime > days * SECONDS_A_DAY
