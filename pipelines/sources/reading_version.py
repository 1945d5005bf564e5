"""By what the files under ``parsed/`` were read, as one number made of the content of the program's own files.

Where it differs, every file is read again: a changed parser, a new layout or another spelling of a unit is noticed by itself.
"""

from __future__ import annotations

from functools import cache

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
BITS = 31  # parsed/ has room for a positive INTEGER


@cache
def number() -> int:
    """Return the number of how files are read."""
    paths = [
        path
        for path in program.files_of("sources", *BESIDE)
        if path.name not in NOT_READING and ARRIVING not in path.parents
    ]
    return int(program.fingerprint(paths), 16) % (1 << BITS)
