"""Build the city of ``city.py`` up to the gate with the program that is importable, and print what the gate says as JSON."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from pipelines.warehouse import invariants
from tests.making import rows_of
from tests.mutants import city


def main() -> None:
    """Print which checks hold the night and which take verdicts away."""
    with tempfile.TemporaryDirectory() as folder, city.make(Path(folder) / "city").built() as made:
        failed = rows_of(made, "SELECT DISTINCT name, coalesce(facility_id, target_id) FROM failed_checks ORDER BY ALL")
        told = {"holds": sorted(invariants.holding(made)), "failed": failed}
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
