"""Prefect away: a server that is dead, hangs or dies, or a home nobody can write, costs a few seconds and a sentence."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from flows.server import answers
from pipelines.history.records import History
from tests.announced import HOST, Http, dripping, listening, silent
from tests.flows.test_nightly import COMMAND
from tests.making import City, first_of, monthly
from tests.upkeep.test_operation import command

# What Prefect may cost a run.
SECONDS = 10.0
# An API that does what each test needs: it answers some requests, and then no more.
ANSWERS_HEALTH = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\ntrue"


def environment(city: City, **more: str) -> dict[str, str]:
    told = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return {**told, "HOME": str(city.folder), "COLUMNS": "200", **more}


def night(city: City, **more: str) -> tuple[subprocess.CompletedProcess[str], float]:
    begun = time.monotonic()
    done = subprocess.run(
        [COMMAND, "--city", str(city.folder), "--lang", "ja", "nightly", "--json"],
        capture_output=True, text=True, timeout=300, env=environment(city, **more), check=False,
    )  # fmt: skip
    return done, time.monotonic() - begun


def hangs_after_health(connection: socket.socket) -> None:
    """Say that all is well, and then nothing more."""
    asked = connection.recv(65_536)
    if b"/health" in asked:
        connection.sendall(ANSWERS_HEALTH)
        return
    silent(connection)


def test_a_server_that_wants_a_login_is_asked_with_it() -> None:
    server = Http()
    with listening(server) as port:
        assert answers(f"http://office:s3%21cret@{HOST}:{port}/api")
    assert b"Basic b2ZmaWNlOnMzIWNyZXQ=" in server.requests[0] and b"GET /api/health " in server.requests[0]
    for code, is_one in (("401 no", True), ("503 not yet", False)):
        with listening(Http(code)) as port:
            assert answers(f"http://{HOST}:{port}/api") is is_one


def garbage(connection: socket.socket) -> None:
    """Answer everything with something that is no HTTP."""
    connection.recv(65_536)
    connection.sendall(b"\0\xffno server\r\n\r\n")


SERVERS: dict[str, Callable[[socket.socket], None]] = {
    "hangs": silent,
    "drips": dripping(b"HTTP/1.1 200 OK\r\nX: "),
    "says it is well and hangs": hangs_after_health,
    "is none": garbage,
}


def is_told(city: City, done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["published"]
    assert "Prefectに知らせずに処理しました" in done.stderr and "Traceback" not in done.stderr
    (run,) = History(city.paths.history).read("runs")
    notes = [note["problem"] for note in History(city.paths.history).read("run_notes")]
    assert "Prefectに知らせずに処理しました" in f"{run['run_problem']} {notes}", "and in the run's record"
    assert "Prefectに知らせずに処理しました" in command(city, "--lang", "ja", "runs")[1]


WORKS = """
import sys, time
from pathlib import Path
from flows.prefect_home import prepare
prepare(Path(sys.argv[1]))
from prefect import flow
from flows import reporting
from flows.runners import Held
from pipelines.process import ending
@flow
def beside(held):
    return held.value.follow()
said = []
print("begin", flush=True)
with reporting.to(Path(sys.argv[1]), said.append) as report:
    worked = report.around(lambda: "worked", lambda other: beside(Held(other)))
print(worked, said, flush=True)
ending.leave(0)
"""


def cost(data: Path, **more: str) -> tuple[float, str]:
    """What Prefect costs a work that takes no time, from its first question to the end of the process; and what is said."""
    told = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    process = subprocess.Popen(
        [sys.executable, "-c", WORKS, str(data)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**told, **more},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "begin\n"
    begun = time.monotonic()
    said = process.stdout.read()
    process.wait(timeout=120)
    assert process.returncode == 0 and said.startswith("worked"), said
    return time.monotonic() - begun, said


@pytest.mark.parametrize("kind", first_of(SERVERS))
def test_a_server_that_does_not_answer_costs_a_few_seconds(kind: str, tmp_path: Path) -> None:
    with listening(SERVERS[kind]) as port:
        seconds, said = cost(tmp_path, PREFECT_API_URL=f"http://office:s3secret@{HOST}:{port}/api")
    assert f"{HOST}:{port}" in said and "s3secret" not in said
    assert seconds < SECONDS


ADDRESSES = (f"http://{HOST}:9/api", "http://no-such-host.invalid/api", "nonsense", "http://[::1/api")


@pytest.mark.parametrize("address", first_of(ADDRESSES))
def test_a_server_that_is_not_there_costs_a_sentence(address: str, tmp_path: Path) -> None:
    seconds, said = cost(tmp_path, PREFECT_API_URL=address)
    assert (address in said or "PREFECT_API_URL" in said) and seconds < SECONDS


@pytest.mark.parametrize("home", first_of(["a file", "in a file", "of the kernel"]))
def test_a_home_that_cannot_be_written_costs_a_sentence(home: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    place = {"a file": tmp_path / "file", "in a file": tmp_path / "file/home", "of the kernel": Path("/proc/home")}[
        home
    ]
    seconds, said = cost(tmp_path / "data", PREFECT_HOME=str(place))
    assert str(place) in said and seconds < SECONDS


def test_a_server_of_ours_that_cannot_start_costs_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "prefect").mkdir()
    (tmp_path / "prefect" / "prefect.db").write_bytes(b"no database" * 1000)
    _, said = cost(tmp_path)
    assert "server.log" in said


@pytest.mark.parametrize("fault", first_of(["a server that hangs", "a home in a file"]))
def test_the_night_runs_all_the_same(fault: str, city: City, tmp_path: Path) -> None:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with listening(hangs_after_health) as port:
        server = {"PREFECT_API_URL": f"http://{HOST}:{port}/api"}
        home = {"PREFECT_HOME": str(tmp_path / "file" / "home")}
        done, _ = night(city, **(server if fault == "a server that hangs" else home))
    is_told(city, done)


# ---------------------------------------------------------------- a server that dies under way


class Between:
    """Stands between the night and a real server, and can be cut or held at any moment."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.open = threading.Event()
        self.open.set()
        self.is_cut = False
        self.asked = 0

    def __call__(self, connection: socket.socket) -> None:
        if self.is_cut:
            return
        self.asked += 1
        with socket.create_connection((HOST, self.port)) as server:
            ends = [
                threading.Thread(target=self._carry, args=pair, daemon=True)
                for pair in ((connection, server), (server, connection))
            ]
            for end in ends:
                end.start()
            for end in ends:
                end.join()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while (part := source.recv(65_536)) and not self.is_cut:
                self.open.wait()
                sink.sendall(part)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A real Prefect server; gives its port."""
    data = tmp_path_factory.mktemp("server")
    with socket.create_server((HOST, 0)) as free:
        port = int(free.getsockname()[1])
    told = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.own_server", "--host", HOST, "--port", str(port)],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**told, "PREFECT_HOME": str(data), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"},
    )  # fmt: skip
    until = time.monotonic() + 120
    while not answers(f"http://{HOST}:{port}/api"):
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.3)
    yield port
    process.kill()
    process.wait()


def rows_found(port: int, what: str) -> list[dict[str, Any]]:
    """What the server knows of: flow runs, task runs, logs, artifacts."""
    request = urllib.request.Request(
        f"http://{HOST}:{port}/api/{what}/filter", b"{}", {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - ours
        return list(json.load(answer))


TASKS = 11  # of a night


def found(port: int, what: str, column: str) -> list[str]:
    """One column of what the server knows."""
    return sorted(str(row[column]) for row in rows_found(port, what))


def test_a_server_that_answers_knows_run_tasks_and_page(city: City, server: int) -> None:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    done, _ = night(city, PREFECT_API_URL=f"http://{HOST}:{server}/api")
    assert done.returncode == 0 and done.stderr == ""
    assert found(server, "flow_runs", "state_type") == ["COMPLETED"]
    assert found(server, "task_runs", "state_type") == ["COMPLETED"] * TASKS
    assert found(server, "flow_runs", "name") == [f"試験市 {city.today} の夜間処理"]
    logged = {row["task_run_id"] for row in rows_found(server, "logs") if re.search(r"[a-z_]+ [0-9,]+", row["message"])}
    assert len(logged) == TASKS, "each task tells what it counted"
    summary, flags = (
        next(row for row in rows_found(server, "artifacts") if row["key"] == key) for key in ("summary", "flags")
    )
    assert found(server, "artifacts", "key") == ["flags", "summary"]
    assert "| 判定 |" in summary["data"] and "file://" not in json.dumps(summary)
    told = json.loads(flags["data"])[0]
    assert (
        list(told) == ["施設", "内容", "重さ", "影響", "担当", "状態"] and told["影響"].endswith(" t") and told["担当"]
    )


NIGHT_OF_A_SCHEDULE = """
import sys
from flows.deployments import scheduled_night
print(scheduled_night(sys.argv[1], return_state=True).message)
"""


def test_the_night_of_a_schedule_is_a_flow_within_it(city: City, server: int) -> None:
    before = found(server, "flow_runs", "state_type")
    done = subprocess.run(
        [sys.executable, "-c", NIGHT_OF_A_SCHEDULE, str(city.folder)], capture_output=True, text=True, timeout=200,
        env=environment(city, PREFECT_API_URL=f"http://{HOST}:{server}/api"), check=True,
    )  # fmt: skip
    assert done.stdout.startswith("published")
    assert found(server, "flow_runs", "state_type") == [*before, "COMPLETED", "COMPLETED"]


@pytest.mark.parametrize("end", first_of(["cut", "held"]))
def test_a_server_that_dies_under_way_costs_a_few_seconds(end: str, city: City, server: int) -> None:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    between = Between(server)
    with listening(between) as port, ExitStack() as after:
        process = subprocess.Popen(
            [COMMAND, "--city", str(city.folder), "--lang", "ja", "nightly", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=environment(city, PREFECT_API_URL=f"http://{HOST}:{port}/api"),
        )  # fmt: skip
        after.callback(process.kill)
        while not list(city.paths.data.glob("next/*.duckdb")):  # the flow has begun, and the work is under way
            assert process.poll() is None
            time.sleep(0.02)
        if end == "cut":
            between.is_cut = True
        between.open.clear()
        while not (city.paths.pages / "intake.html").exists():  # the last that a night writes
            assert process.poll() is None
            time.sleep(0.02)
        ended = time.monotonic()
        out, err = process.communicate(timeout=120)
        seconds = time.monotonic() - ended
        between.open.set()
    assert between.asked > 1
    is_told(city, subprocess.CompletedProcess([], process.returncode, out, err))
    assert seconds < SECONDS


# ---------------------------------------------------------------- the own server


@contextmanager
def under_way(city: City) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A night with a server of its own, held in its first step by an inbox that does not answer; gives the server's process."""
    os.mkfifo(city.folder / "inbox" / "fuel" / "received.csv")
    process = subprocess.Popen(
        [COMMAND, "--city", str(city.folder), "nightly"], env=environment(city), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )  # fmt: skip
    try:
        until = time.monotonic() + 120
        while not (found := own_servers(process.pid)):
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.1)
        time.sleep(2)
        yield process, found[0]
    finally:
        process.kill()
        process.wait()


def own_servers(parent: int) -> list[int]:
    """The servers that a process has started."""
    found = []
    for folder in Path("/proc").iterdir():
        with suppress(OSError, IndexError):
            above = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            if above == str(parent) and b"own_server" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the server in /proc")
@pytest.mark.parametrize("number", first_of([signal.SIGTERM, signal.SIGKILL]))
def test_the_own_server_dies_with_its_run(number: int, city: City) -> None:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    (city.folder / "inbox/fuel/received.csv").unlink()
    with under_way(city) as (process, server_process):
        process.send_signal(number)
        until = time.monotonic() + 30
        while Path(f"/proc/{server_process}").exists() and b"own_server" in _command(server_process):
            assert time.monotonic() < until, "the server outlives its run"
            time.sleep(0.1)
        if number == signal.SIGTERM:
            process.wait(timeout=60)
    if number == signal.SIGTERM:
        (run,) = History(city.paths.history).read("runs")
        assert run["outcome"] == "failed", "and the run is on record"


def _command(process: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""
