"""How long recognising and parsing takes, as a ratio to DuckDB's own reading of the same bytes in the same run.

``python -m tests.benchmarks.intake``: a file of 1,000,000 half-hour values as rows of readings and as rows of days. The floor is
``read_csv`` with the columns known beforehand, into a table; for rows of days also with the days turned into a value a row, as
everything that follows needs them. Medians of alternated runs; nothing is asserted.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from pipelines.settings.city import Limits
from pipelines.sources import parse
from pipelines.sources.open.inspect_file import inspect
from pipelines.sources.open.open_file import Inbound

VALUES = 1_000_000
RUNS = 7


def by_reading(path: Path) -> str:
    start = datetime(2020, 4, 1)
    half = timedelta(minutes=30)
    with path.open("w", encoding="utf-8") as stream:
        stream.write("meter_id,started_at,ended_at,quantity,unit\n")
        for number in range(VALUES):
            meter, slot = divmod(number, 50_000)
            at = start + half * slot
            stream.write(f"M{meter:03d},{at:%Y-%m-%d %H:%M},{at + half:%Y-%m-%d %H:%M},{number % 997 / 10:.1f},kWh\n")
    return "{'meter_id': 'VARCHAR', 'started_at': 'TIMESTAMP', 'ended_at': 'TIMESTAMP', 'quantity': 'DECIMAL(18,6)', 'unit': 'VARCHAR'}"


def by_day(path: Path) -> str:
    first = datetime(2020, 4, 1)
    names = [f"[{(n + 1) // 2:02d}:{(n + 1) % 2 * 30:02d}]" for n in range(48)]
    with path.open("w", encoding="utf-8") as stream:
        stream.write(",".join(["meter_id", "local_date", *names]) + "\n")
        for number in range(VALUES // 48):
            meter, day = divmod(number, 1_000)
            cells = ",".join(f"{(number + n) % 997 / 10:.1f}" for n in range(48))
            stream.write(f"M{meter:03d},{first + timedelta(days=day):%Y-%m-%d},{cells}\n")
    columns = ", ".join(f"'c{n}': 'DECIMAL(18,6)'" for n in range(48))
    return f"{{'meter_id': 'VARCHAR', 'local_date': 'DATE', {columns}}}"


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def floor(path: Path, columns: str, turned: str = "") -> None:
    connection = duckdb.connect()
    read = f"read_csv('{path}', columns = {columns}, header = true, auto_detect = false)"
    connection.execute(f"CREATE TABLE t AS FROM {f'(UNPIVOT {read} {turned})' if turned else read}")
    connection.close()


def ours(path: Path, folder: Path) -> None:
    reading = parse.ParseOptions(Limits())
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        parse.parse_into_store(
            [Inbound("-", path.name, inspect(path, reading.limits))], Path(scratch) / "parsed", reading, Path(scratch)
        )


def as_excel_writes(path: Path) -> Path:
    """The same rows in cp932, every cell quoted: what an office's Excel and many retailers send. DuckDB's own reader takes only UTF-8."""
    rewritten = path.with_name("quoted.csv")
    lines = path.read_text(encoding="utf-8").replace("M0", "電0").splitlines()
    rewritten.write_text(
        "\n".join('"' + line.replace(",", '","') + '"' for line in lines) + "\n", encoding="cp932", newline="\r\n"
    )
    return rewritten


def main() -> None:
    """Print the ratios."""
    long = "ON COLUMNS('^c[0-9]') INTO NAME slot VALUE quantity"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for make, turned, sent in (
            (by_reading, "", None),
            (by_reading, "", as_excel_writes),
            (by_day, "", None),
            (by_day, long, None),
        ):
            path = folder / f"{make.__name__}.csv"
            columns = make(path)
            received = sent(path) if sent else path
            floors, times = [], []
            for _ in range(RUNS):
                floors.append(timed(lambda p=path, c=columns, t=turned: floor(p, c, t)))  # type: ignore[misc]
                times.append(timed(lambda p=received: ours(p, folder)))  # type: ignore[misc]
            low, high = statistics.median(floors), statistics.median(times)
            what = f"{make.__name__}{', cp932 and quoted' if sent else ''}"
            sys.stdout.write(
                f"{what}: read_csv {'and UNPIVOT ' if turned else ''}{low:.2f} s,"
                f" recognised, parsed and kept {high:.2f} s, ratio {high / low:.2f}\n"
            )


if __name__ == "__main__":
    main()
