"""Publish: finish the new file beside the old one, then swap it in with ``os.replace``.

Readers never wait and never see a half-built state: whoever has the old file open keeps it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb

from pipelines import durable, tables
from pipelines.errors import ActionableError


class HeldBack(ActionableError, RuntimeError):  # noqa: N818 - a decision, not an accident
    """An invariant of ours is broken: the old file stays published. ``broken`` names what and how many rows."""

    def __init__(self, broken: dict[str, int]) -> None:
        super().__init__("; ".join(f"{name}: {rows}" for name, rows in broken.items()))
        self.broken = broken


def describe(connection: duckdb.DuckDBPyConnection) -> None:
    """Write comments on every table and column."""
    published = [t for t in tables.catalogue().values() if t.kind != "step"]
    comments = ";\n".join(statement for table in published for statement in tables.comment_statements(table))
    connection.execute(f"BEGIN;\n{comments};\nCOMMIT")


def swap(new: Path, published: Path) -> None:
    """Make the new file durable and put it in the place of the published one."""
    durable.put(new, published)


def keep_aside(published: Path, name: str) -> Path:
    """Keep the published file under another name too, so that it is still there after the swap."""
    aside = published.with_name(name)
    try:
        os.link(published, aside)
    except OSError:
        shutil.copyfile(published, aside)
    return aside
