"""Measure processes and folders; figures are ratios to a floor that was measured in the same run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from pipelines.tables import literal

ROOT = Path(__file__).parents[2]
REST = "'quantity': 'DECIMAL(18,6)', 'unit': 'VARCHAR'}"
COLUMNS = {
    "slots": f"{{'meter_id': 'VARCHAR', 'started_at': 'TIMESTAMP', 'ended_at': 'TIMESTAMP', {REST}",
    "bills": f"{{'meter_id': 'VARCHAR', 'started_at': 'DATE', 'ended_at': 'DATE', {REST}",
    "activity": f"{{'activity_source_id': 'VARCHAR', 'started_on': 'DATE', 'ended_on': 'DATE', {REST}",
}
BEFORE_GATE = ("receive", "read_files", "load_registers", "accept_readings", "count_energy", "count_emissions", "judge_targets",
               "raise_flags", "publish")  # fmt: skip
READINGS_AND_DAYS = BEFORE_GATE[:5]
BLOCK_BYTES = 262_144


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took: seconds by the clock, seconds of all cores, most memory in MB; and what it said."""

    wall: float
    cpu: float
    peak_mb: float
    said: str = ""

    @property
    def stages(self) -> dict[str, float]:
        """Seconds per stage of a night."""
        return {
            str(stage): float(took) for stage, took in json.loads(self.said[self.said.index("{") :])["seconds"].items()
        }


def process(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Run Python with these arguments from the root of the project, and measure it with its children.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, **(environment or {})},
    ) as child:  # fmt: skip
        said = child.stdout.read() if child.stdout else ""
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {said[-2_000:]}")
    return Cost(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said)


def nightly(city: Path, today: object) -> Cost:
    """Run the night from the command line."""
    command = "from pipelines.cli.main import main; main()"
    return process(["-c", command, "--city", str(city), "--today", str(today), "nightly", "--json"])


def intake(city: Path, today: date) -> float:
    """Seconds to receive and parse what lies in the inbox, without the rest of a night."""
    code = f"""
import time
from datetime import date
from pathlib import Path
from pipelines.run.night import Night
from pipelines.settings.city import CityFolder
night = Night(CityFolder(Path({str(city)!r}), today=date.fromisoformat('{today}')))
begun = time.perf_counter()
night.receive()
night.read_files()
print(time.perf_counter() - begun)"""
    return float(process(["-c", code]).said)


def csv_floor(city: Path, target: Path) -> Cost:
    """DuckDB alone: a table from the same bytes, with the columns known beforehand."""
    target.unlink(missing_ok=True)
    statements = []
    for source, columns in COLUMNS.items():
        paths = ", ".join(
            literal(str(p)) for p in sorted((city / "inbox" / source).glob("*.csv")) if p.name != "received.csv"
        )
        statements.append(
            f"CREATE TABLE {source} AS FROM read_csv([{paths}], columns = {columns}, header = true, auto_detect = false)"
        )
    code = f"import duckdb; c = duckdb.connect({str(target)!r}); [c.execute(s) for s in {statements!r}]; c.close()"
    return process(["-c", code])


def bytes_per_reading(published: Path) -> float:
    """Bytes on disk of the table ``readings``, lineage and all, per row."""
    with duckdb.connect(str(published), read_only=True) as connection:
        blocks = connection.execute(
            """SELECT count(DISTINCT block_id) FROM (SELECT block_id FROM pragma_storage_info('readings')
               UNION SELECT unnest(additional_block_ids) FROM pragma_storage_info('readings')) WHERE block_id >= 0"""
        ).fetchone()
        rows = connection.execute("SELECT count(*) FROM readings").fetchone()
    return blocks[0] * BLOCK_BYTES / rows[0] if blocks and rows else 0.0
