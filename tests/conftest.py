"""Shared fixtures: small cities, and the sample city built once."""

from __future__ import annotations

import functools
import gc
import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import hypothesis
import pytest
import typer.testing

from flows.prefect_home import hush_interpreter_exit
from pipelines.settings.city import CityFolder
from pipelines.warehouse import database
from tests import making
from tests.drawn_city import USE_CLASSES, Drawn, draw
from tests.making import ONE_THREAD, TODAY, City, monthly

SAMPLE = Path(__file__).parents[1] / "sample_data"
LONGEST_FIRST = (
    "test_same_numbers.py",
    "test_kills.py",
    "test_faults.py",
    "test_away.py",
    "test_time_limit.py",
    "test_real_input.py",
    "test_nightly.py",
    "test_recomputed.py",
    "test_removal.py",
    "test_fuzz.py",
)
PARSED_ONCE = (duckdb.StatementType.SELECT, duckdb.StatementType.INSERT, duckdb.StatementType.CREATE)
if "PYTEST_XDIST_WORKER" in os.environ:
    hush_interpreter_exit()
# To explain a failure hypothesis traces every line; on Python 3.11 the interpreter then turned for ever in one instruction, and a
# property that fails took the whole run with it.
hypothesis.settings.register_profile(
    "without explanations", phases=[phase for phase in hypothesis.Phase if phase is not hypothesis.Phase.explain]
)
hypothesis.settings.load_profile("without explanations")


@pytest.fixture
def city(tmp_path: Path) -> City:
    """A small city with one facility and one kerosene meter."""
    return City(tmp_path / "city")


@pytest.fixture
def make_city(tmp_path: Path) -> Callable[..., City]:
    """Make several small cities."""
    made = 0

    def make(today: date = TODAY, extra: str = "") -> City:
        nonlocal made
        made += 1
        return City(tmp_path / f"city{made}", today, extra)

    return make


@pytest.fixture(scope="session", autouse=True)
def never_waiting_for_the_disk() -> Iterator[None]:
    """Sync nothing, a hundred times a publication: no test cuts the power, what a power cut may leave is put there by hand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def one_command_tree() -> Iterator[None]:
    """Build the tree of commands once a session, which takes 25 ms, and not for each of some thousand commands."""
    once = functools.cache(typer.main.get_command)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", once)
        patch.setattr(typer.testing, "_get_command", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def each_statement_parsed_once() -> Iterator[None]:
    """Parse a statement once a session and not for each city: parsing is a tenth of a small publication. What runs is the same."""
    parser = duckdb.connect(config={"threads": 1})
    execute = duckdb.DuckDBPyConnection.execute

    @functools.lru_cache(maxsize=4096)
    def parsed(text: str) -> list[duckdb.Statement] | None:
        try:
            found = parser.extract_statements(text)
        except duckdb.Error:  # whoever asked is told
            return None
        return found if found and all(each.type in PARSED_ONCE for each in found) else None

    def executed(
        connection: duckdb.DuckDBPyConnection, query: str | duckdb.Statement, parameters: object = None
    ) -> duckdb.DuckDBPyConnection:
        found = parsed(query) if isinstance(query, str) else None
        if found is None or (parameters is not None and len(found) > 1):
            return execute(connection, query, parameters)
        for statement in found[:-1]:
            execute(connection, statement)
        return execute(connection, found[-1], parameters)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb.DuckDBPyConnection, "execute", executed)
        yield


def pytest_collection_finish() -> None:
    """What was imported stays for good: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """At the end everything may go."""
    gc.unfreeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no worker is left with one of them at the end."""
    items.sort(key=lambda item: (*LONGEST_FIRST, item.path.name).index(item.path.name))


@pytest.fixture(scope="session")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A small city of four closed years, 100 L a month, published; to be copied."""
    city = City(tmp_path_factory.mktemp("published") / "city").bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    city.publish()
    return city


@pytest.fixture
def published(published_once: City, tmp_path: Path) -> City:
    """A small city of four closed years, 100 L a month, published, for each test anew."""
    return published_once.copied(tmp_path / "published")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Drawn, duckdb.DuckDBPyConnection]]:
    """A sound city of six facilities, one of each use, built once up to the gate; what was drawn, and its tables."""
    drawn = draw(1, len(USE_CLASSES)).gathered()
    with drawn.write(City(tmp_path_factory.mktemp("tiny") / "city", date(2026, 6, 3))).built() as made:
        yield drawn, made


def copy_of_sample(folder: Path, *more: str) -> Path:
    """Copy the sample city, without what ``more`` names, to be run on one thread."""
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns(".data", "__pycache__", "*.py", *more))
    with (folder / "city.toml").open("a", encoding="utf-8") as settings:
        settings.write(f"\n{ONE_THREAD}")
    return folder


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample city, published once without flow and gate, for all workers of a session together."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return published_sample(tmp_path_factory.mktemp("sample") / "city")
    shared = tmp_path_factory.getbasetemp().parent / "sample"
    done = shared / "done"
    try:
        shared.mkdir()
    except FileExistsError:
        for _ in range(1200):
            if done.exists():
                return shared / "city"
            time.sleep(0.25)
        raise
    folder = published_sample(shared / "city")
    done.touch()
    return folder


def published_sample(folder: Path) -> Path:
    """Publish a copy of the sample city."""
    copy_of_sample(folder)
    making.published(CityFolder(folder))
    return folder


@pytest.fixture
def sample(sample_folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The sample city's published file, read-only."""
    connection = database.connect_published(CityFolder(sample_folder).published)
    yield connection
    connection.close()
