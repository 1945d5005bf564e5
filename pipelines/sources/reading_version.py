"""By what the files under ``parsed/`` were read: versions that people raise, and a number made of the program's own files.

What was read keeps its values until a version is raised, that of its layout or that of all: then it is read again, and where its
original is archived by then, its values stay and a finding says by which version they were read. A file that could not be read has
no values to lose: it is tried again whenever the number differs, so that a new layout finds the files that waited for it. A lock
(tests/locks) turns red where what reads files changes under the same versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pipelines.process import program
from pipelines.tables import literal

# What reads a file: besides sources/ itself what it asks of dates, widths, units, agreed words, limits and macros.
BESIDE = (
    "folding.py", "periods.py", "tables.py", "tables.toml", "units.py", "units.txt", "settings/city.py", "settings/layout.py",
    "warehouse/database.py", "warehouse/macros", "registers/spoken.py", "registers/spoken.toml",
)  # fmt: skip
# Files of sources/ that read no value: what is shown or proposed, and how parsed/ is kept; and what arrives.
NOT_READING = frozenset(
    {
        "trial.py",
        "held_at_night.sql",
        "propose.py",
        "propose.toml",
        "facility_list.py",
        "merging.py",
        "parsed_store.py",
        "reading_version.py",
    }
)
ARRIVING, DRAFTING = program.ROOT / "sources" / "arrive", program.ROOT / "sources" / "drafts"
# Raised whenever the typing of cells changes its results: every file is then read again.
PARSER_VERSION = 9
# Layout -> how often it was changed since, so that files already read by it would give other values: only those are read again.
RAISED: Mapping[str, int] = {}
STEP = 1_000
BITS = 31  # parsed/ has room for a positive INTEGER


def files() -> list[Path]:
    """Return the files of the program that decide what is read."""
    return [
        path
        for path in program.files_of("sources", *BESIDE)
        if path.name not in NOT_READING and not {ARRIVING, DRAFTING} & set(path.parents)
    ]


@cache
def number() -> int:
    """Return the number of how files are read."""
    return int(program.fingerprint(files()), 16) % (1 << BITS)


def present() -> str:
    """Return SQL for the version that the present program would write beside a row of ``files``, by its ``layout``."""
    raised = ", ".join(f"{literal(layout)}: {PARSER_VERSION + STEP * times}" for layout, times in RAISED.items())
    of_layout = f"MAP {{{raised}}}[layout]" if raised else "NULL"
    return f"CASE WHEN layout IS NULL THEN {number()} ELSE coalesce({of_layout}, {PARSER_VERSION}) END"
