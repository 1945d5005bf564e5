"""A desk that is killed (SIGKILL) anywhere in a step: the step is whole or not there, and can be taken, or is told as taken.

A process of its own is warmed up once and forked for every step; it kills itself at the n-th line of what takes a step, the statements and
commits of both databases among them.
"""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipelines.review import counter
from pipelines.review.store import read_all
from pipelines.upkeep import history
from pipelines.web.views import common
from tests.making import City, first_of, nightly
from tests.web.conftest import PASSWORD
from tests.web.test_steps import ANSWER, hidden, matter

POINTS = 4  # drawn beside those at the ends and around each commit
STEPPING = """
import json, os, signal, sys
from datetime import date
from pathlib import Path
from pipelines.settings.city import CityFolder
from pipelines.web import config
folder, day, question, password, answer = sys.argv[1:]
city = CityFolder(Path(folder), today=date.fromisoformat(day))
config.configure(city, city.today)
from django.db import connections
from django.test import Client
from django.urls import resolve
resolve("/")
connections.close_all()
PLACES = ("/web/views/question.py", "/web/views/drafts.py", "/web/audit.py", "/review/counter.py", "/review/store.py",
          "/review/evidence.py", "/sqlalchemy/engine/default.py", "/django/db/backends/sqlite3/base.py")

def step(kill_at):
    client = Client(headers={"host": "127.0.0.1"})
    client.post("/login", {"username": "kanri", "password": password})
    page = f"/questions/{question}"
    client.post(f"{page}/draft", {"explanation": "a draft"})
    seen = client.get(page).content.decode().partition('name="seen" value="')[2].partition('"')[0]
    passed = []
    def traced(frame, event, _):
        if not frame.f_code.co_filename.endswith(PLACES):
            return None
        if event == "line":
            passed.append(frame.f_code.co_name)
            if len(passed) == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
        return traced
    sys.settrace(traced)
    client.post(f"{page}/answer", {**json.loads(answer), "seen": seen})
    sys.settrace(None)
    return passed

print("ready", flush=True)
for line in sys.stdin:
    came, goes = os.pipe()
    if not (child := os.fork()):
        os.write(goes, json.dumps(step(int(line))).encode())
        os._exit(0)
    os.close(goes)
    told = os.fdopen(came).read()
    print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), told]), flush=True)
"""
Stepped = Callable[[int], tuple[int, list[str]]]


@contextmanager
def stepping(city: City) -> Iterator[Stepped]:
    """Give what takes the step anew in a process and kills it at its n-th line (0: never); tells how it ended and its lines."""
    words = [str(city.folder), str(city.today), matter(city), PASSWORD, json.dumps(ANSWER)]
    driver = subprocess.Popen(
        [sys.executable, "-c", STEPPING, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert driver.stdin is not None and driver.stdout is not None
    assert driver.stdout.readline() == "ready\n"

    def taken(kill_at: int) -> tuple[int, list[str]]:
        print(kill_at, file=driver.stdin, flush=True)
        assert driver.stdout is not None
        code, passed = json.loads(driver.stdout.readline())
        return code, json.loads(passed or "[]")

    try:
        yield taken
    finally:
        driver.stdin.close()
        driver.wait(20)


def stores(city: City) -> list[Path]:
    return [Path(city.paths.decisions_url.removeprefix("sqlite:///")), city.paths.accounts]


def put_back(kept: dict[Path, bytes]) -> None:
    """The stores as they were, and nothing open of those before."""
    from django.db import connections

    connections.close_all()
    common.forget()
    for path, content in kept.items():
        for each in (path, path.with_name(f"{path.name}-journal")):
            each.unlink(missing_ok=True)
        path.write_bytes(content)


def audited(city: City) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(city.paths.accounts)) as store:
        return store.execute("SELECT id, account, event, detail FROM desk_auditline ORDER BY id").fetchall()


def points(passed: list[str], seed: int) -> list[int]:
    """The first and the last line, those around each commit, and some that are drawn."""
    commits = [at for at, name in enumerate(passed, start=1) if name == "do_commit"]  # a line each
    ends = [at for at, name in enumerate(passed, start=1) if name == "_set_autocommit"][-1:]
    drawn = random.Random(seed).sample(range(1, len(passed)), POINTS)
    return sorted({1, len(passed), *commits, *(at + 1 for at in commits), *ends, *drawn})


@pytest.mark.parametrize("seed", first_of(range(6)))
def test_a_kill_anywhere_in_a_step_loses_nothing(desk: City, browser: Callable[..., Any], seed: int) -> None:
    from pipelines.web.models import UnsentForm

    with counter.desk(desk.paths) as open_desk:
        other = next(f.flag_id for f in open_desk.flags.values() if not f.has_doubts)
    counter.answer(desk.paths, other, "P3", "先の回答", data_are_right=False)
    nightly(desk.paths)  # puts the head of the decisions on record
    page = f"/questions/{matter(desk)}"
    sent = ANSWER | {"seen": hidden(browser("kanri"), page)}
    before, lines = read_all(desk.paths.decisions_url), audited(desk)
    kept = {path: path.read_bytes() for path in stores(desk)}
    outcomes = set()
    with stepping(desk) as taken:
        put_back(kept)
        code, passed = taken(0)
        assert code == 0 and len(read_all(desk.paths.decisions_url)) == 2, "unkilled it is taken"
        for at in points(passed, seed):
            put_back(kept)
            where = f"killed at line {at} of {len(passed)}, in {passed[at - 1]}"
            assert taken(at) == (-signal.SIGKILL, []), where
            found = read_all(desk.paths.decisions_url)
            assert found[:1] == before and len(found) <= 2, where
            is_taken = len(found) == 2
            outcomes.add(is_taken)
            for store in stores(desk):
                with closing(sqlite3.connect(store)) as opened:
                    assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",), where
            assert history.lost(desk.paths) == [], where
            told = audited(desk)
            assert told[: len(lines)] == lines, where
            assert is_taken or not [line for line in told[len(lines) :] if line[2] == "answer"], where
            assert is_taken or UnsentForm.objects.filter(fields__explanation="a draft").exists(), where
            assert all(ANSWER["explanation"] in str(d.comment) and d.recorded_by == "kanri@desk" for d in found[1:]), (
                where
            )
            again = browser("kanri").post(f"{page}/answer", sent)
            assert again.status_code == (409 if is_taken else 302), where
            assert len(read_all(desk.paths.decisions_url)) == 2, where
    assert outcomes == {True, False}, "killed before the writing and after it"
