"""What ``parse`` tells before the night does: values that it will hold back, and files that are not what their names say."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import main
from pipelines.sources.trial import read
from tests.making import City, rows_of

HEAD = "meter_id,started_at,ended_at,quantity,unit\n"
GOOD, BAD = "M1,2025-04-01,2025-05-01,7,L\n", "M1,2025-05-01,2025-06-01,-5,L\n"


def test_a_negative_value_is_told_as_the_night_tells_it(city: City, tmp_path: Path) -> None:
    path = tmp_path / "bill.csv"
    path.write_text(HEAD + GOOD + BAD, encoding="utf-8")
    [held] = read(path)["held"]
    assert (held["source_line"], held["rule_id"], held["raw"]) == (3, "negative_quantity", "-5 L")
    city.file("fuel/bill.csv", path.read_bytes())
    with city.built("readings") as made:
        night = rows_of(made, "SELECT source_line, rule_id, raw FROM quarantine")
    assert night == [(3, "negative_quantity", "-5 L")]


@pytest.mark.parametrize(("rows", "code"), [(GOOD + BAD, 0), (BAD, 1), ("M1,x,2025-06-01,5,L\n", 1), (GOOD, 0)])
def test_the_exit_code_says_whether_any_value_is_left(tmp_path: Path, rows: str, code: int) -> None:
    path = tmp_path / "bill.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    result = CliRunner().invoke(main.app, ["--city", str(tmp_path), "parse", str(path)])
    assert result.exit_code == code, result.output
    assert ("取込保留" in result.output) is (BAD in rows)
