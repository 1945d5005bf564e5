"""The real flow, from the command: a night, a second one with nothing new, and one that is held back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipelines.warehouse import database
from tests.making import City, monthly, one, rows_of

COMMAND = str(Path(sys.executable).with_name("facility-emissions"))


def run(city: City, *words: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HOME": str(home or city.folder), "COLUMNS": "100"}
    environment.pop("PREFECT_HOME", None)
    environment.pop("PREFECT_API_URL", None)
    return subprocess.run(
        [COMMAND, "--city", str(city.folder), *words],
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
        check=False,
    )


def test_two_nights_and_what_they_leave(city: City, tmp_path: Path) -> None:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    home = tmp_path / "home"
    home.mkdir()
    first = run(city, "nightly", home=home)
    assert first.returncode == 0, first.stderr
    assert "要確認事項" in first.stdout and "公表" in first.stdout
    assert first.stderr == "", "nothing but our own words on the terminal"
    published = city.paths.published.read_bytes()

    second = run(city, "nightly", "--json", home=home)
    told: dict[str, Any] = json.loads(second.stdout)
    assert (told["nothing_new"], told["published"], second.returncode) == (True, False, 0)
    assert city.paths.published.read_bytes() == published, "nothing new changes nothing"

    connection = database.connect_published(city.paths.published)
    assert rows_of(connection, "SELECT outcome FROM runs") == [("published",)]
    assert one(connection, "SELECT count(*) FROM validation_results WHERE NOT success AND is_invariant") == 0
    connection.close()
    runs = [json.loads(line) for line in (city.paths.history / "runs.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [r["outcome"] for r in runs] == ["published", "nothing_new"]
    assert (city.paths.data / "prefect" / "prefect.db").exists()
    assert list(home.iterdir()) == [], "Prefect writes nothing outside the data folder"
    assert list((city.paths.data / "next").iterdir()) == []
