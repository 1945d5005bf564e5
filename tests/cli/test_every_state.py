"""Every command beside every damaged state: an answer or a sentence, never a traceback."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.cli import main
from pipelines.errors import ActionableError
from pipelines.run.building import build
from pipelines.run.guard import guarded
from pipelines.run.night import Night
from pipelines.warehouse.publish import HeldBack
from tests.making import City, monthly, writable

RUNNER = CliRunner()
GARBAGE = b"\x00\xff\x81 not what was written \n" * 40
COMMANDS = (
    "restatements",
    "sql SELECT+1",
    "sql FROM+flags --format json",
    "inbox",
    "layouts",
    "runs",
    "tidy",
    "backup {new}",
    "parse {file}",
    "convert 1 kL kerosene --on 2024-05-01",
    "explain F1 --fiscal-year 2024",
    "explain F1 --fiscal-year 2024 --as-known-at 2026-06-15",
    "flags",
    "flags --json",
    "facilities",
    "posts",
    "docs",
    "doctor",
    "doctor --deep",
    "review list",
    "review confirm --all --document 第1号",
    "factors list",
    "factors list --editions",
    "factors diff 2023-1 2024-1",
    "year status",
    "year close OP --fiscal-year 2024 --document 第1号",
    "edition list",
    "edition freeze --purpose 試験 --fiscal-year 2024 --document 第1号",
    "collect status --fiscal-year 2024",
    "collect issue --fiscal-year 2024 --out {new}",
    "collect bills --fiscal-year 2024 --out {new}",
)


def _overwrite(path: Path, content: bytes) -> None:
    writable(path).write_bytes(content)


def _cut(path: Path) -> None:
    content = path.read_bytes()
    _overwrite(path, content[: len(content) // 2])


def _published(city: City) -> Path:
    return city.paths.published


def _history(city: City, pattern: str) -> list[Path]:
    found = [path for path in sorted(city.paths.history.rglob(pattern)) if path.is_file()]
    assert found, pattern
    return found


def _each(paths: list[Path], how: Callable[[Path], None]) -> None:
    for path in paths:
        how(path)


def _folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


STATES: dict[str, Callable[[City], object]] = {
    "nothing published": lambda c: _published(c).unlink(),
    "published file is garbage": lambda c: _overwrite(_published(c), GARBAGE),
    "published file is empty": lambda c: _overwrite(_published(c), b""),
    "published file is cut": lambda c: _cut(_published(c)),
    "published file is a folder": lambda c: _folder_instead(_published(c)),
    "published file of another program": lambda c: _foreign_tables(_published(c)),
    "lines of the history are garbage": lambda c: _each(_history(c, "*.jsonl"), lambda p: _overwrite(p, GARBAGE)),
    "lines of the history are torn": lambda c: _each(_history(c, "*.jsonl"), _cut),
    "history is a file": lambda c: _file_instead(c.paths.history),
    "history is gone": lambda c: shutil.rmtree(c.paths.history),
    "heads are garbage": lambda c: _each(_history(c, "heads.json"), lambda p: _overwrite(p, GARBAGE)),
    "decisions are garbage": lambda c: (c.paths.data / "decisions.sqlite").write_bytes(GARBAGE),
    "decisions of another program": lambda c: _foreign_decisions(c.paths.data / "decisions.sqlite"),
    "decisions are a folder": lambda c: _no_file(c.paths.data / "decisions.sqlite"),
    "parsed files are cut": lambda c: _each([p for p in c.paths.parsed.rglob("*") if p.is_file()], _cut),
    "parsed files are gone": lambda c: shutil.rmtree(c.paths.parsed),
    "a register is gone": lambda c: (c.folder / "registers" / "meters.csv").unlink(),
    "a register is garbage": lambda c: (c.folder / "registers" / "facilities.csv").write_bytes(GARBAGE),
    "a register is a folder": lambda c: _folder_instead(c.folder / "registers" / "targets.csv"),
    "all registers are gone": lambda c: shutil.rmtree(c.folder / "registers"),
    "settings are garbage": lambda c: (c.folder / "city.toml").write_bytes(GARBAGE),
    "settings are gone": lambda c: (c.folder / "city.toml").unlink(),
    "inbox is gone": lambda c: shutil.rmtree(c.folder / "inbox"),
    "inbox is a file": lambda c: _file_instead(c.folder / "inbox"),
    "received.csv is garbage": lambda c: (c.folder / "inbox" / "fuel" / "received.csv").write_bytes(GARBAGE),
    "a file is a broken workbook": lambda c: (c.folder / "inbox" / "fuel" / "b.xlsx").write_bytes(b"PK\x03\x04" + GARBAGE),
    "a half restore": lambda c: (c.paths.data.with_name(f"{c.paths.data.name}.exchange.json")).write_bytes(GARBAGE),
}  # fmt: skip


def _foreign_tables(path: Path) -> None:
    path.unlink()
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE flags AS SELECT 1 AS x")


def _file_instead(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_bytes(b"x")


def _foreign_decisions(path: Path) -> None:
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE decisions (x)")


def _no_file(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A city that has published, with flags."""
    city = City(tmp_path_factory.mktemp("sound") / "city")
    city.bills("fuel/a.csv", [*monthly("M1", 2022, 2025, lambda y, m: "0.1" if (y, m) == (2024, 6) else 100)])
    city.publish()
    return city


@contextmanager
def told_in_a_sentence(what: str) -> Iterator[None]:
    """An error is one that a person can act on."""
    try:
        yield
    except (ActionableError, OSError, SystemExit):
        return
    except Exception as error:
        raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error


@pytest.mark.parametrize("state", STATES)
def test_no_command_ends_in_a_traceback(sound: City, tmp_path: Path, state: str) -> None:
    city = sound.copied(tmp_path / "city")
    STATES[state](city)
    named = {"new": str(tmp_path / "new"), "file": str(city.folder / "inbox" / "fuel" / "a.csv")}
    for command in COMMANDS:
        words = [word.replace("+", " ").format(**named) for word in command.split()]
        result = RUNNER.invoke(main.app, ["--city", str(city.folder), *words])
        with told_in_a_sentence(command):
            if result.exception is not None:
                raise result.exception
        assert result.exit_code in (0, 1, 2), (command, result.output)
        assert "Traceback" not in result.output, (command, result.output)


@pytest.mark.parametrize("state", STATES)
def test_no_night_ends_in_a_traceback(sound: City, tmp_path: Path, state: str) -> None:
    city = sound.copied(tmp_path / "city")
    STATES[state](city)
    with told_in_a_sentence("nightly"):
        night = Night(city.paths)
        try:
            with guarded(night):
                arrived = night.receive()
                night.read_files(arrived)
                gathered = night.load_registers(arrived)
                if gathered.is_new:
                    build(night, gathered).publish()
        except HeldBack:
            pass
        finally:
            night.close()
