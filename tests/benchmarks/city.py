"""A city of any size, written by DuckDB alone: registers, 13 years of bills, three years of half hours, activities.

The whole (``share`` 1) has 1,000 facilities with 2,200 meters, of which 1,000 give half hours for three years (52 million
readings), and one vehicle figure a month for every tenth facility. Everything follows from numbers, nothing from chance.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

import duckdb

from pipelines.tables import literal

FACILITIES = 1_000
TODAY = date(2026, 11, 20)
FIRST_BILL = date(2013, 4, 1)
FIRST_SLOT = date(2023, 12, 1)
SAMPLE = Path(__file__).parents[2] / "sample_data" / "registers"
CITY_TOML = """[city]
name = "測定市"
data_dir = ".data"
[limits]
memory = "{memory}"
[[rules.plan_electricity_factor_rule]]
result_fy_offset = -1
source = "測定"
"""
SLOTS = """
SELECT printf('F%05d-E', f) AS meter_id, strftime(t, '%Y-%m-%d %H:%M') AS started_at,
    strftime(t + INTERVAL 30 MINUTE, '%Y-%m-%d %H:%M') AS ended_at,
    CAST(((f * 7919 + epoch(t) // 1800 * 104729) % 997 + 40 * (1 + sin(epoch(t) / 13750))) / 10 AS DECIMAL(9, 1)) AS quantity, 'kWh' AS unit
FROM range(1, $facilities + 1) AS meters(f)
CROSS JOIN generate_series(CAST($since AS TIMESTAMP), CAST($until AS TIMESTAMP) - INTERVAL 30 MINUTE, INTERVAL 30 MINUTE) AS slots(t)
"""
BILLS = """
SELECT m.meter_id, strftime(t, '%Y-%m-%d') AS started_at, strftime(t + INTERVAL 1 MONTH, '%Y-%m-%d') AS ended_at,
    round(m.size * (3 + cos((month(t) - 1) * 0.5236)) * (100 + (m.no * 31 + month(t) * 17 + year(t) * 7) % 11) / 100, 1) AS quantity, m.unit
FROM bill_meters AS m
CROSS JOIN generate_series(CAST($since AS TIMESTAMP), CAST($until AS TIMESTAMP) - INTERVAL 1 DAY, INTERVAL 1 MONTH) AS months(t)
WHERE t < m.until
"""
CORRECTIONS = """
SELECT * REPLACE (quantity + 0.1 AS quantity), 'corrected' AS stage, '{issued}' AS issued_on
FROM ({slots})
WHERE (CAST(substr(meter_id, 2, 5) AS INTEGER) * 61 + day(CAST(started_at AS DATE)) * 7 + month(CAST(started_at AS DATE))) % 100 = 0
"""


def facilities(share: float) -> int:
    """How many facilities a part of the whole has."""
    return round(FACILITIES * share)


def make(folder: Path, share: float, memory: str = "2GB") -> None:
    """Write the city folder."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "registers").mkdir(parents=True)
    (folder / "city.toml").write_text(CITY_TOML.format(memory=memory), encoding="utf-8")
    _registers(folder / "registers", facilities(share))
    connection = duckdb.connect()
    _bill_meters(connection, folder)
    for year in range(FIRST_BILL.year, TODAY.year + 1):
        span = {"since": max(FIRST_BILL, date(year, 1, 1)), "until": min(date(year + 1, 1, 1), date(2026, 10, 1))}
        _copy(connection, BILLS, span, folder / "inbox" / "bills" / f"{year}.csv", datetime(year + 1, 1, 20))
    month = FIRST_SLOT
    while month < TODAY:
        after = (month + timedelta(days=32)).replace(day=1)
        slots = {"since": month, "until": min(after, TODAY), "facilities": facilities(share)}
        path = folder / "inbox" / "slots" / f"{month:%Y-%m}.csv"
        _copy(connection, SLOTS, slots, path, datetime.combine(after, time(4)))
        month = after
    _activities(connection, folder)
    connection.close()


def add_night(folder: Path, share: float, number: int = 1) -> date:
    """Put what a usual night brings into the inbox and return the day it is for: a day of half hours, 300 bills, corrections.

    Args:
        folder: The city.
        share: Part of the whole.
        number: Which night after the first.
    """
    connection = duckdb.connect()
    _bill_meters(connection, folder)
    day = TODAY + timedelta(days=number - 1)
    received = datetime.combine(day + timedelta(days=1), time(5))
    size = {"facilities": facilities(share)}
    _copy(connection, SLOTS, {**size, "since": day, "until": day + timedelta(days=1)},
          folder / "inbox" / "slots" / f"day-{day}.csv", received)  # fmt: skip
    corrected = CORRECTIONS.format(issued=day, slots=SLOTS)
    _copy(connection, corrected, {**size, "since": day - timedelta(days=60), "until": day},
          folder / "inbox" / "slots" / f"corrections-{day}.csv", received)  # fmt: skip
    some = f"SELECT * FROM ({BILLS}) ORDER BY hash(meter_id || {number}) LIMIT {round(300 * share)}"
    _copy(connection, some, {"since": date(2026, 10, 1), "until": date(2026, 11, 1)},
          folder / "inbox" / "bills" / f"night-{day}.csv", received)  # fmt: skip
    connection.close()
    return day + timedelta(days=1)


def _copy(
    connection: duckdb.DuckDBPyConnection, select: str, parameters: Mapping[str, object], path: Path, received: datetime
) -> None:
    """Write a CSV and note when it was received."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"COPY ({select}) TO {literal(str(path))} (HEADER, DELIMITER ',')", parameters)
    ledger = path.parent / "received.csv"
    is_new = not ledger.exists()
    with ledger.open("a", encoding="utf-8") as stream:
        stream.write(f"{'path,received_at' + chr(10) if is_new else ''}{path.name},{received:%Y-%m-%d %H:%M}\n")


def _bill_meters(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    meters = literal(str(folder / "registers" / "meters.csv"))
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE bill_meters AS SELECT meter_id, row_number() OVER (ORDER BY meter_id) AS no, unit,
            CASE energy_type WHEN 'electricity' THEN 30000 WHEN 'city_gas' THEN 900 ELSE 700 END AS size,
            coalesce(CAST(valid_to AS DATE), DATE '9999-12-31') AS until
            FROM read_csv({meters}, all_varchar = true) WHERE reading_kind = 'bill'"""
    )


def _activities(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    sources = literal(str(folder / "registers" / "activity_sources.csv"))
    select = f"""SELECT activity_source_id, strftime(t, '%Y-%m-%d') AS started_on, strftime(t + INTERVAL 1 MONTH, '%Y-%m-%d') AS ended_on,
        1000 + month(t) * 10 AS quantity, unit FROM read_csv({sources}, all_varchar = true)
        CROSS JOIN generate_series(TIMESTAMP '2013-04-01', TIMESTAMP '2026-10-01', INTERVAL 1 MONTH) AS months(t)"""
    _copy(connection, select, {}, folder / "inbox" / "activity" / "activities.csv", datetime(2026, 11, 10))


def _registers(folder: Path, count: int) -> None:
    for name in ("supplier_factors", "supplier_properties", "operators"):
        shutil.copy(SAMPLE / f"{name}.csv", folder)
    classes = ("office", "school", "library", "sports", "welfare")
    numbers = range(1, count + 1)
    _write(folder / "facilities.csv", ("facility_id", "name", "operator_id", "department", "use_class"),
           [(f"F{n:05d}", f"施設{n}", "OP1", f"{n % 40}課", classes[n % 5]) for n in numbers])  # fmt: skip
    meters: list[Sequence[object]] = []
    contracts: list[Sequence[object]] = []
    for n in numbers:
        meters.append((f"F{n:05d}-E", f"F{n:05d}", "electricity", "kWh", "bill", "", FIRST_SLOT))
        meters.append((f"F{n:05d}-E", f"F{n:05d}", "electricity", "kWh", "interval", FIRST_SLOT, ""))
        contracts.append((f"F{n:05d}-E", "Z9001", "みほん電力", "", "200"))
        kind, unit = (("city_gas", "m3"), ("kerosene", "L"), ("heavy_oil_a", "L"))[n % 3]
        meters.append((f"F{n:05d}-H", f"F{n:05d}", kind, unit, "bill", "", ""))
        if kind == "city_gas":
            contracts.append((f"F{n:05d}-H", "", "みほんガス", "みほん地区", ""))
        if n % 5 == 0:
            meters.append((f"F{n:05d}-K", f"F{n:05d}", "kerosene", "L", "bill", "", ""))
    _write(
        folder / "meters.csv",
        ("meter_id", "facility_id", "energy_type", "unit", "reading_kind", "valid_from", "valid_to"),
        meters,
    )
    _write(folder / "contracts.csv", ("meter_id", "supplier_no", "supplier", "menu", "contract_kw"), contracts)
    _write(folder / "activity_sources.csv", ("activity_source_id", "facility_id", "activity", "unit", "frequency"),
           [(f"A{n:05d}", f"F{n:05d}", "vehicle_01", "km", "month") for n in numbers if n % 10 == 0])  # fmt: skip
    posts = ("エネルギー管理統括者", "エネルギー管理企画推進者", "エネルギー管理責任者")
    _write(folder / "appointments.csv", ("operator_id", "post", "person_id", "appointed_on"),
           [(f"OP{n}", post, f"P{n}{place}", "2020-04-01") for n in (1, 2) for place, post in enumerate(posts)])  # fmt: skip
    _write(folder / "targets.csv",
           ("target_id", "subject_kind", "subject_id", "basis", "base_fy", "target_fy", "reduction_rate", "path",
            "path_status", "adopted_on"),
           [("T", "operator", "OP1", "plan", 2013, 2030, "0.5", "linear", "adopted", "2014-03-28")])  # fmt: skip


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)
