"""Same input, same numbers: rebuild, other orders, three nights; and the generator writes what is committed."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import duckdb
import pytest

from pipelines import tables
from pipelines.settings.city import CityFolder, Limits
from pipelines.sources import parse
from pipelines.sources.open.open_file import Inbound
from pipelines.warehouse import database
from sample_data import generate
from tests.conftest import SAMPLE, copy_of_sample
from tests.making import first_of, published, rebuilt

# What names the run or its settings, and views that only show columns of another view.
# Rules that tell what changed from one publication to the next: who publishes oftener has more to tell.
OF_PUBLICATIONS = ("verdict_changed", "verdict_restated", "backdated_target")
# When the system first saw a file is the clock's, not the files'; what one publication asked people stays asked in the next.
OF_THE_RUNS = ("first_seen_at", "asking", "asked_on", "asked_count", "judged_at")
NOT_COMPARED = ("validation_results", "build_inputs", "emissions_by_source_day", "emissions_by_meter_day")


def fingerprint(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[object, ...]]:
    """Count and order-free hash of every table that is not history."""
    found = {}
    for table in tables.catalogue().values():
        if table.kind in ("history", "step") or table.name in NOT_COMPARED:
            continue
        left_out = [name for name in OF_THE_RUNS if name in table.column_names]
        chosen = f"* EXCLUDE ({', '.join(left_out)})" if left_out else "*"
        rows = f"SELECT {chosen} FROM {table.name}"
        if table.name in ("flags", "findings", "open_flags", "questions", "rule_yields"):
            rows += f" WHERE rule_id NOT IN {OF_PUBLICATIONS}"
        statement = f"SELECT count(*), sum(hash(t)), bit_xor(hash(t)) FROM ({rows}) AS t"
        found[table.name] = connection.execute(statement).fetchone() or ()
    return found


def tables_of(folder: Path) -> dict[str, tuple[object, ...]]:
    connection = database.connect_published(CityFolder(folder).published)
    try:
        return fingerprint(connection)
    finally:
        connection.close()


def recent_years(folder: Path, *more: str) -> Path:
    """Copy the sample city's last five fiscal years, judged against FY2022: every seeded fault lies in them."""
    copy_of_sample(folder, *(f"fy{year}.csv" for year in range(2012, 2022)), *more)
    targets = folder / "registers" / "targets.csv"
    text = targets.read_text(encoding="utf-8").replace(",plan,2013,", ",plan,2022,").replace("2021:0.20;", "")
    targets.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def recent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = recent_years(tmp_path_factory.mktemp("recent") / "city")
    published(CityFolder(folder))
    return folder


@pytest.fixture(scope="module")
def expected(recent: Path) -> dict[str, tuple[object, ...]]:
    return tables_of(recent)


def test_rebuild_gives_equal_tables(recent: Path, expected: dict[str, tuple[object, ...]], tmp_path: Path) -> None:
    copy = tmp_path / "city"
    shutil.copytree(recent, copy)
    shutil.rmtree(copy / "inbox")  # a rebuild needs no inbox
    rebuilt(CityFolder(copy))
    assert tables_of(copy) == expected


@pytest.mark.parametrize("seed", first_of([2, 1]))
def test_other_orders_give_equal_tables(
    expected: dict[str, tuple[object, ...]], tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)

    def shuffled(inbound: list[Inbound], limits: Limits) -> list[list[Inbound]]:
        mixed = list(batches(inbound, limits.model_copy(update={"batch_files": 37})))
        return [chance.sample(batch, len(batch)) for batch in chance.sample(mixed, len(mixed))]

    batches = parse.batches
    monkeypatch.setattr(parse, "batches", shuffled)
    copy = recent_years(tmp_path / "city")
    if seed == 2:  # and on three threads
        toml = copy / "city.toml"
        toml.write_text(toml.read_text(encoding="utf-8").replace("threads = 1", "threads = 3"), encoding="utf-8")
    published(CityFolder(copy))
    assert tables_of(copy) == expected


def test_three_nights_give_equal_tables(expected: dict[str, tuple[object, ...]], tmp_path: Path) -> None:
    whole = recent_years(tmp_path / "whole")
    copy = recent_years(tmp_path / "city", "inbox")
    files = sorted(p.relative_to(whole) for p in (whole / "inbox").rglob("*") if p.is_file())
    receipts = [f for f in files if f.name == "received.csv"]
    others = [f for f in files if f.name != "received.csv"]
    random.Random(3).shuffle(others)
    for first in range(3):
        for file in [*receipts, *others[first::3]]:
            (copy / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(whole / file, copy / file)
        published(CityFolder(copy))
    assert tables_of(copy) == expected


def test_the_generator_writes_what_is_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "HERE", tmp_path)
    generate.main()
    made = {p.relative_to(tmp_path): p for p in tmp_path.rglob("*") if p.is_file()}
    kept = {
        p.relative_to(SAMPLE)
        for name in ("registers", "inbox", "weather")
        for p in (SAMPLE / name).rglob("*")
        if p.is_file()
    }
    assert set(made) == kept
    different = [str(name) for name, path in made.items() if path.read_bytes() != (SAMPLE / name).read_bytes()]
    assert different == []
