"""Make the sample city's registers, inbox and weather: always the same, from one seed.

    python -m sample_data.generate

Everything here is invented: Mihon City has no people, no meters and no weather. Consumption follows synthetic daily
temperatures, so later years, seasons and months behave like those of a real city. The seeded faults are listed in
FAULTS.md.
"""

from __future__ import annotations

import csv
import io
import math
import random
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path

from sample_data import people, places, yearly_totals

HERE = Path(__file__).parent
SEED = 20130401
FIRST = date(2013, 3, 1)
TODAY = date(2026, 11, 20)
INTERVALS_FROM = date(2025, 9, 21)
COUNTED_BY_INTERVALS_FROM = date(2025, 10, 1)
# A FY2013 = 1 profile of the grid: nobody's real factor.
GRID = {
    2013: 520,
    2014: 516,
    2015: 508,
    2016: 498,
    2017: 487,
    2018: 474,
    2019: 462,
    2020: 449,
    2021: 437,
    2022: 425,
    2023: 414,
    2024: 402,
    2025: 390,
}
GAS_FACTORS = {2023: "2.21", 2024: "2.20", 2025: "2.19", 2026: "2.19"}
HEAT_FACTORS = {2023: "0.0520", 2024: "0.0515", 2025: "0.0510", 2026: "0.0510"}
# Yen per unit of the invented suppliers' bills by fiscal year, tax included: nobody's tariff. Bills of before are kept without.
PRICES = {
    ("みほん電力", "kWh"): {2023: "29.6", 2024: "27.4", 2025: "28.1", 2026: "28.9"},
    ("みほんガス", "m3"): {2023: "148.0", 2024: "139.5", 2025: "142.3", 2026: "144.8"},
    ("みほんLPガス", "m3"): {2023: "512", 2024: "498", 2025: "505", 2026: "511"},
    ("みほんLPガス", "kg"): {2023: "249", 2024: "243", 2025: "246", 2026: "250"},
    ("みほん熱供給", "GJ"): {2023: "7350", 2024: "7120", 2025: "7280", 2026: "7390"},
}
PRICED_FROM = date(2023, 4, 1)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc0f01f0005000101ff"
    "9a9d2b5b0000000049454e44ae426082"
)


@dataclass(frozen=True, slots=True)
class Bill:
    """One billed period of a meter."""

    meter_id: str
    start: date
    end: date
    quantity: Decimal
    unit: str
    stage: str = ""
    issued_on: date | None = None
    amount_yen: Decimal | None = None


def main() -> None:
    """Write registers, inbox and weather anew."""
    for name in ("registers", "inbox", "weather"):
        shutil.rmtree(HERE / name, ignore_errors=True)
    weather = temperatures(random.Random(SEED))
    write_weather(weather)
    use = {meter.meter_id: daily_use(meter, weather) for meter in places.meters()}
    halves = {meter.meter_id: half_hours(meter, use[meter.meter_id]) for meter in places.meters() if meter.interval}
    for meter_id, days in halves.items():  # bills of these meters are the sums of their half hours
        use[meter_id] |= {day: float(sum(values)) for day, values in days.items()}
    write_registers({"yearly_totals": yearly_totals.register(use)})
    bills = [bill for meter in places.meters() for bill in bills_of(meter, use[meter.meter_id])]
    write_bills(with_faults(bills))
    write_half_hours(halves)
    write_activities(weather)
    write_photo()


# ---------------------------------------------------------------------------------------------------- weather and use


def temperatures(chance: random.Random) -> dict[date, float]:
    """Daily mean temperatures of a place with hot summers and mild winters."""
    found, drift = {}, 0.0
    for number in range((TODAY - FIRST).days):
        day = FIRST + timedelta(days=number)
        drift = 0.7 * drift + chance.gauss(0, 1.3)
        season = -11.6 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 27) / 365.25)
        found[day] = round(16.2 + season + drift, 1)
    return found


def daily_use(meter: places.Meter, weather: dict[date, float]) -> dict[date, float]:
    """Use of each day in the meter's unit: a base load, cooling and heating with the temperature, weekends, a trend."""
    chance = random.Random(f"{SEED}/{meter.meter_id}")
    found = {}
    for day, degrees in weather.items():
        if not meter.valid_from <= day < meter.valid_to:
            continue
        years = (day - date(2013, 10, 1)).days / 365.25
        trend = (1 + meter.trend) ** years
        if meter.jump_on and day >= meter.jump_on:
            trend *= meter.jump
        load = meter.base + meter.cooling * max(0.0, degrees - 23) + meter.heating * max(0.0, 14 - degrees)
        rest = meter.weekend if day.weekday() >= 5 else 1.0
        found[day] = max(0.0, load * rest * trend * chance.gauss(1, 0.03))
    return found


def half_hours(meter: places.Meter, use: dict[date, float]) -> dict[date, list[Decimal]]:
    """Half-hour values of a day in steps of 0.1 kWh that follow office hours."""
    found = {}
    for day, total in use.items():
        if day < INTERVALS_FROM:
            continue
        shape = [0.6 + 1.0 * math.exp(-(((slot - 27) / 11) ** 2)) for slot in range(48)]
        scale = total / sum(shape)
        found[day] = [Decimal(str(round(value * scale, 1))) for value in shape]
    return found


def bills_of(meter: places.Meter, use: dict[date, float]) -> Iterable[Bill]:
    """Bills from reading day to reading day, each the rounded sum of its days."""
    days = sorted(use)
    edges = [
        days[0],
        *(day for day in days[1:] if day.day == meter.reading_day),
        meter.valid_to if meter.valid_to <= TODAY else None,
    ]
    ends = [edge for edge in edges if edge is not None]
    for start, end in pairwise(ends):
        if start == end or yearly_totals.is_gone(meter.facility_id, end - timedelta(days=1)):
            continue
        total = sum(use[start + timedelta(days=n)] for n in range((end - start).days))
        step = Decimal(meter.step)
        quantity = (Decimal(str(total)) / step).quantize(Decimal(1), rounding=ROUND_HALF_UP) * step
        yield Bill(meter.meter_id, start, end, quantity, meter.unit, amount_yen=yen_of(meter, end, quantity))


def yen_of(meter: places.Meter, end: date, quantity: Decimal) -> Decimal | None:
    """What a bill of a supplier with a price comes to, cut to whole yen; the faults of quantities are planted later."""
    last = end - timedelta(days=1)
    prices = PRICES.get((meter.supplier[1], meter.unit))
    if prices is None or last < PRICED_FROM:
        return None
    return (quantity * Decimal(prices[fiscal_year(last)])).quantize(Decimal(1), rounding=ROUND_DOWN)


# ---------------------------------------------------------------------------------------------------- the seeded faults


def with_faults(bills: list[Bill]) -> list[Bill]:
    """Plant the faults that live in bills; FAULTS.md lists them with the reaction that is expected."""
    found = []
    for bill in bills:
        month = (bill.start.year, bill.start.month)
        if bill.meter_id == "F009-E" and month == (2025, 8):
            continue  # a missing bill
        if bill.meter_id == "F049-E" and month == (2025, 6):
            continue  # a missing bill of a site that is 4 % below a threshold
        if bill.meter_id.startswith("F019-") and bill.start >= date(2025, 12, 20):
            continue  # over its target, and it stops sending
        if bill.meter_id == "F014-E" and month == (2025, 11):  # MWh booked as kWh
            found.append(replace(bill, quantity=(bill.quantity / 1000).quantize(Decimal("0.001"))))
        elif bill.meter_id == "F028-K" and month == (2025, 12):
            found.append(replace(bill, unit="バレル"))
        elif bill.meter_id == "F004-E" and month == (2025, 6):  # provisional first, corrected months later
            early = (bill.quantity * Decimal("0.8")).quantize(Decimal(1))
            found.append(replace(bill, quantity=early, stage="速報", issued_on=bill.end))
            found.append(replace(bill, stage="訂正", issued_on=date(2025, 12, 10)))
        else:
            found.append(bill)
    return found


# ---------------------------------------------------------------------------------------------------- files


def write_bills(bills: list[Bill]) -> None:
    """Bills by sender: a file per fiscal year until FY2022, then a file per month, in the encodings offices use."""
    sources = {meter.meter_id: meter.source for meter in places.meters()}
    groups: dict[tuple[str, str], list[Bill]] = {}
    for bill in bills:
        stamp = bill.end - timedelta(days=1)
        if bill.stage == "訂正":
            name = "2025-12-teisei.csv"
        elif stamp < date(2023, 4, 1):
            name = f"fy{fiscal_year(stamp)}.csv"
        else:
            name = f"{stamp.year}/{stamp:%Y-%m}.csv"
        groups.setdefault((sources[bill.meter_id], name), []).append(bill)
    received: dict[str, list[tuple[str, str]]] = {}
    for (source, name), rows in sorted(groups.items()):
        encoding = "cp932" if source == "fuel" else "utf-8-sig" if source == "gas" else "utf-8"
        head = (
            "meter_id",
            "started_at",
            "ended_at",
            "quantity",
            "unit",
            "reading_kind",
            "stage",
            "issued_on",
            "amount_yen",
        )
        width = len(head) if any(b.amount_yen is not None for b in rows) else len(head) - 1
        lines = [head[:width]]
        for b in sorted(rows, key=lambda b: (b.meter_id, b.start)):
            yen = "" if b.amount_yen is None else str(b.amount_yen)
            cells = (
                b.meter_id,
                iso(b.start),
                iso(b.end),
                str(b.quantity),
                b.unit,
                "bill",
                b.stage,
                iso(b.issued_on),
                yen,
            )
            lines.append(cells[:width])
        write_csv(HERE / "inbox" / source / name, lines, encoding)
        received.setdefault(source, []).append((name, receipt(name, rows)))
    copy = HERE / "inbox" / "power" / "2025" / "2025-05 (copy).csv"
    shutil.copyfile(HERE / "inbox" / "power" / "2025" / "2025-05.csv", copy)  # a duplicate file
    received["power"].append(("2025/2025-05 (copy).csv", "2025-07-15 09:30"))
    for source, arrivals in received.items():
        write_csv(HERE / "inbox" / source / "received.csv", [("path", "received_at"), *sorted(arrivals)], "utf-8")


def receipt(name: str, rows: list[Bill]) -> str:
    """When a file came: old years in one delivery, later months on the tenth of the next month."""
    if name.startswith("fy"):
        return "2023-04-20 10:00"
    if "teisei" in name:
        return "2025-12-11 14:00"
    last = max(b.end for b in rows)
    following = date(last.year + last.month // 12, last.month % 12 + 1, 10)
    return f"{min(following, TODAY)} 09:00"


def write_half_hours(halves: dict[str, dict[date, list[Decimal]]]) -> None:
    """One file per facility and month, a row per day, 48 columns named by the end of the slot."""
    supply = {meter.meter_id: meter.supply_point for meter in places.meters()}
    names = [f"[{(n + 1) // 2:02d}:{(n + 1) % 2 * 30:02d}]" for n in range(48)]
    received = []
    for meter_id, days in sorted(halves.items()):
        months = sorted({(day.year, day.month) for day in days})
        for year, month in months:
            name = f"{meter_id}/{year}{month:02d}.csv"
            lines = [("供給地点特定番号", "年月日", *names)]
            lines += [
                (supply[meter_id], f"{day.year}/{day.month}/{day.day}", *(str(v) for v in values))
                for day, values in sorted(days.items())
                if (day.year, day.month) == (year, month)
            ]
            write_csv(HERE / "inbox" / "power30" / name, lines, "cp932")
            following = date(year + month // 12, month % 12 + 1, 2)
            received.append((name, f"{min(following, TODAY)} 06:00"))
    write_csv(HERE / "inbox" / "power30" / "received.csv", [("path", "received_at"), *sorted(received)], "utf-8")


def write_activities(weather: dict[date, float]) -> None:
    """Monthly figures of waste, sewage, vehicles, anaesthetics; a file a fiscal year, the old ones in UTF-16."""
    chance = random.Random(f"{SEED}/activities")
    rows: dict[str, list[tuple[str, ...]]] = {}
    month = date(2013, 4, 1)
    while month < date(2026, 11, 1):
        following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        years = (month - date(2013, 10, 1)).days / 365.25
        for source in places.ACTIVITIES:
            if source.frequency == "year" and month.month != 4:
                continue
            if source.activity_source_id.startswith("A-WASTE") and month in (date(2025, 7, 1), date(2025, 8, 1)):
                continue  # the waste plant's activity is missing for two months
            end = date(month.year + 1, 4, 1) if source.frequency == "year" else following
            if end > TODAY:
                continue  # reported when the year is over
            amount = (
                source.base if source.is_stock else source.base * (1 + source.trend) ** years * chance.gauss(1, 0.02)
            )
            step = Decimal(source.step)
            quantity = (Decimal(str(amount)) / step).quantize(Decimal(1), rounding=ROUND_HALF_UP) * step
            name = f"fy{fiscal_year(month)}.csv"
            rows.setdefault(name, []).append(
                (source.activity_source_id, iso(month), iso(end), str(quantity), source.unit, source.substance)
            )
        month = following
    head = ("activity_source_id", "started_on", "ended_on", "quantity", "unit", "substance")
    received = []
    for name, lines in sorted(rows.items()):
        write_csv(HERE / "inbox" / "activity" / name, [head, *lines], "utf-16" if name < "fy2020" else "utf-8")
        year = int(name[2:6])
        received.append((name, f"{min(date(year + 1, 4, 15), TODAY)} 11:00"))
    write_csv(HERE / "inbox" / "activity" / "received.csv", [("path", "received_at"), *received], "utf-8")


def write_photo() -> None:
    """A file that is a PNG although its name says CSV."""
    path = HERE / "inbox" / "photos" / "meter-2025-10.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(PNG)
    write_csv(path.parent / "received.csv", [("path", "received_at"), (path.name, "2025-10-31 17:05")], "utf-8")


def write_weather(weather: dict[date, float]) -> None:
    """Daily temperatures in the layout of the Japan Meteorological Agency's downloads (synthetic values)."""
    lines = [
        "ダウンロードした時刻：2026/11/20 06:00:00",
        "",
        ",みほん,みほん,みほん",
        "年月日,平均気温(℃),平均気温(℃),平均気温(℃)",
        ",,,",
        ",,品質情報,均質番号",
    ]
    lines += [f"{day.year}/{day.month}/{day.day},{degrees},8,1" for day, degrees in sorted(weather.items())]
    path = HERE / "weather" / "mihon-daily.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("\r\n".join([*lines, ""]).encode("cp932"))
    write_csv(path.parent / "received.csv", [("path", "received_at"), (path.name, "2026-11-20 06:00")], "utf-8")


def write_registers(more: dict[str, list[dict[str, object]]]) -> None:
    """Every register of the city; ``more`` are those that follow from the use."""
    for name, rows in {**places.registers(), **people.registers(), **factor_registers(), **more}.items():
        columns = list(rows[0])
        write_csv(
            HERE / "registers" / f"{name}.csv",
            [tuple(columns), *(tuple(str(row[c]) for c in columns) for row in rows)],
            "utf-8",
        )


def factor_registers() -> dict[str, list[dict[str, object]]]:
    """Factors, heat contents and densities of the invented suppliers, each marked as a sample."""
    sample = "見本の値（架空の供給事業者）"

    def row(
        number: str, supplier: str, menu: str, kind: str, energy: str, year: int, value: str, unit: str
    ) -> dict[str, object]:
        return {
            "supplier_no": number,
            "supplier": supplier,
            "area_or_menu": menu,
            "kind": kind,
            "energy_type": energy,
            "activity_fy": year,
            "basic": value,
            "adjusted": value,
            "unit": unit,
            "edition": f"{year}-見本",
            "source": sample,
        }

    factors = [
        row("Z9001", "みほん電力", "", "single", "electricity", year, f"0.000{value}", "t-CO2/kWh")
        for year, value in GRID.items()
    ]
    factors += [
        row("Z9001", "みほん電力", "再エネ100", "menu", "electricity", year, "0.000000", "t-CO2/kWh")
        for year in (2023, 2024, 2025)
    ]
    factors += [
        row("Z9101", "みほんガス", "みほん地区", "area", "city_gas", year, value, "t-CO2/千m3")
        for year, value in GAS_FACTORS.items()
    ]
    factors += [
        row("Z9201", "みほん熱供給", "", "single", energy, year, value, "t-CO2/GJ")
        for year, value in HEAT_FACTORS.items()
        for energy in ("hot_water",)
    ]
    return {
        "supplier_factors": factors,
        "supplier_properties": [
            {
                "supplier": "みほんガス",
                "area_or_menu": "みほん地区",
                "energy_type": "city_gas",
                "property": "heat_content",
                "value": "45.0",
                "unit": "GJ/千m3",
                "valid_from": "",
                "valid_to": "",
                "edition": "見本",
                "source": sample,
            },
            {
                "supplier": "みほんLPガス",
                "area_or_menu": "",
                "energy_type": "lpg",
                "property": "density",
                "value": "2.05",
                "unit": "kg/m3",
                "valid_from": "",
                "valid_to": "",
                "edition": "見本",
                "source": sample,
            },
        ],
    }


def write_csv(path: Path, rows: Iterable[tuple[str, ...]], encoding: str) -> None:
    """Write rows as CSV in an encoding."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\r\n" if encoding == "cp932" else "\n").writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(stream.getvalue().encode(encoding))


def iso(day: date | None) -> str:
    """Return a day as text, empty when there is none."""
    return "" if day is None else day.isoformat()


def fiscal_year(day: date) -> int:
    """Return the fiscal year of a day."""
    return day.year if day.month >= 4 else day.year - 1


if __name__ == "__main__":
    main()
