"""The night on workers of a cluster gives the tables of the night in one process, also when a worker dies; several cities."""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from flows.runners import Held, Runner, RunnerError
from pipelines.cities.aggregate import CityListError, Told, listed, write
from pipelines.settings.city import CityFolder
from tests.making import City, monthly
from tests.warehouse.test_incremental import different

COMMAND = [str(Path(sys.executable).with_name("facility-emissions"))]
FILES = 40


def many_files(city: City) -> City:
    """A city whose files make many batches."""
    settings = city.folder / "city.toml"
    text = settings.read_text(encoding="utf-8").replace("[limits]\n", "[limits]\nbatch_files = 2\n")
    settings.write_text(text, encoding="utf-8")
    for number in range(FILES):
        year, month = divmod(2022 * 12 + 3 + number, 12)
        rows = [
            row
            for row in monthly("M1", year - 1, year, 100 + number)
            if row[1].year == year and row[1].month == month + 1
        ]
        city.bills(f"fuel/{number:02d}.csv", rows)
    return city


def workers_of(command: subprocess.Popen[bytes]) -> list[int]:
    """The processes of the cluster that a command started."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            line = (folder / "cmdline").read_bytes()
        except (OSError, IndexError):
            continue
        if parent == str(command.pid) and b"spawn_main" in line:
            found.append(int(folder.name))
    return sorted(found)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the workers in /proc")
def test_two_workers_of_which_one_dies_give_the_same_tables(city: City, tmp_path: Path) -> None:
    pytest.importorskip("prefect_dask")
    many_files(city)
    alone = city.copied(tmp_path / "alone")
    alone.publish()
    night = subprocess.Popen(
        [*COMMAND, "--city", str(city.folder), "nightly", "--runner", "dask", "--workers", "2", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "COLUMNS": "80"},
    )  # fmt: skip
    until = time.monotonic() + 200
    while len(list(city.paths.parsed.glob("files-*.parquet"))) < 2:
        assert night.poll() is None, "the night ended before a worker could be killed"
        assert time.monotonic() < until, "no batch was read"
        time.sleep(0.01)
    os.kill(workers_of(night)[0], signal.SIGKILL)
    read = len(list(city.paths.parsed.glob("files-*.parquet")))
    out, _ = night.communicate(timeout=300)
    assert night.returncode == 0
    assert json.loads(out)["files_new"] == FILES
    assert read < FILES // 2, "the worker was killed after the last batch"
    assert different(city.paths.published, alone.paths.published) == {}


def test_a_runner_that_cannot_be_used_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RunnerError, match="PREFECT_API_URL"):
        Runner("dask", "tcp://192.0.2.1:8786").check(None)
    Runner("dask", "tcp://192.0.2.1:8786").check("http://server/api")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(RunnerError, match="scale"):
        Runner("dask").check(None)


def test_what_is_held_stays_in_its_process() -> None:
    held = Held([1])
    assert held.value == [1]
    with pytest.raises(RuntimeError):
        _ = pickle.loads(pickle.dumps(held)).value  # noqa: S301 - our own bytes


def two_cities(make_city: Callable[..., City]) -> tuple[City, City, Path]:
    first, second = make_city(), make_city()
    second.register("facilities", [{"facility_id": "F1", "name": "支所", "operator_id": "OP", "use_class": "office"}])
    for city, amount in ((first, 100), (second, 200)):
        city.register("facility_facts", [{"facility_id": "F1", "floor_area_m2": 1000}])
        city.bills("fuel/a.csv", monthly("M1", 2022, 2025, amount))
    first.register("facilities", [{"facility_id": "F1", "name": "本庁舎", "operator_id": "OP", "use_class": "office"}])
    text = (second.folder / "city.toml").read_text(encoding="utf-8").replace("試験市", "隣の市")
    (second.folder / "city.toml").write_text(text, encoding="utf-8")
    file = first.folder.parent / "cities.csv"
    file.write_text(f"city,data\n{first.folder.name},\n{second.folder.name},elsewhere\n", encoding="utf-8")
    return first, second, file


def test_cities_run_by_themselves_and_stand_side_by_side(make_city: Callable[..., City]) -> None:
    _, second, file = two_cities(make_city)
    (second.folder / "registers" / "meters.csv").write_text("meter_id\nM1\n", encoding="utf-8")  # the office's mistake
    command = [*COMMAND, "--lang", "ja", "nightly", "--cities", str(file)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert told.returncode == 1, told.stderr
    assert "試験市" in told.stdout
    assert "meters.csv" in told.stdout, "the other city's mistake is named"
    connection = duckdb.connect(str(file.with_suffix(".duckdb")), read_only=True)
    assert connection.execute("SELECT city, outcome FROM cities ORDER BY 1").fetchall() == [
        ("試験市", "published"),
        ("隣の市", "failed"),
    ]
    connection.close()


def test_the_aggregates_are_the_sums_of_the_cities(make_city: Callable[..., City], tmp_path: Path) -> None:
    cities = two_cities(make_city)[:2]
    told = []
    for city in cities:
        city.publish()
        told.append(Told(str(city.folder), str(city.paths.data), city.paths.settings.city.name, "published"))
    told.append(Told(str(tmp_path), str(tmp_path / "none"), "まだの市", "failed", "x"))
    target = tmp_path / "all.duckdb"
    assert write(target, told) == 2
    connection = duckdb.connect(str(target), read_only=True)
    found = connection.execute(
        "SELECT city, co2e_kg, comparable_floor_area_m2, covered_facilities FROM use_class_years"
        " WHERE fiscal_year = 2024 AND basis = 'plan'"
    ).fetchall()
    expected = []
    for city in cities:
        own = duckdb.connect(str(city.paths.published), read_only=True)
        total = own.execute(
            "SELECT co2e_kg FROM emissions_by_facility_fiscal_year WHERE fiscal_year = 2024 AND basis = 'plan'"
        ).fetchone()
        assert total is not None
        expected.append((city.paths.settings.city.name, total[0], 1000, 1))
        own.close()
    assert sorted(found) == sorted(expected)
    middle = connection.execute(
        "SELECT city, kg_per_m2, median_kg_per_m2 FROM use_class_comparison WHERE fiscal_year = 2024 AND basis = 'plan' ORDER BY 2"
    ).fetchall()
    low, high = (float(total) / 1000 for _, total, *_ in sorted(expected, key=lambda row: row[1]))
    assert [row[1] for row in middle] == pytest.approx([low, high])
    assert middle[0][2] == pytest.approx((low + high) / 2)
    assert connection.execute("SELECT count(*) FROM cities").fetchone() == (3,)
    connection.close()


def spoil(folder: Path, fault: str) -> None:
    """Break a city folder."""
    settings = folder / "city.toml"
    if fault in ("no TOML", "an unknown key"):
        settings.write_bytes(b"[city\n\xff" if fault == "no TOML" else b'[city]\nname = "x"\nnane = 1\n')
        return
    settings.unlink()
    if fault == "a folder for a file":
        settings.mkdir()
    elif fault == "a link to itself":
        settings.symlink_to("city.toml")
    elif fault != "no settings":
        shutil.rmtree(folder)
    if fault == "a file for a folder":
        folder.write_text("x", encoding="utf-8")


BROKEN = ("no folder", "no settings", "no TOML", "an unknown key", "a folder for a file", "a link to itself")


@pytest.mark.parametrize("fault", [*BROKEN, "a file for a folder"])
def test_a_city_whose_folder_or_settings_are_broken_is_told_alone(make_city: Callable[..., City], fault: str) -> None:
    first, second, file = two_cities(make_city)
    second.publish()
    spoil(second.folder, fault)
    good, broken = listed(file)
    assert isinstance(good, CityFolder) and good.folder == first.folder
    assert isinstance(broken, Told) and broken.outcome == "failed" and second.folder.name in broken.problem
    assert broken.data == str(file.parent / "elsewhere")


def test_names_that_are_none_are_told_alone(make_city: Callable[..., City]) -> None:
    first, second, file = two_cities(make_city)
    (second.folder.parent / "round").symlink_to("round")
    names = ("a\x01b", "x" * 5000, "round", "round/deeper")
    file.write_text("\n".join(["city", first.folder.name, *names]) + "\n", encoding="utf-8")
    good, *broken = listed(file)
    assert isinstance(good, CityFolder) and all(isinstance(each, Told) and each.problem for each in broken)
    file.write_bytes(b"city\n" + first.folder.name.encode() + b"\na\0b\n")
    try:
        assert isinstance(listed(file)[0], CityFolder)
    except CityListError as error:
        assert str(file) in str(error)


def test_the_others_run_when_one_city_is_broken(make_city: Callable[..., City]) -> None:
    _, second, file = two_cities(make_city)
    (second.folder / "city.toml").write_text("[city", encoding="utf-8")
    told = subprocess.run(
        [*COMMAND, "--lang", "ja", "nightly", "--cities", str(file)], capture_output=True, text=True, timeout=300,
        check=False, env={**os.environ, "PREFECT_API_URL": "http://127.0.0.1:9/api"},
    )  # fmt: skip
    assert told.returncode == 1, told.stderr
    assert "試験市" in told.stdout and "TOML" in told.stdout and "PREFECT_API_URL" in told.stderr
    connection = duckdb.connect(str(file.with_suffix(".duckdb")), read_only=True)
    assert connection.execute("SELECT outcome FROM cities ORDER BY 1").fetchall() == [("failed",), ("published",)]
    connection.close()


def test_a_published_file_that_cannot_be_read_costs_the_others_nothing(
    make_city: Callable[..., City], tmp_path: Path
) -> None:
    cities = two_cities(make_city)[:2]
    told = []
    for city in cities:
        city.publish()
        told.append(Told(str(city.folder), str(city.paths.data), city.paths.settings.city.name, "held_back"))
    cities[0].paths.published.write_bytes(b"no database")
    target = tmp_path / "all.duckdb"
    assert write(target, told) == 1
    connection = duckdb.connect(str(target), read_only=True)
    found = connection.execute("SELECT city, problem IS NULL FROM cities ORDER BY 1").fetchall()
    assert sorted(found) == sorted([(told[0].city, False), (told[1].city, True)])
    assert connection.execute("SELECT count(DISTINCT city) FROM use_class_years").fetchone() == (1,)
    connection.close()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "市がありません"),
        ("city\n", "市がありません"),
        ("city\na\na\n", "2度"),
        ("folder\na\n", "city の欄"),
        ("city,data\n,x\n", "city の欄"),
    ],
)
def test_a_list_that_cannot_be_used_says_why(city: City, text: str, says: str) -> None:
    shutil.copytree(city.folder, city.folder.parent / "a")
    file = city.folder.parent / "list.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CityListError, match=says):
        listed(file)


def test_the_list_is_relative_to_itself(city: City) -> None:
    file = city.folder.parent / "list.csv"
    file.write_text(f"city,data\n{city.folder.name},other\n", encoding="utf-8")
    (found,) = listed(file)
    assert isinstance(found, CityFolder)
    assert (found.folder, found.data) == (city.folder, city.folder.parent / "other")
