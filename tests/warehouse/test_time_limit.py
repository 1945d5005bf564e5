"""The time limit of a run, whatever the run is doing: real runs in processes of their own, which must end and give the lock free."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from pipelines.history.records import History
from pipelines.run.lock import running
from pipelines.warehouse import time_limit
from pipelines.warehouse.time_limit import TimeLimit, TimeLimitError
from tests import announced
from tests.making import City, first_of, monthly
from tests.sources.test_limits import sheet_of

# Runs a night of which one thing never ends.
RUN = """
import socket, sys, threading
from pathlib import Path
from pipelines.run import building, guard, night
from pipelines.settings.city import CityFolder
from pipelines.sources import parse
from pipelines.warehouse.time_limit import TimeLimit, TimeLimitError
from tests.sources import test_limits

folder, what, through = sys.argv[1:]
class Short(TimeLimit):
    def __init__(self, seconds):
        super().__init__({limit}, patience=0.5, last={last}, finishing=2)
night.TimeLimit = Short

def loop(*_, **__):
    while True:
        try:
            sum(range(100))
        except ValueError:
            pass
def never_tired(*_, **__):
    while True:
        try:
            loop()
        except TimeLimitError:
            pass
def waits(*_, **__):
    server = socket.create_server(("127.0.0.1", 0))
    socket.create_connection(server.getsockname()).recv(1)
def waits_for_a_lock(*_, **__):
    lock = threading.Lock(); lock.acquire(); lock.acquire()
def child(*_, **__):
    test_limits.ask(test_limits.sleep, 600, seconds=600)
def number(*_, **__):
    10 ** (10 ** 9)

does = {{f.__name__: f for f in (loop, never_tired, waits, waits_for_a_lock, child, number)}}
name, _, place = what.partition("@")
if place == "receive":
    night.Night.receive = does[name]
elif place == "read":
    parse.parse = does[name]
elif place == "pages":
    night.Night.write_pages = does[name]
try:
    city = CityFolder(Path(folder))
    if through == "flow":
        from flows.prefect_home import prepare
        prepare(city.data)
        from flows import nightly
        nightly.run(city, lambda *_: None)
    else:
        run = night.Night(city)
        with guard.guarded(run):
            arrived = run.receive()
            run.read_files(arrived)
            gathered = run.load_registers(arrived)
            if gathered.is_new:
                building.build(run, gathered).publish()
                run.write_pages()
except TimeLimitError as error:
    print(error)
    sys.exit(7)
"""


@pytest.fixture
def told(city: City, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    with announced.webhook() as (address, posts):
        monkeypatch.setenv("CITY_WEBHOOK", address)
        with (city.folder / "city.toml").open("a", encoding="utf-8") as settings:
            settings.write('\n[announce]\nwebhook_env = "CITY_WEBHOOK"\n')
        yield posts


def outcomes_of(told: list[dict[str, Any]]) -> list[str]:
    return [post["outcome"] for post in told]


def ran(city: City, what: str, through: str = "", limit: float = 3, last: float = 6) -> tuple[int, str, float]:
    """Run a night with something that never ends in it; the exit code, what it said, and how long it took after its limit."""
    city.bills("fuel/a.csv", monthly("M1", 2024, 2025, 100))
    city.file("fuel/a.xlsx", sheet_of(5))
    begun = time.monotonic()
    run = subprocess.Popen(
        [sys.executable, "-c", RUN.format(limit=limit, last=last), str(city.folder), what, through],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    descendants: list[psutil.Process] = []
    while run.poll() is None and time.monotonic() - begun < 120:
        try:
            descendants = psutil.Process(run.pid).children(recursive=True) or descendants
        except psutil.Error:
            break
        time.sleep(0.1)
    out, err = run.communicate(timeout=60)
    _, alive = psutil.wait_procs(descendants, timeout=10)
    assert alive == [], "nobody is left behind"
    assert running(city.paths.data) is None
    return run.returncode, out + err, time.monotonic() - begun - limit


@pytest.mark.parametrize(
    "what", first_of(["loop@receive", "child@read", "loop@read", "waits@receive", "waits_for_a_lock@receive"], 2)
)
def test_a_run_is_ended_whatever_it_is_doing(city: City, told: list[dict[str, Any]], what: str) -> None:
    code, said, late = ran(city, what)
    assert (code, outcomes_of(told)) == (7, ["timed_out"]) and "longest_minutes" in said, said
    assert [row["outcome"] for row in History(city.paths.history).read("runs")] == ["timed_out"]
    assert late < 20, "it ended by itself, not by the last means"


@pytest.mark.parametrize(("what", "outcomes"), [("never_tired@receive", ["timed_out"]), ("number@receive", [])])
def test_a_run_that_nothing_ends_takes_its_process_with_it(
    city: City, told: list[dict[str, Any]], what: str, outcomes: list[str]
) -> None:
    code, said, _ = ran(city, what, last=3)
    assert (code, outcomes_of(told)) == (1, outcomes), said
    assert [row["outcome"] for row in History(city.paths.history).read("runs")] == outcomes
    assert ("longest_minutes" in said) == bool(outcomes)
    assert ran(city, "", limit=60)[0] == 0, "the lock is free, and the next night completes"
    found = [row["outcome"] for row in History(city.paths.history).read("runs")]
    assert found == [*(outcomes or ["crashed"]), "published"], "a death without a word is told by the next run"


def test_what_hangs_behind_a_publication_is_ended_too_and_the_publication_stands(
    city: City, told: list[dict[str, Any]]
) -> None:
    code, _, _ = ran(city, "loop@pages", limit=12, last=3)
    assert (code, outcomes_of(told)) == (1, ["timed_out"])
    assert [row["outcome"] for row in History(city.paths.history).read("runs")] == ["published"]
    assert city.paths.published.is_file()


@pytest.mark.parametrize("what", first_of(["child@read", "loop@read", "waits@receive"]))
def test_a_night_of_prefect_is_ended_in_all_its_threads(city: City, told: list[dict[str, Any]], what: str) -> None:
    code, said, _ = ran(city, what, "flow", limit=15, last=20)
    assert outcomes_of(told) == ["timed_out"] and "longest_minutes" in said, said
    assert code == 7, "it ended by itself"


def test_threads_that_work_for_a_run_are_ended_with_it() -> None:
    ended: list[str] = []

    def work() -> None:
        try:
            with time_limit.at_work():
                while True:
                    time.sleep(0.01)
        except TimeLimitError:
            ended.append("at work")

    thread = threading.Thread(target=work)
    with pytest.raises(TimeLimitError), TimeLimit(0.3, patience=0.3):
        thread.start()
        threading.Event().wait()
    thread.join(20)
    assert ended == ["at work"]


def test_a_run_in_a_thread_of_its_own_is_ended_where_no_signal_reaches() -> None:
    ended: list[str] = []

    def run() -> None:
        try:
            with TimeLimit(0.3, patience=0.3):
                while True:
                    time.sleep(0.01)
        except TimeLimitError as error:
            ended.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    assert len(ended) == 1 and "longest_minutes" in ended[0]


def test_an_ended_limit_reaches_nobody() -> None:
    for _ in range(30):
        try:
            with TimeLimit(0.05, patience=0):
                time.sleep(0.05)
        except TimeLimitError:
            pass
        time.sleep(0.01)
