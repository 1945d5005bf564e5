"""What nights are measured against runs as a night does."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks import measure


def test_the_empty_flow_runs(tmp_path: Path) -> None:
    assert measure.process(["-m", "tests.benchmarks.empty_flow", str(tmp_path)]).wall > 0
    assert (tmp_path / "prefect").is_dir()
