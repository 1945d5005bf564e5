"""Registers as an office writes them: Japanese headings and words, figures as people type them, workbooks; all errors at once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines import tables
from pipelines.findings import rules
from pipelines.registers import checks, read, spoken
from pipelines.registers.read import RegisterError, Registers, together
from pipelines.reports import workbook
from pipelines.texts import speak
from tests.making import City, monthly, one

REGISTERS = [table for table in tables.catalogue().values() if table.kind == "register"]


def loaded(city: City) -> Registers:
    return read.read(city.paths.registers, checks.of_city(city.paths.settings))


def write(city: City, name: str, text: str) -> None:
    (city.folder / "registers" / f"{name}.csv").write_text(text, encoding="utf-8-sig")


@pytest.mark.parametrize("table", REGISTERS, ids=lambda t: t.name)
def test_every_column_of_a_register_has_a_japanese_heading_of_its_own(table: tables.Table) -> None:
    usual = [spoken.headings(table, column)[0] for column in table.column_names]
    assert len(set(usual)) == len(usual)
    found = spoken.columns_by_heading(table.name)
    assert {found[spoken.plain(heading)] for heading in usual} == set(table.column_names)
    for column in table.column_names:
        assert found[spoken.plain(column)] == column, "its own name always means the column"


def test_every_spoken_heading_and_word_is_used() -> None:
    columns = {c for table in REGISTERS for c in table.column_names}
    qualified = {f"{table.name}.{c}" for table in REGISTERS for c in table.column_names}
    stated = spoken._stated()
    assert set(stated["headings"]) <= columns | qualified
    for column, words in stated["words"].items():
        known = {
            spoken.words(t.name, column).get(w)
            for t in REGISTERS
            for texts in words.values()
            for w in map(spoken.plain, texts)
        }
        assert known - {None} == set(words), column


def test_a_city_may_keep_its_registers_in_japanese(city: City) -> None:
    """The same numbers as in English, to the digit."""
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    question = "SELECT sum(co2e_kg) FROM emissions_by_facility_fiscal_year WHERE basis = 'plan'"
    with city.built("targets") as made:
        expected = one(made, question), one(made, "SELECT count(*) FROM facility_results WHERE verdict = 'achieved'")
    write(city, "meters", "計器番号,施設番号,燃料種別,単位,データの種類,乗率\nM1,F1,灯油,L,検針,１\n")
    write(
        city, "targets",
        "目標ID,対象の種別,対象ID,基準,基準年度,目標年度,削減率,経路,決定・参考,決定日,出典\n"
        "T,事業者,OP,実行計画,令和4年度,2030年度,５０％,直線,決定,令和4年4月1日,試験\n",
    )  # fmt: skip
    found = loaded(city)
    assert [r["reduction_rate"] for r in found["targets"]] == [Decimal("0.5")]
    assert [(r["energy_type"], r["reading_kind"], r["multiplier"]) for r in found["meters"]] == [
        ("kerosene", "bill", 1)
    ]
    with city.built("targets") as made:
        assert (
            one(made, question),
            one(made, "SELECT count(*) FROM facility_results WHERE verdict = 'achieved'"),
        ) == expected


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("floor_area_m2", "1,234.5", "1234.5"), ("floor_area_m2", "１，２３４", "1234"), ("reduction_rate", "50%", "0.5"),
        ("share", "33.3％", "0.333"), ("floor_area_m2", "12,34", None), ("floor_area_m2", "50%", None),
        ("floor_area_m2", "1,2345", None), ("share", "半分", None),
    ],
)  # fmt: skip
def test_figures_are_read_where_they_are_clear(column: str, text: str, value: str | None) -> None:
    if value is None:
        with pytest.raises((ValueError, ArithmeticError)):
            spoken.figure(column, text)
    else:
        assert spoken.figure(column, text) == Decimal(value)


def test_what_is_no_figure_is_told_in_our_words(city: City) -> None:
    write(city, "facility_facts", "施設ID,延床面積\nF1,約千\n")
    with pytest.raises(RegisterError, match=r"数値ではありません") as refused:
        loaded(city)
    assert "<class" not in str(refused.value)


def test_rates_on_the_way_may_be_percents(city: City) -> None:
    write(
        city, "targets",
        "目標ID,対象の種別,対象ID,基準,基準年度,目標年度,削減率,経路,途中の目標,目標の位置付け,決定日\n"
        "T,市,city,計画,2022,2030,50%,途中の目標,2025:30％;2030:50%,決定,2022-04-01\n",
    )  # fmt: skip
    (row,) = loaded(city)["targets"]
    assert (row["path"], checks.milestones(row["milestones"])) == (
        "milestones",
        [(2025, Decimal("0.3")), (2030, Decimal("0.5"))],
    )


def test_a_register_may_be_a_workbook(city: City) -> None:
    folder = city.folder / "registers"
    with workbook.written(folder / "meters.xlsx") as book:
        sheet = book.add_worksheet("計器")
        sheet.write_row(
            0, 0, ["計器ID", "施設ID", "エネルギー種別", "単位", "検針の種類", "開始日", "供給地点特定番号"]
        )
        sheet.write_row(1, 0, ["M1", "F1", "灯油", "L", "検針"])
        sheet.write_number(1, 5, 41365, book.add_format({"num_format": "yyyy/m/d"}))
        sheet.write_string(1, 6, "0300000000000000000001")
    with pytest.raises(RegisterError, match=r"meters.xlsx"):
        loaded(city)
    (folder / "meters.csv").unlink()
    (row,) = loaded(city)["meters"]
    assert (row["energy_type"], str(row["valid_from"]), row["supply_point"]) == (
        "kerosene",
        "2013-04-01",
        "0300000000000000000001",
    )
    assert row.place() == "meters.xlsx 2行目"
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    city.publish()


def test_a_number_that_excel_cut_is_refused(city: City) -> None:
    folder = city.folder / "registers"
    with workbook.written(folder / "groups.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["グループID", "グループ名"])
        sheet.write_row(1, 0, [3000000000000000000001, "試験"])
    with pytest.raises(RegisterError, match=r"groups.xlsx.*2行目.*15桁"):
        loaded(city)
    (folder / "groups.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(RegisterError, match=r"groups.xlsx"):
        loaded(city)


def test_example_rows_are_passed_over_and_told(city: City) -> None:
    path = city.folder / "registers" / "meters.csv"
    path.write_text(
        path.read_text(encoding="utf-8") + "例1,F9,nonsense,L,bill\n例2,F9,nonsense,L,bill\n", encoding="utf-8"
    )
    found = loaded(city)
    assert len(found["meters"]) == 1
    assert [(f.rule_id, f.subject, f.numbers) for f in found.findings] == [
        ("register_example_rows", "meters.csv", {"lines": "3-4"})
    ]


def test_errors_of_every_kind_and_register_come_at_once_and_equal_ones_together(city: City) -> None:
    """A word, a date, a reference and a missing column in one message; a word wrong thirteen times is one line."""
    rows = "".join(f"M{n},F1,でんき,kWh,検針\n" for n in range(2, 15))
    write(city, "meters", f"計器ID,施設ID,エネルギー種別,単位,検針の種類\n{rows}M99,F9,灯油,L,検針\n")
    write(city, "facilities", "施設ID,施設名,事業者ID,開設日\nF1,本庁舎,OP,2024-13-01\nF2,支所,OP9,\n")
    write(city, "events", "施設ID,種類\nF1,工事\n")
    with pytest.raises(RegisterError) as refused:
        loaded(city)
    told = str(refused.value).splitlines()
    assert any("meters.csv 2-14行目" in line and "でんき" in line and "電気 (electricity)" in line for line in told)
    assert any("facilities.csv 2行目" in line and "2024-13-01" in line for line in told)
    assert any("facilities.csv 3行目" in line and "OP9" in line for line in told)
    assert any("meters.csv 15行目" in line and "F9" in line for line in told)
    assert any("events.csv" in line and "開始日（from）" in line for line in told)
    assert len(told) == 6, told
    assert not any("'F1'" in line for line in told), "a row with a bad date still names its facility"


def test_an_error_names_headings_and_words_as_the_office_wrote_them(city: City) -> None:
    """The column by what stands above it, or would; no name of ours where the register is in Japanese, and one language."""
    write(
        city,
        "meters",
        "計器ID,施設ID,エネルギー種別,単位,検針の種類,乗率,役割\nM1,F1,灯油,kWhh,検針,0,子\nM2,F9,灯油,L,検針,1,\n",
    )
    write(city, "facilities", "施設ID,施設名,事業者ID,開設日\nF1,本庁舎,OP,いつか\nF2,支所,OP,\nF2,支所,OP,\n")
    try:
        speak("ja")
        with pytest.raises(RegisterError) as refused:
            loaded(city)
    finally:
        speak("")
    told = str(refused.value)
    for named in (
        "2行目 単位: 知らない単位です: kWhh",
        "2行目 乗率",
        "2行目 親計器ID: 子 には",
        "開設日: 'いつか'",
        "同じ 施設ID",
        "'F9' が facilities.csv 施設ID",
    ):
        assert named in told, (named, told)
    for ours in ("unknown_unit", "parent_meter_id", "facility_id", "sub", " / ", "not a date"):
        assert ours not in told, (ours, told)


def test_a_register_that_cannot_be_read_makes_no_other_wrong(city: City) -> None:
    write(city, "facilities", "名前だけ\nx\n")
    with pytest.raises(RegisterError) as refused:
        loaded(city)
    assert [line.split()[0] for line in str(refused.value).splitlines()[1:]] == ["facilities.csv:"]


def test_an_unknown_column_is_told_with_a_guess(city: City) -> None:
    write(city, "facilities", "施設ID,施設名,事業者ID,開設曰,ファクス\nF1,x,OP,2020-04-01,1\n")
    sentences = [rules()[f.rule_id].sentence("ja", {"subject": f.subject, **f.numbers}) for f in loaded(city).findings]
    assert sentences[0].startswith("facilities.csv の列「開設曰」は使われません。→ 供用開始日（opened_on）"), sentences
    assert sentences[1] == "facilities.csv の列「ファクス」は使われません。"
    write(city, "facilities", "施設ID,施設名,事業者ID,供用開始\nF1,x,OP,2020-04-01\n")
    with pytest.raises(RegisterError, match=r"供用開始 .*供用開始日"):
        loaded(city)


def test_lines_are_told_together_only_where_nothing_else_differs() -> None:
    assert together(["a.csv 2行目 x: p", "a.csv 3行目 x: p", "a.csv 9行目 x: p", "a.csv 4行目 x: q", "b.csv: r"]) == [
        "a.csv 2-3,9行目 x: p",
        "a.csv 4行目 x: q",
        "b.csv: r",
    ]


def test_words_are_the_nearest_where_there_are_many(city: City) -> None:
    told = spoken.nearest("meters", "energy_type", "灯湯")
    assert told.startswith("灯油 (kerosene)") and told.count("(") <= 5 and "registers meters" in told
    assert (
        spoken.nearest("meters", "reading_kind", "x").ja
        == "30分値 (interval), 検針 (bill), 指示数 (register), 納品 (delivery)"
    )
    assert Path(__file__).exists() and city


@pytest.mark.parametrize(
    ("register", "heading", "column"),
    [
        ("facility_facts", "延床面積（㎡）", "floor_area_m2"), ("facility_facts", "延床面積", "floor_area_m2"),
        ("facility_facts", "延床面積（千㎡）", None),
        ("contracts", "再エネ率（%）", None), ("contracts", "契約電力(kW)", "contract_kw"), ("contracts", "契約電力（MW）", None),
        ("targets", "削減率（％）", None), ("meter_shares", "按分率(任意)", "share"), ("published_totals", "排出量（千t）", None),
    ],
)  # fmt: skip
def test_a_heading_that_states_another_unit_is_none_of_ours(register: str, heading: str, column: str | None) -> None:
    """A hundredth or a thousandth that stood in brackets alone would be lost without a word."""
    assert spoken.column_of(tables.table(register), heading) == (column or heading)


def test_every_register_has_a_name_that_an_office_uses() -> None:
    assert set(spoken.registers()) == {table.name for table in read.register_tables()}
    for name, called in spoken.registers().items():
        for text in (name, f"{name}.csv", *called, f"{called[0]}台帳", called[0].upper()):
            assert spoken.register(text) == name, text
    assert spoken.register("どこにもない") == "どこにもない"
