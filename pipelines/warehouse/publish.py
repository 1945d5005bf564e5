"""Publish: finish the new file beside the old one, then swap it in with ``os.replace``.

Readers never wait and never see a half-built state: whoever has the old file open keeps it. What somebody wrote beside the
published file and did not finish (a ``.wal``) never comes under a file of ours: it is set aside with the file it belongs to.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import duckdb

from pipelines import durable, tables
from pipelines.errors import ActionableError
from pipelines.findings import Finding
from pipelines.settings import place
from pipelines.warehouse import database

STANDING = """SELECT table_name, NULL, comment FROM duckdb_tables() WHERE database_name = current_database()
UNION ALL SELECT view_name, NULL, comment FROM duckdb_views() WHERE database_name = current_database()
UNION ALL SELECT table_name, column_name, comment FROM duckdb_columns() WHERE database_name = current_database()"""


class HeldBack(ActionableError, RuntimeError):  # noqa: N818 - a decision, not an accident
    """An invariant of ours is broken: the old file stays published. ``broken`` names what and how many rows."""

    def __init__(self, broken: dict[str, int]) -> None:
        super().__init__("; ".join(f"{name}: {rows}" for name, rows in broken.items()))
        self.broken = broken


def describe(connection: duckdb.DuckDBPyConnection) -> None:
    """Write comments on every table and column; those that stand already, in tables that a night went on with, cost nothing."""
    standing = set(connection.execute(STANDING).fetchall())
    missing = ";\n".join(statement for said, statement in tables.comments() if said not in standing)
    connection.execute(f"BEGIN;\n{missing};\nCOMMIT")


def swap(new: Path, data: Path, run_id: str) -> Iterator[Finding]:
    """Make the new file durable and put it in the place of the published one, and take its write bit.

    Where its name cannot be replaced because a reader holds it (Windows), it is published beside, and a file says where.

    Yields:
        What was found beside the published file, and that it stands beside.
    """
    yield from set_touched_aside(data, run_id)
    stands = data / place.NAME
    _allow_writing(stands)
    try:
        durable.put(new, stands)
        (data / place.POINTER).unlink(missing_ok=True)
    except PermissionError as error:
        stands = data / place.name_beside(run_id)
        durable.put(new, stands)
        durable.write(data / place.POINTER, f"{stands.name}\n".encode("ascii"))
        yield Finding("published_beside", stands.name, {"problem": str(error)})
    stands.chmod(stands.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    _remove_beside(data, but=stands)


def set_touched_aside(data: Path, run_id: str) -> Iterator[Finding]:
    """Set aside what somebody wrote beside the published file, with the file that it belongs to."""
    published = place.standing(data)
    wal = database.wal_of(published)
    if not os.path.lexists(wal):
        return
    names = (data / f"touched-{run_id}-{number}.duckdb" for number in count(1))
    aside = next(path for path in names if not os.path.lexists(path))
    if published.is_file():
        keep_aside(published, aside.name)
    durable.move(wal, database.wal_of(aside))
    yield Finding("published_touched", aside.name, {})


def settle(data: Path, is_newest: bool) -> None:
    """Put a file that was published beside back under the published name, unless a newer one stands there already.

    Args:
        data: The data folder.
        is_newest: The file under the published name is the one that was published last; only the pointer was left.
    """
    stands = place.standing(data)
    try:
        if not is_newest and stands.name != place.NAME:
            _allow_writing(data / place.NAME)
            durable.put(stands, data / place.NAME)
        (data / place.POINTER).unlink(missing_ok=True)
    except PermissionError:  # somebody still reads the old one: it is tried again
        return
    _remove_beside(data, but=place.standing(data))


def _remove_beside(data: Path, but: Path) -> None:
    for path in place.all_beside(data):
        if path != but:
            with suppress(OSError):  # somebody still reads it: next time
                _allow_writing(path)
                path.unlink()


def _allow_writing(path: Path) -> None:
    with suppress(OSError):
        path.chmod(path.stat().st_mode | stat.S_IWUSR)


def keep_aside(published: Path, name: str) -> Path:
    """Keep the published file under another name too, so that it is still there after the swap."""
    aside = published.with_name(name)
    try:
        os.link(published, aside)
    except OSError:
        shutil.copyfile(published, aside)
    return aside
