"""What the README says to type works as it stands there, on the sample city."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.cli import main
from pipelines.reports.pages import manual
from pipelines.settings.city import CityFolder
from tests.conftest import SAMPLE

README = (SAMPLE.parent / "README.md").read_text(encoding="utf-8")
# what it leads on to is held to the same: every question in it is asked
PAGES = "\n".join([README, *map(manual.text_of, manual.PAGES)])
SAMPLE_COMMANDS = [
    words
    for line in re.findall(r"facility-emissions (?:--city <市> )?((?:sql|convert|explain) [^`\n…]+)", PAGES)
    for words in [shlex.split(line)]
]


@pytest.mark.parametrize("words", SAMPLE_COMMANDS, ids=" ".join)
def test_commands_of_the_readme_run(sample_folder: Path, words: list[str], tmp_path: Path) -> None:
    if ">" in words:
        words = words[: words.index(">")]
    result = CliRunner().invoke(main.app, ["--city", str(sample_folder), *words])
    assert result.exit_code == 0 and result.stdout_bytes, result.output


def test_the_readme_names_commands_that_exist() -> None:
    named = set(re.findall(r"facility-emissions (?:--city \S+ )?([a-z][a-z-]*)\b", PAGES))
    known = {command.name or command.callback.__name__ for command in main.app.registered_commands if command.callback}
    assert len(SAMPLE_COMMANDS) >= 5
    groups = {group.name for group in main.app.registered_groups}
    assert named - groups <= known


def test_the_python_of_the_readme_runs(sample_folder: Path) -> None:
    statement = re.findall(r'city\.sql\("""(.*?)"""\)', README, re.DOTALL)[0]
    with duckdb.connect(str(CityFolder(sample_folder).published), read_only=True) as city:
        table = city.sql(statement).df()
    assert len(table) > 150 and (table["t"] >= 0).all()


def test_the_first_line_says_what_it_is_and_the_two_commands_come_next() -> None:
    lines = README.splitlines()
    assert lines[0].startswith("# facility-emissions: ")
    assert lines[3].startswith("make nightly") and lines[4].startswith("make test")
