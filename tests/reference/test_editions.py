"""New editions of the ministries' lists: read in every form they come in, compared, taken, used by the night."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from pipelines.ask import factors
from pipelines.ask.convert import ConvertError, convert
from pipelines.reference import editions
from pipelines.reference.supplier_list import ListError, SupplierList, read
from pipelines.warehouse import database
from tests.making import City, monthly, rows_of

TEXT = """                                                              1 / 2 ページ
電気事業者別排出係数(特定排出者の温室効果ガス排出量算定用)
－R6年度実績－ R８.１.９ 環境省・経済産業省公表、R8.2.25、R8.6.4一部更新
○令和7年度の温室効果ガス排出量を算定する際に用いる係数です(報告は令和8年度)。
○令和6年度から小売供給を開始した電気事業者については、令和5年度実績とみなす排出係数となっています。
登録番号        電気事業者名        メニュー名                                      把握できなかった理由
                                          (t-CO2/kWh)   (t-CO2/kWh)   把握率(%)
Z0002   みほん単独(株)                      0.000422※    0.000422※        -
                            メニューA           0.000000     0.000000
Z0006   みほん電力(株)    メニューB(残差)       0.000374     0.000370      16.15   代替値の事業者からの受電のため
                            (参考値)事業者全体      0.000308     0.000308
                            メニューA           0.000000     0.000000
                            メニューB           0.000200     0.000190
Z0009   (株)みほんネット                                                91.76   代替値を使って排出量を計算せざるを得ない
                            メニューC(残差)       0.000547     0.000547              取引先があったため
                            (参考値)事業者全体      0.000414     0.000414
                 （※）異常値となった排出係数に代替値を適用。
                                                              2 / 2 ページ
【一般送配電事業者】
      10 みほん送配電(株)                        0.000707                 0.000707    99.15   受電のため。
       代替値                                   0.000416
       全国平均係数(t-CO₂/kWh)                0.000423
"""
EXPECTED = [
    ("Z0002", "single", None, "0.000422", "0.000422"), ("Z0006", "menu", "A", "0.000000", "0.000000"),
    ("Z0006", "residual", "B", "0.000374", "0.000370"), ("Z0006", "whole_company_reference", None, "0.000308", "0.000308"),
    ("Z0009", "menu", "A", "0.000000", "0.000000"), ("Z0009", "menu", "B", "0.000200", "0.000190"),
    ("Z0009", "residual", "C", "0.000547", "0.000547"), ("Z0009", "whole_company_reference", None, "0.000414", "0.000414"),
    ("G10", "last_resort_or_island_supply", None, "0.000707", "0.000707"),
    ("-", "national_substitute", None, "0.000416", "0.000416"),
]  # fmt: skip
GAS = """# ガス事業者別排出係数
# －R7年度供給実績－ R8.6.30 環境省・経済産業省公表（単位 t-CO2/千m3）
B9001\tみほん瓦斯株式会社\tみほん地区 メニューA\t2.09\t0.00
B9001\tみほん瓦斯株式会社\tみほん地区 残差\t2.09\t2.09
B9001\tみほん瓦斯株式会社\t北地区\t2.13\t2.13
"""


def written(folder: Path, text: str = TEXT, name: str = "list.txt", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def told(found: SupplierList) -> list[tuple[str, str, str | None, str, str]]:
    return [(r.number, r.kind, r.menu, f"{r.basic:f}", f"{r.adjusted:f}") for r in found.rows]


def as_table(*, merged: bool) -> list[list[str]]:
    title = "電気事業者別排出係数　－令和6年度実績－　令和8年1月9日公表、令和8年6月4日更新"
    head = [[title], ["○令和７年度の温室効果ガス排出量を算定する際に用いる係数です"]]
    rows = [["登録番号", "電気事業者名", "メニュー名", "基礎排出係数(t-CO2/kWh)", "調整後排出係数(t-CO2/kWh)"]]
    words = {
        "menu": "メニュー{}",
        "residual": "メニュー{}(残差)",
        "whole_company_reference": "(参考値)事業者全体",
        "single": "",
    }
    last = ""
    for number, kind, menu, basic, adjusted in EXPECTED[:8]:
        whose = ["", ""] if merged and number == last else [number, f"事業者{number}"]
        rows.append([*whose, words[kind].format(menu), basic, adjusted])
        last = number
    return [*head, *rows]


def test_the_printed_list_as_text(tmp_path: Path) -> None:
    found = read(written(tmp_path))
    assert (found.kind, found.result_fy, found.activity_fy, found.issued_on) == (
        "electricity",
        2024,
        2025,
        date(2026, 6, 4),
    )
    assert told(found) == EXPECTED
    assert [r.name for r in found.rows[:2]] == ["みほん単独(株)", "みほん電力(株)"]
    assert [r.line for r in found.rows if r.note] == [8], "the mark of a replaced value travels"


@pytest.mark.parametrize("encoding", ["cp932", "utf-16", "utf-8-sig"])
def test_the_list_as_csv_with_merged_suppliers(tmp_path: Path, encoding: str) -> None:
    text = "\n".join(",".join(f'"{cell}"' for cell in row) for row in as_table(merged=True))
    assert told(read(written(tmp_path, text, "list.csv", encoding))) == EXPECTED[:8]


def test_the_list_as_excel(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("一覧")
        for n, row in enumerate(as_table(merged=True)):
            for m, cell in enumerate(row):
                sheet.write(n, m, float(cell) if n > 2 and m > 2 else cell)
    found = read(path)
    assert [(r.number, r.kind, r.menu) for r in found.rows] == [row[:3] for row in EXPECTED[:8]]
    assert [r.basic for r in found.rows] == [Decimal(row[3]) for row in EXPECTED[:8]]


def test_gas_by_area_needs_to_be_told_which_year_it_serves(tmp_path: Path) -> None:
    path = written(tmp_path, GAS)
    with pytest.raises(ListError, match="--activity-fy"):
        read(path)
    found = read(path, activity_fy=2026)
    assert (found.kind, found.result_fy, found.issued_on) == ("city_gas", 2025, date(2026, 6, 30))
    assert [(r.kind, r.menu) for r in found.rows] == [
        ("menu", "みほん地区 メニューA"), ("residual", "みほん地区 残差"), ("area", "北地区"),
    ]  # fmt: skip


BROKEN = [
    ("－R6年度実績－", "", {}, "--result-fy"),
    ("－R6年度実績－", "－R6年度実績－", {"result_fy": 2023}, "--result-fy 2023"),
    ("電気事業者別排出係数", "係数", {}, "--kind"),
    ("R８.１.９ 環境省・経済産業省公表、R8.2.25、R8.6.4一部更新", "", {}, "--issued-on"),
    ("Z0006   みほん電力(株)", "               ", {}, "登録番号 0 件"),
    ("メニューB(残差)       0.000374     0.000370", "メニューA       0.000374     0.000370", {}, "登録番号"),
    ("Z0009   ", "Z0006   ", {}, "同じ Z0006"),
]


@pytest.mark.parametrize(("old", "new", "options", "says"), BROKEN)
def test_a_list_that_is_not_what_it_seems_is_refused_whole(
    tmp_path: Path, old: str, new: str, options: dict[str, int], says: str
) -> None:
    assert old in TEXT
    with pytest.raises(ListError, match=says):
        read(written(tmp_path, TEXT.replace(old, new)), **options)  # type: ignore[arg-type] # years only


def test_a_cell_that_is_no_number_is_told_with_its_line(tmp_path: Path) -> None:
    rows = as_table(merged=False)
    rows[4][3] = "0.00O374"
    with pytest.raises(ListError, match="5行目"):
        read(written(tmp_path, "\n".join(",".join(row) for row in rows), "list.csv"))


def test_binary_and_enormous_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="見出しから読めません"):
        read(written(tmp_path, "", "a.txt"))
    path = tmp_path / "b.txt"
    path.write_bytes(b"\xff\xfe\x00" + b"\x80\x81" * 10)
    with pytest.raises(ListError):
        read(path)


POWER = {"facility_id": "F1", "energy_type": "electricity", "unit": "kWh", "reading_kind": "bill"}


def test_an_edition_is_compared_taken_and_used_by_the_next_night(city: City, tmp_path: Path) -> None:
    """Two issues of a list: the later one counts as a whole, and its change is restated as factor."""
    with (city.folder / "city.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[year]\nclosing_month_day = "05-31"\n')
    city.register("meters", [{**POWER, "meter_id": m} for m in ("M1", "M2")])
    city.register(
        "contracts",
        [
            {"meter_id": "M1", "supplier_no": "Z0009", "menu": "B"},
            {"meter_id": "M2", "supplier_no": "Z0006", "menu": "A"},
        ],
    )
    city.bills("power/a.csv", [*monthly("M1", 2024, 2025, 1000, "kWh"), *monthly("M2", 2025, 2025, 10, "kWh")])
    paths = city.paths
    first = read(written(tmp_path))
    edition, is_new = editions.take(paths.history, written(tmp_path), first, datetime(2026, 6, 10))
    assert is_new and editions.take(paths.history, written(tmp_path), first, datetime(2026, 6, 11)) == (edition, False)
    city.publish()
    later = TEXT.replace("R8.6.4一部更新", "R8.9.30一部更新").replace("0.000200     0.000190", "0.000210     0.000190")
    later = later.replace("                            メニューA           0.000000     0.000000\nZ0006", "Z0006")
    second = read(written(tmp_path, later, "later.txt"))
    with factors.opened(city.folder, paths.history) as connection:
        found = factors.difference(connection, second)
        assert found.changed == [(("Z0009", "menu", "B", "basic"), Decimal("0.0002"), Decimal("0.00021"))]
        assert [key for key, _ in found.removed] == [("Z0006", "menu", "A", v) for v in ("adjusted", "basic")]
        assert (found.added, found.contracts, found.against) == ([], ["M1", "M2"], "2026-06-04")
        json.dumps(found.as_dict())
    newer, _ = editions.take(paths.history, tmp_path / "later.txt", second, datetime(2026, 6, 12))
    published = database.connect_published(city.publish())
    rows = rows_of(
        published,
        "SELECT fiscal_year, basis, factor_co2e_kg, after_co2e_kg - before_co2e_kg, inputs_changed FROM restatements",
    )
    assert sorted(rows) == [(2025, basis, 120, 120, "editions") for basis in ("plan", "shk_basic")]
    chosen = dict(
        rows_of(
            published,
            """SELECT meter_id, (edition, reason) FROM factor_choices
        WHERE basis = 'plan' AND valid_from = '2025-04-01'""",
        )
    )
    assert chosen == {"M1": ("2026-09-30", None), "M2": (None, "no_factor_row")}, (
        "what the newest list dropped has no factor"
    )
    assert rows_of(published, "SELECT edition_id FROM factor_editions ORDER BY taken_at") == [
        (edition.edition_id,),
        (newer.edition_id,),
    ]
    published.close()
    answer = convert(
        Decimal(1000), "kWh", "electricity", date(2025, 5, 1), "shk_basic", "Z0009", "B", history=paths.history
    )
    assert (answer.co2e_kg["CO2"], answer.edition, answer.status) == (Decimal(210), "2026-09-30", "confirmed")
    assert answer.source and "later.txt" in answer.source
    with pytest.raises(ConvertError):
        convert(Decimal(1000), "kWh", "electricity", date(2025, 5, 1), "shk_basic", "Z0009", "B")
