"""A file that a run dies on: read first and alone the next night, and held back only where the run dies on it again."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.history.records import History
from pipelines.run.night import Night
from pipelines.settings.city import Limits
from pipelines.sources import parse, parsed_store
from pipelines.sources.arrive import being_read
from pipelines.sources.cells import careful
from pipelines.sources.open.inspect_file import inspect
from pipelines.sources.open.open_file import Inbound
from pipelines.warehouse import database
from pipelines.warehouse.time_limit import TimeLimitError
from tests import killing
from tests.making import City, monthly, rows_of

# A night that the reading of one file kills, as an out-of-memory killer does; {where}: while it is opened, or all are worked on.
DIES = """
import os, sys
from pathlib import Path
from pipelines.sources import parse
from pipelines.sources.cells import careful
from tests import killing
folder, where = sys.argv[1:]
real_opened, real_read = parse.opened, parse.careful.read
def has(path): return b"M1,2020-04-01" in Path(path).read_bytes()
def opened(file, means):
    if not file.inspected.problem and where == "opened" and has(file.inspected.path):
        os.kill(os.getpid(), 9)
    return real_opened(file, means)
def read(connection, found, *rest):
    if where == "worked on" and any(has(p.path) for o in found for p in o.parts):
        os.kill(os.getpid(), 9)
    return real_read(connection, found, *rest)
parse.opened, parse.careful.read = opened, read
killing.night(folder)
"""
BAD = [("M1", "2020-04-01", "2020-05-01", 7, "L")]


def dying(city: City, where: str) -> int:
    return subprocess.run([sys.executable, "-c", DIES, str(city.folder), where], check=False).returncode


def states(city: City) -> dict[str, str]:
    connection = database.connect_published(city.paths.published)
    found = dict(rows_of(connection, "SELECT path, coalesce(reason, '') FROM source_files"))
    connection.close()
    return found


@pytest.mark.parametrize(
    ("where", "size", "deaths"), [("opened", 1_100_000, 2), ("worked on", 1_100_000, 2), ("opened", 0, 3)]
)
def test_a_file_that_kills_every_run_is_held_back_by_name(city: City, where: str, size: int, deaths: int) -> None:
    for number in range(3):
        city.bills(f"fuel/good{number}.csv", monthly("M1", 2023 + number, 2023 + number, 100))
    city.bills("fuel/bad.csv", BAD)
    with (city.folder / "inbox/fuel/bad.csv").open("a") as bad:
        bad.write("\n" * size)
    for _ in range(deaths):
        assert dying(city, where) == -signal.SIGKILL
    found = being_read.suspects(city.paths.parsed)
    sha = inspect(city.folder / "inbox/fuel/bad.csv", Limits()).sha256
    assert found[sha, ""] == being_read.Suspect(deaths, alone=True)
    assert dying(city, where) == 0, "the next night goes on without it"
    told = states(city)
    assert f"{deaths}度" in told["bad.csv"] and [path for path, reason in told.items() if reason] == ["bad.csv"]
    assert being_read.suspects(city.paths.parsed) == {}, "on record now"
    assert dying(city, where) == 0
    outcomes = [row["outcome"] for row in History(city.paths.history).read("runs")]
    assert outcomes.count("crashed") == deaths

    text = (city.folder / "city.toml").read_text(encoding="utf-8")
    (city.folder / "city.toml").write_text(
        text.replace("[limits]\n", "[limits]\nfile_rows = 19000000\n"), encoding="utf-8"
    )
    killing.night(str(city.folder))
    assert states(city)["bad.csv"] == "", "a change of limits has it read again"


def test_a_file_that_only_happened_to_be_read_clears_its_name(city: City) -> None:
    city.bills("fuel/good.csv", monthly("M1", 2023, 2024, 100))
    city.bills("fuel/bad.csv", BAD)
    assert dying(city, "opened") == -signal.SIGKILL
    run = Night(city.paths)
    batches = list(run.batches(run.receive()))
    assert [[file.path for file in batch] for batch in batches] == [["bad.csv"], ["good.csv"]]
    assert run.outcome.notices[0]["rule_id"] == "was_being_read" and "fuel/bad.csv" in run.outcome.notices[0]["en"]
    killing.night(str(city.folder))
    assert set(states(city).values()) == {""} and being_read.suspects(city.paths.parsed) == {}


def inbound(folder: Path, count: int) -> list[Inbound]:
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for number in range(count):
        path = folder / f"{number}.csv"
        path.write_text(f"meter_id,started_at,ended_at,quantity,unit\nM{number},2025-04-01,2025-05-01,1,kWh\n")
        found.append(Inbound("a", path.name, inspect(path, Limits())))
    return found


def test_one_of_many_is_found_in_few_runs(tmp_path: Path) -> None:
    files = inbound(tmp_path / "in", 200)
    bad, parsed, dead = files[77], tmp_path / "parsed", []
    while True:
        groups, others, _ = being_read.ordered(parsed, files, Limits())
        if bad.inspected.problem:
            break
        for group in [*groups, others]:
            context = being_read.noted(parsed, group)
            context.__enter__().at(None)
            if any(file is bad for file in group):
                dead.append(context)  # the process is gone: nobody leaves the block
                break
            context.__exit__(None, None, None)
            being_read.clear(parsed, group)
            read = {id(file) for file in group}
            files = [file for file in files if id(file) not in read]
    assert len(dead) == 3 and [file for file in files if file.inspected.problem] == [bad]


@pytest.mark.parametrize(
    ("error", "stays"),
    [
        (OSError(28, "No space left on device"), False),
        (KeyboardInterrupt(), False),
        (duckdb.IOException("disk"), False),
        (duckdb.OutOfMemoryException("max_temp_directory_size"), False),
        (duckdb.InterruptException("stopped"), True),
        (TimeLimitError(), True),
        (KeyError("a fault of ours"), True),
    ],
)
def test_only_what_a_file_may_have_done_leaves_its_note(tmp_path: Path, error: BaseException, stays: bool) -> None:
    files = inbound(tmp_path / "in", 1)
    with pytest.raises(type(error)), being_read.noted(tmp_path / "parsed", files):
        raise error
    assert (len(being_read.suspects(tmp_path / "parsed")) == 1) == stays


def test_a_note_that_cannot_be_read_names_nobody(tmp_path: Path) -> None:
    folder = tmp_path / being_read.FOLDER
    folder.mkdir()
    for name, content in (
        ("a.note", b""),
        ("b.note", b"\xff" * 40),
        ("c.note", b"          0\n[[1]]"),
        ("d.note", b"          0\n3"),
    ):
        (folder / name).write_bytes(content)
    (folder / being_read.SUSPECTS).write_bytes(b"\xff{")
    assert being_read.suspects(tmp_path) == {} and list(folder.glob(being_read.NOTE)) == []


def test_reading_leaves_no_note(tmp_path: Path) -> None:
    files = inbound(tmp_path / "in", 3)
    assert parse.parse_into_store(files, tmp_path / "parsed", parse.ParseOptions(Limits()), tmp_path / "tmp") == []
    assert list((tmp_path / "parsed" / being_read.FOLDER).iterdir()) == []
    assert len(parsed_store.index(tmp_path / "parsed")) == 3


def test_a_run_stopped_for_time_suspects_what_it_was_reading(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    city.bills("fuel/slow.csv", BAD)

    def slow(*_: Any) -> None:
        raise TimeLimitError

    with monkeypatch.context() as patched:
        patched.setattr(careful, "read", slow)
        for _ in range(3):
            with pytest.raises(TimeLimitError):
                killing.night(str(city.folder))
    killing.night(str(city.folder))
    assert "3度" in states(city)["slow.csv"]
