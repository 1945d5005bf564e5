"""Nothing of ours leaks into what a person reads: every command, in both languages, narrow and wide, and into a pipe of an old Windows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines import tables
from pipelines.cli import main
from tests.making import first_of

COMMANDS = [
    "facilities",
    "facilities --fiscal-year 2026",
    "flags",
    "posts",
    "explain F043",
    "explain F009 --fiscal-year 2025 --month 8",
    "explain F024",
    "explain F014",
    "explain F046",
    "explain F045 --fiscal-year 2026",
    "explain OP1",
    "explain city",
    "start",
    "start --fiscal-year 2026",
    "registers",
    "registers meters",
    "registers targets",
    "restatements",
    "inbox",
    "layouts",
    "runs",
    "doctor",
    "tidy",
    "review list",
    "year status",
    "edition list",
    "factors list",
    "collect status --fiscal-year 2026",
    "convert 1.5 kL kerosene --on 2024-05-01",
    "convert 100 kWh electricity --on 2024-05-01",
    "sql 'SELECT facility_name, fiscal_year, verdict FROM facility_years LIMIT 3'",
]
LEAKS = re.compile(
    r"\bNone\b|\?年度|FY\?|<class|<function|pydantic|Traceback|\bNaT\b|\bnan\b|datetime\.|Decimal\(|RegisterRow|0x[0-9a-f]{6}"
)
# words of the tables that a Japanese page must say in Japanese; ids, columns and the answer of one's own SQL are apart
STATES = sorted(
    {*tables.words("verdict"), *tables.words("state"), *tables.words("year_state"), *tables.words("state", "flags")}
)
ENGLISH = re.compile(rf"(?<![\w./(-])({'|'.join(STATES)})(?![\w./)-])")
OWN_WORDS = ("sql", "registers", "factors", "layouts", "convert", "doctor", "runs")


def words_of(command: str) -> list[str]:
    import shlex

    return shlex.split(command)


@pytest.mark.parametrize("width", first_of([60, 80, 200]))
@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_leaks(sample_folder: Path, command: str, language: str, width: int) -> None:
    given = ["--city", str(sample_folder), "--lang", language, *words_of(command)]
    result = CliRunner(env={"COLUMNS": str(width)}).invoke(main.app, given)
    assert result.exit_code in (0, 1, 2), result.output
    assert not LEAKS.findall(result.output), [line for line in result.output.splitlines() if LEAKS.search(line)][:3]
    if language == "ja" and not command.startswith(OWN_WORDS):
        assert not ENGLISH.findall(result.output), [
            line for line in result.output.splitlines() if ENGLISH.search(line)
        ][:3]


@pytest.mark.parametrize("command", first_of(COMMANDS, 6))
def test_a_pipe_of_an_old_windows_takes_every_answer(sample_folder: Path, command: str) -> None:
    """cp932 lacks signs; what it lacks is shown otherwise, and no command ends for it."""
    given = [
        sys.executable,
        "-c",
        "from pipelines.cli.main import main; main()",
        "--city",
        str(sample_folder),
        *words_of(command),
    ]
    environment = os.environ | {"PYTHONUTF8": "0", "PYTHONIOENCODING": "cp932", "COLUMNS": "80"}
    done = subprocess.run(given, capture_output=True, env=environment, check=False)
    assert done.returncode in (0, 1, 2) and b"Traceback" not in done.stderr, done.stderr.decode("cp932", "replace")[
        -800:
    ]
    assert (done.stdout + done.stderr).decode("cp932").strip()
