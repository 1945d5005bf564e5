"""Which flags people are asked: folded by cause, worth it, within the week's budget; and that it changes no number."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from python_calamine import CalamineWorkbook

from pipelines.ask import turns
from pipelines.reports import confirm_list
from pipelines.reports.pages import site
from pipelines.review import counter
from pipelines.review.desk import StepError
from pipelines.review.evidence import Evidence
from pipelines.warehouse import database
from tests import monday
from tests.making import DEFAULTS, TODAY, City, monthly, one, rebuilt, rows_of, verdict
from tests.upkeep.test_operation import command

SLIP = (2024, 6)
LIMIT: dict[str, object] = {"daily_limit": 10}
ASKED = "SELECT facility_id, asking FROM flags WHERE rule_id = 'unit_slip' ORDER BY ALL"
OPEN = """SELECT actual_low_co2e_kg < actual_high_co2e_kg AND reasons = 'unit_slip' FROM facility_results
    WHERE facility_id = 'S2' AND fiscal_year = 2024"""
PAPER = Evidence(document_no="環政第9号", document_date=date(2026, 6, 10))
CITY_TARGET: dict[str, object] = DEFAULTS["targets"][0]


def slipped(year: int, month: int) -> object:
    return "10" if (year, month) == SLIP else 100


def falling(year: int, _: int) -> int:
    return 100_000 - 10_000 * (year - 2022)


def made_of(
    folder: Path, small: dict[str, dict[str, object]], large: Any = falling, extra: str = "", **target: object
) -> City:
    """A city of one large facility F0 and small ones, each of a department of its own, with a slip in June 2024."""
    names = ["F0", *small]
    city = City(folder / "city", TODAY, extra)
    city.register("facilities", [
        {"facility_id": name, "name": f"施設{name}", "operator_id": "OP", "department": f"{name}課"} for name in names
    ])  # fmt: skip
    meter = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    city.register("meters", [
        {"meter_id": f"M{name}", "facility_id": name} | meter | small.get(name, {}) for name in names
    ])  # fmt: skip
    city.register("targets", [CITY_TARGET | target])
    city.bills("fuel/large.csv", monthly("MF0", 2022, 2025, large))
    for name in small:
        city.bills(f"fuel/{name}.csv", monthly(f"M{name}", 2022, 2025, slipped))
    return city


def on(city: City, day: date) -> City:
    """The same city on another day."""
    settings = city.folder / "city.toml"
    lines = settings.read_text(encoding="utf-8").split("\n")
    changed = [f"today = {day}" if line.startswith("today") else line for line in lines]
    settings.write_text("\n".join(changed), encoding="utf-8")
    city.today = day
    return city


def own_target(facility: str) -> dict[str, object]:
    return CITY_TARGET | {
        "target_id": f"T-{facility}",
        "subject_kind": "facility",
        "subject_id": facility,
        "reduction_rate": "0",
    }


# S1 has an adopted target of its own, S2 is small and bounded, S3 has no upper bound
SMALL: dict[str, dict[str, object]] = {"S1": LIMIT, "S2": LIMIT, "S3": {}}


@pytest.fixture(scope="module")
def asked_once(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A city with one slip that decides its facility, one too small to ask, and one without an upper bound."""
    city = made_of(tmp_path_factory.mktemp("asked"), SMALL)
    city.register("targets", [CITY_TARGET, own_target("S1")])
    city.publish()
    return city


@pytest.fixture
def asked(asked_once: City, tmp_path: Path) -> City:
    return asked_once.copied(tmp_path / "asked")


@pytest.fixture
def file(asked_once: City) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = database.connect_published(asked_once.paths.published)
    yield connection
    connection.close()


def test_what_decides_is_asked_and_what_is_small_keeps_its_bounds(file: duckdb.DuckDBPyConnection) -> None:
    assert rows_of(file, ASKED) == [("S1", "asked"), ("S2", "minor"), ("S3", "asked")]
    assert one(file, OPEN) is True, "not asking takes no doubt away"
    assert one(file, "SELECT doubt_state FROM doubts WHERE source_id = 'MS2'") == "standing"
    assert (
        one(file, "SELECT verdict FROM target_results WHERE target_id = 'T' AND fiscal_year = 2024") == "undeterminable"
    )
    stakes = dict(rows_of(file, "SELECT facility_id, co2e_at_stake_kg FROM flags WHERE rule_id = 'unit_slip'"))
    assert all(200 < float(stake) < 260 for stake in stakes.values()), "90 L of kerosene"


def test_where_nothing_larger_is_left_small_questions_are_asked(tmp_path: Path) -> None:
    with made_of(tmp_path, {"S2": LIMIT}, large=100_000, reduction_rate="0").built() as made:
        assert one(made, "SELECT verdict FROM target_results WHERE fiscal_year = 2024") == "undeterminable"
        assert rows_of(made, ASKED) == [("S2", "asked")], "else nobody could lift it"
    with made_of(tmp_path / "falling", {"S2": LIMIT}).built() as made:
        assert one(made, "SELECT verdict FROM target_results WHERE fiscal_year = 2024") == "achieved"
        assert rows_of(made, ASKED) == [("S2", "minor")], "it changes no adopted verdict"


def test_size_alone_is_worth_a_question(tmp_path: Path) -> None:
    extra = "[questions]\nof_facility = 0.02\nleast_t = 0.2\n"
    with made_of(tmp_path, {"S2": LIMIT}, extra=extra).built() as made:
        assert rows_of(made, ASKED) == [("S2", "asked")]
    extra = "[questions]\nof_operator = 0.00001\n"
    with made_of(tmp_path / "operator", {"S2": LIMIT}, extra=extra).built() as made:
        assert rows_of(made, ASKED) == [("S2", "asked")]


def test_a_verdict_that_came_nearer_to_its_target_is_asked_however_small(tmp_path: Path) -> None:
    city = made_of(tmp_path, {"S2": LIMIT})
    city.publish()
    changed = [(*row, "訂正") for row in monthly("MS2", 2024, 2024, 40)]
    city.bills("fuel/corrected.csv", changed, "2026-06-02 09:00", more=["stage"])
    with city.built() as made:
        small, asking = one(made, "SELECT co2e_at_stake_kg < 1000, asking FROM flags WHERE rule_id = 'verdict_changed'")
        assert (small, asking) == (True, "asked")


def test_no_number_and_no_verdict_depends_on_what_is_asked(asked_once: City, tmp_path: Path) -> None:
    """The second city asks everything, one a week."""
    extra = "[questions]\nper_week = 1\nleast_t = 0\nof_facility = 0\nof_operator = 0\n"
    other = made_of(tmp_path, SMALL, extra=extra)
    other.register("targets", [CITY_TARGET, own_target("S1")])
    names = ("doubts", "facility_results", "target_results", "emissions_by_facility_fiscal_year", "flag_doubts")
    flags = "SELECT flag_id, message_ja, evidence, co2e_at_stake_kg, owner_person_id, state FROM flags ORDER BY ALL"
    with other.built() as made, database.connect_published(asked_once.paths.published) as before:
        for name in names:
            assert rows_of(made, f"FROM {name} ORDER BY ALL") == rows_of(before, f"FROM {name} ORDER BY ALL"), name
        assert rows_of(made, flags) == rows_of(before, flags)
        assert (
            one(made, "SELECT count(*) FILTER (asking = 'asked'), count(*) FILTER (asking = 'waiting') FROM flags")[0]
            == 1
        )


def test_a_week_has_its_budget_and_what_was_asked_stays_asked(tmp_path: Path) -> None:
    city = made_of(tmp_path, {f"S{n}": {} for n in range(5)}, extra="[questions]\nper_week = 2\n")
    monday = date(2026, 6, 15)
    assert monday.weekday() == 0
    told: list[list[tuple[Any, ...]]] = []
    for day in (monday, monday + timedelta(days=6), monday + timedelta(days=7), monday + timedelta(days=14)):
        on(city, day)
        city.publish()
        with database.connect_published(city.paths.published) as made:
            told.append(
                rows_of(
                    made,
                    "SELECT facility_id, asked_on FROM flags WHERE asking = 'asked' AND rule_id = 'unit_slip' ORDER BY ALL",
                )
            )
            unit_slips = "SELECT count(*) FROM flags WHERE asking = 'minor' AND rule_id = 'unit_slip'"
            assert one(made, unit_slips) == 0
            last = rows_of(made, "FROM flags ORDER BY ALL")
    assert [len(found) for found in told] == [2, 2, 4, 5]
    assert told[0] == told[1] and set(told[1]) < set(told[2]) < set(told[3]), "with the day it was first asked"
    rebuilt(city.paths)
    with database.connect_published(city.paths.published) as made:
        assert rows_of(made, "FROM flags ORDER BY ALL") == last


def test_answers_that_the_data_were_wrong_bring_their_rule_forward(tmp_path: Path) -> None:
    """Z has the larger question; the other is about a rule whose data were wrong when last asked."""
    city = made_of(tmp_path, {"S1": {}, "S2": {}, "Z": {}}, extra="[questions]\nper_week = 1\n")
    (city.folder / "inbox/fuel/Z.csv").unlink()
    city.publish()
    with database.connect_published(city.paths.published) as made:
        first, at = one(made, "SELECT min((flag_id, facility_id)) FROM flags WHERE rule_id = 'unit_slip'")
    city.bills("fuel/Z.csv", monthly("MZ", 2022, 2025, lambda y, m: 0 if (y, m) == (2024, 7) else 110))
    on(city, TODAY + timedelta(days=7))
    new = f"SELECT facility_id FROM flags WHERE asking = 'asked' AND asked_on = '{city.today}'"
    with city.built() as made:
        assert rows_of(made, new) == [("Z",)], "the larger one"
    counter.answer(city.paths, first, "P3", "単位の誤り", data_are_right=False)
    with city.built() as made:
        assert rows_of(made, new) == [("S2" if at == "S1" else "S1",)]


def test_one_answer_closes_a_question_with_an_entry_each(tmp_path: Path) -> None:
    city = made_of(tmp_path, {"S1": {}, "S2": {}})
    city.register("contracts", [{"meter_id": f"MS{n}", "supplier": "北灯油店"} for n in (1, 2)])
    city.publish()
    with database.connect_published(city.paths.published) as made:
        question, kind, cause, count, facilities, ids = one(
            made,
            "SELECT question_id, cause_kind, cause, flag_count, facility_count, flag_ids FROM questions WHERE rule_id = 'unit_slip'",
        )
        assert (kind, cause, count, facilities) == ("supplier", "北灯油店", 2, 2)
    taken = counter.answer_all(city.paths, [question[:8]], "P3", "店の記入誤り", data_are_right=False)
    assert sorted(d.flag_id for d in taken) == sorted(ids.split())
    with pytest.raises(StepError, match="回答"):
        counter.answer_all(city.paths, [question], "P3", "もう一度", data_are_right=False)
    assert len(counter.judge_all(city.paths, [question], "accept", "P2", "", PAPER)) == 2
    with city.built() as made:
        assert rows_of(made, "SELECT DISTINCT state FROM questions WHERE rule_id = 'unit_slip'") == [("accepted",)]


def test_a_question_of_which_some_is_answered_is_shown_whole(tmp_path: Path) -> None:
    city = made_of(tmp_path, {"S1": {}, "S2": {}})
    city.register("contracts", [{"meter_id": f"MS{n}", "supplier": "北灯油店"} for n in (1, 2)])
    city.publish()
    with database.connect_published(city.paths.published) as made:
        question, ids = one(made, "SELECT question_id, flag_ids FROM questions WHERE rule_id = 'unit_slip'")
    counter.answer(city.paths, ids.split()[0], "P3", "店の記入誤り", data_are_right=False)
    city.publish()
    told = turns.show(city.paths, question)
    assert {(flag["flag_id"], flag["state"]) for flag in told["flags"]} == set(
        zip(ids.split(), ("answered", "open"), strict=True)
    )
    assert told["question_id"] == question and len(told["commands"]) == 3, "to answer, to accept, to return"


def test_what_is_small_is_accepted_as_one_list_and_lifts_nothing(asked: City) -> None:
    with pytest.raises(StepError, match="P2"):
        counter.accept_minor(asked.paths, "P3", date(2026, 6, 15), "環政第20号", 2024)
    with pytest.raises(StepError, match="文書番号"):
        counter.accept_minor(asked.paths, "P2", date(2026, 6, 15), " ", 2024)
    code, said = command(
        asked,
        "--lang",
        "ja",
        "review",
        "accept-minor",
        "--fiscal-year",
        "2024",
        "--by",
        "P2",
        "--on",
        "2026-06-15",
        "--document",
        "環政第20号",
    )
    assert code == 0 and "1 件" in said and "0.2 t" in said and "環政第20号" in said, said
    with asked.built() as made:
        assert rows_of(made, "SELECT facility_id, state, asking FROM flags WHERE rule_id = 'unit_slip' ORDER BY ALL") == [
            ("S1", "open", "asked"), ("S2", "accepted", "minor"), ("S3", "open", "asked"),
        ]  # fmt: skip
        assert one(made, OPEN) is True, "its bounds stay"
        assert one(made, "SELECT step, document_no, is_binding FROM reviews") == ("accept_minor", "環政第20号", True)
        yields = one(made, "FROM rule_yields WHERE rule_id = 'unit_slip'")
        assert yields == ("unit_slip", 3, 2, 0, 0, 0, 1, 0, TODAY, None)
    assert counter.accept_minor(asked.paths, "P2", date(2026, 6, 15), "環政第21号", 2024) == ([], Decimal(0)), (
        "each once"
    )


def test_what_was_accepted_as_one_list_stands_in_the_results_for_everyone(asked: City) -> None:
    asked.publish()
    site.write(asked.paths)
    index = asked.paths.pages / "index.html"
    assert 'id="minor"' not in index.read_text(encoding="utf-8"), "nothing is accepted yet"
    taken, tonnes = counter.accept_minor(asked.paths, "P2", date(2026, 6, 15), "環政第20号", 2024)
    asked.publish()
    site.write(asked.paths)
    section = index.read_text(encoding="utf-8").split('id="minor"')[1].split("</table>")[0]
    cells = re.findall(r"<t[hd] (?:scope=.row.|data-heading)[^>]*>([^<]*)<", section)
    rounded = f"{tonnes.quantize(Decimal('0.1'), 'ROUND_HALF_UP'):,}"
    assert cells == ["2024", f"{len(taken)} 件", f"{rounded} t", "環政第20号", "2026-06-15"] and tonnes > 0
    with database.connect_published(asked.paths.published) as published:
        assert one(published, OPEN) is True, "what is printed there lifts nothing"


def test_what_was_accepted_as_small_goes_to_the_last_list_too(asked: City) -> None:
    counter.accept_minor(asked.paths, "P2", date(2026, 6, 15), "環政第20号", 2024)
    made = confirm_list.export(asked.paths, 2024, asked.folder / "list.xlsx")
    rows = CalamineWorkbook.from_path(asked.folder / "list.xlsx").get_sheet_by_index(0).to_python()
    (row,) = (row for row in rows if row[0] in made.flags)
    assert "施設S2" in str(row[1]) and "少額として承認 環政第20号 2026-06-15" in str(row[4])
    evidence = Evidence(confirm_list.hash_of(asked.folder / "list.xlsx"))
    confirmed = counter.confirm_list(asked.paths, "P1", date(2026, 6, 15), "環政第30号", made.flags, evidence)
    assert [d.flag_id for d in confirmed] == list(made.flags)


def test_the_list_says_in_a_line_what_is_not_asked(asked_once: City, file: duckdb.DuckDBPyConnection) -> None:
    minor = one(file, "SELECT count(*) FROM flags WHERE asking = 'minor'")
    code, said = command(asked_once, "--lang", "ja", "flags")
    assert code == 0 and f"少額なので尋ねないもの {minor} 件" in said and "施設S2" not in said and "施設S3" in said
    assert "施設S2" in command(asked_once, "--lang", "ja", "flags", "--all")[1]


def test_nobody_is_told_that_it_is_his_turn_where_nothing_is_asked(asked: City) -> None:
    def slips() -> list[str]:
        with counter.desk(asked.paths) as desk:
            return sorted(flag.facility_id for flag in desk.of_person("P3") if flag.rule_id == "unit_slip")

    assert slips() == ["S1", "S3"]
    with counter.desk(asked.paths) as desk:
        small = next(f.flag_id for f in desk.flags.values() if (f.facility_id, f.rule_id) == ("S2", "unit_slip"))
    counter.answer(asked.paths, small, "P3", "検針の誤り", data_are_right=False)
    counter.judge(asked.paths, small, "return", "P2", "いつの検針ですか", PAPER)
    assert slips() == ["S1", "S2", "S3"], "what came back is a turn of his"


def test_what_comes_once_a_year_is_not_late_before_its_year_ends(tmp_path: Path) -> None:
    """Two meters whose last bill is of March 2025, asked for in June 2026 and in January 2026; half hours never come once a year."""
    missing = "SELECT subject, json_extract_string(evidence, '$.sources') FROM flags WHERE rule_id = 'data_missing' AND fiscal_year = 2025"
    for today, late in ((date(2026, 1, 20), "MI, MM"), (date(2026, 6, 15), "MI, MM, MY")):
        city = City(tmp_path / f"{today}", today)
        meter = {"facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
        half_hours = {"energy_type": "electricity", "unit": "kWh", "reading_kind": "interval", "frequency": "year"}
        yearly = [{"meter_id": "MY", "frequency": "year"} | meter, {"meter_id": "MI"} | meter | half_hours]
        city.register("meters", [{"meter_id": "MM"} | meter, *yearly])
        city.bills("fuel/a.csv", monthly("MM", 2022, 2024, 100) + monthly("MY", 2022, 2024, 100))
        with city.built() as made:
            assert rows_of(made, missing) == [("plan", late)]
            assert verdict(made, "F1", 2025)[0] == "undeterminable"


# ---------------------------------------------------------------- a larger city, recomputed by other means


PER_WEEK = 8


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A city of sixty facilities with every fault that monday.py draws, published."""
    weeks = monday.Weeks(monday.faulty(60, 3), tmp_path_factory.mktemp("large") / "city", PER_WEEK)
    connection = weeks.night(monday.ROUND[0])
    yield connection
    connection.close()


def test_what_is_asked_of_a_large_city_is_what_another_count_says(large: duckdb.DuckDBPyConnection) -> None:
    flags = [
        dict(zip([c[0] for c in large.description or []], row, strict=True))
        for row in large.execute("FROM flags").fetchall()
    ]
    place = dict(rows_of(large, "SELECT facility_id, (operator_id, department) FROM facilities"))
    supplier = dict(
        rows_of(large, "SELECT meter_id, min(supplier) FROM contracts GROUP BY ALL HAVING count(DISTINCT supplier) = 1")
    )
    year_kg: dict[tuple[str, int], float] = {}
    for facility, year, kg in rows_of(
        large, "SELECT facility_id, fiscal_year, co2e_kg FROM emissions_by_facility_fiscal_year WHERE basis = 'plan'"
    ):
        for key in ((facility, year), (place[facility][0], year)):
            year_kg[key] = year_kg.get(key, 0.0) + float(kg or 0)
    doubted: dict[str, bool] = {}
    for flag_id, is_open in rows_of(
        large,
        "SELECT flag_id, high_quantity IS NULL FROM flag_doubts JOIN doubts USING (doubt_id) WHERE doubt_state = 'standing'",
    ):
        doubted[flag_id] = doubted.get(flag_id, False) or is_open
    without = dict.fromkeys(
        r[0]
        for r in rows_of(
            large, "SELECT fiscal_year FROM target_results WHERE verdict = 'undeterminable' AND year_state <> 'running'"
        )
    )
    questions: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for flag in flags:
        sources = (json.loads(flag["evidence"]).get("sources") or flag["subject"] or "").split(", ")
        named = {supplier.get(source) for source in sources}
        cause = named.pop() if len(named) == 1 and None not in named else place[flag["facility_id"]][1]
        questions.setdefault((flag["rule_id"], flag["fiscal_year"], place[flag["facility_id"]][0], cause), []).append(
            flag
        )
    assert len({flag["question_id"] for flag in flags}) == len(questions) < len(flags)
    first_year = 2022
    decided_years = {*without, first_year} if without else set()
    found: dict[str, list[tuple[Any, ...]]] = {"asked": [], "waiting": [], "minor": []}
    for (_, year, operator, _), of_it in questions.items():
        assert len({(flag["question_id"], flag["asking"]) for flag in of_it}) == 1, "one question, one answer"
        whole = min(year, 2025)
        decides = any(
            year in decided_years
            and (doubted.get(f["flag_id"], False) or f["rule_id"] in ("data_missing", "no_factor"))
            for f in of_it
        )
        weighs = any(
            f["co2e_at_stake_kg"] is None
            or float(f["co2e_at_stake_kg"]) >= max(1000.0, 0.02 * year_kg.get((f["facility_id"], whole), 0.0))
            for f in of_it
        )
        stake = sum(float(f["co2e_at_stake_kg"] or 0) for f in of_it)
        is_large = decides or weighs or stake >= 0.0005 * year_kg.get((operator, whole), math.inf)
        unmeasured = any(f["co2e_at_stake_kg"] is None for f in of_it)
        found[of_it[0]["asking"]].append((is_large, decides, unmeasured, stake))
    assert len(found["asked"]) == PER_WEEK and len(found["waiting"]) > 5 and len(found["minor"]) > 5
    assert all(large_one for large_one, *_ in found["asked"] + found["waiting"])
    assert not any(large_one for large_one, *_ in found["minor"])
    assert min(found["asked"])[1:3] >= max((d, u) for _, d, u, _ in found["waiting"]), "what decides comes first"
    alike = [s for _, d, u, s in found["asked"] if (d, u) == min(found["asked"])[1:3]]
    later = [s for _, d, u, s in found["waiting"] if (d, u) == min(found["asked"])[1:3]]
    assert not later or min(alike) >= max(later), "then the larger one"
    asked_t = sum(s for _, _, _, s in found["asked"] + found["waiting"])
    assert asked_t >= 0.95 * sum(float(f["co2e_at_stake_kg"] or 0) for f in flags), "nearly all of the doubtful tonnes"
