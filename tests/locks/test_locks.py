"""Statements that make numbers, and figures of the law, change only on purpose."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.process import program
from pipelines.sources import reading_version
from tests.locks import FIGURES, METHOD, READING, REFERENCE, figures, method, reading, written
from tests.test_architecture import GRAPH

HOW = "if that is meant, run: python -m tests.locks"


@pytest.mark.parametrize(
    ("now", "lock", "what"),
    [
        (method, METHOD, "raise METHOD_VERSION, or show that no number changes (tests/equality.py)"),
        (
            reading,
            READING,
            "raise PARSER_VERSION, unless what was read stays the same (a new layout, a new word for messages)",
        ),
    ],
    ids=["method", "reading"],
)
def test_a_version_stays_only_while_its_files_do(now: Callable[[], dict[str, Any]], lock: Path, what: str) -> None:
    is_now, before = now(), written(lock)
    files = is_now["files"].keys() | before["files"].keys()
    changed = sorted(name for name in files if is_now["files"].get(name) != before["files"].get(name))
    assert not changed, f"{changed} changed: {what}; {HOW}"
    assert is_now["version"] == before["version"], HOW


@pytest.mark.parametrize("name", sorted(path.name for path in REFERENCE.glob("*.csv")))
def test_no_figure_of_the_reference_changes_unseen(name: str) -> None:
    now, before = figures()[name], written(FIGURES).get(name, [])
    rows = [number for number, (one, other) in enumerate(zip(now, before, strict=False), start=1) if one != other]
    assert now == before, (
        f"{name}: lines {rows[:5]} of {len(now)} (was {len(before)}): hold them against their source; {HOW}"
    )


def test_docstrings_and_comments_are_no_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "ROOT", tmp_path)
    code, sql = tmp_path / "a.py", tmp_path / "b.sql"

    def told() -> str:
        program._said.cache_clear()
        return program.fingerprint([code, sql])

    code.write_text('"""One."""\n\ndef f(x):\n    """Two."""\n    return x\n')
    sql.write_text("-- b: one row\nSELECT 1\n")
    first = told()
    code.write_text('"""Other."""\n\n# why\ndef f(x):\n    """Words."""\n    return x\n')
    sql.write_text("-- b: something else\nSELECT   1\n")
    assert told() == first
    sql.write_text("SELECT 2\n")
    assert told() != first
    sql.write_text("SELECT 1\n")
    assert told() == first
    code.write_text("def f(x):\n    return -x\n")
    assert told() != first


def test_every_file_of_the_program_is_told_by_one_of_the_fingerprints() -> None:
    """A new room that makes numbers must not be forgotten: whatever is not named here only shows, asks or keeps up."""
    beside = {
        "__init__.py",
        "STATEMENTS.md",
        "durable.py",
        "manual",
        "process",
        "sources",
        "ask",
        "reports",
        "upkeep",
        "cities",
        "web",
        "cli",
        *program.SAYING,
    }
    there = {path.name for path in program.ROOT.iterdir() if path.name != "__pycache__"}
    assert there - beside == {name for name in program.MAKING if "/" not in name}, "a part of a room is named as such"


def test_a_changed_statement_makes_a_night_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "pipelines"
    shutil.copytree(program.ROOT, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(program, "ROOT", copy)
    monkeypatch.setattr(program, "_said", program._said.__wrapped__)
    before = program.making.__wrapped__(), program.saying.__wrapped__()
    (copy / "flags" / "a_new_rule.sql").write_text("-- a_new_rule: one row\nSELECT 1\n")
    after = program.making.__wrapped__(), program.saying.__wrapped__()
    assert before[0] != after[0] and before[1] == after[1]


# what reading a file asks for that decides nothing about its values: where files stand, how a process is held, what is told
BESIDE_READING = {
    "durable", "errors", "findings", "texts", "registers", "history", "history.journal", "history.kept", "process", "process.child",
    "process.program",
    "settings", "settings.city_file", "settings.energy_act", "settings.operation", "settings.place", "settings.problems",
    "settings.secret", "settings.year", "warehouse",
    "warehouse.time_limit", "rounding", "settings.reports",
}  # fmt: skip


def test_whatever_reads_a_file_is_told_by_the_number_of_reading() -> None:
    reading = {
        module
        for module in GRAPH
        if module.startswith("pipelines.sources")
        and not module.startswith("pipelines.sources.arrive")
        and f"{module.rpartition('.')[2]}.py" not in reading_version.NOT_READING
    }
    asked: set[str] = set()
    while more := reading - asked:
        asked |= more
        reading |= {name for module in more for name in GRAPH[module]}
    beside = {name.removeprefix("pipelines.") for name in asked if not name.startswith("pipelines.sources")}
    told = {name.removesuffix(".py").replace("/", ".") for name in reading_version.BESIDE if name.endswith(".py")}
    assert beside - BESIDE_READING == told, "what it asks decides values (BESIDE), or does not (BESIDE_READING)?"
