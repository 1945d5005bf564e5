"""The functions of DuckDB that our numbers rest on, and the published file in the hands of a reader without this program."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import tables
from pipelines.settings.city import CityFolder
from pipelines.warehouse import database

EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
NINE = Decimal("0.000000001")
MILLION = 1_000_000


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return database.connect("1GB", threads=1)


def of(places: int, digits: int) -> st.SearchStrategy[Decimal]:
    """Decimals with so many places and at most so many digits, small and large ones alike."""
    sizes = st.integers(1, digits).flatmap(lambda size: st.integers(-(10**size) + 1, 10**size - 1))
    return sizes.map(lambda whole: Decimal(whole).scaleb(-places))


# Products that end on half a billionth: an odd or even number of billionths and a half, over 0.5, 0.25 or a fifth power of ten.
ties = st.tuples(
    st.integers(-(10**9), 10**9).map(lambda n: (2 * n + 1) * Decimal("0.000001")),
    st.sampled_from([Decimal("0.0005"), Decimal("0.0015"), Decimal("0.0025"), Decimal("1.0005")]),
)


@given(st.one_of(st.tuples(of(6, 18), of(14, 18)), ties))
def test_products_are_rounded_half_even_to_nine_places(
    connection: duckdb.DuckDBPyConnection, factors: tuple[Decimal, Decimal]
) -> None:
    row = connection.execute(
        "SELECT half_even9(CAST($a AS DECIMAL(18, 6)), CAST($b AS DECIMAL(20, 14)))",
        {"a": str(factors[0]), "b": str(factors[1])},
    ).fetchone()
    assert row == (EXACT.quantize(EXACT.multiply(*factors), NINE),)


def test_nothing_times_something_is_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    row = connection.execute("SELECT half_even9(CAST(NULL AS DECIMAL(18, 6)), 2.5), half_even9(2.5, NULL)").fetchone()
    assert row == (None, None)


@given(of(6, 18))
def test_millionths_are_counted_exactly(connection: duckdb.DuckDBPyConnection, quantity: Decimal) -> None:
    row = connection.execute(
        "SELECT micro(q), from_micro(micro(q)) FROM (SELECT CAST($q AS DECIMAL(18, 6)) AS q)", {"q": str(quantity)}
    ).fetchone()
    assert row == (int(quantity * MILLION), quantity)


@pytest.mark.parametrize("attached_as", ["", "elsewhere"])
def test_a_reader_without_this_program_opens_every_table_and_view(sample_folder: Path, attached_as: str) -> None:
    path = str(CityFolder(sample_folder).published)
    reader = duckdb.connect() if attached_as else duckdb.connect(path, read_only=True)
    prefix = f"{attached_as}." if attached_as else ""
    if attached_as:
        reader.execute(f"ATTACH '{path}' AS {attached_as} (READ_ONLY)")
    published = [table.name for table in tables.catalogue().values() if table.kind != "step"]
    filled = 0
    for name in published:
        filled += bool(reader.execute(f"FROM {prefix}{tables.table(name).place} LIMIT 1").fetchall())
    reader.close()
    assert filled > len(published) // 2
