"""From an empty folder to the first verdicts, by the README and what the commands say: every step an office takes, in order.

Eight buildings, three years: bills as CSV, gas in Excel with its months across, kerosene slips, half hours, a list of LPG in no known form.
Each step is a command or a line that a message asked for; nothing else is known of the product.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.cli import first_hour

TODAY = "2026-11-27"
# one file of each form that no layout knows: the others are of the same form
UNKNOWN = (
    "power/電気料金明細_2025年度.csv",
    "power/30分電力量_202603.csv",
    "gas/ガス使用量_令和7年度.xlsx",
    "fuel/プロパン検針データ_2025.txt",
)
ALREADY_KNOWN = "fuel/灯油納品一覧_2025.csv"


class Hour:
    """An office at its terminal: runs commands, counts them, and keeps what they said."""

    def __init__(self, folder: Path) -> None:
        self.city, self.commands, self.transcript = folder / "みどり町", 0, ""

    def run(self, *arguments: str) -> str:
        """Run one command and return what it printed; it must end well."""
        self.commands += 1
        of_city = () if arguments[0] == "init" else ("--city", str(self.city), "--today", TODAY)
        command = [sys.executable, "-m", "pipelines.cli.main", *of_city, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=600)
        self.transcript += f"$ facility-emissions {' '.join(arguments)}\n{done.stdout}{done.stderr}\n"
        assert done.returncode == 0, self.transcript[-3000:]
        return done.stdout

    def register(self, name: str, rows: Sequence[Sequence[object]]) -> None:
        """Write a register anew."""
        with (self.city / "registers" / f"{name}.csv").open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream).writerows(rows)

    def change(self, path: str, old: str, new: str) -> None:
        """Change a text file of the city by hand."""
        file = self.city / path
        text = file.read_text(encoding="utf-8-sig")
        assert old in text, old
        file.write_text(text.replace(old, new), encoding="utf-8-sig" if path.endswith(".csv") else "utf-8")

    def sql(self, statement: str) -> list[dict[str, Any]]:
        """Ask the published file; no step of the office."""
        command = [
            sys.executable,
            "-m",
            "pipelines.cli.main",
            "--city",
            str(self.city),
            "sql",
            statement,
            "--format",
            "json",
        ]
        return list(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def says(told: str, *phrases: str) -> bool:
    """Whether all phrases stand in what was printed, wherever its lines were broken."""
    return all("".join(phrase.split()) in "".join(told.split()) for phrase in phrases)


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Hour:
    hour = Hour(tmp_path_factory.mktemp("hour"))
    _begin(hour)
    _first_round(hour)
    _second_round(hour)
    return hour


def _begin(hour: Hour) -> None:
    """The folder, the rule of the plan, the registers, the files as received, and the forms that are not known."""
    assert says(hour.run("init", str(hour.city), "--name", "みどり町"), "実行計画の電気の係数", "台帳の書き方.xlsx")
    rule = "[[rules.plan_electricity_factor_rule]]\n# result_fy_offset = -1\n# source"
    hour.change("city.toml", f"# {rule}", rule.replace("\n# ", "\n"))
    first_hour.registers(hour.city / "registers")
    first_hour.write(hour.city / "inbox")
    assert "city.toml に書くことはありません" in hour.run(
        "parse", str(hour.city / "inbox" / ALREADY_KNOWN), "--propose"
    )
    for name in UNKNOWN:
        draft = hour.run("parse", str(hour.city / "inbox" / name), "--propose").rstrip() + "\n"
        # of the half hours the file states no unit: the draft says which line to decide
        draft = draft.replace('# 決めること: unit = "kWh" / "m3" / "L"', 'unit = "kWh"')
        assert "決めること" not in draft, draft
        with (hour.city / "city.toml").open("a", encoding="utf-8") as settings:
            settings.write(draft)
    hour.run("nightly")


def _first_round(hour: Hour) -> None:
    """What `start` asks for after the first night: names, contracts, closings of deliveries."""
    told = hour.run("start")
    assert not says(told, "読めていないファイル")
    assert says(told, "台帳にない呼び名 3 個（45 個の値を取込保留）", "みどり西小学校/白灯油", "meters.csv の「別名」")
    assert says(told, "contracts.csv に行を加えてください", "registers/delivery_closings.csv に1行書いてください")
    for name in ("みどり西小学校", "みどり保育所", "中央公民館"):
        hour.change("registers/meters.csv", f"{name},次の納品", f"{name}/白灯油,次の納品")
    power = [(f"{f}-E", "A0269", "東京電力エナジーパートナー", "", "令和2年4月1日") for f in first_hour.NAMES]
    gas = [(f"{f}-G", "", "みどりガス", "", "令和2年4月1日") for f in first_hour.GAS]
    heading = ("計器ID", "登録番号", "供給事業者", "メニュー", "開始日")
    hour.register("contracts", [heading, *power, *gas, ("A08-L", "", "みどりプロパン", "", "令和2年4月1日")])
    departments = ("子育て支援課", "学校教育課", "生涯学習課")
    closed = [(year, department, "以後納品なしの確認書") for year in first_hour.YEARS for department in departments]
    hour.register("delivery_closings", [("年度", "所管課", "文書"), *closed])
    hour.run("nightly")


def _second_round(hour: Hour) -> None:
    """What it asks for then: a menu of the list, factors of years that no list has, a density."""
    told = hour.run("start")
    assert says(told, "メニュー列（今は -）に、次のどれかを書いてください: A, B", ", 残差")
    assert says(told, "2023年度の係数を supplier_factors.csv に書いてください", "供給事業者=みどりガス, 種別=単一")
    assert says(told, "supplier_properties.csv に みどりプロパン の密度")
    hour.change("registers/contracts.csv", "東京電力エナジーパートナー,,", "東京電力エナジーパートナー,残差,")
    heading = (
        "登録番号",
        "供給事業者",
        "種別",
        "エネルギー種別",
        "活動年度",
        "基礎排出係数",
        "調整後排出係数",
        "単位",
        "出典",
    )
    power = ("A0269", "東京電力エナジーパートナー", "残差", "電気")
    hour.register(
        "supplier_factors",
        [
            heading,
            *((*power, year, "0.000457", "0.000451", "t-CO2/kWh", "お知らせ") for year in (2023, 2024)),
            *(
                ("", "みどりガス", "単一", "都市ガス", year, "2.19", "2.19", "t-CO2/千m3", "お知らせ")
                for year in first_hour.YEARS
            ),
        ],
    )
    density = ("みどりプロパン", "LPガス", "密度", "2.18", "kg/m3", "供給事業者の回答")
    hour.register(
        "supplier_properties", [("供給事業者", "エネルギー種別", "物性の種類", "値", "単位", "出典"), density]
    )
    hour.run("nightly")


def test_every_building_has_its_verdict_after_two_rounds(hour: Hour) -> None:
    told = hour.run("start")
    assert says(told, "経路の目安内 3 / 目安超過 5 / 確認中（参考） 0（全8施設）"), hour.transcript[-3000:]
    rows = hour.sql("SELECT facility_id, verdict FROM facility_years WHERE fiscal_year = 2025")
    verdicts = {row["facility_id"]: row["verdict"] for row in rows}
    assert {verdicts["A01"], verdicts["A04"], verdicts["A06"]} == {"achieved"}
    assert {verdicts[f] for f in ("A02", "A03", "A05", "A07", "A08")} == {"not_achieved"}
    assert hour.commands == 12, "init, five forms looked at, three nights, start thrice"


def test_three_sums_by_hand(hour: Hour) -> None:
    """From the bills alone: electricity x factor of the list, gas x the supplier's, LPG x density x heat x carbon x 44/12."""
    counted = {
        row["source_id"]: Fraction(row["kg"])
        for row in hour.sql(
            """SELECT source_id, CAST(sum(co2e_kg) AS VARCHAR) AS kg FROM emissions_by_source_day
               WHERE basis = 'plan' AND local_date >= DATE '2025-04-01' AND local_date < DATE '2026-04-01' GROUP BY ALL"""
        )
    }
    kwh = sum(kwh for facility, _, _, kwh in first_hour.electricity(2025) if facility == "A01")
    gas = sum(first_hour.used("A06", month, 2025, 380, first_hour.HEATING) for month in first_hour.FISCAL_MONTHS)
    lines = (hour.city / "inbox" / "fuel" / "プロパン検針データ_2025.txt").read_text(encoding="cp932").splitlines()[2:]
    cubic = sum(Fraction(line.split(";")[7]) for line in lines)
    by_hand = {
        "A01-E": kwh * Fraction("0.000452") * 1000,  # 電気事業者別排出係数一覧（令和6年度実績）A0269 残差
        "A06-G": gas * Fraction("2.19"),
        "A08-L": cubic
        * Fraction("2.18")
        * Fraction("50.8")
        * Fraction("0.0161")
        * Fraction(44, 12),  # 施行令別表第一 LPG
    }
    for source, kg in by_hand.items():
        assert abs(counted[source] - kg) < Fraction(1, 1000), (source, float(counted[source]), float(kg))
