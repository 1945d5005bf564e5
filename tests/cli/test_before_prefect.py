"""What a person can be told at once is told before Prefect starts, and stands on record all the same."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from pipelines.cli import main, nights
from pipelines.history.records import History
from tests.making import City

# Runs the command and says whether Prefect was imported for it.
RUN = """
import sys
from pipelines.cli import main
sys.argv = ["facility-emissions", "--city", sys.argv[1], "nightly"]
try:
    main.main()
finally:
    print("prefect" in sys.modules, file=sys.stderr)
"""


@pytest.fixture
def wrong(city: City) -> City:
    city.register(
        "meters", [{"meter_id": "M1", "facility_id": "F9", "energy_type": "灯油", "unit": "L", "reading_kind": "検針"}]
    )
    return city


@pytest.mark.parametrize("command", ["nightly", "rebuild"])
def test_wrong_registers_are_told_without_prefect_and_are_on_record(
    wrong: City, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(**_: object) -> object:
        raise AssertionError("the flows are not looked for")

    monkeypatch.setattr(nights, "entry_points", never)
    result = CliRunner().invoke(main.app, ["--city", str(wrong.folder), command])
    assert "F9" in str(result.exception)
    (row,) = History(wrong.paths.history).read("runs")
    assert row["outcome"] == "failed" and "F9" in row["run_problem"]


def test_prefect_is_not_even_imported(wrong: City) -> None:
    done = subprocess.run([sys.executable, "-c", RUN, str(wrong.folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "meters.csv 2行目" in done.stderr and done.stderr.splitlines()[-1] == "False"
