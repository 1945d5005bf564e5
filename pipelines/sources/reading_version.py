"""By what the files under ``parsed/`` were read: a version that people raise, and a number made of the program's own files.

What was read keeps its values until the version is raised: an original may be archived by then, and a night must not stop for a
comment. A file that could not be read has no values to lose: it is tried again whenever the number differs, so that a new layout
finds the files that waited for it. A lock (tests/locks) turns red where what reads files changes under the same version.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pipelines.process import program

# What reads a file: besides sources/ itself what it asks of dates, widths, units, agreed words, limits and macros.
BESIDE = (
    "folding.py", "periods.py", "tables.py", "tables.toml", "units.py", "units.txt", "settings/city.py", "settings/layout.py",
    "warehouse/database.py",
)  # fmt: skip
# Files of sources/ that read no value: what is shown or proposed, and how parsed/ is kept; and what arrives.
NOT_READING = frozenset(
    {"trial.py", "propose.py", "facility_list.py", "merging.py", "parsed_store.py", "reading_version.py"}
)
ARRIVING = program.ROOT / "sources" / "arrive"
# Raised whenever a parser or the typing of cells changes its results: every file is then read again.
PARSER_VERSION = 8
BITS = 31  # parsed/ has room for a positive INTEGER


def files() -> list[Path]:
    """Return the files of the program that decide what is read."""
    return [
        path
        for path in program.files_of("sources", *BESIDE)
        if path.name not in NOT_READING and ARRIVING not in path.parents
    ]


@cache
def number() -> int:
    """Return the number of how files are read."""
    return int(program.fingerprint(files()), 16) % (1 << BITS)
