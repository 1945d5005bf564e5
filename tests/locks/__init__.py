"""What may change only on purpose: the statements that make numbers, and every figure of the reference.

``python -m tests.locks`` writes down what is there now, once a person has seen why it changed.
"""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

from pipelines.process import program
from pipelines.run.night import METHOD_VERSION
from pipelines.sources import reading_version

HERE = Path(__file__).parent
METHOD, READING, FIGURES = HERE / "method.json", HERE / "reading.json", HERE / "figures.json"
REFERENCE = program.ROOT / "reference"
# Rooms whose statements make a number or a verdict of what was read; what only moves or says things is left out.
ROOMS = (
    "readings",
    "energy",
    "emissions",
    "targets",
    "energy_act",
    "flags",
    "review",
    "warehouse/macros",
    "units.py",
    "units.txt",
    "periods.py",
)


def method() -> dict[str, Any]:
    """The method version, and a hash of each file that makes a number."""
    return {"version": METHOD_VERSION, "files": hashes(program.files_of(*ROOMS))}


def reading() -> dict[str, Any]:
    """The parser version, and a hash of each file that decides what is read."""
    return {"version": reading_version.PARSER_VERSION, "files": hashes(reading_version.files())}


def hashes(files: list[Path]) -> dict[str, str]:
    """File -> a short hash of what it says."""
    return {path.relative_to(program.ROOT).as_posix(): program.fingerprint([path])[:12] for path in files}


def figures() -> dict[str, list[str]]:
    """Reference file -> a hash of each row, in order."""
    found = {}
    for path in sorted(REFERENCE.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            rows = [hashlib.sha256("\x1f".join(row).encode()).hexdigest()[:8] for row in csv.reader(stream)]
        found[path.name] = rows
    return found


def written(path: Path) -> Any:
    """What was written down."""
    return json.loads(path.read_text(encoding="utf-8"))
