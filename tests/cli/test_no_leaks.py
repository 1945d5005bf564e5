"""Nothing of ours leaks into what a person reads: every command, in both languages, narrow and wide, and into a pipe of an old Windows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from pipelines import tables
from pipelines.cli import main, spoken
from pipelines.findings import rules
from pipelines.texts import section
from tests.making import first_of

COMMANDS = [
    "facilities",
    "facilities --fiscal-year R8",
    "facilities --verdict 未達",
    "facilities --department 保育課 --operator OP1",
    "flags",
    "flags f024",
    "flags 市民プール",
    "posts",
    "explain F043",
    "explain F009 --fiscal-year 2025 --month 8",
    "explain F024",
    "explain F024 --basis shk_basic",
    "explain F001",
    "explain F014",
    "explain F046",
    "explain F045 --fiscal-year 2026",
    "explain OP1",
    "explain city",
    "start",
    "start --fiscal-year 2026",
    "registers",
    "registers meters",
    "registers 計器",
    "registers targets",
    "restatements",
    "inbox",
    "inbox --all",
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
# what is used wrongly is told as well as what is used rightly
WRONG = [
    "explain F999",
    "explain F001 --fiscal-year x",
    "facilities --verdict x",
    "facilities --department x",
    "convert 1 x kerosene --on 2024-05-01",
    "convert 1 kL kerosene --on x",
    "parse nosuch.csv",
    "review answer zzz --by P1 --text x",
    "registers nosuch",
    "flags F999",
    "sql 'DELETE FROM readings'",
    "facilities --as-known-at 2001-01-01",
]
LEAKS = re.compile(
    r"\bNone\b|\?年度|FY\?|<class|<function|pydantic|Traceback|\bNaT\b|\bnan\b|datetime\.|Decimal\(|RegisterRow|0x[0-9a-f]{6}"
)
# words of the tables that a Japanese page must say in Japanese; ids, columns and the answer of one's own SQL are apart
STATES = sorted(
    {*tables.words("verdict"), *tables.words("state"), *tables.words("year_state"), *tables.words("state", "flags")}
)
ENGLISH = re.compile(rf"(?<![\w./(-])({'|'.join(STATES)})(?![\w./)-])")
# a name of ours for a rule, a doubt or a reason, where a sentence should stand
RULES = sorted(
    {name for name in rules() if "_" in name} | {word[7:] for word in section("words") if word.startswith("reason_")}
)
CODES = re.compile(rf"(?<![\w./(=-])({'|'.join(RULES)})(?![\w./)=-])|\[(as_metered|held_back)\]")
BOTH = re.compile(r"[ぁ-んァ-ヶ一-龠。）] / [a-z]{2,}")
JAPANESE = re.compile(r"ください|ません|です。|ました")
MANY_DECIMALS = re.compile(r"[0-9]\.[0-9]{7,} ?(kg|GJ|kL|t)\b")
OWN_WORDS = ("sql", "registers", "factors", "layouts", "convert", "doctor", "runs")


def words_of(command: str) -> list[str]:
    import shlex

    return shlex.split(command)


def leaks(text: str, command: str, language: str) -> list[str]:
    """The lines that hold what no person should read."""
    wanted = [LEAKS, MANY_DECIMALS]
    if not command.startswith(("registers", "sql")):
        wanted += [CODES, BOTH] if language == "ja" else [CODES, BOTH, JAPANESE]
    if language == "ja" and not command.startswith(OWN_WORDS):
        wanted.append(ENGLISH)
    return [line for line in text.splitlines() if any(pattern.search(line) for pattern in wanted)]


@pytest.mark.parametrize("width", first_of([60, 80, 200]))
@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("command", [*COMMANDS, *WRONG])
def test_no_command_leaks(sample_folder: Path, command: str, language: str, width: int) -> None:
    given = ["--city", str(sample_folder), "--lang", language, *words_of(command)]
    result = CliRunner(env={"COLUMNS": str(width)}).invoke(main.app, given)
    assert result.exit_code in ((1, 2) if command in WRONG else (0, 1, 2)), result.output
    assert leaks(result.output, command, language) == []


def test_help_is_told_in_one_language() -> None:
    """Every command and every option; a paragraph that is the same in both languages stays."""
    for language in ("ja", "en"):
        told = typer.main.get_command(main.app)
        spoken.told_in(told, language)
        for command in every(told):
            for text in (command.help, *(getattr(parameter, "help", None) for parameter in command.params)):
                assert not BOTH.search(text or ""), (command.name, text)
                assert language == "ja" or not re.search(
                    "[ぁ-ん]", re.sub("(?s)Example:.*|\\(.*?\\)", "", text or "")
                ), text


# words that the library of the command line refuses by itself, in each of its ways
MISUSED = [
    "explain", "nope", "flag", "flags --nope", "flags --jsn", "explain F1 --fiscal-year", "flags F024 b", "flags --json=3", "convert 1",
    "review", "explain F1 --month 13", "explain F1 --month x", "explain F1 --basis y", "review answer F1", "collect issue", "--today",
]  # fmt: skip
ENGLISH_SENTENCE = re.compile(
    r"(?<![\w<>.=-])[A-Za-z]+(?: [a-z]+){2,}|Usage|Error|Options|Missing|default|required|Show"
)


@pytest.mark.parametrize("command", MISUSED)
def test_words_that_cannot_be_read_are_told_in_the_readers_language(command: str) -> None:
    japanese, english = (
        CliRunner().invoke(main.app, ["--lang", language, *words_of(command)]) for language in ("ja", "en")
    )
    assert japanese.exit_code == english.exit_code != 0 or command == "review"
    told = re.sub(r"'[^']*'|「[^」]*」|（[^）]*）", "", japanese.output)
    assert not ENGLISH_SENTENCE.search(told), japanese.output
    assert re.search("[ぁ-ん]", japanese.output) and not re.search("[ぁ-ん]", english.output), english.output


def test_every_help_is_told_in_the_readers_language() -> None:
    for words, command in named(typer.main.get_command(main.app)):
        told = CliRunner().invoke(main.app, ["--lang", "ja", *words, "--help"]).output
        told = re.sub(r"(?m)^  例: .*(?:\n    .*)*|<[^>]*>|\([^)]*\)|（[^）]*）|facility-emissions [a-z -]*", "", told)
        assert not ENGLISH_SENTENCE.search(told), (words, command, ENGLISH_SENTENCE.search(told), told)


def named(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield words, command
    for name, each in getattr(command, "commands", {}).items():
        yield from named(each, (*words, name))


def every(command: Any) -> Iterator[Any]:
    yield command
    for each in getattr(command, "commands", {}).values():
        yield from every(each)


def test_what_leaks_is_seen() -> None:
    """Each of the nets holds what it is for."""
    for text in (
        "Nonekg",
        "見よ unit_slip_unchecked を",
        "係数 [as_metered]",
        "ありません。 / there is none",
        "未達 1.1234567 kg",
    ):
        assert leaks(text.replace("Nonekg", "None kg"), "explain", "ja"), text
    assert leaks("確かめてください。", "flags", "en") and not leaks("確かめてください。", "flags", "ja")
    assert not leaks("plan_fuels/kerosene 0.0185 kgC/MJ meters.csv", "explain", "en")


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
