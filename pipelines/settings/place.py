"""Where the published file stands: under its name, or beside it where its name could not be replaced.

Windows replaces no file that somebody reads. A night then publishes under a name of its own, and a file of one line beside it
says which; the next run puts things right.
"""

from __future__ import annotations

import re
from pathlib import Path

NAME = "emissions.duckdb"
POINTER = "emissions.current"
ACCOUNTS = "accounts.sqlite"
DESK_KEY = "desk_key"
BESIDE = re.compile(r"emissions-[0-9A-Za-z-]+\.duckdb")


def name_beside(run_id: str) -> str:
    """Return the name of a file that is published beside."""
    return f"emissions-{run_id}.duckdb"


def standing(data: Path) -> Path:
    """Return the published file of a data folder: the one that the pointer names, if it is there."""
    pointer = data / POINTER
    try:
        named = pointer.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return data / NAME
    return data / named if BESIDE.fullmatch(named) and (data / named).is_file() else data / NAME


def all_beside(data: Path) -> list[Path]:
    """Return the files that were ever published beside and are still there."""
    return sorted(path for path in data.glob("emissions-*.duckdb") if BESIDE.fullmatch(path.name))
