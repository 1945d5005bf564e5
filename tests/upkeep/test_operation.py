"""Running the thing: one at a time, on record, announced, stopped in time, backed up, tidied, verified."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.cli import main
from pipelines.history.records import History
from pipelines.run.building import build
from pipelines.run.guard import RunFailedError, guarded, missed
from pipelines.run.lock import AlreadyRunning, run_lock, running
from pipelines.run.night import LostFilesError, Night
from pipelines.settings.city import load_settings
from pipelines.settings.city_file import SettingsError
from pipelines.sources import parsed_store
from pipelines.upkeep import backup, doctor, tidy
from pipelines.warehouse import database
from pipelines.warehouse.publish import HeldBack
from pipelines.warehouse.time_limit import TimeLimit, TimeLimitError
from tests import announced
from tests.making import City, Done, monthly, nightly, one, writable

DIES_IN_A_RUN = """
import os, sys
from pathlib import Path
from pipelines.run.night import Night
from pipelines.run.guard import guarded
from pipelines.settings.city import CityFolder
with guarded(Night(CityFolder(Path(sys.argv[1])))):
    print("under way", flush=True)
    sys.stdin.readline()
    os.kill(os.getpid(), 9)
"""


def outcomes(city: City) -> list[str]:
    return [row["outcome"] for row in History(city.paths.history).read("runs")]


def command(city: City, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main.app, ["--city", str(city.folder), *words])
    return result.exit_code, result.output


def night(city: City) -> Done:
    """A whole night without Prefect and gate."""
    return nightly(city.paths, guarded)


# ---------------------------------------------------------------- one at a time


def test_a_second_start_says_who_is_running_and_a_death_is_on_record(city: City) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", DIES_IN_A_RUN, str(city.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None and child.stdin is not None
    child.stdout.readline()
    holder = running(city.paths.data)
    assert holder is not None and holder.pid == child.pid
    with pytest.raises(AlreadyRunning, match=rf"{holder.since}.*{child.pid}"), guarded(Night(city.paths)):
        pytest.fail("two at a time")
    assert f"{child.pid}" in command(city, "runs")[1]
    assert outcomes(city) == []
    child.communicate("\n")
    assert running(city.paths.data) is None, "the lock died with its process"
    night(city)
    night(city)
    assert outcomes(city) == ["crashed", "published", "nothing_new"], "the death is told once"
    crashed = History(city.paths.history).read("runs")[0]
    assert crashed["run_id"] == holder.run_id and str(child.pid) in crashed["run_problem"]


def test_the_lock_of_a_run_that_ended_well_or_ill_is_empty(tmp_path: Path) -> None:
    with run_lock(tmp_path, datetime(2026, 6, 1), "a"):
        pass
    with pytest.raises(ValueError, match="ill"), run_lock(tmp_path, datetime(2026, 6, 1), "b") as died:
        assert died is None
        raise ValueError("ill")
    with run_lock(tmp_path, datetime(2026, 6, 1), "c") as died:
        assert died is None


# ---------------------------------------------------------------- in time


def test_a_time_limit_interrupts_duckdb_itself() -> None:
    connection = database.connect()
    begun = time.monotonic()
    with pytest.raises(TimeLimitError, match="longest_minutes"), TimeLimit(0.3):
        connection.execute("CREATE TABLE t AS SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b")
    assert time.monotonic() - begun < 10, "this statement would take hours"
    assert one(connection, "SELECT 1") == 1, "and the connection is usable after"


def test_a_closed_connection_that_somebody_still_holds_is_passed_over() -> None:
    closed = [database.connect() for _ in range(20)]
    for connection in closed:
        connection.close()
    test_a_time_limit_interrupts_duckdb_itself()
    assert len(closed) == 20


def test_a_night_that_takes_too_long_is_on_record_and_publishes_nothing(city: City) -> None:
    night(city)
    before = city.paths.published.read_bytes()
    city.bills("fuel/a.csv", monthly("M1", 2024, 2025, 100))
    run = Night(city.paths)
    run.limit = TimeLimit(0.0)
    with pytest.raises(TimeLimitError), guarded(run):
        time.sleep(0.3)
        with run.timed("receive"):
            pytest.fail("no step begins after the end")
    assert outcomes(city) == ["published", "timed_out"] and city.paths.published.read_bytes() == before
    assert night(city).outcome.published


def test_a_finished_limit_interrupts_nothing() -> None:
    with TimeLimit(0.2) as limit:
        limit.finish()
        time.sleep(0.5)
        assert one(database.connect(), "SELECT 1") == 1
    assert not limit.is_over


# ---------------------------------------------------------------- told


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    with announced.webhook() as taking:
        yield taking


def test_what_became_of_a_run_is_announced(
    city: City,
    webhook: tuple[str, list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with (city.folder / "city.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[announce]\nwebhook_env = "CITY_WEBHOOK"\n')
    address, posts = webhook
    monkeypatch.setenv("CITY_WEBHOOK", address)
    night(city)
    assert posts == [], "a good night is not announced unless asked for"
    with pytest.raises(HeldBack), guarded(Night(city.paths)):
        raise HeldBack({"row_account": 3})
    with pytest.raises(KeyError), guarded(Night(city.paths)):
        raise KeyError("ours")
    with pytest.raises(RunFailedError, match="空き"), guarded(Night(city.paths)):
        raise OSError(28, "No space left on device")
    told = [(post["outcome"], post["text"]) for post in posts]
    assert [outcome for outcome, _ in told] == ["held_back", "failed", "failed"]
    assert "試験市" in told[0][1] and "row_account: 3" in told[0][1] and "空きを増やし" in told[2][1]

    monkeypatch.setenv("CITY_WEBHOOK", "http://127.0.0.1:9/secret")
    with pytest.raises(HeldBack), guarded(Night(city.paths)):
        raise HeldBack({"row_account": 3})
    monkeypatch.delenv("CITY_WEBHOOK")
    with pytest.raises(HeldBack), guarded(Night(city.paths)):
        raise HeldBack({"row_account": 3})
    printed = capsys.readouterr().err
    assert "Webhookに通知できません" in printed and "CITY_WEBHOOK" in printed and "secret" not in printed


# ---------------------------------------------------------------- when


def test_a_missed_night_is_seen(city: City) -> None:
    assert missed(city.paths) is None, "nothing is late before the first night"
    runs = city.paths.history / "runs.jsonl"
    runs.parent.mkdir(parents=True)
    now = city.paths.now()
    for hours, late in ((1, False), (49, True)):
        due = now - timedelta(hours=2)
        with (city.folder / "city.toml").open("a", encoding="utf-8") as settings:
            settings.write(f'\n[schedule]\ncron = "{due.minute} {due.hour} * * *"\n' if hours == 1 else "")
        runs.write_text(json.dumps({"started_time": str(now - timedelta(hours=hours))}) + "\n", encoding="utf-8")
        found = missed(city.paths)
        assert (found is not None) == late
        assert found is None or found.replace(second=0) == due.replace(second=0)


def test_a_wrong_cron_line_is_refused_by_name(city: City) -> None:
    with (city.folder / "city.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[schedule]\ncron = "every night"\n')
    with pytest.raises(SettingsError, match=r"schedule\.cron"):
        load_settings(city.folder)


def test_how_the_night_is_run_changes_no_number(city: City) -> None:
    before = load_settings(city.folder).method
    text = (city.folder / "city.toml").read_text(encoding="utf-8")
    (city.folder / "city.toml").write_text(f"{text}\n# note\n[schedule]\nlongest_minutes = 9\n", encoding="utf-8")
    assert load_settings(city.folder).method == before
    (city.folder / "city.toml").write_text(f"{text}\n[thresholds]\nbill_late_days = 59\n", encoding="utf-8")
    assert load_settings(city.folder).method != before


# ---------------------------------------------------------------- kept


def published(city: City) -> City:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    night(city)
    return city


def test_a_backup_restores_the_same_folder(city: City, tmp_path: Path) -> None:
    published(city)
    with closing(sqlite3.connect(city.paths.data / "decisions.sqlite")) as decisions:
        decisions.execute("CREATE TABLE kept (x)")
        decisions.execute("INSERT INTO kept VALUES (42)")
        decisions.commit()
    before = city.paths.published.read_bytes()
    file = tmp_path / "b.tar.gz"
    assert command(city, "backup", str(file))[0] == 0
    assert command(city, "backup", str(file))[0] == 1, "never over a backup that exists"
    with pytest.raises(backup.BackupError, match="--over"):
        backup.restore(city.paths, file)
    writable(city.paths.published).write_bytes(b"broken")
    (city.paths.history / "runs.jsonl").unlink()
    assert command(city, "restore", str(file), "--over")[0] == 0
    assert city.paths.published.read_bytes() == before and outcomes(city) == ["published"]
    with closing(sqlite3.connect(city.paths.data / "decisions.sqlite")) as decisions:
        assert decisions.execute("SELECT x FROM kept").fetchall() == [(42,)]
    assert len(list(city.folder.glob("*.before-*"))) == 1, "what stood there is moved aside"
    assert night(city).outcome.nothing_new is False and outcomes(city)[-1] == "nothing_new"


def test_a_damaged_or_hostile_backup_changes_nothing(city: City, tmp_path: Path) -> None:
    published(city)
    file = tmp_path / "b.tar"
    backup.back_up(city.paths, file)
    before = city.paths.published.read_bytes()
    raw = bytearray(file.read_bytes())
    at = raw.index(before[:4096])
    raw[at + 100] ^= 1
    (tmp_path / "flipped.tar").write_bytes(raw)
    (tmp_path / "cut.tar").write_bytes(file.read_bytes()[: len(raw) // 2])
    with tarfile.open(tmp_path / "hostile.tar", "w") as tar:
        tar.add(file, "../outside.txt")
    (tmp_path / "text.tar").write_text("no tar", encoding="utf-8")
    for name in ("flipped", "cut", "hostile", "text"):
        with pytest.raises(backup.BackupError, match=name):
            backup.restore(city.paths, tmp_path / f"{name}.tar", over=True)
    assert city.paths.published.read_bytes() == before
    assert not (city.folder / "outside.txt").exists() and not list(city.folder.glob("*restoring*"))


def test_tidy_removes_only_what_can_be_made_anew(city: City) -> None:
    published(city)
    assert tidy.look(city.paths) == []
    month_ago = time.time() - 40 * 86_400
    with (city.folder / "city.toml").open("a", encoding="utf-8") as settings:
        settings.write(
            "\n[layouts.never]\ncolumns = {start = 1, end = 2, quantity = 3}\nheader = ['never']\nmeter_from = '=M1'\n"
        )
    batch = parsed_store.batches_in_use(city.paths.parsed)[0]
    (city.paths.data / "tmp" / "parse-x").mkdir(parents=True)
    (city.paths.parsed / parsed_store.DAMAGED).mkdir()
    (city.paths.parsed / parsed_store.DAMAGED / "values-1.parquet").touch()
    city.bills("fuel/old.csv", monthly("M1", 2010, 2010, 100), "2011-06-01 09:00")
    night(city)  # with another layout of the city's own, everything is read anew
    for path in (*city.paths.data.glob("*/*"), *city.paths.parsed.glob("damaged/*")):
        os.utime(path, (month_ago, month_ago))
    found = {(each.path.name, each.is_ours) for each in tidy.look(city.paths)}
    unused = {(f"{kind}-{batch}.parquet", True) for kind in parsed_store.KINDS} | {(f"hashes-{batch}.json", True)}
    assert found == unused | {("parse-x", True), ("values-1.parquet", True), ("old.csv", False)}
    assert command(city, "tidy", "--remove")[0] == 0
    assert [each.path.name for each in tidy.look(city.paths)] == ["old.csv"]
    assert night(city).outcome.files_total == 2 and outcomes(city)[-1] == "nothing_new"


def deep(city: City) -> dict[str, str]:
    return {one.what_en: one.state for one in doctor.examine(city.folder, None, deep=True)}


def test_doctor_deep_finds_each_kind_of_damage(city: City) -> None:
    published(city)
    assert set(deep(city).values()) == {"ok"}, deep(city)
    spoilt = {
        "hashes of parsed/": next(city.paths.parsed.glob("values-*.parquet")),
        "kept registers": next((city.paths.history / "kept").rglob("*.csv")),
        "lines of the history": city.paths.history / "publications.jsonl",
        "received files": city.folder / "inbox/fuel/a.csv",
    }
    for what, path in spoilt.items():
        kept = path.read_bytes()
        path.write_bytes(kept + b"{ x\n")
        assert {name for name, state in deep(city).items() if state != "ok"} == {what}
        path.write_bytes(kept)
    connection = duckdb.connect(str(writable(city.paths.published)))
    connection.execute("UPDATE energy_by_meter_day SET quantity = quantity + 1 WHERE quantity IS NOT NULL")
    connection.execute("ALTER TABLE flags ADD COLUMN secret VARCHAR")
    connection.close()
    bad = {name for name, state in deep(city).items() if state == "bad"}
    assert bad == {"invariants, all years", "dictionary", "hash of the published file"}


# ---------------------------------------------------------------- what breaks


def test_damaged_parsed_files_are_parsed_again(city: City) -> None:
    published(city)
    total = "SELECT sum(quantity) FROM readings"
    for damage in ("bytes", "gone"):
        path = next(city.paths.parsed.glob("values-*.parquet"))
        if damage == "bytes":
            raw = bytearray(path.read_bytes())
            raw[len(raw) // 2] ^= 255
            path.write_bytes(raw)
        else:
            path.unlink()
        run = night(city)
        assert [notice["rule_id"] for notice in run.outcome.notices] == ["parsed_damaged"]
        assert parsed_store.damaged(city.paths.parsed, city.paths.history, wholly=True) == []
    with city.built("readings") as made:
        assert one(made, total) == 48 * 100


def test_values_that_are_lost_stop_the_night_by_name(city: City) -> None:
    published(city)
    before = city.paths.published.read_bytes()
    next(city.paths.parsed.glob("values-*.parquet")).write_bytes(b"")
    raw = city.folder / "inbox/fuel/a.csv"
    kept = raw.read_bytes()
    raw.unlink()
    with pytest.raises(LostFilesError, match=r"fuel/a\.csv"):
        night(city)
    assert city.paths.published.read_bytes() == before and outcomes(city)[-1] == "failed"
    assert deep(city)["parsed values"] == "bad"
    raw.write_bytes(kept)
    night(city)
    with city.built("readings") as made:
        assert one(made, "SELECT sum(quantity) FROM readings") == 48 * 100


@pytest.mark.parametrize("content", [b"", b"no database", b"\0" * 8 + b"DUCK" + b"\xff" * 4000])
def test_a_published_file_nobody_can_open_is_made_anew(city: City, content: bytes) -> None:
    published(city)
    writable(city.paths.published).write_bytes(content)
    run = night(city)
    assert run.outcome.published and [notice["rule_id"] for notice in run.outcome.notices] == ["published_unreadable"]
    assert len(list(city.paths.data.glob("unreadable-*.duckdb"))) == 1
    connection = database.connect_published(city.paths.published)
    assert one(connection, "SELECT count(*) FROM publications") == 2, "the history did not depend on it"
    connection.close()


def test_a_clock_set_back_loses_nothing(city: City) -> None:
    published(city)
    city.file("fuel/late.csv", "meter_id,started_at,ended_at,quantity,unit\nM1,2021-04-01,2021-05-01,7,L\n")
    ledger = city.folder / "inbox/fuel/received.csv"
    ledger.unlink()  # so that the clock decides when the new file was received
    run = Night(city.paths)
    run.started = run.started - timedelta(days=400)
    with guarded(run):
        arrived = run.receive()
        run.read_files(arrived)
        build(run, run.load_registers(arrived)).publish()
    assert run.outcome.published and run.outcome.counts["received"] == 49


def test_a_file_that_grows_while_it_is_read_is_taken_again(city: City) -> None:
    head = "meter_id,started_at,ended_at,quantity,unit\n"
    city.file("fuel/a.csv", head + "M1,2024-04-01,2024-05-01,7,L\n")
    night(city)
    with (city.folder / "inbox/fuel/a.csv").open("a", encoding="utf-8") as stream:
        stream.write("M1,2024-05-01,2024-06-01,8,L\n")
    run = night(city)
    assert run.outcome.published
    connection = database.connect_published(city.paths.published)
    assert one(connection, "SELECT sum(quantity) FROM current_readings") == 15
    assert one(connection, "SELECT count(*) FROM source_files") == 2, "both contents were received"
    connection.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_missing_rights_are_told_in_a_sentence(city: City) -> None:
    published(city)
    city.bills("fuel/b.csv", monthly("M1", 2020, 2020, 100))
    city.paths.data.chmod(0o500)
    try:
        with pytest.raises(RunFailedError, match="読み書き"):
            night(city)
    finally:
        city.paths.data.chmod(0o700)
    assert night(city).outcome.published
