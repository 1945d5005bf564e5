"""What eight buildings leave in an office after three years: bills, a table of gas in Excel, slips, half hours, an unknown form."""

from __future__ import annotations

import calendar
import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import xlsxwriter

YEARS = (2023, 2024, 2025)
FISCAL_MONTHS = (4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3)
# id, name, department, use class, kWh of an average month, share of the base year's use in each of the three years (percent)
FACILITIES = [
    ("A01", "みどり町役場", "総務課", "庁舎", 26_000, (100, 88, 76)),
    ("A02", "みどり東小学校", "学校教育課", "学校", 11_000, (100, 97, 96)),
    ("A03", "みどり西小学校", "学校教育課", "学校", 9_000, (100, 96, 95)),
    ("A04", "みどり保育所", "子育て支援課", "保育所", 4_200, (100, 90, 75)),
    ("A05", "中央公民館", "生涯学習課", "公民館", 6_500, (100, 100, 102)),
    ("A06", "町立図書館", "生涯学習課", "図書館", 9_500, (100, 86, 72)),
    ("A07", "町民体育館", "生涯学習課", "体育館", 7_800, (100, 104, 112)),
    ("A08", "学校給食センター", "学校教育課", "給食センター", 15_500, (100, 103, 106)),
]
NAMES = {facility: name for facility, name, *_ in FACILITIES}
TREND = {facility: trend for facility, *_, trend in FACILITIES}
POWER = dict(zip(FISCAL_MONTHS, (90, 85, 100, 120, 125, 110, 90, 90, 110, 120, 120, 100), strict=True))
HEATING = dict(zip(FISCAL_MONTHS, (60, 40, 50, 90, 100, 70, 40, 90, 150, 180, 170, 120), strict=True))
GAS = {"A01": ("1-234-0001", 900), "A02": ("1-234-0002", 700), "A06": ("1-234-0006", 380), "A07": ("1-234-0007", 450)}
KEROSENE = {"A03": 900, "A04": 220, "A05": 300}
WINTER = (11, 12, 1, 2, 3)


def months(year: int) -> list[tuple[int, int]]:
    """(calendar year, month) of a fiscal year."""
    return [(year + (month < 4), month) for month in FISCAL_MONTHS]


def used(facility: str, month: int, year: int, monthly: int, season: dict[int, int]) -> int:
    """Use of a month: season and trend, and a little that no two months share."""
    share = TREND[facility][YEARS.index(year)]
    return monthly * season[month] * share // 10_000 + (int(facility[1:]) * 7 + month * 3) % 11


def electricity(year: int) -> list[tuple[str, int, int, int]]:
    """(facility, calendar year, month, kWh) of a fiscal year."""
    return [
        (facility, y, m, used(facility, m, year, monthly, POWER))
        for y, m in months(year)
        for facility, _, _, _, monthly, _ in FACILITIES
    ]


def customer(facility: str) -> str:
    """The customer number that the power company prints."""
    return f"0312-40{facility[1:]}-055"


def supply_point(facility: str) -> str:
    """The 22 digits of 供給地点特定番号."""
    return f"03001234567890120000{facility[1:]}"


def bills(folder: Path, year: int) -> None:
    """A year's bills of the power company, a row a month and building; the period names its last day, as printed."""
    path = folder / f"電気料金明細_{year}年度.csv"
    heading = [
        "お客様番号",
        "ご使用場所",
        "契約種別",
        "契約電力(kW)",
        "ご請求年月",
        "使用期間",
        "使用日数",
        "使用量(kWh)",
    ]
    with path.open("w", encoding="cp932", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*heading, "基本料金(円)", "請求金額(円)"])
        for facility, y, m, kwh in electricity(year):
            last = calendar.monthrange(y, m)[1]
            of_whom = [
                customer(facility),
                NAMES[facility],
                "業務用電力",
                120 if facility == "A01" else 60,
                f"{y}年{m}月分",
            ]
            of_what = [
                f"{y}/{m:02d}/01～{y}/{m:02d}/{last}",
                last,
                f"{kwh:,}",
                "102,960",
                f"{102_960 + kwh * 186 // 10:,}",
            ]
            writer.writerow([*of_whom, *of_what])


def gas(folder: Path, year: int) -> None:
    """A year of gas with its months across, its unit and its year above the table."""
    with xlsxwriter.Workbook(folder / f"ガス使用量_令和{year - 2018}年度.xlsx") as book:
        sheet = book.add_worksheet("使用量")
        sheet.write(0, 0, f"令和{year - 2018}年度 都市ガスご使用量一覧表")
        sheet.write(1, 0, "みどり町 御中")
        sheet.write(1, 10, "単位：m3")
        sheet.write_row(3, 0, ["お客さま番号", "ご使用場所", *(f"{m}月" for m in FISCAL_MONTHS), "合計"])
        for row, (facility, (number, monthly)) in enumerate(GAS.items(), 4):
            of_year = [used(facility, m, year, monthly, HEATING) for m in FISCAL_MONTHS]
            sheet.write_row(row, 0, [number, NAMES[facility], *of_year, sum(of_year)])


def slips(folder: Path, year: int) -> None:
    """A year of kerosene: a slip a winter month and building."""
    with (folder / f"灯油納品一覧_{year}.csv").open("w", encoding="cp932", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["伝票番号", "納品日", "納入先", "品名", "数量", "単位", "金額"])
        number = 0
        for y, m in months(year):
            for facility, monthly in KEROSENE.items():
                if m in WINTER:
                    number += 1
                    litres = used(facility, m, year, monthly, HEATING)
                    writer.writerow(
                        [
                            f"{year}{number:04d}",
                            f"{y}/{m}/{8 + number % 12}",
                            NAMES[facility],
                            "白灯油",
                            litres,
                            "L",
                            litres * 98,
                        ]
                    )


def half_hours(folder: Path) -> None:
    """March 2026 of the town hall as half hours, its supply point in the first line."""
    weights = [3 if 15 <= slot <= 38 else 1 for slot in range(48)]
    month = next(kwh for facility, y, m, kwh in electricity(2025) if (facility, y, m) == ("A01", 2026, 3))
    tenths, left = divmod(month * 10, sum(weights) * 31)
    with (folder / "30分電力量_202603.csv").open("w", encoding="cp932", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["供給地点特定番号", supply_point("A01")])
        writer.writerow(["ご契約名", NAMES["A01"]])
        writer.writerow([])
        writer.writerow(["日付", "曜日", *(f"{slot // 2:02d}:{slot % 2 * 30:02d}" for slot in range(48))])
        for day in range(1, 32):
            row = [tenths * weight for weight in weights]
            row[20] += left if day == 31 else 0
            weekday = "月火水木金土日"[date(2026, 3, day).weekday()]
            writer.writerow([f"2026/03/{day:02d}", weekday, *(f"{value // 10}.{value % 10}" for value in row)])


def lpg(folder: Path, year: int) -> None:
    """A year of LPG of the school kitchen, as its dealer's machine writes it: semicolons, eras, 前回 and 今回."""
    index = 12_000 + 48_000 * (year - YEARS[0])
    with (folder / f"プロパン検針データ_{year}.txt").open("w", encoding="cp932", newline="") as stream:
        stream.write(f"有限会社みどりプロパン;検針データ;出力日 {year + 1}/04/05\r\n")
        stream.write("得意先CD;得意先名;メータ番号;前回検針日;検針日;前回指針;今回指針;使用m3;請求額\r\n")
        for y, m in months(year):
            tenths = used("A08", m, year, 4_000 if m != 8 else 1_200, dict.fromkeys(FISCAL_MONTHS, 100))
            following = (y + (m == 12), m % 12 + 1)
            stream.write(
                f"0087;{NAMES['A08']};LP-5521;R{y - 2018}.{m:02d}.01;R{following[0] - 2018}.{following[1]:02d}.01;"
                f"{index / 10:.1f};{(index + tenths) / 10:.1f};{tenths / 10:.1f};{tenths * 48}\r\n"
            )
            index += tenths


def write(inbox: Path) -> None:
    """All of it, where `init` made the folders of the usual senders."""
    for year in YEARS:
        bills(inbox / "power", year)
        gas(inbox / "gas", year)
        slips(inbox / "fuel", year)
        lpg(inbox / "fuel", year)
    half_hours(inbox / "power")


def registers(folder: Path) -> None:
    """The office's five registers and two more, in Japanese; the facilities as the Excel book they were kept in."""
    operator = {
        facility: "OP2" if department in ("学校教育課", "生涯学習課") else "OP1"
        for facility, _, department, *_ in FACILITIES
    }
    (folder / "facilities.csv").unlink()
    with xlsxwriter.Workbook(folder / "facilities.xlsx") as book:
        sheet = book.add_worksheet("施設台帳")
        sheet.write_row(0, 0, ["施設ID", "施設名", "事業者ID", "所管課", "用途", "供用開始日"])
        for row, (facility, name, department, use_class, *_) in enumerate(FACILITIES, 1):
            sheet.write_row(row, 0, [facility, name, operator[facility], department, use_class, "平成5年4月1日"])
    keep(
        folder / "operators.csv",
        ["事業者ID", "事業者名", "事業者の種別"],
        [("OP1", "みどり町長部局", "町長部局"), ("OP2", "みどり町教育委員会", "教育委員会")],
    )
    meters = [
        *((f"{f}-E", f, "電気", "kWh", "検針", supply_point(f), customer(f), "") for f in NAMES),
        *((f"{f}-G", f, "都市ガス", "m3", "検針", "", number, "") for f, (number, _) in GAS.items()),
        *((f"{f}-K", f, "灯油", "L", "納品", "", NAMES[f], "次の納品まで按分") for f in KEROSENE),
        ("A08-L", "A08", "LPガス", "m3", "検針", "", "LP-5521", ""),
    ]
    keep(
        folder / "meters.csv",
        ["計器ID", "施設ID", "エネルギー種別", "単位", "検針の種類", "供給地点特定番号", "別名", "納品の計上"],
        meters,
    )
    keep(
        folder / "targets.csv",
        [
            "目標ID",
            "対象の種別",
            "対象ID",
            "算定の基準",
            "基準年度",
            "目標年度",
            "削減率",
            "経路",
            "目標の位置付け",
            "決定日",
            "出典",
        ],
        [
            (
                "T1",
                "市",
                "city",
                "実行計画",
                "令和5年度",
                "令和12年度",
                "35%",
                "直線",
                "決定",
                "令和6年3月25日",
                "みどり町実行計画（事務事業編）",
            )
        ],
    )
    people = [
        ("OP1", "エネルギー管理責任者", "P103", "鈴木 一郎", "令和5年4月1日"),
        ("OP2", "エネルギー管理責任者", "P203", "鈴木 二郎", "令和5年4月1日"),
    ]
    keep(folder / "appointments.csv", ["事業者ID", "役職", "職員ID", "氏名", "選任日"], people)


def keep(path: Path, headings: list[str], rows: Sequence[Sequence[str]]) -> None:
    """A register as a CSV that Excel saved as UTF-8."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(headings)
        writer.writerows(rows)
