"""A city's own layout in city.toml: described without code, recognised before the package's, drafted by ``--propose``."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.cli import main
from pipelines.settings.city import Limits, load_settings
from pipelines.settings.city_file import SettingsError
from pipelines.settings.layout import Layout
from pipelines.sources.layouts import described
from pipelines.sources.parse import ParseOptions
from pipelines.sources.propose import drafted, propose
from tests.making import City, one, rows_of
from tests.sources import made
from tests.sources.made import Made
from tests.sources.test_layouts import parsed


def reading(text: str) -> ParseOptions:
    layouts = tomllib.loads(text)["layouts"]
    return ParseOptions(
        Limits(), described.readers({name: Layout.model_validate(entry) for name, entry in layouts.items()})
    )


def values(found: dict[str, Any]) -> list[tuple[str, ...]]:
    assert found["outcome"].problem is None, found["outcome"].problem
    return [row[3:8] for row in found["values"]]


CASES: dict[str, tuple[str, bytes, list[tuple[str, ...]]]] = {
    "billed month, use one month before": (
        """
        [layouts.tender]
        header = ["施設名", "請求月", "使用量"]
        columns = { meter = "施設名", month = "請求月", quantity = "使用量" }
        unit = "千kWh"
        month_shift = -1
        """,
        made.cp932("施設名,請求月,使用量", "本庁舎,平成27年4月,12.5", "本庁舎,平成27年4月(2月使用分),9"),
        [
            ("本庁舎", "2015-03-01 00:00:00", "2015-04-01 00:00:00", "12.500000", "千kWh"),
            ("本庁舎", "2015-02-01 00:00:00", "2015-03-01 00:00:00", "9.000000", "千kWh"),
        ],
    ),
    "month of use stated beside the billed one": (
        """
        [layouts.tender]
        header = ["施設名", "年月"]
        columns = { meter = "施設名", month = "年月", quantity = "使用量" }
        """,
        made.cp932("施設名,年月,使用量", "本庁舎,平成27年4月(3月使用分),12", "本庁舎,平成28年1月(12月使用分),13"),
        [
            ("本庁舎", "2015-03-01 00:00:00", "2015-04-01 00:00:00", "12.000000", ""),
            ("本庁舎", "2015-12-01 00:00:00", "2016-01-01 00:00:00", "13.000000", ""),
        ],
    ),
    "inclusive end, two monthly, total row": (
        """
        [layouts.water]
        header = ["番号", "自", "至", "数量(m3)"]
        columns = { meter = "番号", start = "自", end = "至", quantity = "数量(m3)" }
        unit = "m3"
        end_inclusive = true
        total_rows = ["合計"]
        """,
        made.cp932("番号,自,至,数量(m3)", "W1,R6.4.1,R6.5.31,40", "W1,R6.6.1,R6.7.31,50", "合　計,,,90"),
        [
            ("W1", "2024-04-01 00:00:00", "2024-06-01 00:00:00", "40.000000", "m3"),
            ("W1", "2024-06-01 00:00:00", "2024-08-01 00:00:00", "50.000000", "m3"),
        ],
    ),
    "two header rows, several quantities, own missing mark": (
        """
        [layouts.wide]
        header = ["施設番号", "年度", "電気(kWh)"]
        header_rows = 2
        columns = { meter = "施設番号", fiscal_year = "年度" }
        quantities = [{ column = "電気(kWh)", unit = "kWh", meter = "電気" }, { column = "ガス(m3)", unit = "m3", meter = "ガス" }]
        missing = ["未計測"]
        """,
        made.cp932("施設,,エネルギー,", "番号,年度,電気(kWh),ガス(m3)", "1,令和6年度,100,未計測").replace(
            "施設,,エネルギー,".encode("cp932"), "施設,,,".encode("cp932")
        ),
        [("1/電気", "2024-04-01 00:00:00", "2025-04-01 00:00:00", "100.000000", "kWh")],
    ),
    "end of slot, stamps with an offset, until the next": (
        """
        [layouts.offsets]
        header = ["start", "value"]
        columns = { start = "start", quantity = "value" }
        meter_from = "=X"
        unit = "kWh"
        utc_offset_minutes = 540
        ends_at_next = true
        """,
        made.utf8("start,value", "2025-03-31T15:00:00Z,1.5", "2025-04-01T01:00:00+09:00,2", "2025-04-01T02:00:00+09:00,"),
        [
            ("X", "2025-04-01 00:00:00", "2025-04-01 01:00:00", "1.500000", "kWh"),
            ("X", "2025-04-01 01:00:00", "2025-04-01 02:00:00", "2.000000", "kWh"),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_layout_described_in_words_reads_its_file(tmp_path: Path, name: str) -> None:
    toml, content, expected = CASES[name]
    assert values(parsed(tmp_path, Made("office/a.csv", content), reading(toml))) == expected


def test_a_total_row_that_disagrees_refuses_the_file(tmp_path: Path) -> None:
    toml, content, _ = CASES["inclusive end, two monthly, total row"]
    wrong = content.replace(b",,,90", b",,,91")
    found = parsed(tmp_path, Made("office/a.csv", wrong), reading(toml))
    assert found["outcome"].problem == (
        "totals_disagree",
        {"place": "4行 数量(m3)", "printed": "91", "summed": "90"},
    )
    tolerant = reading(toml.replace('unit = "m3"', 'unit = "m3"\ntotal_tolerance = 1'))
    assert len(parsed(tmp_path / "b", Made("office/a.csv", wrong), tolerant)["values"]) == 2


def test_a_city_layout_goes_before_the_packages_and_changing_it_reads_the_files_anew(tmp_path: Path) -> None:
    extra = """
[layouts.ours]
header = ["MPAN", "Date", "kWh_1"]
columns = { meter = "MPAN", date = "Date" }
slots = true
unit = "UNIT"
date_form = "%d/%m/%y"
"""
    names = ",".join(f"kWh_{n + 1}" for n in range(48))
    city = City(tmp_path / "c", extra=extra.replace("UNIT", "kWh"))
    meter = {
        "meter_id": "M1",
        "facility_id": "F1",
        "energy_type": "electricity",
        "unit": "kWh",
        "reading_kind": "interval",
    }
    city.register("meters", [meter])
    city.file("power/a.csv", f"MPAN,Date,{names}\nM1,01/02/25,{','.join(['1'] * 48)}\n")
    city.publish()
    with city.built("energy") as made_file:
        assert one(made_file, "SELECT layout, rows_loaded FROM source_files") == ("ours", 48)
        assert one(made_file, "SELECT sum(quantity) FROM energy_by_meter_day WHERE local_date = '2025-02-01'") == 48
    City(tmp_path / "c", extra=extra.replace("UNIT", "MWh")).register("meters", [meter])
    with city.built("energy") as made_file:
        assert one(made_file, "SELECT sum(quantity) FROM energy_by_meter_day WHERE local_date = '2025-02-01'") == 48_000
        assert rows_of(made_file, "SELECT DISTINCT unit FROM readings") == [("MWh",)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('header = ["a"]\ncolumns = { meter = "a", quantity = "b" }', "時期の列は一つだけ"),
        ('header = ["a"]\ncolumns = { meter = "a", date = "d", month = "m", quantity = "b" }', "時期の列は一つだけ"),
        ('header = ["a"]\ncolumns = { meter = "a", date = "d", colour = "b" }', "colour"),
        ('header = ["a"]\ncolumns = { date = "d", quantity = "b" }', "meter_from"),
        ('columns = { meter = "a", date = "d", quantity = "b" }', "header か width"),
        ('header = ["a"]\ncolumns = { meter = "a", start = "d", quantity = "b" }', "ends_at_next"),
        ('header = ["a"]\ncolour = 1\ncolumns = { meter = "a", date = "d", quantity = "b" }', "colour"),
        (
            'header = ["a"]\nmeter_from = "file_name"\nmeter_pattern = "("\ncolumns = { date = "d", quantity = "b" }',
            "正規表現",
        ),
    ],
)
def test_a_wrong_layout_is_told_with_its_key(tmp_path: Path, text: str, told: str) -> None:
    city = City(tmp_path / "c", extra=f"\n[layouts.mine]\n{text}\n")
    with pytest.raises(SettingsError, match=told):
        load_settings(city.folder)


@pytest.mark.parametrize(
    "name", ["canonical_readings", "gas_bill_lines", "delivery_slips_by_place", "chubu_demand", "tohoku_30min"]
)
def test_a_draft_reads_what_the_packages_layout_reads(tmp_path: Path, name: str) -> None:
    """What the draft cannot know (a unit, the kind of reading) aside, it finds the same values at the same times."""
    file = made.ALL[name]()
    path = tmp_path / file.path.rpartition("/")[2]
    path.write_bytes(file.content)
    found = parsed(tmp_path, file, reading(drafted(path, ParseOptions(Limits()))["toml"]))
    whole = parsed(tmp_path / "b", file)
    assert [row[4:7] for row in found["values"]] == [row[4:7] for row in whole["values"]]


def test_a_draft_says_what_it_is_not_sure_of(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(made.cp932("施設名,請求月,使用量,備考", "本庁舎,R6.4,100,", "本庁舎,R6.5,110,"))
    told = propose(path)
    assert 'columns.month = "請求月"' in told["toml"] and "month_shift = -1" in told["toml"]
    assert any("請求月" in line for line in told["unsure"]) and any("単位" in line for line in told["unsure"])
    path.write_bytes(b"\x89PNG\r\n")
    assert propose(path)["toml"] == ""


@pytest.mark.parametrize(
    ("periods", "is_inclusive"),
    [
        (("R6.4.1,R6.4.30",), True),
        (("R6.4.1,R6.5.1",), None),
        (("R6.4.2,R6.4.30",), None),
        (("R6.4.1,R6.4.30", "R6.5.1,R6.5.31"), True),
        (("R6.4.1,R6.5.1", "R6.5.1,R6.6.1"), False),
    ],
)
def test_whether_the_end_is_the_last_day_is_told_only_when_it_shows(
    tmp_path: Path, periods: tuple[str, ...], is_inclusive: bool | None
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(
        made.cp932("施設名,使用開始日,使用終了日,使用量(kWh)", *(f"本庁舎,{each},100" for each in periods))
    )
    told = propose(path)
    assert ("\nend_inclusive = true" in told["toml"]) == bool(is_inclusive)
    assert any("終わりの日" in line for line in told["unsure"]) == (is_inclusive is None)


def test_a_draft_written_into_city_toml_reads_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an office does it: in a narrow window, the output appended to city.toml as it is."""
    monkeypatch.setenv("COLUMNS", "40")
    path = tmp_path / "odd.csv"
    path.write_bytes(
        made.cp932(
            "○○市施設管理課 電力使用量一覧,,,,", "作成日,令和8年6月3日,,,",
            "施設名,供給地点特定番号,使用開始日,使用終了日,使用量(kWh),請求金額(円)",
            '第一小学校,0300000000000000000001,R8.4.1,R8.4.30,"12,345","345,678"',
            '第二小学校,0300000000000000000002,R8.4.1,R8.4.30,"9,876","276,543"', '合計,,,,"22,221","622,221"',
        )
    )  # fmt: skip
    city = tmp_path / "city"
    city.mkdir()
    (city / "city.toml").write_text('[city]\nname = "見本市"\n', encoding="utf-8")
    where = ["--city", str(city), "parse", str(path)]
    assert "--propose" in " ".join(CliRunner().invoke(main.app, where).output.split())
    draft = CliRunner().invoke(main.app, [*where, "--propose"])
    with (city / "city.toml").open("a", encoding="utf-8") as toml:
        toml.write(draft.stdout)
    told = json.loads(CliRunner().invoke(main.app, [*where, "--json"]).stdout)
    assert (told["layout"], told["problem"], told["rows_received"], told["rows_ignored"]) == ("odd", None, 2, 4)
    assert [value["ended_at"][:10] for value in told["values"]] == ["2026-05-01", "2026-05-01"]
    monkeypatch.setenv("COLUMNS", "100")
    read = CliRunner().invoke(main.app, where).stdout
    assert "請求金額 345,678" in read
    assert "table_no" not in read
