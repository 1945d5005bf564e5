"""Every key and role of a layout has a sentence in Japanese, every layout a title; data files take the words of the registers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines import texts
from pipelines.cli import main
from pipelines.registers import spoken
from pipelines.settings.layout import ROLES, Layout
from pipelines.sources.layouts import register
from tests.sources import made
from tests.sources.made import Made
from tests.sources.test_layouts import parsed
from tests.test_words import JAPANESE


def test_every_key_and_every_role_has_its_sentence() -> None:
    assert set(texts.section("layout_keys")) == {*Layout.model_fields, *(f"columns.{role}" for role in ROLES)}
    assert all(JAPANESE.search(sentence) for sentence in texts.section("layout_keys").values())
    assert set(texts.section("layout_titles")) == {module.NAME for module in register.MODULES}
    untold = [layout.name for layout in register.known() if not JAPANESE.search(layout.title)]
    assert untold == []


@pytest.mark.parametrize(
    ("language", "said"), [("ja", "期間の終わりの日を含むなら true"), ("en", "The end is the last day (true)")]
)
def test_the_command_lists_the_keys(language: str, said: str) -> None:
    told = CliRunner().invoke(main.app, ["--lang", language, "layouts", "--keys"])
    assert told.exit_code == 0 and said in "".join(told.stdout.split("\n    ")).replace("  ", "")
    listed = json.loads(CliRunner().invoke(main.app, ["layouts", "--keys", "--json"]).stdout)
    assert {"key": "longest_days", "usual": "45"}.items() <= next(
        r for r in listed if r["key"] == "longest_days"
    ).items()


@pytest.mark.parametrize(
    ("word", "kind"),
    [("納品", "delivery"), ("検針", "bill"), ("30分", "interval"), ("30分値", "interval"), ("指示数", "register")],
)
def test_a_data_file_takes_the_words_of_the_registers(tmp_path: Path, word: str, kind: str) -> None:
    assert spoken.word("meters", "reading_kind", word) == kind
    content = made.utf8("meter_id,started_at,ended_at,quantity,reading_kind", f"M1,2024-04-01,2024-05-01,5,{word}")
    assert [row[8] for row in parsed(tmp_path, Made("fuel/a.csv", content))["values"]] == [kind]
