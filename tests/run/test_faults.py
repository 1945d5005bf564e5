"""Kill it anywhere, fill its disk, take its rights: the old publication stays whole and the next night completes.

KILLS: how many nights are killed (8; ``make torture`` 200).
"""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.history.records import History
from pipelines.review import store as decisions
from pipelines.run.guard import RunFailedError
from pipelines.sources import parsed_store
from pipelines.sources.arrive import inbox
from pipelines.sources.open import inspect_file, read_apart
from pipelines.warehouse import database
from tests import killing
from tests.making import City, monthly, one, rows_of

MOUNT, UMOUNT = "/bin/mount", "/bin/umount"
KILLS = int(os.environ.get("KILLS", "8"))
SEED = int(os.environ.get("FUZZ_SEED", "20261120"))
STATE = "SELECT count(*), coalesce(sum(quantity), 0) FROM current_readings"
BROKEN = "SELECT count(*) FROM invariant_results WHERE failing_rows > 0"


def published_state(path: Path) -> tuple[int, Decimal]:
    connection = database.connect_published(path)
    try:
        assert one(connection, BROKEN) == 0
        return rows_of(connection, STATE)[0]
    finally:
        connection.close()


def killed_after(seconds: float, work: object, *arguments: object) -> bool:
    """Run in a process of its own and kill it after a while; tells whether it was still alive."""
    process = killing.FORKS.Process(target=work, args=arguments)  # type: ignore[arg-type]
    process.start()
    process.join(seconds)
    alive = process.is_alive()
    process.kill()
    process.join()
    return alive


def test_nights_killed_at_random_moments_lose_and_double_nothing(city: City) -> None:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    city.publish()
    begun = time.monotonic()
    assert not killed_after(120, killing.night, str(city.folder)), "a night with nothing new"
    city.bills("fuel/b.csv", [("M1", "2021-03-01", "2021-04-01", 1, "L")])
    begun = time.monotonic()
    assert not killed_after(120, killing.night, str(city.folder))
    usual = time.monotonic() - begun
    possible = [published_state(city.paths.published)]
    moments = random.Random(SEED)
    hits = 0
    for number in range(KILLS):
        month = f"{2000 + number // 12}-{number % 12 + 1:02d}"
        city.file(
            f"fuel/k{number}.csv",
            f"meter_id,started_at,ended_at,quantity,unit\nM1,{month}-01,{month}-15,{number + 1},L\n",
            f"2026-06-02 {number % 24:02d}:{number // 24:02d}",
        )
        count, total = possible[-1]
        possible.append((count + 1, total + number + 1))
        hits += killed_after(moments.uniform(0, usual * 1.1), killing.night, str(city.folder))
        found = published_state(city.paths.published)
        assert found in possible, "the state before or after, never between"
        possible = possible[possible.index(found) :]
    assert hits > KILLS // 3, "most nights must really have been killed"
    assert not killed_after(120, killing.night, str(city.folder))
    assert published_state(city.paths.published) == possible[-1], "nothing lost, nothing twice"
    records = inbox.ledger(city.paths.history)
    assert len(records) == KILLS + 2
    outcomes = [row["outcome"] for row in History(city.paths.history).read("runs")]
    assert outcomes.count("crashed") <= hits
    connection = database.connect_published(city.paths.published)
    assert one(connection, "SELECT count(*) - count(DISTINCT run_id) FROM publications") == 0
    assert one(connection, "SELECT count(*) - count(DISTINCT path) FROM source_files") == 0
    connection.close()
    assert parsed_store.damaged(city.paths.parsed, city.paths.history, wholly=True) == []
    assert list((city.paths.data / "next").iterdir()) == []


def test_decisions_killed_while_written_are_whole_or_absent(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'decisions.sqlite'}"
    moments = random.Random(SEED)
    acknowledged = 0
    for number in range(max(5, KILLS // 4)):
        assert killed_after(moments.uniform(0.05, 0.5), killing.decide, url, number)
        found = [d.decision_id for d in decisions.read_all(url)]
        assert len(found) == len(set(found)) and len(found) >= acknowledged
        assert all(name[:-1] + ("b" if name[-1] == "a" else "a") in found for name in found), "both or none"
        acknowledged = len(found)
    assert acknowledged > 0


# ---------------------------------------------------------------- the disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, 64 MB: only a true disk fills up or turns read-only. Mounting takes root (or CAP_SYS_ADMIN)."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        [MOUNT, "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        told = made.stderr.decode(errors="replace").strip()
        pytest.skip(f"a full and a read-only disk are tried by root only, who may mount a small one: {told}")
    yield folder
    subprocess.run([UMOUNT, "-l", str(folder)], check=False)


def test_a_full_disk_ends_in_a_sentence_and_the_next_night_completes(city: City, small_disk: Path) -> None:
    data = str(small_disk / "data")
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    killing.night(str(city.folder), data)
    published = small_disk / "data" / "emissions.duckdb"
    before = published.read_bytes()
    city.bills("fuel/b.csv", monthly("M1", 2020, 2021, 100))
    filler = small_disk / "filler"
    for room in (0, 20_000, 400_000):  # the disk fills at another step each time
        filler.unlink(missing_ok=True)
        left = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
        filler.write_bytes(b"x" * (left - room))
        with pytest.raises(RunFailedError, match="空きを増やし"):
            killing.night(str(city.folder), data)
        assert published.read_bytes() == before
    filler.unlink()
    killing.night(str(city.folder), data)
    assert published_state(published) == (72, Decimal(7200))


def test_a_read_only_disk_ends_in_a_sentence(city: City, small_disk: Path) -> None:
    data = str(small_disk / "data")
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    killing.night(str(city.folder), data)
    city.bills("fuel/b.csv", monthly("M1", 2020, 2021, 100))
    subprocess.run([MOUNT, "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(RunFailedError, match="読み書き"):
        killing.night(str(city.folder), data)
    assert published_state(small_disk / "data" / "emissions.duckdb")[0] == 48, "readers need no right to write"
    subprocess.run([MOUNT, "-o", "remount,rw", str(small_disk)], check=True)
    killing.night(str(city.folder), data)
    assert published_state(small_disk / "data" / "emissions.duckdb")[0] == 72


HEAD = "meter_id,started_at,ended_at,quantity,unit\n"


@pytest.mark.parametrize("when", ["looked at", "read"])
@pytest.mark.parametrize("what", ["vanishes", "grows"])
def test_a_file_that_changes_under_our_hands_is_taken_next_time(
    city: City, monkeypatch: pytest.MonkeyPatch, what: str, when: str
) -> None:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    city.file("fuel/b.csv", HEAD + "M1,2020-04-01,2020-05-01,7,L\n")
    raw = city.folder / "inbox/fuel/b.csv"
    grown = raw.read_text(encoding="utf-8") + "M1,2020-05-01,2020-06-01,8,L\n"

    def meddle() -> None:
        raw.unlink(missing_ok=True)
        if what == "grows":
            raw.write_text(grown, encoding="utf-8")

    place, name = (inspect_file, "_look") if when == "looked at" else (read_apart, "open_file")
    real = getattr(place, name)

    def meddled(first: Any, *rest: Any) -> Any:
        found = real(first, *rest)
        if (first.path if when == "looked at" else first.inspected.path) == raw:
            meddle()
        return found

    monkeypatch.setattr(place, name, meddled)
    killing.night(str(city.folder))
    assert published_state(city.paths.published)[0] == 48
    monkeypatch.undo()
    raw.write_text(grown, encoding="utf-8")
    killing.night(str(city.folder))
    assert published_state(city.paths.published)[0] == 50
