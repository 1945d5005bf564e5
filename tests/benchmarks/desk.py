"""How fast the desk answers: ``python -m tests.benchmarks.desk [FACILITIES [USERS [SECONDS]]]`` (900, 20, 60).

Publishes a large city with faults, serves its desk in a process of its own, and lets so many people read, with one to three seconds of
thought between two pages: first alone, then while a night of the same city runs and publishes. Prints the median, the 95th percentile and
the most of every kind of page in milliseconds beside the floor of the same moment (an address that does nothing), and what memory the
desk took.
"""

from __future__ import annotations

import http.client
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import psutil

from pipelines.settings.city import CityFolder
from pipelines.web import accounts
from tests.monday import FIRST_NIGHT, USUAL, Weeks, faulty

PASSWORD = "a long word 4 nobody"  # noqa: S105 - of a benchmark
EVERY = 100_000
FLOOR = "/favicon.ico"
Times = dict[str, list[float]]


class Reader(threading.Thread):
    """One person: logs in, and reads with pauses until told to stop."""

    def __init__(self, port: int, account: str, seed: int) -> None:
        super().__init__(daemon=True)
        self.port, self.account, self.chance = port, account, random.Random(seed)
        self.cookie = ""
        self.times: Times = defaultdict(list)
        self.failed: list[tuple[str, int]] = []
        self.going = threading.Event()
        self.going.set()

    def run(self) -> None:
        page = self.get("/login")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token
        self.get("/login", {"username": self.account, "password": PASSWORD, "csrfmiddlewaretoken": token[1]})
        questions = re.findall(r'href="(/questions/[0-9a-f]+)"', self.get("/questions"))
        time.sleep(5)  # until all have logged in: a password takes long on purpose
        self.times.clear()
        while self.going.is_set():
            for path in (FLOOR, "/", "/questions", self.chance.choice(questions), "/questions?state=open&page=2", "/confirm",
                         "/analysis/6"):  # fmt: skip
                self.get(path)
                time.sleep(self.chance.uniform(1, 3))
                if not self.going.is_set():
                    return

    def get(self, path: str, fields: dict[str, str] | None = None) -> str:
        """Ask, and note how long the whole answer took."""
        body = urllib.parse.urlencode(fields) if fields else None
        head = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        began = time.perf_counter()
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("POST" if fields else "GET", path, body, head)
            answer = connection.getresponse()
            text = answer.read().decode()
        kind = "/questions/ID" if re.fullmatch("/questions/[0-9a-f]+", path) else path
        self.times[kind].append((time.perf_counter() - began) * 1000)
        if answer.status >= 400:
            self.failed.append((path, answer.status))
        for name, value in answer.getheaders():
            if name == "Set-Cookie":
                jar = dict(each.split("=", 1) for each in self.cookie.split("; ") if each)
                key, _, rest = value.partition("=")
                self.cookie = "; ".join(f"{k}={v}" for k, v in (jar | {key: rest.partition(";")[0]}).items())
        return text


def read(
    port: int, users: int, seconds: float, names: list[str], until: subprocess.Popen[bytes] | None = None
) -> Times:
    """Let people read for so long, or until a process ends; return the times of each kind of page."""
    readers = [Reader(port, names[number % len(names)], number) for number in range(users)]
    for reader in readers:
        reader.start()
    if until is None:
        time.sleep(seconds)
    else:
        until.wait()
    for reader in readers:
        reader.going.clear()
    for reader in readers:
        reader.join()
    found: Times = defaultdict(list)
    for reader in readers:
        for kind, times in reader.times.items():
            found[kind] += times
        if reader.failed:
            sys.stdout.write(f"  failed: {reader.failed[:3]}\n")
    return found


def told(title: str, found: Times) -> None:
    """Print a table: the floor first."""
    sys.stdout.write(f"{title}\n  page\tasked\tmedian\tp95\tmost (ms)\n")
    for kind, times in sorted(found.items(), key=lambda one: one[0] != FLOOR):
        cut = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
        sys.stdout.write(f"  {kind}\t{len(times)}\t{statistics.median(times):.0f}\t{cut:.0f}\t{max(times):.0f}\n")
    sys.stdout.flush()


def main(facilities: int = 900, users: int = 20, seconds: int = 60) -> int:
    """Print both tables and the memory."""
    with tempfile.TemporaryDirectory() as folder, closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
        home = Path(folder) / "city"
        weeks = Weeks(faulty(facilities, 1), home, EVERY)
        with closing(weeks.night(FIRST_NIGHT)) as made:
            sizes = made.execute(
                """SELECT (SELECT count(DISTINCT fiscal_year) FROM emissions_by_facility_fiscal_year),
                   (SELECT count(*) FROM doubts), (SELECT count(*) FROM flags), (SELECT count(*) FROM questions)"""
            ).fetchone()
        sys.stdout.write(f"{facilities} facilities; years, doubts, flags, questions: {sizes}\n")
        with (home / "city.toml").open("a", encoding="utf-8") as settings:
            settings.write(f"\n[desk]\nport = {port}\n")
        city = CityFolder(home, today=FIRST_NIGHT)
        names = [f"R{number:02}" for number in range(8)] + ["OP-0", "OP-1"]
        for name in names:
            accounts.add(city, name, PASSWORD)
        free.close()
        call = [sys.executable, "-m", "pipelines.cli.main", "--city", str(home), "--today", str(FIRST_NIGHT)]
        desk = subprocess.Popen([*call, "review", "serve"], stdout=subprocess.DEVNULL)
        try:
            time.sleep(5)
            told(f"{users} people, nothing else", read(port, users, seconds, names))
            weeks.put(USUAL[0])
            night = subprocess.Popen([*call[:-1], str(USUAL[0]), "nightly"], stdout=subprocess.DEVNULL)
            told(f"{users} people while a night runs", read(port, users, seconds, names, night))
            megabytes = psutil.Process(desk.pid).memory_info().rss / 1e6
            sys.stdout.write(f"memory of the desk {megabytes:.0f} MB, night's exit code {night.returncode}\n")
        finally:
            desk.terminate()
            desk.wait(10)
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
