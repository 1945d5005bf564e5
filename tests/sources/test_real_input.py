"""Real data as it came: sums to the last digit, zeros that are no savings, absent factors that say so."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipelines.settings.city import CityFolder
from pipelines.warehouse import database, invariants
from tests import real_input
from tests.making import finished, one, rows_of

pytestmark = pytest.mark.skipif(
    not real_input.available(), reason="the archive of real data is not beside the checkout"
)


BUILDINGS = 16  # of 73: every layout and every kind of gap is among them


def published(city: Path) -> duckdb.DuckDBPyConnection:
    night = finished(CityFolder(city))
    assert invariants.broken(night.connection) == {}
    night.publish()
    return database.connect_published(CityFolder(city).published)


@pytest.fixture(scope="module")
def cambridge_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return real_input.cambridge_estates(tmp_path_factory.mktemp("cambridge"), BUILDINGS)


@pytest.fixture(scope="module")
def cambridge(cambridge_folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = published(cambridge_folder)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def kosen_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return real_input.kosen(tmp_path_factory.mktemp("kosen"))


@pytest.fixture(scope="module")
def kosen(kosen_folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = published(kosen_folder)
    yield connection
    connection.close()


def test_hourly_sums_equal_the_raw_files_to_the_last_digit(
    cambridge: duckdb.DuckDBPyConnection, cambridge_folder: Path
) -> None:
    raw: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for path in sorted((cambridge_folder / "inbox" / "bems").rglob("*.csv")):
        meter = "/".join(path.relative_to(cambridge_folder / "inbox" / "bems").parts[:2])
        with path.open(encoding="utf-8", newline="") as stream:
            lines = csv.reader(stream)
            next(lines)
            for row in lines:
                if row and row[1]:
                    raw[meter, int(row[0][:4])] += Decimal(row[1])
    kept = rows_of(cambridge, "SELECT meter_id, year(started_at), sum(quantity) FROM readings GROUP BY 1, 2")
    counted = rows_of(
        cambridge, "SELECT meter_id, year(local_date), sum(quantity) FROM energy_by_meter_day GROUP BY 1, 2"
    )
    assert len({meter.split("/")[0] for meter, _ in raw}) == BUILDINGS
    assert {(meter, year): total for meter, year, total in kept} == raw
    assert {(meter, year): total for meter, year, total in counted if total is not None} == raw


def test_whole_days_of_zeros_are_doubtful_and_no_such_year_is_achieved(cambridge: duckdb.DuckDBPyConnection) -> None:
    zero = "SELECT count(*), count(*) FILTER (state = 'doubtful') FROM energy_by_meter_day WHERE doubts LIKE '%zero_%'"
    found, doubtful = one(cambridge, zero)
    assert found == doubtful > 1000
    assert one(cambridge, "SELECT count(*) FROM facility_results WHERE verdict = 'achieved' AND reasons IS NULL") == 0


def test_every_file_and_row_of_the_estate_is_accounted_for(
    cambridge: duckdb.DuckDBPyConnection, cambridge_folder: Path
) -> None:
    account = one(
        cambridge,
        """SELECT count(*), sum(rows_received), sum(rows_loaded + rows_superseded + rows_quarantined + rows_blank)
           FROM source_files""",
    )
    files = sorted((cambridge_folder / "inbox" / "bems").rglob("*.csv"))
    rows = sum(bool(line.strip()) for file in files for line in file.read_text(encoding="utf-8").splitlines()[1:])
    assert account == (len(files), rows, rows) and rows > 500_000


def test_crude_oil_of_the_campuses_is_exact(kosen: duckdb.DuckDBPyConnection, kosen_folder: Path) -> None:
    with (kosen_folder / "inbox" / "yearly" / "fy2019.csv").open(encoding="utf-8", newline="") as stream:
        primary = sum(Decimal(row["quantity"]) for row in csv.DictReader(stream))
    found = one(kosen, "SELECT sum(energy_gj), sum(crude_oil_kl) FROM energy_by_meter_day WHERE quantity IS NOT NULL")
    assert found == (primary, primary * Decimal("0.0258"))
    assert one(kosen, "SELECT count(DISTINCT facility_id) FROM energy_by_meter_day") == 56, "55 campuses, headquarters"


def test_co2_of_the_campuses_is_absent_with_its_reasons(kosen: duckdb.DuckDBPyConnection) -> None:
    assert one(kosen, "SELECT count(*) FROM emissions_by_source_day WHERE co2e_kg <> 0") == 0
    reasons = "SELECT DISTINCT unnest(string_split(reasons, ';')) FROM facility_results WHERE fiscal_year = 2019"
    assert {"no_contract", "unknown_fuel"} <= {row[0] for row in rows_of(kosen, reasons)}
    assert rows_of(kosen, "SELECT DISTINCT verdict FROM facility_results") == [("undeterminable",)]
