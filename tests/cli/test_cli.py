"""The command: exit codes, languages, JSON, wrong use, and what a newcomer meets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from pipelines.cli import main
from tests.making import City, monthly
from tests.reference.test_editions import TEXT

RUNNER = CliRunner()


def run(city: City | None, *words: str) -> tuple[int, str, str]:
    where = ["--city", str(city.folder)] if city else []
    result = RUNNER.invoke(main.app, [*where, *words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> City:
    made = City(tmp_path_factory.mktemp("published") / "city")
    made.bills("fuel/a.csv", [*monthly("M1", 2022, 2025, lambda y, m: "0.1" if (y, m) == (2024, 6) else 100)])
    made.publish()
    return made


@pytest.fixture
def published(published_once: City, tmp_path: Path) -> City:
    return published_once.copied(tmp_path / "published")


def test_every_command_of_this_version_is_there() -> None:
    code, out, _ = run(None, "--help")
    assert code == 0
    for name in (
        "nightly",
        "rebuild",
        "parse",
        "convert",
        "explain",
        "flags",
        "facilities",
        "posts",
        "sql",
        "review",
        "doctor",
        "factors",
        "restatements",
        "edition",
        "docs",
    ):
        assert name in out


def test_explain_leads_to_file_line_factor_and_source(published: City) -> None:
    code, out, _ = run(published, "explain", "F1", "--fiscal-year", "2025")
    assert code == 0
    for word in (
        "fuel/a.csv 38行目",
        "36.7 MJ/L",
        "0.0185 kgC/MJ",
        "plan_fuels/kerosene",
        "shikorei-2025",
        "目安超過",
        "law",
    ):
        assert word in out.replace("\n", ""), word
    code, out, _ = run(published, "explain", "F1", "--fiscal-year", "2024", "--month", "6", "--json")
    told = json.loads(out)
    reading = told["sources"][0]["readings"][0]
    assert (reading["path"], reading["source_line"], reading["quantity"]) == ("fuel/a.csv", 28, "0.100000")
    assert told["sources"][0]["factors"][0]["factor_id"] == "plan_fuels/kerosene"
    assert told["flags"][0]["rule_id"] == "unit_slip"
    total = sum(float(f["co2e_kg"]) for s in told["sources"] for f in s["factors"])
    assert abs(total - float(told["total"]["co2e_kg"])) < 1e-9


def test_an_unknown_facility_gets_near_ones(published: City) -> None:
    code, _, err = run(published, "explain", "F9", "--fiscal-year", "2025")
    assert code == 2 and "F1 本庁舎" in err


def test_lists_in_both_languages(published: City) -> None:
    for words in (["flags"], ["facilities"], ["posts"], ["review", "list"]):
        code, japanese, _ = run(published, *words)
        assert code == 0 and japanese
        code, english, _ = run(published, "--lang", "en", *words)
        assert code == 0 and english != japanese
        code, out, _ = run(published, *words, "--json")
        assert isinstance(json.loads(out), list)


def test_a_narrow_list_of_facilities_keeps_each_verdict_whole(
    sample_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = RUNNER.invoke(main.app, ["--city", str(sample_folder), "facilities"]).stdout
    lines = [line for line in out.splitlines() if line.startswith("F0")]
    words = ("経路の目安内", "目安超過", "確認中（参考）", "未達", "判定不能", "基準年度は課単位")
    assert len(lines) == 49 and all(any(word in line for word in words) for line in lines)
    assert "達成" not in "".join(lines), "a target of the operator is none of the facility's"
    assert "施設自身の目標ではなく" in out.replace("\n", "")


def test_sql_in_every_format(published: City) -> None:
    statement = "SELECT facility_id, name FROM facilities"
    assert run(published, "sql", statement, "--format", "csv")[1] == "facility_id,name\nF1,本庁舎\n"
    assert json.loads(run(published, "sql", statement, "--json")[1]) == [{"facility_id": "F1", "name": "本庁舎"}]
    assert "本庁舎" in run(published, "sql", statement)[1]
    code, _, err = run(published, "sql", "DELETE FROM readings")
    assert code == 2 and "SELECT" in err
    assert run(published, "sql", statement, "--format", "xml")[0] == 2


def test_convert(published: City) -> None:
    code, out, _ = run(published, "convert", "1.5", "kL", "kerosene", "--on", "R6.5.1", "--json")
    told = json.loads(out)
    assert (code, told["co2e_kg"]["CO2"], told["energy_gj"], told["factor_id"]) == (
        0,
        "3734.225000000",
        "54.750000000",
        "plan_fuels/kerosene",
    )
    assert "3,734.225 kgCO2e" in run(published, "convert", "1.5", "kL", "kerosene", "--on", "2024-05-01")[1]
    for words in (
        ["1", "kg", "electricity"],
        ["1", "kL", "petrol"],
        ["x", "kL", "kerosene"],
        ["1", "kWh", "electricity"],
    ):
        code, _, err = run(published, "convert", *words, "--on", "2024-05-01")
        assert code == 2 and len(err.strip().splitlines()) == 1, words


def test_parse_shows_and_writes_nothing(published: City) -> None:
    path = published.folder / "inbox" / "fuel" / "a.csv"
    before = sorted(p for p in published.folder.rglob("*"))
    code, out, _ = run(published, "parse", str(path))
    assert code == 0 and "canonical_readings" in out and "受領 48" in out
    photo = published.folder / "p.csv"
    photo.write_bytes(b"\x89PNG0000")
    code, out, _ = run(published, "parse", str(photo))
    assert code == 1 and "PNG" in out
    photo.unlink()
    assert sorted(p for p in published.folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("quantity", "ends_on", "rule"),
    [("-5", "2026-06-01", "negative_quantity"), ("5", "2099-06-01", "in_the_future"), ("5", "2026-06-01", "")],
)
def test_what_parse_accepts_the_night_accepts(tmp_path: Path, quantity: str, ends_on: str, rule: str) -> None:
    """What the night would hold back for what it is stands in the answer; one value is left, so it ends well."""
    path = tmp_path / "a.csv"
    path.write_text(
        "meter_id,started_at,ended_at,quantity,unit\n"
        f"M1,2026-04-01,2026-05-01,7,kWh\nM1,2026-05-01,{ends_on},{quantity},kWh\n",
        encoding="utf-8",
    )
    nowhere = ["--city", str(tmp_path)]
    shown = RUNNER.invoke(main.app, [*nowhere, "parse", str(path)])
    told = json.loads(RUNNER.invoke(main.app, [*nowhere, "parse", str(path), "--json"]).output)
    assert shown.exit_code == 0
    assert [(row["source_line"], row["rule_id"]) for row in told["held"]] == ([(3, rule)] if rule else [])
    assert told["rows_held"] == len(told["held"]) and told["rows_values"] == 2
    for row in told["held"]:
        assert "".join(row["ja"].split()) in "".join(shown.output.split())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_parse_is_read_in_a_narrow_window(tmp_path: Path, width: int) -> None:
    """A value stands below its line and meter; nothing of it runs on at the margin."""
    path = tmp_path / "a.csv"
    path.write_text(
        "meter_id,started_at,ended_at,quantity,unit,reading_kind,stage\n"
        "本庁舎の電気メーター,2026-04-01,2026-05-01,12345.5,kWh,bill,provisional\n"
        "図書館,2026-04-01 00:00,2026-04-01 00:30,1,kWh,interval,\n",
        encoding="utf-8",
    )
    args = ["--city", str(tmp_path), "--lang", "ja", "parse", str(path)]
    lines = RUNNER.invoke(main.app, args, env={"COLUMNS": str(width)}).output.splitlines()
    assert max(map(cell_len, lines)) <= width
    if width < 100:
        values = lines[lines.index("（期間の終わりの日時は含みません）") + 1 :]
        assert [line.strip() for line in values if not line.startswith("    ")][:2] == [
            "2行目  本庁舎の電気メーター",
            "3行目  図書館",
        ]
        assert "    2026-04-01 – 2026-05-01        12,345.5 kWh" in [line[:47] for line in values]
        assert all(line.startswith("  ") for line in values[: 4 if width == 80 else 6])


def test_parse_ends_with_a_sign_where_no_value_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("meter_id,started_at,ended_at,quantity,unit\nM1,2026-04-01,2026-05-01,7x,kWh\n", encoding="utf-8")
    assert RUNNER.invoke(main.app, ["--city", str(tmp_path), "parse", str(path)]).exit_code == 1


def test_review_from_the_terminal(published: City) -> None:
    flag = next(
        f["flag_id"] for f in json.loads(run(published, "review", "list", "--json")[1]) if f["rule_id"] == "unit_slip"
    )
    assert run(published, "review", "answer", flag, "--by", "P3", "--text", "停止していた", "--data-are-right")[0] == 0
    assert run(published, "review", "accept", flag, "--by", "P3")[0] == 1
    code, out, _ = run(published, "review", "accept", flag, "--by", "P2", "--document", "環政5", "--on", "2026-06-15")
    assert code == 0 and "エネルギー管理企画推進者" in out
    code, _, _ = run(
        published,
        "review",
        "confirm",
        "--by",
        "P1",
        "--on",
        "2026-06-15",
        "--document",
        "環政12",
        "--fiscal-year",
        "2024",
    )
    assert code == 0
    assert [
        f["flag_id"] for f in json.loads(run(published, "review", "list", "--state", "confirmed", "--json")[1])
    ] == [flag]


def test_wrong_use_is_2_and_told_in_a_sentence(city: City) -> None:
    assert run(city, "explain", "F1")[0] == 2
    assert run(city, "--lang", "fr", "flags")[0] == 2
    assert run(city, "--today", "someday", "flags")[0] == 2
    code, _, err = run(city, "flags")
    assert code == 1 and "nightly" in err


def test_doctor_names_what_is_wrong_and_what_to_do(published: City) -> None:
    code, out, _ = run(published, "doctor")
    assert code == 0 and "○" in out
    (published.folder / "registers" / "meters.csv").write_text("meter_id\n", encoding="utf-8")
    code, out, _ = run(published, "doctor")
    assert code == 1 and "meters.csv" in out.replace("\n", "")


def test_errors_for_people_come_without_a_traceback(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("facility-emissions")
    done = subprocess.run(
        [command, "--city", tmp_path, "flags"], capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert done.returncode == 1 and "city.toml" in done.stderr and "Traceback" not in done.stderr


def test_a_narrow_terminal_wraps(published: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    for words in (["flags"], ["facilities"], ["explain", "F1", "--fiscal-year", "2025"]):
        code, out, _ = run(published, *words)
        assert code == 0 and max(len(line) for line in out.splitlines()) <= 40


def test_what_was_published_before_can_be_asked_for(published: City) -> None:
    """Restatements, official editions, a past moment and the documents, in both languages and for machines."""
    code, out, _ = run(published, "restatements")
    assert (code, out.strip()) == (0, "過年度修正はありません。")
    freeze = (
        "edition",
        "freeze",
        "--purpose",
        "審議会",
        "--fiscal-year",
        "2024",
        "--document",
        "環第1号",
        "--by",
        "P1",
    )
    code, out, _ = run(published, *freeze)
    assert code == 0 and "環第1号" in out and "四捨五入" in out
    code, _, err = run(published, *freeze)
    assert code == 2 and "新しい文書番号" in err
    published.bills(
        "fuel/b.csv", [("M1", "2024-06-01", "2024-07-01", 130, "L", "訂正")], "2026-06-02 09:00", more=["stage"]
    )
    published.publish()
    code, out, _ = run(published, "--lang", "en", "restatements", "--since", "2026-01-01")
    assert code == 0 and "FY2024" in out and "corrected data" in out
    (row, *_) = [row for row in json.loads(run(published, "restatements", "--json")[1]) if row["kind"] == "total"]
    assert row["is_closed"] is False
    parts = [float(row[f"{cause}_co2e_kg"]) for cause in ("data", "register", "factor", "method")]
    assert parts[0] > 0 and parts[1:] == [0, 0, 0]
    code, out, _ = run(published, "edition", "list")
    assert code == 0 and "→" in out and "データの訂正" in out
    told = json.loads(run(published, "edition", "list", "--json")[1])
    assert len(told["editions"]) == 1 and len(told["differences"]) == 2
    total = "SELECT count(*) AS n FROM readings"
    now = json.loads(run(published, "sql", total, "--json")[1])[0]["n"]
    moment = ("--as-known-at", "2026-06-01 12:00")
    code, _, err = run(published, "sql", total, *moment)
    assert code == 1 and "--by-receipt" in err, "the first run was later"
    then = json.loads(run(published, "sql", total, *moment, "--by-receipt", "--json")[1])[0]["n"]
    assert (now, then) == (49, 48)
    code, out, err = run(published, "explain", "F1", "--fiscal-year", "2025", *moment, "--by-receipt")
    assert code == 0 and "--by-receipt に把握して" in out and "最初に見たもの" in err
    assert run(published, "sql", total, "--by-receipt")[0] == 2
    code, _, err = run(published, "sql", total, "--as-known-at", "昨日")
    assert code == 2 and "--as-known-at" in err
    code, out, _ = run(published, "rebuild", *moment, "--by-receipt")
    assert code == 0 and ".duckdb" in out
    code, out, _ = run(published, "docs")
    assert code == 0 and "method.html" in out.replace("\n", "")


def test_a_quantity_is_asked_for_and_answered_in_japanese() -> None:
    code, out, _ = run(None, "--lang", "ja", "convert", "１，５００", "ℓ", "灯油", "--on", "令和6年5月1日")
    assert code == 0 and "1,500 ℓ 灯油 2024-05-01 実行計画" in out and "3,734.225 kgCO2e" in out
    code, out, _ = run(None, "--lang", "en", "convert", "1500", "L", "灯油", "--on", "2024-05-01")
    assert "1,500 L kerosene 2024-05-01 plan" in out
    code, _, err = run(None, "convert", "1", "L", "灯由", "--on", "2024-05-01")
    assert code == 2 and "灯油 (kerosene)" in err
    assert run(None, "convert", "50%", "L", "灯油", "--on", "2024-05-01")[0] == 2


def test_what_is_shipped_is_shown_without_a_city(tmp_path: Path) -> None:
    nowhere = ("--city", str(tmp_path / "none"), "--lang", "ja")
    result = RUNNER.invoke(main.app, [*nowhere, "factors", "list"])
    assert result.exit_code == 0 and "代替値等" in result.stdout and "電気" in result.stdout and "2025" in result.stdout
    result = RUNNER.invoke(main.app, [*nowhere, "factors", "list", "--energy-type", "灯油"])
    assert result.exit_code == 0 and "0.0185 kgC/MJ" in result.stdout
    assert RUNNER.invoke(main.app, [*nowhere, "factors", "show", "plan_fuels/kerosene"]).exit_code == 0


def test_factors_are_told_in_the_words_of_the_reader(tmp_path: Path) -> None:
    nowhere = ["--city", str(tmp_path / "nowhere")]

    def told(language: str, *words: str) -> str:
        return RUNNER.invoke(main.app, [*nowhere, "--lang", language, "factors", *words]).stdout

    ja, en = (told(language, "list", "--energy-type", "kerosene") for language in ("ja", "en"))
    assert "灯油（実行計画の燃料 CO2）: 0.0185 kgC/MJ" in ja and "both" not in ja + en and "plan_fuels " not in ja
    assert "kerosene (fuels of the plan, CO2): 0.0185 kgC/MJ" in en
    ja = told("ja", "list", "--energy-type", "electricity", "--supplier", "A0009", "--on", "2025-05-01")
    assert "A0009 エネット C（電気 メニュー別 基礎 CO2）: 0.0003 tCO2/kWh" in ja
    assert "（電気 事業者全体（参考） 調整後 CO2）" in ja and "adjusted CO2" not in ja
    ja, en = (told(language, "show", "plan_fuels/gasoline") for language in ("ja", "en"))
    assert "リーフレットの値は 2.322 kgCO2/L" in ja and "leaflet" not in ja
    assert "leaflet value 2.322 kgCO2/L" in en
    assert "electricity-2024-1  電気 2024年度実績" in told("ja", "list", "--editions")
    ja, en = (told(language, "diff", "electricity-2013-1", "electricity-2024-1") for language in ("ja", "en"))
    assert "+ A0002 単一 調整後: 0.000422" in ja and "adjusted" not in ja
    assert "+ A0002 single adjusted: 0.000422" in en


def test_factors_are_listed_shown_and_compared_before_the_first_night(city: City, tmp_path: Path) -> None:
    listed = run(
        city, "factors", "list", "--energy-type", "electricity", "--supplier", "A0009", "--on", "2025-05-01", "--json"
    )
    assert {row["edition"] for row in json.loads(listed[1])} == {"2024-1"}
    code, out, _ = run(city, "factors", "show", "electricity/R2024/A0009/menu-C/basic")
    assert code == 0 and "denki" in out.replace("\n", "") and "0.0003" in out
    assert run(city, "factors", "show", "no/such")[0] == 2
    assert "electricity-2024-1" in run(city, "factors", "list", "--editions")[1]
    assert (
        run(city, "factors", "diff", "electricity-2024-1", "electricity-2024-1")[1].count("変更 0、追加 0、削除 0") == 1
    )
    assert run(city, "factors", "diff", "electricity-2024-1", "gone")[0] == 2
    new = tmp_path / "new.txt"
    new.write_text(TEXT, encoding="utf-8")
    code, out, _ = run(city, "factors", "import", str(new), "--dry-run")
    assert code == 0 and "取り込んでいません" in out and not (city.paths.history / "editions").exists()
    told = json.loads(run(city, "factors", "import", str(new), "--json")[1])
    assert told["is_new"] and told["rows"] == 10 and told["against"] == "2024-1"
    code, out, _ = run(city, "factors", "import", str(new))
    assert code == 0 and "取込済み" in out
    assert told["edition_id"] in run(city, "factors", "list", "--editions")[1]
    wrong = tmp_path / "a.txt"
    wrong.write_text("会議録", encoding="utf-8")
    code, _, err = run(city, "factors", "import", str(wrong))
    assert code == 2 and "--kind" in err and "--issued-on" in err


def test_what_strangers_wrote_commands_no_terminal(tmp_path: Path) -> None:
    """Names and cells of files are printed with their control characters made visible, and nothing turns the writing round."""
    path = tmp_path / "a\x1b[2J\u202ecsv.exe"
    path.write_text(
        "meter_id,started_at,ended_at,quantity,unit\nM\x1b]0;x\x07,2026-05-01,2026-06-01,5,kWh\nM1,2026-05-01,2026-06-01,5\x9b5m,kWh\n",
        encoding="utf-8",
    )
    read = RUNNER.invoke(main.app, ["parse", str(path)])
    missing = RUNNER.invoke(main.app, ["parse", f"{path}x"])
    assert read.exit_code == 0
    assert "M␛]0;x" in read.output
    for said in (read.output, missing.output):
        assert not {
            char for char in said if char != "\n" and (ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or char == "\u202e")
        }


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["explain", "M", "--fiscal-year", "999999"], 2, "999999"),
        (["explain", "M", "--fiscal-year", "2024", "--basis", "nosuch"], 2, "nosuch"),
        (["convert", "1.5", "kL", "kerosene", "--on", "2024-05-01", "--basis", "nosuch"], 2, "shk_basic"),
        (["--data", "/dev/null/x", "nightly"], 1, "/dev/null/x"),
        (["backup", "/proc/x"], 1, "/proc/x"),
    ],
)
def test_wrong_use_and_wrong_places_end_in_a_sentence(published: City, words: list[str], code: int, told: str) -> None:
    command = [
        sys.executable,
        "-c",
        "from pipelines.cli.main import main; main()",
        "--city",
        str(published.folder),
        *words,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code
    assert told in done.stderr
    assert "Traceback" not in done.stderr
