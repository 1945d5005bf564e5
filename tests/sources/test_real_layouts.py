"""Files that others really sent: counts and sums of what was read, held against a plain reading of the same bytes."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from pipelines.sources import facility_list
from pipelines.sources.parse import ParseOptions
from tests import real_input
from tests.sources.made import Made
from tests.sources.test_city_layouts import reading
from tests.sources.test_layouts import parsed

pytestmark = pytest.mark.skipif(
    not real_input.available(), reason="the archive of real data is not beside the checkout"
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real")
    for name in (
        "energy-sparks-amr", "opendsm-samples", "seed-espm", "toronto-municipal", "calgary-benchmarkyyc", "jma-tokyo-daily",
        "yaizu-facilities",
    ):  # fmt: skip
        real_input.unpack(folder, name)
    return folder


def read(folder: Path, path: Path, own: ParseOptions | None = None, name: str = "") -> dict[str, Any]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return parsed(folder, Made(f"real/{name or path.name.removesuffix('.gz')}", content), own)


def total(found: dict[str, Any]) -> Decimal:
    return sum((Decimal(row[6]) for row in found["values"]), Decimal(0))


# ---------------------------------------------------------------- Energy Sparks

SPARKS = """
[layouts.by_reading]
header = ["MPR", "ReadDatetime", "kWh", "ReadType"]
columns = { meter = "MPR", date = "ReadDatetime", quantity = "kWh", quality = "ReadType" }
unit = "kWh"
reading_kind = "interval"
slot_minutes = 30
stamp = "end"
date_form = "%d %b %Y %H:%M:%S"
words.quality = { Actual = "measured", Estimated = "supplier_estimated" }

[layouts.by_day]
header = ["Meter Number", "Reading Date"]
columns = { meter = "Meter Number", date = "Reading Date" }
unit = "kWh"
slots = true
date_form = "%d/%m/%y"

[layouts.sheffield]
header = ["MPAN", "ConsumptionDate", "kWh_1"]
columns = { meter = "MPAN", date = "ConsumptionDate" }
slots = true
date_form = "%d/%m/%Y"

[layouts.banes]
header = ["ID", "Date", "Location", "Total Units"]
columns = { meter = "ID", date = "Date", unit = "Units", total = "Total Units" }
slots = true
date_form = "%b %d %Y %I:%M%p"
total_tolerance = 0.01
"""


@pytest.mark.parametrize(
    "name", ["amr_data/row-per-reading/valid.csv", "amr_upload_data_files/example-highlands-file.csv"]
)
def test_rows_of_readings(tmp_path: Path, data: Path, name: str) -> None:
    path = data / "energy-sparks-amr" / name
    found = read(tmp_path, path, reading(SPARKS))
    plain = [row for row in csv.reader(path.read_text().splitlines()) if len(row) == 4 and row[0].isdigit()]
    assert len(found["values"]) + found["blank"] == len(plain) > 40
    assert total(found) == sum(Decimal(row[2]) for row in plain if row[2])
    first = datetime.strptime(plain[0][1], "%d %b %Y %H:%M:%S")  # noqa: DTZ007
    assert found["values"][0][4:6] == (str(first - timedelta(minutes=30)), str(first)), "stamps are the end of the slot"
    assert found["rejects"] == []


def test_rows_of_days(tmp_path: Path, data: Path) -> None:
    path = data / "energy-sparks-amr" / "amr_data" / "row-per-day" / "valid.csv"
    found = read(tmp_path, path, reading(SPARKS))
    rows = list(csv.DictReader(path.read_text().splitlines()))
    cells = [value for row in rows for name, value in row.items() if name and ":" in name]
    assert len(found["values"]) + found["blank"] == len(cells)
    assert total(found) == sum(Decimal(cell) for cell in cells if cell)


@pytest.mark.parametrize("name", ["example-sheffield-file.csv", "banes-example-file.csv", "banes-example-file.xlsx"])
def test_days_of_forty_eight_columns(tmp_path: Path, data: Path, name: str) -> None:
    found = read(tmp_path, data / "energy-sparks-amr" / "amr_upload_data_files" / name, reading(SPARKS))
    assert found["outcome"].problem is None, found["outcome"].problem
    days = {(row[3], row[4][:10]) for row in found["values"]}
    assert len(found["values"]) + found["blank"] + len(found["rejects"]) == 48 * len(days)
    if name.startswith("banes"):
        rows = list(
            csv.reader(
                (data / "energy-sparks-amr" / "amr_upload_data_files" / "banes-example-file.csv")
                .read_text()
                .splitlines()
            )
        )
        printed = sum(Decimal(row[6]) for row in rows[1:] if len(row) > 6)
        assert abs(total(found) - printed) < Decimal("0.05"), (
            "the printed totals of the days are rounded to three places"
        )


# ---------------------------------------------------------------- OpenDSM

OPENDSM = """
[layouts.hourly]
header = ["start", "value"]
columns = { date = "start", quantity = "value" }
meter_from = "=meter"
unit = "kWh"
utc_offset_minutes = -360
slot_minutes = 60

[layouts.until_next]
header = ["start", "value"]
columns = { start = "start", quantity = "value" }
meter_from = "=meter"
unit = "kWh"
utc_offset_minutes = -360
ends_at_next = true
"""


def series(folder: Path, data: Path, name: str, layout: str) -> list[tuple[datetime, datetime, Decimal]]:
    path = data / "opendsm-samples" / f"{name}.csv.gz"
    content = gzip.decompress(path.read_bytes())
    found = parsed(folder, Made(f"real/{name}.csv", content), reading(OPENDSM), layout)
    lines = list(csv.DictReader(content.decode().splitlines()))
    assert len(found["values"]) + found["blank"] + len(found["rejects"]) == len(lines)
    open_end = [(str(len(lines) + 1), "missing_value")] if layout == "until_next" and lines[-1]["value"] else []
    assert [(reject[1], reject[3]) for reject in found["rejects"]] == open_end, (
        "nothing says where the last period ends"
    )
    return sorted((datetime.fromisoformat(r[4]), datetime.fromisoformat(r[5]), Decimal(r[6])) for r in found["values"])


# Every hour of these series is rounded to 0.01, so a month's sum wanders by about 0.08. Two meters stay within 0.15 in
# every month; of the two others three months in fifty-two do not, in the files themselves (at most 0.25).
BEYOND = {"il-electricity-cdd-hdd": 0, "il-electricity-cdd-only": 2, "il-gas-hdd-only": 3, "il-gas-intercept-only": 0}


@pytest.mark.parametrize("meter", BEYOND)
@pytest.mark.parametrize("bills", ["billing_monthly", "billing_bimonthly", "daily"])
def test_a_bill_is_the_sum_of_its_hours(tmp_path: Path, data: Path, meter: str, bills: str) -> None:
    hours = {start: value for start, _, value in series(tmp_path, data, f"{meter}-hourly", "hourly")}
    apart = []
    for start, end, billed in series(tmp_path, data, f"{meter}-{bills}", "until_next"):
        count = int((end - start).total_seconds() // 3600)
        stamps = [start + timedelta(hours=n) for n in range(count)]
        if all(stamp in hours for stamp in stamps):
            apart.append(abs(sum(hours[s] for s in stamps) - billed))
    assert len(apart) == {"billing_monthly": 26, "billing_bimonthly": 13}.get(bills, len(apart)) > 5
    if bills == "billing_monthly":
        assert sum(1 for a in apart if a > Decimal("0.15")) == BEYOND[meter]
    assert max(apart) <= {"billing_monthly": Decimal("0.25"), "billing_bimonthly": Decimal("0.39")}.get(
        bills, Decimal("0.1")
    )


# ---------------------------------------------------------------- Portfolio Manager, Toronto, Calgary

YEARLY = """
[layouts.toronto]
header = ["Portfolio Manager Property ID", "Year Ending", "Electricity Use - Grid Purchase (kWh)"]
columns = { meter = "Portfolio Manager Property ID", year_ending = "Year Ending" }
quantities = [
  { column = "Electricity Use - Grid Purchase (kWh)", unit = "kWh", meter = "electricity" },
  { column = "Natural Gas Use (GJ)", unit = "GJ", meter = "gas" },
]
missing = ["Not Available", "Not Applicable", "Insufficient access"]
reading_kind = "bill"

[layouts.calgary]
header = ["Property Id", "Year Ending", "Electricity Use - Grid Purchase (kWh)"]
columns = { meter = "Property Id", year = "Year Ending" }
quantities = [
  { column = "Electricity Use - Grid Purchase (kWh)", unit = "kWh", meter = "electricity" },
  { column = "Natural Gas Use (GJ)", unit = "GJ", meter = "gas" },
]
reading_kind = "bill"

[layouts.espm_months]
header = ["Property Id", "Month"]
columns = { meter = "Property Id", month = "Month", quantity = '/Electricity Use.*/' }
missing = ["Not Available"]
date_form = "%b-%y"
unit = "kBtu"
"""


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("toronto-municipal/toronto_2021_espm_report.csv", "electricity"),
        ("toronto-municipal/toronto_2021_espm_report.csv", "gas"),
        ("calgary-benchmarkyyc/Building_Energy_Benchmarking.csv", "electricity"),
        ("calgary-benchmarkyyc/Building_Energy_Benchmarking.csv", "gas"),
    ],
)
def test_yearly_tables_through_a_layout_of_the_city(tmp_path: Path, data: Path, name: str, column: str) -> None:
    path = data / name
    found = read(tmp_path, path, reading(YEARLY))
    rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    top = next(n for n, row in enumerate(rows) if "Year Ending" in row)
    at = rows[top].index(
        {"electricity": "Electricity Use - Grid Purchase (kWh)", "gas": "Natural Gas Use (GJ)"}[column]
    )
    cells = [row[at].replace(",", "") for row in rows[top + 1 :] if len(row) > at]
    numbers = [Decimal(cell) for cell in cells if cell and cell[0].isdigit()]
    exact = [number for number in numbers if number == round(number, 6)]
    mine = [Decimal(row[6]) for row in found["values"] if row[3].endswith(f"/{column}")]
    refused = [row for row in found["rejects"] if row[2] == rows[top][at]]
    assert (len(mine), sum(mine)) == (len(exact), sum(exact))
    assert len(refused) == len(numbers) - len(exact), "binary rests of an export are refused, never rounded"
    assert {row[3] for row in refused} <= {"too_many_digits"}
    assert len(mine) > 200
    years = {(row[4][:10], row[5][:10]) for row in found["values"]}
    if name.startswith("toronto"):
        assert years == {("2021-01-01", "2022-01-01")}, "44561 is the last day of 2021, as Excel counts days"
    else:
        assert len(years) == 5


def test_portfolio_manager_meters(tmp_path: Path, data: Path) -> None:
    path = data / "seed-espm" / "example-pm-monthly-meter-usage.xlsx"
    found = read(tmp_path, path)
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Meter Entries").to_python(skip_empty_area=False)
    top = next(n for n, row in enumerate(rows) if "Usage/Quantity" in row)
    at = rows[top].index("Usage/Quantity")
    assert len(found["values"]) == len(rows) - top - 1 == 8
    assert total(found) == sum(Decimal(str(row[at])) for row in rows[top + 1 :])
    assert found["outcome"].unread == ["Empty Sheet 1", "Empty Sheet 2"]


def test_portfolio_manager_months_through_a_layout_of_the_city(tmp_path: Path, data: Path) -> None:
    path = data / "seed-espm" / "example-pm-data-request-with-meters.xlsx"
    found = read(tmp_path, path, reading(YEARLY))
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Monthly Usage").to_python(skip_empty_area=False)
    numbers = [Decimal(str(row[5])) for row in rows if str(row[5])[:1].isdigit()]
    assert (len(found["values"]), total(found)) == (len(numbers), sum(numbers))
    assert found["values"][0][4:6] == ("2016-01-01 00:00:00", "2016-02-01 00:00:00")


# ---------------------------------------------------------------- weather, facilities


def test_seven_years_of_tokyo_weather(tmp_path: Path, data: Path) -> None:
    days = 0
    means: dict[str, list[Decimal]] = defaultdict(list)
    for path in sorted((data / "jma-tokyo-daily").glob("*.csv")):
        found = read(tmp_path, path, name=f"../@weather/{path.name}".removeprefix("../"))
        assert found["outcome"].layout == "jma_daily" and found["outcome"].problem is None
        assert found["rejects"] == [], found["rejects"][:3]
        lines = path.read_bytes().decode("cp932").splitlines()
        at = lines[3].split(",").index("平均気温(℃)")
        plain = [line.split(",")[at] for line in lines[6:] if line]
        mine = [Decimal(row[6]) for row in found["values"] if row[2] == "平均気温(°C)"]
        assert (len(mine), sum(mine)) == (sum(1 for p in plain if p), sum(Decimal(p) for p in plain if p))
        days += len(plain)
        for row in found["values"]:
            means[row[2]].append(Decimal(row[6]))
    assert days == 2557, "seven years from 2013-10-20"
    assert len(means) == 19 and not any("風向" in name for name in means)


def test_public_facilities_of_a_city(data: Path) -> None:
    paths = sorted((data / "yaizu-facilities").glob("*.csv"))
    proposal = facility_list.propose(paths)
    plain = [row for path in paths for row in csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())]
    different = {("".join(row["名称"].split()), "".join(row["住所"].split())) for row in plain if row["名称"]}
    assert proposal.read == sum(1 for row in plain if row["名称"])
    assert abs(len(proposal.rows) - len(different)) <= 2, "names that differ in full-width signs only are one facility"
    assert len({row["facility_id"] for row in proposal.rows}) == len(proposal.rows)
    assert proposal.merged == proposal.read - len(proposal.rows) >= 20
    known = frozenset({proposal.rows[0]["name"]})
    assert len(facility_list.propose(paths, known).rows) < len(proposal.rows)
