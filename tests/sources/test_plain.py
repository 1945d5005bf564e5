"""Plain lines are read at once and all others with care: both ways must give the very same."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.settings.city import Limits
from pipelines.sources import parse
from pipelines.sources.cells import plain
from pipelines.sources.open.inspect_file import Inspected, inspect
from pipelines.sources.open.open_file import Inbound
from pipelines.warehouse import database

STAMPS = (
    "2026-05-01", "2026-05-01 00:00", "2026/05/01 00:30", "2026-05-01 00:30:00", "2026-05-01 00:30:07", " 2026-05-02 ", "2026-5-1",
    "令和8年5月1日", "R8.5.1", "2026-05-01T01:00", "2026-02-30", "12026-1-1 10:00", "2026-05-01 24:00", "", "x", "2026-05-01 00:30Z",
    "2026-5-1 1:00:00", "2026-05-01  0:30", "2026-05-01 00:30:00.5", "2026/5/10", "20260501", "２０２６-05-01", "2026-05-01\u3000",
    "infinity", "epoch",
)  # fmt: skip
AMOUNTS = (
    "1", "0", "-2", "1.5", " 3.25 ", "1.1234567", "0.000001", "1e3", "1_000", "1,5", "１２", "***", "-", "", "abc", "99999999999.9",
    "▲4", "+7", ".5", "5.", "1234567890123456789",
    "-0", "00012.5", "1.0000000", "123456789012.123456", "-123456789012.123456", "1234567890123.5", "0x10", "nan",
    "Infinity", "\u30005", "5\t", "--5", "1.5.1",
)  # fmt: skip
METERS = ("M1", " M2 ", "", "第1電気室", "\u3000M3\u00a0", "M\t4", "M\x0b5", "\x1eunclosed", " ", "M/6")


def mostly(plain: str, odd: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Four times of five a plain cell: then nearly half of the lines have just one that is not."""
    return st.integers(0, 4).flatmap(lambda n: st.just(plain) if n else st.sampled_from(odd))


CELLS = st.tuples(
    mostly("M1", METERS), mostly("2026-05-01 00:00", STAMPS), mostly("2026-05-03", STAMPS), mostly("1.5", AMOUNTS),
    mostly("kWh", ("", " L ", "\u3000", "㎥")), mostly("", ("corrected", "?", " ")),
)  # fmt: skip
HEADER, FIRST, SECOND = (
    "meter_id,started_at,ended_at,quantity,unit",
    "M1,2026-05-01,2026-05-02,1,kWh",
    "M1,2026-05-02,2026-05-03,2,kWh",
)
# how lines may end and be empty, and the lines on which the two values then stand
LINES = {
    "usual": (f"{HEADER}\n{FIRST}\n{SECOND}\n", [2, 3]),
    "no end of the last line": (f"{HEADER}\n{FIRST}\n{SECOND}", [2, 3]),
    "empty lines at the end": (f"{HEADER}\n{FIRST}\n{SECOND}\n\n\n", [2, 3]),
    "an empty line between": (f"{HEADER}\n{FIRST}\n\n{SECOND}\n", [2, 4]),
    "a line of blanks between": (f"{HEADER}\n{FIRST}\n   \n{SECOND}\n", [2, 4]),
    "a line of delimiters between": (f"{HEADER}\n{FIRST}\n,,,,,\n{SECOND}\n", [2, 4]),
    "lines of Windows": (f"{HEADER}\r\n{FIRST}\r\n{SECOND}\r\n\r\n", [2, 3]),
    "lines of both kinds": (f"{HEADER}\r\n{FIRST}\n{SECOND}\r\n", [2, 3]),
    "lines of an old Macintosh": (f"{HEADER}\r{FIRST}\r{SECOND}\r", [2, 3]),
    "a cell too many": (f"{HEADER}\n{FIRST},x\n{SECOND}\n", [3]),
    "a cell too many behind empty ones": (f"{HEADER}\n{FIRST},,,x\n{SECOND}\n", [3]),
    "empty cells too many": (f"{HEADER}\n{FIRST},,,\n{SECOND}\n", [2, 3]),
    "a cell too few": (f"{HEADER}\nM1,2026-05-01,2026-05-02,1\n{SECOND}\n", [3]),
    "a quoted line break": (f'{HEADER}\n"M\n1",2026-05-01,2026-05-02,1,kWh\n{SECOND}\n', [2, 4]),
    "only a header": (f"{HEADER}\n", []),
}  # fmt: skip
TABLES = ("parsed_values", "parsed_rejects", "parsed_files")


def _read(*paths: Path, inspected: Inspected | None = None) -> list[list[tuple[object, ...]]]:
    connection = database.connect(threads=1)
    try:
        inbound = [Inbound("-", path.name, inspected or inspect(path, Limits())) for path in paths]
        parse.parse(inbound, connection, parse.ParseOptions(Limits()), paths[0].parent)
        return [connection.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in TABLES]
    finally:
        connection.close()


def _both_ways(monkeypatch: pytest.MonkeyPatch, *paths: Path) -> tuple[list[object], list[object]]:
    at_once = _read(*paths)
    with monkeypatch.context() as patched:
        patched.setattr(plain, "_may_be_plain", lambda recognised: False)
        with_care = _read(*paths)
    return list(at_once), list(with_care)


ROWS = st.lists(CELLS, min_size=1, max_size=12)
ROWS_FOUND = [
    [("M1", "2026-05-01 00:00", "2026-05-03", "1.1234567", "kWh", "")],
    [("M1", "2026-05-01 00:00", "2026-05-03", "1e3", "kWh", "")],
    [("M1", "2026-05-01 00:30:07", "2026-05-03", "1", "kWh", "")],
    [("M1", "2026-05-01", "2026-05-03 00:30:07", "1", "kWh", "")],
    [("M1", "2026-05-03", "2026-05-01", "1", "kWh", "")],
    [("M1", "2026-05-01", "2026-05-03", "1", "kWh", "corrected")],
    [(" \u3000M2 ", "2026-05-01", "2026-05-03", "1", " L ", "")],
    [(" ", "2026-05-01", "2026-05-03", "1", "kWh", "")],
    [("\x1eunclosed", "2026-05-01", "2026-05-03", "1", "kWh", "")],
]


@settings(max_examples=6, deadline=None)
@example(files=ROWS_FOUND)
@given(files=st.lists(ROWS, min_size=7, max_size=10))
def test_rows_of_readings_are_the_same_either_way(
    files: list[list[tuple[str, ...]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("plain")
    paths = [folder / f"readings{number}.csv" for number in range(len(files))]
    for path, rows in zip(paths, files, strict=True):
        lines = ["meter_id,started_at,ended_at,quantity,unit,stage", *(",".join(row) for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    at_once, with_care = _both_ways(pytest.MonkeyPatch(), *paths)
    assert at_once == with_care


DAYS = st.tuples(
    st.dictionaries(st.integers(0, 95), st.sampled_from(AMOUNTS), max_size=3), mostly("2026-05-01", STAMPS)
)


@settings(max_examples=5, deadline=None)
@given(files=st.lists(DAYS, min_size=6, max_size=9))
def test_rows_of_days_are_the_same_either_way(
    files: list[tuple[dict[int, str], str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("plain")
    names = [f"[{(n + 1) // 2:02d}:{(n + 1) % 2 * 30:02d}]" for n in range(48)]
    paths = [folder / f"days{number}.csv" for number in range(len(files))]
    for path, (odd, day) in zip(paths, files, strict=True):
        cells = [odd.get(n, f"{n / 4}") for n in range(96)]
        lines = [
            ",".join(["meter_id", "local_date", *names]),
            ",".join(["M1", day, *cells[:48]]),
            ",".join(["M1", "2026-05-03", *cells[48:]]),
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    at_once, with_care = _both_ways(pytest.MonkeyPatch(), *paths)
    assert at_once == with_care


def test_nearly_all_lines_of_a_large_file_are_plain(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    rows = [
        f"M1,2026-05-01 {n // 60:02d}:{n % 60:02d},2026-05-01 {(n + 1) // 60:02d}:{(n + 1) % 60:02d},{n / 10},kWh"
        for n in range(600)
    ]
    path.write_text(
        "\n".join(["meter_id,started_at,ended_at,quantity,unit", *rows, "M1,2026-05-02,2026-05-03,x,kWh"]) + "\n"
    )
    connection = database.connect(threads=1)
    parse.parse([Inbound("-", path.name, inspect(path, Limits()))], connection, parse.ParseOptions(Limits()), tmp_path)
    assert connection.execute("SELECT count(*) FROM plain_values").fetchone() == (600,)
    assert connection.execute("SELECT count(*) FROM typed_cells").fetchone() == (1,)
    connection.close()


@pytest.mark.parametrize("how", LINES)
def test_however_lines_end_a_value_keeps_its_line(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, lines = LINES[how]
    path = tmp_path / "readings.csv"
    path.write_text(text, encoding="utf-8", newline="")
    at_once, with_care = _both_ways(monkeypatch, path)
    assert at_once == with_care
    connection = database.connect(threads=1)
    parse.parse([Inbound("-", path.name, inspect(path, Limits()))], connection, parse.ParseOptions(Limits()), tmp_path)
    found = connection.execute("SELECT source_line FROM parsed_values ORDER BY source_line").fetchall()
    connection.close()
    assert [line for (line,) in found] == lines


def test_lines_that_duckdb_takes_for_no_table_are_read_with_care(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text(LINES["lines of both kinds"][0], encoding="utf-8", newline="")
    inspected = inspect(path, Limits())
    assert not inspected.plain
    rewritten = _read(path, inspected=inspected)
    inspected.plain = True
    assert _read(path, inspected=inspected) == rewritten


def test_a_table_of_which_a_line_was_lost_is_refused_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text(LINES["usual"][0], encoding="utf-8")
    inspected = inspect(path, Limits())
    inspected.lines = inspected.last_line = 4  # as if DuckDB had read one line less than there are
    values, _, files = _read(path, inspected=inspected)
    assert not values
    assert "lines_lost" in files[0]
    assert '{"found": 3, "expected": 4}' in files[0]


def test_threads_share_a_file_and_every_value_keeps_its_line(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    start = datetime(2020, 4, 1)
    rows = (
        f"{start + timedelta(hours=n):M1,%Y-%m-%d %H:%M},{start + timedelta(hours=n + 1):%Y-%m-%d %H:%M},{n},kWh"
        for n in range(90_000)
    )
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    assert path.stat().st_size > 3 * plain.LEAST_BUFFER
    connection = database.connect(threads=4)
    parse.parse([Inbound("-", path.name, inspect(path, Limits()))], connection, parse.ParseOptions(Limits()), tmp_path)
    found = connection.execute(
        "SELECT count(*), count(*) FILTER (source_line = quantity + 2) FROM parsed_values"
    ).fetchone()
    assert found == (90_000, 90_000)
    assert connection.execute("SELECT count(*) FROM careful_lines").fetchone() == (0,)
    connection.close()
