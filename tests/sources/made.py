"""Files in the form of each supplier, made up here: nothing of them was ever sent by anybody.

Numbers are chosen so that a reader of the golden tables can tell where a value came from.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import xlsxwriter

POINT = "0399000000000000000001"
OTHER = "0399000000000000000002"
WEEKDAYS = "月火水木金土日"


@dataclass(frozen=True)
class Made:
    """A file: its name below the inbox's source and its bytes."""

    path: str
    content: bytes


def cp932(*lines: str) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode("cp932")


def utf8(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def sheets(**tables: Sequence[Sequence[object]]) -> bytes:
    """A workbook with these sheets."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    for name, rows in tables.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for position, cell in enumerate(row):
                if cell is not None:
                    sheet.write(number, position, cell)
    book.close()
    return stream.getvalue()


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml").replace("_csv", ".csv"), content)
    return stream.getvalue()


def slot_name(number: int, form: str = "{}:{:02d}～{}:{:02d}") -> str:
    end = number + 1
    return form.format(number // 2, number % 2 * 30, end // 2, end % 2 * 30)


def half_hours(base: float) -> list[str]:
    return [f"{base + number / 10:.1f}" for number in range(48)]


# ---------------------------------------------------------------- electricity


def chugoku(
    cell: Callable[[int, int], str] = lambda hour, day: str(100 * day + hour),
    days: Sequence[date] = (date(2012, 8, 30), date(2012, 8, 31), date(2012, 9, 1)),
) -> Made:
    """August 2012 as billed: three days here, so that the golden table stays readable."""
    values = [[cell(hour, n) for n in range(1, len(days) + 1)] for hour in range(24)]
    numbers = [[int(v) if v.isdigit() else 0 for v in row] for row in values]
    total = sum(map(sum, numbers))
    first, last = days[0], days[-1]

    def pad(*cells: str) -> str:
        return ",".join([*cells, *[""] * (33 - len(cells))])

    lines = [
        pad("ご使用電力量実績表"),
        pad("（１時間値）"),
        pad("ご契約名義：", "", "見本市立図書館", "", "", "ご契約電力：", "", "120kW"),
        pad("月間最大需要電力：", "", "98kW", "", "", "ご契約番号：", "", "99-0000001"),
        pad("月間ご使用電力量：", "", "", f'"{total:,}kWh"'),
        pad("ご契約種別：", "", "業務用電力", "", "", "供給電圧：", "", "6000V"),
        f'"平成24年09月分 【ご使用期間　{first:%m月%d日}　～　{last:%m月%d日}】"' + "," * 32,
        pad("", *[f"{d.day}日({WEEKDAYS[d.weekday()]})" for d in days], "合　計"),
        *[pad(f"{h:02d}:00～{h + 1:02d}:00", *values[h], str(sum(numbers[h]))) for h in range(24)],
        pad("合　計", *[str(sum(row[n] for row in numbers)) for n in range(len(days))], str(total)),
        *[pad(name, "　　　1") for name in ("昼　間", "ピーク", "夜　間", "昼間最大", "夜間最大")],
        pad("※ご使用量は参考値です。"),
    ]
    return Made("power/chugoku.csv", cp932(*lines))


def kansai(first: date = date(2025, 12, 31), last: date = date(2026, 1, 1)) -> Made:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    table = {d: [f"{d.day + hour / 100:.2f}" for hour in range(24)] for d in days}
    sums = [f"{sum(float(table[d][hour]) for d in days):.2f}" for hour in range(24)]
    lines = [
        "お客さま番号：9900000002,契約種別：従量電灯A",
        "ご使用場所住所：見本市見本町1-2",
        f"データ抽出対象期間：{first.year}年{first.month}月{first.day}日 ～ {last.year}年{last.month}月{last.day}日",
        "※表示の値は速報値です。",
        "",
        ",１時間ごとの電力量内訳" + "," * 23,
        "," + ",".join(f"{h}-{h + 1}時" for h in range(24)),
        "抽出期間合計," + ",".join(sums),
        *[f" {d:%m/%d}," + ",".join(table[d]) for d in reversed(days)],
    ]
    return Made("power/hapi.csv", "\ufeff".encode() + ("\r\n".join(lines) + "\r\n").encode())


def hokkaido() -> Made:
    rows = [
        f"{slot_name(n, '{:02d}:{:02d}-{:02d}:{:02d}')},{n}.1,{'--' if n == 3 else f'{n}.2'},{2 * n + 0.3:.1f}"
        for n in range(48)
        if n != 3
    ]
    rows.insert(3, "01:30-02:00,3.1,--,3.1")
    lines = [
        "供給地点特定番号," + POINT,
        "ご契約名義,見本市",
        "",
        "30分ごとの使用電力量(kWh)",
        "年,2025,,合計",
        "月,3,4,",
        "日,31,1,",
        "",
        *rows,
    ]
    return Made("power/hokuden.csv", cp932(*lines))


def chubu() -> Made:
    lines = ["お客さま番号,日付,開始時間,最大電力(kW)"]
    lines += [f"9900000003,2014/08/01,{n // 2}:{n % 2 * 30:02d},{10 + n}" for n in range(48)]
    return Made("power/平成２６年８月分.csv", cp932(*lines))


def kurashi() -> Made:
    head = "お客様番号,事業所コード,ご請求番号,供給地点特定番号,年月日,曜日,休祝日(○),契約メニュー,ご使用量,売電量"
    lines = [head]
    for number in range(48):
        end = number + 1
        quantity = "---" if number == 5 else "" if number == 6 else f"0.{number:02d}"
        sold = "0.5" if number == 24 else ""
        lines.append(
            f"99001,01,77,{POINT},2020/07/01 {end // 2:02d}:{end % 2 * 30:02d},水,,スタンダードS,{quantity},{sold}"
        )
    return Made("power/kurashi.csv", cp932(*lines))


def kurashi_months() -> Made:
    head = "お客様番号,事業所コード,ご請求番号,年月,契約メニュー,契約容量,単位,日数,ご使用量" + ",他" * 13 + ",売電量"
    rows = [
        f"9900000004,01,77,{m},スタンダードS,40,A,30,{q}" + "," * 14
        for m, q in (("2024年3月", 310), ("2024年4月", 290))
    ]
    return Made("power/nenkan.csv", cp932(head, *rows))


def tohoku() -> Made:
    names = [slot_name(n) if n % 2 else slot_name(n).replace("～", "〜") for n in range(48)]
    return Made(
        "power/tohoku.xlsx",
        sheets(
            実績=[
                ["download_siyouryo_30min_20210801", None, "見本市役所"],
                ["年月日", "お客様番号", "地点", "ご契約名義", "ご使用場所住所", *names, "備考"],
                ["20210801", "9900000005", "x", "見本市", "見本町", *[0.1 * n for n in range(48)], ""],
                ["20210802", "9900000005", "x", "見本市", "見本町", *[None] * 48, "停電"],
            ]
        ),
    )


def enaris() -> Made:
    names = [slot_name(n) + "(kWh)" for n in range(48)]
    rows = [["お客様番号", "需要場所ID", "年月日", *names], ["C1", "D1", "2025/06/01", *range(48)]]
    return Made("power/【エナリス】202506_使用実績_見本市民会館.xlsx", sheets(Sheet1=rows))


def shin_energy(total: int = 30_500) -> Made:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet("明細")
    for row, text in enumerate(
        [
            "お客様番号：99-1",
            "請求書番号：S-1",
            "作成年月日：2026/06/05",
            "◆電気料金明細表（2026年05月分 2026年06月23日 口座引落し分)",
        ]
    ):
        sheet.write(row, 0, text)
    names = [
        "№", "ご使用場所番号", "電気のご使用場所名義", "電気のご使用場所表示名 ", "電気のご使用場所住所", "供給地点特定番号",
        "料金メニュー", "契約数量", "単位", "力率", "使用期間", None, None, "使用\n電力量\n（kWh）", "請求\n金額\n合計（円）",
    ]  # fmt: skip
    for position, name in enumerate(names):
        if name is not None:
            last = 12 if name == "使用期間" else position
            sheet.merge_range(5, position, 9, last, name)
    rows: list[list[object]] = [
        [1, "B1", "見本市", "本庁舎", "見本町1", POINT, "高圧", 200, "kW", "100%", "2026/04/13 〜 2026/05/12", None, None, 30000, 800000],
        [2, "B2", "見本市", "支所", "見本町2", OTHER, "低圧", 20, "kW", "100%", "2026/04/13 ～ 2026/05/12", None, None, 500, 16000],
        ["合 計", None, None, None, None, None, None, None, None, None, None, None, None, total, 816000],
    ]  # fmt: skip
    for number, line in enumerate(rows, start=10):
        for position, cell in enumerate(line):
            if cell is not None:
                sheet.write(number, position, cell)
    book.close()
    return Made("power/meisai.xlsx", stream.getvalue())


def tohogas() -> Made:
    names = ",".join(f"{h:02d}:00-{h + 1:02d}:00" for h in range(24))
    rows = [f"2024年4月{d}日," + ",".join(f"{d}.{h:02d}" for h in range(24)) for d in (1, 2)]
    return Made("power/見本会館/2024-04.csv", cp932("ご使用日," + names, *rows))


def retail() -> Made:
    def row(number: int, side: int, day: str, stage: str) -> str:
        buy, sell = (POINT, "") if side == 1 else ("", OTHER)
        return ",".join([str(number), str(side), day, buy, sell, *half_hours(number), stage, "2025/04/03 06:00"])

    return Made(
        "power/dwh.csv", utf8(row(1, 1, "2025/04/01", "1"), row(2, 2, "2025/04/01", "1"), row(3, 1, "2025/04/02", ""))
    )


def day_columns() -> Made:
    names = ",".join(f"[{(n + 1) // 2:02d}:{(n + 1) % 2 * 30:02d}]" for n in range(48))
    return Made(
        "power/amr.csv",
        utf8("sep=,", "供給地点特定番号,年月日," + names, f"{POINT},2025-04-01," + ",".join(half_hours(1))),
    )


def hourly_load() -> Made:
    rows = [f"2025-04-01 {h:02d}:00,{h}.5" for h in range(24)]
    return Made("bems/本庁舎/electricity/2025.csv", utf8("datetime,equipment load [kWh]", *rows))


# ---------------------------------------------------------------- XML


def grid_day(
    points: Sequence[tuple[str, str, str, str]] = ((POINT, "0", "JP06123", "12.3"), (OTHER, "1", "JP06125", "")),
) -> Made:
    rows = "".join(
        f"<JPMR00010><JP06400>{point}</JP06400><JP06120>見本</JP06120><JP06122>{valid}</JP06122>"
        + (f"<{tag}>{value}</{tag}>" if value else "")
        + "</JPMR00010>"
        for point, valid, tag, value in points
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<SBD-MSG><JPMGRP><JPTRM><JP06116>20250401</JP06116>'
        f"<JP06219>48</JP06219><JPM00010>{rows}</JPM00010></JPTRM></JPMGRP></SBD-MSG>\n"
    )
    return Made("grid/W5_20250401_48.xml", text.encode())


def grid_confirmed() -> Made:
    slots = "".join(f"<JPMR00014><JP06219>{n}</JP06219><JP06424>{n}.0</JP06424></JPMR00014>" for n in (1, 2, 48))
    day = f"<JPM00013><JPMR00013><JP06423>20250401</JP06423><JPM00014>{slots}</JPM00014></JPMR00013></JPM00013>"
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><SBD-MSG><JPMGRP><JPTRM><JP06116>20250505</JP06116><JPM00010>'
        f"<JPMR00010><JP06400>{POINT}</JP06400><JP06405>0</JP06405>{day}</JPMR00010>"
        f"<JPMR00010><JP06400>{OTHER}</JP06400><JP06405>1</JP06405></JPMR00010>"
        "</JPM00010></JPTRM></JPMGRP></SBD-MSG>"
    )
    return Made("grid/kakuho.xml", text.encode())


def grid_zip() -> Made:
    return Made("grid/202504.zip", zipped(a__one_xml=grid_day().content, a__two_xml=grid_confirmed().content))


def green_button(power: int = 0) -> Made:
    readings = "".join(
        f"<IntervalReading><timePeriod><duration>1800</duration><start>{1743433200 + 1800 * n}</start></timePeriod>"
        f"<value>{100 * n}</value>{'<ReadingQuality><quality>8</quality></ReadingQuality>' if n == 2 else ''}</IntervalReading>"
        for n in range(3)
    )
    base = "https://example.invalid/espi/1_1/resource/UsagePoint/UP-1"

    def entry(links: str, content: str) -> str:
        return f"<entry>{links}<content>{content}</content></entry>"

    text = (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:e="http://naesb.org/espi">'
        + entry(
            f'<link rel="self" href="{base}/MeterReading/1"/><link rel="related" href="/ReadingType/1"/>',
            "<e:MeterReading/>",
        )
        + entry(
            '<link rel="self" href="/ReadingType/1"/>',
            f"<e:ReadingType><e:flowDirection>1</e:flowDirection><e:powerOfTenMultiplier>{power}</e:powerOfTenMultiplier>"
            "<e:uom>72</e:uom></e:ReadingType>",
        )
        + entry(
            f'<link rel="self" href="{base}/MeterReading/1/IntervalBlock/1"/>'
            f'<link rel="up" href="{base}/MeterReading/1/IntervalBlock"/>',
            f"<IntervalBlock>{readings}</IntervalBlock>",
        )
        + "</feed>"
    )
    return Made("gb/feed.xml", text.encode())


# ---------------------------------------------------------------- gas, oil, the office's own


def gas() -> Made:
    return Made(
        "gas/kenshin.csv",
        cp932(
            "お客さま番号,お名前,前回検針日,今回検針日,使用量(m3),請求金額(円)",
            'G-1,見本市役所,令和6年4月10日,令和6年5月13日,１２３,"12,345"',
            "G-1,見本市役所,R6.5.13,R6.6.11,98,",
        ),
    )


def slips() -> Made:
    lines = ["納品日,計器ID,数量,単位,金額,備考", "2024/12/05,M1,1.5,ｋＬ,165000,A-1", "20241220,M1,800,ℓ,88000,A-2"]
    return Made("fuel/slips.csv", utf8(*lines))


def slips_by_place() -> Made:
    return Made(
        "fuel/nohin.csv",
        cp932(
            "納品日,納入先,品名,数量,単位,金額(円),伝票番号",
            "2024/12/05,第一学校,灯油,1.5,ｋＬ,165000,A-1",
            "R6.12.20,第一学校,灯油,800,Ｌ,88000,A-2",
            "2024/12/25,第一学校,LPガス,▲20,ｋｇ,,A-3",
        ),
    )


def readings() -> Made:
    return Made(
        "office/readings.csv",
        utf8(
            "meter_id,started_at,ended_at,quantity,unit,reading_kind,stage,issued_on,amount_yen,demand_kw,contract_kw",
            "M1,2024-04-01,2024-05-01,1234.5,kWh,bill,確報,2024-05-07,30000,55,60",
            "M1,平成31年4月1日,令和元年5月1日,1000,千kWh,bill,,,,,",
        ),
    )


def registers() -> Made:
    return Made(
        "office/registers.csv",
        utf8("meter_id,read_at,register_value,event", "M1,2024-04-01,99000,", "M1,2024-05-01 10:00,200,reading"),
    )


def activity() -> Made:
    return Made(
        "office/activity.csv",
        utf8("activity_source_id,started_on,ended_on,quantity,unit,note", "A1,2024-04-01,2024-05-01,12.5,t,見本"),
    )


def composition() -> Made:
    return Made(
        "office/composition.csv",
        utf8(
            "facility_id,sampled_on,category,percent,basis,moisture_percent,laboratory",
            "F1,2024-06-10,プラスチック類,22.4,湿,,見本分析",
        ),
    )


def portfolio_manager() -> Made:
    head: list[object] = [
        "Property Name", "Portfolio Manager ID", "Portfolio Manager Meter ID", "Meter Name", "Meter Type",
        "Meter Consumption ID", "Start Date", "End Date", "Delivery Date", "Usage/Quantity", "Usage Units", "Cost ($)",
        "Estimation?", "Demand (kW)",
    ]  # fmt: skip
    rows: list[Sequence[object]] = [
        ["My Portfolio"], ["06/06/2019"], ["Total Properties: 1"], [], [], head,
        ["Hall", 1, "PM-1", "Grid", "Electric - Grid", 7, date(2016, 1, 1), date(2016, 2, 1), "Not Available", 5974.5,
         "kWh (thousand Watt-hours)", "Not Available", "No", "Not Available"],
        ["Hall", 1, "PM-1", "Grid", "Electric - Grid", 8, date(2016, 2, 1), date(2016, 3, 1), "Not Available",
         "Not Available", "kWh (thousand Watt-hours)", 100, "Yes", 12],
    ]  # fmt: skip
    tables: dict[str, Sequence[Sequence[object]]] = {"Empty Sheet 1": [["Table 1"]], "Meter Entries": rows}
    return Made("pm/meters.xlsx", sheets(**tables))


def jma() -> Made:
    lines = [
        "ダウンロードした時刻：2026/11/20 06:00:00",
        "",
        ",みほん,みほん,みほん,みほん,みほん,みほん,みほん,みほん,みほん,みほん",
        "年月日,平均気温(℃),平均気温(℃),平均気温(℃),降水量の合計(mm),降水量の合計(mm),降水量の合計(mm),降水量の合計(mm),最多風向(16方位),最多風向(16方位),最多風向(16方位)",
        ",,品質情報,均質番号,,現象なし情報,品質情報,均質番号,,品質情報,均質番号",
        "2025/4/1,10.5,8,1,0,1,8,1,北,8,1",
        "2025/4/2,-0.5,5,1,2.5,0,8,1,北北西,8,1",
        "2025/4/3,,1,2,0,1,8,1,南,8,1",
    ]
    return Made("@weather/data.csv", cp932(*lines))


def collection_book() -> Made:
    rows: list[Sequence[object]] = [
        ["facility-emissions collection 1", "issue-1", "reading"], [], [], [],
        ["", "", "", "", "", "", "2025-04", "", "2025-05"],
        ["", "", "施設・計器", "種別", "単位", "4月 前年", "4月", "5月 前年", "5月"],
        ["M1", "bill", "本庁舎（M1）", "灯油", "L", 104, 90, 105, None],
        ["M2", "delivery", "本庁舎（M2）", "灯油", "L", None, 0, None, None],
        ["M3", "register", "本庁舎（M3）", "灯油", "L", None, 500, None, 530],
    ]  # fmt: skip
    return Made("office/回答 (3).xlsx", sheets(エネルギー=rows))


def answer_sheet() -> Made:
    """Three questions: one answered, one left blank, one with a number and words that do not belong."""
    keys = [
        *("question_id", "facility", "fiscal_year", "question", "now", "before", "stake", "turn", "answer_cause"),
        *("data_are_right", "explanation", "measure", "until", "person_id", "answered_on", "checked_by"),
    ]
    asked = ["本庁舎", 2025, "使用量が約0.001倍です。", 2.7, 3.0, 0.2, "エネルギー管理責任者 P3"]
    rows: list[Sequence[object]] = [
        ["facility-emissions answers 1", "issue-1", "2026-1", "総務課", "2026-06-15"],
        ["試験市 要確認事項の回答票"], [], [], keys, keys,
        ["aaaaaaaaaaaa", *asked, "工事", "はい", "改修で停止", None, date(2026, 12, 1), "P3", date(2026, 6, 20), "試験課長"],
        ["bbbbbbbbbbbb", *asked, *[None] * 8],
        ["", *asked, None, 1, None, None, None, None, None, None],
    ]  # fmt: skip
    return Made("回答/回答票 (2).xlsx", sheets(回答=rows))


def bill_entry() -> Made:
    """Two months of a meter: the second is not filled in."""
    head = [
        *(
            "施設",
            "計器",
            "検針月",
            "期間の初日",
            "期間の末日",
            "前回指示数",
            "今回指示数",
            "乗率",
            "使用量",
            "単位",
            "金額（円）",
        ),
        *("証憑ファイル名", "前年同月の使用量", "確認", "計器（市名/計器ID）"),
    ]
    april = [date(2025, 3, 29), date(2025, 4, 27), 1780, 1800, 4, 80, "L", 9000, "R7-04.pdf", 77, "よし"]
    may = [None, None, None, None, 4, None, "L", None, None, 79, ""]
    rows: list[Sequence[object]] = [
        ["試験市 請求書の入力表 2025年度 総務課"],
        [],
        head,
        ["本庁舎", "灯油 M1", "2025年4月", *april, "試験市/M1"],
        ["本庁舎", "灯油 M1", "2025年5月", *may, "試験市/M1"],
    ]
    return Made("paper/R7/入力表.xlsx", sheets(請求書=rows))


ALL: dict[str, Callable[[], Made]] = {
    "canonical_readings": readings,
    "canonical_registers": registers,
    "canonical_activity": activity,
    "waste_composition": composition,
    "day_columns": day_columns,
    "hourly_load": hourly_load,
    "chugoku_hours": chugoku,
    "kansai_hours": kansai,
    "hokkaido_halfhours": hokkaido,
    "chubu_demand": chubu,
    "kurashi_tepco_30min": kurashi,
    "kurashi_tepco_monthly": kurashi_months,
    "tohoku_30min": tohoku,
    "enaris_30min": enaris,
    "shin_energy_bills": shin_energy,
    "tohogas_power": tohogas,
    "retail_48": retail,
    "grid_messages": grid_day,
    "grid_confirmed": grid_confirmed,
    "grid_zip": grid_zip,
    "green_button": green_button,
    "gas_bill_lines": gas,
    "answer_sheet": answer_sheet,
    "collection_book": collection_book,
    "bill_entry": bill_entry,
    "jma_daily": jma,
    "delivery_slips": slips,
    "delivery_slips_by_place": slips_by_place,
    "portfolio_manager_meters": portfolio_manager,
}
