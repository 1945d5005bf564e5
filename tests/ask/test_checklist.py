"""What keeps a facility from a verdict: each cause once, with the line to write; with that line written the cause is gone."""

from __future__ import annotations

import csv
import json
from datetime import date
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.ask import checklist
from pipelines.cli import main
from pipelines.warehouse import query
from tests.making import City, monthly, rows_of

YEAR = 2025


def less(year: int) -> int:
    """Litres a month: enough saved since the base year for 達成, if nothing stood in its way."""
    return 100 if year == 2022 else 40


def told(city: City) -> dict[str, dict[str, Any]]:
    """Reason -> its cause, of last year."""
    city.publish()
    found = checklist.gather(city.paths.published, YEAR)
    reasons = [reason for cause in found["causes"] for reason in cause["reasons"]]
    assert len(set(reasons)) == len(reasons), "one cause is one question"
    return {reason: cause for cause in found["causes"] for reason in cause["reasons"]}


def asked(city: City, *words: str) -> str:
    result = CliRunner(env={"COLUMNS": "120"}).invoke(
        main.app, ["--city", str(city.folder), "--today", str(city.today), *words]
    )
    assert result.exit_code == 0, result.output
    return result.output


def register_rows(city: City, name: str) -> list[dict[str, object]]:
    with (city.folder / "registers" / f"{name}.csv").open(encoding="utf-8") as stream:
        return [dict(row) for row in csv.DictReader(stream)]


def test_a_city_with_everything_is_told_so(city: City) -> None:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    causes = told(city)
    assert set(causes) <= {"no_responsible_person"}
    result = CliRunner().invoke(main.app, ["--city", str(city.folder), "--today", str(city.today), "start"])
    assert result.exit_code == 0 and "確認中（参考） 0" in result.output


def test_missing_months_name_meter_and_days(city: City) -> None:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, lambda y, m: None if (y, m) == (2025, 8) else less(y)))
    cause = told(city)["missing_data"]
    (facility,) = cause["facilities"]
    gap = {"source_id": "M1", "first_day": date(2025, 8, 1), "last_day": date(2025, 8, 31), "days": 31}
    assert facility["facility_id"] == "F1" and facility["gaps"] == [gap]
    assert "M1 2025-08-01–2025-08-31（31日）" in asked(city, "start")
    city.bills("fuel/b.csv", [("M1", "2025-08-01", "2025-09-01", 40, "L")])
    assert "missing_data" not in told(city)


def test_no_target_says_which_register(city: City) -> None:
    targets = register_rows(city, "targets")
    path = city.folder / "registers" / "targets.csv"
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    assert "targets.csv" in told(city)["no_target"]["remedy_en"]
    city.register("targets", targets)
    assert "no_target" not in told(city)


@pytest.fixture
def electric(city: City) -> City:
    """A facility with electricity beside its kerosene, under no contract."""
    meter = {"meter_id": "E1", "facility_id": "F1", "energy_type": "electricity", "unit": "kWh", "reading_kind": "bill"}
    city.register("meters", [*register_rows(city, "meters"), meter])
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    return city.bills("power/a.csv", monthly("E1", 2022, 2025, 1000, "kWh"))


def test_electricity_without_contract_menu_or_rule_is_led_to_a_verdict_step_by_step(electric: City) -> None:
    """The contract, then the menu that the list asks for, then the rule of the plan: each named when it is its turn."""
    cause = told(electric)["no_contract"]
    assert "contracts.csv" in cause["remedy_ja"] and "E1" in cause["remedy_ja"]
    contract = {"meter_id": "E1", "supplier_no": "Z1", "supplier": "試験電力"}
    factor = {
        "supplier_no": "Z1",
        "supplier": "試験電力",
        "energy_type": "electricity",
        "unit": "t-CO2/kWh",
        "source": "試験",
    }
    factors = [
        factor | {"activity_fy": year, "kind": "menu", "area_or_menu": menu, "basic": "0.0005", "adjusted": value}
        for year in range(2021, 2026)
        for menu, value in (("メニューA", "0"), ("メニューB", "0.0004"))
    ]
    electric.register("supplier_factors", factors)
    electric.register("contracts", [contract])
    causes = told(electric)
    reason = next(r for r in causes if "Z1" in causes[r]["whose_ja"])
    assert "メニューA, メニューB" in causes[reason]["remedy_ja"], causes[reason]
    electric.register("contracts", [contract | {"menu": "メニューB"}])
    causes = told(electric)
    assert reason not in causes, causes
    if "provisional_factor" in causes:
        assert "plan_electricity_factor_rule" in causes["provisional_factor"]["remedy_ja"]


def test_a_doubt_names_what_lifts_it_and_the_command(city: City) -> None:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, lambda y, m: 4_000 if (y, m) == (2025, 8) else less(y)))
    causes = told(city)
    (cause,) = [c for reason, c in causes.items() if reason.startswith("unit_slip")]
    assert "review answer" in cause["remedy_ja"] and "訂正の受領" in cause["remedy_ja"]
    assert [f["sources"] for f in cause["facilities"]] == [["M1"]]


def test_an_answered_question_is_not_asked_again(city: City) -> None:
    """Offered while it is open; once answered it waits to be accepted; once accepted it waits for the night, and then is gone."""
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, lambda y, m: 4_000 if (y, m) == (2025, 8) else less(y)))
    (cause,) = [c for reason, c in told(city).items() if reason.startswith("unit_slip")]
    flag = cause["facilities"][0]["ask_id"]
    assert f"回答 {flag[:8]}" in asked(city, "start") and f"review answer {flag[:8]}" in asked(city, "start")
    paper = ("--document", "第1号", "--on", str(city.today))
    asked(city, "review", "answer", flag, "--by", "P3", "--text", "検針票のとおり", "--data-are-right", *paper)
    shown = asked(city, "start")
    assert "承認待ち" in shown and f"回答 {flag[:8]}" not in shown
    asked(city, "review", "accept", flag, "--by", "P2", *paper)
    shown = asked(city, "start")
    assert "次の夜間処理" in shown and "review answer" not in shown, shown
    assert not [reason for reason in told(city) if reason.startswith("unit_slip")]


def test_files_that_no_night_has_taken_are_counted(city: City) -> None:
    """A new file, and one that was written anew under its name; a file that was taken waits no longer, and asking takes nothing."""

    def waiting() -> list[str]:
        return list(json.loads(asked(city, "start", "--json"))["waiting"])

    city.bills("fuel/a.csv", monthly("M1", 2022, 2024, 100))
    assert waiting() == ["fuel/a.csv"] and "取り込んでいないファイルが 1 件" in asked(city, "start")
    city.publish()
    assert waiting() == [] and "取り込んでいない" not in asked(city, "start")
    city.bills("fuel/a.csv", monthly("M1", 2022, 2024, 101)).bills("fuel/b.csv", monthly("M1", 2025, 2025, 100))
    assert waiting() == ["fuel/a.csv", "fuel/b.csv"] == waiting()
    assert "取り込んでいないファイルが 2 件" in asked(city, "start")
    city.publish()
    assert waiting() == []


def test_what_is_left_of_a_template_or_named_by_no_contract_is_told_and_refuses_nothing(electric: City) -> None:
    """Before the first night and after it; a row that a contract names by number or by name is in use."""
    config = electric.folder / "city.toml"
    rule = '[[rules.year_rule]]\nyear_rule = "by_day"\nsource = "○○市算定要領"\n'
    config.write_text(f"{config.read_text(encoding='utf-8')}\n{rule}", encoding="utf-8")
    row = {
        "energy_type": "electricity",
        "kind": "single",
        "unit": "t-CO2/kWh",
        "basic": "0.0004",
        "adjusted": "0.0004",
        "source": "試験",
    }
    suppliers = [
        (None, "無関係電力", 2024),
        (None, "無関係電力", 2025),
        ("A7777", "別名の電力", 2024),
        (None, "みほん電力", 2024),
    ]
    electric.register(
        "supplier_factors",
        [row | {"supplier_no": number, "supplier": name, "activity_fy": year} for number, name, year in suppliers],
    )
    electric.register(
        "contracts",
        [
            {"meter_id": "E1", "supplier": "みほん電力", "valid_to": "2024-04-01"},
            {"meter_id": "E1", "supplier_no": "A7777", "valid_from": "2024-04-01"},
        ],
    )

    def found() -> dict[str, Any]:
        return dict(json.loads(asked(electric, "start", "--json")))

    for _ in range(2):
        assert [each["text"] for each in found()["placeholders"]] == ["○○市算定要領"]
        (vain,) = found()["vain"]
        assert vain["whose"] == "無関係電力" and vain["lines"] == [2, 3]
        shown = "".join(asked(electric, "start").split())
        assert "記入例のままの語が1か所" in shown and "無関係電力(2,3)" in shown
        electric.publish()


def test_before_the_first_night_the_registers_are_looked_at(city: City) -> None:
    run = CliRunner().invoke
    assert "誤りはありません" in run(main.app, ["--city", str(city.folder), "start"]).output
    city.register(
        "meters", [{"meter_id": "M1", "facility_id": "F9", "energy_type": "灯油", "unit": "L", "reading_kind": "検針"}]
    )
    result = run(main.app, ["--city", str(city.folder), "start"])
    assert result.exit_code == 2 and "F9" in result.output


def test_every_reason_of_the_base_year_has_its_remedy(electric: City) -> None:
    """A gap, a missing contract and a slip in the base year: no number is asked for that nobody has."""
    bills = monthly(
        "M1", 2022, 2025, lambda y, m: None if (y, m) == (2022, 8) else 9_000 if (y, m) == (2022, 10) else less(y)
    )
    electric.bills("fuel/a.csv", bills)
    causes = told(electric)
    assert {"baseline:missing_data", "baseline:no_contract"} <= set(causes), set(causes)
    for cause in causes.values():
        for language in ("ja", "en"):
            assert cause[f"remedy_{language}"] and "{" not in cause[f"remedy_{language}"], cause


def test_of_the_base_year_the_doubt_of_that_year_is_named(city: City) -> None:
    """Slips in the base year and in a year between: the answer to give is the base year's, in the facility's own name."""
    slips = {(2022, 8), (2024, 8)}
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, lambda y, m: 9_000 if (y, m) in slips else 100))
    causes = told(city)
    with query.opened(city.paths.published) as made:
        known = dict(rows_of(made, "SELECT doubt_id, fiscal_year FROM doubts WHERE rule_id LIKE 'unit_slip%'"))
        flags = dict(rows_of(made, "SELECT flag_id, doubt_id FROM flag_doubts"))
    (cause,) = [c for reason, c in causes.items() if reason.startswith("baseline:unit_slip")]
    (facility,) = cause["facilities"]
    assert known[flags[facility["ask_id"]]] == 2022, (known, cause)


def test_no_blocked_facility_is_left_out(electric: City) -> None:
    """Whatever keeps a facility from its verdict stands under some cause."""
    electric.bills("fuel/a.csv", monthly("M1", 2022, 2025, lambda y, m: None if m == 8 else less(y)))
    electric.publish()
    found = checklist.gather(electric.paths.published, YEAR)
    with query.opened(electric.paths.published) as made:
        reasons = rows_of(
            made,
            "SELECT DISTINCT unnest(string_split(reasons, ';')) FROM facility_results WHERE fiscal_year = 2025 AND basis = 'plan'",
        )
    assert {reason for (reason,) in reasons} <= {reason for cause in found["causes"] for reason in cause["reasons"]}


def test_what_arrived_and_does_not_count_stands_first(city: City) -> None:
    """Nobody is reminded of days that lie in the inbox: a file of no known form, and a name that no register has."""
    most = monthly("M1", 2022, 2025, lambda y, m: None if (y, m) == (2025, 8) else less(y))
    city.bills("fuel/a.csv", [*most, ("M9", "2025-04-01", "2025-05-01", 7, "L")])
    (city.folder / "inbox" / "fuel" / "b.csv").write_text("合計欄,備考\n5,なし\n", encoding="utf-8")
    city.publish()
    for language, told in (("ja", "読めていないファイル 1 件"), ("en", "1 file arrived")):
        arguments = ["--city", str(city.folder), "--today", str(city.today), "--lang", language, "start"]
        result = CliRunner().invoke(main.app, arguments)
        assert result.exit_code == 0, result.output
        first, second, third = (result.output.index(part) for part in (told, "fuel/b.csv", "M9"))
        assert first < second < third < result.output.index("1. "), result.output
