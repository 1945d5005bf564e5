"""A new city folder: everything in it is read as it stands, its examples hold together, and every setting is named."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from pipelines.ask import register_guide
from pipelines.cli import main
from pipelines.registers import checks, new_city, read
from pipelines.reports import registers_book
from pipelines.settings.city import CityFolder, Settings
from tests.making import finished

# fields that a new city writes by hand or never: they are named in the section's comment, or stand in the text of another page
NOT_SHOWN = {"dates",
    "city.today", "sources", "layouts", "limits.line_bytes", "limits.columns", "limits.sheet_rows", "limits.zip_ratio",
    "limits.zip_members", "limits.unzipped_bytes", "limits.slot_tolerance_seconds", "limits.batch_bytes", "limits.batch_files",
    "limits.threads", "fallback_posts",
}  # fmt: skip


def command(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main.app, [*words])
    return result.exit_code, result.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    code, told = command("init", str(tmp_path / "市"), "--name", '見本"市')
    assert code == 0 and "nightly" in told
    return tmp_path / "市"


def uncommented(text: str) -> dict[str, Any]:
    """city.toml with every line at work."""
    lines = [re.sub(r"^# (?=\[?[\w\[\"○.]+(\]+)?( = |$|\]))", "", line) for line in text.splitlines()]
    kept = [
        line for line in lines if "○○]" not in line and not line.startswith(("layout =", "unit_words", "ends_without"))
    ]
    return tomllib.loads("\n".join(kept))


def leaves(model: type[BaseModel], above: str = "") -> list[str]:
    """The fields of settings, those of sections by section.field."""
    found = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += leaves(kind, f"{above}{name}.")
        else:
            found.append(f"{above}{name}")
    return found


def test_every_source_of_the_settings_has_its_folder(folder: Path) -> None:
    assert {path.name for path in (folder / "inbox").iterdir()} == set(CityFolder(folder).settings.sources)


def test_the_settings_are_sound_and_name_their_city(folder: Path) -> None:
    assert CityFolder(folder).settings.city.name == '見本"市'


def test_every_setting_stands_there_with_its_default(folder: Path) -> None:
    """Uncommented as a whole it is still sound, and nothing in it differs from what holds without it."""
    told = uncommented((folder / "city.toml").read_text(encoding="utf-8"))
    whole, plain = Settings.model_validate(told), CityFolder(folder).settings
    for name in leaves(Settings):
        if name in NOT_SHOWN or name.startswith(("rules.", "announce.mail")):
            continue
        section, _, key = name.partition(".")
        assert key in told[section], f"{name} is not in the template"
        assert getattr(getattr(whole, section), key) == getattr(getattr(plain, section), key), name
    assert set(told["rules"]) == set(type(whole.rules).model_fields)
    text = (folder / "city.toml").read_text(encoding="utf-8")
    assert text.index("plan_electricity_factor_rule") < text.index("year_rule"), (
        "what every city must decide comes first"
    )


def test_the_registers_open_in_excel_and_their_examples_are_passed_over(folder: Path) -> None:
    for name in register_guide.names():
        content = (folder / "registers" / f"{name}.csv").read_bytes()
        assert content.startswith(b"\xef\xbb\xbf") and content.count(b"\r\n") == 3, name
    found = read.read(folder / "registers", checks.of_city(CityFolder(folder).settings))
    assert not any(found.rows.values())
    assert {f.rule_id for f in found.findings} == {"register_example_rows"} and len(found.findings) == len(
        register_guide.names()
    )


def test_the_examples_are_a_sound_city_by_themselves(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes them for a pattern is not told an error: only what they name beyond themselves is missing."""
    monkeypatch.setattr(read, "EXAMPLE", "\0")
    with pytest.raises(read.RegisterError) as refused:
        read.read(folder / "registers", checks.of_city(CityFolder(folder).settings))
    told = str(refused.value).splitlines()[1:]
    assert all("facility_links.csv" in line for line in told), told


def test_a_night_on_a_new_city_is_told_nothing_but_what_is_missing(folder: Path) -> None:
    made = finished(CityFolder(folder))
    assert made.connection.execute("SELECT count(*) FROM facilities").fetchone() == (0,)
    made.night.close()


def test_nothing_is_written_over(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    code, told = command("init", str(folder))
    assert code == 2 and "何も書きません" in told
    (folder.parent / "file").write_text("x")
    assert command("init", str(folder.parent / "file"))[0] == 2
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_workbook_tells_every_column(folder: Path) -> None:
    book = CalamineWorkbook.from_path(folder / registers_book.NAME)
    assert book.sheet_names == register_guide.names()
    meters = book.get_sheet_by_name("meters").to_python()
    assert meters[1][:5] == ["見出し", "必要", "意味", "書き方・使える語", "例"]
    kind = next(row for row in meters if row[6] == "reading_kind")
    assert kind[0] == "検針の種類" and kind[1] == "必要" and kind[3] == "30分値、検針、指示数、納品"


@pytest.mark.parametrize("name", register_guide.names())
def test_each_register_is_explained(name: str) -> None:
    code, told = command("registers", name)
    assert code == 0
    for column in json.loads(command("registers", name, "--json")[1])["columns"]:
        assert f"{column['heading']} / {column['column']}" in told


def test_a_slip_of_a_registers_name_is_told(tmp_path: Path) -> None:
    code, told = command("registers", "meter")
    assert code == 2 and "meters" in told
    assert command("registers")[1].startswith("operators")
    assert set(new_city.examples("meters")[0]) <= {c["column"] for c in register_guide.guide("meters")["columns"]}
    assert not list(tmp_path.iterdir())
