"""From a figure of a facility's page to what it is made of: every sum is reworked by other means, and links lead there."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from html import unescape
from pathlib import Path

import pytest

from pipelines.ask.site import gather
from pipelines.reports.pages import site, site_basis
from pipelines.settings.city import CityFolder
from pipelines.warehouse import database
from tests.making import City, monthly, rows_of

ROW = re.compile(r'<tr><th scope="row"(?: colspan="3")?>(.*?)</th>(.*?)</tr>', re.DOTALL)
NUMBER = re.compile(r"-?[\d,]+(?:\.\d+)?")
KG = Decimal("1e-9")


@pytest.fixture(scope="module")
def sample_pages(sample_folder: Path) -> CityFolder:
    city = CityFolder(sample_folder)
    site.write(city)
    return city


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def sections_of(page: Path) -> dict[int, dict[str, str]]:
    """Year -> first words of a row of its calculation -> the row."""
    parts = re.split(r'<div id="basis-(\d+)"', page.read_text(encoding="utf-8"))
    found = {}
    for year, html in zip(parts[1::2], parts[2::2], strict=True):
        rows = ROW.findall(html.split("</table>")[0])
        found[int(year)] = {unescape(head.split("<br>")[0]): unescape(cells) for head, cells in rows}
    return found


def kg_of(row: str) -> Decimal:
    [figure] = re.findall(r'class="number">([-\d,.]+)', row)
    return number(figure)


def test_the_sums_of_the_section_are_those_of_days_years_and_results(sample_pages: CityFolder) -> None:
    with database.connect_published(sample_pages.published) as connection:
        days = rows_of(
            connection,
            "SELECT facility_id, source_id, local_date, gas, co2e_kg FROM emissions_by_source_day WHERE basis = 'plan'",
        )
        totals = {
            row[:2]: row[2]
            for row in rows_of(
                connection,
                "SELECT facility_id, fiscal_year, co2e_kg FROM emissions_by_facility_fiscal_year WHERE basis = 'plan' AND is_in_force",
            )
        }
        bounds = {
            row[:2]: row[2:]
            for row in rows_of(
                connection,
                "SELECT facility_id, fiscal_year, actual_low_co2e_kg, actual_high_co2e_kg FROM facility_results WHERE basis = 'plan'",
            )
        }
        bases = {
            row[:2]: row[2:]
            for row in rows_of(
                connection,
                """SELECT r.facility_id, t.base_fy, r.baseline_low_co2e_kg, r.baseline_high_co2e_kg FROM facility_results AS r
                   JOIN targets AS t ON t.target_id = r.target_id WHERE r.basis = 'plan' AND r.fiscal_year = 2025""",
            )
        }
        missing = {
            row[:3]: row[3]
            for row in rows_of(
                connection,
                """SELECT facility_id, meter_id, year(local_date - INTERVAL 3 MONTH), count(DISTINCT local_date) FROM energy_by_meter_day
                   WHERE state = 'missing' AND energy_type <> 'water' GROUP BY ALL""",
            )
        }
    sums: dict[tuple[str, str, int], Decimal] = defaultdict(Decimal)
    for facility, source, day, gas, kg in days:
        if gas != "NF3":
            sums[facility, source, day.year - (day.month < 4)] += kg
    seen = compared = open_years = base_years = gaps = 0
    for page in sorted((sample_pages.pages / "facilities").glob("F*.html")):
        for year, rows in sections_of(page).items():
            whole = kg_of(rows.pop("計"))
            assert whole == totals.get((page.stem, year), 0), (page.stem, year)
            printed = rows.pop("この頁での表示")
            base = next((rows.pop(head) for head in list(rows) if head.startswith("基準年度排出量として")), None)
            is_base = (page.stem, year) not in bounds and base is None
            low, high = bounds.get((page.stem, year)) or (bases[page.stem, year] if is_base else (whole, whole))
            base_years += is_base
            range_row = next((rows.pop(head) for head in list(rows) if head.startswith("ありうる範囲")), None)
            if range_row is None:
                assert (low, high) == (whole, whole)
            else:
                told = re.findall(r'class="number">(.*?) – (.*?)<', range_row)[0]
                stated = None if told[1] == "不明" else number(told[1])
                assert (number(told[0]), stated) == (low, high), (page.stem, year)
                open_years += 1
            assert f"{(low / 1000).quantize(Decimal('0.1'), 'ROUND_HALF_UP'):,} t" in printed
            adding = Decimal(0)
            for source, cells in rows.items():
                if "数えません" in cells or "文書による" in cells:
                    adding += 0 if "数えません" in cells else kg_of(cells)
                    continue
                counted = kg_of(cells)
                adding += counted
                assert counted == sums[page.stem, source, year], (page.stem, source, year)
                compared += 1
                told_missing = re.findall("欠測 ([0-9]+) 日", cells)
                if (page.stem, source, year) in missing:
                    assert told_missing == [str(missing[page.stem, source, year])], (page.stem, source, year)
                    gaps += 1
            assert adding == whole
            seen += 1
    assert seen > 100 and compared > 200 and open_years > 30 and base_years > 20 and gaps > 5


def test_who_multiplies_what_a_line_says_comes_to_what_it_says(sample_pages: CityFolder) -> None:
    told = gather(sample_pages.published)
    lines = longest = 0
    for facility in told.facilities.values():
        for sources in facility.basis.values():
            for source in sources:
                for factor in source["factors"]:
                    if factor["emissions_kg"] is None:
                        continue
                    line = site_basis.calculation(factor)
                    product, result = line.split(" = ")[:2]
                    numbers = re.findall(r"(?:^|([×÷]) )(-?[\d,.]+(?:/12)?)", product)
                    value = Fraction(1)
                    for sign, text in numbers:
                        part = Fraction(44, 12) if text == "44/12" else Fraction(text.replace(",", ""))
                        value = value / part if sign == "÷" else value * part
                    # each day is rounded to a millionth of a gram, and a multiplier to 14 places
                    room = Fraction(366) * Fraction(KG) + abs(Fraction(factor["quantity"])) / 10**13
                    assert abs(value - Fraction(number(result.split(" ")[0]))) <= room, line
                    lines, longest = lines + 1, max(longest, len(numbers))
    assert lines > 250 and longest >= 4, "quantity, heat content, factor, 44/12"


def test_figures_lead_to_their_section_and_documents_stand_at_the_end(sample_pages: CityFolder) -> None:
    page = (sample_pages.pages / "facilities" / "F043.html").read_text(encoding="utf-8")
    years = set(re.findall(r'<div id="basis-(\d+)"', page))
    links = re.findall(r'href="#basis-(\d+)"', page)
    assert {"2013", "2025", "2026"} == years == set(links) and len(links) >= 8
    with database.connect_published(sample_pages.published) as connection:
        files = rows_of(
            connection,
            """SELECT list(DISTINCT s.source || '/' || s.path) FROM current_readings AS r
               JOIN meters AS m ON m.meter_id = r.meter_id JOIN source_files AS s ON s.sha256 = r.source_sha256
               WHERE m.facility_id = 'F043' AND r.started_at < DATE '2026-04-01' AND r.ended_at > DATE '2025-04-01'
               GROUP BY r.source_sha256""",
        )
    section = re.split(r'<div id="basis-\d+"', page)[2]
    assert len(files) > 12 and not [
        same for (same,) in files if not any(f"<li>{path} の " in section for path in same)
    ], "a content that lies there twice is told once"


def test_the_year_of_twelve_bills_adds_up_by_its_bills(make_city: Callable[..., City]) -> None:
    city = make_city(extra='\n[[rules.year_rule]]\nyear_rule = "twelve_bills"\nbasis = "plan"\nsource = "試験"\n')
    bills = [("M1", f"{y}-{m:02d}-16", f"{y + m // 12}-{m % 12 + 1:02d}-16", 100 + m, "L")
             for y in (2024, 2025) for m in range(1, 13)]  # fmt: skip
    city.bills("fuel/a.csv", bills)
    city.publish()
    site.write(city.paths)
    rows = sections_of(city.paths.pages / "facilities" / "F1.html")[2025]
    with database.connect_published(city.paths.published) as connection:
        years = dict(
            rows_of(
                connection,
                """SELECT year_rule, co2e_kg FROM emissions_by_facility_fiscal_year
                   WHERE facility_id = 'F1' AND fiscal_year = 2025 AND basis = 'plan'""",
            )
        )
    assert years["twelve_bills"] != years["by_day"]
    assert kg_of(rows["計"]) == kg_of(rows["M1"]) == years["twelve_bills"]


def test_a_doubt_about_the_base_year_stands_with_its_bounds(make_city: Callable[..., City]) -> None:
    city = make_city()
    city.bills(
        "fuel/a.csv", monthly("M1", 2022, 2025, lambda year, month: "10" if (year, month) == (2022, 6) else 1000)
    )
    city.publish()
    site.write(city.paths)
    page = city.paths.pages / "facilities" / "F1.html"
    rows = sections_of(page)
    assert 2022 in rows and any(head.startswith("ありうる範囲") for head in rows[2022])
    assert re.search(
        r'<td data-heading="年度" class="number"><a href="#basis-2022">2022</a></td>', page.read_text(encoding="utf-8")
    )
