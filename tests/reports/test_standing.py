"""The word of a result: 達成 and 未達 only under an adopted target of the subject itself, in the terminal as on the pages."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from pipelines.cli import main
from pipelines.reports import standing
from pipelines.reports.terminal import show_past
from pipelines.reports.terminal.look import Terminal
from pipelines.texts import verdict_words
from tests.making import City, monthly, published

TARGET = {"target_id": "T1", "subject_kind": "facility", "subject_id": "F1", "basis": "plan", "base_fy": 2022, "target_fy": 2030,
          "reduction_rate": "0.4", "path": "linear", "path_status": "adopted", "adopted_on": "2022-04-01"}  # fmt: skip
NO_TARGET_OF_ITS_OWN = "施設自身の目標ではなく"


def told_of(city: City, *words: str) -> str:
    said = CliRunner(env={"COLUMNS": "120"}).invoke(main.app, ["--city", str(city.folder), "--lang", "ja", *words])
    assert said.exit_code == 0, said.output
    return str(said.stdout)


def result(**said: object) -> dict[str, Any]:
    usual: dict[str, Any] = {"verdict": "achieved", "reasons": None, "year_state": "closed", "is_inherited": False}
    return usual | said


@pytest.mark.parametrize(
    ("said", "ja", "en"),
    [
        ({}, "達成", "achieved"),
        ({"verdict": "not_achieved"}, "未達", "not achieved"),
        ({"is_inherited": True}, "経路の目安内", "within path (reference)"),
        ({"path_status": "indicative"}, "経路の目安内", "within path (reference)"),
        ({"is_inherited": True, "verdict": "not_achieved"}, "目安超過", "beyond path (reference)"),
        ({"is_inherited": True, "verdict": "undeterminable"}, "確認中（参考）", "open (reference)"),
        ({"verdict": "undeterminable", "reasons": "no_target", "path_status": None}, "判定不能", "undeterminable"),
        (
            {"is_inherited": True, "verdict": "undeterminable", "reasons": standing.BY_DEPARTMENT},
            "基準年度は課単位",
            "base year by department",
        ),
    ],
)
def test_the_word_of_a_result_in_both_languages_and_its_code(said: dict[str, object], ja: str, en: str) -> None:
    words = standing.standing_word(result(**said))
    assert words[:2] == (ja, en) and words[2] in (*standing.COUNTED, standing.BY_DEPARTMENT)
    assert Terminal("ja").verdict(result(**said)).plain == standing.standing(result(**said), "ja") == ja


def test_numbers_of_facilities_are_told_apart_by_whose_target_it_is() -> None:
    assert standing.counted({"achieved": 3, "collecting": 1}, {"achieved": 2, "collecting": 1}, "ja") == (
        "達成 1 / 未達 0 / 判定不能 0",
        "経路の目安内 2 / 目安超過 0 / 確認中（参考） 0 / 集計中 1",
    )
    assert standing.counted({"not_achieved": 2}, {"not_achieved": 2}, "ja") == (
        "",
        "経路の目安内 0 / 目安超過 2 / 確認中（参考） 0",
    )
    assert standing.counted({}, {}, "ja") == ("達成 0 / 未達 0 / 判定不能 0", "")


def test_a_change_reads_by_the_target_before_and_after() -> None:
    change = {"before": "achieved", "after": "not_achieved", "causes": "register", "before_is_inherited": True}
    told = verdict_words(change, "ja")
    assert (told["before"], told["after"]) == ("経路の目安内", "未達")


@pytest.mark.parametrize(
    ("target", "word", "others"),
    [
        (TARGET, "達成", ("経路の目安内", NO_TARGET_OF_ITS_OWN)),
        ({**TARGET, "path_status": "indicative"}, "経路の目安内", ("達成",)),
        ({**TARGET, "subject_kind": "city", "subject_id": "city"}, "経路の目安内", ("達成",)),
    ],
    ids=["own", "indicative", "of the city"],
)
def test_every_list_in_the_terminal_says_it_alike(
    make_city: Callable[..., City], target: dict[str, str], word: str, others: tuple[str, ...]
) -> None:
    city = make_city()
    city.register("targets", [target])
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, lambda year, _month: 1000 if year < 2025 else 500))
    city.publish()
    lists = (["start"], ["facilities"], ["explain", "F1", "--fiscal-year", "2025"])
    told = [told_of(city, *words) for words in lists]
    for text in told:
        assert word in text, text
        assert not [other for other in others if other in text], text
    is_own = word == "達成"
    assert [NO_TARGET_OF_ITS_OWN in re.sub(r"\s", "", text) for text in told[1:]] == [not is_own] * 2
    assert "F1" in told_of(city, "facilities", "--verdict", word)
    found = told_of(city, "facilities", "--verdict", "achieved", "--json")
    assert '"verdict": "achieved"' in found, "tables keep their codes, and a code finds both"


def test_a_changed_verdict_of_a_night_reads_by_its_target(make_city: Callable[..., City]) -> None:
    """The same change under a target of its own and under the city's: 未達 and 目安超過."""
    for kind, words in (("facility", "達成 → 未達"), ("city", "経路の目安内 → 目安超過")):
        city = make_city()
        target = {**TARGET, "subject_kind": kind, "subject_id": "F1" if kind == "facility" else "city"}
        city.register("targets", [target])
        city.bills("fuel/a.csv", monthly("M1", 2022, 2025, lambda year, _month: 1000 if year < 2024 else 800))
        city.publish()
        city.register("targets", [{**target, "reduction_rate": "1"}])
        shown = io.StringIO()
        changes = published(city.paths).outcome.verdict_changes
        show_past.told_of_a_night(Terminal("ja", Console(file=shown, width=200)), changes)
        assert words in shown.getvalue(), shown.getvalue()
        assert words in told_of(city, "restatements")
        assert words in told_of(city, "explain", "F1", "--fiscal-year", "2024")
